/* SPDX-License-Identifier: Apache-2.0 */
/* Start line and fields of administration messages (RFC 9112 clauses 3 to 6, GP Amendment B 3.4).
 */
#include "common/codec/adminhttp_head.h"

#include <strings.h>

#define PROTOCOL_FAMILY "globalplatform-remote-admin/1."
#define TYPE_GP         "application/vnd.globalplatform.card-content-mgt"
#define TYPE_ETSI       "application/vnd.etsi.scp."

static bool ci_eq(struct span s, const char *word)
{
    return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

static bool ci_starts(struct span s, const char *word)
{
    return s.n >= strlen(word) && strncasecmp((const char *)s.p, word, strlen(word)) == 0;
}

static struct span skip(struct span s, size_t n)
{
    return span_of(s.p + n, s.n - n);
}

static struct span trim(struct span s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
        s = skip(s, 1);
    }
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
        s.n--;
    }
    return s;
}

/* Cuts s at the first c; everything when there is none. */
static struct span cut(struct span *s, char c)
{
    const uint8_t *at = s->n > 0 ? memchr(s->p, c, s->n) : NULL;
    struct span first = span_of(s->p, at != NULL ? (size_t)(at - s->p) : s->n);
    *s = at != NULL ? skip(*s, first.n + 1) : span_of(s->p + s->n, 0);
    return first;
}

const char *admin_status_word(enum admin_script_status s)
{
    switch (s) {
    case ADMIN_STATUS_OK:
        return "ok";
    case ADMIN_STATUS_UNKNOWN_APPLICATION:
        return "unknown-application";
    case ADMIN_STATUS_NOT_A_SD:
        return "not-a-security-domain";
    case ADMIN_STATUS_SECURITY_ERROR:
        return "security-error";
    case ADMIN_STATUS_NONE:
    case ADMIN_STATUS_OTHER:
        break;
    }
    return NULL;
}

bool admin_uri_ok(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= 0x20 || s.p[i] >= 0x7F) {
            return false;
        }
    }
    return s.n >= 1 && s.n < ADMIN_URI_MAX;
}

static int uri_get(struct span v, struct admin_head *ret)
{
    if (v.n >= ADMIN_URI_MAX) {
        return ERR_TOO_LARGE;
    }
    if (!admin_uri_ok(v)) {
        return ERR_FORMAT;
    }
    memcpy(ret->uri, v.p, v.n);
    ret->uri[v.n] = '\0';
    return ERR_OK;
}

/* RID 10 digits / PIX, "-" or nothing when there is no PIX. */
static int aid_get(struct span v, struct aid *ret)
{
    uint8_t b[16];
    size_t rid = 0, pix = 0;
    struct span head = cut(&v, '/');
    if (ci_eq(v, "-")) {
        v.n = 0;
    }
    if (hex_decode((const char *)head.p, head.n, b, 5, &rid) != ERR_OK || rid != 5 ||
        hex_decode((const char *)v.p, v.n, b + rid, sizeof b - rid, &pix) != ERR_OK) {
        return ERR_FORMAT;
    }
    return aid_from_bytes(span_of(b, rid + pix), ret) == ERR_OK ? ERR_OK : ERR_FORMAT;
}

/* 32 decimal digits. Their check digits are not looked at: who the card is, its PSK proves. */
static int eid_get(struct span v, struct eid *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') {
            return ERR_FORMAT;
        }
    }
    if (hex_decode((const char *)v.p, v.n, ret->b, sizeof ret->b, &n) != ERR_OK) {
        return ERR_FORMAT;
    }
    return n == sizeof ret->b ? ERR_OK : ERR_FORMAT;
}

/* //se-id/eid/<32>;//aa-id/aid/<RID>/<PIX>, also //aaid/aid/; other kinds of identity are passed.
 */
