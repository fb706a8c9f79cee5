/* SPDX-License-Identifier: Apache-2.0 */
/* TCP streams over CoAP (README.md, "TCP streams"; design 6): delayed or cut, never altered. */
#include "smsr/channel/coap_carrier_int.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the table --- */

static struct span id_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

struct span carrier_conn_key(const struct coap_carrier *cc, const struct network *net,
                             const char *conn, uint8_t dst[CONN_KEY_MAX])
{
    struct writer w = wr_init(dst, CONN_KEY_MAX);

    wr_u8(&w, (uint8_t)(net - cc->net));
    wr_str(&w, conn);
    return wr_view(&w);
}

struct network *carrier_conn_of(struct coap_carrier *cc, struct span key, struct span *ret_conn)
{
    struct reader r = rd_init(key);
    struct network *net = &cc->net[rd_u8(&r)];

    *ret_conn = rd_rest(&r);
    return r.failed ? NULL : net;
}

bool carrier_conn_ok(const char *conn)
{
    size_t n = strspn(conn, "0123456789abcdefghijklmnopqrstuvwxyz-");

    return n > 0 && n <= CONN_TEXT_MAX && !conn[n] && strcmp(conn, "open") != 0;
}

static struct carrier_stream *by_id(const struct coap_carrier *cc, uint64_t id)
{
    return map_get(cc->by_id, id_key(&id));
}

static struct carrier_stream *by_conn(const struct coap_carrier *cc, const struct network *net,
                                      const char *conn)
{
    uint8_t key[CONN_KEY_MAX];

    return carrier_conn_ok(conn) ? map_get(cc->by_conn, carrier_conn_key(cc, net, conn, key)) : NULL;
}

static void stream_free(struct coap_carrier *cc, struct carrier_stream *st)
{
    uint8_t key[CONN_KEY_MAX];

    (void)map_del(cc->by_id, id_key(&st->id));
    (void)map_del(cc->by_conn, carrier_conn_key(cc, st->net, st->conn, key));
    list_del(&st->paused);
    byte_rx_fini(&st->rx);
    byte_tx_fini(&st->tx);
    free(st);
}

static struct coap_msg message_to(const struct carrier_stream *st, enum coap_method method)
{
    struct coap_msg m = {.method = method, .confirmable = true};

    (void)snprintf(m.path, sizeof m.path, "bip/tcp/%s", st->conn);
    return m;
}

/* Not repeated by us when it cannot be sent: the other end learns it from its next piece. */
static void say_delete(const struct carrier_stream *st)
{
    struct coap_msg m = message_to(st, COAP_DELETE);

    if (coap_send_request(st->net->peer, &m, NULL, NULL, 0) != ERR_OK)
        return;
}

static void end(struct coap_carrier *cc, struct carrier_stream *st)
{
    uint64_t id = st->id;
    bool tell = !st->closing;

    stream_free(cc, st);
    if (tell && cc->ch)
        channel_stream_closed(cc->ch, id);
}

static void cut(struct coap_carrier *cc, struct carrier_stream *st, bool say)
{
    if (say)
        say_delete(st);
    cc->n.streams_cut++;
    end(cc, st);
}

/* --- sending --- */

static void pause_stream(struct coap_carrier *cc, struct carrier_stream *st)
{
    bool first = list_empty(&cc->paused);

    list_del(&st->paused);
    st->resume_at = clock_mono_ms(&CLOCK_SYSTEM) + PAUSE_MS;
    list_push(&cc->paused, &st->paused);
    if (first)
        loop_timer_at(cc->timer, st->resume_at);
}

static void piece_done(void *ctx, uint64_t id, const struct coap_reply *r);

static int pump(struct coap_carrier *cc, struct carrier_stream *st)
{
    struct coap_msg m = message_to(st, COAP_POST);
    uint64_t offset;
    int err = ERR_OK;

    while (!err && list_empty(&st->paused) && byte_stream_next(&st->tx, &offset, &m.payload)) {
        (void)snprintf(m.query, sizeof m.query, "o=%llu", (unsigned long long)offset);
        err = coap_send_request(st->net->peer, &m, piece_done, cc, st->id);
        if (!err) {
            byte_stream_sent(&st->tx, m.payload.n);
            cc->n.bytes_out += m.payload.n;
        }
    }
    if (err != ERR_FULL)
        return err;
    pause_stream(cc, st);
    return ERR_OK;
}

/* Goes on with a stream; one that the channel closed ends here when all is covered. */
static void advance(struct coap_carrier *cc, struct carrier_stream *st)
{
    if (st->closing && byte_stream_drained(&st->tx)) {
        say_delete(st);
        stream_free(cc, st);
    } else if (pump(cc, st) != ERR_OK) {
        cut(cc, st, true);
    }
}

