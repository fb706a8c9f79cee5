/* SPDX-License-Identifier: Apache-2.0 */
/* What common/base/bytes.h promises, for Frama-C: proved in bytes.c, used by the other proofs. */
#pragma once

#include "common/base/bytes.h"

/*@ // An area of the caller: nothing, or n octets in reach.
    predicate room{L}(uint8_t *p, integer n) = 0 <= n <= 0x7FFFFFFFFFFFFFFF && (0 < n ==> \valid{L}(p + (0 .. n - 1)));
    predicate octets{L}(uint8_t *p, integer n) = 0 <= n <= 0x7FFFFFFFFFFFFFFF && (0 < n ==> \valid_read{L}(p + (0 .. n - 1)));

    // The n octets at p as a big-endian number, and octet k of a number from its low end.
    logic integer be{L}(uint8_t *p, integer n) = n <= 0 ? 0 : 256 * be(p, n - 1) + p[n - 1];
    logic integer cap(integer n) =
      n <= 0 ? 1 : n == 1 ? 0x100 : n == 2 ? 0x10000 : n == 3 ? 0x1000000 : n == 4 ? 0x100000000 :
      n == 5 ? 0x10000000000 : n == 6 ? 0x1000000000000 : n == 7 ? 0x100000000000000 : 0x10000000000000000;
    logic integer high(integer v, integer k) = k <= 0 ? v : high(v, k - 1) / 0x100;
    logic integer octet(integer v, integer k) = high(v, k) % 0x100;

    // A reader between its octets; its own fields are none of them.
    predicate reader{L}(struct reader *r) =
      \valid{L}(r) && \base_addr{L}(r->p) == \base_addr{L}(r->end) && octets(r->p, r->end - r->p) &&
      \separated(r, r->p + (0 .. r->end - r->p - 1));
    logic integer left{L}(struct reader *r) = r->failed ? 0 : r->end - r->p;
    predicate enough{L}(struct reader *r, integer n) = !r->failed && n <= r->end - r->p;

    predicate writer{L}(struct writer *w) =
      \valid{L}(w) && room(w->p, w->cap) && w->len <= w->cap && \separated(w, w->p + (0 .. w->cap - 1));
    predicate fits{L}(struct writer *w, integer n) = !w->failed && n <= w->cap - w->len;
*/

/*@ assigns \nothing;
    ensures \result.p == p && \result.n == (p == \null ? 0 : n);
*/
static inline struct span span_of(const void *p, size_t n);

/*@ requires \exists integer n; text(s, n);
    assigns \result \from s, s[0 ..];
    ensures \result.p == (uint8_t *)s && text(s, \result.n);
*/
static inline struct span span_str(const char *s);

/*@ requires octets(a.p, a.n) && octets(b.p, b.n);
    assigns \result \from a, b, a.p[0 .. a.n - 1], b.p[0 .. b.n - 1];
    ensures \result <==> (a.n == b.n && \forall integer k; 0 <= k < a.n ==> a.p[k] == b.p[k]);
*/
bool span_eq(struct span a, struct span b);

/*@ requires \valid(r);
    assigns r->failed \from \nothing;
    ensures r->failed;
*/
static inline void rd_fail(struct reader *r);

/*@ requires reader(r);
    assigns \nothing;
    ensures \result <==> (!r->failed && r->p == r->end);
*/
static inline bool rd_done(const struct reader *r);

/*@ assigns \result \from buf, cap;
    ensures \result.p == (uint8_t *)buf && \result.cap == (buf == \null ? 0 : cap) &&
      \result.len == 0 && !\result.failed;
*/
static inline struct writer wr_init(void *buf, size_t cap);

/*@ requires \valid_read(w);
    assigns \result \from *w;
    ensures w->failed ==> \result.p == \null && \result.n == 0;
    ensures !w->failed ==> \result.p == w->p && \result.n == w->len;
*/
static inline struct span wr_view(const struct writer *w);

