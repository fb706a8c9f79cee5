/* SPDX-License-Identifier: Apache-2.0 */
/* SCP81 streams: TLS 1.2 PSK over memory BIOs with the administration protocol inside
 * (SGP.02 2.4.4, GP Amendment B 3). Nothing here reads a clock or a socket; randomness is the TLS
 * library's RAND and struct crypto, so a world with both replaced repeats bit by bit. */
#include <limits.h>
#include <stdlib.h>

#include "common/bearer/scp81_impl.h"

#include <openssl/bio.h>

#define PIECE_MAX 4096u         /* plaintext handed to the parser at a time */
/* What a peer may send behind a message that is not answered yet; the protocol has no pipelining,
 * so this is room for a record cut at a bad place, not for work. */
#define AHEAD_MAX 16384u

/* --- streams --- */

void scp81_free(struct scp81 *s)
{
    if (!s)
        return;
    SSL_free(s->ssl);
    admin_parser_free(s->parser);
    buf_fini(&s->ahead);
    key_free(s->key);
    free(s);
}

static bool bios_set(struct scp81 *s)
{
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    if (!in || !out) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    /* An empty buffer means "later", never the end of the stream. */
    BIO_set_mem_eof_return(in, -1);
    BIO_set_mem_eof_return(out, -1);
    SSL_set_bio(s->ssl, in, out);
    s->in = in;
    s->out = out;
    return true;
}

static struct scp81 *stream_new(struct scp81_ctx *x)
{
    struct scp81 *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->ctx = x;
    buf_init(&s->ahead, AHEAD_MAX);
    s->parser = admin_parser_new(!x->server);
    s->ssl = SSL_new(x->tls);
    if (!s->parser || !s->ssl || SSL_set_app_data(s->ssl, s) != 1 || !bios_set(s)) {
        ERR_clear_error();
        scp81_free(s);
        return NULL;
    }
    return s;
}

struct scp81 *scp81_accept(struct scp81_ctx *x)
{
    struct scp81 *s = x->server ? stream_new(x) : NULL;

    if (s)
        SSL_set_accept_state(s->ssl);
    return s;
}

/* --- bytes --- */

static int die(struct scp81 *s, int err)
{
    s->dead = err;
    return err;
}

/* What a TLS call that did not succeed means: 0 to go on later, or the error that ends the stream.
 * The error queue belongs to the thread, hence it is emptied before each call and after it. */
static int tls_result(struct scp81 *s, int result)
{
    int kind = SSL_get_error(s->ssl, result);
    unsigned long code = ERR_peek_error();
    int rc = ERR_AUTH;

    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE)
        rc = 0;
    else if (kind == SSL_ERROR_ZERO_RETURN)
        rc = ERR_CLOSED;
    else if (s->ready && ERR_GET_LIB(code) == ERR_LIB_SSL &&
             ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET)
        rc = ERR_CLOSED;    /* an alert of the peer inside an open stream */
    ERR_clear_error();
    return rc;
}

static int handshake(struct scp81 *s)
{
    int result;

    ERR_clear_error();
    result = SSL_do_handshake(s->ssl);
    if (result == 1) {
        s->ready = true;
        return 0;
    }
    return tls_result(s, result);
}

struct scp81 *scp81_connect(struct scp81_ctx *x, const char *identity, struct key *psk)
{
    size_t n = strlen(identity) + 1;
    struct scp81 *s = !x->server && n <= SCP81_CLIENT_IDENTITY_MAX ? stream_new(x) : NULL;

    if (!s)
        return NULL;
    memcpy(s->identity, identity, n);
    s->key = key_ref(psk);
    SSL_set_connect_state(s->ssl);
    if (handshake(s) != 0) {
        scp81_free(s);
        return NULL;
    }
    return s;
}

static bool may_parse(const struct scp81 *s)
{
    return s->ctx->server ? s->ex == EX_IDLE : s->ex == EX_WAIT;
}

/* Plaintext to the parser as long as it builds a message, the rest to the side. A response that was
 * never asked for is a fault of the server. */
static int plain_in(struct scp81 *s, struct span in)
{
    size_t used = 0;
    bool done = false;
    int rc;

    if (in.n > 0 && may_parse(s)) {
        rc = admin_parser_feed(s->parser, in, &used, &done);
        if (rc != ERR_OK)
            return rc;
        if (done)
            s->ex = EX_READY;
    }
    if (used == in.n)
        return 0;
    if (!s->ctx->server)
        return ERR_FORMAT;
    buf_add(&s->ahead, in.p + used, in.n - used);
    return s->ahead.failed ? ERR_TOO_LARGE : 0;
}

static void goodbye(struct scp81 *s)
{
    ERR_clear_error();
    if (s->ready)
        (void)SSL_shutdown(s->ssl);
    ERR_clear_error();
}

static int read_all(struct scp81 *s)
{
    uint8_t piece[PIECE_MAX];
    int rc, n;

    for (;;) {
        ERR_clear_error();
        n = SSL_read(s->ssl, piece, sizeof(piece));
        if (n <= 0)
            break;
        rc = plain_in(s, span_of(piece, (size_t)n));
        mem_wipe(piece, (size_t)n);
        if (rc != 0) {
            goodbye(s);
            return rc;
        }
    }
    rc = tls_result(s, n);
    if (rc == ERR_CLOSED)
        goodbye(s);         /* RFC 5246 7.2.1: a close_notify is answered by one */
    return rc;
}

