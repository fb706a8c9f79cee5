/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/service.h"

#include "common/base/log.h"

#include <stdio.h>
#include <string.h>

static void on_refused(void *ctx, const char *from, int err, const char *why)
{
    (void)ctx;
    log_notice("tls", "from=%s error=%s refused: %s", from, err_name(err), why);
}

int service_open(const struct service_plan *plan, const struct daemon_options *o,
                 struct service *ret, struct errmsg *why)
{
    int err;

    memset(ret, 0, sizeof *ret);
    ret->opened = true;
    ret->state.lock = -1;
    ret->tls = plan->tls;
    ret->limits.max_conns = plan->connections;
    (void)snprintf(ret->listen, sizeof ret->listen, "%s", o->listen ? o->listen : plan->listen);
    rng_init_system(&ret->rng);
    err = crash_self_init(&ret->crash, plan->who, why);
    if (!err)
        err = state_dir_open(plan->name, o->state ? o->state : plan->state, plan->reserve_mb,
                             plan->min_free_mb, &ret->state, why);
    if (!err && !(ret->turns = turns_new()))
        err = errmsg_set(why, ERR_NOMEM, "no memory for the loop");
    return err;
}

int service_listen(struct service *s, const struct rpc_handler *h, struct errmsg *why)
{
    int err = state_dir_sync(&s->state, why);

    if (!err)
        err = tls_listen(service_loop(s), &s->tls, s->listen, &s->limits, h, &s->server, why);
    if (!err)
        tls_server_on_refused(s->server, on_refused, s);
    return err;
}

struct loop *service_loop(struct service *s)
{
    return turns_loop(s->turns);
}

void service_deafen(struct service *s)
{
    tls_server_free(s->server);
    s->server = NULL;
}

void service_close(struct service *s)
{
    if (!s->opened)
        return;
    service_deafen(s);
    turns_free(s->turns);
    state_dir_close(&s->state);
    s->opened = false;
}

void service_endpoint(const char *given, uint16_t port, char ret[SERVICE_ENDPOINT])
{
    const char *colon = strrchr(given, ':');

    (void)snprintf(ret, SERVICE_ENDPOINT, "%.*s:%u", colon ? (int)(colon - given) : 0, given, port);
}