/*@ requires octets(s.p, s.n);
    assigns \nothing;
    ensures reading: \result.p == s.p && \result.end == s.p + s.n && !\result.failed;
*/
static inline struct reader rd_init(struct span s);

/*@ requires reader(r);
    assigns \nothing;
    ensures \result == left(r);
*/
static inline size_t rd_left(const struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, n;
    ensures reader(r);
    ensures fits: enough{Pre}(r, n) ==> !r->failed && \result.p == \old(r->p) && \result.n == n && r->p == \old(r->p) + n;
    ensures sticks: !enough{Pre}(r, n) ==> r->failed && \result.p == \null && \result.n == 0 && r->p == \old(r->p);
*/
struct span rd_span(struct reader *r, size_t n);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 0];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 1) ==> !r->failed && r->p == \old(r->p) + 1 &&
              \result == be(\old(r->p), 1);
    ensures sticks: !enough{Pre}(r, 1) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint8_t rd_u8(struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 1];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 2) ==> !r->failed && r->p == \old(r->p) + 2 &&
              \result == be(\old(r->p), 2);
    ensures sticks: !enough{Pre}(r, 2) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint16_t rd_u16(struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 2];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 3) ==> !r->failed && r->p == \old(r->p) + 3 &&
              \result == be(\old(r->p), 3);
    ensures sticks: !enough{Pre}(r, 3) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint32_t rd_u24(struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 3];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 4) ==> !r->failed && r->p == \old(r->p) + 4 &&
              \result == be(\old(r->p), 4);
    ensures sticks: !enough{Pre}(r, 4) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint32_t rd_u32(struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 4];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 5) ==> !r->failed && r->p == \old(r->p) + 5 &&
              \result == be(\old(r->p), 5);
    ensures sticks: !enough{Pre}(r, 5) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint64_t rd_u40(struct reader *r);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed, r->p[0 .. 7];
    ensures reader(r);
    ensures fits: enough{Pre}(r, 8) ==> !r->failed && r->p == \old(r->p) + 8 &&
              \result == be(\old(r->p), 8);
    ensures sticks: !enough{Pre}(r, 8) ==> r->failed && \result == 0 && r->p == \old(r->p);
*/
uint64_t rd_u64(struct reader *r);

/*@ requires reader(r) && room((uint8_t *)dst, n) && \separated((uint8_t *)dst + (0 .. n - 1), r, r->p + (0 .. n - 1));
    assigns r->p, r->failed \from r->p, r->end, r->failed, n;
    assigns ((uint8_t *)dst)[0 .. n - 1] \from r->p[0 .. n - 1], r->failed;
    ensures reader(r);
    ensures fits: enough{Pre}(r, n) ==> !r->failed && r->p == \old(r->p) + n &&
              \forall integer k; 0 <= k < n ==> ((uint8_t *)dst)[k] == \old(r->p)[k];
    ensures sticks: !enough{Pre}(r, n) ==> r->failed && r->p == \old(r->p) &&
              \forall integer k; 0 <= k < n ==> ((uint8_t *)dst)[k] == 0;
*/
void rd_copy(struct reader *r, void *dst, size_t n);

