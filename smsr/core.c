/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, what the channel asks of its owner, and the turn. */
#include "smsr/core_int.h"

#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define RUN_AT_ONCE 256u /* timers of one turn: connections get their share */
#define KEK_TRIES 16u    /* cards whose keys are tried at the start */

/* --- what the channel asks --- */
static const struct euicc *port_euicc(void *ctx, const struct eid *eid)
{
    return core_view(ctx, eid);
}

static unsigned port_candidates(void *ctx, const struct msisdn *number, struct eid *ret,
                                unsigned max)
{
    struct smsr_core *c = ctx;
    unsigned n = 0;

    return store_candidates(c->store, number, ret, max, &n) ? 0 : n;
}

static int port_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    struct smsr_core *c = ctx;
    const struct euicc *e = core_view(c, eid);
    const struct isdr_secret *k;
    const struct isdr_set *s;
    const struct isdr_psk *p;
    int err = e ? keys_get(c->keys, e->tenant, eid, &k) : ERR_NOT_FOUND;

    if (err)
        return err;
    s = isdr_secret_set(k, e->scp80_kvn);
    p = isdr_secret_psk(k, e->psk_kvn);
    *ret = (struct isdr_keys){0};
    if (s)
        *ret = (struct isdr_keys){.scp80_kvn = s->kvn, .kic = s->kic, .kid = s->kid};
    if (p) {
        ret->psk_kvn = p->kvn;
        ret->psk_kid = p->kid;
        ret->psk = p->psk;
    }
    return ERR_OK;
}

static int port_more_keys(void *ctx, const struct eid *eid, unsigned at, struct isdr_keys *ret)
{
    struct smsr_core *c = ctx;
    const struct euicc *e = core_view(c, eid);
    const struct isdr_secret *k;
    const struct isdr_set *s;
    int err = e && at < e->n_spare ? keys_get(c->keys, e->tenant, eid, &k) : ERR_NOT_FOUND;

    if (err)
        return err;
    s = isdr_secret_set(k, e->spare[at].kvn);
    if (!s)
        return ERR_NOT_FOUND;
    *ret = (struct isdr_keys){.scp80_kvn = s->kvn, .kic = s->kic, .kid = s->kid};
    return ERR_OK;
}

static struct key *port_psk(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn)
{
    struct smsr_core *c = ctx;
    const struct euicc *e = core_view(c, eid);

    return keys_psk(c->keys, e ? e->tenant : 0, e ? eid : NULL, kid, kvn);
}

static int port_packet(void *ctx, uint64_t lsn, struct buf *out)
{
    struct smsr_core *c = ctx;
    struct journal_record rec;
    struct buf body;
    struct event *ev;
    int err;

    buf_init(&body, 0);
    arena_reset(&c->scratch);
    ev = arena_alloc(&c->scratch, sizeof *ev);
    err = ev ? journal_get(engine_journal(c->engine), lsn, &rec, &body) : ERR_NOMEM;
    if (!err)
        err = wire_event_decode(event_type_parse(rec.type), buf_span(&body), &c->scratch, ev, NULL);
    if (!err && !ev->data.n)
        err = ERR_CORRUPT;
    if (!err) {
        buf_add_span(out, ev->data);
        err = out->failed ? ERR_NOMEM : ERR_OK;
    }
    buf_fini(&body);
    return err;
}

static int port_post(void *ctx, const struct input *in)
{
    struct smsr_core *c = ctx;
    return engine_post(c->engine, in);
}

static void port_part_sent(void *ctx)
{
    const struct smsr_core *c = ctx;
    c->o.witness.at(c->o.witness.ctx, ENGINE_SMS_PART, EV_NONE);
}

static void port_smsc_took(void *ctx)
{
    const struct smsr_core *c = ctx;
    c->o.witness.at(c->o.witness.ctx, ENGINE_SMSC_TOOK, EV_NONE);
}

static int open_channel(struct smsr_core *c)
{
    struct channel_port port = {.euicc = port_euicc, .candidates = port_candidates,
                                .keys = port_keys, .psk = port_psk, .packet = port_packet,
                                .post = port_post, .more_keys = port_more_keys, .ctx = c};

    if (c->o.witness.at) {
        port.part_sent = port_part_sent;
        port.smsc_took = port_smsc_took;
    }

    c->keys = keys_new(engine_journal(c->engine), c->o.keystore, c->o.conf->limits.keys_in_memory);
    if (!c->keys)
        return ERR_NOMEM;
    c->channel = channel_new(&port, c->o.carrier, c->o.crypto, c->o.clock, &c->o.conf->env);
    if (!c->channel)
        return ERR_NOMEM;
    channel_turns_hold(c->channel, true);
    return ERR_OK;
}

