/* SPDX-License-Identifier: Apache-2.0 */
/* TCP streams over CoAP, the network's end. A stream ends for good when either side says so; what a
 * card sent before its end is still carried, then DELETE follows. */
#include "tools/euiccsim/net/coap_link_int.h"

#include <stdio.h>
#include <stdlib.h>

static struct link_stream *stream_find(struct coap_link *c, uint64_t conn)
{
    return map_get(c->streams, span_of(&conn, sizeof(conn)));
}

static void stream_free(struct coap_link *c, struct link_stream *s)
{
    (void)map_del(c->streams, span_of(&s->conn, sizeof(s->conn)));
    list_del(&s->paused);
    octets_rx_fini(&s->rx);
    octets_tx_fini(&s->tx);
    free(s);
}

void link_streams_free(struct coap_link *c)
{
    void *cursor = NULL, *s;

    while (map_next(c->streams, &cursor, NULL, &s))
        stream_free(c, s);
}

static void send_delete(struct coap_link *c, uint64_t conn)
{
    char path[64];
    struct coap_msg m;

    (void)snprintf(path, sizeof(path), "bip/tcp/%llx", (unsigned long long)conn);
    link_request(c, COAP_DELETE, path, "", (struct span){NULL, 0}, &m);
    /* When it cannot be sent the SM-SR's idle time ends the stream. */
    c->n.unsent += coap_send_request(c->peer, &m, NULL, NULL, 0) != ERR_OK;
}

/* The other end or the way to it is gone. */
static void stream_cut(struct coap_link *c, struct link_stream *s, bool tell_smsr)
{
    uint64_t conn = s->conn;
    bool tell_net = !s->card_gone;

    c->n.streams_cut++;
    stream_free(c, s);
    if (tell_smsr)
        send_delete(c, conn);
    if (tell_net && c->net)
        link_note(c, simnet_stream_closed(c->net, conn, clock_wall_ms(c->clock)));
}

static void stream_pause(struct coap_link *c, struct link_stream *s)
{
    if (list_empty(&s->paused)) {
        s->resume_ms = clock_mono_ms(c->clock) + LINK_PAUSE_MS;
        list_push(&c->paused, &s->paused);
    }
    link_timer_set(c);
}

static void piece_done(void *ctx, uint64_t conn, const struct coap_reply *r);

/* Sends what the window allows; ends a stream that is drained and has no card any more. */
static void pump(struct coap_link *c, struct link_stream *s)
{
    char path[64], more[32];
    uint64_t offset = 0;
    struct coap_msg m;
    struct span b;

    if (!s->open || !list_empty(&s->paused))
        return;
    if (s->card_gone && octets_tx_done(&s->tx)) {
        send_delete(c, s->conn);
        stream_free(c, s);
        return;
    }
    (void)snprintf(path, sizeof(path), "bip/tcp/%llx", (unsigned long long)s->conn);
    while ((b = octets_tx_next(&s->tx, &offset)).n > 0) {
        (void)snprintf(more, sizeof(more), "&o=%llu", (unsigned long long)offset);
        link_request(c, COAP_POST, path, more, b, &m);
        if (coap_send_request(c->peer, &m, piece_done, c, s->conn) != ERR_OK) {
            octets_tx_again(&s->tx);
            stream_pause(c, s);
            return;
        }
        c->n.octets_up += b.n;
    }
}

static void piece_done(void *ctx, uint64_t conn, const struct coap_reply *r)
{
    struct coap_link *c = ctx;
    struct link_stream *s = stream_find(c, conn);
    char text[24];
    uint64_t next = 0;

    if (!s)
        return;
    if (r->code == COAP_TOO_MANY || r->code == COAP_UNAVAILABLE) {
        octets_tx_again(&s->tx);
        stream_pause(c, s);
        return;
    }
    if (r->code != COAP_CHANGED || r->payload.n == 0 || r->payload.n >= sizeof(text)) {
        stream_cut(c, s, r->code != COAP_NOT_FOUND);
        return;
    }
    memcpy(text, r->payload.p, r->payload.n);
    text[r->payload.n] = 0;
    if (!link_u64(text, &next) || octets_tx_told(&s->tx, next) != ERR_OK)
        stream_cut(c, s, true);
    else
        pump(c, s);
}

static void open_done(void *ctx, uint64_t conn, const struct coap_reply *r)
{
    struct coap_link *c = ctx;
    struct link_stream *s = stream_find(c, conn);
    bool ok = r->code == COAP_CREATED;

    if (!s)
        return;
    s->open = ok;
    if (!s->card_gone && c->net)
        link_note(c, simnet_stream_opened(c->net, conn, ok, clock_wall_ms(c->clock)));
    if (ok) {
        c->n.streams_open++;
        pump(c, s);
    } else {
        stream_free(c, s);
        send_delete(c, conn);         /* silence may have been a yes */
    }
}

