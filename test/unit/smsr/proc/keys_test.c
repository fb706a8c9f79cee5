/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* A new key set of the ISD-R in the place of the one that is spoken with: never none that both sides have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "test/support/smsr_core_way.h"

#define ASK "AA0722" "0580CA00E000"
#define KEEP_2 "AA1222" "1080E400000AF203020103F20340010200"

static void begin(struct core *w)
{
    assert_int_equal(core_rotate(w, CORE_ADMIN), ERR_OK);
    assert_string_equal(core_state(w), "PUTTING");
}

/* Under the new set from here on, or once more under the old one. */
static void under(struct core *w, uint8_t kvn)
{
    w->por_kvn = kvn;
}

static void to_deleting(struct core *w)
{
    begin(w);
    (void)core_por_sw(w, 0, 0x9000);
    under(w, 2);
    (void)core_por_keys(w, 0, "1 2 40");
    under(w, 0);
    assert_string_equal(core_state(w), "DELETING");
}

static void by_the_book(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    begin(w);
    ev = core_event(w, EV_KEYSET_PREPARED);
    assert_int_equal(ev->kvn, 2);
    assert_int_equal(w->plan.unit.put_kvn, 2);
    assert_int_equal(core_event(w, EV_OPERATION_ARMED)->kvn, 1);
    assert_int_equal(w->e->n_spare, 1);
    assert_int_equal(w->e->scp80_kvn, 1);
    (void)core_por_sw(w, 0, 0x9000);
    assert_string_equal(core_state(w), "PROVING");
    assert_string_equal(core_script(w), ASK);
    assert_int_equal(core_event(w, EV_PACKET_ARMED)->kvn, 2);
    assert_int_equal(core_event(w, EV_PACKET_ARMED)->counter, 1);
    assert_int_equal(w->e->scp80_kvn, 1);
    under(w, 2);
    (void)core_por_keys(w, 0, "1 2 40");
    assert_int_equal(core_event(w, EV_KEYSET_USED)->kvn, 2);
    assert_int_equal(w->e->scp80_kvn, 2);
    assert_int_equal(w->e->counter_high, 2);
    assert_string_equal(core_script(w), KEEP_2);
    assert_int_equal(core_event(w, EV_OPERATION_ARMED)->kvn, 2);
    (void)core_por_sw(w, 0, 0x9000);
    assert_int_equal(core_event(w, EV_KEYSET_DELETED)->kvn, 1);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->n_spare, 0);
    assert_int_equal(w->e->n_packets, 0);
    under(w, 0);
    (void)core_call(w, CORE_F, FN_AUDIT_EIS, 0); /* goes on with the new one */
    assert_int_equal(core_event(w, EV_PACKET_ARMED)->kvn, 2);
    assert_int_equal(core_event(w, EV_PACKET_ARMED)->counter, 3);
}

static void the_next_version_is_one_that_is_free(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < 40; i++) {
        uint8_t kvn = (uint8_t)(i % 2 ? 1 : 2);
        begin(w);
        assert_int_equal(core_event(w, EV_KEYSET_PREPARED)->kvn, kvn);
        (void)core_por_sw(w, 0, 0x9000);
        under(w, kvn);
        (void)core_por_keys(w, 0, "1 2");
        (void)core_por_sw(w, 0, 0x9000);
        under(w, 0);
        core_expect_end(w, VERDICT_SUCCESS, "", "");
        w->now += 3600000;
    }
}

static void a_card_that_refuses_the_set_keeps_the_old_one(void **state)
{
    struct core *w = *state;

    begin(w);
    (void)core_por_sw(w, 0, 0x6A84);
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_int_equal(core_event(w, EV_KEYSET_DELETED)->kvn, 2);
    assert_int_equal(w->e->n_spare, 0);
    assert_int_equal(w->e->scp80_kvn, 1);
    begin(w);
}

static void silence_is_met_with_the_same_bytes_then_with_a_question(void **state)
{
    struct core *w = *state;

    begin(w);
    for (unsigned i = 0; i < 2; i++) {
        assert_true(core_timer(w));
        assert_false(w->plan.unit.set);
        assert_non_null(core_out(w, OUT_SMS, 0));
    }
    while (!core_event(w, EV_OPERATION_EXPIRED))
        assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ASKING");
    assert_string_equal(core_script(w), ASK);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    (void)core_por_keys(w, 0, "1 40"); /* it is not there, and can not come any more */
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
    assert_int_equal(w->e->n_spare, 0);
}

