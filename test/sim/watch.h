/* SPDX-License-Identifier: Apache-2.0 */
/* What a bystander knows who reads both journals as they grow: calls and their verdicts, profiles of each
 * card, stock, changes somebody must hear of. Built from records alone, so that it can be held against
 * what the daemons, the cards and the parties say. */
#pragma once

#include "common/base/map.h"
#include "common/journal/journal.h"
#include "common/msg/event.h"
#include "smdp/domain/stock.h"
#include "tools/euiccsim/card/card.h"

#define WATCH_PROFILES_MAX 16u
#define WATCH_STREAMS_MAX 16u
#define WATCH_ROOM 8u

struct watch_profile {
    struct aid aid;
    struct iccid iccid;
    enum profile_state state;
    uint32_t pol2;                 /* as the log has it now */
    struct msisdn msisdn;          /* the same */
};
/* An effect command on its way: it may still run until its operation hears of it, or of a later question on the
 * channel it was armed for, or has a verdict (laws 3 and 5). */
struct watch_command {
    bool is, by_step;              /* by_step: of a session; else a packet */
    struct uuid op;
    uint64_t number;               /* its step, or its counter */
};
#define WATCH_KVNS 16u
struct watch_card {
    struct eid eid;
    bool registered, touched;
    struct watch_profile p[WATCH_PROFILES_MAX];
    unsigned n;
    struct watch_profile made[WATCH_PROFILES_MAX]; /* the last creation under each AID, for ever */
    unsigned n_made;
    struct iccid fallback;         /* holds the attribute, by the records */
    uint32_t step;
    struct watch_command open;     /* the last effect command, while nothing was heard of it */
    unsigned live;                 /* operations that are not concluded */
    uint64_t counter[WATCH_KVNS];  /* of each SCP80 key set: the last one armed */
    struct uuid command;           /* the last operation that armed one ... */
    int64_t command_ms;            /* ... which was not before this moment of the world */
    bool notified;                 /* since then, of a change that is done */
    unsigned records, moves;       /* since the last look; of them changes of an address */
    uint64_t state;                /* of its aggregate then, addresses apart */
    bool has_sequence;
    uint16_t sequence;             /* of the last notification that was accepted */
    uint64_t version;              /* of the card when it was compared with the log last */
    uint64_t room_version;         /* and when its room was looked at */
    uint32_t room[WATCH_ROOM];     /* its free memory of late: an answer tells of its past */
    unsigned rooms;
    enum card_cause moved_by;      /* why the profile that is on was enabled; a fall-back until the EIS has it */
};
/* An operation of the SM-SR or an order of the SM-DP. */
struct watch_call {
    struct uuid id, order;         /* order: the SM-DP's order that made this call of the SM-SR */
    enum function function;
    enum verdict verdict;          /* VERDICT_NONE: not concluded */
    struct eid eid;
    struct iccid iccid;
    struct oid party;
    bool warned, enable;
    bool enabled;                  /* an order whose profile is on, by a record of its own */
};
/* Something that became true on a card and that its operators must hear, once. */
struct watch_change {
    enum function what;            /* Enable, Disable, DeleteProfile */
    struct eid eid;
    struct iccid iccid;
    struct uuid op;
    int64_t at_ms;
    bool installed;                /* a deletion: of a profile, not of an empty ISD-P */
};
struct watch_stock {
    struct iccid iccid;
    enum stock_state state;
    struct eid eid;
    struct uuid order;
};
struct watch_log {
    uint64_t lsn;                  /* read up to here */
    int64_t at_ms;
    uint32_t stream[WATCH_STREAMS_MAX];
    uint64_t seq[WATCH_STREAMS_MAX];
    unsigned n_streams;
};

struct world;
struct watch {
    struct world *w;
    struct arena arena;
    struct join *join;
    uint64_t ledger_at;
    int64_t read_ms;               /* when the journals were read last */
    struct watch_log log[2];       /* SM-SR, SM-DP */
    struct watch_card *cards;      /* as in the factory */
    struct watch_stock *stock;
    unsigned n;                    /* of both */
    struct map *calls, *by_fcid;   /* watch_call by id; the same by FunctionCallIdentifier */
    struct watch_change *changes;
    size_t n_changes, cap_changes;
};
MUST_CHECK int watch_new(struct world *w, struct watch **ret);
void watch_free(struct watch *k);
struct watch_card *watch_card(struct watch *k, const struct eid *eid);         /* NULL: not ours */
struct watch_profile *watch_profile(struct watch_card *c, const struct iccid *iccid);
struct watch_stock *watch_stock(struct watch *k, const struct iccid *iccid);   /* NULL: not stock */
/* What became of a party's call; NULL: no record of it. */
struct watch_call *watch_call_of(struct watch *k, const struct oid *party, struct span fcid);
/* One record of either journal; what must not be goes to world_fault. */
void watch_smsr(struct watch *k, const struct event *ev, int64_t at_ms);
void watch_smdp(struct watch *k, const struct event *ev);
void watch_room(struct watch_card *c, uint32_t octets);
/* Its part about one card. */
void watch_card_record(struct watch *k, const struct event *ev, int64_t at_ms);
/* Order and gap-freeness of the log itself (I6). */
void watch_log(struct watch *k, struct watch_log *l, const struct journal_record *rec);
