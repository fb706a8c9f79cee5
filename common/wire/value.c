/* SPDX-License-Identifier: Apache-2.0 */
/* One value between its octets and its member: the only rules on lengths, characters and digits.
 * Decode and encode share them, so what is written here can be read here (proto/RULES.md). */
#include "common/wire/wire_table.h"

static const char *const RULE[] = {
    [WIRE_EID] = "32 packed digits starting 89 whose check digits hold are expected",
    [WIRE_ICCID] = "18 to 20 digits starting 89 are expected",
    [WIRE_AID] = "5 to 16 octets are expected",
    [WIRE_OID] = "a dotted object identifier is expected",
    [WIRE_MSISDN] = "3 to 15 digits are expected",
    [WIRE_IMSI] = "6 to 15 digits are expected",
    [WIRE_UUID] = "16 octets are expected",
    [WIRE_BYTES] = "too many octets",
    [WIRE_TEXT] = "UTF-8 without NUL, within its length, is expected",
    [WIRE_CHARS] = "UTF-8 without NUL, within its length, is expected",
    [WIRE_OCTETS] = "another number of octets is expected",
    [WIRE_U8] = "the number is too large",
    [WIRE_U32] = "the number is too large",
    [WIRE_U64] = "the number is too large",
    [WIRE_I64] = "a number is expected",
    [WIRE_BOOL] = "true or false is expected",
    [WIRE_ENUM] = "the value is none of the list",
    [WIRE_MSG] = "the message is malformed",
    [WIRE_PTR] = "the message is malformed",
};

const char *wire_kind_rule(enum wire_kind k)
{
    return (unsigned)k >= WIRE_EID && (unsigned)k <= WIRE_PTR ? RULE[k] : "the value is wrong";
}

static bool is_tail(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

/* Octets of the sequence at p, 0 when it is malformed, overlong, a surrogate or beyond U+10FFFF. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t c = p[0];
    if (c < 0x80)
        return c ? 1 : 0;
    if (c >= 0xC2 && c <= 0xDF)
        return left >= 2 && is_tail(p[1]) ? 2 : 0;
    if ((c & 0xF0) == 0xE0) {
        if (left < 3 || !is_tail(p[1]) || !is_tail(p[2]))
            return 0;
        if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F))
            return 0;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (left < 4 || !is_tail(p[1]) || !is_tail(p[2]) || !is_tail(p[3]))
            return 0;
        if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F))
            return 0;
        return 4;
    }
    return 0;
}

bool wire_text_ok(struct span s)
{
    for (size_t i = 0; i < s.n;) {
        size_t n = utf8_sequence(s.p + i, s.n - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

static int identifier_store(enum wire_kind kind, struct span s, void *to)
{
    switch (kind) {
    case WIRE_EID:
        return eid_from_bytes(s, to);
    case WIRE_ICCID:
        return iccid_parse(s, to);
    case WIRE_AID:
        return aid_from_bytes(s, to);
    case WIRE_OID:
        return oid_parse(s, to);
    case WIRE_MSISDN:
        return msisdn_parse(s, to);
    case WIRE_IMSI:
        return imsi_parse(s, to);
    default:
        return ERR_INTERNAL;
    }
}

int wire_octets_store(const struct wire_field *f, struct span s, void *to)
{
    enum wire_kind kind = (enum wire_kind)f->kind;
    switch (kind) {
    case WIRE_UUID:
        if (s.n != sizeof(struct uuid))
            return ERR_FORMAT;
        memcpy(to, s.p, s.n);
        return ERR_OK;
    case WIRE_OCTETS:
        if (s.n != f->cap)
            return ERR_FORMAT;
        memcpy(to, s.p, s.n);
        return ERR_OK;
    case WIRE_BYTES:
    case WIRE_TEXT:
        if (s.n > f->cap)
            return ERR_TOO_LARGE;
        if (kind == WIRE_TEXT && !wire_text_ok(s))
            return ERR_FORMAT;
        *(struct span *)to = s;
        return ERR_OK;
    case WIRE_CHARS:
        if (s.n > f->cap)
            return ERR_TOO_LARGE;
        if (!wire_text_ok(s))
            return ERR_FORMAT;
        memset(to, 0, f->cap + 1);
        if (s.n)
            memcpy(to, s.p, s.n);
        return ERR_OK;
    default:
        /* Check digits that fail are outside bytes here, not a caller's mistake. */
        return identifier_store(kind, s, to) ? ERR_FORMAT : ERR_OK;
    }
}

