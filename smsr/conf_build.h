/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration in the making: inside of conf only. */
#pragma once

#include "common/conf/value.h"
#include "smsr/conf.h"
#include "smsr/conf_raw.h"

struct build {
    struct conf_at at;
    struct conf *c;
    const struct raw_conf *raw;
};

/* conf_parties.c: tenants, parties, PLMA */
MUST_CHECK int conf_build_parties(struct build *b);
