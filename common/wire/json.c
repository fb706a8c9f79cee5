/* SPDX-License-Identifier: Apache-2.0 */
/* Structs as JSON (RFC 8259) by the same field tables: identifiers as people write them, octets as
 * hexadecimal digits, what may hold keys as its length. */
#include "common/wire/wire_table.h"

#include <inttypes.h>
#include <stdio.h>

struct json {
    struct buf *out;
    bool hide_body; /* WIRE_BODY fields show their length only */
};

/* --- words of enums: tables of msg, called with a plain number --- */
#define WORDS(name, function, type)                                                                \
    const char *wire_##name##_text(unsigned v)                                                     \
    {                                                                                              \
        return function((type)v);                                                                  \
    }
WORDS(verdict, verdict_text, enum verdict)
WORDS(stage, stage_text, enum stage)
WORDS(role, role_text, enum party_role)
WORDS(function, function_text, enum function)
WORDS(interface, interface_text, enum interface)
WORDS(profile_state, profile_state_text, enum profile_state)
WORDS(card_state, card_state_text, enum card_state)
WORDS(exec_status, exec_status_text, enum exec_status)
WORDS(event_class, event_class_text, enum event_class)
WORDS(packet_purpose, packet_purpose_text, enum packet_purpose)
WORDS(bearer, bearer_text, enum bearer)
WORDS(envelope_kind, envelope_kind_text, enum envelope_kind)

/* --- pieces --- */

static void put(struct json *j, const char *s)
{
    buf_add(j->out, s, strlen(s));
}

static void put_hex(struct json *j, struct span s)
{
    static const char DIGITS[] = "0123456789ABCDEF";
    uint8_t *p = buf_grow(j->out, 2 * s.n);
    for (size_t i = 0; p && i < s.n; i++) {
        p[2 * i] = (uint8_t)DIGITS[s.p[i] >> 4];
        p[2 * i + 1] = (uint8_t)DIGITS[s.p[i] & 15];
    }
}

static void put_quoted_hex(struct json *j, struct span s)
{
    put(j, "\"");
    put_hex(j, s);
    put(j, "\"");
}

/* The two-character escape of a control character, or NULL when it has none. */
static const char *short_escape(uint8_t c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    default:
        return NULL;
    }
}

/* Text that is not UTF-8 (a caller's struct, never a decoded one) is shown as hexadecimal digits.
 */
static void put_text(struct json *j, struct span s)
{
    if (!wire_text_ok(s)) {
        put_quoted_hex(j, s);
        return;
    }
    put(j, "\"");
    size_t plain = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = s.p[i];
        const char *escape = short_escape(c);
        if (!escape && c >= 0x20 && c != 0x7F)
            continue;
        buf_add(j->out, s.p + plain, i - plain);
        plain = i + 1;
        if (escape) {
            put(j, escape);
        } else {
            char code[8];
            snprintf(code, sizeof(code), "\\u%04x", (unsigned)c);
            put(j, code);
        }
    }
    buf_add(j->out, s.p + plain, s.n - plain);
    put(j, "\"");
}

static void put_name(struct json *j, const char *name, bool *first)
{
    put(j, *first ? "\"" : ",\"");
    put(j, name);
    put(j, "\":");
    *first = false;
}

/* --- values: false when the value is absent and nothing was written --- */

static void fields_put(struct json *j, const struct wire_table *t, const void *from, bool *first);

static void octets_put(struct json *j, const struct wire_field *f, struct span s)
{
    unsigned hidden = WIRE_SECRET | (j->hide_body ? WIRE_BODY : 0u);
    if (f->flags & hidden) {
        char length[40];
        snprintf(length, sizeof(length), "{\"octets\":%zu}", s.n);
        put(j, length);
        return;
    }
    struct uuid uuid;
    char text[UUID_TEXT];
    switch ((enum wire_kind)f->kind) {
    case WIRE_UUID:
        memcpy(uuid.b, s.p, sizeof(uuid.b));
        uuid_text(&uuid, text);
        put_text(j, span_str(text));
        break;
    case WIRE_EID:
    case WIRE_AID:
    case WIRE_BYTES:
    case WIRE_OCTETS:
        put_quoted_hex(j, s);
        break;
    default:
        put_text(j, s);
        break;
    }
}

static void number_put(struct json *j, const struct wire_field *f, const void *from)
{
    char text[24];
    if (f->kind == WIRE_I64) {
        int64_t v;
        memcpy(&v, from, sizeof(v));
        snprintf(text, sizeof(text), "%" PRId64, v);
        put(j, text);
        return;
    }
    uint64_t v = wire_number_load(f, from) - f->bias;
    if (f->kind == WIRE_ENUM) {
        put_text(j, span_str(f->text((unsigned)v)));
    } else if (f->kind == WIRE_BOOL) {
        put(j, v ? "true" : "false");
    } else if (f->flags & WIRE_HEX) {
        int digits = f->cap > UINT8_MAX ? 4 : 2;
        snprintf(text, sizeof(text), "\"%0*" PRIX64 "\"", digits, v);
        put(j, text);
    } else {
        snprintf(text, sizeof(text), "%" PRIu64, v);
        put(j, text);
    }
}

