/* SPDX-License-Identifier: Apache-2.0 */
/* The mobile network and the devices in it: number plan, SMSC and HSS per operator, coverage,
 * packet data, attach. Pure: virtual time, one seeded generator, no sockets; the same code
 * stands behind CoAP in euiccsim and in memory in the simulator. It is the mirror of the SM-SR's
 * carrier.
 *
 * Nothing happens inside a downcall: it queues, and simnet_run carries out what is due. Order of
 * what a card wants: image and ledger rows durable in one append, then its SMS, octets and
 * REFRESH. */
#pragma once

#include "tools/euiccsim/card/card.h"
#include "tools/euiccsim/net/faults.h"
#include "tools/euiccsim/net/latency.h"
#include "tools/euiccsim/net/ledger_file.h"
#include "tools/euiccsim/net/sleep.h"

struct simnet;

/* Attach results (the causes a network gives, TS 24.301 9.9.3.9, in words). */
enum attach_cause {
    ATTACH_OK,
    ATTACH_NO_PROFILE,            /* the card has no enabled profile */
    ATTACH_NO_COVERAGE,           /* home PLMN has no network where the device stands */
    ATTACH_IMSI_UNKNOWN,          /* not in the HSS, or not provisioned yet */
    ATTACH_BARRED,
    ATTACH_ROAMING_NOT_ALLOWED,
    ATTACH_MAC_FAILURE,           /* the card does not believe the network: K or OPc differ */
    ATTACH_SYNC_FAILURE,          /* SQN out of range, also after resynchronisation */
    ATTACH_RES_MISMATCH,          /* the network does not believe the card */
    ATTACH_CAUSES
};
const char *attach_cause_name(enum attach_cause c);      /* "no-coverage"; never NULL */

/* What the network makes of a device, drawn per device (design: the quirks that are not the
 * card's). The first three hold for every profile but the fall-back one, which is what got the device
 * there; the others are about its SMSC, its way to the internet and its power, whatever the profile. */
enum net_quirk {
    NETQ_IMSI_UNKNOWN = 1u << 0,
    NETQ_IMSI_BARRED = 1u << 1,
    NETQ_DATA_WITHOUT_SMS = 1u << 2,
    NETQ_PART_LATE = 1u << 3,         /* a part of a longer message comes hours behind the others */
    NETQ_REPLAY = 1u << 4,            /* what was delivered comes once more, hours later */
    NETQ_SWALLOW = 1u << 5,           /* octets that came before are accepted and thrown away */
    NETQ_REPORT_LIES = 1u << 6,       /* delivered by the report, and not to the card */
    NETQ_TOOLKIT_BUSY = 1u << 7,      /* the card answers 9300, the SMSC tries later */
    NETQ_NAT = 1u << 8,               /* a stream that rests is dead, and no end hears of it */
    NETQ_HALF_OPEN = 1u << 9,         /* the SM-SR does not hear that the device is gone */
    NETQ_POWER = 1u << 10,            /* power fails in the middle of a script */
};

enum report_state { REPORT_DELIVERED, REPORT_EXPIRED, REPORT_UNDELIVERABLE };

/* Upcalls, made from simnet_run only. ERR_FULL of sms_mo and stream_bytes: not taken, the network
 * tries again; any other failure ends simnet_run with it. */
struct simnet_port {
    /* An MO SMS that reached the SM-SR's number. id is unique in the life of this network. */
    int (*sms_mo)(void *ctx, const struct msisdn *from, struct span tp_ud, uint64_t id);
    void (*sms_report)(void *ctx, uint64_t message, enum report_state s);    /* may be NULL */
    /* A device opens TCP; the answer comes by simnet_stream_opened, also from within. */
    int (*stream_open)(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port);
    int (*stream_bytes)(void *ctx, uint64_t conn, struct span bytes);
    void (*stream_closed)(void *ctx, uint64_t conn);
    /* A CAT_TP PDU to that address; the channel of the device is gone. Both NULL: no UDP here. */
    int (*datagram)(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port,
                    struct span pdu);
    void (*datagram_closed)(void *ctx, uint64_t conn);
    /* A fault has been drawn; false: it is left out. May be NULL: it hits. */
    bool (*strikes)(void *ctx, const char *fault);
    void *ctx;
};

