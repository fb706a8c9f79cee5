/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of frames, each a message: the first octet is the size of the pieces in which it comes.
 * What the pieces give is what the whole gives; what is read goes out as a frame again and reads the
 * same (design 3.3). */
#include "common/net/frame.h"

#include "common/wire/wire.h"
#include "test/fuzz/input.h"

/* Without the unknown fields of the input the second reading has the smaller budget. */
static void again(const struct envelope *e, struct arena *a)
{
    struct buf out;
    struct span in, frame;
    struct envelope back;
    struct errmsg why;
    size_t mark;

    buf_init(&out, 0);
    mark = frame_begin(&out);
    must(wire_envelope_encode(e, &out) == ERR_OK);
    if (out.n > FRAME_HEAD && frame_end(&out, mark, WIRE_FRAME_MAX) == ERR_OK) {
        in = buf_span(&out);
        must(frame_next(&in, WIRE_FRAME_MAX, &frame) == ERR_OK && in.n == 0);
        int rc = wire_envelope_decode(frame, a, &back, &why);
        must(rc == ERR_TOO_LARGE || (rc == ERR_OK && back.message.type == e->message.type &&
                                     back.message_id == e->message_id));
    }
    buf_fini(&out);
}

static void message(struct span frame)
{
    struct arena a;
    struct envelope e;
    struct errmsg why;

    arena_init(&a, (size_t)16 << 20);
    int rc = wire_envelope_decode(frame, &a, &e, &why);
    must(rc == ERR_OK || e.message.type == MSG_NONE);
    if (rc == ERR_OK)
        again(&e, &a);
    arena_fini(&a);
}

/* The frames of whole[..seen]: what is there before all octets are must stay as it is. */
static void pieces(struct span whole, size_t step, unsigned n_whole, int end)
{
    size_t at = 0, seen = 0;
    unsigned n = 0;
    int rc = ERR_AGAIN;

    while (seen < whole.n && rc == ERR_AGAIN) {
        seen = whole.n - seen < step ? whole.n : seen + step;
        struct span in = span_of(whole.p + at, seen - at), frame;
        while ((rc = frame_next(&in, WIRE_FRAME_MAX, &frame)) == ERR_OK)
            n++;
        at = seen - in.n;
    }
    must(n == n_whole && rc == end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct span whole = span_of(data + 1, size - 1), in = whole, frame;
    unsigned n = 0;
    int rc;
    while ((rc = frame_next(&in, WIRE_FRAME_MAX, &frame)) == ERR_OK) {
        must(frame.n > 0 && frame.p >= whole.p && frame.p + frame.n <= whole.p + whole.n);
        message(frame);
        n++;
    }
    pieces(whole, 1u + data[0], n, rc);
    return 0;
}
