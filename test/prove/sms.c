/* SPDX-License-Identifier: Apache-2.0 */
/* Segmentation, addresses and validity of short messages. */
#include "test/prove/libc.h"

#include "test/prove/tlv.h"

#include "common/codec/sms.h"

/*@ // Number of parts; what part i of total carries at most, where it starts in the packet, how much it carries.
    logic integer many(integer n) = 1 + (n - 132 + 133) / 134;
    logic integer parts(integer n) = n <= 0 ? 0 : n <= 137 ? 1 : many(n) > 30 ? 0 : many(n);
    logic integer part_room(integer total, integer i) = total == 1 ? 137 : i == 1 ? 132 : 134;
    logic integer part_from(integer i) = i == 1 ? 0 : 132 + (i - 2) * 134;
    logic integer part_size(integer n, integer i) =
      n - part_from(i) < part_room(parts(n), i) ? n - part_from(i) : part_room(parts(n), i);
    logic integer part_head(integer total, integer i) = 1 + (total > 1 ? 5 : 0) + (i == 1 ? 2 : 0);

    // Parts follow on each other without a gap, the last one ends with the packet, none is empty or too long.
    lemma bounded: \forall integer n; 0 <= parts(n) <= 30 && (parts(n) == 0 <==> n <= 0 || n > 132 + 29 * 134);
    lemma nonempty: \forall integer n, i; 1 <= i <= parts(n) ==> 0 < part_size(n, i) && part_head(parts(n), i) + part_size(n, i) <= 140;
    lemma no_gap: \forall integer n, i; 1 <= i < parts(n) ==> part_from(i) + part_size(n, i) == part_from(i + 1);
    lemma complete: \forall integer n; 0 < parts(n) ==> part_from(parts(n)) + part_size(n, parts(n)) == n;
*/

/*@ assigns \nothing;
    ensures \result == parts(n);
*/
unsigned sms_parts(size_t n);

/*@ requires octets(packet.p, packet.n) && total == parts(packet.n) && 1 <= index <= total;
    assigns \result \from packet, total, index;
    ensures cut: \result.p == packet.p + part_from(index) && \result.n == part_size(packet.n, index);
    ensures inside: 0 < \result.n && octets(\result.p, \result.n) && part_from(index) + \result.n <= packet.n;
*/
static struct span part_cut(struct span packet, unsigned total, unsigned index);

/*@ // Character c is digit k of the swapped digits at p.
    predicate digit_at{L}(integer c, uint8_t *p, integer k) =
      '0' <= c <= '9' && c - '0' == (k % 2 == 0 ? p[k / 2] % 16 : p[k / 2] / 16);
*/
/*@ requires reader(r) && \valid(ret) && \separated(ret, r, r->p + (0 .. r->end - r->p - 1));
    assigns r->p, r->failed, *ret, \result \from r->p, r->end, r->failed, r->p[0 .. r->end - r->p - 1];
    ensures reader(r);
    ensures digits: \result == ERR_OK ==> \old(r->p[0]) <= 15 && r->p == \old(r->p) + 2 + (\old(r->p[0]) + 1) / 2;
*/
int sms_address_get(struct reader *r, struct msisdn *ret);

/*@ logic integer vp_s(integer vp) = vp <= 143 ? (vp + 1) * 300 : vp <= 167 ? 43200 + (vp - 143) * 1800 :
      vp <= 196 ? (vp - 166) * 86400 : (vp - 192) * 604800;
*/
/*@ assigns \nothing;
    ensures \result == vp_s(vp);
*/
int64_t sms_vp_seconds(uint8_t vp);

/*@ assigns \nothing;
    ensures fits: vp_s(\result) <= s || \result == 0;
    ensures longest: \result < 255 ==> vp_s(\result + 1) > s;
*/
uint8_t sms_vp_from_seconds(int64_t s);

#include "common/codec/sms.c"
