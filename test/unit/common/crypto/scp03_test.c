/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 over APDUs with each field wrong once, at each level, and the key field of PUT KEY. */
#include "common/crypto/scp03.h"

#include "test/kat/kat.h"
#include "test/support/fake.h"

#define KVN 0x30
static const uint8_t LEVELS[] = {0x01, 0x03, 0x11, 0x13, 0x33};

struct world {
    struct rng rng;
    struct crypto *c;
    struct scp03_keys keys;
    struct aid sd;
    struct scp03_session host, card;
    uint8_t data[256];
};

static int setup(void **state)
{
    static struct world x;
    static const uint8_t raw[48] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    memset(&x, 0, sizeof x);
    fake_rng_init(&x.rng, 1);
    x.c = crypto_new(&x.rng);
    x.keys.enc = kat_key(KEY_AES, span_of(raw, 16));
    x.keys.mac = kat_key(KEY_AES, span_of(raw + 4, 16));
    x.keys.dek = kat_key(KEY_AES, span_of(raw + 8, 16));
    memset(x.data, 0x80, sizeof x.data);     /* looks like padding on purpose */
    *state = &x;
    return aid_isd_p(0x0013, &x.sd);
}

static int teardown(void **state)
{
    struct world *x = *state;

    scp03_session_fini(&x->host);
    scp03_session_fini(&x->card);
    key_free(x->keys.enc);
    key_free(x->keys.mac);
    key_free(x->keys.dek);
    crypto_free(x->c);
    return 0;
}

static struct apdu_cmd parsed(struct span raw)
{
    struct apdu_cmd cmd;

    assert_int_equal(apdu_cmd_parse(raw, &cmd), 0);
    return cmd;
}

static void initialize(struct world *x, uint8_t i)
{
    uint8_t a[32], b[64];
    struct writer aw = wr_init(a, sizeof a), bw = wr_init(b, sizeof b);
    struct apdu_cmd cmd;

    assert_int_equal(scp03_initialize(x->c, &x->host, 0, &aw), 0);
    cmd = parsed(wr_view(&aw));
    assert_int_equal(
        scp03_card_initialize(x->c, &x->card, &x->keys, KVN, i, &x->sd, 5, &cmd, &bw), 0);
    assert_int_equal(scp03_open(x->c, &x->host, &x->keys, i & 0x10 ? &x->sd : NULL, wr_view(&bw)),
                     0);
}

static void establish(struct world *x, uint8_t level)
{
    uint8_t a[32];
    struct writer w = wr_init(a, sizeof a);
    struct apdu_cmd cmd;

    initialize(x, 0x70);
    assert_int_equal(scp03_authenticate(x->c, &x->host, level, &w), 0);
    cmd = parsed(wr_view(&w));
    assert_int_equal(scp03_card_authenticate(x->c, &x->card, &cmd), 0);
}

static struct span wrap(struct world *x, size_t n, uint8_t out[300])
{
    struct apdu_cmd cmd = {0x80, 0xE2, 0x88, 0x00, span_of(x->data, n), n % 2, 0};
    struct writer w = wr_init(out, 300);

    assert_int_equal(scp03_wrap(x->c, &x->host, &cmd, &w), 0);
    return wr_view(&w);
}

static int card_unwrap(struct world *x, struct span raw, size_t *ret_n)
{
    struct apdu_cmd cmd, got;
    uint8_t out[300];
    struct writer w = wr_init(out, sizeof out);
    int err;

    *ret_n = 0;
    if (apdu_cmd_parse(raw, &cmd))
        return ERR_FORMAT;
    err = scp03_card_unwrap(x->c, &x->card, &cmd, &w, &got);
    if (err)
        return err;
    *ret_n = got.data.n;
    assert_memory_equal(got.data.n ? got.data.p : x->data, x->data, got.data.n);
    return 0;
}

