/* SPDX-License-Identifier: Apache-2.0 */
/* Types of journal records: name, retention class, mandatory fields (design 3.2). */
#include "common/msg/event.h"

struct event_row {
    const char *name;
    enum event_class class;
    unsigned fields;
};

#define OP_EID (EVF_OP | EVF_EID)

/* An acknowledgement is DIAG: the next one of that party holds a higher number, and the latest has
 * something live that depends on it, so retention never takes it. Bodies with packet bytes are OTA;
 * what must outlive them is repeated in operation.concluded. */
static const struct event_row ROWS[EV_TYPE_COUNT] = {
    [EV_ADMIN_STARTED] = {"admin.started", CLASS_SEC, EVF_TEXT},
    [EV_ADMIN_TENANT_ADDED] = {"admin.tenant-added", CLASS_SEC, EVF_NUMBER | EVF_TEXT},
    [EV_DELIVERY_ACKNOWLEDGED] = {"delivery.acknowledged", CLASS_DIAG, EVF_PARTY | EVF_NUMBER},
    [EV_RELAY_RECEIVED] = {"relay.received", CLASS_DIAG, EVF_PARTY | EVF_NUMBER},
    [EV_EUICC_REGISTERED] = {"euicc.registered", CLASS_LIFE, EVF_EID | EVF_DATA},
    [EV_EUICC_AUDITED] = {"euicc.audited", CLASS_LIFE, EVF_EID},
    [EV_EUICC_SEEN] = {"euicc.seen", CLASS_OTA, EVF_EID | EVF_NUMBER},
    [EV_EUICC_STATE_CHANGED] = {"euicc.state-changed", CLASS_LIFE, EVF_EID | EVF_NUMBER | EVF_KIND},
    [EV_DEVICE_CHANGED] = {"device.changed", CLASS_LIFE, EVF_EID | EVF_IMEI | EVF_DATA},
    [EV_BATCH_IMPORTED] = {"batch.imported", CLASS_LIFE, EVF_PARTY | EVF_BATCH | EVF_NUMBER},
    [EV_ISDP_CREATED] = {"isdp.created", CLASS_LIFE, EVF_EID | EVF_ICCID | EVF_AID},
    [EV_PROFILE_INSTALLED] = {"profile.installed", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_PROFILE_ENABLED] = {"profile.enabled", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_PROFILE_DISABLED] = {"profile.disabled", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_PROFILE_DELETED] = {"profile.deleted", CLASS_LIFE, EVF_EID},
    [EV_PROFILE_ROLLED_BACK] = {"profile.rolled-back", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_PROFILE_FALLEN_BACK] = {"profile.fallen-back", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_ADDRESS_CHANGED] = {"address.changed", CLASS_LIFE, EVF_EID | EVF_ICCID},
    [EV_POLICY_CHANGED] = {"policy.changed", CLASS_LIFE, EVF_EID | EVF_ICCID | EVF_POL2},
    [EV_ATTRIBUTE_CHANGED] = {"attribute.changed", CLASS_LIFE, EVF_EID | EVF_ICCID | EVF_FUNCTION},
    [EV_PROPERTIES_CHANGED] = {"properties.changed", CLASS_LIFE, EVF_EID | EVF_DATA},
    [EV_OPERATION_ACCEPTED] = {"operation.accepted", CLASS_LIFE, OP_EID | EVF_FUNCTION},
    [EV_OPERATION_ARMED] = {"operation.armed", CLASS_OTA,
                            OP_EID | EVF_KVN | EVF_COUNTER | EVF_DATA},
    [EV_PACKET_ARMED] = {"packet.armed", CLASS_OTA,
                         EVF_EID | EVF_PURPOSE | EVF_KVN | EVF_COUNTER | EVF_DATA},
    [EV_OPERATION_ANSWERED] = {"operation.answered", CLASS_OTA, OP_EID},
    [EV_STEP_OPENED] = {"step.opened", CLASS_OTA, EVF_EID | EVF_SESSION | EVF_DIGEST},
    [EV_STEP_ANSWERED] = {"step.answered", CLASS_OTA, EVF_EID | EVF_SESSION},
    [EV_NOTIFICATION_RECEIVED] = {"notification.received", CLASS_OTA,
                                  EVF_EID | EVF_SEQUENCE | EVF_KIND | EVF_DECISION},
    [EV_OPERATION_IN_DOUBT] = {"operation.in-doubt", CLASS_LIFE, OP_EID | EVF_TEXT},
    [EV_OPERATION_EXPIRED] = {"operation.expired", CLASS_LIFE, OP_EID},
    [EV_OPERATION_CONCLUDED] = {"operation.concluded", CLASS_LIFE, OP_EID | EVF_RESULT},
    [EV_BEARER_CHOSEN] = {"bearer.chosen", CLASS_DIAG, EVF_EID | EVF_NUMBER},
    [EV_MESSAGE_REPORTED] = {"message.reported", CLASS_DIAG,
                             OP_EID | EVF_KVN | EVF_COUNTER | EVF_NUMBER | EVF_TEXT},
    [EV_COUNTER_JUMPED] = {"counter.jumped", CLASS_SEC, EVF_EID | EVF_KVN | EVF_COUNTER},
    [EV_KEY_ADDED] = {"key.added", CLASS_SEC, EVF_TEXT},
    [EV_PROFILE_IMPORTED] = {"profile.imported", CLASS_LIFE,
                             EVF_ICCID | EVF_MNO | EVF_PROFILE_TYPE},
    [EV_TEMPLATE_ADDED] = {"template.added", CLASS_LIFE, EVF_PROFILE_TYPE | EVF_DATA},
    [EV_ORDER_ACCEPTED] = {"order.accepted", CLASS_LIFE, OP_EID},
    [EV_ORDER_ADVANCED] = {"order.advanced", CLASS_OTA, EVF_OP},
    [EV_ORDER_IN_DOUBT] = {"order.in-doubt", CLASS_LIFE, EVF_OP | EVF_TEXT},
    [EV_ORDER_CONCLUDED] = {"order.concluded", CLASS_LIFE, EVF_OP | EVF_RESULT},
    [EV_PROFILE_RELEASED] = {"profile.released", CLASS_LIFE, EVF_ICCID},
    [EV_NOTICE_RELAYED] = {"notice.relayed", CLASS_LIFE,
                           EVF_EID | EVF_ICCID | EVF_FUNCTION | EVF_MNO},
    [EV_KEYSET_PREPARED] = {"keyset.prepared", CLASS_SEC, EVF_EID | EVF_KVN},
    [EV_KEYSET_USED] = {"keyset.used", CLASS_SEC, EVF_EID | EVF_KVN},
    [EV_KEYSET_DELETED] = {"keyset.deleted", CLASS_SEC, EVF_EID | EVF_KVN},
    [EV_STOCK_RAN_LOW] = {"stock.ran-low", CLASS_LIFE,
                          EVF_MNO | EVF_PROFILE_TYPE | EVF_COUNTER},
    [EV_LOSS_DECLARED] = {"loss.declared", CLASS_LIFE,
                          EVF_EID | EVF_ICCID | EVF_PARTY | EVF_NUMBER},
    [EV_NUMBER_MOVED] = {"number.moved", CLASS_LIFE, OP_EID | EVF_ICCID | EVF_PREVIOUS},
};

