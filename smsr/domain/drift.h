/* SPDX-License-Identifier: Apache-2.0 */
/* The EIS against what the card said last of itself, and what to type about each difference. Pure.
 */
#pragma once

#include "common/msg/admin.h"
#include "smsr/domain/euicc.h"

#define DRIFT_ROWS_MAX (2 * EUICC_PROFILES_MAX + EVENT_PROFILES_MAX + 2)
_Static_assert(DRIFT_ROWS_MAX <= ADMIN_DRIFT_MAX, "the answer has room for every row");

/* audited: the last euicc.audited, NULL: the card never was. Texts live in a. */
unsigned drift(const struct euicc *e, const struct event *audited, struct arena *a,
               struct admin_drift_row ret[DRIFT_ROWS_MAX]);
