/* SPDX-License-Identifier: Apache-2.0 */
/* What the importer hands on, row by row: 4 octets of length, then kind, number of the row in the
 * file (4 octets), and E: the entry (SignedEis)         R: 32 digits of EID or spaces, then why it
 * is refused and what to do X: why nothing of the file can be read (row 0, nothing follows)      Z:
 * the end; the number is how many rows there were Without X or Z at its end it broke off. */
#pragma once

#include "common/base/mem.h"

enum row_kind { ROW_ENTRY = 'E', ROW_REFUSED = 'R', ROW_FILE = 'X', ROW_END = 'Z' };

#define ROW_MAX (128u * 1024u)

struct row {
    enum row_kind kind;
    uint32_t number;  /* from 1 */
    char eid[33];     /* R: "" when it cannot be read */
    struct span body; /* E: the entry; R, X: the sentence */
};

void row_put(struct buf *out, const struct row *r);
/* The next row off the front of *rest. ERR_NOT_FOUND: the clean end, behind X or Z; ERR_TRUNCATED:
 * it broke off; ERR_FORMAT: no row. Whoever walks keeps last, zeroed at first. */
MUST_CHECK int row_next(struct span *rest, enum row_kind *last, struct row *ret);
