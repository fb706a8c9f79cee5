/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The life of a card at its admission: what each state refuses, and that nothing that runs minds it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/card_state.h"
#include "test/support/smsr_core_way.h"

static void move(struct core *w, enum card_state to)
{
    struct event ev = {.type = EV_EUICC_STATE_CHANGED, .eid = w->eid, .number = (uint64_t)to,
                       .kind = (uint32_t)w->e->life};

    core_record(w, &ev);
    assert_int_equal(w->e->life, to);
}

static void it_is_seen_when_it_is_heard(void **state)
{
    struct core *w = *state;

    assert_int_equal(w->e->life, CARD_REGISTERED);
    core_enable(w, 0);
    assert_int_equal(w->e->life, CARD_REGISTERED); /* sent to is not heard */
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(w->e->life, CARD_SEEN);
    core_restart(w);
    assert_int_equal(w->e->life, CARD_SEEN);
}

/* The answers are those of the table, for each of them and a call of each kind. */
static void what_each_state_refuses(void **state)
{
    static const enum card_state STATES[] = {CARD_QUARANTINED, CARD_LOST, CARD_RETIRED};
    static const struct { enum core_party who; enum function fn; unsigned profile; } CALLS[] = {
        {CORE_A, FN_DISABLE_PROFILE, BOOT}, {CORE_A, FN_DELETE_PROFILE, TWO},
        {CORE_B, FN_ENABLE_PROFILE, ONE}, {CORE_A, FN_AUDIT_EIS, BOOT},
    };
    struct core *w = *state;

    for (size_t s = 0; s < sizeof STATES / sizeof *STATES; s++) {
        move(w, STATES[s]);
        for (size_t i = 0; i < sizeof CALLS / sizeof *CALLS; i++) {
            enum status_code st = card_state_refuses(STATES[s], CALLS[i].fn);
            if (!st)
                continue;
            core_call(w, CALLS[i].who, CALLS[i].fn, CALLS[i].profile);
            core_expect(w, EXEC_FAILED, STATUS[st].code.subject, STATUS[st].code.reason);
            assert_int_equal(w->e->n_ops, 0);
        }
    }
}

/* A lost card may still be emptied. */
static void a_lost_card_may_be_deleted_from(void **state)
{
    struct core *w = *state;

    move(w, CARD_LOST);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_int_equal(w->e->n_ops, 1);
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(w->e->life, CARD_LOST); /* heard, and still lost: a person finds it */
}

/* Quarantine in the middle of a switch: its notification is confirmed all the same. */
static void what_runs_goes_on(void **state)
{
    struct core *w = *state;

    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    move(w, CARD_QUARANTINED);
    core_note(w, 2, 1, ONE);
    assert_non_null(core_event(w, EV_PACKET_ARMED));
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, ONE), PROFILE_ENABLED);
    assert_int_equal(w->e->life, CARD_QUARANTINED);
}

/* A card that another SM-SR has is as unknown here as one that never was. */
static void a_transferred_card_is_unknown(void **state)
{
    struct core *w = *state;

    move(w, CARD_TRANSFERRED);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_expect(w, EXEC_FAILED, "8.1.1", "3.9");
}

static void a_move_that_cannot_be_is_a_broken_log(void **state)
{
    struct core *w = *state;
    struct event ev = {.type = EV_EUICC_STATE_CHANGED, .eid = w->eid, .kind = CARD_REGISTERED};
    struct euicc_record r = {1000, w->now, &ev, NULL, NULL};

    ev.number = CARD_STATE_COUNT;
    assert_int_equal(euicc_apply(&w->e, &r), ERR_CORRUPT);
    ev.number = CARD_REGISTERED;
    assert_int_equal(euicc_apply(&w->e, &r), ERR_CORRUPT);
    ev.number = CARD_LOST;
    ev.kind = CARD_SEEN; /* it is REGISTERED */
    assert_int_equal(euicc_apply(&w->e, &r), ERR_CORRUPT);
    move(w, CARD_RETIRED);
    ev.number = CARD_SEEN;
    ev.kind = CARD_RETIRED;
    assert_int_equal(euicc_apply(&w->e, &r), ERR_CORRUPT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(it_is_seen_when_it_is_heard), T(what_each_state_refuses),
        T(a_lost_card_may_be_deleted_from), T(what_runs_goes_on),
        T(a_transferred_card_is_unknown), T(a_move_that_cannot_be_is_a_broken_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