struct kek_trial {
    struct eid eid[KEK_TRIES];
    unsigned n;
};

static int first_secrets(void *ctx, struct span id, uint32_t kek_version)
{
    struct kek_trial *t = ctx;
    char text[EID_TEXT] = "";

    (void)kek_version;
    if (id.n != 5 + EID_TEXT - 1 || memcmp(id.p, "isdr/", 5) != 0)
        return ERR_OK;
    memcpy(text, id.p + 5, EID_TEXT - 1);
    t->n += !eid_parse(text, &t->eid[t->n]);
    return t->n == KEK_TRIES ? ERR_EXISTS : ERR_OK;
}

/* Another KEK would show at the first command to a card; it is found at the start instead. One card
 * whose keys are damaged says nothing about the KEK. */
static int check_kek(struct smsr_core *c, struct errmsg *why)
{
    struct kek_trial t = {.n = 0};
    const struct isdr_secret *k;
    unsigned refused = 0;
    int err = journal_secret_each(engine_journal(c->engine), first_secrets, &t);

    if (err != ERR_OK && err != ERR_EXISTS)
        return err;
    for (unsigned i = 0; i < t.n; i++) {
        const struct euicc *e = core_view(c, &t.eid[i]);
        err = e ? keys_get(c->keys, e->tenant, &t.eid[i], &k) : ERR_NOT_FOUND;
        if (!err)
            return ERR_OK;
        refused += err == ERR_AUTH;
    }
    if (!refused)
        return ERR_OK;
    return errmsg_set(why, ERR_AUTH,
                      "keystore.kek does not open the stored keys of the cards (%u tried): it is "
                      "another key than the one they were sealed with; name that one",
                      refused);
}

/* --- api --- */
static void api_counters(void *ctx, struct counter_list *l)
{
    struct smsr_core *c = ctx;
    const char *name;
    uint64_t value;

    for (unsigned i = 0; channel_counter(c->channel, i, &name, &value); i++)
        counter_add(l, name, value);
    counter_add(l, "streams_open", channel_streams(c->channel));
    counter_add(l, "sessions_open", channel_sessions(c->channel));
    counter_add(l, "links_open", channel_links(c->channel));
    counter_add(l, "operations_waiting", channel_turns_waiting(c->channel));
    counter_add(l, "operations_let_in", channel_turns_running(c->channel));
    counter_add(l, "outputs_lost", c->lost_outputs);
    if (c->o.counters)
        c->o.counters(c->o.ctx, l);
}

static unsigned api_strangers(void *ctx, struct admin_stranger_row *ret, unsigned max, uint64_t *ret_known,
                              uint64_t *ret_forgotten)
{
    const struct smsr_core *c = ctx;
    struct channel_stranger *s = calloc(max, sizeof *s);
    unsigned n = s ? channel_strangers(c->channel, s, max) : 0;

    for (unsigned i = 0; i < n; i++)
        ret[i] = (struct admin_stranger_row){s[i].from, s[i].messages, s[i].declarations,
                                             s[i].first_ms, s[i].last_ms};
    free(s);
    *ret_known = channel_strangers_known(c->channel);
    *ret_forgotten = channel_get_counters(c->channel)->strangers_forgotten;
    return n;
}

static struct span api_waiting(void *ctx, const struct eid *eid, const struct uuid *op, struct arena *a)
{
    const struct smsr_core *c = ctx;
    struct channel_wait w;
    char text[160];
    int n;

    if (!channel_waits(c->channel, eid, op, &w))
        return (struct span){NULL, 0};
    n = snprintf(text, sizeof text, "waits for its turn: %s; at most %llu of its party before it", w.why,
                 (unsigned long long)w.before);
    return span_str(arena_str(a, span_of(text, n > 0 && (size_t)n < sizeof text ? (size_t)n : 0)));
}

static uint64_t api_rss(void *ctx)
{
    struct smsr_core *c = ctx;
    return c->o.rss ? c->o.rss(c->o.ctx) : 0;
}

static int open_api(struct smsr_core *c)
{
    struct api_config cfg = {.engine = c->engine, .store = c->store, .crypto = c->o.crypto,
                             .pki = c->o.pki, .keystore = c->o.keystore, .clock = c->o.clock,
                             .rng = c->o.rng, .env = &c->o.conf->env, .transport = c->o.transport,
                             .n_transport = c->o.n_transport, .version = c->o.version,
                             .counters = api_counters, .strangers = api_strangers,
                             .waiting = api_waiting, .rss = api_rss, .ctx = c};

    c->api = api_new(&cfg);
    return c->api ? ERR_OK : ERR_NOMEM;
}

