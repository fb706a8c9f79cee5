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
/* P2 bit 1: the next occurrences. */
static const uint8_t GET_STATUS_NEXT[] = {0x80, 0xF2, 0x40, 0x03, 0x07, 0x4F, 0x00,
                                          0x5C, 0x03, 0x4F, 0x9F, 0x70, 0x00};
#define NEXT_MAX 16u
static const uint8_t GET_RESOURCES[] = {0x80, 0xCA, 0xFF, 0x21, 0x00};

#define KNOWN_MAX_OF_ONE 8u

static void status_put(struct script_writer *sw, unsigned next)
{
    script_put_cmd(sw, span_of(GET_STATUS_ALL, sizeof GET_STATUS_ALL));
    for (unsigned i = 0; i < next; i++)
        script_put_cmd(sw, span_of(GET_STATUS_NEXT, sizeof GET_STATUS_NEXT));
}

void es5_audit(struct writer *w, enum script_form form, unsigned known)
{
    unsigned next = known > KNOWN_MAX_OF_ONE;
    struct script_writer sw;

    script_begin(&sw, w, form, false);
    status_put(&sw, next);
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    script_end(&sw, 2 + next);
}

/* The memory first: the script ends at the 6A88 behind the last page. */
void es5_audit_paged(struct writer *w, enum script_form form, unsigned known)
{
    unsigned next = known + 1 < NEXT_MAX ? known + 1 : NEXT_MAX;
    struct script_writer sw;

    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    status_put(&sw, next);
    script_end(&sw, 2 + next);
}

static void name_put(struct script_writer *sw, const struct aid *a)
{
    uint8_t cmd[40] = {0x80, 0xF2, 0x40, 0x02};
    struct writer c = wr_init(cmd, sizeof cmd);

    c.len = 4;
    wr_u8(&c, (uint8_t)(2 + a->n + 5));
    tlv_put(&c, 0x4F, aid_span(a));
    wr_bytes(&c, GET_STATUS_ALL + 7, sizeof GET_STATUS_ALL - 7);
    script_put_cmd(sw, wr_view(&c));
}

/* The memory twice: how an answer to this one is told from a list. */
void es5_audit_named(struct writer *w, enum script_form form, const struct euicc *e,
                     const struct aid *first)
{
    unsigned named = first->n > 0;
    struct script_writer sw;

    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    script_put_cmd(&sw, span_of(GET_RESOURCES, sizeof GET_RESOURCES));
    if (named)
        name_put(&sw, first);
    for (unsigned i = 0; i < e->n_profiles && named < NEXT_MAX; i++)
        if (!aid_eq(&e->profiles[i].aid, first)) {
            name_put(&sw, &e->profiles[i].aid);
            named++;
        }
    script_end(&sw, 2 + named);
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
    ret->memory_free = 0;
    for (size_t i = 0; i < v.value.n; i++)
        ret->memory_free = (ret->memory_free << 8) | v.value.p[i];
    ret->has_memory = true;
    return ERR_OK;
}

/* How far an answer was read. */
struct reading {
    bool begun, more;          /* the list; it goes on: 62F1 in the next script, 6310 by P2 bit 1 */
    unsigned memories;         /* told before it: 2 where ISD-Ps were asked for by name */
    bool absent;               /* one of those is not there: the script ended at it */
};

/* One R-APDU: the memory, the list, or its continuation, told apart by what they begin with. What comes
 * behind the end of the list says nothing new. */
static int read_one(const struct apdu_rsp *rsp, struct reading *at, struct es5_status *ret)
{
    bool memory = rsp->data.n >= 2 && rsp->data.p[0] == 0xFF && rsp->data.p[1] == 0x21;
    bool done = rsp->sw == 0x9000 || rsp->sw >> 8 == 0x91;

    if (memory) {
        at->memories += !at->begun;
        return done ? read_memory(rsp->data, ret) : ERR_FORMAT;
    }
    if (at->memories > 1) {
        at->absent = rsp->sw == 0x6A88;
        return at->absent ? ERR_OK : done ? read_list(rsp->data, ret) : ERR_FORMAT;
    }
    if (at->begun && !at->more)
        return ERR_OK;
    if (at->more && rsp->sw == 0x6A88) { /* 6310 announced what there is not */
        at->more = false;
        return ERR_OK;
    }
    at->begun = true;
    at->more = rsp->sw == 0x6310 || rsp->sw == 0x62F1;
    return done || at->more ? read_list(rsp->data, ret) : ERR_FORMAT;
}

static bool shows_enabled(const struct es5_status *st)
{
    for (unsigned i = 0; i < st->n; i++)
        if (st->isdp[i].lifecycle == LIFECYCLE_ENABLED)
            return true;
    return false;
}

/* By name all is told when each that the EIS knows is there: which others were asked for is not known any
 * more. Nobody else makes an ISD-P. */
static bool all_told(const struct euicc *e, const struct es5_status *st)
{
    for (unsigned i = 0; i < e->n_profiles; i++) {
        bool there = false;
        for (unsigned k = 0; k < st->n; k++)
            there = there || aid_eq(&st->isdp[k].aid, &e->profiles[i].aid);
        if (!there)
            return false;
    }
    return true;
}

int es5_audit_read(const struct euicc *e, struct span response, struct es5_status *ret)
{
    struct script_reader sr;
    struct script_item item;
    struct reading at = {.begun = false};
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
        err = read_one(&rsp, &at, ret);
        if (err)
            return err;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    if (at.absent && ret->n == 0)
        return ERR_NOT_FOUND;
    if (at.more || (at.memories > 1 && !all_told(e, ret)))
        return ERR_TRUNCATED;
    return shows_enabled(ret) ? ERR_OK : ERR_FORMAT;
}

void es5_fallback_ask(struct writer *w, enum script_form form, const struct aid *isd_p)
{
    uint8_t tlv[24];
    struct writer t = wr_init(tlv, sizeof tlv);
    struct apdu_cmd c = {.cla = 0x80, .ins = 0xF2, .p1 = 0x40, .p2 = 0x02, .has_le = true};

    tlv_put(&t, 0x4F, aid_span(isd_p));
    c.data = wr_view(&t);
    es5_put_apdu(w, form, &c);
}

int es5_fallback_read(struct span response, const struct aid *isd_p, bool *ret_holds)
{
    struct es5_answer a;
    struct tlv e3, t;
    struct aid named;
    int err = es5_answer_read(response, &a);

    *ret_holds = false;
    if (err)
        return err;
    if (a.sw == 0x6A88)
        return ERR_OK;
    if (a.sw != 0x9000 || tlv_only(a.data, 0xE3, &e3) || tlv_find(e3.value, 0x4F, &t) ||
        aid_from_bytes(t.value, &named) || !aid_eq(&named, isd_p) || tlv_find(e3.value, 0x53, &t) ||
        t.value.n != 1)
        return ERR_FORMAT;
    *ret_holds = (t.value.p[0] & 0x01u) != 0;
    return ERR_OK;
}
