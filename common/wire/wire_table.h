/* SPDX-License-Identifier: Apache-2.0 */
/* Private to this folder and its tests: one const row per proto field says where the value stands
 * in the msg struct and what it may hold; one walker each decodes, encodes and prints all of them.
 * Row i of a table belongs to field i of its descriptor (both are ordered by field number; a test
 * holds them so). */
#pragma once

#include <protobuf-c/protobuf-c.h>

#include "common/msg/msg_type.h"
#include "common/wire/wire.h"

enum wire_kind {
    /* on the wire: bytes */
    WIRE_EID = 1, /* 16 packed digits, check digits hold */
    WIRE_ICCID,   /* digits as text */
    WIRE_AID,     /* 5 to 16 octets */
    WIRE_OID,     /* dotted decimal as text */
    WIRE_MSISDN,  /* digits as text */
    WIRE_IMSI,    /* digits as text */
    WIRE_UUID,    /* 16 octets */
    WIRE_BYTES,   /* struct span, at most cap octets */
    WIRE_TEXT,    /* struct span: UTF-8 without NUL, at most cap octets */
    WIRE_CHARS,   /* char[cap + 1]: as WIRE_TEXT */
    WIRE_OCTETS,  /* uint8_t[cap], exactly */
    /* uint64, at most cap; int64; bool; enum */
    WIRE_U8,
    WIRE_U32,
    WIRE_U64,
    WIRE_I64,
    WIRE_BOOL,
    WIRE_ENUM,
    /* message */
    WIRE_MSG, /* struct inside the struct */
    WIRE_PTR, /* const pointer to a struct, NULL = absent */
};

enum wire_repeat {
    WIRE_ONCE = 0,
    WIRE_ARRAY, /* array inside the struct */
    WIRE_LIST,  /* const pointer to an array */
};

#define WIRE_SECRET 0x01u /* JSON shows the length only */
#define WIRE_HEX    0x02u /* JSON shows hexadecimal digits */
#define WIRE_BODY   0x04u /* as WIRE_SECRET in the events whose data may hold keys */

struct wire_table;

struct wire_field {
    const char *name;              /* of the proto field */
    const struct wire_table *sub;  /* WIRE_MSG, WIRE_PTR */
    const char *(*text)(unsigned); /* WIRE_ENUM: the word of a value */
    uint64_t cap;                  /* octets, or greatest value on the wire */
    uint32_t bias;                 /* struct value = wire value + bias, so that 0 is absent */
    uint16_t offset;
    uint16_t has;   /* offset of a bool that says present, plus 1; 0 = none */
    uint16_t count; /* repeated: offset of an unsigned */
    uint16_t max;   /* repeated: elements */
    uint16_t size;  /* repeated: octets of an element */
    uint8_t kind;
    uint8_t repeat;
    uint8_t flags;
};

struct wire_table {
    const struct wire_field *fields;
    const ProtobufCMessageDescriptor *pb;
    uint32_t size; /* of the struct */
    uint16_t n;
    uint16_t present; /* offset of a bool inside the struct that says present, plus 1; 0 = none */
};

/* --- rows: the type of the member is checked when the row is compiled --- */
#define WIRE_IS(st, m, T)        __builtin_types_compatible_p(__typeof__(((struct st *)0)->m), T)
#define WIRE_AT(st, m, T)                                                                          \
    (offsetof(struct st, m) + 0 * sizeof(char[WIRE_IS(st, m, T) ? 1 : -1]))
#define WIRE_SIZE(st, m)         sizeof(((struct st *)0)->m)
#define WIRE_ROW(K, st, N, m, T) .name = (N), .kind = WIRE_##K, .offset = WIRE_AT(st, m, T)

#define WIRE_F_EID(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(EID, st, N, m, struct eid)                                                        \
    }
#define WIRE_F_ICCID(st, N, m)                                                                     \
    {                                                                                              \
        WIRE_ROW(ICCID, st, N, m, struct iccid)                                                    \
    }
#define WIRE_F_AID(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(AID, st, N, m, struct aid)                                                        \
    }
#define WIRE_F_OID(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(OID, st, N, m, struct oid)                                                        \
    }
#define WIRE_F_MSISDN(st, N, m)                                                                    \
    {                                                                                              \
        WIRE_ROW(MSISDN, st, N, m, struct msisdn)                                                  \
    }
#define WIRE_F_IMSI(st, N, m)                                                                      \
    {                                                                                              \
        WIRE_ROW(IMSI, st, N, m, struct imsi)                                                      \
    }
#define WIRE_F_UUID(st, N, m)                                                                      \
    {                                                                                              \
        WIRE_ROW(UUID, st, N, m, struct uuid)                                                      \
    }
#define WIRE_F_BYTES(st, N, m, C)                                                                  \
    {                                                                                              \
        WIRE_ROW(BYTES, st, N, m, struct span), .cap = (C)                                         \
    }
#define WIRE_F_SECRET(st, N, m, C)                                                                 \
    {                                                                                              \
        WIRE_ROW(BYTES, st, N, m, struct span), .cap = (C), .flags = WIRE_SECRET                   \
    }
