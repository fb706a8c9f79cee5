/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/app.h"

#include "common/base/log.h"
#include "common/daemon/state_dir.h"
#include "common/daemon/turns.h"
#include "common/engine/crash_self.h"
#include "common/net/coap.h"
#include "common/net/tls.h"
#include "smsr/channel/coap_carrier.h"
#include "smsr/channel/smpp_carrier.h"
#include "smsr/channel/tcp_carrier.h"
#include "smsr/conf.h"
#include "smsr/core.h"
#include "smsr/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMSR_VERSION "0.1.0"
#define STREAMS_MAX  24000u /* above the channel's bound: what it closed drains */

struct app {
    struct conf *conf;
    char listen[280];
    struct state_dir state;
    struct secrets secrets;
    struct rng rng;
    struct turns *turns;
    struct coap_carrier *carrier;
    /* Each hands on what is not its own: streams of sockets, short messages of SMSCs, all else CoAP. */
    struct tcp_carrier *sockets;
    struct smpp_carrier *smscs;
    struct smsr_core *core;
    struct tls_server *server;
    struct crash_self crash;
};

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

/* --- the loop --- */
static void attach(struct app *a, struct channel *ch)
{
    if (a->carrier)
        coap_carrier_attach(a->carrier, ch);
    if (a->smscs)
        smpp_carrier_attach(a->smscs, ch);
    if (a->sockets)
        tcp_carrier_attach(a->sockets, ch);
}

/* What a turn that failed heard is not durable: the networks keep it. */
static int turn(void *ctx)
{
    struct app *a = ctx;
    int err = smsr_core_turn(a->core);

    if (err)
        attach(a, NULL);
    return err;
}

static int64_t due(void *ctx)
{
    struct app *a = ctx;

    return smsr_core_due(a->core);
}

static int idle(void *ctx)
{
    struct app *a = ctx;

    (void)smsr_core_idle(a->core); /* what failed in it, the next turn tells */
    return ERR_OK;
}

static void stop(void *ctx)
{
    struct app *a = ctx;

    smsr_core_stop(a->core);
}

static const char *why_it_failed(void *ctx)
{
    struct app *a = ctx;

    return smsr_core_why(a->core);
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
    struct conf *conf = NULL;
    int err = conf_load(o->config, o->time_scale, &conf, why);

    *ret_conf = conf;
    return err;
}

static void unload(void *conf)
{
    conf_free(conf);
}

static int check(const void *conf, struct errmsg *why)
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

static int open_core(struct app *a, struct errmsg *why)
{
    struct smsr_core_options o = {
        .conf = a->conf, .journal_path = a->state.journal_path, .state_path = a->state.state_path,
        .space = &a->state.space, .crypto = a->secrets.crypto, .keystore = a->secrets.keystore,
        .pki = a->secrets.pki, .transport = a->secrets.transport,
        .n_transport = a->secrets.n_transport, .clock = &CLOCK_SYSTEM, .rng = &a->rng,
        .carrier = tcp_carrier_port(a->sockets), .version = SMSR_VERSION,
        .witness = crash_self_witness(&a->crash), .on_record = on_record,
        .on_trouble = on_trouble, .rss = daemon_resident, .ctx = a};
    int err = smsr_core_new(&o, &a->core, why);

    if (!err)
        attach(a, smsr_core_channel(a->core));
    return err;
}

static int open_coap(struct app *a, struct errmsg *why)
{
    const struct conf *c = a->conf;
    struct coap_network *nets = calloc(c->n_networks, sizeof *nets);
    unsigned n = 0;
    int err;

    if (!nets)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    for (unsigned i = 0; i < c->n_networks; i++)
        if (c->networks[i].coap)
            nets[n++] = (struct coap_network){c->networks[i].id, c->networks[i].coap};
    err = coap_carrier_open(turns_loop(a->turns), c->coap, nets, n, &a->rng, &a->carrier, why);
    free(nets);
    return err;
}

static int smsc_of(const struct conf_network *n, struct smpp_network *ret, struct errmsg *why)
{
    *ret = (struct smpp_network){
        .id = n->id, .address = n->smpp.address, .window = n->smpp.window};
    (void)snprintf(ret->bind.system_id, sizeof ret->bind.system_id, "%s", n->smpp.system_id);
    (void)snprintf(ret->bind.system_type, sizeof ret->bind.system_type, "%s", n->smpp.system_type);
    return secrets_password(n->smpp.password_file, ret->bind.password, sizeof ret->bind.password,
                            why);
}

