/* SPDX-License-Identifier: Apache-2.0 */
/* A device around its card: power, the search for a network, and the only place that calls a
 * card. */
#include "tools/euiccsim/net/simnet_int.h"

#define POWER_ONE_OF 32               /* units given to a card whose power fails */
#define OFF_MS 10000                  /* a device that lost power is back after so long */
#define RESTART_LEAST_MS 120000       /* one that sits on a REFRESH is restarted by its watchdog */
#define RESTART_MOST_MS 600000

static struct card_actions *begin(struct simnet *n)
{
    arena_reset(&n->arena);
    n->actions.arena = &n->arena;
    n->actions.n = 0;
    return &n->actions;
}

int device_make_durable(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    unsigned rows;
    int rc;

    if (!n->cfg.ledger)
        return ERR_OK;
    rows = card_ledger_take(d->card, n->rows, ROWS_MAX);
    if (rows == 0 && d->version == card_version(d->card))
        return ERR_OK;
    buf_wipe(&n->image);
    rc = card_image(d->card, &n->image);
    if (rc == ERR_OK)
        rc = ledger_file_put_card(n->cfg.ledger, card_eid(d->card), buf_span(&n->image), n->rows,
                                  rows);
    d->version = card_version(d->card);
    return rc;
}

int device_reload(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    struct card *again = NULL;
    int rc;

    if (!n->cfg.ledger)
        return ERR_OK;
    buf_wipe(&n->image);
    rc = ledger_file_image(n->cfg.ledger, card_eid(d->card), &n->image);
    if (rc == ERR_OK)
        rc = card_from_image(n->cfg.cards, buf_span(&n->image), &again);
    if (rc != ERR_OK)
        return rc;
    card_free(d->card);
    d->card = again;
    d->version = card_version(again);
    return ERR_OK;
}

void device_detach(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    struct subscriber *s = net_subscriber(n, d->op, d->sub);

    if (d->power == DEV_ATTACHED) {
        if (s && s->device == dev + 1)
            s->device = 0;
        d->power = DEV_SEARCHING;
    }
    d->op = NO_OPERATOR;
    d->restart_ms = 0;
    memset(&d->attached, 0, sizeof(d->attached));
}

int device_search(struct simnet *n, uint32_t dev, int64_t after_ms)
{
    n->devices[dev].generation++;
    return net_plan(n, after_ms, (struct happening){.kind = HAP_ATTACH, .who = dev,
                                                    .arg = n->devices[dev].generation});
}

int device_off(struct simnet *n, uint32_t dev, int64_t again_ms)
{
    struct device *d = &n->devices[dev];
    int rc;

    device_detach(n, dev);
    stream_drop(n, dev);
    rc = udp_channel_drop(n, dev);
    d->power = DEV_OFF;
    d->generation++;
    d->timer_ms = 0;
    if (rc != ERR_OK)
        return rc;
    return net_plan(n, again_ms, (struct happening){.kind = HAP_POWER_ON, .who = dev,
                                                    .arg = d->generation});
}

/* Its card holds other keys than the subscription it was attached with: a REFRESH is owed. */
static bool sits_on_refresh(const struct device *d)
{
    const struct card_isdp *p = card_enabled(d->card);

    return d->power == DEV_ATTACHED && !(p && iccid_eq(&p->data.iccid, &d->attached));
}

/* A network that is lost is looked for again. With the IMSI of before the card answers no challenge any
 * more: such a device starts its card anew. */
int device_lost(struct simnet *n, uint32_t dev, int64_t after_ms)
{
    if (sits_on_refresh(&n->devices[dev]))
        return device_off(n, dev, net_scaled(n, OFF_MS));
    device_detach(n, dev);
    return device_search(n, dev, after_ms);
}

bool device_sms_works(const struct simnet *n, uint32_t dev)
{
    const struct device *d = &n->devices[dev];

    return d->power == DEV_ATTACHED && (d->fallback || !(d->quirks & NETQ_DATA_WITHOUT_SMS));
}

