/* SPDX-License-Identifier: Apache-2.0 */
/* Keys as counted handles, their check values and the ES1 transport wrapping (SGP.02 2.8). */
#include "common/base/mem.h"
#include "common/crypto/impl.h"

#include <stdlib.h>

static bool size_fits(enum key_type type, size_t n)
{
    switch (type) {
    case KEY_AES:
        return n == 16 || n == 24 || n == 32;
    case KEY_DES:
        return n == 8 || n == 16 || n == 24;
    case KEY_PSK:
        return n >= 16 && n <= KEY_MAX;
    case KEY_RAW:
        return n >= 1 && n <= KEY_MAX;
    case KEY_EC_PRIVATE:
        return false;        /* needs a curve: ec_private, ec_generate */
    }
    return false;
}

static struct key *key_make(enum key_type type, const uint8_t *b, size_t n)
{
    struct key *k = calloc(1, sizeof *k);

    if (!k)
        return NULL;
    k->refs = 1;
    k->type = type;
    k->n = n;
    memcpy(k->b, b, n);
    return k;
}

int key_new(enum key_type type, struct span bytes, struct key **ret)
{
    *ret = NULL;
    if (!bytes.p || !size_fits(type, bytes.n))
        return ERR_INVAL;
    *ret = key_make(type, bytes.p, bytes.n);
    return *ret ? 0 : ERR_NOMEM;
}

int key_new_ec(enum curve curve, const uint8_t d[32], struct ec_pair *pair, struct key **ret)
{
    struct key *k = key_make(KEY_EC_PRIVATE, d, 32);

    *ret = k;
    if (!k) {
        ec_pair_free(pair);
        return ERR_NOMEM;
    }
    k->curve = curve;
    k->pair = pair;
    return 0;
}

int key_random(struct crypto *c, enum key_type type, size_t n, struct key **ret)
{
    uint8_t b[KEY_MAX];
    int err;

    *ret = NULL;
    if (!size_fits(type, n))
        return ERR_INVAL;
    crypto_random(c, b, n);
    err = key_new(type, span_of(b, n), ret);
    mem_wipe(b, sizeof b);
    return err;
}

struct key *key_ref(struct key *k)
{
    if (k)
        k->refs++;
    return k;
}

void key_free(struct key *k)
{
    if (!k || --k->refs > 0)
        return;
    ec_pair_free(k->pair);
    mem_wipe(k, sizeof *k);
    free(k);
}

enum key_type key_get_type(const struct key *k)
{
    return k->type;
}

size_t key_size(const struct key *k)
{
    return k->n;
}

int key_kcv(struct crypto *c, const struct key *k, uint8_t ret_kcv[3])
{
    uint8_t in[AES_BLOCK], out[20];
    int err = 0;

    switch (k->type) {
    case KEY_AES:
        memset(in, 0x01, sizeof in);
        err = aes_ecb_block(c, k, in, out);
        break;
    case KEY_DES:
        memset(in, 0x00, sizeof in);
        err = des_ecb_block(c, k, in, out);
        break;
    case KEY_PSK:
        sha1(c, span_of(k->b, k->n), out);
        break;
    case KEY_RAW:
    case KEY_EC_PRIVATE:
        err = ERR_UNSUPPORTED;
        break;
    }
    if (!err)
        memcpy(ret_kcv, out, 3);
    mem_wipe(out, sizeof out);
    return err;
}

int key_export_raw(const struct key *k, uint8_t *dst, size_t cap, size_t *ret_n)
{
    *ret_n = 0;
    if (cap < k->n)
        return ERR_TOO_LARGE;
    memcpy(dst, k->b, k->n);
    *ret_n = k->n;
    return 0;
}

#define WRAPPED_MAX (KEY_MAX + AES_BLOCK)

int ecb_wrap_key(struct crypto *c, const struct key *transport, const struct key *k,
                 struct writer *w)
{
    uint8_t plain[WRAPPED_MAX], wrapped[WRAPPED_MAX];
    size_t pad = AES_BLOCK - k->n % AES_BLOCK, n = k->n + pad;
    int err = 0;

    if (transport->type != KEY_AES)
        return ERR_INVAL;
    memcpy(plain, k->b, k->n);
    memset(plain + k->n, (int)pad, pad);
    for (size_t i = 0; !err && i < n; i += AES_BLOCK)
        err = aes_ecb_block(c, transport, plain + i, wrapped + i);
    if (!err) {
        wr_bytes(w, wrapped, n);
        err = w->failed ? ERR_TOO_LARGE : 0;
    }
    mem_wipe(plain, sizeof plain);
    return err;
}

/* 0 when the PKCS#7 padding does not fit; looks at a whole block whatever it finds. */
static size_t unpadded(const uint8_t *plain, size_t n)
{
    uint8_t pad = plain[n - 1], bad = 0;

    for (size_t i = 0; i < AES_BLOCK; i++) {
        uint8_t in_pad = (uint8_t)(i < pad ? 0xFF : 0x00);

        bad |= (uint8_t)(in_pad & (plain[n - 1 - i] ^ pad));
    }
    return bad || pad == 0 || pad > AES_BLOCK ? 0 : n - pad;
}

int ecb_unwrap_key(struct crypto *c, const struct key *transport, enum key_type type,
                   struct span wrapped, struct key **ret)
{
    static const uint8_t zero[AES_BLOCK];
    uint8_t plain[WRAPPED_MAX];
    size_t n;
    int err = 0;

    *ret = NULL;
    if (transport->type != KEY_AES)
        return ERR_INVAL;
    if (wrapped.n == 0 || wrapped.n > sizeof plain || wrapped.n % AES_BLOCK)
        return ERR_FORMAT;
    for (size_t i = 0; !err && i < wrapped.n; i += AES_BLOCK)
        err = cbc_decrypt(c, transport, zero, wrapped.p + i, AES_BLOCK, plain + i);
    if (!err) {
        n = unpadded(plain, wrapped.n);
        if (n == 0)
            err = ERR_AUTH;      /* another transport key, or damaged */
        else
            err = size_fits(type, n) ? key_new(type, span_of(plain, n), ret) : ERR_FORMAT;
    }
    mem_wipe(plain, sizeof plain);
    return err;
}
