/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_wire remora_pb remora_msg remora_base */
/* What is encoded is decoded: every message, event body and EIS, with all fields and with none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/eis.h"
#include "common/msg/es4.h"
#include "test/unit/common/wire/fill.h"

static void same(const struct wire_table *t, const void *a, const void *b);

/* Compares one value of two structs through the table, field by field. */
static void same_value(const struct wire_field *f, const uint8_t *a, const uint8_t *b, bool has)
{
    if (f->kind <= WIRE_OCTETS) {
        struct span x, y;
        assert_int_equal(wire_octets_load(f, a, has, &x), ERR_OK);
        assert_int_equal(wire_octets_load(f, b, has, &y), ERR_OK);
        assert_int_equal(x.n, y.n);
        if (x.n)
            assert_memory_equal(x.p, y.p, x.n);
    } else if (f->kind == WIRE_I64) {
        assert_memory_equal(a, b, sizeof(int64_t));
    } else if (f->kind <= WIRE_ENUM) {
        assert_true(wire_number_load(f, a) == wire_number_load(f, b));
    } else if (f->kind == WIRE_MSG) {
        same(f->sub, a, b);
    } else {
        const void *x, *y;
        memcpy(&x, a, sizeof(x));
        memcpy(&y, b, sizeof(y));
        assert_int_equal(x == NULL, y == NULL);
        if (x)
            same(f->sub, x, y);
    }
}

static void same(const struct wire_table *t, const void *a, const void *b)
{
    const uint8_t *x = a, *y = b;
    if (t->present)
        assert_int_equal(x[t->present - 1], y[t->present - 1]);
    for (unsigned i = 0; i < t->n; i++) {
        const struct wire_field *f = &t->fields[i];
        if (f->has)
            assert_int_equal(x[f->has - 1], y[f->has - 1]);
        if (f->repeat == WIRE_ONCE) {
            same_value(f, x + f->offset, y + f->offset, f->has && x[f->has - 1]);
            continue;
        }
        unsigned n, m;
        memcpy(&n, x + f->count, sizeof(n));
        memcpy(&m, y + f->count, sizeof(m));
        assert_int_equal(n, m);
        const void *from = x + f->offset, *to = y + f->offset;
        if (f->repeat == WIRE_LIST) {
            memcpy(&from, from, sizeof(from));
            memcpy(&to, to, sizeof(to));
        }
        const uint8_t *p = from, *q = to;
        for (unsigned k = 0; k < n; k++)
            same_value(f, p + (size_t)k * f->size, q + (size_t)k * f->size, false);
    }
}

static void round_trip(enum msg_type type, const void *body, struct arena *a)
{
    struct message m = {type, body};
    struct message back;
    struct errmsg why = {""};
    struct buf out, again;
    buf_init(&out, 0);
    buf_init(&again, 0);
    assert_int_equal(wire_message_encode(&m, &out), ERR_OK);
    assert_true(out.n > 0);
    int rc = wire_message_decode(buf_span(&out), a, &back, &why);
    if (rc)
        print_error("%s: %s\n", msg_type_name(type), why.text);
    assert_int_equal(rc, ERR_OK);
    assert_int_equal(back.type, type);
    same(wire_arm_of(type)->table, body, back.body);
    assert_int_equal(wire_message_canonical(&back, &again), ERR_OK);
    assert_true(span_eq(buf_span(&out), buf_span(&again)));
    buf_fini(&out);
    buf_fini(&again);
}

static void test_messages_with_all_fields(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        for (unsigned elements = 0; elements < 3; elements++) {
            struct fill f = {&a, 17 * t, elements};
            void *body = arena_alloc(&a, msg_type_info((enum msg_type)t)->size);
            assert_non_null(body);
            fill_struct(&f, wire_arm_of((enum msg_type)t)->table, body);
            round_trip((enum msg_type)t, body, &a);
            arena_reset(&a);
        }
    }
    arena_fini(&a);
}

static void test_messages_with_no_field(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        void *body = arena_alloc(&a, msg_type_info((enum msg_type)t)->size);
        assert_non_null(body);
        round_trip((enum msg_type)t, body, &a);
        arena_reset(&a);
    }
    arena_fini(&a);
}

