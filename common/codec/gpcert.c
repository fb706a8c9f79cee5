/* SPDX-License-Identifier: Apache-2.0 */
/* GlobalPlatform certificates 7F21 in TLV form (GP Amendment E, SGP.02 clause 4.1.3.1). */
#include "common/codec/gpcert.h"

#include "common/codec/tlv.h"

#define TAG_CERT          0x7F21u
#define TAG_SERIAL        0x93u
#define TAG_CA            0x42u
#define TAG_SUBJECT       0x5F20u
#define TAG_USAGE         0x95u
#define TAG_FROM          0x5F25u
#define TAG_TO            0x5F24u
#define TAG_DISCRETIONARY 0x73u
#define TAG_ROLE          0xC8u
#define TAG_AUTHORITY     0xC9u
#define TAG_KEY           0x7F49u
#define TAG_POINT         0xB0u
#define TAG_CURVE         0xF0u
#define TAG_SIGNATURE     0x5F37u
#define ID_MAX            16u
#define AUTHORITY_MAX     32u
#define POINT_LEN         65u /* 04 || X || Y of a 256-bit curve */
#define SIGNATURE_LEN     64u

bool gpcert_usage_signs(uint32_t usage)
{
    return usage == 0x82 || usage == 0x88;
}

bool gpcert_usage_agrees(uint32_t usage)
{
    return usage == 0x80;
}

static int id_get(struct span v, struct span *ret)
{
    *ret = v;
    return v.n >= 1 && v.n <= ID_MAX ? ERR_OK : ERR_FORMAT;
}

/* Four octets BCD to the number YYYYMMDD; of the calendar only month and day ranges are checked. */
static int date_get(struct span v, uint32_t *ret)
{
    uint32_t n = 0;
    if (v.n != 4) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < v.n; i++) {
        uint8_t hi = v.p[i] >> 4;
        uint8_t lo = v.p[i] & 0x0F;
        if (hi > 9 || lo > 9) {
            return ERR_FORMAT;
        }
        n = n * 100 + hi * 10u + lo;
    }
    *ret = n;
    uint32_t month = n / 100 % 100;
    uint32_t day = n % 100;
    return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? ERR_OK : ERR_FORMAT;
}

static int usage_get(struct span v, uint32_t *ret)
{
    if (v.n != 1 && v.n != 2) {
        return ERR_FORMAT;
    }
    *ret = v.n == 1 ? v.p[0] : (uint32_t)(v.p[0] << 8 | v.p[1]);
    return ERR_OK;
}

static int discretionary_get(struct span v, struct gpcert *ret)
{
    struct reader r = rd_init(v);
    struct tlv t;
    int rc;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag == TAG_ROLE) {
            if (t.value.n != 1 || ret->role != GPCERT_ROLE_NONE ||
                (t.value.p[0] != GPCERT_ROLE_SMDP && t.value.p[0] != GPCERT_ROLE_SMSR)) {
                return ERR_FORMAT;
            }
            ret->role = t.value.p[0] == GPCERT_ROLE_SMDP ? GPCERT_ROLE_SMDP : GPCERT_ROLE_SMSR;
        } else if (t.tag == TAG_AUTHORITY) {
            if (t.value.n == 0 || t.value.n > AUTHORITY_MAX || ret->authority_key_id.n != 0) {
                return ERR_FORMAT;
            }
            ret->authority_key_id = t.value;
        }
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : ERR_FORMAT;
}

int gpcert_key_parse(struct span value, struct span *ret_point, uint8_t *ret_curve, bool *ret_bare)
{
    struct reader r = rd_init(value);
    struct tlv point, curve;
    *ret_bare = value.n == POINT_LEN && value.p[0] == 0x04;
    if (*ret_bare) {
        *ret_point = value;
        *ret_curve = 0;
        return ERR_OK;
    }
    if (tlv_next(&r, &point) != ERR_OK || point.tag != TAG_POINT || point.value.n != POINT_LEN ||
        point.value.p[0] != 0x04) {
        return ERR_FORMAT;
    }
    if (tlv_next(&r, &curve) != ERR_OK || curve.tag != TAG_CURVE || curve.value.n != 1 ||
        !rd_done(&r)) {
        return ERR_FORMAT;
    }
    *ret_point = point.value;
    *ret_curve = curve.value.p[0];
    return ERR_OK;
}

void gpcert_key_put(struct writer *w, struct span point, uint8_t curve, bool bare)
{
    if (point.n != POINT_LEN) {
        w->failed = true;
        return;
    }
    size_t mark = tlv_open(w, TAG_KEY);
    if (bare) {
        wr_span(w, point);
    } else {
        tlv_put(w, TAG_POINT, point);
        tlv_put_u8(w, TAG_CURVE, curve);
    }
    tlv_close(w, mark);
}

