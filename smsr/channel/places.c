/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/channel/places.h"

#include <stdlib.h>

struct place {
    uint64_t id;
    size_t n;
    uint8_t where[];
};

struct places {
    struct map *by_id, *by_where;
    uint64_t mark, last;
};

static struct span id_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static struct span where_key(const struct place *pl)
{
    return span_of(pl->where, pl->n);
}

struct places *places_new(size_t max, uint64_t mark)
{
    struct places *p = calloc(1, sizeof *p);

    if (!p)
        return NULL;
    p->mark = mark;
    p->by_id = map_new(max);
    p->by_where = map_new(max);
    if (p->by_id && p->by_where)
        return p;
    places_free(p);
    return NULL;
}

void places_free(struct places *p)
{
    void *cursor = NULL, *pl;

    if (!p)
        return;
    while (p->by_id && map_next(p->by_id, &cursor, NULL, &pl))
        free(pl);
    map_free(p->by_id);
    map_free(p->by_where);
    free(p);
}

static struct place *place_new(struct places *p, struct span where)
{
    struct place *pl = malloc(sizeof *pl + where.n);

    if (!pl)
        return NULL;
    pl->id = p->mark | ++p->last;
    pl->n = where.n;
    memcpy(pl->where, where.p, where.n);
    if (map_put(p->by_id, id_key(&pl->id), pl)) {
        free(pl);
        return NULL;
    }
    if (map_put(p->by_where, where_key(pl), pl)) {
        (void)map_del(p->by_id, id_key(&pl->id));
        free(pl);
        return NULL;
    }
    return pl;
}

uint64_t places_id(struct places *p, struct span where)
{
    const struct place *pl = map_get(p->by_where, where);

    if (!pl)
        pl = place_new(p, where);
    return pl ? pl->id : 0;
}

struct span places_where(const struct places *p, uint64_t id)
{
    const struct place *pl = map_get(p->by_id, id_key(&id));

    return pl ? where_key(pl) : (struct span){NULL, 0};
}

void places_drop(struct places *p, uint64_t id)
{
    struct place *pl = map_del(p->by_id, id_key(&id));

    if (!pl)
        return;
    (void)map_del(p->by_where, where_key(pl));
    free(pl);
}
