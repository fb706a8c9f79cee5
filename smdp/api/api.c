/* SPDX-License-Identifier: Apache-2.0 */
/* What leaves on the connections of parties (design 3.3), and what a plan needs for it. */
#include "smdp/api/api_int.h"

#include <stdlib.h>

static bool admits(void *ctx, const struct rpc_party *peer)
{
    const struct dp_api *a = ctx;

    return dp_env_has_role(dp_env_party(a->cfg.env, &peer->oid), peer->role);
}

static void on_request(void *ctx, struct rpc *r, const struct envelope *e)
{
    dp_api_request(ctx, r, e);
}

static void on_gone(void *ctx, uint64_t conn)
{
    dp_upload_drop(ctx, conn);
}

struct dp_api *dp_api_new(const struct dp_api_config *cfg)
{
    struct dp_api *a = calloc(1, sizeof *a);
    struct callers_port port = {.engine = cfg->engine, .what = "SM-DP", .admits = admits,
                                .request = on_request, .gone = on_gone, .ctx = a};

    if (!a)
        return NULL;
    a->cfg = *cfg;
    a->callers = callers_new(&port);
    a->uploads = map_new(0);
    if (a->callers && a->uploads)
        return a;
    dp_api_free(a);
    return NULL;
}

void dp_api_free(struct dp_api *a)
{
    void *cursor = NULL, *value;

    if (!a)
        return;
    while (a->uploads && map_next(a->uploads, &cursor, NULL, &value))
        dp_upload_free(value);
    map_free(a->uploads);
    callers_free(a->callers);
    free(a);
}

void dp_api_stop(struct dp_api *a)
{
    callers_stop(a->callers);
}

struct rpc_handler dp_api_handler(struct dp_api *a)
{
    return callers_handler(a->callers);
}

void dp_api_reply(struct dp_api *a, const struct dp_out_reply *o)
{
    struct envelope e = {.kind = o->kind,
                         .relates_to = o->message_id,
                         .context_id = o->context_id,
                         .operation = o->operation,
                         .verdict = o->verdict,
                         .error_text = o->error_text,
                         .message = o->message};

    if (o->kind != ENV_NONE)
        callers_send(a->callers, o->conn, &e);
}

void dp_api_answer(struct dp_api *a, const struct dp_out_answer *o)
{
    struct envelope e = {.kind = ENV_RESPONSE,
                         .context_id = o->context_id,
                         .operation = o->order,
                         .verdict = o->verdict,
                         .message = o->message};
    struct waiting_call call;

    if (!callers_recall(a->callers, &o->order, !msg_type_info(o->message.type)->synchronous, &call))
        return;
    e.relates_to = call.message_id;
    callers_send(a->callers, call.conn, &e);
}

void dp_api_deliver(struct dp_api *a, uint64_t conn, const struct event *ev, unsigned index)
{
    callers_deliver(a->callers, conn, ev, index);
}

int dp_api_finish_plan(struct dp_api *a, struct plan *p)
{
    for (unsigned i = 0; i < p->n_outs; i++) {
        const struct dp_out_reply *o = p->outs[i].body;
        const struct rpc_party *peer;
        if (p->outs[i].kind != DP_OUT_REPLY || (o->kind != ENV_ACCEPTED && o->kind != ENV_NONE))
            continue;
        peer = callers_peer(a->callers, o->conn);
        if (peer) {
            const struct waiting_call call = {o->operation, peer->oid, o->conn, o->message_id};
            callers_remember(a->callers, &call);
        }
    }
    return callers_encode_answers(p);
}
