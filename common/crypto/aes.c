/* SPDX-License-Identifier: Apache-2.0 */
/* AES and 3DES in CBC (SP 800-38A) and AES-256-GCM (SP 800-38D) over contexts made once. */
#include "common/base/mem.h"
#include "common/crypto/impl.h"
#include "common/crypto/ossl.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>

/* Single DES stands in the legacy provider only, but 3DES with one key three times is the same. */
enum { AES128, AES192, AES256, DES_EDE3, N_CIPHERS };
static const char *const NAMES[N_CIPHERS] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC",
                                             "DES-EDE3-CBC"};

#define GCM_NONCE 12u
#define GCM_TAG 16u

struct ciphers {
    EVP_CIPHER *cipher[N_CIPHERS];
    EVP_CIPHER_CTX *enc[N_CIPHERS];
    EVP_CIPHER_CTX *dec[N_CIPHERS];
    EVP_CIPHER *gcm;
    EVP_CIPHER_CTX *gcm_ctx;
};

static EVP_CIPHER_CTX *ctx_make(const EVP_CIPHER *cipher, int enc)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (ctx && EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, enc, NULL) == 1
        && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

struct ciphers *ciphers_new(void)
{
    struct ciphers *s = calloc(1, sizeof *s);
    bool ok = s != NULL;

    for (int i = 0; ok && i < N_CIPHERS; i++) {
        s->cipher[i] = EVP_CIPHER_fetch(NULL, NAMES[i], NULL);
        ok = s->cipher[i] != NULL;
        if (!ok)
            break;
        s->enc[i] = ctx_make(s->cipher[i], 1);
        s->dec[i] = ctx_make(s->cipher[i], 0);
        ok = s->enc[i] && s->dec[i];
    }
    if (ok) {
        s->gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        s->gcm_ctx = EVP_CIPHER_CTX_new();
        ok = s->gcm && s->gcm_ctx;
    }
    if (ok)
        return s;
    ciphers_free(s);
    return NULL;
}

void ciphers_free(struct ciphers *s)
{
    if (!s)
        return;
    for (int i = 0; i < N_CIPHERS; i++) {
        EVP_CIPHER_CTX_free(s->enc[i]);
        EVP_CIPHER_CTX_free(s->dec[i]);
        EVP_CIPHER_free(s->cipher[i]);
    }
    EVP_CIPHER_CTX_free(s->gcm_ctx);
    EVP_CIPHER_free(s->gcm);
    free(s);
}

static int slot_of(const struct key *k)
{
    if (k->type == KEY_DES)
        return DES_EDE3;
    if (k->type == KEY_AES)
        return k->n == 16 ? AES128 : k->n == 24 ? AES192 : AES256;
    return -1;
}

/* K -> KKK, K1 K2 -> K1 K2 K1. */
static void des_expand(const struct key *k, uint8_t dst[24])
{
    memcpy(dst, k->b, 8);
    memcpy(dst + 8, k->b + (k->n >= 16 ? 8 : 0), 8);
    memcpy(dst + 16, k->b + (k->n == 24 ? 16 : 0), 8);
}

static int cbc_run(EVP_CIPHER_CTX *const *ctxs, const struct key *k, const uint8_t *iv,
                   const uint8_t *in, size_t n, uint8_t *out)
{
    int slot = slot_of(k), len = 0;
    uint8_t des[24];
    const uint8_t *raw = k->b;
    bool ok;

    if (slot < 0 || n % key_block(k) || n > INT_MAX)
        return ERR_INVAL;
    if (n == 0)
        return 0;
    if (slot == DES_EDE3) {
        des_expand(k, des);
        raw = des;
    }
    ok = EVP_CipherInit_ex2(ctxs[slot], NULL, raw, iv, -1, NULL) == 1
         && EVP_CipherUpdate(ctxs[slot], out, &len, in, (int)n) == 1 && (size_t)len == n;
    if (slot == DES_EDE3)
        mem_wipe(des, sizeof des);
    return ok ? 0 : ERR_CRYPTO;
}

int cbc_encrypt(struct crypto *c, const struct key *k, const uint8_t *iv, const uint8_t *in,
                size_t n, uint8_t *out)
{
    return cbc_run(c->ciphers->enc, k, iv, in, n, out);
}

int cbc_decrypt(struct crypto *c, const struct key *k, const uint8_t *iv, const uint8_t *in,
                size_t n, uint8_t *out)
{
    return cbc_run(c->ciphers->dec, k, iv, in, n, out);
}

