/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a msg struct by its field table with values that keep all rules, so that every message, and
 * every one to come, is tested without being named. Also makes the seeds of the fuzz corpora. */
#pragma once

#include "common/wire/wire_table.h"

#include <stdio.h>
#include <stdlib.h>

struct fill {
    struct arena *arena;
    unsigned n;        /* counts values, so that no two are alike */
    unsigned elements; /* of each list, at most its maximum; 0 = its maximum */
};

static inline unsigned fill_next(struct fill *f)
{
    return ++f->n;
}

static inline struct span fill_span(struct fill *f, size_t n, bool text)
{
    uint8_t *p = arena_alloc(f->arena, n ? n : 1);
    unsigned seed = fill_next(f);
    for (size_t i = 0; p && i < n; i++)
        p[i] = (uint8_t)(text ? 'a' + (seed + i) % 26 : seed * 7 + i);
    return span_of(p, n);
}

static inline void fill_identifier(struct fill *f, const struct wire_field *row, void *to)
{
    char digits[40];
    unsigned seed = fill_next(f) % 100000;
    struct span s = span_of(digits, 0);
    int rc = ERR_OK;
    switch ((enum wire_kind)row->kind) {
    case WIRE_EID:
        snprintf(digits, sizeof(digits), "8904903212345123451234567%05u", seed);
        rc = eid_make(digits, to);
        break;
    case WIRE_ICCID:
        s.n = (size_t)snprintf(digits, sizeof(digits), "89490100000000%05u", seed);
        rc = iccid_parse(s, to);
        break;
    case WIRE_AID:
        rc = aid_isd_p((uint16_t)(0x10 + seed % 60000), to);
        break;
    case WIRE_OID:
        s.n = (size_t)snprintf(digits, sizeof(digits), "1.3.6.1.4.1.99999.%u", seed);
        rc = oid_parse(s, to);
        break;
    case WIRE_MSISDN:
        s.n = (size_t)snprintf(digits, sizeof(digits), "4917%05u", seed);
        rc = msisdn_parse(s, to);
        break;
    case WIRE_IMSI:
        s.n = (size_t)snprintf(digits, sizeof(digits), "2620100000%05u", seed);
        rc = imsi_parse(s, to);
        break;
    default:
        memset(to, (int)(1 + seed % 255), sizeof(struct uuid));
        break;
    }
    if (rc)
        abort();
}

/* A value of the list that is not its zero; they are walked through one after the other. */
static inline void fill_enum(struct fill *f, const ProtobufCFieldDescriptor *fd, void *to)
{
    const ProtobufCEnumDescriptor *list = fd->descriptor;
    unsigned value = (unsigned)list->values[1 + fill_next(f) % (list->n_values - 1)].value;
    memcpy(to, &value, sizeof(value));
}

static inline void fill_number(struct fill *f, const struct wire_field *row,
                               const ProtobufCFieldDescriptor *fd, void *to)
{
    uint64_t v = 1 + fill_next(f) % 100;
    int64_t time_ms = 1700000000000 + (int64_t)v;
    if (row->kind == WIRE_ENUM)
        fill_enum(f, fd, to);
    else if (row->kind == WIRE_I64)
        memcpy(to, &time_ms, sizeof(time_ms));
    else if (row->kind == WIRE_BOOL)
        wire_number_store(row, 1, to);
    else
        wire_number_store(row, (v % 3 ? v : row->cap) + row->bias, to);
}

static inline void fill_struct(struct fill *f, const struct wire_table *t, void *to);

static inline void fill_value(struct fill *f, const struct wire_table *t, unsigned i, void *to)
{
    const struct wire_field *row = &t->fields[i];
    switch ((enum wire_kind)row->kind) {
    case WIRE_BYTES:
    case WIRE_TEXT:
        *(struct span *)to = fill_span(f, 1 + fill_next(f) % (row->cap < 60 ? row->cap : 60),
                                       row->kind == WIRE_TEXT);
        break;
    case WIRE_CHARS:
        snprintf(to, (size_t)row->cap + 1, "8.%u", fill_next(f) % 100);
        break;
    case WIRE_OCTETS:
        memset(to, (int)(1 + fill_next(f) % 255), (size_t)row->cap);
        break;
    case WIRE_MSG:
        fill_struct(f, row->sub, to);
        break;
    case WIRE_PTR: {
        void *body = arena_alloc(f->arena, row->sub->size);
        if (!body)
            abort();
        fill_struct(f, row->sub, body);
        memcpy(to, &body, sizeof(body));
        break;
    }
    default:
        if (row->kind <= WIRE_UUID)
            fill_identifier(f, row, to);
        else
            fill_number(f, row, &t->pb->fields[i], to);
        break;
    }
}

static inline void fill_list(struct fill *f, const struct wire_table *t, unsigned i, void *base)
{
    const struct wire_field *row = &t->fields[i];
    unsigned n = f->elements && f->elements < row->max ? f->elements : row->max;
    uint8_t *elements = (uint8_t *)base + row->offset;
    if (row->repeat == WIRE_LIST) {
        n = n > 64 ? 64 : n;
        void *list = arena_alloc(f->arena, (size_t)n * row->size);
        if (!list)
            abort();
        memcpy(elements, &list, sizeof(list));
        elements = list;
    }
    for (unsigned k = 0; k < n; k++)
        fill_value(f, t, i, elements + (size_t)k * row->size);
    memcpy((uint8_t *)base + row->count, &n, sizeof(n));
}

static inline void fill_struct(struct fill *f, const struct wire_table *t, void *to)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct wire_field *row = &t->fields[i];
        if (row->repeat != WIRE_ONCE)
            fill_list(f, t, i, to);
        else
            fill_value(f, t, i, (uint8_t *)to + row->offset);
        if (row->has)
            *((uint8_t *)to + row->has - 1) = true;
    }
    if (t->present)
        *((uint8_t *)to + t->present - 1) = true;
}
