/* SPDX-License-Identifier: Apache-2.0 */
/* One eUICC of SGP.02 (clause 2.2), with the device around it reduced to what the card asks of
 * it: ISD-R, ECASD, ISD-Ps, SCP80, SCP81, SCP03t, POL1, fall-back, notifications, roll-back.
 * Pure: no sockets, no clock, no files. Each call takes the time and appends what the card wants
 * to an action list; the owner makes card_image and the ledger rows durable in one append and
 * only then carries the actions out, in order. What a card refuses, drops or answers with a bad
 * status word is its behaviour and never an error: calls fail with ERR_NOMEM, ERR_FULL (list or
 * ledger), ERR_CRYPTO. */
#pragma once

#include "common/base/clock.h"
#include "common/base/ids.h"
#include "common/base/mem.h"
#include "common/bearer/scp81.h"
#include "common/crypto/crypto.h"

struct card;

/* Shared by all cards of a process. */
struct card_world {
    struct crypto *crypto;
    struct rng *rng;                  /* challenges and quirk draws: seeded in the simulator */
    struct scp81_ctx *scp81;          /* client role */
    struct span ci_points;            /* concatenated 65-octet CI public points the ECASDs trust */
    unsigned time_scale;              /* all card timers are divided by it; 0 counts as 1 */
    struct msisdn smsr_address;       /* A3 SMS destination of the ISD-R at delivery */
};

/* What the factory (EUM) puts onto a card. */
struct card_profile_data {            /* parsed from a package or given by the factory */
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    uint8_t k[16], opc[16];
    uint8_t acc[2];
    uint8_t pol1;                     /* 01 disabling not allowed, 02 deletion not allowed, */
                                      /* 04 delete when disabled */
    uint8_t ad_mnc_len;
    uint8_t smsp[40], connectivity[64];
    uint8_t smsp_len, connectivity_len;
    uint8_t n_ota_keys;
    uint8_t package_sha256[32];       /* of a downloaded package in clear; zeros from the factory */
};
struct card_factory {
    struct eid eid;
    uint8_t scp80_kvn, kic[16], kid[16], dek[16];      /* kvn 01..0F */
    uint8_t psk_kvn, psk_kid, psk[16];                 /* kvn 40..4F; 0: no SCP81 */
    uint8_t ecasd_private[32];        /* SK.ECASD.ECKA, P-256 */
    struct span ecasd_cert;           /* 7F21, at most CARD_CERT_MAX octets */
    uint32_t memory_bytes;            /* free non-volatile memory at delivery */
    char imei[17];
    uint32_t quirks;                  /* bits of enum card_quirk */
    struct card_profile_data bootstrap; /* enabled, fall-back attribute set, ISD-P 0010 */
    bool has_bootstrap;
    uint16_t notified;                /* sequence number of the last notification; a used card has one */
};
#define CARD_CERT_MAX 245u            /* fits GET DATA BF30 in one short answer */
#define CARD_ISDPS_MAX 16u

/* Behaviours seen in the field, drawn per card (table with names and rates: card/quirks.h). */
enum card_quirk {
    QUIRK_REFRESH_POSTPONED = 1u << 0,    /* REFRESH waits for the next power cycle */
    QUIRK_POR_SWALLOWED = 1u << 1,        /* PoR of an enable never leaves the device */
    QUIRK_POR_AFTER_NOTIFICATION = 1u << 2,
    QUIRK_POR_FROM_NEW_NUMBER = 1u << 3,  /* PoR is sent only after the new profile attached */
    QUIRK_RECONFIRM_6A88 = 1u << 4,       /* a confirmation that comes again is answered 6A88 */
    QUIRK_RECONFIRM_6985 = 1u << 5,       /* or 6985, instead of the first answer once more */
    QUIRK_LINK_CUT = 1u << 7,             /* the first CAT_TP link after power on is gone behind the */
                                          /* first packet, with its answer */
    QUIRK_STAYS_SAME = 1u << 8,           /* nobody confirms: it stays on the new profile, and tells of it */
                                          /* at every boot under the same number */
    QUIRK_STAYS_RESET = 1u << 9,          /* or under number 1 */
    QUIRK_STAYS_SKIPPED = 1u << 10,       /* or under one that skips some */
    QUIRK_CALL_LATER = 1u << 11,          /* OPEN CHANNEL of a trigger fails; it calls hours later */
    QUIRK_MEMORY_LATER = 1u << 12,        /* what DELETE freed is free behind the next reset */
    QUIRK_MEMORY_BOAST = 1u << 13,        /* FF21 tells of more memory than there is */
    QUIRK_LIST_PAGED = 1u << 14,          /* GET STATUS gives one ISD-P an answer, 6310 */
    QUIRK_LIST_TRUNCATED = 1u << 15,      /* or two, 62F1, and its script ends there */
    QUIRK_POR_CLEAR = 1u << 16,           /* its PoRs carry a checksum and are not enciphered */
    QUIRK_RMAC_EACH = 1u << 17,           /* each segment of a load is answered with an R-MAC */
    QUIRK_MEMORY_KEPT = 1u << 6,          /* a deleted ISD-P keeps its memory for ever; not in the */
                                          /* table: it is about downloads, for test/sim alone */
};

