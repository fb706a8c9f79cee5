/* SPDX-License-Identifier: Apache-2.0 */
/* What parties may ask of the SM-SR (SGP.02 5.2 ES1, 5.4 ES3, 5.5 ES4; admin is ours), over any
 * rpc: who it is comes from the certificate alone, then role, idempotency, relation. Every answer
 * is an output of the engine, so nothing is said before it is durable. */
#pragma once

#include "common/daemon/log_view.h"
#include "common/engine/engine.h"
#include "common/msg/admin.h"
#include "common/net/rpc.h"
#include "smsr/domain/env.h"
#include "smsr/domain/out.h"
#include "smsr/store/store.h"

struct pki;
struct keystore;

struct transport_key { /* wraps the keys of an EIS between EUM and SM-SR (SGP.02 2.8) */
    char id[65];
    struct key *key;
};
struct api_config {
    struct engine *engine;
    struct store *store;
    struct crypto *crypto;
    struct pki *pki;                       /* CI roots */
    struct keystore *keystore;
    const struct clock *clock;
    struct rng *rng;
    const struct env *env;
    const struct transport_key *transport;
    unsigned n_transport;
    const char *version;
    void (*counters)(void *ctx, struct counter_list *l);   /* further ones of the status; may be NULL */
    /* Numbers of no card that were heard, the last first, at most max; how many are known of in all, and made
     * room for others. May be NULL. */
    unsigned (*strangers)(void *ctx, struct admin_stranger_row *ret, unsigned max, uint64_t *ret_known,
                          uint64_t *ret_forgotten);
    /* What an operation waits for that has not begun, in a; empty: for nothing. May be NULL. */
    struct span (*waiting)(void *ctx, const struct eid *eid, const struct uuid *op, struct arena *a);
    uint64_t (*rss)(void *ctx);            /* resident octets; may be NULL */
    void *ctx;
};

struct api;
struct api *api_new(const struct api_config *cfg);       /* NULL: out of memory; cfg is copied */
void api_free(struct api *a);
/* For every rpc_server of the daemon. */
struct rpc_handler api_handler(struct api *a);
/* Nobody is admitted any more and requests are refused (a stop is under way). */
void api_stop(struct api *a);

/* Every plan of a decider passes here before the engine executes it: answers become octets of their
 * record, and the connection that made a call hears its conclusion, too. ERR_NOMEM, ERR_INVAL. */
MUST_CHECK int api_finish_plan(struct api *a, struct plan *p);
void api_reply(struct api *a, const struct out_reply *o); /* OUT_REPLY is durable */
void api_deliver(struct api *a, uint64_t conn, const struct event *ev, unsigned index);

/* For deciders: the number stands on a profile of another owner than mno. */
bool api_number_taken(struct api *a, const struct msisdn *number, const struct oid *mno);
/* For deciders: this owner's profile stands on another card than here, of a realm that admits it. */
bool api_iccid_elsewhere(struct api *a, const struct iccid *iccid, const struct oid *mno,
                         const struct eid *here);

struct api_counters {
    uint64_t denied, malformed, repeated, reused, no_room;
};
