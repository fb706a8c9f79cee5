/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the SM-DP (design 3.5): YAML or JSON, every key known, every relation
 * checked before anything runs. Relative file names are relative to the file's directory. */
#pragma once

#include "common/base/mem.h"
#include "smdp/domain/env.h"

#define DP_CONF_HOUSE     "" /* tenant of parties that own no stock: admin, auditor */
#define DP_CONF_CERTS_MAX 4u /* one per curve */

struct dp_conf_pair {
    const char *cert, *key; /* CERT.DP (7F21) and its private key (PEM) */
};
struct dp_conf_limits {
    unsigned connections;      /* rpc connections at once */
    unsigned orders_in_memory; /* overlay of the engine */
    unsigned write_behind;     /* changed orders after which state.db is written */
    unsigned min_free_mb;      /* below it no new work is admitted */
    unsigned reserve_mb;       /* kept free for verdicts when the disk is full */
};
struct dp_conf {
    struct arena arena;
    const char *file;
    const char *listen, *state;
    const char *tls_ca, *tls_cert, *tls_key;
    const char **ci;
    unsigned n_ci;
    struct dp_conf_pair certs[DP_CONF_CERTS_MAX];
    unsigned n_certs;
    const char *kek;
    struct dp_conf_limits limits;
    struct dp_env env; /* points into this struct's memory */
};
/* ERR_CONFIG: why names file, line or item, and the rule. time_scale divides every timer, at
 * least 1. */
MUST_CHECK int dp_conf_load(const char *file, unsigned time_scale, struct dp_conf **ret,
                            struct errmsg *why);
void dp_conf_free(struct dp_conf *c);
/* Every file the configuration names can be read, secrets by nobody else. */
MUST_CHECK int dp_conf_check_files(const struct dp_conf *c, struct errmsg *why);
