/* SPDX-License-Identifier: Apache-2.0 */
/* pcapng (draft-ietf-opsawg-pcapng 4): a section with an interface for each kind of unit. CAT_TP is
 * in UDP over IPv6 (LINKTYPE_RAW), as no Wireshark finds its dissector by name. Every other unit is
 * an "exported PDU" (LINKTYPE_WIRESHARK_UPPER_PDU): it names its dissector, so that tshark needs no
 * configuration for protocols that no link layer of the world carries. Pure. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"

enum pcapng_kind {
    PCAPNG_SMS,     /* gsm_sms: a TPDU, see pcapng_sms */
    PCAPNG_CATTP,   /* a PDU in UDP: --enable-heuristic cattp_udp */
    PCAPNG_SMPP,    /* smpp: a PDU in TCP */
    PCAPNG_DECODED, /* data-text-lines: what packets and steps hold */
    PCAPNG_KINDS
};
/* An end of the air as Wireshark shows addresses: its text is what the constructors say. */
struct pcapng_end {
    uint8_t ip6[16];
    uint32_t port; /* CAT_TP and SMPP */
};
struct pcapng_end pcapng_end_number(const char *digits);    /* fd52:...:<digits>; "": nobody */
struct pcapng_end pcapng_end_conn(uint64_t conn, uint32_t port);
struct pcapng_end pcapng_end_eid(const struct eid *eid);    /* 8904:... */

struct pcapng_unit {
    enum pcapng_kind kind;
    bool out;                     /* of the SM-SR to the card or SMSC */
    int64_t at_ms;                /* wall */
    struct pcapng_end own, other;
    const char *protocol;         /* DECODED: for the column of that name */
    struct span octets;
};

/* The head of a section: everything behind it up to the next one belongs to it. */
void pcapng_section(struct buf *b, const char *application);
void pcapng_put(struct buf *b, const struct pcapng_unit *u);

/* A TP-UD on its way as the TPDU around it: SMS-DELIVER to the card, SMS-SUBMIT from it (TS 23.040
 * 9.2.2). The network builds the real ones; card, own: numbers,
 * "" where nobody says. */
struct pcapng_sms {
    bool out;
    int64_t at_ms;
    const char *card, *own;
    const struct eid *eid;         /* in place of a number that is not known; may be NULL */
    uint8_t pid, dcs;
    struct span tp_ud;
};
void pcapng_put_sms(struct buf *b, const struct pcapng_sms *s);
/* An SMPP PDU; the password of a bind is blanked. */
void pcapng_put_smpp(struct buf *b, const struct pcapng_unit *u);
