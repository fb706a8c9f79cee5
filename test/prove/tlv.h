/* SPDX-License-Identifier: Apache-2.0 */
/* What common/codec/tlv.h promises, for Frama-C: proved in tlv.c, used by the other proofs. */
#pragma once

#include "common/codec/tlv.h"
#include "test/prove/bytes.h"

/*@ logic integer tag_size(integer tag) = tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1;
    logic integer len_size(integer n) = n < 0x80 ? 1 : n < 0x100 ? 2 : n < 0x10000 ? 3 : 4;
    predicate inside{L}(uint8_t *p, struct span s) = \base_addr{L}(p) == \base_addr{L}(s.p) && s.p <= p <= s.p + s.n;

    // The minimal length field of n stands at p.
    predicate len_at{L}(uint8_t *p, integer n) =
      n < 0x80 ? p[0] == n :
      n < 0x100 ? p[0] == 0x81 && p[1] == n :
      n < 0x10000 ? p[0] == 0x82 && p[1] * 0x100 + p[2] == n :
      p[0] == 0x83 && p[1] * 0x10000 + p[2] * 0x100 + p[3] == n;
    predicate tag_at{L}(uint8_t *p, integer tag) =
      tag <= 0xFF ? p[0] == tag :
      tag <= 0xFFFF ? p[0] * 0x100 + p[1] == tag :
      p[0] * 0x10000 + p[1] * 0x100 + p[2] == tag;
*/

/*@ requires reader(r) && \valid(ret) && \separated(ret, r, r->p + (0 .. r->end - r->p - 1));
    assigns r->p, r->failed, *ret \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    assigns \result \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    ensures reader(r);
    ensures one: \result == ERR_OK ==> !\old(r->failed) && !r->failed && ret->raw.p == \old(r->p) &&
              ret->raw.n == tag_size(ret->tag) + len_size(ret->value.n) + ret->value.n &&
              ret->value.p == ret->raw.p + tag_size(ret->tag) + len_size(ret->value.n) &&
              ret->value.n <= 0xFFFFFF && 0 < ret->tag <= 0xFFFFFF &&
              r->p == \old(r->p) + ret->raw.n && ret->raw.n <= \old(r->end - r->p) &&
              tag_at(ret->raw.p, ret->tag) && len_at(ret->raw.p + tag_size(ret->tag), ret->value.n);
    ensures end: \result == ERR_NOT_FOUND <==> !\old(r->failed) && \old(r->p) == r->end;
    ensures end_stays: \result == ERR_NOT_FOUND ==> !r->failed && r->p == \old(r->p);
    ensures bad: \result != ERR_OK && \result != ERR_NOT_FOUND ==>
              r->failed && (\result == ERR_FORMAT || \result == ERR_TRUNCATED);
*/
int tlv_next(struct reader *r, struct tlv *ret);

/*@ requires octets(body.p, body.n) && \valid(ret) && \separated(ret, body.p + (0 .. body.n - 1));
    assigns *ret, \result \from body, tag, body.p[0 .. body.n - 1];
    ensures found: \result == ERR_OK ==> ret->tag == tag && inside(ret->raw.p, body) && inside(ret->raw.p + ret->raw.n, body) &&
              inside(ret->value.p, body) && ret->value.p + ret->value.n == ret->raw.p + ret->raw.n;
    ensures else: \result == ERR_OK || \result == ERR_NOT_FOUND || \result == ERR_FORMAT || \result == ERR_TRUNCATED;
*/
int tlv_find(struct span body, uint32_t tag, struct tlv *ret);

/*@ requires octets(s.p, s.n) && \valid(ret) && \separated(ret, s.p + (0 .. s.n - 1));
    assigns *ret, \result \from s, tag, s.p[0 .. s.n - 1];
    ensures only: \result == ERR_OK ==> ret->tag == tag && ret->raw.p == s.p && ret->raw.n == s.n &&
              s.n == tag_size(tag) + len_size(ret->value.n) + ret->value.n &&
              ret->value.p == s.p + tag_size(tag) + len_size(ret->value.n);
    ensures else: \result == ERR_OK || \result == ERR_FORMAT;
*/
int tlv_only(struct span s, uint32_t tag, struct tlv *ret);

/*@ assigns \nothing;
    ensures \result == len_size(n);
*/
size_t tlv_len_size(size_t n);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, tag;
    ensures writer(w);
    ensures fits: 0 < tag <= 0xFFFFFF && fits{Pre}(w, tag_size(tag)) ==>
              !w->failed && w->len == \old(w->len) + tag_size(tag) && tag_at(w->p + \old(w->len), tag);
    ensures sticks: !(0 < tag <= 0xFFFFFF && fits{Pre}(w, tag_size(tag))) ==> w->failed && w->len == \old(w->len);
*/
void tlv_put_tag(struct writer *w, uint32_t tag);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, n;
    ensures writer(w);
    ensures fits: n <= 0xFFFFFF && fits{Pre}(w, len_size(n)) ==>
              !w->failed && w->len == \old(w->len) + len_size(n) && len_at(w->p + \old(w->len), n);
    ensures sticks: !(n <= 0xFFFFFF && fits{Pre}(w, len_size(n))) ==> w->failed && \old(w->len) <= w->len;
