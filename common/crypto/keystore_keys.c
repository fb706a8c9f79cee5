/* SPDX-License-Identifier: Apache-2.0 */
/* Handles at rest (design law 9): a list of keys is one secret, so that nobody but this folder sees
 * octets on the way from a derivation to the disk and back. */
#include "common/crypto/keystore.h"

#include "common/crypto/ecka.h"
#include "common/crypto/impl.h"

#define FORM      1u
#define PLAIN_MAX (2u + KEYSTORE_KEYS_MAX * (3u + KEY_MAX))

int keystore_seal_keys(struct keystore *ks, const struct secret_place *at,
                       const struct key *const *keys, unsigned n, struct buf *out)
{
    uint8_t plain[PLAIN_MAX];
    struct writer w = wr_init(plain, sizeof plain);
    int err = ERR_INVAL;

    if (n == 0 || n > KEYSTORE_KEYS_MAX)
        return err;
    wr_u8(&w, FORM);
    wr_u8(&w, (uint8_t)n);
    for (unsigned i = 0; i < n && keys[i]; i++) {
        wr_u8(&w, (uint8_t)keys[i]->type);
        wr_u8(&w, (uint8_t)keys[i]->curve);
        wr_u8(&w, (uint8_t)keys[i]->n);
        wr_bytes(&w, keys[i]->b, keys[i]->n);
        err = i + 1 == n ? ERR_OK : ERR_INVAL;
    }
    if (!err)
        err = w.failed ? ERR_INTERNAL : keystore_seal(ks, at, wr_view(&w), out);
    mem_wipe(plain, sizeof plain);
    return err;
}

static int read_one(struct crypto *c, struct reader *r, struct key **ret)
{
    uint8_t type = rd_u8(r), curve = rd_u8(r);
    struct span bytes = rd_span(r, rd_u8(r));

    if (r->failed || type > KEY_EC_PRIVATE)
        return ERR_CORRUPT;
    if (type == KEY_EC_PRIVATE)
        return ec_private(c, (enum curve)curve, bytes, ret);
    return key_new((enum key_type)type, bytes, ret);
}

int keystore_open_keys(struct keystore *ks, const struct secret_place *at, struct span sealed,
                       struct crypto *c, unsigned n, struct key **ret)
{
    struct buf plain;
    struct reader r;
    int err;

    memset(ret, 0, n * sizeof *ret);
    buf_init(&plain, PLAIN_MAX);
    err = keystore_open(ks, at, sealed, &plain);
    r = rd_init(buf_span(&plain));
    if (!err && (rd_u8(&r) != FORM || rd_u8(&r) != n))
        err = ERR_CORRUPT;
    for (unsigned i = 0; !err && i < n; i++)
        err = read_one(c, &r, &ret[i]);
    if (!err && !rd_done(&r))
        err = ERR_CORRUPT;
    for (unsigned i = 0; err && i < n; i++) {
        key_free(ret[i]);
        ret[i] = NULL;
    }
    buf_wipe(&plain);
    buf_fini(&plain);
    return err;
}
