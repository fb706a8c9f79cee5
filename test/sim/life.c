/* SPDX-License-Identifier: Apache-2.0 */
/* Deaths of a daemon, drawn from the seed. */
#include "test/sim/alloc.h"
#include "test/sim/crash_points.h"

#define DOWN_MAX_MS 60000
#define OPERATIONS_MAX 60u         /* of the disk, until the cut falls */
#define INSTANTS_MAX 40u
#define PATIENCE_MS  (3600 * 1000)

static int64_t draw(struct life *l, int64_t most)
{
    return (int64_t)rng_below(l->rng, (uint64_t)most) + 1;
}

/* --- the front --- */
static int front_hello(void *ctx, struct rpc *r, const struct envelope *hello, struct errmsg *why)
{
    const struct life *l = ctx;
    int was, err;

    if (!l->up || l->dying)
        return errmsg_set(why, ERR_CLOSED, "nobody is there");
    was = alloc_enter((int)l->who);
    err = l->core.on_hello(l->core.ctx, r, hello, why);
    (void)alloc_enter(was);
    return err;
}

static void front_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    const struct life *l = ctx;
    int was;

    if (!l->up || l->dying)
        return;
    was = alloc_enter((int)l->who);
    l->core.on_message(l->core.ctx, r, e);
    (void)alloc_enter(was);
}

static void front_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    const struct life *l = ctx;
    int was;

    if (!l->up)
        return;
    was = alloc_enter((int)l->who);
    l->core.on_closed(l->core.ctx, r, err, why);
    (void)alloc_enter(was);
}

/* --- */
static void plan_death(struct life *l, int64_t now_ms, int64_t every_ms)
{
    l->prepared = false;
    l->death_ms = every_ms ? now_ms + draw(l, 2 * every_ms) : INT64_MAX;
}

void life_init(struct life *l, enum life_who who, struct rng *rng, int64_t every_ms)
{
    *l = (struct life){.who = who, .name = who == LIFE_SMSR ? "SM-SR" : "SM-DP", .rng = rng, .every_ms = every_ms};
    l->front = (struct rpc_handler){front_hello, NULL, front_message, front_closed, l};
    plan_death(l, 0, every_ms);
}

static void die(struct life *l)
{
    if (l->dying)
        return;
    l->dying = true;
    l->deaths.how[l->how]++;
    memvfs_cut_now(l->disk);
}

static void at(void *ctx, enum engine_instant instant, enum event_type what)
{
    struct life *l = ctx;

    if (l->dying)
        return;
    if (!l->prepared || l->how != DEATH_INSTANT ||
        (!l->any && (l->what != what || l->instant != instant)))
        return;
    if (--l->countdown == 0) {
        l->deaths.at[instant][what]++;
        die(l);
    }
}

struct engine_witness life_witness(struct life *l)
{
    return (struct engine_witness){at, l};
}

void life_born(struct life *l, const struct rpc_handler *core)
{
    l->core = *core;
    l->up = true;
}

/* Half of them at a named point, which chance would seldom meet. */
static void prepare_instant(struct life *l)
{
    l->any = true;
    l->countdown = (uint64_t)draw(l, INSTANTS_MAX);
    if (rng_below(l->rng, 2) == 0)
        return;
    l->any = false;
    crash_point_draw(l->who, l->rng, &l->instant, &l->what);
    l->countdown = (uint64_t)draw(l, 3);
}

/* Of all operations, since nobody knows how many of a kind there will be. */
static void prepare_error(struct life *l)
{
    static const enum memvfs_op OPS[] = {MEMVFS_READ, MEMVFS_WRITE, MEMVFS_SYNC, MEMVFS_TRUNCATE};
    static const int64_t MOST[] = {20, OPERATIONS_MAX, OPERATIONS_MAX / 4, 2};
    uint64_t i = rng_below(l->rng, sizeof OPS / sizeof *OPS);

    memvfs_fail(l->disk, OPS[i], (uint64_t)draw(l, MOST[i]));
}

