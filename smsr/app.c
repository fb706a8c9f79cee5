/* SPDX-License-Identifier: Apache-2.0 */
/* One loop around the core: sockets and time in, one commit a turn, then output (design 4). */
#include "smsr/app.h"

#include "common/base/log.h"
#include "common/db/space.h"
#include "common/net/coap.h"
#include "common/net/loop.h"
#include "common/net/tls.h"
#include "smsr/channel/coap_carrier.h"
#include "smsr/core.h"
#include "smsr/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define IDLE_MS 2000 /* nothing came for so long: state.db is written, logs are emptied */
#define MEBI (1024ull * 1024ull)

struct app {
    struct conf *conf;
    char state[512], listen[280], host[256];
    char journal_path[560], state_path[560];
    int lock;
    struct space space;
    struct secrets secrets;
    struct rng rng;
    struct loop *loop;
    struct loop_timer *due, *idle;
    struct coap_carrier *carrier;
    struct smsr_core *core;
    struct tls_server *server;
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

static int take_lock(struct app *a, struct errmsg *why)
{
    char path[560], pid[32];
    int n;

    (void)snprintf(path, sizeof path, "%s/lock", a->state);
    a->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (a->lock < 0)
        return errmsg_set(why, ERR_CONFIG, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(a->lock, LOCK_EX | LOCK_NB))
        return errmsg_set(why, ERR_BUSY, 
                          "another smsr runs on %s (%s is locked): stop it, or give this one "
                          "another state directory",
                          a->state, path);
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(a->lock, 0) || write(a->lock, pid, (size_t)n) != n)
        return errmsg_set(why, ERR_IO, "%s cannot be written", path);
    return ERR_OK;
}

/* The reserve is given back when the disk is full, so that verdicts can still be written; it is
 * made anew when there is room (law 11). */
static int care_for_room(struct app *a, struct errmsg *why)
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

static int open_state(struct app *a, const struct app_options *o, struct errmsg *why)
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

/* --- log --- */
static void on_record(void *ctx, const struct event *ev)
{
    char eid[EID_TEXT], op[UUID_TEXT];

    (void)ctx;
    if (ev->type == EV_OPERATION_CONCLUDED || ev->type == EV_OPERATION_ACCEPTED ||
        ev->type == EV_OPERATION_IN_DOUBT) {
        uuid_text(&ev->op, op);
        log_info("operation", "event=%s op=%s eid=%s function=%s verdict=%s code=%s/%s",
                 event_type_name(ev->type), op, log_eid(&ev->eid, eid), function_text(ev->function),
                 verdict_text(ev->result), ev->code.subject, ev->code.reason);
    }
}

/* What was sealed and does not open again, or is gone. */
static bool keys_lost(int err)
{
    return err == ERR_AUTH || err == ERR_NOT_FOUND || err == ERR_CORRUPT || err == ERR_TRUNCATED;
}

static void on_trouble(void *ctx, const struct eid *eid, const struct uuid *op, int err)
{
    char eid_masked[EID_TEXT], id[UUID_TEXT];

    (void)ctx;
    uuid_text(op, id);
    log_error("card", "eid=%s op=%s error=%s %s; this card waits and is tried again, the others go on",
              log_eid(eid, eid_masked), id, err_name(err),
              keys_lost(err) ? "its sealed keys do not open: bring the row isdr/EID of the table "
                               "secret in journal.db back from a backup (the EID: smctl operation "
                               "show OP)"
                             : err_text(err));
}

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

/* --- the loop --- */
static void fail(struct app *a, const char *text)
{
    if (a->failed)
        return;
    a->failed = true;
    (void)errmsg_set(&a->fault, ERR_IO, "%s", text);
    loop_stop(a->loop);
}

static void turn_end(void *ctx)
{
    struct app *a = ctx;
    int64_t due;

    if (a->failed)
        return;
    if (smsr_core_turn(a->core)) {
        fail(a, smsr_core_why(a->core));
        return;
    }
    due = smsr_core_due(a->core);
    loop_timer_at(a->due, due);
    if (!a->stopping)
        loop_timer_at(a->idle, clock_mono_ms(&CLOCK_SYSTEM) + IDLE_MS);
}

static void on_due(void *ctx)
{
    (void)ctx; /* being woken is all: the turn runs what is due */
}

/* The turn after it re-arms the timer; when there was nothing to do it stays quiet. */
static void on_idle(void *ctx)
{
    struct app *a = ctx;

    (void)smsr_core_idle(a->core);
}

static void on_stop(void *ctx)
{
    struct app *a = ctx;

    log_notice("main", "stopping");
    a->stopping = true;
    smsr_core_stop(a->core);
    loop_stop(a->loop);
}

static void on_reload(void *ctx)
{
    (void)ctx;
    log_notice("main", "SIGHUP: a changed configuration is read at the next start");
}

