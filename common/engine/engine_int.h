/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the engine: overlay, scheduler, deliveries, idempotency. */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/base/steady_clock.h"
#include "common/db/stmt.h"
#include "common/engine/engine.h"

#define ENGINE_QUEUE_MAX 4096u      /* inputs posted from inside a decision */
#define ENGINE_DELIVERY_WINDOW 64u
#define ENGINE_RING_KEEP 4096u       /* deliveries of a party kept in memory once they are written */
#define ENGINE_UNSAVED_MAX 16384u    /* of all parties not yet written: then it is written behind */
#define ENGINE_TURN_ARENA 0u        /* a turn is bounded by its inputs, not by its arena */
#define ENGINE_ROUNDS_MAX 16u       /* commits of one turn: what releases post is decided at once */
#define ENGINE_LOG_PAGES 4096u      /* journal.db-wal is checkpointed above so many pages */

/* One aggregate in the overlay: a write-back cache entry. Dirty ones are pinned until applied. */
struct agg {
    struct mbox key;
    void *obj;
    uint64_t last_lsn;
    int64_t due;                    /* durable due of the object, 0 = none */
    int64_t volatile_due;           /* moved without a record, 0 = none */
    unsigned tries;                 /* decisions in a row that failed without a trace */
    bool restart_owed;              /* the next timer is its IN_RESTART */
    bool dirty;
    struct list lru;                /* all entries, oldest first */
    struct list dirty_link;
};

struct sched_entry {
    int64_t due;
    uint64_t order;                 /* ties in the order they came: repeatable */
    struct mbox key;
};

struct pending_delivery {
    uint64_t number, lsn;
    uint32_t index;
    uint64_t turn;                  /* ev is valid only in this turn */
    const struct event *ev;
};

struct party_box {
    struct oid party;
    uint64_t next_no, acked_no;
    uint64_t ack_request;           /* asked for in this turn */
    uint64_t saved_no;              /* deliveries up to here stand in state.db */
    struct pending_delivery *ring;  /* the newest pending ones: all that state.db lacks, and more */
    size_t head, n, cap;
    struct pending_delivery page[ENGINE_DELIVERY_WINDOW]; /* older ones, on their way */
    unsigned n_page;
    uint64_t conn;                  /* subscriber, 0 = none */
    uint64_t sent_no;
    bool dirty;
};

struct peer_box {                   /* we are the subscriber of this peer */
    struct oid peer;
    uint64_t handled_no;
    uint64_t seen_no;               /* handled in this turn */
    bool ack_wanted, dirty;
};

struct idem_entry {
    uint8_t key[16];
    uint8_t digest[32];
    struct uuid op;
    uint64_t answer_lsn;
    int64_t at_ms;
};

struct out_item {
    uint64_t lsn;
    struct plan_out out;
};

enum engine_stmt {
    ES_META_GET, ES_META_SET, ES_PARTY_ALL, ES_PARTY_PUT, ES_DELIVERY_PAGE, ES_DELIVERY_PUT,
    ES_DELIVERY_DEL, ES_PEER_ALL, ES_PEER_PUT, ES_IDEM_GET, ES_IDEM_PUT, ES_CLOCK_GET, ES_CLOCK_PUT, ES_COUNT
};

struct engine {
    struct engine_config cfg;
    uint64_t written;                /* types of the records since the last commit, as bits */
    struct engine_app app;
    struct crypto *crypto;
    struct steady_clock steady;
    const struct clock *clock;      /* the port of steady */
    struct rng *rng;
    struct journal *journal;
    struct db *state;
    struct stmt_set *stmts;

    struct arena arena;             /* lives for one turn */
    struct arena scratch;           /* lives for one record of a replay or one delivery */
    struct buf body;
    struct out_item *outs;
    size_t n_outs, cap_outs;
    struct input *queue;
    size_t n_queue, cap_queue;
    uint64_t turn;
    bool in_tx, deciding, releasing, failed, started, opened;
    char why[320];

    struct map *aggs;
    struct list lru;
    struct list dirty;
    size_t n_dirty;
    uint64_t applied_lsn, last_lsn;

