/* SPDX-License-Identifier: Apache-2.0 */
/* Journal records as AdminEvents gives them (design 3.2): fetched page by page, one line each. */
#pragma once

#include "common/msg/admin.h"
#include "tools/smctl/smctl.h"

struct records_filter {
    uint64_t from_lsn;
    uint64_t to_lsn; /* inclusive; 0 = as far as it is durable */
    struct uuid op;
    struct eid eid;
    uint32_t stream;
    bool has_stream;
    uint64_t limit; /* 0 = none */
};
/* Spans of r live during the call. A code other than XC_OK ends the walk and is returned. */
typedef enum exit_code (*record_fn)(void *ctx, const struct admin_record *r);
/* ret_next, ret_durable: where to go on, how far it was durable; may be NULL. */
enum exit_code records_each(struct smctl *x, const struct records_filter *f, record_fn fn,
                            void *ctx, uint64_t *ret_next, uint64_t *ret_durable);

/* Says that an operation has no record here and what to try. XC_REFUSED. */
enum exit_code records_none(const struct smctl *x);

/* Appends what matters of an event in words: "iccid 8949... previous 8931... sequence 7 (confirm)".
 */
void event_words(const struct event *ev, struct buf *out);
/* One record as a line, text or JSON, on standard output. */
void record_print(const struct smctl *x, const struct admin_record *r);
/* The body decoded into the arena; NULL when it was erased or cannot be read (why then says so). */
const struct event *record_event(const struct admin_record *r, struct arena *a, struct errmsg *why);
const char *decision_text(uint32_t decision); /* of notification.received */
const char *notification_kind_text(uint32_t kind);
