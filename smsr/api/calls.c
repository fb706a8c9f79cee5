/* SPDX-License-Identifier: Apache-2.0 */
/* A REQUEST from its envelope to the mailbox of its card (design 5 steps 2 and 3): party, role,
 * format, idempotency; what it means is the deciders' business. */
#include "smsr/api/api_int.h"

#include "common/msg/admin.h"
#include "common/msg/es1.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"

#include <stdio.h>

void *api_response(struct request *q, struct message *ret)
{
    enum msg_type t = msg_type_response(q->msg.type);
    const struct msg_info *info = msg_type_info(t);
    struct base_response *body =
        info ? arena_alloc(engine_arena(q->a->cfg.engine), info->size) : NULL;
    int64_t now = clock_wall_ms(q->a->cfg.clock);

    if (!body)
        return NULL;
    body->processing_start_ms = body->processing_end_ms = now;
    body->answer.status = EXEC_SUCCESS;
    *ret = (struct message){t, body};
    return body;
}

struct message api_refusal(struct request *q, enum status_code st, struct span detail)
{
    struct message m = {MSG_NONE, NULL};
    struct base_response *body = api_response(q, &m);

    if (!body)
        return m;
    body->answer = status_answer(st);
    if (detail.n)
        body->answer.message =
            span_str(arena_str(engine_arena(q->a->cfg.engine), detail));
    return m;
}

static void plan_reply(struct request *q, struct plan *p, enum envelope_kind kind, struct message m,
                       const struct outcome *x)
{
    struct out_reply o = {.conn = q->call.conn, .message_id = q->call.message_id, .kind = kind,
                          .operation = x->op, .verdict = x->verdict,
                          .concluded_ms = x->concluded_ms, .context_id = q->call.context_id, .mno_id = q->call.mno_id,
                          .message = m};

    plan_out(p, OUT_REPLY, &o, sizeof o);
}

static void reply(struct request *q, enum envelope_kind kind, struct message m,
                  const struct outcome *x)
{
    struct mbox house = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(q->a->cfg.engine);
    int err;

    if (!p || (kind == ENV_RESPONSE && !m.body)) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    plan_reply(q, p, kind, m, x);
    err = api_finish_plan(q->a, p);
    if (!err)
        err = engine_plan_end(q->a->cfg.engine, p, &house);
    if (err)
        callers_hang_up(q->a->callers, q->call.conn, err);
}

void api_respond(struct request *q, struct message m, const struct outcome *x)
{
    reply(q, ENV_RESPONSE, m, x);
}

void api_refuse(struct request *q, enum status_code st, struct span detail)
{
    struct message m = api_refusal(q, st, detail);
    reply(q, ENV_RESPONSE, m, &(struct outcome){.verdict = VERDICT_FAILED});
}

static void send_error(struct api *a, struct rpc *r, const struct envelope *e, const char *text)
{
    struct out_reply o = {.conn = rpc_id(r), .message_id = e->message_id, .kind = ENV_ERROR,
                          .error_text = span_str(text)};

    a->count.malformed++;
    api_reply(a, &o); /* a refusal of malformed input depends on nothing (design law 1) */
}

/* The envelope's memory ends with the callback; what plans point to must last until their outputs
 * left. */
static int copy_request(struct request *q, const struct envelope *e, struct buf *octets)
{
    struct arena *arena = engine_arena(q->a->cfg.engine);
    int err = wire_message_canonical(&e->message, octets);

    if (!err)
        err = wire_message_decode(buf_span(octets), arena, &q->msg, NULL);
    if (err)
        return err;
    q->call.msg = &q->msg;
    q->base = message_request(&q->msg);
    if (!q->base)
        return ERR_FORMAT;
    q->call.fcid = q->base->function_call_identifier;
    if (e->context_id.n) {
        q->call.context_id.p = arena_dup(arena, e->context_id.p, e->context_id.n);
        q->call.context_id.n = q->call.context_id.p ? e->context_id.n : 0;
    }
    q->call.mno_id = e->mno_id;
    return ERR_OK;
}

/* The Mno-id of ES3 stands in the envelope and belongs to what is asked: it is part of the
 * digest. */
static void digest(struct request *q, struct span octets)
{
    struct span parts[2] = {octets, span_str(q->call.mno_id.s)};
    sha256(q->a->cfg.crypto, parts, 2, q->call.digest);
}

