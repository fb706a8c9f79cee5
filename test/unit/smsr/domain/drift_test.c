/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The EIS against the card's own list: each difference has its sentence and its repair. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/drift.h"
#include "test/support/smsr_core.h"

static struct event audit(void)
{
    struct event ev = {.type = EV_EUICC_AUDITED, .n_profiles = 3};

    ev.profiles[0] = (struct event_profile){core_aid(BOOT), core_iccid(BOOT), 0x3F, true};
    ev.profiles[1] = (struct event_profile){core_aid(ONE), core_iccid(ONE), 0x1F, false};
    ev.profiles[2] = (struct event_profile){core_aid(TWO), core_iccid(TWO), 0x1F, false};
    return ev;
}

static bool says(struct span s, const char *word)
{
    char text[400] = "";

    memcpy(text, s.p, s.n < sizeof text ? s.n : sizeof text - 1);
    return strstr(text, word) != NULL;
}

static void expect(struct core *w, const struct event *ev, const char *found, const char *next)
{
    struct admin_drift_row rows[DRIFT_ROWS_MAX];
    unsigned n = drift(w->e, ev, &w->arena, rows);

    assert_int_equal(n, 1);
    if (!says(rows[0].found, found) || !says(rows[0].next, next))
        fail_msg("'%.*s' '%.*s'", (int)rows[0].found.n, (const char *)rows[0].found.p,
                 (int)rows[0].next.n, (const char *)rows[0].next.p);
}

static void nothing_differs(void **state)
{
    struct core *w = *state;
    struct admin_drift_row rows[DRIFT_ROWS_MAX];
    struct event ev = audit();

    assert_int_equal(drift(w->e, &ev, &w->arena, rows), 0);
    ev.profiles[0].fallback = false; /* a card that does not tell of the attribute */
    assert_int_equal(drift(w->e, &ev, &w->arena, rows), 0);
}

static void each_difference(void **state)
{
    struct core *w = *state;
    struct event ev = audit();

    expect(w, NULL, "never audited", "smctl audit EID");
    ev.profiles[1].lifecycle = 0x0F;
    expect(w, &ev, "nothing is inside (0F)", "smctl profile delete");
    ev = audit();
    ev.profiles[1].lifecycle = 0x3F;
    expect(w, &ev, "EIS says Disabled, the card said Enabled", "smctl audit");
    ev = audit();
    ev.n_profiles = 2;
    expect(w, &ev, "did not list", "smctl audit");
    ev.more_to_do = true;
    expect(w, &ev, "was cut", "smctl audit");
    ev = audit();
    ev.profiles[ev.n_profiles++] = (struct event_profile){core_aid(0x40), {{0}}, 0x07, false};
    expect(w, &ev, "ISD-P (07) that the EIS does not know", "QUARANTINED");
    ev = audit();
    w->e->profiles[1].state = PROFILE_CREATED;
    ev.profiles[1].lifecycle = 0x07;
    expect(w, &ev, "unfinished", "profile delete");
    ev.profiles[1].lifecycle = 0x1F;
    expect(w, &ev, "was not completed", "SM-DP");
    w->e->profiles[1].state = PROFILE_DISABLED;
    ev = audit();
    w->e->audit_lsn = 5;
    w->e->profiles_lsn = 6;
    expect(w, &ev, "changed after the last audit", "smctl audit");
}

static void the_fallback_attribute(void **state)
{
    struct core *w = *state;
    struct admin_drift_row rows[DRIFT_ROWS_MAX];
    struct event ev = audit();

    ev.profiles[0].fallback = false;
    ev.profiles[2].fallback = true;
    assert_int_equal(drift(w->e, &ev, &w->arena, rows), 2);
    assert_true(says(rows[0].found, "the card does not"));
    assert_true(says(rows[1].found, "the EIS does not"));
}

/* Everything wrong at once, with as much as there can be of it. */
static void no_report_is_longer_than_its_room(void **state)
{
    struct core *w = *state;
    struct admin_drift_row rows[DRIFT_ROWS_MAX];
    struct event ev = {.n_profiles = EVENT_PROFILES_MAX};

    for (unsigned i = 0; i < EVENT_PROFILES_MAX; i++)
        ev.profiles[i] = (struct event_profile){core_aid(0x80 + i), {{0}}, 0x07, true};
    w->e->profiles_lsn = w->e->audit_lsn + 1;
    assert_int_equal(drift(w->e, &ev, &w->arena, rows), 1 + 3 + EVENT_PROFILES_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_differs),
        T(each_difference),
        T(the_fallback_attribute),
        T(no_report_is_longer_than_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
