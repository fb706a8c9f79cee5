/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the personalise files only: one run over one template (SGP.02 3.1.3). */
#pragma once

#include "smdp/profile/personalise.h"

struct job {
    const struct subscription *s;
    const struct profile_options *options;
    struct errmsg *why;
    struct saip_map map;
    struct saip_editor edit;
    struct profile_report report;
    uint8_t mnc_len;
};

/* Steps of a run over the security domain and the header; each may be without effect. */
MUST_CHECK int profile_set_ota(struct job *j);
MUST_CHECK int profile_set_pol1(struct job *j);
MUST_CHECK int profile_set_connectivity(struct job *j);
MUST_CHECK int profile_set_type(struct job *j);
/* Reads the package and compares it with the subscription; ERR_INTERNAL when they differ. */
MUST_CHECK int profile_read_back(struct job *j, struct span package);
