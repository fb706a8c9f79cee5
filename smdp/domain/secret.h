/* SPDX-License-Identifier: Apache-2.0 */
/* Where sealed secrets of the SM-DP stand (design 3.2): the id of the row and the place it is bound
 * to. One subscription and one key set per ICCID, one ephemeral key per ICCID at a time. */
#pragma once

#include "common/base/ids.h"
#include "common/crypto/keystore.h"

enum dp_secret { DP_SECRET_SUBSCRIPTION, DP_SECRET_EPHEMERAL, DP_SECRET_ISDP_KEYS };
#define DP_SECRET_ID 48

/* "subscription/8949..", "ephemeral/8949..", "isdp-keys/8949..": as written in the log. */
void dp_secret_id(enum dp_secret kind, const struct iccid *iccid, char dst[DP_SECRET_ID]);
void dp_secret_place(enum dp_secret kind, uint32_t tenant, const struct iccid *iccid,
                     struct secret_place *ret);
