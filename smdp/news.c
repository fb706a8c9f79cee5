/* SPDX-License-Identifier: Apache-2.0 */
/* What an SM-SR says, brought to the orders it matters to. News of a profile (a notification, or that a
 * switch or deletion of ours was done) may overtake the answer that completes its download: then the
 * order that still holds the ICCID hears them first, and knows that the profile stands. */
#include "smdp/core_int.h"

#include "common/msg/es3.h"

/* News count as heard with the turn: what lacked memory must come again, to the next process. */
#define NEWS_LOST "what an SM-SR told cannot be taken"

static int post(struct smdp_core *c, const struct oid *smsr, const struct uuid *order,
                const struct envelope *e)
{
    struct input in = {.kind = IN_PEER};
    int err;

    order_mbox(order, &in.to);
    in.u.peer.peer = *smsr;
    in.u.peer.env = e;
    err = engine_post(c->engine, &in);
    if (err && err != ERR_STATE)
        c->count.job_errors++;
    return err;
}

/* What cannot be read is not known to be absent. */
static int stock_of(struct smdp_core *c, const struct dp_scope *scope, const struct iccid *iccid,
                    struct stock_item *ret)
{
    int err = dp_store_stock(c->store, scope, iccid, ret);

    if (err && err != ERR_NOT_FOUND)
        engine_give_up(c->engine, err, NEWS_LOST);
    return err;
}

/* The news are no older life of this ICCID on this card: notifications come in order, and the callers see
 * to it for answers. */
static void tell_holder(struct smdp_core *c, const struct oid *smsr, const struct stock_item *item,
                        const struct eid *eid, const struct envelope *news)
{
    if (item->state == STOCK_RESERVED && eid_eq(&item->eid, eid) &&
        post(c, smsr, &item->order, news) == ERR_NOMEM)
        engine_give_up(c->engine, ERR_NOMEM, NEWS_LOST);
}

/* --- answers --- */
/* What a call of ours that succeeded says of its profile, in the form the SM-SR would tell others. */
static const struct envelope *news_of(struct smdp_core *c, const struct order *o, int64_t at_ms)
{
    static const struct {
        enum function done;
        enum msg_type type;
    } ROWS[] = {
        {FN_ENABLE_PROFILE, MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION},
        {FN_DISABLE_PROFILE, MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION},
        {FN_DELETE_PROFILE, MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION},
    };
    struct es3_handle_profile_enabled_notification n = {.eid = o->eid, .iccid = o->iccid, .mno_id = o->mno,
                                                        .completion_timestamp_ms = at_ms};
    struct envelope e = {.kind = ENV_NOTICE};
    struct arena *a = engine_arena(c->engine);

    for (unsigned i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (ROWS[i].done == o->function)
            e.message = (struct message){ROWS[i].type, arena_dup(a, &n, sizeof n)};
    return e.message.body ? arena_dup(a, &e, sizeof e) : NULL;
}

static bool accepted_before(struct smdp_core *c, const struct uuid *order, int64_t ms)
{
    struct mbox key;
    const void *obj;

    order_mbox(order, &key);
    return engine_view(c->engine, &key, &obj) == ERR_OK && obj &&
           ((const struct order *)obj)->accepted_ms < ms;
}

/* A call asked for before the download was may be about an older life of the ICCID. */
static void relay_tells(struct smdp_core *c, const struct oid *smsr, const struct uuid *order,
                        int64_t at_ms)
{
    struct dp_scope scope = {0};
    const struct envelope *news;
    struct stock_item item;
    const struct order *o;
    struct mbox key;
    const void *obj;
    int64_t asked_ms;
    struct eid eid;

    order_mbox(order, &key);
    if (engine_view(c->engine, &key, &obj) || !obj)
        return;
    o = obj;
    scope.mno = o->mno;
    eid = o->eid;
    asked_ms = o->accepted_ms;
    news = news_of(c, o, at_ms);
    if (news && stock_of(c, &scope, &o->iccid, &item) == ERR_OK &&
        item.state == STOCK_RESERVED && accepted_before(c, &item.order, asked_ms))
        tell_holder(c, smsr, &item, &eid, news);
}

void dp_core_answered(struct smdp_core *c, const struct oid *smsr, const struct uuid *order,
                      const struct envelope *e)
{
    const struct base_response *base = message_response(&e->message);

    if (e->kind == ENV_RESPONSE && base && dp_answer_verdict(e, &base->answer) == VERDICT_SUCCESS)
        relay_tells(c, smsr, order, e->concluded_ms);
    (void)post(c, smsr, order, e);
}

/* --- notices --- */
static void notification(struct smdp_core *c, const struct oid *smsr, const struct envelope *e)
{
    /* All begin alike (smdp/proc/notice.c). */
    const struct es3_handle_profile_enabled_notification *n = e->message.body;
    struct mbox house = {.kind = MBOX_HOUSE};
    struct dp_proc_env pe = {.env = c->cfg.env};
    struct dp_scope scope = {.mno = n->mno_id};
    struct stock_item item;
    struct plan *p;
    int err;

    err = stock_of(c, &scope, &n->iccid, &item);
    if (!err && dp_notice_changes_stock(e->message.type)) {
        tell_holder(c, smsr, &item, &n->eid, e);
        err = stock_of(c, &scope, &n->iccid, &item); /* it may have become installed by that */
    }
    if (err && err != ERR_NOT_FOUND)
        return;
    pe.item = err ? NULL : &item;
    p = engine_plan_begin(c->engine);
    if (!p) {
        engine_give_up(c->engine, ERR_NOMEM, NEWS_LOST);
        return;
    }
    err = dp_notice_decide(&pe, e, p);
    if (!err)
        err = dp_api_finish_plan(c->api, p);
    if (!err)
        err = engine_plan_end(c->engine, p, &house);
    if (err)
        c->count.notices_unknown++;
    if (err == ERR_NOMEM)
        engine_give_up(c->engine, err, NEWS_LOST);
}

void dp_core_notice(struct smdp_core *c, const struct oid *smsr, const struct envelope *e)
{
    const struct operation_concluded *n = e->message.body;
    uint32_t attempt, step;
    struct uuid order;

    c->count.notices++;
    if (e->message.type == MSG_OPERATION_CONCLUDED) {
        if (!order_call_parse(n->fcid, &order, &attempt, &step))
            return;
        if (n->verdict == VERDICT_SUCCESS)
            relay_tells(c, smsr, &order, e->concluded_ms);
        (void)post(c, smsr, &order, e);
    } else if (dp_notice_known(e->message.type)) {
        notification(c, smsr, e);
    } else {
        c->count.notices_unknown++;
    }
}
