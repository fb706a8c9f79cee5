/* SPDX-License-Identifier: Apache-2.0 */
/* A REQUEST from its envelope to the mailbox of an order (design 5 steps 2 and 3): party, role,
 * format, idempotency; what it means is the deciders' business. */
#include "smdp/api/api_int.h"

#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "smdp/proc/procs.h"

struct arena *dp_request_memory(struct request *q)
{
    return engine_arena(q->a->cfg.engine);
}

void *dp_request_response(struct request *q, struct message *ret)
{
    enum msg_type t = msg_type_response(q->msg.type);
    const struct msg_info *info = msg_type_info(t);
    struct base_response *body = info ? arena_alloc(dp_request_memory(q), info->size) : NULL;

    if (!body)
        return NULL;
    body->processing_start_ms = body->processing_end_ms = clock_wall_ms(q->a->cfg.clock);
    body->answer.status = EXEC_SUCCESS;
    *ret = (struct message){t, body};
    return body;
}

struct message dp_request_refusal(struct request *q, enum status_code st, const char *detail)
{
    struct message m = {MSG_NONE, NULL};
    struct base_response *body = dp_request_response(q, &m);
    const char *text = detail ? arena_str(dp_request_memory(q), span_str(detail)) : NULL;

    if (body)
        body->answer = status_answer_saying(st, text);
    return m;
}

static void reply(struct request *q, enum envelope_kind kind, struct message m,
                  const struct uuid *order, enum verdict v)
{
    struct dp_out_reply o = {.conn = q->call.conn,
                             .message_id = q->call.message_id,
                             .kind = kind,
                             .verdict = v,
                             .context_id = q->call.context_id,
                             .message = m};
    struct mbox key = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(q->a->cfg.engine);
    int err;

    if (!p || (kind == ENV_RESPONSE && !m.body)) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    if (order) {
        o.operation = *order;
        order_mbox(order, &key); /* leaves when what it shows is durable */
    }
    plan_out(p, DP_OUT_REPLY, &o, sizeof o);
    err = dp_api_finish_plan(q->a, p);
    if (!err)
        err = engine_plan_end(q->a->cfg.engine, p, &key);
    if (err)
        callers_hang_up(q->a->callers, q->call.conn, err);
}

void dp_request_respond(struct request *q, struct message m)
{
    reply(q, ENV_RESPONSE, m, NULL, VERDICT_NONE);
}

void dp_request_refuse(struct request *q, enum status_code st, const char *detail)
{
    reply(q, ENV_RESPONSE, dp_request_refusal(q, st, detail), NULL, VERDICT_FAILED);
}

void dp_request_put(struct request *q, struct event *ev, const struct message *answer)
{
    ev->party = q->call.party;
    ev->role = q->call.role;
    ev->fcid = q->call.fcid;
    ev->correlation_id = q->call.context_id;
    ev->has_digest = true;
    memcpy(ev->digest, q->call.digest, sizeof ev->digest);
    ev->answer_msg = answer;
}

/* A refusal of malformed input depends on nothing (design law 1). */
static void send_error(struct dp_api *a, struct rpc *r, const struct envelope *e,
                       const char *text)
{
    struct dp_out_reply o = {.conn = rpc_id(r),
                             .message_id = e->message_id,
                             .kind = ENV_ERROR,
                             .error_text = span_str(text)};

    a->count.malformed++;
    dp_api_reply(a, &o);
}

/* The envelope's memory ends with the callback; what plans point to must last until their outputs
 * left. */
static int copy_request(struct request *q, const struct envelope *e)
{
    struct buf octets;
    struct span part;
    int err;

    buf_init(&octets, WIRE_FRAME_MAX);
    err = wire_message_canonical(&e->message, &octets);
    if (!err)
        err = wire_message_decode(buf_span(&octets), dp_request_memory(q), &q->msg, NULL);
    if (!err && !message_request(&q->msg))
        err = ERR_FORMAT;
    part = buf_span(&octets);
    if (!err) {
        sha256(q->a->cfg.crypto, &part, 1, q->call.digest);
        q->call.msg = &q->msg;
        q->call.fcid = message_request(&q->msg)->function_call_identifier;
    }
    buf_wipe(&octets); /* an import holds Ki and OPc */
    buf_fini(&octets);
    if (!err && e->context_id.n) {
        q->call.context_id.p = arena_dup(dp_request_memory(q), e->context_id.p, e->context_id.n);
        q->call.context_id.n = q->call.context_id.p ? e->context_id.n : 0;
    }
    return err;
}

static enum verdict verdict_now(struct request *q, const struct uuid *id, bool *ret_order)
{
    struct mbox key;
    const void *obj = NULL;

    order_mbox(id, &key);
    *ret_order = !uuid_is_zero(id) && !engine_view(q->a->cfg.engine, &key, &obj) && obj;
    return *ret_order ? ((const struct order *)obj)->verdict : VERDICT_NONE;
}

bool dp_request_repeated(struct request *q)
{
    struct engine_idem idem;
    struct message m = {MSG_NONE, NULL};
    enum verdict v;
    bool order;
    int err =
        engine_idem_find(q->a->cfg.engine, &q->call.party, q->call.fcid, q->call.digest, &idem);

    if (err == ERR_NOT_FOUND)
        return false;
    if (err) {
        dp_request_refuse(q, DP_ST_BUSY, "the record of this call cannot be read now");
        return true;
    }
    if (!idem.same_digest) {
        q->a->count.reused++;
        dp_request_refuse(q, DP_ST_CALL_REUSED, NULL);
        return true;
    }
    q->a->count.repeated++;
    v = verdict_now(q, &idem.op, &order);
    if (idem.answered && wire_message_decode(idem.answer, dp_request_memory(q), &m, NULL)) {
        dp_request_refuse(q, DP_ST_BUSY, "the stored answer cannot be read now");
        return true;
    }
    reply(q, idem.answered ? ENV_RESPONSE : q->info->synchronous ? ENV_NONE : ENV_ACCEPTED, m,
          order ? &idem.op : NULL, v);
    return true;
}

