/* SPDX-License-Identifier: Apache-2.0 */
/* Which bearer: capability, route, kind and size, preference, what was heard. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/bearer.h"
#include "test/support/smsr_core_way.h"

/* One card, one route, one operation of a party that may have something to say. */
static struct world {
    struct euicc_profile profile;
    struct route route;
    struct party parties[2];
    struct env env;
    struct euicc e;
    struct operation op;
} W;

static int setup(void **state)
{
    (void)state;
    W = (struct world){.profile = {.state = PROFILE_ENABLED},
                       .route = {.profile_type = "*", .sms = true, .https = true, .cattp = true},
                       .parties = {{.oid = {"1.1"}}, {.oid = {"1.2"}}}};
    W.env = (struct env){.routes = &W.route, .n_routes = 1, .parties = W.parties, .n_parties = 2};
    W.env.timer_ms[TIMER_BEARER_REST] = 1000;
    W.e = (struct euicc){.http = true, .cattp = true, .psk_kvn = 0x40, .profiles = &W.profile,
                         .n_profiles = 1};
    W.op = (struct operation){.function = FN_ENABLE_PROFILE, .party = {"1.1"}, .mno = {"1.2"}};
    return 0;
}

static struct bearer_choice choose(enum bearer after, int64_t now)
{
    const struct bearer_ask ask = {.env = &W.env, .e = &W.e, .op = &W.op, .after = after, .now = now};
    return bearer_choose(&ask);
}

static void expect(struct bearer_choice c, enum bearer b, const char *why)
{
    assert_string_equal(bearer_text(c.bearer), bearer_text(b));
    assert_string_equal(c.why ? c.why : "", why);
    assert_true((c.route != NULL) == (b == BEARER_HTTPS || b == BEARER_CATTP));
}

static const struct {
    bool http, psk, cattp;                 /* the card */
    bool https_on, cattp_on, cattp_first;  /* the route */
    enum bearer bearer;
    const char *why;
} DATA[] = {
    {true, true, false, true, true, false, BEARER_HTTPS, ""},
    {true, true, true, true, true, false, BEARER_HTTPS, "the route lists HTTPS before CAT_TP"},
    {true, true, true, true, true, true, BEARER_CATTP, "the route lists CAT_TP before HTTPS"},
    {true, true, false, true, true, true, BEARER_HTTPS, ""},
    {false, false, true, true, true, false, BEARER_CATTP, "the card or its route has no HTTPS"},
    {true, false, true, true, true, false, BEARER_CATTP, "the card or its route has no HTTPS"},
    {true, true, true, false, true, false, BEARER_CATTP, "the card or its route has no HTTPS"},
    {true, true, true, true, false, false, BEARER_HTTPS, ""},
    {false, false, true, true, false, false, BEARER_NONE, ""},
    {true, true, false, false, true, true, BEARER_NONE, ""},
    {false, false, false, true, true, true, BEARER_NONE, ""},
};

static void data_by_capability_and_route(void **state)
{
    (void)state;
    W.op.function = FN_CREATE_ISDP;
    for (size_t i = 0; i < sizeof DATA / sizeof *DATA; i++) {
        W.e.http = DATA[i].http;
        W.e.cattp = DATA[i].cattp;
        W.e.psk_kvn = DATA[i].psk ? 0x40 : 0;
        W.route.https = DATA[i].https_on;
        W.route.cattp = DATA[i].cattp_on;
        W.route.cattp_first = DATA[i].cattp_first;
        expect(choose(BEARER_NONE, 0), DATA[i].bearer, DATA[i].why);
    }
}

static void commands_by_route(void **state)
{
    (void)state;
    expect(choose(BEARER_NONE, 0), BEARER_SMS, "");     /* nothing else was listed before it */
    expect(choose(BEARER_SMS, 0), BEARER_SMS, "");
    W.route.cattp_commands = true;
    expect(choose(BEARER_NONE, 0), BEARER_CATTP, "the route lists CAT_TP before SMS");
    expect(choose(BEARER_CATTP, 0), BEARER_SMS, "no link came");
    W.e.cattp = false;
    expect(choose(BEARER_NONE, 0), BEARER_SMS, "");
    assert_false(bearer_fits(&W.env, &W.e, &W.op, BEARER_HTTPS));
    assert_true(bearer_fits(&W.env, &W.e, &W.op, BEARER_SMS));
}

/* Up through all of them, and back to the first. */
static void who_asks_is_asked_first(void **state)
{
    (void)state;
    core_prefer(&W.parties[0], BEARER_SMS, BEARER_HTTPS, BEARER_CATTP);
    expect(choose(BEARER_NONE, 0), BEARER_SMS, "who asks lists it first");
    expect(choose(BEARER_SMS, 0), BEARER_HTTPS, "no answer by SMS");
    expect(choose(BEARER_HTTPS, 0), BEARER_CATTP, "no session came");
    expect(choose(BEARER_CATTP, 0), BEARER_SMS, "no link came");
    W.e.psk_kvn = 0;
    expect(choose(BEARER_SMS, 0), BEARER_CATTP, "no answer by SMS");
    W.route.cattp = false;
    expect(choose(BEARER_NONE, 0), BEARER_SMS, "");
    expect(choose(BEARER_SMS, 0), BEARER_SMS, "");
}

