/* SPDX-License-Identifier: Apache-2.0 */
/* ES1-RegisterEIS (SGP.02 5.2.1): one record makes the card and its sealed keys durable
 * together. */
#include "smsr/api/api_int.h"

#include "common/msg/es1.h"
#include "smsr/api/eis_import.h"

/* No two owners share a number, so the first cards that have it tell whose it is. */
#define NUMBER_CARDS 16u

static bool eid_known(void *ctx, const struct eid *eid)
{
    struct api *a = ctx;
    struct mbox key = {.kind = MBOX_EUICC};
    const void *e = NULL;

    memcpy(key.id, eid->b, sizeof eid->b);
    return engine_view(a->cfg.engine, &key, &e) || e;
}

static bool iccid_known(void *ctx, const struct iccid *iccid)
{
    struct api *a = ctx;
    struct eid there;

    return store_iccid(a->cfg.store, iccid, &there) != ERR_NOT_FOUND;
}

bool api_number_taken(struct api *a, const struct msisdn *number, const struct oid *mno)
{
    struct eid eids[NUMBER_CARDS];
    unsigned n = 0;

    if (store_candidates(a->cfg.store, number, eids, NUMBER_CARDS, &n))
        return true; /* what cannot be read is not free */
    for (unsigned i = 0; i < n; i++) {
        struct mbox key = {.kind = MBOX_EUICC};
        const struct euicc *e;
        const void *view = NULL;
        memcpy(key.id, eids[i].b, sizeof eids[i].b);
        if (engine_view(a->cfg.engine, &key, &view))
            return true;
        e = view;
        for (unsigned k = 0; e && k < e->n_profiles; k++)
            if (msisdn_eq(&e->profiles[k].msisdn, number) && !oid_eq(&e->profiles[k].mno, mno))
                return true;
    }
    return false;
}

bool api_iccid_elsewhere(struct api *a, const struct iccid *iccid, const struct oid *mno,
                         const struct eid *here)
{
    struct mbox key = {.kind = MBOX_EUICC};
    const struct euicc_profile *p;
    const struct tenant *realm;
    const void *view = NULL;
    struct eid there;

    if (store_iccid(a->cfg.store, iccid, &there) || eid_eq(&there, here))
        return false;
    realm = env_realm(a->cfg.env, &there);
    memcpy(key.id, there.b, sizeof there.b);
    if (!realm || !env_admits(realm, mno) || engine_view(a->cfg.engine, &key, &view) || !view)
        return false;
    p = euicc_profile_by_iccid(view, iccid);
    return p && p->state != PROFILE_IN_CREATION && oid_eq(&p->mno, mno);
}

static bool number_taken(void *ctx, const struct msisdn *number, const struct oid *mno)
{
    return api_number_taken(ctx, number, mno);
}

/* The caller's sentence is the detail; the record and a repeat of the call say the same. */
static void refuse(struct request *q, enum status_code st, const struct eid *eid,
                   const struct errmsg *why)
{
    struct plan *p;
    struct event *ev;
    struct message m;

    if (eid_is_zero(eid)) { /* nothing to hang a record on */
        api_refuse(q, st, span_str(why->text));
        return;
    }
    p = engine_plan_begin(q->a->cfg.engine);
    m = api_refusal(q, st, span_str(why->text));
    if (!p || m.type == MSG_NONE) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    ev = api_call_record(q, p, EV_OPERATION_CONCLUDED, eid);
    uuid_v7(&ev->op, p->now_ms, q->a->cfg.rng);
    ev->result = VERDICT_FAILED;
    ev->code = STATUS[st].code;
    ev->stage = STAGE_ADMISSION;
    ev->text = message_response(&m)->answer.message;
    api_call_end(q, p, ev, m, VERDICT_FAILED);
}

