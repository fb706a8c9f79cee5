/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_msg remora_base */
/* EIS files of an EUM (design 3.6): SignedEis, and the EumSignedInfo inside it. */
#include <stdlib.h>

#include "common/msg/eis.h"
#include "common/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a;
    struct signed_eis eis, back;
    struct eum_signed_info info, same;
    struct errmsg why;
    struct buf first, second;
    arena_init(&a, (size_t)16 << 20);
    buf_init(&first, 0);
    buf_init(&second, 0);
    if (wire_signed_eis_decode(span_of(data, size), &a, &eis, &why) == ERR_OK) {
        if (wire_signed_eis_encode(&eis, &first) ||
            wire_signed_eis_decode(buf_span(&first), &a, &back, &why) ||
            wire_signed_eis_encode(&back, &second) || !span_eq(buf_span(&first), buf_span(&second)))
            abort();
        buf_reset(&first);
        buf_reset(&second);
        if (wire_eum_info_decode(eis.eum_signed_info, &a, &info, &why) == ERR_OK &&
            (wire_eum_info_encode(&info, &first) ||
             wire_eum_info_decode(buf_span(&first), &a, &same, &why) ||
             wire_eum_info_encode(&same, &second) || !span_eq(buf_span(&first), buf_span(&second))))
            abort();
    }
    buf_fini(&first);
    buf_fini(&second);
    arena_fini(&a);
    return 0;
}
