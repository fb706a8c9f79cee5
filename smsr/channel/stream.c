/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-PSK streams of cards (SGP.02 2.4.4): bytes of the carrier to requests and back. A stream
 * belongs to nobody until its handshake and first request are in, and has one idle time for both;
 * what trickles in between does not prolong it. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

static struct span conn_key(const uint64_t *conn)
{
    return span_of(conn, sizeof *conn);
}

struct stream *stream_find(const struct channel *ch, uint64_t conn)
{
    return map_get(ch->streams, conn_key(&conn));
}

/* Without a word to the carrier: it knows, or is told by the caller. */
static void stream_drop(struct channel *ch, struct stream *s)
{
    struct session *se = s->session;

    (void)map_del(ch->streams, conn_key(&s->conn));
    due_clear(&s->first);
    due_clear(&s->stuck);
    scp81_free(s->tls);
    free(s);
    if (se)
        session_cut(ch, se);
}

static void stream_close(struct channel *ch, struct stream *s)
{
    uint64_t conn = s->conn;

    stream_drop(ch, s);
    ch->carrier.stream_close(ch->carrier.ctx, conn);
}

bool stream_flush(struct channel *ch, struct stream *s)
{
    struct span out;
    int err = ERR_OK;

    while (!err && (out = scp81_output(s->tls)).n > 0) {
        out.n = out.n < STREAM_PIECE ? out.n : STREAM_PIECE;
        err = ch->carrier.stream_send(ch->carrier.ctx, s->conn, out);
        if (!err)
            scp81_sent(s->tls, out.n);
    }
    if (err == ERR_FULL) {
        due_set(ch, DUE_STUCK, &s->stuck, STUCK_MS);
        return true;
    }
    due_clear(&s->stuck);
    if (err || s->closing) {
        stream_close(ch, s);
        return false;
    }
    return true;
}

/* A peer that takes nothing any more may not keep the place, hence the timer. */
bool stream_finish(struct channel *ch, struct stream *s)
{
    struct session *se = s->session;

    s->session = NULL;
    s->closing = true;
    due_set(ch, DUE_FIRST, &s->first, ch->env->timer_ms[TIMER_SESSION_IDLE]);
    if (se)
        session_cut(ch, se);
    scp81_close(s->tls);
    return stream_flush(ch, s);
}

void stream_first_due(struct channel *ch, struct stream *s)
{
    ch->n.stream_slow++;
    stream_close(ch, s);
}

/* --- from the carrier --- */

static int stream_new(struct channel *ch, uint64_t conn)
{
    struct stream *s = calloc(1, sizeof *s);
    int err = ERR_NOMEM;

    if (!s)
        return ERR_NOMEM;
    s->conn = conn;
    due_init(&s->first);
    due_init(&s->stuck);
    s->tls = scp81_accept(ch->tls);
    if (s->tls)
        err = map_put(ch->streams, conn_key(&s->conn), s);
    if (err) {
        scp81_free(s->tls);
        free(s);
        return err;
    }
    due_set(ch, DUE_FIRST, &s->first, ch->env->timer_ms[TIMER_SESSION_IDLE]);
    return ERR_OK;
}

void channel_stream_open(struct channel *ch, uint64_t conn)
{
    int err = stream_new(ch, conn);

    if (!err) {
        ch->n.stream_opened++;
    } else if (err != ERR_EXISTS) {
        ch->n.stream_overflow++;
        ch->carrier.stream_close(ch->carrier.ctx, conn);
    }
}

/* Every request that is complete, also behind an error: it may carry the answer to a step. */
static void requests(struct channel *ch, uint64_t conn)
{
    struct stream *s;
    struct admin_request r;
    struct eid eid;

    while ((s = stream_find(ch, conn)) && !s->closing && scp81_request(s->tls, &r) == ERR_OK) {
        if (scp81_peer(s->tls, &eid) != ERR_OK)
            return;
        due_clear(&s->first);
        session_request(ch, s, &eid, &r);
    }
}

void channel_stream_bytes(struct channel *ch, uint64_t conn, struct span bytes)
{
    struct stream *s = stream_find(ch, conn);
    int err;

    if (!s || s->closing)
        return;
    err = scp81_input(s->tls, bytes);
    requests(ch, conn);
    s = stream_find(ch, conn);
    if (!s || s->closing)
        return;
    if (err) {
        ch->n.stream_failed += err != ERR_CLOSED;
        (void)stream_finish(ch, s);         /* behind its alert */
    } else {
        (void)stream_flush(ch, s);
    }
}

void channel_stream_closed(struct channel *ch, uint64_t conn)
{
    struct stream *s = stream_find(ch, conn);

    if (s)
        stream_drop(ch, s);
}

void stream_fini(struct channel *ch)
{
    void *at = NULL, *v = NULL;

    while (ch->streams && map_next(ch->streams, &at, NULL, &v)) {
        struct stream *s = v;
        ch->carrier.stream_close(ch->carrier.ctx, s->conn);
        scp81_free(s->tls);
        free(s);
    }
    map_free(ch->streams);
}
