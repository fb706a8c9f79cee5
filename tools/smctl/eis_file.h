/* SPDX-License-Identifier: Apache-2.0 */
/* The .eis file of an EUM (design 3.6): 4-byte big-endian length, SignedEis, repeated. */
#pragma once

#include "common/msg/eis.h"
#include "common/wire/wire.h"

/* The next entry off the front of *rest. ERR_NOT_FOUND at the clean end; ERR_TRUNCATED: the file
 * ends inside an entry; ERR_FORMAT: an entry of no octets; ERR_TOO_LARGE: more than WIRE_DATA_MAX,
 * which is what happens when the file is not an .eis file at all. *rest is unchanged on an error.
 */
MUST_CHECK int eis_file_next(struct span *rest, struct span *ret_entry);
/* How many whole entries there are and whether the walk ends clean; error and offset of the fault.
 */
MUST_CHECK int eis_file_count(struct span octets, size_t *ret_n, size_t *ret_offset);
/* The EID of an entry, to name it; false when it cannot be read. */
bool eis_file_eid(struct span entry, struct arena *a, struct eid *ret);
