/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/core_int.h"
#include "smsr/state_verify.h"
#include "test/power/daemon.h"

#include <stdlib.h>

static void release_core(void *core)
{
    struct smsr_core *c = core;

    store_free(c->store);
    arena_fini(&c->scratch);
    free(c);
}

int daemon_smsr(struct crypto *crypto, struct daemon *ret)
{
    struct smsr_core *c = calloc(1, sizeof *c);

    if (!c)
        return ERR_NOMEM;
    c->o.crypto = crypto;
    c->o.version = "power";
    arena_init(&c->scratch, 0);
    c->store = store_new();
    *ret = (struct daemon){"smsr", core_app(c), c, release_core, .n_dumps = 0,
                           .verify_state = smsr_state_verify_files};
    for (unsigned i = 0; i < STORE_DUMP_COUNT; i++)
        daemon_dump(ret, STORE_DUMPS[i].table, STORE_DUMPS[i].sql);
    return c->store ? ERR_OK : ERR_NOMEM;
}