static int key_get(struct span v, struct gpcert *ret)
{
    bool bare = false;
    int rc = gpcert_key_parse(v, &ret->point, &ret->curve, &bare);
    return rc == ERR_OK && !bare ? ERR_OK : ERR_FORMAT; /* a certificate names its curve */
}

static int field_get(const struct tlv *t, struct gpcert *ret)
{
    switch (t->tag) {
    case TAG_SERIAL:
        return id_get(t->value, &ret->serial);
    case TAG_CA:
        return id_get(t->value, &ret->ca_id);
    case TAG_SUBJECT:
        return id_get(t->value, &ret->subject);
    case TAG_USAGE:
        return usage_get(t->value, &ret->usage);
    case TAG_FROM:
        return date_get(t->value, &ret->from_date);
    case TAG_TO:
        return date_get(t->value, &ret->to_date);
    case TAG_DISCRETIONARY:
        return discretionary_get(t->value, ret);
    case TAG_KEY:
        return key_get(t->value, ret);
    default:
        ret->signature = t->value;
        return t->value.n == SIGNATURE_LEN ? ERR_OK : ERR_FORMAT;
    }
}

/* The order is the one that is signed, so it is read as strictly as it is written. */
static const struct field_row {
    uint32_t tag;
    bool optional;
} FIELDS[] = {
    {TAG_SERIAL, false},       {TAG_CA, false},  {TAG_SUBJECT, false},
    {TAG_USAGE, false},        {TAG_FROM, true}, {TAG_TO, false},
    {TAG_DISCRETIONARY, true}, {TAG_KEY, false}, {TAG_SIGNATURE, false},
};

int gpcert_parse(struct span cert_7f21, struct gpcert *ret)
{
    struct tlv outer;
    *ret = (struct gpcert){0};
    if (tlv_only(cert_7f21, TAG_CERT, &outer) != ERR_OK) {
        return ERR_FORMAT;
    }
    struct reader r = rd_init(outer.value);
    struct tlv t;
    size_t row = 0;
    int rc;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        while (row < sizeof FIELDS / sizeof *FIELDS && FIELDS[row].tag != t.tag &&
               FIELDS[row].optional) {
            row++;
        }
        if (row == sizeof FIELDS / sizeof *FIELDS || FIELDS[row].tag != t.tag ||
            field_get(&t, ret) != ERR_OK) {
            return ERR_FORMAT;
        }
        row++;
        if (t.tag == TAG_KEY) {
            ret->tbs = span_of(outer.value.p, (size_t)(r.p - outer.value.p));
        }
    }
    return rc == ERR_NOT_FOUND && row == sizeof FIELDS / sizeof *FIELDS ? ERR_OK : ERR_FORMAT;
}

static void date_put(struct writer *w, uint32_t tag, uint32_t date)
{
    tlv_put_tag(w, tag);
    wr_u8(w, 4);
    for (uint32_t div = 1000000; div > 0; div /= 100) {
        uint32_t two = date / div % 100;
        wr_u8(w, (uint8_t)(two / 10 << 4 | two % 10));
    }
}

void gpcert_tbs_put(struct writer *w, const struct gpcert *c)
{
    tlv_put(w, TAG_SERIAL, c->serial);
    tlv_put(w, TAG_CA, c->ca_id);
    tlv_put(w, TAG_SUBJECT, c->subject);
    tlv_put_tag(w, TAG_USAGE);
    wr_u8(w, c->usage > 0xFF ? 2 : 1);
    if (c->usage > 0xFF) {
        wr_u16(w, (uint16_t)c->usage);
    } else {
        wr_u8(w, (uint8_t)c->usage);
    }
    if (c->from_date != 0) {
        date_put(w, TAG_FROM, c->from_date);
    }
    date_put(w, TAG_TO, c->to_date);
    if (c->role != GPCERT_ROLE_NONE || c->authority_key_id.n != 0) {
        size_t mark = tlv_open(w, TAG_DISCRETIONARY);
        if (c->role != GPCERT_ROLE_NONE) {
            tlv_put_u8(w, TAG_ROLE, (uint8_t)c->role);
        }
        if (c->authority_key_id.n != 0) {
            tlv_put(w, TAG_AUTHORITY, c->authority_key_id);
        }
        tlv_close(w, mark);
    }
    gpcert_key_put(w, c->point, c->curve, false);
}

void gpcert_put(struct writer *w, struct span tbs, struct span signature)
{
    if (signature.n != SIGNATURE_LEN) {
        w->failed = true;
        return;
    }
    size_t mark = tlv_open(w, TAG_CERT);
    wr_span(w, tbs);
    tlv_put(w, TAG_SIGNATURE, signature);
    tlv_close(w, mark);
}
