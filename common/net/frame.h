/* SPDX-License-Identifier: Apache-2.0 */
/* Frames of design 3.3: 4-byte big-endian length, then that many octets, at least one. */
#pragma once

#include "common/base/mem.h"

#define FRAME_HEAD 4u

/* Takes the next frame off the front of *in. ERR_AGAIN: more octets are needed, *in is unchanged;
 * ERR_FORMAT: length 0; ERR_TOO_LARGE: length above max (known from the first 4 octets alone). */
MUST_CHECK int frame_next(struct span *in, size_t max, struct span *ret_frame);
/* Room for the length at the end of out; its position is what frame_end wants. */
size_t frame_begin(struct buf *out);
/* Closes the frame that began at mark: ERR_NOMEM when out has failed, ERR_TOO_LARGE above max. On
 * an error out is cut back to mark and usable again. */
MUST_CHECK int frame_end(struct buf *out, size_t mark, size_t max);
void frame_cancel(struct buf *out, size_t mark);
