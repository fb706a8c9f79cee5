/* SPDX-License-Identifier: Apache-2.0 */
/* In-memory byte streams between rpc ends on the virtual clock: what mutual TLS is between the daemons.
 * Octets arrive in order after a drawn delay, or the stream is cut. */
#pragma once

#include "common/base/rng.h"
#include "common/net/rpc.h"

struct links;
struct links *links_new(struct rng *rng);
void links_free(struct links *l);

/* Asked at each write, with the ctx of the handler that writes: true and its octets reach nobody. */
void links_on_muted(struct links *l, bool (*muted)(void *ctx, const void *writer), void *ctx);
/* Connects a client to a server handler that sees it as peer. delay_ms: 0..delay drawn per write.
 * Returns a link number; *ret_client is the client's rpc end. 0: out of memory. */
unsigned links_connect(struct links *l, const struct rpc_party *peer, const struct rpc_handler *server,
                       const struct rpc_handler *client, bool subscribe, uint64_t last_delivery_no,
                       int64_t now_ms, int64_t delay_ms, struct rpc **ret_client);
/* Both ends learn that it is closed; what was on its way is gone. */
void links_cut(struct links *l, unsigned link, int64_t now_ms);
/* Cuts every link of which one end is served by this handler's ctx. */
void links_cut_of(struct links *l, const void *handler_ctx, int64_t now_ms);
bool links_is_up(const struct links *l, unsigned link);

int64_t links_due(const struct links *l);         /* earliest arrival; INT64_MAX = none */
/* Delivers everything due; the rpc callbacks run inside. */
void links_run(struct links *l, int64_t now_ms);
/* Flushes what the ends queued during a turn onto the wire. */
void links_flush(struct links *l, int64_t now_ms);
uint64_t links_octets(const struct links *l);
