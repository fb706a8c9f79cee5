/* SPDX-License-Identifier: Apache-2.0 */
/* Recomputes the journal from what a daemon hands out and compares it with heads, those it says now
 * and those kept from earlier (design 3.2). Nothing is believed: body hash, leaf and link are
 * computed here. */
#pragma once

#include "common/crypto/crypto.h"
#include "common/msg/admin.h"

struct chain_check;
struct chain_check *chain_check_new(struct crypto *c);
void chain_check_free(struct chain_check *k);
/* A head that must stand in the log. Before or after its record passed; ERR_CORRUPT: another hash
 * than the one that passed, or than one given before for the same place. from names its origin. */
MUST_CHECK int chain_check_head(struct chain_check *k, const struct admin_head *h, const char *from,
                                struct errmsg *why);
/* The records in order of lsn. ERR_CORRUPT names lsn, stream and what does not hold. */
MUST_CHECK int chain_check_record(struct chain_check *k, const struct admin_record *r,
                                  struct errmsg *why);
/* Highest head whose record has not passed, ERR_OK when none is left; ERR_AGAIN names it. */
MUST_CHECK int chain_check_missing(const struct chain_check *k, struct errmsg *why);

struct chain_sum {
    uint64_t records, erased, last_lsn;
    unsigned streams;
};
struct chain_sum chain_check_sum(const struct chain_check *k);
/* What passed last, stream by stream: for the file of --save-heads. */
typedef void (*chain_head_fn)(void *ctx, const struct admin_head *h);
void chain_check_heads(const struct chain_check *k, chain_head_fn fn, void *ctx);

/* "STREAM SEQ HASH" a line, # for comments; ERR_FORMAT names the line. */
typedef int (*heads_file_fn)(void *ctx, const struct admin_head *h, struct errmsg *why);
MUST_CHECK int heads_parse(struct span text, heads_file_fn fn, void *ctx, struct errmsg *why);
