/* SPDX-License-Identifier: Apache-2.0 */
/* One administration session of a card (SGP.02 2.4.4, GP Amendment B 3): the stream below it
 * comes and goes, the session resumes over a new one while its retry policy lasts. */
#pragma once

#include "common/codec/push.h"
#include "tools/euiccsim/card/card_int.h"

enum https_state { HTTPS_OPENING, HTTPS_HANDSHAKE, HTTPS_WAITING, HTTPS_POLLING, HTTPS_CUT };

struct https {
    enum https_state state;
    struct scp81 *tls;
    int64_t due_ms;
    uint8_t ipv4[4];
    uint16_t port;
    char host[64];
    uint8_t psk_kvn, psk_kid;
    unsigned retries_left;
    int64_t retry_ms;
    unsigned scripts;          /* executed in this session */
    struct aid target;         /* of the last script; n = 0: ISD-R */
    /* The last POST as it must be repeated after a cut. */
    bool posted;
    char uri[ADMIN_URI_MAX];
    enum admin_script_status status;
    struct buf body;
    /* A trigger that came meanwhile (GP Amendment B 3.3.1): followed when this session is over. */
    struct buf stacked;
};

/* --- https_channel.c --- */
/* The stream is gone or must go: a new one later, or the end when the policy is used up. */
MUST_CHECK int https_cut(struct card *c, int64_t now_ms, struct card_actions *out);
/* The session is over: closes the stream when close says so, lets a put-off REFRESH or a stacked
 * trigger follow. */
MUST_CHECK int https_end(struct card *c, bool close, int64_t now_ms, struct card_actions *out);
/* --- https_session.c --- */
MUST_CHECK int https_post(struct card *c, bool resume, int64_t now_ms, struct card_actions *out);
/* Takes complete responses as long as there are any. */
MUST_CHECK int https_responses(struct card *c, int64_t now_ms, struct card_actions *out);
MUST_CHECK int https_flush(struct card *c, struct card_actions *out);
