/* SPDX-License-Identifier: Apache-2.0 */
/* The state code of a daemon without its ports, as `log verify` opens it: records are applied, nothing
 * is decided. */
#pragma once

#include "common/engine/engine.h"

#define DAEMON_DUMPS_MAX 24u

struct daemon {
    const char *name; /* "smsr", "smdp" */
    struct engine_app app;
    void *core;
    void (*free)(void *core);
    struct engine_dump dumps[DAEMON_DUMPS_MAX]; /* its tables and the engine's */
    unsigned n_dumps;
    int (*verify_state)(const char *vfs, const char *journal, const char *state, struct errmsg *why);
};

MUST_CHECK int daemon_smsr(struct crypto *crypto, struct daemon *ret);
MUST_CHECK int daemon_smdp(struct crypto *crypto, struct daemon *ret);
void daemon_dump(struct daemon *d, const char *table, const char *sql); /* one more */
/* Everything it holds in memory, as a start finds it: call it after the engine was closed. */
void daemon_fini(struct daemon *d);
