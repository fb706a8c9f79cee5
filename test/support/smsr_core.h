/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-SR's core without a shell: one card's aggregate, an environment of parties, and a clock
 * that is moved by hand. An input is decided, its records are checked, encoded and decoded (what is
 * not durable is lost for the twin), applied, and the laws that hold after every input are
 * asserted. A test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/crypto/crypto.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "smsr/proc/procs.h"

/* Realm "water" admits A, B and the service provider S; the fleet manager F runs it and has a PLMA
 * of A and B for enable, disable and audit; S one of B for enable. D is the SM-DP on behalf of B. X
 * is an operator nobody admits, G the fleet manager of another realm. */
enum core_party { CORE_A, CORE_B, CORE_D, CORE_F, CORE_S, CORE_X, CORE_G, CORE_E, CORE_ADMIN,
                  CORE_AUDITOR, CORE_PARTIES };

/* Profiles of the fresh card, by ISD-P number: BOOT (A's, enabled, fall-back), ONE (B's, through
 * D), TWO (A's). */
enum { BOOT = 0x10, ONE = 0x11, TWO = 0x12, FRESH = 0x13 };

struct core_row {                  /* one journalled record */
    enum event_type type;
    uint64_t lsn;
    int64_t at_ms;
    struct span body;              /* encoded; owned */
};

struct core {
    struct env env;
    struct tenant tenants[2];
    struct eid_range ranges[2];
    struct oid admits[3], oid[CORE_PARTIES];
    struct party parties[CORE_PARTIES];
    struct plma plmas[6];
    struct route routes[2];
    struct rng rng;
    struct crypto *crypto;
    struct proc_env pe;
    struct eid eid, foreign; /* foreign: in G's realm, not registered here unless a test does it */
    struct euicc *e;               /* as the engine holds it */
    struct euicc *twin;            /* from the decoded records alone */
    int64_t now;
    int64_t due, volatile_due;     /* of the mailbox, by the engine's rules */
    int64_t held_until;            /* the POST of an input waits until then; 0: a test says so itself */
    uint64_t calls;                /* makes FunctionCallIdentifiers */
    struct core_row *rows;
    size_t n_rows, cap_rows;
    /* of the last input */
    struct arena arena;
    struct plan plan;
    int err;
    /* what is open, for the laws */
    uint64_t effect_counter;       /* 0 = none */
    uint32_t effect_step;          /* 0 = none */
    struct uuid effect_op;
    unsigned concluded[VERDICT_IN_DOUBT + 1];
    unsigned answered;             /* RESPONSEs of asynchronous functions so far */
    bool quiet;                    /* call identifiers and refusals are not repeated in messages */
    uint8_t por_kvn;               /* answers are under this key set; 0 = the one that is spoken with */
    unsigned por_from;             /* answers carry the number of this profile; 0 = no number */
};

void core_init(struct core *w);    /* the three profiles registered; nothing runs */
/* As core_init with another EIS: change is called before it is registered. */
void core_init_with(struct core *w,
                    void (*change)(struct signed_eis *eis, struct eum_signed_info *info));
void core_fini(struct core *w);
/* Of cmocka: *state is a core of its own. */
int core_setup(void **state);
int core_teardown(void **state);

/* --- when --- */
int core_post(struct core *w, const struct input *in);
/* To the mailbox's next time and IN_TIMER; false when there is none. */
bool core_timer(struct core *w);
/* Timers up to and including this many milliseconds from now. */
void core_pass(struct core *w, int64_t ms);
/* The process dies: the aggregate is read back from the journal, then IN_RESTART. */
void core_restart(struct core *w);
/* A record that no decider writes (policy.changed, address.changed, counter.jumped). */
void core_record(struct core *w, const struct event *ev);

struct caller; /* smsr/domain/authz.h */
struct caller core_caller(const struct core *w, enum core_party who);

/* Calls, each under a fresh identifier; the answer is in the last input's outs. */
int core_call(struct core *w, enum core_party who, enum function f, unsigned profile);
int core_request(struct core *w, enum core_party who, enum msg_type type, void *body);
/* B has ONE enabled; 0: the default validity. */
void core_ask_enable(struct core *w, uint32_t validity_s);
/* The same, and the command is on its way. */
void core_enable(struct core *w, uint32_t validity_s);
int core_create(struct core *w, unsigned profile, uint32_t memory, bool more);
int core_send(struct core *w, unsigned profile, struct span data, bool more);     /* 0: the ISD-R */
int core_completed(struct core *w, unsigned profile);
int core_rotate(struct core *w, enum core_party who);
int core_rotate_sessions(struct core *w, enum core_party who);

/* The card's side. counter 0: the one armed last. */
int core_por(struct core *w, uint64_t counter, uint8_t status, struct span data);
int core_por_sw(struct core *w, uint64_t counter, uint16_t sw);
/* GET DATA 00E0: "1 2 40" are the versions of key sets it has. */
int core_por_keys(struct core *w, uint64_t counter, const char *list);
int core_por_hex(struct core *w, uint64_t counter, const char *hex);
/* "10=3F 11=1F": ISD-P number and state; the memory answer follows. */
int core_por_list(struct core *w, uint64_t counter, const char *list);
int core_note(struct core *w, uint8_t kind, uint16_t sequence, unsigned profile);
int core_first_post(struct core *w, uint8_t session);
int core_first_post_under(struct core *w, uint8_t session, uint8_t psk_kvn);
/* The answer to a step; 0: the one open now. */
int core_step_post(struct core *w, uint8_t session, uint32_t step, uint8_t status,
                   struct span body);
int core_session_end(struct core *w, uint8_t session);
struct uuid core_session(uint8_t n);

/* --- then: of the last input --- */
const char *core_state(const struct core *w);      /* of the running operation; "-" */
const struct event *core_event(const struct core *w, enum event_type t);      /* NULL: none */
unsigned core_events(const struct core *w, enum event_type t);
const void *core_out(const struct core *w, enum out_kind kind, unsigned nth); /* NULL: none */
/* The script of the unit that was armed, as hex. */
const char *core_script(const struct core *w);
/* The message of this type delivered to a party; NULL: none. */
const void *core_delivery(const struct core *w, enum core_party who, enum msg_type t);
/* The RESPONSE's answer, delivered or replied; ends the test when there is none or more than one.
 */
const struct exec_answer *core_answer(const struct core *w);
void core_expect(const struct core *w, enum exec_status status, const char *subject,
                 const char *reason);
/* The operation ended in this input with this verdict, answered so; "" "" on success. */
void core_expect_end(const struct core *w, enum verdict v, const char *subject, const char *reason);

struct iccid core_iccid(unsigned profile);
struct aid core_aid(unsigned profile);
enum profile_state core_profile_state(const struct core *w,
                                      unsigned profile); /* NONE: not in the EIS */
struct span core_hex(struct core *w, const char *hex);   /* in the test's arena */
/* Field by field, without what is memory only. */
void core_assert_same(const struct euicc *a, const struct euicc *b);
