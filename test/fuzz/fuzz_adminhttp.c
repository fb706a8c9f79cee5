/* SPDX-License-Identifier: Apache-2.0 */
/* Administration messages: the first octet chooses side and cut; whole and cut feeds must agree,
 * and a message that reads is written and reads the same again (RFC 9112). */
#include "common/codec/adminhttp.h"

#include <stdlib.h>

static int feed(struct admin_parser *p, struct span s, size_t step, size_t *used, bool *done)
{
    int rc = ERR_OK;
    *used = 0;
    *done = false;
    while (rc == ERR_OK && !*done && *used < s.n) {
        size_t n = s.n - *used < step ? s.n - *used : step, got = 0;
        rc = admin_parser_feed(p, span_of(s.p + *used, n), &got, done);
        *used += got;
    }
    return rc;
}

static void write_again(const struct admin_parser *p, bool response)
{
    struct admin_request rq, rq2;
    struct admin_response rs, rs2;
    struct admin_parser *q = admin_parser_new(response);
    struct buf out;
    size_t used;
    bool done;
    buf_init(&out, 0);
    if (response) {
        if (admin_parser_response(p, &rs) != ERR_OK) {
            abort();
        }
        admin_response_put(&out, &rs);
    } else {
        if (admin_parser_request(p, &rq) != ERR_OK) {
            abort();
        }
        if (rq.status == ADMIN_STATUS_OTHER) { /* read, never written */
            rq.status = ADMIN_STATUS_NONE;
        }
        admin_request_put(&out, &rq, "host");
    }
    if (out.failed || feed(q, buf_span(&out), 7, &used, &done) != ERR_OK || !done ||
        used != out.n) {
        abort();
    }
    if (response) {
        if (admin_parser_response(q, &rs2) != ERR_OK || !span_eq(rs.body, rs2.body) ||
            strcmp(rs.next_uri, rs2.next_uri) != 0 || !aid_eq(&rs.target, &rs2.target)) {
            abort();
        }
    } else if (admin_parser_request(q, &rq2) != ERR_OK || !span_eq(rq.body, rq2.body) ||
               strcmp(rq.uri, rq2.uri) != 0 || !eid_eq(&rq.from_eid, &rq2.from_eid)) {
        abort();
    }
    buf_fini(&out);
    admin_parser_free(q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    bool response = (data[0] & 1) != 0;
    size_t step = 1 + (data[0] >> 1);
    struct span s = span_of(data + 1, size - 1);
    struct admin_parser *p = admin_parser_new(response);
    struct admin_parser *q = admin_parser_new(response);
    size_t used, used2;
    bool done, done2;
    if (p == NULL || q == NULL) {
        abort();
    }
    int rc = feed(p, s, SIZE_MAX, &used, &done);
    int rc2 = feed(q, s, step, &used2, &done2);
    if (rc != rc2 || used != used2 || done != done2) {
        abort();
    }
    if (done) {
        write_again(p, response);
    }
    admin_parser_free(p);
    admin_parser_free(q);
    return 0;
}
