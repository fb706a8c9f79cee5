/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR without its sockets: engine, store, procedures, channel and api joined over ports
 * (design law 6). The daemon gives it a loop, TLS and CoAP; a simulated world gives it memory and a
 * virtual clock. One thread, no loop of its own. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/crypto/pki.h"
#include "common/engine/engine.h"
#include "common/net/rpc.h"
#include "smsr/api/api.h"
#include "smsr/channel/channel.h"
#include "smsr/conf.h"

struct smsr_core_options {
    struct conf *conf;             /* tenants get their numbers here; lives as long as the core */
    const char *journal_path, *state_path;
    const char *vfs;               /* NULL: the operating system */
    const struct space *space;     /* where room is looked for; NULL: there is always room */
    struct crypto *crypto;
    struct keystore *keystore;
    struct pki *pki;
    const struct transport_key *transport;
    unsigned n_transport;
    const struct clock *clock;
    struct rng *rng;               /* ids and salts */
    const struct carrier *carrier;
    const char *version;
    struct engine_witness witness; /* for a simulated world */
    /* Told of each record decided here, before it is durable: for a log; NULL: nobody. */
    void (*on_record)(void *ctx, const struct event *ev);
    /* A timer or restart of this card could not be decided (engine.h, trouble): for a log; op is
     * what runs on it or empty; NULL: nobody. */
    void (*on_trouble)(void *ctx, const struct eid *eid, const struct uuid *op, int err);
    uint64_t (*rss)(void *ctx);    /* resident octets for the status; NULL: 0 */
    void (*counters)(void *ctx, struct counter_list *l);   /* of the carriers, for the status; NULL: none */
    void *ctx;
};
struct smsr_core;
/* Opens or rebuilds the state, numbers the tenants, posts IN_RESTART to what was running; what that
 * lets out leaves with the first turn. why says what is wrong and how to cure it. */
MUST_CHECK int smsr_core_new(const struct smsr_core_options *o, struct smsr_core **ret,
                             struct errmsg *why);
void smsr_core_free(struct smsr_core *c);          /* writes behind when it can */

struct rpc_handler smsr_core_handler(struct smsr_core *c);       /* for rpc_server */
struct channel *smsr_core_channel(struct smsr_core *c);          /* for the carrier's upcalls */
struct engine *smsr_core_engine(struct smsr_core *c);

/* Runs what is due (channel, mailboxes), commits once, lets out what depends on it. After an error
 * the process must stop: smsr_core_why has the sentence. */
MUST_CHECK int smsr_core_turn(struct smsr_core *c);
/* When the next turn is needed without an input; monotonic ms, -1: never. */
int64_t smsr_core_due(struct smsr_core *c);
/* Nothing came for a while: writes behind and empties the logs. false: there was nothing to do. */
bool smsr_core_idle(struct smsr_core *c);
void smsr_core_stop(struct smsr_core *c); /* new connections and requests are refused from now on */
const char *smsr_core_why(const struct smsr_core *c);
