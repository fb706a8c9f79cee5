/* SPDX-License-Identifier: Apache-2.0 */
/* A daemon as a program. Exit codes: 0 stopped by a signal, or the check found nothing; 1 it cannot
 * start (one sentence says why); 2 wrong command line; 3 stopped by a fault, its state is safe. */
#pragma once

#include "common/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct daemon_options {
    const char *config;
    const char *state;             /* instead of the configuration's; NULL: that one */
    const char *listen;            /* likewise; port 0 takes a free one */
    unsigned time_scale;           /* divides all timers; 1 to 10000 */
    const char *capture;           /* file for what the bearers carry; NULL: none */
};

/* What one daemon is made of. Errors come with one sentence. */
struct daemon_program {
    const char *name, *version;
    const char *ready;             /* for the help: what it prints when it serves */
    bool captures;                 /* it takes --capture */
    int (*load)(const struct daemon_options *o, void **ret_conf, struct errmsg *why);
    /* The certificates and keys that the files of the configuration hold; opens nothing else. */
    int (*check)(const void *conf, struct errmsg *why);
    /* Everything up to "ready". */
    int (*open)(void *conf, const struct daemon_options *o, void **ret_app, struct errmsg *why);
    /* Without a newline: the ports really taken. */
    void (*ready_line)(const void *app, char *dst, size_t cap);
    int (*run)(void *app, struct errmsg *why);
    void (*close)(void *app);
    void (*unload)(void *conf);
};

int daemon_main(int argc, char **argv, const struct daemon_program *p); /* the exit code */
uint64_t daemon_resident(void *unused);                                 /* octets; 0: unknown */
