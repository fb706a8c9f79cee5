/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables of event bodies (proto/event.proto). */
#include "common/wire/wire_table.h"

#include "common/msg/event.h"
#include "event.pb-c.h"

static const struct wire_field EVENT_PROFILE_ROWS[] = {
    WIRE_F_AID(event_profile, "aid", aid),
    WIRE_F_ICCID(event_profile, "iccid", iccid),
    WIRE_F_U8(event_profile, "lifecycle", lifecycle),
    WIRE_F_BOOL(event_profile, "fallback", fallback),
};
static const struct wire_table EVENT_PROFILE =
    WIRE_TABLE(event_profile, EVENT_PROFILE_ROWS, remora__event_profile__descriptor);

static const struct wire_field EVENT_DELIVERY_ROWS[] = {
    WIRE_F_OID(event_delivery, "party", party),
    WIRE_F_U64(event_delivery, "number", number),
    WIRE_F_BYTES(event_delivery, "message", message, WIRE_MESSAGE_MAX),
};
static const struct wire_table EVENT_DELIVERY =
    WIRE_TABLE(event_delivery, EVENT_DELIVERY_ROWS, remora__event_delivery__descriptor);

static const struct wire_field EVENT_SECRET_ROWS[] = {
    WIRE_F_TEXT(event_secret, "id", id, 48),
};
static const struct wire_table EVENT_SECRET =
    WIRE_TABLE(event_secret, EVENT_SECRET_ROWS, remora__event_secret__descriptor);

static const struct wire_field EVENT_ROWS[] = {
    WIRE_F_TEXT(event, "correlation_id", correlation_id, 255),
    WIRE_F_TEXT(event, "fcid", fcid, 255),
    WIRE_F_EID(event, "eid", eid),
    WIRE_F_ICCID(event, "iccid", iccid),
    WIRE_F_ENUM(event, "result", result, enum verdict, verdict),
    WIRE_F_MSG(event, "code", code, WIRE_CODE),
    WIRE_F_U32(event, "attempt", attempt),
    WIRE_F_ENUM(event, "stage", stage, enum stage, stage),
    WIRE_F_BYTES(event, "imei", imei, 16),
    WIRE_F_I64(event, "completed_at_ms", completed_at_ms),
    WIRE_F_UUID(event, "op", op),
    WIRE_F_ENUM(event, "function", function, enum function, function),
    WIRE_F_ENUM(event, "interface", iface, enum interface, interface),
    WIRE_F_OID(event, "party", party),
    WIRE_F_ENUM(event, "role", role, enum party_role, role),
    WIRE_F_OID(event, "mno", mno),
    WIRE_F_OID(event, "smdp", smdp),
    WIRE_F_OCTETS_HAS(event, "digest", digest, has_digest),
    WIRE_F_I64(event, "validity_end_ms", validity_end_ms),
    WIRE_F_U32_BIAS(event, "op_state", op_state, 1, UINT32_MAX - 1),
    WIRE_F_I64(event, "due_ms", due_ms),
    WIRE_F_AID(event, "aid", aid),
    WIRE_F_AID(event, "previous_aid", previous_aid),
    WIRE_F_ICCID(event, "previous", previous),
    WIRE_F_U32_CAP(event, "kvn", kvn, 0x7F),
    WIRE_F_U64_CAP(event, "counter", counter, 0xFFFFFFFFFF),
    WIRE_F_ENUM(event, "purpose", purpose, enum packet_purpose, packet_purpose),
    WIRE_F_ENUM(event, "bearer", bearer, enum bearer, bearer),
    WIRE_F_HEX(event, "por_status", por_status, 1, 0xFF),
    WIRE_F_HEX(event, "sw", sw, 1, 0xFFFF),
    WIRE_F_UUID(event, "session", session),
    WIRE_F_U32(event, "step", step),
    WIRE_F_U32_BIAS(event, "sequence", sequence, 1, 0xFFFF),
    WIRE_F_U32_CAP(event, "kind", kind, 0xFF),
    WIRE_F_U32_CAP(event, "decision", decision, 0xFF),
    WIRE_F_U64_CAP(event, "counter_high", counter_high, 0xFFFFFFFFFF),
    WIRE_F_U32(event, "memory_free", memory_free),
    WIRE_F_U32(event, "memory_required", memory_required),
    WIRE_F_TEXT(event, "profile_type", profile_type, 100),
    WIRE_F_MSISDN(event, "msisdn", msisdn),
    WIRE_F_IMSI(event, "imsi", imsi),
    WIRE_F_U32_BIAS(event, "pol2", pol2, 0x100, 0xFF),
    WIRE_F_BOOL(event, "fallback", fallback),
    WIRE_F_BOOL(event, "enable", enable),
    WIRE_F_BOOL(event, "more_to_do", more_to_do),
    WIRE_F_U64(event, "number", number),
    WIRE_F_TEXT(event, "text", text, 1024),
    WIRE_F_BODY(event, "data", data, WIRE_EVENT_DATA_MAX),
    WIRE_F_BYTES(event, "answer", answer, WIRE_MESSAGE_MAX),
    WIRE_F_ARRAY(event, "profiles", profiles, n_profiles, EVENT_PROFILES_MAX, EVENT_PROFILE),
    WIRE_F_ARRAY(event, "deliveries", deliveries, n_deliveries, EVENT_DELIVERIES_MAX,
                 EVENT_DELIVERY),
    WIRE_F_ARRAY(event, "secrets", secrets, n_secrets, EVENT_SECRETS_MAX, EVENT_SECRET),
    WIRE_F_I64(event, "period_ms", period_ms),
    WIRE_F_I64(event, "window_ms", window_ms),
    WIRE_F_I64(event, "validity_once_ms", validity_once_ms),
    WIRE_F_BOOL(event, "at_next_contact", at_next_contact),
    WIRE_F_OCTETS_HAS(event, "batch", batch, has_batch),
    WIRE_F_U32(event, "rows_accepted", rows_accepted),
    WIRE_F_U32(event, "rows_refused", rows_refused),
    WIRE_F_U32(event, "rows_known", rows_known),
};
const struct wire_table WIRE_EVENT = WIRE_TABLE(event, EVENT_ROWS, remora__event__descriptor);
