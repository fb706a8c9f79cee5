/* SPDX-License-Identifier: Apache-2.0 */
/* Streams of the card's SCP81 agent: trigger, connection, cut and retry (GP Amendment B 3.3,
 * 3.7). A TCP failure is retried within the policy of the trigger, a failed handshake ends the
 * session. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/euiccsim/card/https_int.h"

#define RETRIES 3u                 /* when the trigger brings no policy */
#define RETRIES_MAX 100u
#define STACKED_MAX 1024u

/* --- a session begins --- */

static void https_free(struct https *h)
{
    scp81_free(h->tls);
    buf_wipe(&h->body);
    buf_fini(&h->body);
    buf_fini(&h->stacked);
    free(h);
}

/* The card of this house stores no connection of its own: a trigger must bring address and port. */
static int session_from(struct card *c, const struct push_trigger *t, struct https **ret)
{
    const struct psk_set *psk = psk_set_find(c, t->psk_kvn, t->psk_kid);
    struct https *h;

    if (!psk || !t->has_address || t->port == 0)
        return ERR_NOT_FOUND;
    h = calloc(1, sizeof(*h));
    if (!h)
        return ERR_NOMEM;
    buf_init(&h->body, ADMIN_BODY_MAX);
    buf_init(&h->stacked, STACKED_MAX);
    memcpy(h->ipv4, t->ipv4, sizeof(h->ipv4));
    h->port = t->port;
    h->psk_kvn = psk->kvn;
    h->psk_kid = psk->kid;
    if (t->host[0])
        (void)snprintf(h->host, sizeof(h->host), "%s", t->host);
    else
        (void)snprintf(h->host, sizeof(h->host), "%u.%u.%u.%u", t->ipv4[0], t->ipv4[1],
                       t->ipv4[2], t->ipv4[3]);
    (void)snprintf(h->uri, sizeof(h->uri), "%s", t->uri[0] ? t->uri : "/");
    h->retries_left = t->has_retry ? t->retry_count : RETRIES;
    if (h->retries_left > RETRIES_MAX)
        h->retries_left = RETRIES_MAX;
    h->retry_ms = t->has_retry ? clock_scaled((int64_t)t->retry_delay_s * 1000, c->w->time_scale)
                               : timer_ms(c, CARD_TIMER_HTTPS_RETRY);
    *ret = h;
    return ERR_OK;
}

static int stream_open(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct https *h = c->https;

    h->state = HTTPS_OPENING;
    h->due_ms = now_ms + timer_ms(c, CARD_TIMER_HTTPS_IDLE);
    return action_open(out, h->ipv4, h->port);
}

int https_trigger(struct card *c, struct span data, int64_t now_ms, struct card_actions *out)
{
    struct push_trigger t;
    int rc;

    if (push_trigger_parse(data, &t) != ERR_OK)
        return ERR_FORMAT;
    if (c->https) {
        /* One waits; a newer one takes its place. */
        buf_reset(&c->https->stacked);
        buf_add_span(&c->https->stacked, data);
        return c->https->stacked.failed ? ERR_FORMAT : ERR_OK;
    }
    rc = session_from(c, &t, &c->https);
    if (rc != ERR_OK)
        return rc;
    c->called = t;
    c->called.psk_identity = (struct span){NULL, 0};
    if (c->quirks & QUIRK_CALL_LATER) {
        c->https->state = HTTPS_CUT;
        c->https->due_ms = now_ms + timer_ms(c, CARD_TIMER_CALL_LATER);
        return ERR_OK;
    }
    return stream_open(c, now_ms, out);
}

int card_call(struct card *c, int64_t now_ms, struct card_actions *out, bool *ret)
{
    int rc = ERR_NOT_FOUND;

    *ret = false;
    if (!c->https && c->called.port && c->change.state != CHANGE_ATTACH)
        rc = session_from(c, &c->called, &c->https);
    if (rc == ERR_NOT_FOUND)
        return ERR_OK;
    *ret = rc == ERR_OK;
    return rc == ERR_OK ? stream_open(c, now_ms, out) : rc;
}

/* --- and ends --- */

bool https_drop(struct card *c)
{
    bool open = c->https && c->https->state != HTTPS_CUT;

    if (c->https)
        https_free(c->https);
    c->https = NULL;
    context_drop(&c->https_context);
    return open;
}