/*@ requires reader(r);
    assigns r->p, r->failed, \result \from r->p, r->end, r->failed;
    ensures reader(r) && r->failed == \old(r->failed);
    ensures rest: !r->failed ==> \result.p == \old(r->p) && \result.n == \old(r->end) - \old(r->p) && r->p == r->end;
    ensures sticks: r->failed ==> \result.p == \null && \result.n == 0;
*/
struct span rd_rest(struct reader *r);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 1) ==> !w->failed && w->len == \old(w->len) + 1 && w->p[\old(w->len) + 0] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 1)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u8(struct writer *w, uint8_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 2) ==> !w->failed && w->len == \old(w->len) + 2 && w->p[\old(w->len) + 0] == octet(v, 1) && w->p[\old(w->len) + 1] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 2)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u16(struct writer *w, uint16_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 3) && v < cap(3) ==> !w->failed && w->len == \old(w->len) + 3 && w->p[\old(w->len) + 0] == octet(v, 2) && w->p[\old(w->len) + 1] == octet(v, 1) && w->p[\old(w->len) + 2] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 3) && v < cap(3)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u24(struct writer *w, uint32_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 4) ==> !w->failed && w->len == \old(w->len) + 4 && w->p[\old(w->len) + 0] == octet(v, 3) && w->p[\old(w->len) + 1] == octet(v, 2) && w->p[\old(w->len) + 2] == octet(v, 1) && w->p[\old(w->len) + 3] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 4)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u32(struct writer *w, uint32_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 5) && v < cap(5) ==> !w->failed && w->len == \old(w->len) + 5 && w->p[\old(w->len) + 0] == octet(v, 4) && w->p[\old(w->len) + 1] == octet(v, 3) && w->p[\old(w->len) + 2] == octet(v, 2) && w->p[\old(w->len) + 3] == octet(v, 1) && w->p[\old(w->len) + 4] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 5) && v < cap(5)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u40(struct writer *w, uint64_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, 8) ==> !w->failed && w->len == \old(w->len) + 8 && w->p[\old(w->len) + 0] == octet(v, 7) && w->p[\old(w->len) + 1] == octet(v, 6) && w->p[\old(w->len) + 2] == octet(v, 5) && w->p[\old(w->len) + 3] == octet(v, 4) && w->p[\old(w->len) + 4] == octet(v, 3) && w->p[\old(w->len) + 5] == octet(v, 2) && w->p[\old(w->len) + 6] == octet(v, 1) && w->p[\old(w->len) + 7] == octet(v, 0);
    ensures sticks: !(fits{Pre}(w, 8)) ==> w->failed && w->len == \old(w->len);
*/
void wr_u64(struct writer *w, uint64_t v);

/*@ requires writer(w) && octets((uint8_t *)p, n) && \separated((uint8_t *)p + (0 .. n - 1), w, w->p + (0 .. w->cap - 1));
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, n, ((uint8_t *)p)[0 .. n - 1];
    ensures writer(w);
    ensures fits: fits{Pre}(w, n) ==> !w->failed && w->len == \old(w->len) + n &&
              \forall integer k; 0 <= k < n ==> w->p[\old(w->len) + k] == ((uint8_t *)p)[k];
    ensures sticks: !fits{Pre}(w, n) ==> w->failed && w->len == \old(w->len);
*/
void wr_bytes(struct writer *w, const void *p, size_t n);

/*@ requires writer(w) && octets(s.p, s.n) && \separated(s.p + (0 .. s.n - 1), w, w->p + (0 .. w->cap - 1));
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, s, s.p[0 .. s.n - 1];
    ensures writer(w);
    ensures fits: fits{Pre}(w, s.n) ==> !w->failed && w->len == \old(w->len) + s.n &&
              \forall integer k; 0 <= k < s.n ==> w->p[\old(w->len) + k] == s.p[k];
    ensures sticks: !fits{Pre}(w, s.n) ==> w->failed && w->len == \old(w->len);
*/
void wr_span(struct writer *w, struct span s);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, n, v;
    ensures writer(w);
    ensures fits: fits{Pre}(w, n) ==> !w->failed && w->len == \old(w->len) + n &&
              \forall integer k; 0 <= k < n ==> w->p[\old(w->len) + k] == v;
    ensures sticks: !fits{Pre}(w, n) ==> w->failed && w->len == \old(w->len);
*/
void wr_fill(struct writer *w, uint8_t v, size_t n);

/*@ requires writer(w) && \exists integer n; text(s, n) &&
      \separated((uint8_t *)s + (0 .. n - 1), w, w->p + (0 .. w->cap - 1));
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, s[0 ..];
    ensures writer(w);
*/
void wr_str(struct writer *w, const char *s);
