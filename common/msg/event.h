/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a journal record (design 3.2). One struct for all types: the type says which fields
 * are meaningful (event.c has the table: name, retention class, mandatory fields). A zero or empty
 * field is absent on disk. The list of types grows, no word changes: the same word stands in log,
 * CLI and webhook. */
#pragma once

#include "common/base/err.h"
#include "common/msg/status.h"

struct message;

enum event_type {
    EV_NONE = 0,
    /* house */
    EV_ADMIN_STARTED,         /* admin.started: epoch, text = version */
    EV_ADMIN_TENANT_ADDED,    /* admin.tenant-added: number, text = tenant id */
    EV_DELIVERY_ACKNOWLEDGED, /* delivery.acknowledged: party, number = up to and including */
    EV_RELAY_RECEIVED,        /* relay.received: a peer's delivery was taken over: party, number */
    /* SM-SR: the card */
    EV_EUICC_REGISTERED,    /* euicc.registered: data = SignedEis as received; secret stored; batch and
                             * text = file and order reference it came with */
    EV_EUICC_AUDITED,       /* euicc.audited: card_profiles, memory; more_to_do = not all that
                             * is missing has its profile.deleted yet, it stays */
    EV_EUICC_SEEN,          /* euicc.seen: it woke (number: when), or does not sleep; kind = wakes that
                             * fitted period_ms; window_ms */
    EV_EUICC_STATE_CHANGED, /* euicc.state-changed: number = enum card_state, kind = that of before,
                             * text = why */
    EV_DEVICE_CHANGED,      /* device.changed: imei = of the notification, data = the one known before */
    EV_BATCH_IMPORTED,      /* batch.imported: party, batch, text = order reference, number = rows of
                             * the file, of them rows_accepted, rows_refused, rows_known */
    EV_ISDP_CREATED,        /* isdp.created */
    EV_PROFILE_INSTALLED,   /* profile.installed: subscription address, pol2, profile type */
    EV_PROFILE_ENABLED,     /* profile.enabled: iccid, previous */
    EV_PROFILE_DISABLED,    /* profile.disabled: iccid, previous = the one enabled now */
    EV_PROFILE_DELETED,     /* profile.deleted */
    EV_PROFILE_ROLLED_BACK, /* profile.rolled-back: iccid = target, previous = the one back on */
    EV_PROFILE_FALLEN_BACK, /* profile.fallen-back */
    EV_ADDRESS_CHANGED,     /* address.changed: iccid, msisdn, imsi */
    EV_POLICY_CHANGED,      /* policy.changed */
    EV_ATTRIBUTE_CHANGED,   /* attribute.changed: function says which; iccid has it now, previous lost it */
    EV_PROPERTIES_CHANGED,  /* properties.changed: data = AdditionalProperties, all of them */
    EV_OPERATION_ACCEPTED,  /* operation.accepted */
    EV_OPERATION_ARMED,     /* operation.armed: kvn, counter, data = packet bytes */
    EV_PACKET_ARMED,        /* packet.armed: purpose, kvn, counter, data; number = counter of
                             * the question it repeats at once */
    EV_OPERATION_ANSWERED,  /* operation.answered: counter, por_status, data = response */
    EV_STEP_OPENED,         /* step.opened: session, step, aid = target, digest = SHA-256 of body */
    EV_STEP_ANSWERED,       /* step.answered: session, step, data = response script */
    EV_NOTIFICATION_RECEIVED, /* notification.received: sequence, kind, aid, imei, decision; number:
                                 until when the card may still roll back */
    EV_OPERATION_IN_DOUBT,    /* operation.in-doubt: text = reason, due_ms = next step */
    EV_OPERATION_EXPIRED,     /* operation.expired: the answer at the end of validity went out */
    EV_OPERATION_CONCLUDED,   /* operation.concluded: verdict and what must outlive erased bodies */
    EV_BEARER_CHOSEN,         /* bearer.chosen: number = bearer, text = reason */
    EV_MESSAGE_REPORTED,      /* message.reported: what a network said of a packet, a hint: kvn, counter,
                               * iccid = whose address, number = enum message_report, text */
    EV_COUNTER_JUMPED,        /* counter.jumped: kvn, counter */
    EV_KEY_ADDED,             /* key.added: text = label, id of the secret */
    /* SM-DP: the order and the inventory */
    EV_PROFILE_IMPORTED, /* profile.imported: iccid, imsi, msisdn, mno, profile_type; secret */
    EV_TEMPLATE_ADDED,   /* template.added: profile_type, data = the package */
    EV_ORDER_ACCEPTED,   /* order.accepted: eid, iccid reserved, enable flag */
    EV_ORDER_ADVANCED,   /* order.advanced: op_state, attempt, aid; data = public step facts */
    EV_ORDER_IN_DOUBT,   /* order.in-doubt */
    EV_ORDER_CONCLUDED,  /* order.concluded */
    EV_PROFILE_RELEASED, /* profile.released: only with proof */
    EV_NOTICE_RELAYED,   /* notice.relayed: what an SM-SR told, and the SM-DP keeps nothing of: function */
    /* SM-SR: the key sets of an ISD-R; all of them are one secret */
    EV_KEYSET_PREPARED, /* keyset.prepared: kvn; sealed before the card may have it */
    EV_KEYSET_USED,     /* keyset.used: kvn is spoken with from now on; number = key id of a PSK */
    EV_KEYSET_DELETED,  /* keyset.deleted: kvn */
    EV_STOCK_RAN_LOW,    /* stock.ran-low: number = available, counter = the threshold it fell under */
    EV_LOSS_DECLARED,    /* loss.declared: party = who says it, text = why; number = persons by now */
    EV_NUMBER_MOVED,     /* number.moved: op, iccid = who has it now, previous = who had it; msisdn */
    EV_TYPE_COUNT
};

