/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* A known fault of the open peer, by name (facts: trust 1.5): T-NJ-5. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_world.h"

static int setup(void **state)
{
    struct srw *w = srw_new("openpeer");

    srw_enrol(w, srw_dial(w, EUM, ROLE_EUM), 1);
    *state = w;
    return 0;
}

/* The call arrives and is decided; the turn is the caller's to end. */
static void ask(struct srw_peer *b, const char *fcid)
{
    struct es4_enable_profile_request req = srw_enable_request(fcid, 1);

    srw_send(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    rpc_flush(b->client);
    assert_true(srw_move(b->server, &b->to_server, false));
}

static uint64_t counter_high(struct srw *w)
{
    return srw_card(w, 1)->counter_high;
}

/* T-NJ-5: the counter was raised in a transaction that could still be rolled back when its packet had gone, so
 * that the next command went out under the same number. Here a turn whose commit fails lets nothing out and
 * leaves the counter; a counter that was used is used for these octets alone, whatever dies behind them. */
static void tnj5_a_counter_is_durable_before_its_packet_leaves(void **state)
{
    struct srw *w = *state;
    uint64_t before = counter_high(w);
    struct srw_sms first;

    ask(srw_dial(w, MNO_B, ROLE_OPERATOR), "one");
    memvfs_fail(w->m, MEMVFS_SYNC, 1);
    assert_int_not_equal(smsr_core_turn(w->core), ERR_OK);
    assert_int_equal(w->n_sms, 0);
    srw_die(w, MEMVFS_DROP);
    srw_open(w);
    assert_int_equal(counter_high(w), before);

    ask(srw_dial(w, MNO_B, ROLE_OPERATOR), "two");
    srw_turn(w);
    assert_int_equal(w->n_sms, 1);
    first = w->sms[0];
    assert_int_equal(counter_high(w), before + 1);
    srw_die(w, MEMVFS_DROP);
    srw_open(w); /* the power fails behind the packet: what was not synced is gone */
    assert_int_equal(counter_high(w), before + 1);
    for (unsigned i = 0; i < 10 && !w->n_sms; i++) {
        fake_clock_step(&w->clock, 60000);
        srw_turn(w);
    }
    assert_true(w->n_sms > 0);
    assert_int_equal(w->sms[0].n, first.n);
    assert_memory_equal(w->sms[0].ud, first.ud, first.n);
    assert_int_equal(counter_high(w), before + 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, srw_teardown)
    const struct CMUnitTest tests[] = {CASE(tnj5_a_counter_is_durable_before_its_packet_leaves)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
