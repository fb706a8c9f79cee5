/* SPDX-License-Identifier: Apache-2.0 */
#include "smdp/core_int.h"
#include "smdp/state_verify.h"
#include "test/power/daemon.h"

#include <stdlib.h>

struct held {
    struct smdp_core core;
    struct dp_env env;
};

static void release_core(void *core)
{
    struct held *h = core;

    dp_core_links_fini(&h->core);
    dp_core_jobs_fini(&h->core);
    dp_store_free(h->core.store);
    free(h);
}

int daemon_smdp(struct crypto *crypto, struct daemon *ret)
{
    struct held *h = calloc(1, sizeof *h);

    if (!h)
        return ERR_NOMEM;
    h->core.cfg.crypto = crypto;
    h->core.cfg.version = "power";
    h->core.cfg.env = &h->env;
    list_init(&h->core.waiting);
    h->core.store = dp_store_new();
    h->core.benches = map_new(0);
    *ret = (struct daemon){"smdp", dp_core_app(&h->core), h, release_core, .n_dumps = 0,
                           .verify_state = smdp_state_verify_files};
    for (unsigned i = 0; i < DP_STORE_DUMP_COUNT; i++)
        daemon_dump(ret, DP_STORE_DUMPS[i].table, DP_STORE_DUMPS[i].sql);
    if (!h->core.store || !h->core.benches)
        return ERR_NOMEM;
    return dp_core_links_init(&h->core);
}
