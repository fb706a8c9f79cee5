/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a gateway peer: a window of confirmable ones in libcoap, the rest waiting here, every
 * one answered exactly once by token (design 6; facts: libs 1.5). */
#include "common/net/coap_int.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_MS          7000 /* our deadline lies so far behind libcoap's last give-up */
#define SEND_AGAIN_MS     200  /* after the socket took no datagram */
#define DEFAULT_TIMEOUT_S 2u
#define DEFAULT_REPEATS   4u

struct coap_peer {
    struct list item;
    struct coap_node *node;
    coap_session_t *session;
    struct list waiting; /* confirmable, not yet given to libcoap */
    struct list sent;    /* confirmable, given to libcoap */
    struct list loose;   /* not confirmable, with done */
    size_t in_flight;
    size_t window;      /* length of sent */
    int64_t wait_ms;    /* of a confirmable request, until we give up */
    int64_t hold_until; /* no sending before: the socket took nothing */
};

struct coap_req {
    struct list item;
    struct coap_peer *peer;
    uint64_t token;
    coap_done_fn done;
    void *ctx;
    uint64_t tag;
    int64_t deadline;
    bool sent;
    struct coap_msg msg;
    uint8_t payload[];
};

static int64_t now_ms(void)
{
    return clock_mono_ms(&CLOCK_SYSTEM);
}

static struct span token_span(const uint64_t *token)
{
    return span_of(token, sizeof(*token));
}

static struct coap_req *req_of(const coap_session_t *s, const coap_pdu_t *pdu)
{
    uint64_t token;
    coap_bin_const_t t = coap_pdu_get_token(pdu);
    const struct coap_peer *p = coap_session_get_app_data(s);
    if (!p || t.length != sizeof(token))
        return NULL;
    memcpy(&token, t.s, sizeof(token));
    struct coap_req *q = map_get(p->node->tokens, token_span(&token));
    return q && q->peer == p ? q : NULL;
}

static void node_rearm(struct coap_node *n);
static void peer_push(struct coap_peer *p);

/* The one place where a request ends. */
static void req_end(struct coap_req *q, const struct coap_reply *reply)
{
    struct coap_peer *p = q->peer;
    map_del(p->node->tokens, token_span(&q->token));
    list_del(&q->item);
    p->in_flight--;
    if (q->sent && q->msg.confirmable)
        p->window--;
    if (q->done)
        q->done(q->ctx, q->tag, reply);
    free(q);
}

static void req_timed_out(struct coap_req *q)
{
    static const struct coap_reply nothing = {.code = COAP_TIMED_OUT};
    req_end(q, &nothing);
}

/* --- sending --- */

static coap_pdu_t *req_pdu(const struct coap_req *q)
{
    const struct coap_msg *m = &q->msg;
    coap_session_t *s = q->peer->session;
    coap_pdu_t *pdu = coap_pdu_init(m->confirmable ? COAP_MESSAGE_CON : COAP_MESSAGE_NON,
                                    (coap_pdu_code_t)m->method, coap_new_message_id(s),
                                    coap_session_max_pdu_size(s));
    if (!pdu)
        return NULL;
    /* 26: no reply of the classes 2.xx, 4.xx and 5.xx is wanted (RFC 7967 2.1). */
    static const uint8_t suppress = 26;
    bool ok = coap_add_token(pdu, sizeof(q->token), (const uint8_t *)&q->token) &&
              coap_add_parts(pdu, COAP_OPTION_URI_PATH, m->path, '/') == ERR_OK &&
              coap_add_parts(pdu, COAP_OPTION_URI_QUERY, m->query, '&') == ERR_OK;
    if (ok && !m->confirmable && !q->done)
        ok = coap_add_option(pdu, COAP_OPTION_NORESPONSE, 1, &suppress) != 0;
    if (ok && m->payload.n)
        ok = coap_add_data(pdu, m->payload.n, m->payload.p) != 0;
    if (!ok) {
        coap_delete_pdu(pdu);
        return NULL;
    }
    return pdu;
}

/* coap_send owns the PDU and drops it when the socket refuses. A refusal left over from an ICMP
 * message of an earlier datagram is gone once reported, so one more try follows at once. */
