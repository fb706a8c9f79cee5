/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes, messages, event bodies and EIS files (design 3.2, 3.3, 3.6). */
#include "common/wire/wire.h"

#include "common/wire/wire_table.h"

#include "common/msg/eis.h"

/* Memory one unpack may take. Rows of our longest lists measure up to 12 times their octets once
 * unpacked (structs, rounding, protobuf-c's own bookkeeping); hostile frames would reach 40 times.
 * The base holds an EIS whose lists are full of empty elements. */
#define BUDGET_FACTOR 16u
#define BUDGET_BASE   (32u * 1024u)
/* A built message borrows its octets: what is allocated are structs of bounded lists. */
#define SCRATCH_MAX ((size_t)4 << 20)
/* Field numbers of Envelope from here on are arms of its body (proto/RULES.md). */
#define FIRST_ARM 100u

/* --- unpack under a budget; freeing is the arena's business --- */

struct budget {
    struct arena *arena;
    size_t left;
    bool over;  /* the budget is used up */
    bool empty; /* the arena is */
};

static void *budget_alloc(void *data, size_t n)
{
    struct budget *b = data;
    size_t size = (n + 15) & ~(size_t)15;
    if (size < n || size > b->left) {
        b->over = true;
        return NULL;
    }
    b->left -= size;
    void *p = arena_alloc(b->arena, n);
    b->empty = b->empty || !p;
    return p;
}

static void budget_free(void *data, void *p)
{
    (void)data;
    (void)p;
}

static int unpack(const ProtobufCMessageDescriptor *pb, struct span bytes, size_t max,
                  const struct wire_in *in, const ProtobufCMessage **ret)
{
    if (bytes.n > max)
        return errmsg_set(in->why, ERR_TOO_LARGE, "%s: %zu octets, at most %zu are read",
                          wire_message_name(pb), bytes.n, max);
    struct budget budget = {in->arena, BUDGET_FACTOR * bytes.n + BUDGET_BASE, false, false};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    *ret = protobuf_c_message_unpack(pb, &allocator, bytes.n, bytes.p);
    if (*ret)
        return ERR_OK;
    if (budget.over)
        return errmsg_set(in->why, ERR_TOO_LARGE, "%s: unpacked it outgrows its memory budget",
                          wire_message_name(pb));
    if (budget.empty)
        return ERR_NOMEM;
    return errmsg_set(in->why, ERR_FORMAT, "%s: the octets are no message of this kind",
                      wire_message_name(pb));
}

static int decode(const struct wire_table *t, struct span bytes, size_t max, struct arena *a,
                  struct errmsg *why, void *to)
{
    struct wire_in in = {a, why};
    const ProtobufCMessage *m;
    memset(to, 0, t->size);
    int rc = unpack(t->pb, bytes, max, &in, &m);
    return rc ? rc : wire_decode(t, m, to, &in);
}

/* --- pack --- */

static int pack(const ProtobufCMessage *m, size_t max, struct buf *out)
{
    size_t n = protobuf_c_message_get_packed_size(m);
    if (n > max)
        return ERR_TOO_LARGE;
    uint8_t *p = buf_grow(out, n);
    if (!p)
        return ERR_NOMEM;
    protobuf_c_message_pack(m, p);
    return ERR_OK;
}

static int encode(const struct wire_table *t, const void *from, size_t max, struct buf *out)
{
    struct arena scratch;
    arena_init(&scratch, SCRATCH_MAX);
    ProtobufCMessage *m;
    unsigned set;
    int rc = wire_build(t, from, &scratch, &m, &set);
    if (rc == ERR_OK)
        rc = pack(m, max, out);
    arena_fini(&scratch);
    return rc;
}

/* --- envelope --- */

static int body_put(const struct message *message, struct arena *scratch,
                    ProtobufCMessage *envelope)
{
    if (message->type == MSG_NONE)
        return ERR_OK;
    const struct wire_arm *arm = wire_arm_of(message->type);
    if (!arm || !message->body)
        return ERR_INVAL;
    ProtobufCMessage *body;
    unsigned set;
    int rc = wire_build(arm->table, message->body, scratch, &body, &set);
    if (rc)
        return rc;
    const ProtobufCFieldDescriptor *fd = wire_arm_field(message->type);
    memcpy((uint8_t *)envelope + fd->quantifier_offset, &fd->id, sizeof(fd->id));
    memcpy((uint8_t *)envelope + fd->offset, &body, sizeof(body));
    return ERR_OK;
}

int wire_envelope_encode(const struct envelope *e, struct buf *out)
{
    struct arena scratch;
    arena_init(&scratch, SCRATCH_MAX);
    ProtobufCMessage *m;
    unsigned set;
    int rc = wire_build(&WIRE_ENVELOPE, e, &scratch, &m, &set);
    if (rc == ERR_OK)
        rc = body_put(&e->message, &scratch, m);
    if (rc == ERR_OK)
        rc = pack(m, WIRE_FRAME_MAX, out);
    arena_fini(&scratch);
    return rc;
}

