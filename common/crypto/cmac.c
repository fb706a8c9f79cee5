/* SPDX-License-Identifier: Apache-2.0 */
/* AES-CMAC (RFC 4493, SP 800-38B) and the CBC-MAC that TS 102 225 takes for DES and 3DES. */
#include "common/crypto/cmac.h"

#include "common/base/mem.h"
#include "common/crypto/impl.h"
#include "common/crypto/ossl.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define N_MACS 3

struct macs {
    EVP_MAC *mac;
    EVP_MAC_CTX *ctx[N_MACS];    /* by AES key length: re-keyed, never made anew */
};

static EVP_MAC_CTX *ctx_make(EVP_MAC *mac, const char *name, size_t key_len)
{
    static const uint8_t zero[32];
    char cipher[16];
    OSSL_PARAM params[2] = {OSSL_PARAM_END, OSSL_PARAM_END};
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);

    memcpy(cipher, name, strlen(name) + 1);
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0);
    if (ctx && EVP_MAC_init(ctx, zero, key_len, params) == 1)
        return ctx;
    EVP_MAC_CTX_free(ctx);
    return NULL;
}

struct macs *macs_new(void)
{
    static const char *const names[N_MACS] = {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"};
    struct macs *m = calloc(1, sizeof *m);
    bool ok = m != NULL;

    if (ok) {
        m->mac = EVP_MAC_fetch(NULL, "CMAC", NULL);
        ok = m->mac != NULL;
    }
    for (size_t i = 0; ok && i < N_MACS; i++) {
        m->ctx[i] = ctx_make(m->mac, names[i], 16 + 8 * i);
        ok = m->ctx[i] != NULL;
    }
    if (ok)
        return m;
    macs_free(m);
    return NULL;
}

void macs_free(struct macs *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < N_MACS; i++)
        EVP_MAC_CTX_free(m->ctx[i]);
    EVP_MAC_free(m->mac);
    free(m);
}

int cmac(struct crypto *c, const struct key *k, const struct span *parts, size_t n_parts,
         uint8_t ret[AES_BLOCK])
{
    EVP_MAC_CTX *ctx;
    size_t n = 0;
    bool ok;

    if (k->type != KEY_AES)
        return ERR_INVAL;
    ctx = c->macs->ctx[(k->n - 16) / 8];
    ok = EVP_MAC_init(ctx, k->b, k->n, NULL) == 1;
    for (size_t i = 0; ok && i < n_parts; i++)
        if (parts[i].n > 0)
            ok = EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1;
    ok = ok && EVP_MAC_final(ctx, ret, &n, AES_BLOCK) == 1 && n == AES_BLOCK;
    return ok ? 0 : ERR_CRYPTO;
}

int des_cbc_mac(struct crypto *c, const struct key *k, const struct span *parts, size_t n_parts,
                uint8_t ret[DES_BLOCK])
{
    uint8_t state[DES_BLOCK] = {0};
    size_t fill = 0;
    int err = 0;

    if (k->type != KEY_DES)
        return ERR_INVAL;
    for (size_t i = 0; i < n_parts; i++) {
        for (size_t j = 0; j < parts[i].n; j++) {
            state[fill++] ^= parts[i].p[j];
            if (fill < DES_BLOCK)
                continue;
            err = des_ecb_block(c, k, state, state);
            if (err)
                return err;
            fill = 0;
        }
    }
    /* Zero padding leaves the state as it is: only the last partial block is still to be run. */
    if (fill > 0)
        err = des_ecb_block(c, k, state, state);
    if (!err)
        memcpy(ret, state, DES_BLOCK);
    mem_wipe(state, sizeof state);
    return err;
}
