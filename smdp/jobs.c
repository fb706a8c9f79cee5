/* SPDX-License-Identifier: Apache-2.0 */
/* Key jobs (design 3.1): everything that opens a sealed secret, signs, agrees or verifies for an
 * order. The soft keystore ends them at once; their result is an input of the order's mailbox. */
#include "smdp/core_int.h"

#include "common/msg/eis.h"
#include "smdp/domain/eligible.h"
#include "smdp/domain/secret.h"
#include "smdp/profile/personalise.h"

#include <stdio.h>
#include <stdlib.h>

#define PACKAGE_ROOM (512u << 10)

const struct smdp_identity *dp_core_identity(const struct smdp_core *c, enum curve curve)
{
    for (unsigned i = 0; i < c->cfg.n_identities; i++)
        if (c->cfg.identities[i].curve == curve)
            return &c->cfg.identities[i];
    return NULL;
}

static int refuse(struct dp_job_result *ret, enum status_code st, const char *text, int err)
{
    const struct status_row *row = &STATUS[st];

    ret->code = row->code;
    dp_text_put(ret->text, sizeof ret->text, text && text[0] ? text : row->meaning);
    return err;
}

/* --- bench --- */
/* A place is free: the order that waits longest tries now. Without the post its timer does it. */
static void wake_next(struct smdp_core *c)
{
    struct list *first = list_pop(&c->waiting);
    struct bench *b = first ? LIST_ENTRY(first, struct bench, wait) : NULL;
    struct input in = {.kind = IN_TIMER};

    if (!b)
        return;
    b->waits = false;
    order_mbox(&b->order, &in.to);
    if (engine_post(c->engine, &in))
        c->count.job_errors++;
}

static void bench_clear(struct smdp_core *c, struct bench *b)
{
    bool had_place = b->load != NULL;

    if (b->waits)
        list_del(&b->wait);
    b->waits = false;
    if (b->has_keys)
        es8_keys_free(&b->keys);
    b->has_keys = false;
    es8_load_free(b->load);
    b->load = NULL;
    if (!had_place)
        return;
    c->n_loads--;
    wake_next(c);
}

static struct bench *bench_of(struct smdp_core *c, const struct uuid *order)
{
    struct bench *b = map_get(c->benches, span_of(order->b, 16));

    if (b)
        return b;
    b = calloc(1, sizeof *b);
    if (b && map_put(c->benches, span_of(order->b, 16), b)) {
        free(b);
        b = NULL;
    }
    if (b)
        b->order = *order;
    return b;
}

void dp_core_bench_drop(struct smdp_core *c, const struct uuid *order)
{
    struct bench *b = map_del(c->benches, span_of(order->b, 16));

    if (!b)
        return;
    bench_clear(c, b);
    free(b);
}

void dp_core_jobs_fini(struct smdp_core *c)
{
    void *cursor = NULL, *value;

    list_init(&c->waiting); /* nobody is woken any more */
    while (c->benches && map_next(c->benches, &cursor, NULL, &value)) {
        ((struct bench *)value)->waits = false;
        bench_clear(c, value);
        free(value);
    }
    map_free(c->benches);
    c->benches = NULL;
    for (unsigned i = 0; i < TEMPLATES_HELD; i++)
        buf_fini(&c->templates[i].package);
}

/* --- secrets --- */
static int seal(struct smdp_core *c, const struct order *o, enum dp_secret kind,
                const struct key *const *keys, unsigned n, struct dp_job_result *ret)
{
    const struct dp_party *p = dp_env_party(c->cfg.env, &o->mno);
    struct secret_place at;
    struct buf out;
    int err;

    if (!p)
        return ERR_NOT_FOUND;
    dp_secret_place(kind, p->number, &o->iccid, &at);
    buf_init(&out, sizeof ret->sealed);
    err = keystore_seal_keys(c->cfg.keystore, &at, keys, n, &out);
    if (!err) {
        memcpy(ret->sealed, out.p, out.n);
        ret->sealed_len = out.n;
        ret->kek_version = keystore_version(c->cfg.keystore);
    }
    buf_fini(&out);
    return err;
}

static int open_ephemeral(struct smdp_core *c, const struct order *o, struct key **ret)
{
    const struct dp_party *p = dp_env_party(c->cfg.env, &o->mno);
    struct secret_place at;
    char id[DP_SECRET_ID];
    struct buf sealed;
    int err;

    *ret = NULL;
    if (!p)
        return ERR_NOT_FOUND;
    dp_secret_id(DP_SECRET_EPHEMERAL, &o->iccid, id);
    dp_secret_place(DP_SECRET_EPHEMERAL, p->number, &o->iccid, &at);
    buf_init(&sealed, 0);
    err = journal_secret_get(engine_journal(c->engine), span_str(id), NULL, &sealed);
    if (!err)
        err = keystore_open_keys(c->cfg.keystore, &at, buf_span(&sealed), c->cfg.crypto, 1, ret);
    buf_fini(&sealed);
    return err;
}

