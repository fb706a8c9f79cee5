/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Key establishment at ISD-P and ISD-R: certificates, challenge, signature, key places. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig.h"

#define ISDP_CRT {.scenario = 0x09, .usage = 0x10, .key_type = 0x88, .key_len = 0x10, .kid = 1, \
                  .kvn = 0x30}

/* One chained SMS script of one or two C-APDUs; the last R-APDU comes back. */
static uint16_t chained(struct rig *r, uint8_t how, struct span a, struct span b,
                        struct span *ret)
{
    struct script_reader sr;
    struct script_item item;
    struct apdu_rsp rsp = {.sw = 0};

    rig_chained(r, how, a, b);
    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    while (script_next(&sr, &item) == ERR_OK)
        if (item.tag == SCRIPT_TAG_RSP)
            assert_int_equal(apdu_rsp_parse(item.value, &rsp), 0);
    if (ret)
        *ret = rsp.data;
    return rsp.sw;
}

/* Sends the certificate for ISD-P number (0: the ISD-R); the challenge comes back. */
static uint16_t certificate(struct rig *r, uint16_t number, struct span cert, uint8_t rc[16])
{
    uint8_t a[64], b[300];
    struct span perso = span_of(a, number ? rig_perso_apdu(number, a, sizeof(a)) : 0);
    struct span store = span_of(b, rig_cert_apdu(cert, b, sizeof(b))), data;
    struct tlv t;
    uint16_t sw = number ? chained(r, 0x11, perso, store, &data)
                         : chained(r, 0x11, store, span_of(NULL, 0), &data);

    if (sw == 0x9000) {
        assert_int_equal(tlv_only(data, 0x85, &t), 0);
        assert_int_equal(t.value.n, 16);
        memcpy(rc, t.value.p, 16);
    }
    return sw;
}

static struct span dp_cert(const struct rig *r)
{
    return span_of(r->dp_cert, r->dp_cert_n);
}

static uint16_t keyset(struct rig *r, struct key *signer, const struct ecka_crt *crt,
                       const uint8_t rc[16], bool bare, struct rig_keys *keys, struct span *ret)
{
    uint8_t b[300];
    size_t n = rig_keyset_apdu(r, signer, crt, span_of(rc, 16), bare, keys, b, sizeof(b));

    return chained(r, 0x03, span_of(b, n), span_of(NULL, 0), ret);
}

static void receipt_is(struct span data, const struct rig_keys *keys)
{
    struct tlv t;

    assert_int_equal(tlv_find(data, 0x86, &t), 0);
    assert_int_equal(t.value.n, 16);
    assert_memory_equal(t.value.p, keys->receipt, 16);
}

static void isdp_both_point_forms(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;

    for (uint16_t n = 0x13; n < 0x15; n++) {
        struct rig_keys keys;
        uint8_t rc[16];
        struct span data;

        assert_int_equal(rig_create(r, n, 0), 0x9000);
        assert_int_equal(certificate(r, n, dp_cert(r), rc), 0x9000);
        assert_int_equal(rig_row(r, 0)->dgi, 0x3A01);
        assert_int_equal(rig_row(r, 0)->position, 1);
        assert_int_equal(keyset(r, r->dp, &crt, rc, n == 0x13, &keys, &data), 0x9000);
        receipt_is(data, &keys);
        assert_int_equal(rig_state(r, n), ISDP_PERSONALIZED);
        assert_int_equal(rig_row(r, 0)->dgi, 0x3A02);
        assert_int_equal(rig_row(r, 0)->state_before, ISDP_SELECTABLE);
        assert_int_equal(rig_row(r, 0)->state_after, ISDP_PERSONALIZED);
        rig_keys_fini(&keys);
    }
}

static void challenges_differ(void **state)
{
    struct rig *r = *state;
    uint8_t a[16], b[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), a), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), b), 0x9000);
    assert_memory_not_equal(a, b, 16);
}

