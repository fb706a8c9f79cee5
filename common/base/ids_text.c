/* SPDX-License-Identifier: Apache-2.0 */
/* Identifiers that live as text: numbers of subscribers and networks (3GPP TS 23.003), entity ids
 * (dotted OID), and UUIDv7 (RFC 9562) for operations. */
#include "common/base/hex.h"
#include "common/base/ids.h"
#include "common/base/rng.h"

/* Copies min..max digits and a NUL into dst, which holds max + 1. */
static int digits_parse(struct span s, size_t min, size_t max, char *dst)
{
    if (s.n < min || s.n > max)
        return ERR_FORMAT;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return ERR_FORMAT;
    }
    memcpy(dst, s.p, s.n);
    return ERR_OK;
}

int msisdn_parse(struct span s, struct msisdn *ret)
{
    struct msisdn m = {{0}};
    if (s.n > 0 && s.p[0] == '+')
        s = span_of(s.p + 1, s.n - 1);
    int rc = digits_parse(s, 3, 15, m.s);
    if (rc == ERR_OK)
        *ret = m;
    return rc;
}

int imsi_parse(struct span s, struct imsi *ret)
{
    struct imsi m = {{0}};
    int rc = digits_parse(s, 6, 15, m.s);
    if (rc == ERR_OK)
        *ret = m;
    return rc;
}

int plmn_parse(struct span s, struct plmn *ret)
{
    struct plmn m = {{0}};
    int rc = digits_parse(s, 5, 6, m.s);
    if (rc == ERR_OK)
        *ret = m;
    return rc;
}

/* One arc of at most ten digits without a leading zero; its value, or -1. */
static int64_t oid_arc(struct reader *r)
{
    int64_t v = 0;
    size_t n = 0;
    while (rd_left(r) > 0 && *r->p != '.') {
        uint8_t c = rd_u8(r);
        if (c < '0' || c > '9' || (n == 1 && v == 0) || n == 10)
            return -1;
        v = v * 10 + (c - '0');
        n++;
    }
    return n > 0 && v <= UINT32_MAX ? v : -1;
}

int oid_parse(struct span s, struct oid *ret)
{
    struct oid o = {{0}};
    if (s.n == 0 || s.n >= sizeof(o.s))
        return ERR_FORMAT;
    struct reader r = rd_init(s);
    int64_t first = oid_arc(&r);
    if (first < 0 || first > 2)
        return ERR_FORMAT;
    for (int arcs = 1; arcs < 2 || !rd_done(&r); arcs++) {
        if (rd_u8(&r) != '.')
            return ERR_FORMAT;
        int64_t arc = oid_arc(&r);
        if (arc < 0 || (arcs == 1 && first < 2 && arc > 39))
            return ERR_FORMAT;
    }
    memcpy(o.s, s.p, s.n);
    *ret = o;
    return ERR_OK;
}

bool msisdn_eq(const struct msisdn *a, const struct msisdn *b)
{
    return strcmp(a->s, b->s) == 0;
}

bool imsi_eq(const struct imsi *a, const struct imsi *b)
{
    return strcmp(a->s, b->s) == 0;
}

bool oid_eq(const struct oid *a, const struct oid *b)
{
    return strcmp(a->s, b->s) == 0;
}

/* --- UUID --- */

void uuid_v7(struct uuid *ret, int64_t unix_ms, struct rng *rng)
{
    rng_fill(rng, ret->b, sizeof(ret->b));
    uint64_t ms = unix_ms > 0 ? (uint64_t)unix_ms : 0;
    for (size_t i = 0; i < 6; i++)
        ret->b[i] = (uint8_t)(ms >> (40 - 8 * i));
    ret->b[6] = (uint8_t)(0x70 | (ret->b[6] & 0x0F));
    ret->b[8] = (uint8_t)(0x80 | (ret->b[8] & 0x3F));
}

static bool dash_before(size_t octet)
{
    return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

void uuid_text(const struct uuid *u, char dst[UUID_TEXT])
{
    static const char DIGITS[] = "0123456789abcdef";
    char *at = dst;
    for (size_t i = 0; i < sizeof(u->b); i++) {
        if (dash_before(i))
            *at++ = '-';
        *at++ = DIGITS[u->b[i] >> 4];
        *at++ = DIGITS[u->b[i] & 15];
    }
    *at = '\0';
}

/* Any version is taken: peers choose their own call identifiers. */
int uuid_parse(struct span s, struct uuid *ret)
{
    struct uuid u;
    struct reader r = rd_init(s);
    if (s.n != UUID_TEXT - 1)
        return ERR_FORMAT;
    for (size_t i = 0; i < sizeof(u.b); i++) {
        if (dash_before(i) && rd_u8(&r) != '-')
            return ERR_FORMAT;
        int high = hex_digit((char)rd_u8(&r));
        int low = hex_digit((char)rd_u8(&r));
        if (high < 0 || low < 0)
            return ERR_FORMAT;
        u.b[i] = (uint8_t)(high << 4 | low);
    }
    *ret = u;
    return ERR_OK;
}

bool uuid_eq(const struct uuid *a, const struct uuid *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

bool uuid_is_zero(const struct uuid *u)
{
    static const struct uuid ZERO;
    return uuid_eq(u, &ZERO);
}
