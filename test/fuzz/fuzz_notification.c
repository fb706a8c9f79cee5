/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of a card (SGP.02 4.1.1.10): what is read lies inside, and is complete. */
#include "smsr/domain/notification.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct notification n;

    if (notification_parse(span_of(data, size), &n) != ERR_OK)
        return 0;
    if (eid_is_zero(&n.eid) || !eid_check(&n.eid) || !n.kind || n.aid.n < 5 || n.imei.n > 16)
        abort();
    if (n.imei.n && (n.imei.p < data || n.imei.p + n.imei.n > data + size))
        abort();
    return 0;
}