static const char *const FIELD_NAME[EVF_COUNT] = {
    "op",      "eid",      "iccid",    "party",        "function", "aid",    "kvn",
    "counter", "purpose",  "data",     "text",         "number",   "result", "session",
    "digest",  "sequence", "kind",     "profile_type", "mno",      "imsi",   "previous",
    "pol2",    "attempt",  "op_state", "decision",     "batch",    "imei",
};

static const char *const CLASS_TEXT[] = {
    "none", "SEC", "LIFE", "BILL", "OTA", "RAW", "DIAG", "IDEM",
};
static const char *const PURPOSE_TEXT[] = {
    "none", "command", "confirm", "fence", "audit", "trigger",
};
static const char *const BEARER_TEXT[] = {"none", "SMS", "HTTPS", "CAT_TP"};

static const char *const REPORT_TEXT[REPORTED_COUNT] = {
    "on its way", "delivered", "expired", "deleted", "undeliverable", "rejected", "state unknown", "refused",
};

static const struct event_row *row_of(enum event_type t)
{
    return (unsigned)t > EV_NONE && (unsigned)t < EV_TYPE_COUNT ? &ROWS[t] : NULL;
}

const char *event_type_name(enum event_type t)
{
    const struct event_row *row = row_of(t);
    return row ? row->name : NULL;
}

