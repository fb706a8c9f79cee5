/* SPDX-License-Identifier: Apache-2.0 */
/* Which bearer: capability, route, preference. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/bearer.h"

static const struct {
    bool http, psk, cattp;                 /* the card */
    bool https_on, cattp_on, cattp_first;  /* the route */
    enum bearer bearer;
} ROWS[] = {
    {true, true, false, true, true, false, BEARER_HTTPS},
    {true, true, true, true, true, false, BEARER_HTTPS},
    {true, true, true, true, true, true, BEARER_CATTP},
    {true, true, false, true, true, true, BEARER_HTTPS},
    {false, false, true, true, true, false, BEARER_CATTP},
    {true, false, true, true, true, false, BEARER_CATTP},  /* no key for it */
    {true, true, true, false, true, false, BEARER_CATTP},
    {true, true, true, true, false, false, BEARER_HTTPS},
    {false, false, true, true, false, false, BEARER_NONE},
    {true, true, false, false, true, true, BEARER_NONE},
    {false, false, false, true, true, true, BEARER_NONE},
};

static void which(void **state)
{
    struct euicc_profile profile = {.state = PROFILE_ENABLED};
    struct route route = {.profile_type = "*", .sms = true};
    struct env env = {.routes = &route, .n_routes = 1};

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct euicc e = {.http = ROWS[i].http, .cattp = ROWS[i].cattp,
                          .psk_kvn = ROWS[i].psk ? 0x40 : 0, .profiles = &profile, .n_profiles = 1};
        struct bearer_choice c;
        route.https = ROWS[i].https_on;
        route.cattp = ROWS[i].cattp_on;
        route.cattp_first = ROWS[i].cattp_first;
        c = bearer_for_data(&env, &e);
        if (c.bearer != ROWS[i].bearer)
            fail_msg("row %u: %s", (unsigned)i, bearer_text(c.bearer));
        assert_true((c.route == NULL) == (c.bearer == BEARER_NONE));
        assert_true((c.why != NULL) == (c.bearer == BEARER_CATTP));
    }
}

static void no_profile_or_no_route(void **state)
{
    struct euicc_profile profile = {.state = PROFILE_DISABLED};
    struct route route = {.profile_type = "*", .sms = true, .https = true, .cattp = true};
    struct env env = {.routes = &route, .n_routes = 1};
    struct euicc e = {.http = true, .cattp = true, .psk_kvn = 0x40, .profiles = &profile,
                      .n_profiles = 1};

    (void)state;
    assert_int_equal(bearer_for_data(&env, &e).bearer, BEARER_NONE);
    profile.state = PROFILE_ENABLED;
    env.n_routes = 0;
    assert_int_equal(bearer_for_data(&env, &e).bearer, BEARER_NONE);
    assert_null(bearer_route(&env, &e, BEARER_HTTPS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(which),
        cmocka_unit_test(no_profile_or_no_route),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
