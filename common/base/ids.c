/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers of the card and of its applications (SGP.02 Annex H and J, ITU-T E.118). */
#include "common/base/ids.h"

#include "common/base/hex.h"

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* --- EID --- */

/* The number of n packed digits mod 97, or -1 when a nibble is no digit. */
static int bcd_mod97(const uint8_t *b, size_t n)
{
    int rest = 0;
    /*@ loop invariant 0 <= i <= n && packed(b, i);
        loop invariant rest == mod97(b, i) && 0 <= rest < 97;
        loop assigns i, rest;
        loop variant n - i; */
    for (size_t i = 0; i < n; i++) {
        int high = b[i] / 16;
        int low = b[i] % 16;
        if (high > 9 || low > 9)
            return -1;
        rest = (rest * 100 + high * 10 + low) % 97;
    }
    return rest;
}

int eid_from_bytes(struct span s, struct eid *ret)
{
    struct eid e;
    if (s.n != sizeof(e.b))
        return ERR_FORMAT;
    int rest = bcd_mod97(s.p, s.n);
    if (rest < 0 || s.p[0] != 0x89)
        return ERR_FORMAT;
    if (rest != 1)
        return ERR_INVAL;
    memcpy(e.b, s.p, sizeof(e.b));
    *ret = e;
    return ERR_OK;
}

int eid_parse(const char *s, struct eid *ret)
{
    uint8_t b[16];
    size_t n = 0;
    if (strnlen(s, EID_TEXT) != EID_TEXT - 1 || hex_decode(s, EID_TEXT - 1, b, sizeof(b), &n))
        return ERR_FORMAT;
    return eid_from_bytes(span_of(b, n), ret);
}

bool eid_check(const struct eid *e)
{
    struct eid same;
    return eid_from_bytes(span_of(e->b, sizeof(e->b)), &same) == ERR_OK;
}

void eid_text(const struct eid *e, char dst[EID_TEXT])
{
    static const char DIGITS[] = "0123456789ABCDEF";
    /*@ loop invariant 0 <= i <= 16 && \forall integer k; 0 <= k < i ==> hex_of(e->b[k], dst, 2 * k);
        loop assigns i, dst[0 .. 31];
        loop variant 16 - i; */
    for (size_t i = 0; i < sizeof(e->b); i++) {
        dst[2 * i] = DIGITS[e->b[i] / 16];
        dst[2 * i + 1] = DIGITS[e->b[i] % 16];
    }
    dst[EID_TEXT - 1] = '\0';
}

