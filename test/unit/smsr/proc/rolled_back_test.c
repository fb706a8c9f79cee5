/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Why a card went back: what was heard of it in the new network tells causes apart that share a verdict and a
 * code. A number that is not routed there loses the notification, a confirmation can be lost, or there is no
 * network at all. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/packet.h"
#include "common/msg/catalogue.h"
#include "test/support/smsr_core_way.h"

static void ended(const struct core *w, enum status_code why)
{
    const struct event *ev = core_event(w, EV_OPERATION_CONCLUDED);

    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
    assert_int_equal(ev->stage, STAGE_ATTACH);
    assert_int_equal(ev->text.n, strlen(STATUS[why].meaning));
    assert_memory_equal(ev->text.p, STATUS[why].meaning, ev->text.n);
    assert_non_null(core_event(w, EV_PROFILE_ROLLED_BACK));
}

static void executed(struct core *w)
{
    core_enable(w, 0);
    core_por_sw(w, 1, 0x9000);
    assert_string_equal(core_state(w), "WAIT_NOTIFICATION");
}

/* The question behind the silence is answered from the number of this profile: the new one is on. */
static void asked_it_answers_from(struct core *w, unsigned profile)
{
    executed(w);
    core_to_state(w, "FENCING");
    w->por_from = profile;
    core_por_list(w, 0, NEW_ON);
    w->por_from = BOOT;
}

static void told_back(struct core *w, uint16_t sequence)
{
    core_note(w, 3, sequence, BOOT);
    assert_string_equal(core_state(w), "CONFIRMING");
    core_confirmed(w, VERDICT_ROLLED_BACK);
}

static void nothing_was_heard_there(void **state)
{
    struct core *w = *state;

    executed(w);
    told_back(w, 5);
    ended(w, ST_ROLLED_BACK_UNHEARD);
}

/* It told of the change; what we said to it did not come. */
static void the_confirmation_was_lost(void **state)
{
    struct core *w = *state;

    executed(w);
    core_note(w, 2, 5, ONE);
    assert_string_equal(core_state(w), "CONFIRMING");
    told_back(w, 6);
    ended(w, ST_ROLLED_BACK_UNCONFIRMED);
}

/* The roll-back is told twice, and the process dies: what was heard before it stays known. */
static void it_stays_known(void **state)
{
    struct core *w = *state;

    executed(w);
    core_note(w, 2, 5, ONE);
    core_note(w, 3, 6, BOOT);
    core_note(w, 3, 6, BOOT);
    core_restart(w);
    core_note(w, 3, 7, BOOT);
    core_confirmed(w, VERDICT_ROLLED_BACK);
    ended(w, ST_ROLLED_BACK_UNCONFIRMED);
}

/* Asked, it answers from the number of the new profile: it is there, but its notification does not come. */
static void only_its_answers_came(void **state)
{
    struct core *w = *state;

    asked_it_answers_from(w, ONE);
    assert_string_equal(core_state(w), "WAIT_ROLLBACK");
    told_back(w, 5);
    ended(w, ST_ROLLED_BACK_NUMBER);
}

/* The same, and the roll-back itself is seen by an audit alone. */
static void only_audits_tell(void **state)
{
    struct core *w = *state;

    asked_it_answers_from(w, ONE);
    core_until_armed(w);
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
    ended(w, ST_ROLLED_BACK_NUMBER);
}

/* It told of the change when its caller had been answered: not confirmed, it goes back, over a restart and with
 * whatever else is heard of it there. */
static void it_told_too_late(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    w->por_from = ONE;
    core_por_list(w, 0, NEW_ON);
    core_note(w, 2, 5, ONE);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, NOTIFIED_LATE);
    core_restart(w);
    w->por_from = BOOT;
    told_back(w, 6);
    ended(w, ST_ROLLED_BACK_LATE);
}

/* Nothing but that. */
static void it_told_too_late_and_is_audited(void **state)
{
    struct core *w = *state;

    core_overdue(w);
    core_note(w, 2, 5, ONE);
    (void)core_next_fence(w);
    w->por_from = ONE;
    core_por_list(w, 0, NEW_ON);
    core_until_armed(w);
    w->por_from = BOOT;
    core_audited(w, OLD_ON, VERDICT_ROLLED_BACK);
    ended(w, ST_ROLLED_BACK_LATE);
}

/* From the former network it says that the new profile is on: of the new network that tells nothing. */
static void an_answer_from_the_former_network_is_none(void **state)
{
    struct core *w = *state;

    asked_it_answers_from(w, BOOT);
    assert_string_equal(core_state(w), "FENCING");
    told_back(w, 5);
    ended(w, ST_ROLLED_BACK_UNHEARD);
}

/* The network of the profile has no SMS here: a switch to it could never be confirmed. */
static void a_network_without_sms_is_not_switched_to(void **state)
{
    struct core *w = *state;

    w->routes[1].sms = false; /* B's */
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(core_admitted(w), "8.2.6-3.10");
    core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
    assert_string_equal(core_admitted(w), "accepted");
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(nothing_was_heard_there), T(the_confirmation_was_lost), T(it_stays_known), T(only_its_answers_came),
        T(it_told_too_late), T(it_told_too_late_and_is_audited), T(only_audits_tell), T(an_answer_from_the_former_network_is_none),
        T(a_network_without_sms_is_not_switched_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
