/* SPDX-License-Identifier: Apache-2.0 */
/* PDUs of SMPP 3.4 as an ESME needs them (facts: ota 7.1). Head: length(4) id(4) status(4)
 * sequence(4), all big-endian; texts end with 00. What the facts do not list (the order of the
 * fields) is the published layout of the protocol, held by a dissector and a foreign SMSC in the
 * tests. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"
#include "common/base/ids.h"

#define SMPP_HEAD    16u
#define SMPP_PDU_MAX 4096u         /* longer ones end the connection */
#define SMPP_UD_MAX  254u          /* short_message; more stands in message_payload */

enum smpp_id {
    SMPP_UNBIND = 0x00000006, SMPP_BIND_TRANSCEIVER = 0x00000009, SMPP_SUBMIT_SM = 0x00000004,
    SMPP_DELIVER_SM = 0x00000005, SMPP_ENQUIRE_LINK = 0x00000015, SMPP_DATA_SM = 0x00000103
};
#define SMPP_RESP         0x80000000u
#define SMPP_GENERIC_NACK 0x80000000u

enum smpp_status {
    SMPP_OK = 0x00, SMPP_BAD_LENGTH = 0x01, SMPP_BAD_COMMAND = 0x03, SMPP_NOT_BOUND = 0x04,
    SMPP_SYSTEM_ERROR = 0x08, SMPP_BAD_DEST = 0x0B, SMPP_BIND_FAILED = 0x0D,
    SMPP_BAD_PASSWORD = 0x0E, SMPP_QUEUE_FULL = 0x14, SMPP_SUBMIT_FAILED = 0x45,
    SMPP_THROTTLED = 0x58, SMPP_TEMPORARY = 0x64, SMPP_PERMANENT = 0x65, SMPP_REJECTED = 0x66
};

#define SMPP_UDHI    0x40u         /* esm_class: the short message begins with a user data header */
#define SMPP_RECEIPT 0x04u         /* esm_class of deliver_sm: a delivery receipt */

enum smpp_message_state {
    SMPP_STATE_NONE, SMPP_STATE_ENROUTE, SMPP_STATE_DELIVERED, SMPP_STATE_EXPIRED,
    SMPP_STATE_DELETED, SMPP_STATE_UNDELIVERABLE, SMPP_STATE_ACCEPTED, SMPP_STATE_UNKNOWN,
    SMPP_STATE_REJECTED
};

struct smpp_address {
    uint8_t ton, npi;
    char digits[65];               /* 21 but in data_sm */
};

struct smpp_bind {
    char system_id[16], password[9], system_type[13];
};

struct smpp_message {              /* submit_sm, deliver_sm, data_sm */
    char service_type[6];
    struct smpp_address source, dest;
    uint8_t esm_class, protocol_id, priority, registered_delivery, data_coding;
    int64_t validity_s;            /* submit_sm: 0 = the SMSC's default */
    struct span ud;                /* with its header */
    /* of a receipt */
    char receipted[65];
    enum smpp_message_state state;
    uint32_t network_error;        /* kind of network << 16 | its code; 0: none */
};

/* What a receipt says of a message (SMPP 3.4 appendix B). */
struct smpp_receipt {
    char id[65];                   /* as the answer to its submit_sm named it, or nearly so */
    enum smpp_message_state state;
    char error[8];                 /* letters and digits of the network's own; empty: none */
};

struct smpp_pdu {
    uint32_t id, status, sequence;
    struct smpp_message message;
    char message_id[65];           /* submit_sm_resp, data_sm_resp */
};

/* Octets of the PDU that begins here; 0: fewer than four are there. ERR_FORMAT: shorter than a head;
 * ERR_TOO_LARGE. */
MUST_CHECK int smpp_length(struct span s, size_t *ret);
/* One whole PDU; borrows. Ids and optional parameters it does not know are left alone. ERR_TRUNCATED,
 * ERR_FORMAT, ERR_TOO_LARGE: a text longer than its field. id, status and sequence are set whenever the
 * head was whole, for the answer. */
MUST_CHECK int smpp_parse(struct span s, struct smpp_pdu *ret);

/* Of a deliver_sm or data_sm whose class is SMPP_RECEIPT: its parameters, and what they lack from its text,
 * "id:... sub:... dlvrd:... submit date:... done date:... stat:DELIVRD err:000 text:...", of which nothing
 * behind text: counts, since it may be anybody's. ERR_FORMAT: no message or no state is named. */
MUST_CHECK int smpp_receipt_read(const struct smpp_message *m, struct smpp_receipt *ret);

/* Each appends one PDU; sticky failure of w. */
void smpp_put_bind(struct writer *w, uint32_t sequence, const struct smpp_bind *b);
void smpp_put_submit(struct writer *w, uint32_t sequence, const struct smpp_message *m);
/* enquire_link, unbind, and answers without more than a status (generic_nack, deliver_sm_resp with
 * its empty message_id ...). */
void smpp_put_short(struct writer *w, uint32_t id, uint32_t status, uint32_t sequence);