static void a_fenced_one_says_so(void **state)
{
    struct bearer_ask ask = {.env = &W.env, .e = &W.e, .op = &W.op, .after = BEARER_HTTPS, .fenced = true};

    (void)state;
    core_prefer(&W.parties[0], BEARER_HTTPS, 0, 0);
    expect(bearer_choose(&ask), BEARER_SMS, "over HTTPS it did not run, as the fence shows");
}

/* What is not listed is still better than nothing. */
static void a_preference_forbids_nothing(void **state)
{
    (void)state;
    core_prefer(&W.parties[0], BEARER_CATTP, 0, 0);
    expect(choose(BEARER_NONE, 0), BEARER_CATTP, "who asks lists it first");
    expect(choose(BEARER_CATTP, 0), BEARER_SMS, "no link came");
    W.op.function = FN_SEND_DATA;
    W.e.cattp = false;
    expect(choose(BEARER_NONE, 0), BEARER_HTTPS, "");
    core_prefer(&W.parties[0], BEARER_SMS, 0, 0);            /* no bearer of data */
    expect(choose(BEARER_NONE, 0), BEARER_HTTPS, "");
}

static void the_owner_speaks_for_an_sm_dp(void **state)
{
    (void)state;
    core_prefer(&W.parties[1], BEARER_HTTPS, 0, 0);
    expect(choose(BEARER_NONE, 0), BEARER_HTTPS, "who asks lists it first");
    core_prefer(&W.parties[0], BEARER_SMS, 0, 0);
    expect(choose(BEARER_NONE, 0), BEARER_SMS, "");
}

static void large_data_does_not_go_by_cattp_first(void **state)
{
    (void)state;
    core_prefer(&W.parties[0], BEARER_CATTP, BEARER_HTTPS, 0);
    W.parties[0].cattp_up_to = 1000;
    W.op.function = FN_SEND_DATA;
    W.op.data_len = 1000;
    expect(choose(BEARER_NONE, 0), BEARER_CATTP, "who asks lists it first");
    W.op.data_len = 1001;
    expect(choose(BEARER_NONE, 0), BEARER_HTTPS, "too large for CAT_TP by the limit of who asks");
    expect(choose(BEARER_HTTPS, 0), BEARER_CATTP, "no session came");
    W.e.http = false;
    expect(choose(BEARER_NONE, 0), BEARER_CATTP, "who asks lists it first");
}

/* Twice in vain: the next one first, until it has rested or is heard. */
static void what_is_silent_rests(void **state)
{
    (void)state;
    W.op.function = FN_CREATE_ISDP;
    W.e.heard[BEARER_HTTPS] = (struct euicc_bearer){1, 500};
    expect(choose(BEARER_NONE, 600), BEARER_HTTPS, "the route lists HTTPS before CAT_TP");
    W.e.heard[BEARER_HTTPS].misses = 2;
    expect(choose(BEARER_NONE, 600), BEARER_CATTP, "no session came the last times");
    expect(choose(BEARER_CATTP, 600), BEARER_CATTP, "");
    expect(choose(BEARER_NONE, 1500), BEARER_HTTPS, "the route lists HTTPS before CAT_TP");
    W.e.heard[BEARER_CATTP] = (struct euicc_bearer){7, 500};    /* all of them: as ever */
    expect(choose(BEARER_NONE, 600), BEARER_HTTPS, "the route lists HTTPS before CAT_TP");
    expect(choose(BEARER_HTTPS, 600), BEARER_CATTP, "no session came");
}

static void no_profile_or_no_route(void **state)
{
    (void)state;
    W.op.function = FN_SEND_DATA;
    W.profile.state = PROFILE_DISABLED;
    expect(choose(BEARER_NONE, 0), BEARER_NONE, "");
    W.profile.state = PROFILE_ENABLED;
    W.env.n_routes = 0;
    expect(choose(BEARER_NONE, 0), BEARER_NONE, "");
    assert_null(bearer_route(&W.env, &W.e, BEARER_HTTPS));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
    const struct CMUnitTest tests[] = {
        T(data_by_capability_and_route),
        T(commands_by_route),
        T(who_asks_is_asked_first),
        T(a_fenced_one_says_so),
        T(a_preference_forbids_nothing),
        T(the_owner_speaks_for_an_sm_dp),
        T(large_data_does_not_go_by_cattp_first),
        T(what_is_silent_rests),
        T(no_profile_or_no_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
