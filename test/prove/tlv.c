/* SPDX-License-Identifier: Apache-2.0 */
#include "test/prove/libc.h"

#include "test/prove/tlv.h"

/*@ requires reader(r) && \valid(ret) && \separated(ret, r, r->p + (0 .. r->end - r->p - 1)) && !r->failed;
    assigns r->p, r->failed, *ret, \result \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    ensures reader(r);
    ensures one: \result == ERR_OK ==> !r->failed && 0 < *ret <= 0xFFFFFF && r->p == \old(r->p) + tag_size(*ret) &&
              tag_size(*ret) <= \old(r->end - r->p) && tag_at(\old(r->p), *ret);
    ensures bad: \result == ERR_OK || \result == ERR_FORMAT || \result == ERR_TRUNCATED;
    ensures inside: \base_addr(r->p) == \base_addr(\old(r->p)) && \old(r->p) <= r->p;
*/
static int tag_read(struct reader *r, uint32_t *ret);

/*@ requires reader(r) && \valid(ret) && \separated(ret, r, r->p + (0 .. r->end - r->p - 1)) && !r->failed;
    assigns r->p, r->failed, *ret, \result \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    ensures reader(r);
    ensures one: \result == ERR_OK ==> !r->failed && *ret <= 0xFFFFFF && r->p == \old(r->p) + len_size(*ret) &&
              len_size(*ret) <= \old(r->end - r->p) && len_at(\old(r->p), *ret);
    ensures bad: \result == ERR_OK || \result == ERR_FORMAT || \result == ERR_TRUNCATED;
*/
static int len_read(struct reader *r, size_t *ret);

#include "common/codec/tlv.c"
