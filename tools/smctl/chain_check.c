/* SPDX-License-Identifier: Apache-2.0 */
/* The chain of each stream from its first record on (design 3.2). */
#include "tools/smctl/chain_check.h"

#include "common/base/hex.h"
#include "common/base/map.h"
#include "common/journal/chain.h"

#include <inttypes.h>
#include <stdlib.h>

struct wanted { /* a head that must stand in the log */
    uint64_t seq;
    uint8_t hash[32];
    const char *from;
    bool seen;
};
struct stream {
    uint32_t number;
    uint64_t seq; /* of the last record that passed */
    uint8_t hash[32];
    struct wanted *wanted;
    unsigned n_wanted;
};
struct chain_check {
    struct crypto *crypto;
    struct map *streams;
    struct chain_sum sum;
};

struct chain_check *chain_check_new(struct crypto *c)
{
    struct chain_check *k = calloc(1, sizeof *k);

    if (k) {
        k->crypto = c;
        k->streams = map_new(0);
    }
    if (k && !k->streams) {
        free(k);
        return NULL;
    }
    return k;
}

void chain_check_free(struct chain_check *k)
{
    void *cursor = NULL, *value;

    if (!k)
        return;
    while (map_next(k->streams, &cursor, NULL, &value)) {
        free(((struct stream *)value)->wanted);
        free(value);
    }
    map_free(k->streams);
    free(k);
}

static struct stream *stream_get(struct chain_check *k, uint32_t number)
{
    struct span key = span_of(&number, sizeof number);
    struct stream *s = map_get(k->streams, key);

    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->number = number;
    memcpy(s->hash, CHAIN_GENESIS, sizeof s->hash);
    if (map_put(k->streams, key, s) == ERR_OK)
        return s;
    free(s);
    return NULL;
}

static int head_differs(const struct stream *s, uint64_t seq, const char *from, struct errmsg *why)
{
    return errmsg_set(why, ERR_CORRUPT,
                      "the head of stream %u at %" PRIu64
                      " %s has another hash: the log was changed "
                      "since",
                      s->number, seq, from);
}

int chain_check_head(struct chain_check *k, const struct admin_head *h, const char *from,
                     struct errmsg *why)
{
    struct stream *s = stream_get(k, h->stream);
    struct wanted *w;
    bool passed = s && s->seq == h->seq;

    if (!s)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    if (h->seq == 0)
        return ERR_OK;
    if (passed && memcmp(s->hash, h->hash, sizeof s->hash))
        return head_differs(s, h->seq, from, why);
    if (h->seq < s->seq)
        return errmsg_set(why, ERR_INVAL, "a head of stream %u came after its record", s->number);
    for (unsigned i = 0; i < s->n_wanted; i++)
        if (s->wanted[i].seq == h->seq && memcmp(s->wanted[i].hash, h->hash, sizeof h->hash))
            return head_differs(s, h->seq, from, why);
    w = realloc(s->wanted, (s->n_wanted + 1) * sizeof *w);
    if (!w)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    s->wanted = w;
    w = &s->wanted[s->n_wanted++];
    *w = (struct wanted){.seq = h->seq, .from = from, .seen = passed};
    memcpy(w->hash, h->hash, sizeof w->hash);
    return ERR_OK;
}

static int bad(const struct admin_record *r, struct errmsg *why, const char *what)
{
    return errmsg_set(why, ERR_CORRUPT, "lsn %" PRIu64 ", stream %u, sequence %" PRIu64 ": %s",
                      r->lsn, r->stream, r->seq, what);
}

/* The record as the journal hashes it; the type must fit as it does there. */
static int as_journal(const struct admin_record *r, struct journal_record *ret, struct errmsg *why)
{
    *ret = (struct journal_record){.lsn = r->lsn,
                                   .epoch = r->epoch,
                                   .stream = r->stream,
                                   .seq = r->seq,
                                   .at_ms = r->at_ms,
                                   .class_ = (uint8_t)r->class,
                                   .op = r->op,
                                   .eid = r->eid,
                                   .body = r->body};
    if (r->type.n == 0 || r->type.n >= sizeof ret->type)
        return bad(r, why, "its type is no type");
    memcpy(ret->type, r->type.p, r->type.n);
    return ERR_OK;
}

static int check_wanted(struct stream *s, const struct admin_record *r, struct errmsg *why)
{
    for (unsigned i = 0; i < s->n_wanted; i++) {
        if (s->wanted[i].seq != r->seq)
            continue;
        if (memcmp(s->wanted[i].hash, s->hash, sizeof s->hash))
            return head_differs(s, r->seq, s->wanted[i].from, why);
        s->wanted[i].seen = true;
    }
    return ERR_OK;
}

