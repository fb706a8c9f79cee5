/* SPDX-License-Identifier: Apache-2.0 */
/* Ids and places of the SM-DP's secrets. */
#include "smdp/domain/secret.h"

#include <stdio.h>

static const char *const PURPOSE[] = {"subscription", "ephemeral", "isdp-keys"};

void dp_secret_id(enum dp_secret kind, const struct iccid *iccid, char dst[DP_SECRET_ID])
{
    (void)snprintf(dst, DP_SECRET_ID, "%s/%s", PURPOSE[kind], iccid->s);
}

void dp_secret_place(enum dp_secret kind, uint32_t tenant, const struct iccid *iccid,
                     struct secret_place *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->tenant = tenant;
    (void)snprintf(ret->purpose, sizeof ret->purpose, "%s", PURPOSE[kind]);
    iccid_swapped(iccid, ret->id);
}
