/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Records that cannot follow the state are a broken log; what each record leaves behind otherwise.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core.h"

static int apply(struct core *w, const struct event *ev)
{
    struct euicc_record r = {1000, w->now, ev, NULL, NULL};
    return euicc_apply(&w->e, &r);
}

static struct event event(const struct core *w, enum event_type t)
{
    struct event ev;

    memset(&ev, 0, sizeof ev);
    ev.type = t;
    ev.eid = w->eid;
    return ev;
}

static void broken_logs(void **state)
{
    struct core *w = *state;
    struct uuid running, other = {{9}};

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    running = w->e->ops[0]->id;
    for (unsigned i = 0; i < 20; i++) {
        struct event ev = event(w, EV_NONE);
        ev.op = other;
        ev.kvn = 1;
        ev.counter = 2;
        ev.iccid = core_iccid(0x77);
        switch (i) {
        case 0: ev.type = EV_EUICC_REGISTERED; break;           /* a second time */
        case 1: ev.type = EV_OPERATION_ACCEPTED; ev.op = running; break;
        case 2: ev.type = EV_OPERATION_ARMED; break;            /* of no operation */
        case 3: ev.type = EV_PACKET_ARMED; break;
        case 4: ev.type = EV_PACKET_ARMED; ev.op = running; ev.counter = 1; break;  /* used */
        case 5:
            ev.type = EV_PACKET_ARMED;
            ev.op = running;
            ev.kvn = 2;
            break; /* other key set */
        case 6: ev.type = EV_OPERATION_ANSWERED; break;
        case 7: ev.type = EV_STEP_OPENED; ev.step = 1; break;
        case 8: ev.type = EV_STEP_OPENED; ev.op = running; ev.step = 0; break;      /* used */
        case 9:
            ev.type = EV_STEP_ANSWERED;
            ev.op = running;
            break; /* none is open */
        case 10: ev.type = EV_ISDP_CREATED; break;
        case 11: ev.type = EV_PROFILE_INSTALLED; break;
        case 12: ev.type = EV_PROFILE_ENABLED; break;
        case 13: ev.type = EV_PROFILE_DELETED; break;
        case 14: ev.type = EV_ADDRESS_CHANGED; break;
        case 15: ev.type = EV_POLICY_CHANGED; break;
        case 16: ev.type = EV_OPERATION_IN_DOUBT; break;
        case 17: ev.type = EV_OPERATION_CONCLUDED; break;       /* runs not, and no refusal */
        case 18: ev.type = EV_COUNTER_JUMPED; ev.counter = 0; break;
        default: ev.type = EV_ORDER_ACCEPTED; break;            /* the SM-DP's */
        }
        if (apply(w, &ev) != ERR_CORRUPT)
            fail_msg("case %u", i);
        core_assert_same(w->e, w->twin);
    }
}

static void records_of_a_card_that_is_not_registered(void **state)
{
    struct core *w = *state;
    struct euicc *none = NULL;

    for (unsigned t = EV_NONE; t <= EV_TYPE_COUNT; t++) {
        struct event ev = event(w, (enum event_type)t);
        struct euicc_record r = {1, w->now, &ev, NULL, NULL};
        ev.stage = STAGE_ADMISSION;
        assert_int_equal(euicc_apply(&none, &r),
                         t == EV_OPERATION_CONCLUDED ? ERR_OK : ERR_CORRUPT);
        assert_null(none);
    }
}

static void counters_jump_forward(void **state)
{
    struct core *w = *state;
    struct event ev = event(w, EV_COUNTER_JUMPED);

    ev.kvn = 1;
    ev.counter = 1024;
    core_record(w, &ev);
    assert_int_equal(w->e->counter_high, 1024);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(w->plan.unit.armed->counter, 1025);
}

