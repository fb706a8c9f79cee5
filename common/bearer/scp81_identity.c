/* SPDX-License-Identifier: Apache-2.0 */
/* PSK identity of SCP81 (SGP.02 2.4.4.1, table 4): the TLV string as hex text. */
#include "common/bearer/scp81.h"

#include "common/base/hex.h"

#define IDENTITY_LEN ((SCP81_IDENTITY_TEXT - 1) / 2)
#define KVN_FIRST 0x40u         /* key versions 40..4F belong to SCP81 (GP Amendment B) */
#define KVN_LAST 0x4Fu

static const uint8_t HEAD[] = {0x80, 0x01, 0x02, 0x81, 0x10};

void scp81_identity(const struct eid *eid, uint8_t kid, uint8_t kvn, char dst[SCP81_IDENTITY_TEXT])
{
    uint8_t b[IDENTITY_LEN];
    struct writer w = wr_init(b, sizeof(b));

    wr_bytes(&w, HEAD, sizeof(HEAD));
    wr_bytes(&w, eid->b, sizeof(eid->b));
    wr_u8(&w, 0x4F);
    wr_u8(&w, AID_ISD_R.n);
    wr_span(&w, aid_span(&AID_ISD_R));
    wr_u16(&w, 0x8201);
    wr_u8(&w, kid);
    wr_u16(&w, 0x8301);
    wr_u8(&w, kvn);
    /* Cannot fail: every length is a constant. An empty text would name no key in any case. */
    if (hex_encode(wr_view(&w), dst, SCP81_IDENTITY_TEXT) != ERR_OK)
        dst[0] = '\0';
}

static bool all_digits(const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((b[i] >> 4) > 9 || (b[i] & 0x0F) > 9)
            return false;
    return true;
}

/* The one form there is, in either case of hex. The EID's check digits are not looked at: the key
 * it names proves it, and laboratory cards carry EIDs that fail them. */
int scp81_identity_parse(struct span text, struct eid *ret_eid, uint8_t *ret_kid, uint8_t *ret_kvn)
{
    uint8_t b[IDENTITY_LEN];
    struct reader r;
    struct span head, eid, aid;
    size_t n = 0;
    uint16_t kid_tag, kvn_tag, aid_tag;
    uint8_t kid, kvn;

    if (text.n != SCP81_IDENTITY_TEXT - 1 ||
        hex_decode((const char *)text.p, text.n, b, sizeof(b), &n) != ERR_OK)
        return ERR_FORMAT;
    r = rd_init(span_of(b, n));
    head = rd_span(&r, sizeof(HEAD));
    eid = rd_span(&r, sizeof(ret_eid->b));
    aid_tag = rd_u16(&r);
    aid = rd_span(&r, 16);
    kid_tag = rd_u16(&r);
    kid = rd_u8(&r);
    kvn_tag = rd_u16(&r);
    kvn = rd_u8(&r);
    if (!rd_done(&r) || !span_eq(head, span_of(HEAD, sizeof(HEAD))) || aid_tag != 0x4F10 ||
        !span_eq(aid, aid_span(&AID_ISD_R)) || kid_tag != 0x8201 || kvn_tag != 0x8301 ||
        kvn < KVN_FIRST || kvn > KVN_LAST || !all_digits(eid.p, eid.n))
        return ERR_FORMAT;
    memcpy(ret_eid->b, eid.p, eid.n);
    *ret_kid = kid;
    *ret_kvn = kvn;
    return ERR_OK;
}
