/* SPDX-License-Identifier: Apache-2.0 */
/* Reading .eis files (design 3.6): 4-byte length, entry, repeated. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/smctl/eis_file.h"

#include <stdlib.h>

static size_t put_entry(uint8_t *dst, size_t n, uint8_t fill)
{
    struct writer w = wr_init(dst, n + 4);

    wr_u32(&w, (uint32_t)n);
    wr_fill(&w, fill, n);
    assert_false(w.failed);
    return w.len;
}

static void entries_of_every_length(void **state)
{
    static const size_t LENGTHS[] = {1, 126, 127, 128, 255, 256, 65535, WIRE_DATA_MAX};
    uint8_t *file = malloc(8 * (WIRE_DATA_MAX + 4));
    struct span rest, entry;
    size_t n = 0, count, offset;

    (void)state;
    assert_non_null(file);
    for (size_t i = 0; i < 8; i++)
        n += put_entry(file + n, LENGTHS[i], (uint8_t)i);
    assert_int_equal(eis_file_count(span_of(file, n), &count, &offset), ERR_OK);
    assert_int_equal(count, 8);
    assert_int_equal(offset, n);
    rest = span_of(file, n);
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(eis_file_next(&rest, &entry), ERR_OK);
        assert_int_equal(entry.n, LENGTHS[i]);
        assert_int_equal(entry.p[entry.n - 1], i);
    }
    assert_int_equal(eis_file_next(&rest, &entry), ERR_NOT_FOUND);
    free(file);
}

static void every_cut_is_seen(void **state)
{
    uint8_t file[300];
    struct span rest, entry;
    size_t n = put_entry(file, 20, 1), count, offset;

    (void)state;
    n += put_entry(file + n, 200, 2);
    for (size_t cut = 0; cut <= n; cut++) {
        bool whole = cut == 0 || cut == 24 || cut == n;
        int err = eis_file_count(span_of(file, cut), &count, &offset);
        assert_int_equal(err, whole ? ERR_OK : ERR_TRUNCATED);
        assert_int_equal(count, cut >= n ? 2 : cut >= 24 ? 1 : 0);
        assert_int_equal(offset, cut >= n ? n : cut >= 24 ? 24 : 0);
    }
    rest = span_of(file, 23);
    assert_int_equal(eis_file_next(&rest, &entry), ERR_TRUNCATED);
    assert_int_equal(rest.n, 23); /* left as it was */
}

static void wrong_lengths(void **state)
{
    static const uint8_t ZERO[] = {0, 0, 0, 0, 1};
    static const uint8_t HUGE_[] = {0xFF, 0xFF, 0xFF, 0xFF, 0};
    static const uint8_t TEXT[] = "-----BEGIN CERTIFICATE-----";
    uint8_t large[4] = {0, 1, 0, 1};
    struct span rest, entry;

    (void)state;
    rest = span_of(ZERO, sizeof ZERO);
    assert_int_equal(eis_file_next(&rest, &entry), ERR_FORMAT);
    rest = span_of(HUGE_, sizeof HUGE_);
    assert_int_equal(eis_file_next(&rest, &entry), ERR_TOO_LARGE);
    rest = span_of(TEXT, sizeof TEXT);
    assert_int_equal(eis_file_next(&rest, &entry), ERR_TOO_LARGE);
    rest = span_of(large, sizeof large); /* WIRE_DATA_MAX + 1 */
    assert_int_equal(eis_file_next(&rest, &entry), ERR_TOO_LARGE);
}

static void the_card_of_an_entry(void **state)
{
    struct eum_signed_info info = {.platform_type = span_str("x")};
    struct signed_eis s = {.eum_signature = span_str("sig"), .eum_certificate = span_str("cert")};
    struct buf b, e;
    struct arena a;
    struct eid eid;

    (void)state;
    arena_init(&a, 1 << 20);
    buf_init(&b, 0);
    buf_init(&e, 0);
    assert_int_equal(eid_parse("89001012012341234012345678901224", &info.eid), ERR_OK);
    assert_int_equal(oid_parse(span_str("1.2.3"), &info.eum_id), ERR_OK);
    assert_int_equal(wire_eum_info_encode(&info, &b), ERR_OK);
    s.eum_signed_info = buf_span(&b);
    assert_int_equal(wire_signed_eis_encode(&s, &e), ERR_OK);
    assert_true(eis_file_eid(buf_span(&e), &a, &eid));
    assert_true(eid_eq(&eid, &info.eid));
    assert_false(eis_file_eid(span_str("no entry at all"), &a, &eid));
    assert_true(eid_is_zero(&eid));
    assert_false(eis_file_eid((struct span){NULL, 0}, &a, &eid));
    buf_fini(&b);
    buf_fini(&e);
    arena_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_of_every_length),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(wrong_lengths),
        cmocka_unit_test(the_card_of_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
