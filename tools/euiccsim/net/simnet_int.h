/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the network share. A device is named by its index, a subscriber by operator and
 * index, a stream by its connection number, so nothing depends on addresses. */
#pragma once

#include "common/base/map.h"
#include "common/codec/sms.h"
#include "tools/euiccsim/net/agenda.h"
#include "tools/euiccsim/net/hss.h"
#include "tools/euiccsim/net/simnet.h"

#define NO_OPERATOR OPERATORS_MAX

enum happening_kind {
    HAP_POWER_ON,        /* who: device; arg: its generation */
    HAP_ATTACH,          /* the same */
    HAP_CARD_TIMER,      /* who: device; arg: due it was made for */
    HAP_SMS_SENT,        /* who: device; arg: 1 taken, 0 not */
    HAP_POWER_CYCLE,     /* who: device; arg: due it was made for */
    HAP_MT_ENTER,        /* who, op: subscriber; unit: struct mt */
    HAP_MT_DELIVER,      /* who, op: subscriber */
    HAP_MT_EXPIRE,       /* who, op: subscriber */
    HAP_SMSC_BACK,       /* op: operator */
    HAP_MO,              /* unit: struct mo */
    HAP_MO_GATEWAY,      /* the gateway tries what it keeps */
    HAP_STREAM_OPEN,     /* arg: connection; unit: struct stream_open */
    HAP_STREAM_OPENED,   /* who: device; arg: connection; op: 1 taken */
    HAP_STREAM_REFUSED,  /* who: device, which has no connection */
    HAP_STREAM_UP,       /* arg: connection; unit: struct piece */
    HAP_STREAM_DOWN,     /* the same */
    HAP_STREAM_END_UP,   /* arg: connection, closed by the card */
    HAP_STREAM_END_DOWN, /* arg: connection, closed by the SM-SR */
    HAP_UDP_OPENED,      /* who: device; arg: its generation; op: 1 taken */
    HAP_DATAGRAM_UP,     /* arg: connection; unit: struct piece */
    HAP_DATAGRAM_DOWN,   /* the same */
    HAP_UDP_END,         /* arg: connection, closed by the device */
    HAP_WAKE,            /* who: device; arg: due it was made for */
    HAP_KINDS
};

struct mt {
    struct list item;
    uint64_t id;
    int64_t expires_ms;           /* 0: never */
    struct msisdn from;
    bool lost, late, again;
    uint8_t n;
    uint8_t ud[SMS_UD_MAX];
};
struct mo {
    struct mo *next;     /* kept by the gateway behind this one */
    uint64_t id;
    struct msisdn from;
    uint8_t n;
    uint8_t ud[SMS_UD_MAX];
};
struct piece {
    size_t n;
    uint8_t b[];
};
struct stream_open {
    uint8_t ipv4[4];
    uint16_t port;
};
struct stream {
    uint64_t conn;
    uint32_t device;
    bool card_open, net_open;     /* which end still knows it */
    bool ending;                  /* an end is on its way: nothing follows it */
    bool dead;                    /* a quirk: nothing gets through any more, and nobody was told */
    int64_t last_ms;              /* when something was sent last */
    int64_t up_ms, down_ms;       /* the last unit of a direction arrives then */
    size_t down_octets;
};

struct udp_channel {
    uint64_t conn;
    uint32_t device;
    uint8_t ipv4[4];
    uint16_t port;
    bool closed;                  /* by the device: what is on its way up still arrives */
};