struct simnet_config {
    uint64_t seed;
    int64_t now_ms;               /* start of time; also makes ids unique over restarts */
    unsigned time_scale;          /* divides latency (but `fast`), attach and retry times; 0 is 1 */
    enum latency_model latency;
    struct simnet_faults faults;
    struct msisdn smsr;           /* the SM-SR's number */
    struct crypto *crypto;
    const struct card_world *cards;
    struct ledger_file *ledger;   /* the caller's */
};
MUST_CHECK int simnet_new(const struct simnet_config *cfg, const struct simnet_port *port,
                          struct simnet **ret);
void simnet_free(struct simnet *n);                  /* devices and cards with it */

/* --- the world --- */
#define OPERATORS_MAX 8u
struct operator_config {
    char id[16];
    struct plmn plmn;             /* home: IMSIs start with it */
    char numbers[17];             /* MSISDNs of its subscribers start with it */
    uint32_t sms_per_s;           /* MT it accepts in a second; 0: any */
    struct span hss_csv;
};
/* ERR_CONFIG, ERR_EXISTS (id, PLMN or numbers taken), hss_load_csv's. */
MUST_CHECK int simnet_add_operator(struct simnet *n, const struct operator_config *o,
                                   struct errmsg *why);
/* Subscribers of home find a network where visited is heard. Nothing is covered by itself. */
MUST_CHECK int simnet_add_coverage(struct simnet *n, const struct plmn *home,
                                   const struct plmn *visited);
/* Takes the card, also on failure. The device is off until simnet_start. ERR_EXISTS. */
MUST_CHECK int simnet_add_device(struct simnet *n, struct card *card, const struct plmn *visited,
                                 uint32_t net_quirks);
/* Makes each card durable and switches all devices on within spread_ms (at time scale 1). */
MUST_CHECK int simnet_start(struct simnet *n, int64_t spread_ms);
/* Everybody loses power now: cards go back to their last durable image, streams are gone without a
 * word to the SM-SR, and all devices are switched on again within spread_ms. */
MUST_CHECK int simnet_power_cut(struct simnet *n, int64_t now_ms, int64_t spread_ms);
MUST_CHECK int simnet_power_cycle(struct simnet *n, const struct eid *eid, int64_t now_ms);
void simnet_set_faults(struct simnet *n, const struct simnet_faults *f);
/* No device has that quirk any more. */
void simnet_mend(struct simnet *n, enum net_quirk q);
/* Lets a card call by itself; *ret: it does (it is attached, knows whom to call, and no session is open). */
MUST_CHECK int simnet_call(struct simnet *n, const struct eid *eid, int64_t now_ms, bool *ret);
/* The owner of the profile that runs there sets its POL1 by its own OTA (ES6), of which no SM-SR hears; *ret: it
 * arrived, at an attached card with that profile on, and changed something. */
MUST_CHECK int simnet_pol1(struct simnet *n, const struct eid *eid, const struct iccid *iccid, uint8_t pol1,
                           int64_t now_ms, bool *ret);
/* Moves a device: it loses its network and looks for one where visited is heard. */
MUST_CHECK int simnet_move(struct simnet *n, const struct eid *eid, const struct plmn *visited,
                           int64_t now_ms);

/* A device sleeps from now on: it wakes phase_ms from now, then every period of its kind, in its own time (not
 * divided again); its SMSC keeps messages until then, within their validity. */
MUST_CHECK int simnet_sleep(struct simnet *n, const struct eid *eid, const struct fleet_kind *kind,
                            int64_t phase_ms, int64_t now_ms);

/* The SMSC of that operator is out of order until then: it delivers nothing, takes nothing from its
 * subscribers, and of the SM-SR's messages takes none (refuse: queue full) or keeps them. What it held
 * leaves when it is back. A later call replaces the end. ERR_NOT_FOUND. */
MUST_CHECK int simnet_sms_outage(struct simnet *n, const struct plmn *home, bool refuse, int64_t until_ms,
                                 int64_t now_ms);

/* The number that cards notify is not routed in that operator's network until then: its SMSC takes a notification and
 * loses it; answers, which go to the number that asked, as well where they are named. A later call replaces the end.
 * ERR_NOT_FOUND. */
MUST_CHECK int simnet_sms_unroute(struct simnet *n, const struct plmn *home, bool answers, int64_t until_ms,
                                  int64_t now_ms);
/* The subscriber has this number from now on, the former one is nobody's; what waits for him stays his.
 * ERR_NOT_FOUND, ERR_EXISTS: it is somebody else's. */