static int seal(struct request *q, struct plan *p, struct event *ev, const struct eis_import *im)
{
    struct event_secret *s = &ev->secrets[ev->n_secrets];
    char id[ISDR_SECRET_ID];
    struct buf sealed;
    int err;

    isdr_secret_id(&im->info.eid, id);
    buf_init(&sealed, 0);
    err =
        isdr_secret_seal(q->a->cfg.keystore, im->realm->number, &im->info.eid, &im->keys, &sealed);
    if (!err) {
        s->id = span_str(arena_str(p->arena, span_str(id)));
        s->sealed = span_of(arena_dup(p->arena, sealed.p, sealed.n), sealed.n);
        s->kek_version = keystore_version(q->a->cfg.keystore);
        ev->n_secrets++;
        err = s->id.n && s->sealed.p ? ERR_OK : ERR_NOMEM;
    }
    buf_fini(&sealed);
    return err;
}

/* The EIS as it goes into the log: versions, counters and identifiers of its keys without the keys.
 * The log is kept for ever and shown to its readers; the keys live sealed and may be erased. */
static int without_keys(const struct eis_import *im, struct arena *arena, struct span *ret)
{
    struct signed_eis *s = arena_dup(arena, &im->eis, sizeof im->eis);
    struct buf out;
    int err;

    if (!s)
        return ERR_NOMEM;
    for (unsigned i = 0; i < s->n_keysets; i++)
        for (unsigned k = 0; k < s->keysets[i].n_keys; k++)
            s->keysets[i].keys[k].wrapped = (struct span){NULL, 0};
    buf_init(&out, WIRE_DATA_MAX);
    err = wire_signed_eis_encode(s, &out);
    if (!err) {
        *ret = span_of(arena_dup(arena, out.p, out.n), out.n);
        err = ret->p ? ERR_OK : ERR_NOMEM;
    }
    buf_fini(&out);
    return err;
}

static void store(struct request *q, const struct eis_import *im)
{
    const struct es1_register_eis_request *req = q->msg.body;
    struct plan *p = engine_plan_begin(q->a->cfg.engine);
    struct message m;
    struct event *ev;

    if (!p || !api_response(q, &m)) {
        callers_hang_up(q->a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    ev = api_call_record(q, p, EV_EUICC_REGISTERED, &im->info.eid);
    ev->number = im->realm->number;
    ev->text = req->order_reference;
    ev->has_batch = req->has_batch;
    memcpy(ev->batch, req->batch, sizeof ev->batch);
    if (seal(q, p, ev, im) || without_keys(im, p->arena, &ev->data)) {
        api_refuse(q, ST_STORAGE, span_str("the keys could not be sealed; nothing was done"));
        return;
    }
    api_call_end(q, p, ev, m, VERDICT_SUCCESS);
}

void api_register_eis(struct request *q)
{
    struct api *a = q->a;
    const struct es1_register_eis_request *req = q->msg.body;
    struct eis_check c = {.crypto = a->cfg.crypto, .pki = a->cfg.pki, .env = a->cfg.env,
                          .transport = a->cfg.transport, .n_transport = a->cfg.n_transport,
                          .now_ms = clock_wall_ms(a->cfg.clock), .caller = q->call.party,
                          .eid_known = eid_known, .iccid_known = iccid_known,
                          .number_taken = number_taken, .ctx = a};
    struct eis_import *im = arena_alloc(engine_arena(a->cfg.engine), sizeof *im);
    struct errmsg why = {{0}};
    enum status_code st;

    if (!im) {
        callers_hang_up(a->callers, q->call.conn, ERR_NOMEM);
        return;
    }
    engine_arena(a->cfg.engine)->failed = false;
    st = eis_import_read(&c, req->eis, engine_arena(a->cfg.engine), im, &why);
    /* Without memory nothing was found out about this EIS. */
    if (st == ST_STORAGE || engine_arena(a->cfg.engine)->failed)
        api_refuse(q, ST_STORAGE, span_str("no memory to check the EIS; nothing was done"));
    else if (st)
        refuse(q, st, &im->info.eid, &why);
    else
        store(q, im);
    eis_import_fini(im);
}