static void test_lengths(void **state)
{
    static const size_t lengths[] = {0, 1, 15, 16, 17, 126, 127, 128, 223, 239};
    struct world *x = *state;
    uint8_t out[300], rsp[300], got[300];

    for (size_t l = 0; l < sizeof LEVELS; l++) {
        establish(x, LEVELS[l]);
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            struct writer w = wr_init(rsp, sizeof rsp), g = wr_init(got, sizeof got);
            size_t n;

            assert_int_equal(card_unwrap(x, wrap(x, lengths[i], out), &n), 0);
            assert_int_equal(n, lengths[i]);
            assert_int_equal(
                scp03_card_wrap(x->c, &x->card, span_of(x->data, lengths[i]), 0x9000, &w), 0);
            assert_int_equal(scp03_answer(x->c, &x->host, wr_view(&w), 0x9000, &g), 0);
            kat_same(wr_view(&g), span_of(x->data, lengths[i]));
        }
    }
}

static void test_too_long(void **state)
{
    struct world *x = *state;
    uint8_t out[300];

    for (size_t l = 0; l < sizeof LEVELS; l++) {
        size_t most = LEVELS[l] & SCP03_C_ENC ? 239 : 247;

        establish(x, LEVELS[l]);
        for (size_t n = most + 1; n <= 256; n++) {
            struct apdu_cmd cmd = {0x80, 0xE2, 0x88, 0x00, span_of(x->data, n), false, 0};
            struct writer w = wr_init(out, sizeof out);

            assert_int_equal(scp03_wrap(x->c, &x->host, &cmd, &w), ERR_TOO_LARGE);
        }
        (void)wrap(x, most, out);
    }
}

/* Each bit of the wrapped command but Le, which no MAC covers; CLA 80 instead of 84 is one of
 * them. */
static void test_command_tampered(void **state)
{
    struct world *x = *state;
    uint8_t out[300], bad[300];
    size_t n;

    for (size_t l = 0; l < sizeof LEVELS; l++) {
        for (size_t bit = 0; bit < 8 * 29; bit++) {
            struct span raw;

            establish(x, LEVELS[l]);
            raw = wrap(x, 12, out);
            if (bit >= 8 * raw.n)
                break;
            memcpy(bad, raw.p, raw.n);
            bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_not_equal(card_unwrap(x, span_of(bad, raw.n), &n), 0);
            if (bit / 8 != 4) {
                assert_false(x->card.open);
                assert_int_equal(card_unwrap(x, raw, &n), ERR_STATE);
            }
        }
    }
}

static void test_replay(void **state)
{
    struct world *x = *state;
    uint8_t one[300], two[300];
    struct span first, second;
    size_t n;

    for (size_t l = 0; l < sizeof LEVELS; l++) {
        establish(x, LEVELS[l]);
        first = wrap(x, 12, one);
        assert_int_equal(card_unwrap(x, first, &n), 0);
        assert_int_equal(card_unwrap(x, first, &n), ERR_AUTH);
        establish(x, LEVELS[l]);
        (void)wrap(x, 12, one);
        second = wrap(x, 12, two);
        assert_int_equal(card_unwrap(x, second, &n), ERR_AUTH);
    }
}

static void test_without_mac(void **state)
{
    static const uint8_t plain[] = {0x80, 0xF2, 0x40, 0x02};
    static const uint8_t seven[] = {0x84, 0xE2, 0x88, 0, 7, 1, 2, 3, 4, 5, 6, 7};
    struct world *x = *state;
    size_t n;

    establish(x, 0x33);
    assert_int_equal(card_unwrap(x, span_of(plain, sizeof plain), &n), ERR_AUTH);
    assert_int_equal(card_unwrap(x, span_of(plain, sizeof plain), &n), ERR_STATE);
    establish(x, 0x01);
    assert_int_equal(card_unwrap(x, span_of(seven, sizeof seven), &n), ERR_AUTH);
}

