/* SPDX-License-Identifier: Apache-2.0 */
/* One datagram as the CoAP node reads it: libcoap's parser without block mode, then our option
 * texts. */
#include "common/net/coap.h"

#include <stdlib.h>

static void check_text(const char *text, size_t cap)
{
    size_t n = strnlen(text, cap);
    if (n == cap)
        abort();
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7F)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {"to", "from", "o", ""};
    uint8_t place[COAP_UNIT_MAX];
    uint8_t code;
    struct coap_msg m;
    char value[16];
    int err = coap_decode(span_of(data, size), place, &m, &code);
    if (err)
        return 0;
    if (code || m.payload.n > COAP_UNIT_MAX || (m.method != COAP_POST && m.method != COAP_DELETE))
        abort();
    check_text(m.path, sizeof(m.path));
    check_text(m.query, sizeof(m.query));
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (coap_query_get(m.query, keys[i], value, sizeof(value)))
            check_text(value, sizeof(value));
    }
    return 0;
}