static void certificate_of_other_role_6982(void **state)
{
    struct rig *r = *state;
    uint8_t rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, span_of(r->sr_cert, r->sr_cert_n), rc), 0x6982);
    assert_int_equal(certificate(r, 0, dp_cert(r), rc), 0x6982);
    assert_int_equal(certificate(r, 0x13, span_of(r->ecasd_cert, r->ecasd_cert_n), rc), 0x6982);
    assert_int_equal(certificate(r, 0x13, span_of(r->dp_cert, r->dp_cert_n - 1), rc), 0x6A80);
}

static void certificate_of_other_ci_6982(void **state)
{
    static uint8_t other[EC_POINT_LEN];
    struct rig *r = *state;
    struct key *k = NULL;
    uint8_t rc[16];

    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &k, other), 0);
    key_free(k);
    r->world.ci_points = span_of(other, sizeof(other));
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x6982);
    r->world.ci_points = span_of(NULL, 0);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x6982);
}

static void one_of_several_ci_9000(void **state)
{
    static uint8_t both[2 * EC_POINT_LEN];
    struct rig *r = *state;
    struct key *k = NULL;
    uint8_t rc[16];

    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &k, both), 0);
    key_free(k);
    memcpy(both + EC_POINT_LEN, r->ci_point, EC_POINT_LEN);
    r->world.ci_points = span_of(both, sizeof(both));
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
}

/* Each octet of the certificate counts: flipped, it is no certificate or not signed. */
static void certificate_octets(void **state)
{
    struct rig *r = *state;
    uint8_t cert[256], rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    for (size_t i = 0; i < r->dp_cert_n; i += 3) {
        uint16_t sw;

        memcpy(cert, r->dp_cert, r->dp_cert_n);
        cert[i] ^= 0x01;
        sw = certificate(r, 0x13, span_of(cert, r->dp_cert_n), rc);
        assert_true(sw == 0x6982 || sw == 0x6A80);
    }
}

static void signature_over_other_challenge_6982(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
    rc[15] ^= 1;
    assert_int_equal(keyset(r, r->dp, &crt, rc, true, NULL, NULL), 0x6982);
    assert_int_equal(rig_state(r, 0x13), ISDP_SELECTABLE);
}

static void signature_of_other_key_6982(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
    assert_int_equal(keyset(r, r->sr, &crt, rc, true, NULL, NULL), 0x6982);
}

static void a_challenge_serves_once_6985(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16], b[300];
    size_t n;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
    n = rig_keyset_apdu(r, r->dp, &crt, span_of(rc, 16), true, NULL, b, sizeof(b));
    assert_int_equal(chained(r, 0x02, span_of(b, n), span_of(NULL, 0), NULL), 0x9000);
    assert_int_equal(chained(r, 0x02, span_of(b, n), span_of(NULL, 0), NULL), 0x6985);
}

static void without_challenge_6985(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16] = {0}, b[300];
    size_t n = rig_keyset_apdu(r, r->dp, &crt, span_of(rc, 16), true, NULL, b, sizeof(b));

    assert_int_equal(rig_apdu(r, span_of(b, n), NULL), 0x6985);
}

static void power_takes_the_challenge_6985(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16], b[300];
    size_t n;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
        (i ? rig_reboot : rig_power)(r);
        n = rig_keyset_apdu(r, r->dp, &crt, span_of(rc, 16), true, NULL, b, sizeof(b));
        assert_int_equal(rig_apdu(r, span_of(b, n), NULL), 0x6985);
        assert_int_equal(rig_state(r, 0x13), ISDP_SELECTABLE);
    }
}

static void deleted_meanwhile_6985(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;
    uint8_t rc[16], b[300], del[64];
    struct span data;
    size_t n = 0;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
    memcpy(del, "\x80\xE4\x00\x40\x12\x4F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00"
                "\x00\x13\x00\x00", 24);
    assert_int_equal(chained(r, 0x02, span_of(del, 24), span_of(NULL, 0), &data), 0x9000);
    n = rig_keyset_apdu(r, r->dp, &crt, span_of(rc, 16), true, NULL, b, sizeof(b));
    assert_int_equal(chained(r, 0x03, span_of(b, n), span_of(NULL, 0), NULL), 0x6985);
}

