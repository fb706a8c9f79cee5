/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP without its sockets: engine, store, deciders, key jobs and api behind ports (design law
 * 6). The daemon gives it TLS, the simulator memory. One thread; inputs are any number of calls,
 * then smdp_core_turn. */
#pragma once

#include "common/crypto/keystore.h"
#include "common/crypto/pki.h"
#include "common/db/space.h"
#include "common/engine/engine.h"
#include "common/msg/message.h"
#include "common/net/rpc.h"
#include "smdp/domain/env.h"

/* The way to the SM-SRs. */
struct smsr_link {
    /* Sends a request; fills its message_id. ERR_CLOSED, ERR_STATE: no connection now; ERR_FULL:
     * the window is full. After either the core comes back when the link says it is up or has
     * answered something. */
    int (*call)(void *ctx, const struct oid *smsr, struct envelope *e);
    /* Everything up to number from that SM-SR is durable here. */
    void (*ack)(void *ctx, const struct oid *smsr, uint64_t number);
    void *ctx;
};

/* A certificate of this SM-DP (7F21) and its private key; one per curve. */
struct smdp_identity {
    struct span cert;
    struct key *key;
    enum curve curve;
};

struct smdp_core_config {
    struct dp_env *env; /* its parties get their stream numbers here */
    const char *journal_path, *state_path;
    const char *vfs; /* NULL: the system's */
    struct crypto *crypto;
    struct keystore *keystore;
    struct pki *pki; /* CI roots */
    const struct smdp_identity *identities;
    unsigned n_identities;
    const struct clock *clock;
    struct rng *rng;
    struct smsr_link link;
    const struct space *space; /* NULL: always room */
    uint64_t min_free_bytes;
    size_t overlay_max, flush_dirty; /* 0: the engine's defaults */
    const char *version;
    struct engine_witness witness; /* for a simulated world */
    /* How long the keystore takes for the next job, ms; 0 or NULL: it ends in this turn. */
    int64_t (*key_ms)(void *ctx);
    /* A timer or restart of this order could not be decided (engine.h, trouble): for a log; may be
     * NULL. */
    void (*on_trouble)(void *ctx, const struct uuid *order, int err);
    uint64_t (*rss)(void *ctx); /* may be NULL */
    void *ctx; /* of the last three */
};

struct smdp_core;
/* Opens both files, replays, gives new tenants their numbers and takes up what was running. why is
 * one sentence for a person. */
MUST_CHECK int smdp_core_new(const struct smdp_core_config *cfg, struct smdp_core **ret,
                             struct errmsg *why);
/* Writes behind when it can. */
void smdp_core_free(struct smdp_core *c);

/* For every rpc_server of a party. */
struct rpc_handler smdp_core_handler(struct smdp_core *c);
void smdp_core_stop(struct smdp_core *c); /* nothing new is admitted */

/* --- from the link --- */
/* What HELLO claims to hold of that SM-SR's deliveries. */
uint64_t smdp_core_last_delivery(struct smdp_core *c, const struct oid *smsr);
/* Connected: every call without an answer goes out again, the same bytes under the same identifier.
 */
void smdp_core_link_up(struct smdp_core *c, const struct oid *smsr);
void smdp_core_link_down(struct smdp_core *c, const struct oid *smsr);
/* ACCEPTED, RESPONSE, NOTICE or ERROR; e lives until the call returns. */
void smdp_core_peer(struct smdp_core *c, const struct oid *smsr, const struct envelope *e);

/* --- time --- */
/* When the next turn is needed without an input; monotonic ms, -1: never. */
int64_t smdp_core_due(struct smdp_core *c);
/* Runs what is due, commits once, lets out what depends on it. After an error the process must stop:
 * smdp_core_why has the sentence. */
MUST_CHECK int smdp_core_turn(struct smdp_core *c);
/* Nothing came for a while: writes behind and empties the logs. An error is the end as well. */
MUST_CHECK int smdp_core_idle(struct smdp_core *c);
bool smdp_core_failed(const struct smdp_core *c);
const char *smdp_core_why(const struct smdp_core *c);

struct engine *smdp_core_engine(struct smdp_core *c); /* tests and the simulator */
struct dp_store *smdp_core_store(struct smdp_core *c);
