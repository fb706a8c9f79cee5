/* SPDX-License-Identifier: Apache-2.0 */
/* euiccsim run: the network's virtual time is the wall clock, its carrier is CoAP. */
#include "tools/euiccsim/app.h"

#include "tools/euiccsim/fleet_file.h"
#include "tools/euiccsim/keylog.h"
#include "tools/euiccsim/net/coap_link.h"
#include "tools/euiccsim/net/reader_link.h"
#include "tools/euiccsim/net/socket_link.h"
#include "tools/euiccsim/net/udp_link.h"

#include <limits.h>
#include <stdio.h>

#define HAPPENINGS_A_TURN 200u        /* then CoAP has its say */
#define COMPACT_LEAST (64u << 20)
#define COMPACT_MS 60000

struct app {
    const struct run_conf *conf;
    const struct clock *clock;
    struct rng rng;                   /* of the system: challenges of the cards, run numbers */
    struct crypto *crypto;
    struct scp81_ctx *scp81;
    struct card_world cards;
    struct world world;
    struct ledger_file *ledger;
    struct loop *loop;
    struct coap_link *link;
    struct socket_link *sockets;      /* NULL: streams go by CoAP */
    struct udp_link *udp;             /* NULL: datagrams go by CoAP */
    struct reader_link *reader;       /* NULL: no card is in a PC/SC reader */
    struct keylog *keylog;            /* NULL: secrets of TLS are not written */
    struct simnet *net;
    struct loop_timer *timer;
    int64_t compact_ms;
    unsigned meters;
    int error;
};

/* --- the fleet --- */
/* When it wakes is its own: drawn from the seed and its EID, so that one more meter moves no other. */
static int meter_sleep(struct app *a, const struct eid *eid)
{
    const struct fleet_kind *kind = a->conf->fleet ? a->conf->fleet : a->world.kind;
    int64_t period = kind->period_ms / (int64_t)(a->conf->time_scale ? a->conf->time_scale : 1);
    struct rng rng;

    if (period <= 0)
        return ERR_OK;
    rng_init_seeded(&rng, quirk_seed(a->conf->seed ^ UINT64_C(0x5EEB), eid));
    return simnet_sleep(a->net, eid, kind, (int64_t)rng_below(&rng, (uint64_t)period),
                        clock_wall_ms(a->clock));
}

/* A meter's card: as it was last made durable, else as the factory delivered it. */
static int meter_add(void *ctx, const struct fleet_meter *m)
{
    struct app *a = ctx;
    struct card_factory f = m->factory;
    struct card *card = NULL;
    uint32_t net_quirks = 0;
    struct buf image;
    int rc;

    quirk_set_draw(&a->conf->quirks, a->conf->seed, &f.eid, &f.quirks, &net_quirks);
    buf_init(&image, 0);
    rc = ledger_file_image(a->ledger, &f.eid, &image);
    if (rc == ERR_OK)
        rc = card_from_image(&a->cards, buf_span(&image), &card);
    else if (rc == ERR_NOT_FOUND)
        rc = card_new(&a->cards, &f, &card);
    buf_wipe(&image);
    buf_fini(&image);
    mem_wipe(&f, sizeof(f));
    if (rc == ERR_OK)
        rc = simnet_add_device(a->net, card, &m->heard, net_quirks);
    return rc == ERR_OK ? meter_sleep(a, &m->factory.eid) : rc;
}

static int fleet_load(struct app *a, struct errmsg *why)
{
    struct world *w = &a->world;
    int rc = fleet_each(buf_span(&w->fleet), meter_add, a, &a->meters, why);

    if (rc != ERR_OK && why && !why->text[0])
        (void)errmsg_set(why, rc, "meter %u cannot be brought to life: %s", a->meters,
                         err_text(rc));
    buf_wipe(&w->fleet);
    buf_fini(&w->fleet);
    return rc;
}

static int network_make(struct app *a, struct errmsg *why)
{
    const struct run_conf *conf = a->conf;
    struct simnet_port port = coap_link_port(a->link);
    struct simnet_config cfg = {
        .seed = conf->seed, .now_ms = clock_wall_ms(a->clock), .time_scale = conf->time_scale,
        .latency = conf->latency, .faults = conf->faults, .smsr = a->world.smsr,
        .crypto = a->crypto, .cards = &a->cards, .ledger = a->ledger,
    };
    int rc;

    if (a->sockets)
        socket_link_take(a->sockets, &port);
    if (a->udp)
        udp_link_take(a->udp, &port);
    rc = simnet_new(&cfg, &port, &a->net);

    for (unsigned i = 0; rc == ERR_OK && i < a->world.n_operators; i++) {
        struct operator_config o = a->world.operators[i];

        o.sms_per_s = conf->sms_per_s;
        rc = simnet_add_operator(a->net, &o, why);
    }
    for (unsigned i = 0; rc == ERR_OK && i < a->world.n_coverage; i++) {
        rc = simnet_add_coverage(a->net, &a->world.coverage[i].home, &a->world.coverage[i].visited);
        if (rc != ERR_OK)
            rc = errmsg_set(why, ERR_CONFIG, WORLD_JSON ": coverage %u names no operator", i + 1);
    }
    return rc;
}

