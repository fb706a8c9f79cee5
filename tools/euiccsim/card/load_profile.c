/* SPDX-License-Identifier: Apache-2.0 */
/* ES8.DownloadAndInstallation (SGP.02 4.1.3.2, 4.1.3.3): an SCP03t session of an ISD-P and the
 * profile package in it. The load ends with the profile element `end` or with the first fault;
 * its answer, a protected EUICCResponse, replaces the 86 00 of that segment. The package in
 * clear exists until then, only what a USIM and the ISD-R need is kept. */
#include "common/codec/saip.h"
#include "tools/euiccsim/card/card_int.h"

#define PACKAGE_MAX (1024u * 1024u)
#define ALGORITHM_MILENAGE 1u
#define PE_OK 0u
#define PE_BAD_VALUES 3u
#define PE_MEMORY 4u
#define PE_FEATURE 10u
#define PE_STATUS_ROW 0x0100u      /* ledger: PEStatus as 0x0100 | status */
#define RESPONSE_MAX 64u
#define ERROR_REFERENCE 0x03u      /* facts: sgp02 7.2 */
#define ERROR_SECURITY 0x02u

static bool load_refuse(struct exec *x, uint8_t command, uint8_t code, struct writer *w)
{
    const uint8_t tlv[4] = {0x9F, (uint8_t)(command - 0x40), 0x01, code};

    scp03_session_fini(&x->ctx->scp03);
    buf_wipe(&x->ctx->package);
    wr_bytes(w, tlv, sizeof(tlv));
    return false;
}

static int keys_of(const struct isdp *p, struct scp03_keys *ret)
{
    int rc = key_new(KEY_AES, span_of(p->enc, sizeof(p->enc)), &ret->enc);

    if (rc == ERR_OK)
        rc = key_new(KEY_AES, span_of(p->mac, sizeof(p->mac)), &ret->mac);
    return rc == ERR_OK ? key_new(KEY_AES, span_of(p->dek, sizeof(p->dek)), &ret->dek) : rc;
}

static void keys_fini(struct scp03_keys *k)
{
    key_free(k->enc);
    key_free(k->mac);
    key_free(k->dek);
}

static bool load_initialize(struct exec *x, struct span raw, struct writer *w)
{
    struct isdp *p = isdp_by_number(x->c, x->sd);
    struct scp03_keys keys = {0};
    int rc;

    buf_wipe(&x->ctx->package);
    x->ctx->parsed = 0;
    x->ctx->loading = x->sd;
    if (!p || p->kvn == 0)
        return load_refuse(x, 0x84, ERROR_REFERENCE, w);
    rc = keys_of(p, &keys);
    if (rc != ERR_OK) {
        x->err = rc;
    } else {
        p->sequence++;             /* before the answer that shows it */
        card_touch(x->c);
        rc = scp03t_card_initialize(x->c->w->crypto, &x->ctx->scp03, &keys, p->kvn, &p->pub.aid,
                                    p->sequence, raw, w);
    }
    keys_fini(&keys);
    return rc == ERR_OK;
}

/* --- the package --- */

/* Walks over the elements that are whole by now. PE_OK and *ret_end once `end` was met. */
static uint8_t elements_walk(struct context *ctx, bool *ret_end)
{
    struct reader r = rd_init(span_of(ctx->package.p + ctx->parsed,
                                      ctx->package.n - ctx->parsed));
    struct saip_pe pe;
    int rc;

    *ret_end = false;
    for (rc = saip_next(&r, &pe); rc == ERR_OK; rc = saip_next(&r, &pe)) {
        ctx->parsed += pe.raw.n;
        if (pe.tag == SAIP_PE_END) {
            *ret_end = true;
            return ctx->parsed == ctx->package.n ? PE_OK : PE_BAD_VALUES;
        }
    }
    return rc == ERR_TRUNCATED || rc == ERR_NOT_FOUND ? PE_OK : PE_BAD_VALUES;
}

static void data_from(const struct saip_profile *s, struct card_profile_data *d)
{
    *d = (struct card_profile_data){
        .iccid = s->iccid_header, .imsi = s->imsi, .msisdn = s->msisdn,
        .pol1 = s->has_pol ? s->pol : 0, .n_ota_keys = (uint8_t)s->n_ota,
        .ad_mnc_len = s->ad_len >= 4 ? s->ad[3] & 0x0F : 0,
        .acc = {s->acc[0], s->acc[1]},
    };
    memcpy(d->k, s->k, sizeof(d->k));
    memcpy(d->opc, s->opc, sizeof(d->opc));
    d->smsp_len = (uint8_t)(s->smsp_len < sizeof(d->smsp) ? s->smsp_len : sizeof(d->smsp));
    memcpy(d->smsp, s->smsp, d->smsp_len);
    d->connectivity_len = (uint8_t)(s->connectivity_len < sizeof(d->connectivity)
                                        ? s->connectivity_len : sizeof(d->connectivity));
    memcpy(d->connectivity, s->connectivity, d->connectivity_len);
}