int scp81_input(struct scp81 *s, struct span bytes)
{
    int rc = 0;

    if (s->dead)
        return s->dead;
    if (bytes.n > INT_MAX)
        return ERR_TOO_LARGE;
    if (bytes.n > 0 && BIO_write(s->in, bytes.p, (int)bytes.n) != (int)bytes.n)
        return die(s, ERR_NOMEM);
    if (!s->ready)
        rc = handshake(s);
    if (rc == 0 && s->ready)
        rc = read_all(s);
    return rc == 0 ? ERR_OK : die(s, rc);
}

struct span scp81_output(struct scp81 *s)
{
    char *p = NULL;
    long n = BIO_get_mem_data(s->out, &p);

    return span_of(p, n > 0 ? (size_t)n : 0);
}

/* A memory BIO gives its front away without moving the rest. */
void scp81_sent(struct scp81 *s, size_t n)
{
    uint8_t gone[PIECE_MAX];

    while (n > 0) {
        int step = n < sizeof(gone) ? (int)n : (int)sizeof(gone);
        int got = BIO_read(s->out, gone, step);
        if (got <= 0)
            return;
        n -= (size_t)got;
    }
}

bool scp81_ready(const struct scp81 *s)
{
    return s->ready;
}

int scp81_peer(const struct scp81 *s, struct eid *ret_eid)
{
    if (!s->ctx->server || !s->ready || !s->has_peer)
        return ERR_STATE;
    *ret_eid = s->peer;
    return ERR_OK;
}

uint8_t scp81_peer_kvn(const struct scp81 *s)
{
    struct eid eid;

    return scp81_peer(s, &eid) == ERR_OK ? s->peer_kvn : 0;
}

/* --- messages --- */

/* The whole message in one call: each SSL_write closes a record and, on a socket below, a
 * segment. */
static int send_message(struct scp81 *s, struct buf *b)
{
    int rc = ERR_OK;

    if (b->failed)
        rc = ERR_INVAL;     /* a field that would break the head, or a body too long */
    else if (b->n > INT_MAX)
        rc = ERR_TOO_LARGE;
    if (rc == ERR_OK) {
        int n;
        ERR_clear_error();
        n = SSL_write(s->ssl, b->p, (int)b->n);
        ERR_clear_error();
        if (n != (int)b->n)
            rc = die(s, ERR_CRYPTO);
    }
    buf_wipe(b);
    buf_fini(b);
    return rc;
}

/* When nothing can be taken: the error of a dead stream, since nothing will ever come. */
static int nothing(const struct scp81 *s)
{
    return s->dead ? s->dead : ERR_NOT_FOUND;
}

/* A complete request is given out even after the peer closed: it may carry the answer to a step,
 * which is evidence whether or not anybody waits for the response. */
int scp81_request(struct scp81 *s, struct admin_request *ret)
{
    int rc;

    if (!s->ctx->server)
        return ERR_STATE;
    if (s->ex != EX_READY)
        return nothing(s);
    rc = admin_parser_request(s->parser, ret);
    if (rc == ERR_OK)
        s->ex = EX_TAKEN;
    return rc;
}

/* What came behind the answered request is parsed now; its faults show at the next call. */
static void next_request(struct scp81 *s)
{
    struct buf ahead = s->ahead;
    int rc;

    admin_parser_next(s->parser);
    s->ex = EX_IDLE;
    buf_init(&s->ahead, AHEAD_MAX);
    rc = plain_in(s, buf_span(&ahead));
    buf_wipe(&ahead);
    buf_fini(&ahead);
    if (rc != 0) {
        goodbye(s);
        (void)die(s, rc);
    }
}

int scp81_respond(struct scp81 *s, const struct admin_response *r)
{
    struct buf b;
    int rc;

    if (!s->ctx->server || s->ex != EX_TAKEN)
        return ERR_STATE;
    if (s->dead)
        return s->dead;
    buf_init(&b, 0);
    admin_response_put(&b, r);
    rc = send_message(s, &b);
    if (rc == ERR_OK)
        next_request(s);
    return rc;
}

int scp81_post(struct scp81 *s, const struct admin_request *r, const char *host)
{
    struct buf b;
    int rc;

    if (s->dead)
        return s->dead;
    if (s->ctx->server || !s->ready || (s->ex != EX_IDLE && s->ex != EX_TAKEN))
        return ERR_STATE;
    buf_init(&b, 0);
    admin_request_put(&b, r, host);
    rc = send_message(s, &b);
    if (rc != ERR_OK)
        return rc;
    if (s->ex == EX_TAKEN)
        admin_parser_next(s->parser);
    s->ex = EX_WAIT;
    return ERR_OK;
}

int scp81_response(struct scp81 *s, struct admin_response *ret)
{
    int rc;

    if (s->ctx->server)
        return ERR_STATE;
    if (s->ex != EX_READY)
        return nothing(s);
    rc = admin_parser_response(s->parser, ret);
    if (rc == ERR_OK)
        s->ex = EX_TAKEN;
    return rc;
}

void scp81_close(struct scp81 *s)
{
    if (s->dead)
        return;
    goodbye(s);
    (void)die(s, ERR_CLOSED);
}
