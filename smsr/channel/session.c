/* SPDX-License-Identifier: Apache-2.0 */
/* Administration sessions (GP Amendment B 3; facts: ota section 4.1; design law 3): an answer to a
 * step is accepted once, the same POST again gets the same response, a cut is bridged by the step
 * the card names. Next-URI is /s/<session, 32 digits>/<step>, or w<number> where the card is to ask
 * again without a step; every other path is the first POST of a session. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/base/mutant.h"
#include "smsr/channel/channel_int.h"
#include "smsr/domain/notification.h"

#define NOTIFICATION_MAX 256u       /* octets of a ?msg= */

/* --- the URI --- */

#define PLACE_WAIT (1ull << 32)     /* beyond every step */
struct place {
    bool ours;                      /* a Next-URI of ours */
    struct uuid session;
    uint64_t number;                /* the step, or of a wait with this bit */
    struct span path, msg;
};

static bool number_read(struct span s, uint32_t *ret)
{
    uint64_t v = 0;

    if (s.n < 1 || s.n > 10 || s.p[0] == '0')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *ret = (uint32_t)v;
    return v <= UINT32_MAX;
}

static struct span query_msg(const char *query)
{
    for (const char *at = query; at; at = strchr(at, '&')) {
        at++;                       /* behind ? or & */
        if (!strncmp(at, "msg=", 4))
            return span_of(at + 4, strcspn(at + 4, "&"));
    }
    return span_of(NULL, 0);
}

/* False: it starts as a Next-URI of ours and is none. */
static bool place_read(const char *uri, struct place *ret)
{
    size_t n = strcspn(uri, "?"), got = 0, at;
    uint32_t number = 0;
    bool wait;

    memset(ret, 0, sizeof *ret);
    ret->path = span_of(uri, n);
    if (uri[n])
        ret->msg = query_msg(uri + n);
    if (n < 3 || memcmp(uri, "/s/", 3))
        return true;
    ret->ours = true;
    wait = n > 36 && uri[36] == 'w';
    at = wait ? 37 : 36;
    if (n <= at || uri[35] != '/' ||
        hex_decode(uri + 3, 32, ret->session.b, sizeof ret->session.b, &got) != ERR_OK ||
        !number_read(span_of(uri + at, n - at), &number))
        return false;
    ret->number = number | (wait ? PLACE_WAIT : 0);
    return true;
}

/* Where the next POST is to go, as a place's number; 0 = none. */
static uint64_t place_next(const struct session *se)
{
    return se->step ? se->step : se->wait ? se->wait | PLACE_WAIT : 0;
}

/* --- the table --- */
static struct session *session_of(const struct channel *ch, const struct eid *eid)
{
    return map_get(ch->by_eid, span_of(eid->b, sizeof eid->b));
}

static struct session *session_find(const struct channel *ch, const struct uuid *id)
{
    return map_get(ch->sessions, span_of(id->b, sizeof id->b));
}

static void kept_clear(struct session *se)
{
    free(se->body);
    se->body = NULL;
    se->body_n = 0;
    se->step = se->wait = 0;
    se->left = false;
    se->target = (struct aid){0};
}

static struct session *session_new(struct channel *ch, const struct eid *eid)
{
    struct session *se = calloc(1, sizeof *se);

    if (!se)
        return NULL;
    due_init(&se->timer);
    se->eid = *eid;
    uuid_v7(&se->id, clock_wall_ms(ch->clock), &ch->rng);
    if (map_put(ch->sessions, span_of(se->id.b, sizeof se->id.b), se)) {
        free(se);
        return NULL;
    }
    if (map_put(ch->by_eid, span_of(se->eid.b, sizeof se->eid.b), se)) {
        (void)map_del(ch->sessions, span_of(se->id.b, sizeof se->id.b));
        free(se);
        return NULL;
    }
    ch->n.session_opened++;
    data_take(ch, eid, NULL, DATA_WAY);
    return se;
}

