/* SPDX-License-Identifier: Apache-2.0 */
/* One input through the core, as engine and application do it, and the laws that hold after each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/wire/wire.h"
#include "smsr/domain/notification.h"
#include "common/msg/catalogue.h"
#include "test/support/smsr_core_int.h"

#include <stdio.h>

static struct span encoded(struct core *w, const struct message *m)
{
    struct buf b;
    struct span ret;

    buf_init(&b, 0);
    if (wire_message_encode(m, &b) != ERR_OK)
        fail_msg("%s cannot be encoded", msg_type_name(m->type));
    ret = span_of(arena_dup(&w->arena, b.p, b.n), b.n);
    buf_fini(&b);
    return ret;
}

/* What the application does with a plan before the engine appends: counter, packet, messages. */
static void finish_plan(struct core *w)
{
    struct plan *p = &w->plan;

    if (p->unit.set) {
        uint8_t kvn = p->unit.kvn ? p->unit.kvn : w->e->scp80_kvn;
        const uint64_t *high = euicc_counter(w->e, kvn);
        assert_non_null(high);
        p->unit.armed->kvn = kvn;
        p->unit.armed->counter = *high + 1;
        p->unit.armed->data = p->unit.put_kvn ? span_str("PUT KEY") : p->unit.script;
    }
    for (unsigned i = 0; i < p->n_records; i++)
        if (p->records[i]->answer_msg)
            p->records[i]->answer = encoded(w, p->records[i]->answer_msg);
    for (unsigned i = 0; i < p->n_deliveries; i++) {
        struct event *with = p->deliveries[i].with;
        assert_true(with->n_deliveries < EVENT_DELIVERIES_MAX);
        with->deliveries[with->n_deliveries++] = (struct event_delivery){
            p->deliveries[i].party, i + 1, encoded(w, &p->deliveries[i].msg)};
    }
    for (unsigned i = 0; i < p->n_outs; i++)
        if (p->outs[i].kind == OUT_REPLY) {
            const struct out_reply *o = p->outs[i].body;
            if (o->message.type != MSG_NONE)
                (void)encoded(w, &o->message);
        }
}

/* What the channel tells of the POST that waits, before and behind an input. */
static void hold_before(struct core *w, const struct input *in)
{
    if (w->held_until && (w->now >= w->held_until ||
                          (in->kind == IN_SESSION_END &&
                           uuid_eq(&in->u.session_end.session, &w->pe.held_session)))) {
        w->pe.held = false;
        w->held_until = 0;
    }
    if (in->kind != IN_POST)
        return;
    w->pe.held = true;
    w->pe.held_session = in->u.post.session;
    w->held_until = w->now + w->env.timer_ms[TIMER_SESSION_HOLD];
}

static void hold_behind(struct core *w)
{
    for (unsigned i = 0; i < w->plan.n_outs; i++) {
        const struct plan_out *o = &w->plan.outs[i];
        const struct uuid *session = NULL;
        if (o->kind == OUT_STEP)
            session = &((const struct out_step *)o->body)->session;
        if (o->kind == OUT_SESSION_CLOSE)
            session = &((const struct out_session_close *)o->body)->session;
        if (session && uuid_eq(session, &w->pe.held_session))
            w->pe.held = false;
    }
}

int core_post(struct core *w, const struct input *in)
{
    int64_t due;

    hold_before(w, in);

    arena_reset(&w->arena);
    memset(&w->plan, 0, sizeof w->plan);
    w->plan.arena = &w->arena;
    w->plan.now_ms = w->now;
    w->calls++;
    memset(&w->pe.new_op, 0, sizeof w->pe.new_op);
    w->pe.new_op.b[0] = 0x0F;
    for (unsigned i = 0; i < 8; i++)
        w->pe.new_op.b[8 + i] = (uint8_t)(w->calls >> (56 - 8 * i));
    w->err = proc_euicc_decide(&w->pe, w->e, in, &w->plan);
    if (w->err) {
        if (w->err != ERR_STATE && w->err != ERR_FULL && w->err != ERR_UNSUPPORTED)
            fail_msg("input %d in %s: %s", (int)in->kind, core_state(w), err_name(w->err));
        memset(&w->plan, 0, sizeof w->plan);
        return w->err;
    }
    assert_int_equal(w->plan.err, ERR_OK);
    finish_plan(w);
    hold_behind(w);
    core_law_plan(w, in);
    for (unsigned i = 0; i < w->plan.n_records; i++)
        core_append(w, w->plan.records[i]);
    core_assert_same(w->e, w->twin);
    due = w->e ? euicc_due(w->e) : 0;
    if (due != w->due) {
        w->due = due;
        w->volatile_due = 0;
    }
    if (w->plan.volatile_due_ms)
        w->volatile_due =
            w->due > w->now && w->due < w->plan.volatile_due_ms ? w->due : w->plan.volatile_due_ms;
    return ERR_OK;
}