/* A profile this card can run: one USIM with Milenage and its subscriber. */
static uint8_t package_install(struct exec *x, struct isdp *p)
{
    struct span package = buf_span(&x->ctx->package);
    struct saip_profile s;
    uint8_t status = PE_OK;

    if (saip_read(package, &s, NULL) != ERR_OK || !s.has_k || !s.has_opc ||
        s.imsi.s[0] == '\0' || s.iccid_header.s[0] == '\0' ||
        (s.iccid_ef.s[0] != '\0' && !iccid_eq(&s.iccid_header, &s.iccid_ef)))
        status = PE_BAD_VALUES;
    else if (s.algorithm != ALGORITHM_MILENAGE)
        status = PE_FEATURE;
    if (status == PE_OK) {
        uint32_t taken = (uint32_t)package.n;

        data_from(&s, &p->pub.data);
        sha256(x->c->w->crypto, &package, 1, p->pub.data.package_sha256);
        p->used = taken;
        if (p->quota == 0) {
            p->pub.memory = taken;
            x->c->memory_free -= taken;
        }
        p->sqn = 0;
        p->pub.state = ISDP_DISABLED;
        card_touch(x->c);
    }
    mem_wipe(&s, sizeof(s));
    return status;
}

static size_t memory_for(const struct exec *x, const struct isdp *p)
{
    size_t room = p->quota != 0 ? p->quota : x->c->memory_free;

    return room < PACKAGE_MAX ? room : PACKAGE_MAX;
}

/* --- its end --- */

static bool load_end(struct exec *x, struct isdp *p, uint8_t status, struct writer *w)
{
    const struct apdu_cmd load = {.ins = 0x86};
    struct saip_response response = {.n = 1, .pe = {{.status = status}},
                                     .aborted = status != PE_OK};
    uint8_t room[RESPONSE_MAX];
    struct writer plain = wr_init(room, sizeof(room));
    int rc;

    ledger_open(x, &load);
    ledger_about(x, &p->pub.aid);
    if (status == PE_OK)
        status = package_install(x, p);
    response.pe[0].status = status;
    response.aborted = status != PE_OK;
    ledger_close(x, (uint16_t)(PE_STATUS_ROW | status));
    saip_response_put(&plain, &response);
    rc = scp03t_card_answer(x->c->w->crypto, &x->ctx->scp03, wr_view(&plain), w);
    if (rc != ERR_OK)
        x->err = rc;
    scp03_session_fini(&x->ctx->scp03);
    buf_wipe(&x->ctx->package);
    buf_fini(&x->ctx->package);
    buf_init(&x->ctx->package, PACKAGE_MAX);
    return status == PE_OK;
}

/* The 86 00 stays, or gives way to an R-MAC. */
static bool segment_proven(struct exec *x, size_t start, struct writer *w)
{
    int rc;

    if (!(x->c->quirks & QUIRK_RMAC_EACH))
        return true;
    w->len = start;
    rc = scp03t_card_answer(x->c->w->crypto, &x->ctx->scp03, span_of(NULL, 0), w);
    if (rc != ERR_OK)
        x->err = rc;
    return rc == ERR_OK;
}

static bool load_segment(struct exec *x, struct span raw, struct writer *w)
{
    struct isdp *p = isdp_by_number(x->c, x->sd);
    struct context *ctx = x->ctx;
    size_t start = w->len;
    uint8_t status;
    bool end = false;

    if (!p || ctx->loading != x->sd)
        return load_refuse(x, 0x86, ERROR_REFERENCE, w);
    if (p->pub.state >= ISDP_DISABLED)     /* it has its profile */
        return load_refuse(x, 0x86, ERROR_SECURITY, w);
    if (scp03t_card_segment(x->c->w->crypto, &ctx->scp03, raw, &ctx->package, w) != ERR_OK) {
        buf_wipe(&ctx->package);
        return false;
    }
    status = ctx->package.n > memory_for(x, p) ? PE_MEMORY : elements_walk(ctx, &end);
    if (status == PE_OK && !end)
        return segment_proven(x, start, w);
    w->len = start;                        /* the 86 00 gives way to the answer with data */
    return load_end(x, p, status, w);
}

bool load_element(struct exec *x, const struct script_item *item, struct writer *w)
{
    switch (item->tag) {
    case 0x84:
        return load_initialize(x, item->raw, w);
    case 0x85:
        if (x->ctx->loading != x->sd)
            return load_refuse(x, 0x85, ERROR_SECURITY, w);
        return scp03t_card_authenticate(x->c->w->crypto, &x->ctx->scp03, item->raw, w) == ERR_OK;
    default:
        return load_segment(x, item->raw, w);
    }
}