/* Forgets it; its stream stays. why: the mailbox is told. */
static void session_drop(struct channel *ch, struct session *se, const char *why)
{
    struct input in = {.kind = IN_SESSION_END};
    struct eid eid = se->eid;

    in.u.session_end.session = se->id;
    if (se->stream)
        se->stream->session = NULL;
    due_clear(&se->timer);
    (void)map_del(ch->sessions, span_of(se->id.b, sizeof se->id.b));
    (void)map_del(ch->by_eid, span_of(eid.b, sizeof eid.b));
    kept_clear(se);
    free(se);
    turn_way_closed(ch, &eid);
    if (!why)
        return;
    in.u.session_end.why = span_str(why);
    channel_post(ch, &eid, &in);
}

static void timer_idle(struct channel *ch, struct session *se)
{
    due_set(ch, DUE_IDLE, &se->timer, ch->env->timer_ms[TIMER_SESSION_IDLE]);
}

static void timer_hold(struct channel *ch, struct session *se)
{
    due_set(ch, DUE_HOLD, &se->timer, ch->env->timer_ms[TIMER_SESSION_HOLD]);
}

void session_cut(struct channel *ch, struct session *se)
{
    se->stream = NULL;
    timer_idle(ch, se);
    if (se->over)
        turn_way_closed(ch, &se->eid);
}

/* --- responses --- */
/* Sends the kept response. A stream that died meanwhile is cleared by its own end. */
static void kept_send(struct channel *ch, struct session *se)
{
    struct admin_response r = {.code = se->code, .target = se->target,
                               .body = span_of(se->body, se->body_n)};
    struct stream *s = se->stream;
    char digits[33];

    timer_idle(ch, se);
    if (!s)
        return;
    if (place_next(se) &&
        hex_encode(span_of(se->id.b, sizeof se->id.b), digits, sizeof digits) == ERR_OK)
        (void)snprintf(r.next_uri, sizeof r.next_uri, "/s/%s/%s%u", digits, se->step ? "" : "w",
                       (unsigned)place_next(se));
    se->left = true;
    tap_answer(ch, se, &r);
    if (scp81_respond(s->tls, &r) != ERR_OK || se->over)
        (void)stream_finish(ch, s);
    else
        (void)stream_flush(ch, s);
}

/* The last word of a session: 204 without Next-URI. */
static void session_end(struct channel *ch, struct session *se)
{
    kept_clear(se);
    se->code = 204;
    se->waits = false;
    se->over = true;
    kept_send(ch, se);
}

static void refuse(struct channel *ch, struct stream *s, int code)
{
    struct admin_response r = {.code = code};

    ch->n.http_refused += scp81_respond(s->tls, &r) == ERR_OK;
    (void)stream_finish(ch, s);
}

/* --- requests --- */
static void notification_post(struct channel *ch, const struct session *se, struct span hex)
{
    struct input in = {.kind = IN_NOTIFICATION};
    uint8_t e1[NOTIFICATION_MAX];
    struct notification n;
    size_t got = 0;

    if (hex.n % 2 || hex_decode((const char *)hex.p, hex.n, e1, sizeof e1, &got) != ERR_OK ||
        notification_parse(span_of(e1, got), &n) != ERR_OK) {
        ch->n.notification_format++;
        return;
    }
    if (!eid_eq(&n.eid, &se->eid)) {
        ch->n.notification_foreign++;
        return;
    }
    in.u.notification.sequence = n.sequence;
    in.u.notification.kind = n.kind;
    in.u.notification.aid = n.aid;
    in.u.notification.imei = n.imei;
    in.u.notification.bearer = BEARER_HTTPS;
    in.u.notification.session = se->id;
    ch->n.notification_accepted++;
    channel_post(ch, &se->eid, &in);
}

/* A POST that was not seen before. The session may be gone when a mailbox answered at once, hence
 * the copies. */
