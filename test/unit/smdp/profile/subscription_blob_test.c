/* SPDX-License-Identifier: Apache-2.0 */
/* The sealed form of a subscription: what goes in comes out, half a secret is none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/rng.h"
#include "smdp/profile/subscription_blob.h"
#include "test/support/fake.h"

static void subscriptions_come_back(void **state)
{
    uint8_t blob[SUBSCRIPTION_BLOB_MAX];
    struct subscription s, got;
    struct writer w = wr_init(blob, sizeof blob - 1);
    struct rng r;

    (void)state;
    fake_rng_init(&r, 7);
    memset(&s, 0, sizeof s);
    assert_int_equal(iccid_parse(span_str("89490100000000000001"), &s.iccid), 0);
    assert_int_equal(imsi_parse(span_str("262010000000001"), &s.imsi), 0);
    assert_int_equal(msisdn_parse(span_str("491710000001"), &s.msisdn), 0);
    rng_fill(&r, s.k, 16);
    rng_fill(&r, s.opc, 16);
    s.has_acc = true;
    s.acc[1] = 4;
    s.mnc_len = 2;
    assert_int_equal(msisdn_parse(span_str("49171000"), &s.smsc), 0);
    s.pin1.set = s.puk2.set = s.adm1.set = true;
    rng_fill(&r, s.puk2.v, 8);
    s.ota_kvn = 1;
    s.ota_kic.n = 16;
    s.ota_kid.n = 24;
    s.ota_dek.n = 32;
    rng_fill(&r, s.ota_dek.v, 32);
    s.has_pol1 = true;
    s.pol1 = 7;
    memset(s.profile_type, 'x', 63);
    assert_int_equal(subscription_pack(&s, &w), 0);
    assert_int_equal(subscription_unpack(wr_view(&w), &got), 0);
    assert_memory_equal(&s, &got, sizeof s);
    for (size_t n = 0; n < w.len; n++) {
        assert_int_equal(subscription_unpack(span_of(blob, n), &got), ERR_CORRUPT);
        assert_int_equal(got.k[0] | got.opc[0], 0); /* half a secret is none */
    }
    assert_int_equal(subscription_unpack(span_of(blob, w.len + 1), &got), ERR_CORRUPT);
    blob[0] = 9;
    assert_int_equal(subscription_unpack(wr_view(&w), &got), ERR_SCHEMA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(subscriptions_come_back)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