static int from_get(struct span v, struct admin_head *ret)
{
    static const char EID[] = "//se-id/eid/";
    static const char AA[] = "//aa-id/aid/";
    static const char AA_OLD[] = "//aaid/aid/";
    int rc = ERR_OK;
    while (rc == ERR_OK && v.n > 0) {
        struct span part = trim(cut(&v, ';'));
        if (ci_starts(part, EID)) {
            rc = eid_get(skip(part, strlen(EID)), &ret->from_eid);
        } else if (ci_starts(part, AA)) {
            rc = aid_get(skip(part, strlen(AA)), &ret->aid);
        } else if (ci_starts(part, AA_OLD)) {
            rc = aid_get(skip(part, strlen(AA_OLD)), &ret->aid);
        }
    }
    return rc;
}

static int target_get(struct span v, struct admin_head *ret)
{
    static const char AID[] = "//aid/";
    return ci_starts(v, AID) ? aid_get(skip(v, strlen(AID)), &ret->aid) : ERR_FORMAT;
}

static int status_get(struct span v, struct admin_head *ret)
{
    ret->status = ADMIN_STATUS_OTHER;
    for (unsigned s = ADMIN_STATUS_OK; s < ADMIN_STATUS_OTHER; s++) {
        if (ci_eq(v, admin_status_word((enum admin_script_status)s))) {
            ret->status = (enum admin_script_status)s;
        }
    }
    return ERR_OK;
}

static int resume_get(struct span v, struct admin_head *ret)
{
    ret->resume = ci_eq(v, "true");
    return ret->resume || ci_eq(v, "false") ? ERR_OK : ERR_FORMAT;
}

static int length_get(struct span v, struct admin_head *ret)
{
    size_t n = 0;
    if (v.n == 0) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] < '0' || v.p[i] > '9') {
            return ERR_FORMAT; /* a sign or a list included */
        }
        n = n * 10 + (size_t)(v.p[i] - '0');
        if (n > ADMIN_BODY_MAX) {
            return ERR_TOO_LARGE;
        }
    }
    ret->content_length = n;
    return ERR_OK;
}

static int encoding_get(struct span v, struct admin_head *ret)
{
    ret->chunked = ci_eq(v, "chunked");
    return ret->chunked ? ERR_OK : ERR_FORMAT;
}

static int protocol_get(struct span v, struct admin_head *ret)
{
    (void)ret;
    return ci_starts(v, PROTOCOL_FAMILY) ? ERR_OK : ERR_FORMAT;
}

static int type_get(struct span v, struct admin_head *ret)
{
    (void)ret;
    return ci_starts(v, TYPE_GP) || ci_starts(v, TYPE_ETSI) ? ERR_OK : ERR_FORMAT;
}

static int host_get(struct span v, struct admin_head *ret)
{
    (void)v;
    (void)ret;
    return ERR_OK; /* known only so that a second one is refused */
}

enum field_side { SIDE_BOTH, SIDE_REQUEST, SIDE_RESPONSE };
enum field_no {
    F_PROTOCOL,
    F_HOST,
    F_FROM,
    F_STATUS,
    F_RESUME,
    F_NEXT_URI,
    F_TARGET,
    F_TYPE,
    F_LENGTH,
    F_ENCODING
};
static const struct field_row {
    const char *name;
    enum field_side side;
    int (*get)(struct span v, struct admin_head *ret);
} FIELDS[] = {
    [F_PROTOCOL] = {"X-Admin-Protocol", SIDE_BOTH, protocol_get},
    [F_HOST] = {"Host", SIDE_REQUEST, host_get},
    [F_FROM] = {"X-Admin-From", SIDE_REQUEST, from_get},
    [F_STATUS] = {"X-Admin-Script-Status", SIDE_REQUEST, status_get},
    [F_RESUME] = {"X-Admin-Resume", SIDE_REQUEST, resume_get},
    [F_NEXT_URI] = {"X-Admin-Next-URI", SIDE_RESPONSE, uri_get},
    [F_TARGET] = {"X-Admin-Targeted-Application", SIDE_RESPONSE, target_get},
    [F_TYPE] = {"Content-Type", SIDE_BOTH, type_get},
    [F_LENGTH] = {"Content-Length", SIDE_BOTH, length_get},
    [F_ENCODING] = {"Transfer-Encoding", SIDE_BOTH, encoding_get},
};

