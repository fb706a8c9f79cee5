/* SPDX-License-Identifier: Apache-2.0 */
/* Head of one administration message: inner joint of adminhttp.c and adminhttp_head.c, used by
 * nothing else (RFC 9112 clauses 2 to 5, GP Amendment B 3.4). */
#pragma once

#include "common/base/hex.h"
#include "common/codec/adminhttp.h"

#define ADMIN_PROTOCOL "globalplatform-remote-admin/1.0"
#define ADMIN_TYPE_COMMAND "application/vnd.globalplatform.card-content-mgt;version=1.0"
#define ADMIN_TYPE_RESPONSE "application/vnd.globalplatform.card-content-mgt-response;version=1.0"

struct admin_head {
    unsigned seen;              /* one bit a known field: a second one is ERR_FORMAT */
    int code;                   /* response only */
    char uri[ADMIN_URI_MAX];    /* request target, or X-Admin-Next-URI */
    struct eid from_eid;
    struct aid aid;             /* X-Admin-From, or X-Admin-Targeted-Application */
    enum admin_script_status status;
    bool resume;
    bool chunked;
    size_t content_length;
};

/* head ends with the empty line; every line end in it is CR LF. */
MUST_CHECK int admin_head_parse(struct span head, bool response, struct admin_head *ret);
const char *admin_status_word(enum admin_script_status s);   /* NULL for NONE and OTHER */
bool admin_uri_ok(struct span s);    /* 1..511 visible ASCII octets */
