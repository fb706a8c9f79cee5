/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* What the factory may deliver, what witnesses see, and what twenty thousand cards weigh. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <malloc.h>
#include <stdlib.h>

#include "test/support/card_rig.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define FLEET 20000u
#define SAMPLE 1000u
#define FLEET_OCTETS (300u * 1024u * 1024u)

static int refused(struct rig *r, void (*spoil)(struct card_factory *f))
{
    struct card_factory f = r->factory;
    struct card *c = NULL;
    int rc;

    spoil(&f);
    rc = card_new(&r->world, &f, &c);
    if (rc == ERR_OK)
        card_free(c);
    else
        assert_null(c);
    return rc;
}

static void eid_zero(struct card_factory *f)
{
    f->eid = (struct eid){{0}};
}

static void scp80_version_0(struct card_factory *f)
{
    f->scp80_kvn = 0;
}

static void scp80_version_16(struct card_factory *f)
{
    f->scp80_kvn = 0x10;
}

static void psk_version_low(struct card_factory *f)
{
    f->psk_kvn = 0x3F;
}

static void psk_version_high(struct card_factory *f)
{
    f->psk_kvn = 0x50;
}

static void certificate_long(struct card_factory *f)
{
    static uint8_t cert[CARD_CERT_MAX + 1];

    f->ecasd_cert = span_of(cert, sizeof(cert));
}

static void imei_unended(struct card_factory *f)
{
    memset(f->imei, '1', sizeof(f->imei));
}

static void imei_short(struct card_factory *f)
{
    f->imei[3] = '\0';
}

static void imei_letters(struct card_factory *f)
{
    f->imei[3] = 'A';
}

static void imei_none(struct card_factory *f)
{
    f->imei[0] = '\0';
}

static void factories(void **state)
{
    static void (*const BAD[])(struct card_factory *) = {
        eid_zero, scp80_version_0, scp80_version_16, psk_version_low, psk_version_high,
        certificate_long, imei_unended, imei_short, imei_letters,
    };

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        assert_int_equal(refused(*state, BAD[i]), ERR_INVAL);
    assert_int_equal(refused(*state, imei_none), ERR_OK);
}

static void witnesses(void **state)
{
    struct rig *r = *state;

    assert_true(eid_eq(card_eid(r->card), &r->factory.eid));
    assert_int_equal(card_isdp_count(r->card), 1);
    assert_non_null(card_isdp_at(r->card, 0));
    assert_null(card_isdp_at(r->card, 1));
    assert_ptr_equal(card_enabled(r->card), card_isdp_at(r->card, 0));
    assert_int_equal(card_memory_free(r->card), r->factory.memory_bytes);
    assert_true(card_enabled(r->card)->fallback);
}

static void free_of_nothing(void **state)
{
    (void)state;
    card_free(NULL);
}

/* Same version, same image: each call of this walk changes both or neither. */
static void version_tells_of_the_image(void **state)
{
    struct rig *r = *state;
    static uint8_t before[20000];
    size_t n = 0;

    rig_install(r, 0x13, 0);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t version = card_version(r->card);
        struct buf image;

        buf_init(&image, 0);
        assert_int_equal(card_image(r->card, &image), 0);
        n = image.n;
        memcpy(before, image.p, n);
        buf_reset(&image);
        switch (i) {
        case 0: rig_attach(r, true); break;
        case 1: assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000); break;
        case 2: assert_int_equal(rig_enable(r, 0x13), 0x9000); break;
        case 3: rig_attach(r, false); break;
        case 4: rig_attach(r, true); break;
        case 5: assert_true(rig_timer(r)); break;
        case 6: rig_sms_sent(r, false); break;
        default: rig_power(r); break;
        }
        assert_int_equal(card_image(r->card, &image), 0);
        assert_int_equal(card_version(r->card) == version,
                         image.n == n && memcmp(before, image.p, n) == 0);
        buf_fini(&image);
    }
}

/* Idle cards with the state a used one has. No timing; the heap's own figures. */
static void fleet_fits(void **state)
{
    struct rig *r = *state;
    struct card **fleet = calloc(SAMPLE, sizeof(*fleet));
    struct buf image;
    size_t before, used;

    assert_non_null(fleet);
    rig_install(r, 0x13, 0);
    buf_init(&image, 0);
    assert_int_equal(card_image(r->card, &image), 0);
    before = mallinfo2().uordblks;
    for (unsigned i = 0; i < SAMPLE; i++)
        assert_int_equal(card_from_image(&r->world, buf_span(&image), &fleet[i]), 0);
    used = mallinfo2().uordblks - before;
    for (unsigned i = 0; i < SAMPLE; i++)
        card_free(fleet[i]);
    free(fleet);
    buf_fini(&image);
    if (!SANITIZED)            /* the sanitizer's allocator does not report here */
        assert_true(used > 0);
    assert_true(used / SAMPLE * FLEET < FLEET_OCTETS);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(factories), CASE(witnesses), CASE(free_of_nothing),
        CASE(version_tells_of_the_image), CASE(fleet_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
