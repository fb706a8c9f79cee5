/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture of the TLS tests: a server, a client and raw peers of one loop, certificates of every
 * kind in a directory of their own. */
#pragma once

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es3.h"
#include "common/net/addr.h"
#include "common/net/tls.h"
#include "test/support/certs.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define GUARD_MS 60000 /* only ends a run that hangs */
#define PART     65536u

#define URI_OPERATOR "URI:urn:remora:party:1.3.6.1.4.1.99999.10:operator"
#define URI_SMSR     "URI:urn:remora:party:1.3.6.1.4.1.99999.1:smsr"
#define BOTH         "serverAuth,clientAuth"

struct side { /* what one end was told */
    unsigned hellos, welcomes, messages, closes;
    struct rpc_party peer;
    struct rpc *rpc;
    int close_err;
    char close_why[400];
    int hello_answer;
    bool echo;
    uint64_t octets;
    bool wrong_octet;
    uint64_t last_no; /* HELLO's last_delivery_no as the server saw it */
    void (*in_message)(struct side *s);
    struct world *w;
};

struct world {
    struct tmpdir dir;
    struct loop *loop;
    struct loop_timer *guard, *poll;
    struct tls_server *server;
    struct tls_client *client;
    struct side s, c;
    bool (*done)(struct world *w);
    bool hung;
    unsigned refused;
    int refused_err;
    char refused_why[400];
    unsigned to_send; /* parts still to go */
    unsigned asked;   /* last_delivery_no calls */
    char port[64];
    uint8_t part[PART];
};

/* --- handlers --- */

static inline int on_hello(void *ctx, struct rpc *r, const struct envelope *hello,
                           struct errmsg *why)
{
    struct side *s = ctx;
    s->hellos++;
    s->rpc = r;
    s->peer = *rpc_peer(r);
    s->last_no = hello->subscribe ? hello->last_delivery_no : 0;
    return s->hello_answer ? errmsg_set(why, s->hello_answer, "party is not configured") : ERR_OK;
}

static inline void on_welcome(void *ctx, struct rpc *r)
{
    struct side *s = ctx;
    s->welcomes++;
    s->rpc = r;
}

static inline void take_data(struct side *s, struct span data)
{
    s->octets += data.n;
    if (data.n && memcmp(data.p, s->w->part, data.n) != 0)
        s->wrong_octet = true;
}

static inline void on_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct side *s = ctx;
    s->messages++;
    if (e->message.type == MSG_ES3_SEND_DATA_REQUEST) {
        const struct es3_send_data_request *q = e->message.body;
        struct es3_send_data_response body = {.euicc_response_data = q->data};
        struct envelope a = {.kind = ENV_RESPONSE,
                             .relates_to = e->message_id,
                             .message = {MSG_ES3_SEND_DATA_RESPONSE, &body}};
        take_data(s, q->data);
        if (s->echo)
            assert_int_equal(rpc_send(r, &a, NULL), ERR_OK);
    } else if (e->message.type == MSG_ES3_SEND_DATA_RESPONSE) {
        const struct es3_send_data_response *q = e->message.body;
        take_data(s, q->euicc_response_data);
    }
    if (s->in_message)
        s->in_message(s);
}

static inline void on_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct side *s = ctx;
    (void)r;
    s->closes++;
    s->rpc = NULL;
    s->close_err = err;
    snprintf(s->close_why, sizeof(s->close_why), "%s", why);
}

static inline struct rpc_handler handler(struct side *s)
{
    return (struct rpc_handler){on_hello, on_welcome, on_message, on_closed, s};
}

static inline void on_refused(void *ctx, const char *from, int err, const char *why)
{
    struct world *w = ctx;
    assert_memory_equal(from, "127.0.0.1:", 10);
    w->refused++;
    w->refused_err = err;
    snprintf(w->refused_why, sizeof(w->refused_why), "%s", why);
}

/* --- running the loop --- */

static inline int send_part(struct world *w, size_t n)
{
    struct es3_send_data_request body = {.data = span_of(w->part, n)};
    struct envelope e = {.kind = ENV_REQUEST, .message = {MSG_ES3_SEND_DATA_REQUEST, &body}};
    struct rpc *r = tls_client_rpc(w->client);
    return r ? rpc_send(r, &e, NULL) : ERR_CLOSED;
}

static inline void turn_end(void *ctx)
{
    struct world *w = ctx;
    while (w->to_send && w->c.rpc && send_part(w, PART) == ERR_OK)
        w->to_send--;
    if (w->done && w->done(w))
        loop_stop(w->loop);
}

