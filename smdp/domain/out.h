/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan of the SM-DP lets out once its records are durable, and the key jobs it asks for
 * (design 3.1): jobs run at once in the soft keystore, their result is an input of the same
 * mailbox. */
#pragma once

#include "common/msg/event.h"
#include "common/msg/message.h"
#include "smdp/domain/order.h"

struct eis;

enum dp_out_kind {
    DP_OUT_REPLY = 1, /* struct dp_out_reply: to the calling connection */
    DP_OUT_ANSWER,    /* struct dp_out_answer: the end of an order, to the connection that made the
                         call */
    DP_OUT_CALL,      /* struct dp_out_call: an ES3 request, repeated until it is answered */
    DP_OUT_REPEAT,    /* struct dp_out_repeat: that request once more, now */
    DP_OUT_JOB,       /* struct dp_out_job: never held back, nothing leaves by it */
};
struct dp_out_reply {
    uint64_t conn, message_id;
    enum envelope_kind kind; /* ENV_NONE: nothing is sent, the call waits for its RESPONSE */
    struct uuid operation;
    enum verdict verdict;
    struct span context_id;
    struct span error_text;
    struct message message; /* body in the plan's arena */
};
struct dp_out_answer {
    struct uuid order;
    enum verdict verdict;
    struct span context_id;
    struct message message;
};
struct dp_out_call {
    struct uuid order;
    struct oid smsr, mno;
    char fcid[ORDER_FCID];
    struct span context_id;
    struct message message;
};
struct dp_out_repeat {
    struct uuid order;
    struct oid smsr;
};

enum dp_job {
    DP_JOB_CHECK = 1, /* certificates of the card, package and its need of memory */
    DP_JOB_AGREE,     /* ephemeral key, signature over the challenge */
    DP_JOB_RECEIPT,   /* key derivation, receipt */
    DP_JOB_LOAD,      /* personalised package into SCP03t payloads: the first one */
    DP_JOB_NEXT,      /* answer to a payload checked: the next one, or the end */
};
struct dp_out_job {
    enum dp_job job;
    const struct eis *eis; /* CHECK */
    struct span data;      /* AGREE: RC; RECEIPT: receipt; NEXT: EuiccResponseData */
    struct span dr;        /* RECEIPT */
    uint32_t batch;        /* NEXT: the payload the answer belongs to */
};
/* in_key.result is this struct; err ERR_AGAIN: no room now, ask again later; any other error stands
 * with code and text. */
struct dp_job_result {
    struct gsma_code code;
    char text[ORDER_TEXT]; /* CHECK that went well: what is warned of, or empty */
    uint32_t memory_required;
    struct order facts;  /* CHECK: card key; AGREE: own key, RC. Only the facts are set */
    uint8_t sealed[384]; /* AGREE: ephemeral key; RECEIPT: ISD-P keys */
    size_t sealed_len;
    uint32_t kek_version;
    struct span payload;  /* LOAD, NEXT: valid while the order loads */
    uint32_t batch;       /* its number, from 1 */
    bool last, installed; /* it is the last one; NEXT: the card reports success */
};
