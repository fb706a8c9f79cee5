/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* PUT KEY to the ISD-R: whole key sets under the DEK of the set that secured the command. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig_sr.h"

#define AES 0x88
#define PSK 0x85

static const uint8_t KEYS[3][16] = {{0x11, 1}, {0x22, 2}, {0x33, 3}};

/* `type, length, key length, ciphered key, 03, check value` under this DEK. */
static void field(struct rig *r, struct writer *w, const uint8_t dek[16], uint8_t type,
                  const uint8_t clear[16])
{
    static const uint8_t IV[16] = {0};
    uint8_t out[16], kcv[3];
    struct key *k = NULL, *d = NULL;

    assert_int_equal(key_new(KEY_AES, span_of(dek, 16), &d), 0);
    assert_int_equal(key_new(type == PSK ? KEY_PSK : KEY_AES, span_of(clear, 16), &k), 0);
    assert_int_equal(cbc_encrypt(r->crypto, d, IV, clear, 16, out), 0);
    assert_int_equal(key_kcv(r->crypto, k, kcv), 0);
    wr_u8(w, type);
    wr_u8(w, 17);
    wr_u8(w, 16);
    wr_bytes(w, out, 16);
    wr_u8(w, 3);
    wr_bytes(w, kcv, 3);
    key_free(k);
    key_free(d);
}

/* The command for a set of n keys, the first of this type and the others AES. */
static struct span put(struct rig *r, uint8_t dst[128], const uint8_t dek[16], uint8_t old_kvn,
                       uint8_t kvn, uint8_t type, unsigned n)
{
    struct writer w = wr_init(dst, 128);

    wr_u24(&w, 0x80D800u | old_kvn);
    wr_u8(&w, 0x81);
    wr_u8(&w, 0);
    wr_u8(&w, kvn);
    for (unsigned i = 0; i < n; i++)
        field(r, &w, dek, i ? AES : type, KEYS[i]);
    dst[4] = (uint8_t)(w.len - 5);
    return wr_view(&w);
}

static uint16_t put_under(struct rig *r, const uint8_t dek[16], uint8_t old_kvn, uint8_t kvn,
                          uint8_t type, unsigned n)
{
    uint8_t apdu[128];

    return rig_apdu(r, put(r, apdu, dek, old_kvn, kvn, type, n), NULL);
}

static uint16_t put_set(struct rig *r, uint8_t old_kvn, uint8_t kvn, uint8_t type, unsigned n)
{
    return put_under(r, r->factory.dek, old_kvn, kvn, type, n);
}

/* The rig speaks with the new set from now on. */
static void use_new_set(struct rig *r, uint8_t kvn)
{
    key_free(r->kic);
    key_free(r->kid);
    assert_int_equal(key_new(KEY_AES, span_of(KEYS[0], 16), &r->kic), 0);
    assert_int_equal(key_new(KEY_AES, span_of(KEYS[1], 16), &r->kid), 0);
    r->kvn = kvn;
    r->counter = 0;
}

static void a_new_set_serves_beside_the_old_one(void **state)
{
    struct rig *r = *state;
    uint8_t apdu[128];
    struct span data;

    assert_int_equal(rig_apdu(r, put(r, apdu, r->factory.dek, 0, 2, AES, 3), &data), 0x9000);
    assert_int_equal(data.n, 1 + 3 * 3); /* version and check values */
    assert_int_equal(data.p[0], 2);
    assert_int_equal(rig_row(r, 0)->ins, 0xD8);
    assert_int_equal(rig_row(r, 0)->sw, 0x9000);
    assert_true(aid_eq(&rig_row(r, 0)->aid, &AID_ISD_R));
    assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000);
    use_new_set(r, 2); /* its counter begins anew */
    assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000);
    assert_int_equal(rig_hex(r, "80E4000005F20302010300", NULL), 0x9000);
    assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000);
}

static void key_information(void **state)
{
    static const uint8_t SCP80[] = {0xC0, 4, 1, 2, AES, 16, 0xC0, 4, 2, 2, AES, 16,
                                    0xC0, 4, 3, 2, AES, 16};
    static const uint8_t SCP81[] = {0xC0, 4, 1, 0x41, PSK, 16, 0xC0, 4, 2, 0x41, AES, 16};
    struct rig *r = *state;
    struct span data;

    assert_int_equal(put_set(r, 0, 2, AES, 3), 0x9000);
    assert_int_equal(put_set(r, 0, 0x41, PSK, 2), 0x9000);
    assert_int_equal(rig_hex(r, "80CA00E000", &data), 0x9000);
    assert_int_equal(data.n, 2 + 6 * (3 + 3 + 1 + 2));
    assert_memory_equal(data.p + 2 + 6 * 3, SCP80, sizeof SCP80);
    assert_memory_equal(data.p + 2 + 6 * 7, SCP81, sizeof SCP81);
    assert_int_equal(rig_hex(r, "80CA00E0025C0000", NULL), 0x6A80);
}

