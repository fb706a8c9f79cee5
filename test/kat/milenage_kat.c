/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage against TS 35.207 and generated sets. */
#include "common/crypto/milenage.h"

#include "test/kat/kat.h"

#define SAME(field, key) kat_same(span_of(out.field, sizeof out.field), vec_get(v, key))

static void test_sets(void **state)
{
    struct vec *v = vec_open("milenage");
    struct milenage_out out;
    uint8_t opc[16];
    int n = 0;

    for (; kat_next(v, "sets"); n++) {
        struct span k = vec_get(v, "k");

        assert_int_equal(milenage_opc(*state, k.p, vec_get(v, "op").p, opc), 0);
        kat_same(span_of(opc, sizeof opc), vec_get(v, "opc"));
        assert_int_equal(milenage(*state, k.p, opc, vec_get(v, "rand").p, vec_get(v, "sqn").p,
                                  vec_get(v, "amf").p, &out),
                         0);
        SAME(f1, "f1");
        SAME(f1s, "f1s");
        SAME(f2, "f2");
        SAME(f3, "f3");
        SAME(f4, "f4");
        SAME(f5, "f5");
        SAME(f5s, "f5s");
    }
    assert_int_equal(n, 7);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sets)};

    return cmocka_run_group_tests(tests, kat_crypto, kat_crypto_end);
}