/* A card that switched profiles while its device keeps the old network waits for a reset. */
static int watchdog(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    int64_t after;

    if (d->restart_ms != 0 || !sits_on_refresh(d))
        return ERR_OK;
    after = RESTART_LEAST_MS +
            (int64_t)rng_below(&n->rng, RESTART_MOST_MS - RESTART_LEAST_MS);
    after = net_scaled(n, after);
    d->restart_ms = n->now_ms + after;
    return net_plan(n, after, (struct happening){.kind = HAP_POWER_CYCLE, .who = dev,
                                                 .arg = (uint64_t)d->restart_ms});
}

static int timer_plan(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    int64_t due = card_due(d->card);

    if (due != 0 && due <= n->now_ms)
        due = n->now_ms + 1;          /* time always moves on */
    if (due == d->timer_ms || d->power == DEV_OFF)
        return ERR_OK;
    d->timer_ms = due;
    if (due == 0)
        return ERR_OK;
    return net_plan(n, due - n->now_ms, (struct happening){.kind = HAP_CARD_TIMER, .who = dev,
                                                           .arg = (uint64_t)due});
}

static int carry_out(struct simnet *n, uint32_t dev, const struct card_action *a)
{
    int rc;

    switch (a->kind) {
    case CARD_SEND_SMS:
        return smsc_submit(n, dev, &a->to, a->bytes);
    case CARD_OPEN_STREAM:
        return stream_open(n, dev, a->ipv4, a->port);
    case CARD_STREAM_SEND:
        return stream_send(n, dev, a->bytes);
    case CARD_STREAM_CLOSE:
        return stream_close(n, dev);
    case CARD_OPEN_UDP:
        return udp_channel_open(n, dev, a->ipv4, a->port);
    case CARD_DATAGRAM:
        return udp_channel_send(n, dev, a->bytes);
    case CARD_UDP_CLOSE:
        return udp_channel_drop(n, dev);
    case CARD_REFRESH:
        n->stats.refreshes++;
        device_detach(n, dev);
        stream_drop(n, dev);
        rc = udp_channel_drop(n, dev);
        return rc == ERR_OK ? device_search(n, dev, net_latency(n, LAT_ATTACH, 0)) : rc;
    case CARD_LEDGER:
        return ERR_OK;                /* taken when the state was made durable */
    }
    return ERR_INTERNAL;
}

/* What a card wants after a call: durable first, then done in order. */
static int end(struct simnet *n, uint32_t dev, int rc)
{
    if (rc == ERR_OK)
        rc = device_make_durable(n, dev);
    if (rc == ERR_OK && n->actions.n > 0)
        rc = device_active(n, dev);   /* what a sleeper sends itself leaves at once */
    for (unsigned i = 0; rc == ERR_OK && i < n->actions.n; i++)
        rc = carry_out(n, dev, &n->actions.a[i]);
    if (rc == ERR_OK)
        rc = watchdog(n, dev);
    return rc == ERR_OK ? timer_plan(n, dev) : rc;
}

/* The power may fail before the card writes (it never happened), between two commands of a script, or
 * behind all of it (no answer leaves). */
enum dark { DARK_NOT, DARK_BEFORE, DARK_DURING, DARK_AFTER };

static enum dark dark_drawn(struct simnet *n, uint32_t dev)
{
    enum dark dark = fault_hits(&n->rng, n->cfg.faults.power_loss)
                         ? (enum dark)(1 + rng_below(&n->rng, DARK_AFTER))
                         : DARK_NOT;

    if (dark != DARK_NOT && !net_strikes(n, "card without power"))
        dark = DARK_NOT;
    if (dark == DARK_NOT && net_quirk(n, dev, NETQ_POWER, POWER_ONE_OF, "power cut in mid-script"))
        dark = DARK_DURING;
    if (dark == DARK_DURING)
        card_power_fails(n->devices[dev].card, 1 + (unsigned)rng_below(&n->rng, 3));
    return dark;
}

static int end_or_dark(struct simnet *n, uint32_t dev, enum dark dark, int rc)
{
    card_power_fails(n->devices[dev].card, 0);
    if (dark == DARK_NOT || rc != ERR_OK)
        return end(n, dev, rc);
    n->stats.dark[dark - 1]++;
    rc = dark == DARK_BEFORE ? device_reload(n, dev) : device_make_durable(n, dev);
    return rc == ERR_OK ? device_off(n, dev, net_scaled(n, OFF_MS)) : rc;
}