/* The oldest packet gives way; the operation ends all the same. */
static void more_packets_than_room(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    for (unsigned i = 0; i < 10; i++)
        core_note(w, 5, (uint16_t)(10 + i), BOOT);
    assert_int_equal(w->e->n_packets, EUICC_PACKETS_MAX);
    assert_int_equal(w->e->packets[0].counter, 11 - EUICC_PACKETS_MAX + 1);
    assert_int_equal(core_por_sw(w, 1, 0x9000), ERR_STATE);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_expect_end(w, VERDICT_FAILED, "8.4", "4.2");
    assert_int_equal(w->e->n_packets, 0);
}

/* By what the EIS believed: an audit switches, and neither installs nor undoes an installation. */
static void life_cycle_states(void **state)
{
    static const struct { uint8_t lifecycle; enum profile_state whole, unfinished; } ROWS[] = {
        {0x3F, PROFILE_ENABLED, PROFILE_ENABLED},  {0x1F, PROFILE_DISABLED, PROFILE_CREATED},
        {0x0F, PROFILE_DISABLED, PROFILE_CREATED}, {0x07, PROFILE_DISABLED, PROFILE_CREATED},
        {0x03, PROFILE_DISABLED, PROFILE_CREATED}};

    for (size_t i = 0; i < 4 * (sizeof ROWS / sizeof *ROWS); i++) {
        static const enum profile_state WAS[] = {PROFILE_ENABLED, PROFILE_DISABLED, PROFILE_CREATED,
                                                 PROFILE_IN_CREATION};
        struct core *w = *state;
        struct event ev = event(w, EV_EUICC_AUDITED);
        unsigned row = (unsigned)i / 4;
        ev.n_profiles = 3;
        for (unsigned k = 0; k < 3; k++)
            ev.profiles[k] = (struct event_profile){.aid = core_aid(BOOT + k), .lifecycle = 0x1F};
        ev.profiles[1].lifecycle = ROWS[row].lifecycle;
        w->e->profiles[1].state = w->twin->profiles[1].state = WAS[i % 4];
        core_record(w, &ev);
        assert_int_equal(core_profile_state(w, ONE),
                         i % 4 < 2 ? ROWS[row].whole : ROWS[row].unfinished);
        assert_int_equal(w->e->memory_free, 500000); /* not told: as before */
    }
}

static void texts_are_cut_between_characters(void **state)
{
    struct core *w = *state;
    struct event ev = event(w, EV_PROFILE_INSTALLED);
    char type[120];

    memset(type, 'x', sizeof type);
    memcpy(type + 99, "\xC3\xA4", 2); /* the 100th octet is half a character */
    core_create(w, FRESH, 0, false);
    ev.iccid = core_iccid(FRESH);
    ev.profile_type = span_of(type, 101);
    assert_int_equal(apply(w, &ev), ERR_OK);
    assert_int_equal(strlen(euicc_profile_by_iccid(w->e, &ev.iccid)->profile_type), 99);
}

static void smallest_free_aid(void **state)
{
    struct core *w = *state;
    struct aid aid, expect = core_aid(FRESH);

    assert_int_equal(euicc_new_aid(w->e, &aid), ERR_OK);
    assert_true(aid_eq(&aid, &expect));
    w->e->profiles[1].aid = core_aid(0x40);
    expect = core_aid(ONE);
    assert_int_equal(euicc_new_aid(w->e, &aid), ERR_OK);
    assert_true(aid_eq(&aid, &expect));
}

static void the_earliest_due(void **state)
{
    struct core *w = *state;

    assert_int_equal(euicc_due(w->e), 0);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(euicc_due(w->e), w->now + 60000);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_int_equal(euicc_due(w->e), w->now + 60000);
    w->now += 1;
    core_por_sw(w, 0, 0x9000); /* waits 600 s; the other ends after 180 */
    assert_int_equal(euicc_due(w->e), w->now - 1 + 180000);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(broken_logs), T(records_of_a_card_that_is_not_registered), T(counters_jump_forward),
        T(more_packets_than_room), T(life_cycle_states), T(texts_are_cut_between_characters),
        T(smallest_free_aid), T(the_earliest_due),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
