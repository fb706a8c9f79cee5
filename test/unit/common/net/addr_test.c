/* SPDX-License-Identifier: Apache-2.0 */
/* host:port texts (design 3.5 configuration). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/addr.h"

#include <string.h>

static void test_good(void **state)
{
    static const struct {
        const char *text, *host;
        uint16_t port;
    } rows[] = {
        {"127.0.0.1:7101", "127.0.0.1", 7101},
        {"localhost:0", "localhost", 0},
        {"[::1]:65535", "::1", 65535},
        {"a.example:1", "a.example", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char host[ADDR_HOST];
        uint16_t port;
        assert_int_equal(addr_split(rows[i].text, host, &port, NULL), ERR_OK);
        assert_string_equal(host, rows[i].host);
        assert_int_equal(port, rows[i].port);
    }
}

static void test_bad(void **state)
{
    static const char *const rows[] = {
        "",      ":",       "127.0.0.1", "127.0.0.1:",
        ":80",   "a:65536", "a:-1",      "a:+1",
        "a: 1",  "a:1x",    "a:000001",  "::1:80",
        "[]:80", "[::1]",   "[::1]80",   "a:99999999999999999999",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char host[ADDR_HOST];
        uint16_t port;
        struct errmsg why = {""};
        assert_int_equal(addr_split(rows[i], host, &port, &why), ERR_CONFIG);
        assert_true(strlen(why.text) > 10);
    }
    char longer[400];
    char host[ADDR_HOST];
    uint16_t port;
    memset(longer, 'a', sizeof(longer));
    memcpy(longer + 254, ":1", 3);
    assert_int_equal(addr_split(longer, host, &port, NULL), ERR_CONFIG);
    memcpy(longer + 253, ":1", 3);
    assert_int_equal(addr_split(longer, host, &port, NULL), ERR_OK);
    assert_int_equal(strlen(host), 253);
}

static void test_literals(void **state)
{
    struct addr a, b;
    char text[ADDR_TEXT];
    (void)state;
    assert_true(addr_literal("127.0.0.1", 80, &a));
    addr_text(&a, text);
    assert_string_equal(text, "127.0.0.1:80");
    assert_int_equal(addr_port(&a), 80);
    assert_true(addr_literal("127.0.0.1", 81, &b));
    assert_true(addr_same_host(&a, &b));
    assert_true(addr_literal("127.0.0.2", 80, &b));
    assert_false(addr_same_host(&a, &b));
    assert_true(addr_literal("::1", 443, &b));
    addr_text(&b, text);
    assert_string_equal(text, "[::1]:443");
    assert_int_equal(addr_port(&b), 443);
    assert_false(addr_same_host(&a, &b));
    assert_true(addr_literal("::1", 1, &a));
    assert_true(addr_same_host(&a, &b));
    assert_false(addr_literal("localhost", 1, &a));
    assert_false(addr_literal("127.1", 1, &a));
    assert_int_equal(addr_resolve("127.0.0.1:9", SOCK_STREAM, &a, NULL), ERR_OK);
    assert_int_equal(addr_resolve("localhost:9", SOCK_STREAM, &a, NULL), ERR_OK);
    assert_int_equal(addr_port(&a), 9);
    assert_int_equal(addr_resolve("a..b:9", SOCK_STREAM, &a, NULL), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad),
                                       cmocka_unit_test(test_literals)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
