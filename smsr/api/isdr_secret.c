/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking of an ISD-R's keys; clear octets are wiped before each return. */
#include "smsr/api/isdr_secret.h"

#include <stdio.h>

#define SECRET_VERSION 2
#define SECRET_SINGLE 1                     /* of before: one set of each */
#define KEY_OCTETS 64
#define CLEAR_MAX 600
#define FRESH_LEN 16u
#define PSK_FROM 0x40u

static void set_fini(struct isdr_set *s)
{
    key_free(s->kic);
    key_free(s->kid);
    key_free(s->dek);
    memset(s, 0, sizeof *s);
}

static void psk_fini(struct isdr_psk *p)
{
    key_free(p->psk);
    key_free(p->dek);
    memset(p, 0, sizeof *p);
}

void isdr_secret_fini(struct isdr_secret *s)
{
    for (unsigned i = 0; i < ISDR_SETS_MAX; i++)
        set_fini(&s->set[i]);
    for (unsigned i = 0; i < ISDR_PSKS_MAX; i++)
        psk_fini(&s->psk[i]);
    memset(s, 0, sizeof *s);
}

static struct key *share(struct key *k)
{
    return k ? key_ref(k) : NULL;
}

struct isdr_secret isdr_secret_copy(const struct isdr_secret *s)
{
    struct isdr_secret ret = *s;

    for (unsigned i = 0; i < s->n_sets; i++)
        ret.set[i] = (struct isdr_set){s->set[i].kvn, share(s->set[i].kic), share(s->set[i].kid),
                                       share(s->set[i].dek)};
    for (unsigned i = 0; i < s->n_psks; i++)
        ret.psk[i] = (struct isdr_psk){s->psk[i].kvn, s->psk[i].kid, share(s->psk[i].psk),
                                       share(s->psk[i].dek)};
    return ret;
}

const struct isdr_set *isdr_secret_set(const struct isdr_secret *s, uint8_t kvn)
{
    for (unsigned i = 0; i < s->n_sets; i++)
        if (s->set[i].kvn == kvn)
            return &s->set[i];
    return NULL;
}

const struct isdr_psk *isdr_secret_psk(const struct isdr_secret *s, uint8_t kvn)
{
    for (unsigned i = 0; i < s->n_psks; i++)
        if (s->psk[i].kvn == kvn)
            return &s->psk[i];
    return NULL;
}

static int grow_set(struct isdr_secret *s, struct crypto *c, uint8_t kvn)
{
    struct isdr_set *set = &s->set[s->n_sets];
    int err = key_random(c, KEY_AES, FRESH_LEN, &set->kic);

    set->kvn = kvn;
    if (!err)
        err = key_random(c, KEY_AES, FRESH_LEN, &set->kid);
    if (!err)
        err = key_random(c, KEY_AES, FRESH_LEN, &set->dek);
    if (err)
        set_fini(set);
    s->n_sets += !err;
    return err;
}

static int grow_psk(struct isdr_secret *s, struct crypto *c, uint8_t kvn)
{
    struct isdr_psk *p = &s->psk[s->n_psks];
    int err = key_random(c, KEY_PSK, FRESH_LEN, &p->psk);

    p->kvn = kvn;
    p->kid = 1;
    if (!err)
        err = key_random(c, KEY_AES, FRESH_LEN, &p->dek);
    if (err)
        psk_fini(p);
    s->n_psks += !err;
    return err;
}

int isdr_secret_grow(struct isdr_secret *s, struct crypto *c, uint8_t kvn)
{
    bool psk = kvn >= PSK_FROM;

    if (psk ? isdr_secret_psk(s, kvn) != NULL : isdr_secret_set(s, kvn) != NULL)
        return ERR_EXISTS;
    if (psk ? s->n_psks == ISDR_PSKS_MAX : s->n_sets == ISDR_SETS_MAX)
        return ERR_FULL;
    return psk ? grow_psk(s, c, kvn) : grow_set(s, c, kvn);
}

void isdr_secret_drop(struct isdr_secret *s, uint8_t kvn)
{
    unsigned n = 0;

    for (unsigned i = 0; i < s->n_sets; i++)
        if (s->set[i].kvn == kvn)
            set_fini(&s->set[i]);
        else
            s->set[n++] = s->set[i];
    memset(s->set + n, 0, (ISDR_SETS_MAX - n) * sizeof s->set[0]);
    s->n_sets = n;
    n = 0;
    for (unsigned i = 0; i < s->n_psks; i++)
        if (s->psk[i].kvn == kvn)
            psk_fini(&s->psk[i]);
        else
            s->psk[n++] = s->psk[i];
    memset(s->psk + n, 0, (ISDR_PSKS_MAX - n) * sizeof s->psk[0]);
    s->n_psks = n;
}

