/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and deliveries of one party. */
#include "test/sim/client.h"

#include "common/msg/admin.h"
#include "common/msg/base.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"
#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

static void fault(struct client *c, const char *what, const struct client_call *k)
{
    if (!c->fault.text[0])
        (void)snprintf(c->fault.text, sizeof c->fault.text, "%s: %s (%s %s)", c->name, what,
                       k ? msg_type_name(k->type) : "-", k ? k->fcid : "-");
}

static int on_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    (void)ctx;
    (void)r;
    (void)hello;
    return errmsg_set(why, ERR_STATE, "a client is no server");
}

static void on_welcome(void *ctx, struct rpc *r)
{
    struct client *c = ctx;

    (void)r;
    c->refused = 0;
    for (unsigned i = 0; i < c->n_calls; i++) {
        c->calls[i]->message_id = 0; /* ids belong to a connection */
        if (c->calls[i]->answered || !c->calls[i]->sent)
            continue;
        c->calls[i]->sent = false; /* the connection that carried it is gone */
    }
}

static struct client_call *by_message(struct client *c, uint64_t id)
{
    for (unsigned i = 0; i < c->n_calls; i++)
        if (c->calls[i]->message_id == id)
            return c->calls[i];
    return NULL;
}

static struct client_call *by_operation(struct client *c, const struct uuid *op)
{
    for (unsigned i = 0; i < c->n_calls && !uuid_is_zero(op); i++)
        if (uuid_eq(&c->calls[i]->operation, op))
            return c->calls[i];
    return NULL;
}

static void answered(struct client *c, struct client_call *k, const struct envelope *e)
{
    const struct base_response *base = e->message.body;
    struct buf b;
    uint8_t hash[32];
    struct span s;

    if (e->message.type != msg_type_response(k->type)) {
        fault(c, "answered by another function", k);
        return;
    }
    buf_init(&b, 0);
    if (wire_message_encode(&e->message, &b))
        fault(c, "answer cannot be encoded", k);
    s = buf_span(&b);
    sha256(c->crypto, &s, 1, hash);
    buf_fini(&b);
    if (k->answered && memcmp(hash, k->answer_hash, 32))
        fault(c, "two different answers to one call", k);
    memcpy(k->answer_hash, hash, 32);
    if (!k->answered) {
        k->answered_ms = c->now_ms;
        k->answer = base->answer;
        (void)snprintf(k->text, sizeof k->text, "%.*s", (int)base->answer.message.n,
                       base->answer.message.n ? (const char *)base->answer.message.p : "");
        k->answer.message = k->answer.subject_identifier = (struct span){NULL, 0};
    }
    k->answered = true;
    k->answers++;
    if (e->verdict != VERDICT_NONE)
        k->verdict = e->verdict;
}

/* A late verdict belongs to a call that was answered EXPIRED, and comes once. */
static void concluded(struct client *c, const struct operation_concluded *n)
{
    struct client_call *k = NULL;

    for (unsigned i = 0; i < c->n_calls && !k; i++)
        if (span_eq(n->fcid, span_str(c->calls[i]->fcid)))
            k = c->calls[i];
    if (!k)
        fault(c, "a late verdict of somebody else's call", NULL);
    else if (k->concluded != VERDICT_NONE)
        fault(c, "two late verdicts", k);
    else if (!k->answered && k->accepted) /* else its answer went by: nobody had said whose it was */
        fault(c, "a late verdict before the answer", k);
    else
        k->concluded = n->verdict;
}

