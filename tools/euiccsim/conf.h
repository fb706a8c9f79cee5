/* SPDX-License-Identifier: Apache-2.0 */
/* Command lines of euiccsim, one const table each; the usage text comes from the same tables. */
#pragma once

#include "tools/euiccsim/net/quirk_set.h"
#include "tools/euiccsim/world.h"

#include <limits.h>

struct run_conf {
    const char *dir, *listen, *smsr, *network;
    const char *https;            /* host:port for the streams of cards; NULL: they go by CoAP */
    const char *cattp;            /* host:port for their datagrams; NULL: the same */
    uint64_t seed;
    unsigned time_scale;
    enum latency_model latency;
    struct simnet_faults faults;
    struct quirk_set quirks;
    int64_t spread_ms;            /* devices are switched on within it; -1: by their number */
    uint32_t sms_per_s;           /* of each SMSC */
    const char *reader;           /* host:port of vpcd; NULL: no card is in a reader */
    struct eid reader_eid;        /* the card that is */
    const char *keylog;           /* file for the secrets of TLS; NULL: none */
    const struct fleet_kind *fleet;   /* NULL: as the world says */
};
struct world_conf {
    struct world_order order;
    char paths[5][PATH_MAX];      /* EUM and CI, certificate and key each; transport key */
};
struct look_conf {                /* report, ledger, status */
    const char *dir, *coap;
    bool json;
};

/* argv begins with the first option. ERR_CONFIG: a sentence that names the option. */
MUST_CHECK int conf_run(int argc, char **argv, struct run_conf *ret, struct errmsg *why);
MUST_CHECK int conf_world(int argc, char **argv, struct world_conf *ret, struct errmsg *why);
MUST_CHECK int conf_look(int argc, char **argv, struct look_conf *ret, struct errmsg *why);
void conf_usage(void);            /* to stdout */