static uint16_t with_crt(struct rig *r, uint16_t number, struct ecka_crt crt)
{
    uint8_t rc[16];

    assert_int_equal(certificate(r, number, number ? dp_cert(r)
                                                   : span_of(r->sr_cert, r->sr_cert_n), rc),
                     0x9000);
    return keyset(r, number ? r->dp : r->sr, &crt, rc, true, NULL, NULL);
}

static void crt_fields(void **state)
{
    const struct ecka_crt good = ISDP_CRT;
    struct rig *r = *state;
    struct ecka_crt crt;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    crt = good;
    crt.scenario = 0x0D;               /* HostID */
    assert_int_equal(with_crt(r, 0x13, crt), 0x6A80);
    crt = good;
    crt.kvn = 0x2F;
    assert_int_equal(with_crt(r, 0x13, crt), 0x6A80);
    crt.kvn = 0x40;
    assert_int_equal(with_crt(r, 0x13, crt), 0x6A80);
    crt = good;
    crt.kid = 2;
    assert_int_equal(with_crt(r, 0x13, crt), 0x6A80);
    crt = good;
    crt.usage = 0x5C;
    assert_int_equal(with_crt(r, 0x13, crt), 0x6A80);
    crt = good;
    crt.key_len = 0x20;
    assert_int_equal(with_crt(r, 0x13, crt), 0x9484);
    crt = good;
    crt.key_type = 0x80;
    assert_int_equal(with_crt(r, 0x13, crt), 0x9484);
    assert_int_equal(rig_state(r, 0x13), ISDP_SELECTABLE);
    assert_int_equal(with_crt(r, 0x13, good), 0x9000);
}

static void again_only_with_bit_01(void **state)
{
    struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    crt.scenario = 0x08;
    assert_int_equal(with_crt(r, 0x13, crt), 0x9000);
    assert_int_equal(with_crt(r, 0x13, crt), 0x6985);
    crt.scenario = 0x09;
    assert_int_equal(with_crt(r, 0x13, crt), 0x9000);
}

static void installed_profile_keeps_its_keys_6985(void **state)
{
    const struct ecka_crt crt = ISDP_CRT;
    struct rig *r = *state;

    rig_install(r, 0x13, 0);
    assert_int_equal(with_crt(r, 0x13, crt), 0x6985);
}

static void derivation_random(void **state)
{
    const struct ecka_crt crt = {.scenario = 0x0B, .usage = 0x10, .key_type = 0x88,
                                 .key_len = 0x10, .kid = 1, .kvn = 0x30};
    struct rig *r = *state;
    struct span data;
    struct tlv t;
    uint8_t rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
    assert_int_equal(keyset(r, r->dp, &crt, rc, true, NULL, &data), 0x9000);
    assert_int_equal(tlv_find(data, 0x85, &t), 0);
    assert_int_equal(t.value.n, 16);
    assert_int_equal(tlv_find(data, 0x86, &t), 0);
}

static void malformed_3A02_6A80(void **state)
{
    static const char *const BAD[] = {
        "80E28901033A0200", "80E28901053A0202A600",
        "80E289011A3A0217A615900203099501108001888101108201018301309100",
    };
    struct rig *r = *state;
    uint8_t rc[16];

    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        uint8_t b[100];
        size_t n = 0;

        assert_int_equal(hex_decode(BAD[i], strlen(BAD[i]), b, sizeof(b), &n), 0);
        assert_int_equal(certificate(r, 0x13, dp_cert(r), rc), 0x9000);
        assert_int_equal(chained(r, 0x03, span_of(b, n), span_of(NULL, 0), NULL), 0x6A80);
    }
}