/* Those of the functions below have one shape (smsr/proc/conclude.c, smdp/proc/notice.c). */
static void noticed(struct client *c, const struct envelope *e)
{
    const struct es4_handle_profile_enabled_notification *n = e->message.body;
    const struct msg_info *info = msg_type_info(e->message.type);
    struct client_notice *add;

    if (e->message.type == MSG_OPERATION_CONCLUDED) {
        concluded(c, e->message.body);
        return;
    }
    if (!info || (info->function != FN_ENABLE_PROFILE && info->function != FN_DISABLE_PROFILE &&
                  info->function != FN_DELETE_PROFILE && info->function != FN_SET_FALLBACK_ATTRIBUTE &&
                  info->function != FN_UNSET_FALLBACK_ATTRIBUTE)) {
        fault(c, "a notice that nobody knows", NULL);
        return;
    }
    if (c->n_notices == c->cap_notices) {
        size_t cap = c->cap_notices ? 2 * c->cap_notices : 32;
        add = realloc(c->notices, cap * sizeof *add);
        if (!add) {
            fault(c, "no memory", NULL);
            return;
        }
        c->notices = add;
        c->cap_notices = cap;
    }
    c->notices[c->n_notices++] = (struct client_notice){
        info->function, n->eid, n->iccid, n->completion_timestamp_ms, false};
}

static void acknowledge(struct client *c, uint64_t number)
{
    struct envelope ack;

    memset(&ack, 0, sizeof ack);
    ack.kind = ENV_ACK;
    ack.delivery_no = number;
    if (c->rpc && rpc_send(c->rpc, &ack, NULL))
        fault(c, "ACK cannot be sent", NULL);
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct client *c = ctx;
    struct client_call *k = e->relates_to ? by_message(c, e->relates_to) : NULL;

    (void)r;
    if (k && !uuid_is_zero(&k->operation) && !uuid_is_zero(&e->operation) &&
        !uuid_eq(&k->operation, &e->operation))
        fault(c, "an answer relates to another call than its operation", k);
    if (!k)
        k = by_operation(c, &e->operation);
    if (c->heard)
        c->heard(c->heard_ctx, c, e, k);
    if (e->delivery_no) {
        if (e->delivery_no > c->last_no + 1)
            fault(c, "gap in the deliveries", k);
        if (e->delivery_no <= c->last_no) {
            acknowledge(c, c->last_no);
            return;
        }
        c->last_no = e->delivery_no;
    }
    if (e->kind == ENV_ACCEPTED && k) {
        if (k->accepted && !uuid_eq(&k->operation, &e->operation))
            fault(c, "one call became two operations", k);
        k->accepted = true;
        k->operation = e->operation;
    } else if (e->kind == ENV_RESPONSE && k) {
        if (!uuid_is_zero(&e->operation))
            k->operation = e->operation;
        answered(c, k, e);
    } else if (e->kind == ENV_NOTICE) {
        noticed(c, e);
    } else if (e->kind == ENV_ERROR && k) {
        k->sent = false; /* busy or full: asked again later */
    }
    if (e->delivery_no)
        acknowledge(c, c->last_no);
}

int64_t client_patience(unsigned *refused)
{
    unsigned n = *refused;

    *refused = n < 5 ? n + 1 : n;
    return 500ll << n;
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct client *c = ctx;

    (void)r;
    (void)err;
    (void)why;
    c->rpc = NULL;
    c->link = 0;
    if (c->reconnect_ms <= c->now_ms)
        c->reconnect_ms = c->now_ms + client_patience(&c->refused);
}

void client_init(struct client *c, const char *name, const char *oid, enum party_role role,
                 struct links *links, const struct rpc_handler *server, bool subscribe,
                 struct crypto *crypto)
{
    memset(c, 0, sizeof *c);
    c->name = name;
    (void)snprintf(c->me.oid.s, sizeof c->me.oid.s, "%s", oid);
    c->me.role = role;
    c->links = links;
    c->server = *server;
    c->subscribe = subscribe;
    c->crypto = crypto;
}

void client_fini(struct client *c)
{
    for (unsigned i = 0; i < c->n_calls; i++) {
        buf_fini(&c->calls[i]->request);
        free(c->calls[i]);
    }
    c->n_calls = 0;
    free(c->notices);
    c->notices = NULL;
    c->n_notices = c->cap_notices = 0;
}

