/* SPDX-License-Identifier: Apache-2.0 */
/* What a network takes in a second: no part more leaves. */
#include "test/unit/smsr/channel/channel_world.h"

static const struct env_network RATES[] = {{"a", 10, 0}};

static int paced(void **state)
{
    int err = setup(state);

    W.env.networks = RATES;
    W.env.n_networks = 1;
    for (unsigned i = 0; i < CARDS; i++)
        W.card[i].profile[0].state = PROFILE_ENABLED;
    return err;
}

static void send(const struct card *c, unsigned number, int to)
{
    static uint8_t bytes[40];
    static struct event armed;
    struct out_sms o = {.eid = c->e.eid, .armed = &armed, .validity_ms = 900000};

    armed = (struct event){.kvn = KVN, .counter = number, .data = span_of(bytes, sizeof bytes)};
    memcpy(bytes, &number, sizeof number);
    o.to[0] = c->profile[to].iccid;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
}

static unsigned sent_to(const char *network)
{
    unsigned n = 0;

    for (unsigned i = 0; i < W.n_mt; i++)
        n += !strcmp(W.mt[i].network, network);
    return n;
}

static void a_second_at_once_and_then_the_rate(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 30; i++)
        send(&W.card[0], i, 0);
    assert_int_equal(sent_to("a"), 10);
    pass(999);
    assert_in_range(sent_to("a"), 17, 19);      /* looked at each 200 ms */
    pass(2000);
    assert_int_equal(sent_to("a"), 30);
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal(W.mt[i].ud[3], i + 1); /* in order, each once */
    assert_int_equal(channel_due(W.ch), -1);
}

static void a_network_without_a_rate_is_not_held_up(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 30; i++)
        send(&W.card[0], i, 0);
    for (unsigned i = 1; i <= 30; i++)
        send(&W.card[1], i, 1);
    assert_int_equal(sent_to("a"), 10);
    assert_int_equal(sent_to("b"), 30);
}

static void a_result_brings_no_more_than_the_rate(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= 30; i++)
        send(&W.card[0], i, 0);
    for (unsigned i = 0; i < 10; i++)
        channel_sms_result(W.ch, W.mt[i].tag, CARRIER_ACCEPTED);
    assert_int_equal(W.n_mt, 10);
}

/* One a second: what was paid for a refusal would be missing a moment later. */
static void what_the_carrier_did_not_take_is_not_paid_for(void **state)
{
    static const struct env_network SLOW[] = {{"a", 1, 0}};

    (void)state;
    W.env.networks = SLOW;
    W.mt_result = ERR_FULL;
    send(&W.card[0], 1, 0);
    W.mt_result = ERR_OK;
    pass(200);
    assert_int_equal(W.n_mt, 1);
    send(&W.card[0], 2, 0);
    pass(600);
    assert_int_equal(W.n_mt, 1);
    pass(400);
    assert_int_equal(W.n_mt, 2);
}

int main(void)
{
#define P(f) cmocka_unit_test_setup_teardown(f, paced, teardown)
    const struct CMUnitTest tests[] = {
        P(a_second_at_once_and_then_the_rate),
        P(a_network_without_a_rate_is_not_held_up),
        P(a_result_brings_no_more_than_the_rate),
        P(what_the_carrier_did_not_take_is_not_paid_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
