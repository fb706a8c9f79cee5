/* SPDX-License-Identifier: Apache-2.0 */
/* A rebuild in memory that keeps up with a journal: what a daemon's state.db must hold, record by record,
 * without beginning anew after each cut. */
#pragma once

#include "test/power/daemon.h"

struct mirror {
    struct daemon d;
    struct engine *e;
    struct stmt_set *sql;
};

/* Takes over what the journal of this engine has beyond the mirror's last record. */
MUST_CHECK int mirror_follow(struct mirror *m, const struct engine_config *cfg,
                             int (*make)(struct crypto *crypto, struct daemon *ret),
                             struct crypto *crypto, const struct clock *clock, struct rng *rng,
                             struct engine *of, struct errmsg *why);
/* ERR_CORRUPT: state.db of that engine, written behind to its end, is not the same; why names the table. */
MUST_CHECK int mirror_compare(struct mirror *m, struct engine *of, struct errmsg *why);
void mirror_fini(struct mirror *m);
