/* SPDX-License-Identifier: Apache-2.0 */
/* The bearers of the SM-SR over the carrier port: SCP80 packets in SMS and over CAT_TP links, SCP81
 * sessions in TLS-PSK streams (SGP.02 2.4.3, 2.4.4; design 5 steps 5 to 7). What a card proved
 * becomes an input of its mailbox through port->post; what a plan let out comes in by channel_sms,
 * channel_step, channel_session_close. No sockets, no loop, no store: time is asked from the clock,
 * the owner calls channel_timer when channel_due says so. One thread. The upcalls of the carrier
 * are declared in carrier.h. */
#pragma once

#include "common/base/clock.h"
#include "common/crypto/crypto.h"
#include "common/proc/proc.h"
#include "smsr/channel/carrier.h"
#include "smsr/channel/tap.h"
#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"
#include "smsr/domain/out.h"

#define CHANNEL_CANDIDATES_MAX 16u

/* Handles of an EID's keys, owned by the giver, used before the next call of the port. A key set
 * that the card does not have: version 0 and NULL handles. */
struct isdr_keys {
    uint8_t scp80_kvn;             /* 01..0F */
    struct key *kic, *kid;
    uint8_t cc_len;                /* 0 = 8 octets */
    uint8_t psk_kvn, psk_kid;      /* 40..4F */
    struct key *psk;
};

/* What the channel needs from the application. All are called within a call of the channel. */
struct channel_port {
    /* The card as the view sees it now, NULL = not registered; used before the next call of the
     * port. */
    const struct euicc *(*euicc)(void *ctx, const struct eid *eid);
    /* The cards whose current, target or previous address this number is: at most max, returns how
     * many. */
    unsigned (*candidates)(void *ctx, const struct msisdn *number, struct eid *ret, unsigned max);
    /* ERR_NOT_FOUND: no such card. */
    int (*keys)(void *ctx, const struct eid *eid, struct isdr_keys *ret);
    /* Of a handshake: the PSK that this identity names, NULL: there is none. As much is done for who is
     * not there as for who is, so that the time does not tell. NULL: keys is asked. */
    struct key *(*psk)(void *ctx, const struct eid *eid, uint8_t kid, uint8_t kvn);
    /* Appends the packet bytes of the record that armed it. */
    int (*packet)(void *ctx, uint64_t lsn, struct buf *out);
    /* engine_post: spans of the input are valid during the call only. */
    int (*post)(void *ctx, const struct input *in);
    void *ctx;
    /* For those who make a process die there (engine.h, ENGINE_SMS_PART, ENGINE_SMSC_TOOK); NULL:
     * nobody looks. */
    void (*part_sent)(void *ctx);
    void (*smsc_took)(void *ctx);
    /* The SCP80 key sets a card has beside that of keys, from 0 on; ERR_NOT_FOUND: no more. NULL: none. */
    int (*more_keys)(void *ctx, const struct eid *eid, unsigned at, struct isdr_keys *ret);
};

/* NULL when out of memory. env and the port stay the owner's. c draws session ids. */
struct channel *channel_new(const struct channel_port *port, const struct carrier *carrier,
                            struct crypto *c, const struct clock *clock, const struct env *env);
/* Streams are closed at the carrier; nothing is posted. */
void channel_free(struct channel *ch);

/* Somebody looks on; NULL: nobody, from now on. It lives as long as the channel asks it. */
void channel_set_tap(struct channel *ch, const struct channel_tap *tap);

/* --- what plans let out (called when their record is durable) --- */

/* Sends an armed packet to the addresses its profiles have now: one carrier call per part and
 * address. What the carrier does not take now is tried again with growing pauses until validity
 * ends. IN_CARRIER tells the mailbox when nothing could be sent or the carrier refused. ERR_INVAL:
 * no packet (law 3 is broken). */
MUST_CHECK int channel_sms(struct channel *ch, const struct out_sms *o);
/* Answers the POST that waits in this session, or keeps the answer for a resume. Code 204 and step
 * 0 end the session. ERR_NOT_FOUND: the session is gone (the mailbox was or will be told);
 * ERR_STATE: no POST waits for it: nothing left. */
MUST_CHECK int channel_step(struct channel *ch, const struct out_step *o);
/* Hands an armed packet to its link. ERR_NOT_FOUND: the link is gone (the mailbox was or will be
 * told); other errors: it was closed, and the mailbox is told. */
MUST_CHECK int channel_link(struct channel *ch, const struct out_link *o);
/* How long an operation of this card waits before it begins, in ms of this machine; 0: it begins now. Who is
 * told to wait gets IN_TURN when it may, and asks again behind that time in case it was lost. */
int64_t channel_pace(struct channel *ch, const struct euicc *e, const struct operation *op);
/* The card behind a record, or as a start finds it: what of it is in flight. */
void channel_turns(struct channel *ch, const struct euicc *e);
/* While it holds nobody is let in: at a start, until all that is in flight was told. */
void channel_turns_hold(struct channel *ch, bool hold);
/* It waits, for what, and how many of its lane stand before it, at most: some of them may have ended. */
struct channel_wait {
    const char *why;
    uint64_t before;
};
bool channel_waits(const struct channel *ch, const struct eid *eid, const struct uuid *op,
                   struct channel_wait *ret);
size_t channel_turns_waiting(const struct channel *ch);
size_t channel_turns_running(const struct channel *ch);
/* The CAT_TP link of this card that is open right now, and the TAR with which script chaining is
 * (0: none). */
bool channel_linked(const struct channel *ch, const struct eid *eid, struct uuid *ret_link,
                    uint32_t *ret_chained);