#define WIRE_F_BODY(st, N, m, C)                                                                   \
    {                                                                                              \
        WIRE_ROW(BYTES, st, N, m, struct span), .cap = (C), .flags = WIRE_BODY                     \
    }
#define WIRE_F_TEXT(st, N, m, C)                                                                   \
    {                                                                                              \
        WIRE_ROW(TEXT, st, N, m, struct span), .cap = (C)                                          \
    }
#define WIRE_F_CHARS(st, N, m)                                                                     \
    {                                                                                              \
        WIRE_ROW(CHARS, st, N, m, char[WIRE_SIZE(st, m)]), .cap = WIRE_SIZE(st, m) - 1             \
    }
#define WIRE_F_OCTETS(st, N, m)                                                                    \
    {                                                                                              \
        WIRE_ROW(OCTETS, st, N, m, uint8_t[WIRE_SIZE(st, m)]), .cap = WIRE_SIZE(st, m)             \
    }
#define WIRE_F_OCTETS_HAS(st, N, m, h)                                                             \
    {                                                                                              \
        WIRE_ROW(OCTETS, st, N, m, uint8_t[WIRE_SIZE(st, m)]), .cap = WIRE_SIZE(st, m),            \
                                                               .has = WIRE_AT(st, h, bool) + 1     \
    }
#define WIRE_F_U8(st, N, m)                                                                        \
    {                                                                                              \
        WIRE_ROW(U8, st, N, m, uint8_t), .cap = UINT8_MAX                                          \
    }
#define WIRE_F_U32(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(U32, st, N, m, uint32_t), .cap = UINT32_MAX                                       \
    }
#define WIRE_F_U32_CAP(st, N, m, C)                                                                \
    {                                                                                              \
        WIRE_ROW(U32, st, N, m, uint32_t), .cap = (C)                                              \
    }
#define WIRE_F_U32_BIAS(st, N, m, B, C)                                                            \
    {                                                                                              \
        WIRE_ROW(U32, st, N, m, uint32_t), .bias = (B), .cap = (C)                                 \
    }
#define WIRE_F_HEX(st, N, m, B, C)                                                                 \
    {                                                                                              \
        WIRE_ROW(U32, st, N, m, uint32_t), .bias = (B), .cap = (C), .flags = WIRE_HEX              \
    }
#define WIRE_F_U32_HAS(st, N, m, h)                                                                \
    {                                                                                              \
        WIRE_ROW(U32, st, N, m, uint32_t), .cap = UINT32_MAX, .has = WIRE_AT(st, h, bool) + 1      \
    }
#define WIRE_F_U64(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(U64, st, N, m, uint64_t), .cap = UINT64_MAX                                       \
    }
#define WIRE_F_U64_CAP(st, N, m, C)                                                                \
    {                                                                                              \
        WIRE_ROW(U64, st, N, m, uint64_t), .cap = (C)                                              \
    }
#define WIRE_F_U64_HAS(st, N, m, h)                                                                \
    {                                                                                              \
        WIRE_ROW(U64, st, N, m, uint64_t), .cap = UINT64_MAX, .has = WIRE_AT(st, h, bool) + 1      \
    }
#define WIRE_F_I64(st, N, m)                                                                       \
    {                                                                                              \
        WIRE_ROW(I64, st, N, m, int64_t)                                                           \
    }
#define WIRE_F_BOOL(st, N, m)                                                                      \
    {                                                                                              \
        WIRE_ROW(BOOL, st, N, m, bool), .cap = 1                                                   \
    }
#define WIRE_F_ENUM(st, N, m, T, words)                                                            \
    {                                                                                              \
        WIRE_ROW(ENUM, st, N, m, T), .text = wire_##words##_text                                   \
    }
#define WIRE_F_MSG(st, N, m, S)                                                                    \
    {                                                                                              \
        .name = (N), .kind = WIRE_MSG, .offset = offsetof(struct st, m), .sub = &(S)               \
    }
#define WIRE_F_PTR(st, N, m, S)                                                                    \
    {                                                                                              \
        .name = (N), .kind = WIRE_PTR, .offset = offsetof(struct st, m), .sub = &(S)               \
    }
/* A message on the wire whose fields stand in the same struct. */
#define WIRE_F_FLAT(N, S)                                                                          \
    {                                                                                              \
        .name = (N), .kind = WIRE_MSG, .sub = &(S)                                                 \
    }
#define WIRE_F_ARRAY(st, N, m, c, M, S)                                                            \
    {                                                                                              \
        .name = (N), .kind = WIRE_MSG, .repeat = WIRE_ARRAY, .offset = offsetof(struct st, m),     \
        .count = WIRE_AT(st, c, unsigned), .max = (M), .size = WIRE_SIZE(st, m[0]), .sub = &(S)    \
    }
#define WIRE_F_LIST(st, N, m, c, M, S)                                                             \
    {                                                                                              \
        .name = (N), .kind = WIRE_MSG, .repeat = WIRE_LIST, .offset = offsetof(struct st, m),      \
        .count = WIRE_AT(st, c, unsigned), .max = (M), .size = WIRE_SIZE(st, m[0]), .sub = &(S)    \
    }
