/* SPDX-License-Identifier: Apache-2.0 */
/* The durable engine of both daemons (design laws 1, 2, 5, 7): inputs are decided against
 * aggregates in the overlay, their records are appended to journal.db, applied at once, committed
 * once per turn; what depends on them is released after durable_lsn; state.db is written behind.
 * The daemon supplies what its aggregates are. One thread; never called from inside its own
 * callbacks except engine_post, which then queues. */
#pragma once

#include "common/base/clock.h"
#include "common/base/rng.h"
#include "common/crypto/crypto.h"
#include "common/db/db.h"
#include "common/db/space.h"
#include "common/journal/journal.h"
#include "common/proc/proc.h"

struct engine;

struct engine_app {
    void *ctx;
    /* state.db: the daemon's own tables, after the engine's */
    const char *const *migrations;
    unsigned n_migrations;
    uint32_t application_id;
    const char *program;                      /* "smsr": text of admin.started and of errors */
    const char *version;
    /* state.db is open and migrated: prepare statements; closed: free them. */
    int (*open)(void *ctx, struct db *state, struct errmsg *why);
    void (*close)(void *ctx);
    /* Reads an aggregate from state.db; ERR_NOT_FOUND: there is none (obj NULL is decided too). */
    int (*load)(void *ctx, struct db *state, const struct mbox *key, void **ret_obj);
    /* Writes what the daemon projects besides its aggregates, once, before them, in the same
     * transaction; NULL: there is nothing. */
    int (*save_rest)(void *ctx, struct db *state);
    /* Writes a dirty aggregate inside the engine's transaction. */
    int (*save)(void *ctx, struct db *state, const struct mbox *key, const void *obj);
    void (*drop)(void *ctx, void *obj);
    int64_t (*due)(void *ctx, const void *obj);                  /* 0 = none */
    /* Decides one input. obj is const in spirit: only apply changes it. */
    int (*decide)(void *ctx, void *obj, const struct input *in, struct plan *plan);
    /* Counter and packet for plan->unit: fills unit->armed->{kvn,counter,data}. */
    int (*arm)(void *ctx, const void *obj, const struct card_unit *unit, struct plan *plan);
    /* Mailbox a record belongs to (MBOX_HOUSE: only the engine applies it) and the stream of the
     * tenant whose record it is. */
    void (*route)(void *ctx, const struct journal_record *rec, const struct event *ev,
                  struct mbox *ret);
    uint32_t (*stream)(void *ctx, const struct event *ev, const struct input *in);
    /* Changes the aggregate; creates it when *obj is NULL. Pure function of (obj, record). */
    int (*apply)(void *ctx, const struct journal_record *rec, const struct event *ev, void **obj);
    /* Lists the mailboxes with a due time or a live operation, at open. */
    int (*scan)(void *ctx, struct db *state,
                int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms), void *cb_ctx);
    /* After durable: let one thing leave. */
    void (*release)(void *ctx, const struct plan_out *out, uint64_t lsn);
    /* A numbered delivery for a connected subscriber: ev->deliveries[index]. */
    void (*deliver)(void *ctx, uint64_t conn, const struct event *ev, unsigned index);
    /* ACK of a peer's delivery (we are the subscriber) is durable. */
    void (*peer_ack)(void *ctx, const struct oid *peer, uint64_t number);
    /* Nobody else hears of it: a timer or restart of this mailbox could not be decided. It left no
     * trace, is tried again ever more rarely, and keeps no other mailbox from its turn; NULL:
     * counted only. */
    void (*trouble)(void *ctx, const struct mbox *key, int err);
    /* state.db just reached lsn: indexes of the overlay up to it may go. */
    void (*flushed)(void *ctx, uint64_t applied_lsn);
};

/* A step of an app's migrations that changes what its rows say ends with this, behind the DELETEs of its own
 * tables: state.db is then built anew from the journal at the next start. */
#define ENGINE_SQL_REBUILD                                                                         \
    "DELETE FROM party; DELETE FROM delivery; DELETE FROM peer; DELETE FROM call;"                 \
    "UPDATE meta SET value = 0 WHERE key = 'applied_lsn';"

/* The instants at which a process may die, for those who make it die there (crash_point.h names
 * them); what: the type of the record. */
enum engine_instant {
    ENGINE_APPENDED,  /* applied in memory, its transaction is open */
    ENGINE_COMMITTED, /* durable, nothing that depends on it has left */
    ENGINE_RELEASED,  /* what depends on it has left */
    /* of no record (EV_NONE) */
    ENGINE_FLUSHING, /* the rows of a write-behind stand in state.db's open transaction */
    ENGINE_FLUSHED,  /* state.db is written behind, the log is not emptied */
    /* said by the daemon around the engine */
    ENGINE_SMS_PART,  /* between two short messages of one packet */
    ENGINE_SMSC_TOOK, /* a network took a short message, nobody noted it */
    ENGINE_INSTANTS
};
struct engine_witness {
    void (*at)(void *ctx, enum engine_instant instant, enum event_type what);
    void *ctx;
};

struct engine_config {
    const char *journal_path, *state_path;    /* state_path ":memory:" rebuilds (log verify) */
    const char *vfs;                          /* NULL = the system's */
    bool read_only;                           /* no records, no flush of journal */
    size_t overlay_max;                       /* aggregates held, default 65536 */
    size_t flush_dirty; /* write behind at this many dirty aggregates, default 2048 */
    uint64_t stop_at_lsn;                     /* replay no further (log verify); 0 = all */
    const struct space *space; /* law 11: where engine_has_room looks; NULL = always room */
    uint64_t min_free_bytes;
    struct engine_witness witness;            /* at NULL: nobody looks, as in every daemon */
};