/* Ends a session: the POST that waits is answered 204, the stream closed, its answers are refused
 * from now on; or a CAT_TP link, which gets a RST. Nothing is posted. Neither: no effect. */
void channel_session_close(struct channel *ch, const struct out_session_close *o);
/* The session of this card whose POST waits for our response on a stream right now. */
bool channel_held(const struct channel *ch, const struct eid *eid, struct uuid *ret_session);

/* A response to the POST that waits was decided and is being made durable: the hold ends here. */
void channel_step_decided(struct channel *ch, const struct uuid *session);

/* A number of no card that was heard; wall times. */
struct channel_stranger {
    struct msisdn from;
    uint64_t messages, declarations; /* of them by their form notifications of a card */
    int64_t first_ms, last_ms;
};
/* Heard last first; how many. */
unsigned channel_strangers(const struct channel *ch, struct channel_stranger *ret, unsigned max);
size_t channel_strangers_known(const struct channel *ch); /* listed or not */

/* --- time --- */
int64_t channel_due(const struct channel *ch);      /* earliest timer, monotonic ms; -1 = none */
void channel_timer(struct channel *ch);             /* runs what is due by the clock */

/* --- what was seen; X(name, what it counts) --- */
#define CHANNEL_COUNTERS(X)                                                                        \
    X(sms_sent, "TP-UDs handed to a carrier")                                                      \
    X(sms_retried, "TP-UDs handed over again after throttling")                                    \
    X(sms_refused, "TP-UDs a carrier refused")                                                     \
    X(sms_silent, "TP-UDs a carrier said nothing about")                                           \
    X(operation_paced, "operations that waited for their turn to begin")                           \
    X(sms_joined, "TP-UDs not sent again: the same one had not left yet")                          \
    X(report_delivered, "reports of networks: delivered")                                          \
    X(report_failed, "reports of networks: expired, deleted, undeliverable, rejected, unknown")    \
    X(report_early, "reports of networks: not yet there")                                          \
    X(report_unknown, "reports of networks about no message that waits for one")                   \
    X(report_forgotten, "messages whose reports are not waited for any more: too many")            \
    X(sms_overflow, "TP-UDs not sent: the queue was full")                                         \
    X(sms_expired, "TP-UDs not sent: validity ended while waiting")                                \
    X(sms_unroutable, "packets without an address or route")                                       \
    X(mo_received, "TP-UDs received")                                                              \
    X(mo_part, "of them parts that wait for others")                                               \
    X(mo_format, "dropped: not an OTA message")                                                    \
    X(mo_overflow, "dropped: too many unfinished messages")                                        \
    X(mo_throttled, "dropped: too many unproven messages from one number")                         \
    X(strangers_forgotten, "numbers of no card no longer listed: too many")                        \
    X(mo_unknown_source, "dropped: number of no card")                                             \
    X(mo_no_key, "dropped: no card of this number could have sent it")                             \
    X(mo_bad_cc, "dropped: checksum fits no card of this number")                                  \
    X(por_accepted, "PoRs handed to a mailbox")                                                    \
    X(por_unproven, "dropped: PoR without checksum")                                               \
    X(por_late, "dropped: proven PoR of no open packet")                                           \
    X(notification_accepted, "notifications handed to a mailbox")                                  \
    X(notification_level, "dropped: notification without checksum or for another application")     \
    X(notification_format, "dropped: proven, but not a notification")                              \
    X(notification_foreign, "dropped: notification that names another EID")                        \
    X(post_failed, "inputs that no mailbox took")                                                  \
    X(stream_opened, "streams opened")                                                             \
    X(stream_overflow, "streams refused: too many")                                                \
    X(stream_failed, "streams ended by a failed handshake or wrong bytes")                         \
    X(stream_slow, "streams ended because no request came in time")                                \
    X(http_refused, "requests answered with an error status")                                      \
    X(session_opened, "sessions opened")                                                           \
    X(session_parallel, "requests refused: the card has a session on another stream")              \
    X(session_deferred, "sessions cut at once: a card called where its network has all it takes")  \
    X(session_resumed, "sessions taken up on a new stream")                                        \
    X(session_unknown, "requests refused: session or step is not there")                           \
    X(session_waited, "POSTs told to come again: something is under way elsewhere")                \
    X(session_held_out, "sessions ended because nothing was to be done")                           \
    X(session_lost, "sessions ended because the card stayed away")                                 \
    X(step_repeated, "POSTs answered from the kept response")                                      \
    X(step_unexpected, "responses that no POST waited for")                                        \
    X(datagram_received, "CAT_TP PDUs received")                                                   \
    X(datagram_dropped, "dropped: no PDU, a wrong checksum, or one that fits nothing")             \
    X(datagram_sent, "CAT_TP PDUs handed to a carrier")                                            \
    X(link_unknown, "CAT_TP links refused: nobody asked for them")                                 \
    X(link_throttled, "of them unseen: too many for cards that nothing was sent to")               \
    X(link_overflow, "CAT_TP links refused: too many")                                             \
    X(link_opened, "CAT_TP links opened")                                                          \
    X(link_lost, "CAT_TP links that ended by the card or by silence")                              \
    X(link_held_out, "CAT_TP links closed because nothing was to be done")                         \
    X(link_sdu_refused, "what came over a link and proves nothing")

struct channel_counters {
#define X(name, what) uint64_t name;
    CHANNEL_COUNTERS(X)
#undef X
};
const struct channel_counters *channel_get_counters(const struct channel *ch);
/* Number i of the counters: name and value; false behind the last one. */
bool channel_counter(const struct channel *ch, unsigned i, const char **ret_name,
                     uint64_t *ret_value);
size_t channel_streams(const struct channel *ch);
size_t channel_sessions(const struct channel *ch);
size_t channel_links(const struct channel *ch);