#define WIRE_F_ICCIDS(st, N, m, c, M)                                                              \
    {                                                                                              \
        .name = (N), .kind = WIRE_ICCID, .repeat = WIRE_ARRAY,                                     \
        .offset = WIRE_AT(st, m, struct iccid[M]), .count = WIRE_AT(st, c, unsigned), .max = (M),  \
        .size = sizeof(struct iccid)                                                               \
    }

#define WIRE_F_BASE_REQUEST(st)                                                                    \
    WIRE_F_TEXT(st, "FunctionCallIdentifier", base.function_call_identifier, 255),                 \
        WIRE_F_U32_HAS(st, "ValidityPeriod", base.validity_period_s, base.has_validity_period)
#define WIRE_F_WAKE(st)                                                                            \
    WIRE_F_U32(st, "wake_deadline", base.wake_deadline_s),                                         \
        WIRE_F_BOOL(st, "at_next_contact", base.at_next_contact)
#define WIRE_F_BASE_RESPONSE(st)                                                                   \
    WIRE_F_I64(st, "ProcessingStart", base.processing_start_ms),                                   \
        WIRE_F_I64(st, "ProcessingEnd", base.processing_end_ms),                                   \
        WIRE_F_U32(st, "AcceptableValidityPeriod", base.acceptable_validity_period_s),             \
        WIRE_F_MSG(st, "FunctionExecutionStatus", base.answer, WIRE_EXEC_STATUS)

#define WIRE_TABLE(st, rows, desc)                                                                 \
    {                                                                                              \
        .fields = (rows), .pb = &(desc), .size = sizeof(struct st),                                \
        .n = sizeof(rows) / sizeof((rows)[0])                                                      \
    }
#define WIRE_TABLE_PRESENT(st, rows, flag, desc)                                                   \
    {                                                                                              \
        .fields = (rows), .pb = &(desc), .size = sizeof(struct st),                                \
        .n = sizeof(rows) / sizeof((rows)[0]), .present = WIRE_AT(st, flag, bool) + 1              \
    }

/* --- tables more than one file needs --- */
extern const struct wire_table WIRE_EXEC_STATUS, WIRE_CODE, WIRE_ADDRESS, WIRE_POL2, WIRE_EIS,
    WIRE_PROPERTIES;
extern const struct wire_table WIRE_ENVELOPE, WIRE_EVENT, WIRE_SIGNED_EIS, WIRE_EUM_INFO;

struct wire_arm {
    uint32_t tag; /* field number in the oneof of Envelope */
    const struct wire_table *table;
};
const struct wire_arm *wire_arm_of(enum msg_type t); /* NULL when unknown */
enum msg_type wire_arm_type(uint32_t tag);           /* MSG_NONE when unknown */
const ProtobufCFieldDescriptor *wire_arm_field(enum msg_type t);

/* --- one value (value.c) --- */
/* Checks the octets of a WIRE_EID..WIRE_OCTETS field and writes the member; ERR_FORMAT,
 * ERR_TOO_LARGE. */
MUST_CHECK int wire_octets_store(const struct wire_field *f, struct span s, void *to);
/* The octets a member has on the wire; {NULL, 0} when absent. ERR_INVAL for what decode would
 * refuse. */
MUST_CHECK int wire_octets_load(const struct wire_field *f, const void *from, bool has,
                                struct span *ret);
/* WIRE_U8..WIRE_ENUM except WIRE_I64, without bias. */
uint64_t wire_number_load(const struct wire_field *f, const void *from);
void wire_number_store(const struct wire_field *f, uint64_t v, void *to);
bool wire_text_ok(struct span s);             /* UTF-8 (RFC 3629) without NUL */
const char *wire_kind_rule(enum wire_kind k); /* what a value must be, for a person */

/* --- whole messages (walk.c) --- */
const char *wire_message_name(const ProtobufCMessageDescriptor *pb); /* without the package */
struct wire_in {
    struct arena *arena;
    struct errmsg *why;
};
/* Fills the zeroed struct to from an unpacked message. */
MUST_CHECK int wire_decode(const struct wire_table *t, const ProtobufCMessage *m, void *to,
                           const struct wire_in *in);
/* Builds the message of a struct in scratch; spans are borrowed. ret_set: how many fields are set.
 */
MUST_CHECK int wire_build(const struct wire_table *t, const void *from, struct arena *scratch,
                          ProtobufCMessage **ret, unsigned *ret_set);

/* --- words of enums (json.c) --- */
const char *wire_verdict_text(unsigned v);
const char *wire_stage_text(unsigned v);
const char *wire_role_text(unsigned v);
const char *wire_function_text(unsigned v);
const char *wire_interface_text(unsigned v);
const char *wire_profile_state_text(unsigned v);
const char *wire_card_state_text(unsigned v);
const char *wire_exec_status_text(unsigned v);
const char *wire_event_class_text(unsigned v);
const char *wire_packet_purpose_text(unsigned v);
const char *wire_bearer_text(unsigned v);
const char *wire_envelope_kind_text(unsigned v);
