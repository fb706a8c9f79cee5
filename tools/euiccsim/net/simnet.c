/* SPDX-License-Identifier: Apache-2.0 */
/* The network as a whole: its parts, its time, what may be seen of it. */
#include "tools/euiccsim/net/simnet_int.h"

#include <limits.h>
#include <stdlib.h>

#define IMAGE_MAX 65536u
#define ACTIONS_MAX (1u << 20)
#define ID_SHIFT 20u              /* ids of one run begin behind those of a run a second earlier */

int simnet_new(const struct simnet_config *cfg, const struct simnet_port *port, struct simnet **ret)
{
    struct simnet *n = calloc(1, sizeof(*n));

    *ret = NULL;
    if (!n)
        return ERR_NOMEM;
    n->cfg = *cfg;
    n->port = *port;
    n->now_ms = cfg->now_ms;
    n->next_conn = n->next_mo = n->next_mt = (uint64_t)cfg->now_ms << ID_SHIFT;
    rng_init_seeded(&n->rng, cfg->seed);
    rng_init_seeded(&n->quirk_rng, cfg->seed ^ UINT64_C(0x7175697263));
    arena_init(&n->arena, ACTIONS_MAX);
    buf_init(&n->image, IMAGE_MAX);
    n->by_eid = map_new(0);
    n->streams = map_new(0);
    n->udps = map_new(0);
    if (!n->by_eid || !n->streams || !n->udps) {
        simnet_free(n);
        return ERR_NOMEM;
    }
    *ret = n;
    return ERR_OK;
}

void simnet_free(struct simnet *n)
{
    if (!n)
        return;
    agenda_fini(&n->agenda);
    smsc_gateway_fini(n);
    if (n->streams)
        stream_forget_all(n);
    if (n->udps)
        udp_channel_forget_all(n, false);
    for (unsigned o = 0; o < n->n_ops; o++) {
        for (size_t s = 0; s < hss_count(n->ops[o].hss); s++) {
            struct list *item;

            while ((item = list_pop(&hss_at(n->ops[o].hss, s)->mt)))
                free(LIST_ENTRY(item, struct mt, item));
        }
        hss_free(n->ops[o].hss);
    }
    for (size_t d = 0; d < n->n_devices; d++) {
        card_free(n->devices[d].card);
        free(n->devices[d].seen);
    }
    free(n->devices);
    map_free(n->by_eid);
    map_free(n->streams);
    map_free(n->udps);
    arena_fini(&n->arena);
    buf_wipe(&n->image);
    buf_fini(&n->image);
    free(n);
}

/* --- the world --- */
static unsigned plmn_index(struct simnet *n, const struct plmn *p)
{
    unsigned i = 0;

    while (i < n->n_plmns && strcmp(n->plmns[i].s, p->s) != 0)
        i++;
    if (i == n->n_plmns && i < PLMNS_MAX)
        n->plmns[n->n_plmns++] = *p;
    return i;                     /* PLMNS_MAX: no room */
}

int simnet_add_operator(struct simnet *n, const struct operator_config *o, struct errmsg *why)
{
    struct operator *to = &n->ops[n->n_ops];
    struct hss *hss;
    int rc;

    if (n->n_ops == OPERATORS_MAX)
        return errmsg_set(why, ERR_CONFIG, "more than %u operators", OPERATORS_MAX);
    if (!o->id[0] || !o->plmn.s[0] || !o->numbers[0])
        return errmsg_set(why, ERR_CONFIG, "an operator needs id, PLMN and numbers");
    for (unsigned i = 0; i < n->n_ops; i++)
        if (strcmp(n->ops[i].id, o->id) == 0 || strcmp(n->ops[i].plmn.s, o->plmn.s) == 0 ||
            strcmp(n->ops[i].numbers, o->numbers) == 0)
            return errmsg_set(why, ERR_EXISTS, "operator %s: its id, PLMN or numbers are those of "
                              "operator %s", o->id, n->ops[i].id);
    hss = hss_new(n->cfg.crypto);
    if (!hss)
        return ERR_NOMEM;
    rc = hss_load_csv(hss, o->hss_csv, NULL, why);
    if (rc != ERR_OK) {
        hss_free(hss);
        return rc;
    }
    *to = (struct operator){.plmn = o->plmn, .sms_per_s = o->sms_per_s, .hss = hss};
    memcpy(to->id, o->id, sizeof(to->id));
    memcpy(to->numbers, o->numbers, sizeof(to->numbers));
    n->n_ops++;
    return ERR_OK;
}

