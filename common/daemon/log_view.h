/* SPDX-License-Identifier: Apache-2.0 */
/* The log and the counters of a daemon as a party may see them (common/msg/admin.h). Pages are
 * bounded so that each fits into one frame; what is returned lives in the memory of the turn. */
#pragma once

#include "common/daemon/callers.h"
#include "common/journal/journal.h"
#include "common/msg/admin.h"

struct log_view {
    struct engine *engine;
    /* The caller may see this stream whole: its records and its head. */
    bool (*sees)(void *ctx, uint32_t stream);
    /* A record of another stream that the filter wants: what the caller may see of it stands in
     * *salt and *body, which come as they are; false: nothing. NULL: nothing of any. */
    bool (*part)(void *ctx, const struct journal_row *row, struct span *salt, struct span *body);
    void *ctx;
};

/* At most 512 records or 20,000 looked at. ERR_NOMEM; ERR_IO, ERR_CORRUPT: the log cannot be read. */
MUST_CHECK int log_view_events(const struct log_view *v, const struct admin_events_request *req,
                               struct admin_events_response *ret);
/* ERR_NOMEM; ERR_IO. */
MUST_CHECK int log_view_heads(const struct log_view *v, struct admin_heads_response *ret);

struct counter_list {
    struct admin_counter *list;
    unsigned n, max;
};
/* What is beyond max is left out. */
void counter_add(struct counter_list *l, const char *name, uint64_t value);
/* Of the engine and of the connections. */
void counters_of_daemon(struct counter_list *l, struct engine *e, const struct callers *c);
/* Version, epoch, what is durable, and the counters, in the memory of the turn. */
void log_view_status(struct engine *e, const char *version, uint64_t rss,
                     const struct counter_list *l, struct admin_status_response *ret);