static int req_send(const struct coap_req *q)
{
    for (int i = 0; i < 2; i++) {
        coap_pdu_t *pdu = req_pdu(q);
        if (!pdu)
            return ERR_NOMEM;
        if (coap_send(q->peer->session, pdu) != COAP_INVALID_MID)
            return ERR_OK;
    }
    return ERR_IO;
}

static void peer_push(struct coap_peer *p)
{
    if (p->node->closing || now_ms() < p->hold_until)
        return;
    while (p->window < COAP_WINDOW && !list_empty(&p->waiting)) {
        struct coap_req *q = LIST_ENTRY(p->waiting.next, struct coap_req, item);
        if (req_send(q)) {
            p->hold_until = now_ms() + SEND_AGAIN_MS;
            node_rearm(p->node);
            return;
        }
        q->sent = true;
        p->window++;
        list_del(&q->item);
        list_push(&p->sent, &q->item);
    }
}

static int req_accept(struct coap_peer *p, struct coap_req *q)
{
    if (!q->msg.confirmable) {
        int err = req_send(q);
        if (err || !q->done)
            return err ? err : ERR_CLOSED;
        q->sent = true;
        list_push(&p->loose, &q->item);
    } else {
        list_push(&p->waiting, &q->item);
    }
    p->in_flight++;
    return ERR_OK;
}

int coap_send_request(struct coap_peer *p, const struct coap_msg *m, coap_done_fn done, void *ctx,
                      uint64_t tag)
{
    struct coap_node *n = p->node;
    if (n->closing)
        return ERR_CLOSED;
    if (m->payload.n > COAP_UNIT_MAX)
        return ERR_TOO_LARGE;
    if ((m->method != COAP_POST && m->method != COAP_DELETE) ||
        !memchr(m->path, '\0', sizeof(m->path)) || !memchr(m->query, '\0', sizeof(m->query)) ||
        !coap_text_ok(m->path, '/') || !coap_text_ok(m->query, '&'))
        return ERR_INVAL;
    if (p->in_flight >= COAP_QUEUE_MAX)
        return ERR_FULL;
    struct coap_req *q = malloc(sizeof(*q) + m->payload.n);
    if (!q)
        return ERR_NOMEM;
    *q = (struct coap_req){
        .peer = p, .token = n->next_token++, .done = done, .ctx = ctx, .tag = tag, .msg = *m};
    list_init(&q->item);
    if (m->payload.n)
        memcpy(q->payload, m->payload.p, m->payload.n);
    q->msg.payload = span_of(q->payload, m->payload.n);
    q->deadline = now_ms() + (m->confirmable ? p->wait_ms : COAP_NON_WAIT_MS);
    int err = map_put(n->tokens, token_span(&q->token), q);
    if (err) {
        free(q);
        return err;
    }
    err = req_accept(p, q);
    if (err) {
        map_del(n->tokens, token_span(&q->token));
        free(q);
        return err == ERR_CLOSED ? ERR_OK : err; /* nothing to wait for: it went out */
    }
    if (m->confirmable)
        peer_push(p);
    if (!n->timer_armed)
        node_rearm(n);
    return ERR_OK;
}

size_t coap_peer_in_flight(const struct coap_peer *p)
{
    return p->in_flight;
}

/* --- answers --- */

coap_response_t coap_on_response(coap_session_t *s, const coap_pdu_t *sent, const coap_pdu_t *got,
                                 const coap_mid_t mid)
{
    (void)sent;
    (void)mid;
    struct coap_req *q = req_of(s, got);
    if (!q)
        return COAP_RESPONSE_OK; /* late, or not ours */
    struct coap_peer *p = q->peer;
    p->node->handled++;
    struct coap_reply reply;
    coap_read_reply(got, &reply);
    req_end(q, &reply);
    peer_push(p);
    return COAP_RESPONSE_OK;
}

/* An ICMP refusal leaves the request in libcoap's queue, where retransmission goes on (4.3.1,
 * tried): a gateway that restarts is bridged. Every other reason is the end of the request. */
void coap_on_nack(coap_session_t *s, const coap_pdu_t *sent, const coap_nack_reason_t reason,
                  const coap_mid_t mid)
{
    (void)mid;
    if (!sent || reason == COAP_NACK_ICMP_ISSUE)
        return;
    struct coap_req *q = req_of(s, sent);
    if (!q)
        return;
    struct coap_peer *p = q->peer;
    p->node->handled++;
    req_timed_out(q);
    peer_push(p);
}