int cbc_wrap_key(struct crypto *c, const struct key *dek, const struct key *k, struct writer *w)
{
    static const uint8_t zero[AES_BLOCK];
    uint8_t out[KEY_MAX];
    int err = k->n % AES_BLOCK ? ERR_INVAL : cbc_encrypt(c, dek, zero, k->b, k->n, out);

    if (!err)
        wr_bytes(w, out, k->n);
    return err;
}

/* One block of CBC under a zero IV is ECB. */
int aes_ecb_block(struct crypto *c, const struct key *k, const uint8_t in[AES_BLOCK],
                  uint8_t out[AES_BLOCK])
{
    static const uint8_t zero[AES_BLOCK];

    return k->type == KEY_AES ? cbc_encrypt(c, k, zero, in, AES_BLOCK, out) : ERR_INVAL;
}

int des_ecb_block(struct crypto *c, const struct key *k, const uint8_t in[DES_BLOCK],
                  uint8_t out[DES_BLOCK])
{
    static const uint8_t zero[DES_BLOCK];

    return k->type == KEY_DES ? cbc_encrypt(c, k, zero, in, DES_BLOCK, out) : ERR_INVAL;
}

static int gcm_start(struct crypto *c, const struct key *k, const uint8_t *nonce, struct span aad,
                     int enc)
{
    struct ciphers *s = c->ciphers;
    int len;

    if ((k->type != KEY_AES && k->type != KEY_RAW) || k->n != 32 || aad.n > INT_MAX)
        return ERR_INVAL;
    if (EVP_CipherInit_ex2(s->gcm_ctx, s->gcm, k->b, nonce, enc, NULL) != 1)
        return ERR_CRYPTO;
    if (aad.n && EVP_CipherUpdate(s->gcm_ctx, NULL, &len, aad.p, (int)aad.n) != 1)
        return ERR_CRYPTO;
    return 0;
}

int gcm_seal(struct crypto *c, const struct key *k, struct span aad, struct span plain,
             struct writer *w)
{
    EVP_CIPHER_CTX *ctx = c->ciphers->gcm_ctx;
    uint8_t nonce[GCM_NONCE], tag[GCM_TAG];
    int len = 0, err;

    if (plain.n > INT_MAX)
        return ERR_TOO_LARGE;
    if (w->failed || w->cap - w->len < GCM_NONCE + GCM_TAG
        || w->cap - w->len - GCM_NONCE - GCM_TAG < plain.n)
        return ERR_TOO_LARGE;
    crypto_random(c, nonce, sizeof nonce);
    err = gcm_start(c, k, nonce, aad, 1);
    if (err)
        return err;
    if (plain.n
        && EVP_CipherUpdate(ctx, w->p + w->len + GCM_NONCE, &len, plain.p, (int)plain.n) != 1)
        return ERR_CRYPTO;
    if (EVP_CipherFinal_ex(ctx, tag, &len) != 1
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, GCM_TAG, tag) != 1)
        return ERR_CRYPTO;
    wr_bytes(w, nonce, sizeof nonce);
    w->len += plain.n;
    wr_bytes(w, tag, sizeof tag);
    return 0;
}

int gcm_open(struct crypto *c, const struct key *k, struct span aad, struct span sealed,
             struct writer *w)
{
    EVP_CIPHER_CTX *ctx = c->ciphers->gcm_ctx;
    uint8_t tag[GCM_TAG], *dst, none[1];
    size_t n;
    int len = 0, err;

    if (sealed.n < GCM_NONCE + GCM_TAG)
        return ERR_TRUNCATED;
    n = sealed.n - GCM_NONCE - GCM_TAG;
    if (n > INT_MAX || w->failed || w->cap - w->len < n)
        return ERR_TOO_LARGE;
    err = gcm_start(c, k, sealed.p, aad, 0);
    if (err)
        return err;
    memcpy(tag, sealed.p + sealed.n - GCM_TAG, GCM_TAG);
    dst = n ? w->p + w->len : none;
    if ((n && EVP_CipherUpdate(ctx, dst, &len, sealed.p + GCM_NONCE, (int)n) != 1)
        || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) != 1)
        err = ERR_CRYPTO;
    else if (EVP_CipherFinal_ex(ctx, none, &len) != 1)
        err = ERR_AUTH;
    if (err) {
        mem_wipe(dst, n);        /* nothing unverified is left behind */
        ERR_clear_error();
    } else {
        w->len += n;
    }
    return err;
}
