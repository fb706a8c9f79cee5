/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the core. */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/daemon/peer_calls.h"
#include "common/engine/engine.h"
#include "smdp/api/api.h"
#include "smdp/core.h"
#include "smdp/es8/es8.h"
#include "smdp/proc/procs.h"

#define READS_MAX      1024u /* reads that wait for an SM-SR */
#define TEMPLATES_HELD 8u    /* packages kept in memory; they are not personal */

/* What an order has in memory only: the loading session, and between receipt and load its keys. */
struct bench {
    struct scp03_keys keys;
    bool has_keys;
    struct es8_load *load;
    struct uuid order;
    struct list wait;              /* of the core's waiting, while waits */
    bool waits;                    /* for one of the places of loads_max */
};
/* An ES3-GetEIS that somebody waits for. */
struct read {
    struct list item;              /* oldest first */
    struct uuid id;
    uint64_t conn, request;        /* who waits */
    int64_t deadline;
};
struct template_held {
    char profile_type[101];
    struct buf package;
    uint64_t used;
};
struct dp_core_counters {
    uint64_t notices, notices_unknown, jobs, job_errors, loads;
};

struct smdp_core {
    struct smdp_core_config cfg;
    struct engine *engine;
    struct dp_store *store;
    struct dp_api *api;
    struct peer_calls *calls;      /* one at a time of each order, and the reads */
    struct map *reads_by_id;
    struct list reads;
    size_t n_reads;
    struct map *benches; /* order id -> struct bench */
    size_t n_loads;
    struct list key_waits;         /* key_queue.c */
    struct list waiting;           /* benches without a place, first come first served */
    struct template_held templates[TEMPLATES_HELD];
    uint64_t clock_of_templates;
    struct dp_core_counters count;
};

/* core_engine.c: what the engine asks of the SM-DP. */
struct engine_app dp_core_app(struct smdp_core *c);

/* links.c */
MUST_CHECK int dp_core_links_init(struct smdp_core *c);
void dp_core_links_fini(struct smdp_core *c);
void dp_core_call(struct smdp_core *c, const struct dp_out_call *o);
void dp_core_repeat(struct smdp_core *c, const struct dp_out_repeat *o);
void dp_core_forget_call(struct smdp_core *c, const struct uuid *order);
MUST_CHECK int dp_core_read(void *ctx, const struct dp_read *q);
int64_t dp_core_reads_due(const struct smdp_core *c);
void dp_core_reads_expire(struct smdp_core *c);

/* news.c: the answer to the call of an order; what an SM-SR tells without being asked. */
void dp_core_answered(struct smdp_core *c, const struct oid *smsr, const struct uuid *order,
                      const struct envelope *e);
void dp_core_notice(struct smdp_core *c, const struct oid *smsr, const struct envelope *e);

/* key_queue.c: results of a slow keystore. */
bool dp_core_key_waits(const struct smdp_core *c, const struct order *o);
MUST_CHECK int dp_core_key_later(struct smdp_core *c, const struct order *o,
                                 const struct input *in, int64_t ms);
void dp_core_keys_run(struct smdp_core *c);
int64_t dp_core_keys_due(const struct smdp_core *c); /* monotonic; INT64_MAX: never */
void dp_core_keys_fini(struct smdp_core *c);

/* jobs.c: runs a job and posts its result into the mailbox of the order. */
MUST_CHECK int dp_core_job(struct smdp_core *c, const struct order *o,
                           const struct dp_out_job *job);
void dp_core_bench_drop(struct smdp_core *c, const struct uuid *order);
void dp_core_jobs_fini(struct smdp_core *c);
const struct smdp_identity *dp_core_identity(const struct smdp_core *c, enum curve curve);

/* package.c: the personalised package of an order, in memory only; the caller wipes it. On refusal
 * code and text of ret say why. */
struct profile_report;
MUST_CHECK int dp_core_package(struct smdp_core *c, const struct order *o, struct buf *out,
                               struct profile_report *report, struct dp_job_result *ret);
