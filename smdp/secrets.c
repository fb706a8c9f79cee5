/* SPDX-License-Identifier: Apache-2.0 */
/* CERT.DP, its key and the KEK: what is wrong with them is found at the start and not by the first
 * card. */
#include "smdp/secrets.h"

#include "common/crypto/ecka.h"
#include "common/crypto/pki_issue.h"
#include "smdp/es8/es8.h"

#include <stdio.h>

#define FILE_MAX 4096u

static int read_file(const char *name, struct buf *out, struct errmsg *why)
{
    FILE *f = fopen(name, "rb");
    uint8_t *p = f ? buf_grow(out, FILE_MAX) : NULL;
    size_t n = p ? fread(p, 1, FILE_MAX, f) : 0;

    if ((f && fclose(f)) || !n || n == FILE_MAX)
        return errmsg_set(why, ERR_CONFIG, "gsma.cert: %s cannot be read, is empty or too large",
                          name);
    out->n = n;
    return ERR_OK;
}

static int check_pair(struct dp_secrets *s, const struct dp_conf_pair *p, const struct gpcert *cert,
                      struct errmsg *why)
{
    struct smdp_identity *id = &s->identity[s->n];
    struct errmsg detail = {{0}};
    uint8_t point[EC_POINT_LEN];

    if (id->cert.n > ES8_CERT_MAX)
        return errmsg_set(why, ERR_CONFIG, "gsma.cert: %s has %zu octets, a card takes at most %u",
                          p->cert, id->cert.n, ES8_CERT_MAX);
    id->curve = (enum curve)cert->curve;
    for (unsigned i = 0; i < s->n; i++)
        if (s->identity[i].curve == id->curve)
            return errmsg_set(why, ERR_CONFIG, "gsma.certs: %s is on the curve of another one",
                              p->cert);
    if (pki_read_key(s->crypto, p->key, &id->key, &detail))
        return errmsg_set(why, ERR_CONFIG, "gsma.key: %s", detail.text);
    if (ec_point(s->crypto, id->key, point) || cert->point.n != sizeof point ||
        memcmp(point, cert->point.p, sizeof point) != 0) {
        key_free(id->key);
        id->key = NULL;
        return errmsg_set(why, ERR_CONFIG, "gsma.key: %s does not belong to %s", p->key, p->cert);
    }
    return ERR_OK;
}

static int open_pair(struct dp_secrets *s, const struct dp_conf_pair *p, int64_t now_ms,
                     struct errmsg *why)
{
    struct errmsg detail = {{0}};
    struct gpcert cert;
    int err;

    buf_init(&s->cert[s->n], FILE_MAX);
    err = read_file(p->cert, &s->cert[s->n], why);
    if (!err && pki_verify_gp(s->pki, buf_span(&s->cert[s->n]), GPCERT_ROLE_SMDP,
                              (struct span){NULL, 0}, now_ms, &cert, &detail))
        err = errmsg_set(why, ERR_CONFIG, "gsma.cert: %s: %s", p->cert, detail.text);
    s->identity[s->n].cert = buf_span(&s->cert[s->n]);
    if (!err)
        err = check_pair(s, p, &cert, why);
    if (err) {
        buf_fini(&s->cert[s->n]);
        return err;
    }
    s->n++;
    return ERR_OK;
}

int dp_secrets_open(const struct dp_conf *c, int64_t now_ms, struct dp_secrets *ret,
                    struct errmsg *why)
{
    int err = ERR_OK;

    memset(ret, 0, sizeof *ret);
    ret->crypto = crypto_new(NULL);
    ret->pki = ret->crypto ? pki_new(ret->crypto) : NULL;
    if (!ret->pki)
        err = errmsg_set(why, ERR_CRYPTO, "the cryptographic library does not start");
    if (!err)
        err = keystore_load(ret->crypto, c->kek, &ret->keystore, why);
    for (unsigned i = 0; !err && i < c->n_ci; i++)
        err = pki_add_ci_file(ret->pki, c->ci[i], why);
    for (unsigned i = 0; !err && i < c->n_certs; i++)
        err = open_pair(ret, &c->certs[i], now_ms, why);
    if (err)
        dp_secrets_close(ret);
    return err;
}

void dp_secrets_close(struct dp_secrets *s)
{
    for (unsigned i = 0; i < s->n; i++) {
        key_free(s->identity[i].key);
        buf_fini(&s->cert[i]);
    }
    pki_free(s->pki);
    keystore_free(s->keystore);
    crypto_free(s->crypto);
    memset(s, 0, sizeof *s);
}