int simnet_add_coverage(struct simnet *n, const struct plmn *home, const struct plmn *visited)
{
    unsigned v = plmn_index(n, visited);

    if (v == PLMNS_MAX)
        return ERR_FULL;
    for (unsigned o = 0; o < n->n_ops; o++)
        if (strcmp(n->ops[o].plmn.s, home->s) == 0) {
            n->covered[o][v] = true;
            return ERR_OK;
        }
    return ERR_NOT_FOUND;
}

static int device_room(struct simnet *n)
{
    size_t cap = n->cap_devices ? 2 * n->cap_devices : 64;
    struct device *grown;

    if (n->n_devices < n->cap_devices)
        return ERR_OK;
    if (cap > UINT32_MAX / 2)
        return ERR_FULL;
    grown = realloc(n->devices, cap * sizeof(*grown));
    if (!grown)
        return ERR_NOMEM;
    n->devices = grown;
    n->cap_devices = cap;
    return ERR_OK;
}

int simnet_add_device(struct simnet *n, struct card *card, const struct plmn *visited,
                      uint32_t net_quirks)
{
    unsigned v = plmn_index(n, visited);
    int rc = v == PLMNS_MAX ? ERR_FULL : device_room(n);

    if (rc == ERR_OK)       /* an index, never an address: 1 is the first */
        rc = map_put(n->by_eid, span_of(card_eid(card)->b, 16),
                     (void *)(uintptr_t)(n->n_devices + 1));
    if (rc != ERR_OK) {
        card_free(card);
        return rc;
    }
    n->devices[n->n_devices++] = (struct device){.card = card, .visited = (uint8_t)v,
                                                 .quirks = net_quirks, .op = NO_OPERATOR,
                                                 .version = UINT64_MAX};
    return ERR_OK;
}

static int all_on(struct simnet *n, int64_t spread_ms)
{
    int rc = ERR_OK;

    for (uint32_t d = 0; rc == ERR_OK && d < n->n_devices; d++) {
        int64_t after = (int64_t)rng_below(&n->rng, (uint64_t)net_scaled(n, spread_ms) + 1);

        rc = net_plan(n, after, (struct happening){.kind = HAP_POWER_ON, .who = d,
                                                   .arg = n->devices[d].generation});
    }
    return rc;
}

int simnet_start(struct simnet *n, int64_t spread_ms)
{
    int rc = ERR_OK;

    for (uint32_t d = 0; rc == ERR_OK && d < n->n_devices; d++)
        rc = device_make_durable(n, d);
    return rc == ERR_OK ? all_on(n, spread_ms) : rc;
}

int simnet_power_cut(struct simnet *n, int64_t now_ms, int64_t spread_ms)
{
    int rc = ERR_OK;

    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    stream_forget_all(n);
    udp_channel_forget_all(n, true);
    for (uint32_t i = 0; rc == ERR_OK && i < n->n_devices; i++) {
        struct device *d = &n->devices[i];

        device_detach(n, i);
        d->power = DEV_OFF;
        d->generation++;
        d->timer_ms = 0;
        d->restart_ms = 0;
        rc = device_reload(n, i);
    }
    return rc == ERR_OK ? all_on(n, spread_ms) : rc;
}

int simnet_power_cycle(struct simnet *n, const struct eid *eid, int64_t now_ms)
{
    uint32_t dev = 0;
    int rc = net_device_find(n, eid, &dev);

    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    return rc == ERR_OK ? device_off(n, dev, 0) : rc;
}

int simnet_move(struct simnet *n, const struct eid *eid, const struct plmn *visited, int64_t now_ms)
{
    unsigned v = plmn_index(n, visited);
    uint32_t dev = 0;
    int rc = v == PLMNS_MAX ? ERR_FULL : net_device_find(n, eid, &dev);

    if (rc != ERR_OK)
        return rc;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    n->devices[dev].visited = (uint8_t)v;
    if (n->devices[dev].power == DEV_OFF)
        return ERR_OK;
    return device_lost(n, dev, net_latency(n, LAT_ATTACH, 0));
}

