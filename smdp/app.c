/* SPDX-License-Identifier: Apache-2.0 */
/* One loop around the core: sockets and time in, one commit a turn, then output (design 4). */
#include "smdp/app.h"

#include "common/base/log.h"
#include "common/db/space.h"
#include "common/net/loop.h"
#include "common/net/tls.h"
#include "smdp/core.h"
#include "smdp/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDLE_MS 2000 /* nothing came for so long: state.db is written, logs are emptied */
#define MEBI    (1024ull * 1024ull)

struct peer { /* an SM-SR we call */
    struct dp_app *a;
    const struct dp_smsr *smsr;
    struct tls_client *client;
    bool up;
};
struct dp_app {
    struct dp_conf *conf;
    char state[512], listen[280];
    char journal_path[560], state_path[560];
    int lock;
    struct space space;
    struct dp_secrets secrets;
    struct rng rng;
    struct loop *loop;
    struct loop_timer *due, *idle;
    struct smdp_core *core;
    struct tls_server *server;
    struct peer *peers;
    unsigned n_peers;
    struct errmsg fault;
    bool stopping, failed;
};

/* --- state directory --- */
static int make_dir(const char *dir, struct errmsg *why)
{
    struct stat st;

    if (mkdir(dir, 0700) && errno != EEXIST)
        return errmsg_set(why, ERR_CONFIG, "state directory %s cannot be made: %s", dir,
                          strerror(errno));
    if (stat(dir, &st) || !S_ISDIR(st.st_mode) || access(dir, R_OK | W_OK | X_OK))
        return errmsg_set(why, ERR_CONFIG, "state directory %s cannot be used; check its owner",
                          dir);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return errmsg_set(why, ERR_CONFIG, "state directory %s is open to others: chmod 0700", dir);
    return ERR_OK;
}

static int take_lock(struct dp_app *a, struct errmsg *why)
{
    char path[560], pid[32];
    int n;

    (void)snprintf(path, sizeof path, "%s/lock", a->state);
    a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (a->lock < 0)
        return errmsg_set(why, ERR_CONFIG, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(a->lock, LOCK_EX | LOCK_NB))
        return errmsg_set(why, ERR_BUSY, 
                          "another smdp runs on %s (%s is locked): stop it, or give this one "
                          "another state directory",
                          a->state, path);
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(a->lock, 0) || write(a->lock, pid, (size_t)n) != n)
        return errmsg_set(why, ERR_IO, "%s cannot be written", path);
    return ERR_OK;
}

/* The reserve is given back when the disk is full, so that verdicts can still be written; it is
 * made anew when there is room (law 11). */
static int care_for_room(struct dp_app *a, struct errmsg *why)
{
    uint64_t reserve = a->conf->limits.reserve_mb * MEBI;
    uint64_t least = a->conf->limits.min_free_mb * MEBI;
    int err;

    a->space = space_system(a->state);
    if (space_check(&a->space, least)) {
        err = db_reserve_release(a->state);
        log_warn("disk", "less than %u MiB free on %s: no new work is taken",
                 a->conf->limits.min_free_mb, a->state);
        return err && err != ERR_NOT_FOUND
                   ? errmsg_set(why, err, "the reserve in %s cannot be released", a->state)
                   : ERR_OK;
    }
    if (!reserve || space_check(&a->space, reserve + least))
        return ERR_OK;
    err = db_reserve_create(a->state, reserve);
    return err == ERR_IO ? errmsg_set(why, err, "the reserve in %s cannot be written", a->state)
                         : ERR_OK;
}

static int open_state(struct dp_app *a, const struct dp_app_options *o, struct errmsg *why)
{
    const char *dir = o->state ? o->state : a->conf->state;
    int err;

    if (strlen(dir) >= sizeof a->state)
        return errmsg_set(why, ERR_CONFIG, "the name of the state directory is too long");
    (void)snprintf(a->state, sizeof a->state, "%s", dir);
    (void)snprintf(a->journal_path, sizeof a->journal_path, "%s/journal.db", a->state);
    (void)snprintf(a->state_path, sizeof a->state_path, "%s/state.db", a->state);
    err = make_dir(a->state, why);
    if (!err)
        err = take_lock(a, why);
    return err ? err : care_for_room(a, why);
}

/* --- the way to the SM-SRs --- */
static struct peer *peer_of(struct dp_app *a, const struct oid *smsr)
{
    for (unsigned i = 0; i < a->n_peers; i++)
        if (oid_eq(&a->peers[i].smsr->oid, smsr))
            return &a->peers[i];
    return NULL;
}

static int link_call(void *ctx, const struct oid *smsr, struct envelope *e)
{
    struct peer *p = peer_of(ctx, smsr);
    struct rpc *r = p && p->client ? tls_client_rpc(p->client) : NULL;

    return r ? rpc_send(r, e, &e->message_id) : ERR_CLOSED;
}

