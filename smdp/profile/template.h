/* SPDX-License-Identifier: Apache-2.0 */
/* A profile template of our own: the least a Milenage USIM needs, in the shape of field packages
 * (SAIP 2.1), for benches, the demo and tests. Its secrets are zeros, which lint refuses: it is
 * worthless until it is personalised. */
#pragma once

#include "common/base/mem.h"

#define PROFILE_TEMPLATE_MAX  262144
#define PROFILE_TEMPLATE_TYPE "Remora basic"

/* Appends the template, padded by files under the MF to at most size octets and at least size - 64
 * (0 or less than the bare template: no padding). ERR_TOO_LARGE beyond PROFILE_TEMPLATE_MAX,
 * ERR_NOMEM. */
MUST_CHECK int profile_template_build(size_t size, struct buf *out);
