/* SPDX-License-Identifier: Apache-2.0 */
/* A frame is handed over when all of it is there, and never more than the length says. */
#include "test/prove/libc.h"

#include "test/prove/bytes.h"

#include "common/net/frame.h"

/*@ requires \valid(in) && \valid(ret_frame) && \separated(in, ret_frame) && octets(in->p, in->n);
    requires \separated(in, in->p + (0 .. in->n - 1)) && \separated(ret_frame, in->p + (0 .. in->n - 1));
    assigns *in, *ret_frame, \result \from *in, max, in->p[0 .. in->n - 1];
    ensures whole: \result == ERR_OK ==> 0 < ret_frame->n <= max && ret_frame->p == \old(in->p) + FRAME_HEAD &&
              in->p == \old(in->p) + FRAME_HEAD + ret_frame->n && in->n == \old(in->n) - FRAME_HEAD - ret_frame->n &&
              ret_frame->n == be(\old(in->p), FRAME_HEAD);
    ensures else: \result != ERR_OK ==> in->p == \old(in->p) && in->n == \old(in->n);
    ensures more: \old(in->n) < FRAME_HEAD ==> \result == ERR_AGAIN;
*/
int frame_next(struct span *in, size_t max, struct span *ret_frame);

#include "common/net/frame.c"
