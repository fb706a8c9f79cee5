/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Orders over a CAT_TP link, and what becomes of them when it breaks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/packet.h"
#include "common/codec/push.h"
#include "common/codec/script.h"
#include "smsr/es5/es5.h"
#include "test/support/smsr_core_way.h"

#define LINK 0x81
#define LIST_WITH OLD_ON " 13=07"

static const struct out_link *sent(const struct core *w)
{
    const struct out_link *o = core_out(w, OUT_LINK, 0);

    assert_non_null(o);
    return o;
}

/* CreateISDP up to the packet that is with the card. */
static void to_packet(struct core *w, bool more)
{
    assert_int_equal(core_create(w, FRESH, 0, more), ERR_OK);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(core_link_opens(w, LINK), ERR_OK);
    assert_string_equal(core_state(w), "STEP");
}

static void the_push_asks_for_a_link(void **state)
{
    struct core *w = *state;
    const struct event *chosen;
    struct script_reader sr;
    struct script_item item;
    struct apdu_cmd cmd;
    struct push_channel c;
    struct push_link l;
    uint8_t id[ES5_LINK_ID];

    core_create(w, FRESH, 0, false);
    chosen = core_event(w, EV_BEARER_CHOSEN);
    assert_non_null(chosen);
    assert_int_equal(chosen->bearer, BEARER_CATTP);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    assert_int_equal(script_open(w->plan.unit.script, &sr), ERR_OK);
    assert_int_equal(script_next(&sr, &item), ERR_OK);
    assert_int_equal(apdu_cmd_parse(item.value, &cmd), ERR_OK);
    assert_true(cmd.cla == 0x80 && cmd.ins == PUSH_INS && cmd.p1 == PUSH_P1);
    assert_int_equal(cmd.p2, PUSH_P2_CHANNEL);
    assert_int_equal(push_channel_parse(cmd.data, &c), ERR_OK);
    assert_int_equal(c.port, 7444);
    assert_string_equal(c.apn, "iot.example");
    assert_int_equal(script_next(&sr, &item), ERR_OK);
    assert_int_equal(apdu_cmd_parse(item.value, &cmd), ERR_OK);
    assert_int_equal(cmd.p2, PUSH_P2_LINK);
    assert_int_equal(push_link_parse(cmd.data, &l), ERR_OK);
    assert_int_equal(l.port, CATTP_PORT);
    es5_link_id(&w->eid, &w->e->ops[0]->id, id);
    assert_true(span_eq(l.id, span_of(id, sizeof id)));
    assert_int_equal(script_next(&sr, &item), ERR_NOT_FOUND);
    assert_true(w->plan.unit.script.n <= 98); /* one SMS */
}

static void created_over_the_link(void **state)
{
    struct core *w = *state;
    struct uuid link = core_session(LINK);
    const struct out_session_close *end;

    to_packet(w, false);
    assert_int_equal(w->plan.unit.armed->type, EV_OPERATION_ARMED);
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_CATTP);
    assert_int_equal(w->plan.unit.tar, 0x000001);
    assert_int_equal(w->plan.unit.script.p[0], 0xAA); /* the form of packets, as by SMS */
    assert_true(uuid_eq(&sent(w)->session, &link));
    assert_true(sent(w)->armed == w->plan.unit.armed);
    assert_null(core_out(w, OUT_SMS, 0));
    assert_int_equal(w->e->ops[0]->bearer, BEARER_CATTP);
    core_por_hex(w, 0, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
    end = core_out(w, OUT_SESSION_CLOSE, 0);
    assert_non_null(end);
    assert_true(uuid_eq(&end->session, &link));
}

static uint8_t chaining_of(const struct core *w)
{
    struct script_reader sr;
    struct script_item item;

    assert_int_equal(script_open(w->plan.unit.script, &sr), ERR_OK);
    assert_int_equal(script_next(&sr, &item), ERR_OK);
    return item.tag == SCRIPT_TAG_CHAINING ? item.value.p[0] : 0;
}

/* What a card must remember from script to script is held by script chaining (TS 102 226). */
static void sent_over_the_same_link(void **state)
{
    struct core *w = *state;
    static uint8_t load[2500];
    const struct es3_send_data_response *m;

    to_packet(w, true);
    core_por_hex(w, 0, STEP_CREATED);
    assert_null(core_out(w, OUT_SESSION_CLOSE, 0));
    for (unsigned i = 0; i < 5; i++) { /* five elements of 500 octets: three packets */
        load[500 * i] = 0x86;
        load[500 * i + 1] = 0x82;
        load[500 * i + 2] = 0x01;
        load[500 * i + 3] = 0xF0;
    }
    core_send(w, FRESH, span_of(load, sizeof load), true);
    assert_string_equal(core_state(w), "STEP");
    assert_int_equal(w->plan.unit.tar, 0x000013);
    assert_int_equal(chaining_of(w), 0x11);
    assert_int_equal(sent(w)->chained, 0x13);
    w->pe.chained = 0x13;
    core_por_hex(w, 0, "AF8086008600" "0000");
    assert_int_equal(chaining_of(w), 0x02);
    core_por_hex(w, 0, "AF8086008600" "0000");
    core_por_hex(w, 0, "AF808600" "0000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    m = core_delivery(w, CORE_D, MSG_ES3_SEND_DATA_RESPONSE);
    assert_int_equal(m->euicc_response_data.n, 10); /* all five answers */
    core_send(w, FRESH, span_of(load, 500), false);
    assert_int_equal(chaining_of(w), 0x03);
    assert_int_equal(sent(w)->chained, 0);
    core_por_hex(w, 0, "AF808600" "0000");
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0));
    w->pe.chained = 0;
    core_send(w, FRESH, span_of(load, 500), false); /* alone: nothing to be remembered */
    assert_int_equal(chaining_of(w), 0);
}

