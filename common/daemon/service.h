/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon stands on besides its core, opened in the one right order: the state directory, the
 * loop, true randomness, the listener of parties, and the death a test asked for. */
#pragma once

#include "common/base/rng.h"
#include "common/daemon/program.h"
#include "common/daemon/state_dir.h"
#include "common/daemon/turns.h"
#include "common/engine/crash_self.h"
#include "common/net/tls.h"

#define SERVICE_ENDPOINT 280

struct service_plan {
    const char *name;              /* "smsr" */
    enum crash_who who;
    /* Of the configuration; the command line goes before the first two. */
    const char *state, *listen;
    unsigned reserve_mb, min_free_mb;
    struct tls_files tls;
    unsigned connections;          /* of parties at once */
};

struct service {
    bool opened;
    struct state_dir state;
    struct rng rng;
    struct crash_self crash;
    struct turns *turns;
    char listen[SERVICE_ENDPOINT];
    struct tls_files tls;
    struct tls_limits limits;
    struct tls_server *server;     /* NULL: nobody is heard */
};

/* For a daemon whose configuration, certificates and keys were found good. ret stays where it is and
 * is to be closed whatever comes of it. Errors as state_dir_open; ERR_CONFIG: crash_self_init. */
MUST_CHECK int service_open(const struct service_plan *plan, const struct daemon_options *o,
                            struct service *ret, struct errmsg *why);
/* When the files of the core are there: from now on parties are heard. Errors as state_dir_sync,
 * tls_listen. */
MUST_CHECK int service_listen(struct service *s, const struct rpc_handler *h, struct errmsg *why);
struct loop *service_loop(struct service *s);
/* Nobody is heard any more: before the core goes. */
void service_deafen(struct service *s);
void service_close(struct service *s);

/* "127.0.0.1:7101": the host as it was given, the port really taken. */
void service_endpoint(const char *given, uint16_t port, char ret[SERVICE_ENDPOINT]);
