/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates that the configuration names as files. */
#pragma once

#include "smdp/conf.h"
#include "smdp/core.h"

struct dp_secrets {
    struct crypto *crypto;
    struct keystore *keystore;
    struct pki *pki;
    struct smdp_identity identity[DP_CONF_CERTS_MAX];
    struct buf cert[DP_CONF_CERTS_MAX];
    unsigned n;
};
/* ERR_CONFIG and one sentence that names the file. now_ms: dates of our own certificates. */
MUST_CHECK int dp_secrets_open(const struct dp_conf *c, int64_t now_ms, struct dp_secrets *ret,
                               struct errmsg *why);
void dp_secrets_close(struct dp_secrets *s);
