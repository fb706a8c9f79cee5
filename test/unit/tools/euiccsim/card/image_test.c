/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* The image of a card: round trips are checked by the rig everywhere; here what is no image. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

static int read_back(struct rig *r, struct span image)
{
    struct card *c = NULL;
    int rc = card_from_image(&r->world, image, &c);

    assert_true(rc == ERR_OK || c == NULL);
    card_free(c);
    return rc;
}

static void image_of(struct rig *r, struct buf *b)
{
    buf_init(b, 0);
    rig_install(r, 0x13, 0x07);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_int_equal(card_image(r->card, b), 0);
}

static void each_prefix_is_refused(void **state)
{
    struct rig *r = *state;
    struct buf b;

    image_of(r, &b);
    for (size_t n = 0; n < b.n; n++) {
        int rc = read_back(r, span_of(b.p, n));

        assert_true(rc == ERR_TRUNCATED || rc == ERR_FORMAT);
    }
    assert_int_equal(read_back(r, buf_span(&b)), ERR_OK);
    buf_add(&b, "", 1);
    assert_int_equal(read_back(r, buf_span(&b)), ERR_FORMAT);
    buf_fini(&b);
}

/* A flipped octet gives another card or none, and another card has that image again. */
static void each_octet_is_read(void **state)
{
    struct rig *r = *state;
    struct buf b, again;

    image_of(r, &b);
    buf_init(&again, 0);
    for (size_t i = 0; i < b.n; i++) {
        struct card *c = NULL;

        b.p[i] ^= 0xFF;
        if (card_from_image(&r->world, buf_span(&b), &c) == ERR_OK) {
            buf_reset(&again);
            assert_int_equal(card_image(c, &again), 0);
            assert_true(span_eq(buf_span(&b), buf_span(&again)));
            card_free(c);
        }
        b.p[i] ^= 0xFF;
    }
    buf_fini(&again);
    buf_fini(&b);
}

static void other_versions_are_refused(void **state)
{
    struct rig *r = *state;
    struct buf b;

    image_of(r, &b);
    for (size_t i = 0; i < 4; i++) {
        b.p[i]++;
        assert_int_equal(read_back(r, buf_span(&b)), ERR_FORMAT);
        b.p[i]--;
    }
    buf_fini(&b);
}

/* What the card does next does not depend on having been away. */
static void a_copy_behaves_alike(void **state)
{
    struct rig *r = *state;
    struct rig_note a, b;

    rig_install(r, 0x13, 0);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_reboot(r);
    rig_attach(r, true);
    assert_true(rig_note(r, &a));
    rig_reboot(r);
    assert_true(rig_timer(r));
    assert_true(rig_note(r, &b));
    assert_int_equal(a.seq, b.seq);
    assert_int_equal(a.type, b.type);
    assert_int_equal(rig_confirm(r, b.seq, NULL), 0x9000);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_prefix_is_refused), CASE(each_octet_is_read),
        CASE(other_versions_are_refused), CASE(a_copy_behaves_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
