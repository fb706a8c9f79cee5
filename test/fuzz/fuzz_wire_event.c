/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_msg remora_base */
/* Bodies of records (design 3.2): the first octet chooses the type. */
#include <stdlib.h>

#include "common/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum event_type type = (enum event_type)(1 + data[0] % (EV_TYPE_COUNT - 1));
    struct arena a;
    struct event ev, back;
    struct errmsg why;
    struct buf first, second, json;
    arena_init(&a, (size_t)16 << 20);
    buf_init(&first, 0);
    buf_init(&second, 0);
    buf_init(&json, 0);
    if (wire_event_decode(type, span_of(data + 1, size - 1), &a, &ev, &why) == ERR_OK) {
        if (wire_event_encode(&ev, &first) ||
            wire_event_decode(type, buf_span(&first), &a, &back, &why) ||
            wire_event_encode(&back, &second) || !span_eq(buf_span(&first), buf_span(&second)) ||
            wire_event_json(&ev, &json))
            abort();
        (void)!event_check(&ev, &why);
    }
    buf_fini(&first);
    buf_fini(&second);
    buf_fini(&json);
    arena_fini(&a);
    return 0;
}