/* No arm was recognised: is there one of a later version, or of nobody? */
static int body_missing(const ProtobufCMessage *m, struct errmsg *why)
{
    for (unsigned i = 0; i < m->n_unknown_fields; i++) {
        if (m->unknown_fields[i].tag >= FIRST_ARM)
            return errmsg_set(why, ERR_UNSUPPORTED, "Envelope: message %u is not known here",
                              m->unknown_fields[i].tag);
    }
    return ERR_OK;
}

static int body_get(const ProtobufCMessage *m, const struct wire_in *in, struct message *ret)
{
    uint32_t tag;
    const ProtobufCFieldDescriptor *fd = wire_arm_field((enum msg_type)(MSG_NONE + 1));
    memcpy(&tag, (const uint8_t *)m + fd->quantifier_offset, sizeof(tag));
    if (tag == 0)
        return body_missing(m, in->why);
    enum msg_type type = wire_arm_type(tag);
    const struct wire_arm *arm = wire_arm_of(type);
    if (!arm)
        return ERR_INTERNAL;
    const ProtobufCMessage *inner;
    memcpy(&inner, (const uint8_t *)m + wire_arm_field(type)->offset, sizeof(inner));
    void *body = arena_alloc(in->arena, arm->table->size);
    if (!body)
        return ERR_NOMEM;
    int rc = wire_decode(arm->table, inner, body, in);
    if (rc == ERR_OK)
        *ret = (struct message){type, body};
    return rc;
}

int wire_envelope_decode(struct span frame, struct arena *a, struct envelope *ret,
                         struct errmsg *why)
{
    struct wire_in in = {a, why};
    const ProtobufCMessage *m;
    *ret = (struct envelope){0};
    int rc = unpack(WIRE_ENVELOPE.pb, frame, WIRE_FRAME_MAX, &in, &m);
    if (rc)
        return rc;
    rc = wire_decode(&WIRE_ENVELOPE, m, ret, &in);
    if (rc) {
        *ret = (struct envelope){0};
        return rc;
    }
    return body_get(m, &in, &ret->message);
}

/* --- message --- */

int wire_message_encode(const struct message *m, struct buf *out)
{
    struct envelope e = {.message = *m};
    return m->type == MSG_NONE ? ERR_INVAL : wire_envelope_encode(&e, out);
}

int wire_message_decode(struct span bytes, struct arena *a, struct message *ret, struct errmsg *why)
{
    struct envelope e;
    int rc = wire_envelope_decode(bytes, a, &e, why);
    *ret = e.message;
    if (rc == ERR_OK && e.message.type == MSG_NONE)
        return errmsg_set(why, ERR_FORMAT, "Envelope: there is no message inside");
    return rc;
}

/* Packing orders fields by their numbers and leaves defaults out, so one encoding serves both ends.
 */
int wire_message_canonical(const struct message *m, struct buf *out)
{
    return wire_message_encode(m, out);
}

/* --- events --- */

int wire_event_encode(const struct event *ev, struct buf *out)
{
    if (!event_type_name(ev->type))
        return ERR_INVAL;
    return encode(&WIRE_EVENT, ev, WIRE_EVENT_MAX, out);
}

int wire_event_decode(enum event_type type, struct span body, struct arena *a, struct event *ret,
                      struct errmsg *why)
{
    if (!event_type_name(type))
        return errmsg_set(why, ERR_INVAL, "event type %u is unknown", (unsigned)type);
    int rc = decode(&WIRE_EVENT, body, WIRE_EVENT_MAX, a, why, ret);
    ret->type = type;
    return rc;
}

/* --- EIS --- */

int wire_signed_eis_encode(const struct signed_eis *s, struct buf *out)
{
    return encode(&WIRE_SIGNED_EIS, s, WIRE_DATA_MAX, out);
}

int wire_signed_eis_decode(struct span bytes, struct arena *a, struct signed_eis *ret,
                           struct errmsg *why)
{
    return decode(&WIRE_SIGNED_EIS, bytes, WIRE_DATA_MAX, a, why, ret);
}

int wire_eum_info_encode(const struct eum_signed_info *s, struct buf *out)
{
    return encode(&WIRE_EUM_INFO, s, WIRE_DATA_MAX, out);
}

int wire_eum_info_decode(struct span bytes, struct arena *a, struct eum_signed_info *ret,
                         struct errmsg *why)
{
    return decode(&WIRE_EUM_INFO, bytes, WIRE_DATA_MAX, a, why, ret);
}

int wire_eis_info_decode(const struct signed_eis *s, struct arena *a, struct eum_signed_info *ret,
                         struct errmsg *why)
{
    return wire_eum_info_decode(s->eum_reference.n ? s->eum_info : s->eum_signed_info, a, ret, why);
}