static bool next_read(struct span payload, uint64_t *ret)
{
    uint64_t v = 0;

    if (payload.n < 1 || payload.n > 18)
        return false;
    for (size_t i = 0; i < payload.n; i++) {
        if (payload.p[i] < '0' || payload.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(payload.p[i] - '0');
    }
    *ret = v;
    return true;
}

static void piece_done(void *ctx, uint64_t id, const struct coap_reply *r)
{
    struct coap_carrier *cc = ctx;
    struct carrier_stream *st = by_id(cc, id);
    uint64_t next;

    if (!st)
        return;
    if (r->code == COAP_TOO_MANY || r->code == COAP_UNAVAILABLE) {
        byte_stream_again(&st->tx);
        pause_stream(cc, st);
    } else if (r->code == COAP_CHANGED && next_read(r->payload, &next) &&
               byte_stream_covered(&st->tx, next) == ERR_OK) {
        advance(cc, st);
    } else {
        cut(cc, st, r->code != COAP_NOT_FOUND);
    }
}

void carrier_streams_resume(void *ctx)
{
    struct coap_carrier *cc = ctx;
    int64_t now = clock_mono_ms(&CLOCK_SYSTEM);

    while (!list_empty(&cc->paused)) {
        struct carrier_stream *st = LIST_ENTRY(cc->paused.next, struct carrier_stream, paused);
        if (st->resume_at > now) {
            loop_timer_at(cc->timer, st->resume_at);
            return;
        }
        list_del(&st->paused);
        advance(cc, st);
    }
}

int carrier_stream_send(void *ctx, uint64_t id, struct span bytes)
{
    struct coap_carrier *cc = ctx;
    struct carrier_stream *st = by_id(cc, id);
    int err;

    if (!st || st->closing)
        return ERR_CLOSED;
    err = byte_stream_put(&st->tx, bytes);
    return err ? err : pump(cc, st);
}

void carrier_stream_close(void *ctx, uint64_t id)
{
    struct coap_carrier *cc = ctx;
    struct carrier_stream *st = by_id(cc, id);

    if (!st || st->closing)
        return;
    st->closing = true;
    advance(cc, st);
}

/* --- from the network --- */

static int stream_new(struct coap_carrier *cc, struct network *net, const char *conn,
                      struct carrier_stream **ret)
{
    struct carrier_stream *st = calloc(1, sizeof *st);
    uint8_t key[CONN_KEY_MAX];
    int err;

    if (!st)
        return ERR_NOMEM;
    st->id = ++cc->next_id;
    st->net = net;
    (void)snprintf(st->conn, sizeof st->conn, "%s", conn);
    list_init(&st->paused);
    byte_rx_init(&st->rx);
    byte_tx_init(&st->tx);
    err = map_put(cc->by_id, id_key(&st->id), st);
    if (!err)
        err = map_put(cc->by_conn, carrier_conn_key(cc, net, conn, key), st);
    if (err)
        stream_free(cc, st);
    else
        *ret = st;
    return err;
}

void carrier_stream_open(struct coap_carrier *cc, struct network *net, const char *query,
                         struct coap_reply *ret)
{
    struct carrier_stream *st = NULL;
    char conn[CONN_TEXT_MAX + 1];
    bool known;

    ret->code = COAP_BAD_REQUEST;
    if (!coap_query_get(query, "conn", conn, sizeof conn) || !carrier_conn_ok(conn))
        return;
    ret->code = COAP_UNAVAILABLE;
    known = by_conn(cc, net, conn) != NULL;
    if (!known && stream_new(cc, net, conn, &st) != ERR_OK)
        return;
    ret->code = COAP_CREATED;
    (void)snprintf(ret->location, sizeof ret->location, "bip/tcp/%s", conn);
    if (known)
        return;
    cc->n.streams_opened++;
    channel_stream_open(cc->ch, st->id);
}

void carrier_stream_piece(struct coap_carrier *cc, struct network *net, const char *conn,
                          const struct coap_msg *req, struct coap_reply *ret)
{
    struct carrier_stream *st = by_conn(cc, net, conn);
    uint64_t offset, id;
    struct buf out;
    int err;

    if (!st)
        return;
    ret->code = COAP_BAD_REQUEST;
    if (!query_number(req->query, "o", &offset) || !req->payload.n)
        return;
    buf_init(&out, 2 * BYTE_STREAM_WINDOW);
    err = byte_stream_take(&st->rx, offset, req->payload, &out);
    if (err) {
        ret->code = err == ERR_INVAL ? COAP_CONFLICT : COAP_INTERNAL;
        cut(cc, st, true);
    } else {
        ret->code = COAP_CHANGED;
        (void)snprintf(cc->text, sizeof cc->text, "%llu", (unsigned long long)st->rx.next);
        ret->payload = span_str(cc->text);
        cc->n.bytes_in += out.n;
        id = st->id;
        /* A stream the channel closed drains only: what comes in has no reader. */
        if (out.n && !st->closing)
            channel_stream_bytes(cc->ch, id, buf_span(&out));
    }
    buf_fini(&out);
}

void carrier_stream_delete(struct coap_carrier *cc, struct network *net, const char *conn,
                           struct coap_reply *ret)
{
    struct carrier_stream *st = by_conn(cc, net, conn);

    ret->code = COAP_DELETED;
    if (st)
        end(cc, st);
}

void carrier_streams_fini(struct coap_carrier *cc)
{
    void *at = NULL, *v = NULL;

    while (cc->by_id && map_next(cc->by_id, &at, NULL, &v)) {
        struct carrier_stream *st = v;
        byte_rx_fini(&st->rx);
        byte_tx_fini(&st->tx);
        free(st);
    }
    map_free(cc->by_id);
    map_free(cc->by_conn);
    cc->by_id = cc->by_conn = NULL;
}
