/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 commands against everything that is not quite a packet: each octet changed, each length, wrong
 * keys, counter fields, padding that is not counted. */
#include "test/unit/common/crypto/scp80_world.h"

#include "common/crypto/cmac.h"

static void test_lengths(void **state)
{
    static const size_t lengths[] = {0,   1,   2,   3,   15,  16,   17,   98,  113,
                                     126, 127, 128, 242, 255, 256, 1024, 4000, 4062};
    static const uint8_t spi1[] = {0x16, 0x12, 0x14, 0x10, 0x11, 0x15};
    uint8_t out[PACKET_MAX];

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        for (size_t s = 0; s < 2 * sizeof spi1; s++) {
            enum packet_dialect d = s % 2 ? PACKET_CATTP : PACKET_SMS;
            struct packet_cmd_head h = HEAD;
            struct span p;

            h.spi1 = spi1[s / 2];
            h.kid = h.spi1 & SPI1_RC ? 0x15 : 0x12;
            p = wrapped(*state, d, &h, lengths[i], out);
            assert_int_equal(unwrap(*state, d, p), 0);
            assert_int_equal(command.cntr, CNTR);
            kat_same(span_of(command.data, command.data_len),
                     span_of(((struct world *)*state)->data, lengths[i]));
            assert_int_not_equal(unwrap(*state, d == PACKET_SMS ? PACKET_CATTP : PACKET_SMS, p),
                                 0);
        }
    }
}

static void test_too_large(void **state)
{
    struct world *x = *state;
    uint8_t out[PACKET_MAX + 64];
    static const size_t lengths[] = {4081, PACKET_MAX, 65535};

    for (size_t i = 0; i < 3; i++) {
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(scp80_wrap(x->c, &x->keys, PACKET_SMS, &HEAD, CNTR,
                                    span_of(x->data, lengths[i]), &w),
                         ERR_TOO_LARGE);
        assert_int_equal(w.len, 0);
        w = wr_init(out, sizeof out);
        assert_int_equal(scp80_por_wrap(x->c, &x->keys, PACKET_SMS, &HEAD, CNTR, 0,
                                        span_of(x->data, lengths[i]), &w),
                         ERR_TOO_LARGE);
    }
    for (size_t room = 0; room < 58; room++) {
        struct writer w = wr_init(out, room);

        assert_int_equal(scp80_wrap(x->c, &x->keys, PACKET_SMS, &HEAD, CNTR,
                                    span_of(x->data, 30), &w),
                         ERR_TOO_LARGE);
    }
}

/* Every bit of a command that has a checksum. */
static void test_command_tampered(void **state)
{
    static const uint8_t spi1[] = {0x16, 0x12, 0x15, 0x11};
    uint8_t out[PACKET_MAX], bad[PACKET_MAX];

    for (size_t s = 0; s < 2 * sizeof spi1; s++) {
        enum packet_dialect d = s % 2 ? PACKET_CATTP : PACKET_SMS;
        struct packet_cmd_head h = HEAD;
        struct span p;

        h.spi1 = spi1[s / 2];
        h.kid = h.spi1 & SPI1_RC ? 0x15 : 0x12;
        p = wrapped(*state, d, &h, 30, out);
        for (size_t i = 0; i < 8 * p.n; i++) {
            memcpy(bad, p.p, p.n);
            bad[i / 8] ^= (uint8_t)(1u << i % 8);
            memset(&command, 0x5A, sizeof command);
            assert_int_not_equal(unwrap(*state, d, span_of(bad, p.n)), 0);
            assert_int_equal(command.data_len, 0);
            assert_int_equal(command.cntr, 0);
        }
    }
}

static void test_command_cut(void **state)
{
    uint8_t out[PACKET_MAX + 1];

    for (int d = PACKET_SMS; d <= PACKET_CATTP; d++) {
        struct span p = wrapped(*state, (enum packet_dialect)d, &HEAD, 200, out);

        for (size_t n = 0; n < p.n; n++)
            assert_int_not_equal(unwrap(*state, (enum packet_dialect)d, span_of(p.p, n)), 0);
        out[p.n] = 0;
        assert_int_not_equal(unwrap(*state, (enum packet_dialect)d, span_of(p.p, p.n + 1)), 0);
    }
}

