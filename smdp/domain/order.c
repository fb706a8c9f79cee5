/* SPDX-License-Identifier: Apache-2.0 */
/* The order as its records tell it. */
#include "smdp/domain/order.h"

#include "common/codec/tlv.h"

#include <stdio.h>
#include <stdlib.h>

#define FACT_CARD 0xC0u
#define FACT_RC   0xC1u
#define FACT_OWN  0xC2u

static const char *const STATE_TEXT[ORDER_STATES] = {
    "WAITING",  "CHECK",  "ORPHAN",  "CREATE", "PERSO", "KEYSET", "LOAD",
    "COMPLETE", "ENABLE", "CLEANUP", "RELAY",  "DOUBT", "DONE",
};

const char *order_state_text(unsigned state)
{
    return state < ORDER_STATES ? STATE_TEXT[state] : "?";
}

bool order_installs(enum function f)
{
    return f == FN_DOWNLOAD_PROFILE || f == FN_REPLACE_PROFILE;
}

bool order_live(const struct order *o)
{
    return o->state != ORDER_DONE;
}

void order_call_id(const struct uuid *id, uint32_t attempt, uint32_t step, char dst[ORDER_FCID])
{
    char text[UUID_TEXT];

    uuid_text(id, text);
    (void)snprintf(dst, ORDER_FCID, "%s/%u/%u", text, (unsigned)attempt, (unsigned)step);
}

static bool number(struct span s, size_t *at, uint32_t *ret)
{
    uint32_t v = 0;
    size_t from = *at;

    while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9' && *at - from < 9)
        v = v * 10 + (uint32_t)(s.p[(*at)++] - '0');
    *ret = v;
    return *at > from && s.p[from] != '0';
}

bool order_call_parse(struct span fcid, struct uuid *ret, uint32_t *ret_attempt, uint32_t *ret_step)
{
    size_t at = UUID_TEXT;

    if (fcid.n < UUID_TEXT + 3 || fcid.n >= ORDER_FCID || fcid.p[UUID_TEXT - 1] != '/' ||
        uuid_parse(span_of(fcid.p, UUID_TEXT - 1), ret) != ERR_OK ||
        !number(fcid, &at, ret_attempt) || at >= fcid.n || fcid.p[at++] != '/')
        return false;
    return number(fcid, &at, ret_step) && at == fcid.n;
}

void order_mbox(const struct uuid *id, struct mbox *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->kind = MBOX_ORDER;
    memcpy(ret->id, id->b, sizeof id->b);
}

/* --- facts --- */
void order_facts_put(struct writer *w, const struct order *o)
{
    if (o->has_card_key) {
        tlv_put_tag(w, FACT_CARD);
        tlv_put_len(w, 2 + ORDER_POINT);
        wr_u8(w, o->curve);
        wr_u8(w, o->bare_point);
        wr_bytes(w, o->card_point, ORDER_POINT);
    }
    if (o->rc_len)
        tlv_put(w, FACT_RC, span_of(o->rc, o->rc_len));
    if (o->has_own_key) {
        tlv_put_tag(w, FACT_OWN);
        tlv_put_len(w, ORDER_POINT + ORDER_SIGNATURE);
        wr_bytes(w, o->own_point, ORDER_POINT);
        wr_bytes(w, o->signature, ORDER_SIGNATURE);
    }
}

static int fact(const struct tlv *t, struct order *o)
{
    struct reader r = rd_init(t->value);

    switch (t->tag) {
    case FACT_CARD:
        o->curve = rd_u8(&r);
        o->bare_point = rd_u8(&r) != 0;
        rd_copy(&r, o->card_point, ORDER_POINT);
        o->has_card_key = true;
        break;
    case FACT_RC:
        if (t->value.n == 0 || t->value.n > ORDER_RC_MAX)
            return ERR_CORRUPT;
        o->rc_len = (uint8_t)t->value.n;
        rd_copy(&r, o->rc, t->value.n);
        break;
    case FACT_OWN:
        rd_copy(&r, o->own_point, ORDER_POINT);
        rd_copy(&r, o->signature, ORDER_SIGNATURE);
        o->has_own_key = true;
        break;
    default:
        return ERR_CORRUPT;
    }
    return rd_done(&r) ? ERR_OK : ERR_CORRUPT;
}