static void post_new(struct channel *ch, struct session *se, const struct place *at,
                     const struct admin_request *r)
{
    struct input in = {.kind = IN_POST};
    struct uuid id = se->id;
    struct eid eid = se->eid;
    bool step = at->ours && at->number < PLACE_WAIT;
    uint8_t kvn = se->stream ? scp81_peer_kvn(se->stream->tls) : 0;

    tap_post(ch, &eid, &id, r);
    kept_clear(se);
    se->last_post = at->number;
    se->waits = true;
    timer_hold(ch, se);
    if (at->msg.p)
        notification_post(ch, se, at->msg);
    if (!session_find(ch, &id))
        return;
    in.u.post.session = id;
    in.u.post.next_uri = step ? at->path : span_of("", 0);
    in.u.post.first = !step;
    in.u.post.resume = r->resume;
    in.u.post.script_status = (uint8_t)r->status;
    in.u.post.psk_kvn = kvn;
    in.u.post.body = r->body;
    channel_post(ch, &eid, &in);
}

static void post_again(struct channel *ch, struct session *se)
{
    ch->n.step_repeated++;
    if (se->waits)
        timer_hold(ch, se);
    else
        kept_send(ch, se);
}

/* The stream speaks for the session from now on. */
static void attach(struct channel *ch, struct session *se, struct stream *s)
{
    struct stream *old = se->stream;

    if (old == s)
        return;
    if (old)
        (void)stream_finish(ch, old);
    ch->n.session_resumed++;
    se->stream = s;
    s->session = se;
}

/* A card that lost its power has forgotten its session and the script it ran: the first POST of its next
 * one, cut and repeated, says X-Admin-Resume as well. So the session goes on from its beginning only
 * while no script can have reached the card (design law 3). */
static bool goes_on(const struct session *se, const struct stream *s, const struct admin_request *r)
{
    return se && se->last_post == 0 && (se->stream == s || r->resume) &&
           (!se->left || !se->step || mutant("RESUME_FROM_THE_START"));
}

static void first_request(struct channel *ch, struct stream *s, const struct eid *eid,
                          const struct place *at, const struct admin_request *r)
{
    struct session *se = session_of(ch, eid);
    struct stream *old = se ? se->stream : NULL;

    if (goes_on(se, s, r)) {
        attach(ch, se, s);
        post_again(ch, se);
        return;
    }
    if (se)                         /* the card has given it up */
        session_drop(ch, se, se->over ? NULL : "the card began another session");
    if (old && old != s)
        (void)stream_finish(ch, old);
    se = session_new(ch, eid);
    if (!se) {
        refuse(ch, s, 503);
        return;
    }
    se->stream = s;
    s->session = se;
    post_new(ch, se, at, r);
}

static void step_request(struct channel *ch, struct stream *s, const struct eid *eid,
                         const struct place *at, const struct admin_request *r)
{
    struct session *se = session_of(ch, eid);
    bool mine = se && uuid_eq(&se->id, &at->session);

    /* While a session waits or is over it has no next place, and no URI names number 0. */
    if (mine && at->number == place_next(se)) {
        attach(ch, se, s);
        post_new(ch, se, at, r);
    } else if (mine && at->number == se->last_post) {
        attach(ch, se, s);
        post_again(ch, se);
    } else {
        ch->n.session_unknown++;
        refuse(ch, s, 404);
    }
}

/* SGP.02 2.4.4: no parallel sessions. Only X-Admin-Resume says that the other stream is dead;
 * without it the card waits until our idle time has found that out. */
static bool parallel(const struct channel *ch, const struct stream *s, const struct eid *eid,
                     const struct admin_request *r)
{
    const struct session *se = session_of(ch, eid);

    return se && se->stream && se->stream != s && !r->resume;
}

