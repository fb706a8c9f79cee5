/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of XML elements into values: the octets a stranger wrote, so each has its form and its
 * bound. */
#pragma once

#include "common/base/mem.h"

struct span value_trim(struct span s); /* white space of XML at both ends */
/* All ERR_FORMAT unless said otherwise. */
MUST_CHECK int value_flag(struct span s, bool *ret);                     /* xs:boolean */
MUST_CHECK int value_number(struct span s, uint64_t max, uint64_t *ret); /* digits */
MUST_CHECK int value_hex(struct span s, struct arena *a, size_t max,
                         struct span *ret); /* also ERR_TOO_LARGE */
MUST_CHECK int value_base64(struct span s, struct arena *a, size_t max, struct span *ret);
MUST_CHECK int value_time(struct span s, int64_t *ret_ms); /* xs:dateTime, or xs:date */