enum device_power { DEV_OFF, DEV_SEARCHING, DEV_ATTACHED };
struct device {
    struct card *card;
    uint32_t quirks;              /* enum net_quirk */
    uint32_t generation;          /* of attach and power: older happenings are void */
    uint8_t visited;              /* index of simnet.plmns */
    uint8_t power;                /* enum device_power */
    uint8_t op;                   /* of the subscription it is attached with */
    uint8_t cause;                /* of the last attach */
    bool fallback;                /* it attached with the fall-back profile */
    uint32_t sub;
    uint64_t version;             /* of the card, when it was last made durable */
    uint64_t conn;                /* 0: no stream */
    uint64_t udp;                 /* 0: no UDP channel */
    int64_t timer_ms;             /* when HAP_CARD_TIMER comes; 0: none */
    int64_t restart_ms;           /* when HAP_POWER_CYCLE comes; 0: none */
    struct iccid attached;        /* profile it attached with */
    int64_t period_ms, window_ms; /* sleep.h; period 0: it does not sleep */
    int64_t wake_ms, awake_ms;    /* it wakes next; it is awake until then */
    uint64_t *seen;               /* NETQ_SWALLOW: hashes of the last messages, SEEN_MAX; NULL: none */
    unsigned n_seen;
};

struct operator {
    char id[16];
    struct plmn plmn;
    char numbers[17];
    uint32_t sms_per_s, taken;    /* in the second that began at window_ms */
    int64_t window_ms;
    int64_t outage_ms;            /* its SMSC is out of order until then; 0: it works */
    bool refuses;                 /* meanwhile, instead of keeping what it is given */
    int64_t unrouted_ms;          /* notifications of its subscribers are lost until then ... */
    bool answers_too;             /* ... and their answers */
    struct hss *hss;
};

#define SEEN_MAX 16u
#define PLMNS_MAX 32u
#define ROWS_MAX 256u             /* of one call of a card: a script of 30 SMS has fewer commands */
struct simnet {
    struct simnet_config cfg;
    struct simnet_port port;
    struct rng rng;
    struct rng quirk_rng;                     /* apart: a quirk does not move the faults of the others */
    int64_t now_ms;
    struct agenda agenda;
    struct operator ops[OPERATORS_MAX];
    unsigned n_ops;
    struct plmn plmns[PLMNS_MAX];             /* that may be heard somewhere */
    unsigned n_plmns;
    bool covered[OPERATORS_MAX][PLMNS_MAX];
    struct device *devices;
    size_t n_devices, cap_devices;
    struct map *by_eid;                       /* EID -> 1 + index, as a pointer value */
    struct map *streams;                      /* connection -> struct stream */
    struct map *udps;                         /* connection -> struct udp_channel */
    uint64_t next_conn, next_mo, next_mt;
    struct mo *mo_first, *mo_last; /* the SM-SR's side took no more: first come, first served */
    struct arena arena;                       /* of one call of a card */
    struct card_actions actions;
    struct buf image;
    struct card_ledger_row rows[ROWS_MAX];
    struct simnet_stats stats;
};

/* --- simnet.c --- */
int64_t net_scaled(const struct simnet *n, int64_t ms);
/* A fault has been drawn: does it hit? The second one draws it as well. */
bool net_strikes(const struct simnet *n, const char *fault);
bool net_struck(struct simnet *n, uint32_t rate, const char *fault);
/* The device has this quirk, and one time in so many it shows. */
bool net_quirk(struct simnet *n, uint32_t dev, enum net_quirk q, unsigned one_of, const char *what);
int64_t net_quirk_ms(struct simnet *n, int64_t least, int64_t most);      /* scaled */
int64_t net_latency(struct simnet *n, enum latency_kind k, size_t octets);
/* kind, who, op, arg and unit of h are given, due in after ms. Takes the unit, also on failure. */
MUST_CHECK int net_plan(struct simnet *n, int64_t after_ms, struct happening h);
struct subscriber *net_subscriber(struct simnet *n, unsigned op, uint32_t sub);
unsigned net_operator_of(const struct simnet *n, const char *digits, bool by_number);
MUST_CHECK int net_device_find(const struct simnet *n, const struct eid *eid, uint32_t *ret);

