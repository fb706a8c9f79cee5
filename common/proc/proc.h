/* SPDX-License-Identifier: Apache-2.0 */
/* Types of durable procedures (design laws 5, 7 and 3.1): a const state table per procedure, one input,
 * one plan. Deciders are pure: aggregate + operation + input + time in, plan out. The engine turns the
 * plan into records, applies them, commits once per turn and only then lets anything leave. */
#pragma once

#include "common/base/mem.h"
#include "common/msg/event.h"
#include "common/msg/message.h"

/* --- mailboxes: one writer each --- */
enum mbox_kind { MBOX_NONE = 0, MBOX_EUICC, MBOX_ORDER, MBOX_PROFILE, MBOX_HOUSE };
struct mbox {
    enum mbox_kind kind;
    uint8_t id[24];               /* EID, order id, ICCID digits; zero-padded */
};

/* --- inputs --- */
enum input_kind {
    IN_NONE = 0,
    IN_CALL,                      /* a REQUEST of a party, checked and scoped by api/ */
    IN_TIMER,                     /* due time of the mailbox reached */
    IN_RESTART,                   /* first input of a live mailbox after a start */
    IN_POR,                       /* authenticated SCP80 response packet */
    IN_NOTIFICATION,              /* authenticated default notification */
    IN_POST,                      /* SCP81: the card POSTed; session, step, response script */
    IN_SESSION_END,               /* SCP81: stream or TLS session is gone; CAT_TP: the link is */
    IN_CARRIER,                   /* what a network says of a unit: a hint, never evidence */
    IN_PEER,                      /* RESPONSE or NOTICE of a peer we called */
    IN_KEY,                       /* result of a key job */
    IN_LINK,                      /* CAT_TP: a link is open; its end is IN_SESSION_END */
    IN_TURN,                      /* an operation that waited to begin may */
    IN_KIND_COUNT
};
#define IN_BIT(k) (1u << (unsigned)(k))

struct in_call {
    const struct message *msg;
    struct span context_id, fcid;
    struct oid mno_id;            /* of the envelope */
    struct oid party;             /* of the certificate */
    enum party_role role;
    uint8_t digest[32];           /* SHA-256 of the canonical request */
    uint64_t conn, message_id;    /* where the direct reply goes */
};
struct in_por {
    uint8_t kvn;
    uint64_t counter;
    uint8_t status;
    struct span data;
    struct msisdn from;
};
struct in_notification {
    uint16_t sequence;
    uint8_t kind;                 /* 01 02 03 05 */
    struct aid aid;
    struct span imei;
    enum bearer bearer;
    struct uuid session;          /* HTTPS: the session it came in */
    struct msisdn from;
};
struct in_post {
    struct uuid session;
    struct span next_uri;         /* as POSTed: names the step it answers; empty path = first POST */
    bool first, resume;
    uint8_t script_status;        /* enum admin_script_status */
    uint8_t psk_kvn;              /* of the key set that proved the card */
    struct span body;
};
struct in_peer {
    struct oid peer;
    const struct envelope *env;
};
struct in_key {
    uint32_t job;                 /* what was asked, the owner's enum */
    int err;
    struct span result;
};
struct input {
    enum input_kind kind;
    struct mbox to;
    union {
        struct in_call call;
        struct in_por por;
        struct in_notification notification;
        struct in_post post;
        struct { struct uuid session; struct span why; } session_end;
        /* Of the packet with this counter, sent to the number of this profile. */
        struct {
            uint64_t counter;
            struct iccid profile;
            enum message_report report;
            struct span text;
        } carrier;
        struct { struct uuid session; } link;
        struct in_peer peer;
        struct in_key key;
    } u;
};

/* --- plans --- */
#define PLAN_RECORDS_MAX 8
#define PLAN_OUTS_MAX 8
#define PLAN_DELIVERIES_MAX 24    /* a switch with its deletions tells several parties of each profile */

/* What leaves the process once the plan's last record is durable. kind and body are the daemon's (one
 * enum in its domain folder); the engine only holds it back. */
struct plan_out {
    uint32_t kind;
    const void *body;             /* in the plan's arena */
};
/* At most one unit for the card: the engine asks the arm port for counter and packet and puts them into
 * the armed record before it is appended. */
struct card_unit {
    bool set;
    enum packet_purpose purpose;
    uint32_t tar;
    uint8_t kvn;                  /* SCP80 set it goes under; 0: the one that is spoken with */
    uint8_t put_kvn;              /* script is empty: PUT KEY of this set, which the arm port writes */
    struct span script;           /* expanded format, or the push trigger */
    struct event *armed;          /* the EV_OPERATION_ARMED / EV_PACKET_ARMED record of this plan */
};
struct plan_delivery {
    struct oid party;
    struct message msg;
    struct event *with;           /* the record it is written with */
};
struct plan {
    struct arena *arena;
    int64_t now_ms;
    struct event *records[PLAN_RECORDS_MAX];
    unsigned n_records;
    struct card_unit unit;
    struct plan_out outs[PLAN_OUTS_MAX];
    unsigned n_outs;
    struct plan_delivery deliveries[PLAN_DELIVERIES_MAX];
    unsigned n_deliveries;
    int64_t volatile_due_ms;      /* moves the mailbox's timer without a record (resends); 0 = leave */
    int err;                      /* sticky: a list was full or memory ran out */
    struct event spare;           /* what plan_record hands out once err is set */
};

/* A zeroed event of this type at the end of the list; never NULL (a spare one when err is set). */
struct event *plan_record(struct plan *p, enum event_type type);
void plan_out(struct plan *p, uint32_t kind, const void *body, size_t n);       /* copies body */
/* Copies the struct behind msg (size by type); spans inside must live in the arena. */
void plan_deliver(struct plan *p, struct event *with, const struct oid *party, struct message msg);

/* --- state tables --- */
enum proc_restart {
    RESTART_WAIT,                 /* nothing outstanding: wait for due */
    RESTART_RESUME,               /* send the same bytes again */
    RESTART_RECONCILE,            /* fence, then decide */
};
struct proc_view {
    const void *aggregate;        /* struct euicc, struct order: the daemon's */
    const void *operation;        /* the running operation inside it */
    const void *env;              /* parties, timers, routes: read-only */
    int64_t now_ms;
};
typedef int (*proc_decide_fn)(const struct proc_view *v, const struct input *in, struct plan *p);
struct proc_state {
    const char *name;
    uint32_t in_mask;             /* IN_BIT of the inputs it takes; others are refused and counted */
    uint32_t out_mask;            /* 1u << state of the legal next states */
    const char *timer;            /* row of the timer table, NULL = none */
    enum proc_restart restart;
    proc_decide_fn decide;
};
struct proc {
    const char *name;
    enum function function;
    const struct proc_state *states;
    unsigned n_states;            /* at most 32 */
};
/* Refuses (ERR_STATE) an input outside the mask, runs the decider, checks every record's op_state
 * against out_mask (ERR_INTERNAL). */
MUST_CHECK int proc_step(const struct proc *proc, unsigned state, const struct proc_view *v,
                         const struct input *in, struct plan *p);
