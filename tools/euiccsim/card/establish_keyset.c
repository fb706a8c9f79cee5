/* SPDX-License-Identifier: Apache-2.0 */
/* ES8.EstablishISDPKeySet and ES5.EstablishISDRKeySet (SGP.02 4.1.3.1, 4.1.1.8): STORE DATA 3A01
 * with the certificate, answered by a random challenge, and 3A02 with the ephemeral key signed
 * over it, answered by the receipt. After INSTALL [for personalization] they are for that ISD-P
 * and want CERT.DP (C8 01), else for the ISD-R and want CERT.SR (C8 02). HostID and SIN/SDIN in
 * the key derivation (scenario bit 04) are not offered: 6A80. */
#include "tools/euiccsim/card/card_int.h"

#define SCENARIO_REPLACE 0x01u     /* delete existing keys */
#define SCENARIO_DR 0x02u
#define SCENARIO_HOST_ID 0x04u
#define USAGE_CHANNEL 0x10u
#define USAGE_BASE 0x5Cu

/* What STORE DATA 3A02 carries; views into the command. */
struct agreement {
    struct span dgi;               /* 3A02 L A6.. */
    struct span a6;
    struct ecka_crt crt;
    struct span key_tlv, point;
    struct span signature;
};

/* --- 3A01 --- */

static uint16_t certificate_check(struct exec *x, struct span cert, uint16_t number)
{
    struct context *ctx = x->ctx;
    struct gpcert g;
    int rc = ecasd_verify(x->c, cert, number ? GPCERT_ROLE_SMDP : GPCERT_ROLE_SMSR, &g);

    if (rc != ERR_OK)
        return rc == ERR_FORMAT ? SW_DATA : SW_SECURITY;
    memcpy(ctx->point, g.point.p, sizeof(ctx->point));
    ctx->curve = g.curve;
    ctx->certified = number;
    rng_fill(x->c->w->rng, ctx->rc, sizeof(ctx->rc));
    ctx->has_rc = true;
    return SW_OK;
}

uint16_t store_certificate(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    uint16_t number = x->ctx->perso, sw;
    const struct isdp *p = isdp_by_number(x->c, number);

    x->ctx->has_rc = false;
    ledger_about(x, p ? &p->pub.aid : &AID_ISD_R);
    if (number != 0 && !p)
        return SW_CONDITIONS;      /* deleted since INSTALL [for personalization] */
    if (rest.n > 0)
        return SW_DATA;
    sw = certificate_check(x, dgi, number);
    if (sw == SW_OK)
        tlv_put(data, 0x85, span_of(x->ctx->rc, sizeof(x->ctx->rc)));
    return sw;
}

/* --- 3A02 --- */

static bool agreement_get(struct span dgi, struct span rest, struct agreement *ret)
{
    struct reader r = rd_init(rest);
    struct tlv key, signature;
    uint8_t curve;
    bool bare;

    /* The signature covers the DGI with its head, which stands right before its value. */
    ret->dgi = span_of(dgi.p - 3, dgi.n + 3);
    ret->a6 = dgi;
    if (ecka_crt_parse(dgi, &ret->crt) != ERR_OK || tlv_next(&r, &key) != ERR_OK ||
        key.tag != 0x7F49 || tlv_next(&r, &signature) != ERR_OK || signature.tag != 0x5F37 ||
        signature.value.n != EC_SIG_LEN || !rd_done(&r) ||
        gpcert_key_parse(key.value, &ret->point, &curve, &bare) != ERR_OK)
        return false;
    ret->key_tlv = key.raw;
    ret->signature = signature.value;
    return bare || curve == CURVE_P256;
}

static bool signature_ok(const struct exec *x, const struct agreement *a)
{
    static const uint8_t RC_HEAD[3] = {0x00, 0x85, RC_LEN};
    const struct span parts[] = {a->dgi, a->key_tlv, span_of(RC_HEAD, sizeof(RC_HEAD)),
                                 span_of(x->ctx->rc, sizeof(x->ctx->rc))};

    return ec_verify(x->c->w->crypto, (enum curve)x->ctx->curve,
                     span_of(x->ctx->point, sizeof(x->ctx->point)), parts, 4,
                     a->signature) == ERR_OK;
}