/* --- CHECK (SGP.02 3.1.1 step 3; trust A3, A7, A8) --- */
static int check_card(struct smdp_core *c, const struct order *o, const struct eis *eis,
                      struct dp_job_result *ret)
{
    struct errmsg why = {{0}};
    struct gpcert ecasd;
    int err = pki_verify_ecasd(c->cfg.pki, eis->ecasd_certificate, eis->eum_certificate, o->eid.b,
                               clock_wall_ms(c->cfg.clock), &ecasd, &why);

    if (err == ERR_UNSUPPORTED)
        return refuse(ret, DP_ST_ECASD_CURVE, why.text, err);
    if (err)
        return refuse(ret, err == ERR_EXPIRED ? DP_ST_ECASD_EXPIRED : DP_ST_ECASD_INVALID, why.text,
                      err);
    if (!dp_core_identity(c, (enum curve)ecasd.curve) || ecasd.point.n != ORDER_POINT)
        return refuse(ret, DP_ST_ECASD_CURVE, NULL, ERR_UNSUPPORTED);
    ret->facts.has_card_key = true;
    ret->facts.curve = ecasd.curve;
    memcpy(ret->facts.card_point, ecasd.point.p, ORDER_POINT);
    ret->facts.bare_point = keyset_bare_point(eis->capabilities.remote_provisioning_version);
    return ERR_OK;
}

static int job_check(struct smdp_core *c, const struct order *o, const struct dp_out_job *job,
                     struct dp_job_result *ret)
{
    struct profile_report report;
    struct errmsg why = {""};
    struct dp_need need;
    struct buf package;
    enum status_code st;
    int err = check_card(c, o, job->eis, ret);

    if (err)
        return err;
    buf_init(&package, PACKAGE_ROOM);
    err = dp_core_package(c, o, &package, &report, ret);
    buf_wipe(&package);
    buf_fini(&package);
    if (err)
        return err;
    ret->memory_required = report.memory;
    need = (struct dp_need){report.memory, report.services, report.services_unknown};
    st = dp_eligible(c->cfg.env, job->eis, &need, &why);
    return st ? refuse(ret, st, why.text, ERR_DENIED) : ERR_OK;
}

/* --- AGREE, RECEIPT (SGP.02 4.1.3.1) --- */
static int job_agree(struct smdp_core *c, const struct order *o, const struct dp_out_job *job,
                     struct dp_job_result *ret)
{
    const struct smdp_identity *id = dp_core_identity(c, (enum curve)o->curve);
    struct order *f = &ret->facts;
    struct key *own = NULL;
    int err = ERR_OK;

    if (!id || job->data.n > ORDER_RC_MAX)
        return refuse(ret, DP_ST_ECASD_CURVE, NULL, ERR_UNSUPPORTED);
    f->rc_len = (uint8_t)job->data.n;
    memcpy(f->rc, job->data.p, job->data.n);
    err = ec_generate(c->cfg.crypto, id->curve, &own, f->own_point);
    if (!err)
        err = es8_sign(c->cfg.crypto, id->key, job->data, span_of(f->own_point, ORDER_POINT),
                       id->curve, o->bare_point, f->signature);
    if (!err)
        err = seal(c, o, DP_SECRET_EPHEMERAL, (const struct key *const *)&own, 1, ret);
    f->has_own_key = true;
    key_free(own);
    return err ? refuse(ret, DP_ST_SECRET, "the ephemeral key cannot be made", err) : ERR_OK;
}

static int job_receipt(struct smdp_core *c, const struct order *o, const struct dp_out_job *job,
                       struct dp_job_result *ret)
{
    struct bench *b = bench_of(c, &o->id);
    struct scp03_keys keys = {0};
    struct key *own = NULL;
    int err = b ? open_ephemeral(c, o, &own) : ERR_NOMEM;

    if (!err)
        err = es8_agree(c->cfg.crypto, own, span_of(o->card_point, ORDER_POINT), job->dr, job->data,
                        &keys);
    key_free(own);
    if (err == ERR_AUTH)
        return refuse(ret, DP_ST_CARD, "the receipt of the key set is not this card's", err);
    if (!err) {
        const struct key *list[3] = {keys.enc, keys.mac, keys.dek};
        err = seal(c, o, DP_SECRET_ISDP_KEYS, list, 3, ret);
    }
    if (err) {
        es8_keys_free(&keys);
        return refuse(ret, DP_ST_SECRET, "the key set cannot be derived or kept", err);
    }
    bench_clear(c, b);
    b->keys = keys;
    b->has_keys = true;
    return ERR_OK;
}

/* --- LOAD, NEXT (SGP.02 4.1.3.3) --- */
static void payload(const struct es8_load *l, unsigned i, struct dp_job_result *ret)
{
    ret->payload = es8_load_payload(l, i);
    ret->batch = i + 1;
    ret->last = i + 1 == es8_load_count(l);
}

