/* SPDX-License-Identifier: Apache-2.0 */
/* The aggregate of one EID: its EIS, its keys (as ids of sealed secrets), its running operations
 * and its open packets. One mailbox, one writer (design law 5). Only euicc_apply changes it. */
#pragma once

#include "common/msg/eis.h"
#include "common/msg/event.h"
#include "common/proc/proc.h"

#define EUICC_PROFILES_MAX 16
#define EUICC_OPS_MAX 8            /* running or queued operations of one EID */
#define EUICC_PACKETS_MAX 6        /* SCP80 packets whose answer may still come */
#define EUICC_AUDIT_MAX 8
#define EUICC_SPARE_MAX 3          /* SCP80 key sets beside the one that is spoken with */
#define EUICC_IMEI_MAX 9

struct euicc_profile {
    struct aid aid;
    struct iccid iccid;
    struct oid mno;
    struct oid smdp;
    char profile_type[101];
    enum profile_state state;
    bool fallback, emergency, test;
    uint8_t pol2;                  /* POL2_ bits */
    struct imsi imsi;
    struct msisdn msisdn;          /* SubscriptionAddress */
    uint32_t memory_required;
};

/* An SCP80 packet: same counter, same bytes, for ever (law 3). */
struct euicc_packet {
    uint8_t kvn;
    uint64_t counter;
    enum packet_purpose purpose;
    struct uuid op;
    uint64_t lsn;                  /* record that armed it: its bytes stand there */
    int64_t first_sent_ms;         /* when it was armed */
    uint16_t reported;             /* memory only: what networks said of it, so that it is recorded once */
};

#define EUICC_WINDOW_UNKNOWN INT64_MAX

/* How a bearer did on this card (bearer.h). */
struct euicc_bearer {
    uint8_t misses;                /* asked for in vain, or lost with a command, since it was heard last */
    int64_t missed_ms;             /* the last of them */
};

struct operation {
    struct uuid id;
    enum function function;
    enum interface iface;
    struct oid party;              /* who asked; empty for our own (unsolicited notification) */
    enum party_role role;
    struct oid mno;                /* owner on whose behalf */
    char fcid[256];                /* whole: the key of a repeat of the call */
    char correlation_id[256];
    uint8_t digest[32];
    struct iccid iccid;            /* target */
    struct aid aid;
    struct iccid previous;         /* enabled when the operation was armed */
    struct aid previous_aid;
    int64_t accepted_ms, validity_end_ms;
    int64_t once_ms;               /* validity once the card is there: until then validity_end_ms is the
                                    * wake deadline; 0 = one clock, or it began */
    bool next_contact;             /* nothing is sent before the card is heard */
    unsigned state;                /* row of its procedure's table */
    int64_t due_ms;
    uint32_t attempt;
    bool armed;                    /* an effect command may have reached the card */
    bool answered;                 /* the caller has its answer (in time or EXPIRED) */
    bool in_doubt;
    enum bearer bearer;
    enum bearer asked;             /* chosen, or armed on, and nothing was heard over it since */
    uint8_t kvn;
    uint64_t counter;              /* of the armed effect packet */
    uint32_t fences;               /* fence packets and triggers of a fence armed so far */
    bool asked_again;              /* the newest read repeats one whose answer was lost */
    int64_t window_end_ms; /* audited on the new profile: it may still roll back until then; 0 = not
                            * seen there, EUICC_WINDOW_UNKNOWN = its device has not followed yet */
    int64_t armed_ms;
    uint16_t notif_sequence;
    bool notif_seen;
    uint8_t notif_kind;            /* of the last that counted; operation_told_... */
    bool ran;                      /* the card itself told that the command was executed */
    bool stray;                    /* its roll-back may belong to an earlier switch */
    bool more_to_do;               /* ES3 CreateISDP, SendData: keep the session; RotateKeys: those of sessions */
    uint32_t memory_required;
    struct uuid session;           /* of the current step, or CAT_TP link of its packet */
    uint32_t step;
    bool step_open;
    uint32_t data_done; /* SendData: octets the card accepted so far; CreateISDP: 1 = answered */
    uint8_t *data;                 /* SendData payload: memory only, gone after a restart */
    size_t data_len;
    uint8_t *rsp;                  /* SendData: response elements of the steps answered so far */
    size_t rsp_len;
};

/* An SCP80 key set beside the one that is spoken with: not proven yet, or not deleted yet. */
struct euicc_keyset {
    uint8_t kvn;
    uint64_t counter_high;         /* its own */
};

/* When it can be reached, as its contacts told (reach.h). */
struct reach {
    int64_t seen_ms;               /* heard last; 0 = never */
    int64_t woke_ms;               /* last wake known of */
    int64_t period_ms;             /* between two wakes; 0 = it is not known to sleep */
    int64_t window_ms;             /* the longest it was heard behind a wake */
    uint8_t proofs;                /* wakes that fitted the period */
};

