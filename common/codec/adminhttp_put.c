/* SPDX-License-Identifier: Apache-2.0 */
/* Writer of administration messages in the spelling of GP Amendment B 3.4, bodies chunked (SGP.02).
 */
#include "common/codec/adminhttp_head.h"

#include <stdio.h>

/* A card reads a chunk into its channel buffer: 1,024 octets is what the field sends. */
#define CHUNK_MAX 1024u

static void text(struct buf *out, const char *s)
{
    buf_add(out, s, strlen(s));
}

static void field(struct buf *out, const char *name, const char *value)
{
    text(out, name);
    text(out, ": ");
    text(out, value);
    text(out, "\r\n");
}

/* "<RID>/<PIX>" */
static void aid_add(struct buf *out, const char *prefix, const struct aid *a)
{
    char hex[AID_TEXT];
    if (a->n < 5 || hex_encode(aid_span(a), hex, sizeof hex) != ERR_OK) {
        out->failed = true;
        return;
    }
    text(out, prefix);
    buf_add(out, hex, 10);
    text(out, "/");
    text(out, a->n > 5 ? hex + 10 : "-");
}

static void body_add(struct buf *out, struct span body)
{
    char size[16];
    for (size_t at = 0; at < body.n; at += CHUNK_MAX) {
        size_t n = body.n - at < CHUNK_MAX ? body.n - at : CHUNK_MAX;
        (void)snprintf(size, sizeof size, "%zX\r\n", n);
        text(out, size);
        buf_add(out, body.p + at, n);
        text(out, "\r\n");
    }
    text(out, "0\r\n\r\n");
}

/* A host goes into the head as it is: nothing in it may end the line. */
static bool host_ok(const char *host)
{
    return admin_uri_ok(span_str(host));
}

void admin_request_put(struct buf *out, const struct admin_request *r, const char *host)
{
    const char *status = admin_status_word(r->status);
    if (!admin_uri_ok(span_str(r->uri)) || !host_ok(host) || r->body.n > ADMIN_BODY_MAX ||
        r->status == ADMIN_STATUS_OTHER) {
        out->failed = true;
        return;
    }
    text(out, "POST ");
    text(out, r->uri);
    text(out, " HTTP/1.1\r\n");
    field(out, "Host", host);
    field(out, "X-Admin-Protocol", ADMIN_PROTOCOL);
    if (!eid_is_zero(&r->from_eid)) {
        char eid[EID_TEXT];
        eid_text(&r->from_eid, eid);
        text(out, "X-Admin-From: //se-id/eid/");
        text(out, eid);
        if (r->from_aid.n > 0) {
            aid_add(out, ";//aa-id/aid/", &r->from_aid);
        }
        text(out, "\r\n");
    }
    if (r->body.n > 0) {
        field(out, "Content-Type", ADMIN_TYPE_RESPONSE);
        field(out, "Transfer-Encoding", "chunked");
    }
    if (status != NULL) {
        field(out, "X-Admin-Script-Status", status);
    }
    if (r->resume) {
        field(out, "X-Admin-Resume", "true");
    }
    text(out, "\r\n");
    if (r->body.n > 0) {
        body_add(out, r->body);
    }
}

static const char *reason(int code)
{
    switch (code) {
    case 200:
        return "OK";
    case 204:
        return "No Content";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return code < 500 ? "Refused" : "Failed";
    }
}

void admin_response_put(struct buf *out, const struct admin_response *r)
{
    char start[64];
    if (r->code < 200 || r->code > 599 || (r->code == 204 && r->body.n > 0) ||
        r->body.n > ADMIN_BODY_MAX ||
        (r->next_uri[0] != '\0' && !admin_uri_ok(span_str(r->next_uri)))) {
        out->failed = true;
        return;
    }
    (void)snprintf(start, sizeof start, "HTTP/1.1 %d %s\r\n", r->code, reason(r->code));
    text(out, start);
    field(out, "X-Admin-Protocol", ADMIN_PROTOCOL);
    if (r->next_uri[0] != '\0') {
        field(out, "X-Admin-Next-URI", r->next_uri);
    }
    if (r->body.n > 0) {
        field(out, "Content-Type", ADMIN_TYPE_COMMAND);
    }
    if (r->target.n > 0) {
        aid_add(out, "X-Admin-Targeted-Application: //aid/", &r->target);
        text(out, "\r\n");
    }
    if (r->body.n > 0) {
        field(out, "Transfer-Encoding", "chunked");
    } else if (r->code != 204) {
        field(out, "Content-Length", "0");
    }
    text(out, "\r\n");
    if (r->body.n > 0) {
        body_add(out, r->body);
    }
}
