/* SPDX-License-Identifier: Apache-2.0 */
/* The editor: values that grow and shrink across every length form, and edits that must fail. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/saip.h"
#include "common/codec/tlv.h"

static uint8_t big[70000];

/* A0 { B0 { 81 of n octets } 82 of one octet } AA {}: the shape edits are made in. */
static struct span nested(uint8_t *dst, size_t cap, size_t n)
{
    struct writer w = wr_init(dst, cap);
    size_t outer = tlv_open(&w, 0xA0);
    size_t inner = tlv_open(&w, 0xB0);
    tlv_put(&w, 0x81, span_of(big, n));
    tlv_close(&w, inner);
    tlv_put_u8(&w, 0x82, 7);
    tlv_close(&w, outer);
    tlv_put(&w, 0xAA, span_of("", 0));
    assert_false(w.failed);
    return wr_view(&w);
}

static struct tlv child(struct span value, uint32_t tag)
{
    struct tlv t;
    assert_int_equal(tlv_find(value, tag, &t), ERR_OK);
    return t;
}

static struct span leaf(struct span package)
{
    return child(child(child(package, 0xA0).value, 0xB0).value, 0x81).raw;
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (uint8_t)(i * 7);
    return 0;
}

/* From each of these lengths to each other one: the rebuilt bytes are the ones a writer makes. */
static void value_changes_length(void **state)
{
    (void)state;
    static const size_t lengths[] = {0,   1,   16,  118, 119, 120, 121, 122, 123, 124, 125, 126,
                                     127, 128, 129, 245, 250, 252, 253, 254, 255, 256, 257, 1000};
    static uint8_t a[4000], b[4000];
    static struct saip_editor e;
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        for (size_t j = 0; j < sizeof(lengths) / sizeof(lengths[0]); j++) {
            struct span from = nested(a, sizeof(a), lengths[i]);
            struct span want = nested(b, sizeof(b), lengths[j]);
            struct buf out;
            buf_init(&out, 0);
            saip_edit_init(&e, from);
            saip_edit_value(&e, leaf(from), span_of(big, lengths[j]));
            assert_int_equal(saip_edit_build(&e, &out), ERR_OK);
            saip_edit_fini(&e);
            assert_int_equal(out.n, want.n);
            assert_memory_equal(out.p, want.p, want.n);
            buf_fini(&out);
        }
    }
}

/* 65535 to 65536 and back around the edited field: the outer length takes three octets. */
static void enclosing_length_of_three_octets(void **state)
{
    (void)state;
    static uint8_t a[70000];
    static struct saip_editor e;
    for (size_t n = 65500; n < 65560; n++) {
        struct writer w = wr_init(a, sizeof(a));
        size_t outer = tlv_open(&w, 0xA0);
        tlv_put(&w, 0x81, span_of("x", 1));
        tlv_put(&w, 0x82, span_of(big, n));
        tlv_close(&w, outer);
        struct span from = wr_view(&w);
        struct buf out;
        buf_init(&out, 0);
        saip_edit_init(&e, from);
        saip_edit_value(&e, child(child(from, 0xA0).value, 0x81).raw,
                        span_of("0123456789abcdef", 16));
        assert_int_equal(saip_edit_build(&e, &out), ERR_OK);
        struct tlv t;
        assert_int_equal(tlv_only(buf_span(&out), 0xA0, &t), ERR_OK);
        assert_int_equal(child(t.value, 0x81).value.n, 16);
        assert_int_equal(child(t.value, 0x82).value.n, n);
        buf_fini(&out);
    }
}

static void insert_and_delete(void **state)
{
    (void)state;
    static uint8_t a[64];
    static const uint8_t want[] = {0xA0, 9, 0xB0, 0, 0x83, 0, 0x84, 1, 9, 0x85, 0, 0xAA, 0};
    static struct saip_editor e;
    struct span from = nested(a, sizeof(a), 3);
    struct tlv outer = child(from, 0xA0);
    struct buf out;
    buf_init(&out, 0);
    saip_edit_init(&e, from);
    saip_edit_replace(&e, leaf(from), span_of("", 0));
    saip_edit_after(&e, child(outer.value, 0xB0).raw, span_of("\x83\x00", 2));
    saip_edit_replace(&e, child(outer.value, 0x82).raw, span_of("\x84\x01\x09", 3));
    saip_edit_after(&e, child(outer.value, 0x82).raw, span_of("\x85\x00", 2));
    assert_int_equal(saip_edit_build(&e, &out), ERR_OK);
    assert_int_equal(out.n, sizeof(want));
    assert_memory_equal(out.p, want, sizeof(want));
    buf_fini(&out);
}

static void no_edit_copies(void **state)
{
    (void)state;
    static uint8_t a[600];
    static struct saip_editor e;
    struct span from = nested(a, sizeof(a), 300);
    struct buf out;
    buf_init(&out, 0);
    buf_add(&out, "ab", 2);
    saip_edit_init(&e, from);
    assert_int_equal(saip_edit_build(&e, &out), ERR_OK);
    assert_int_equal(out.n, from.n + 2);
    assert_memory_equal(out.p, "ab", 2);
    assert_memory_equal(out.p + 2, from.p, from.n);
    buf_fini(&out);
}

