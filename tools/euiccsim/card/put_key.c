/* SPDX-License-Identifier: Apache-2.0 */
/* PUT KEY to the ISD-R (GlobalPlatform Card Specification 11.8, Amendment B 3.8): a new key set, or another
 * in the place of one. P1 is the version that is replaced, 00: none; P2 81: several keys, from KID 01 on. Each
 * is `type, length, key length, ciphered key, 03, check value`; what deciphers it is the DEK of the key set
 * that secured the command. */
#include "tools/euiccsim/card/card_int.h"

#define SET_KEYS 3u        /* KIc 1, KID 2, DEK 3; a PSK set has two */
#define KEY_LEN 16u
#define KCV_LEN 3u
#define P2_FROM_ONE 0x81u

struct put {
    uint8_t old_kvn, kvn;
    uint8_t key[SET_KEYS][KEY_LEN], kcv[SET_KEYS][KCV_LEN];
    unsigned n;
    uint8_t type[SET_KEYS];
};

/* false: the key set that secured the command has none. */
static bool session_dek(const struct exec *x, uint8_t dst[KEY_LEN])
{
    const struct psk_set *p = x->channel == 'H' ? psk_set_find(x->c, x->kvn, x->kid) : NULL;
    const struct scp80_set *s = x->channel == 'H' ? NULL : scp80_set_find(x->c, x->kvn);

    if (p && p->has_dek)
        memcpy(dst, p->dek, KEY_LEN);
    else if (s)
        memcpy(dst, s->dek, KEY_LEN);
    else
        return false;
    return true;
}

static uint16_t check_value(const struct exec *x, uint8_t type, const uint8_t key[KEY_LEN],
                            struct span told)
{
    enum key_type kind = type == KEY_TYPE_PSK ? KEY_PSK : KEY_AES;
    struct key *k = NULL;
    uint8_t kcv[KCV_LEN];
    int rc = key_new(kind, span_of(key, KEY_LEN), &k);

    if (rc == ERR_OK)
        rc = key_kcv(x->c->w->crypto, k, kcv);
    key_free(k);
    if (rc != ERR_OK)
        return SW_DATA;
    return mem_eq_ct(kcv, told.p, KCV_LEN) ? SW_OK : SW_KCV;
}

/* One key field. */
static uint16_t key_take(struct exec *x, const struct key *dek, struct reader *r, struct put *p)
{
    static const uint8_t IV[KEY_LEN] = {0};
    uint8_t type = rd_u8(r), total = rd_u8(r), len = rd_u8(r);
    struct span ciphered = rd_span(r, len), kcv;
    uint8_t kcv_len = rd_u8(r);

    kcv = rd_span(r, kcv_len);
    if (r->failed || p->n == SET_KEYS || (type != KEY_TYPE_AES && type != KEY_TYPE_PSK) ||
        len != KEY_LEN || total != KEY_LEN + 1 || kcv_len != KCV_LEN)
        return SW_DATA;
    if (cbc_decrypt(x->c->w->crypto, dek, IV, ciphered.p, KEY_LEN, p->key[p->n]) != ERR_OK)
        return SW_DATA;
    p->type[p->n] = type;
    memcpy(p->kcv[p->n], kcv.p, KCV_LEN);
    return check_value(x, type, p->key[p->n++], kcv);
}

static uint16_t keys_take(struct exec *x, struct reader *r, struct put *p)
{
    uint8_t raw[KEY_LEN];
    struct key *dek = NULL;
    uint16_t sw = SW_OK;
    int rc;

    if (!session_dek(x, raw))
        return SW_SECURITY;
    rc = key_new(KEY_AES, span_of(raw, sizeof(raw)), &dek);
    mem_wipe(raw, sizeof(raw));
    if (rc != ERR_OK)
        return SW_DATA;
    while (sw == SW_OK && !rd_done(r))
        sw = key_take(x, dek, r, p);
    key_free(dek);
    return sw;
}

static bool is_scp80(const struct put *p)
{
    return p->kvn >= 0x01 && p->kvn <= 0x0F && p->n == 3 && p->type[0] == KEY_TYPE_AES &&
           p->type[1] == KEY_TYPE_AES && p->type[2] == KEY_TYPE_AES;
}

static bool is_psk(const struct put *p)
{
    return p->kvn >= 0x40 && p->kvn <= 0x4F && p->type[0] == KEY_TYPE_PSK &&
           (p->n == 1 || (p->n == 2 && p->type[1] == KEY_TYPE_AES));
}

/* The place of the set: 6A88 nothing to replace, 6985 the version is in use, 6A84 no room. */
static uint16_t place(bool old_there, bool taken, bool full)
{
    if (!old_there)
        return SW_NOT_FOUND;
    return taken ? SW_CONDITIONS : full ? SW_FULL : SW_OK;
}

static uint16_t put_scp80(struct card *c, const struct put *p)
{
    struct scp80_set *old = scp80_set_find(c, p->old_kvn), *s = scp80_set_find(c, p->kvn);
    uint16_t sw = place(!p->old_kvn || old, s && s != old, !old && c->n_scp80 == SCP80_SETS_MAX);

    if (sw != SW_OK)
        return sw;
    s = old ? old : &c->scp80[c->n_scp80++];
    *s = (struct scp80_set){.kvn = p->kvn};
    memcpy(s->kic, p->key[0], KEY_LEN);
    memcpy(s->kid, p->key[1], KEY_LEN);
    memcpy(s->dek, p->key[2], KEY_LEN);
    if (!scp80_set_find(c, c->notify_kvn))
        c->notify_kvn = s->kvn;
    return SW_OK;
}

/* Version 0 is no set here; a trigger means the first one by it. */
static struct psk_set *psk_of(struct card *c, uint8_t kvn)
{
    return kvn ? psk_set_find(c, kvn, 1) : NULL;
}

static uint16_t put_psk(struct card *c, const struct put *p)
{
    struct psk_set *old = psk_of(c, p->old_kvn), *s = psk_of(c, p->kvn);
    uint16_t sw = place(!p->old_kvn || old, s && s != old, !old && c->n_psk == PSK_SETS_MAX);

    if (sw != SW_OK)
        return sw;
    s = old ? old : &c->psk[c->n_psk++];
    *s = (struct psk_set){.kvn = p->kvn, .kid = 1, .has_dek = p->n == 2};
    memcpy(s->psk, p->key[0], KEY_LEN);
    if (s->has_dek)
        memcpy(s->dek, p->key[1], KEY_LEN);
    return SW_OK;
}

uint16_t cmd_put_key(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct reader r = rd_init(cmd->data);
    struct put p = {.old_kvn = cmd->p1, .kvn = rd_u8(&r)};
    uint16_t sw;

    ledger_about(x, &AID_ISD_R);
    if (cmd->p2 != P2_FROM_ONE)
        return SW_P1P2;
    sw = keys_take(x, &r, &p);
    if (sw == SW_OK)
        sw = is_scp80(&p) ? put_scp80(x->c, &p) : is_psk(&p) ? put_psk(x->c, &p) : SW_DATA;
    if (sw == SW_OK) {
        card_touch(x->c);
        wr_u8(data, p.kvn);
        for (unsigned i = 0; i < p.n; i++)
            wr_bytes(data, p.kcv[i], KCV_LEN);
    }
    mem_wipe(&p, sizeof(p));
    return sw;
}
