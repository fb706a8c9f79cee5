/* SPDX-License-Identifier: Apache-2.0 */
/* What makes a card open a way to its server (facts: ota section 2.4).
 * The data of the SCP80 packet for an administration session (GP Amendment B 3.7):
 * 81 L { 83 L { 84 L connection, [85 L security], [86 L retry],
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

/* The two C-APDUs of one packet that open a UDP channel and in it a CAT_TP link (TS 102 226; facts:
 * ota section 2.4): 80 EC 01 01 { 35, 39, [47], 3C 03 01 port, [3E] }, 80 EC 01 02 { 3C 03 00 port,
 * [36 L identification] }. */
#define PUSH_INS        0xECu
#define PUSH_P1         0x01u
#define PUSH_P2_CHANNEL 0x01u
#define PUSH_P2_LINK    0x02u
struct push_channel {
    uint16_t buffer_size;          /* 39 */
    char apn[64];                  /* 47, dotted; empty = absent */
    uint16_t port;                 /* UDP, of the server */
    uint8_t ipv4[4];
    bool has_address;
};
struct push_link {
    uint16_t port;                 /* CAT_TP, of the server */
    struct span id;                /* what the card says in its SYN; empty = absent */
};
void push_channel_put(struct writer *w, const struct push_channel *c);  /* whole C-APDUs */
void push_link_put(struct writer *w, const struct push_link *l);
/* Of the data of a command. Unknown TLVs are skipped, an IPv6 address too; no port: ERR_FORMAT. id
 * borrows from s. Errors as above. */
MUST_CHECK int push_channel_parse(struct span s, struct push_channel *ret);
MUST_CHECK int push_link_parse(struct span s, struct push_link *ret);
