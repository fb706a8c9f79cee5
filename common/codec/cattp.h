/* SPDX-License-Identifier: Apache-2.0 */
/* PDUs of the Card Application Toolkit Transport Protocol (ETSI TS 102 127; facts: ota 3). Header
 * of 18 octets: flags(1) RFU(2) header length(1) source port(2) destination port(2) data length(2)
 * sequence(2) acknowledgement(2) window(2) checksum(2), then a variable part: SYN maxPDU(2)
 * maxSDU(2) idLen(1) id; EACK a list of sequence numbers(2); RST reason(1). */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

#define CATTP_SYN  0x80u
#define CATTP_ACK  0x40u
#define CATTP_EACK 0x20u
#define CATTP_RST  0x10u
#define CATTP_NUL  0x08u
#define CATTP_SEG  0x04u

#define CATTP_HEADER    18u
#define CATTP_PDU_LEAST 0x17u      /* a smaller maxPDU cannot carry a SYN (facts: ota 3) */
#define CATTP_ID_MAX    232u       /* the header's length is one octet */
#define CATTP_EACKS_MAX 118u

enum cattp_reason {
    CATTP_NORMAL, CATTP_ILLEGAL, CATTP_UNABLE, CATTP_NO_PORT, CATTP_UNEXPECTED, CATTP_RETRIES,
    CATTP_VERSION
};

struct cattp_pdu {
    uint8_t flags;
    uint16_t source, destination;
    uint16_t seq, ack;
    uint16_t window;               /* PDUs the sender of this one still takes */
    uint16_t max_pdu, max_sdu;     /* SYN */
    struct span id;                /* SYN: who the card is; empty from a server */
    uint8_t reason;                /* RST; 7 and above: RFU */
    struct span eacks;             /* EACK: 2 octets each */
    struct span data;
};

/* Appends the PDU with its checksum; the length of data tells the rest. Sticky failure of w: no
 * room, more than 65,535 octets of data, an identification or list that does not fit the header. */
void cattp_put(struct writer *w, const struct cattp_pdu *p);
/* Borrows from s. ERR_TRUNCATED, ERR_FORMAT (flags that exclude each other, lengths that disagree);
 * ERR_AUTH: the checksum is wrong, to be dropped without a word; ERR_UNSUPPORTED: another version,
 * ports and flags are set. */
MUST_CHECK int cattp_parse(struct span s, struct cattp_pdu *ret);