static void get_eis(struct request *q)
{
    struct dp_read r = {q->call.conn, q->call.message_id, q->call.party, q->call.context_id,
                        q->msg.body};
    int err;

    if (!dp_env_smsr(q->a->cfg.env, &r.request->smsr_id)) {
        dp_request_refuse(q, DP_ST_SMSR_UNKNOWN, NULL);
        return;
    }
    err = q->a->cfg.read_eis(q->a->cfg.ctx, &r);
    if (err)
        dp_request_refuse(q, DP_ST_BUSY, err == ERR_FULL ? "too many reads wait for their SM-SR" : NULL);
}

static void order(struct request *q)
{
    struct input in = {.kind = IN_CALL, .u.call = q->call};
    struct uuid id;
    int err;

    if (dp_request_repeated(q))
        return;
    uuid_v7(&id, clock_wall_ms(q->a->cfg.clock), q->a->cfg.rng);
    order_mbox(&id, &in.to);
    err = engine_post(q->a->cfg.engine, &in);
    if (err)
        dp_request_refuse(q, err == ERR_STATE ? DP_ST_REQUEST_INVALID : DP_ST_BUSY,
                          "the call could not be taken; nothing was done");
}

static void dispatch(struct request *q)
{
    bool es2 = (q->info->iface == IF_ES2 || q->info->function == FN_REPLACE_PROFILE) &&
               q->call.role == ROLE_OPERATOR;

    if (!q->call.fcid.n) {
        dp_request_refuse(q, DP_ST_REQUEST_INVALID, "FunctionCallIdentifier is missing");
        return;
    }
    if (es2 && message_request(&q->msg)->has_validity_period && !message_request(&q->msg)->validity_period_s) {
        dp_request_refuse(q, DP_ST_REQUEST_INVALID, "ValidityPeriod is 0: no time to do anything");
        return;
    }
    if (q->info->iface == IF_ADMIN && dp_request_admin(q))
        return;
    if (!es2) {
        q->a->count.denied++;
        dp_request_refuse(q, DP_ST_NOT_ALLOWED, NULL);
    } else if (q->info->function == FN_GET_EIS) {
        get_eis(q);
    } else {
        order(q);
    }
}

/* Our own copy of a file with keys; rpc wipes the envelope. Whoever needs it has taken its copy. */
static void forget(struct message *m)
{
    struct span s = {NULL, 0};

    if (m->type == MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST)
        s = ((const struct admin_subscriptions_import_request *)m->body)->csv;
    else if (m->type == MSG_ADMIN_TEMPLATE_ADD_REQUEST)
        s = ((const struct admin_template_add_request *)m->body)->data;
    if (s.n)
        mem_wipe((void *)(uintptr_t)s.p, s.n);
}

void dp_api_request(struct dp_api *a, struct rpc *r, const struct envelope *e)
{
    const struct rpc_party *peer = rpc_peer(r);
    struct request q = {.a = a, .info = msg_type_info(e->message.type)};
    int err = ERR_OK;

    q.party = dp_env_party(a->cfg.env, &peer->oid);
    q.scope.all = peer->role == ROLE_ADMIN || peer->role == ROLE_AUDITOR;
    q.scope.mno = peer->oid;
    q.call.party = peer->oid;
    q.call.role = peer->role;
    q.call.conn = rpc_id(r);
    q.call.message_id = e->message_id;
    if (callers_stopped(a->callers) || !q.party || engine_failed(a->cfg.engine))
        send_error(a, r, e, "this SM-DP takes no requests now");
    else if (!q.info || q.info->kind != MSG_KIND_REQUEST ||
             (q.info->iface != IF_ES2 && q.info->iface != IF_ADMIN))
        send_error(a, r, e, "the message is no request that an SM-DP answers");
    else if ((err = copy_request(&q, e)) == ERR_NOMEM)
        callers_hang_up(a->callers, q.call.conn, ERR_NOMEM);
    else if (err)
        send_error(a, r, e, "the request cannot be read");
    else
        dispatch(&q);
    if (q.msg.body)
        forget(&q.msg);
}

/* --- the end of a read --- */
static void read_end(struct dp_api *a, uint64_t conn, uint64_t message_id,
                     struct es2_get_eis_response *body)
{
    struct dp_out_reply o = {.conn = conn,
                             .message_id = message_id,
                             .kind = ENV_RESPONSE,
                             .verdict = VERDICT_NONE,
                             .message = {MSG_ES2_GET_EIS_RESPONSE, body}};

    /* It shows another party's state, which was durable there before it was said. */
    dp_api_reply(a, &o);
}

void dp_api_eis(struct dp_api *a, uint64_t conn, uint64_t message_id,
                const struct es3_get_eis_response *rsp)
{
    struct es2_get_eis_response body = {.base = rsp->base};

    if (rsp->eis)
        body.eis = dp_operator_view(engine_arena(a->cfg.engine), rsp->eis);
    if (body.eis || !rsp->eis)
        read_end(a, conn, message_id, &body);
}

void dp_api_no_eis(struct dp_api *a, uint64_t conn, uint64_t message_id, const char *why)
{
    int64_t now = clock_wall_ms(a->cfg.clock);
    struct es2_get_eis_response body = {
        .base = {.processing_start_ms = now,
                 .processing_end_ms = now,
                 .answer = status_answer_saying(DP_ST_SMSR_INACCESSIBLE, why)}};

    read_end(a, conn, message_id, &body);
}
