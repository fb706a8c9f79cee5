/* SPDX-License-Identifier: Apache-2.0 */
/* Names to addresses without stopping the loop: the C library's own resolver threads, asked from a
 * timer (libevent's evdns is out: facts, libs 1.2). */
#pragma once

#include "common/net/addr.h"
#include "common/net/loop.h"

#define RESOLVE_MAX 8u

struct resolve;
/* done is called once, later: n addresses (at most RESOLVE_MAX), or 0 and a sentence. */
typedef void (*resolve_done_fn)(void *ctx, const struct addr *found, size_t n, const char *why);
struct resolve *resolve_start(struct loop *l, const char *host, uint16_t port, resolve_done_fn done,
                              void *ctx);
/* Before or after done. May wait for a query that the resolver is just running. */
void resolve_free(struct resolve *r);
