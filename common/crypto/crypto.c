/* SPDX-License-Identifier: Apache-2.0 */
/* The object that holds every fetched algorithm, the randomness port and the digests (FIPS
 * 180-4). */
#include "common/base/log.h"
#include "common/crypto/impl.h"
#include "common/crypto/ossl.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct digests {
    EVP_MD *sha1;
    EVP_MD *sha256;
    EVP_MD_CTX *ctx;
};

static void digests_free(struct digests *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->sha1);
    EVP_MD_free(d->sha256);
    free(d);
}

static struct digests *digests_new(void)
{
    struct digests *d = calloc(1, sizeof *d);

    if (!d)
        return NULL;
    d->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    d->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->ctx = EVP_MD_CTX_new();
    if (d->sha1 && d->sha256 && d->ctx)
        return d;
    digests_free(d);
    return NULL;
}

struct crypto *crypto_new(struct rng *rng)
{
    struct crypto *c;

    /* Without memory for its own beginning OpenSSL 3.0 falls over it at the first fetch. */
    if (!OSSL_LIB_CTX_get0_global_default())
        return NULL;
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->rng = rng;
    c->ciphers = ciphers_new();
    c->macs = macs_new();
    c->digests = digests_new();
    c->curves = curves_new();
    if (c->ciphers && c->macs && c->digests && c->curves)
        return c;
    crypto_free(c);
    return NULL;
}

void crypto_free(struct crypto *c)
{
    if (!c)
        return;
    ciphers_free(c->ciphers);
    macs_free(c->macs);
    digests_free(c->digests);
    curves_free(c->curves);
    free(c);
}

void crypto_random(struct crypto *c, void *dst, size_t n)
{
    uint8_t *p = (uint8_t *)dst;

    if (c->rng) {
        rng_fill(c->rng, p, n);
        return;
    }
    while (n > 0) {
        int step = n > 4096 ? 4096 : (int)n;

        /* A challenge or nonce that is not random is worse than a process that stopped. */
        if (RAND_bytes(p, step) != 1)
            log_die("crypto", "OpenSSL gives no random octets (no memory?); start again");
        p += step;
        n -= (size_t)step;
    }
}

static void digest(struct crypto *c, const EVP_MD *md, const struct span *parts, size_t n_parts,
                   uint8_t *ret)
{
    EVP_MD_CTX *ctx = c->digests->ctx;
    bool ok = EVP_DigestInit_ex2(ctx, md, NULL) == 1;

    for (size_t i = 0; ok && i < n_parts; i++)
        if (parts[i].n > 0)
            ok = EVP_DigestUpdate(ctx, parts[i].p, parts[i].n) == 1;
    /* A digest over memory fails without memory alone; every hash chain built on a wrong one would be wrong. */
    if (!ok || EVP_DigestFinal_ex(ctx, ret, NULL) != 1)
        log_die("crypto", "a digest cannot be made (no memory?); start again");
}

void sha256(struct crypto *c, const struct span *parts, size_t n_parts, uint8_t ret[32])
{
    digest(c, c->digests->sha256, parts, n_parts, ret);
}

void sha1(struct crypto *c, struct span s, uint8_t ret[20])
{
    digest(c, c->digests->sha1, &s, 1, ret);
}
