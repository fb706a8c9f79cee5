/* SPDX-License-Identifier: Apache-2.0 */
/* Packing and unpacking of an ISD-R's keys; clear octets are wiped before each return. */
#include "smsr/api/isdr_secret.h"

#include <stdio.h>

#define SECRET_VERSION 1
#define KEY_OCTETS 64
#define CLEAR_MAX 300

void isdr_secret_fini(struct isdr_secret *s)
{
    key_free(s->kic);
    key_free(s->kid);
    key_free(s->dek);
    key_free(s->psk);
    memset(s, 0, sizeof *s);
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

int isdr_secret_seal(struct keystore *ks, uint32_t tenant, const struct eid *eid,
                     const struct isdr_secret *s, struct buf *out)
{
    struct secret_place at = place_of(tenant, eid);
    uint8_t clear[CLEAR_MAX];
    struct writer w = wr_init(clear, sizeof clear);
    int err;

    wr_u8(&w, SECRET_VERSION);
    wr_u8(&w, s->scp80_kvn);
    err = put_key(&w, s->kic);
    if (!err)
        err = put_key(&w, s->kid);
    if (!err)
        err = put_key(&w, s->dek);
    wr_u8(&w, s->psk_kvn);
    wr_u8(&w, s->psk_kid);
    if (!err)
        err = put_key(&w, s->psk);
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
    if (!err && rd_u8(&r) != SECRET_VERSION)
        err = ERR_CORRUPT;
    ret->scp80_kvn = rd_u8(&r);
    if (!err)
        err = get_key(&r, KEY_AES, &ret->kic);
    if (!err)
        err = get_key(&r, KEY_AES, &ret->kid);
    if (!err)
        err = get_key(&r, KEY_AES, &ret->dek);
    ret->psk_kvn = rd_u8(&r);
    ret->psk_kid = rd_u8(&r);
    if (!err)
        err = get_key(&r, KEY_PSK, &ret->psk);
    if (!err && !rd_done(&r))
        err = ERR_CORRUPT;
    buf_wipe(&clear);
    buf_fini(&clear);
    if (err)
        isdr_secret_fini(ret);
    return err;
}
