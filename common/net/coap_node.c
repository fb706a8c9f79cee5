/* SPDX-License-Identifier: Apache-2.0 */
/* The endpoint: libcoap under the loop, one handler for all paths, retransmissions answered from
 * memory (design 6; facts: libs 1.5, perf 1.7). */
#include "common/net/coap_int.h"

#include "common/base/rng.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define REPEAT_MIN     8u
#define REPEAT_MAX     64u
#define READY_MAX      16
#define SESSION_IDLE_S 30
#define IDLE_SESSIONS  2000
#define KEY_MAX        (16 + 2 + 2 + 8) /* address, port, message id, token */

static void quiet(coap_log_t level, const char *text)
{
    (void)level;
    (void)text;
}

/* Source address, port, message id, token: what names a confirmable exchange (RFC 7252 4.4). A
 * session pointer would not do, libcoap reuses the memory of idle ones. */
static struct span exchange_key(const coap_session_t *s, const coap_pdu_t *request,
                                uint8_t dst[KEY_MAX])
{
    const coap_address_t *from = coap_session_get_addr_remote(s);
    coap_bin_const_t token = coap_pdu_get_token(request);
    struct writer w = wr_init(dst, KEY_MAX);
    if (from->addr.sa.sa_family == AF_INET6) {
        wr_bytes(&w, &from->addr.sin6.sin6_addr, 16);
        wr_bytes(&w, &from->addr.sin6.sin6_port, 2);
    } else {
        wr_bytes(&w, &from->addr.sin.sin_addr, 4);
        wr_bytes(&w, &from->addr.sin.sin_port, 2);
    }
    wr_u16(&w, (uint16_t)coap_pdu_get_mid(request));
    wr_bytes(&w, token.s, token.length);
    return wr_view(&w);
}

static void fill_response(coap_pdu_t *response, const struct coap_reply *reply)
{
    coap_pdu_set_code(response, (coap_pdu_code_t)reply->code);
    if (coap_add_parts(response, COAP_OPTION_LOCATION_PATH, reply->location, '/') ||
        (reply->payload.n && !coap_add_data(response, reply->payload.n, reply->payload.p)))
        coap_pdu_set_code(response, (coap_pdu_code_t)COAP_INTERNAL);
}

/* What the handler filled in must be a reply that can travel. */
static void check_reply(struct coap_reply *reply)
{
    reply->location[sizeof(reply->location) - 1] = '\0';
    if (reply->code < 64 || reply->payload.n > COAP_UNIT_MAX || !coap_text_ok(reply->location, '/'))
        *reply = (struct coap_reply){.code = COAP_INTERNAL};
}

static void on_request(coap_resource_t *resource, coap_session_t *session,
                       const coap_pdu_t *request, const coap_string_t *query, coap_pdu_t *response)
{
    struct coap_node *n = coap_resource_get_userdata(resource);
    (void)query;
    n->handled++;
    struct coap_reply reply = {.code = COAP_UNAVAILABLE};
    struct coap_msg msg;
    uint8_t refused = coap_read_request(request, &msg);
    if (refused || n->closing || !n->fn) {
        if (refused)
            reply.code = refused;
        fill_response(response, &reply);
        return;
    }
    uint8_t room[KEY_MAX];
    struct span key = exchange_key(session, request, room);
    int64_t now = clock_mono_ms(&CLOCK_SYSTEM);
    const struct coap_reply *known = msg.confirmable ? coap_dup_get(n->dup, key, now) : NULL;
    if (known) {
        fill_response(response, known);
        return;
    }
    reply.code = COAP_INTERNAL;
    n->fn(n->fn_ctx, &msg, &reply);
    check_reply(&reply);
    if (msg.confirmable)
        coap_dup_put(n->dup, key, &reply, now);
    fill_response(response, &reply);
}

/* libcoap walks all sessions once a call and reads one datagram an event: the same ready event is
 * handed to it several times, more often while there is much to read (facts: perf 1.7). */
static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct coap_node *n = arg;
    struct epoll_event ready[READY_MAX];
    struct epoll_event many[READY_MAX * REPEAT_MAX];
    size_t k = 0;
    (void)what;
    int count = epoll_wait(fd, ready, READY_MAX, 0);
    for (int i = 0; i < count; i++) {
        unsigned times = ready[i].data.ptr ? n->repeat : 1; /* no pointer: its timer */
        for (unsigned j = 0; j < times; j++)
            many[k++] = ready[i];
    }
    n->handled = 0;
    coap_io_do_epoll(n->ctx, many, k);
    if (n->handled * 2 >= n->repeat && n->repeat < REPEAT_MAX)
        n->repeat *= 2;
    else if (n->handled * 8 < n->repeat && n->repeat > REPEAT_MIN)
        n->repeat /= 2;
}

void coap_address_of(const struct addr *a, coap_address_t *ret)
{
    coap_address_init(ret);
    if (a->u.sa.sa_family == AF_INET6)
        ret->addr.sin6 = a->u.in6;
    else
        ret->addr.sin = a->u.in;
    ret->size = a->len;
}

