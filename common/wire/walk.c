/* SPDX-License-Identifier: Apache-2.0 */
/* The walker: field tables and protobuf-c's descriptors side by side, in both directions. The
 * schema has no recursive message, so the depth is that of the schema (proto/RULES.md). */
#include "common/wire/wire_table.h"

_Static_assert(sizeof(enum verdict) == sizeof(uint32_t), "enums are stored as 32 bits");

static const void *at(const void *base, size_t offset)
{
    return (const uint8_t *)base + offset;
}

static void *at_mutable(void *base, size_t offset)
{
    return (uint8_t *)base + offset;
}

/* --- decode --- */

const char *wire_message_name(const ProtobufCMessageDescriptor *pb)
{
    const char *dot = strrchr(pb->name, '.');
    return dot ? dot + 1 : pb->name;
}

static int fault(const struct wire_in *in, const struct wire_table *t, const struct wire_field *f,
                 int err)
{
    return errmsg_set(in->why, err, "%s.%s: %s", wire_message_name(t->pb), f->name,
                      wire_kind_rule((enum wire_kind)f->kind));
}

static int number_get(const struct wire_field *f, const ProtobufCFieldDescriptor *fd,
                      const void *member, void *to)
{
    if (f->kind == WIRE_I64) {
        memcpy(to, member, sizeof(int64_t));
        return ERR_OK;
    }
    uint64_t v;
    if (f->kind == WIRE_ENUM) {
        int value;
        memcpy(&value, member, sizeof(value));
        if (!protobuf_c_enum_descriptor_get_value(fd->descriptor, value))
            return ERR_FORMAT;
        v = (uint64_t)value;
    } else if (f->kind == WIRE_BOOL) {
        protobuf_c_boolean value;
        memcpy(&value, member, sizeof(value));
        v = value != 0;
    } else {
        memcpy(&v, member, sizeof(v));
        if (v > f->cap)
            return ERR_FORMAT;
    }
    wire_number_store(f, v + f->bias, to);
    return ERR_OK;
}

static int message_get(const struct wire_field *f, const ProtobufCMessage *m, void *to,
                       const struct wire_in *in)
{
    const struct wire_table *sub = f->sub;
    if (f->kind == WIRE_PTR) {
        void *body = arena_alloc(in->arena, sub->size);
        if (!body)
            return ERR_NOMEM;
        memcpy(to, &body, sizeof(body));
        to = body;
    }
    if (sub->present)
        *(bool *)at_mutable(to, sub->present - 1u) = true;
    return wire_decode(sub, m, to, in);
}

/* One value whose proto member stands at member. */
static int value_get(const struct wire_table *t, unsigned i, const void *member, void *to,
                     const struct wire_in *in)
{
    const struct wire_field *f = &t->fields[i];
    int rc;
    if (f->kind <= WIRE_OCTETS) {
        const ProtobufCBinaryData *bytes = member;
        rc = wire_octets_store(f, span_of(bytes->data, bytes->len), to);
    } else if (f->kind <= WIRE_ENUM) {
        rc = number_get(f, &t->pb->fields[i], member, to);
    } else {
        const ProtobufCMessage *m;
        memcpy(&m, member, sizeof(m));
        return message_get(f, m, to, in); /* the inner field is named already */
    }
    return rc ? fault(in, t, f, rc) : ERR_OK;
}

static int list_get(const struct wire_table *t, unsigned i, const ProtobufCMessage *m, void *to,
                    const struct wire_in *in)
{
    const struct wire_field *f = &t->fields[i];
    const ProtobufCFieldDescriptor *fd = &t->pb->fields[i];
    size_t n;
    memcpy(&n, at(m, fd->quantifier_offset), sizeof(n));
    if (n == 0)
        return ERR_OK;
    if (n > f->max)
        return errmsg_set(in->why, ERR_TOO_LARGE, "%s.%s: at most %u elements are expected",
                          wire_message_name(t->pb), f->name, f->max);
    void *elements = at_mutable(to, f->offset);
    if (f->repeat == WIRE_LIST) {
        void *list = arena_alloc(in->arena, n * f->size);
        if (!list)
            return ERR_NOMEM;
        memcpy(elements, &list, sizeof(list));
        elements = list;
    }
    const void *members;
    memcpy(&members, at(m, fd->offset), sizeof(members));
    size_t step =
        fd->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *) : sizeof(ProtobufCBinaryData);
    for (size_t k = 0; k < n; k++) {
        int rc = value_get(t, i, at(members, k * step), at_mutable(elements, k * f->size), in);
        if (rc)
            return rc;
    }
    unsigned count = (unsigned)n;
    memcpy(at_mutable(to, f->count), &count, sizeof(count));
    return ERR_OK;
}

static bool field_present(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *fd)
{
    if (fd->type == PROTOBUF_C_TYPE_MESSAGE) {
        const void *sub;
        memcpy(&sub, at(m, fd->offset), sizeof(sub));
        return sub != NULL;
    }
    protobuf_c_boolean has;
    memcpy(&has, at(m, fd->quantifier_offset), sizeof(has));
    return has != 0;
}

int wire_decode(const struct wire_table *t, const ProtobufCMessage *m, void *to,
                const struct wire_in *in)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct wire_field *f = &t->fields[i];
        const ProtobufCFieldDescriptor *fd = &t->pb->fields[i];
        int rc = ERR_OK;
        if (f->repeat != WIRE_ONCE) {
            rc = list_get(t, i, m, to, in);
        } else if (field_present(m, fd)) {
            rc = value_get(t, i, at(m, fd->offset), at_mutable(to, f->offset), in);
            if (f->has)
                *(bool *)at_mutable(to, f->has - 1u) = true;
        }
        if (rc)
            return rc;
    }
    return ERR_OK;
}

