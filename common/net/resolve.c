/* SPDX-License-Identifier: Apache-2.0 */
/* getaddrinfo_a with a polling timer: a client dials seldom, so 5 ms of granularity cost nothing.
 */
#define _GNU_SOURCE /* getaddrinfo_a */
#include "common/net/resolve.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS 5

struct resolve {
    struct gaicb cb;
    struct addrinfo hints;
    char host[ADDR_HOST];
    char service[6];
    struct loop_timer *timer;
    resolve_done_fn done;
    void *ctx;
    bool running;
};

static void resolve_poll(void *ctx)
{
    struct resolve *r = ctx;
    int rc = gai_error(&r->cb);
    if (rc == EAI_INPROGRESS) {
        loop_timer_at(r->timer, clock_mono_ms(&CLOCK_SYSTEM) + POLL_MS);
        return;
    }
    r->running = false;
    struct addr found[RESOLVE_MAX];
    size_t n = 0;
    for (struct addrinfo *ai = rc ? NULL : r->cb.ar_result; ai && n < RESOLVE_MAX;
         ai = ai->ai_next) {
        if (ai->ai_addrlen > sizeof(found[n].u))
            continue;
        found[n] = (struct addr){.len = ai->ai_addrlen};
        memcpy(&found[n].u, ai->ai_addr, ai->ai_addrlen);
        n++;
    }
    struct errmsg why = {""};
    if (n == 0)
        errmsg_set(&why, ERR_NOT_FOUND, "host \"%.80s\" cannot be resolved: %s", r->host,
                   rc ? gai_strerror(rc) : "no address");
    r->done(r->ctx, found, n, why.text);
}

struct resolve *resolve_start(struct loop *l, const char *host, uint16_t port, resolve_done_fn done,
                              void *ctx)
{
    struct resolve *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->timer = loop_timer_new(l, resolve_poll, r);
    snprintf(r->host, sizeof(r->host), "%s", host);
    snprintf(r->service, sizeof(r->service), "%u", (unsigned)port);
    r->hints = (struct addrinfo){.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    r->cb = (struct gaicb){.ar_name = r->host, .ar_service = r->service, .ar_request = &r->hints};
    r->done = done;
    r->ctx = ctx;
    struct gaicb *list[1] = {&r->cb};
    if (!r->timer || getaddrinfo_a(GAI_NOWAIT, list, 1, NULL)) {
        resolve_free(r);
        return NULL;
    }
    r->running = true;
    loop_timer_at(r->timer, clock_mono_ms(&CLOCK_SYSTEM));
    return r;
}

void resolve_free(struct resolve *r)
{
    if (!r)
        return;
    if (r->running) {
        const struct gaicb *list[1] = {&r->cb};
        gai_cancel(&r->cb);
        while (gai_error(&r->cb) == EAI_INPROGRESS)
            gai_suspend(list, 1, NULL);
    }
    if (r->cb.ar_result)
        freeaddrinfo(r->cb.ar_result);
    loop_timer_free(r->timer);
    free(r);
}
