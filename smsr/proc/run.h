/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the SM-SR's procedures: one decision in progress, and the moves all procedures share.
 */
#pragma once

#include "smsr/domain/policy.h"
#include "smsr/domain/bearer.h"
#include "smsr/domain/dialect.h"
#include "smsr/es5/es5.h"
#include "common/crypto/crypto.h"
#include "smsr/proc/proc_env.h"
#include "smsr/proc/procs.h"

struct run {
    const struct proc_env *pe;
    const struct env *env;
    const struct euicc *e;
    const struct operation *op;
    const struct input *in;
    struct plan *p;
    int64_t now;
    bool answered_now;             /* the EXPIRED answer is part of this plan */
    const struct eis *eis;         /* AuditEIS: what its answer shows */
    uint64_t again;                /* the read this plan arms repeats the one of this counter */
    enum bearer after;             /* what was armed there did not run, as its fence shows: the next one */
};
#define RUN_OF(proc_env, card, operation, input, plan)                                             \
    {                                                                                              \
        .pe = (proc_env), .env = (proc_env)->env, .e = (card), .op = (operation), .in = (input),   \
        .p = (plan), .now = (plan)->now_ms                                                         \
    }
#define RUN_INIT(v, input, plan)                                                                   \
    RUN_OF((const struct proc_env *)(v)->env, (v)->aggregate, (v)->operation, input, plan)

/* IN_CARRIER. ERR_STATE: it is about nothing that is open, or was said before. */
int proc_reported(const struct proc_env *pe, const struct euicc *e, const struct input *in,
                  struct plan *p);

/* device.changed, when the notification this plan records came from another device. */
void proc_device(const struct proc_env *pe, const struct euicc *e, struct plan *p);

/* A record of the running operation; next < 0 leaves state and timer. due is capped by the validity
 * period while the caller has no answer yet. */
struct event *run_record(struct run *r, enum event_type type, int next, int64_t due);
int64_t run_timer(const struct run *r, enum timer t);
/* Arms a packet: EV_OPERATION_ARMED for PURPOSE_CMD, else EV_PACKET_ARMED, and sends it once
 * durable to the addresses of these profiles (to2 may be NULL). script lives in the plan's arena.
 */
int run_arm(struct run *r, enum packet_purpose purpose, struct span script, int next, int64_t due,
            const struct euicc_profile *to, const struct euicc_profile *to2);
/* The same under a key set beside the one that is spoken with; kvn 0: that one. */
int run_arm_under(struct run *r, enum packet_purpose purpose, uint8_t kvn, struct span script, int next,
                  int64_t due, const struct euicc_profile *to, const struct euicc_profile *to2);
/* PUT KEY of the set that this plan records as prepared. */
int run_arm_keys(struct run *r, uint8_t kvn, int next);
/* Arms a packet for a CAT_TP link, under this TAR; it is sent once. chained: the TAR with which
 * script chaining goes on behind it, or 0. */
int run_arm_link(struct run *r, const struct uuid *link, enum packet_purpose purpose, uint32_t tar,
                 struct span script, int next, int64_t due, uint32_t chained);
/* --- way.c --- */
/* What a bearer was chosen for, and why: a record that explain shows. */
void run_chosen(struct run *r, enum bearer b, const char *why);
/* The bearer of this operation; after: the one that was in vain, BEARER_NONE: none yet. */
struct bearer_choice run_choose(const struct run *r, enum bearer after);
/* Asks the card for the data bearer that was chosen: for a session, or for a link under the name of this
 * operation. */
int run_push(struct run *r, const struct bearer_choice *c, int state, int64_t due,
             const struct euicc_profile *to, const struct euicc_profile *to2);
/* The effect command of a switch or a deletion: into the session whose POST waits, or over the open link
 * of a card that may be served there; else by the bearer that is chosen: a data bearer is asked for, and
 * waited for in state wait; SMS takes it at once. *ret: the record that armed it, NULL: it was not. */
int run_command(struct run *r, struct span script, int armed, int wait, struct event **ret);
/* The form of its script there. */
enum script_form run_command_form(const struct run *r);
/* Of the state that waits for session or link: true: nothing is to be done but what *ret says. */
bool run_waits_for_way(struct run *r, int *ret);
/* The command went over a link, or into a session, that is not needed any more. */
void run_close_way(struct run *r);
/* Same bytes again (law 3): no record, only the timer moves. */
void run_resend(struct run *r, const struct euicc_packet *pk, const struct euicc_profile *to,
                const struct euicc_profile *to2);
/* The packet of this purpose that is still open for the operation; NULL. */
const struct euicc_packet *run_packet(const struct run *r, enum packet_purpose purpose);
/* All three times that a packet is sent again in pauses of their own are over, and the card is not asleep: of that
 * no bearer is to blame. */
