/* SPDX-License-Identifier: Apache-2.0 */
/* What joins the daemons: the carrier between SM-SR and network, the SM-DP's connection to the SM-SR. The
 * network is no daemon: it has memory. */
#include "test/sim/alloc.h"
#include "test/sim/world_int.h"

#include <stdio.h>

/* --- the carrier between SM-SR and network --- */
static enum carrier_result result_of(enum simnet_result r)
{
    switch (r) {
    case SIMNET_ACCEPTED:
        return CARRIER_ACCEPTED;
    case SIMNET_THROTTLED:
        return CARRIER_THROTTLED;
    case SIMNET_QUEUE_FULL:
        return CARRIER_QUEUE_FULL;
    case SIMNET_NO_SUBSCRIBER:
        return CARRIER_NO_SUBSCRIBER;
    case SIMNET_REFUSED:
        break;
    }
    return CARRIER_REFUSED;
}

/* In every fifth world the SM-SR asks for receipts, which tell it nothing: an SMSC says "delivered" of what the
 * device lost. */
static bool receipts(const struct world *w)
{
    return w->plan.faults && w->plan.seed % 5 == 2;
}

static int take_sms(void *ctx, const char *network, const struct msisdn *to, const char *from,
                     uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    struct world *w = ctx;
    enum simnet_result r;
    struct msisdn sender;
    uint64_t message;
    int err;

    if (w->sr_life.dying)
        return ERR_OK;
    memset(&sender, 0, sizeof sender);
    (void)snprintf(sender.s, sizeof sender.s, "%s", from);
    world_air(w, 't', tp_ud);
    if (w->n_results == WORLD_RESULTS_MAX)
        return ERR_FULL;
    err = simnet_sms_mt(w->net, to, &sender, pid, dcs, vp_s, tp_ud, world_wall(w), &r, &message);
    if (err)
        return err;
    w->results[w->n_results].tag = tag;
    w->results[w->n_results].message = receipts(w) && r == SIMNET_ACCEPTED ? message : 0;
    (void)snprintf(w->results[w->n_results].network, sizeof w->results->network, "%s", network);
    w->results[w->n_results++].result = result_of(r);
    return ERR_OK;
}

static int take_bytes(void *ctx, uint64_t conn, struct span bytes)
{
    struct world *w = ctx;

    if (w->sr_life.dying)
        return ERR_OK;
    world_air(w, 'd', bytes);
    return simnet_stream_bytes(w->net, conn, bytes, world_wall(w));
}

static void take_close(void *ctx, uint64_t conn)
{
    struct world *w = ctx;

    if (w->sr_life.dying)
        return;
    world_conn_gone(w, conn);
    if (simnet_stream_closed(w->net, conn, world_wall(w)))
        world_fault(w, "the network cannot close a stream");
}

static int carry_sms(void *ctx, const char *network, const struct msisdn *to, const char *from,
                     uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    int was = alloc_enter(-1);
    int err = take_sms(ctx, network, to, from, pid, dcs, vp_s, tp_ud, tag);

    (void)alloc_enter(was);
    return err;
}

static int carry_bytes(void *ctx, uint64_t conn, struct span bytes)
{
    int was = alloc_enter(-1);
    int err = take_bytes(ctx, conn, bytes);

    (void)alloc_enter(was);
    return err;
}

static void carry_close(void *ctx, uint64_t conn)
{
    int was = alloc_enter(-1);

    take_close(ctx, conn);
    (void)alloc_enter(was);
}

static int carry_datagram(void *ctx, uint64_t conn, struct span pdu)
{
    struct world *w = ctx;
    int was = alloc_enter(-1), err = ERR_OK;

    if (!w->sr_life.dying) {
        world_air(w, 'q', pdu);
        err = simnet_datagram(w->net, conn, pdu, world_wall(w));
    }
    (void)alloc_enter(was);
    return err;
}

static void carry_datagram_end(void *ctx, uint64_t conn)
{
    (void)ctx;
    (void)conn;
}

void world_conn_gone(struct world *w, uint64_t conn)
{
    for (unsigned i = 0; i < w->n_conns; i++)
        if (w->conns[i] == conn) {
            w->conns[i] = w->conns[--w->n_conns];
            return;
        }
}

void world_tell_results(struct world *w)
{
    unsigned n = w->n_results;

    w->n_results = 0;
    for (unsigned i = 0; i < n && w->sr_life.up; i++) {
        struct sms_result r = w->results[i];
        char id[24];
        (void)snprintf(id, sizeof id, "%llu", (unsigned long long)r.message);
        (void)alloc_enter(LIFE_SMSR);
        if (r.message)
            channel_sms_named(smsr_core_channel(w->sr), r.tag, id);
        channel_sms_result(smsr_core_channel(w->sr), r.tag, r.result);
        (void)alloc_enter(-1);
    }
}

/* Whose message it was the network does not say: its number is used once. */
void world_tell_receipt(struct world *w, uint64_t message, enum message_report r)
{
    bool known = !receipts(w) || !w->sr_life.up || w->sr_life.dying;
    char id[24];
    int was = alloc_enter(LIFE_SMSR);

    (void)snprintf(id, sizeof id, "%llu", (unsigned long long)message);
    for (unsigned i = 0; !known && i < w->conf->n_networks; i++)
        known = channel_sms_report(smsr_core_channel(w->sr), w->conf->networks[i].id, id, r, "");
    (void)alloc_enter(was);
}

void world_carrier(struct world *w)
{
    w->carrier = (struct carrier){carry_sms,      carry_bytes,        carry_close,
                                  carry_datagram, carry_datagram_end, w};
}

/* --- the SM-DP's connection to the SM-SR --- */
static int dp_hello(void *ctx, struct rpc *r, const struct envelope *e, struct errmsg *why)
{
    (void)ctx;
    (void)r;
    (void)e;
    return errmsg_set(why, ERR_STATE, "a client is no server");
}

static void dp_welcome(void *ctx, struct rpc *r)
{
    struct world *w = ctx;
    int was = alloc_enter(LIFE_SMDP);

    (void)r;
    w->dp_refused = 0;
    smdp_core_link_up(w->dp, &w->smsr_oid);
    (void)alloc_enter(was);
}

static void dp_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct world *w = ctx;
    int was = alloc_enter(LIFE_SMDP);

    (void)r;
    smdp_core_peer(w->dp, &w->smsr_oid, e);
    (void)alloc_enter(was);
}

static void dp_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct world *w = ctx;
    int was;

    (void)r;
    (void)err;
    (void)why;
    w->dp_rpc = NULL;
    w->dp_link = 0;
    w->dp_reconnect_ms = w->now_ms + client_patience(&w->dp_refused);
    if (!w->dp)
        return;
    was = alloc_enter(LIFE_SMDP);
    smdp_core_link_down(w->dp, &w->smsr_oid);
    (void)alloc_enter(was);
}

void world_connect_dp(struct world *w)
{
    struct rpc_handler h = {dp_hello, dp_welcome, dp_message, dp_closed, w};
    struct rpc_party me;

    if (w->dp_rpc || w->now_ms < w->dp_reconnect_ms || !w->dp_life.up)
        return;
    memset(&me, 0, sizeof me);
    me.oid = w->dp_env.smdp_oid;
    me.role = ROLE_SMDP;
    w->dp_link = links_connect(w->links, &me, &w->sr_life.front, &h, true,
                               smdp_core_last_delivery(w->dp, &w->smsr_oid), w->now_ms, 10,
                               &w->dp_rpc);
}