static void test_answer_tampered(void **state)
{
    static const uint8_t levels[] = {0x11, 0x13, 0x33};
    struct world *x = *state;
    uint8_t out[300], rsp[64], got[64];
    size_t n;

    for (size_t l = 0; l < sizeof levels; l++) {
        for (size_t bit = 0; bit < 8 * 24; bit++) {
            struct writer w = wr_init(rsp, sizeof rsp), g = wr_init(got, sizeof got);

            establish(x, levels[l]);
            assert_int_equal(card_unwrap(x, wrap(x, 12, out), &n), 0);
            assert_int_equal(
                scp03_card_wrap(x->c, &x->card, span_of(x->data, 6), 0x9000, &w), 0);
            if (bit >= 8 * w.len)
                break;
            rsp[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_int_equal(scp03_answer(x->c, &x->host, wr_view(&w), 0x9000, &g), ERR_AUTH);
            assert_int_equal(g.len, 0);
            assert_false(x->host.open);
        }
    }
}

static void test_answer_status(void **state)
{
    static const struct {
        uint16_t sw;
        bool data;
        int err;
    } cases[] = {
        {0x6300, true, ERR_AUTH},   {0x6283, true, ERR_AUTH},   {0x6A88, true, ERR_FORMAT},
        {0x6A88, false, 0},         {0x9000, false, ERR_AUTH},  {0x6982, true, ERR_FORMAT},
    };
    struct world *x = *state;
    uint8_t out[300], rsp[64], got[64];
    size_t n;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer w = wr_init(rsp, sizeof rsp), g = wr_init(got, sizeof got);

        establish(x, 0x33);
        assert_int_equal(card_unwrap(x, wrap(x, 12, out), &n), 0);
        assert_int_equal(scp03_card_wrap(x->c, &x->card, span_of(x->data, 6), 0x9000, &w), 0);
        if (!cases[i].data)
            w.len = 0;
        assert_int_equal(scp03_answer(x->c, &x->host, wr_view(&w), cases[i].sw, &g),
                         cases[i].err);
        assert_int_equal(g.len, 0);
    }
    establish(x, 0x33);
    {
        struct writer w = wr_init(rsp, sizeof rsp);

        assert_int_equal(scp03_card_wrap(x->c, &x->card, span_of(x->data, 1), 0x9000, &w),
                         ERR_STATE);
        assert_int_equal(card_unwrap(x, wrap(x, 12, out), &n), 0);
        assert_int_equal(scp03_card_wrap(x->c, &x->card, span_of(x->data, 1), 0x6A88, &w),
                         ERR_INVAL);
    }
}

static void test_authenticate_tampered(void **state)
{
    struct world *x = *state;
    uint8_t out[32];

    for (size_t i = 0; i < 21; i++) {
        struct writer w = wr_init(out, sizeof out);
        struct apdu_cmd cmd;

        initialize(x, 0x70);
        assert_int_equal(scp03_authenticate(x->c, &x->host, 0x33, &w), 0);
        out[i] ^= i == 2 ? 0x30 : 0x01;      /* 33 becomes 03, which is a level too */
        if (apdu_cmd_parse(wr_view(&w), &cmd))
            continue;
        assert_int_not_equal(scp03_card_authenticate(x->c, &x->card, &cmd), 0);
        assert_false(x->card.open);
    }
    for (unsigned level = 0; level <= 0xFF; level++) {
        bool known = memchr(LEVELS, (int)level, sizeof LEVELS) != NULL;
        struct writer w = wr_init(out, sizeof out);

        initialize(x, 0x70);
        assert_int_equal(scp03_authenticate(x->c, &x->host, (uint8_t)level, &w),
                         known ? 0 : ERR_INVAL);
    }
}

static void test_initialize_refused(void **state)
{
    struct world *x = *state;
    uint8_t out[64];
    static const struct {
        struct apdu_cmd cmd;
        int err;
    } cases[] = {
        {{0x80, 0x50, 0x31, 0, {(const uint8_t *)"12345678", 8}, true, 0}, ERR_NOT_FOUND},
        {{0x80, 0x50, 0x30, 1, {(const uint8_t *)"12345678", 8}, true, 0}, ERR_FORMAT},
        {{0x80, 0x52, 0x30, 0, {(const uint8_t *)"12345678", 8}, true, 0}, ERR_FORMAT},
        {{0x80, 0x50, 0x30, 0, {(const uint8_t *)"1234567", 7}, true, 0}, ERR_FORMAT},
        {{0x80, 0x50, 0x30, 0, {NULL, 0}, true, 0}, ERR_FORMAT},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(scp03_card_initialize(x->c, &x->card, &x->keys, KVN, 0x70, &x->sd, 5,
                                               &cases[i].cmd, &w),
                         cases[i].err);
        assert_int_equal(w.len, 0);
    }
}

