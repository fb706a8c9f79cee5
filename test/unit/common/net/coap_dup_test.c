/* SPDX-License-Identifier: Apache-2.0 */
/* The memory of answered requests: life time, bounds, copies (RFC 7252 4.5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/net/coap_int.h"

static struct span key(const uint32_t *k)
{
    return span_of(k, sizeof(*k));
}

static void put(struct coap_dup *d, uint32_t k, const char *payload, int64_t now)
{
    struct coap_reply r = {.code = COAP_CHANGED, .location = "a/b", .payload = span_str(payload)};
    coap_dup_put(d, key(&k), &r, now);
}

static const struct coap_reply *get(struct coap_dup *d, uint32_t k, int64_t now)
{
    return coap_dup_get(d, key(&k), now);
}

static void test_keeps_a_copy(void **state)
{
    struct coap_dup *d = coap_dup_new(4, 100);
    char text[] = "hello";
    (void)state;
    put(d, 1, text, 0);
    memset(text, 'x', 5);
    const struct coap_reply *r = get(d, 1, 1);
    assert_non_null(r);
    assert_int_equal(r->code, COAP_CHANGED);
    assert_string_equal(r->location, "a/b");
    assert_memory_equal(r->payload.p, "hello", 5);
    assert_null(get(d, 2, 1));
    put(d, 1, "again", 2);
    assert_memory_equal(get(d, 1, 3)->payload.p, "again", 5);
    assert_int_equal(coap_dup_count(d), 1);
    coap_dup_free(d);
    coap_dup_free(NULL);
}

static void test_life_time(void **state)
{
    struct coap_dup *d = coap_dup_new(4, 100);
    (void)state;
    put(d, 1, "a", 0);
    assert_non_null(get(d, 1, DUP_LIFETIME_MS - 1));
    assert_null(get(d, 1, DUP_LIFETIME_MS));
    assert_int_equal(coap_dup_count(d), 0);
    put(d, 1, "a", 0);
    put(d, 2, "b", 10);
    put(d, 3, "c", DUP_LIFETIME_MS); /* takes the stale one away */
    assert_int_equal(coap_dup_count(d), 2);
    assert_non_null(get(d, 2, DUP_LIFETIME_MS));
    coap_dup_free(d);
}

static void test_bounds(void **state)
{
    struct coap_dup *d = coap_dup_new(3, 10);
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        put(d, i, "", 0);
    assert_int_equal(coap_dup_count(d), 3);
    assert_null(get(d, 1, 0));
    assert_non_null(get(d, 2, 0));
    assert_non_null(get(d, 4, 0));
    put(d, 10, "123456", 0);
    put(d, 11, "123456", 0); /* octets: the older goes */
    assert_null(get(d, 10, 0));
    assert_non_null(get(d, 11, 0));
    put(d, 12, "12345678901", 0); /* larger than everything: not kept, nobody leaves for it */
    assert_null(get(d, 12, 0));
    assert_non_null(get(d, 11, 0));
    uint8_t longer[MAP_KEY_MAX + 1] = {0};
    struct coap_reply r = {.code = COAP_CHANGED};
    coap_dup_put(d, span_of(longer, sizeof(longer)), &r, 0);
    assert_null(coap_dup_get(d, span_of(longer, sizeof(longer)), 0));
    coap_dup_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keeps_a_copy),
                                       cmocka_unit_test(test_life_time),
                                       cmocka_unit_test(test_bounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