MUST_CHECK int simnet_renumber(struct simnet *n, const struct imsi *imsi, const struct msisdn *to);
const struct msisdn *simnet_number_of(const struct simnet *n, const struct imsi *imsi); /* NULL: none of ours */

/* --- time --- */
int64_t simnet_due(const struct simnet *n);          /* earliest happening; 0: nothing to come */
/* Carries out everything due at now_ms or before, in order. An error means stop (design law 11). */
MUST_CHECK int simnet_run(struct simnet *n, int64_t now_ms);
/* The same for at most so many happenings; afterwards simnet_due says whether some are left. */
MUST_CHECK int simnet_run_some(struct simnet *n, int64_t now_ms, unsigned most);

/* --- downcalls: what the SM-SR gives the network --- */
enum simnet_result { SIMNET_ACCEPTED, SIMNET_THROTTLED, SIMNET_QUEUE_FULL, SIMNET_NO_SUBSCRIBER,
                     SIMNET_REFUSED };
/* *ret_message names the message in reports. ERR_NOMEM. */
MUST_CHECK int simnet_sms_mt(struct simnet *n, const struct msisdn *to, const struct msisdn *from,
                             uint8_t pid, uint8_t dcs, int64_t vp_s, struct span tp_ud,
                             int64_t now_ms, enum simnet_result *ret, uint64_t *ret_message);
/* The SM-SR took the connection, or not. Unknown connections are ignored, here and below. */
MUST_CHECK int simnet_stream_opened(struct simnet *n, uint64_t conn, bool ok, int64_t now_ms);
/* ERR_NOT_FOUND: no such connection; ERR_FULL: more than STREAM_DOWN_MAX octets wait. */
#define STREAM_DOWN_MAX 262144u
MUST_CHECK int simnet_stream_bytes(struct simnet *n, uint64_t conn, struct span bytes,
                                   int64_t now_ms);
MUST_CHECK int simnet_stream_closed(struct simnet *n, uint64_t conn, int64_t now_ms);
/* To a channel that is gone: nothing happens. */
MUST_CHECK int simnet_datagram(struct simnet *n, uint64_t conn, struct span pdu, int64_t now_ms);
size_t simnet_stream_waiting(const struct simnet *n, uint64_t conn);   /* octets on the way down */

/* --- looking at it --- */
size_t simnet_devices(const struct simnet *n);
struct card *simnet_card(struct simnet *n, size_t i);
struct card *simnet_card_of(struct simnet *n, const struct eid *eid);  /* NULL: no such device */
/* The network's view of device i: its subscription when it is attached. */
bool simnet_attached(const struct simnet *n, size_t i, struct imsi *ret_imsi);
enum attach_cause simnet_last_cause(const struct simnet *n, size_t i);

struct simnet_stats {
    uint64_t mt_accepted, mt_refused, mt_throttled, mt_delivered, mt_lost, mt_duplicated,
        mt_delayed, mt_late, mt_expired, mt_corrupted, mt_not_ota,
        mt_outage, mo_outage,     /* met an SMSC that was out of order */
        mt_part_late, mt_replayed, mt_swallowed, mt_lied, mt_busy;   /* quirks */
    uint64_t mo_sent, mo_delivered, mo_lost, mo_duplicated, mo_delayed, mo_corrupted, mo_misdialled,
        mo_failed, mo_unrouted, por_lost;
    uint64_t streams_rested, streams_left;    /* quirks: died at rest, left open without a device */
    uint64_t streams_opened, streams_refused, streams_cut, octets_up, octets_down;
    uint64_t udps_opened, udps_refused, udps_cut, datagrams_up, datagrams_down, datagrams_lost,
        datagrams_doubled, datagrams_delayed;
    uint64_t mt_octets, mo_octets, datagram_octets;    /* what was given to the air, each time */
    uint64_t attach[ATTACH_CAUSES];
    uint64_t dark[3];             /* power lost before a card wrote, inside a script, behind it */
    uint64_t power_cycles, refreshes, devices_attached, devices_asleep, streams_open;
    uint64_t wakes;               /* of sleepers, by the clock or for what they sent */
    uint64_t mt_stored;           /* MT SMS that met a sleeper and waited for it */
};
void simnet_stats(const struct simnet *n, struct simnet_stats *ret);
