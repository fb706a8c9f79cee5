/* SPDX-License-Identifier: Apache-2.0 */
/* What a package needs against what an EIS tells. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/saip.h"
#include "smdp/domain/eligible.h"

static const struct dp_platform PLATFORMS[] = {{"SIM 1.0", 1u << 1 | 1u << 4},
                                               {"SIM 2.0", (1u << SAIP_SERVICES) - 1}};
static const struct dp_env ENV = {.platforms = PLATFORMS, .n_platforms = 2};

static enum status_code judge(uint32_t memory, uint32_t services, unsigned unknown, struct eis *e,
                            struct errmsg *why)
{
    const struct dp_need need = {memory, services, unknown};

    memset(why, 0, sizeof *why);
    return dp_eligible(&ENV, e, &need, why);
}

static void memory(void **state)
{
    struct eis e = {.remaining_memory = 60000};
    struct errmsg why;

    (void)state;
    assert_int_equal(judge(60000, 0, 0, &e, &why), ST_OK);
    assert_int_equal(judge(60001, 0, 0, &e, &why), DP_ST_MEMORY);
    assert_non_null(strstr(why.text, "60001 octets and the card has 60000"));
    e.remaining_memory = 0; /* not told */
    assert_int_equal(judge(60001, 0, 0, &e, &why), ST_OK);
}

/* Every service on a platform with it, without it, and on one that nobody described. */
static void services(void **state)
{
    struct eis with = {.capabilities = {.cattp = true, .platform = span_str("SIM 2.0")}};
    struct eis without = {.capabilities = {.cattp = true, .platform = span_str("SIM 1.0")}};
    struct eis other = {.capabilities = {.cattp = true, .platform = span_str("SIM 3.0")}};
    struct errmsg why;

    (void)state;
    for (unsigned i = 0; i < SAIP_SERVICES; i++) {
        bool has = PLATFORMS[0].services & 1u << i;
        assert_int_equal(judge(1, 1u << i, 0, &with, &why), ST_OK);
        assert_int_equal(judge(1, 1u << i, 0, &other, &why), ST_OK);
        assert_int_equal(judge(1, 1u << i, 0, &without, &why), has ? ST_OK : DP_ST_FEATURE);
        if (!has)
            assert_non_null(strstr(why.text, saip_service_name(i)));
    }
    assert_int_equal(judge(1, 1u << 1, 1, &with, &why), DP_ST_FEATURE);
    assert_non_null(strstr(why.text, "not known here"));
    assert_int_equal(judge(1, 1u << 1, 1, &other, &why), ST_OK);
}

static void cat_tp_is_declared_by_the_eis(void **state)
{
    struct eis e = {.capabilities = {.platform = span_str("SIM 2.0")}};
    struct errmsg why;

    (void)state;
    assert_int_equal(judge(1, 1u << 20, 0, &e, &why), DP_ST_FEATURE);
    assert_non_null(strstr(why.text, "cat-tp"));
    e.capabilities.cattp = true;
    assert_int_equal(judge(1, 1u << 20, 0, &e, &why), ST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory),
        cmocka_unit_test(services),
        cmocka_unit_test(cat_tp_is_declared_by_the_eis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
