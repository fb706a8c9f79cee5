/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "common/wire/wire_table.h"
#include "test/support/wire_pen.h"

void pen_varint(struct buf *b, uint64_t v)
{
    do {
        uint8_t octet = (uint8_t)((v & 0x7F) | (v > 0x7F ? 0x80 : 0));
        buf_add(b, &octet, 1);
        v >>= 7;
    } while (v);
}

void pen_number(struct buf *b, uint32_t tag, uint64_t v)
{
    pen_varint(b, (uint64_t)tag << 3);
    pen_varint(b, v);
}

void pen_octets(struct buf *b, uint32_t tag, const void *p, size_t n)
{
    pen_varint(b, (uint64_t)tag << 3 | 2);
    pen_varint(b, n);
    buf_add(b, p, n);
}

void pen_message(struct buf *b, uint32_t tag, const struct buf *inner)
{
    pen_octets(b, tag, inner->p, inner->n);
}

int pen_setup(void **state)
{
    struct pen *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    arena_init(&w->a, 0);
    buf_init(&w->body, 0);
    buf_init(&w->frame, 0);
    *state = w;
    return 0;
}

int pen_teardown(void **state)
{
    struct pen *w = *state;
    buf_fini(&w->body);
    buf_fini(&w->frame);
    arena_fini(&w->a);
    free(w);
    return 0;
}

int pen_decode(struct pen *w, enum msg_type type)
{
    buf_reset(&w->frame);
    pen_number(&w->frame, 1, ENV_REQUEST);
    pen_number(&w->frame, 2, 7);
    pen_message(&w->frame, wire_arm_of(type)->tag, &w->body);
    buf_reset(&w->body);
    w->why.text[0] = '\0';
    return wire_envelope_decode(buf_span(&w->frame), &w->a, &w->e, &w->why);
}

void pen_refused(struct pen *w, enum msg_type type, int err, const char *field)
{
    assert_int_equal(pen_decode(w, type), err);
    assert_non_null(strstr(w->why.text, field));
    assert_int_equal(w->e.message_id, 7);
    assert_int_equal(w->e.message.type, MSG_NONE);
}