/* --- what the network wants --- */
int link_stream_open(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port)
{
    struct coap_link *c = ctx;
    struct link_stream *s = calloc(1, sizeof(*s));
    char more[40];
    struct coap_msg m;
    int rc;

    /* Every address stands for the one SM-SR this link has: packet data is not routed here. */
    (void)ipv4;
    (void)port;
    if (!s)
        return ERR_NOMEM;
    s->conn = conn;
    octets_rx_init(&s->rx);
    octets_tx_init(&s->tx);
    list_init(&s->paused);
    rc = map_put(c->streams, span_of(&s->conn, sizeof(s->conn)), s);
    if (rc != ERR_OK) {
        free(s);
        return rc;
    }
    (void)snprintf(more, sizeof(more), "&conn=%llx", (unsigned long long)conn);
    link_request(c, COAP_POST, "bip/tcp/open", more, (struct span){NULL, 0}, &m);
    if (coap_send_request(c->peer, &m, open_done, c, conn) == ERR_OK)
        return ERR_OK;
    stream_free(c, s);
    return c->net ? simnet_stream_opened(c->net, conn, false, clock_wall_ms(c->clock)) : ERR_OK;
}

int link_stream_bytes(void *ctx, uint64_t conn, struct span b)
{
    struct coap_link *c = ctx;
    struct link_stream *s = stream_find(c, conn);
    int rc;

    if (!s)
        return ERR_OK;                /* the network hears of its end in this turn */
    rc = octets_tx_add(&s->tx, b);
    if (rc == ERR_OK)
        pump(c, s);
    return rc;
}

void link_stream_closed(void *ctx, uint64_t conn)
{
    struct coap_link *c = ctx;
    struct link_stream *s = stream_find(c, conn);

    if (!s)
        return;
    s->card_gone = true;
    pump(c, s);
}

void link_streams_resume(struct coap_link *c, int64_t now_ms)
{
    while (!list_empty(&c->paused)) {
        struct link_stream *s = LIST_ENTRY(c->paused.next, struct link_stream, paused);

        if (s->resume_ms > now_ms)
            return;
        list_del(&s->paused);
        pump(c, s);
    }
}

/* --- what the SM-SR wants --- */
static void bytes_in(struct coap_link *c, struct link_stream *s, const struct coap_msg *req,
                     struct coap_reply *ret)
{
    char text[24];
    uint64_t offset = 0;
    int rc, n;

    if (!coap_query_get(req->query, "o", text, sizeof(text)) || !link_u64(text, &offset) ||
        req->payload.n == 0) {
        c->n.malformed++;
        ret->code = COAP_BAD_REQUEST;
        return;
    }
    if (!s->card_gone && c->net &&
        simnet_stream_waiting(c->net, s->conn) + LINK_WINDOW > STREAM_DOWN_MAX) {
        ret->code = COAP_TOO_MANY;
        return;
    }
    rc = octets_rx_take(&s->rx, offset, req->payload, &c->scratch);
    if (rc == ERR_TOO_LARGE) {
        ret->code = COAP_CONFLICT;
        stream_cut(c, s, false);
        return;
    }
    if (rc != ERR_OK) {
        ret->code = COAP_TOO_MANY;
        return;
    }
    c->n.octets_down += c->scratch.n;
    if (c->scratch.n > 0 && !s->card_gone && c->net)
        rc = simnet_stream_bytes(c->net, s->conn, buf_span(&c->scratch),
                                 clock_wall_ms(c->clock));
    if (rc != ERR_OK && rc != ERR_NOT_FOUND) {      /* the card's end is told, ours goes with it */
        ret->code = COAP_CONFLICT;
        stream_cut(c, s, false);
        return;
    }
    n = snprintf(c->text, sizeof(c->text), "%llu", (unsigned long long)s->rx.next);
    ret->code = COAP_CHANGED;
    ret->payload = span_of(c->text, n > 0 ? (size_t)n : 0);
}

bool link_conn_parse(const char *text, uint64_t *ret)
{
    uint64_t v = 0;
    size_t n = strlen(text);

    if (n == 0 || n > 16)
        return false;
    for (size_t i = 0; i < n; i++) {
        char d = text[i];

        if (!((d >= '0' && d <= '9') || (d >= 'a' && d <= 'f')))
            return false;
        v = v << 4 | (uint64_t)(d <= '9' ? d - '0' : d - 'a' + 10);
    }
    *ret = v;
    return true;
}

void link_stream_request(struct coap_link *c, const struct coap_msg *req, struct coap_reply *ret)
{
    uint64_t conn = 0;
    struct link_stream *s =
        link_conn_parse(req->path + strlen("bip/tcp/"), &conn) ? stream_find(c, conn) : NULL;

    if (req->method == COAP_DELETE) {
        ret->code = COAP_DELETED;
        if (!s)
            return;
        if (!s->card_gone && c->net)
            link_note(c, simnet_stream_closed(c->net, conn, clock_wall_ms(c->clock)));
        stream_free(c, s);
        return;
    }
    if (!s)
        ret->code = COAP_NOT_FOUND;
    else
        bytes_in(c, s, req, ret);
}