/* Each field alone: no field leans on another. */
static void test_messages_with_one_field(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned t = MSG_NONE + 1; t < MSG_TYPE_COUNT; t++) {
        const struct wire_table *table = wire_arm_of((enum msg_type)t)->table;
        for (unsigned i = 0; i < table->n; i++) {
            struct fill f = {&a, i, 1};
            uint8_t *body = arena_alloc(&a, table->size);
            assert_non_null(body);
            const struct wire_field *row = &table->fields[i];
            if (row->repeat != WIRE_ONCE)
                fill_list(&f, table, i, body);
            else
                fill_value(&f, table, i, body + row->offset);
            if (row->has)
                body[row->has - 1] = true;
            round_trip((enum msg_type)t, body, &a);
            arena_reset(&a);
        }
    }
    arena_fini(&a);
}

static void test_event_bodies(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned t = EV_NONE + 1; t < EV_TYPE_COUNT; t++) {
        for (unsigned full = 0; full < 2; full++) {
            struct event ev = {0}, back;
            struct fill f = {&a, 31 * t, 0};
            if (full)
                fill_struct(&f, &WIRE_EVENT, &ev);
            ev.type = (enum event_type)t;
            struct buf out;
            buf_init(&out, 0);
            assert_int_equal(wire_event_encode(&ev, &out), ERR_OK);
            assert_int_equal(out.n > 0, full);
            assert_int_equal(wire_event_decode(ev.type, buf_span(&out), &a, &back, NULL), ERR_OK);
            assert_int_equal(back.type, ev.type);
            same(&WIRE_EVENT, &ev, &back);
            buf_fini(&out);
            arena_reset(&a);
        }
    }
    arena_fini(&a);
}

static void test_event_keeps_no_sealed_secret(void **state)
{
    (void)state;
    static const char SEALED[] = "sealed-octets-of-a-key";
    struct arena a;
    arena_init(&a, 0);
    struct event ev = {.type = EV_KEY_ADDED, .n_secrets = 1}, back;
    ev.secrets[0].id = span_str("eid/psk/1");
    ev.secrets[0].sealed = span_str(SEALED);
    ev.secrets[0].kek_version = 3;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_event_encode(&ev, &out), ERR_OK);
    for (size_t i = 0; i + sizeof(SEALED) <= out.n + 1; i++)
        assert_memory_not_equal(out.p + i, SEALED, sizeof(SEALED) - 1);
    assert_int_equal(wire_event_decode(ev.type, buf_span(&out), &a, &back, NULL), ERR_OK);
    assert_int_equal(back.n_secrets, 1);
    assert_true(span_eq(back.secrets[0].id, span_str("eid/psk/1")));
    assert_int_equal(back.secrets[0].sealed.n, 0);
    buf_fini(&out);
    arena_fini(&a);
}

/* Zero has a meaning where the struct counts from one. */
static void test_event_zeroes_that_mean_something(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct event ev = {.type = EV_OPERATION_ANSWERED,
                       .por_status = 1,
                       .sw = 1,
                       .sequence = 1,
                       .op_state = 1,
                       .pol2 = 0x100};
    struct event back;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(wire_event_encode(&ev, &out), ERR_OK);
    assert_int_equal(wire_event_decode(ev.type, buf_span(&out), &a, &back, NULL), ERR_OK);
    same(&WIRE_EVENT, &ev, &back);
    assert_int_equal(back.pol2, 0x100);
    assert_int_equal(back.sw, 1);
    ev.pol2 = 0x20; /* neither absent nor with its mark */
    assert_int_equal(wire_event_encode(&ev, &out), ERR_INVAL);
    buf_fini(&out);
    arena_fini(&a);
}