/* --- turns --- */
static void stop(struct app *a, int error)
{
    if (a->error == ERR_OK)
        a->error = error;
    loop_stop(a->loop);
}

/* Files grow by whole images; in a quiet moment of a long run the dead ones go. */
static int tidy(struct app *a, int64_t now_ms)
{
    if (now_ms < a->compact_ms)
        return ERR_OK;
    a->compact_ms = now_ms + COMPACT_MS;
    if (ledger_file_size(a->ledger) < COMPACT_LEAST ||
        ledger_file_size(a->ledger) / 4 < ledger_file_live(a->ledger))
        return ERR_OK;
    return ledger_file_compact(a->ledger);
}

static void turn(void *ctx)
{
    struct app *a = ctx;
    int64_t now = clock_wall_ms(a->clock), due;
    int rc = simnet_run_some(a->net, now, HAPPENINGS_A_TURN);

    if (rc == ERR_OK)
        rc = coap_link_error(a->link);
    if (rc == ERR_OK && a->sockets)
        rc = socket_link_error(a->sockets);
    if (rc == ERR_OK && a->udp)
        rc = udp_link_error(a->udp);
    if (rc == ERR_OK && a->keylog && keylog_failed(a->keylog))
        rc = ERR_IO;
    if (rc == ERR_OK)
        rc = tidy(a, now);
    if (rc != ERR_OK) {
        stop(a, rc);
        return;
    }
    due = simnet_due(a->net);
    now = clock_wall_ms(a->clock);
    if (due == 0)
        loop_timer_at(a->timer, -1);
    else
        loop_timer_at(a->timer, clock_mono_ms(a->clock) + (due > now ? due - now : 0));
}

static void wake(void *ctx)
{
    (void)ctx;                        /* the turn's end does the work */
}

static void on_stop(void *ctx)
{
    stop(ctx, ERR_OK);
}

static size_t status(void *ctx, char *dst, size_t cap)
{
    struct app *a = ctx;
    struct simnet_stats s;
    struct coap_link_counters c;
    int n;

    simnet_stats(a->net, &s);
    coap_link_get_counters(a->link, &c);
#define U(x) (unsigned long long)(x)
    n = snprintf(dst, cap,
                 "{\"meters\":%u,\"attached\":%llu,\"asleep\":%llu,\"mt_accepted\":%llu,\"mt_delivered\":%llu,"
                 "\"mt_lost\":%llu,\"mt_expired\":%llu,\"mt_duplicated\":%llu,\"mt_refused\":%llu,"
                 "\"mo_sent\":%llu,\"mo_delivered\":%llu,\"mo_lost\":%llu,\"mo_failed\":%llu,"
                 "\"por_lost\":%llu,\"streams_opened\":%llu,\"streams_open\":%llu,"
                 "\"streams_cut\":%llu,\"octets_up\":%llu,\"octets_down\":%llu,\"refreshes\":%llu,"
                 "\"attach_ok\":%llu,\"attach_rejected\":%llu,\"ledger_octets\":%llu,"
                 "\"mo_again\":%llu,\"wakes\":%llu,\"mt_stored\":%llu,"
                 "\"udps_opened\":%llu,\"datagrams_up\":%llu,"
                 "\"datagrams_down\":%llu,\"datagrams_lost\":%llu,\"datagrams_doubled\":%llu,"
                 "\"datagrams_delayed\":%llu,\"datagram_octets\":%llu,\"sms_delayed\":%llu,\"sms_octets\":%llu}",
                 a->meters, U(s.devices_attached), U(s.devices_asleep), U(s.mt_accepted), U(s.mt_delivered),
                 U(s.mt_lost), U(s.mt_expired), U(s.mt_duplicated), U(s.mt_refused), U(s.mo_sent),
                 U(s.mo_delivered), U(s.mo_lost), U(s.mo_failed), U(s.por_lost),
                 U(s.streams_opened), U(s.streams_open), U(s.streams_cut), U(s.octets_up),
                 U(s.octets_down), U(s.refreshes), U(s.attach[ATTACH_OK]),
                 U(s.attach[ATTACH_NO_COVERAGE] + s.attach[ATTACH_IMSI_UNKNOWN] +
                   s.attach[ATTACH_BARRED] + s.attach[ATTACH_MAC_FAILURE] +
                   s.attach[ATTACH_ROAMING_NOT_ALLOWED] + s.attach[ATTACH_SYNC_FAILURE] +
                   s.attach[ATTACH_RES_MISMATCH] + s.attach[ATTACH_NO_PROFILE]),
                 U(ledger_file_size(a->ledger)), U(c.mo_again), U(s.wakes), U(s.mt_stored),
                 U(s.udps_opened), U(s.datagrams_up), U(s.datagrams_down), U(s.datagrams_lost),
                 U(s.datagrams_doubled), U(s.datagrams_delayed), U(s.datagram_octets),
                 U(s.mt_delayed + s.mo_delayed), U(s.mt_octets + s.mo_octets));
#undef U
    return n < 0 ? 0 : (size_t)n < cap ? (size_t)n : cap - 1;
}

