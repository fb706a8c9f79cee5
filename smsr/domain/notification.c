/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a notification leniently in its tags, strictly in its lengths. */
#include "smsr/domain/notification.h"

#include "common/base/hex.h"
#include "common/base/mutant.h"
#include "common/codec/tlv.h"

static int field(struct notification *n, const struct tlv *t)
{
    switch (t->tag) {
    case 0x4C:
        return eid_from_bytes(t->value, &n->eid);
    case 0x4D:
        if (t->value.n != 1)
            return ERR_FORMAT;
        n->kind = t->value.p[0];
        return ERR_OK;
    case 0x4E:
        if (t->value.n != 2)
            return ERR_FORMAT;
        n->sequence = (uint16_t)(t->value.p[0] << 8 | t->value.p[1]);
        return ERR_OK;
    case 0x2F:
    case 0x4F:
    case 0xAF:
        return aid_from_bytes(t->value, &n->aid);
    case 0x14:
    case 0x94:
        n->imei = t->value;
        return t->value.n <= 16 ? ERR_OK : ERR_FORMAT;
    default: /* MEID and what later versions add */
        return ERR_OK;
    }
}

int notification_parse(struct span e1, struct notification *ret)
{
    struct tlv outer, t;
    struct reader r;
    bool has_seq = false;
    int err = tlv_only(e1, 0xE1, &outer);

    memset(ret, 0, sizeof *ret);
    if (err)
        return err;
    r = rd_init(outer.value);
    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        err = field(ret, &t);
        if (err)
            return err == ERR_INVAL ? ERR_FORMAT : err;
        has_seq = has_seq || t.tag == 0x4E;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    return eid_is_zero(&ret->eid) || !ret->kind || !has_seq || !ret->aid.n ? ERR_FORMAT : ERR_OK;
}

bool sequence_newer(uint16_t a, uint16_t b)
{
    unsigned d = (0x10000u + a - b) % 0x10000u;
    return mutant("SEQUENCE_DOES_NOT_WRAP") ? a > b : d != 0 && d < 0x8000u;
}

/* Eight octets: a digit and A, then two digits each, the second one in the upper half. */
static bool imei_digits(struct span imei, char dst[IMEI_TEXT])
{
    size_t n = 0;

    if (imei.n != 8 || (imei.p[0] & 0x0Fu) != 0x0A)
        return false;
    for (size_t i = 0; i < imei.n; i++) {
        unsigned low = imei.p[i] & 0x0Fu, high = imei.p[i] >> 4;
        if (high > 9 || (i && low > 9))
            return false;
        if (i)
            dst[n++] = (char)('0' + low);
        dst[n++] = (char)('0' + high);
    }
    dst[n] = '\0';
    return true;
}

void imei_text(struct span imei, char dst[IMEI_TEXT])
{
    dst[0] = '\0';
    if (!imei_digits(imei, dst) && (imei.n > 16 || hex_encode(imei, dst, IMEI_TEXT)))
        dst[0] = '\0';
}
