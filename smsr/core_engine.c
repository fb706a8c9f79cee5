/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine asks of its application: cards, decisions, packets, streams, releases. */
#include "smsr/core_int.h"

#include "common/crypto/scp80.h"
#include "common/wire/wire.h"
#include "smsr/domain/dialect.h"
#include "smsr/proc/procs.h"

/* Low nibble of KIc and KID: AES in CBC, AES in CMAC (ota section 1.4). */
#define KIC_AES 0x02u

struct mbox core_mbox(const struct eid *eid)
{
    struct mbox m = {.kind = MBOX_EUICC};

    memcpy(m.id, eid->b, sizeof eid->b);
    return m;
}

static struct eid eid_of(const struct mbox *m)
{
    struct eid eid;

    memcpy(eid.b, m->id, sizeof eid.b);
    return eid;
}

const struct euicc *core_view(struct smsr_core *c, const struct eid *eid)
{
    struct mbox key = core_mbox(eid);
    const void *e = NULL;

    return engine_view(c->engine, &key, &e) ? NULL : e;
}

static int app_open(void *ctx, struct db *state, struct errmsg *why)
{
    struct smsr_core *c = ctx;
    return store_open(c->store, state, why);
}

static void app_close(void *ctx)
{
    struct smsr_core *c = ctx;
    store_close(c->store);
}

static int app_load(void *ctx, struct db *state, const struct mbox *key, void **ret)
{
    struct smsr_core *c = ctx;
    struct eid eid = eid_of(key);
    struct euicc *e = NULL;
    int err = store_load(c->store, &eid, &e);

    (void)state;
    *ret = e;
    return err;
}

static int app_save(void *ctx, struct db *state, const struct mbox *key, const void *obj)
{
    struct smsr_core *c = ctx;
    struct eid eid = eid_of(key);

    (void)state;
    return store_save(c->store, &eid, obj);
}

static int app_save_rest(void *ctx, struct db *state)
{
    struct smsr_core *c = ctx;

    (void)state;
    return store_save_rest(c->store);
}

static void app_drop(void *ctx, void *obj)
{
    (void)ctx;
    euicc_free(obj);
}

static int64_t app_due(void *ctx, const void *obj)
{
    (void)ctx;
    return euicc_due(obj);
}

static bool iccid_taken(void *ctx, const struct iccid *iccid)
{
    struct smsr_core *c = ctx;
    struct eid there;

    return store_iccid(c->store, iccid, &there) !=
           ERR_NOT_FOUND; /* what cannot be read is not free */
}

static bool number_taken(void *ctx, const struct msisdn *number, const struct oid *mno)
{
    struct smsr_core *c = ctx;

    return api_number_taken(c->api, number, mno);
}

static bool iccid_elsewhere(void *ctx, const struct iccid *iccid, const struct oid *mno,
                            const struct eid *here)
{
    struct smsr_core *c = ctx;

    return api_iccid_elsewhere(c->api, iccid, mno, here);
}

static int64_t pace(void *ctx, const struct euicc *e, const struct operation *op)
{
    return channel_pace(((struct smsr_core *)ctx)->channel, e, op);
}

static int app_decide(void *ctx, void *obj, const struct input *in, struct plan *p)
{
    struct smsr_core *c = ctx;
    struct proc_env pe = {.env = &c->o.conf->env, .crypto = c->o.crypto, .iccid_taken = iccid_taken,
                          .number_taken = number_taken, .iccid_elsewhere = iccid_elsewhere,
                          .wait = pace, .ctx = c};
    struct eid eid = eid_of(&in->to);
    int err;

    pe.held = channel_held(c->channel, &eid, &pe.held_session);
    pe.linked = channel_linked(c->channel, &eid, &pe.link, &pe.chained);
    if (in->kind == IN_RESTART && obj)
        channel_turns(c->channel, obj);
    if (in->kind == IN_CALL || in->kind == IN_NOTIFICATION)
        uuid_v7(&pe.new_op, p->now_ms, c->o.rng);
    err = proc_euicc_decide(&pe, obj, in, p);
    if (!err)
        err = core_keys_seal(c, obj, p);
    if (!err)
        err = api_finish_plan(c->api, p);
    for (unsigned i = 0; !err && i < p->n_outs; i++)
        if (p->outs[i].kind == OUT_STEP)
            channel_step_decided(c->channel, &((const struct out_step *)p->outs[i].body)->session);
    for (unsigned i = 0; !err && c->o.on_record && i < p->n_records; i++)
        c->o.on_record(c->o.ctx, p->records[i]);
    return err;
}

/* KIc and KID are the same octet: key set version and algorithm. */
static uint8_t octet_of(uint8_t kvn)
{
    return (uint8_t)((unsigned)kvn << 4 | KIC_AES);
}

