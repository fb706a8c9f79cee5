/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the join: what was fed, by card. */
#pragma once

#include "common/base/map.h"
#include "tools/euiccsim/proof/join.h"

struct join_key {                  /* EID and what names the command on that card */
    uint8_t b[MAP_KEY_MAX];
    size_t n;
};
struct command {
    struct operation_seen *op;
    char name[64];                 /* for the report: "key set 1 counter 5" or "step 3" */
    unsigned accepted;             /* effects the card answered well, by the journal alone */
    bool answered;                 /* the journal has the card's own answer to it */
    unsigned rows;
    bool single;
    bool by_step;                  /* in a session: no packet fences it, and it fences none */
    bool deletes;                  /* behind a switch: the deletion by POL2 */
    bool heard;                    /* a record says that its packet or step was answered, however */
    struct command *next;          /* of the same operation, in the order they were armed */
};
struct operation_seen {
    struct uuid id;
    struct eid eid;
    enum function function;
    enum verdict verdict;
    bool refused;                  /* at admission: it never was one */
    bool turned;                   /* the switch is recorded: a deletion by POL2 may follow */
    bool new_keys;                 /* the card has answered under its new key set */
    bool fenced;                   /* a question behind the last command was answered, on its channel */
    uint64_t counter;              /* of the last command that is a packet */
    bool again;                    /* an effect went out again without either */
    bool unheard;                  /* SUCCESS by audit alone: a fall-back may have done it as well */
    bool confirmed;                /* the card answered a confirmation, or was audited for it */
    struct uuid order;             /* of the SM-DP, by its FunctionCallIdentifier; zero: none */
    uint32_t attempt;
    struct command *first, *last;
    struct operation_seen *next;   /* of the same card */
};
struct order_seen {
    struct uuid id;
    enum function function;
    enum verdict verdict;          /* VERDICT_NONE: not concluded */
    bool enable;                   /* EnableProfile was asked with the download */
    bool enabled;                  /* its profile, by a record of its own */
    bool warned;                   /* SUCCESS that did not enable */
    struct order_seen *next;       /* of the same card */
};
struct row {
    struct card_ledger_row r;
    struct command *command;
    bool good;
    struct row *next;              /* of the same card, by n */
};
struct card_seen {
    struct eid eid;
    struct row *first, *last;
    struct operation_seen *ops, *last_op;
    struct order_seen *orders, *last_order;
};
struct join {
    struct map *ops, *commands, *confirmations, *fences, *orders, *cards;
};
struct join_key join_sms_key(const struct eid *eid, uint8_t kvn, uint64_t counter);
/* "/s/<32 hex>/<step>", possibly with an origin in front. */
bool join_uri_key(const struct eid *eid, const char *uri, struct join_key *ret);
static inline struct span join_key_span(const struct join_key *k)
{
    return span_of(k->b, k->n);
}
