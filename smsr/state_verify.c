/* SPDX-License-Identifier: Apache-2.0 */
/* A core without ports: records are applied, nothing is decided. */
#include "smsr/state_verify.h"

#include "smsr/core_int.h"

#include <stdio.h>

#define DUMPS_MAX 16

static int verify(struct smsr_core *c, const struct engine_config *cfg, struct errmsg *why)
{
    struct engine_app app = core_app(c);
    struct engine_dump dumps[DUMPS_MAX];
    struct rng rng;

    if (STORE_DUMP_COUNT > DUMPS_MAX)
        return ERR_INTERNAL;
    for (unsigned i = 0; i < STORE_DUMP_COUNT; i++)
        dumps[i] = (struct engine_dump){STORE_DUMPS[i].table, STORE_DUMPS[i].sql};
    rng_init_system(&rng);
    return engine_verify_state(cfg, &app, c->o.crypto, &CLOCK_SYSTEM, &rng, dumps,
                               STORE_DUMP_COUNT, why);
}

int smsr_state_verify_files(const char *vfs, const char *journal, const char *state,
                            struct errmsg *why)
{
    struct engine_config cfg = {.journal_path = journal, .state_path = state, .vfs = vfs};
    struct smsr_core c = {.o = {.version = ""}};
    int err;

    arena_init(&c.scratch, 0);
    c.o.crypto = crypto_new(NULL);
    c.store = store_new();
    err = c.o.crypto && c.store ? verify(&c, &cfg, why) : errmsg_set(why, ERR_NOMEM, "no memory");
    store_free(c.store);
    crypto_free(c.o.crypto);
    arena_fini(&c.scratch);
    return err;
}

int smsr_state_verify(const char *dir, struct errmsg *why)
{
    char journal[512], state[512];
    int nj = snprintf(journal, sizeof journal, "%s/journal.db", dir);
    int ns = snprintf(state, sizeof state, "%s/state.db", dir);

    if (nj < 0 || ns < 0 || (size_t)nj >= sizeof journal || (size_t)ns >= sizeof state)
        return errmsg_set(why, ERR_INVAL, "the name of the directory is too long");
    return smsr_state_verify_files(NULL, journal, state, why);
}
