/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP as a daemon: state directory and its lock, keys, listener, the connections to the
 * SM-SRs, signals, log. */
#pragma once

#include "common/base/err.h"
#include "smdp/conf.h"

#define SMDP_VERSION "0.1.0"

struct dp_app_options {
    const char *state;  /* instead of the configuration's; NULL: that one */
    const char *listen; /* instead of smdp.listen; NULL: that one */
};
struct dp_app;
/* Everything up to "ready". ERR_CONFIG, ERR_IO, ERR_SCHEMA ... with one sentence: port in use,
 * state of another journal, newer schema, expired certificate, wrong KEK, second process on this
 * state. */
MUST_CHECK int dp_app_open(struct dp_conf *conf, const struct dp_app_options *o,
                           struct dp_app **ret, struct errmsg *why);
/* The certificates and keys that the files of the configuration hold; opens nothing else. */
MUST_CHECK int dp_app_check(const struct dp_conf *conf, struct errmsg *why);
/* "smdp ready listen=127.0.0.1:7102" without a newline: the port really taken. */
void dp_app_ready_line(const struct dp_app *a, char *dst, size_t cap);
/* Until SIGTERM or SIGINT (ERR_OK, everything committed and written behind) or a fault (why). */
MUST_CHECK int dp_app_run(struct dp_app *a, struct errmsg *why);
void dp_app_close(struct dp_app *a);
