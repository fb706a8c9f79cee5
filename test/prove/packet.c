/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of 40 bits never repeat and never go round. */
#include "test/prove/libc.h"

#include "test/prove/bytes.h"

#include "common/codec/packet.h"

/*@ requires \valid(ret);
    assigns *ret, \result \from high, *ret;
    ensures more: high < CNTR_MAX ==> \result && *ret == high + 1;
    ensures used_up: high >= CNTR_MAX ==> !\result && *ret == \old(*ret);
*/
bool cntr_next(uint64_t high, uint64_t *ret);

/*@ requires \valid(again) && \valid(next) && \separated(again, next);
    assigns *next, *again, \result \from high, *next, *again;
    ensures \result ==> high < *next < *again <= CNTR_MAX;
*/
static bool rises(uint64_t high, uint64_t *next, uint64_t *again)
{
    return cntr_next(high, next) && cntr_next(*next, again);
}

#include "common/codec/packet.c"