MUST_CHECK int engine_open(const struct engine_config *cfg, const struct engine_app *app,
                           struct crypto *crypto, const struct clock *clock, struct rng *rng,
                           struct engine **ret, struct errmsg *why);
void engine_close(struct engine *e);          /* flushes when it can */

/* Decides one input now (or after the running one). Errors of the decider: ERR_STATE means refused
 * by the state table (counted); anything fatal sets engine_failed, anything else left no trace.
 * Posted from inside a callback the input waits: its spans are copied, but what call.msg, peer.env
 * and call.context_id point to must live until the turn ends. */
MUST_CHECK int engine_post(struct engine *e, const struct input *in);
/* The aggregate of a mailbox as the view sees it now (NULL = none); valid until the next engine
 * call. */
MUST_CHECK int engine_view(struct engine *e, const struct mbox *key, const void **ret_obj);
/* A plan from outside a mailbox decision (imports, configuration): fill records, then commit it. */
struct plan *engine_plan_begin(struct engine *e);
MUST_CHECK int engine_plan_end(struct engine *e, struct plan *p, const struct mbox *key);

/* End of a loop turn: one commit, then release, then write-behind when due. What the releases
 * posted is decided and committed too. */
MUST_CHECK int engine_turn_end(struct engine *e);
/* Nothing to do for a while: writes behind and empties the log files, and with them the secrets
 * that were deleted. */
MUST_CHECK int engine_idle(struct engine *e);
bool engine_failed(const struct engine *e); /* stop the process: the overlay is ahead of the disk */
/* Why it failed; also why the last ERR_INTERNAL that left no trace was one. */
const char *engine_why(const struct engine *e);
/* The application cannot go on: what it was given is marked as handled and was not (no memory). The
 * process stops and takes it up from the disk. */
void engine_give_up(struct engine *e, int err, const char *what);
MUST_CHECK int engine_flush(struct engine *e);

/* Timers: earliest due (wall ms; INT64_MAX = none); run posts IN_TIMER to what is due, at most max.
 * A mailbox that could not be decided is asked again a second later, then after twice that and so
 * on up to some minutes; only a failed engine is an error. */
int64_t engine_next_due(const struct engine *e);
MUST_CHECK int engine_run_due(struct engine *e, unsigned max);
/* Posts IN_RESTART to every mailbox that was live at open; one that cannot be decided is asked again
 * like a timer. */
MUST_CHECK int engine_restart_all(struct engine *e);

/* --- idempotency: key (party, FunctionCallIdentifier) -> digest, operation, stored answer --- */
struct engine_idem {
    bool same_digest;
    struct uuid op;
    bool answered;
    struct span answer;                       /* encoded message, in the turn's arena */
};
/* ERR_NOT_FOUND: a new call. */
MUST_CHECK int engine_idem_find(struct engine *e, const struct oid *party, struct span fcid,
                                const uint8_t digest[32], struct engine_idem *ret);

/* --- deliveries --- */
/* conn subscribes for party and holds everything up to last; ERR_BUSY: somebody else is
 * subscribed. */
MUST_CHECK int engine_subscribe(struct engine *e, const struct oid *party, uint64_t conn,
                                uint64_t last);
void engine_unsubscribe(struct engine *e, uint64_t conn);
bool engine_is_subscriber(const struct engine *e, const struct oid *party, uint64_t conn);
MUST_CHECK int engine_delivery_ack(struct engine *e, uint64_t conn, uint64_t up_to);
uint64_t engine_deliveries_pending(struct engine *e, const struct oid *party);
/* We are the subscriber of peer: number was handled in this turn; the record and the ACK follow. A
 * number not above the last one handled returns ERR_EXISTS: drop it, but acknowledge. */
MUST_CHECK int engine_peer_delivery(struct engine *e, const struct oid *peer, uint64_t number);
uint64_t engine_peer_last(const struct engine *e, const struct oid *peer);

/* The time of its records and timers (common/base/steady_clock.h): whoever shares their times asks this
 * one. Lives as long as the engine. */
const struct clock *engine_clock(const struct engine *e);

/* Memory of the turn: what plans point to lives here until their outputs have left. */
struct arena *engine_arena(struct engine *e);

/* --- reading the log --- */
struct journal *engine_journal(struct engine *e);
struct db *engine_state(struct engine *e);
uint64_t engine_last_lsn(const struct engine *e);
uint64_t engine_durable_lsn(const struct engine *e);
bool engine_has_room(struct engine *e);       /* law 11: space checked before admission */

struct engine_counters {
    uint64_t turns, commits, records, body_bytes, inputs, refused, flushes, loads, deliveries_sent;
    uint64_t errors;    /* timers and restarts whose decision failed without a trace; they come again */
    uint64_t deliveries_held; /* in memory: a party that stays away costs room in state.db only */
};
void engine_get_counters(const struct engine *e, struct engine_counters *ret);

/* --- check of the projections (design law 2) --- */
/* Rows of a table in the order of their key, each as one text: one column. */
struct engine_dump {
    const char *table, *sql;
};
/* Rebuilds cfg->journal_path in memory up to the applied_lsn of cfg->state_path and compares the
 * engine's tables and these of the application; both files are read only and may be in use.
 * ERR_CORRUPT: they differ, why names table and row; ERR_AGAIN: state.db was written meanwhile. */
MUST_CHECK int engine_verify_state(const struct engine_config *cfg, const struct engine_app *app,
                                   struct crypto *crypto, const struct clock *clock,
                                   struct rng *rng, const struct engine_dump *dumps,
                                   unsigned n_dumps, struct errmsg *why);