int https_end(struct card *c, bool close, int64_t now_ms, struct card_actions *out)
{
    struct buf stacked = c->https->stacked;
    int rc = ERR_OK;

    buf_init(&c->https->stacked, STACKED_MAX);
    if (https_drop(c) && close)
        rc = action_plain(out, CARD_STREAM_CLOSE);
    if (rc == ERR_OK && !c->change.postponed)
        rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    if (rc == ERR_OK && stacked.n > 0 && c->change.state != CHANGE_ATTACH) {
        rc = https_trigger(c, buf_span(&stacked), now_ms, out);
        if (rc == ERR_FORMAT || rc == ERR_NOT_FOUND)
            rc = ERR_OK;
    }
    buf_fini(&stacked);
    return rc;
}

int https_cut(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct https *h = c->https;

    if (h->retries_left == 0) {
        h->state = HTTPS_CUT;
        return https_end(c, false, now_ms, out);
    }
    h->retries_left--;
    scp81_free(h->tls);
    h->tls = NULL;
    h->state = HTTPS_CUT;
    h->due_ms = now_ms + h->retry_ms;
    return ERR_OK;
}

/* --- the device --- */

static int connect_tls(struct card *c)
{
    struct https *h = c->https;
    const struct psk_set *psk = psk_set_find(c, h->psk_kvn, h->psk_kid);
    char identity[SCP81_IDENTITY_TEXT];
    struct key *key = NULL;
    int rc;

    if (!psk)
        return ERR_NOT_FOUND;      /* deleted since the trigger */
    rc = key_new(KEY_PSK, span_of(psk->psk, sizeof(psk->psk)), &key);
    if (rc != ERR_OK)
        return rc;
    scp81_identity(&c->eid, psk->kid, psk->kvn, identity);
    h->tls = scp81_connect(c->w->scp81, identity, key);
    key_free(key);
    return h->tls ? ERR_OK : ERR_NOMEM;
}

int card_stream_opened(struct card *c, bool ok, int64_t now_ms, struct card_actions *out)
{
    int rc;

    if (!c->https || c->https->state != HTTPS_OPENING)
        return ok ? action_plain(out, CARD_STREAM_CLOSE) : ERR_OK;
    if (!ok)
        return https_cut(c, now_ms, out);
    rc = connect_tls(c);
    if (rc == ERR_NOT_FOUND)
        return https_end(c, true, now_ms, out);
    if (rc != ERR_OK)
        return rc;
    c->https->state = HTTPS_HANDSHAKE;
    return https_flush(c, out);
}

static int input_failed(struct card *c, int error, int64_t now_ms, struct card_actions *out)
{
    bool fatal = c->https->state == HTTPS_HANDSHAKE || error != ERR_CLOSED;
    int rc = https_flush(c, out);      /* an alert or close_notify */

    if (rc != ERR_OK)
        return rc;
    if (fatal)
        return https_end(c, true, now_ms, out);
    rc = action_plain(out, CARD_STREAM_CLOSE);
    return rc == ERR_OK ? https_cut(c, now_ms, out) : rc;
}

int card_stream_bytes(struct card *c, struct span bytes, int64_t now_ms,
                      struct card_actions *out)
{
    struct https *h = c->https;
    int rc, input;

    if (!h || !h->tls)
        return ERR_OK;                 /* of a stream that is given up */
    input = scp81_input(h->tls, bytes);
    rc = https_flush(c, out);
    if (rc != ERR_OK)
        return rc;
    if (h->state == HTTPS_HANDSHAKE && scp81_ready(h->tls) && input == ERR_OK)
        rc = https_post(c, h->posted, now_ms, out);
    else if (h->state == HTTPS_WAITING)
        rc = https_responses(c, now_ms, out);
    if (rc == ERR_OK && input != ERR_OK && c->https == h && h->tls)
        rc = input_failed(c, input, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int card_stream_closed(struct card *c, int64_t now_ms, struct card_actions *out)
{
    int rc = ERR_OK;

    if (c->https && c->https->state != HTTPS_CUT)
        rc = https_cut(c, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int https_timer(struct card *c, int64_t now_ms, struct card_actions *out)
{
    int rc;

    if (!c->https || now_ms < c->https->due_ms)
        return ERR_OK;
    switch (c->https->state) {
    case HTTPS_CUT:
        return stream_open(c, now_ms, out);
    case HTTPS_POLLING:
        return https_post(c, false, now_ms, out);
    case HTTPS_OPENING:
    case HTTPS_HANDSHAKE:
    case HTTPS_WAITING:
        break;
    }
    rc = action_plain(out, CARD_STREAM_CLOSE);     /* the server fell silent */
    return rc == ERR_OK ? https_cut(c, now_ms, out) : rc;
}

int64_t https_due(const struct card *c)
{
    return c->https ? c->https->due_ms : 0;
}