static void test_wrong_keys(void **state)
{
    struct world *x = *state;
    struct key *other = kat_key(KEY_AES, span_of(KID + 1, 16));
    struct key *longer = kat_key(KEY_AES, span_of(KIC, 32));
    struct key *des = kat_key(KEY_DES, span_of(KIC, 16));
    const struct scp80_keys bad[] = {{x->keys.kic, other, 0},  {other, x->keys.kid, 0},
                                     {longer, x->keys.kid, 0}, {x->keys.kic, des, 0},
                                     {des, x->keys.kid, 0},    {NULL, x->keys.kid, 0},
                                     {x->keys.kic, NULL, 0},   {x->keys.kic, x->keys.kid, 4}};
    uint8_t out[PACKET_MAX], por[PACKET_MAX];
    struct span p = wrapped(x, PACKET_SMS, &HEAD, 30, out);
    struct span r = answered(x, PACKET_SMS, &HEAD, POR_OK, 9, por);

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(scp80_unwrap(x->c, &bad[i], PACKET_SMS, p, &command), ERR_AUTH);
        assert_int_equal(scp80_por_unwrap(x->c, &bad[i], PACKET_SMS, 0x39, 0x12, 0x12, r,
                                          &response),
                         ERR_AUTH);
        assert_int_equal(response.data_len, 0);
    }
    key_free(other);
    key_free(longer);
    key_free(des);
}

static void test_refused_to_build(void **state)
{
    struct world *x = *state;
    static const struct {
        uint8_t spi1, kic, kid;
        int err;
    } cases[] = {
        {0x17, 0x12, 0x12, ERR_UNSUPPORTED},     /* digital signature */
        {0x16, 0x13, 0x12, ERR_UNSUPPORTED},     /* proprietary */
        {0x16, 0x12, 0x13, ERR_UNSUPPORTED},
        {0x16, 0x12, 0x10, ERR_UNSUPPORTED},     /* implicit CC */
        {0x15, 0x12, 0x12, ERR_UNSUPPORTED},     /* RC by an AES algorithm */
        {0x16, 0x10, 0x12, ERR_INVAL},           /* implicit ciphering is for DES keys */
        {0x16, 0x15, 0x12, ERR_INVAL},           /* 3DES with an AES key */
        {0x16, 0x12, 0x15, ERR_INVAL},
        {0x16, 0x1D, 0x12, ERR_INVAL},
    };
    uint8_t out[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct packet_cmd_head h = {cases[i].spi1, 0x21, cases[i].kic, cases[i].kid, 1};
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(scp80_wrap(x->c, &x->keys, PACKET_SMS, &h, 1, NOTHING, &w),
                         cases[i].err);
        assert_int_equal(w.len, 0);
    }
}

static void test_counter_fields(void **state)
{
    static const uint64_t good[] = {0, 1, 0xFF, 0x100, 0xFFFFFFFF, 0x100000000, CNTR_MAX};
    struct world *x = *state;
    uint8_t out[PACKET_MAX];

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(
            scp80_wrap(x->c, &x->keys, PACKET_SMS, &HEAD, good[i], NOTHING, &w), 0);
        assert_int_equal(unwrap(x, PACKET_SMS, wr_view(&w)), 0);
        assert_true(command.cntr == good[i]);
        w = wr_init(out, sizeof out);
        assert_int_equal(scp80_por_wrap(x->c, &x->keys, PACKET_SMS, &HEAD, good[i], POR_CNTR_LOW,
                                        NOTHING, &w),
                         0);
        assert_int_equal(por_unwrap(x, PACKET_SMS, 0x39, wr_view(&w)), 0);
        assert_true(response.cntr == good[i] && response.status == POR_CNTR_LOW);
    }
    {
        struct packet_cmd_head h = HEAD;
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(
            scp80_wrap(x->c, &x->keys, PACKET_SMS, &h, CNTR_MAX + 1, NOTHING, &w), ERR_INVAL);
        assert_int_equal(scp80_por_wrap(x->c, &x->keys, PACKET_SMS, &h, CNTR_MAX + 1, 0, NOTHING,
                                        &w),
                         ERR_INVAL);
        h.tar = 0x1000000;
        assert_int_equal(scp80_wrap(x->c, &x->keys, PACKET_SMS, &h, 1, NOTHING, &w), ERR_INVAL);
    }
}

/* A packet of 32 secured octets made by hand: which CPL the CC saw, how much of the padding it
 * covered and which PCNTR it names. */
static struct span by_hand(struct world *x, uint16_t cpl_in_cc, size_t covered, uint8_t pcntr,
                           uint8_t out[64])
{
    static const uint8_t zero[16];
    uint8_t head[] = {(uint8_t)(cpl_in_cc >> 8), (uint8_t)cpl_in_cc, 0x15, 0x16, 0x39, 0x12, 0x12,
                      0, 0, 1};
    uint8_t body[32] = {0, 0, 0, 0, 9, 0}, mac[16];
    struct span parts[] = {{head, sizeof head}, {body, 6}, {body + 14, covered}};
    struct writer w = wr_init(out, 64);

    body[5] = pcntr;
    memset(body + 14, 0xC3, 8);      /* 8 octets of data, 10 of room behind them */
    assert_int_equal(cmac(x->c, x->keys.kid, parts, 3, mac), 0);
    memcpy(body + 6, mac, 8);
    assert_int_equal(cbc_encrypt(x->c, x->keys.kic, zero, body, sizeof body, body), 0);
    wr_u16(&w, 40);
    wr_bytes(&w, head + 2, sizeof head - 2);
    wr_bytes(&w, body, sizeof body);
    return wr_view(&w);
}