static bool number_absent(const struct wire_field *f, const void *from)
{
    int64_t v;
    if (f->kind == WIRE_I64) {
        memcpy(&v, from, sizeof(v));
        return v == 0;
    }
    return wire_number_load(f, from) == 0;
}

/* Writes an object; an empty one is taken back unless it must stand. */
static bool object_put(struct json *j, const struct wire_table *t, const void *from, bool must)
{
    bool first = true;
    put(j, "{");
    fields_put(j, t, from, &first);
    put(j, "}");
    return must || !first;
}

static bool value_put(struct json *j, const struct wire_field *f, const void *from, bool has)
{
    if (f->kind <= WIRE_OCTETS) {
        struct span s;
        int rc = wire_octets_load(f, from, has, &s);
        if (!s.p && s.n == 0)
            return false;
        if (rc && f->kind <= WIRE_UUID)
            return false; /* an identifier that is none has no spelling */
        octets_put(j, f, s);
        return true;
    }
    if (f->kind <= WIRE_ENUM) {
        if (!has && number_absent(f, from))
            return false;
        number_put(j, f, from);
        return true;
    }
    const void *body = from;
    if (f->kind == WIRE_PTR) {
        memcpy(&body, from, sizeof(body));
        if (!body)
            return false;
    }
    bool flag = f->sub->present && *((const uint8_t *)body + f->sub->present - 1u);
    if (f->sub->present && !flag && f->kind != WIRE_PTR)
        return false;
    return object_put(j, f->sub, body, flag || f->kind == WIRE_PTR);
}

static bool list_put(struct json *j, const struct wire_field *f, const void *base)
{
    unsigned count;
    memcpy(&count, (const uint8_t *)base + f->count, sizeof(count));
    const void *elements = (const uint8_t *)base + f->offset;
    if (f->repeat == WIRE_LIST)
        memcpy(&elements, elements, sizeof(elements));
    if (count == 0 || count > f->max || !elements)
        return false;
    put(j, "[");
    for (unsigned k = 0; k < count; k++) {
        const void *element = (const uint8_t *)elements + (size_t)k * f->size;
        if (k)
            put(j, ",");
        if (f->kind == WIRE_MSG)
            object_put(j, f->sub, element, true);
        else if (!value_put(j, f, element, false))
            put(j, "null");
    }
    put(j, "]");
    return true;
}

static void fields_put(struct json *j, const struct wire_table *t, const void *from, bool *first)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct wire_field *f = &t->fields[i];
        const uint8_t *at = (const uint8_t *)from;
        bool has = f->has && *(at + f->has - 1u);
        if (f->has && !has)
            continue;
        size_t mark = j->out->n;
        bool was_first = *first;
        put_name(j, f->name, first);
        bool put_any =
            f->repeat != WIRE_ONCE ? list_put(j, f, from) : value_put(j, f, at + f->offset, has);
        if (!put_any && !j->out->failed) {
            j->out->n = mark;
            *first = was_first;
        }
    }
}

static int finish(struct json *j, size_t start)
{
    if (!j->out->failed)
        return ERR_OK;
    j->out->n = start;
    return ERR_NOMEM;
}

/* A template holds the keys of its profile, an EIS the wrapped keys of its card. */
static bool body_may_hold_keys(enum event_type t)
{
    return t == EV_TEMPLATE_ADDED || t == EV_EUICC_REGISTERED;
}

static int typed_json(struct json *j, const char *type, const struct wire_table *t,
                      const void *from)
{
    size_t start = j->out->n;
    bool first = true;
    put(j, "{");
    put_name(j, "type", &first);
    put_text(j, span_str(type));
    fields_put(j, t, from, &first);
    put(j, "}");
    return finish(j, start);
}

int wire_event_json(const struct event *ev, struct buf *out)
{
    struct json j = {out, body_may_hold_keys(ev->type)};
    const char *name = event_type_name(ev->type);
    return name ? typed_json(&j, name, &WIRE_EVENT, ev) : ERR_INVAL;
}

int wire_message_json(const struct message *m, struct buf *out)
{
    struct json j = {out, false};
    const struct wire_arm *arm = wire_arm_of(m->type);
    if (!arm || !m->body)
        return ERR_INVAL;
    return typed_json(&j, msg_type_name(m->type), arm->table, m->body);
}
