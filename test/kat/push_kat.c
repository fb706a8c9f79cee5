/* SPDX-License-Identifier: Apache-2.0 */
/* Real session triggers, read, and written back where they have our form (GP Amendment B 3.7). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/push.h"
#include "test/support/vec.h"

static void real_address(const struct push_trigger *t)
{
    assert_true(t->has_address);
    assert_memory_equal(t->ipv4, "\x0A\x08\x28\x7D", 4);
    assert_string_equal(t->host, "10.8.40.125");
    assert_null(t->psk_identity.p);
    assert_false(t->has_retry);
}

static void check(unsigned no, const struct push_trigger *t)
{
    switch (no) {
    case 1:
    case 2:
        real_address(t);
        assert_int_equal(t->buffer_size, 0x0500);
        assert_int_equal(t->port, 8090);
        assert_string_equal(t->apn, "");
        break;
    case 3:
        real_address(t);
        assert_int_equal(t->buffer_size, 0x058E);
        assert_int_equal(t->port, 0x20FB);
        assert_string_equal(t->apn, "internet.itelcel.com");
        break;
    default:
        assert_int_equal(t->port, 0);
        assert_non_null(t->psk_identity.p);
        assert_int_equal(t->psk_identity.n, 0);
        assert_int_equal(t->psk_kvn, 1);
        assert_int_equal(t->psk_kid, 1);
        assert_true(t->has_retry);
        assert_int_equal(t->retry_count, 0xB000);
        assert_int_equal(t->retry_delay_s, 10 * 3600 + 20 * 60 + 30);
        assert_string_equal(t->host, "");
        break;
    }
}

static void triggers(void **state)
{
    (void)state;
    struct vec *v = vec_open("expanded");
    unsigned no = 0, exact = 0;
    while (vec_next(v)) {
        if (strcmp(vec_text(v, "block"), "https_trigger") != 0) {
            continue;
        }
        struct push_trigger t, again;
        struct span s = vec_get(v, "data");
        uint8_t room[512];
        struct writer w = wr_init(room, sizeof room);
        assert_int_equal(push_trigger_parse(s, &t), ERR_OK);
        check(++no, &t);
        push_trigger_put(&w, &t);
        exact += span_eq(wr_view(&w), s) ? 1 : 0;
        assert_int_equal(push_trigger_parse(wr_view(&w), &again), ERR_OK);
        check(no, &again);
        for (size_t n = 0; n < s.n; n++) {
            assert_int_not_equal(push_trigger_parse(span_of(s.p, n), &again), ERR_OK);
        }
    }
    assert_int_equal(no, 4);
    assert_int_equal(exact, 1); /* the others carry elements we never send */
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(triggers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
