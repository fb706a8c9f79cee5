/* SPDX-License-Identifier: Apache-2.0 */
/* GetEIS: what each role may see of an EIS (SGP.02 Annex E; facts: sgp02 section 3.4). */
#pragma once

#include "smsr/domain/authz.h"

/* signed_part and info: decoded euicc.registered body; both may be NULL for a realm view without
 * them. Spans of ret borrow from e, env and those two. */
void eis_view(const struct env *env, const struct caller *c, const struct euicc *e,
              const struct signed_eis *signed_part, const struct eum_signed_info *info,
              struct arena *a, struct eis *ret);
