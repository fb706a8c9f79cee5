/* SPDX-License-Identifier: Apache-2.0 */
/* What targets share: the end of a run that must not be, and inputs that are a row of frames. */
#pragma once

#include <stdlib.h>

#include "common/base/bytes.h"

/* Holds in release builds too. */
static inline void must(bool ok)
{
    if (!ok)
        abort();
}

/* { how, length of one or two octets, octets }; the last one is as long as what is left. */
static inline bool next_frame(struct reader *r, unsigned length_octets, uint8_t *ret_how,
                              struct span *ret)
{
    size_t n;

    if (rd_left(r) < 1 + length_octets)
        return false;
    *ret_how = rd_u8(r);
    n = length_octets == 1 ? rd_u8(r) : rd_u16(r);
    *ret = rd_span(r, n < rd_left(r) ? n : rd_left(r));
    return true;
}
