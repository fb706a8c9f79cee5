/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* What counts as an effect of a card within the hour, and what is refused (domain/limit.h). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

static void post(struct core *w, const char *hex)
{
    assert_int_equal(core_step_hex(w, 1, hex), ERR_OK);
}

static void delete(struct core *w, enum core_party who, unsigned profile, uint16_t sw)
{
    core_call(w, who, FN_DELETE_PROFILE, profile);
    core_por_sw(w, 0, sw);
}

static void send(struct core *w, unsigned profile)
{
    core_send(w, profile, core_hex(w, "8600"), false);
    core_first_post(w, 1);
    post(w, "AF80230390000000");
}

static void enable(struct core *w, unsigned profile, uint16_t sequence, bool works)
{
    core_call(w, CORE_D, FN_ENABLE_PROFILE, profile);
    core_por_sw(w, 0, 0x9000);
    core_note(w, works ? 2 : 3, sequence, works ? profile : BOOT);
    core_por_hex(w, 0, CONFIRMED);
    assert_int_equal(w->e->n_ops, 0);
}

static unsigned counted(const struct core *w)
{
    unsigned n = 0;

    for (size_t i = 0; i < sizeof w->e->effect_ms / sizeof *w->e->effect_ms; i++)
        n += w->e->effect_ms[i] != 0;
    return n;
}

static void deletions_are_limited(void **state)
{
    struct core *w = *state;
    int64_t first = w->now;

    for (unsigned i = 0; i < 10; i++)
        delete(w, CORE_A, TWO, 0x6985);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_expect(w, EXEC_FAILED, "1.2", "4.4");
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_expect(w, EXEC_FAILED, "1.2", "4.4");
    core_create(w, FRESH, 0, false);
    core_expect(w, EXEC_FAILED, "1.2", "4.4");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_NONE);
    w->now = first + 3600 * SECONDS;
    core_create(w, FRESH, 0, false);
    assert_int_equal(w->e->n_ops, 1);
}

static void creations_are_limited(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < 5; i++) {
        core_created(w, FRESH, 1000);
        delete(w, CORE_D, FRESH, 0x9000);
        assert_int_equal(counted(w), 2 * i + 2);
    }
    core_create(w, FRESH, 0, false);
    core_expect(w, EXEC_FAILED, "1.2", "4.4");
}

/* Those that waited behind others are looked at again where they are armed. */
static void waiting_ones_too(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < 9; i++)
        delete(w, CORE_A, TWO, 0x6985);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_create(w, FRESH, 0, false);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_int_equal(w->e->n_ops, 4);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    assert_true(core_timer(w)); /* the tenth */
    core_por_sw(w, 0, 0x6985);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "1.2", "4.4");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_NONE);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "1.2", "4.4");
    assert_int_equal(counted(w), 10);
}

/* A download and its enabling are two, whatever its size and however often it was sent. */
static void a_download_is_one(void **state)
{
    struct core *w = *state;

    core_created(w, FRESH, 1000);
    for (unsigned i = 0; i < 20; i++)
        send(w, FRESH);
    assert_int_equal(counted(w), 1);
    core_completed(w, FRESH);
    core_call(w, CORE_D, FN_ENABLE_PROFILE, FRESH);
    for (unsigned i = 0; i < 3; i++)
        assert_true(core_timer(w)); /* the same bytes again */
    assert_int_equal(counted(w), 2);
}

/* A creation that is sent again behind its fence is the same operation. */
static void a_repeated_creation_is_one(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    core_first_post(w, 1);
    core_session_end(w, 1);
    core_first_post(w, 2);
    assert_int_equal(core_step_post(w, 2, 0, 1,
                                    core_hex(w, "AF80231AE3164F10A0000005591010FFFFFFFF8900001000"
                                                "9F70013F90000000")),
                     ERR_OK);
    assert_int_equal(w->e->ops[0]->attempt, 2);
    assert_int_equal(counted(w), 1);
}

/* The worst order: what an earlier one left is cleared, two attempts break off and are cleared,
 * the third is installed and enabled, and rolls back, and is enabled again; then back to the
 * former profile. */
static void the_longest_day_of_one_order(void **state)
{
    struct core *w = *state;

    delete(w, CORE_A, TWO, 0x6985); /* stands for that; what a card refuses counts too */
    for (unsigned i = 0; i < 3; i++) {
        core_created(w, FRESH, 1000);
        send(w, FRESH);
        if (i < 2)
            delete(w, CORE_D, FRESH, 0x9000);
    }
    core_completed(w, FRESH);
    enable(w, FRESH, 5, false);
    enable(w, FRESH, 6, true);
    core_call(w, CORE_F, FN_DISABLE_PROFILE, FRESH);
    assert_true(w->plan.unit.set);
    assert_int_equal(counted(w), 9);
}

/* The old profile that policy deletes behind a switch belongs to it. */
static void auto_delete_is_part_of_its_switch(void **state)
{
    struct core *w = *state;
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | POL2_DISABLE_AUTO_DELETE};

    enable(w, ONE, 5, true);
    ev.eid = w->eid;
    ev.iccid = core_iccid(ONE);
    core_record(w, &ev);
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, 6, TWO);
    core_por_hex(w, 0, CONFIRMED);
    assert_string_equal(core_state(w), "DELETING");
    core_por_sw(w, 0, 0x9000);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(counted(w), 2);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(deletions_are_limited),
        T(creations_are_limited),
        T(waiting_ones_too),
        T(a_download_is_one),
        T(a_repeated_creation_is_one),
        T(the_longest_day_of_one_order),
        T(auto_delete_is_part_of_its_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