static void link_ack(void *ctx, const struct oid *smsr, uint64_t number)
{
    struct peer *p = peer_of(ctx, smsr);
    struct rpc *r = p && p->client ? tls_client_rpc(p->client) : NULL;
    struct envelope e = {.kind = ENV_ACK, .delivery_no = number};

    /* Unsent, the next HELLO says the same. */
    if (r && rpc_send(r, &e, NULL) == ERR_FULL)
        log_debug("smsr", "smsr=%s an acknowledgement waits for the next connection", smsr->s);
}

static void on_welcome(void *ctx, struct rpc *r)
{
    struct peer *p = ctx;

    (void)r;
    p->up = true;
    log_notice("smsr", "smsr=%s address=%s connected", p->smsr->oid.s, p->smsr->address);
    smdp_core_link_up(p->a->core, &p->smsr->oid);
}

static void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct peer *p = ctx;

    (void)r;
    smdp_core_peer(p->a->core, &p->smsr->oid, e);
}

static void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct peer *p = ctx;

    (void)r;
    if (p->a->stopping)
        return;
    log_notice("smsr", "smsr=%s address=%s error=%s %s: %s", p->smsr->oid.s, p->smsr->address,
               err_name(err), p->up ? "disconnected" : "not connected", why);
    p->up = false;
    smdp_core_link_down(p->a->core, &p->smsr->oid);
}

static uint64_t last_delivery(void *ctx)
{
    struct peer *p = ctx;
    return smdp_core_last_delivery(p->a->core, &p->smsr->oid);
}

static int open_peers(struct dp_app *a, struct errmsg *why)
{
    const struct tls_files files = {a->conf->tls_ca, a->conf->tls_cert, a->conf->tls_key};
    const struct dp_env *env = &a->conf->env;
    int err = ERR_OK;

    a->peers = calloc(env->n_smsrs ? env->n_smsrs : 1, sizeof *a->peers);
    if (!a->peers)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->n_peers = env->n_smsrs;
    for (unsigned i = 0; i < a->n_peers; i++) {
        a->peers[i].a = a;
        a->peers[i].smsr = &env->smsrs[i];
    }
    for (unsigned i = 0; !err && i < a->n_peers; i++) {
        struct peer *p = &a->peers[i];
        const struct rpc_handler h = {
            .on_welcome = on_welcome, .on_message = on_message, .on_closed = on_closed, .ctx = p};
        const struct tls_client_opt opt = {.host_port = p->smsr->address,
                                           .subscribe = true,
                                           .last_delivery_no = last_delivery,
                                           .reconnect = true,
                                           .expect = {p->smsr->oid, ROLE_SMSR}};
        err = tls_dial(a->loop, &files, &opt, &h, &p->client, why);
    }
    return err;
}

/* --- the loop --- */
static void on_refused(void *ctx, const char *from, int err, const char *why)
{
    (void)ctx;
    log_notice("tls", "from=%s error=%s refused: %s", from, err_name(err), why);
}

static uint64_t resident(void *ctx)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    (void)ctx;
    if (!f)
        return 0;
    if (fscanf(f, "%*u %llu", &pages) != 1)
        pages = 0;
    (void)fclose(f);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void fail(struct dp_app *a)
{
    if (a->failed)
        return;
    a->failed = true;
    (void)errmsg_set(&a->fault, ERR_IO, "%s", smdp_core_why(a->core));
    loop_stop(a->loop);
}

/* What is due, then one commit. A decision that could not be carried out left no trace; only a
 * failed engine is the end. */
static void turn(struct dp_app *a)
{
    int err = ERR_OK;

    if (smdp_core_next_due(a->core) <= clock_wall_ms(&CLOCK_SYSTEM))
        err = smdp_core_run_due(a->core);
    if ((err && smdp_core_failed(a->core)) || smdp_core_turn_end(a->core))
        fail(a);
}

static void turn_end(void *ctx)
{
    struct dp_app *a = ctx;
    int64_t due, now;

    if (a->failed)
        return;
    turn(a);
    if (a->failed)
        return;
    due = smdp_core_next_due(a->core);
    now = clock_wall_ms(&CLOCK_SYSTEM);
    if (due == INT64_MAX)
        loop_timer_at(a->due, -1);
    else
        loop_timer_at(a->due, clock_mono_ms(&CLOCK_SYSTEM) + (due > now ? due - now : 0));
    if (!a->stopping)
        loop_timer_at(a->idle, clock_mono_ms(&CLOCK_SYSTEM) + IDLE_MS);
}

static void on_due(void *ctx)
{
    (void)ctx; /* being woken is all: the turn runs what is due */
}

static void on_idle(void *ctx)
{
    struct dp_app *a = ctx;

    if (smdp_core_idle(a->core) && smdp_core_failed(a->core))
        fail(a);
}

static void on_stop(void *ctx)
{
    struct dp_app *a = ctx;

    log_notice("main", "stopping");
    a->stopping = true;
    smdp_core_stop(a->core);
    loop_stop(a->loop);
}