/* --- life --- */
static int tools_make(struct app *a)
{
    a->clock = &CLOCK_SYSTEM;
    rng_init_system(&a->rng);
    a->crypto = crypto_new(NULL);
    if (!a->crypto)
        return ERR_CRYPTO;
    a->scp81 = scp81_client_ctx(a->crypto);
    a->loop = loop_new();
    a->timer = a->loop ? loop_timer_new(a->loop, wake, a) : NULL;
    return a->scp81 && a->timer ? ERR_OK : ERR_NOMEM;
}

static int reader_make(struct app *a, struct errmsg *why)
{
    const struct run_conf *conf = a->conf;
    char eid[EID_TEXT];
    int rc = reader_link_open(a->loop, conf->reader, a->clock, &a->reader, why);

    if (rc == ERR_OK)
        rc = reader_link_attach(a->reader, a->net, &conf->reader_eid);
    if (rc != ERR_NOT_FOUND)
        return rc;
    eid_text(&conf->reader_eid, eid);
    return errmsg_set(why, ERR_CONFIG,
                      "--reader %s: no card of this world has that EID, see eids.txt", eid);
}

static int parts_make(struct app *a, struct errmsg *why)
{
    const struct run_conf *conf = a->conf;
    struct coap_link_config link = {conf->listen, conf->smsr, conf->network, &a->rng, a->clock};
    char path[PATH_MAX];
    int rc = world_load(conf->dir, &a->world, why);

    if (rc == ERR_OK)
        rc = world_path(conf->dir, WORLD_LEDGER, path, sizeof(path));
    if (rc == ERR_OK)
        rc = ledger_file_open(path, LEDGER_WRITE, &a->ledger, why);
    if (rc != ERR_OK)
        return rc;
    a->cards = (struct card_world){
        .crypto = a->crypto, .rng = &a->rng, .scp81 = a->scp81,
        .ci_points = buf_span(&a->world.ci_points), .time_scale = conf->time_scale,
        .smsr_address = a->world.smsr,
    };
    rc = conf->keylog ? keylog_open(conf->keylog, a->scp81, &a->keylog, why) : ERR_OK;
    if (rc == ERR_OK)
        rc = coap_link_open(a->loop, &link, &a->link, why);
    if (rc == ERR_OK && conf->https)
        rc = socket_link_open(a->loop, conf->https, a->clock, &a->sockets, why);
    if (rc == ERR_OK && conf->cattp)
        rc = udp_link_open(a->loop, conf->cattp, a->clock, &a->udp, why);
    if (rc == ERR_OK)
        rc = network_make(a, why);
    if (rc == ERR_OK)
        rc = fleet_load(a, why);
    return rc == ERR_OK && conf->reader ? reader_make(a, why) : rc;
}

static int serve(struct app *a)
{
    int64_t spread = a->conf->spread_ms >= 0 ? a->conf->spread_ms : a->meters / 2;
    char host[64];
    size_t n = strcspn(a->conf->listen, "\n");
    int rc = simnet_start(a->net, spread * (int64_t)a->conf->time_scale);

    if (rc != ERR_OK)
        return rc;
    while (n > 0 && a->conf->listen[n - 1] != ':')
        n--;
    (void)snprintf(host, sizeof(host), "%.*s", (int)n, a->conf->listen);
    coap_link_on_status(a->link, status, a);
    coap_link_attach(a->link, a->net);
    if (a->sockets)
        socket_link_attach(a->sockets, a->net);
    if (a->udp)
        udp_link_attach(a->udp, a->net);
    loop_set_turn(a->loop, turn, a);
    loop_signals(a->loop, on_stop, NULL, a);
    loop_timer_at(a->timer, clock_mono_ms(a->clock));
    printf("euiccsim ready coap=%s%u meters=%u\n", host, coap_link_udp_port(a->link), a->meters);
    (void)fflush(stdout);
    rc = loop_run(a->loop);
    return rc == ERR_OK ? a->error : rc;
}

int sim_app_run(const struct run_conf *conf, struct errmsg *why)
{
    struct app a = {.conf = conf};
    int rc = tools_make(&a);

    if (rc == ERR_OK)
        rc = parts_make(&a, why);
    if (rc == ERR_OK)
        rc = serve(&a);
    if (rc != ERR_OK && why && !why->text[0])
        (void)errmsg_set(why, rc, "the fleet stops: %s", err_text(rc));
    coap_link_close(a.link);
    socket_link_close(a.sockets);
    udp_link_close(a.udp);
    reader_link_close(a.reader);
    simnet_free(a.net);
    ledger_file_close(a.ledger);
    world_fini(&a.world);
    if (a.timer)
        loop_timer_free(a.timer);
    if (a.loop)
        loop_free(a.loop);
    scp81_ctx_free(a.scp81);
    keylog_close(a.keylog);
    crypto_free(a.crypto);
    return rc;
}
