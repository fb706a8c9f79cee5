/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregate of one mailbox of the SM-DP (design laws 5, 7): a call of an operator that takes
 * effect on one card. A download runs proc/download, the other ES2 functions proc/relay. Only
 * order_apply changes it; keys are ids of sealed secrets (domain/secret.h), never here. */
#pragma once

#include "common/msg/event.h"
#include "common/proc/proc.h"

#define ORDER_ATTEMPTS_MAX 3u
#define ORDER_POINT        65u
#define ORDER_SIGNATURE    64u
#define ORDER_RC_MAX       32u
#define ORDER_TEXT         256u
#define ORDER_FCID         64u /* of our calls: <order>/<attempt>/<step> */

/* Rows of the state tables; a relay uses RELAY and DOUBT, a download all but RELAY. */
enum order_state {
    ORDER_WAITING = 0, /* another order for the same card runs first */
    ORDER_CHECK,       /* ES3-GetEIS, eligibility */
    ORDER_ORPHAN,      /* ES3-DeleteISDP of what an earlier order left behind */
    ORDER_CREATE,      /* ES3-CreateISDP */
    ORDER_PERSO,       /* INSTALL [for personalization], certificate -> challenge */
    ORDER_KEYSET,      /* key agreement -> receipt */
    ORDER_LOAD,        /* SCP03t */
    ORDER_COMPLETE,    /* ES3-ProfileDownloadCompleted */
    ORDER_ENABLE,      /* ES3-EnableProfile */
    ORDER_CLEANUP,     /* ES3-DeleteISDP: nothing may stay behind */
    ORDER_RELAY,       /* Enable, Disable, DeleteProfile of an operator at the SM-SR */
    ORDER_DOUBT,       /* answered EXPIRED, the SM-SR will tell; a download is installed by then */
    ORDER_DONE,
    ORDER_STATES
};
const char *order_state_text(unsigned state);

struct order {
    struct uuid id;
    enum function function;
    struct oid party, mno; /* who asked; the owner (the same on ES2) */
    struct oid smsr;
    char fcid[256], correlation_id[256];
    struct eid eid;
    struct iccid iccid;
    char profile_type[101];
    bool enable; /* EnableProfile asked */
    struct iccid replaces; /* ReplaceProfile: whose number (msisdn) goes to iccid */
    int64_t accepted_ms, validity_end_ms;
    uint32_t validity_s; /* as asked, before the time scale; 0 = not given */

    /* what a call that is passed on says beside EID and ICCID */
    struct imsi imsi;
    struct msisdn msisdn;
    uint32_t pol2; /* as its record has it: bits + 0x100 */
    struct iccid iccids[EVENT_PROFILES_MAX]; /* AuditEIS */
    unsigned n_iccids;

    unsigned state;
    int64_t due_ms;
    uint32_t attempt; /* from 1 */
    uint32_t step;    /* of the last call in this attempt */
    bool calling;     /* that call has no answer yet */
    uint32_t tries;   /* clean-ups that failed */
    struct aid aid;
    uint32_t memory_required;
    struct iccid orphan;
    uint32_t batch; /* LOAD: payload that is out, from 1 */

    /* public facts of the key agreement: the same call can be made again after a restart */
    bool has_card_key, bare_point; /* 7F49 with the bare point: dialect of the card */
    uint8_t curve, card_point[ORDER_POINT];
    uint8_t rc_len, rc[ORDER_RC_MAX];
    bool has_own_key;
    uint8_t own_point[ORDER_POINT], signature[ORDER_SIGNATURE];

    bool installed;        /* profile.installed is written */
    bool last_attempt;     /* no further attempt after the clean-up */
    struct gsma_code fail; /* why the clean-up runs */
    enum stage fail_stage;
    char fail_text[ORDER_TEXT];

    bool answered, in_doubt;
    enum verdict verdict;
    enum exec_status status; /* of the answer */
    struct gsma_code code;   /* of the answer, later of the verdict; so are stage and text */
    enum stage stage;
    char text[ORDER_TEXT]; /* until then: what the answer will warn of */
    int64_t concluded_ms;
};

/* Copies a sentence, cut to fit. */
void dp_text_put(char *dst, size_t cap, const char *s);
bool order_live(const struct order *o);
/* It installs a profile: DownloadProfile and ReplaceProfile. */
bool order_installs(enum function f);
/* What the record of a call has beside EID and ICCID. */
void order_payload(struct order *o, const struct event *accepted);
/* FunctionCallIdentifier of the call (attempt, step). */
void order_call_id(const struct uuid *id, uint32_t attempt, uint32_t step, char dst[ORDER_FCID]);
/* The order, attempt and step such an identifier names; false: not one of ours. */
bool order_call_parse(struct span fcid, struct uuid *ret, uint32_t *ret_attempt,
                      uint32_t *ret_step);
void order_mbox(const struct uuid *id, struct mbox *ret);

/* Facts of order.advanced in event.data: TLVs C0 curve || bare || point, C1 RC, C2 point ||
 * signature. */
void order_facts_put(struct writer *w, const struct order *o);
MUST_CHECK int order_facts_get(struct span data, struct order *o);

/* Pure: creates (*o NULL; order.accepted, or order.concluded of a refusal) or changes. ERR_CORRUPT
 * for a record that cannot follow the state; ERR_NOMEM. at_ms is the record's. */
MUST_CHECK int order_apply(struct order **o, int64_t at_ms, const struct event *ev);