int device_power_on(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    struct card_actions *out = begin(n);
    int rc;

    if (d->power != DEV_OFF)
        return ERR_OK;
    n->stats.power_cycles++;
    d->power = DEV_SEARCHING;
    rc = device_search(n, dev, net_latency(n, LAT_ATTACH, 0));
    if (rc != ERR_OK)
        return rc;
    return end(n, dev, card_power_cycle(d->card, n->now_ms, out));
}

int device_power_cycle(struct simnet *n, uint32_t dev, int64_t made_for)
{
    if (n->devices[dev].restart_ms != made_for)
        return ERR_OK;
    return device_off(n, dev, net_scaled(n, OFF_MS));
}

int device_attached(struct simnet *n, uint32_t dev, bool ok)
{
    struct card_actions *out = begin(n);
    int rc = ok ? device_active(n, dev) : ERR_OK;

    if (rc != ERR_OK)
        return rc;
    return end(n, dev, card_attached(n->devices[dev].card, ok, n->now_ms, out));
}

int device_timer(struct simnet *n, uint32_t dev, int64_t made_for)
{
    struct device *d = &n->devices[dev];
    struct card_actions *out = begin(n);

    if (d->timer_ms != made_for || d->power == DEV_OFF)
        return ERR_OK;
    d->timer_ms = 0;
    return end(n, dev, card_timer(d->card, n->now_ms, out));
}

int device_call(struct simnet *n, uint32_t dev, bool *ret)
{
    struct card_actions *out = begin(n);

    return end(n, dev, card_call(n->devices[dev].card, n->now_ms, out, ret));
}

int device_pol1(struct simnet *n, uint32_t dev, const struct iccid *iccid, uint8_t pol1, bool *ret)
{
    (void)begin(n);
    *ret = card_update_pol1(n->devices[dev].card, iccid, pol1);
    return end(n, dev, ERR_OK);
}

int device_sms(struct simnet *n, uint32_t dev, const struct msisdn *from, struct span ud)
{
    struct card_actions *out = begin(n);
    enum dark dark = dark_drawn(n, dev);
    int rc = device_active(n, dev);

    if (rc != ERR_OK)
        return rc;
    return end_or_dark(n, dev, dark,
                       card_sms(n->devices[dev].card, from, ud, n->now_ms, out));
}

int device_sms_sent(struct simnet *n, uint32_t dev, bool ok)
{
    struct card_actions *out = begin(n);

    if (n->devices[dev].power == DEV_OFF)
        return ERR_OK;
    return end(n, dev, card_sms_sent(n->devices[dev].card, ok, n->now_ms, out));
}

int device_stream_opened(struct simnet *n, uint32_t dev, bool ok)
{
    struct card_actions *out = begin(n);

    if (n->devices[dev].power == DEV_OFF)
        return ERR_OK;
    return end(n, dev, card_stream_opened(n->devices[dev].card, ok, n->now_ms, out));
}

int device_stream_bytes(struct simnet *n, uint32_t dev, struct span b)
{
    struct card_actions *out = begin(n);
    enum dark dark = dark_drawn(n, dev);

    return end_or_dark(n, dev, dark,
                       card_stream_bytes(n->devices[dev].card, b, n->now_ms, out));
}

int device_stream_closed(struct simnet *n, uint32_t dev)
{
    struct card_actions *out = begin(n);

    return end(n, dev, card_stream_closed(n->devices[dev].card, n->now_ms, out));
}

int device_udp_opened(struct simnet *n, uint32_t dev, bool ok)
{
    struct card_actions *out = begin(n);

    if (n->devices[dev].power == DEV_OFF)
        return ERR_OK;
    return end(n, dev, card_udp_opened(n->devices[dev].card, ok, n->now_ms, out));
}

int device_datagram(struct simnet *n, uint32_t dev, struct span pdu)
{
    struct card_actions *out = begin(n);
    enum dark dark = dark_drawn(n, dev);

    return end_or_dark(n, dev, dark, card_datagram(n->devices[dev].card, pdu, n->now_ms, out));
}

int device_udp_closed(struct simnet *n, uint32_t dev)
{
    struct card_actions *out = begin(n);

    return end(n, dev, card_udp_closed(n->devices[dev].card, n->now_ms, out));
}
