/* SPDX-License-Identifier: Apache-2.0 */
/* Incremental HTTP/1.1 reader of the administration protocol (RFC 9112 framing, GP Amendment
 * B 3.4). What two readers could understand differently is refused: bare CR or LF, folded lines,
 * repeated fields, Content-Length beside Transfer-Encoding, chunk extensions and trailers. */
#include "common/codec/adminhttp.h"

#include "common/codec/adminhttp_head.h"

#include <stdlib.h>

#define CHUNK_LINE_MAX 8u /* hex digits of a chunk size */

enum admin_state {
    ST_HEAD,
    ST_BODY_LENGTH, /* left octets of Content-Length */
    ST_CHUNK_SIZE,
    ST_CHUNK_SIZE_LF,
    ST_CHUNK_DATA,
    ST_CHUNK_CR,
    ST_CHUNK_LF,
    ST_TRAILER_CR,
    ST_TRAILER_LF,
    ST_DONE
};

struct admin_parser {
    bool response;
    enum admin_state state;
    int failed; /* sticky: after an error the session ends */
    bool skipped_line;
    unsigned digits;
    size_t left;
    struct buf head;
    struct buf body;
    struct admin_head h;
};

struct admin_parser *admin_parser_new(bool response)
{
    struct admin_parser *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->response = response;
    buf_init(&p->head, ADMIN_HEAD_MAX);
    buf_init(&p->body, ADMIN_BODY_MAX);
    return p;
}

void admin_parser_free(struct admin_parser *p)
{
    if (p == NULL) {
        return;
    }
    buf_fini(&p->head);
    buf_fini(&p->body);
    free(p);
}

void admin_parser_next(struct admin_parser *p)
{
    if (p->failed != ERR_OK) {
        return;
    }
    p->state = ST_HEAD;
    p->skipped_line = false;
    p->left = 0;
    p->digits = 0;
    buf_reset(&p->head);
    buf_reset(&p->body);
    p->h = (struct admin_head){0};
}

static int body_begin(struct admin_parser *p)
{
    if (p->h.chunked) {
        p->state = ST_CHUNK_SIZE;
    } else if (p->h.content_length > 0) {
        p->state = ST_BODY_LENGTH;
        p->left = p->h.content_length;
    } else {
        p->state = ST_DONE; /* neither field: no body, in both directions (GP Amendment B 3.4) */
    }
    return ERR_OK;
}

/* One octet of the head. Line ends are checked here so that the head is parsed only when complete.
 */
static int head_octet(struct admin_parser *p, uint8_t c)
{
    bool after_cr = p->head.n > 0 && p->head.p[p->head.n - 1] == '\r';
    if (after_cr != (c == '\n')) {
        return ERR_FORMAT;
    }
    if (p->head.n == ADMIN_HEAD_MAX) {
        return ERR_TOO_LARGE;
    }
    buf_add(&p->head, &c, 1);
    if (p->head.failed) {
        return ERR_NOMEM;
    }
    if (p->head.n == 2 && c == '\n') {
        if (p->skipped_line) {
            return ERR_FORMAT;
        }
        p->skipped_line = true; /* RFC 9112 2.2: one empty line may stand before a message */
        buf_reset(&p->head);
        return ERR_OK;
    }
    if (p->head.n < 4 || memcmp(p->head.p + p->head.n - 4, "\r\n\r\n", 4) != 0) {
        return ERR_OK;
    }
    int rc = admin_head_parse(buf_span(&p->head), p->response, &p->h);
    return rc == ERR_OK ? body_begin(p) : rc;
}

/* A chunk size: hex digits only, so an extension or a blank is ERR_FORMAT. */
static int size_octet(struct admin_parser *p, uint8_t c)
{
    int digit = hex_digit((char)c);
    if (digit >= 0) {
        if (p->digits == CHUNK_LINE_MAX) {
            return ERR_FORMAT;
        }
        p->digits++;
        p->left = p->left << 4 | (size_t)digit;
        return ERR_OK;
    }
    if (c != '\r' || p->digits == 0) {
        return ERR_FORMAT;
    }
    p->digits = 0;
    p->state = ST_CHUNK_SIZE_LF;
    return p->left > ADMIN_BODY_MAX - p->body.n ? ERR_TOO_LARGE : ERR_OK;
}

/* One octet between the pieces of a chunked body: it must be the expected one. */
static int framing_octet(struct admin_parser *p, uint8_t c)
{
    switch (p->state) {
    case ST_CHUNK_SIZE:
        return size_octet(p, c);
    case ST_CHUNK_SIZE_LF:
        p->state = p->left == 0 ? ST_TRAILER_CR : ST_CHUNK_DATA;
        return c == '\n' ? ERR_OK : ERR_FORMAT;
    case ST_CHUNK_CR:
        p->state = ST_CHUNK_LF;
        return c == '\r' ? ERR_OK : ERR_FORMAT;
    case ST_CHUNK_LF:
        p->state = ST_CHUNK_SIZE;
        return c == '\n' ? ERR_OK : ERR_FORMAT;
    case ST_TRAILER_CR:
        p->state = ST_TRAILER_LF;
        return c == '\r' ? ERR_OK : ERR_FORMAT;
    default:
        p->state = ST_DONE;
        return c == '\n' ? ERR_OK : ERR_FORMAT;
    }
}

static int data_take(struct admin_parser *p, struct span in, size_t *used)
{
    size_t n = in.n - *used < p->left ? in.n - *used : p->left;
    buf_add(&p->body, in.p + *used, n);
    if (p->body.failed) {
        return ERR_NOMEM;
    }
    *used += n;
    p->left -= n;
    if (p->left == 0) {
        p->state = p->state == ST_CHUNK_DATA ? ST_CHUNK_CR : ST_DONE;
    }
    return ERR_OK;
}

int admin_parser_feed(struct admin_parser *p, struct span in, size_t *ret_used, bool *ret_done)
{
    size_t used = 0;
    int rc = p->failed;
    *ret_done = false;
    if (rc == ERR_OK && p->state == ST_DONE) {
        *ret_used = 0;
        return ERR_STATE;
    }
    while (rc == ERR_OK && used < in.n && p->state != ST_DONE) {
        if (p->state == ST_BODY_LENGTH || p->state == ST_CHUNK_DATA) {
            rc = data_take(p, in, &used);
        } else if (p->state == ST_HEAD) {
            rc = head_octet(p, in.p[used++]);
        } else {
            rc = framing_octet(p, in.p[used++]);
        }
    }
    p->failed = rc;
    *ret_used = used;
    *ret_done = rc == ERR_OK && p->state == ST_DONE;
    return rc;
}

int admin_parser_request(const struct admin_parser *p, struct admin_request *ret)
{
    *ret = (struct admin_request){0};
    if (p->response || p->failed != ERR_OK || p->state != ST_DONE) {
        return ERR_STATE;
    }
    memcpy(ret->uri, p->h.uri, sizeof ret->uri);
    ret->from_eid = p->h.from_eid;
    ret->from_aid = p->h.aid;
    ret->status = p->h.status;
    ret->resume = p->h.resume;
    ret->body = buf_span(&p->body);
    return ERR_OK;
}

int admin_parser_response(const struct admin_parser *p, struct admin_response *ret)
{
    *ret = (struct admin_response){0};
    if (!p->response || p->failed != ERR_OK || p->state != ST_DONE) {
        return ERR_STATE;
    }
    ret->code = p->h.code;
    memcpy(ret->next_uri, p->h.uri, sizeof ret->next_uri);
    ret->target = p->h.aid;
    ret->body = buf_span(&p->body);
    return ERR_OK;
}
