/* SPDX-License-Identifier: Apache-2.0 */
/* Replies kept so that the retransmission of a confirmable request is answered without running its
 * handler again: libcoap does not de-duplicate (facts: libs 1.5; RFC 7252 4.5). */
#include "common/net/coap_int.h"

#include <stdlib.h>

struct dup_entry {
    struct list item;
    struct coap_reply reply;
    int64_t at;
    uint8_t key_n;
    uint8_t key[MAP_KEY_MAX];
    uint8_t payload[];
};

struct coap_dup {
    struct map *map;
    struct list oldest;
    size_t max_entries;
    size_t max_octets;
    size_t octets;
};

struct coap_dup *coap_dup_new(size_t max_entries, size_t max_octets)
{
    struct coap_dup *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    list_init(&d->oldest);
    d->max_entries = max_entries;
    d->max_octets = max_octets;
    d->map = map_new(max_entries);
    if (!d->map) {
        free(d);
        return NULL;
    }
    return d;
}

static void dup_drop(struct coap_dup *d, struct dup_entry *e)
{
    map_del(d->map, span_of(e->key, e->key_n));
    list_del(&e->item);
    d->octets -= e->reply.payload.n;
    free(e);
}

static struct dup_entry *dup_oldest(const struct coap_dup *d)
{
    return list_empty(&d->oldest) ? NULL : LIST_ENTRY(d->oldest.next, struct dup_entry, item);
}

void coap_dup_free(struct coap_dup *d)
{
    if (!d)
        return;
    for (struct dup_entry *e = dup_oldest(d); e; e = dup_oldest(d))
        dup_drop(d, e);
    map_free(d->map);
    free(d);
}

const struct coap_reply *coap_dup_get(struct coap_dup *d, struct span key, int64_t now_ms)
{
    struct dup_entry *e = map_get(d->map, key);
    if (!e)
        return NULL;
    if (now_ms - e->at >= DUP_LIFETIME_MS) {
        dup_drop(d, e);
        return NULL;
    }
    return &e->reply;
}

void coap_dup_put(struct coap_dup *d, struct span key, const struct coap_reply *reply,
                  int64_t now_ms)
{
    size_t n = reply->payload.n;
    if (key.n > MAP_KEY_MAX || n > d->max_octets || d->max_entries == 0)
        return;
    struct dup_entry *old = map_get(d->map, key);
    if (old)
        dup_drop(d, old);
    for (struct dup_entry *e = dup_oldest(d); e; e = dup_oldest(d)) {
        bool stale = now_ms - e->at >= DUP_LIFETIME_MS;
        if (!stale && map_count(d->map) < d->max_entries && n <= d->max_octets - d->octets)
            break;
        dup_drop(d, e);
    }
    struct dup_entry *e = calloc(1, sizeof(*e) + n);
    if (!e)
        return;
    e->reply = *reply;
    if (n)
        memcpy(e->payload, reply->payload.p, n);
    e->reply.payload = span_of(e->payload, n);
    e->at = now_ms;
    e->key_n = (uint8_t)key.n;
    memcpy(e->key, key.p, key.n);
    if (map_put(d->map, key, e)) {
        free(e);
        return;
    }
    list_push(&d->oldest, &e->item);
    d->octets += n;
}

size_t coap_dup_count(const struct coap_dup *d)
{
    return map_count(d->map);
}
