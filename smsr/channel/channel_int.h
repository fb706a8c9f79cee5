/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the channel: its bounds, its timers, and what the parts call of each other. */
#pragma once

#include "common/base/list.h"
#include "common/base/map.h"
#include "common/base/mem.h"
#include "common/base/rng.h"
#include "common/bearer/cattp_link.h"
#include "common/bearer/scp81.h"
#include "common/bearer/sms_rx.h"
#include "common/crypto/scp80.h"
#include "smsr/channel/channel.h"

#define STREAMS_MAX 20000u
#define SESSIONS_MAX 20000u
#define LINKS_MAX 20000u
#define LINK_WAITS 5u               /* lengths of link.c */
#define STREAM_PIECE 16384u         /* octets handed to the carrier at a time */
#define SESSION_WAITS 3u            /* holds of one session in which nothing was to be done */
#define STUCK_MS 200                /* a full carrier is tried again after this */
#define SMS_OUT_MAX 65536u          /* TP-UDs without a carrier result */
#define SMS_NETWORKS_MAX 32u
#define REPORTS_MAX 16384u          /* messages whose reports are waited for */
#define SMS_RX_OPEN 4096u           /* unfinished messages, of all sources */
#define SMS_RX_PER_SOURCE 8u
#define SMS_RX_HOLD_MS 600000       /* time scale 1 */
#define SMS_BACKOFFS 8u             /* pauses of sms_queue.c */
#define GUARD_BUCKETS 4096u
#define STRANGERS_MAX 4096u
#define LINKS_PUSHED 16384u
#define GUARD_BURST 64u             /* unproven messages a number may send at once ... */
#define GUARD_REFILL_MS 1000        /* ... and one more after each of these */

/* Each kind of timer has one length while the configuration stands, so a list in order of arming is
 * a list in order of time and nothing is searched. */
enum due_kind { DUE_FIRST, DUE_STUCK, DUE_HOLD, DUE_IDLE, DUE_FULL, DUE_LINK_HOLD, DUE_TURN, DUE_SMS,
                DUE_LINK = DUE_SMS + (int)SMS_BACKOFFS, DUE_KINDS = DUE_LINK + (int)LINK_WAITS };
struct due {
    struct list in;                 /* of channel.due[kind]; alone when not armed */
    int64_t at;
};

/* How many unproven messages a number may still send (facts: trust A15). Numbers share buckets. */
struct guard {
    int64_t since_ms;
    uint32_t tokens;
};

struct session;
struct stream {
    uint64_t conn;
    struct scp81 *tls;
    struct session *session;        /* bound by its first good request */
    struct due first, stuck;
    bool closing;                   /* goes when its output is out */
};

/* One administration session of one card; outlives its streams. */
struct session {
    struct uuid id;
    struct eid eid;
    struct stream *stream;          /* NULL: cut, may be resumed */
    struct due timer;
    uint64_t last_post;             /* the POST that was taken last: 0 the first, else its place */
    unsigned waited;                /* so often it was told to ask again */
    bool waits;                     /* that POST has no response yet */
    bool over;                      /* final response given: kept for a card that did not get it */
    /* the response to that POST, kept until the next one is taken */
    int code;
    uint32_t step;                  /* its Next-URI; 0 = none */
    uint32_t wait;                  /* without a step: the one to ask again under; 0 = none */
    struct aid target;
    uint8_t *body;
    size_t body_n;
    bool left;                      /* it was handed to a stream: the card may have run it */
};

/* What waits for one carrier, in order. */
struct sms_network {
    char id[32];
    struct list waiting;            /* sms_unit.due.in */
    struct due full;                /* armed while the carrier takes nothing, or has had its rate */
    bool pushing;
    unsigned n_waiting;
    /* pace.c */
    int64_t part_us;                /* between two parts; 0: as fast as it takes them */
    int64_t bucket_us;              /* parts are paid for up to here, never more than a second behind */
    int64_t next_us;                /* operations have begun up to here */
    /* turn.c */
    struct list lanes;              /* of those that wait, in order of turns */
    struct due turn;                /* armed while it has had its rate and some wait */
    unsigned data_max, n_data;      /* data sessions: at most (0: any number), and in flight */
};

