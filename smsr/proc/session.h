/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of CreateISDP and SendData: the way an order goes, and what the card says to it. The unit
 * of exactly-once is the step over HTTPS, the packet over CAT_TP (design law 3). */
#pragma once

#include "smsr/proc/admission.h"

enum { SE_QUEUED, SE_WAIT_SESSION, SE_STEP, SE_FENCE_WAIT, SE_FENCE_STEP, SE_STATE_COUNT };

/* An administration session, or a CAT_TP link. */
struct way {
    enum bearer bearer;
    struct uuid session;
};
/* What the card answered to the command, and the way it came. */
struct heard {
    struct way way;
    struct span body;
};

/* Of CreateISDP, where SendData counts octets: the card answered, however. */
#define COMMAND_ANSWERED 1u
#define CREATE_ATTEMPTS 3u

bool session_creates(const struct run *r);
/* SendData whose payload a restart lost: it is memory only. */
bool session_payload_lost(const struct run *r);

/* --- session_way.c --- */
/* Asks the card to open a way. Without one to ask for, an operation whose effect may stand waits,
 * another ends here. For the fence of a session nothing but a session will do. */
int session_trigger(struct run *r, int state, int64_t due);
/* The command from this offset on: octets of the payload that the card has answered, this plan
 * included. */
int session_command(struct run *r, const struct way *way, size_t offset);
/* The question of a fence: in the session; where the command went by CAT_TP, by SMS, since its
 * channel is the key set and an open link is not needed to ask. */
int session_ask(struct run *r, const struct way *way);
/* This operation has nothing more to do there. */
void session_leave(struct run *r, const struct way *way);
/* It is in no good state: closed without a last word. */
void session_drop(struct run *r);
/* The steps of the back-off are for a card that is silent: what our own restarts asked says nothing
 * about it, so the next question comes as soon as after the first one. */
int64_t session_fence_due(const struct run *r);

/* --- session_answer.c --- */
struct event *session_answered(struct run *r, const struct way *way, struct span data,
                               uint64_t done, int next, int64_t due);
int session_heard(struct run *r, const struct heard *h);
/* The card says that the script did not run; by what status. */
int session_not_run(struct run *r, const struct heard *h, uint8_t status);
/* A whole audit behind a fence; the answer is recorded. */
int session_audited(struct run *r, const struct way *way, const struct es5_status *st);
void session_finish(struct run *r, const struct way *way, enum verdict v, enum status_code st,
                    struct span data);