static void test_initialize_answer(void **state)
{
    struct world *x = *state;
    uint8_t a[32], b[64];
    static const size_t at[] = {10, 11, 12, 13, 20, 21, 28, 29, 31};

    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        struct writer aw = wr_init(a, sizeof a), bw = wr_init(b, sizeof b);
        struct apdu_cmd cmd;

        assert_int_equal(scp03_initialize(x->c, &x->host, KVN, &aw), 0);
        cmd = parsed(wr_view(&aw));
        assert_int_equal(scp03_card_initialize(x->c, &x->card, &x->keys, KVN, 0x70, &x->sd, 5,
                                               &cmd, &bw),
                         0);
        b[at[i]] ^= 0x10;
        assert_int_not_equal(scp03_open(x->c, &x->host, &x->keys, &x->sd, wr_view(&bw)), 0);
        for (size_t n = 0; n < bw.len; n++)
            assert_int_not_equal(scp03_open(x->c, &x->host, &x->keys, &x->sd, span_of(b, n)), 0);
    }
    initialize(x, 0x60);     /* a random challenge is accepted where none can be predicted */
    initialize(x, 0x70);
}

static void test_key_field(void **state)
{
    static const size_t sizes[] = {16, 24, 32};
    struct world *x = *state;
    uint8_t out[80], bad[80];

    for (size_t i = 0; i < 4; i++) {
        size_t size = sizes[i % 3];
        struct key *k = kat_key(i < 3 ? KEY_AES : KEY_PSK, span_of(x->data, size)), *got;
        struct writer w = wr_init(out, sizeof out);
        struct reader r;

        assert_int_equal(scp03_key_field(x->c, x->keys.dek, k, &w), 0);
        assert_int_equal(out[0], i < 3 ? 0x88 : 0x85);
        for (size_t n = 0; n < w.len; n++) {
            r = rd_init(span_of(out, n));
            assert_int_equal(scp03_key_field_open(x->c, x->keys.dek, &r, &got), ERR_TRUNCATED);
            assert_null(got);
        }
        for (size_t at = 0; at < w.len; at++) {
            /* The padding octets of a 24-octet key are ciphered, so they too would show. */
            bool padding = size == 24 && at >= 3 + 16 + 8 && at < 3 + 32;

            memcpy(bad, out, w.len);
            bad[at] ^= 0x01;
            r = rd_init(span_of(bad, w.len));
            if (!padding)
                assert_int_not_equal(scp03_key_field_open(x->c, x->keys.dek, &r, &got), 0);
        }
        r = rd_init(wr_view(&w));
        assert_int_equal(scp03_key_field_open(x->c, x->keys.mac, &r, &got), ERR_AUTH);
        r = rd_init(wr_view(&w));
        assert_int_equal(scp03_key_field_open(x->c, x->keys.dek, &r, &got), 0);
        assert_int_equal(key_get_type(got), i < 3 ? KEY_AES : KEY_PSK);
        kat_key_is(got, span_of(x->data, size));
        key_free(got);
        key_free(k);
    }
}

static void test_key_field_types(void **state)
{
    struct world *x = *state;
    struct key *raw = kat_key(KEY_RAW, span_of(x->data, 16)), *got;
    static const uint8_t des[] = {0x80, 0x11, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0,    0,    0,    0, 0, 3, 1, 2, 3};
    uint8_t out[64];
    struct writer w = wr_init(out, sizeof out);
    struct reader r = rd_init(span_of(des, sizeof des));

    assert_int_equal(scp03_key_field(x->c, x->keys.dek, raw, &w), ERR_UNSUPPORTED);
    assert_int_equal(scp03_key_field_open(x->c, x->keys.dek, &r, &got), ERR_UNSUPPORTED);
    key_free(raw);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lengths),           TEST(test_too_long),
        TEST(test_command_tampered),  TEST(test_replay),
        TEST(test_without_mac),       TEST(test_answer_tampered),
        TEST(test_answer_status),     TEST(test_authenticate_tampered),
        TEST(test_initialize_refused), TEST(test_initialize_answer),
        TEST(test_key_field),         TEST(test_key_field_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
