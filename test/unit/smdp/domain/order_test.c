/* SPDX-License-Identifier: Apache-2.0 */
/* Orders as records tell them: what cannot follow is refused, identifiers and facts come back. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "smdp/domain/order.h"

static struct event accepted(void)
{
    struct event ev = {.type = EV_ORDER_ACCEPTED,
                       .function = FN_DOWNLOAD_PROFILE,
                       .number = 3600,
                       .validity_end_ms = 2000,
                       .op_state = ORDER_CHECK + 1,
                       .step = 1,
                       .due_ms = 1500};

    memset(ev.op.b, 7, 16);
    assert_int_equal(oid_parse(span_str("1.2.3"), &ev.party), 0);
    ev.mno = ev.party;
    ev.text = span_str("1.2.9");
    ev.fcid = span_str("call-1");
    ev.profile_type = span_str("basic");
    return ev;
}

static struct event advanced(unsigned state, uint32_t step)
{
    struct event ev = {.type = EV_ORDER_ADVANCED, .op_state = state + 1, .step = step};

    memset(ev.op.b, 7, 16);
    return ev;
}

static struct order *made(void)
{
    struct event ev = accepted();
    struct order *o = NULL;

    assert_int_equal(order_apply(&o, 1000, &ev), 0);
    assert_non_null(o);
    return o;
}

static void birth(void **state)
{
    struct order *o = made();

    (void)state;
    assert_int_equal(o->state, ORDER_CHECK);
    assert_int_equal(o->attempt, 1);
    assert_int_equal(o->step, 1);
    assert_true(o->calling);
    assert_int_equal(o->accepted_ms, 1000);
    assert_int_equal(o->validity_s, 3600);
    assert_string_equal(o->smsr.s, "1.2.9");
    assert_string_equal(o->fcid, "call-1");
    assert_true(order_live(o));
    free(o);
}

static void no_birth(void **state)
{
    static const enum event_type WRONG[] = {EV_ORDER_ADVANCED, EV_ORDER_IN_DOUBT,
                                            EV_PROFILE_INSTALLED, EV_PROFILE_RELEASED,
                                            EV_OPERATION_ACCEPTED};
    char longest[300];
    struct order *o = NULL;
    struct event ev;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        ev = accepted();
        ev.type = WRONG[i];
        assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
        assert_null(o);
    }
    ev = accepted();
    ev.text = span_str("no oid");
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev = accepted();
    ev.op_state = 0;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev.op_state = ORDER_STATES + 1;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev = accepted();
    memset(longest, 'a', sizeof longest);
    ev.fcid = span_of(longest, 256);
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    assert_null(o);
    ev.fcid = span_of(longest, 255);
    assert_int_equal(order_apply(&o, 1, &ev), 0);
    free(o);
}

static void steps_only_grow(void **state)
{
    struct order *o = made();
    struct event ev = advanced(ORDER_CREATE, 1);

    (void)state;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev = advanced(ORDER_CREATE, 2);
    assert_int_equal(order_apply(&o, 1, &ev), 0);
    assert_true(o->calling);
    ev = advanced(ORDER_CREATE, 0);
    assert_int_equal(order_apply(&o, 1, &ev), 0);
    assert_false(o->calling);
    assert_int_equal(o->step, 2);
    /* A new attempt counts anew and forgets what belonged to the old one. */
    ev = advanced(ORDER_CHECK, 1);
    ev.attempt = 2;
    o->has_own_key = o->has_card_key = true;
    o->rc_len = 16;
    o->batch = 3;
    assert_int_equal(aid_isd_p(0x11, &o->aid), 0);
    assert_int_equal(order_apply(&o, 1, &ev), 0);
    assert_int_equal(o->step, 1);
    assert_int_equal(o->aid.n, 0);
    assert_false(o->has_own_key || o->has_card_key || o->rc_len || o->batch);
    ev.attempt = 1;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev.attempt = ORDER_ATTEMPTS_MAX + 1;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    free(o);
}

static void wrong_order_or_type(void **state)
{
    struct order *o = made();
    struct event ev = advanced(ORDER_CREATE, 2);

    (void)state;
    ev.op.b[0] ^= 1;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev = accepted();
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    ev = advanced(ORDER_CREATE, 2);
    ev.type = EV_ISDP_CREATED;
    assert_int_equal(order_apply(&o, 1, &ev), ERR_CORRUPT);
    assert_non_null(o);
    free(o);
}