/* --- encode: each _put returns 1 when it set the member, 0 when the value is absent, or an error
 * --- */

static int octets_put(const struct wire_field *f, const void *from, bool has, void *member)
{
    struct span s;
    int rc = wire_octets_load(f, from, has, &s);
    if (rc)
        return rc;
    if (!s.p)
        return 0;
    /* protobuf-c has no const; packing only reads. */
    ProtobufCBinaryData bytes = {.len = s.n};
    memcpy(&bytes.data, &s.p, sizeof(bytes.data));
    memcpy(member, &bytes, sizeof(bytes));
    return 1;
}

static int number_put(const struct wire_field *f, const ProtobufCFieldDescriptor *fd,
                      const void *from, bool has, void *member)
{
    if (f->kind == WIRE_I64) {
        int64_t signed_value;
        memcpy(&signed_value, from, sizeof(signed_value));
        memcpy(member, &signed_value, sizeof(signed_value));
        return signed_value != 0;
    }
    uint64_t v = wire_number_load(f, from);
    if (v == 0 && !has)
        return 0;
    if (v < f->bias)
        return ERR_INVAL;
    v -= f->bias;
    if (f->kind == WIRE_ENUM) {
        int value = (int)v;
        if (!protobuf_c_enum_descriptor_get_value(fd->descriptor, value))
            return ERR_INVAL;
        memcpy(member, &value, sizeof(value));
    } else if (f->kind == WIRE_BOOL) {
        protobuf_c_boolean value = v != 0;
        memcpy(member, &value, sizeof(value));
    } else {
        if (v > f->cap)
            return ERR_INVAL;
        memcpy(member, &v, sizeof(v));
    }
    return 1;
}

static int message_put(const struct wire_field *f, const void *from, struct arena *scratch,
                       void *member)
{
    const struct wire_table *sub = f->sub;
    if (f->kind == WIRE_PTR) {
        const void *body;
        memcpy(&body, from, sizeof(body));
        if (!body)
            return 0;
        from = body;
    }
    bool element = f->kind == WIRE_PTR || f->repeat != WIRE_ONCE;
    if (sub->present && !*(const bool *)at(from, sub->present - 1u) && !element)
        return 0;
    ProtobufCMessage *m;
    unsigned set;
    int rc = wire_build(sub, from, scratch, &m, &set);
    if (rc)
        return rc;
    if (set == 0 && !sub->present && !element)
        return 0;
    memcpy(member, &m, sizeof(m));
    return 1;
}

static int value_put(const struct wire_table *t, unsigned i, const void *from, bool has,
                     struct arena *scratch, void *member)
{
    const struct wire_field *f = &t->fields[i];
    if (f->kind <= WIRE_OCTETS)
        return octets_put(f, from, has, member);
    if (f->kind <= WIRE_ENUM)
        return number_put(f, &t->pb->fields[i], from, has, member);
    return message_put(f, from, scratch, member);
}

static int list_put(const struct wire_table *t, unsigned i, const void *from, struct arena *scratch,
                    ProtobufCMessage *m)
{
    const struct wire_field *f = &t->fields[i];
    const ProtobufCFieldDescriptor *fd = &t->pb->fields[i];
    unsigned count;
    memcpy(&count, at(from, f->count), sizeof(count));
    if (count == 0)
        return 0;
    if (count > f->max)
        return ERR_TOO_LARGE;
    const void *elements = at(from, f->offset);
    if (f->repeat == WIRE_LIST)
        memcpy(&elements, elements, sizeof(elements));
    if (!elements)
        return ERR_INVAL;
    size_t step =
        fd->type == PROTOBUF_C_TYPE_MESSAGE ? sizeof(void *) : sizeof(ProtobufCBinaryData);
    void *members = arena_alloc(scratch, count * step);
    if (!members)
        return ERR_NOMEM;
    for (unsigned k = 0; k < count; k++) {
        int rc = value_put(t, i, at(elements, (size_t)k * f->size), false, scratch,
                           at_mutable(members, k * step));
        if (rc <= 0)
            return rc ? rc : ERR_INVAL; /* an element cannot be absent */
    }
    size_t n = count;
    memcpy(at_mutable(m, fd->quantifier_offset), &n, sizeof(n));
    memcpy(at_mutable(m, fd->offset), &members, sizeof(members));
    return 1;
}

int wire_build(const struct wire_table *t, const void *from, struct arena *scratch,
               ProtobufCMessage **ret, unsigned *ret_set)
{
    ProtobufCMessage *m = arena_alloc(scratch, t->pb->sizeof_message);
    if (!m)
        return ERR_NOMEM;
    protobuf_c_message_init(t->pb, m);
    unsigned set = 0;
    for (unsigned i = 0; i < t->n; i++) {
        const struct wire_field *f = &t->fields[i];
        const ProtobufCFieldDescriptor *fd = &t->pb->fields[i];
        int rc;
        if (f->repeat != WIRE_ONCE) {
            rc = list_put(t, i, from, scratch, m);
        } else {
            bool has = f->has && *(const bool *)at(from, f->has - 1u);
            /* A flag that is down wins over a value left behind. */
            if (f->has && !has)
                continue;
            rc = value_put(t, i, at(from, f->offset), has, scratch, at_mutable(m, fd->offset));
            if (rc > 0 && fd->type != PROTOBUF_C_TYPE_MESSAGE) {
                protobuf_c_boolean flag = 1;
                memcpy(at_mutable(m, fd->quantifier_offset), &flag, sizeof(flag));
            }
        }
        if (rc < 0)
            return rc;
        set += (unsigned)rc;
    }
    *ret = m;
    *ret_set = set;
    return ERR_OK;
}
