/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly of concatenated user data (TS 23.040 9.2.3.24.1) into secured packets (TS 31.115).
 * What is waited for is bounded three ways: in number, for each source, and in time from the first
 * part on, since anybody who can send an SMS can open a message that never ends. */
#include "common/bearer/sms_rx.h"

#include <stdlib.h>

#include "common/base/list.h"
#include "common/base/map.h"

#define SOURCE_MAX 24u /* digits of a TP-address with room to spare */

struct source {
    size_t open;
    struct list messages;       /* of it, the oldest first */
    size_t key_len;
    uint8_t key[SOURCE_MAX];
};

struct message {
    struct list age;            /* oldest first: every message is held equally long */
    struct list of_source;
    int64_t since_ms;
    struct source *source;
    size_t key_len;
    uint8_t key[SOURCE_MAX + 2];/* reference, then the source */
    enum sms_kind kind;         /* of part 1 */
    uint8_t total;
    uint8_t held;
    uint8_t len[SMS_PARTS_MAX]; /* 0: not here yet */
    uint8_t part[SMS_PARTS_MAX][SMS_UD_MAX];
};

struct sms_rx {
    size_t max_open;
    size_t per_source;
    int64_t hold_ms;
    struct map *messages;
    struct map *sources;
    struct list age;
    uint64_t pushed_out;
};

struct sms_rx *sms_rx_new(size_t max_open, size_t per_source, int64_t hold_ms)
{
    struct sms_rx *rx;

    /* 0 is "no bound" for a map, and there is no unbounded table here. */
    if (max_open == 0 || per_source == 0 || hold_ms <= 0)
        return NULL;
    rx = calloc(1, sizeof(*rx));
    if (!rx)
        return NULL;
    list_init(&rx->age);
    rx->max_open = max_open;
    rx->per_source = per_source;
    rx->hold_ms = hold_ms;
    rx->messages = map_new(max_open);
    rx->sources = map_new(max_open);
    if (!rx->messages || !rx->sources) {
        sms_rx_free(rx);
        return NULL;
    }
    return rx;
}

static void source_give(struct sms_rx *rx, struct source *s)
{
    if (--s->open > 0)
        return;
    (void)map_del(rx->sources, span_of(s->key, s->key_len));
    free(s);
}

static void message_drop(struct sms_rx *rx, struct message *m)
{
    (void)map_del(rx->messages, span_of(m->key, m->key_len));
    list_del(&m->age);
    list_del(&m->of_source);
    source_give(rx, m->source);
    free(m);
}

void sms_rx_free(struct sms_rx *rx)
{
    if (!rx)
        return;
    LIST_EACH_SAFE(it, tmp, &rx->age)
        message_drop(rx, LIST_ENTRY(it, struct message, age));
    map_free(rx->messages);
    map_free(rx->sources);
    free(rx);
}

size_t sms_rx_open_count(const struct sms_rx *rx)
{
    return map_count(rx->messages);
}

uint64_t sms_rx_pushed_out(const struct sms_rx *rx)
{
    return rx->pushed_out;
}

static void expire(struct sms_rx *rx, int64_t now_ms)
{
    LIST_EACH_SAFE(it, tmp, &rx->age) {
        struct message *m = LIST_ENTRY(it, struct message, age);
        if (now_ms - m->since_ms < rx->hold_ms)
            break;
        message_drop(rx, m);
    }
}

/* Empties the message for a newer one under the same reference. */
static void message_restart(struct sms_rx *rx, struct message *m, uint8_t total, int64_t now_ms)
{
    memset(m->len, 0, sizeof(m->len));
    m->held = 0;
    m->total = total;
    m->since_ms = now_ms;
    list_del(&m->age);
    list_push(&rx->age, &m->age);
    list_del(&m->of_source);
    list_push(&m->source->messages, &m->of_source);
}

/* Room for one more message of that source. */
static void make_room(struct sms_rx *rx, struct span name)
{
    const struct source *s = map_get(rx->sources, name);

    if (s && s->open >= rx->per_source) {
        message_drop(rx, LIST_ENTRY(s->messages.next, struct message, of_source));
        rx->pushed_out++;
    }
    if (map_count(rx->messages) >= rx->max_open) {
        message_drop(rx, LIST_ENTRY(rx->age.next, struct message, age));
        rx->pushed_out++;
    }
}

/* Counts one more open message for this source. */
static int source_take(struct sms_rx *rx, struct span name, struct source **ret)
{
    struct source *s = map_get(rx->sources, name);

    if (!s) {
        int rc;
        s = calloc(1, sizeof(*s));
        if (!s)
            return ERR_NOMEM;
        list_init(&s->messages);
        memcpy(s->key, name.p, name.n);
        s->key_len = name.n;
        rc = map_put(rx->sources, name, s);
        if (rc != ERR_OK) {
            free(s);
            return rc;
        }
    }
    s->open++;
    *ret = s;
    return ERR_OK;
}

