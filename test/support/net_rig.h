/* SPDX-License-Identifier: Apache-2.0 */
/* One device in a small network, for the tests of it: operator A (PLMN 26299, bootstrap, fall-back)
 * and operator B (26201, the profile in ISD-P 0011), both heard at 26201 and A alone at 26202. The
 * card is the one of card_rig; the test is the SM-SR. */
#pragma once

#include "test/support/card_rig.h"
#include "tools/euiccsim/net/simnet.h"

#define HEARD_B "26201"
#define HEARD_A "26202"
#define NET_START 1700000000000
#define NET_GET_STATUS "80F24002024F0000"

struct mo_note {
    struct msisdn from;
    uint8_t n, ud[140];
    uint64_t id;
    int64_t at_ms;
};
struct net_rig {
    struct rig card;
    struct simnet *net;
    struct simnet_config cfg;
    struct ledger_file *ledger;
    struct imsi imsi_a, imsi_b;
    struct msisdn no_a, no_b;
    char csv_a[512], csv_b[512];
    int64_t now;
    struct mo_note mo[64];
    unsigned n_mo;
    unsigned mo_full;                 /* so often sms_mo answers ERR_FULL, the last time to this id */
    uint64_t mo_full_id;
    uint64_t reports[3];
    uint64_t conn;                    /* last opened, 0 after its end */
    bool refuse_streams;
    struct buf up;
    unsigned closed;
    uint64_t udp;                     /* the channel of the last datagram, 0 after its end */
    unsigned n_datagrams, udps_closed;
    void (*on_datagram)(struct net_rig *n, struct span pdu);
};

/* subscriber lines of B: status and roaming as given; NULL leaves the IMSI out. */
struct net_setup {
    const char *status_b, *roaming_a, *k_b;   /* defaults: active, *, the card's */
    bool no_b;
    const char *heard;                        /* default HEARD_B */
    const char *sqn;                          /* default 000000000000 */
    uint32_t net_quirks, card_quirks;
    struct simnet_faults faults;
    uint64_t seed;
    uint32_t sms_per_s;
    enum latency_model latency;
    const struct simnet_port *port;           /* default: the rig's own */
    int64_t now_ms;                           /* default: the time of the card's rig */
};
void net_rig_init(struct net_rig *n, const struct net_setup *s);
/* The same, and the second it takes to be attached where it may be. */
void net_rig_begin(struct net_rig *n, const struct net_setup *s);
void net_rig_fini(struct net_rig *n);
/* Runs happenings until ms have passed. */
void net_rig_run(struct net_rig *n, int64_t ms);
void net_rig_until(struct net_rig *n, bool (*done)(const struct net_rig *n), int64_t most_ms);
/* Sends a secured script to the number; result of its first part. */
enum simnet_result net_rig_send(struct net_rig *n, const struct msisdn *to, const char *apdu_hex,
                                int64_t vp_s);
enum simnet_result net_rig_packet(struct net_rig *n, const struct msisdn *to, struct span data,
                                  int64_t vp_s);
/* These octets to the number, as a packet would go. */
enum simnet_result net_rig_sms(struct net_rig *n, const struct msisdn *to, struct span tp_ud, int64_t vp_s);
/* A push that asks for a session with an SM-SR; the same to the card. */
void net_trigger_put(struct writer *w);
void net_rig_push(struct net_rig *n);
struct card *net_rig_card(struct net_rig *n);
/* EnableProfile of ISD-P 0011 as hex. */
extern const char *const NET_ENABLE;
/* Last attach record of the device. */
struct attach_record net_rig_attach(struct net_rig *n);
struct simnet_stats net_rig_stats(const struct net_rig *n);
enum sms_kind mo_kind(const struct mo_note *m);
/* What mo[i] notifies of; false: it is no notification. */
bool net_rig_note(struct net_rig *n, unsigned i, struct rig_note *ret);
/* What mo[i] answers, in one part; false: it is no response. */
bool net_rig_answer(struct net_rig *n, unsigned i, struct scp80_response *ret);