/* --- laws --- */
static void close_effect(struct core *w)
{
    w->effect_counter = 0;
    w->effect_step = 0;
}

/* An authenticated answer of its own, or of a later packet of the key set, closes an effect packet;
 * the answer to a step closes a step, and so does the audit in a session. */
static void law_answered(struct core *w, const struct event *ev)
{
    if (ev->type == EV_OPERATION_ANSWERED && w->effect_counter && ev->por_status == POR_OK + 1u &&
        ev->counter >= w->effect_counter)
        close_effect(w);
    if (ev->type == EV_STEP_ANSWERED && w->effect_step && ev->step >= w->effect_step)
        close_effect(w);
    /* A switch given in a session: the card's word, or what it shows, that it ran. */
    if (w->effect_step && uuid_eq(&w->effect_op, &ev->op) &&
        ((ev->type == EV_NOTIFICATION_RECEIVED && ev->decision == 1 &&
          ev->kind == NOTIFICATION_CHANGED) ||
         (ev->type == EV_OPERATION_ANSWERED && ev->number) || ev->type == EV_PROFILE_ENABLED ||
         ev->type == EV_PROFILE_DISABLED || ev->type == EV_PROFILE_ROLLED_BACK))
        close_effect(w);
}

static void law_concluded(struct core *w, const struct event *ev)
{
    assert_true(ev->result > VERDICT_NONE && ev->result < VERDICT_IN_DOUBT);
    w->concluded[ev->result]++;
    if (ev->code.subject[0] && !status_find(BY_SMSR, &ev->code))
        fail_msg("code %s-%s is not in the catalogue", ev->code.subject, ev->code.reason);
    assert_true((ev->result == VERDICT_SUCCESS) || ev->code.subject[0]);
    if (ev->stage == STAGE_ADMISSION)
        return;
    if (uuid_eq(&w->effect_op, &ev->op) && (w->effect_counter || w->effect_step))
        fail_msg("%s without proof: counter %u, step %u open", verdict_text(ev->result),
                 (unsigned)w->effect_counter, (unsigned)w->effect_step);
}

void core_law_record(struct core *w, const struct event *ev)
{
    bool effect_step = ev->type == EV_STEP_OPENED && ev->purpose == PURPOSE_CMD;

    if (ev->type == EV_OPERATION_ARMED || effect_step) {
        if (w->effect_counter || w->effect_step)
            fail_msg("a second effect while one is open");
        w->effect_op = ev->op;
        w->effect_counter = effect_step ? 0 : ev->counter;
        w->effect_step = effect_step ? ev->step : 0;
    }
    law_answered(w, ev);
    if (ev->type == EV_OPERATION_CONCLUDED)
        law_concluded(w, ev);
}

static bool is_response(enum msg_type t)
{
    const struct msg_info *info = msg_type_info(t);
    return info && info->kind == MSG_KIND_RESPONSE;
}

/* One answer a call: with its refusal, with its conclusion, or at the end of its validity. */
static void law_answers(struct core *w, const struct input *in)
{
    unsigned replied = 0, delivered = 0;

    for (unsigned i = 0; i < w->plan.n_outs; i++)
        if (w->plan.outs[i].kind == OUT_REPLY)
            replied++;
    assert_int_equal(replied, in->kind == IN_CALL ? 1 : 0);
    for (unsigned i = 0; i < w->plan.n_deliveries; i++) {
        const struct plan_delivery *d = &w->plan.deliveries[i];
        const struct operation *op = w->e ? euicc_op(w->e, &d->with->op) : NULL;
        if (!is_response(d->msg.type))
            continue;
        delivered++;
        assert_true(!op || !op->answered);
        assert_true(oid_eq(&d->party, &d->with->party));
        assert_true(d->with->answer.n > 0);
    }
    assert_true(delivered <= 1);
    w->answered += delivered;
}