static struct eid eid_of(const struct message *m)
{
    switch (m->type) {
#define EID_OF(TYPE, st)                                                                           \
    case TYPE:                                                                                     \
        return ((const struct st *)m->body)->eid
        EID_OF(MSG_ES3_CREATE_ISDP_REQUEST, es3_create_isdp_request);
        EID_OF(MSG_ES3_SEND_DATA_REQUEST, es3_send_data_request);
        EID_OF(MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, es3_profile_download_completed_request);
        EID_OF(MSG_ES3_ENABLE_PROFILE_REQUEST, es3_enable_profile_request);
        EID_OF(MSG_ES3_DISABLE_PROFILE_REQUEST, es3_disable_profile_request);
        EID_OF(MSG_ES3_DELETE_ISDP_REQUEST, es3_delete_isdp_request);
        EID_OF(MSG_ES3_AUDIT_EIS_REQUEST, es3_audit_eis_request);
        EID_OF(MSG_ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST, es3_set_fall_back_attribute_request);
        EID_OF(MSG_ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST,
               es3_set_emergency_profile_attribute_request);
        EID_OF(MSG_ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST, es4_set_fall_back_attribute_request);
        EID_OF(MSG_ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST,
               es4_set_emergency_profile_attribute_request);
        EID_OF(MSG_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST,
               es3_update_subscription_address_request);
        EID_OF(MSG_ES3_UPDATE_POLICY_RULES_REQUEST, es3_update_policy_rules_request);
        EID_OF(MSG_ES4_AUDIT_EIS_REQUEST, es4_audit_eis_request);
        EID_OF(MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST,
               es4_update_subscription_address_request);
        EID_OF(MSG_ES4_UPDATE_POLICY_RULES_REQUEST, es4_update_policy_rules_request);
        EID_OF(MSG_ES4_ENABLE_PROFILE_REQUEST, es4_enable_profile_request);
        EID_OF(MSG_ES4_DISABLE_PROFILE_REQUEST, es4_disable_profile_request);
        EID_OF(MSG_ES4_DELETE_PROFILE_REQUEST, es4_delete_profile_request);
        EID_OF(MSG_ADMIN_KEYS_ROTATE_REQUEST, admin_keys_rotate_request);
#undef EID_OF
    default:
        return (struct eid){{0}};
    }
}

/* true: the call was made before and is answered here. */
static bool repeated(struct request *q)
{
    struct api *a = q->a;
    struct engine_idem idem;
    struct message m;
    struct outcome x = {.verdict = VERDICT_NONE};
    int err = engine_idem_find(a->cfg.engine, &q->call.party, q->call.fcid, q->call.digest, &idem);

    if (err == ERR_NOT_FOUND)
        return false;
    if (!err && !idem.same_digest) {
        a->count.reused++;
        api_refuse(q, ST_CALL_REUSED, (struct span){NULL, 0});
        return true;
    }
    a->count.repeated++;
    x.op = idem.op;
    if (!err && !uuid_is_zero(&idem.op) &&
        store_verdict(a->cfg.store, &idem.op, &x.verdict, &x.concluded_ms))
        x = (struct outcome){.op = idem.op};
    if (!err && idem.answered)
        err = wire_message_decode(idem.answer, engine_arena(a->cfg.engine), &m, NULL);
    if (err) {
        api_refuse(q, ST_STORAGE, span_str("the stored answer cannot be read now"));
        return true;
    }
    if (!idem.answered) {
        reply(q, ENV_ACCEPTED, (struct message){MSG_NONE, NULL}, &x);
        return true;
    }
    if (uuid_is_zero(&idem.op)) {
        const struct base_response *b = message_response(&m);
        x.verdict = b && b->answer.status == EXEC_SUCCESS ? VERDICT_SUCCESS : VERDICT_FAILED;
    }
    api_respond(q, m, &x);
    return true;
}

static bool well_formed(struct request *q)
{
    if (!q->call.fcid.n) {
        api_refuse(q, ST_FORMAT, span_str("FunctionCallIdentifier is missing"));
        return false;
    }
    if (q->base->has_validity_period && !q->base->validity_period_s &&
        (q->info->function == FN_GET_EIS || q->info->iface == IF_ES1)) { /* of all others it is a record */
        api_refuse(q, ST_VALIDITY_ZERO, (struct span){NULL, 0});
        return false;
    }
    if (q->info->iface == IF_ES3 && !q->call.mno_id.s[0]) {
        api_refuse(q, ST_FORMAT, span_str("Mno-id is missing in the envelope"));
        return false;
    }
    return true;
}

static void call_card(struct request *q)
{
    struct input in = {.kind = IN_CALL, .to = {.kind = MBOX_EUICC}, .u.call = q->call};
    struct eid eid = eid_of(&q->msg);
    int err;

    if (eid_is_zero(&eid)) {
        api_refuse(q, ST_FORMAT, span_str("Eid is missing"));
        return;
    }
    memcpy(in.to.id, eid.b, sizeof eid.b);
    err = engine_post(q->a->cfg.engine, &in);
    if (err)
        api_refuse(q, ST_STORAGE, span_str("the call could not be taken; nothing was done"));
}