/* --- opening --- */
static int open_core(struct app *a, struct errmsg *why)
{
    struct smsr_core_options o = {
        .conf = a->conf, .journal_path = a->journal_path, .state_path = a->state_path,
        .space = &a->space, .crypto = a->secrets.crypto, .keystore = a->secrets.keystore,
        .pki = a->secrets.pki, .transport = a->secrets.transport,
        .n_transport = a->secrets.n_transport, .clock = &CLOCK_SYSTEM, .rng = &a->rng,
        .carrier = coap_carrier_port(a->carrier), .version = SMSR_VERSION, .on_record = on_record,
        .on_trouble = on_trouble, .rss = resident, .ctx = a};
    int err = smsr_core_new(&o, &a->core, why);

    if (!err)
        coap_carrier_attach(a->carrier, smsr_core_channel(a->core));
    return err;
}

static int open_carrier(struct app *a, struct errmsg *why)
{
    struct coap_network *nets = calloc(a->conf->n_networks, sizeof *nets);
    int err;

    if (!nets)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    for (unsigned i = 0; i < a->conf->n_networks; i++)
        nets[i] = (struct coap_network){a->conf->networks[i].id, a->conf->networks[i].coap};
    err = coap_carrier_open(a->loop, a->conf->coap, nets, a->conf->n_networks, &a->rng, &a->carrier,
                            why);
    free(nets);
    return err;
}

static int open_listener(struct app *a, struct errmsg *why)
{
    struct tls_files files = {a->conf->tls_ca, a->conf->tls_cert, a->conf->tls_key};
    struct tls_limits limits = {.max_conns = a->conf->limits.connections};
    struct rpc_handler h = smsr_core_handler(a->core);
    int err = tls_listen(a->loop, &files, a->listen, &limits, &h, &a->server, why);

    if (!err)
        tls_server_on_refused(a->server, on_refused, a);
    return err;
}

static int open_loop(struct app *a, struct errmsg *why)
{
    a->loop = loop_new();
    a->due = a->loop ? loop_timer_new(a->loop, on_due, a) : NULL;
    a->idle = a->due ? loop_timer_new(a->loop, on_idle, a) : NULL;
    if (!a->idle)
        return errmsg_set(why, ERR_NOMEM, "no memory for the loop");
    return ERR_OK;
}

static void warn_of_timers(const struct conf *c)
{
    if (timers_validity_is_short(c->env.timer_ms, c->env.time_scale))
        log_warn("timers",
                 "validity_enable ends before a card that gets no confirmation has rolled back: "
                 "such verdicts come after the answer");
}

int app_open(struct conf *conf, const struct app_options *o, struct app **ret, struct errmsg *why)
{
    struct app *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->conf = conf;
    a->lock = -1;
    (void)snprintf(a->listen, sizeof a->listen, "%s", o->listen ? o->listen : conf->listen);
    rng_init_system(&a->rng);
    err = conf_check_files(conf, why);
    if (!err)
        err = secrets_open(conf, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = open_state(a, o, why);
    if (!err)
        err = open_loop(a, why);
    if (!err)
        err = open_carrier(a, why);
    if (!err)
        err = open_core(a, why);
    if (!err)
        err = open_listener(a, why);
    if (err) {
        app_close(a);
        return err;
    }
    warn_of_timers(conf);
    loop_set_turn(a->loop, turn_end, a);
    loop_signals(a->loop, on_stop, on_reload, a);
    *ret = a;
    return ERR_OK;
}

int app_check(const struct conf *conf, struct errmsg *why)
{
    struct secrets s;
    int err = conf_check_files(conf, why);

    if (err)
        return err;
    err = secrets_open(conf, clock_wall_ms(&CLOCK_SYSTEM), &s, why);
    if (!err)
        secrets_close(&s);
    return err;
}

static void endpoint(const char *given, uint16_t port, char *dst, size_t cap)
{
    const char *colon = strrchr(given, ':');
    (void)snprintf(dst, cap, "%.*s:%u", (int)(colon - given), given, port);
}

void app_ready_line(const struct app *a, char *dst, size_t cap)
{
    char rpc[300], coap[300];

    endpoint(a->listen, tls_server_port(a->server), rpc, sizeof rpc);
    endpoint(a->conf->coap, coap_carrier_udp_port(a->carrier), coap, sizeof coap);
    (void)snprintf(dst, cap, "smsr ready listen=%s coap=%s", rpc, coap);
}

int app_run(struct app *a, struct errmsg *why)
{
    int err;

    turn_end(a); /* what was running goes on, what its restart lets out leaves */
    err = a->failed ? ERR_OK : loop_run(a->loop);
    if (!a->failed && err)
        return errmsg_set(why, err, "the event loop ended: %s", err_text(err));
    if (!a->failed && smsr_core_turn(a->core))
        fail(a, smsr_core_why(a->core));
    if (a->failed) {
        *why = a->fault;
        return ERR_IO;
    }
    return ERR_OK;
}

void app_close(struct app *a)
{
    if (!a)
        return;
    tls_server_free(a->server);
    if (a->carrier)
        coap_carrier_attach(a->carrier, NULL);
    smsr_core_free(a->core);
    coap_carrier_close(a->carrier);
    loop_timer_free(a->due);
    loop_timer_free(a->idle);
    loop_free(a->loop);
    secrets_close(&a->secrets);
    if (a->lock >= 0)
        (void)close(a->lock);
    free(a);
}
