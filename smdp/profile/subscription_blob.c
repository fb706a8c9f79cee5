/* SPDX-License-Identifier: Apache-2.0 */
/* A subscription as it is sealed on import: versioned, each field once, no text form of a secret.
 */
#include "smdp/profile/subscription_blob.h"

#define FORM 1u

static void put_text(struct writer *w, const char *s)
{
    size_t n = strlen(s);

    wr_u8(w, (uint8_t)n);
    wr_bytes(w, s, n);
}

static void get_text(struct reader *r, char *s, size_t cap)
{
    uint8_t n = rd_u8(r);

    if (n >= cap) {
        rd_fail(r);
        return;
    }
    rd_copy(r, s, n);
    s[n] = '\0';
}

static void put_code(struct writer *w, const struct code8 *c)
{
    wr_u8(w, c->set);
    wr_bytes(w, c->v, sizeof c->v);
}

static void get_code(struct reader *r, struct code8 *c)
{
    uint8_t set = rd_u8(r);

    c->set = set == 1;
    if (set > 1)
        rd_fail(r);
    rd_copy(r, c->v, sizeof c->v);
}

static void put_ota(struct writer *w, const struct ota_secret *s)
{
    wr_u8(w, s->n);
    wr_bytes(w, s->v, s->n <= sizeof s->v ? s->n : 0);
}

static void get_ota(struct reader *r, struct ota_secret *s)
{
    s->n = rd_u8(r);
    if (s->n > sizeof s->v) {
        rd_fail(r);
        s->n = 0;
    }
    rd_copy(r, s->v, s->n);
}

int subscription_pack(const struct subscription *sub, struct writer *w)
{
    wr_u8(w, FORM);
    put_text(w, sub->iccid.s);
    put_text(w, sub->imsi.s);
    put_text(w, sub->msisdn.s);
    wr_bytes(w, sub->k, sizeof sub->k);
    wr_bytes(w, sub->opc, sizeof sub->opc);
    wr_u8(w, sub->has_acc);
    wr_bytes(w, sub->acc, sizeof sub->acc);
    wr_u8(w, sub->mnc_len);
    put_text(w, sub->smsc.s);
    put_code(w, &sub->pin1);
    put_code(w, &sub->puk1);
    put_code(w, &sub->pin2);
    put_code(w, &sub->puk2);
    put_code(w, &sub->adm1);
    wr_u8(w, sub->ota_kvn);
    put_ota(w, &sub->ota_kic);
    put_ota(w, &sub->ota_kid);
    put_ota(w, &sub->ota_dek);
    wr_u8(w, sub->has_pol1);
    wr_u8(w, sub->pol1);
    put_text(w, sub->profile_type);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int subscription_unpack(struct span blob, struct subscription *ret)
{
    struct reader r = rd_init(blob);

    memset(ret, 0, sizeof *ret);
    if (rd_u8(&r) != FORM)
        return blob.n ? ERR_SCHEMA : ERR_CORRUPT;
    get_text(&r, ret->iccid.s, sizeof ret->iccid.s);
    get_text(&r, ret->imsi.s, sizeof ret->imsi.s);
    get_text(&r, ret->msisdn.s, sizeof ret->msisdn.s);
    rd_copy(&r, ret->k, sizeof ret->k);
    rd_copy(&r, ret->opc, sizeof ret->opc);
    ret->has_acc = rd_u8(&r) != 0;
    rd_copy(&r, ret->acc, sizeof ret->acc);
    ret->mnc_len = rd_u8(&r);
    get_text(&r, ret->smsc.s, sizeof ret->smsc.s);
    get_code(&r, &ret->pin1);
    get_code(&r, &ret->puk1);
    get_code(&r, &ret->pin2);
    get_code(&r, &ret->puk2);
    get_code(&r, &ret->adm1);
    ret->ota_kvn = rd_u8(&r);
    get_ota(&r, &ret->ota_kic);
    get_ota(&r, &ret->ota_kid);
    get_ota(&r, &ret->ota_dek);
    ret->has_pol1 = rd_u8(&r) != 0;
    ret->pol1 = rd_u8(&r);
    get_text(&r, ret->profile_type, sizeof ret->profile_type);
    if (rd_done(&r))
        return ERR_OK;
    subscription_wipe(ret);
    return ERR_CORRUPT;
}
