/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/app.h"

#include "common/base/log.h"
#include "common/daemon/service.h"
#include "common/net/coap.h"
#include "smsr/capture.h"
#include "smsr/channel/coap_carrier.h"
#include "smsr/channel/smpp_carrier.h"
#include "smsr/channel/tcp_carrier.h"
#include "smsr/channel/udp_carrier.h"
#include "smsr/conf.h"
#include "smsr/core.h"
#include "smsr/secrets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMSR_VERSION "0.1.0"
#define STREAMS_MAX  24000u /* above the channel's bound: what it closed drains */
#define PLACES_MAX   24000u /* the same, for datagrams */

struct app {
    struct conf *conf;
    struct secrets secrets;
    struct service service;
    struct coap_carrier *carrier;
    /* Each hands on what is not its own: datagrams, streams, short messages of SMSCs, all else CoAP. */
    struct udp_carrier *udp;
    struct tcp_carrier *sockets;
    struct smpp_carrier *smscs;
    struct smsr_core *core;
    struct capture *capture;       /* NULL: nobody looks on */
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

/* --- the loop --- */
static void attach(struct app *a, struct channel *ch)
{
    if (a->carrier)
        coap_carrier_attach(a->carrier, ch);
    if (a->smscs)
        smpp_carrier_attach(a->smscs, ch);
    if (a->sockets)
        tcp_carrier_attach(a->sockets, ch);
    if (a->udp)
        udp_carrier_attach(a->udp, ch);
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

    return turns_run(a->service.turns, &work, why);
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

static void carrier_counters(void *ctx, struct counter_list *l)
{
    const struct app *a = ctx;
    struct coap_carrier_counters c;
    struct smpp_carrier_counters s;

    coap_carrier_get_counters(a->carrier, &c);
    counter_add(l, "coap_mt_sent", c.mt_sent);
    counter_add(l, "coap_mt_accepted", c.mt_accepted);
    counter_add(l, "coap_mo_received", c.mo_received);
    counter_add(l, "coap_mo_repeated", c.mo_repeated);
    counter_add(l, "coap_reports", c.dlr_received);
    counter_add(l, "coap_refused", c.refused);
    counter_add(l, "coap_streams_cut", c.streams_cut);
    counter_add(l, "coap_datagrams_in", c.datagrams_in);
    counter_add(l, "coap_datagrams_out", c.datagrams_out);
    smpp_carrier_get_counters(a->smscs, &s);
    counter_add(l, "smpp_binds", s.binds);
    counter_add(l, "smpp_ends", s.ends);
    counter_add(l, "smpp_mt_sent", s.mt_sent);
    counter_add(l, "smpp_mt_accepted", s.mt_accepted);
    counter_add(l, "smpp_mt_throttled", s.mt_throttled);
    counter_add(l, "smpp_mo_received", s.mo_received);
    counter_add(l, "smpp_mo_left", s.mo_left);
    counter_add(l, "smpp_receipts", s.receipts);
    counter_add(l, "smpp_receipts_wrong", s.receipts_wrong);
    counter_add(l, "smpp_not_ota", s.not_ota);
}

static int open_core(struct app *a, struct errmsg *why)
{
    struct smsr_core_options o = {
        .conf = a->conf, .journal_path = a->service.state.journal_path, .state_path = a->service.state.state_path,
        .space = &a->service.state.space, .crypto = a->secrets.crypto, .keystore = a->secrets.keystore,
        .pki = a->secrets.pki, .transport = a->secrets.transport,
        .n_transport = a->secrets.n_transport, .clock = &CLOCK_SYSTEM, .rng = &a->service.rng,
        .carrier = udp_carrier_port(a->udp), .version = SMSR_VERSION,
        .witness = crash_self_witness(&a->service.crash), .on_record = on_record,
        .on_trouble = on_trouble, .rss = daemon_resident, .counters = carrier_counters, .ctx = a};
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
            nets[n++] = (struct coap_network){c->networks[i].id, c->networks[i].coap,
                                              c->networks[i].receipts};
    err = coap_carrier_open(service_loop(&a->service), c->coap, nets, n, &a->service.rng, &a->carrier, why);
    free(nets);
    return err;
}

static int smsc_of(const struct conf_network *n, struct smpp_network *ret, struct errmsg *why)
{
    *ret = (struct smpp_network){
        .id = n->id, .address = n->smpp.address, .window = n->smpp.window, .receipts = n->receipts};
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
        err = smpp_carrier_open(service_loop(&a->service), nets, n, coap_carrier_port(a->carrier),
                                &a->service.rng, &a->smscs, why);
    if (nets)
        mem_wipe(nets, c->n_networks * sizeof *nets);
    free(nets);
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

    service_deafen(&a->service);
    capture_close(a->capture);
    attach(a, NULL);
    smsr_core_free(a->core);
    udp_carrier_close(a->udp);
    tcp_carrier_close(a->sockets);
    smpp_carrier_close(a->smscs);
    coap_carrier_close(a->carrier);
    service_close(&a->service);
    secrets_close(&a->secrets);
    free(a);
}

static int open_service(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    const struct conf *c = a->conf;
    const struct service_plan plan = {.name = "smsr", .who = CRASH_SR, .state = c->state,
                                      .listen = c->listen, .reserve_mb = c->limits.reserve_mb,
                                      .min_free_mb = c->limits.min_free_mb,
                                      .tls = {c->tls_ca, c->tls_cert, c->tls_key},
                                      .connections = c->limits.connections};

    return service_open(&plan, o, &a->service, why);
}

/* The disk belongs to the journal: what it asks for before new work is admitted stays free. */
static void begin_capture(struct app *a, const char *path)
{
    const struct conf *c = a->conf;
    const struct capture_limits limits = {
        .space = &a->service.state.space,
        .keep_free = ((uint64_t)c->limits.min_free_mb + c->limits.reserve_mb) << 20};

    if (!path)
        return;
    a->capture = capture_open(path, "smsr " SMSR_VERSION, &limits, service_loop(&a->service));
    if (a->capture)
        capture_attach(a->capture, smsr_core_channel(a->core), a->smscs);
}

static int listen_to_parties(struct app *a, struct errmsg *why)
{
    const struct rpc_handler h = smsr_core_handler(a->core);

    return service_listen(&a->service, &h, why);
}

static int open_all(struct app *a, const struct daemon_options *o, struct errmsg *why)
{
    const struct conf *c = a->conf;
    int err = conf_check_files(c, why);

    if (!err)
        err = secrets_open(c, clock_wall_ms(&CLOCK_SYSTEM), &a->secrets, why);
    if (!err)
        err = open_service(a, o, why);
    if (!err)
        err = open_coap(a, why);
    if (!err)
        err = open_smscs(a, why);
    if (!err)
        err = tcp_carrier_open(service_loop(&a->service), c->https, STREAMS_MAX,
                               smpp_carrier_port(a->smscs), &a->sockets, why);
    if (!err)
        err = udp_carrier_open(service_loop(&a->service), c->cattp, PLACES_MAX,
                               tcp_carrier_port(a->sockets), &a->udp, why);
    if (!err)
        err = open_core(a, why);
    return err ? err : listen_to_parties(a, why);
}

static int open_app(void *conf, const struct daemon_options *o, void **ret_app, struct errmsg *why)
{
    struct app *a = calloc(1, sizeof *a);
    int err;

    if (!a)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    a->conf = conf;
    err = open_all(a, o, why);
    if (err) {
        close_app(a);
        return err;
    }
    begin_capture(a, o->capture);
    warn_of_timers(a->conf);
    *ret_app = a;
    return ERR_OK;
}

static void ready_line(const void *ctx, char *dst, size_t cap)
{
    const struct app *a = ctx;
    const struct service *s = &a->service;
    char rpc[SERVICE_ENDPOINT], coap[SERVICE_ENDPOINT], at[SERVICE_ENDPOINT], https[320] = "",
         cattp[320] = "";

    service_endpoint(s->listen, tls_server_port(s->server), rpc);
    service_endpoint(a->conf->coap, coap_carrier_udp_port(a->carrier), coap);
    if (a->conf->https) {
        service_endpoint(a->conf->https, tcp_carrier_tcp_port(a->sockets), at);
        (void)snprintf(https, sizeof https, " https=%s", at);
    }
    if (a->conf->cattp) {
        service_endpoint(a->conf->cattp, udp_carrier_udp_port(a->udp), at);
        (void)snprintf(cattp, sizeof cattp, " cattp=%s", at);
    }
    (void)snprintf(dst, cap, "smsr ready listen=%s coap=%s%s%s", rpc, coap, https, cattp);
}

const struct daemon_program SMSR_PROGRAM = {
    .name = "smsr", .version = SMSR_VERSION, .ready = "smsr ready listen=... coap=...",
    .captures = true,
    .load = load, .check = check, .open = open_app, .ready_line = ready_line, .run = run,
    .close = close_app, .unload = unload};