int chain_check_record(struct chain_check *k, const struct admin_record *r, struct errmsg *why)
{
    struct stream *s = stream_get(k, r->stream);
    uint8_t body_hash[32], leaf[32], link[32];
    struct journal_record j;
    int err;

    if (!s)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    if (r->lsn <= k->sum.last_lsn)
        return bad(r, why, "records are out of order");
    if (r->seq != s->seq + 1)
        return bad(r, why,
                   r->seq > s->seq ? "a record of the stream is missing before it"
                                   : "the sequence number was used before");
    err = as_journal(r, &j, why);
    if (err)
        return err;
    if ((r->salt.p != NULL) != (r->body.p != NULL) || (r->salt.p && r->salt.n != JOURNAL_SALT))
        return bad(r, why, "salt and body are not both there or both erased");
    memcpy(body_hash, r->body_hash, sizeof body_hash);
    if (r->body.p)
        chain_body_hash(k->crypto, r->salt.p, r->body, body_hash);
    if (memcmp(body_hash, r->body_hash, sizeof body_hash))
        return bad(r, why, "the body does not have its hash");
    chain_leaf(k->crypto, &j, body_hash, leaf);
    chain_link(k->crypto, s->hash, leaf, link);
    if (memcmp(link, r->hash, sizeof link))
        return bad(r, why, "it does not follow from the record before it");
    s->seq = r->seq;
    memcpy(s->hash, link, sizeof link);
    k->sum.records++;
    k->sum.erased += r->body.p == NULL;
    k->sum.last_lsn = r->lsn;
    return check_wanted(s, r, why);
}

int chain_check_missing(const struct chain_check *k, struct errmsg *why)
{
    void *cursor = NULL, *value;

    while (map_next(k->streams, &cursor, NULL, &value)) {
        const struct stream *s = value;
        for (unsigned i = 0; i < s->n_wanted; i++)
            if (!s->wanted[i].seen)
                return errmsg_set(why, ERR_AGAIN,
                                  "stream %u ends at %" PRIu64
                                  ", but its head %s stands at %" PRIu64 ": the log is cut",
                                  s->number, s->seq, s->wanted[i].from, s->wanted[i].seq);
    }
    return ERR_OK;
}

struct chain_sum chain_check_sum(const struct chain_check *k)
{
    struct chain_sum sum = k->sum;
    void *cursor = NULL, *value;

    while (map_next(k->streams, &cursor, NULL, &value))
        sum.streams += ((const struct stream *)value)->seq > 0;
    return sum;
}

void chain_check_heads(const struct chain_check *k, chain_head_fn fn, void *ctx)
{
    void *cursor = NULL, *value;

    while (map_next(k->streams, &cursor, NULL, &value)) {
        const struct stream *s = value;
        struct admin_head h = {.stream = s->number, .seq = s->seq};
        memcpy(h.hash, s->hash, sizeof h.hash);
        if (s->seq)
            fn(ctx, &h);
    }
}

/* --- the file of kept heads --- */

static struct span word(struct span *line)
{
    size_t n = 0;
    struct span w;

    while (line->n && line->p[0] == ' ')
        *line = span_of(line->p + 1, line->n - 1);
    while (n < line->n && line->p[n] != ' ')
        n++;
    w = span_of(line->p, n);
    *line = span_of(line->p + n, line->n - n);
    return w;
}

static bool number(struct span w, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;

    for (size_t i = 0; i < w.n; i++) {
        unsigned d = (unsigned)(w.p[i] - '0');
        if (d > 9 || v > (max - d) / 10)
            return false;
        v = v * 10 + d;
    }
    *ret = v;
    return w.n > 0;
}

static bool head_line(struct span line, struct admin_head *ret)
{
    struct span stream = word(&line), seq = word(&line), hash = word(&line);
    uint64_t n;
    size_t len;

    *ret = (struct admin_head){.stream = 0};
    if (!number(stream, UINT32_MAX, &n) || !number(seq, INT64_MAX, &ret->seq) || hash.n != 64 ||
        word(&line).n)
        return false;
    ret->stream = (uint32_t)n;
    return hex_decode((const char *)hash.p, hash.n, ret->hash, sizeof ret->hash, &len) == ERR_OK;
}

int heads_parse(struct span text, heads_file_fn fn, void *ctx, struct errmsg *why)
{
    for (unsigned at = 1; text.n; at++) {
        const uint8_t *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct span line = span_of(text.p, n);
        struct admin_head h;
        int err;
        text = span_of(text.p + n + (end ? 1 : 0), text.n - n - (end ? 1 : 0));
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (!head_line(line, &h))
            return errmsg_set(why, ERR_FORMAT, "line %u is not \"stream sequence hash\"", at);
        err = fn(ctx, &h, why);
        if (err)
            return err;
    }
    return ERR_OK;
}
