/* SPDX-License-Identifier: Apache-2.0 */
/* A file of an EUM, one EIS or many, into rows. */
#pragma once

#include "tools/eisimport/rows.h"

struct importer {
    struct span transport_key; /* its name; empty: none was given */
    struct span eum; /* certificate for signatures that bring none; empty: none was given */
    /* Takes a row; other than 0 ends the import. */
    int (*row)(void *ctx, const struct row *r);
    void *ctx;
    /* so far */
    uint32_t rows, refused;
};
/* Once a process, before the sandbox: everything is loaded. */
MUST_CHECK int importer_begin(struct errmsg *why);
void importer_end(void);
/* The last row is X or Z. What the callback answered, else ERR_OK. */
MUST_CHECK int importer_run(struct importer *m, struct span file);