void isdr_secret_id(const struct eid *eid, char dst[ISDR_SECRET_ID])
{
    char text[EID_TEXT];

    eid_text(eid, text);
    (void)snprintf(dst, ISDR_SECRET_ID, "isdr/%s", text);
}

static struct secret_place place_of(uint32_t tenant, const struct eid *eid)
{
    struct secret_place at = {.tenant = tenant, .purpose = ISDR_SECRET_PURPOSE};

    memcpy(at.id, eid->b, sizeof at.id);
    return at;
}

static int put_key(struct writer *w, const struct key *k)
{
    uint8_t raw[KEY_OCTETS];
    size_t n = 0;
    int err = k ? key_export_raw(k, raw, sizeof raw, &n) : ERR_OK;

    if (!err) {
        wr_u8(w, (uint8_t)n);
        wr_bytes(w, raw, n);
    }
    mem_wipe(raw, sizeof raw);
    return err;
}

static int put_sets(struct writer *w, const struct isdr_secret *s)
{
    int err = ERR_OK;

    wr_u8(w, (uint8_t)s->n_sets);
    for (unsigned i = 0; !err && i < s->n_sets; i++) {
        wr_u8(w, s->set[i].kvn);
        err = put_key(w, s->set[i].kic);
        if (!err)
            err = put_key(w, s->set[i].kid);
        if (!err)
            err = put_key(w, s->set[i].dek);
    }
    wr_u8(w, (uint8_t)s->n_psks);
    for (unsigned i = 0; !err && i < s->n_psks; i++) {
        wr_u8(w, s->psk[i].kvn);
        wr_u8(w, s->psk[i].kid);
        err = put_key(w, s->psk[i].psk);
        if (!err)
            err = put_key(w, s->psk[i].dek);
    }
    return err;
}

int isdr_secret_seal(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                     const struct isdr_secret *s, struct buf *out)
{
    struct secret_place at = place_of(tenant, eid);
    uint8_t clear[CLEAR_MAX];
    struct writer w = wr_init(clear, sizeof clear);
    int err;

    wr_u8(&w, SECRET_VERSION);
    err = put_sets(&w, s);
    if (!err && w.failed)
        err = ERR_TOO_LARGE;
    if (!err)
        err = keystore_seal(ks, &at, wr_view(&w), out);
    mem_wipe(clear, sizeof clear);
    return err;
}

static int get_key(struct reader *r, enum key_type type, struct key **ret)
{
    size_t n = rd_u8(r);
    struct span raw = rd_span(r, n);

    *ret = NULL;
    return n && !r->failed ? key_new(type, raw, ret) : ERR_OK;
}

static int get_set(struct reader *r, struct isdr_secret *ret)
{
    struct isdr_set *s = &ret->set[ret->n_sets++];
    int err;

    s->kvn = rd_u8(r);
    err = get_key(r, KEY_AES, &s->kic);
    if (!err)
        err = get_key(r, KEY_AES, &s->kid);
    return err ? err : get_key(r, KEY_AES, &s->dek);
}

static int get_psk(struct reader *r, struct isdr_secret *ret, bool with_dek)
{
    struct isdr_psk *p = &ret->psk[ret->n_psks++];
    int err;

    p->kvn = rd_u8(r);
    p->kid = rd_u8(r);
    err = get_key(r, KEY_PSK, &p->psk);
    if (!err && with_dek)
        err = get_key(r, KEY_AES, &p->dek);
    if (!with_dek && !p->kvn)
        ret->n_psks--; /* zeros stand for none */
    return err;
}

static int get_sets(struct reader *r, struct isdr_secret *ret)
{
    unsigned version = rd_u8(r), sets = version == SECRET_SINGLE ? 1 : rd_u8(r), psks;
    int err = version == SECRET_SINGLE || version == SECRET_VERSION ? ERR_OK : ERR_CORRUPT;

    if (sets > ISDR_SETS_MAX)
        err = ERR_CORRUPT;
    for (unsigned i = 0; !err && i < sets; i++)
        err = get_set(r, ret);
    psks = err || version == SECRET_SINGLE ? 1 : rd_u8(r);
    if (!err && psks > ISDR_PSKS_MAX)
        err = ERR_CORRUPT;
    for (unsigned i = 0; !err && i < psks; i++)
        err = get_psk(r, ret, version == SECRET_VERSION);
    return !err && !rd_done(r) ? ERR_CORRUPT : err;
}

int isdr_secret_open(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                     struct span sealed, struct isdr_secret *ret)
{
    struct secret_place at = place_of(tenant, eid);
    struct reader r;
    struct buf clear;
    int err;

    memset(ret, 0, sizeof *ret);
    buf_init(&clear, CLEAR_MAX);
    err = keystore_open(ks, &at, sealed, &clear);
    r = rd_init(buf_span(&clear));
    if (!err)
        err = get_sets(&r, ret);
    buf_wipe(&clear);
    buf_fini(&clear);
    if (err)
        isdr_secret_fini(ret);
    return err;
}
