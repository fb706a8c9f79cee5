/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in template: readable by the one reader, in the size asked for, refused until it is
 * personalised. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/saip.h"
#include "smdp/profile/lint.h"
#include "smdp/profile/template.h"

static void bare_template_reads(void **state)
{
    (void)state;
    static struct saip_profile p;
    struct errmsg why;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(profile_template_build(0, &out), ERR_OK);
    assert_int_equal(saip_read(buf_span(&out), &p, &why), ERR_OK);
    assert_int_equal(p.version_major, 2);
    assert_int_equal(p.version_minor, 1);
    assert_string_equal(p.profile_type, PROFILE_TEMPLATE_TYPE);
    assert_string_equal(p.iccid_header.s, p.iccid_ef.s);
    assert_true(iccid_luhn_ok(&p.iccid_header));
    assert_string_equal(p.imsi.s, "001010000000000");
    assert_true(p.has_acc);
    assert_int_equal(p.ad_len, 4);
    assert_int_equal(p.algorithm, 1);
    assert_int_equal(p.n_pin, 3);
    assert_int_equal(p.n_puk, 2);
    assert_int_equal(p.n_ota, 3);
    assert_int_equal(p.ota[2].kid, 3);
    assert_int_equal(p.ota[2].type, 0x88);
    assert_int_equal(p.min_msl, 0x16);
    assert_int_equal(p.n_des_keys, 0);
    buf_fini(&out);
}

static void places_have_records(void **state)
{
    (void)state;
    static struct saip_map m;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(profile_template_build(0, &out), ERR_OK);
    assert_int_equal(saip_locate(buf_span(&out), &m, NULL), ERR_OK);
    assert_int_equal(m.ef[SAIP_EF_SMSP].record_len, 40);
    assert_int_equal(m.ef[SAIP_EF_MSISDN].record_len, 24);
    assert_int_equal(m.n_msl, 3);
    assert_false(m.same_identification);
    assert_true(m.memory > 500);
    buf_fini(&out);
}

static void sizes_are_met(void **state)
{
    (void)state;
    static const size_t sizes[] = {2000,  2048,  2049,  4096,   8192,  16384,
                                   30000, 65535, 65536, 131072, 262144};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        static struct saip_profile p;
        struct buf out;
        buf_init(&out, 0);
        assert_int_equal(profile_template_build(sizes[i], &out), ERR_OK);
        assert_in_range(out.n, sizes[i] - 64, sizes[i]);
        assert_int_equal(saip_read(buf_span(&out), &p, NULL), ERR_OK);
        buf_fini(&out);
    }
}

static void too_large(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(profile_template_build(PROFILE_TEMPLATE_MAX + 1, &out), ERR_TOO_LARGE);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    buf_init(&out, 100);
    assert_int_equal(profile_template_build(0, &out), ERR_NOMEM);
    buf_fini(&out);
}

static void lint_of_the_template(void **state)
{
    (void)state;
    static struct lint_report r;
    struct lint_options o = {.template = true};
    struct buf out;
    buf_init(&out, 0);
    assert_int_equal(profile_template_build(0, &out), ERR_OK);
    profile_lint(buf_span(&out), &o, &r);
    assert_int_equal(r.n, 0);
    profile_lint(buf_span(&out), NULL, &r); /* as if it were personalised */
    assert_true(r.n_refused >= 5);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bare_template_reads),  cmocka_unit_test(places_have_records),
        cmocka_unit_test(sizes_are_met),        cmocka_unit_test(too_large),
        cmocka_unit_test(lint_of_the_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
