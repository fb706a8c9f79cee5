/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches of the way that many stories of the SM-SR's core share. */
#pragma once

#include "test/support/smsr_core.h"

#define SECONDS 1000ll
/* The card's answer to the confirmation of its notification. */
#define CONFIRMED "AB09800101230480009000"
#define CORE_AID(nn) "A0000005591010FFFFFFFF890000" nn "00" /* of ISD-P 00nn */
/* 80 12 4F10 AID: and it deleted this ISD-P by POL1. */
#define CONFIRMED_DELETED(nn) "AB1B800101231680124F10" CORE_AID(nn) "9000"
/* Which of the card's profiles is on, for core_por_list. */
#define OLD_ON   "10=3F 11=1F 12=1F"
#define NEW_ON   "10=1F 11=3F 12=1F"
#define THIRD_ON "10=1F 11=1F 12=3F"

/* Answers to a step: CreateISDP is done; the ISD-Ps, with FRESH among them (installed) and without. */
#define STEP_CREATED "AF8023030090000000"
#define STEP_WITH_FRESH                                                                            \
    "AF802332E3164F10A0000005591010FFFFFFFF89000010009F70013F"                                     \
    "E3164F10A0000005591010FFFFFFFF89000013009F70010790000000"
/* The card as it came, and with TWO enabled. */
#define STEP_LIST(boot, one, two)                                                                  \
    "AF80234AE3164F10A0000005591010FFFFFFFF89000010009F7001" boot                                  \
    "E3164F10A0000005591010FFFFFFFF89000011009F7001" one                                           \
    "E3164F10A0000005591010FFFFFFFF89000012009F7001" two "90000000"
#define STEP_BOOT_ON STEP_LIST("3F", "1F", "1F")
#define STEP_ONE_ON  STEP_LIST("1F", "3F", "1F")
#define STEP_TWO_ON  STEP_LIST("1F", "1F", "3F")
#define STEP_WITHOUT_FRESH                                                                         \
    "AF80231AE3164F10A0000005591010FFFFFFFF89000010009F70013F90000000"

/* What became of the last call: "accepted", "done", or its code as "8.1.1-3.9". */
const char *core_admitted(const struct core *w);

/* The confirmation is answered, and with it the operation ends: SUCCESS or ROLLED_BACK. */
void core_confirmed(struct core *w, enum verdict v);
/* An enabling from the call to its end. */
void core_enabled(struct core *w, enum core_party who, unsigned profile, uint16_t sequence);
/* ONE's enabling is on its way, and its validity period is over. */
void core_overdue(struct core *w);
/* CreateISDP is sent in session 1 and not answered when its period ends: in doubt, its fence has begun. */
void core_expire_in_mid_step(struct core *w);
/* The question is answered by this list, and with it the operation ends. */
void core_audited(struct core *w, const char *list, enum verdict v);
/* A profile is created in a session of its own. */
void core_created(struct core *w, unsigned profile, uint32_t memory);
void core_set_pol2(struct core *w, unsigned profile, uint8_t bits);

/* Timers until something goes to the card, or the operation ends. */
void core_until_armed(struct core *w);
/* Until the next question goes out; the message that carries it. */
const struct out_sms *core_next_fence(struct core *w);
void core_to_state(struct core *w, const char *state);

/* --- CAT_TP --- */
/* Who asks wants these bearers in this order; BEARER_NONE ends it. */
static inline void core_prefer(struct party *p, enum bearer a, enum bearer b, enum bearer c)
{
    const enum bearer list[] = {a, b, c};

    for (p->n_bearers = 0; p->n_bearers < BEARERS && list[p->n_bearers]; p->n_bearers++)
        p->bearers[p->n_bearers] = list[p->n_bearers];
}
void core_has_cattp(struct signed_eis *eis, struct eum_signed_info *info); /* for core_init_with */
void core_init_link(struct core *w); /* the card has CAT_TP, and the way to BOOT nothing else */
int core_link_setup(void **state);   /* for cmocka; its end is core_teardown */
int core_link_opens(struct core *w, uint8_t number);
int core_link_breaks(struct core *w, uint8_t number);

/* --- sessions --- */
/* CreateISDP of FRESH up to the step whose body is with the card, in session 1. */
void core_to_step(struct core *w, bool more);
const struct out_step *core_open_step(const struct core *w); /* the last input let it out */
const char *core_step_body(const struct core *w);            /* as hex */
/* The step that is open in the session is answered. */
int core_step_hex(struct core *w, uint8_t session, const char *hex);