struct euicc {
    struct eid eid;
    uint32_t tenant;               /* stream number of its realm */
    uint64_t eis_lsn;              /* euicc.registered: the signed part as received */
    struct oid eum;
    char rp_version[16];           /* RemoteProvisioningVersion, keys the dialect table */
    char platform[48];
    struct aid isd_p_load_file, isd_p_module;
    bool http, cattp;
    uint32_t memory_free;          /* as audited last, less created, more deleted since */
    uint32_t memory_available;     /* of an empty card; 0 = the EIS did not tell */
    int64_t last_audit_ms;
    struct euicc_profile *profiles;        /* grown one by one, at most EUICC_PROFILES_MAX */
    unsigned n_profiles;
    uint8_t scp80_kvn;
    uint64_t counter_high;         /* last counter reserved for scp80_kvn */
    struct euicc_keyset spare[EUICC_SPARE_MAX];
    unsigned n_spare;
    uint8_t psk_kvn, psk_kid;      /* 0 = no SCP81 */
    uint8_t psk_spare;             /* SCP81 set beside it; 0 = none */
    bool psk_named;                /* the card had more than one: a push says which */
    bool has_notif;
    bool unheard; /* an earlier switch ended without its last word: that of its roll-back may still come */
    uint16_t notif_sequence;       /* last one accepted (RFC 1982 order) */
    struct reach reach;
    char imei[20];                 /* hex of the octets the card sent; at most EUICC_IMEI_MAX */
    enum card_state life;          /* card_state.h */
    int64_t registered_ms;
    bool has_batch;
    uint8_t batch[32];             /* SHA-256 of the file it was registered from */
    uint64_t audit_lsn;            /* the last euicc.audited: the card's own list stands there */
    uint64_t profiles_lsn;         /* the last record of anything else that changed its profiles */
    /* admission limits (facts: trust A14) */
    int64_t effect_ms[10];         /* times of the last ten effect operations (limit.h), ring */
    unsigned effect_at;
    int64_t rollback_ms[2];
    struct euicc_bearer heard[BEARER_CATTP + 1];
    /* what runs */
    struct operation *ops[EUICC_OPS_MAX];  /* ops[0] runs, the others wait in order */
    unsigned n_ops;
    struct euicc_packet packets[EUICC_PACKETS_MAX];
    unsigned n_packets;
    uint32_t next_step;            /* SCP81 step number, never reused within an EID */
    uint64_t last_lsn;
};

struct euicc_profile *euicc_profile_by_iccid(const struct euicc *e, const struct iccid *iccid);
struct euicc_profile *euicc_profile_by_aid(const struct euicc *e, const struct aid *aid);
struct euicc_profile *euicc_enabled(const struct euicc *e);
struct euicc_profile *euicc_fallback(const struct euicc *e);
struct euicc_profile *euicc_orphan(const struct euicc *e); /* IN_CREATION or CREATED; NULL = none */
struct operation *euicc_op(const struct euicc *e, const struct uuid *id);
/* This is recorded of the packet, sent to the number of that profile, as far as this process remembers. */
bool euicc_reported(const struct euicc *e, const struct euicc_packet *pk, enum message_report r,
                    const struct iccid *profile);
const struct euicc_packet *euicc_packet_of(const struct euicc *e, uint8_t kvn, uint64_t counter);
struct euicc_packet *euicc_packet_by_counter(struct euicc *e, uint8_t kvn, uint64_t counter);
/* Last counter reserved for this SCP80 key set; NULL: the card has none such. */
uint64_t *euicc_counter(struct euicc *e, uint8_t kvn);
/* Smallest SCP80, or SCP81, version that no key set of the card has; 0: there is none. */
uint8_t euicc_new_kvn(const struct euicc *e, bool psk);
/* Smallest ISD-P AID number from 0010 on that is free on this card; ERR_FULL. */
MUST_CHECK int euicc_new_aid(const struct euicc *e, struct aid *ret);
/* Its validity period ends it while it waits behind another. Not what a card told: that has no caller,
 * and must be looked into whenever its turn comes. */
bool operation_ends_waiting(const struct operation *op);
/* Changes the card by one command, which it answers at once (smsr/proc/command.c). */
static inline bool operation_is_command(const struct operation *op)
{
    return op->function == FN_DELETE_PROFILE || op->function == FN_SET_FALLBACK_ATTRIBUTE;
}
static inline bool operation_is_switch(const struct operation *op)
{
    return op->function == FN_ENABLE_PROFILE || op->function == FN_DISABLE_PROFILE;
}
/* What the card notified of this switch: that it was done; that it was undone; that it fell back; that it was done,
 * when that could not be confirmed any more. */
bool operation_told_done(const struct operation *op);
bool operation_told_back(const struct operation *op);
bool operation_told_fall(const struct operation *op);
bool operation_told_late(const struct operation *op);
/* Takes the next one. */
void operation_told(struct operation *op, uint8_t kind);
void operation_told_too_late(struct operation *op);
/* Earliest due of the operations; 0 = none. */
int64_t euicc_due(const struct euicc *e);

struct euicc_record {
    uint64_t lsn;
    int64_t at_ms;
    const struct event *ev;
    const struct signed_eis *eis;              /* euicc.registered: decoded ev->data, else NULL */
    const struct eum_signed_info *info;
};
/* Pure: creates (*e NULL and euicc.registered) or changes the aggregate. ERR_CORRUPT for a record
 * that cannot follow the state (a broken log); ERR_NOMEM. The same records give the same bytes for
 * ever. */
MUST_CHECK int euicc_apply(struct euicc **e, const struct euicc_record *r);
/* The card's own list, as euicc.audited tells it, into the EIS: never allocates, so a copy may be
 * asked what an audit will make of it. */
void euicc_take_audit(struct euicc *e, const struct event *ev, int64_t at_ms);
/* The operation that operation.accepted begins, without its payload; op is zeroed. Admission looks
 * at the same one before it is applied. */
void operation_of(struct operation *op, const struct event *accepted, int64_t at_ms);
/* The octets behind the hex of the aggregate; empty: none was told, or no memory. */
struct span euicc_imei(const struct euicc *e, struct arena *a);
void euicc_free(struct euicc *e);
void operation_free(struct operation *op);
