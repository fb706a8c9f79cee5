/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of euicc_apply: what its files share. */
#pragma once

#include "smsr/domain/euicc.h"

/* euicc.registered: ERR_CORRUPT without its decoded EIS, ERR_FULL, ERR_NOMEM. */
MUST_CHECK int euicc_create(struct euicc **ret, const struct euicc_record *r);
/* Zero-padded text of at most cap - 1 octets, cut at a character's border. */
void euicc_copy_text(char *dst, size_t cap, struct span s);
MUST_CHECK int euicc_add_profile(struct euicc *e, const struct euicc_profile *p);
void euicc_drop_profile(struct euicc *e, const struct euicc_profile *p);