*/
void tlv_put_len(struct writer *w, size_t n);

/*@ requires writer(w) && octets(value.p, value.n);
    requires \separated(value.p + (0 .. value.n - 1), w, w->p + (0 .. w->cap - 1));
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1]
      \from w->p, w->cap, w->len, w->failed, tag, value, value.p[0 .. value.n - 1];
    ensures writer(w);
    ensures fits: 0 < tag <= 0xFFFFFF && value.n <= 0xFFFFFF &&
              fits{Pre}(w, tag_size(tag) + len_size(value.n) + value.n) ==> !w->failed &&
              w->len == \old(w->len) + tag_size(tag) + len_size(value.n) + value.n &&
              tag_at(w->p + \old(w->len), tag) && len_at(w->p + \old(w->len) + tag_size(tag), value.n) &&
              \forall integer k; 0 <= k < value.n ==>
                w->p[\old(w->len) + tag_size(tag) + len_size(value.n) + k] == value.p[k];
    ensures sticks: !(0 < tag <= 0xFFFFFF && value.n <= 0xFFFFFF &&
              fits{Pre}(w, tag_size(tag) + len_size(value.n) + value.n)) ==> w->failed;
*/
void tlv_put(struct writer *w, uint32_t tag, struct span value);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1] \from w->p, w->cap, w->len, w->failed, tag, v;
    ensures writer(w);
    ensures fits: 0 < tag <= 0xFFFFFF && fits{Pre}(w, tag_size(tag) + 2) ==> !w->failed &&
              w->len == \old(w->len) + tag_size(tag) + 2 && tag_at(w->p + \old(w->len), tag) &&
              w->p[\old(w->len) + tag_size(tag)] == 1 && w->p[\old(w->len) + tag_size(tag) + 1] == v;
*/
void tlv_put_u8(struct writer *w, uint32_t tag, uint8_t v);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1], \result \from w->p, w->cap, w->len, w->failed, tag;
    ensures writer(w) && \result == w->len;
    ensures fits: 0 < tag <= 0xFFFFFF && fits{Pre}(w, tag_size(tag)) ==> !w->failed && tag_at(w->p + \old(w->len), tag);
*/
size_t tlv_open(struct writer *w, uint32_t tag);

/*@ requires writer(w);
    assigns w->len, w->failed, w->p[0 .. w->cap - 1] \from w->p[0 .. w->cap - 1], w->p, w->cap, w->len, w->failed, mark;
    ensures writer(w);
    ensures fits: mark <= \old(w->len) && \old(w->len) - mark <= 0xFFFFFF && fits{Pre}(w, len_size(\old(w->len) - mark)) ==>
              !w->failed && w->len == \old(w->len) + len_size(\old(w->len) - mark) &&
              len_at(w->p + mark, \old(w->len) - mark);
    ensures before: \forall integer k; 0 <= k < mark && k < \old(w->len) ==> w->p[k] == \old(w->p[k]);
    ensures sticks: !(mark <= \old(w->len) && \old(w->len) - mark <= 0xFFFFFF &&
              fits{Pre}(w, len_size(\old(w->len) - mark))) ==> w->failed;
*/
void tlv_close(struct writer *w, size_t mark);

/*@ requires reader(r) && \valid(ret) && \separated(ret, r, r->p + (0 .. r->end - r->p - 1));
    assigns r->p, r->failed, *ret \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    assigns \result \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    ensures reader(r);
    ensures one: \result == ERR_OK ==> !\old(r->failed) && !r->failed &&
              r->p == \old(r->p) + 2 + (ret->value.n < 0xFF ? 1 : 3) + ret->value.n &&
              ret->value.p + ret->value.n == r->p && ret->value.n <= 0xFFFF &&
              ret->tag == \old(r->p)[0] * 0x100 + \old(r->p)[1];
    ensures end: \result == ERR_NOT_FOUND <==> !\old(r->failed) && \old(r->p) == r->end;
    ensures bad: \result != ERR_OK && \result != ERR_NOT_FOUND ==>
              r->failed && (\result == ERR_FORMAT || \result == ERR_TRUNCATED);
*/
int dgi_next(struct reader *r, struct dgi *ret);

/*@ requires writer(w) && octets(value.p, value.n);
    requires \separated(value.p + (0 .. value.n - 1), w, w->p + (0 .. w->cap - 1));
    assigns w->len, w->failed, w->p[w->len .. w->cap - 1]
      \from w->p, w->cap, w->len, w->failed, tag, value, value.p[0 .. value.n - 1];
    ensures writer(w);
    ensures fits: value.n <= 0xFFFF && fits{Pre}(w, 2 + (value.n < 0xFF ? 1 : 3) + value.n) ==> !w->failed &&
              w->len == \old(w->len) + 2 + (value.n < 0xFF ? 1 : 3) + value.n &&
              \forall integer k; 0 <= k < value.n ==>
                w->p[\old(w->len) + 2 + (value.n < 0xFF ? 1 : 3) + k] == value.p[k];
    ensures sticks: !(value.n <= 0xFFFF && fits{Pre}(w, 2 + (value.n < 0xFF ? 1 : 3) + value.n)) ==> w->failed;
*/
void dgi_put(struct writer *w, uint16_t tag, struct span value);