static int job_load(struct smdp_core *c, const struct order *o, struct dp_job_result *ret)
{
    struct bench *b = map_get(c->benches, span_of(o->id.b, 16));
    struct profile_report report;
    struct buf package;
    int err;

    if (!b || !b->has_keys || b->load)
        return refuse(ret, DP_ST_CARD, "the session's keys are not in memory any more",
                      ERR_EXPIRED);
    if (c->n_loads >= c->cfg.env->loads_max) {
        if (!b->waits)
            list_push(&c->waiting, &b->wait);
        b->waits = true;
        return refuse(ret, DP_ST_BUSY, "too many packages are in memory", ERR_AGAIN);
    }
    buf_init(&package, PACKAGE_ROOM);
    err = dp_core_package(c, o, &package, &report, ret);
    if (!err) {
        err = es8_load_new(c->cfg.crypto, &b->keys, &o->aid, buf_span(&package), &b->load);
        if (err)
            (void)refuse(ret, DP_ST_SECRET, "the package cannot be ciphered", err);
    } else {
        err = ERR_UNSUPPORTED; /* another attempt would meet the same package */
    }
    buf_wipe(&package);
    buf_fini(&package);
    if (err)
        return err;
    c->n_loads++;
    c->count.loads++;
    es8_keys_free(&b->keys);
    b->has_keys = false;
    payload(b->load, 0, ret);
    return ERR_OK;
}

static void status_text(const struct saip_response *r, char *dst, size_t cap)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (r->pe[i].status == 0)
            continue;
        if (r->pe[i].has_identification)
            (void)snprintf(dst, cap, "the card refused profile element %u: %s (%u)",
                           (unsigned)r->pe[i].identification, saip_status_text(r->pe[i].status),
                           (unsigned)r->pe[i].status);
        else
            (void)snprintf(dst, cap, "the card refused the profile: %s (%u)",
                           saip_status_text(r->pe[i].status), (unsigned)r->pe[i].status);
        return;
    }
    (void)snprintf(dst, cap, "the card did not finish the installation");
}

static int job_next(struct smdp_core *c, const struct order *o, const struct dp_out_job *job,
                    struct dp_job_result *ret)
{
    struct bench *b = map_get(c->benches, span_of(o->id.b, 16));
    struct saip_response status;
    char text[ORDER_TEXT];
    enum es8_result result;
    int err;

    if (!b || !b->load || job->batch == 0)
        return refuse(ret, DP_ST_CARD, "the session is not in memory any more", ERR_EXPIRED);
    err = es8_load_answer(b->load, job->batch - 1, job->data, &result, &status);
    if (err)
        return refuse(ret, DP_ST_CARD,
                      err == ERR_DENIED ? "the ISD-P refused the secure channel"
                                        : "the answer of the ISD-P does not verify",
                      ERR_DENIED);
    if (result == ES8_REFUSED) {
        status_text(&status, text, sizeof text);
        return refuse(ret, DP_ST_CARD, text, ERR_UNSUPPORTED);
    }
    ret->installed = result == ES8_INSTALLED;
    if (!ret->installed)
        payload(b->load, job->batch, ret);
    else
        bench_clear(c, b);
    return ERR_OK;
}

static int run(struct smdp_core *c, const struct order *o, const struct dp_out_job *job,
               struct dp_job_result *ret)
{
    switch (job->job) {
    case DP_JOB_CHECK:
        dp_core_bench_drop(c, &o->id);
        return job_check(c, o, job, ret);
    case DP_JOB_AGREE:
        return job_agree(c, o, job, ret);
    case DP_JOB_RECEIPT:
        return job_receipt(c, o, job, ret);
    case DP_JOB_LOAD:
        return job_load(c, o, ret);
    case DP_JOB_NEXT:
        return job_next(c, o, job, ret);
    default:
        return ERR_INTERNAL;
    }
}

int dp_core_job(struct smdp_core *c, const struct order *o, const struct dp_out_job *job)
{
    struct dp_job_result *ret;
    struct input in = {.kind = IN_KEY};
    int64_t ms;
    int err;

    if (dp_core_key_waits(c, o)) /* its timer came before the keystore's answer */
        return ERR_OK;
    ret = calloc(1, sizeof *ret);
    if (!ret)
        return ERR_NOMEM;
    c->count.jobs++;
    in.u.key.job = job->job;
    in.u.key.err = run(c, o, job, ret);
    if (in.u.key.err)
        c->count.job_errors++;
    /* Without memory nothing was found out: the input that asked for the job left no trace, and the
     * order's timer brings it again. */
    if (in.u.key.err == ERR_NOMEM) {
        mem_wipe(ret, sizeof *ret);
        free(ret);
        return ERR_NOMEM;
    }
    in.u.key.result = span_of(ret, sizeof *ret);
    order_mbox(&o->id, &in.to);
    ms = c->cfg.key_ms ? c->cfg.key_ms(c->cfg.ctx) : 0;
    err = ms ? dp_core_key_later(c, o, &in, ms) : engine_post(c->engine, &in); /* copies the result */
    mem_wipe(ret, sizeof *ret);
    free(ret);
    return err;
}