/* Where the keys would go: SW_CONDITIONS when the version is in use and may not be replaced. */
static uint16_t place_check(struct exec *x, const struct ecka_crt *crt)
{
    bool replace = (crt->scenario & SCENARIO_REPLACE) != 0;
    struct card *c = x->c;
    const struct isdp *p = isdp_by_number(c, x->ctx->certified);
    const struct scp80_set *s = scp80_set_find(c, crt->kvn);
    const struct psk_set *k = psk_set_find(c, crt->kvn, crt->kid);

    if (p) {
        if (crt->usage != USAGE_CHANNEL || crt->kvn < 0x30 || crt->kvn > 0x3F || crt->kid != 1)
            return SW_DATA;
        if (p->pub.state >= ISDP_DISABLED)
            return SW_CONDITIONS;
        return p->kvn != 0 && !replace ? SW_CONDITIONS : SW_OK;
    }
    if (crt->usage == USAGE_CHANNEL && crt->kvn >= 0x01 && crt->kvn <= 0x0F && crt->kid == 1) {
        if (s)
            return replace ? SW_OK : SW_CONDITIONS;
        return c->n_scp80 < SCP80_SETS_MAX ? SW_OK : SW_FULL;
    }
    if (crt->usage == USAGE_BASE && crt->key_type == KEY_TYPE_PSK && crt->kvn >= 0x40 &&
        crt->kvn <= 0x4F) {
        if (k)
            return replace ? SW_OK : SW_CONDITIONS;
        return c->n_psk < PSK_SETS_MAX ? SW_OK : SW_FULL;
    }
    return SW_DATA;
}

static int key_out(const struct key *k, uint8_t dst[16])
{
    size_t n = 0;
    int rc = key_export_raw(k, dst, 16, &n);

    return rc == ERR_OK && n != 16 ? ERR_CRYPTO : rc;
}

static int keys_to_isdp(struct isdp *p, uint8_t kvn, const struct ecka_keys *k)
{
    int rc = key_out(k->enc, p->enc);

    if (rc == ERR_OK)
        rc = key_out(k->mac, p->mac);
    if (rc == ERR_OK)
        rc = key_out(k->dek, p->dek);
    if (rc != ERR_OK)
        return rc;
    p->kvn = kvn;
    p->sequence = 0;
    p->pub.state = ISDP_PERSONALIZED;
    return ERR_OK;
}

static int keys_to_isdr(struct card *c, const struct ecka_crt *crt, const struct ecka_keys *k)
{
    int rc;

    if (crt->usage == USAGE_BASE) {
        struct psk_set *s = psk_set_find(c, crt->kvn, crt->kid);

        s = s ? s : &c->psk[c->n_psk++];
        *s = (struct psk_set){.kvn = crt->kvn, .kid = crt->kid};
        return key_out(k->enc, s->psk);
    }
    struct scp80_set *s = scp80_set_find(c, crt->kvn);

    s = s ? s : &c->scp80[c->n_scp80++];
    *s = (struct scp80_set){.kvn = crt->kvn};
    rc = key_out(k->enc, s->kic);
    if (rc == ERR_OK)
        rc = key_out(k->mac, s->kid);
    return rc == ERR_OK ? key_out(k->dek, s->dek) : rc;
}

/* Derives, stores and answers [85 DR] 86 receipt. */
static uint16_t keys_put(struct exec *x, const struct agreement *a, struct writer *data)
{
    struct isdp *p = isdp_by_number(x->c, x->ctx->certified);
    struct ecka_keys keys = {0};
    uint8_t random[RC_LEN], receipt[16];
    struct span dr = {NULL, 0};
    int rc;

    if (a->crt.scenario & SCENARIO_DR) {
        rng_fill(x->c->w->rng, random, sizeof(random));
        dr = span_of(random, sizeof(random));
    }
    rc = ecasd_agree(x->c, a->point, &a->crt, dr, &keys);
    if (rc == ERR_OK)
        rc = ecka_receipt(x->c->w->crypto, &keys, a->a6, dr, receipt);
    if (rc == ERR_OK)
        rc = p ? keys_to_isdp(p, a->crt.kvn, &keys) : keys_to_isdr(x->c, &a->crt, &keys);
    ecka_keys_free(&keys);
    if (rc == ERR_UNSUPPORTED)
        return SW_ALGORITHM;
    if (rc != ERR_OK)
        return SW_DATA;            /* the point is not on its curve */
    card_touch(x->c);
    if (dr.n > 0)
        tlv_put(data, 0x85, dr);
    tlv_put(data, 0x86, span_of(receipt, sizeof(receipt)));
    return SW_OK;
}

uint16_t store_keyset(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    struct context *ctx = x->ctx;
    const struct isdp *p = isdp_by_number(x->c, ctx->certified);
    bool challenged = ctx->has_rc;
    struct agreement a;
    uint16_t sw;

    ctx->has_rc = false;           /* a challenge is answered once, rightly or not */
    ledger_about(x, p ? &p->pub.aid : &AID_ISD_R);
    if (!challenged || (ctx->certified != 0 && !p))
        return SW_CONDITIONS;
    if (!agreement_get(dgi, rest, &a))
        return SW_DATA;
    if (!signature_ok(x, &a))
        return SW_SECURITY;
    if (a.crt.scenario & SCENARIO_HOST_ID)
        return SW_DATA;
    sw = place_check(x, &a.crt);
    return sw == SW_OK ? keys_put(x, &a, data) : sw;
}