int order_facts_get(struct span data, struct order *o)
{
    struct reader r = rd_init(data);
    struct tlv t;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        err = fact(&t, o);
        if (err)
            return err;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : ERR_CORRUPT;
}

/* --- records --- */
static int copy_text(char *dst, size_t cap, struct span s, bool cut)
{
    if (s.n >= cap && !cut)
        return ERR_CORRUPT;
    size_t n = s.n < cap ? s.n : cap - 1;
    if (n)
        memcpy(dst, s.p, n);
    dst[n] = '\0';
    return ERR_OK;
}

void order_payload(struct order *o, const struct event *ev)
{
    o->imsi = ev->imsi;
    o->msisdn = ev->msisdn;
    o->pol2 = ev->pol2;
    o->n_iccids = ev->n_profiles;
    for (unsigned i = 0; i < ev->n_profiles; i++)
        o->iccids[i] = ev->profiles[i].iccid;
}

static int create(struct order **ret, int64_t at_ms, const struct event *ev)
{
    struct order *o = calloc(1, sizeof *o);
    int err;

    if (!o)
        return ERR_NOMEM;
    o->id = ev->op;
    o->function = ev->function;
    o->party = ev->party;
    o->mno = ev->mno;
    o->eid = ev->eid;
    o->iccid = ev->iccid;
    o->enable = ev->enable;
    if (ev->function == FN_REPLACE_PROFILE)
        o->replaces = ev->previous;
    order_payload(o, ev);
    o->accepted_ms = at_ms;
    o->validity_end_ms = ev->validity_end_ms;
    o->validity_s = (uint32_t)ev->number;
    o->attempt = 1;
    err = copy_text(o->fcid, sizeof o->fcid, ev->fcid, false);
    if (!err)
        err = copy_text(o->correlation_id, sizeof o->correlation_id, ev->correlation_id, false);
    if (!err)
        err = copy_text(o->profile_type, sizeof o->profile_type, ev->profile_type, false);
    if (err) {
        free(o);
        return err;
    }
    *ret = o;
    return ERR_OK;
}

static int advance(struct order *o, const struct event *ev)
{
    if (!ev->op_state || ev->op_state > ORDER_STATES || o->state == ORDER_DONE ||
        (ev->attempt && ev->attempt < o->attempt) || ev->attempt > ORDER_ATTEMPTS_MAX)
        return ERR_CORRUPT;
    o->state = ev->op_state - 1;
    o->due_ms = ev->due_ms;
    if (ev->attempt > o->attempt) {
        o->attempt = ev->attempt;
        o->step = 0;
        o->tries = 0;
        memset(&o->aid, 0, sizeof o->aid);
        o->has_card_key = o->has_own_key = false;
        o->rc_len = 0;
        o->batch = 0;
    }
    o->calling = ev->step != 0;
    if (ev->step) {
        if (ev->step <= o->step)
            return ERR_CORRUPT;
        o->step = ev->step;
    }
    if (ev->aid.n)
        o->aid = ev->aid;
    if (ev->memory_required)
        o->memory_required = ev->memory_required;
    if (ev->previous.s[0])
        o->orphan = ev->previous;
    if (ev->number)
        o->batch = (uint32_t)ev->number;
    return order_facts_get(ev->data, o);
}

