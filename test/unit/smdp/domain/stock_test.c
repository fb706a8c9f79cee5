/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an ICCID: every record in every state, by a table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smdp/domain/stock.h"

static struct event about(enum event_type t)
{
    struct event ev = {.type = t};

    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &ev.iccid), 0);
    assert_int_equal(oid_parse(span_str("1.2.3"), &ev.mno), 0);
    assert_int_equal(imsi_parse(span_str("262010000000001"), &ev.imsi), 0);
    ev.profile_type = span_str("basic");
    memset(ev.eid.b, 0x89, 16);
    memset(ev.op.b, 7, 16);
    return ev;
}

static struct stock_item in_state(enum stock_state s)
{
    static const enum event_type WAY[] = {EV_PROFILE_IMPORTED, EV_ORDER_ACCEPTED,
                                          EV_PROFILE_INSTALLED, EV_PROFILE_DELETED};
    struct stock_item i = {.state = STOCK_NONE};

    for (unsigned n = 0; n < (unsigned)s; n++) {
        struct event ev = about(WAY[n]);
        assert_int_equal(stock_apply(&i, &ev), 0);
    }
    assert_int_equal(i.state, s);
    return i;
}

static void every_record_in_every_state(void **state)
{
    /* The state after, or -1: it cannot follow. */
    static const struct {
        enum event_type type;
        int after[5];
    } ROWS[] = {
        {EV_PROFILE_IMPORTED, {STOCK_AVAILABLE, -1, -1, -1, -1}},
        {EV_ORDER_ACCEPTED, {-1, STOCK_RESERVED, -1, -1, -1}},
        {EV_PROFILE_INSTALLED, {-1, -1, STOCK_INSTALLED, -1, -1}},
        {EV_PROFILE_RELEASED, {-1, -1, STOCK_AVAILABLE, -1, -1}},
        {EV_PROFILE_ENABLED, {0, 1, 2, 3, 4}},
        {EV_PROFILE_DISABLED, {0, 1, 2, 3, 4}},
        {EV_PROFILE_DELETED, {0, 1, 2, STOCK_DELETED, 4}},
        {EV_LOSS_DECLARED, {-1, -1, -1, STOCK_INSTALLED, -1}},
        {EV_ADDRESS_CHANGED, {0, 1, 2, 3, 4}},
        {EV_TEMPLATE_ADDED, {-1, -1, -1, -1, -1}},
    };

    (void)state;
    for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++) {
        for (int s = STOCK_NONE; s <= STOCK_DELETED; s++) {
            struct stock_item i = in_state((enum stock_state)s);
            struct event ev = about(ROWS[r].type);
            ev.number = 1; /* the first of two persons */
            int err = stock_apply(&i, &ev);
            assert_int_equal(err, ROWS[r].after[s] < 0 ? ERR_CORRUPT : ERR_OK);
            assert_int_equal(i.state, err ? s : ROWS[r].after[s]);
        }
    }
}

static void only_the_order_that_holds_it(void **state)
{
    static const enum event_type T[] = {EV_PROFILE_INSTALLED, EV_PROFILE_RELEASED};

    (void)state;
    for (size_t t = 0; t < 2; t++) {
        struct stock_item i = in_state(STOCK_RESERVED);
        struct event ev = about(T[t]);
        ev.op.b[3] ^= 1;
        assert_int_equal(stock_apply(&i, &ev), ERR_CORRUPT);
        assert_int_equal(i.state, STOCK_RESERVED);
    }
    struct stock_item i = in_state(STOCK_RESERVED);
    struct event ev = about(EV_PROFILE_INSTALLED);
    ev.eid.b[0] ^= 1; /* never on a second card */
    assert_int_equal(stock_apply(&i, &ev), ERR_CORRUPT);
    i = in_state(STOCK_AVAILABLE);
    ev = about(EV_ORDER_ACCEPTED);
    assert_int_equal(oid_parse(span_str("1.2.4"), &ev.mno), 0);
    assert_int_equal(stock_apply(&i, &ev), ERR_CORRUPT);
}

static void told_by_somebody_else(void **state)
{
    struct stock_item i = in_state(STOCK_INSTALLED);
    struct event ev = about(EV_PROFILE_ENABLED);

    (void)state;
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_true(i.enabled);
    ev = about(EV_PROFILE_DELETED);
    ev.eid.b[0] ^= 1;
    assert_int_equal(stock_apply(&i, &ev), 0);
    ev = about(EV_PROFILE_DELETED);
    assert_int_equal(oid_parse(span_str("1.2.4"), &ev.mno), 0);
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_int_equal(i.state, STOCK_INSTALLED);
    assert_true(i.enabled);
}

/* An answer that is heard behind later news changes nothing; one without a time is believed. */
static void what_was_so_before_is_not_so_now(void **state)
{
    static const struct {
        enum event_type type;
        int64_t at;
        bool on;
    } ROWS[] = {
        {EV_PROFILE_ENABLED, 1000, true},   {EV_PROFILE_DISABLED, 3000, false},
        {EV_PROFILE_ENABLED, 2000, false},  {EV_PROFILE_ENABLED, 3000, true},
        {EV_PROFILE_DISABLED, 2999, true},  {EV_PROFILE_DISABLED, 0, false},
        {EV_PROFILE_ENABLED, 2999, false},
    };
    struct stock_item i = in_state(STOCK_INSTALLED);
    struct event ev;

    (void)state;
    for (size_t r = 0; r < sizeof ROWS / sizeof *ROWS; r++) {
        ev = about(ROWS[r].type);
        ev.completed_at_ms = ROWS[r].at;
        assert_int_equal(stock_apply(&i, &ev), 0);
        assert_int_equal(i.enabled, ROWS[r].on);
    }
    ev = about(EV_PROFILE_DELETED);
    ev.completed_at_ms = 1; /* nothing comes behind it */
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_int_equal(i.state, STOCK_DELETED);
}