/* A tenant's number is its stream for ever; a name that is new gets the next one by a record. */
static int number_tenants(struct smsr_core *c)
{
    struct mbox house = {.kind = MBOX_HOUSE};

    for (unsigned i = 0; i < c->o.conf->env.n_tenants; i++) {
        struct tenant *t = &c->o.conf->tenants[i];
        struct plan *p;
        struct event *ev;
        int err;
        if (!store_tenant(c->store, t->id, &t->number))
            continue;
        p = engine_plan_begin(c->engine);
        if (!p)
            return ERR_NOMEM;
        ev = plan_record(p, EV_ADMIN_TENANT_ADDED);
        ev->number = t->number = store_next_tenant(c->store);
        ev->text = span_str(t->id);
        err = engine_plan_end(c->engine, p, &house);
        if (err)
            return err;
    }
    return ERR_OK;
}

int smsr_core_new(const struct smsr_core_options *o, struct smsr_core **ret, struct errmsg *why)
{
    struct smsr_core *c = calloc(1, sizeof *c);
    int err = ERR_OK;

    if (!c)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    c->o = *o;
    arena_init(&c->scratch, 0);
    buf_init(&c->packet, 0);
    c->store = store_new();
    if (!c->store)
        err = errmsg_set(why, ERR_NOMEM, "no memory");
    if (!err)
        err = core_open_engine(c, why);
    if (err) {
        smsr_core_free(c);
        return err;
    }
    err = open_channel(c);
    if (!err) {
        err = check_kek(c, why);
        if (err == ERR_AUTH) {
            smsr_core_free(c);
            return err;
        }
    }
    if (!err)
        err = open_api(c);
    if (!err)
        err = number_tenants(c);
    if (!err)
        err = engine_restart_all(c->engine);
    if (err) {
        (void)errmsg_set(why, err, "the state cannot be taken up: %s",
                         engine_failed(c->engine) ? engine_why(c->engine) : err_text(err));
        smsr_core_free(c);
        return err;
    }
    channel_turns_hold(c->channel, false);
    *ret = c;
    return ERR_OK;
}

void smsr_core_free(struct smsr_core *c)
{
    if (!c)
        return;
    core_keys_done(c);
    channel_free(c->channel);
    engine_close(c->engine);
    api_free(c->api);
    keys_free(c->keys);
    store_free(c->store);
    buf_fini(&c->packet);
    arena_fini(&c->scratch);
    free(c);
}

struct rpc_handler smsr_core_handler(struct smsr_core *c)
{
    return api_handler(c->api);
}

struct channel *smsr_core_channel(struct smsr_core *c)
{
    return c->channel;
}

struct engine *smsr_core_engine(struct smsr_core *c)
{
    return c->engine;
}

int smsr_core_turn(struct smsr_core *c)
{
    int64_t due = channel_due(c->channel);
    int err = ERR_OK;

    if (due >= 0 && due <= clock_mono_ms(c->o.clock))
        channel_timer(c->channel);
    if (engine_next_due(c->engine) <= clock_wall_ms(c->o.clock))
        err = engine_run_due(c->engine, RUN_AT_ONCE);
    /* A decision that could not be carried out left no trace; only a failed engine is the end. */
    if (err && engine_failed(c->engine))
        return err;
    return engine_turn_end(c->engine);
}

int64_t smsr_core_due(struct smsr_core *c)
{
    int64_t wall = engine_next_due(c->engine), due = channel_due(c->channel);
    int64_t now = clock_wall_ms(c->o.clock);

    if (wall != INT64_MAX) {
        int64_t at = clock_mono_ms(c->o.clock) + (wall > now ? wall - now : 0);
        if (due < 0 || at < due)
            due = at;
    }
    return due;
}

bool smsr_core_idle(struct smsr_core *c)
{
    uint64_t lsn = engine_last_lsn(c->engine);

    if (lsn == c->idle_at_lsn || engine_failed(c->engine))
        return false;
    if (engine_idle(c->engine))
        return false;
    c->idle_at_lsn = lsn;
    return true;
}

void smsr_core_stop(struct smsr_core *c)
{
    api_stop(c->api);
}

const char *smsr_core_why(const struct smsr_core *c)
{
    return engine_why(c->engine);
}
