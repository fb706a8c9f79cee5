/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.eUICCCapabilityAudit (SGP.02 4.1.1.5): GET STATUS over all ISD-Ps and the free memory. */
#include "smsr/es5/es5.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

/* The empty AID 4F00 selects every ISD-P. Chosen from GlobalPlatform's partial-AID rule: the facts
 * know only the form that names one ISD-P, so a card that answers 6A80 here is audited AID by AID
 * later. */
static const uint8_t GET_STATUS_ALL[] = {0x80, 0xF2, 0x40, 0x02, 0x07, 0x4F, 0x00,
                                         0x5C, 0x03, 0x4F, 0x9F, 0x70, 0x00};
/* P2 bit 1: the next occurrences; an answer of 256 octets holds ten entries of 24. */
static const uint8_t GET_STATUS_NEXT[] = {0x80, 0xF2, 0x40, 0x03, 0x07, 0x4F, 0x00,
                                          0x5C, 0x03, 0x4F, 0x9F, 0x70, 0x00};
#define KNOWN_MAX_OF_ONE 8u
static const uint8_t GET_RESOURCES[] = {0x80, 0xCA, 0xFF, 0x21, 0x00};

void es5_audit(struct writer *w, enum script_form form, unsigned known)
{
    struct script_writer sw;

    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, span_of(GET_STATUS_ALL, sizeof GET_STATUS_ALL));
    if (known > KNOWN_MAX_OF_ONE)
        script_put_cmd(&sw, span_of(GET_STATUS_NEXT, sizeof GET_STATUS_NEXT));
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    script_end(&sw, known > KNOWN_MAX_OF_ONE ? 3 : 2);
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

/* One R-APDU: the list, its continuation or the memory, told apart by what they begin with. *more:
 * the list goes on (62F1: in the next script, 6310: by P2 bit 1). */
static int read_one(const struct apdu_rsp *rsp, bool first, bool *more, struct es5_status *ret)
{
    bool memory = rsp->data.n >= 2 && rsp->data.p[0] == 0xFF && rsp->data.p[1] == 0x21;
    bool done = rsp->sw == 0x9000 || rsp->sw >> 8 == 0x91;

    if (!first && memory)
        return done ? read_memory(rsp->data, ret) : ERR_FORMAT;
    if (!first && !*more) /* nothing more to list, or no memory told */
        return done && rsp->data.n ? ERR_FORMAT : ERR_OK;
    *more = rsp->sw == 0x6310 || rsp->sw == 0x62F1;
    return done || *more ? read_list(rsp->data, ret) : ERR_FORMAT;
}

static bool shows_enabled(const struct es5_status *st)
{
    for (unsigned i = 0; i < st->n; i++)
        if (st->isdp[i].lifecycle == 0x3F)
            return true;
    return false;
}

int es5_audit_read(struct span response, struct es5_status *ret)
{
    struct script_reader sr;
    struct script_item item;
    bool first = true, more = false;
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
        err = read_one(&rsp, first, &more, ret);
        if (err)
            return err;
        first = false;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    if (more)
        return ERR_TRUNCATED;
    return shows_enabled(ret) ? ERR_OK : ERR_FORMAT;
}
