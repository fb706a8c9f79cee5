/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 of the SCP81 administration protocol (GP Amendment B 3.4; facts: ota section 4.1): read
 * leniently (header names without case, //aa-id/aid/ and //aaid/aid/, Content-Length or chunked),
 * written strictly (chunked). One incremental parser for both directions. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"
#include "common/base/mem.h"

#define ADMIN_HEAD_MAX 4096u
#define ADMIN_BODY_MAX 65536u
#define ADMIN_URI_MAX 512u

enum admin_script_status { ADMIN_STATUS_NONE, ADMIN_STATUS_OK, ADMIN_STATUS_UNKNOWN_APPLICATION,
                           ADMIN_STATUS_NOT_A_SD, ADMIN_STATUS_SECURITY_ERROR, ADMIN_STATUS_OTHER };

struct admin_request {                 /* card to SM-SR */
    char uri[ADMIN_URI_MAX];           /* path and query as received */
    struct eid from_eid;               /* X-Admin-From; zero when absent */
    struct aid from_aid;
    enum admin_script_status status;
    bool resume;
    struct span body;                  /* dechunked */
};
struct admin_response {                /* SM-SR to card */
    int code;                          /* 200, 204, 4xx, 5xx */
    char next_uri[ADMIN_URI_MAX];      /* empty = absent */
    struct aid target;                 /* n = 0: absent */
    struct span body;
};

/* Incremental parser: feed bytes as they come; the message is complete when ret_done. Bytes after
 * the message stay in *ret_used's remainder for the next one. ERR_FORMAT, ERR_TOO_LARGE end the
 * session: every later feed gives the same error. ERR_STATE: fed after done without _next.
 * Refused: chunk extensions, trailers, folded lines, bare CR or LF, a known field twice,
 * Content-Length beside Transfer-Encoding, X-Admin-Protocol missing (but on error answers).
 * A message with neither length field has no body. X-Admin-From: EID digits are not checked mod 97
 * (the PSK proves who it is); a status word of another vendor is ADMIN_STATUS_OTHER. */
struct admin_parser;
struct admin_parser *admin_parser_new(bool response);
void admin_parser_free(struct admin_parser *p);
MUST_CHECK int admin_parser_feed(struct admin_parser *p, struct span in, size_t *ret_used,
                                 bool *ret_done);
/* Valid after done until the next feed. */
MUST_CHECK int admin_parser_request(const struct admin_parser *p, struct admin_request *ret);
MUST_CHECK int admin_parser_response(const struct admin_parser *p, struct admin_response *ret);
void admin_parser_next(struct admin_parser *p);   /* ready for the following message */

/* host is the Host header of the request. Bodies go out in chunks of at most 1,024 octets; no body:
 * neither length field, or Content-Length 0 on an answer other than 204. The buffer is marked
 * failed when a text could break the head, the body is too long or the status is
 * ADMIN_STATUS_OTHER. */
void admin_request_put(struct buf *out, const struct admin_request *r, const char *host);
void admin_response_put(struct buf *out, const struct admin_response *r);