struct channel {
    struct channel_port port;
    struct carrier carrier;
    struct crypto *crypto;
    const struct clock *clock;
    const struct env *env;
    const struct channel_tap *tap;  /* NULL: nobody looks on */
    struct scp81_ctx *tls;
    struct rng rng;                 /* over crypto, for session ids (random_fill) */
    struct list due[DUE_KINDS];
    struct map *streams;            /* conn -> stream */
    struct map *sessions;           /* session id -> session */
    struct map *by_eid;             /* EID -> session */
    struct map *units;              /* tag -> sms_unit */
    struct map *unit_bytes;         /* number and beginning of the TP-UD -> sms_unit */
    struct sms_network network[SMS_NETWORKS_MAX];
    unsigned n_networks;
    uint64_t next_tag;
    struct map *awaited;            /* network and its name of a message -> awaited report */
    struct list awaiting;           /* the same, oldest first */
    struct sms_rx *rx;
    struct map *links;              /* conn -> link */
    struct map *links_by_id;        /* open ones: session id -> link */
    struct map *links_by_eid;       /* open ones: EID -> link */
    struct map *turns;              /* EID -> turn */
    struct map *turn_counts;        /* party or tenant of env -> count */
    struct list turns_granted;      /* turn.in */
    struct map *data;               /* EID -> data_place */
    size_t n_turns_waiting;
    bool turns_run, turns_again, turns_held;
    struct guard guard[GUARD_BUCKETS];
    struct guard guard_links;
    struct eid pushed[LINKS_PUSHED]; /* each at a place of its own making: see guard.c */
    struct map *strangers;          /* number -> stranger */
    struct list heard;              /* the same, heard last first */
    struct channel_counters n;
};

/* --- channel.c --- */
int64_t channel_now(const struct channel *ch);                     /* monotonic ms */
void due_init(struct due *d);
void due_set(struct channel *ch, enum due_kind kind, struct due *d, int64_t after_ms);
void due_clear(struct due *d);
/* Addresses the input to the card's mailbox and posts it; what nobody takes is counted. */
void channel_post(struct channel *ch, const struct eid *eid, struct input *in);

/* --- tap.c: for who looks on; nothing happens otherwise --- */
void tap_sms_mt(struct channel *ch, const struct msisdn *to, const char *from, struct span tp_ud);
void tap_sms_mo(struct channel *ch, const struct msisdn *from, struct span tp_ud);
void tap_datagram(struct channel *ch, bool out, uint64_t conn, struct span pdu);
/* A packet of ours on its way: opened with the keys of its card, when they are there. */
void tap_command(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                 struct span packet);
void tap_notification(struct channel *ch, const struct eid *eid, struct span packet,
                      const struct scp80_command *cmd);
void tap_response(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                  struct span packet, const struct scp80_response *por);
void tap_post(struct channel *ch, const struct eid *eid, const struct uuid *session,
              const struct admin_request *r);
void tap_answer(struct channel *ch, const struct session *se, const struct admin_response *r);

/* --- guard.c --- */
bool guard_open(struct channel *ch, const struct msisdn *from);
void guard_unproven(struct channel *ch, const struct msisdn *from);
/* Who may be looked up for the SYN of a link. */
void guard_pushed(struct channel *ch, const struct eid *eid);       /* an SMS leaves for it */
bool guard_link_open(struct channel *ch, const struct eid *eid);
void guard_link_unknown(struct channel *ch, const struct eid *eid); /* it asked for nothing */

/* --- stranger.c --- */
void stranger_heard(struct channel *ch, const struct msisdn *from, bool declares);
void stranger_known(struct channel *ch, const struct msisdn *from); /* it is a card's now */
void stranger_fini(struct channel *ch);

/* --- sms_queue.c --- */
struct sms_order {
    const struct eid *eid;
    uint64_t counter;               /* of the packet: named when the carrier refuses it */
    const struct iccid *profile;    /* whose number to is: what has waited goes to the one of then */
    const struct msisdn *to;
    const char *network, *from;
    int64_t validity_ms;            /* from now; what is left unsent then is dropped */
};
struct sms_unit;
/* Queues one TP-UD of at most SMS_UD_MAX octets. ERR_FULL: SMS_OUT_MAX wait already; ERR_NOMEM. */
MUST_CHECK int sms_queue(struct channel *ch, const struct sms_order *o, struct span ud);
struct sms_unit *sms_unit_of(struct list *in);
void sms_unit_due(struct channel *ch, struct sms_unit *u);
void sms_network_due(struct channel *ch, struct list *in);
void sms_queue_fini(struct channel *ch);

