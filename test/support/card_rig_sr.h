/* SPDX-License-Identifier: Apache-2.0 */
/* The SCP81 server of the card rig: an administration session in memory, step by step. */
#pragma once

#include "common/codec/push.h"
#include "test/support/card_rig.h"

struct rig_sr {
    struct rig *r;
    struct scp81_ctx *ctx;
    struct scp81 *s;               /* the open stream */
    struct key *psk;
    unsigned step;
    struct push_trigger trigger;
    char uri[ADMIN_URI_MAX];       /* of the last POST */
    enum admin_script_status status;
    bool resume;
    size_t body_n;
    uint8_t body[20000];
};
void rig_sr_init(struct rig_sr *sr, struct rig *r);
/* The sessions from now on are of this key set. */
void rig_sr_use_psk(struct rig_sr *sr, uint8_t kvn, const uint8_t psk[16]);
void rig_sr_fini(struct rig_sr *sr);
int rig_sr_setup(void **state); /* for cmocka: *state is one, with a rig of its own */
int rig_sr_teardown(void **state);
/* Sends the trigger by SMS; the card asks for a stream or does not. */
void rig_sr_trigger(struct rig_sr *sr);
/* Opens the stream that was asked for and shakes hands; true when a POST came, which is then in
 * sr. */
bool rig_sr_open(struct rig_sr *sr);
/* Moves octets until both ends are quiet; true when a POST came. */
bool rig_sr_pump(struct rig_sr *sr);
/* Answers the POST: code 200 with a body for a target (NULL: none) or 204; next: give a
 * Next-URI. */
bool rig_sr_answer(struct rig_sr *sr, int code, const struct aid *target, struct span body,
                   bool next);
/* 200 with one C-APDU for the ISD-R; its R-APDU's status word, data in *ret (may be NULL). */
uint16_t rig_sr_apdu(struct rig_sr *sr, struct span capdu, struct span *ret);
/* The stream breaks. */
void rig_sr_cut(struct rig_sr *sr);

/* A session that begins as it should, a command that changes nothing, and an end that is one. */
void rig_sr_begin(struct rig_sr *sr);
uint16_t rig_sr_audit(struct rig_sr *sr);
void rig_sr_finish(struct rig_sr *sr);