int simnet_call(struct simnet *n, const struct eid *eid, int64_t now_ms, bool *ret)
{
    uint32_t dev = 0;
    int rc = net_device_find(n, eid, &dev);

    *ret = false;
    if (rc != ERR_OK)
        return rc;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    return n->devices[dev].power == DEV_ATTACHED ? device_call(n, dev, ret) : ERR_OK;
}

int simnet_pol1(struct simnet *n, const struct eid *eid, const struct iccid *iccid, uint8_t pol1,
                int64_t now_ms, bool *ret)
{
    uint32_t dev = 0;
    int rc = net_device_find(n, eid, &dev);

    *ret = false;
    if (rc != ERR_OK)
        return rc;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    return n->devices[dev].power == DEV_ATTACHED ? device_pol1(n, dev, iccid, pol1, ret) : ERR_OK;
}

void simnet_set_faults(struct simnet *n, const struct simnet_faults *f)
{
    n->cfg.faults = *f;
}

void simnet_mend(struct simnet *n, enum net_quirk q)
{
    for (uint32_t i = 0; i < n->n_devices; i++)
        n->devices[i].quirks &= ~(uint32_t)q;
}

static unsigned operator_at(const struct simnet *n, const struct plmn *home)
{
    unsigned o = 0;

    while (o < n->n_ops && strcmp(n->ops[o].plmn.s, home->s) != 0)
        o++;
    return o;
}

int simnet_sms_unroute(struct simnet *n, const struct plmn *home, bool answers, int64_t until_ms,
                       int64_t now_ms)
{
    unsigned o = operator_at(n, home);

    if (o == n->n_ops)
        return ERR_NOT_FOUND;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    n->ops[o].unrouted_ms = until_ms;
    n->ops[o].answers_too = answers;
    return ERR_OK;
}

static unsigned operator_with(const struct simnet *n, const struct imsi *imsi)
{
    unsigned o = 0;

    while (o < n->n_ops && !hss_by_imsi(n->ops[o].hss, imsi))
        o++;
    return o;
}

int simnet_renumber(struct simnet *n, const struct imsi *imsi, const struct msisdn *to)
{
    unsigned o = operator_with(n, imsi);

    return o == n->n_ops ? ERR_NOT_FOUND : hss_renumber(n->ops[o].hss, imsi, to);
}

const struct msisdn *simnet_number_of(const struct simnet *n, const struct imsi *imsi)
{
    unsigned o = operator_with(n, imsi);

    return o == n->n_ops ? NULL : &hss_by_imsi(n->ops[o].hss, imsi)->msisdn;
}

int simnet_sms_outage(struct simnet *n, const struct plmn *home, bool refuse, int64_t until_ms,
                      int64_t now_ms)
{
    unsigned o = operator_at(n, home);

    if (o == n->n_ops)
        return ERR_NOT_FOUND;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    n->ops[o].outage_ms = until_ms;
    n->ops[o].refuses = refuse;
    return net_plan(n, until_ms - n->now_ms, (struct happening){.kind = HAP_SMSC_BACK,
                                                                .op = (uint16_t)o});
}

/* --- time --- */
bool net_strikes(const struct simnet *n, const char *fault)
{
    return !n->port.strikes || n->port.strikes(n->port.ctx, fault);
}

bool net_struck(struct simnet *n, uint32_t rate, const char *fault)
{
    return fault_hits(&n->rng, rate) && net_strikes(n, fault);
}

bool net_quirk(struct simnet *n, uint32_t dev, enum net_quirk q, unsigned one_of, const char *what)
{
    return dev < n->n_devices && (n->devices[dev].quirks & (uint32_t)q) &&
           rng_below(&n->quirk_rng, one_of) == 0 && net_strikes(n, what);
}

int64_t net_quirk_ms(struct simnet *n, int64_t least, int64_t most)
{
    return net_scaled(n, least + (int64_t)rng_below(&n->quirk_rng, (uint64_t)(most - least)));
}