void session_request(struct channel *ch, struct stream *s, const struct eid *eid,
                     const struct admin_request *r)
{
    struct place at;

    if (!eid_is_zero(&r->from_eid) && !eid_eq(&r->from_eid, eid)) {
        refuse(ch, s, 400);
    } else if (!place_read(r->uri, &at)) {
        ch->n.session_unknown++;
        refuse(ch, s, 404);
    } else if (parallel(ch, s, eid, r)) {
        ch->n.session_parallel++;
        refuse(ch, s, 503);
    } else if (!at.ours && !at.msg.p && !data_may_call(ch, eid)) {
        (void)stream_finish(ch, s);     /* behind an error status it would stay away; a cut it tries again */
    } else if (at.ours) {
        step_request(ch, s, eid, &at, r);
    } else {
        first_request(ch, s, eid, &at, r);
    }
}

/* --- from plans --- */
static int kept_set(struct session *se, const struct out_step *o)
{
    uint8_t *body = NULL;

    if (o->body.n) {
        body = malloc(o->body.n);
        if (!body)
            return ERR_NOMEM;
        memcpy(body, o->body.p, o->body.n);
    }
    kept_clear(se);
    se->body = body;
    se->body_n = o->body.n;
    se->code = o->code;
    se->step = o->step;
    se->target = o->target;
    return ERR_OK;
}

int channel_step(struct channel *ch, const struct out_step *o)
{
    struct session *se = session_find(ch, &o->session);
    int err;

    if (!se)
        return ERR_NOT_FOUND;
    if (!se->waits) {
        ch->n.step_unexpected++;
        return ERR_STATE;
    }
    if (o->body.n > ADMIN_BODY_MAX)
        return ERR_TOO_LARGE;
    err = kept_set(se, o);
    if (err)
        return err;
    se->waits = false;
    se->over = o->step == 0;
    kept_send(ch, se);
    return ERR_OK;
}

void channel_session_close(struct channel *ch, const struct out_session_close *o)
{
    struct session *se = session_find(ch, &o->session);
    struct stream *s = se ? se->stream : NULL;

    if (!se) {
        link_close(ch, &o->session);
        return;
    }
    if (se->waits)
        session_end(ch, se);
    else if (s)
        (void)stream_finish(ch, s);
    session_drop(ch, se, NULL);
}

bool channel_held(const struct channel *ch, const struct eid *eid, struct uuid *ret_session)
{
    const struct session *se = session_of(ch, eid);

    if (!se || !se->stream || !se->waits)
        return false;
    *ret_session = se->id;
    return true;
}

void channel_step_decided(struct channel *ch, const struct uuid *session)
{
    struct session *se = session_find(ch, session);

    if (se && se->waits)
        timer_idle(ch, se);
}

/* --- time --- */
/* Something is under way for the card by another way, and may be followed by something for here. */
static bool worth_waiting(const struct channel *ch, const struct session *se)
{
    const struct euicc *e = ch->port.euicc(ch->port.ctx, &se->eid);

    return se->stream && e && e->n_ops && se->waited < SESSION_WAITS;
}

/* Said although the last step may be answered long ago: an opened step that has not left yet must
 * know that it never will. */
void session_hold_due(struct channel *ch, struct session *se)
{
    struct input in = {.kind = IN_SESSION_END};
    struct eid eid = se->eid;

    if (worth_waiting(ch, se)) {
        kept_clear(se);
        se->code = 204;
        se->wait = ++se->waited;
        se->waits = false;
        ch->n.session_waited++;
        kept_send(ch, se);
        return;
    }
    in.u.session_end.session = se->id;
    in.u.session_end.why = span_str("there was nothing to be done in time");
    ch->n.session_held_out++;
    session_end(ch, se);
    channel_post(ch, &eid, &in);
}

void session_idle_due(struct channel *ch, struct session *se)
{
    struct stream *s = se->stream;

    if (s)
        (void)stream_finish(ch, s);
    if (!se->over)
        ch->n.session_lost++;
    session_drop(ch, se, se->over ? NULL : "the card stayed away");
}

void session_fini(struct channel *ch)
{
    void *at = NULL, *v = NULL;

    while (ch->sessions && map_next(ch->sessions, &at, NULL, &v)) {
        kept_clear(v);
        free(v);
    }
    map_free(ch->sessions);
    map_free(ch->by_eid);
}