static void behind_a_question_the_set_is_proven_all_the_same(void **state)
{
    struct core *w = *state;

    begin(w);
    (void)core_por(w, 0, POR_CNTR_LOW, span_of("", 0));
    assert_string_equal(core_state(w), "ASKING");
    (void)core_por_keys(w, 0, "1 2 40");
    assert_string_equal(core_state(w), "PROVING");
    (void)core_por_sw(w, 1, 0x9000); /* a late answer proves nothing about the new keys */
    assert_string_equal(core_state(w), "PROVING");
    assert_int_equal(w->e->scp80_kvn, 1);
    while (!core_event(w, EV_OPERATION_EXPIRED))
        assert_true(core_timer(w));
    under(w, 2);
    (void)core_por(w, 0, POR_MEMORY, span_of("", 0)); /* whatever it says: it says it with them */
    assert_int_equal(w->e->scp80_kvn, 2);
}

static void what_was_not_deleted_is_deleted_behind_its_fence(void **state)
{
    struct core *w = *state;

    to_deleting(w);
    (void)core_por(w, 0, POR_CNTR_LOW, span_of("", 0));
    assert_string_equal(core_state(w), "CHECKING");
    (void)core_por_keys(w, 0, "1 2 40");
    assert_string_equal(core_script(w), KEEP_2);
    (void)core_por(w, 0, POR_CNTR_LOW, span_of("", 0));
    (void)core_por_keys(w, 0, "2 40");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->n_spare, 0);
}