static void a_set_in_the_place_of_another(void **state)
{
    struct rig *r = *state;

    assert_int_equal(put_set(r, 1, 5, AES, 3), 0x9000);
    use_new_set(r, 5);
    assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000);
    assert_int_equal(put_under(r, KEYS[2], 5, 5, AES, 3), 0x9000);
    r->counter = 0;
    assert_int_equal(rig_hex(r, "80CAFF2100", NULL), 0x9000);
}

static void places(void **state)
{
    struct rig *r = *state;

    assert_int_equal(put_set(r, 0, 1, AES, 3), 0x6985);    /* in use */
    assert_int_equal(put_set(r, 2, 3, AES, 3), 0x6A88);    /* nothing there to replace */
    assert_int_equal(put_set(r, 0, 2, AES, 3), 0x9000);
    assert_int_equal(put_set(r, 2, 1, AES, 3), 0x6985);
    assert_int_equal(put_set(r, 0, 0x0F, AES, 3), 0x9000);
    assert_int_equal(put_set(r, 0, 3, AES, 3), 0x6A84);    /* no place left */
    assert_int_equal(put_set(r, 0, 0x40, PSK, 2), 0x6985);
    assert_int_equal(put_set(r, 0x40, 0x40, PSK, 1), 0x9000);
    assert_int_equal(put_set(r, 0, 0x4F, PSK, 2), 0x9000);
    assert_int_equal(put_set(r, 0, 0x41, PSK, 2), 0x9000);
    assert_int_equal(put_set(r, 0, 0x42, PSK, 2), 0x6A84);
}

static void what_is_no_set_6A80(void **state)
{
    struct rig *r = *state;

    assert_int_equal(put_set(r, 0, 2, AES, 2), 0x6A80);
    assert_int_equal(put_set(r, 0, 2, PSK, 3), 0x6A80);
    assert_int_equal(put_set(r, 0, 0x10, AES, 3), 0x6A80);
    assert_int_equal(put_set(r, 0, 0x30, AES, 3), 0x6A80);
    assert_int_equal(put_set(r, 0, 0x41, AES, 2), 0x6A80);
    assert_int_equal(put_set(r, 0, 0x41, PSK, 3), 0x6A80);
    assert_int_equal(put_set(r, 0, 0x50, PSK, 2), 0x6A80);
    assert_int_equal(rig_hex(r, "80D80081010200", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80D80081", NULL), 0x6A80);
    assert_int_equal(rig_hex(r, "80D80082010200", NULL), 0x6A86);
    assert_int_equal(rig_hex(r, "80D88081010200", NULL), 0x6A86);
    assert_int_equal(rig_hex(r, "80D80001010200", NULL), 0x6A86);
}

/* Each octet counts: of the head the form, of a key its check value. */
static void octets(void **state)
{
    struct rig *r = *state;
    uint8_t apdu[128];
    struct span s = put(r, apdu, r->factory.dek, 0, 2, AES, 3);

    for (size_t i = 6; i < s.n; i++) {
        uint16_t sw;

        apdu[i] ^= 0x80;
        sw = rig_apdu(r, s, NULL);
        assert_true(sw == 0x6A80 || sw == 0x9485);
        apdu[i] ^= 0x80;
    }
    for (uint8_t n = 0; n < s.n - 5; n++) {
        apdu[4] = n;
        assert_int_equal(rig_apdu(r, span_of(apdu, 5u + n), NULL), 0x6A80);
    }
}

static void another_dek_9485(void **state)
{
    assert_int_equal(put_under(*state, KEYS[0], 0, 2, AES, 3), 0x9485);
}

/* In a session the DEK beside the PSK counts; one from the factory has none. */
static void in_a_session(void **state)
{
    struct rig_sr *sr = *state;
    struct rig *r = sr->r;
    uint8_t apdu[128];

    rig_sr_begin(sr);
    assert_int_equal(rig_sr_apdu(sr, put(r, apdu, r->factory.dek, 0, 2, AES, 3), NULL), 0x6982);
    rig_sr_finish(sr);
    assert_int_equal(put_set(r, 0, 0x41, PSK, 2), 0x9000);
    rig_sr_use_psk(sr, 0x41, KEYS[0]);
    rig_sr_begin(sr);
    assert_int_equal(rig_sr_apdu(sr, put(r, apdu, KEYS[1], 0, 2, AES, 3), NULL), 0x9000);
    rig_sr_finish(sr);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_new_set_serves_beside_the_old_one), CASE(key_information),
        CASE(a_set_in_the_place_of_another), CASE(places), CASE(what_is_no_set_6A80), CASE(octets),
        CASE(another_dek_9485),
        cmocka_unit_test_setup_teardown(in_a_session, rig_sr_setup, rig_sr_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
