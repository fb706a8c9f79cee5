/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.eUICCCapabilityAudit (SGP.02 4.1.1.5): GET STATUS over all ISD-Ps and the free memory. */
#include "smsr/es5/es5.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

/* The empty AID 4F00 selects every ISD-P. Chosen from GlobalPlatform's partial-AID rule: the facts know
 * only the form that names one ISD-P, so a card that answers 6A80 here is audited AID by AID later. */
static const uint8_t GET_STATUS_ALL[] = {0x80, 0xF2, 0x40, 0x02, 0x07, 0x4F, 0x00,
                                         0x5C, 0x03, 0x4F, 0x9F, 0x70, 0x00};
static const uint8_t GET_RESOURCES[] = {0x80, 0xCA, 0xFF, 0x21, 0x00};

void es5_audit(struct writer *w, enum script_form form)
{
    struct script_writer sw;

    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, span_of(GET_STATUS_ALL, sizeof GET_STATUS_ALL));
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    script_end(&sw, 2);
}

static int read_isdp(struct span e3, struct es5_status *ret)
{
    struct event_profile *p = &ret->isdp[ret->n];
    struct tlv t;
    int err = tlv_find(e3, 0x4F, &t);

    if (!err)
        err = aid_from_bytes(t.value, &p->aid);
    if (!err)
        err = tlv_find(e3, 0x9F70, &t);
    if (err || t.value.n < 1)
        return ERR_FORMAT;
    p->lifecycle = t.value.p[0];
    if (!tlv_find(e3, 0x53, &t) && t.value.n == 1)
        p->fallback = (t.value.p[0] & 0x01u) != 0;
    ret->n++;
    return ERR_OK;
}

static int read_list(struct span data, struct es5_status *ret)
{
    struct reader r = rd_init(data);
    struct tlv t;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag != 0xE3)
            return ERR_FORMAT;
        if (ret->n == EVENT_PROFILES_MAX)
            return ERR_TOO_LARGE;
        err = read_isdp(t.value, ret);
        if (err)
            return err;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* FF21 L { 81 applications | 82 free non-volatile memory | 83 free volatile memory }. */
static int read_memory(struct span data, struct es5_status *ret)
{
    struct tlv t, v;
    int err = tlv_only(data, 0xFF21, &t);

    if (!err)
        err = tlv_find(t.value, 0x82, &v);
    if (err || !v.value.n || v.value.n > 4)
        return ERR_FORMAT;
    for (size_t i = 0; i < v.value.n; i++)
        ret->memory_free = (ret->memory_free << 8) | v.value.p[i];
    ret->has_memory = true;
    return ERR_OK;
}

int es5_audit_read(struct span response, struct es5_status *ret)
{
    struct script_reader sr;
    struct script_item item;
    unsigned position = 0;
    int err;

    memset(ret, 0, sizeof *ret);
    err = script_open(response, &sr);
    if (err)
        return err;
    if (!sr.response)
        return ERR_FORMAT;
    while ((err = script_next(&sr, &item)) == ERR_OK) {
        struct apdu_rsp rsp;
        if (item.tag == SCRIPT_TAG_COUNT)
            continue;
        if (item.tag != SCRIPT_TAG_RSP || apdu_rsp_parse(item.value, &rsp))
            return ERR_FORMAT;
        if (position == 0 && rsp.sw != 0x6A88 && (!sw_is_ok(rsp.sw) || read_list(rsp.data, ret)))
            return ERR_FORMAT;
        /* 62F1 and 6310 mean that the list goes on: an incomplete list proves nothing. */
        if (position == 0 && (rsp.sw == 0x62F1 || rsp.sw == 0x6310))
            return ERR_TRUNCATED;
        if (position == 1 && sw_is_ok(rsp.sw) && read_memory(rsp.data, ret))
            return ERR_FORMAT;
        position++;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    return position ? ERR_OK : ERR_FORMAT;
}
