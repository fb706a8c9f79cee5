/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded octets as a list of rows: what explain prints. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

#define ROWS_MAX 400u

struct row {
    unsigned depth;
    char name[40];   /* "CPL", "4F", "R-APDU 1" */
    char value[100]; /* hexadecimal, cut with ... */
    char meaning[200];
    const char *clause; /* "SGP.02 4.1.1.2"; NULL = that of the row above it */
};
struct rows {
    struct row v[ROWS_MAX];
    unsigned n;
    bool full; /* there was more than fits */
};
/* The next row, its value from the octets; never NULL: the last one when full. */
struct row *rows_add(struct rows *r, unsigned depth, const char *name, struct span value,
                     const char *clause);
void row_say(struct row *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