/* What was asked, or said, before the effect that is out tells nothing about it. */
static void answers_that_come_late_are_no_fence(void **state)
{
    struct core *w = *state;

    begin(w); /* counter 1 of set 1 */
    (void)core_por(w, 1, POR_CIPHERING, span_of("", 0));
    assert_true(core_timer(w)); /* asked twice: 2 and 3 */
    (void)core_por_keys(w, 3, "1 2 40");
    assert_true(core_timer(w)); /* proven by the second question, 2 of set 2 */
    under(w, 2);
    (void)core_por_keys(w, 2, "1 2 40");
    assert_string_equal(core_state(w), "DELETING");
    (void)core_por(w, 3, POR_CNTR_LOW, span_of("", 0));
    assert_string_equal(core_state(w), "CHECKING");
    assert_int_equal(core_por_keys(w, 1, "2 40"), ERR_STATE);
    under(w, 1);
    assert_int_equal(core_por_keys(w, 2, "2 40"), ERR_STATE);
    under(w, 2);
    (void)core_por_keys(w, 4, "2 40");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void a_card_that_keeps_the_old_set_is_a_warning(void **state)
{
    struct core *w = *state;

    to_deleting(w);
    (void)core_por_sw(w, 0, 0x6985);
    core_expect(w, EXEC_WARNING, "8.4", "3.6");
    assert_int_equal(w->e->scp80_kvn, 2);
    assert_int_equal(w->e->n_spare, 1);
    begin(w); /* the next one takes both along */
    assert_int_equal(core_event(w, EV_KEYSET_PREPARED)->kvn, 3);
    (void)core_por_sw(w, 0, 0x9000);
    under(w, 3);
    (void)core_por_keys(w, 0, "1 2 3");
    (void)core_por_sw(w, 0, 0x9000);
    assert_int_equal(core_events(w, EV_KEYSET_DELETED), 2);
    assert_int_equal(w->e->n_spare, 0);
}

/* The process dies behind each record: what is spoken with is a set that the card has. */
static void after_each_death_it_goes_on(void **state)
{
    struct core *w = *state;

    begin(w);
    core_restart(w);
    assert_non_null(core_out(w, OUT_SMS, 0)); /* the same bytes */
    (void)core_por_sw(w, 0, 0x9000);
    core_restart(w);
    assert_string_equal(core_state(w), "PROVING");
    assert_int_equal(core_event(w, EV_PACKET_ARMED)->kvn, 2);
    under(w, 2);
    (void)core_por_keys(w, 0, "1 2");
    under(w, 0);
    core_restart(w);
    assert_string_equal(core_state(w), "DELETING");
    assert_int_equal(w->e->scp80_kvn, 2);
    assert_non_null(core_out(w, OUT_SMS, 0));
    (void)core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_restart(w);
    assert_int_equal(w->e->scp80_kvn, 2);
    assert_int_equal(w->e->n_spare, 0);
}

static void of_sessions_by_the_book(void **state)
{
    struct core *w = *state;
    const struct out_step *said;

    assert_int_equal(core_rotate_sessions(w, CORE_F), ERR_OK);
    assert_int_equal(core_event(w, EV_KEYSET_PREPARED)->kvn, 0x41);
    assert_int_equal(w->plan.unit.put_kvn, 0x41);
    (void)core_por_sw(w, 0, 0x9000);
    assert_string_equal(core_state(w), "CALLING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_non_null(strstr(core_script(w), "850400024101")); /* no identity, version 41, key 01 */
    assert_int_equal(core_first_post(w, 1), ERR_STATE); /* with the keys of before: nothing is proven */
    (void)core_session_end(w, 1);
    assert_int_equal(w->e->psk_kvn, 0x40);
    (void)core_first_post_under(w, 2, 0x41);
    assert_int_equal(core_event(w, EV_KEYSET_USED)->kvn, 0x41);
    assert_int_equal(w->e->psk_kvn, 0x41);
    assert_int_equal(w->e->scp80_kvn, 1);
    said = core_out(w, OUT_STEP, 0);
    assert_int_equal(said->code, 204);
    assert_string_equal(core_script(w), "AA1222" "1080E400000AF203010103F20341010200");
    (void)core_por_sw(w, 0, 0x9000);
    assert_int_equal(core_event(w, EV_KEYSET_DELETED)->kvn, 0x40);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->psk_spare, 0);
    (void)core_create(w, FRESH, 0, false); /* called with the new ones from here on */
    assert_non_null(strstr(core_script(w), "850400024101"));
}

static void of_sessions_it_is_called_until_it_comes(void **state)
{
    struct core *w = *state;
    unsigned calls = 0;

    (void)core_rotate_sessions(w, CORE_F);
    (void)core_por_sw(w, 0, 0x9000);
    while (!core_event(w, EV_OPERATION_EXPIRED)) {
        assert_true(core_timer(w));
        calls++;
    }
    assert_true(calls > 2);
    core_restart(w);
    assert_string_equal(core_state(w), "CALLING");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_int_equal(w->e->psk_kvn, 0x40); /* and what calls meanwhile uses the old ones */
    (void)core_por(w, 0, POR_OK, span_of("", 0));
    (void)core_first_post_under(w, 2, 0x41);
    assert_string_equal(core_state(w), "DELETING");
}

/* Three days of pushes that it answers, and no call. */
static void of_sessions_who_never_comes_is_called_ever_more_rarely(void **state)
{
    struct core *w = *state;
    int64_t end = w->now + 72ll * 3600 * 1000;
    unsigned calls = 0;

    (void)core_rotate_sessions(w, CORE_F);
    (void)core_por_sw(w, 0, 0x9000);
    while (w->now < end && calls < 100) {
        (void)core_por(w, 0, POR_OK, span_of("", 0));
        assert_true(core_timer(w));
        calls += w->plan.unit.set;
    }
    assert_in_range(calls, 10, 30);
}

static void of_sessions_where_there_are_none(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < 2; i++)
        w->routes[i].https = false;
    (void)core_rotate_sessions(w, CORE_F);
    core_expect(w, EXEC_FAILED, "8.1", "3.1");
}

static void who_may_and_when(void **state)
{
    struct core *w = *state;

    assert_int_equal(core_rotate(w, CORE_X), ERR_OK);
    core_expect(w, EXEC_FAILED, "8.1.1", "3.9");
    (void)core_rotate(w, CORE_ADMIN);
    (void)core_rotate(w, CORE_ADMIN); /* one at a time */
    core_expect(w, EXEC_FAILED, "1.2", "4.4");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(by_the_book), CASE(the_next_version_is_one_that_is_free),
        CASE(a_card_that_refuses_the_set_keeps_the_old_one),
        CASE(silence_is_met_with_the_same_bytes_then_with_a_question),
        CASE(behind_a_question_the_set_is_proven_all_the_same),
        CASE(what_was_not_deleted_is_deleted_behind_its_fence),
        CASE(answers_that_come_late_are_no_fence),
        CASE(a_card_that_keeps_the_old_set_is_a_warning), CASE(after_each_death_it_goes_on),
        CASE(of_sessions_by_the_book), CASE(of_sessions_it_is_called_until_it_comes),
        CASE(of_sessions_who_never_comes_is_called_ever_more_rarely),
        CASE(of_sessions_where_there_are_none), CASE(who_may_and_when),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
