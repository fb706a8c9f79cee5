/* SPDX-License-Identifier: Apache-2.0 */
/* EID, ICCID and AID between text, packed digits and octets. */
#include "test/prove/libc.h"

#include "test/prove/bytes.h"

#include "common/base/ids.h"
#include "common/base/hex.h"

/*@ predicate digit(integer c) = '0' <= c <= '9';

    // Each octet is two decimal digits.
    predicate packed{L}(uint8_t *b, integer n) = \forall integer k; 0 <= k < n ==> b[k] / 16 <= 9 && b[k] % 16 <= 9;
    // The number the digits spell, mod 97.
    logic integer mod97{L}(uint8_t *b, integer n) =
      n <= 0 ? 0 : (mod97(b, n - 1) * 100 + b[n - 1] / 16 * 10 + b[n - 1] % 16) % 97;

    // The two digits of an octet at dst[at].
    predicate hex_of{L}(integer octet, char *dst, integer at) =
      octet / 16 <= 9 && octet % 16 <= 9 ==> dst[at] == '0' + octet / 16 && dst[at + 1] == '0' + octet % 16;
*/

/*@ assigns \nothing;
    ensures \result <==> digit(c);
*/
static bool is_digit(uint8_t c);

/*@ requires octets(b, n);
    assigns \result \from b[0 .. n - 1], n;
    ensures digits: packed(b, n) ==> \result == mod97(b, n) && 0 <= \result < 97;
    ensures else: !packed(b, n) ==> \result == -1;
*/
static int bcd_mod97(const uint8_t *b, size_t n);

/*@ requires octets(s.p, s.n) && \valid(ret) && \separated(ret, s.p + (0 .. s.n - 1));
    assigns *ret, \result \from s, s.p[0 .. s.n - 1];
    ensures good: \result == ERR_OK <==> s.n == 16 && \old(packed(s.p, 16) && s.p[0] == 0x89 && mod97(s.p, 16) == 1);
    ensures value: \result == ERR_OK ==> \forall integer k; 0 <= k < 16 ==> ret->b[k] == s.p[k];
    ensures untouched: \result != ERR_OK ==> \forall integer k; 0 <= k < 16 ==> ret->b[k] == \old(ret->b[k]);
*/
int eid_from_bytes(struct span s, struct eid *ret);

/*@ requires \valid_read(e) && \valid(dst + (0 .. EID_TEXT - 1)) && \separated(e, dst + (0 .. EID_TEXT - 1));
    assigns dst[0 .. EID_TEXT - 1] \from e->b[0 .. 15];
    ensures text: dst[32] == 0 && \forall integer k; 0 <= k < 16 ==> hex_of(e->b[k], dst, 2 * k);
*/
void eid_text(const struct eid *e, char dst[EID_TEXT]);

/*@ requires octets(s.p, s.n) && \valid(ret) && \separated(ret, s.p + (0 .. s.n - 1));
    assigns *ret, \result \from s, s.p[0 .. s.n - 1];
    ensures value: \result == ERR_OK ==> 18 <= s.n <= 20 && \forall integer k; 0 <= k < 18 ==> ret->s[k] == s.p[k] && digit(s.p[k]);
    ensures untouched: \result != ERR_OK ==> \result == ERR_FORMAT && \forall integer k; 0 <= k < 21 ==> ret->s[k] == \old(ret->s[k]);
*/
int iccid_parse(struct span s, struct iccid *ret);

/*@ requires octets(s.p, s.n) && \valid(ret) && \separated(ret, s.p + (0 .. s.n - 1));
    assigns *ret, \result \from s, s.p[0 .. s.n - 1];
    ensures good: \result == ERR_OK ==> s.n == 10;
*/
int iccid_from_swapped(struct span s, struct iccid *ret);

/*@ requires octets(s.p, s.n) && \valid(ret) && \separated(ret, s.p + (0 .. s.n - 1));
    assigns *ret, \result \from s, s.p[0 .. s.n - 1];
    ensures good: \result == ERR_OK <==> 5 <= s.n <= 16;
    ensures value: \result == ERR_OK ==> ret->n == s.n && \forall integer k; 0 <= k < s.n ==> ret->b[k] == s.p[k];
*/
int aid_from_bytes(struct span s, struct aid *ret);

/*@ requires \valid_read(a);
    assigns \result \from a, *a;
    ensures \result.p == (uint8_t *)a->b && \result.n <= 16 && (a->n <= 16 ==> \result.n == a->n);
*/
struct span aid_span(const struct aid *a);

/*@ requires \valid_read(a);
    assigns \result \from *a;
    ensures a->n < 15 ==> \result == 0xFFFFFFFF;
    ensures a->n >= 15 ==> \result == a->b[12] * 0x10000 + a->b[13] * 0x100 + a->b[14];
*/
uint32_t aid_tar(const struct aid *a);

#include "common/base/ids.c"
