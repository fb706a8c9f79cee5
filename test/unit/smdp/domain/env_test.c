/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups and the timer table. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smdp/domain/env.h"
#include "smdp/domain/order.h"
#include "smdp/domain/secret.h"

static void ranges(void **state)
{
    struct dp_party p = {.roles = 1u << ROLE_OPERATOR};
    struct dp_eid_range r = {"890010120123412340123456789000", "890010120123412340123456789009"};
    struct dp_env env = {.test_eids = &r, .n_test_eids = 1};
    struct iccid iccid;
    struct imsi imsi;
    struct eid eid;

    (void)state;
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &iccid), 0);
    assert_int_equal(imsi_parse(span_str("262010000000001"), &imsi), 0);
    assert_false(dp_env_covers_iccid(&p, &iccid));      /* default reject */
    assert_false(dp_env_covers_imsi(&p, &imsi));
    memcpy(p.iccid_prefix[0], "894902", 7);
    memcpy(p.plmn[0].s, "262010", 7);
    p.n_iccid = p.n_plmn = 1;
    assert_false(dp_env_covers_iccid(&p, &iccid));
    assert_true(dp_env_covers_imsi(&p, &imsi));
    memcpy(p.iccid_prefix[1], "894901", 7);
    memcpy(p.plmn[0].s, "26202", 6);
    p.n_iccid = 2;
    assert_true(dp_env_covers_iccid(&p, &iccid));
    assert_false(dp_env_covers_imsi(&p, &imsi));
    assert_true(dp_env_has_role(&p, ROLE_OPERATOR));
    assert_false(dp_env_has_role(&p, ROLE_ADMIN));
    assert_false(dp_env_has_role(&p, ROLE_NONE));
    assert_false(dp_env_has_role(NULL, ROLE_OPERATOR));
    assert_int_equal(eid_make("890010120123412340123456789005", &eid), 0);
    assert_true(dp_env_is_test(&env, &eid));
    assert_int_equal(eid_make("890010120123412340123456789010", &eid), 0);
    assert_false(dp_env_is_test(&env, &eid));
    assert_int_equal(eid_make("890010120123412340123456788999", &eid), 0);
    assert_false(dp_env_is_test(&env, &eid));
}

static void timers(void **state)
{
    int64_t one[DP_TIMER_COUNT], sixty[DP_TIMER_COUNT];

    (void)state;
    dp_timers_default(one, 1);
    dp_timers_default(sixty, 60);
    for (unsigned i = 0; i < DP_TIMER_COUNT; i++) {
        const struct dp_timer_row *r = &DP_TIMERS[i];
        assert_non_null(r->name);
        assert_non_null(r->doc);
        assert_in_range(r->default_ms, r->min_ms, r->max_ms);
        assert_int_equal(one[i], r->default_ms);
        assert_int_equal(sixty[i], r->default_ms / 60);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(r->name, DP_TIMERS[k].name);
    }
}

static void sentences_are_cut(void **state)
{
    char dst[8];

    (void)state;
    dp_text_put(dst, sizeof dst, "0123456789");
    assert_string_equal(dst, "0123456");
    dp_text_put(dst, sizeof dst, "");
    assert_string_equal(dst, "");
    dp_text_put(dst, 1, "x");
    assert_string_equal(dst, "");
}

static void secrets_have_their_place(void **state)
{
    struct secret_place a, b;
    struct iccid i, j;
    char id[DP_SECRET_ID], other[DP_SECRET_ID];

    (void)state;
    assert_int_equal(iccid_parse(span_str("89490100000000000001"), &i), 0);
    assert_int_equal(iccid_parse(span_str("89490100000000000002"), &j), 0);
    dp_secret_id(DP_SECRET_SUBSCRIPTION, &i, id);
    assert_string_equal(id, "subscription/89490100000000000001");
    for (int k = DP_SECRET_SUBSCRIPTION; k <= DP_SECRET_ISDP_KEYS; k++) {
        dp_secret_id((enum dp_secret)k, &j, other);
        assert_string_not_equal(id, other);
        dp_secret_place((enum dp_secret)k, 5, &i, &a);
        dp_secret_place((enum dp_secret)k, 5, &j, &b);
        assert_memory_not_equal(&a, &b, sizeof a);
        dp_secret_place((enum dp_secret)k, 6, &i, &b);
        assert_memory_not_equal(&a, &b, sizeof a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges),
        cmocka_unit_test(timers),
        cmocka_unit_test(sentences_are_cut),
        cmocka_unit_test(secrets_have_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