enum event_class {
    CLASS_SEC = 1,
    CLASS_LIFE,
    CLASS_BILL,
    CLASS_OTA,
    CLASS_RAW,
    CLASS_DIAG,
    CLASS_IDEM
};

enum packet_purpose {
    PURPOSE_NONE = 0,
    PURPOSE_CMD,
    PURPOSE_CONFIRM,
    PURPOSE_FENCE,
    PURPOSE_AUDIT,
    PURPOSE_TRIGGER
};
enum bearer { BEARER_NONE = 0, BEARER_SMS, BEARER_HTTPS, BEARER_CATTP };

struct event_delivery { /* what a party must still hear; written with the state change */
    struct oid party;
    uint64_t number;     /* gap-free per party, given by the engine */
    struct span message; /* encoded message (wire_message_encode) */
};
#define LIFECYCLE_ENABLED 0x3Fu /* of an ISD-P (SGP.02 2.2.1.3) */
struct event_profile { /* one ISD-P as a card or an EIS shows it */
    struct aid aid;
    struct iccid iccid;
    uint8_t lifecycle; /* 07 0F 1F, LIFECYCLE_ENABLED */
    bool fallback;
};
struct event_secret {   /* stored or dropped in the same transaction as the record */
    struct span id;     /* at most 48 octets */
    struct span sealed; /* empty = delete; never part of the body: only the id is written */
    uint32_t kek_version;
};

#define EVENT_DELIVERIES_MAX 8
#define EVENT_PROFILES_MAX   16
#define EVENT_SECRETS_MAX    4

/* What is done about a notification (notification.received; facts: trust 3.5). */
enum notified {
    NOTIFIED_CONFIRM = 1, /* the one a switch waits for, or the same again */
    NOTIFIED_LATE,        /* behind the end of validity: never confirmed */
    NOTIFIED_OLD,         /* its number is not newer, and it tells nothing new */
    NOTIFIED_CONFIRM_AND_AUDIT, /* nobody's operation expects it */
    NOTIFIED_AUDIT,       /* not believed and not confirmed: the card is asked */
};

