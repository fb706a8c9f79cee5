/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves on the connections of parties (design 3.3), and what a plan needs for it. */
#include "smsr/api/api_int.h"

#include "common/msg/es3.h"

#include <stdlib.h>

static bool admits(void *ctx, const struct rpc_party *peer)
{
    const struct api *a = ctx;
    const struct party *party = env_party(a->cfg.env, &peer->oid);

    return party && (party->roles & (1u << (unsigned)peer->role));
}

static void on_request(void *ctx, struct rpc *r, const struct envelope *e)
{
    api_request(ctx, r, e);
}

static const struct oid *mno_of(const struct event *ev, const struct message *m)
{
    switch (m->type) {
    case MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION:
        return &((const struct es3_handle_profile_enabled_notification *)m->body)->mno_id;
    case MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION:
        return &((const struct es3_handle_profile_disabled_notification *)m->body)->mno_id;
    case MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION:
        return &((const struct es3_handle_profile_deleted_notification *)m->body)->mno_id;
    default:
        return &ev->mno;
    }
}

/* Design 3.4: who is told EXPIRED because the card is silent is told that this is not the truth yet. */
static enum verdict verdict_of(const struct event *ev)
{
    return ev->type == EV_OPERATION_EXPIRED ? VERDICT_IN_DOUBT : ev->result;
}

static void delivery_head(const struct event *ev, const struct message *m, struct envelope *e)
{
    const struct msg_info *info = msg_type_info(m->type);

    e->verdict = verdict_of(ev);
    e->concluded_ms = ev->completed_at_ms;
    if (info && info->iface == IF_ES3)
        e->mno_id = *mno_of(ev, m);
}

struct api *api_new(const struct api_config *cfg)
{
    struct api *a = calloc(1, sizeof *a);
    struct callers_port port = {.engine = cfg->engine, .what = "SM-SR", .admits = admits,
                                .request = on_request, .head = delivery_head, .ctx = a};

    if (!a)
        return NULL;
    a->cfg = *cfg;
    arena_init(&a->scratch, 0);
    a->callers = callers_new(&port);
    if (a->callers)
        return a;
    free(a);
    return NULL;
}

void api_free(struct api *a)
{
    if (!a)
        return;
    callers_free(a->callers);
    arena_fini(&a->scratch);
    free(a);
}

void api_stop(struct api *a)
{
    callers_stop(a->callers);
}

struct rpc_handler api_handler(struct api *a)
{
    return callers_handler(a->callers);
}

void api_reply(struct api *a, const struct out_reply *o)
{
    struct envelope e = {.kind = o->kind, .relates_to = o->message_id, .context_id = o->context_id,
                         .mno_id = o->mno_id, .operation = o->operation, .verdict = o->verdict,
                         .concluded_ms = o->concluded_ms,
                         .error_text = o->error_text, .message = o->message};

    callers_send(a->callers, o->conn, &e);
}

void api_deliver(struct api *a, uint64_t conn, const struct event *ev, unsigned index)
{
    callers_deliver(a->callers, conn, ev, index);
}

/* --- plans --- */
static void remember_call(struct api *a, const struct out_reply *o, const struct oid *party)
{
    struct waiting_call call = {
        .op = o->operation, .conn = o->conn, .message_id = o->message_id};

    if (party)
        call.party = *party;
    callers_remember(a->callers, &call);
}

/* The RESPONSE goes to the calling connection without a number, unless that is the subscriber, who
 * gets it with one. */
static void answer_caller(struct api *a, struct plan *p, const struct event *ev)
{
    struct out_reply o = {.kind = ENV_RESPONSE};
    struct waiting_call call;

    if (!ev->answer_msg || !callers_recall(a->callers, &ev->op, true, &call) ||
        p->n_outs == PLAN_OUTS_MAX)
        return;
    o.conn = call.conn;
    o.message_id = call.message_id;
    o.operation = ev->op;
    o.verdict = verdict_of(ev);
    o.concluded_ms = ev->completed_at_ms;
    o.context_id = ev->correlation_id;
    o.mno_id = ev->mno;
    o.message = *ev->answer_msg;
    plan_out(p, OUT_REPLY, &o, sizeof o);
}

static int keep_span(struct plan *p, struct span *s)
{
    if (!s->n)
        return ERR_OK;
    s->p = arena_dup(p->arena, s->p, s->n);
    return s->p ? ERR_OK : ERR_NOMEM;
}

/* A reply leaves at the end of the turn: what it borrowed from the input or from an operation that this
 * very plan ends is gone by then. */
static int keep_reply(struct plan *p, unsigned i)
{
    struct out_reply o = *(const struct out_reply *)p->outs[i].body;
    struct buf b;
    int err = keep_span(p, &o.context_id);

    if (!err)
        err = keep_span(p, &o.error_text);
    if (!err && o.message.type != MSG_NONE) {
        struct span bytes;
        buf_init(&b, WIRE_FRAME_MAX);
        err = wire_message_encode(&o.message, &b);
        bytes = buf_span(&b);
        if (!err)
            err = keep_span(p, &bytes);
        buf_fini(&b);
        if (!err)
            err = wire_message_decode(bytes, p->arena, &o.message, NULL);
    }
    p->outs[i].body = err ? NULL : arena_dup(p->arena, &o, sizeof o);
    return err ? err : p->outs[i].body ? ERR_OK : ERR_NOMEM;
}

int api_finish_plan(struct api *a, struct plan *p)
{
    unsigned n_outs = p->n_outs;
    int err = callers_encode_answers(p);

    for (unsigned i = 0; !err && i < n_outs; i++) {
        const struct out_reply *o = p->outs[i].body;
        if (p->outs[i].kind == OUT_REPLY && o->kind == ENV_ACCEPTED)
            remember_call(a, o, p->n_records ? &p->records[0]->party : NULL);
    }
    for (unsigned i = 0; !err && i < p->n_records; i++)
        if (p->records[i]->stage != STAGE_ADMISSION)
            answer_caller(a, p, p->records[i]);
    for (unsigned i = 0; !err && i < p->n_outs; i++)
        if (p->outs[i].kind == OUT_REPLY)
            err = keep_reply(p, i);
    return err;
}