int64_t net_scaled(const struct simnet *n, int64_t ms)
{
    return n->cfg.time_scale > 1 ? ms / (int64_t)n->cfg.time_scale : ms;
}

int64_t net_latency(struct simnet *n, enum latency_kind k, size_t octets)
{
    int64_t ms = latency_draw(n->cfg.latency, k, octets, &n->rng);

    return n->cfg.latency == LATENCY_FAST ? ms : net_scaled(n, ms);
}

int net_plan(struct simnet *n, int64_t after_ms, struct happening h)
{
    int rc;

    h.due_ms = n->now_ms + (after_ms > 0 ? after_ms : 0);
    rc = agenda_put(&n->agenda, &h);
    if (rc != ERR_OK)
        free(h.unit);
    return rc;
}

int64_t simnet_due(const struct simnet *n)
{
    const struct happening *h = agenda_first(&n->agenda);

    return h ? h->due_ms : 0;
}

/* Carries one out; its unit is freed here unless it was handed on. */
static int happens(struct simnet *n, struct happening *h)
{
    switch ((enum happening_kind)h->kind) {
    case HAP_POWER_ON:
        return h->arg == n->devices[h->who].generation ? device_power_on(n, h->who) : ERR_OK;
    case HAP_ATTACH:
        return h->arg == n->devices[h->who].generation ? attach_run(n, h->who) : ERR_OK;
    case HAP_POWER_CYCLE:
        return device_power_cycle(n, h->who, (int64_t)h->arg);
    case HAP_CARD_TIMER:
        return device_timer(n, h->who, (int64_t)h->arg);
    case HAP_SMS_SENT:
        return device_sms_sent(n, h->who, h->arg != 0);
    case HAP_MT_ENTER: {
        struct mt *m = h->unit;

        h->unit = NULL;
        return smsc_enter(n, h->op, h->who, m);
    }
    case HAP_MT_DELIVER:
        return smsc_deliver(n, h->op, h->who);
    case HAP_MT_EXPIRE:
        smsc_expire(n, h->op, h->who);
        return ERR_OK;
    case HAP_SMSC_BACK:
        return smsc_back(n, h->op);
    case HAP_MO: {
        struct mo *m = h->unit;

        h->unit = NULL;
        return smsc_forward(n, m);
    }
    case HAP_MO_GATEWAY:
        return smsc_gateway(n);
    case HAP_STREAM_OPEN:
    case HAP_STREAM_OPENED:
    case HAP_STREAM_REFUSED:
    case HAP_STREAM_UP:
    case HAP_STREAM_DOWN:
    case HAP_STREAM_END_UP:
    case HAP_STREAM_END_DOWN:
        return stream_happens(n, h);
    case HAP_UDP_OPENED:
    case HAP_DATAGRAM_UP:
    case HAP_DATAGRAM_DOWN:
    case HAP_UDP_END:
        return udp_channel_happens(n, h);
    case HAP_WAKE:
        return device_wake(n, h->who, (int64_t)h->arg);
    case HAP_KINDS:
        break;
    }
    return ERR_INTERNAL;
}

int simnet_run_some(struct simnet *n, int64_t now_ms, unsigned most)
{
    const struct happening *first = NULL;
    int rc = ERR_OK;

    while (rc == ERR_OK && most-- > 0 && (first = agenda_first(&n->agenda)) &&
           first->due_ms <= now_ms) {
        struct happening h;

        agenda_take(&n->agenda, &h);
        if (h.due_ms > n->now_ms)
            n->now_ms = h.due_ms;
        rc = happens(n, &h);
        free(h.unit);
    }
    first = agenda_first(&n->agenda);
    if (now_ms > n->now_ms && (!first || first->due_ms > now_ms))
        n->now_ms = now_ms;
    return rc;
}

int simnet_run(struct simnet *n, int64_t now_ms)
{
    int rc = ERR_OK;

    do
        rc = simnet_run_some(n, now_ms, UINT_MAX);
    while (rc == ERR_OK && simnet_due(n) != 0 && simnet_due(n) <= now_ms);
    return rc;
}
