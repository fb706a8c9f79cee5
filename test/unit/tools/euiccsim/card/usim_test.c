/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* USIM AUTHENTICATE: the key, the sequence number, resynchronisation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/crypto/milenage.h"
#include "test/support/card_rig.h"

static const uint8_t RAND[16] = {0x23, 0x55, 0x3C, 0xBE, 0x96, 0x37, 0xA8, 0x9D,
                                 0x21, 0x8A, 0xE6, 0x4D, 0xAE, 0x47, 0xBF, 0x35};
static const uint8_t AMF[2] = {0xB9, 0xB9};

/* What an HSS with these secrets makes of a sequence number. */
static struct milenage_out challenge(struct rig *r, uint16_t number, uint64_t sqn,
                                     uint8_t autn[16])
{
    struct milenage_out f;
    uint8_t k[16], opc[16], s[6];

    rig_secrets(number, k, opc);
    for (unsigned i = 0; i < 6; i++)
        s[i] = (uint8_t)(sqn >> (8 * (5 - i)));
    assert_int_equal(milenage(r->crypto, k, opc, RAND, s, AMF, &f), 0);
    for (unsigned i = 0; i < 6; i++)
        autn[i] = s[i] ^ f.f5[i];
    memcpy(autn + 6, AMF, 2);
    memcpy(autn + 8, f.f1, 8);
    return f;
}

static int authenticate(struct rig *r, uint16_t number, uint64_t sqn)
{
    uint8_t autn[16], res[8] = {0};
    struct milenage_out f = challenge(r, number, sqn, autn);
    int rc = card_authenticate(r->card, RAND, autn, res);

    if (rc == ERR_OK)
        assert_memory_equal(res, f.f2, 8);
    return rc;
}

static void answers(void **state)
{
    struct rig *r = *state;
    uint64_t version = card_version(r->card);

    assert_int_equal(authenticate(r, 0x10, 1), ERR_OK);
    assert_true(card_version(r->card) > version);
}

static void each_octet_of_autn_counts(void **state)
{
    struct rig *r = *state;
    uint8_t autn[16], res[8];

    (void)challenge(r, 0x10, 1, autn);
    for (size_t i = 0; i < sizeof(autn); i++) {
        autn[i] ^= 0x01;
        assert_int_equal(card_authenticate(r->card, RAND, autn, res), ERR_AUTH);
        autn[i] ^= 0x01;
    }
    assert_int_equal(card_authenticate(r->card, RAND, autn, res), ERR_OK);
}

static void other_subscriber(void **state)
{
    assert_int_equal(authenticate(*state, 0x11, 1), ERR_AUTH);
}

static void sequence_numbers(void **state)
{
    struct rig *r = *state;

    assert_int_equal(authenticate(r, 0x10, 0), ERR_STATE);
    assert_int_equal(authenticate(r, 0x10, 10), ERR_OK);
    assert_int_equal(authenticate(r, 0x10, 10), ERR_STATE);
    assert_int_equal(authenticate(r, 0x10, 9), ERR_STATE);
    assert_int_equal(authenticate(r, 0x10, 10 + (UINT64_C(1) << 28) + 1), ERR_STATE);
    assert_int_equal(authenticate(r, 0x10, 10 + (UINT64_C(1) << 28)), ERR_OK);
}

static void sequence_survives_power(void **state)
{
    struct rig *r = *state;

    assert_int_equal(authenticate(r, 0x10, 77), ERR_OK);
    rig_reboot(r);
    assert_int_equal(authenticate(r, 0x10, 77), ERR_STATE);
    assert_int_equal(authenticate(r, 0x10, 78), ERR_OK);
}

/* AUTS gives the HSS the card's number and proves who says it. */
static void resynchronises(void **state)
{
    struct rig *r = *state;
    const uint8_t zero[2] = {0, 0};
    struct milenage_out f;
    uint8_t k[16], opc[16], auts[14], sqn[6];

    assert_int_equal(authenticate(r, 0x10, 0x0102030), ERR_OK);
    assert_int_equal(card_resync(r->card, RAND, auts), ERR_OK);
    rig_secrets(0x10, k, opc);
    assert_int_equal(milenage(r->crypto, k, opc, RAND, (const uint8_t[6]){0}, zero, &f), 0);
    for (unsigned i = 0; i < 6; i++)
        sqn[i] = auts[i] ^ f.f5s[i];
    assert_memory_equal(sqn, "\x00\x00\x00\x10\x20\x30", 6);
    assert_int_equal(milenage(r->crypto, k, opc, RAND, sqn, zero, &f), 0);
    assert_memory_equal(auts + 6, f.f1s, 8);
}

static void follows_the_enabled_profile(void **state)
{
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(authenticate(r, 0x10, 5), ERR_OK);
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    assert_int_equal(authenticate(r, 0x10, 6), ERR_AUTH);
    assert_int_equal(authenticate(r, 0x13, 1), ERR_OK);
}

static void no_profile(void **state)
{
    struct rig *r = *state;
    uint8_t autn[16] = {0}, res[8], auts[14];

    r->factory.has_bootstrap = false;
    rig_card_new(r);
    assert_int_equal(card_authenticate(r->card, RAND, autn, res), ERR_NOT_FOUND);
    assert_int_equal(card_resync(r->card, RAND, auts), ERR_NOT_FOUND);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(answers), CASE(each_octet_of_autn_counts), CASE(other_subscriber),
        CASE(sequence_numbers), CASE(sequence_survives_power), CASE(resynchronises),
        CASE(follows_the_enabled_profile), CASE(no_profile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