static void on_reload(void *ctx)
{
    (void)ctx;
    log_notice("main", "SIGHUP: a changed configuration is read at the next start");
}

static void on_trouble(const struct uuid *order, int err)
{
    char id[UUID_TEXT];

    uuid_text(order, id);
    log_error("order",
              "order=%s error=%s %s; this order waits and is tried again, the others go on: smctl "
              "explain %s shows how far it is",
              id, err_name(err), err_text(err), id);
}

/* --- opening --- */
static int open_core(struct dp_app *a, struct errmsg *why)
{
    const struct smdp_core_config c = {.env = &a->conf->env,
                                       .journal_path = a->journal_path,
                                       .state_path = a->state_path,
                                       .crypto = a->secrets.crypto,
                                       .keystore = a->secrets.keystore,
                                       .pki = a->secrets.pki,
                                       .identities = a->secrets.identity,
                                       .n_identities = a->secrets.n,
                                       .clock = &CLOCK_SYSTEM,
                                       .rng = &a->rng,
                                       .link = {.call = link_call, .ack = link_ack, .ctx = a},
                                       .space = &a->space,
                                       .min_free_bytes = a->conf->limits.min_free_mb * MEBI,
                                       .overlay_max = a->conf->limits.orders_in_memory,
                                       .flush_dirty = a->conf->limits.write_behind,
                                       .version = SMDP_VERSION,
                                       .on_trouble = on_trouble,
                                       .rss = resident};

    return smdp_core_new(&c, &a->core, why);
}

static int open_listener(struct dp_app *a, struct errmsg *why)
{
    const struct tls_files files = {a->conf->tls_ca, a->conf->tls_cert, a->conf->tls_key};
    const struct tls_limits limits = {.max_conns = a->conf->limits.connections};
    const struct rpc_handler h = smdp_core_handler(a->core);
    int err = tls_listen(a->loop, &files, a->listen, &limits, &h, &a->server, why);

    if (!err)
        tls_server_on_refused(a->server, on_refused, a);
    return err;
}

static int open_loop(struct dp_app *a, struct errmsg *why)
{
    a->loop = loop_new();
    a->due = a->loop ? loop_timer_new(a->loop, on_due, a) : NULL;
    a->idle = a->due ? loop_timer_new(a->loop, on_idle, a) : NULL;
    return a->idle ? ERR_OK : errmsg_set(why, ERR_NOMEM, "no memory for the loop");
}

int dp_app_open(struct dp_conf *conf, const struct dp_app_options *o, struct dp_app **ret,
                struct errmsg *why)
{
    struct dp_app *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->conf = conf;
    a->lock = -1;
    (void)snprintf(a->listen, sizeof a->listen, "%s", o->listen ? o->listen : conf->listen);
    rng_init_system(&a->rng);
    err = dp_conf_check_files(conf, why);
    if (!err)
        err = dp_secrets_open(conf, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = open_state(a, o, why);
    if (!err)
        err = open_loop(a, why);
    if (!err)
        err = open_core(a, why);
    if (!err)
        err = open_listener(a, why);
    if (!err)
        err = open_peers(a, why);
    if (err) {
        dp_app_close(a);
        return err;
    }
    loop_set_turn(a->loop, turn_end, a);
    loop_signals(a->loop, on_stop, on_reload, a);
    *ret = a;
    return ERR_OK;
}

int dp_app_check(const struct dp_conf *conf, struct errmsg *why)
{
    struct dp_secrets s;
    int err = dp_conf_check_files(conf, why);

    if (!err)
        err = dp_secrets_open(conf, clock_wall_ms(&CLOCK_SYSTEM), &s, why);
    if (!err)
        dp_secrets_close(&s);
    return err;
}

void dp_app_ready_line(const struct dp_app *a, char *dst, size_t cap)
{
    const char *colon = strrchr(a->listen, ':');

    (void)snprintf(dst, cap, "smdp ready listen=%.*s:%u", (int)(colon - a->listen), a->listen,
                   tls_server_port(a->server));
}

int dp_app_run(struct dp_app *a, struct errmsg *why)
{
    int err = loop_run(a->loop); /* begins with a turn: what was running goes on */

    if (!a->failed && err)
        return errmsg_set(why, err, "the event loop ended: %s", err_text(err));
    if (!a->failed)
        turn(a);
    if (a->failed) {
        *why = a->fault;
        return ERR_IO;
    }
    return ERR_OK;
}

void dp_app_close(struct dp_app *a)
{
    if (!a)
        return;
    a->stopping = true;
    for (unsigned i = 0; i < a->n_peers; i++)
        tls_client_free(a->peers[i].client);
    tls_server_free(a->server);
    smdp_core_free(a->core);
    free(a->peers);
    loop_timer_free(a->due);
    loop_timer_free(a->idle);
    loop_free(a->loop);
    dp_secrets_close(&a->secrets);
    if (a->lock >= 0)
        (void)close(a->lock);
    free(a);
}
