/* SPDX-License-Identifier: Apache-2.0 */
/* The fleet's non-volatile memory: one append-only file. A record is {u32 length, u32 CRC-32,
 * payload} and leaves in one write(2) before the answer leaves the card (design law 12), so a
 * kill of the process is a power cut for every card and loses nothing that was answered.
 * Payloads:
 *   01 | EID 16 | u32 n, image | u16 n, ledger rows     state of a card and what it just did
 *   02 | EID 16 | u32 n | i64 ms | cause | ICCID | IMSI  an attach the network decided on
 * A record torn at the end is dropped at open; one that is wrong elsewhere is ERR_CORRUPT. The
 * file holds keys: mode 0600. Without a path everything stands in memory, byte for byte the
 * same. */
#pragma once

#include "tools/euiccsim/card/card.h"

struct ledger_file;
enum ledger_mode { LEDGER_WRITE, LEDGER_READ };

struct attach_record {
    struct eid eid;
    uint32_t n;                   /* 1, 2 .. per device; a repeated result has none */
    int64_t at_ms;
    uint8_t cause;                /* enum attach_cause; 0: attached */
    struct iccid iccid;           /* of the profile that was enabled; empty: none */
    struct imsi imsi;
};

/* LEDGER_WRITE creates, locks, drops a torn tail and compacts when the file is more than four times
 * its live size. LEDGER_READ (ERR_NOT_FOUND) may run beside a writer. ERR_BUSY: another process
 * writes it, ERR_CORRUPT, ERR_IO. path NULL: memory. */
MUST_CHECK int ledger_file_open(const char *path, enum ledger_mode mode, struct ledger_file **ret,
                           struct errmsg *why);
void ledger_file_close(struct ledger_file *f);
/* Appends the state of a card with the rows it added. After a failed write every call is ERR_IO. */
MUST_CHECK int ledger_file_put_card(struct ledger_file *f, const struct eid *eid, struct span image,
                               const struct card_ledger_row *rows, unsigned n_rows);
MUST_CHECK int ledger_file_put_attach(struct ledger_file *f, struct attach_record *a);  /* sets n */
/* The newest image of a card, appended to out. ERR_NOT_FOUND. */
MUST_CHECK int ledger_file_image(struct ledger_file *f, const struct eid *eid, struct buf *out);
bool ledger_file_last_attach(const struct ledger_file *f, const struct eid *eid,
                        struct attach_record *ret);

struct ledger_visitor {           /* a NULL function skips its kind; an error ends the walk */
    int (*card)(void *ctx, const struct eid *eid, struct span image);
    int (*row)(void *ctx, const struct card_ledger_row *row);
    int (*attach)(void *ctx, const struct attach_record *a);
    void *ctx;
};
MUST_CHECK int ledger_file_each(struct ledger_file *f, const struct ledger_visitor *v);
/* The same from *at on (0: the beginning), which moves behind what was visited: for those who follow a
 * file that grows. A compaction makes it void. */
MUST_CHECK int ledger_file_more(struct ledger_file *f, uint64_t *at, const struct ledger_visitor *v);
uint64_t ledger_file_size(const struct ledger_file *f);
uint64_t ledger_file_live(const struct ledger_file *f);        /* size after a compaction */
/* Images that were replaced go; rows and attach records stay. */
MUST_CHECK int ledger_file_compact(struct ledger_file *f);

/* One payload taken apart, for the file and its fuzz target: calls v. ERR_FORMAT, ERR_TRUNCATED. */
MUST_CHECK int ledger_payload(struct span payload, const struct ledger_visitor *v);