/* A chain is kept by who is addressed: that of the ISD-R is no beginning for the ISD-P's. */
static void another_target_begins_its_own_chain(void **state)
{
    struct core *w = *state;
    static const uint8_t LOAD[] = {0x86, 1, 0};

    to_packet(w, true);
    assert_int_equal(sent(w)->chained, 0);
    core_por_hex(w, 0, STEP_CREATED);
    core_send(w, 0, core_hex(w, "80E6200000"), true);
    assert_int_equal(w->plan.unit.tar, 0x000001);
    assert_int_equal(chaining_of(w), 0x11);
    assert_int_equal(sent(w)->chained, 0x000001);
    w->pe.chained = 0x000001;
    core_por_hex(w, 0, "AF80230290000000");
    core_send(w, 0, core_hex(w, "80E6200000"), true);
    assert_int_equal(chaining_of(w), 0x02);
    core_por_hex(w, 0, "AF80230290000000");
    core_send(w, FRESH, span_of(LOAD, sizeof LOAD), true);
    assert_int_equal(w->plan.unit.tar, 0x000013);
    assert_int_equal(chaining_of(w), 0x11);
    assert_int_equal(sent(w)->chained, 0x000013);
    w->pe.chained = 0x000013;
    core_por_hex(w, 0, "AF808600" "0000");
    core_send(w, FRESH, span_of(LOAD, sizeof LOAD), false);
    assert_int_equal(chaining_of(w), 0x03);
    assert_int_equal(sent(w)->chained, 0);
}

