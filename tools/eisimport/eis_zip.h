/* SPDX-License-Identifier: Apache-2.0 */
/* The documents of a zip, as libzip unpacks them, each and all bounded whatever the archive claims.
 */
#pragma once

#include "common/base/mem.h"

#define ZIP_ENTRIES_MAX 4096u
#define ZIP_TOTAL_MAX   ((size_t)256 << 20) /* octets unpacked */

bool zip_is(struct span octets);
/* Calls on for each file; octets: of the document, absent when it cannot be unpacked, why then says
 * it. What on answers other than 0 ends the walk. ERR_FORMAT: no zip. */
MUST_CHECK int zip_each(struct span octets,
                        int (*on)(void *ctx, const char *name, struct span octets,
                                  const struct errmsg *why),
                        void *ctx, struct errmsg *why);