static void ends_once(void **state)
{
    struct order *o = made();
    struct event ev = {.type = EV_ORDER_IN_DOUBT, .text = {(const uint8_t *)"open", 4}};

    (void)state;
    memset(ev.op.b, 7, 16);
    memcpy(ev.code.subject, "1.6", 4);
    memcpy(ev.code.reason, "5.4", 4);
    assert_int_equal(order_apply(&o, 1, &ev), 0);
    assert_true(o->answered && o->in_doubt && o->last_attempt);
    assert_int_equal(o->status, EXEC_EXPIRED);
    assert_int_equal(o->verdict, VERDICT_IN_DOUBT);
    ev.type = EV_ORDER_CONCLUDED;
    ev.result = VERDICT_FAILED;
    memcpy(ev.code.subject, "8.3", 4);
    assert_int_equal(order_apply(&o, 9, &ev), 0);
    assert_int_equal(o->verdict, VERDICT_FAILED);
    assert_int_equal(o->concluded_ms, 9);
    /* The answer stays what it was; code and sentence are the verdict's. */
    assert_string_equal(o->code.subject, "8.3");
    assert_int_equal(o->status, EXEC_EXPIRED);
    assert_false(order_live(o));
    assert_int_equal(order_apply(&o, 9, &ev), ERR_CORRUPT);
    ev = advanced(ORDER_CREATE, 2);
    assert_int_equal(order_apply(&o, 9, &ev), ERR_CORRUPT);
    free(o);
}

static void identifiers(void **state)
{
    static const char *const BAD[] = {
        "",
        "x",
        "01890000-0000-7000-8000-000000000000",
        "01890000-0000-7000-8000-000000000000/",
        "01890000-0000-7000-8000-000000000000/1",
        "01890000-0000-7000-8000-000000000000/1/",
        "01890000-0000-7000-8000-000000000000//1",
        "01890000-0000-7000-8000-000000000000/0/1",
        "01890000-0000-7000-8000-000000000000/1/01",
        "01890000-0000-7000-8000-000000000000/1/1x",
        "01890000-0000-7000-8000-000000000000/1/1/1",
        "01890000-0000-7000-8000-000000000000-1/1",
        "zz890000-0000-7000-8000-000000000000/1/1",
        "01890000-0000-7000-8000-000000000000/-1/1",
        "01890000-0000-7000-8000-000000000000/1/12345678901234567890",
    };
    struct uuid id, back;
    uint32_t attempt, step;
    char text[ORDER_FCID];

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        id.b[i] = (uint8_t)(i * 17);
    order_call_id(&id, 3, 4711, text);
    assert_true(order_call_parse(span_str(text), &back, &attempt, &step));
    assert_true(uuid_eq(&id, &back));
    assert_int_equal(attempt, 3);
    assert_int_equal(step, 4711);
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_false(order_call_parse(span_str(BAD[i]), &back, &attempt, &step));
}

static void facts(void **state)
{
    struct order a = {.has_card_key = true,
                      .bare_point = true,
                      .curve = 3,
                      .rc_len = 16,
                      .has_own_key = true},
                 b = {.rc_len = 0};
    uint8_t room[256];
    struct writer w = wr_init(room, sizeof room);

    (void)state;
    memset(a.card_point, 4, sizeof a.card_point);
    memset(a.rc, 5, 16);
    memset(a.own_point, 6, sizeof a.own_point);
    memset(a.signature, 7, sizeof a.signature);
    order_facts_put(&w, &a);
    assert_false(w.failed);
    assert_int_equal(order_facts_get(wr_view(&w), &b), 0);
    assert_memory_equal(&a, &b, sizeof a);
    for (size_t n = 1; n < w.len; n++) {
        struct order c = {.rc_len = 0};
        int err = order_facts_get(span_of(room, n), &c);
        /* Whole facts alone are facts, too. */
        assert_true(err == ERR_CORRUPT || n == 69 || n == 69 + 18);
    }
    assert_int_equal(order_facts_get(span_of("\xC9\x01\x00", 3), &b), ERR_CORRUPT);
    assert_int_equal(order_facts_get(span_of("\xC1\x00", 2), &b), ERR_CORRUPT);
    assert_int_equal(order_facts_get(span_of("", 0), &b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(birth),           cmocka_unit_test(no_birth),
        cmocka_unit_test(steps_only_grow), cmocka_unit_test(wrong_order_or_type),
        cmocka_unit_test(ends_once),       cmocka_unit_test(identifiers),
        cmocka_unit_test(facts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