static uint64_t failures(const struct life *l)
{
    uint64_t n = 0;

    for (int op = 0; op < MEMVFS_OP_COUNT; op++)
        n += memvfs_failures(l->disk, (enum memvfs_op)op);
    return n;
}

static void withdraw(struct life *l)
{
    memvfs_cut_after(l->disk, 0);
    for (int op = 0; op < MEMVFS_OP_COUNT; op++)
        memvfs_fail(l->disk, (enum memvfs_op)op, 0);
}

static bool comes(const struct life *l, enum death how)
{
    return !l->comes || l->comes(l->comes_ctx, l->name, how);
}

static void prepare(struct life *l, int64_t now_ms)
{
    enum death how = (enum death)rng_below(l->rng, DEATHS_PLANNED);

    if (!comes(l, how)) {
        plan_death(l, now_ms, l->every_ms);
        return;
    }
    l->prepared = true;
    l->given_up_ms = now_ms + PATIENCE_MS;
    l->how = how;
    if (l->how == DEATH_BETWEEN)
        die(l);
    else if (l->how == DEATH_DISK)
        memvfs_cut_after(l->disk, (uint64_t)draw(l, OPERATIONS_MAX));
    else if (l->how == DEATH_ERROR)
        prepare_error(l);
    else
        prepare_instant(l);
}

bool life_check(struct life *l, int64_t now_ms)
{
    if (!l->dying && memvfs_is_cut(l->disk))
        die(l);
    if (l->up && !l->dying && (l->prepared ? l->given_up_ms : l->death_ms) <= now_ms) {
        withdraw(l);
        prepare(l, now_ms);
    }
    return l->dying;
}

void life_step(struct life *l)
{
    l->failures = failures(l);
    l->no_memory = alloc_failures((int)l->who);
}

bool life_lacked_memory(const struct life *l)
{
    return alloc_failures((int)l->who) != l->no_memory;
}

bool life_stopped(struct life *l)
{
    bool disk = failures(l) != l->failures;

    if (l->dying || (!disk && !life_lacked_memory(l)))
        return l->dying;
    l->how = disk ? DEATH_ERROR : DEATH_MEMORY;
    die(l);
    return true;
}

void life_buried(struct life *l, int64_t now_ms)
{
    /* A process that dies leaves its writes to the kernel; a machine may lose all that was not synced. */
    enum memvfs_crash_mode left = rng_below(l->rng, 2) ? MEMVFS_KEEP : MEMVFS_ANY;

    l->deaths.machine += l->lying || left == MEMVFS_ANY;
    memvfs_crash(l->disk, l->lying ? MEMVFS_DROP : left, NULL);
    withdraw(l);
    l->up = l->dying = false;
    l->core = (struct rpc_handler){0};
    l->restart_ms = now_ms + draw(l, DOWN_MAX_MS);
    plan_death(l, now_ms, l->every_ms);
    if (l->every_ms && rng_below(l->rng, 4) == 0) { /* the next start is cut short as well */
        enum death how = rng_below(l->rng, 2) ? DEATH_DISK : DEATH_ERROR;
        if (!comes(l, how))
            return;
        l->prepared = true;
        l->how = how;
        l->given_up_ms = now_ms + PATIENCE_MS;
        if (l->how == DEATH_DISK)
            memvfs_cut_after(l->disk, (uint64_t)draw(l, OPERATIONS_MAX));
        else
            prepare_error(l);
    }
}

void life_spare(struct life *l)
{
    l->every_ms = 0;
    l->death_ms = l->given_up_ms = INT64_MAX;
    l->prepared = false;
    if (!l->dying)
        withdraw(l);
}

int64_t life_due(const struct life *l)
{
    if (!l->up)
        return l->restart_ms;
    return l->prepared ? l->given_up_ms : l->death_ms;
}
