/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of keys: small, owner only, wiped after use. */
#include "smsr/secrets.h"

#include "common/base/hex.h"
#include "common/crypto/pki_issue.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX 4096u
#define TRANSPORT_LEN 16u          /* AES-128 (SGP.02 2.8) */
#define COMPONENTS_MAX 8u

static int read_file(const char *name, const char *what, bool secret, struct buf *out,
                     struct errmsg *why)
{
    FILE *f = fopen(name, "rb");
    struct stat st;
    uint8_t *p;
    size_t n;

    if (!f)
        return errmsg_set(why, ERR_CONFIG, "%s: %s cannot be read", what, name);
    if (fstat(fileno(f), &st) || (secret && (st.st_mode & (S_IRWXG | S_IRWXO)))) {
        (void)fclose(f);
        return errmsg_set(why, ERR_CONFIG, "%s: %s may be read by others: chmod 0600", what, name);
    }
    p = buf_grow(out, FILE_MAX);
    n = p ? fread(p, 1, FILE_MAX, f) : 0;
    if (fclose(f) || !n || n == FILE_MAX)
        return errmsg_set(why, ERR_CONFIG, "%s: %s is empty or too large", what, name);
    out->n = n;
    return ERR_OK;
}

int transport_key_parse(struct span text, struct key **ret)
{
    uint8_t sum[TRANSPORT_LEN] = {0}, part[TRANSPORT_LEN];
    unsigned n = 0;
    size_t at = 0;
    int err = ERR_OK;

    while (!err && at < text.n) {
        const char *line = (const char *)text.p + at;
        size_t len = 0, got = 0;
        while (at + len < text.n && line[len] != '\n')
            len++;
        at += len + 1;
        if (len && line[len - 1] == '\r')
            len--;
        if (!len)
            continue;
        err = len == 2 * TRANSPORT_LEN && n < COMPONENTS_MAX
                  ? hex_decode(line, len, part, sizeof part, &got)
                  : ERR_FORMAT;
        for (size_t i = 0; !err && i < sizeof sum; i++)
            sum[i] ^= part[i];
        n++;
    }
    if (!err && !n)
        err = ERR_FORMAT;
    if (!err)
        err = key_new(KEY_AES, span_of(sum, sizeof sum), ret);
    mem_wipe(sum, sizeof sum);
    mem_wipe(part, sizeof part);
    return err ? ERR_FORMAT : ERR_OK;
}

int secrets_password(const char *file, char *dst, size_t cap, struct errmsg *why)
{
    struct buf text;
    size_t n = 0;
    int err;

    buf_init(&text, FILE_MAX);
    err = read_file(file, "smpp.password", true, &text, why);
    while (!err && n < text.n && text.p[n] != '\n' && text.p[n] != '\r')
        n++;
    if (!err && n >= cap)
        err = errmsg_set(why, ERR_CONFIG, "smpp.password: %s has more than %zu characters", file,
                         cap - 1);
    if (!err) {
        memcpy(dst, text.p, n);
        dst[n] = '\0';
    }
    buf_wipe(&text);
    buf_fini(&text);
    return err;
}

static int open_transport(const struct conf *c, struct secrets *s, struct errmsg *why)
{
    struct buf text;
    int err = ERR_OK;

    s->transport = calloc(c->n_transport ? c->n_transport : 1, sizeof *s->transport);
    if (!s->transport)
        return errmsg_set(why, ERR_NOMEM, "no memory");
    buf_init(&text, FILE_MAX);
    for (unsigned i = 0; !err && i < c->n_transport; i++) {
        struct transport_key *t = &s->transport[i];
        (void)snprintf(t->id, sizeof t->id, "%s", c->transport[i].id);
        buf_wipe(&text);
        err = read_file(c->transport[i].file, "transport_keys", true, &text, why);
        if (!err && transport_key_parse(buf_span(&text), &t->key))
            err = errmsg_set(why, ERR_CONFIG,
                             "transport_keys: %s holds no lines of 32 hexadecimal digits",
                             c->transport[i].file);
        if (!err)
            s->n_transport++;
    }
    buf_wipe(&text);
    buf_fini(&text);
    return err;
}

/* Our own certificate under the CI: an expired one is found at the start and not by the first
 * peer. */
static int check_own(const struct conf *c, const struct secrets *s, int64_t now_ms,
                     struct errmsg *why)
{
    struct errmsg detail = {{0}};
    struct key *key = NULL;
    struct gpcert cert;
    struct buf octets;
    int err;

    if (!c->gp_cert)
        return ERR_OK;
    buf_init(&octets, FILE_MAX);
    err = read_file(c->gp_cert, "gsma.cert", false, &octets, why);
    if (!err && pki_verify_gp(s->pki, buf_span(&octets), GPCERT_ROLE_SMSR, (struct span){NULL, 0},
                              now_ms, &cert, &detail))
        err = errmsg_set(why, ERR_CONFIG, "gsma.cert: %s: %s", c->gp_cert, detail.text);
    if (!err && pki_read_key(s->crypto, c->gp_key, &key, &detail))
        err = errmsg_set(why, ERR_CONFIG, "gsma.key: %s", detail.text);
    key_free(key);
    buf_fini(&octets);
    return err;
}

int secrets_open(const struct conf *c, int64_t now_ms, struct secrets *ret, struct errmsg *why)
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
    if (!err)
        err = open_transport(c, ret, why);
    if (!err)
        err = check_own(c, ret, now_ms, why);
    if (err)
        secrets_close(ret);
    return err;
}

void secrets_close(struct secrets *s)
{
    for (unsigned i = 0; i < s->n_transport; i++)
        key_free(s->transport[i].key);
    free(s->transport);
    pki_free(s->pki);
    keystore_free(s->keystore);
    crypto_free(s->crypto);
    memset(s, 0, sizeof *s);
}
