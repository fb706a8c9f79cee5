/* SPDX-License-Identifier: Apache-2.0 */
/* The administration session (GP Amendment B 3.4; SGP.02 2.4.4.2): POST, command script, POST of
 * its answer to the Next-URI, until a response has none. After a cut the last POST is repeated
 * with X-Admin-Resume. The SCP03t state outlives a resumed cut, since the administration session
 * goes on: a reading of Amendment B chosen here. */
#include "tools/euiccsim/card/https_int.h"

#define SCRIPTS_MAX 10000u
#define HTTPS_ANSWER_MAX 16384u

int https_flush(struct card *c, struct card_actions *out)
{
    struct span view = scp81_output(c->https->tls);
    int rc;

    if (view.n == 0)
        return ERR_OK;
    rc = action_send(out, view);
    if (rc == ERR_OK)
        scp81_sent(c->https->tls, view.n);
    return rc;
}

int https_post(struct card *c, bool resume, int64_t now_ms, struct card_actions *out)
{
    struct https *h = c->https;
    struct admin_request r = {.from_eid = c->eid, .from_aid = AID_ISD_R, .status = h->status,
                              .resume = resume};
    int rc;

    memcpy(r.uri, h->uri, sizeof(r.uri));
    if (h->body.n > 0)
        r.body = buf_span(&h->body);
    h->posted = true;
    rc = scp81_post(h->tls, &r, h->host);
    if (rc == ERR_INVAL)
        return https_end(c, true, now_ms, out);    /* a URI that no request can carry */
    if (rc == ERR_NOMEM || rc == ERR_CRYPTO)
        return rc;
    if (rc != ERR_OK) {                            /* closed behind its response */
        rc = action_plain(out, CARD_STREAM_CLOSE);
        return rc == ERR_OK ? https_cut(c, now_ms, out) : rc;
    }
    h->state = HTTPS_WAITING;
    h->due_ms = now_ms + timer_ms(c, CARD_TIMER_HTTPS_IDLE);
    return https_flush(c, out);
}

/* Whose script it is; a change of target ends the command session (GP Amendment B 3.3.3). */
static bool target_find(struct card *c, const struct aid *target, uint16_t *ret_sd)
{
    const struct isdp *p = isdp_by_aid(c, target);
    const struct aid *norm = target->n == 0 ? &AID_ISD_R : target;

    *ret_sd = 0;
    if (!aid_eq(norm, &c->https->target)) {
        context_drop(&c->https_context);
        c->https->target = *norm;
    }
    if (aid_eq(norm, &AID_ISD_R))
        return true;
    if (!p)
        return false;
    *ret_sd = p->number;
    return true;
}

/* Runs the body into h->body; the response is a view of the stream until the next POST. */
static int body_run(struct card *c, const struct admin_response *r, uint16_t sd, int64_t now_ms,
                    struct card_actions *out)
{
    struct https *h = c->https;
    struct exec x = {
        .c = c, .now_ms = now_ms, .out = out, .channel = 'H', .kvn = h->psk_kvn, .kid = h->psk_kid,
        .counter = ++h->scripts, .step_uri = r->next_uri, .sd = sd,
    };
    struct writer w;
    int rc;

    x.ctx = context_get(&c->https_context);
    buf_reset(&h->body);
    if (!x.ctx || !buf_grow(&h->body, HTTPS_ANSWER_MAX))
        return ERR_NOMEM;
    w = wr_init(h->body.p, h->body.n);
    rc = script_run(&x, r->body, &w);
    h->body.n = w.len;
    return rc;
}

static int script_in(struct card *c, const struct admin_response *r, int64_t now_ms,
                     struct card_actions *out)
{
    struct https *h = c->https;
    uint16_t sd;
    int rc = ERR_OK;

    if (h->scripts >= SCRIPTS_MAX)
        return https_end(c, true, now_ms, out);
    if (target_find(c, &r->target, &sd)) {
        rc = body_run(c, r, sd, now_ms, out);
        h->status = ADMIN_STATUS_OK;
    } else {
        buf_reset(&h->body);
        h->status = ADMIN_STATUS_UNKNOWN_APPLICATION;
    }
    if (rc != ERR_OK)
        return rc;
    if (r->next_uri[0] == '\0')        /* executed, but nobody wants the answer */
        return https_end(c, true, now_ms, out);
    memcpy(h->uri, r->next_uri, sizeof(h->uri));
    return https_post(c, false, now_ms, out);
}

static int response_in(struct card *c, const struct admin_response *r, int64_t now_ms,
                       struct card_actions *out)
{
    struct https *h = c->https;

    if (r->code == 200 && r->body.n > 0)
        return script_in(c, r, now_ms, out);
    if ((r->code != 200 && r->code != 204) || r->next_uri[0] == '\0') {
        int rc;

        scp81_close(h->tls);
        rc = https_flush(c, out);
        return rc == ERR_OK ? https_end(c, true, now_ms, out) : rc;
    }
    memcpy(h->uri, r->next_uri, sizeof(h->uri));
    buf_reset(&h->body);
    h->status = ADMIN_STATUS_NONE;
    h->state = HTTPS_POLLING;
    h->due_ms = now_ms + timer_ms(c, CARD_TIMER_HTTPS_POLL);
    return ERR_OK;
}

int https_responses(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct https *h = c->https;
    struct admin_response r;
    int rc = ERR_OK;

    while (rc == ERR_OK && c->https == h && h->state == HTTPS_WAITING) {
        int got = scp81_response(h->tls, &r);

        if (got != ERR_OK)
            return ERR_OK;     /* more bytes are needed; a dead stream is the caller's */
        rc = response_in(c, &r, now_ms, out);
    }
    return rc;
}
