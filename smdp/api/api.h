/* SPDX-License-Identifier: Apache-2.0 */
/* What parties may ask of the SM-DP (SGP.02 5.3 ES2; admin is ours), over any rpc: who it is comes
 * from the certificate alone, then role, idempotency, scope. Every answer is an output of the
 * engine, so nothing is said before it is durable. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/engine/engine.h"
#include "common/msg/admin.h"
#include "common/net/rpc.h"
#include "smdp/domain/env.h"
#include "smdp/domain/out.h"
#include "smdp/store/store.h"

struct es2_get_eis_request;

/* A read that waits for an SM-SR. */
struct dp_read {
    uint64_t conn, message_id;
    struct oid party;
    struct span context_id;
    const struct es2_get_eis_request *request;
};
struct dp_api_config {
    struct engine *engine;
    struct dp_store *store;
    struct crypto *crypto;
    struct keystore *keystore;
    const struct clock *clock;
    struct rng *rng;
    const struct dp_env *env;
    const char *version;
    /* Asks the SM-SR; its answer comes by dp_api_eis or dp_api_no_eis. ERR_FULL: too many wait. */
    int (*read_eis)(void *ctx, const struct dp_read *q);
    /* Further counters of the status, at most max; may be NULL. */
    unsigned (*counters)(void *ctx, struct admin_counter *ret, unsigned max);
    uint64_t (*rss)(void *ctx); /* resident octets; may be NULL */
    void *ctx;
};

struct dp_api;
struct dp_api *dp_api_new(const struct dp_api_config *cfg); /* NULL: out of memory; cfg is copied */
void dp_api_free(struct dp_api *a);
/* For every rpc_server of the daemon. */
struct rpc_handler dp_api_handler(struct dp_api *a);
/* Nobody is admitted any more and requests are refused (a stop is under way). */
void dp_api_stop(struct dp_api *a);

/* Every plan passes here before the engine executes it: answers become octets of their record.
 * ERR_NOMEM, ERR_INVAL. */
MUST_CHECK int dp_api_finish_plan(struct dp_api *a, struct plan *p);
void dp_api_reply(struct dp_api *a, const struct dp_out_reply *o); /* DP_OUT_REPLY is durable */
/* DP_OUT_ANSWER is durable: the connection that made the call hears it without a number, unless it
 * is the party's subscriber, who hears it with one. */
void dp_api_answer(struct dp_api *a, const struct dp_out_answer *o);
void dp_api_deliver(struct dp_api *a, uint64_t conn, const struct event *ev, unsigned index);

/* The end of a read: the SM-SR's answer cut to what an operator sees, or none in time. */
struct es3_get_eis_response;
void dp_api_eis(struct dp_api *a, uint64_t conn, uint64_t message_id,
                const struct es3_get_eis_response *rsp);
void dp_api_no_eis(struct dp_api *a, uint64_t conn, uint64_t message_id, const char *why);

struct dp_api_counters {
    uint64_t denied, malformed, repeated, reused, imported;
};