static bool is_token(struct span s)
{
    static const char MARKS[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alnum && (c == '\0' || strchr(MARKS, c) == NULL)) {
            return false;
        }
    }
    return s.n > 0;
}

static bool is_text(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7F) {
            return false;
        }
    }
    return true;
}

/* A folded line starts with a blank and so has no token in front of its colon. */
static int field_line(struct span line, bool response, struct admin_head *ret)
{
    if (memchr(line.p, ':', line.n) == NULL) {
        return ERR_FORMAT;
    }
    struct span value = line;
    struct span name = cut(&value, ':');
    value = trim(value);
    if (!is_token(name) || !is_text(value)) {
        return ERR_FORMAT;
    }
    for (unsigned i = 0; i < sizeof FIELDS / sizeof *FIELDS; i++) {
        const struct field_row *f = &FIELDS[i];
        if (!ci_eq(name, f->name)) {
            continue;
        }
        if (ret->seen & 1u << i) {
            return ERR_FORMAT;
        }
        ret->seen |= 1u << i;
        bool other = f->side == (response ? SIDE_REQUEST : SIDE_RESPONSE);
        return other ? ERR_OK : f->get(value, ret);
    }
    return ERR_OK;
}

static int request_line(struct span line, struct admin_head *ret)
{
    struct span method = cut(&line, ' ');
    struct span uri = cut(&line, ' ');
    if (!span_eq(method, span_str("POST")) || !span_eq(line, span_str("HTTP/1.1"))) {
        return ERR_FORMAT;
    }
    return uri_get(uri, ret);
}

static int status_line(struct span line, struct admin_head *ret)
{
    struct span version = cut(&line, ' ');
    struct span code = cut(&line, ' ');
    if (!span_eq(version, span_str("HTTP/1.1")) || code.n != 3 || !is_text(line)) {
        return ERR_FORMAT;
    }
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] < '0' || code.p[i] > '9') {
            return ERR_FORMAT;
        }
        ret->code = ret->code * 10 + (code.p[i] - '0');
    }
    return ret->code >= 200 && ret->code <= 599 ? ERR_OK : ERR_FORMAT; /* no interim answers here */
}

static bool has(const struct admin_head *h, enum field_no f)
{
    return (h->seen & 1u << f) != 0;
}

/* Rules over several fields. An error answer may come from something in between that does not know
 * the administration protocol, so it need not name it. */
static int head_check(const struct admin_head *h, bool response)
{
    bool success = !response || h->code < 300;
    if (success && !has(h, F_PROTOCOL)) {
        return ERR_FORMAT;
    }
    if (has(h, F_LENGTH) && has(h, F_ENCODING)) {
        return ERR_FORMAT;
    }
    if (response && h->code == 204 && (h->chunked || h->content_length > 0)) {
        return ERR_FORMAT;
    }
    return ERR_OK;
}

/* Lines end with CR LF throughout, which the caller has checked. */
static struct span next_line(struct span *head)
{
    struct span line = cut(head, '\n');
    return span_of(line.p, line.n > 0 ? line.n - 1 : 0);
}

int admin_head_parse(struct span head, bool response, struct admin_head *ret)
{
    *ret = (struct admin_head){0};
    struct span line = next_line(&head);
    int rc = response ? status_line(line, ret) : request_line(line, ret);
    while (rc == ERR_OK) {
        line = next_line(&head);
        if (line.n == 0) {
            return head_check(ret, response);
        }
        rc = field_line(line, response, ret);
    }
    return rc;
}