bool run_silent(const struct run *r, const struct euicc_packet *pk);
/* at, or when a card that is known to sleep has woken, whichever is later. */
int64_t run_awake_due(const struct run *r, int64_t at);
/* The same for what is asked anew each time: ever more rarely while the operation waits for a silent card. */
int64_t run_patient_due(const struct run *r, int64_t at);
/* Next same-bytes resend of a packet armed at first_sent: after 60, 180, 600 s, then every 600 s; ever more
 * rarely when the card stays silent; not while it sleeps. */
int64_t run_resend_due(const struct run *r, int64_t first_sent);
/* The open packet of the operation that this IN_POR answers; NULL: none. */
const struct euicc_packet *run_answered(const struct run *r);
/* operation.answered of this IN_POR. */
struct event *run_por(struct run *r, int next, int64_t due);
/* What a status word proves about the command it answers: 9000 and 91xx that it was executed, 64xx
 * and 67xx to 6Exx that it was not; warnings, memory faults and 6Fxx leave it open, then the card
 * is asked. */
enum run_sw { RUN_SW_DONE, RUN_SW_REFUSED, RUN_SW_OPEN };
enum run_sw run_sw(uint16_t sw);
/* Arms the confirmation of a notification. */
int run_confirm(struct run *r, uint16_t sequence, int state, const struct euicc_profile *to,
                const struct euicc_profile *to2);
/* The one of the operation's notification again: the same bytes twice, then under a fresh counter.
 */
int run_confirm_again(struct run *r, int state, const struct euicc_profile *to,
                      const struct euicc_profile *to2);
/* Writer over n octets of the plan's arena. */
struct writer run_writer(struct run *r, size_t n);

/* Ends the operation: operation.concluded with its answer; the RESPONSE is a delivery unless the
 * caller was answered before, then an OperationConcluded notice is. data: EuiccResponseData. */
struct event *run_conclude(struct run *r, enum verdict v, enum status_code code, enum stage stage,
                           struct span data);
/* As above with warning: EXECUTED_WITHWARNING and this code. */
struct event *run_conclude_warning(struct run *r, enum status_code code, struct span data);
/* Tells everybody else who must hear that this profile is in that state now; with is the record
 * that changed it, and names who asked. f: what was done to it; of FN_PROFILE_DOWNLOAD_COMPLETED and
 * FN_UPDATE_POLICY_RULES its service providers hear, those authorised for a function of that name. */
void run_notify(struct run *r, struct event *with, const struct euicc_profile *profile,
                enum function f);

/* Validity period over: true when it was handled here (EXPIRED 5.3 when never armed). When armed
 * the EXPIRED 5.4 answer and operation.in-doubt are recorded and the caller goes on to its fence.
 */
bool run_expired(const struct run *r);
void run_expire_unsent(struct run *r);
void run_expire_sent(struct run *r, const char *why, int state, int64_t due);

/* Who asked for the operation: an authorisation may be withdrawn while it waits. */
struct caller run_caller(const struct run *r);
/* The card can be addressed now: its enabled profile has a number and a route. ST_OK, or what is
 * missing. */
enum status_code run_reachable(const struct env *env, const struct euicc *e);
/* Fence: GET STATUS under a higher counter (or PURPOSE_AUDIT), to both addresses. */
int run_fence(struct run *r, enum packet_purpose purpose, int state);
/* The same, to a profile a notification named besides the one the EIS believes enabled. */
int run_fence_to(struct run *r, enum packet_purpose purpose, int state,
                 const struct euicc_profile *to);
int64_t run_fence_due(const struct run *r, uint32_t fences);
/* A card that sleeps is there, and was asked by SMS a while ago: the same question once more, since its SMSC may
 * have lost it, or keep it for a wake nobody expected. The next one comes when it was to. false: none is sent. */
bool run_question_again(struct run *r);
/* Beside the enabled profile's number, where the question of that turn goes: NULL, nowhere else. */
const struct euicc_profile *run_asked_at(const struct run *r, uint32_t turn);
/* A packet by SMS: armed with this record, or again one that stands; to one or two numbers. due: when it goes again,
 * or what follows it. */
void run_put_sms(struct run *r, const struct event *armed, const struct euicc_packet *again,
                 const struct euicc_profile *to, const struct euicc_profile *to2, int64_t due);
/* PoR "counter low" of the newest question: the card had it before (it goes to two numbers) and
 * its answer is lost. true: recorded, ask again now; once between two times of the timer, so that
 * a card that always says so keeps nobody busy. */
bool run_answer_lost(struct run *r, const struct euicc_packet *pk);
/* operation.in-doubt once, when the operation is not yet. */
void run_in_doubt(struct run *r, const char *why);
/* The same with a change of state, always recorded. */
void run_in_doubt_to(struct run *r, const char *why, int next, int64_t due);
/* What the card said: profile.deleted for every profile that is not on it any more, told to who
 * must hear, and euicc.audited, which is returned. */