bool eid_eq(const struct eid *a, const struct eid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool eid_is_zero(const struct eid *e)
{
    static const struct eid ZERO;
    return eid_eq(e, &ZERO);
}

int eid_make(const char digits30[30], struct eid *ret)
{
    struct eid e = {{0}};
    size_t n = 0;
    if (hex_decode(digits30, 30, e.b, sizeof(e.b) - 1, &n))
        return ERR_FORMAT;
    int rest = bcd_mod97(e.b, sizeof(e.b));
    if (rest < 0 || e.b[0] != 0x89)
        return ERR_FORMAT;
    int check = 98 - rest;
    e.b[15] = (uint8_t)(check / 10 << 4 | check % 10);
    *ret = e;
    return ERR_OK;
}

/* --- ICCID --- */

int iccid_parse(struct span s, struct iccid *ret)
{
    struct iccid i = {{0}};
    size_t n = s.n;
    /*@ loop invariant 0 <= pad <= 2 && n == s.n - pad && (0 < pad ==> 18 <= n);
        loop assigns pad, n;
        loop variant 2 - pad; */
    for (int pad = 0; pad < 2 && n > 18 && (s.p[n - 1] == 'F' || s.p[n - 1] == 'f'); pad++)
        n--;
    if (n < 18 || s.n > 20 || s.p[0] != '8' || s.p[1] != '9')
        return ERR_FORMAT;
    /*@ loop invariant 0 <= k <= n && \forall integer j; 0 <= j < k ==> digit(s.p[j]) && i.s[j] == s.p[j];
        loop invariant \forall integer j; k <= j <= 20 ==> i.s[j] == 0;
        loop assigns k, i.s[0 .. 19];
        loop variant n - k; */
    for (size_t k = 0; k < n; k++) {
        if (!is_digit(s.p[k]))
            return ERR_FORMAT;
        i.s[k] = (char)s.p[k];
    }
    *ret = i;
    return ERR_OK;
}

bool iccid_luhn_ok(const struct iccid *i)
{
    int sum = 0;
    size_t n = strlen(i->s);
    for (size_t k = 0; k < n; k++) {
        int d = i->s[n - 1 - k] - '0';
        if (k % 2 == 1)
            d = d > 4 ? 2 * d - 9 : 2 * d;
        sum += d;
    }
    return n > 0 && sum % 10 == 0;
}

bool iccid_eq(const struct iccid *a, const struct iccid *b)
{
    return strcmp(a->s, b->s) == 0;
}

void iccid_swapped(const struct iccid *i, uint8_t dst[10])
{
    size_t n = strlen(i->s);
    for (size_t k = 0; k < 10; k++) {
        int low = 2 * k < n ? i->s[2 * k] - '0' : 15;
        int high = 2 * k + 1 < n ? i->s[2 * k + 1] - '0' : 15;
        dst[k] = (uint8_t)(high * 16 + low);
    }
}

int iccid_from_swapped(struct span s, struct iccid *ret)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t text[20];
    if (s.n != 10)
        return ERR_FORMAT;
    /*@ loop invariant 0 <= k <= 10;
        loop assigns k, text[0 .. 19];
        loop variant 10 - k; */
    for (size_t k = 0; k < 10; k++) {
        text[2 * k] = (uint8_t)DIGITS[s.p[k] % 16];
        text[2 * k + 1] = (uint8_t)DIGITS[s.p[k] / 16];
    }
    return iccid_parse(span_of(text, sizeof(text)), ret);
}

/* --- AID --- */

#define AID_GSMA(b12, b13, b14)                                                                    \
    {16, {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, b12, b13, b14, 0}}

const struct aid AID_ISD_R = AID_GSMA(0x00, 0x00, 0x01);
const struct aid AID_ECASD = AID_GSMA(0x00, 0x00, 0x02);
const struct aid AID_ISD_P_PACKAGE = AID_GSMA(0x00, 0x00, 0x0D);
const struct aid AID_ISD_P_MODULE = AID_GSMA(0x00, 0x00, 0x0E);

int aid_from_bytes(struct span s, struct aid *ret)
{
    if (s.n < 5 || s.n > sizeof(ret->b))
        return ERR_FORMAT;
    struct aid a = {.n = (uint8_t)s.n};
    memcpy(a.b, s.p, s.n);
    *ret = a;
    return ERR_OK;
}

bool aid_eq(const struct aid *a, const struct aid *b)
{
    return span_eq(aid_span(a), aid_span(b));
}

void aid_text(const struct aid *a, char dst[AID_TEXT])
{
    if (hex_encode(aid_span(a), dst, AID_TEXT))
        dst[0] = '\0';
}

struct span aid_span(const struct aid *a)
{
    return span_of(a->b, a->n <= sizeof(a->b) ? a->n : 0);
}

uint32_t aid_tar(const struct aid *a)
{
    if (a->n < 15)
        return UINT32_MAX;
    return a->b[12] * 0x10000u + a->b[13] * 0x100u + a->b[14];
}

int aid_isd_p(uint16_t number, struct aid *ret)
{
    if (number < 0x0010)
        return ERR_INVAL;
    *ret = (struct aid)AID_GSMA(0x00, (uint8_t)(number / 0x100), (uint8_t)(number % 0x100));
    return ERR_OK;
}

bool aid_is_isd_p(const struct aid *a, uint16_t *ret_number)
{
    struct aid same;
    uint16_t number = (uint16_t)(a->b[13] << 8 | a->b[14]);
    if (aid_isd_p(number, &same) || !aid_eq(a, &same))
        return false;
    if (ret_number)
        *ret_number = number;
    return true;
}