/* --- lost cards, numbers that move --- */
static int declare(struct stock_item *i, const char *who, uint64_t number)
{
    struct event ev = about(EV_LOSS_DECLARED);

    assert_int_equal(oid_parse(span_str(who), &ev.party), 0);
    ev.number = number;
    return stock_apply(i, &ev);
}

static void a_loss_takes_two_persons(void **state)
{
    struct stock_item i = in_state(STOCK_INSTALLED);
    struct event ev = about(EV_PROFILE_ENABLED);

    (void)state;
    assert_int_equal(declare(&i, "1.9.1", 2), ERR_CORRUPT);
    assert_int_equal(declare(&i, "1.9.1", 1), 0);
    assert_false(stock_gone(&i));
    assert_int_equal(declare(&i, "1.9.1", 2), ERR_CORRUPT);
    assert_int_equal(declare(&i, "1.9.2", 1), ERR_CORRUPT);
    /* Heard of: it was not lost. */
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_int_equal(declare(&i, "1.9.2", 2), ERR_CORRUPT);
    assert_int_equal(declare(&i, "1.9.2", 1), 0);
    assert_int_equal(declare(&i, "1.9.1", 2), 0);
    assert_int_equal(i.state, STOCK_LOST);
    assert_true(stock_gone(&i));
    assert_int_equal(stock_apply(&i, &ev), 0); /* too late for that */
    assert_int_equal(i.state, STOCK_LOST);
    ev = about(EV_PROFILE_DELETED);
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_int_equal(i.state, STOCK_DELETED);
}

static void a_number_moves_once(void **state)
{
    struct stock_item old = in_state(STOCK_DELETED), to = in_state(STOCK_INSTALLED);
    struct event accepted = about(EV_ORDER_ACCEPTED), moved = about(EV_NUMBER_MOVED);

    (void)state;
    assert_int_equal(msisdn_parse(span_str("491710000001"), &old.msisdn), 0);
    assert_int_equal(msisdn_parse(span_str("491710000001"), &moved.msisdn), 0);
    assert_int_equal(iccid_parse(span_str("8949010000000000027"), &moved.iccid), 0);
    assert_int_equal(stock_apply_previous(&old, &moved), ERR_CORRUPT); /* by no order */
    assert_int_equal(stock_apply_previous(&old, &accepted), 0);
    moved.op.b[0] ^= 1;
    assert_int_equal(stock_apply_previous(&old, &moved), ERR_CORRUPT);
    assert_int_equal(stock_apply(&to, &moved), ERR_CORRUPT);
    moved.op.b[0] ^= 1;
    assert_int_equal(stock_apply_previous(&old, &moved), 0);
    assert_string_equal(old.msisdn.s, "");
    assert_string_equal(old.replaced_by.s, moved.iccid.s);
    assert_int_equal(stock_apply(&to, &moved), 0);
    assert_string_equal(to.msisdn.s, "491710000001");
    assert_int_equal(stock_apply_previous(&old, &accepted), ERR_CORRUPT);
    /* Not of one that stands, whoever asks. */
    old = in_state(STOCK_INSTALLED);
    assert_int_equal(stock_apply_previous(&old, &accepted), ERR_CORRUPT);
}

/* A number that is ported is an address: the profile goes on as it was. */
static void a_port_changes_no_state(void **state)
{
    struct stock_item i = in_state(STOCK_INSTALLED);
    struct event ev = about(EV_PROFILE_ENABLED);

    (void)state;
    assert_int_equal(stock_apply(&i, &ev), 0);
    ev = about(EV_ADDRESS_CHANGED);
    assert_int_equal(msisdn_parse(span_str("491710000002"), &ev.msisdn), 0);
    assert_int_equal(stock_apply(&i, &ev), 0);
    assert_string_equal(i.msisdn.s, "491710000002");
    assert_int_equal(i.state, STOCK_INSTALLED);
    assert_true(i.enabled);
}

static void names(void **state)
{
    (void)state;
    for (int s = STOCK_AVAILABLE; s <= STOCK_LOST; s++)
        assert_int_equal(stock_state_parse(span_str(stock_state_text((enum stock_state)s))), s);
    assert_int_equal(stock_state_parse(span_str("none")), STOCK_NONE);
    assert_int_equal(stock_state_parse(span_str("available")), STOCK_NONE);
    assert_string_equal(stock_state_text((enum stock_state)99), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_in_every_state),
        cmocka_unit_test(only_the_order_that_holds_it),
        cmocka_unit_test(told_by_somebody_else),
        cmocka_unit_test(what_was_so_before_is_not_so_now),
        cmocka_unit_test(a_loss_takes_two_persons),
        cmocka_unit_test(a_number_moves_once),
        cmocka_unit_test(a_port_changes_no_state),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