/* The key set of a unit, and the next figure of its counter. */
static int set_of_unit(struct smsr_core *c, const struct euicc *e, const struct card_unit *unit,
                       const struct isdr_set **ret, uint64_t *ret_counter)
{
    struct euicc copy = *e;
    uint8_t kvn = unit->kvn ? unit->kvn : e->scp80_kvn;
    const uint64_t *high = euicc_counter(&copy, kvn);
    const struct isdr_secret *k;
    int err = keys_get(c->keys, e->tenant, &e->eid, &k);

    if (err)
        return err;
    *ret = isdr_secret_set(k, kvn);
    return *ret && high && cntr_next(*high, ret_counter) ? ERR_OK : ERR_STATE;
}

static int wrap(struct smsr_core *c, const struct isdr_set *set, const struct euicc *e, uint64_t counter,
                const struct card_unit *unit, struct span script, struct writer *w)
{
    const struct packet_cmd_head head = {dialect_of(e)->spi1, dialect_of(e)->spi2, octet_of(set->kvn),
                                         octet_of(set->kvn), unit->tar};
    const struct scp80_keys keys = {set->kic, set->kid, 0};

    return scp80_wrap(c->o.crypto, &keys,
                      unit->armed->bearer == BEARER_CATTP ? PACKET_CATTP : PACKET_SMS, &head, counter, script, w);
}

/* Counter and packet are the engine's side of a decision: the record that arms them reserves the
 * counter (law 3), and no packet leaves before that record is durable. */
static int app_arm(void *ctx, const void *obj, const struct card_unit *unit, struct plan *p)
{
    struct smsr_core *c = ctx;
    const struct euicc *e = obj;
    const struct isdr_set *set;
    struct span script = unit->script;
    struct writer w;
    uint64_t counter;
    uint8_t *place;
    int err;

    if (!e)
        return ERR_INTERNAL;
    err = set_of_unit(c, e, unit, &set, &counter);
    if (!err && unit->put_kvn)
        err = core_keys_put(c, set, unit, dialect_of(e)->packet_form, p->arena, &script);
    if (err)
        return err;
    buf_reset(&c->packet);
    place = buf_grow(&c->packet, PACKET_MAX);
    if (!place)
        return ERR_NOMEM;
    w = wr_init(place, PACKET_MAX);
    err = wrap(c, set, e, counter, unit, script, &w);
    if (err)
        return err;
    unit->armed->kvn = set->kvn;
    unit->armed->counter = counter;
    unit->armed->data = span_of(arena_dup(p->arena, w.p, w.len), w.len);
    return unit->armed->data.p ? ERR_OK : ERR_NOMEM;
}

static void app_route(void *ctx, const struct journal_record *rec, const struct event *ev,
                      struct mbox *ret)
{
    (void)ctx;
    (void)ev;
    if (!eid_is_zero(&rec->eid))
        *ret = core_mbox(&rec->eid);
}

/* A state change stands in the stream of the card's realm; the refusal of an EID that the caller
 * has no relation to stands in the caller's (design 3.2). */
static uint32_t app_stream(void *ctx, const struct event *ev, const struct input *in)
{
    struct smsr_core *c = ctx;
    const struct gsma_code *unknown = &STATUS[ST_EID_UNKNOWN].code;
    bool refused = ev->type == EV_OPERATION_CONCLUDED && ev->stage == STAGE_ADMISSION;
    const struct euicc *e;
    const struct party *p;

    (void)in;
    if (eid_is_zero(&ev->eid))
        return 0;
    if (ev->type == EV_EUICC_REGISTERED)
        return (uint32_t)ev->number;
    e = core_view(c, &ev->eid);
    if (e && !(refused && !strcmp(ev->code.subject, unknown->subject) &&
               !strcmp(ev->code.reason, unknown->reason)))
        return e->tenant;
    p = env_party(&c->o.conf->env, &ev->party);
    return p && p->tenant ? p->tenant->number : 0;
}

static int app_apply(void *ctx, const struct journal_record *rec, const struct event *ev,
                     void **obj)
{
    struct smsr_core *c = ctx;
    struct euicc_record r = {rec->lsn, rec->at_ms, ev, NULL, NULL};
    struct euicc *e = *obj;
    int err = ERR_OK;

    if (eid_is_zero(&rec->eid))
        return ev->type == EV_BATCH_IMPORTED ? store_apply_batch(c->store, rec->at_ms, ev)
                                             : store_apply_house(c->store, ev);
    if (ev->type == EV_EUICC_REGISTERED) {
        struct signed_eis *eis;
        struct eum_signed_info *info;
        arena_reset(&c->scratch);
        eis = arena_alloc(&c->scratch, sizeof *eis);
        info = arena_alloc(&c->scratch, sizeof *info);
        err = eis && info ? wire_signed_eis_decode(ev->data, &c->scratch, eis, NULL) : ERR_NOMEM;
        if (!err)
            err = wire_eis_info_decode(eis, &c->scratch, info, NULL);
        r.eis = eis;
        r.info = info;
    }
    if (!err)
        err = store_apply(c->store, rec, &r, &e);
    *obj = e;
    if (c->keys && ev->n_secrets)
        keys_forget(c->keys, &rec->eid);
    if (!err && e && c->channel)
        channel_turns(c->channel, e);
    return err;
}