static void test_eis_files(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct buf out;
    buf_init(&out, 0);
    struct signed_eis eis = {0}, eis_back;
    struct fill f = {&a, 5, 0};
    fill_struct(&f, &WIRE_SIGNED_EIS, &eis);
    assert_int_equal(eis.n_profiles, EIS_PROFILES_MAX);
    assert_int_equal(wire_signed_eis_encode(&eis, &out), ERR_OK);
    assert_int_equal(wire_signed_eis_decode(buf_span(&out), &a, &eis_back, NULL), ERR_OK);
    same(&WIRE_SIGNED_EIS, &eis, &eis_back);
    buf_reset(&out);
    struct eum_signed_info info = {0}, info_back;
    fill_struct(&f, &WIRE_EUM_INFO, &info);
    assert_int_equal(wire_eum_info_encode(&info, &out), ERR_OK);
    assert_int_equal(wire_eum_info_decode(buf_span(&out), &a, &info_back, NULL), ERR_OK);
    same(&WIRE_EUM_INFO, &info, &info_back);
    buf_fini(&out);
    arena_fini(&a);
}

/* An empty rule list is an explicit value, no list is none (SGP.02 4.1 of the facts, POL2). */
static void test_empty_pol2_is_not_absent(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    struct buf out;
    buf_init(&out, 0);
    struct signed_eis eis = {.n_profiles = 2}, back;
    eis.profiles[1].pol2.present = true;
    assert_int_equal(wire_signed_eis_encode(&eis, &out), ERR_OK);
    assert_int_equal(wire_signed_eis_decode(buf_span(&out), &a, &back, NULL), ERR_OK);
    assert_int_equal(back.n_profiles, 2);
    assert_false(back.profiles[0].pol2.present);
    assert_true(back.profiles[1].pol2.present);
    assert_int_equal(back.profiles[1].pol2.n, 0);
    buf_fini(&out);
    arena_fini(&a);
}

static void test_envelopes(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned kind = ENV_HELLO; kind <= ENV_ERROR; kind++) {
        struct envelope e = {0}, back;
        struct fill f = {&a, kind, 0};
        fill_struct(&f, &WIRE_ENVELOPE, &e);
        e.kind = (enum envelope_kind)kind;
        struct es4_enable_profile_request req = {0};
        fill_struct(&f, wire_arm_of(MSG_ES4_ENABLE_PROFILE_REQUEST)->table, &req);
        if (kind == ENV_REQUEST)
            e.message = (struct message){MSG_ES4_ENABLE_PROFILE_REQUEST, &req};
        struct buf out;
        buf_init(&out, 0);
        assert_int_equal(wire_envelope_encode(&e, &out), ERR_OK);
        assert_int_equal(wire_envelope_decode(buf_span(&out), &a, &back, NULL), ERR_OK);
        same(&WIRE_ENVELOPE, &e, &back);
        assert_int_equal(back.message.type, e.message.type);
        if (kind == ENV_REQUEST) {
            const struct es4_enable_profile_request *got = back.message.body;
            assert_true(eid_eq(&got->eid, &req.eid));
            assert_true(iccid_eq(&got->iccid, &req.iccid));
        }
        buf_fini(&out);
    }
    arena_fini(&a);
}

/* HELLO without last_delivery_no asks for no deliveries; with 0 it asks for all (design 3.3). */
static void test_subscription_is_presence(void **state)
{
    (void)state;
    struct arena a;
    arena_init(&a, 0);
    for (unsigned subscribe = 0; subscribe < 2; subscribe++) {
        struct envelope e = {.kind = ENV_HELLO, .version = 1, .subscribe = subscribe}, back;
        struct buf out;
        buf_init(&out, 0);
        assert_int_equal(wire_envelope_encode(&e, &out), ERR_OK);
        assert_int_equal(wire_envelope_decode(buf_span(&out), &a, &back, NULL), ERR_OK);
        assert_int_equal(back.subscribe, subscribe);
        assert_int_equal(back.last_delivery_no, 0);
        buf_fini(&out);
    }
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages_with_all_fields),
        cmocka_unit_test(test_messages_with_no_field),
        cmocka_unit_test(test_messages_with_one_field),
        cmocka_unit_test(test_event_bodies),
        cmocka_unit_test(test_event_keeps_no_sealed_secret),
        cmocka_unit_test(test_event_zeroes_that_mean_something),
        cmocka_unit_test(test_eis_files),
        cmocka_unit_test(test_empty_pol2_is_not_absent),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_subscription_is_presence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
