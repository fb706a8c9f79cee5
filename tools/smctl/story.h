/* SPDX-License-Identifier: Apache-2.0 */
/* The story of one operation from its records (design 5): for each record the octets it holds,
 * decoded, and the script behind a ciphered packet where it follows from the record. Pure. */
#pragma once

#include "common/crypto/crypto.h"
#include "common/msg/admin.h"
#include "common/capture/decode.h"

#define STORY_PACKETS_MAX 32u

struct story_packet { /* what an armed packet asked, by its counter */
    uint32_t kvn;
    uint64_t counter;
    uint8_t script[256];
    size_t n;
};
struct story {
    struct crypto *crypto;
    int64_t start_ms; /* of the acceptance; 0 = none yet */
    bool order;       /* of the SM-DP: its states have other names */
    enum function function;
    struct aid aid, previous_aid;
    uint32_t memory_required;
    uint32_t sequence; /* of the last notification, +1 */
    struct story_packet packets[STORY_PACKETS_MAX];
    unsigned n_packets;
    enum bearer bearer;       /* chosen for this operation; NONE: the log does not say */
    uint8_t step_script[256]; /* of the step that is open */
    size_t step_n;
    /* what it came to */
    bool concluded;
    struct event last; /* operation.concluded or order.concluded; of its spans only text is kept */
    char last_text[256];
};
void story_init(struct story *s, struct crypto *c);
/* Decodes the record's octets into out (emptied before). ev borrows only during the call. */
void story_record(struct story *s, const struct admin_record *r, const struct event *ev,
                  struct rows *out);
/* A record whose body is not there: what proves which one it was. */
void story_erased(const struct admin_record *r, const char *why, struct rows *out);
/* Name of the state an event leads to: "WAIT_NOTIFICATION"; "" when it stays. */
const char *story_state(const struct story *s, const struct event *ev);