struct scan {
    int (*cb)(void *ctx, const struct mbox *key, int64_t due_ms);
    void *ctx;
};

static int scan_one(void *ctx, const struct eid *eid, int64_t due_ms)
{
    const struct scan *s = ctx;
    struct mbox key = core_mbox(eid);

    return s->cb(s->ctx, &key, due_ms);
}

static int app_scan(void *ctx, struct db *state,
                    int (*cb)(void *cb_ctx, const struct mbox *key, int64_t due_ms), void *cb_ctx)
{
    struct smsr_core *c = ctx;
    struct scan s = {cb, cb_ctx};

    (void)state;
    return store_scan(c->store, scan_one, &s);
}

/* What cannot leave is lost like an SMS is: the timers of its procedure do their work. */
static void app_release(void *ctx, const struct plan_out *out, uint64_t lsn)
{
    struct smsr_core *c = ctx;
    int err = ERR_OK;

    (void)lsn;
    switch (out->kind) {
    case OUT_REPLY:
        api_reply(c->api, out->body);
        break;
    case OUT_SMS:
        err = channel_sms(c->channel, out->body);
        break;
    case OUT_STEP:
        err = channel_step(c->channel, out->body);
        break;
    case OUT_LINK:
        err = channel_link(c->channel, out->body);
        break;
    case OUT_SESSION_CLOSE:
        channel_session_close(c->channel, out->body);
        break;
    default:
        err = ERR_INTERNAL;
        break;
    }
    c->lost_outputs += err != ERR_OK;
}

static void app_deliver(void *ctx, uint64_t conn, const struct event *ev, unsigned index)
{
    struct smsr_core *c = ctx;
    api_deliver(c->api, conn, ev, index);
}

/* This SM-SR is nobody's subscriber. */
static void app_peer_ack(void *ctx, const struct oid *peer, uint64_t number)
{
    (void)ctx;
    (void)peer;
    (void)number;
}

static void app_flushed(void *ctx, uint64_t applied_lsn)
{
    struct smsr_core *c = ctx;

    (void)applied_lsn;
    store_flushed(c->store);
}

/* One card's trouble: said by its name, the others go on. */
static void app_trouble(void *ctx, const struct mbox *key, int err)
{
    struct smsr_core *c = ctx;
    struct eid eid = eid_of(key);
    const struct euicc *e = core_view(c, &eid);
    struct uuid none = {{0}};

    if (c->o.on_trouble)
        c->o.on_trouble(c->o.ctx, &eid, e && e->n_ops ? &e->ops[0]->id : &none, err);
}

struct engine_app core_app(struct smsr_core *c)
{
    return (struct engine_app){
        .ctx = c, .migrations = STORE_MIGRATIONS, .n_migrations = STORE_MIGRATION_COUNT,
        .application_id = STORE_APPLICATION_ID, .program = "smsr", .version = c->o.version,
        .open = app_open, .close = app_close, .load = app_load, .save = app_save,
        .save_rest = app_save_rest, .drop = app_drop, .due = app_due, .decide = app_decide,
        .arm = app_arm, .route = app_route, .stream = app_stream, .apply = app_apply,
        .scan = app_scan, .release = app_release, .deliver = app_deliver,
        .peer_ack = app_peer_ack, .trouble = app_trouble, .flushed = app_flushed};
}

int core_open_engine(struct smsr_core *c, struct errmsg *why)
{
    const struct smsr_core_options *o = &c->o;
    struct engine_app app = core_app(c);
    struct engine_config cfg = {.journal_path = o->journal_path, .state_path = o->state_path,
                                .vfs = o->vfs, .overlay_max = o->conf->limits.cards_in_memory,
                                .flush_dirty = o->conf->limits.write_behind, .space = o->space,
                                .min_free_bytes = (uint64_t)o->conf->limits.min_free_mb << 20,
                                .witness = o->witness};

    int err = engine_open(&cfg, &app, o->crypto, o->clock, o->rng, &c->engine, why);

    if (!err)
        c->o.clock = engine_clock(c->engine);
    return err;
}