struct sms_network *sms_network_of(struct channel *ch, const char *id);   /* NULL: too many */

/* --- report.c --- */
struct report {
    struct eid eid;
    uint64_t counter;               /* of the packet */
    struct iccid profile;           /* whose number it went to */
};
/* A hint for the mailbox of the card; text says it in words. */
void report_post(struct channel *ch, const struct report *about, enum message_report r, const char *text);
/* A message so named was taken. */
void report_await(struct channel *ch, const char *network, const char *id, const struct report *about);
void report_fini(struct channel *ch);

/* --- pace.c --- */
void pace_init(struct channel *ch, struct sms_network *net);
bool pace_part(struct channel *ch, struct sms_network *net);    /* one more may leave now: it is paid for */
void pace_back(struct sms_network *net);                        /* and did not */
bool pace_operation(struct channel *ch, struct sms_network *net); /* one more may begin now: likewise */

/* --- data.c --- */
enum data_reason { DATA_TURN = 1, DATA_WAY = 2 };   /* an operation that began; a session or link */
/* net NULL: of the card's profile. Twice for one reason is once. */
void data_take(struct channel *ch, const struct eid *eid, struct sms_network *net, enum data_reason why);
bool data_leave(struct channel *ch, const struct eid *eid, enum data_reason why);  /* true: a place is free */
bool data_full(const struct channel *ch, const struct eid *eid, const struct sms_network *net); /* for this card */
bool data_may_call(struct channel *ch, const struct eid *eid);
void data_fini(struct channel *ch);

/* --- turn.c --- */
void turn_network_due(struct channel *ch, struct list *in);
/* Session or link of this card is gone. */
void turn_way_closed(struct channel *ch, const struct eid *eid);
void turn_fini(struct channel *ch);

/* --- por.c --- */
struct scp80_keys scp80_keys_from(const struct isdr_keys *k);
/* The SCP80 sets of a card, the one that is spoken with first; false: there is none to open a packet with. */
bool scp80_keys_at(struct channel *ch, const struct eid *eid, unsigned at, struct isdr_keys *ret);
/* What became of a response packet with one card; from POR_UNPROVEN on it is this card's. */
enum por_fate {
    POR_UNTRIED,                    /* no such card, or no keys to try */
    POR_FOREIGN,
    POR_UNPROVEN,                   /* proves nothing: counted */
    POR_LATE,                       /* of no open packet: counted */
    POR_ACCEPTED                    /* handed to the mailbox */
};
/* from: NULL over a link. */
enum por_fate por_take(struct channel *ch, const struct eid *eid, enum packet_dialect d,
                       struct span packet, const struct msisdn *from);

/* --- link.c --- */
void link_close(struct channel *ch, const struct uuid *id);
void link_hold_due(struct channel *ch, struct list *in);
void link_wait_due(struct channel *ch, struct list *in);
void link_fini(struct channel *ch);

/* --- stream.c --- */
struct stream *stream_find(const struct channel *ch, uint64_t conn);
/* Hands the output over; false: the stream is gone. */
bool stream_flush(struct channel *ch, struct stream *s);
/* Ends it, with a close_notify behind what it still has to say; its session is cut. false: the
 * stream is gone already, true: it goes when the carrier has taken all. */
bool stream_finish(struct channel *ch, struct stream *s);
void stream_first_due(struct channel *ch, struct stream *s);
void stream_fini(struct channel *ch);

/* --- session.c --- */
/* One request of a stream whose PSK has proven eid. The stream may be gone afterwards. */
void session_request(struct channel *ch, struct stream *s, const struct eid *eid,
                     const struct admin_request *r);
void session_cut(struct channel *ch, struct session *se);          /* its stream is gone */
void session_hold_due(struct channel *ch, struct session *se);
void session_idle_due(struct channel *ch, struct session *se);
void session_fini(struct channel *ch);
