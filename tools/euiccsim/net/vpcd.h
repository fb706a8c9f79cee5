/* SPDX-License-Identifier: Apache-2.0 */
/* Frames between vpcd (the PC/SC driver of vsmartcard) and a card: two octets of length, then so
 * many. One octet is a control code of the reader, more are a C-APDU; the card answers with its ATR
 * or R-APDU in the same frame, and to power and reset not at all. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

#define VPCD_KEPT 262u /* one octet more than the longest short C-APDU */

enum vpcd_kind { VPCD_OFF, VPCD_ON, VPCD_RESET, VPCD_ATR, VPCD_APDU };
struct vpcd_msg {
    enum vpcd_kind kind;
    struct span apdu; /* of VPCD_APDU; within the struct vpcd, until the next vpcd_next */
};
struct vpcd {
    size_t got, want; /* octets so far, the head among them; those behind the head, once it is there */
    uint8_t head[2];
    uint8_t body[VPCD_KEPT];
};
/* The next message of *bytes, which moves on behind it. Of a longer frame the first VPCD_KEPT
 * octets are kept and the others passed over: a card refuses its length. ERR_AGAIN: *bytes is empty
 * and the frame goes on. ERR_FORMAT: a length of nothing or an unknown control code; the connection
 * is of no more use. */
MUST_CHECK int vpcd_next(struct vpcd *v, struct span *bytes, struct vpcd_msg *ret);
void vpcd_put(struct writer *w, struct span payload); /* 1 to 65,535 octets */