struct client_call *client_call(struct client *c, enum msg_type type, void *body, const struct eid *eid,
                                const struct iccid *iccid, const char *mno, int64_t now_ms)
{
    struct base_request *base = body;
    struct client_call *k;
    struct message m = {type, body};

    if (c->n_calls == CLIENT_CALLS_MAX)
        return NULL;
    k = calloc(1, sizeof *k);
    if (!k)
        return NULL;
    k->type = type;
    if (eid)
        k->eid = *eid;
    if (iccid)
        k->iccid = *iccid;
    k->asked_ms = now_ms;
    (void)snprintf(k->fcid, sizeof k->fcid, "%s-%05u", c->prefix ? c->prefix : c->name, c->n_calls + 1);
    if (mno)
        (void)snprintf(k->mno.s, sizeof k->mno.s, "%s", mno);
    base->function_call_identifier = span_str(k->fcid);
    buf_init(&k->request, 0);
    if (wire_message_encode(&m, &k->request)) {
        fault(c, "request cannot be encoded", k);
        buf_fini(&k->request);
        free(k);
        return NULL;
    }
    c->calls[c->n_calls++] = k;
    return k;
}

static bool send_call(struct client *c, struct client_call *k)
{
    struct arena a;
    struct envelope e;
    int err;

    memset(&e, 0, sizeof e);
    arena_init(&a, 0);
    e.kind = ENV_REQUEST;
    e.mno_id = k->mno;
    err = wire_message_decode(buf_span(&k->request), &a, &e.message, NULL);
    if (!err)
        err = rpc_send(c->rpc, &e, &k->message_id);
    arena_fini(&a);
    if (err)
        return false;
    c->repeated += k->sent_once;
    k->sent = k->sent_once = true;
    return true;
}

bool client_was_busy(const struct client_call *k)
{
    return k->answered && k->answer.status == EXEC_FAILED && !strcmp(k->answer.code.subject, "1.2") &&
           !strcmp(k->answer.code.reason, "4.4");
}

void client_ask_again(struct client *c)
{
    for (unsigned i = 0; i < c->n_calls; i++) {
        struct client_call *k = c->calls[i];
        if (k->answered && k->answer.status == EXEC_FAILED)
            k->answered = k->sent = false;
    }
}

void client_run(struct client *c, int64_t now_ms)
{
    struct rpc_handler h = {on_hello, on_welcome, on_message, on_closed, c};

    c->now_ms = now_ms;
    if (!c->rpc && now_ms >= c->reconnect_ms) {
        c->link = links_connect(c->links, &c->me, &c->server, &h, c->subscribe, c->last_no, now_ms, 20,
                                &c->rpc);
        if (!c->link)
            c->reconnect_ms = now_ms + 1000;
    }
    if (!c->rpc || !rpc_is_up(c->rpc))
        return;
    for (unsigned i = 0; i < c->n_calls; i++)
        if (!c->calls[i]->answered && !c->calls[i]->sent && !send_call(c, c->calls[i]))
            break;
}

static bool waits(const struct client *c)
{
    for (unsigned i = 0; i < c->n_calls; i++)
        if (!c->calls[i]->answered && !c->calls[i]->sent)
            return true;
    return false;
}

int64_t client_due(const struct client *c)
{
    if (c->rpc)
        return rpc_is_up(c->rpc) && rpc_in_flight(c->rpc) < RPC_WINDOW && waits(c) ? c->now_ms + 1
                                                                                  : INT64_MAX;
    return c->reconnect_ms;
}

void client_cut(struct client *c, int64_t now_ms, int64_t stay_away_ms)
{
    c->now_ms = now_ms;
    c->reconnect_ms = now_ms + stay_away_ms;
    if (c->link)
        links_cut(c->links, c->link, now_ms);
}