/* SM-SR change: a second SCP80 set, used at once, with a counter of its own. */
static void isdr_scp80_set(void **state)
{
    const struct ecka_crt crt = {.scenario = 0x08, .usage = 0x10, .key_type = 0x88,
                                 .key_len = 0x10, .kid = 1, .kvn = 2};
    struct rig *r = *state;
    struct rig_keys keys;
    struct scp80_keys new_keys;
    struct packet_cmd_head h = {0x16, 0x39, 0x22, 0x22, 1};
    uint8_t rc[16], packet[200], capdu[] = {0x80, 0xCA, 0xFF, 0x21, 0x00};
    uint8_t script[9] = {0xAA, 0x07, 0x22, 0x05};
    struct writer w = wr_init(packet, sizeof(packet));
    struct span data;

    assert_int_equal(certificate(r, 0, span_of(r->sr_cert, r->sr_cert_n), rc), 0x9000);
    assert_int_equal(keyset(r, r->sr, &crt, rc, true, &keys, &data), 0x9000);
    receipt_is(data, &keys);
    memcpy(script + 4, capdu, 5);
    new_keys = (struct scp80_keys){keys.scp03.enc, keys.scp03.mac, 0};
    assert_int_equal(scp80_wrap(r->crypto, &new_keys, PACKET_SMS, &h, 1,
                                span_of(script, 9), &w), 0);
    r->n_sms = 0;
    r->spi2 = 0x00;                    /* the rig reads a PoR under the first set only */
    {
        const struct msisdn from = {RIG_SMSR};
        struct sms_ud ud;
        uint8_t part[140];
        struct writer p = wr_init(part, sizeof(part));

        assert_int_equal(sms_part_put(&p, SMS_COMMAND, wr_view(&w), 1, 1), 0);
        arena_reset(&r->arena);
        r->out = (struct card_actions){.arena = &r->arena};
        assert_int_equal(card_sms(r->card, &from, wr_view(&p), r->now, &r->out), 0);
        assert_int_equal(r->out.n, 1);
        assert_int_equal(sms_ud_parse(r->out.a[0].bytes, &ud), 0);
        assert_int_equal(ud.kind, SMS_RESPONSE);
    }
    rig_keys_fini(&keys);
}

static void isdr_places(void **state)
{
    struct ecka_crt scp80 = {.scenario = 0x08, .usage = 0x10, .key_type = 0x88, .key_len = 0x10,
                             .kid = 1, .kvn = 1};
    struct ecka_crt psk = {.scenario = 0x08, .usage = 0x5C, .key_type = 0x85, .key_len = 0x10,
                           .kid = 1, .kvn = 0x40};
    struct rig *r = *state;

    assert_int_equal(with_crt(r, 0, scp80), 0x6985);       /* in use */
    for (scp80.kvn = 2; scp80.kvn <= 3; scp80.kvn++)
        assert_int_equal(with_crt(r, 0, scp80), 0x9000);
    assert_int_equal(with_crt(r, 0, scp80), 0x6A84);       /* no place left */
    scp80.kvn = 0x10;
    assert_int_equal(with_crt(r, 0, scp80), 0x6A80);
    scp80.kvn = 3;
    scp80.scenario = 0x09;
    assert_int_equal(with_crt(r, 0, scp80), 0x9000);
    assert_int_equal(with_crt(r, 0, psk), 0x6985);
    psk.kid = 2;
    assert_int_equal(with_crt(r, 0, psk), 0x9000);
    psk.kvn = 0x4F;
    assert_int_equal(with_crt(r, 0, psk), 0x9000);
    psk.kid = 3;
    assert_int_equal(with_crt(r, 0, psk), 0x6A84);
    psk.kvn = 0x50;
    assert_int_equal(with_crt(r, 0, psk), 0x6A80);
    psk.kvn = 0x40;
    psk.kid = 1;
    psk.scenario = 0x09;
    assert_int_equal(with_crt(r, 0, psk), 0x9000);
    assert_true(aid_eq(&rig_row(r, 0)->aid, &AID_ISD_R));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(isdp_both_point_forms), CASE(challenges_differ),
        CASE(certificate_of_other_role_6982), CASE(certificate_of_other_ci_6982),
        CASE(one_of_several_ci_9000), CASE(certificate_octets),
        CASE(signature_over_other_challenge_6982), CASE(signature_of_other_key_6982),
        CASE(a_challenge_serves_once_6985), CASE(without_challenge_6985),
        CASE(power_takes_the_challenge_6985), CASE(deleted_meanwhile_6985), CASE(crt_fields),
        CASE(again_only_with_bit_01), CASE(installed_profile_keeps_its_keys_6985),
        CASE(derivation_random), CASE(malformed_3A02_6A80), CASE(isdr_scp80_set),
        CASE(isdr_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
