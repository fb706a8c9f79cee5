/* SPDX-License-Identifier: Apache-2.0 */
/* Octets between SM-SR and card, field by field with their clause (SGP.02 4.1; TS 102 225, TS 102
 * 226). Nothing here fails: what does not parse is shown as octets and said to be so. For the wire
 * (rows.wire) only commands known to hold neither key nor profile are shown with their data; every
 * other one, and each SCP03t segment, is shown by length and digest. Pure. */
#pragma once

#include "common/codec/packet.h"
#include "common/codec/apdu.h"
#include "common/codec/tlv.h"
#include "common/capture/rows.h"

#define DECODE_COMMANDS_MAX 16u

/* The C-APDUs of a script, to read the answers to them. Spans borrow from the script. */
struct commands {
    struct apdu_cmd v[DECODE_COMMANDS_MAX];
    unsigned n;
};
void commands_read(struct span script, struct commands *ret);
/* CPL CHL SPI KIc KID TAR of an SCP80 command packet and what is ciphered behind it. counter is the
 * record's: inside the packet it is ciphered. */
void decode_packet(struct rows *out, unsigned depth, enum packet_dialect d, struct span packet,
                   uint64_t counter);
/* Command or response script, definite or not. For a response sent may name the commands it
 * answers; for a command *sent is filled. sent may be NULL. */
void decode_script(struct rows *out, unsigned depth, struct span script, struct commands *sent);
/* Whole elements behind each other as ES3-SendData returns them: 23 L R-APDU, 84.. 85.. 86.. 9F4x.
 */
void decode_elements(struct rows *out, unsigned depth, struct span elements);
/* A TP-UD with its header (decode_sms.c). */
void decode_tp_ud(struct rows *out, unsigned depth, const char *name, struct span tp_ud);
/* RPL RHL TAR and what a response packet said once it was opened. */
void decode_response(struct rows *out, unsigned depth, enum packet_dialect d, struct span packet,
                     uint64_t counter, uint8_t status);
/* What a packet or a step carries: a script, a notification (E1), a push trigger, or octets that
 * the wire form does not show. */
void decode_content(struct rows *out, unsigned depth, struct span content);
/* The value of the TLV E1 (SGP.02 4.1.1.11). */
void decode_notification(struct rows *out, unsigned depth, const struct tlv *e1);
void decode_capdu(struct rows *out, unsigned depth, const char *name, struct span capdu,
                  struct apdu_cmd *ret);
/* sent: the command this answers, NULL = unknown. */
void decode_rapdu(struct rows *out, unsigned depth, const char *name, struct span rapdu,
                  const struct apdu_cmd *sent);
/* The data of an R-APDU without its status word. */
void decode_rdata(struct rows *out, unsigned depth, struct span data, const struct apdu_cmd *sent);
/* Life-cycle octet of an ISD-P: "1F DISABLED". */
const char *lifecycle_text(uint8_t lifecycle);