static inline void stop(void *ctx)
{
    loop_stop(ctx);
}

static inline void hang(void *ctx)
{
    struct world *w = ctx;
    w->hung = true;
    loop_stop(w->loop);
}

static inline void run(struct world *w, bool (*done)(struct world *w))
{
    w->done = done;
    loop_timer_at(w->guard, clock_mono_ms(&CLOCK_SYSTEM) + GUARD_MS);
    if (!done(w))
        assert_int_equal(loop_run(w->loop), ERR_OK);
    loop_timer_at(w->guard, -1);
    if (w->hung)
        fail_msg("never happened; client: \"%s\", server: \"%s\", refused: \"%s\"", w->c.close_why,
                 w->s.close_why, w->refused_why);
}

static inline bool client_up(struct world *w)
{
    return tls_client_rpc(w->client) != NULL;
}
static inline bool client_closed(struct world *w)
{
    return w->c.closes > 0;
}
static inline bool server_closed(struct world *w)
{
    return w->s.closes > 0;
}
static inline bool both_closed(struct world *w)
{
    return w->c.closes > 0 && w->s.closes > 0;
}
static inline bool was_refused(struct world *w)
{
    return w->refused > 0;
}

/* --- fixture --- */

static inline struct tls_files files(struct world *w, char room[3][512], const char *ca,
                                     const char *name)
{
    char file[64];
    snprintf(file, sizeof(file), "%s.pem", ca);
    tmpdir_path(&w->dir, file, room[0], 512);
    snprintf(file, sizeof(file), "%s.pem", name);
    tmpdir_path(&w->dir, file, room[1], 512);
    snprintf(file, sizeof(file), "%s.key", name);
    tmpdir_path(&w->dir, file, room[2], 512);
    return (struct tls_files){room[0], room[1], room[2]};
}

static inline int listen_as(struct world *w, const char *ca, const char *name, const char *at,
                            const struct tls_limits *lim, struct errmsg *why)
{
    char room[3][512];
    struct tls_files f = files(w, room, ca, name);
    struct rpc_handler h = handler(&w->s);
    int err = tls_listen(w->loop, &f, at, lim, &h, &w->server, why);
    if (err == ERR_OK) {
        tls_server_on_refused(w->server, on_refused, w);
        snprintf(w->port, sizeof(w->port), "127.0.0.1:%u", (unsigned)tls_server_port(w->server));
    }
    return err;
}

static inline uint64_t last_no(void *ctx)
{
    struct side *s = ctx;
    return 100 + ++s->w->asked;
}

static inline int dial_as(struct world *w, const char *ca, const char *name, const char *to,
                          bool reconnect, struct errmsg *why)
{
    char room[3][512];
    struct tls_files f = files(w, room, ca, name);
    struct rpc_handler h = handler(&w->c);
    struct tls_client_opt opt = {.host_port = to,
                                 .reconnect = reconnect,
                                 .subscribe = reconnect,
                                 .last_delivery_no = last_no};
    return tls_dial(w->loop, &f, &opt, &h, &w->client, why);
}

static inline void make_certs(const struct tmpdir *d)
{
    struct cert_spec ca = {.cn = "test CA", .ca = true, .to_days = 30};
    struct cert good = cert_make(&ca, NULL);
    struct cert other = cert_make(&ca, NULL);
    cert_write(&good, d, "ca");
    cert_write(&other, d, "other");
#define S(...) &(struct cert_spec){.cn = "x", __VA_ARGS__}
    cert_issue(d, "smsr", &good,
               S(.san = URI_SMSR ",IP:127.0.0.1,DNS:localhost", .eku = BOTH, .to_days = 30));
    cert_issue(d, "op", &good, S(.san = URI_OPERATOR, .eku = BOTH, .to_days = 30));
    cert_issue(d, "noname", &good,
               S(.san = URI_SMSR ",IP:127.0.0.9,DNS:smsr.example", .eku = BOTH, .to_days = 30));
    cert_issue(d, "rogue", &other,
               S(.san = URI_OPERATOR ",IP:127.0.0.1", .eku = BOTH, .to_days = 30));
    cert_issue(d, "expired", &good,
               S(.san = URI_OPERATOR, .eku = BOTH, .from_days = -30, .to_days = -1));
    cert_issue(d, "early", &good,
               S(.san = URI_OPERATOR, .eku = BOTH, .from_days = 5, .to_days = 30));
    cert_issue(d, "nouri", &good, S(.san = "DNS:op.example", .eku = BOTH, .to_days = 30));
    cert_issue(d, "nosan", &good, S(.eku = BOTH, .to_days = 30));
    cert_issue(d, "twouris", &good,
               S(.san = URI_OPERATOR "," URI_SMSR, .eku = BOTH, .to_days = 30));
    cert_issue(d, "badrole", &good,
               S(.san = "URI:urn:remora:party:1.3.6.1:root", .eku = BOTH, .to_days = 30));
    cert_issue(d, "badoid", &good,
               S(.san = "URI:urn:remora:party:1.x.6:operator", .eku = BOTH, .to_days = 30));
    cert_issue(d, "serveronly", &good, S(.san = URI_OPERATOR, .eku = "serverAuth", .to_days = 30));
    cert_issue(d, "noeku", &good, S(.san = URI_OPERATOR, .to_days = 30));
    cert_free(&good);
    cert_free(&other);
}