static bool packet_is_open(const struct euicc *e, uint64_t counter)
{
    for (unsigned i = 0; i < e->n_packets; i++)
        if (e->packets[i].counter == counter)
            return true;
    return false;
}

static void law_sms(struct core *w, const struct out_sms *o)
{
    bool found = false;

    assert_true(eid_eq(&o->eid, &w->e->eid));
    for (unsigned i = 0; o->armed && i < w->plan.n_records; i++)
        found = found || w->plan.records[i] == o->armed;
    if (!o->armed) {
        const struct core_row *row = o->lsn && o->lsn <= w->n_rows ? &w->rows[o->lsn - 1] : NULL;
        found = row && (row->type == EV_OPERATION_ARMED || row->type == EV_PACKET_ARMED);
        assert_true(packet_is_open(w->e, o->counter));
    }
    assert_true(found);
    assert_true(o->validity_ms > 0);
    assert_true(!o->to[1].s[0] || o->to[0].s[0]);
}

void core_law_plan(struct core *w, const struct input *in)
{
    law_answers(w, in);
    for (unsigned i = 0; i < w->plan.n_outs; i++)
        if (w->plan.outs[i].kind == OUT_SMS)
            law_sms(w, w->plan.outs[i].body);
    /* What is told is told with a record of this plan. */
    for (unsigned i = 0; i < w->plan.n_deliveries; i++) {
        bool found = false;
        for (unsigned k = 0; k < w->plan.n_records; k++)
            found = found || w->plan.records[k] == w->plan.deliveries[i].with;
        assert_true(found);
        for (unsigned k = 0; k < i; k++)
            if (w->plan.deliveries[k].with == w->plan.deliveries[i].with &&
                w->plan.deliveries[k].msg.type == w->plan.deliveries[i].msg.type &&
                oid_eq(&w->plan.deliveries[k].party, &w->plan.deliveries[i].party) &&
                w->plan.deliveries[i].with->n_deliveries < 2)
                fail_msg("told twice");
    }
}

/* --- equality --- */
static void same_operation(const struct operation *a, const struct operation *b)
{
    struct operation x = *a, y = *b;

    /* Memory only; what a restart leaves behind is tested where it matters. */
    x.data = y.data = x.rsp = y.rsp = NULL;
    x.data_len = y.data_len = 0;
    assert_int_equal(a->rsp_len, b->rsp_len);
    if (a->rsp_len)
        assert_memory_equal(a->rsp, b->rsp, a->rsp_len);
    /* Both were zeroed before they were filled field by field. */
    assert_memory_equal(&x, &y, sizeof x);
}

void core_assert_same(const struct euicc *a, const struct euicc *b)
{
    struct euicc x, y;

    assert_true(!a == !b);
    if (!a || !b)
        return;
    x = *a;
    y = *b;
    assert_int_equal(a->n_profiles, b->n_profiles);
    for (unsigned i = 0; i < a->n_profiles; i++)
        assert_memory_equal(&a->profiles[i], &b->profiles[i], sizeof *a->profiles);
    assert_int_equal(a->n_ops, b->n_ops);
    for (unsigned i = 0; i < a->n_ops; i++)
        same_operation(a->ops[i], b->ops[i]);
    assert_int_equal(a->n_packets, b->n_packets);
    for (unsigned i = 0; i < a->n_packets; i++)
        assert_memory_equal(&a->packets[i], &b->packets[i], sizeof *a->packets);
    x.profiles = y.profiles = NULL;
    memset(x.ops, 0, sizeof x.ops);
    memset(y.ops, 0, sizeof y.ops);
    memset(x.packets, 0, sizeof x.packets);
    memset(y.packets, 0, sizeof y.packets);
    assert_memory_equal(&x, &y, sizeof x);
}
