/* SPDX-License-Identifier: Apache-2.0 */
/* The program that reads XML, started for one file: smctl itself parses none. */
#pragma once

#include "common/base/mem.h"

/* XML, or a zip of it, by its first octets; an .eis file begins with the length of an entry. */
bool importer_is_for(struct span octets);
/* Rows of the file (tools/eisimport/rows.h) at the end of out. transport_key, eum_certificate may
 * be NULL. ERR_CONFIG says why there are none. */
MUST_CHECK int importer_start(const char *path, const char *transport_key,
                              const char *eum_certificate, struct buf *out, struct errmsg *why);
