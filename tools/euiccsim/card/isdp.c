/* SPDX-License-Identifier: Apache-2.0 */
/* The table of ISD-Ps and the key sets of the ISD-R (SGP.02 2.2.1.3, 2.2.5). */
#include <stdlib.h>

#include "tools/euiccsim/card/card_int.h"

struct isdp *isdp_by_number(const struct card *c, uint16_t number)
{
    for (unsigned i = 0; number != 0 && i < c->n_isdps; i++)
        if (c->isdps[i].number == number)
            return &c->isdps[i];
    return NULL;
}

struct isdp *isdp_by_aid(const struct card *c, const struct aid *a)
{
    uint16_t number = 0;

    return aid_is_isd_p(a, &number) ? isdp_by_number(c, number) : NULL;
}

struct isdp *isdp_enabled(const struct card *c)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdps[i].pub.state == ISDP_ENABLED)
            return &c->isdps[i];
    return NULL;
}

struct isdp *isdp_fallback(const struct card *c)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdps[i].pub.fallback)
            return &c->isdps[i];
    return NULL;
}

/* A copy and a wipe instead of realloc: keys must not stay behind in freed memory. */
static int isdps_resize(struct card *c, unsigned n)
{
    struct isdp *fresh = n > 0 ? calloc(n, sizeof(*fresh)) : NULL;

    if (n > 0 && !fresh)
        return ERR_NOMEM;
    if (c->isdps) {
        unsigned kept = n < c->n_isdps ? n : c->n_isdps;

        for (unsigned i = 0; i < kept; i++)
            fresh[i] = c->isdps[i];
        mem_wipe(c->isdps, c->n_isdps * sizeof(*c->isdps));
        free(c->isdps);
    }
    c->isdps = fresh;
    return ERR_OK;
}

int isdp_add(struct card *c, const struct aid *a, struct isdp **ret)
{
    uint16_t number = 0;
    struct isdp *p;
    int rc;

    if (!aid_is_isd_p(a, &number))
        return ERR_INVAL;
    if (isdp_by_number(c, number))
        return ERR_EXISTS;
    if (c->n_isdps >= CARD_ISDPS_MAX)
        return ERR_FULL;
    rc = isdps_resize(c, c->n_isdps + 1u);
    if (rc != ERR_OK)
        return rc;
    p = &c->isdps[c->n_isdps++];
    p->pub.aid = *a;
    p->pub.state = ISDP_SELECTABLE;
    p->number = number;
    card_touch(c);
    *ret = p;
    return ERR_OK;
}

void isdp_remove(struct card *c, uint16_t number)
{
    struct isdp *p = isdp_by_number(c, number);

    if (!p)
        return;
    if (c->quirks & QUIRK_MEMORY_LATER)
        c->memory_owed += p->pub.memory;
    else if (!(c->quirks & QUIRK_MEMORY_KEPT))
        c->memory_free += p->pub.memory;
    for (struct isdp *end = c->isdps + c->n_isdps; p + 1 < end; p++)
        *p = p[1];
    mem_wipe(p, sizeof(*p));
    c->n_isdps--;      /* the block keeps its size until the next isdp_add */
    card_touch(c);
}

void isdp_reset(struct card *c)
{
    if (c->memory_owed == 0)
        return;
    c->memory_free += c->memory_owed;
    c->memory_owed = 0;
    card_touch(c);
}

void isdp_switch(struct card *c, uint16_t previous, uint16_t next)
{
    struct isdp *from = isdp_by_number(c, previous), *to = isdp_by_number(c, next);

    if (from)
        from->pub.state = ISDP_DISABLED;
    if (to)
        to->pub.state = ISDP_ENABLED;
    card_touch(c);
}

struct scp80_set *scp80_set_find(struct card *c, uint8_t kvn)
{
    for (unsigned i = 0; kvn != 0 && i < c->n_scp80; i++)
        if (c->scp80[i].kvn == kvn)
            return &c->scp80[i];
    return NULL;
}

/* kvn 0: the first set there is. */
struct psk_set *psk_set_find(struct card *c, uint8_t kvn, uint8_t kid)
{
    for (unsigned i = 0; i < c->n_psk; i++)
        if (kvn == 0 || (c->psk[i].kvn == kvn && c->psk[i].kid == kid))
            return &c->psk[i];
    return NULL;
}
