/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_msg remora_base */
/* Frames of peers (design 3.3). What is accepted is encoded again and must read the same. */
#include <stdlib.h>

#include "common/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct envelope e, back;
    struct errmsg why;
    struct buf first, second, json;
    arena_init(&a, (size_t)16 << 20);
    buf_init(&first, 0);
    buf_init(&second, 0);
    buf_init(&json, 0);
    int rc = wire_envelope_decode(span_of(data, size), &a, &e, &why);
    if (rc && e.message.type != MSG_NONE)
        abort();
    if (rc == ERR_OK) {
        if (wire_envelope_encode(&e, &first))
            abort(); /* encode refuses what decode let in */
        int again = wire_envelope_decode(buf_span(&first), &a, &back, &why);
        /* Without the unknown fields of the input its budget is smaller. */
        if (again && again != ERR_TOO_LARGE)
            abort();
        if (again == ERR_OK &&
            (wire_envelope_encode(&back, &second) || !span_eq(buf_span(&first), buf_span(&second))))
            abort();
    }
    if (rc == ERR_OK && e.message.type != MSG_NONE && wire_message_json(&e.message, &json))
        abort();
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&json);
    arena_fini(&a);
    return 0;
}
