/* SPDX-License-Identifier: Apache-2.0 */
/* The data of the SCP80 packet that makes a card open an administration session (GP Amendment B
 * 3.7; facts: ota section 2.4): 81 L { 83 L { 84 L connection, [85 L security], [86 L retry],
 * 89 L host } }. Octets: 86 = counter(2) 25 03 hh mm ss in swapped BCD, at most 99:59:59. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

struct push_trigger {
    uint16_t buffer_size;          /* 39 */
    char apn[64];                  /* 47, dotted; empty = absent */
    uint16_t port;                 /* 3C 03 02 port: TCP client */
    uint8_t ipv4[4];               /* 3E 05 21 address */
    bool has_address;
    char host[64];                 /* 8A; empty = absent */
    char agent_id[64];             /* 8B */
    char uri[128];                 /* 8C */
    struct span psk_identity;      /* 85: binary identity, absent = stored one */
    uint8_t psk_kvn, psk_kid;
    bool has_retry;                /* 86: counter, delay */
    uint16_t retry_count;
    uint32_t retry_delay_s;
};
/* Port 0 leaves the connection (84) out, the card then uses the stored one; 89 likewise when host,
 * agent and URI are all empty. */
void push_trigger_put(struct writer *w, const struct push_trigger *t);
/* Unknown TLVs are skipped, an IPv6 address too. psk_identity borrows from s. ERR_FORMAT,
 * ERR_TRUNCATED; ERR_TOO_LARGE: a text longer than its field. */
MUST_CHECK int push_trigger_parse(struct span s, struct push_trigger *ret);