/* --- what breaks --- */
static void lost_before_it_ran(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    assert_int_equal(core_link_breaks(w, LINK), ERR_OK);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_non_null(core_event(w, EV_OPERATION_IN_DOUBT));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE); /* on its channel: the key set, by SMS */
    assert_int_equal(w->plan.unit.armed->bearer, BEARER_SMS);
    core_por_list(w, 0, OLD_ON);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
    assert_int_equal(core_link_opens(w, LINK + 1), ERR_OK);
    assert_int_equal(w->plan.unit.armed->attempt, 2);
    core_por_hex(w, 0, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static void lost_behind_it(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    core_link_breaks(w, LINK);
    core_por_list(w, 0, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_CREATED);
}

static void three_attempts(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    for (uint8_t i = 1; i < 3; i++) {
        core_link_breaks(w, (uint8_t)(LINK + i - 1));
        core_por_list(w, 0, OLD_ON);
        core_link_opens(w, (uint8_t)(LINK + i));
        assert_string_equal(core_state(w), "STEP");
    }
    core_link_breaks(w, LINK + 2);
    core_por_list(w, 0, OLD_ON);
    assert_string_equal(core_state(w), "-");
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
}

static void restarted_with_a_packet_out(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    w->pe.linked = false;
    core_restart(w);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    core_por_list(w, 0, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The answer to the question of the first attempt comes while the second is open: it is no
 * proof. */
static void an_older_fence_is_none(void **state)
{
    struct core *w = *state;
    uint64_t first, second;

    to_packet(w, false);
    core_link_breaks(w, LINK);
    first = w->e->counter_high;
    core_timer(w);
    second = w->e->counter_high;
    assert_true(second > first);
    core_por_list(w, second, OLD_ON);
    core_link_opens(w, LINK + 1);
    core_link_breaks(w, LINK + 1);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    core_por_list(w, first, OLD_ON);
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_por_list(w, 0, LIST_WITH);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* The same of the answer to the command of the attempt before, which its fence proved dead: a card
 * may say it again, and whoever heard it on its way may. */
static void an_answer_of_the_attempt_before_is_none(void **state)
{
    struct core *w = *state;
    uint64_t first;

    to_packet(w, false);
    first = w->e->counter_high;
    core_link_breaks(w, LINK);
    core_timer(w);
    core_por_list(w, 0, OLD_ON);
    core_link_opens(w, LINK + 1);
    assert_string_equal(core_state(w), "STEP");
    assert_true(w->e->counter_high > first + 1);
    (void)core_por_hex(w, first, "AF802303006A840000");
    assert_string_equal(core_state(w), "STEP");
    assert_null(core_event(w, EV_OPERATION_CONCLUDED));
    core_por_hex(w, 0, STEP_CREATED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

/* Its answer and the end of its link came in one turn, in the other order: refused, not lost. */
static void an_answer_behind_the_end_of_the_link(void **state)
{
    struct core *w = *state;
    uint64_t command;

    to_packet(w, false);
    command = w->e->counter_high;
    core_link_breaks(w, LINK);
    core_por_hex(w, command, "AF802303006A840000");
    assert_string_equal(core_state(w), "FENCE_WAIT"); /* the question decides */
    core_por_list(w, w->e->counter_high, OLD_ON);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
}

/* Law 3: what went by CAT_TP does not move into a session that the card opened itself. */
static void a_session_of_the_card_is_not_taken(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    assert_int_equal(core_first_post(w, 1), ERR_STATE);
    core_link_breaks(w, LINK);
    assert_int_equal(core_first_post(w, 2), ERR_STATE);
    assert_string_equal(core_state(w), "FENCE_WAIT");
}

static void a_status_that_proves_nothing(void **state)
{
    static const uint8_t POR[] = {POR_CNTR_LOW, POR_MEMORY, POR_MORE_TIME, POR_TAR_UNKNOWN,
                                     POR_INSUFFICIENT_SECURITY};

    for (size_t i = 0; i < sizeof POR; i++) {
        struct core *w = *state;
        if (i) {
            core_fini(w);
            core_init_link(w);
        }
        to_packet(w, false);
        core_por(w, 0, POR[i], span_of("", 0));
        assert_string_equal(core_state(w), "FENCE_WAIT");
        assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    }
}

static void send_data_is_not_sent_again(void **state)
{
    struct core *w = *state;

    to_packet(w, false);
    core_por_hex(w, 0, STEP_CREATED);
    w->pe.linked = false;
    core_send(w, 0, core_hex(w, "80E6200000"), false);
    core_link_opens(w, LINK + 1);
    core_link_breaks(w, LINK + 1);
    core_por_list(w, 0, OLD_ON);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
}

static void the_end_of_the_time(void **state)
{
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    w->now = w->e->ops[0]->validity_end_ms;
    core_link_opens(w, LINK);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_EXPIRED);
    assert_non_null(core_out(w, OUT_SESSION_CLOSE, 0)); /* nothing to be done there */
    w->pe.linked = false;
    core_create(w, FRESH, 0, false);
    core_link_opens(w, LINK + 1);
    core_link_breaks(w, LINK + 1);
    core_por_list(w, 0, OLD_ON); /* fenced: it did not run, and no link comes */
    w->now = w->e->ops[0]->validity_end_ms;
    core_timer(w);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->result, VERDICT_FAILED);
}

/* --- which way --- */
static void without_the_capability_or_the_route(void **state)
{
    struct core *w = *state;

    w->routes[0].cattp = false;
    core_create(w, FRESH, 0, false);
    core_expect_end(w, VERDICT_FAILED, "8.1", "3.1");
    core_fini(w);
    core_init(w); /* its EIS does not tell of CAT_TP */
    w->routes[0].https = false;
    w->routes[0].cattp = true;
    core_create(w, FRESH, 0, false);
    core_expect_end(w, VERDICT_FAILED, "8.1", "3.1");
}

static void the_route_says_which_first(void **state)
{
    struct core *w = *state;
    struct push_trigger t;

    w->routes[0].https = true;
    core_create(w, FRESH, 0, false);
    assert_int_equal(push_trigger_parse(w->plan.unit.script, &t), ERR_OK);
    assert_int_equal(core_event(w, EV_BEARER_CHOSEN)->bearer, BEARER_HTTPS);
    core_fini(w);
    core_init_with(w, core_has_cattp);
    w->routes[0].cattp = w->routes[0].cattp_first = true;
    w->routes[0].udp_port = 7444;
    core_create(w, FRESH, 0, false);
    assert_non_null(core_event(w, EV_BEARER_CHOSEN));
    assert_int_not_equal(push_trigger_parse(w->plan.unit.script, &t), ERR_OK);
    assert_int_equal(core_first_post(w, 1), ERR_OK); /* nothing is armed: what is open first serves */
    assert_string_equal(core_state(w), "STEP");
    assert_int_equal(core_link_opens(w, LINK), ERR_STATE); /* and now it is */
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, core_link_setup, core_teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_push_asks_for_a_link),
        TEST(created_over_the_link),
        TEST(sent_over_the_same_link),
        TEST(another_target_begins_its_own_chain),
        TEST(lost_before_it_ran),
        TEST(lost_behind_it),
        TEST(three_attempts),
        TEST(restarted_with_a_packet_out),
        TEST(an_older_fence_is_none),
        TEST(an_answer_of_the_attempt_before_is_none),
        TEST(an_answer_behind_the_end_of_the_link),
        TEST(a_session_of_the_card_is_not_taken),
        TEST(a_status_that_proves_nothing),
        TEST(send_data_is_not_sent_again),
        TEST(the_end_of_the_time),
        TEST(without_the_capability_or_the_route),
        TEST(the_route_says_which_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
