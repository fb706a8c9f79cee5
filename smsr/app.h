/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR as a daemon: state directory and its lock, keys, listener, CoAP carrier, signals,
 * log. */
#pragma once

#include "common/base/err.h"
#include "smsr/conf.h"

#define SMSR_VERSION "0.1.0"

struct app_options {
    const char *state;             /* instead of the configuration's; NULL: that one */
    const char *listen;            /* instead of smsr.listen; NULL: that one */
};
struct app;
/* Everything up to "ready". ERR_CONFIG, ERR_IO, ERR_SCHEMA ... with one sentence: port in use,
 * state of another journal, newer schema, expired certificate, wrong KEK, second process on this
 * state. */
MUST_CHECK int app_open(struct conf *conf, const struct app_options *o, struct app **ret,
                        struct errmsg *why);
/* The certificates and keys that the files of the configuration hold; opens nothing else. */
MUST_CHECK int app_check(const struct conf *conf, struct errmsg *why);
/* "smsr ready listen=127.0.0.1:7101 coap=127.0.0.1:5683" without a newline: the ports really
 * taken. */
void app_ready_line(const struct app *a, char *dst, size_t cap);
/* Until SIGTERM or SIGINT (ERR_OK, everything committed and written behind) or a fault (why). */
MUST_CHECK int app_run(struct app *a, struct errmsg *why);
void app_close(struct app *a);