static void file_gets_one_fill(void **state)
{
    (void)state;
    static const uint8_t a[] = {0xA0, 16, 0xA3, 14,   0xA1, 3, 0x88, 1, 8,
                                0x82, 1,  3,    0x83, 1,    1, 0x83, 1, 2};
    static const uint8_t want[] = {0xA0, 11, 0xA3, 9, 0xA1, 3, 0x88, 1, 8, 0x83, 2, 5, 6};
    static struct saip_editor e;
    struct span from = span_of(a, sizeof(a));
    struct saip_file f = {.raw = child(child(from, 0xA0).value, 0xA3).raw};
    struct buf out;
    buf_init(&out, 0);
    saip_edit_init(&e, from);
    saip_edit_file(&e, &f, span_of("\x05\x06", 2));
    assert_int_equal(saip_edit_build(&e, &out), ERR_OK);
    assert_int_equal(out.n, sizeof(want));
    assert_memory_equal(out.p, want, sizeof(want));
    buf_fini(&out);
}

/* --- what must fail --- */

static int build(struct saip_editor *e)
{
    struct buf out;
    buf_init(&out, 0);
    buf_add(&out, "x", 1);
    int rc = saip_edit_build(e, &out);
    if (rc)
        assert_int_equal(out.n, 1);
    buf_fini(&out);
    return rc;
}

static void overlapping_edits(void **state)
{
    (void)state;
    static uint8_t a[64];
    static struct saip_editor e;
    struct span from = nested(a, sizeof(a), 3);
    saip_edit_init(&e, from);
    saip_edit_value(&e, leaf(from), span_of("a", 1));
    saip_edit_value(&e, leaf(from), span_of("b", 1));
    assert_int_equal(build(&e), ERR_STATE);
    saip_edit_init(&e, from);
    saip_edit_value(&e, leaf(from), span_of("a", 1));
    saip_edit_replace(&e, child(child(from, 0xA0).value, 0xB0).raw, span_of("\xB0\x00", 2));
    assert_int_equal(build(&e), ERR_STATE);
}

static void edits_off_the_border(void **state)
{
    (void)state;
    static uint8_t a[64];
    static struct saip_editor e;
    struct span from = nested(a, sizeof(a), 3);
    struct span at = leaf(from);
    saip_edit_init(&e, from);
    saip_edit_replace(&e, span_of(at.p + 1, 2), span_of("", 0)); /* inside a primitive */
    assert_int_equal(build(&e), ERR_INVAL);
    saip_edit_init(&e, from);
    saip_edit_replace(&e, span_of(at.p, at.n - 1), span_of("", 0));
    assert_int_equal(build(&e), ERR_INVAL);
    saip_edit_init(&e, from);
    saip_edit_after(&e, span_of(at.p, at.n - 1), span_of("", 0));
    assert_int_equal(build(&e), ERR_INVAL);
    saip_edit_init(&e, from);
    saip_edit_replace(&e, span_of(from.p + 1, 1), span_of("", 0)); /* a length octet */
    assert_int_equal(build(&e), ERR_INVAL);
    saip_edit_init(&e, from);
    saip_edit_replace(&e, span_of(big, 2), span_of("", 0)); /* another buffer */
    assert_int_equal(build(&e), ERR_INVAL);
    saip_edit_init(&e, from);
    saip_edit_value(&e, (struct span){NULL, 0}, span_of("a", 1)); /* an absent field */
    assert_int_equal(build(&e), ERR_INVAL);
}

static void too_many_edits(void **state)
{
    (void)state;
    static uint8_t a[2000];
    static struct saip_editor e;
    struct writer w = wr_init(a, sizeof(a));
    for (int i = 0; i <= SAIP_EDITS; i++)
        tlv_put_u8(&w, 0x81, 1);
    struct span from = wr_view(&w);
    saip_edit_init(&e, from);
    for (size_t i = 0; i <= SAIP_EDITS; i++)
        saip_edit_replace(&e, span_of(from.p + 3 * i, 3), span_of("", 0));
    assert_int_equal(build(&e), ERR_TOO_LARGE);
    saip_edit_init(&e, from);
    for (size_t i = 0; i < 9; i++)
        saip_edit_value(&e, span_of(from.p + 3 * i, 3), span_of(big, 1000));
    assert_int_equal(build(&e), ERR_TOO_LARGE);
    saip_edit_init(&e, from);
    saip_edit_value(&e, span_of(from.p, 3), span_of(big, 2000));
    assert_int_equal(build(&e), ERR_TOO_LARGE);
}

static void damaged_package(void **state)
{
    (void)state;
    static struct saip_editor e;
    static const uint8_t a[] = {0xA0, 3, 0x81, 1, 5, 0xA1, 9};
    saip_edit_init(&e, span_of(a, sizeof(a)));
    saip_edit_value(&e, span_of(a + 2, 3), span_of("b", 1));
    assert_int_equal(build(&e), ERR_TRUNCATED);
}

static void fini_wipes(void **state)
{
    (void)state;
    static uint8_t a[64];
    static struct saip_editor e;
    static const struct saip_editor zero;
    struct span from = nested(a, sizeof(a), 3);
    saip_edit_init(&e, from);
    saip_edit_value(&e, leaf(from), span_of("secret", 6));
    saip_edit_fini(&e);
    assert_memory_equal(&e, &zero, sizeof(e));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_changes_length), cmocka_unit_test(enclosing_length_of_three_octets),
        cmocka_unit_test(insert_and_delete),    cmocka_unit_test(no_edit_copies),
        cmocka_unit_test(file_gets_one_fill),   cmocka_unit_test(overlapping_edits),
        cmocka_unit_test(edits_off_the_border), cmocka_unit_test(too_many_edits),
        cmocka_unit_test(damaged_package),      cmocka_unit_test(fini_wipes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