static void test_uncounted_padding(void **state)
{
    uint8_t out[64];

    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 10, out)), 0);
    assert_int_equal(command.data_len, 8);
    /* The three forms seen in the field: the last 8 zeros outside of CC and PCNTR. */
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 10, 2, out)), ERR_AUTH);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 10, 0, out)), ERR_AUTH);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 32, 10, 0, out)), ERR_AUTH);
}

static void test_padding_counter(void **state)
{
    uint8_t out[64];

    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 0, out)), 0);
    assert_int_equal(command.data_len, 18);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 15, out)), 0);
    assert_int_equal(command.data_len, 3);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 16, out)), ERR_AUTH);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 18, out)), ERR_AUTH);
    assert_int_equal(unwrap(*state, PACKET_SMS, by_hand(*state, 40, 18, 255, out)), ERR_AUTH);
}

/* Without a checksum only the padding tells a wrong key. */
static void test_cipher_only(void **state)
{
    static const uint8_t zero[16];
    struct world *x = *state;
    struct packet_cmd_head h = HEAD;
    uint8_t out[PACKET_MAX], body[16] = {0, 0, 0, 0, 1, 4, 1, 2, 3, 4, 5, 6, 0, 0, 1, 0};
    struct writer w = wr_init(out, sizeof out);

    h.spi1 = 0x14;
    packet_cmd_head_put(&w, &h, 0, sizeof body, PACKET_SMS);
    assert_int_equal(cbc_encrypt(x->c, x->keys.kic, zero, body, sizeof body, body), 0);
    wr_bytes(&w, body, sizeof body);
    assert_int_equal(unwrap(x, PACKET_SMS, wr_view(&w)), ERR_AUTH);
}

/* The short checksum is an agreement, not an offer. */
static void test_short_checksum(void **state)
{
    struct world *x = *state;
    struct scp80_keys four = x->keys, odd = x->keys;
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);

    four.cc_len = 4;
    odd.cc_len = 6;
    assert_int_equal(
        scp80_wrap(x->c, &four, PACKET_SMS, &HEAD, CNTR, span_of(x->data, 30), &w), 0);
    assert_int_equal(scp80_unwrap(x->c, &four, PACKET_SMS, wr_view(&w), &command), 0);
    assert_int_equal(command.data_len, 30);
    assert_int_equal(unwrap(x, PACKET_SMS, wr_view(&w)), ERR_AUTH);
    w = wr_init(out, sizeof out);
    assert_int_equal(scp80_wrap(x->c, &odd, PACKET_SMS, &HEAD, CNTR, NOTHING, &w), ERR_INVAL);
}

static void test_des_family(void **state)
{
    static const struct {
        uint8_t alg;
        size_t n;
    } good[] = {{0x01, 8}, {0x05, 16}, {0x09, 24}};
    struct world *x = *state;
    uint8_t out[PACKET_MAX];

    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; j < 3; j++) {
            struct scp80_keys k = {.kic = kat_key(KEY_DES, span_of(KIC, good[j].n)),
                                   .kid = kat_key(KEY_DES, span_of(KID, good[j].n))};
            struct packet_cmd_head h = {0x16, 0x39, good[i].alg, good[i].alg, 1};
            struct writer w = wr_init(out, sizeof out);
            int err = scp80_wrap(x->c, &k, PACKET_SMS, &h, 7, span_of(x->data, 21), &w);

            assert_int_equal(err, i == j ? 0 : ERR_INVAL);
            if (!err) {
                assert_int_equal(scp80_unwrap(x->c, &k, PACKET_SMS, wr_view(&w), &command), 0);
                out[w.len - 1] ^= 1;
                assert_int_equal(scp80_unwrap(x->c, &k, PACKET_SMS, wr_view(&w), &command),
                                 ERR_AUTH);
            }
            key_free(k.kic);
            key_free(k.kid);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths), cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_command_tampered), cmocka_unit_test(test_command_cut),
        cmocka_unit_test(test_wrong_keys), cmocka_unit_test(test_refused_to_build),
        cmocka_unit_test(test_counter_fields), cmocka_unit_test(test_uncounted_padding),
        cmocka_unit_test(test_padding_counter), cmocka_unit_test(test_cipher_only),
        cmocka_unit_test(test_short_checksum), cmocka_unit_test(test_des_family),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