static int node_listen_error(const char *listen, struct errmsg *why)
{
    if (errno == EADDRINUSE)
        return errmsg_set(why, ERR_CONFIG,
                          "UDP %.80s is in use: stop the other program or choose another port",
                          listen);
    return errmsg_set(why, ERR_CONFIG, "cannot listen on UDP %.80s: %s", listen, strerror(errno));
}

/* libcoap binds with SO_REUSEADDR, under which two processes share a UDP port and steal each
 * other's datagrams. So the port is taken without it first; the option set afterwards lets libcoap
 * bind beside the probe before the probe goes. */
static int node_bind(struct coap_node *n, const char *listen, struct errmsg *why)
{
    int err = addr_resolve(listen, SOCK_DGRAM, &n->local, why);
    if (err)
        return err;
    int on = 1;
    socklen_t len = sizeof(n->local.u);
    int fd = socket(n->local.u.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return node_listen_error(listen, why);
    if (bind(fd, &n->local.u.sa, n->local.len) || getsockname(fd, &n->local.u.sa, &len) ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on))) {
        err = node_listen_error(listen, why);
        close(fd);
        return err;
    }
    coap_address_t a;
    coap_address_of(&n->local, &a);
    coap_endpoint_t *ep = coap_new_endpoint(n->ctx, &a, COAP_PROTO_UDP);
    close(fd);
    if (!ep)
        return errmsg_set(why, ERR_CONFIG, "cannot listen on UDP %.80s", listen);
    coap_endpoint_set_default_mtu(ep, COAP_MTU);
    return ERR_OK;
}

static int node_serve(struct coap_node *n)
{
    coap_resource_t *all = coap_resource_unknown_init(on_request); /* PUT: answered 4.05 */
    if (!all)
        return ERR_NOMEM;
    coap_register_request_handler(all, COAP_REQUEST_POST, on_request);
    coap_register_request_handler(all, COAP_REQUEST_DELETE, on_request);
    coap_resource_set_userdata(all, n);
    coap_add_resource(n->ctx, all);
    coap_register_response_handler(n->ctx, coap_on_response);
    coap_register_nack_handler(n->ctx, coap_on_nack);
    coap_context_set_session_timeout(n->ctx, SESSION_IDLE_S);
    coap_context_set_max_idle_sessions(n->ctx, IDLE_SESSIONS);
    coap_set_app_data(n->ctx, n);
    n->ev = event_new(loop_base(n->loop), coap_context_get_coap_fd(n->ctx), EV_READ | EV_PERSIST,
                      on_ready, n);
    n->timer = loop_timer_new(n->loop, coap_on_deadline, n);
    return n->ev && n->timer && event_add(n->ev, NULL) == 0 ? ERR_OK : ERR_NOMEM;
}

static void node_reap(void *arg)
{
    struct coap_node *n = arg;
    for (struct list *it = n->peers.next; it != &n->peers; it = n->peers.next)
        coap_peer_free(coap_peer_of(it));
    if (n->ev)
        event_free(n->ev);
    if (n->ctx)
        coap_free_context(n->ctx);
    loop_timer_free(n->timer);
    coap_dup_free(n->dup);
    map_free(n->tokens);
    free(n);
}

int coap_open(struct loop *l, const char *listen, coap_request_fn fn, void *ctx,
              struct coap_node **ret, struct errmsg *why)
{
    *ret = NULL;
    struct coap_node *n = calloc(1, sizeof(*n));
    if (!n)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    coap_startup();
    coap_set_log_handler(quiet);
    coap_set_log_level(LOG_EMERG);
    n->loop = l;
    n->fn = fn;
    n->fn_ctx = ctx;
    n->repeat = REPEAT_MIN;
    list_init(&n->peers);
    loop_task_init(&n->reap, node_reap, n);
    struct rng rng;
    rng_init_system(&rng);
    n->next_token = rng_u64(&rng);
    n->dup = coap_dup_new(DUP_ENTRIES, DUP_OCTETS);
    n->tokens = map_new(0); /* bounded by COAP_QUEUE_MAX a peer */
    n->ctx = coap_new_context(NULL);
    int err = n->dup && n->tokens && n->ctx ? node_serve(n) : ERR_NOMEM;
    if (err)
        errmsg_set(why, err, "%s", err_text(err));
    else
        err = node_bind(n, listen, why);
    if (err) {
        node_reap(n);
        return err;
    }
    *ret = n;
    return ERR_OK;
}

uint16_t coap_port(const struct coap_node *n)
{
    return addr_port(&n->local);
}

void coap_close(struct coap_node *n)
{
    if (!n || n->closing)
        return;
    n->closing = true;
    event_del(n->ev);
    loop_timer_at(n->timer, -1);
    LIST_EACH_SAFE(it, next, &n->peers)
    coap_peer_close(coap_peer_of(it));
    loop_defer(n->loop, &n->reap); /* the call may come from a handler of this very node */
}
