/* SPDX-License-Identifier: Apache-2.0 */
/* Session triggers: a trigger that reads is written in our form and reads the same again. */
#include "common/codec/push.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct push_trigger t, again;
    uint8_t room[1024];
    struct writer w = wr_init(room, sizeof room);
    if (push_trigger_parse(span_of(data, size), &t) != ERR_OK) {
        return 0;
    }
    push_trigger_put(&w, &t);
    if (push_trigger_parse(wr_view(&w), &again) != ERR_OK || strcmp(t.host, again.host) != 0 ||
        strcmp(t.uri, again.uri) != 0 || t.port != again.port ||
        t.retry_delay_s != again.retry_delay_s || t.psk_identity.n != again.psk_identity.n ||
        (t.port != 0 && strcmp(t.apn, again.apn) != 0)) {
        abort();
    }
    return 0;
}