/* The table of roles is public; what the caller is, it knows from its certificate. */
static void denied(struct request *q, uint32_t roles)
{
    char text[240];
    int n = snprintf(text, sizeof text, "this role may not call this function; %s",
                     roles ? "it is for:" : "no role may call it here");

    for (unsigned i = 0; i < 32 && n > 0 && (size_t)n < sizeof text; i++)
        if (roles & (1u << i)) {
            n += snprintf(text + n, sizeof text - (size_t)n, "%s %s",
                          roles & ((1u << i) - 1u) ? "," : "", role_text((enum party_role)i));
        }
    q->a->count.denied++;
    api_refuse(q, ST_FUNCTION_DENIED, span_str(text));
}

struct event *api_call_record(struct request *q, struct plan *p, enum event_type type,
                              const struct eid *eid)
{
    struct event *ev = plan_record(p, type);

    ev->eid = *eid;
    ev->function = q->info->function;
    ev->iface = q->info->iface;
    ev->party = q->call.party;
    ev->role = q->call.role;
    ev->fcid = q->call.fcid;
    ev->correlation_id = q->call.context_id;
    ev->has_digest = true;
    memcpy(ev->digest, q->call.digest, sizeof ev->digest);
    ev->completed_at_ms = p->now_ms;
    return ev;
}

void api_call_end(struct request *q, struct plan *p, struct event *ev, struct message m, enum verdict v)
{
    struct mbox key = {.kind = eid_is_zero(&ev->eid) ? MBOX_HOUSE : MBOX_EUICC};
    struct outcome x = {.op = ev->op, .verdict = v};
    int err;

    memcpy(key.id, ev->eid.b, sizeof ev->eid.b);
    ev->answer_msg = arena_dup(p->arena, &m, sizeof m);
    plan_reply(q, p, ENV_RESPONSE, m, &x);
    err = api_finish_plan(q->a, p);
    if (!err)
        err = engine_plan_end(q->a->cfg.engine, p, &key);
    if (err)
        api_refuse(q, ST_STORAGE, span_str("it could not be stored; nothing was done"));
}

/* false: one that changes something: it goes the way of every call. */
static bool admin_dispatched(struct request *q)
{
    bool changes = false;

    if (!api_admin_may(q, &changes)) {
        denied(q, api_admin_roles(q->msg.type));
        return true;
    }
    if (changes)
        return false;
    api_admin(q);
    return true;
}

static void dispatch(struct request *q, struct span octets)
{
    struct api *a = q->a;
    bool admin = q->info->iface == IF_ADMIN && q->info->function == FN_NONE;

    if (admin && admin_dispatched(q))
        return;
    if (!admin && !authz_function(q->party, q->call.role, q->info->iface, q->info->function)) {
        denied(q, authz_roles(q->info->iface, q->info->function));
        return;
    }
    if (!well_formed(q))
        return;
    if (q->info->function == FN_GET_EIS) {
        api_get_eis(q);
        return;
    }
    digest(q, octets);
    if (repeated(q))
        return;
    if (!engine_has_room(a->cfg.engine)) { /* law 11: space is checked before admission */
        a->count.no_room++;
        api_refuse(q, ST_STORAGE, (struct span){NULL, 0});
        return;
    }
    if (admin)
        api_admin(q);
    else if (q->info->function == FN_REGISTER_EIS)
        api_register_eis(q);
    else
        call_card(q);
}

void api_request(struct api *a, struct rpc *r, const struct envelope *e)
{
    const struct rpc_party *peer = rpc_peer(r);
    struct request q = {.a = a, .info = msg_type_info(e->message.type)};
    struct buf octets;
    int err;

    q.party = env_party(a->cfg.env, &peer->oid);
    q.scope = (struct scope){a->cfg.env, q.party, peer->role};
    q.call.party = peer->oid;
    q.call.role = peer->role;
    q.call.conn = rpc_id(r);
    q.call.message_id = e->message_id;
    if (callers_stopped(a->callers) || !q.party || engine_failed(a->cfg.engine)) {
        send_error(a, r, e, "this SM-SR takes no requests now");
        return;
    }
    if (!q.info || q.info->kind != MSG_KIND_REQUEST || q.info->iface == IF_ES2) {
        send_error(a, r, e, "the message is no request that an SM-SR answers");
        return;
    }
    buf_init(&octets, WIRE_FRAME_MAX);
    err = copy_request(&q, e, &octets);
    if (err == ERR_NOMEM)
        callers_hang_up(a->callers, q.call.conn, ERR_NOMEM);
    else if (err)
        send_error(a, r, e, "the request cannot be read");
    else
        dispatch(&q, buf_span(&octets));
    buf_wipe(&octets); /* an EIS holds wrapped keys, a SendData a ciphered profile */
    buf_fini(&octets);
}
