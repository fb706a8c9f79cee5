/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_net */
/* Queries and datagrams as text and structures. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/coap_pair.h"

static void test_query_get(void **state)
{
    static const char q[] = "to=4917&from=&vp=900&o=0&too=1&flag";
    char v[8];
    (void)state;
    assert_true(coap_query_get(q, "to", v, sizeof(v)));
    assert_string_equal(v, "4917");
    assert_true(coap_query_get(q, "from", v, sizeof(v)));
    assert_string_equal(v, "");
    assert_true(coap_query_get(q, "o", v, sizeof(v)));
    assert_string_equal(v, "0");
    assert_true(coap_query_get(q, "too", v, sizeof(v)));
    assert_true(coap_query_get(q, "to", v, 5));
    assert_false(coap_query_get(q, "to", v, 4));
    assert_false(coap_query_get(q, "flag", v, sizeof(v)));
    assert_false(coap_query_get(q, "t", v, sizeof(v)));
    assert_false(coap_query_get(q, "v", v, sizeof(v)));
    assert_false(coap_query_get("", "to", v, sizeof(v)));
    assert_false(coap_query_get("to", "to", v, sizeof(v)));
}

static void test_decode(void **state)
{
    uint8_t d[16], place[COAP_UNIT_MAX], code;
    struct coap_msg m;
    (void)state;
    size_t n = pair_datagram(d, true, 2, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_OK);
    assert_string_equal(m.path, "q");
    assert_int_equal(m.payload.n, 1);
    assert_int_equal(m.payload.p[0], 'd');
    assert_int_equal(coap_decode(span_of(d, 7), place, &m, &code), ERR_OK);
    assert_int_equal(m.payload.n, 0);
    for (size_t cut = 0; cut < n; cut++) {
        int err = coap_decode(span_of(d, cut), place, &m, &code);
        assert_true(cut == 5 || cut == 7 ? err == ERR_OK : err == ERR_FORMAT);
    }
    n = pair_datagram(d, true, 1, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_UNSUPPORTED);
    assert_int_equal(code, COAP_NOT_ALLOWED);
    n = pair_datagram(d, true, 68, 1, 9);
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_FORMAT);
    d[0] = 0x81;
    assert_int_equal(coap_decode(span_of(d, n), place, &m, &code), ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_query_get),
        cmocka_unit_test(test_decode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
