/* SPDX-License-Identifier: Apache-2.0 */
/* SCP81: TLS 1.2 PSK over memory buffers with the administration protocol inside, both ends, no
 * sockets (facts: ota section 4). Suites 00A8 and 00AE; no tickets, no resumption, no
 * renegotiation. The owner moves bytes: feed what arrived, send what scp81_output gives. */
#pragma once

#include "common/base/ids.h"
#include "common/codec/adminhttp.h"
#include "common/crypto/crypto.h"

/* PSK identity: hex text of 80 01 02 | 81 10 EID | 4F 10 ISD-R AID | 82 01 kid | 83 01 kvn, 90
 * digits. Parsed: either case, kvn 40..4F, check digits of the EID not looked at; ERR_FORMAT. */
#define SCP81_IDENTITY_TEXT 91
void scp81_identity(const struct eid *eid, uint8_t kid, uint8_t kvn, char dst[SCP81_IDENTITY_TEXT]);
MUST_CHECK int scp81_identity_parse(struct span text, struct eid *ret_eid, uint8_t *ret_kid,
                                    uint8_t *ret_kvn);

struct scp81_ctx;      /* one per process and role: SSL_CTX, cipher list, options */
/* Server: psk gives the key of an identity, or NULL: the handshake then goes on with a random key
 * so that an unknown identity and a wrong key fail alike. The key stays the giver's and is read at
 * once. */
typedef struct key *(*scp81_psk_fn)(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn);
struct scp81_ctx *scp81_server_ctx(struct crypto *c, scp81_psk_fn psk, void *ctx);
struct scp81_ctx *scp81_client_ctx(struct crypto *c);
/* What a client offers: which suites, and the max_fragment_length extension (RFC 6066: 512, 1024,
 * 2048, 4096; 0 = not offered, the state after scp81_client_ctx). A server follows what is asked of
 * it. ERR_INVAL for another number or a server's context. */
enum scp81_suites { SCP81_SUITES_BOTH, SCP81_SUITE_GCM, SCP81_SUITE_CBC };
MUST_CHECK int scp81_client_offer(struct scp81_ctx *x, enum scp81_suites suites,
                                  unsigned max_fragment);
/* Secrets of the client's handshakes as lines of an NSS key log (SSLKEYLOGFILE), for a laboratory's decoder:
 * simulated cards have it, no daemon does. ERR_INVAL for a server's context. */
typedef void (*scp81_keylog_fn)(void *ctx, const char *line);
MUST_CHECK int scp81_client_keylog(struct scp81_ctx *x, scp81_keylog_fn line, void *ctx);
void scp81_ctx_free(struct scp81_ctx *x);

struct scp81;          /* one stream */
struct scp81 *scp81_accept(struct scp81_ctx *x);
/* Client: opens with this identity and key; the first flight is in the output at once. */
struct scp81 *scp81_connect(struct scp81_ctx *x, const char *identity, struct key *psk);
void scp81_free(struct scp81 *s);

/* Feeds received bytes. ERR_AUTH: handshake failed, or a record does not verify; ERR_CLOSED: the
 * peer closed; ERR_FORMAT, ERR_TOO_LARGE: HTTP is wrong, or the peer runs ahead of the answers it
 * is owed. After any error the stream is dead and every call gives that error, but its output (an
 * alert, a close_notify) may still be sent and a request that was complete may still be taken. */
MUST_CHECK int scp81_input(struct scp81 *s, struct span bytes);
/* Bytes to send; the view is valid until the next call on this stream, scp81_sent drops n. */
struct span scp81_output(struct scp81 *s);
void scp81_sent(struct scp81 *s, size_t n);
bool scp81_ready(const struct scp81 *s);                      /* handshake finished */
/* Server: the EID that the PSK has proven; ERR_STATE before the handshake is over. */
MUST_CHECK int scp81_peer(const struct scp81 *s, struct eid *ret_eid);
uint8_t scp81_peer_kvn(const struct scp81 *s); /* version of that PSK; 0 before */

/* Server: the next complete request, ERR_NOT_FOUND when none; then exactly one respond. The
 * request's views live until then. ERR_STATE out of order, ERR_INVAL for a response that cannot be
 * written. */
MUST_CHECK int scp81_request(struct scp81 *s, struct admin_request *ret);
MUST_CHECK int scp81_respond(struct scp81 *s, const struct admin_response *r);
/* Client: post, then the response, whose views live until the next post. ERR_STATE before the
 * handshake is over or while a response is owed. */
MUST_CHECK int scp81_post(struct scp81 *s, const struct admin_request *r, const char *host);
MUST_CHECK int scp81_response(struct scp81 *s, struct admin_response *ret);
void scp81_close(struct scp81 *s);                            /* close_notify into the output */