static bool all_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i])
            return false;
    }
    return true;
}

/* The octets of a member as they stand, unchecked. */
static struct span octets_of(const struct wire_field *f, const void *from, bool has)
{
    const char *text = from;
    const struct span absent = {NULL, 0};
    switch ((enum wire_kind)f->kind) {
    case WIRE_EID:
    case WIRE_UUID:
        return all_zero(from, 16) ? absent : span_of(from, 16);
    case WIRE_OCTETS:
        return !has && all_zero(from, (size_t)f->cap) ? absent : span_of(from, (size_t)f->cap);
    case WIRE_AID: {
        const struct aid *a = from;
        return a->n ? span_of(a->b, a->n) : absent;
    }
    case WIRE_BYTES:
    case WIRE_TEXT: {
        struct span s;
        memcpy(&s, from, sizeof(s));
        return s.n ? s : absent;
    }
    case WIRE_ICCID:
        return *text ? span_of(from, strnlen(text, sizeof(struct iccid))) : absent;
    case WIRE_OID:
        return *text ? span_of(from, strnlen(text, sizeof(struct oid))) : absent;
    case WIRE_MSISDN:
        return *text ? span_of(from, strnlen(text, sizeof(struct msisdn))) : absent;
    case WIRE_IMSI:
        return *text ? span_of(from, strnlen(text, sizeof(struct imsi))) : absent;
    case WIRE_CHARS:
        return *text ? span_of(from, strnlen(text, (size_t)f->cap + 1)) : absent;
    default:
        return absent;
    }
}

int wire_octets_load(const struct wire_field *f, const void *from, bool has, struct span *ret)
{
    union {
        struct eid eid;
        struct iccid iccid;
        struct aid aid;
        struct oid oid;
        struct msisdn msisdn;
        struct imsi imsi;
    } checked;
    struct span s = octets_of(f, from, has);
    *ret = s;
    if (s.p == NULL && s.n == 0)
        return ERR_OK;
    switch ((enum wire_kind)f->kind) {
    case WIRE_UUID:
    case WIRE_OCTETS:
        return ERR_OK;
    case WIRE_BYTES:
    case WIRE_TEXT:
    case WIRE_CHARS:
        if (s.p == NULL || (f->kind != WIRE_BYTES && !wire_text_ok(s)))
            return ERR_INVAL;
        return s.n > f->cap ? ERR_TOO_LARGE : ERR_OK;
    case WIRE_AID:
        return s.n > sizeof(checked.aid.b) || s.n < 5 ? ERR_INVAL : ERR_OK;
    default:
        return identifier_store((enum wire_kind)f->kind, s, &checked) ? ERR_INVAL : ERR_OK;
    }
}

uint64_t wire_number_load(const struct wire_field *f, const void *from)
{
    uint32_t small;
    uint64_t large;
    bool flag;
    switch ((enum wire_kind)f->kind) {
    case WIRE_U8:
        return *(const uint8_t *)from;
    case WIRE_BOOL:
        memcpy(&flag, from, sizeof(flag));
        return flag;
    case WIRE_U64:
        memcpy(&large, from, sizeof(large));
        return large;
    default:
        memcpy(&small, from, sizeof(small));
        return small;
    }
}

void wire_number_store(const struct wire_field *f, uint64_t v, void *to)
{
    uint32_t small = (uint32_t)v;
    bool flag = v != 0;
    switch ((enum wire_kind)f->kind) {
    case WIRE_U8:
        *(uint8_t *)to = (uint8_t)v;
        break;
    case WIRE_BOOL:
        memcpy(to, &flag, sizeof(flag));
        break;
    case WIRE_U64:
        memcpy(to, &v, sizeof(v));
        break;
    default:
        memcpy(to, &small, sizeof(small));
        break;
    }
}