/* --- device.c: the only callers of a card --- */
MUST_CHECK int device_power_on(struct simnet *n, uint32_t dev);
MUST_CHECK int device_off(struct simnet *n, uint32_t dev, int64_t again_ms);
MUST_CHECK int device_power_cycle(struct simnet *n, uint32_t dev, int64_t made_for);
/* The card as it was last made durable; without a ledger file it stays as it is. */
MUST_CHECK int device_reload(struct simnet *n, uint32_t dev);
MUST_CHECK int device_attached(struct simnet *n, uint32_t dev, bool ok);
MUST_CHECK int device_timer(struct simnet *n, uint32_t dev, int64_t made_for);
MUST_CHECK int device_call(struct simnet *n, uint32_t dev, bool *ret);
MUST_CHECK int device_pol1(struct simnet *n, uint32_t dev, const struct iccid *iccid, uint8_t pol1, bool *ret);
MUST_CHECK int device_sms(struct simnet *n, uint32_t dev, const struct msisdn *from,
                          struct span ud);
MUST_CHECK int device_sms_sent(struct simnet *n, uint32_t dev, bool ok);
MUST_CHECK int device_stream_opened(struct simnet *n, uint32_t dev, bool ok);
MUST_CHECK int device_stream_bytes(struct simnet *n, uint32_t dev, struct span b);
MUST_CHECK int device_stream_closed(struct simnet *n, uint32_t dev);
MUST_CHECK int device_udp_opened(struct simnet *n, uint32_t dev, bool ok);
MUST_CHECK int device_datagram(struct simnet *n, uint32_t dev, struct span pdu);
MUST_CHECK int device_udp_closed(struct simnet *n, uint32_t dev);
MUST_CHECK int device_make_durable(struct simnet *n, uint32_t dev);
void device_detach(struct simnet *n, uint32_t dev);
MUST_CHECK int device_lost(struct simnet *n, uint32_t dev, int64_t after_ms);
MUST_CHECK int device_search(struct simnet *n, uint32_t dev, int64_t after_ms);
bool device_sms_works(const struct simnet *n, uint32_t dev);

/* --- sleep.c --- */
/* It hears what is sent to it now. */
bool device_awake(const struct simnet *n, uint32_t dev);
/* It sent or got something: awake for a while; what waits for it comes. */
MUST_CHECK int device_active(struct simnet *n, uint32_t dev);
MUST_CHECK int device_wake(struct simnet *n, uint32_t dev, int64_t made_for);

/* --- attach.c --- */
MUST_CHECK int attach_run(struct simnet *n, uint32_t dev);

/* --- smsc.c --- */
MUST_CHECK int smsc_enter(struct simnet *n, unsigned op, uint32_t sub, struct mt *m);
MUST_CHECK int smsc_deliver(struct simnet *n, unsigned op, uint32_t sub);
void smsc_expire(struct simnet *n, unsigned op, uint32_t sub);
MUST_CHECK int smsc_back(struct simnet *n, unsigned op);
MUST_CHECK int smsc_wake(struct simnet *n, unsigned op, uint32_t sub);
MUST_CHECK int smsc_submit(struct simnet *n, uint32_t dev, const struct msisdn *to,
                           struct span ud);
MUST_CHECK int smsc_forward(struct simnet *n, struct mo *m); /* takes m */
MUST_CHECK int smsc_gateway(struct simnet *n);
void smsc_gateway_fini(struct simnet *n);

/* --- stream.c --- */
MUST_CHECK int stream_open(struct simnet *n, uint32_t dev, const uint8_t ipv4[4], uint16_t port);
MUST_CHECK int stream_send(struct simnet *n, uint32_t dev, struct span b);
MUST_CHECK int stream_close(struct simnet *n, uint32_t dev);
void stream_drop(struct simnet *n, uint32_t dev);      /* the device is gone: the SM-SR is told */
void stream_forget_all(struct simnet *n);              /* everything is gone: nobody is told */
MUST_CHECK int stream_happens(struct simnet *n, struct happening *h);

/* --- datagram.c --- */
MUST_CHECK int udp_channel_open(struct simnet *n, uint32_t dev, const uint8_t ipv4[4],
                                uint16_t port);
MUST_CHECK int udp_channel_send(struct simnet *n, uint32_t dev, struct span b);
/* The device is gone, or closed it. */
MUST_CHECK int udp_channel_drop(struct simnet *n, uint32_t dev);
void udp_channel_forget_all(struct simnet *n, bool tell);
MUST_CHECK int udp_channel_happens(struct simnet *n, struct happening *h);
