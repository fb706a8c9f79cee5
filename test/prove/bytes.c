/* SPDX-License-Identifier: Apache-2.0 */
#include "test/prove/libc.h"

#include "test/prove/bytes.h"

/*@ requires reader(r) && n <= 8;
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, n, r->p[0 .. n - 1];
    ensures reader(r);
    ensures fits: enough{Pre}(r, n) ==> !r->failed && \result == be(\old(r->p), n) && r->p == \old(r->p) + n;
    ensures sticks: !enough{Pre}(r, n) ==> r->failed && \result == 0 && r->p == \old(r->p);
    ensures small: \result < cap(n);
*/
static uint64_t rd_be(struct reader *r, size_t n);

/*@ requires writer(w);
    assigns w->len, w->failed, \result \from w->p, w->cap, w->len, w->failed, n;
    ensures writer(w);
    ensures fits: fits{Pre}(w, n) ==> !w->failed && w->len == \old(w->len) + n && \result == w->p + (n > 0 ? \old(w->len) : 0);
    ensures sticks: !fits{Pre}(w, n) ==> w->failed && w->len == \old(w->len) && \result == \null;
*/
static uint8_t *wr_take(struct writer *w, size_t n);

/*@ requires writer(w) && 0 < n <= 8;
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, n, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, n) ==> !w->failed && w->len == \old(w->len) + n && 
              \forall integer k; 0 <= k < n ==> w->p[\old(w->len) + k] == octet(v, n - 1 - k);
    ensures sticks: !fits{Pre}(w, n) ==> w->failed && w->len == \old(w->len);
*/
static void wr_be(struct writer *w, uint64_t v, size_t n);

#include "common/base/bytes.c"
