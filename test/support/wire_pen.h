/* SPDX-License-Identifier: Apache-2.0 */
/* A small writer of protobuf, independent of the code under test, and what the decoder makes of what it
 * wrote. A test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/wire/wire.h"

void pen_varint(struct buf *b, uint64_t v);
void pen_number(struct buf *b, uint32_t tag, uint64_t v);
void pen_octets(struct buf *b, uint32_t tag, const void *p, size_t n);
void pen_message(struct buf *b, uint32_t tag, const struct buf *inner);

struct pen {
    struct arena a;
    struct buf body, frame;
    struct envelope e;
    struct errmsg why;
};
int pen_setup(void **state); /* for cmocka: *state is one */
int pen_teardown(void **state);
/* Puts body into the arm of a type behind message_id 7 and decodes the frame. */
int pen_decode(struct pen *w, enum msg_type type);
/* The frame is refused, the field is named, and the header can still be answered. */
void pen_refused(struct pen *w, enum msg_type type, int err, const char *field);