enum card_action_kind {
    CARD_SEND_SMS,        /* to, bytes: one TP-UD; a longer message is several actions */
    CARD_OPEN_STREAM,     /* ipv4, port: the device opens TCP; answered by card_stream_opened */
    CARD_STREAM_SEND,     /* bytes */
    CARD_STREAM_CLOSE,
    CARD_OPEN_UDP,        /* ipv4, port: a UDP channel; answered by card_udp_opened */
    CARD_DATAGRAM,        /* bytes: one CAT_TP PDU */
    CARD_UDP_CLOSE,
    CARD_REFRESH,         /* UICC reset: detach, then attach with the profile enabled now */
    CARD_LEDGER,          /* ledger rows wait for card_ledger_take; at most once in a list */
};
struct card_action {
    enum card_action_kind kind;
    struct msisdn to;
    uint8_t ipv4[4];
    uint16_t port;
    struct span bytes;                /* TP-UD or stream bytes, in the list's arena */
};
struct card_actions {
    struct arena *arena;
    struct card_action a[24];
    unsigned n;
};

/* ERR_INVAL: key versions out of range, certificate too long, no EID. */
MUST_CHECK int card_new(const struct card_world *w, const struct card_factory *f,
                        struct card **ret);
void card_free(struct card *c);
const struct eid *card_eid(const struct card *c);

/* --- device to card --- */
/* One SMS-DELIVER with PID 7F: its originating address and TP-UD. */
MUST_CHECK int card_sms(struct card *c, const struct msisdn *from, struct span tp_ud,
                        int64_t now_ms, struct card_actions *out);
/* The network took an SMS of ours (true) or could not (false: a notification is tried again). */
MUST_CHECK int card_sms_sent(struct card *c, bool ok, int64_t now_ms, struct card_actions *out);
/* Result of an attach that the device tried with the enabled profile. */
MUST_CHECK int card_attached(struct card *c, bool ok, int64_t now_ms, struct card_actions *out);
MUST_CHECK int card_stream_opened(struct card *c, bool ok, int64_t now_ms,
                                  struct card_actions *out);
MUST_CHECK int card_stream_bytes(struct card *c, struct span bytes, int64_t now_ms,
                                 struct card_actions *out);
MUST_CHECK int card_stream_closed(struct card *c, int64_t now_ms, struct card_actions *out);
/* The UDP channel of a CAT_TP link (TS 102 127): open or refused, a datagram, lost with the network. */
MUST_CHECK int card_udp_opened(struct card *c, bool ok, int64_t now_ms, struct card_actions *out);
MUST_CHECK int card_datagram(struct card *c, struct span pdu, int64_t now_ms,
                             struct card_actions *out);
MUST_CHECK int card_udp_closed(struct card *c, int64_t now_ms, struct card_actions *out);
/* The device lets the card call by itself, as its last session was opened (polling). *ret: it does. */
MUST_CHECK int card_call(struct card *c, int64_t now_ms, struct card_actions *out, bool *ret);
/* Power off and on: what is volatile (sessions, reassembly, session keys, an unsent PoR) is gone, a
 * REFRESH that was put off happens now. Streams of the device are closed by it. */
MUST_CHECK int card_power_cycle(struct card *c, int64_t now_ms, struct card_actions *out);
/* Behind so many commands of its next script the power fails: the others are never run, nothing may be
 * sent of what this call wants, and card_power_cycle comes next. 0: the power holds. */
