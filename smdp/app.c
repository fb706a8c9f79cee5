/* SPDX-License-Identifier: Apache-2.0 */
#include "smdp/app.h"

#include "common/base/log.h"
#include "common/daemon/state_dir.h"
#include "common/daemon/turns.h"
#include "common/engine/crash_self.h"
#include "common/net/tls.h"
#include "smdp/conf.h"
#include "smdp/core.h"
#include "smdp/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMDP_VERSION "0.1.0"
#define MEBI         (1024ull * 1024ull)

struct peer { /* an SM-SR we call */
    struct app *a;
    const struct dp_smsr *smsr;
    struct tls_client *client;
    bool up;
};

struct app {
    struct dp_conf *conf;
    char listen[280];
    struct state_dir state;
    struct dp_secrets secrets;
    struct rng rng;
    struct turns *turns;
    struct smdp_core *core;
    struct tls_server *server;
    struct peer *peers;
    unsigned n_peers;
    bool stopping;
    struct crash_self crash;
};

/* --- the way to the SM-SRs --- */
static struct peer *peer_of(struct app *a, const struct oid *smsr)
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

static int open_peers(struct app *a, struct errmsg *why)
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
        err = tls_dial(turns_loop(a->turns), &files, &opt, &h, &p->client, why);
    }
    return err;
}

/* --- log --- */
static void on_refused(void *ctx, const char *from, int err, const char *why)
{
    (void)ctx;
    log_notice("tls", "from=%s error=%s refused: %s", from, err_name(err), why);
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

/* --- the loop --- */
/* What is due, then one commit. A decision that could not be carried out left no trace; only a
 * failed engine is the end. */
static int turn(void *ctx)
{
    struct app *a = ctx;
    int64_t at = smdp_core_due(a->core);
    int err = ERR_OK;

    if (at >= 0 && at <= clock_mono_ms(&CLOCK_SYSTEM))
        err = smdp_core_run_due(a->core);
    return (err && smdp_core_failed(a->core)) || smdp_core_turn_end(a->core) ? ERR_IO : ERR_OK;
}

static int64_t due(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_due(a->core);
}

static int idle(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_idle(a->core) && smdp_core_failed(a->core) ? ERR_IO : ERR_OK;
}

static void stop(void *ctx)
{
    struct app *a = ctx;

    a->stopping = true;
    smdp_core_stop(a->core);
}

static const char *why_it_failed(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_why(a->core);
}

static int run(void *ctx, struct errmsg *why)
{
    struct app *a = ctx;
    const struct turns_work work = {turn, due, idle, stop, why_it_failed, a};

    return turns_run(a->turns, &work, why);
}

/* --- opening --- */
static int load(const struct daemon_options *o, void **ret_conf, struct errmsg *why)
{
    struct dp_conf *conf = NULL;
    int err = dp_conf_load(o->config, o->time_scale, &conf, why);

    *ret_conf = conf;
    return err;
}

static void unload(void *conf)
{
    dp_conf_free(conf);
}

static int check(const void *conf, struct errmsg *why)
{
    struct dp_secrets s;
    int err = dp_conf_check_files(conf, why);

    if (err)
        return err;
    err = dp_secrets_open(conf, clock_wall_ms(&CLOCK_SYSTEM), &s, why);
    if (!err)
        dp_secrets_close(&s);
    return err;
}

static int open_core(struct app *a, struct errmsg *why)
{
    const struct smdp_core_config c = {.env = &a->conf->env,
                                       .journal_path = a->state.journal_path,
                                       .state_path = a->state.state_path,
                                       .crypto = a->secrets.crypto,
                                       .keystore = a->secrets.keystore,
                                       .pki = a->secrets.pki,
                                       .identities = a->secrets.identity,
                                       .n_identities = a->secrets.n,
                                       .clock = &CLOCK_SYSTEM,
                                       .rng = &a->rng,
                                       .link = {.call = link_call, .ack = link_ack, .ctx = a},
                                       .space = &a->state.space,
                                       .min_free_bytes = a->conf->limits.min_free_mb * MEBI,
                                       .overlay_max = a->conf->limits.orders_in_memory,
                                       .flush_dirty = a->conf->limits.write_behind,
                                       .version = SMDP_VERSION,
                                       .witness = crash_self_witness(&a->crash),
                                       .on_trouble = on_trouble,
                                       .rss = daemon_resident};

    return smdp_core_new(&c, &a->core, why);
}

static int open_listener(struct app *a, struct errmsg *why)
{
    const struct tls_files files = {a->conf->tls_ca, a->conf->tls_cert, a->conf->tls_key};
    const struct tls_limits limits = {.max_conns = a->conf->limits.connections};
    const struct rpc_handler h = smdp_core_handler(a->core);
    int err = tls_listen(turns_loop(a->turns), &files, a->listen, &limits, &h, &a->server, why);

    if (!err)
        tls_server_on_refused(a->server, on_refused, a);
    return err;
}

static void close_app(void *ctx)
{
    struct app *a = ctx;

    a->stopping = true;
    for (unsigned i = 0; i < a->n_peers; i++)
        tls_client_free(a->peers[i].client);
    tls_server_free(a->server);
    smdp_core_free(a->core);
    free(a->peers);
    turns_free(a->turns);
    dp_secrets_close(&a->secrets);
    state_dir_close(&a->state);
    free(a);
}

static int open_all(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    const struct dp_conf *c = a->conf;
    int err = crash_self_init(&a->crash, CRASH_DP, why);

    if (!err)
        err = dp_conf_check_files(c, why);
    if (!err)
        err = dp_secrets_open(c, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = state_dir_open("smdp", o->state ? o->state : c->state, c->limits.reserve_mb,
                             c->limits.min_free_mb, &a->state, why);
    if (!err && !(a->turns = turns_new()))
        err = errmsg_set(why, ERR_NOMEM, "no memory for the loop");
    if (!err)
        err = open_core(a, why);
    if (!err)
        err = state_dir_sync(&a->state, why);
    if (!err)
        err = open_listener(a, why);
    return err ? err : open_peers(a, why);
}

static int open_app(void *conf, const struct daemon_options *o, void **ret_app, struct errmsg *why)
{
    struct app *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->conf = conf;
    a->state.lock = -1;
    (void)snprintf(a->listen, sizeof a->listen, "%s", o->listen ? o->listen : a->conf->listen);
    rng_init_system(&a->rng);
    err = open_all(a, o, why);
    if (err)
        close_app(a);
    else
        *ret_app = a;
    return err;
}

static void ready_line(const void *ctx, char *dst, size_t cap)
{
    const struct app *a = ctx;
    const char *colon = strrchr(a->listen, ':');

    (void)snprintf(dst, cap, "smdp ready listen=%.*s:%u", (int)(colon - a->listen), a->listen,
                   tls_server_port(a->server));
}

const struct daemon_program SMDP_PROGRAM = {
    .name = "smdp", .version = SMDP_VERSION, .ready = "smdp ready listen=...", .load = load,
    .check = check, .open = open_app, .ready_line = ready_line, .run = run, .close = close_app,
    .unload = unload};