static int advanced(struct order *o, const struct event *ev)
{
    unsigned before = o->state;
    int err = advance(o, ev);

    if (err)
        return err;
    if (o->state == ORDER_CREATE && ev->text.n && !o->answered)
        (void)copy_text(o->text, sizeof o->text, ev->text, true);
    if (o->state == ORDER_CLEANUP) {
        o->tries = before == ORDER_CLEANUP && !o->calling ? o->tries + 1 : o->tries;
        if (ev->code.subject[0]) {
            o->fail = ev->code;
            o->fail_stage = ev->stage;
            (void)copy_text(o->fail_text, sizeof o->fail_text, ev->text, true);
            o->last_attempt = o->last_attempt || !ev->more_to_do;
        }
    }
    return ERR_OK;
}

static void answer(struct order *o, const struct event *ev)
{
    if (o->answered)
        return;
    o->answered = true;
    o->code = ev->code;
    o->stage = ev->stage;
    (void)copy_text(o->text, sizeof o->text, ev->text, true);
    if (ev->type == EV_ORDER_IN_DOUBT || ev->result == VERDICT_EXPIRED)
        o->status = EXEC_EXPIRED;
    else if (ev->result == VERDICT_SUCCESS)
        o->status = ev->code.subject[0] ? EXEC_WARNING : EXEC_SUCCESS;
    else
        o->status = EXEC_FAILED;
}

static int in_doubt(struct order *o, const struct event *ev)
{
    if (o->state == ORDER_DONE || (ev->op_state && ev->op_state > ORDER_STATES))
        return ERR_CORRUPT;
    if (ev->op_state)
        o->state = ev->op_state - 1;
    o->due_ms = ev->due_ms;
    o->in_doubt = true;
    o->last_attempt = true;
    o->verdict = VERDICT_IN_DOUBT;
    answer(o, ev);
    return ERR_OK;
}

static int concluded(struct order *o, int64_t at_ms, const struct event *ev)
{
    if (o->state == ORDER_DONE)
        return ERR_CORRUPT;
    o->state = ORDER_DONE;
    o->due_ms = 0;
    o->calling = false;
    o->in_doubt = false;
    o->verdict = ev->result;
    o->concluded_ms = ev->completed_at_ms ? ev->completed_at_ms : at_ms;
    if (o->answered) { /* code and sentence of the verdict; the answer of then is the call's */
        o->code = ev->code;
        o->stage = ev->stage;
        (void)copy_text(o->text, sizeof o->text, ev->text, true);
    }
    answer(o, ev);
    return ERR_OK;
}

static int smsr_of(struct order *o, const struct event *ev)
{
    return ev->text.n ? oid_parse(ev->text, &o->smsr) : ERR_CORRUPT;
}

int order_apply(struct order **o, int64_t at_ms, const struct event *ev)
{
    bool fresh = !*o;
    int err;

    if (fresh) {
        if (ev->type != EV_ORDER_ACCEPTED && ev->type != EV_ORDER_CONCLUDED)
            return ERR_CORRUPT;
        err = create(o, at_ms, ev);
        if (err)
            return err;
    } else if (!uuid_eq(&(*o)->id, &ev->op)) {
        return ERR_CORRUPT;
    }
    switch (ev->type) {
    case EV_ORDER_ACCEPTED: {
        struct event rest = {.op_state = ev->op_state, .due_ms = ev->due_ms, .step = ev->step};
        err = fresh && !smsr_of(*o, ev) ? advance(*o, &rest) : ERR_CORRUPT;
        break;
    }
    case EV_ORDER_ADVANCED:
        err = advanced(*o, ev);
        break;
    case EV_PROFILE_INSTALLED:
        err = (*o)->installed ? ERR_CORRUPT : advance(*o, ev);
        (*o)->installed = true;
        break;
    case EV_ORDER_IN_DOUBT:
        err = in_doubt(*o, ev);
        break;
    case EV_ORDER_CONCLUDED:
        err = concluded(*o, at_ms, ev);
        break;
    default:
        err = ERR_CORRUPT;
        break;
    }
    if (err && fresh) {
        free(*o);
        *o = NULL;
    }
    return err;
}

void dp_text_put(char *dst, size_t cap, const char *s)
{
    size_t n = strnlen(s, cap - 1);

    memcpy(dst, s, n);
    dst[n] = '\0';
}
