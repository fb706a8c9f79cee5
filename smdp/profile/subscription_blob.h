/* SPDX-License-Identifier: Apache-2.0 */
/* The form in which a subscription is sealed. Holds Ki and OPc: the caller wipes it. */
#pragma once

#include "smdp/profile/subscription.h"

#define SUBSCRIPTION_BLOB_MAX 512u

MUST_CHECK int subscription_pack(const struct subscription *sub, struct writer *w);
/* ERR_SCHEMA: a version this program does not know; ERR_CORRUPT; ret is wiped then. */
MUST_CHECK int subscription_unpack(struct span blob, struct subscription *ret);