void card_power_fails(struct card *c, unsigned commands);
MUST_CHECK int card_timer(struct card *c, int64_t now_ms, struct card_actions *out);
int64_t card_due(const struct card *c);             /* wall ms, 0 = none */
/* USIM AUTHENTICATE (TS 31.102 7.1.2) with the enabled profile's K, OPc and SQN: ERR_AUTH (MAC
 * wrong), ERR_STATE (SQN out of range: ask card_resync), ERR_NOT_FOUND (no enabled profile). */
MUST_CHECK int card_authenticate(struct card *c, const uint8_t rand[16], const uint8_t autn[16],
                                 uint8_t ret_res[8]);
/* AUTS for a RAND that was refused: SQN_MS xor AK* || MAC-S (TS 33.102 6.3.3). ERR_NOT_FOUND. */
MUST_CHECK int card_resync(const struct card *c, const uint8_t rand[16], uint8_t ret_auts[14]);

/* --- witnesses, read by the network (attach) and by proofs only --- */
enum card_isdp_state { ISDP_SELECTABLE = 0x07, ISDP_PERSONALIZED = 0x0F, ISDP_DISABLED = 0x1F,
                       ISDP_ENABLED = 0x3F };
struct card_isdp {
    struct aid aid;
    enum card_isdp_state state;
    bool fallback;
    uint32_t memory;                  /* octets taken from the card: the quota, or the package */
    struct card_profile_data data;    /* valid in DISABLED and ENABLED */
};
unsigned card_isdp_count(const struct card *c);
const struct card_isdp *card_isdp_at(const struct card *c, unsigned i);
const struct card_isdp *card_enabled(const struct card *c);   /* NULL = none */
uint32_t card_memory_free(const struct card *c);
uint32_t card_memory_told(const struct card *c);              /* by FF21 */

/* Design law 12. channel: 'S' SMS or 'C' CAT_TP (kvn, counter) or 'H' HTTPS (counter = number of the script in
 * its session, from 1). A row is written for each effect command whatever its status word. */
enum card_cause { CAUSE_OTA, CAUSE_ROLLBACK, CAUSE_FALLBACK, CAUSE_POL1 };
struct card_ledger_row {
    struct eid eid;
    uint32_t n;                       /* gap-free per card from 1 */
    char channel;                     /* 0 for what the card did by itself */
    uint8_t kvn;
    uint64_t counter;
    char step_uri[128];               /* HTTPS: the Next-URI under which the answer is POSTed */
    uint16_t position;                /* in the script, from 0 */
    uint8_t ins, p1, p2;              /* header of the APDU; ins 86, p1 p2 0 for an SCP03t load */
    uint16_t dgi;                     /* first DGI of STORE DATA */
    struct aid aid;                   /* the ISD-P it is about; empty when it could not be read */
    uint16_t sw;                      /* 9000 .. or the PEStatus of a load as 0x0100 | status */
    uint8_t state_before, state_after;    /* 0: the ISD-P is not there */
    enum card_cause cause;
    uint32_t undoes;                  /* roll-back: row n of the command it undoes; else 0 */
};
uint32_t card_ledger_count(const struct card *c);
/* Hands over at most max rows, oldest first, that were added and not yet taken. */
unsigned card_ledger_take(struct card *c, struct card_ledger_row *dst, unsigned max);

/* Grows with every change of what card_image holds: same version, same image. Not durable. */
uint64_t card_version(const struct card *c);
/* ES6.UpdatePOL1byMNO (SGP.02 4.1.2) as it ends: its octets are published nowhere we could read, so the world
 * says what the operator's own OTA did. It reaches the MNO-SD of the enabled profile alone; false: nothing was
 * changed. No row of the ledger: no command of an SM-SR ran. */
bool card_update_pol1(struct card *c, const struct iccid *iccid, uint8_t pol1);
/* SMS the card met with silence (its checks failed) since it was made. Not durable. */
uint32_t card_silent_count(const struct card *c);
/* Whole durable state of a card as bytes and back; the same state gives the same bytes. Holds keys:
 * wipe the buffer. Reading: ERR_FORMAT, ERR_TRUNCATED. Call card_power_cycle after it. */
MUST_CHECK int card_image(const struct card *c, struct buf *out);
MUST_CHECK int card_from_image(const struct card_world *w, struct span image, struct card **ret);
