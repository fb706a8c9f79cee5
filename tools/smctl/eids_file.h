/* SPDX-License-Identifier: Apache-2.0 */
/* The file of --eids: "EID" or "EID ICCID" a line; blanks, a comma or a semicolon between them;
 * empty lines and what follows # do not count. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"

#define EIDS_MAX 1000000u

struct eids_row {
    struct eid eid;
    struct iccid iccid; /* empty unless with_iccid */
};
struct eids {
    struct eids_row *rows;
    size_t n;
};
/* All or nothing: ERR_FORMAT, ERR_EXISTS (an EID twice), ERR_FULL name the line; ERR_FORMAT also
 * for a file without any card. */
MUST_CHECK int eids_parse(struct span text, bool with_iccid, struct eids *ret, struct errmsg *why);
MUST_CHECK int eids_read(const char *path, bool with_iccid, struct eids *ret, struct errmsg *why);
void eids_fini(struct eids *e);
