/* SPDX-License-Identifier: Apache-2.0 */
/* Standard output: text for people, JSON for programs (RFC 8259). Errors go to standard error.
 * Texts of others are printed with what could steer a terminal taken out. */
#pragma once

#include "common/base/mem.h"
#include "common/msg/status.h"

#include <stdio.h>

/* --- JSON pieces, appended to a buffer; commas are placed by the writer --- */
struct json {
    struct buf *out;
    bool comma;
};
void json_open(struct json *j, const char *name, char bracket); /* name NULL: no member name */
void json_close(struct json *j, char bracket);
void json_text(struct json *j, const char *name, struct span s); /* absent: nothing is written */
void json_str(struct json *j, const char *name, const char *s);  /* "" and NULL: nothing */
void json_int(struct json *j, const char *name, int64_t v);
void json_u64(struct json *j, const char *name, uint64_t v);
void json_bool(struct json *j, const char *name, bool v);
void json_hex(struct json *j, const char *name, struct span s);    /* absent: nothing */
void json_time(struct json *j, const char *name, int64_t unix_ms); /* 0: nothing */
void json_raw(struct json *j, const char *name, struct span s);    /* finished JSON */

/* --- text --- */
/* The octets that are printable ASCII or valid UTF-8 lead, '.' for control characters; cut to cap.
 */
const char *text_safe(struct span s, char *dst, size_t cap);
/* "+0.000 s", "+1234.500 s" */
void text_delta(int64_t ms, char dst[24]);
/* Writes b and a newline; b is emptied. */
void out_line(FILE *f, struct buf *b);
void out_error(const char *fmt, ...) PRINTF_LIKE(1, 2); /* "smctl: ...\n" */
