/* SPDX-License-Identifier: Apache-2.0 */
/* The network of the world and its devices, and how what it says reaches the SM-SR. */
#include "test/sim/world_int.h"

#include <stdio.h>

#include "test/sim/alloc.h"

static bool net_fault(void *ctx, const char *fault)
{
    return world_choice(ctx, "%s", fault);
}

static int net_sms_mo(void *ctx, const struct msisdn *from, struct span tp_ud, uint64_t id)
{
    struct world *w = ctx;

    (void)id;
    if (!w->sr_life.up || w->sr_life.dying)
        return ERR_FULL;               /* the gateway keeps it */
    world_air(w, 'o', tp_ud);
    numbers_heard(w, from, tp_ud);
    (void)alloc_enter(LIFE_SMSR);
    channel_sms_mo(smsr_core_channel(w->sr), from, tp_ud);
    (void)alloc_enter(-1);
    return ERR_OK;
}

static void net_sms_report(void *ctx, uint64_t message, enum report_state s)
{
    static const enum message_report REPORT[] = {[REPORT_DELIVERED] = REPORTED_DELIVERED,
                                                 [REPORT_EXPIRED] = REPORTED_EXPIRED};

    world_tell_receipt(ctx, message, s < sizeof REPORT / sizeof *REPORT ? REPORT[s] : REPORTED_UNDELIVERABLE);
}

static int net_stream_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port)
{
    struct world *w = ctx;

    (void)ipv4;
    (void)port;
    if (!w->sr_life.up || w->sr_life.dying || w->n_conns == WORLD_CONNS_MAX)
        return simnet_stream_opened(w->net, conn, false, world_wall(w));
    w->conns[w->n_conns++] = conn;
    (void)alloc_enter(LIFE_SMSR);
    channel_stream_open(smsr_core_channel(w->sr), conn);
    (void)alloc_enter(-1);
    return simnet_stream_opened(w->net, conn, true, world_wall(w));
}

static int net_stream_bytes(void *ctx, uint64_t conn, struct span bytes)
{
    struct world *w = ctx;

    world_air(w, 'u', bytes);
    if (!w->sr_life.up)
        return ERR_OK;
    (void)alloc_enter(LIFE_SMSR);
    channel_stream_bytes(smsr_core_channel(w->sr), conn, bytes);
    (void)alloc_enter(-1);
    return ERR_OK;
}

static void net_stream_closed(void *ctx, uint64_t conn)
{
    struct world *w = ctx;
    int was;

    world_conn_gone(w, conn);
    if (!w->sr_life.up)
        return;
    was = alloc_enter(LIFE_SMSR);
    channel_stream_closed(smsr_core_channel(w->sr), conn);
    (void)alloc_enter(was);
}

static int net_datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port,
                        struct span pdu)
{
    struct world *w = ctx;

    (void)ipv4;
    (void)port;
    if (!w->sr_life.up || w->sr_life.dying)
        return ERR_OK;
    world_air(w, 'p', pdu);
    (void)alloc_enter(LIFE_SMSR);
    (void)channel_datagram(smsr_core_channel(w->sr), conn, pdu);
    (void)alloc_enter(-1);
    return ERR_OK;
}

static int add_operator(struct world *w, const char *id, const char *plmn, const char *numbers,
                        const struct buf *csv, struct errmsg *why)
{
    struct operator_config o;
    struct plmn home, here;
    int err;

    memset(&o, 0, sizeof o);
    (void)snprintf(o.id, sizeof o.id, "%s", id);
    (void)snprintf(o.plmn.s, sizeof o.plmn.s, "%s", plmn);
    (void)snprintf(o.numbers, sizeof o.numbers, "%s", numbers);
    o.hss_csv = buf_span(csv);
    err = simnet_add_operator(w->net, &o, why);
    home = o.plmn;
    memset(&here, 0, sizeof here);
    (void)snprintf(here.s, sizeof here.s, "%s", FACTORY_PLMN_HERE);
    return err ? err : simnet_add_coverage(w->net, &home, &here);
}

/* Once a day, or every few hours, at a moment of its own. */
static int maybe_sleep(struct world *w, unsigned i)
{
    struct rng rng;
    const struct fleet_kind *kind;
    int64_t phase;

    rng_init_seeded(&rng, w->plan.seed ^ 0x5c ^ (uint64_t)i << 16);
    kind = fleet_kind_of(span_str(rng_below(&rng, 3) ? "nbiot" : "edrx"));
    phase = (int64_t)rng_below(&rng, (uint64_t)kind->period_ms);
    if (rng_below(&rng, RATE_ONE) >= w->ranges.sleepers ||
        !world_choice(w, "card %u sleeps: %s, first wake in %lld s", i, kind->name, (long long)phase / 1000))
        return ERR_OK;
    w->stats.hits[HIT_SLEEPER]++;
    return simnet_sleep(w->net, &w->factory.cards[i].eid, kind, phase, world_wall(w));
}

static int add_devices(struct world *w)
{
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < w->factory.n; i++) {
        struct plmn visited;
        struct card *card = NULL;
        memset(&visited, 0, sizeof visited);
        (void)snprintf(visited.s, sizeof visited.s, "%s",
                       w->factory.cards[i].fate == FATE_NO_COVERAGE ? FACTORY_PLMN_THERE
                                                                    : FACTORY_PLMN_HERE);
        err = card_new(&w->cards, &w->factory.cards[i].f, &card);
        if (!err)
            err = simnet_add_device(w->net, card, &visited, w->factory.cards[i].net_quirks);
        if (!err)
            err = maybe_sleep(w, i);
    }
    return err;
}

int world_network(struct world *w, struct errmsg *why)
{
    struct simnet_config c = {.seed = w->plan.seed, .now_ms = world_wall(w), .time_scale = 1,
                              .latency = w->plan.faults ? LATENCY_LAB2016 : LATENCY_FAST,
                              .crypto = w->crypto, .cards = &w->cards};
    struct simnet_port port = {.sms_mo = net_sms_mo, .stream_open = net_stream_open,
                               .stream_bytes = net_stream_bytes, .stream_closed = net_stream_closed,
                               .datagram = net_datagram, .sms_report = net_sms_report,
                               .strikes = net_fault, .ctx = w};
    struct plmn a = {FACTORY_PLMN_A}, there = {FACTORY_PLMN_THERE};
    int err;

    c.faults = w->ranges.net;
    w->scp81 = scp81_client_ctx(w->crypto);
    if (!w->scp81)
        return ERR_NOMEM;
    w->cards.crypto = w->crypto;
    w->cards.rng = &w->net_rng;
    w->cards.scp81 = w->scp81;
    w->cards.ci_points = span_of(w->factory.ci.point, 65);
    w->cards.time_scale = 1;
    (void)snprintf(w->cards.smsr_address.s, sizeof w->cards.smsr_address.s, "%s", FACTORY_SMSR_NUMBER);
    c.smsr = w->cards.smsr_address;
    err = ledger_file_open(NULL, LEDGER_WRITE, &w->ledger, why);
    c.ledger = w->ledger;
    if (!err)
        err = simnet_new(&c, &port, &w->net);
    if (!err)
        err = add_operator(w, "op-a", FACTORY_PLMN_A, FACTORY_NUMBERS_A, &w->factory.hss_a, why);
    if (!err)
        err = add_operator(w, "op-b", FACTORY_PLMN_B, FACTORY_NUMBERS_B, &w->factory.hss_b, why);
    if (!err)
        err = simnet_add_coverage(w->net, &a, &there);
    if (!err)
        err = add_devices(w);
    return err ? err : simnet_start(w->net, 1000);
}