static int message_open(struct sms_rx *rx, struct span key, struct span name, int64_t now_ms,
                        struct message **ret)
{
    struct source *source = NULL;
    struct message *m;
    int rc;

    make_room(rx, name);
    rc = source_take(rx, name, &source);
    if (rc != ERR_OK)
        return rc;
    m = calloc(1, sizeof(*m));
    if (!m) {
        source_give(rx, source);
        return ERR_NOMEM;
    }
    list_init(&m->age);
    list_init(&m->of_source);
    m->source = source;
    memcpy(m->key, key.p, key.n);
    m->key_len = key.n;
    rc = map_put(rx->messages, key, m);
    if (rc != ERR_OK) {
        source_give(rx, source);
        free(m);
        return rc;
    }
    m->since_ms = now_ms;
    list_push(&rx->age, &m->age);
    list_push(&source->messages, &m->of_source);
    *ret = m;
    return ERR_OK;
}

/* Whether this part cannot belong to the message that is open under its reference. The reference
 * was used again, then: the sender has given the older message up, and a packet built of both would
 * be one that nobody sent, fail its checksum and take the good newer one with it. So the newer wins
 * as a whole. Equal parts change nothing, which makes duplicates harmless and lets two sends of the
 * same packet (design law 3: same bytes, hence the same reference) complete each other. */
static bool contradicts(const struct message *m, const struct sms_ud *ud)
{
    size_t at = ud->index - 1u;

    if (m->total != ud->total)
        return true;
    if (m->len[at] == 0)
        return false;
    return m->len[at] != ud->data.n || memcmp(m->part[at], ud->data.p, ud->data.n) != 0 ||
           (ud->index == 1 && m->kind != ud->kind);
}

static int packet_from(const struct message *m, struct sms_packet *ret)
{
    struct writer w = wr_init(ret->b, sizeof(ret->b));

    for (size_t i = 0; i < m->total; i++)
        wr_bytes(&w, m->part[i], m->len[i]);
    if (w.failed)
        return ERR_FORMAT;
    ret->kind = m->kind;
    ret->n = w.len;
    return ERR_OK;
}

/* The 70/71 element counts in the first part only: a later part that repeats it says nothing new,
 * and a first part without it is not OTA at all. */
static int ud_check(const struct sms_ud *ud)
{
    if (ud->data.n == 0 || ud->data.n > SMS_UD_MAX)
        return ERR_FORMAT;
    if (!ud->has_concat)
        return ud->has_kind ? ERR_OK : ERR_FORMAT;
    if (ud->total == 0 || ud->total > SMS_PARTS_MAX || ud->index == 0 || ud->index > ud->total)
        return ERR_FORMAT;
    return ud->index > 1 || ud->has_kind ? ERR_OK : ERR_FORMAT;
}

static int concat_part(struct sms_rx *rx, const char *source, const struct sms_ud *ud,
                       int64_t now_ms, struct sms_packet *ret)
{
    uint8_t key[SOURCE_MAX + 2];
    struct writer w = wr_init(key, sizeof(key));
    struct span name = span_str(source);
    struct message *m;
    int rc;

    if (name.n > SOURCE_MAX)
        return ERR_INVAL;
    wr_u16(&w, ud->ref);
    wr_span(&w, name);
    m = map_get(rx->messages, wr_view(&w));
    if (!m) {
        rc = message_open(rx, wr_view(&w), name, now_ms, &m);
        if (rc != ERR_OK)
            return rc;
        m->total = ud->total;
    } else if (contradicts(m, ud)) {
        message_restart(rx, m, ud->total, now_ms);
    }
    if (m->len[ud->index - 1] == 0) {
        m->len[ud->index - 1] = (uint8_t)ud->data.n;
        memcpy(m->part[ud->index - 1], ud->data.p, ud->data.n);
        m->held++;
        if (ud->index == 1)
            m->kind = ud->kind;
    }
    if (m->held < m->total)
        return ERR_AGAIN;
    rc = packet_from(m, ret);
    message_drop(rx, m);
    return rc;
}

int sms_rx_part(struct sms_rx *rx, const char *source, struct span tp_ud, int64_t now_ms,
                struct sms_packet *ret)
{
    struct sms_ud ud;

    expire(rx, now_ms);
    if (tp_ud.n > SMS_UD_MAX || sms_ud_parse(tp_ud, &ud) != ERR_OK || ud_check(&ud) != ERR_OK)
        return ERR_FORMAT;
    if (ud.has_concat)
        return concat_part(rx, source, &ud, now_ms, ret);
    ret->kind = ud.kind;
    ret->n = ud.data.n;
    memcpy(ret->b, ud.data.p, ud.data.n);
    return ERR_OK;
}
