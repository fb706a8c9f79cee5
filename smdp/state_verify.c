/* SPDX-License-Identifier: Apache-2.0 */
/* A core without ports: records are applied, nothing is decided. */
#include "smdp/state_verify.h"

#include "smdp/core_int.h"

#include <stdio.h>

#define DUMPS_MAX 8

static int verify(struct smdp_core *c, const struct engine_config *cfg, struct errmsg *why)
{
    const struct engine_app app = dp_core_app(c);
    struct engine_dump dumps[DUMPS_MAX];
    struct rng rng;

    if (DP_STORE_DUMP_COUNT > DUMPS_MAX)
        return ERR_INTERNAL;
    for (unsigned i = 0; i < DP_STORE_DUMP_COUNT; i++)
        dumps[i] = (struct engine_dump){DP_STORE_DUMPS[i].table, DP_STORE_DUMPS[i].sql};
    rng_init_system(&rng);
    return engine_verify_state(cfg, &app, c->cfg.crypto, &CLOCK_SYSTEM, &rng, dumps,
                               DP_STORE_DUMP_COUNT, why);
}

int smdp_state_verify_files(const char *vfs, const char *journal, const char *state,
                            struct errmsg *why)
{
    const struct engine_config cfg = {.journal_path = journal, .state_path = state, .vfs = vfs};
    struct dp_env env = {.n_smsrs = 0};
    struct smdp_core c = {.cfg = {.version = "", .env = &env}};
    int err;

    c.cfg.crypto = crypto_new(NULL);
    c.store = dp_store_new();
    list_init(&c.waiting);
    c.benches = map_new(0);
    err = c.cfg.crypto && c.store && c.benches ? dp_core_links_init(&c) : ERR_NOMEM;
    err = err ? errmsg_set(why, err, "no memory") : verify(&c, &cfg, why);
    dp_core_links_fini(&c);
    dp_core_jobs_fini(&c);
    dp_store_free(c.store);
    crypto_free(c.cfg.crypto);
    return err;
}

int smdp_state_verify(const char *dir, struct errmsg *why)
{
    char journal[512], state[512];
    int nj = snprintf(journal, sizeof journal, "%s/journal.db", dir);
    int ns = snprintf(state, sizeof state, "%s/state.db", dir);

    if (nj < 0 || ns < 0 || (size_t)nj >= sizeof journal || (size_t)ns >= sizeof state)
        return errmsg_set(why, ERR_INVAL, "the name of the directory is too long");
    return smdp_state_verify_files(NULL, journal, state, why);
}
