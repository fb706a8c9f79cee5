/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.eUICCCapabilityAudit (SGP.02 4.1.1.7), GET STATUS of ISD-Ps: 4F { AID } asks for one, 4F { }
 * for all; 5C lists the tags wanted. E3 { 4F AID, 9F70 state, 53 fall-back, 8F granted and 91
 * remaining memory }. What does not fit into one answer follows with P2 bit 1 (6310). */
#include "tools/euiccsim/card/card_int.h"

#include <limits.h>

#define ANSWER_MAX 256u
#define ENTRY_MAX 64u

struct wanted {
    bool aid, state, fallback, granted, remaining;
};

static bool wanted_get(struct span tags, struct wanted *ret)
{
    struct reader r = rd_init(tags);

    *ret = (struct wanted){.aid = false};
    while (rd_left(&r) > 0) {
        uint8_t tag = rd_u8(&r);

        if (tag == 0x4F)
            ret->aid = true;
        else if (tag == 0x9F && rd_u8(&r) == 0x70)
            ret->state = true;
        else if (tag == 0x53)
            ret->fallback = true;
        else if (tag == 0x8F)
            ret->granted = true;
        else if (tag == 0x91)
            ret->remaining = true;
        else
            return false;
    }
    return rd_done(&r);
}

static void u32_put(struct writer *w, uint32_t tag, uint32_t v)
{
    const uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

    tlv_put(w, tag, span_of(b, sizeof(b)));
}

static void entry_put(struct writer *w, const struct isdp *p, const struct wanted *want)
{
    size_t e3 = tlv_open(w, 0xE3);

    if (want->aid)
        tlv_put(w, 0x4F, aid_span(&p->pub.aid));
    if (want->state)
        tlv_put_u8(w, 0x9F70, (uint8_t)p->pub.state);
    if (want->fallback)
        tlv_put_u8(w, 0x53, p->pub.fallback ? 0x01 : 0x00);
    if (want->granted)
        u32_put(w, 0x8F, p->quota);
    if (want->remaining)
        u32_put(w, 0x91, p->quota > p->used ? p->quota - p->used : 0);
    tlv_close(w, e3);
}

/* How many ISD-Ps this card tells of in one answer, whatever the room. */
static unsigned page(const struct card *c)
{
    return c->quirks & QUIRK_LIST_PAGED ? 1 : c->quirks & QUIRK_LIST_TRUNCATED ? 2 : UINT_MAX;
}

static uint16_t all_put(struct exec *x, const struct wanted *want, struct writer *data)
{
    struct card *c = x->c;
    unsigned told = 0;

    if (c->status_next >= c->n_isdps)
        return SW_NOT_FOUND;
    while (c->status_next < c->n_isdps) {
        uint8_t room[ENTRY_MAX];
        struct writer w = wr_init(room, sizeof(room));

        if (told++ == page(c))
            return c->quirks & QUIRK_LIST_PAGED ? SW_MORE : SW_TRUNCATED;

        entry_put(&w, &c->isdps[c->status_next], want);
        if (data->len + w.len > ANSWER_MAX)
            return SW_MORE;
        wr_span(data, wr_view(&w));
        c->status_next++;
    }
    return SW_OK;
}

uint16_t cmd_get_status(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct wanted want = {true, true, true, true, true};
    struct reader r = rd_init(cmd->data);
    const struct isdp *p;
    struct tlv which, tags;
    struct aid a;
    int rc;

    if (tlv_next(&r, &which) != ERR_OK || which.tag != 0x4F)
        return SW_DATA;
    rc = tlv_next(&r, &tags);
    if (rc != ERR_NOT_FOUND &&
        (rc != ERR_OK || tags.tag != 0x5C || !rd_done(&r) || !wanted_get(tags.value, &want)))
        return SW_DATA;
    if (which.value.n == 0) {
        if (!(cmd->p2 & 0x01))
            x->c->status_next = 0;
        return all_put(x, &want, data);
    }
    if (aid_from_bytes(which.value, &a) != ERR_OK)
        return SW_DATA;
    p = isdp_by_aid(x->c, &a);
    if (!p || (cmd->p2 & 0x01))
        return SW_NOT_FOUND;
    entry_put(data, p, &want);
    return SW_OK;
}
