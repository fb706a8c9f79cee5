/* SPDX-License-Identifier: Apache-2.0 */
/* Subscription files of operators: any text; what passes is within its rules. */
#include <stdlib.h>

#include "smdp/profile/subscription_csv.h"

static int each(void *arg, unsigned row, const struct subscription *s)
{
    unsigned *last = arg;
    if (row <= *last || !s->iccid.s[0] || !s->imsi.s[0] || s->ota_kvn > 0x0F || s->pol1 > 7)
        abort();
    if (s->ota_kvn && (!s->ota_kic.n || !s->ota_kid.n))
        abort();
    *last = row;
    return ERR_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct errmsg why;
    unsigned rows = 0, last = 0;
    int rc = subscription_csv_each(span_of(data, size), each, &last, &rows, &why);
    if (rc == ERR_OK && rows > last)
        abort();
    return 0;
}