/* --- deadlines: each list is in order of acceptance and of one waiting time, so its head is first
 * --- */

static int64_t earliest(const struct list *head, int64_t best)
{
    if (list_empty(head))
        return best;
    int64_t at = LIST_ENTRY(head->next, struct coap_req, item)->deadline;
    return best < 0 || at < best ? at : best;
}

static void node_rearm(struct coap_node *n)
{
    int64_t at = -1;
    LIST_EACH(it, &n->peers)
    {
        const struct coap_peer *p = coap_peer_of(it);
        at = earliest(&p->sent, earliest(&p->waiting, earliest(&p->loose, at)));
        if (!list_empty(&p->waiting) && p->window < COAP_WINDOW && (at < 0 || p->hold_until < at))
            at = p->hold_until;
    }
    n->timer_armed = at >= 0;
    loop_timer_at(n->timer, at);
}

static void expire(struct list *head, int64_t now)
{
    while (!list_empty(head)) {
        struct coap_req *q = LIST_ENTRY(head->next, struct coap_req, item);
        if (q->deadline > now)
            return;
        req_timed_out(q);
    }
}

void coap_on_deadline(void *node)
{
    struct coap_node *n = node;
    int64_t now = now_ms();
    LIST_EACH_SAFE(it, next, &n->peers)
    {
        struct coap_peer *p = coap_peer_of(it);
        expire(&p->sent, now);
        expire(&p->waiting, now);
        expire(&p->loose, now);
        peer_push(p);
    }
    if (!n->closing)
        node_rearm(n);
}

/* --- life --- */

void coap_peer_set_retransmit(struct coap_peer *p, unsigned ack_timeout_s, unsigned repeats)
{
    if (ack_timeout_s < 1)
        ack_timeout_s = 1;
    if (repeats < 1) /* libcoap 4.3.1 ignores 0 */
        repeats = 1;
    if (repeats > 8)
        repeats = 8;
    coap_session_set_ack_timeout(p->session, (coap_fixed_point_t){(uint16_t)ack_timeout_s, 0});
    coap_session_set_max_retransmit(p->session, (uint16_t)repeats);
    /* MAX_TRANSMIT_WAIT of RFC 7252 4.8.2 with ACK_RANDOM_FACTOR 1.5. */
    p->wait_ms = (int64_t)ack_timeout_s * ((2 << repeats) - 1) * 1500 + SPARE_MS;
}

int coap_peer_new(struct coap_node *n, const char *host_port, struct coap_peer **ret,
                  struct errmsg *why)
{
    *ret = NULL;
    struct addr to;
    int err = addr_resolve(host_port, SOCK_DGRAM, &to, why);
    if (err)
        return err;
    if (addr_port(&to) == 0)
        return errmsg_set(why, ERR_CONFIG, "port 0 of \"%.80s\" cannot be sent to", host_port);
    struct coap_peer *p = calloc(1, sizeof(*p));
    if (!p)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    coap_address_t a;
    coap_address_of(&to, &a);
    p->session = coap_new_client_session(n->ctx, NULL, &a, COAP_PROTO_UDP);
    if (!p->session) {
        free(p);
        return errmsg_set(why, ERR_IO, "no UDP socket towards %.80s", host_port);
    }
    p->node = n;
    list_init(&p->waiting);
    list_init(&p->sent);
    list_init(&p->loose);
    coap_session_set_app_data(p->session, p);
    coap_session_set_mtu(p->session, COAP_MTU);
    coap_session_set_nstart(p->session, COAP_WINDOW);
    coap_peer_set_retransmit(p, DEFAULT_TIMEOUT_S, DEFAULT_REPEATS);
    list_push(&n->peers, &p->item);
    *ret = p;
    return ERR_OK;
}

struct coap_peer *coap_peer_of(struct list *item)
{
    return LIST_ENTRY(item, struct coap_peer, item);
}

void coap_peer_close(struct coap_peer *p)
{
    expire(&p->sent, INT64_MAX);
    expire(&p->waiting, INT64_MAX);
    expire(&p->loose, INT64_MAX);
}

void coap_peer_free(struct coap_peer *p)
{
    coap_peer_close(p);
    list_del(&p->item);
    coap_session_set_app_data(p->session, NULL);
    coap_session_release(p->session);
    free(p);
}