struct event {
    enum event_type type;
    /* room every body has (design 3.2) */
    struct span correlation_id; /* ContextId */
    struct span fcid;           /* FunctionCallIdentifier */
    struct eid eid;
    struct iccid iccid;
    enum verdict result;
    struct gsma_code code;
    uint32_t attempt;
    enum stage stage;
    struct span imei;
    int64_t completed_at_ms;
    /* the operation or order */
    struct uuid op;
    enum function function;
    enum interface iface;
    struct oid party; /* who asked */
    enum party_role role;
    struct oid mno; /* Mno-id on whose behalf (ES3), or the profile's owner */
    struct oid smdp;
    uint8_t digest[32]; /* canonical request, or body of a step; zeros = absent */
    bool has_digest;
    int64_t validity_end_ms;
    uint32_t op_state; /* state of the procedure after this record, +1 (0 = unchanged) */
    int64_t due_ms;    /* next timer of the procedure after this record */
    /* the card */
    struct aid aid;
    struct aid previous_aid;
    struct iccid previous;
    uint32_t kvn;
    uint64_t counter;
    enum packet_purpose purpose;
    enum bearer bearer;
    uint32_t por_status; /* +1 (0 = absent) */
    uint32_t sw;         /* +1 */
    struct uuid session;
    uint32_t step;
    uint32_t sequence;     /* notification sequence number, +1 */
    uint32_t kind;         /* notification type 01 02 03 05 */
    uint32_t decision;     /* notification.received: enum notified */
    uint64_t counter_high; /* repeated in operation.concluded: high-water of kvn */
    uint32_t memory_free;
    uint32_t memory_required;
    struct span profile_type;
    struct msisdn msisdn;
    struct imsi imsi;
    uint32_t pol2; /* bits +0x100 (0 = absent, 0x100 = empty rule list) */
    bool fallback;
    bool enable; /* order: EnableProfile asked */
    bool more_to_do;
    /* when a card is there */
    int64_t period_ms, window_ms;
    int64_t validity_once_ms; /* operation.accepted: validity once the card is there; validity_end_ms is the
                               * wake deadline until then */
    bool at_next_contact;     /* nothing is sent before the card is heard */
    /* an import of many cards */
    uint8_t batch[32]; /* SHA-256 of the file */
    bool has_batch;
    uint32_t rows_accepted, rows_refused, rows_known;
    /* free use by type */
    uint64_t number;
    struct span text;
    struct span data;
    struct span answer;               /* the stored answer: encoded RESPONSE message */
    const struct message *answer_msg; /* memory only: the application encodes it into answer */
    struct span
        volatile_data; /* memory only, never encoded: SendData payload of operation.accepted */
    struct event_profile profiles[EVENT_PROFILES_MAX];
    unsigned n_profiles;
    struct event_delivery deliveries[EVENT_DELIVERIES_MAX];
    unsigned n_deliveries;
    struct event_secret secrets[EVENT_SECRETS_MAX];
    unsigned n_secrets;
};

/* What a network says of a short message. Never evidence: nothing is decided by it. */
enum message_report {
    REPORTED_NOTHING = 0,          /* on its way: not the last word */
    REPORTED_DELIVERED, REPORTED_EXPIRED, REPORTED_DELETED, REPORTED_UNDELIVERABLE, REPORTED_REJECTED,
    REPORTED_UNKNOWN,
    REPORTED_REFUSED,              /* it never took the message */
    REPORTED_COUNT
};
const char *message_report_text(enum message_report r); /* "delivered"; "?" when unknown */

const char *event_type_name(enum event_type t);     /* "profile.enabled"; NULL when unknown */
enum event_type event_type_parse(const char *name); /* EV_NONE when unknown */
enum event_class event_type_class(enum event_type t);
const char *event_class_text(enum event_class c); /* "LIFE"; "?" when unknown */
const char *packet_purpose_text(enum packet_purpose p);
const char *bearer_text(enum bearer b);

/* Fields a type cannot do without; the set is part of the type's meaning and only grows by new
 * types. */
enum event_field {
    EVF_OP = 1 << 0,
    EVF_EID = 1 << 1,
    EVF_ICCID = 1 << 2,
    EVF_PARTY = 1 << 3,
    EVF_FUNCTION = 1 << 4,
    EVF_AID = 1 << 5,
    EVF_KVN = 1 << 6,
    EVF_COUNTER = 1 << 7,
    EVF_PURPOSE = 1 << 8,
    EVF_DATA = 1 << 9,
    EVF_TEXT = 1 << 10,
    EVF_NUMBER = 1 << 11,
    EVF_RESULT = 1 << 12,
    EVF_SESSION = 1 << 13,
    EVF_DIGEST = 1 << 14,
    EVF_SEQUENCE = 1 << 15,
    EVF_KIND = 1 << 16,
    EVF_PROFILE_TYPE = 1 << 17,
    EVF_MNO = 1 << 18,
    EVF_IMSI = 1 << 19,
    EVF_PREVIOUS = 1 << 20,
    EVF_POL2 = 1 << 21,
    EVF_ATTEMPT = 1 << 22,
    EVF_OP_STATE = 1 << 23,
    EVF_DECISION = 1 << 24,
    EVF_BATCH = 1 << 25,
    EVF_IMEI = 1 << 26,
};
#define EVF_COUNT 27
unsigned event_type_fields(enum event_type t);      /* EVF_ bits; 0 for an unknown type */
const char *event_field_name(enum event_field bit); /* name in event.proto; NULL when unknown */
/* ERR_INVAL naming the first mandatory field that is missing, or an unknown type. */
MUST_CHECK int event_check(const struct event *ev, struct errmsg *why);