    struct sched_entry *heap;
    size_t n_heap, cap_heap;
    uint64_t order;
    struct mbox *restart;           /* live mailboxes found at open */
    size_t n_restart, cap_restart;

    struct map *parties;            /* oid -> struct party_box */
    struct map *peers;              /* oid -> struct peer_box */
    struct map *conns;              /* connection id -> struct party_box */
    struct map *idems;              /* unflushed entries */
    size_t n_unsaved;               /* deliveries that state.db lacks */
    struct engine_counters count;
};

int engine_fail(struct engine *e, int err, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* An instant of no record. */
void engine_witness_at(struct engine *e, enum engine_instant instant);
MUST_CHECK int engine_apply_record(struct engine *e, const struct journal_record *rec,
                                   const struct event *ev, bool live);

/* engine.c: turns a plan into records, applied at once, and its outputs into what waits for them */
MUST_CHECK int engine_execute(struct engine *e, struct plan *p, const struct mbox *key,
                              const struct input *in);
/* inputs.c: decides what callbacks posted */
MUST_CHECK int engine_drain(struct engine *e);

/* overlay.c */
struct span mbox_span(const struct mbox *m);
MUST_CHECK int overlay_find(struct engine *e, const struct mbox *key,
                            struct agg **ret); /* NULL: none */
MUST_CHECK int overlay_insert(struct engine *e, const struct mbox *key, struct agg **ret);
void overlay_touch(struct engine *e, struct agg *a, uint64_t lsn);
void overlay_trim(struct engine *e);
void overlay_free(struct engine *e);

/* sched.c */
MUST_CHECK int sched_push(struct engine *e, const struct mbox *key, int64_t due);
bool sched_pop(struct engine *e, int64_t now, struct mbox *ret);
/* When the mailbox is to be woken: the moved time where there is one; 0 = never. */
int64_t agg_due(const struct agg *a);
void agg_reschedule(struct engine *e, struct agg *a);
/* A decision of a timer or restart ended with err: counts and tells what left no trace. */
void sched_tried(struct engine *e, struct agg *a, enum input_kind kind, int err);

/* deliveries.c */
MUST_CHECK int party_box_get(struct engine *e, const struct oid *party, struct party_box **ret);
MUST_CHECK int deliveries_number(struct engine *e, struct plan *p);
MUST_CHECK int deliveries_apply(struct engine *e, uint64_t lsn, const struct event *ev, bool live);
MUST_CHECK int deliveries_turn_records(struct engine *e);
void deliveries_release(struct engine *e);
MUST_CHECK int deliveries_load(struct engine *e);
MUST_CHECK int deliveries_save(struct engine *e);
void deliveries_free(struct engine *e);
size_t deliveries_held(const struct engine *e); /* in memory */

/* pending.c */
MUST_CHECK int pending_push(struct engine *e, struct party_box *b,
                            const struct pending_delivery *d);
void pending_acked(struct engine *e, struct party_box *b, uint64_t up_to);
/* One that is pending; it stands until the next call for this party. ERR_CORRUPT: it is not there. */
MUST_CHECK int pending_find(struct engine *e, struct party_box *b, uint64_t number,
                            const struct pending_delivery **ret);
/* Inside the transaction of a write-behind, which ends well or with the engine. */
MUST_CHECK int pending_save(struct engine *e, struct party_box *b);

/* idem.c */
MUST_CHECK int idem_apply(struct engine *e, const struct journal_record *rec,
                          const struct event *ev);
MUST_CHECK int idem_save(struct engine *e);
void idem_free(struct engine *e);

/* state.c */
extern const char *const ENGINE_MIGRATIONS[];
extern const unsigned ENGINE_MIGRATION_COUNT;
extern const char *const ENGINE_SQL[ES_COUNT];
MUST_CHECK int state_open(struct engine *e, struct errmsg *why);
/* Starts the time of records and timers, by the mark that the process before this one left. */
MUST_CHECK int state_clock(struct engine *e, const struct clock *under, struct errmsg *why);

/* verify.c: the engine's own tables as they are compared */
extern const struct engine_dump ENGINE_DUMPS[];
extern const unsigned ENGINE_DUMP_COUNT;
