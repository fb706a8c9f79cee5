/* SPDX-License-Identifier: Apache-2.0 */
#include "smdp/app.h"

#include "common/base/log.h"
#include "common/daemon/service.h"
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
    struct dp_secrets secrets;
    struct service service;
    struct smdp_core *core;
    struct peer *peers;
    unsigned n_peers;
    bool stopping;
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
        err = tls_dial(service_loop(&a->service), &a->service.tls, &opt, &h, &p->client, why);
    }
    return err;
}

/* --- log --- */
static void on_trouble(void *ctx, const struct uuid *order, int err)
{
    char id[UUID_TEXT];

    (void)ctx;
    uuid_text(order, id);
    log_error("order",
              "order=%s error=%s %s; this order waits and is tried again, the others go on: smctl "
              "explain %s shows how far it is",
              id, err_name(err), err_text(err), id);
}

/* --- the loop --- */
static int turn(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_turn(a->core);
}

static int64_t due(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_due(a->core);
}

static int idle(void *ctx)
{
    struct app *a = ctx;

    return smdp_core_idle(a->core);
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

    return turns_run(a->service.turns, &work, why);
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
                                       .journal_path = a->service.state.journal_path,
                                       .state_path = a->service.state.state_path,
                                       .crypto = a->secrets.crypto,
                                       .keystore = a->secrets.keystore,
                                       .pki = a->secrets.pki,
                                       .identities = a->secrets.identity,
                                       .n_identities = a->secrets.n,
                                       .clock = &CLOCK_SYSTEM,
                                       .rng = &a->service.rng,
                                       .link = {.call = link_call, .ack = link_ack, .ctx = a},
                                       .space = &a->service.state.space,
                                       .min_free_bytes = a->conf->limits.min_free_mb * MEBI,
                                       .overlay_max = a->conf->limits.orders_in_memory,
                                       .flush_dirty = a->conf->limits.write_behind,
                                       .version = SMDP_VERSION,
                                       .witness = crash_self_witness(&a->service.crash),
                                       .on_trouble = on_trouble,
                                       .rss = daemon_resident};

    return smdp_core_new(&c, &a->core, why);
}

static void close_app(void *ctx)
{
    struct app *a = ctx;

    a->stopping = true;
    for (unsigned i = 0; i < a->n_peers; i++)
        tls_client_free(a->peers[i].client);
    service_deafen(&a->service);
    smdp_core_free(a->core);
    free(a->peers);
    service_close(&a->service);
    dp_secrets_close(&a->secrets);
    free(a);
}

static int open_service(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    const struct dp_conf *c = a->conf;
    const struct service_plan plan = {.name = "smdp",
                                      .who = CRASH_DP,
                                      .state = c->state,
                                      .listen = c->listen,
                                      .reserve_mb = c->limits.reserve_mb,
                                      .min_free_mb = c->limits.min_free_mb,
                                      .tls = {c->tls_ca, c->tls_cert, c->tls_key},
                                      .connections = c->limits.connections};

    return service_open(&plan, o, &a->service, why);
}

static int listen_to_parties(struct app *a, struct errmsg *why)
{
    const struct rpc_handler h = smdp_core_handler(a->core);

    return service_listen(&a->service, &h, why);
}

static int open_all(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    int err = dp_conf_check_files(a->conf, why);

    if (!err)
        err = dp_secrets_open(a->conf, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = open_service(a, o, why);
    if (!err)
        err = open_core(a, why);
    if (!err)
        err = listen_to_parties(a, why);
    return err ? err : open_peers(a, why);
}

static int open_app(void *conf, const struct daemon_options *o, void **ret_app, struct errmsg *why)
{
    struct app *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->conf = conf;
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
    const struct service *s = &a->service;
    char rpc[SERVICE_ENDPOINT];

    service_endpoint(s->listen, tls_server_port(s->server), rpc);
    (void)snprintf(dst, cap, "smdp ready listen=%s", rpc);
}

const struct daemon_program SMDP_PROGRAM = {
    .name = "smdp", .version = SMDP_VERSION, .ready = "smdp ready listen=...", .load = load,
    .check = check, .open = open_app, .ready_line = ready_line, .run = run, .close = close_app,
    .unload = unload};
