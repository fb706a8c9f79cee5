/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers and authentication vectors (TS 33.102 6.3). */
#include "tools/euiccsim/net/hss.h"

#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/crypto/milenage.h"

#include <stdlib.h>

#define SQN_STEP 32u              /* the low five bits are the index of Annex C, left 0 */
#define SQN_MASK ((UINT64_C(1) << 48) - 1)
#define BLOCK 256u                /* subscribers of one allocation: pointers to them stay */

struct hss {
    struct crypto *crypto;
    struct subscriber **blocks;
    size_t n, n_blocks;
    struct map *imsis, *msisdns;
};

struct hss *hss_new(struct crypto *c)
{
    struct hss *h = calloc(1, sizeof(*h));

    if (!h)
        return NULL;
    h->crypto = c;
    h->imsis = map_new(0);
    h->msisdns = map_new(0);
    if (h->imsis && h->msisdns)
        return h;
    hss_free(h);
    return NULL;
}

void hss_free(struct hss *h)
{
    if (!h)
        return;
    for (size_t i = 0; i < h->n_blocks; i++) {
        mem_wipe(h->blocks[i], BLOCK * sizeof(struct subscriber));
        free(h->blocks[i]);
    }
    free(h->blocks);
    map_free(h->imsis);
    map_free(h->msisdns);
    free(h);
}

static int room(struct hss *h)
{
    struct subscriber **grown;

    if (h->n < h->n_blocks * BLOCK)
        return ERR_OK;
    grown = realloc(h->blocks, (h->n_blocks + 1) * sizeof(struct subscriber *));
    if (!grown)
        return ERR_NOMEM;
    h->blocks = grown;
    grown[h->n_blocks] = calloc(BLOCK, sizeof(struct subscriber));
    if (!grown[h->n_blocks])
        return ERR_NOMEM;
    h->n_blocks++;
    return ERR_OK;
}

int hss_add(struct hss *h, const struct subscriber *s)
{
    struct subscriber *to;
    int rc;

    if (hss_by_imsi(h, &s->imsi) || (s->msisdn.s[0] && hss_by_msisdn(h, &s->msisdn)))
        return ERR_EXISTS;
    rc = room(h);
    if (rc != ERR_OK)
        return rc;
    to = hss_at(h, h->n);
    *to = *s;
    to->index = (uint32_t)h->n;
    list_init(&to->mt);
    rc = map_put(h->imsis, span_str(to->imsi.s), to);
    if (rc == ERR_OK && to->msisdn.s[0]) {
        rc = map_put(h->msisdns, span_str(to->msisdn.s), to);
        if (rc != ERR_OK)
            (void)map_del(h->imsis, span_str(to->imsi.s));
    }
    if (rc == ERR_OK)
        h->n++;
    return rc;
}

int hss_renumber(struct hss *h, const struct imsi *i, const struct msisdn *to)
{
    struct subscriber *s = hss_by_imsi(h, i), *has = hss_by_msisdn(h, to);
    struct msisdn former;
    int rc;

    if (!s)
        return ERR_NOT_FOUND;
    if (has)
        return has == s ? ERR_OK : ERR_EXISTS;
    former = s->msisdn;
    s->msisdn = *to;
    rc = map_put(h->msisdns, span_str(s->msisdn.s), s);
    if (rc != ERR_OK)
        s->msisdn = former;
    else if (former.s[0])
        (void)map_del(h->msisdns, span_str(former.s));
    return rc;
}

size_t hss_count(const struct hss *h)
{
    return h->n;
}

struct subscriber *hss_at(struct hss *h, size_t i)
{
    return &h->blocks[i / BLOCK][i % BLOCK];
}

struct subscriber *hss_by_imsi(struct hss *h, const struct imsi *i)
{
    return map_get(h->imsis, span_str(i->s));
}

struct subscriber *hss_by_msisdn(struct hss *h, const struct msisdn *m)
{
    return map_get(h->msisdns, span_str(m->s));
}

static void sqn_put(uint64_t sqn, uint8_t dst[6])
{
    for (unsigned i = 0; i < 6; i++)
        dst[i] = (uint8_t)(sqn >> (40 - 8 * i));
}

int hss_vector(struct hss *h, struct subscriber *s, struct rng *rng, struct auth_vector *ret)
{
    struct milenage_out f;
    uint8_t sqn[6];
    int rc;

    s->sqn = ((s->sqn / SQN_STEP + 1) * SQN_STEP) & SQN_MASK;
    sqn_put(s->sqn, sqn);
    rng_fill(rng, ret->rand, sizeof(ret->rand));
    rc = milenage(h->crypto, s->k, s->opc, ret->rand, sqn, s->amf, &f);
    if (rc == ERR_OK) {
        for (unsigned i = 0; i < 6; i++)
            ret->autn[i] = sqn[i] ^ f.f5[i];
        memcpy(ret->autn + 6, s->amf, 2);
        memcpy(ret->autn + 8, f.f1, 8);
        memcpy(ret->xres, f.f2, 8);
    }
    mem_wipe(&f, sizeof(f));
    return rc;
}

int hss_resync(struct hss *h, struct subscriber *s, const uint8_t rand[16], const uint8_t auts[14])
{
    static const uint8_t ZERO[6];
    struct milenage_out f;
    uint8_t sqn[6];
    uint64_t value = 0;
    int rc = milenage(h->crypto, s->k, s->opc, rand, ZERO, ZERO, &f);

    if (rc == ERR_OK) {
        for (unsigned i = 0; i < 6; i++) {
            sqn[i] = auts[i] ^ f.f5s[i];
            value = value << 8 | sqn[i];
        }
        rc = milenage(h->crypto, s->k, s->opc, rand, sqn, ZERO, &f);
    }
    if (rc == ERR_OK && !mem_eq_ct(f.f1s, auts + 6, 8))
        rc = ERR_AUTH;
    if (rc == ERR_OK)
        s->sqn = value;
    mem_wipe(&f, sizeof(f));
    return rc;
}