static inline int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    tmpdir_init(&w->dir);
    make_certs(&w->dir);
    w->loop = loop_new();
    w->guard = loop_timer_new(w->loop, hang, w);
    loop_set_turn(w->loop, turn_end, w);
    w->s.w = w->c.w = w;
    for (size_t i = 0; i < PART; i++)
        w->part[i] = (uint8_t)(i * 31 + i / 251);
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    tls_client_free(w->client);
    tls_server_free(w->server);
    loop_timer_free(w->guard);
    loop_timer_free(w->poll);
    loop_free(w->loop);
    tmpdir_fini(&w->dir);
    free(w);
    return 0;
}

static inline void start(struct world *w, const struct tls_limits *lim)
{
    assert_int_equal(listen_as(w, "ca", "smsr", "127.0.0.1:0", lim, NULL), ERR_OK);
}

/* --- raw clients, each on a thread of its own --- */

struct raw {
    pthread_t thread;
    struct world *w;
    struct addr to;
    char cert[512], key[512];
    int version;
    bool silent;     /* TCP only, says nothing */
    const char *say; /* after the handshake, then the socket is cut when cut is set */
    size_t say_n;
    bool cut;
    int alert;     /* reason code of what ended it */
    char got[512]; /* octets the server sent */
    atomic_bool over;
};

static inline void raw_ssl(struct raw *r, int fd)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(ctx, r->version);
    SSL_CTX_set_max_proto_version(ctx, r->version);
    if (r->cert[0]) {
        cert_must(SSL_CTX_use_certificate_file(ctx, r->cert, SSL_FILETYPE_PEM) == 1, r->cert);
        cert_must(SSL_CTX_use_PrivateKey_file(ctx, r->key, SSL_FILETYPE_PEM) == 1, r->key);
    }
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, fd);
    ERR_clear_error();
    if (SSL_connect(ssl) == 1) {
        if (r->say)
            SSL_write(ssl, r->say, (int)r->say_n);
        size_t at = 0;
        int n = 1;
        while (!r->cut && n > 0 && at < sizeof(r->got) - 1) {
            n = SSL_read(ssl, r->got + at, (int)(sizeof(r->got) - 1 - at));
            at += n > 0 ? (size_t)n : 0;
        }
    }
    r->alert = ERR_GET_REASON(ERR_peek_error());
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static inline void *raw_main(void *arg)
{
    struct raw *r = arg;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd >= 0 && connect(fd, &r->to.u.sa, r->to.len) == 0) {
        char c;
        if (!r->silent)
            raw_ssl(r, fd);
        else if (recv(fd, &c, 1, 0) < 0)
            r->alert = errno;
    }
    if (fd >= 0)
        close(fd);
    atomic_store(&r->over, true);
    return NULL;
}

static inline void raw_start(struct world *w, struct raw *r, const char *name, int version)
{
    char room[3][512];
    struct tls_files f = files(w, room, "ca", name ? name : "op");
    r->w = w;
    r->version = version;
    cert_must(addr_literal("127.0.0.1", tls_server_port(w->server), &r->to), "address");
    if (name) {
        snprintf(r->cert, sizeof(r->cert), "%s", f.cert);
        snprintf(r->key, sizeof(r->key), "%s", f.key);
    }
    assert_int_equal(pthread_create(&r->thread, NULL, raw_main, r), 0);
}

static inline void raw_join(struct raw *r)
{
    pthread_join(r->thread, NULL);
    assert_true(atomic_load(&r->over));
}