struct event *run_audited(struct run *r, const struct es5_status *st);
/* profile.deleted of this profile, told to who must hear; why: the cause, as text of the record. */
void run_deleted(struct run *r, const struct euicc_profile *p, const char *why);
/* The audit shows this profile enabled; p may be NULL. */
bool run_enabled(const struct es5_status *st, const struct euicc_profile *p);
const struct event_profile *run_seen(const struct es5_status *st, const struct aid *aid);
/* The profile that is on by this list; NULL: none that is known. */
const struct euicc_profile *run_seen_on(const struct run *r, const struct es5_status *st);

/* --- effect.c: the effect command of a switch or a deletion is out --- */
/* What its procedure does there, and its states of the fence. */
struct run_effect {
    int (*arm)(struct run *r);
    int (*start)(struct run *r); /* the same, where policy still allows it */
    int (*fence)(struct run *r); /* by the channel the command went by */
    int (*step)(struct run *r);  /* this POST is the card's answer to the step */
    const struct euicc_profile *(*goal)(const struct run *r); /* which it may be at by now; NULL */
    int fencing, fence_step;
    bool resets; /* the card resets behind the command: its session ends */
};
#define RUN_EFFECT_ATTEMPTS 3u
#define RUN_AGAIN_RECORDS   4u /* of this plan already: beside them a choice and what is armed have room */
/* The fence on the channel it was armed for shows that the command did not run: the next bearer may try
 * (law 3). false: there is none, or no time. session: in which that was heard, and which is left when it goes by a
 * packet; NULL: none. */
bool run_effect_again(struct run *r, const struct run_effect *fx, const struct uuid *session, int *ret);
/* operation.in-doubt, then the fence. */
int run_effect_doubt(struct run *r, const struct run_effect *fx, const char *why);
/* The validity period is over: answered once, then the truth is asked for. */
int run_effect_expire(struct run *r, const struct run_effect *fx);
/* The timer of the armed command, or a start: the same bytes again; the fence when they may not go. */
int run_effect_due(struct run *r, const struct run_effect *fx);
/* The card calls. Its answer to the step; a new session, in which the old one is fenced; or it calls by
 * itself while the command is on its way elsewhere: it is awake, so the same bytes go there again, and
 * nothing may be given to it here (law 3). ERR_STATE: nothing in it for this operation. */
int run_effect_posted(struct run *r, const struct run_effect *fx);
/* Behind the fence: its timer, a start, or a new session that asks. */
int run_effect_fencing(struct run *r, const struct run_effect *fx);

/* --- step.c: a session that the card opened, asked to or not --- */
/* Its POST waits for our response, and the route lets commands go there. */
bool run_session_serves(const struct run *r);
/* step.opened and the body; target NULL: the ISD-R. */
struct event *run_open_step(struct run *r, const struct uuid *session, enum packet_purpose purpose,
                            struct span body, const struct aid *target, int next);
/* The step a POST answers is the last component of its URI; false: it answers none. */
bool run_posted_step(const struct in_post *post, uint32_t *ret);
/* This POST answers the open step of the operation. */
bool run_step_heard(const struct run *r);
struct event *run_step_answered(struct run *r, int next, int64_t due);
/* 204: the session is over. */
void run_session_leave(struct run *r, const struct uuid *session);
/* The same, unless another operation waits: its turn comes in the same session. */
void run_session_done(struct run *r, const struct uuid *session);
/* The armed command went into a session ... */
bool run_by_session(const struct run *r);
/* ... and may still run: neither answered, nor told of, nor fenced by a new session (law 3). */
bool run_step_unfenced(const struct run *r);
/* The answer to it for who asks about its own ISD-P alone (run_seen): that it is not there, told by name, is
 * enough. */
MUST_CHECK int run_list_read(const struct run *r, struct span response, struct es5_status *ret);
/* The list went on: another form of the question is asked at once, since the card is there, and where it answered;
 * only when pk, the question it answered, was the newest and the last of the forms, it waits for its time. */
bool run_list_cut(struct run *r, const struct euicc_packet *pk, int err);
/* The question for the card's list as the next step. */
void run_audit_step_put(const struct run *r, struct writer *w);
/* The card's list, in the session of this POST or in the one that waits. */
int run_ask_in_session(struct run *r, enum packet_purpose purpose, int next);
/* Asks for the new session that the fence of a session is; without a way it is waited for. */
int run_fence_session(struct run *r, int state);
/* The card says that the script did not run, and why. */
bool run_script_refused(uint8_t status);
/* A seeded mistake stays in its state: the tables refuse it otherwise. */
static inline int run_mistaken(struct run *r, int err)
{
    for (unsigned i = 0; i < r->p->n_records; i++)
        r->p->records[i]->op_state = 0;
    return err;
}
/* What the answer of a step proves; *ret: its status word, 0 = none. */
enum run_sw run_step_sw(const struct run *r, uint16_t *ret);
