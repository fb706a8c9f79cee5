/* SPDX-License-Identifier: Apache-2.0 */
/* The key sets of an ISD-R as the log tells of them: each SCP80 set with a counter of its own, one of them
 * spoken with, and never none. Which keys they are stands in the sealed secret of the record. */
#include "smsr/domain/euicc_int.h"

#define SCP80_FIRST 0x01u
#define SCP80_LAST  0x0Fu
#define SCP81_FIRST 0x40u
#define SCP81_LAST  0x4Fu

static bool is_scp80(uint32_t kvn)
{
    return kvn >= SCP80_FIRST && kvn <= SCP80_LAST;
}

static bool is_scp81(uint32_t kvn)
{
    return kvn >= SCP81_FIRST && kvn <= SCP81_LAST;
}

static struct euicc_keyset *spare(struct euicc *e, uint32_t kvn)
{
    for (unsigned i = 0; i < e->n_spare; i++)
        if (e->spare[i].kvn == kvn)
            return &e->spare[i];
    return NULL;
}

uint64_t *euicc_counter(struct euicc *e, uint8_t kvn)
{
    struct euicc_keyset *s = spare(e, kvn);

    if (kvn && kvn == e->scp80_kvn)
        return &e->counter_high;
    return s ? &s->counter_high : NULL;
}

static bool taken(const struct euicc *e, uint8_t kvn)
{
    for (unsigned i = 0; i < e->n_spare; i++)
        if (e->spare[i].kvn == kvn)
            return true;
    return kvn == e->scp80_kvn || kvn == e->psk_kvn || kvn == e->psk_spare;
}

uint8_t euicc_new_kvn(const struct euicc *e, bool psk)
{
    uint8_t last = psk ? SCP81_LAST : SCP80_LAST;

    for (uint8_t kvn = psk ? SCP81_FIRST : SCP80_FIRST; kvn <= last; kvn++)
        if (!taken(e, kvn))
            return kvn;
    return 0;
}

int euicc_keyset_prepared(struct euicc *e, const struct euicc_record *r)
{
    uint8_t kvn = (uint8_t)r->ev->kvn;

    (void)euicc_advance(e, r);
    if (taken(e, kvn))
        return ERR_CORRUPT;
    if (is_scp81(kvn)) {
        if (e->psk_spare)
            return ERR_CORRUPT;
        e->psk_spare = kvn;
        return ERR_OK;
    }
    if (!is_scp80(kvn) || e->n_spare == EUICC_SPARE_MAX)
        return ERR_CORRUPT;
    e->spare[e->n_spare++] = (struct euicc_keyset){.kvn = kvn};
    return ERR_OK;
}

static int psk_used(struct euicc *e, uint8_t kvn, uint64_t kid)
{
    if (e->psk_spare != kvn || !kid || kid > UINT8_MAX)
        return ERR_CORRUPT;
    e->psk_spare = e->psk_kvn;
    e->psk_kvn = kvn;
    e->psk_kid = (uint8_t)kid;
    e->psk_named = true;
    return ERR_OK;
}

/* The one before stands beside it until it is deleted. */
int euicc_keyset_used(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_keyset *s = spare(e, r->ev->kvn), was = {e->scp80_kvn, e->counter_high};

    (void)euicc_advance(e, r);
    if (is_scp81(r->ev->kvn))
        return psk_used(e, (uint8_t)r->ev->kvn, r->ev->number);
    if (!s)
        return ERR_CORRUPT;
    e->scp80_kvn = s->kvn;
    e->counter_high = s->counter_high;
    *s = was;
    return ERR_OK;
}

static void packets_drop(struct euicc *e, uint8_t kvn)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < e->n_packets; i++)
        if (e->packets[i].kvn != kvn)
            e->packets[kept++] = e->packets[i];
    e->n_packets = kept;
}

/* Never the one that is spoken with. */
int euicc_keyset_deleted(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_keyset *s = spare(e, r->ev->kvn);

    (void)euicc_advance(e, r);
    if (is_scp81(r->ev->kvn) && e->psk_spare == r->ev->kvn) {
        e->psk_spare = 0;
        return ERR_OK;
    }
    if (!s)
        return ERR_CORRUPT;
    packets_drop(e, s->kvn);
    memmove(s, s + 1, (size_t)(e->spare + e->n_spare - (s + 1)) * sizeof *s);
    e->n_spare--;
    memset(&e->spare[e->n_spare], 0, sizeof e->spare[0]);
    return ERR_OK;
}
