/* SPDX-License-Identifier: Apache-2.0 */
/* A truthful little card for the core's harness: it runs the scripts that were armed, each counter
 * once, and says what became of them. No keys, no bytes of a bearer; test/unit/tools/euiccsim has
 * the real one. It knows which operation each of its effects belongs to, and is the witness of the
 * verdicts. */
#pragma once

#include "test/support/smsr_core.h"

#define TWIN_ISDPS 24
#define TWIN_CARD_WINDOW_MS 600000 /* after it a change that nobody confirmed does not go back */

struct little_isdp {
    uint16_t number;
    uint8_t state;                 /* 07 1F 3F */
};
struct little_packet {             /* on its way to the card, or back */
    uint64_t counter;
    uint8_t status;
    size_t n;
    uint8_t data[700];
};
#define TWIN_LINK 0x80 /* sessions from here on are links */
struct little_card {
    struct core *w;
    struct little_isdp isdp[TWIN_ISDPS];
    unsigned n_isdps;
    uint64_t counter;              /* last accepted */
    uint16_t fallback;             /* holds the attribute */
    /* a change that waits for its confirmation */
    bool open;
    bool enable;
    uint16_t from, to;
    int64_t since;
    struct uuid stands;            /* operation whose switch stands; zero: none of them */
    bool fell;                     /* the last change was a fall-back */
    /* the notification it repeats */
    bool telling;
    uint16_t sequence, confirmed;
    uint8_t kind;
    /* air */
    struct little_packet down[64], up[64];
    unsigned n_down, n_up;
    /* the administration session */
    bool wants_session, in_session, has_body;
    uint8_t session;
    uint32_t step;
    size_t body_n;
    uint8_t body[4096];
    /* the CAT_TP link */
    bool wants_link, linked, has_packet;
    uint8_t link;
    struct little_packet packet;   /* of the link, not executed yet */
    uint64_t effects;              /* executed so far */
    uint16_t reconfirm_sw;         /* what it answers to a confirmation again: 9000, 6985 or 6A88 */
};

void little_init(struct little_card *c, struct core *w);
/* Takes what the last input let out: SMS into the air, steps into the session. */
void little_hear(struct little_card *c);
/* The packet at this place reaches the card; its PoR goes into the air. */
void little_deliver(struct little_card *c, unsigned at);
/* The PoR at this place reaches the core and stays in the air when kept. */
void little_answer(struct little_card *c, unsigned at, bool keep);
void little_notify(struct little_card *c);
void little_roll_back(struct little_card *c);
void little_fall_back(struct little_card *c);
/* First POST of a new session; the answer to the body at hand; the session breaks (ran: after the
 * body). */
void little_open(struct little_card *c);
void little_post(struct little_card *c);
void little_break(struct little_card *c, bool run);
/* What an SMSC says of a packet, true or not, by these bits: nothing may come of it. */
void little_word(struct little_card *c, uint64_t any);
/* A CAT_TP link opens; the packet at hand is executed and answered; the link is gone (ran: after the
 * packet). */
void little_link_open(struct little_card *c);
void little_link_run(struct little_card *c);
void little_link_break(struct little_card *c, bool run);
/* Time goes on to the mailbox's next due, or less; the card decides on an unconfirmed change before
 * its window is over. go_back: that way. */
bool little_time(struct little_card *c, bool go_back);
uint8_t little_state(const struct little_card *c, unsigned number);      /* 0: not there */
/* The EIS shows what is on the card. */
void little_same(const struct little_card *c);