static int open_smscs(struct app *a, struct errmsg *why)
{
    const struct conf *c = a->conf;
    struct smpp_network *nets = calloc(c->n_networks, sizeof *nets);
    unsigned n = 0;
    int err = nets ? ERR_OK : errmsg_set(why, ERR_NOMEM, "no memory");

    for (unsigned i = 0; !err && i < c->n_networks; i++)
        if (!c->networks[i].coap)
            err = smsc_of(&c->networks[i], &nets[n++], why);
    if (!err)
        err = smpp_carrier_open(turns_loop(a->turns), nets, n, coap_carrier_port(a->carrier),
                                &a->rng, &a->smscs, why);
    if (nets)
        mem_wipe(nets, c->n_networks * sizeof *nets);
    free(nets);
    return err;
}

static int open_listener(struct app *a, struct errmsg *why)
{
    struct tls_files files = {a->conf->tls_ca, a->conf->tls_cert, a->conf->tls_key};
    struct tls_limits limits = {.max_conns = a->conf->limits.connections};
    struct rpc_handler h = smsr_core_handler(a->core);
    int err = tls_listen(turns_loop(a->turns), &files, a->listen, &limits, &h, &a->server, why);

    if (!err)
        tls_server_on_refused(a->server, on_refused, a);
    return err;
}

static void warn_of_timers(const struct conf *c)
{
    if (timers_validity_is_short(c->env.timer_ms, c->env.time_scale))
        log_warn("timers",
                 "validity_enable ends before a card that gets no confirmation has rolled back: "
                 "such verdicts come after the answer");
}

static void close_app(void *ctx)
{
    struct app *a = ctx;

    tls_server_free(a->server);
    attach(a, NULL);
    smsr_core_free(a->core);
    tcp_carrier_close(a->sockets);
    smpp_carrier_close(a->smscs);
    coap_carrier_close(a->carrier);
    turns_free(a->turns);
    secrets_close(&a->secrets);
    state_dir_close(&a->state);
    free(a);
}

static int open_all(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    const struct conf *c = a->conf;
    int err = crash_self_init(&a->crash, CRASH_SR, why);

    if (!err)
        err = conf_check_files(c, why);
    if (!err)
        err = secrets_open(c, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = state_dir_open("smsr", o->state ? o->state : c->state, c->limits.reserve_mb,
                             c->limits.min_free_mb, &a->state, why);
    if (!err && !(a->turns = turns_new()))
        err = errmsg_set(why, ERR_NOMEM, "no memory for the loop");
    if (!err)
        err = open_coap(a, why);
    if (!err)
        err = open_smscs(a, why);
    if (!err)
        err = tcp_carrier_open(turns_loop(a->turns), c->https, STREAMS_MAX,
                               smpp_carrier_port(a->smscs), &a->sockets, why);
    if (!err)
        err = open_core(a, why);
    if (!err)
        err = state_dir_sync(&a->state, why);
    return err ? err : open_listener(a, why);
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
    if (err) {
        close_app(a);
        return err;
    }
    warn_of_timers(a->conf);
    *ret_app = a;
    return ERR_OK;
}

static void endpoint(const char *given, uint16_t port, char *dst, size_t cap)
{
    const char *colon = strrchr(given, ':');
    (void)snprintf(dst, cap, "%.*s:%u", (int)(colon - given), given, port);
}

static void ready_line(const void *ctx, char *dst, size_t cap)
{
    const struct app *a = ctx;
    char rpc[300], coap[300], https[320] = "";

    endpoint(a->listen, tls_server_port(a->server), rpc, sizeof rpc);
    endpoint(a->conf->coap, coap_carrier_udp_port(a->carrier), coap, sizeof coap);
    if (a->conf->https) {
        char at[300];
        endpoint(a->conf->https, tcp_carrier_tcp_port(a->sockets), at, sizeof at);
        (void)snprintf(https, sizeof https, " https=%s", at);
    }
    (void)snprintf(dst, cap, "smsr ready listen=%s coap=%s%s", rpc, coap, https);
}

const struct daemon_program SMSR_PROGRAM = {
    .name = "smsr", .version = SMSR_VERSION, .ready = "smsr ready listen=... coap=...",
    .load = load, .check = check, .open = open_app, .ready_line = ready_line, .run = run,
    .close = close_app, .unload = unload};
