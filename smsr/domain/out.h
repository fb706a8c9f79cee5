/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan of the SM-SR lets out once its records are durable: the kinds and bodies of plan_out.
 */
#pragma once

#include "common/msg/event.h"
#include "common/msg/message.h"

enum out_kind {
    OUT_REPLY = 1,     /* struct out_reply: ACCEPTED, RESPONSE or ERROR to the calling connection */
    OUT_SMS,           /* struct out_sms: an armed packet, first time or again */
    OUT_STEP,          /* struct out_step: HTTP response of an SCP81 step */
    OUT_SESSION_CLOSE, /* struct out_session_close: of HTTPS, or a CAT_TP link */
    OUT_LINK,          /* struct out_link: a packet armed for a CAT_TP link, once */
};
struct out_reply {
    uint64_t conn, message_id;
    enum envelope_kind kind;
    struct uuid operation;
    enum verdict verdict;
    int64_t concluded_ms;         /* 0: not yet */
    struct span context_id;
    struct oid mno_id;
    struct span error_text;
    struct message message;       /* body in the plan's arena */
};
/* The address is the profile's SubscriptionAddress when it is sent, not when it was armed
 * (design 3.5): so the profiles to reach are named, not numbers. */
struct out_sms {
    struct eid eid;
    const struct event
        *armed; /* first time: kvn, counter and bytes stand in this record of the turn */
    uint64_t lsn;                 /* again: the record that armed it; armed is NULL then */
    uint64_t counter;             /* again */
    struct iccid to[2];           /* profiles whose address is used; the second may be empty */
    int64_t validity_ms;          /* for TP-VP */
};
struct out_step {
    struct eid eid;
    struct uuid session;
    int code;                     /* 200 or 204 */
    uint32_t step;                /* Next-URI names it: /s/<session>/<step>; 0 = no Next-URI */
    struct aid target;            /* n = 0: absent */
    struct span body;
};
/* Its bytes are those of the record. Never again: the link repeats what is lost, and what opens
 * another one spends a higher counter. */
struct out_link {
    struct uuid session;           /* of the link */
    const struct event *armed;     /* in this turn */
    uint32_t chained;              /* TAR with which script chaining goes on behind it; 0: none */
};
struct out_session_close {
    struct uuid session;
};
