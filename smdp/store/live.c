/* SPDX-License-Identifier: Apache-2.0 */
/* Which orders live, and for which card: one download at a time works on a card (trust A1). */
#include "smdp/store/store_int.h"

#include <stdlib.h>

static struct live_card *card_get(struct dp_store *s, const struct eid *eid)
{
    struct live_card *c = map_get(s->cards, span_of(eid->b, 16));

    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->eid = *eid;
    list_init(&c->orders);
    if (map_put(s->cards, span_of(eid->b, 16), c)) {
        free(c);
        return NULL;
    }
    return c;
}

int dp_live_set(struct dp_store *s, const struct uuid *id, const struct eid *eid, bool waiting)
{
    struct live *l = map_get(s->live, span_of(id->b, 16));
    struct live_card *c;
    int err;

    if (l) {
        l->waiting = waiting;
        return ERR_OK;
    }
    c = eid ? card_get(s, eid) : NULL;
    l = calloc(1, sizeof *l);
    if (!l || (eid && !c)) {
        free(l);
        return ERR_NOMEM;
    }
    l->id = *id;
    l->waiting = waiting;
    list_init(&l->of_card);
    err = map_put(s->live, span_of(id->b, 16), l);
    if (err) {
        free(l);
        return err;
    }
    if (c)
        list_push(&c->orders, &l->of_card);
    return ERR_OK;
}

void dp_live_drop(struct dp_store *s, const struct uuid *id, const struct eid *eid)
{
    struct live *l = map_del(s->live, span_of(id->b, 16));
    struct live_card *c = eid ? map_get(s->cards, span_of(eid->b, 16)) : NULL;

    if (l) {
        list_del(&l->of_card);
        free(l);
    }
    if (c && list_empty(&c->orders)) {
        map_del(s->cards, span_of(eid->b, 16));
        free(c);
    }
}

void dp_live_free(struct dp_store *s)
{
    void *cursor = NULL, *value;

    while (s->live && map_next(s->live, &cursor, NULL, &value))
        free(value);
    cursor = NULL;
    while (s->cards && map_next(s->cards, &cursor, NULL, &value))
        free(value);
    map_free(s->live);
    map_free(s->cards);
    s->live = s->cards = NULL;
}

bool dp_store_order_live(const struct dp_store *s, const struct uuid *id)
{
    return map_get(s->live, span_of(id->b, 16)) != NULL;
}

size_t dp_store_live(const struct dp_store *s)
{
    return map_count(s->live);
}

bool dp_store_card_busy(const struct dp_store *s, const struct eid *eid, const struct uuid *self)
{
    const struct live_card *c = map_get(s->cards, span_of(eid->b, 16));

    if (!c)
        return false;
    LIST_EACH(it, &c->orders)
    {
        const struct live *l = LIST_ENTRY(it, struct live, of_card);
        if (!uuid_eq(&l->id, self) && (!l->waiting || memcmp(l->id.b, self->b, 16) < 0))
            return true;
    }
    return false;
}
