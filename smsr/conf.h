/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of the SM-SR (design 3.5): YAML or JSON, every key known, every relation
 * checked before anything runs. Relative file names are relative to the file's directory. */
#pragma once

#include "common/base/mem.h"
#include "smsr/domain/env.h"

/* Tenant of parties that belong to nobody's realm: admin, auditor, smdp. */
#define CONF_HOUSE "house"

struct conf_network {          /* reached over one of the two */
    const char *id;
    const char *coap;          /* NULL: smpp */
    bool receipts;             /* of deliveries, as hints */
    struct { const char *address, *system_id, *password_file, *system_type; unsigned window; } smpp;
};
struct conf_transport {
    const char *id, *file;
};
struct conf_limits {
    unsigned connections;          /* rpc connections at once */
    unsigned cards_in_memory;      /* overlay of the engine */
    unsigned keys_in_memory;       /* cards whose keys are held open */
    unsigned write_behind;         /* changed cards after which state.db is written */
    unsigned min_free_mb;          /* below it no new work is admitted */
    unsigned reserve_mb;           /* kept free for verdicts when the disk is full */
};
struct conf {
    struct arena arena;
    const char *file;
    const char *listen, *coap, *state;
    const char *https;             /* NULL: streams of cards come by CoAP alone */
    const char *cattp;             /* NULL: datagrams of cards come by CoAP alone */
    const char *tls_ca, *tls_cert, *tls_key;
    const char **ci;
    unsigned n_ci;
    const char *gp_cert, *gp_key;  /* NULL: none yet */
    const char *kek;
    struct conf_network *networks;
    unsigned n_networks;
    struct env_network *rates;
    struct conf_transport *transport;
    unsigned n_transport;
    struct conf_limits limits;
    struct tenant *tenants;        /* those of env; numbers are 0 until the journal gave them */
    struct env env;                /* points into this struct's memory */
};
/* ERR_CONFIG: why names file, line or item, and the rule. time_scale divides every timer, at least
 * 1. */
MUST_CHECK int conf_load(const char *file, unsigned time_scale, struct conf **ret,
                         struct errmsg *why);
void conf_free(struct conf *c);
/* Every file the configuration names can be read, secrets by nobody else. */
MUST_CHECK int conf_check_files(const struct conf *c, struct errmsg *why);
