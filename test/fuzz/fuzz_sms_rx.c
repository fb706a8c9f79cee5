/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of user data units into the reassembly: (source, advance of time, length, octets)*. What
 * comes out is a packet within its bounds, and the table stays within its own. */
/* Links: remora_bearer */
#include <stdlib.h>

#include "common/bearer/sms_rx.h"

#define MAX_OPEN 6
#define PER_SOURCE 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const SOURCES[] = {"", "491701", "491702", "123456789012345"};
    static struct sms_packet packet;
    struct sms_rx *rx = sms_rx_new(MAX_OPEN, PER_SOURCE, 1000);
    struct reader r = rd_init(span_of(data, size));
    int64_t now = 0;

    if (!rx)
        abort();
    while (rd_left(&r) > 0) {
        uint8_t who = rd_u8(&r), n = rd_u8(&r);
        struct span ud = rd_span(&r, n < rd_left(&r) ? n : rd_left(&r));
        int rc;
        now += who >> 2;
        rc = sms_rx_part(rx, SOURCES[who & 3], ud, now, &packet);
        if (rc == ERR_OK && (packet.n == 0 || packet.n > sizeof(packet.b) ||
                             (packet.kind != SMS_COMMAND && packet.kind != SMS_RESPONSE)))
            abort();
        if (rc != ERR_OK && rc != ERR_AGAIN && rc != ERR_FORMAT)
            abort();
        if (sms_rx_open_count(rx) > MAX_OPEN)
            abort();
    }
    sms_rx_free(rx);
    return 0;
}
