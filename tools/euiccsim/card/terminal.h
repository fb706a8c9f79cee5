/* SPDX-License-Identifier: Apache-2.0 */
/* A card as a terminal at its contacts reads it: SELECT, READ BINARY, READ RECORD and GET RESPONSE
 * on the files of the enabled profile (TS 102 221 11.1), GET DATA of the ISD-R and the ECASD
 * (SGP.02 4.1.1.7, 2.2.1.2). T=0, as the ATR says: response data of a command with data waits for
 * GET RESPONSE (61xx), a wrong Le is answered by the right one (6Cxx). Nothing here changes the
 * card, and no key can be read. */
#pragma once

#include "tools/euiccsim/card/card.h"

#define TERMINAL_ANSWER_MAX 258u

struct file;
struct terminal {
    uint16_t profile; /* number of the ISD-P whose files it sees; 0: none is enabled */
    uint8_t app;      /* selected by its AID: enum in terminal.c */
    uint16_t df;
    const struct file *ef; /* NULL: none is selected */
    size_t n_held;         /* of response data that waits for GET RESPONSE */
    uint8_t held[256];
};

struct span terminal_atr(void);
/* Power on, or a reset: the MF is selected. */
void terminal_reset(struct terminal *t, const struct card *c);
/* One C-APDU and its answer of at most TERMINAL_ANSWER_MAX octets. The files are those of the
 * profile the card runs with: that of before until the REFRESH of a change. With it what was
 * selected is lost. */
void terminal_apdu(struct terminal *t, const struct card *c, struct span capdu, struct writer *w);