enum event_type event_type_parse(const char *name)
{
    for (unsigned t = EV_NONE + 1; name && t < EV_TYPE_COUNT; t++) {
        if (strcmp(ROWS[t].name, name) == 0)
            return (enum event_type)t;
    }
    return EV_NONE;
}

/* An unknown type is kept longest: nothing is erased that this version cannot judge. */
enum event_class event_type_class(enum event_type t)
{
    const struct event_row *row = row_of(t);
    return row ? row->class : CLASS_SEC;
}

const char *event_class_text(enum event_class c)
{
    return (unsigned)c < sizeof(CLASS_TEXT) / sizeof(CLASS_TEXT[0]) ? CLASS_TEXT[c] : "?";
}

const char *packet_purpose_text(enum packet_purpose p)
{
    return (unsigned)p < sizeof(PURPOSE_TEXT) / sizeof(PURPOSE_TEXT[0]) ? PURPOSE_TEXT[p] : "?";
}

const char *bearer_text(enum bearer b)
{
    return (unsigned)b < sizeof(BEARER_TEXT) / sizeof(BEARER_TEXT[0]) ? BEARER_TEXT[b] : "?";
}

const char *message_report_text(enum message_report r)
{
    return (unsigned)r < REPORTED_COUNT ? REPORT_TEXT[r] : "?";
}

unsigned event_type_fields(enum event_type t)
{
    const struct event_row *row = row_of(t);
    return row ? row->fields : 0;
}

const char *event_field_name(enum event_field bit)
{
    for (unsigned i = 0; i < EVF_COUNT; i++) {
        if ((unsigned)bit == 1u << i)
            return FIELD_NAME[i];
    }
    return NULL;
}

/* EVF_ bits of the fields that are set. */
static unsigned fields_set(const struct event *ev)
{
    unsigned set = 0;
#define SET(bit, cond) set |= (cond) ? (unsigned)(bit) : 0u
    SET(EVF_OP, !uuid_is_zero(&ev->op));
    SET(EVF_EID, !eid_is_zero(&ev->eid));
    SET(EVF_ICCID, ev->iccid.s[0]);
    SET(EVF_PARTY, ev->party.s[0]);
    SET(EVF_FUNCTION, ev->function);
    SET(EVF_AID, ev->aid.n);
    SET(EVF_KVN, ev->kvn);
    SET(EVF_COUNTER, ev->counter);
    SET(EVF_PURPOSE, ev->purpose);
    SET(EVF_DATA, ev->data.n);
    SET(EVF_TEXT, ev->text.n);
    SET(EVF_NUMBER, ev->number);
    SET(EVF_RESULT, ev->result);
    SET(EVF_SESSION, !uuid_is_zero(&ev->session));
    SET(EVF_DIGEST, ev->has_digest);
    SET(EVF_SEQUENCE, ev->sequence);
    SET(EVF_KIND, ev->kind);
    SET(EVF_PROFILE_TYPE, ev->profile_type.n);
    SET(EVF_MNO, ev->mno.s[0]);
    SET(EVF_IMSI, ev->imsi.s[0]);
    SET(EVF_PREVIOUS, ev->previous.s[0]);
    SET(EVF_POL2, ev->pol2);
    SET(EVF_ATTEMPT, ev->attempt);
    SET(EVF_OP_STATE, ev->op_state);
    SET(EVF_DECISION, ev->decision);
    SET(EVF_BATCH, ev->has_batch);
    SET(EVF_IMEI, ev->imei.n);
#undef SET
    return set;
}

int event_check(const struct event *ev, struct errmsg *why)
{
    const struct event_row *row = row_of(ev->type);
    if (!row)
        return errmsg_set(why, ERR_INVAL, "event type %u is unknown", (unsigned)ev->type);
    unsigned missing = row->fields & ~fields_set(ev);
    if (!missing)
        return ERR_OK;
    unsigned first = missing & (~missing + 1);
    return errmsg_set(why, ERR_INVAL, "%s: %s is missing", row->name,
                      event_field_name((enum event_field)first));
}
