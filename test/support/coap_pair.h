/* SPDX-License-Identifier: Apache-2.0 */
/* Two CoAP nodes that know each other, a plain socket beside them, and what was asked and told. A test
 * that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/base/mem.h"
#include "common/net/addr.h"
#include "common/net/coap.h"

#include <sys/types.h>

struct seen { /* what one node was asked */
    unsigned n;
    struct coap_msg last; /* payload.p is not kept */
    uint8_t payload[2048];
    struct coap_reply reply; /* what it answers; payload "ok" when reply_text is set */
    const char *reply_text;
    struct coap_node *close_me;
};

struct coap_pair {
    struct loop *loop;
    struct loop_timer *guard, *nudge;
    struct coap_node *a, *b;
    struct coap_peer *to_b, *to_a;
    struct seen at_a, at_b;
    unsigned done;
    uint8_t code;
    char location[64];
    char reply[2048];
    size_t reply_n;
    uint8_t told[5000]; /* how often each tag was told */
    uint64_t last_tag;
    bool in_order;
    unsigned want;
    bool (*until)(const struct coap_pair *w); /* instead of a number of replies */
    bool hung;
    int raw; /* a plain UDP socket connected to b */
    uint8_t got[2048];
    ssize_t got_n;
    unsigned got_count;
    struct coap_node *close_in_done;
};

int pair_setup(void **state);
int pair_teardown(void **state);
/* Until that many replies have come since the last call, to requests or to raw datagrams. */
void pair_run(struct coap_pair *w, unsigned want);
void pair_run_until(struct coap_pair *w, bool (*until)(const struct coap_pair *w));
void pair_one_turn(struct coap_pair *w);
void pair_port_text(char dst[64], const struct coap_node *n);

/* Of a node that a test opens itself; ctx: struct seen. */
void pair_on_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret);
/* Of a request that a test sends itself; ctx: struct coap_pair. */
void pair_on_done(void *ctx, uint64_t tag, const struct coap_reply *r);
struct coap_msg pair_message(const char *path, const char *query, struct span payload, bool con);
int pair_send(struct coap_pair *w, uint64_t tag); /* a small one, from a to b */

/* CON or NON POST /q with that message id and one-octet token. */
size_t pair_datagram(uint8_t dst[16], bool con, uint8_t code, uint16_t mid, uint8_t token);
void pair_post_raw(struct coap_pair *w, const void *p, size_t n);
