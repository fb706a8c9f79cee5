/* SPDX-License-Identifier: Apache-2.0 */
/* Length-prefixed frames over a byte stream (design 3.3). */
#include "common/net/frame.h"

int frame_next(struct span *in, size_t max, struct span *ret_frame)
{
    struct reader r = rd_init(*in);
    if (rd_left(&r) < FRAME_HEAD)
        return ERR_AGAIN;
    size_t n = rd_u32(&r);
    if (n == 0)
        return ERR_FORMAT;
    if (n > max)
        return ERR_TOO_LARGE;
    if (rd_left(&r) < n)
        return ERR_AGAIN;
    *ret_frame = rd_span(&r, n);
    *in = rd_rest(&r);
    return ERR_OK;
}

size_t frame_begin(struct buf *out)
{
    size_t mark = out->n;
    buf_add(out, "\0\0\0\0", FRAME_HEAD);
    return mark;
}

void frame_cancel(struct buf *out, size_t mark)
{
    if (out->n > mark)
        out->n = mark;
    out->failed = false;
}

int frame_end(struct buf *out, size_t mark, size_t max)
{
    if (out->failed || out->n < mark + FRAME_HEAD) {
        frame_cancel(out, mark);
        return ERR_NOMEM;
    }
    size_t n = out->n - mark - FRAME_HEAD;
    if (n == 0 || n > max) {
        frame_cancel(out, mark);
        return n ? ERR_TOO_LARGE : ERR_FORMAT;
    }
    struct writer w = wr_init(out->p + mark, FRAME_HEAD);
    wr_u32(&w, (uint32_t)n);
    return ERR_OK;
}
