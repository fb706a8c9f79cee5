/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t between our own two ends with everything wrong once: octets, order, lengths, keys, replay,
 * prediction, and an error that comes before the last segment. */
#include "common/crypto/scp03t.h"

#include "common/crypto/cmac.h"
#include "test/kat/kat.h"
#include "test/support/fake.h"

#define KVN 0x30
#define SEQUENCE 7u
static const struct span EMPTY_86 = {(const uint8_t *)"\x86\x00", 2};

struct world {
    struct rng rng;
    struct crypto *c;
    struct scp03_keys keys;
    struct aid isd_p;
    struct scp03_session host, card;
    uint8_t tlv84[16], answer[64], tlv85[32];
    uint8_t plain[SCP03T_PLAIN_MAX + 1];
};

static void expect_refusal(const struct writer *w, uint8_t tag, uint8_t code)
{
    const uint8_t want[] = {0x9F, tag, 0x01, code};

    kat_same(wr_view(w), span_of(want, sizeof want));
}

static int setup(void **state)
{
    static struct world x;
    static const uint8_t raw[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    memset(&x, 0, sizeof x);
    fake_rng_init(&x.rng, 1);
    x.c = crypto_new(&x.rng);
    x.keys.enc = kat_key(KEY_AES, span_of(raw, 16));
    x.keys.mac = kat_key(KEY_AES, span_of(raw + 4, 16));
    memset(x.plain, 0xA5, sizeof x.plain);
    *state = &x;
    return aid_isd_p(0x0013, &x.isd_p);
}

static int teardown(void **state)
{
    struct world *x = *state;

    scp03_session_fini(&x->host);
    scp03_session_fini(&x->card);
    key_free(x->keys.enc);
    key_free(x->keys.mac);
    crypto_free(x->c);
    return 0;
}

static struct span initialize(struct world *x)
{
    struct writer w = wr_init(x->tlv84, sizeof x->tlv84);

    assert_int_equal(scp03t_initialize(x->c, &x->host, KVN, &w), 0);
    return wr_view(&w);
}

static struct span card_answer_84(struct world *x)
{
    struct writer w = wr_init(x->answer, sizeof x->answer);

    assert_int_equal(scp03t_card_initialize(x->c, &x->card, &x->keys, KVN, &x->isd_p, SEQUENCE,
                                            initialize(x), &w),
                     0);
    return wr_view(&w);
}

static int host_open(struct world *x, struct span answer)
{
    return scp03t_open(x->c, &x->host, &x->keys, &x->isd_p, answer);
}

static struct span host_85(struct world *x)
{
    struct writer w = wr_init(x->tlv85, sizeof x->tlv85);

    assert_int_equal(scp03t_authenticate(x->c, &x->host, &w), 0);
    return wr_view(&w);
}

static void establish(struct world *x)
{
    uint8_t out[8];
    struct writer w = wr_init(out, sizeof out);

    assert_int_equal(host_open(x, card_answer_84(x)), 0);
    assert_int_equal(scp03t_card_authenticate(x->c, &x->card, host_85(x), &w), 0);
}

static struct span host_86(struct world *x, size_t n, uint8_t out[SCP03T_SEGMENT_MAX])
{
    struct writer w = wr_init(out, SCP03T_SEGMENT_MAX);

    assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, n), &w), 0);
    return wr_view(&w);
}

/* The card's result for one 86 and its refusal, if any, in w. */
static int card_86(struct world *x, struct span tlv, size_t *ret_plain, struct writer *w)
{
    struct buf plain;
    int err;

    buf_init(&plain, 0);
    err = scp03t_card_segment(x->c, &x->card, tlv, &plain, w);
    *ret_plain = plain.n;
    if (!err)
        assert_memory_equal(plain.p, x->plain, plain.n);
    buf_fini(&plain);
    return err;
}

static void test_lengths(void **state)
{
    static const size_t good[] = {1, 15, 16, 17, 103, 104, 126, 127, 128, 231, 232, 255, 256,
                                  1000, SCP03T_PLAIN_MAX};
    struct world *x = *state;
    uint8_t out[SCP03T_SEGMENT_MAX], answer[SCP03T_SEGMENT_MAX];
    struct writer w;
    size_t n;

    establish(x);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct span tlv = host_86(x, good[i], out);

        w = wr_init(answer, sizeof answer);
        assert_int_equal(card_86(x, tlv, &n, &w), 0);
        assert_int_equal(n, good[i]);
        w = wr_init(answer, sizeof answer);
        assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(x->plain, good[i]), &w), 0);
        {
            uint8_t got[SCP03T_SEGMENT_MAX];
            struct writer g = wr_init(got, sizeof got);

            assert_int_equal(scp03t_answer(x->c, &x->host, wr_view(&w), &g), 0);
            kat_same(wr_view(&g), span_of(x->plain, good[i]));
        }
    }
    assert_int_equal(host_86(x, SCP03T_PLAIN_MAX, out).n, SCP03T_SEGMENT_MAX);
}

static void test_lengths_refused(void **state)
{
    static const size_t bad[] = {SCP03T_PLAIN_MAX + 1, 1020, 65535};
    struct world *x = *state;
    uint8_t out[2048];
    struct writer w = wr_init(out, sizeof out);

    establish(x);
    assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, 0), &w), ERR_INVAL);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, bad[i]), &w),
                         ERR_TOO_LARGE);
        assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(x->plain, bad[i]), &w),
                         ERR_STATE);
    }
    for (size_t room = 0; room < 26; room++) {
        w = wr_init(out, room);
        assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, 8), &w),
                         ERR_TOO_LARGE);
    }
    assert_int_equal(x->host.counter, 0);
}

/* Key diversification data (2..11) is not ours to judge; one bit of i (14) may be set or not. */
static void test_84_answer_tampered(void **state)
{
    struct world *x = *state;
    uint8_t bad[64];

    for (size_t i = 0; i < 34; i++) {
        struct span answer = card_answer_84(x);

        assert_int_equal(answer.n, 34);
        memcpy(bad, answer.p, answer.n);
        bad[i] ^= i == 14 ? 0x10 : 0x01;
        if (i >= 2 && i < 12)
            assert_int_equal(host_open(x, span_of(bad, answer.n)), 0);
        else
            assert_int_not_equal(host_open(x, span_of(bad, answer.n)), 0);
        assert_int_not_equal(host_open(x, span_of(answer.p, i)), 0);
    }
}

static void test_84_refused(void **state)
{
    struct world *x = *state;
    static const uint8_t bad[][12] = {{0x84, 0x0A, 0x31, 0x00}, {0x84, 0x0A, 0x30, 0x01},
                                      {0x85, 0x0A, 0x30, 0x00}, {0x84, 0x09, 0x30, 0x00}};
    static const uint8_t code[] = {0x03, 0x01, 0x01, 0x01};
    uint8_t out[64];

    for (size_t i = 0; i < 4; i++) {
        struct writer w = wr_init(out, sizeof out);

        assert_int_not_equal(scp03t_card_initialize(x->c, &x->card, &x->keys, KVN, &x->isd_p,
                                                    SEQUENCE, span_of(bad[i], 12), &w),
                             0);
        expect_refusal(&w, 0x44, code[i]);
        assert_int_equal(host_open(x, wr_view(&w)), ERR_DENIED);
    }
    {
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(scp03t_card_initialize(x->c, &x->card, &x->keys, KVN, &x->isd_p,
                                                0x1000000, initialize(x), &w),
                         ERR_INVAL);
        expect_refusal(&w, 0x44, 0x02);
    }
}

static void test_85_tampered(void **state)
{
    struct world *x = *state;
    uint8_t bad[32], out[8];

    for (size_t i = 0; i < 19; i++) {
        struct writer w = wr_init(out, sizeof out);
        struct span tlv;

        assert_int_equal(host_open(x, card_answer_84(x)), 0);
        tlv = host_85(x);
        memcpy(bad, tlv.p, tlv.n);
        bad[i] ^= 0x01;
        assert_int_not_equal(
            scp03t_card_authenticate(x->c, &x->card, span_of(bad, tlv.n), &w), 0);
        expect_refusal(&w, 0x45, i < 3 ? 0x01 : 0x02);
        assert_false(x->card.open);
        assert_int_equal(scp03t_authenticated(&x->host, wr_view(&w)), ERR_DENIED);
        assert_false(x->host.open);
        /* Dead: the right octets do not revive it. */
        w = wr_init(out, sizeof out);
        assert_int_equal(scp03t_card_authenticate(x->c, &x->card, tlv, &w), ERR_STATE);
    }
}

static void test_86_tampered(void **state)
{
    struct world *x = *state;
    uint8_t good[SCP03T_SEGMENT_MAX], bad[SCP03T_SEGMENT_MAX], out[8];
    size_t n;

    for (size_t i = 0; i < 42; i++) {
        struct writer w = wr_init(out, sizeof out);
        struct span tlv;

        establish(x);
        tlv = host_86(x, 20, good);
        assert_int_equal(tlv.n, 42);
        memcpy(bad, tlv.p, tlv.n);
        bad[i] ^= 0x01;
        assert_int_equal(card_86(x, span_of(bad, tlv.n), &n, &w), i < 2 ? ERR_FORMAT : ERR_AUTH);
        assert_int_equal(n, 0);
        expect_refusal(&w, 0x46, i < 2 ? 0x01 : 0x02);
        w = wr_init(out, sizeof out);
        assert_int_equal(card_86(x, tlv, &n, &w), ERR_STATE);
        expect_refusal(&w, 0x46, 0x02);
        w = wr_init(out, sizeof out);
        assert_int_equal(scp03t_answer(x->c, &x->host, span_of("\x9F\x46\x01\x02", 4), &w),
                         ERR_DENIED);
        assert_false(x->host.open);
    }
}

static void test_86_cut(void **state)
{
    struct world *x = *state;
    uint8_t good[SCP03T_SEGMENT_MAX], out[8];
    size_t n;

    for (size_t cut = 0; cut < 42; cut++) {
        struct writer w = wr_init(out, sizeof out);
        struct span tlv;

        establish(x);
        tlv = host_86(x, 20, good);
        assert_int_equal(card_86(x, span_of(tlv.p, cut), &n, &w), ERR_FORMAT);
        expect_refusal(&w, 0x46, 0x01);
    }
}

/* A segment over the limit, though its MAC would be right. */
static void test_86_oversize(void **state)
{
    struct world *x = *state;
    uint8_t tlv[4 + 1024 + 8] = {0x86, 0x82, 0x04, 0x08}, mac[16], out[8];
    struct span parts[2] = {{NULL, 16}, {tlv, 4 + 1024}};
    struct writer w = wr_init(out, sizeof out);
    size_t n;

    establish(x);
    parts[0].p = x->card.chain;
    assert_int_equal(cmac(x->c, x->card.s_mac, parts, 2, mac), 0);
    memcpy(tlv + 4 + 1024, mac, 8);
    assert_int_equal(card_86(x, span_of(tlv, sizeof tlv), &n, &w), ERR_FORMAT);
    expect_refusal(&w, 0x46, 0x01);
}

/* The MAC is right, the padding is not: 16 zeros, and no 80 in front of the zeros. */
static void test_86_padding(void **state)
{
    struct world *x = *state;

    for (unsigned last = 0; last <= 1; last++) {
        uint8_t tlv[26] = {0x86, 24}, block[16] = {0}, icv[16], mac[16], out[8];
        struct span parts[2] = {{NULL, 16}, {tlv, 18}};
        struct writer w = wr_init(out, sizeof out);
        size_t n;

        establish(x);
        parts[0].p = x->card.chain;
        block[15] = 1;
        assert_int_equal(aes_ecb_block(x->c, x->card.s_enc, block, icv), 0);
        block[15] = (uint8_t)last;
        assert_int_equal(cbc_encrypt(x->c, x->card.s_enc, icv, block, 16, tlv + 2), 0);
        assert_int_equal(cmac(x->c, x->card.s_mac, parts, 2, mac), 0);
        memcpy(tlv + 18, mac, 8);
        assert_int_equal(card_86(x, span_of(tlv, sizeof tlv), &n, &w), ERR_AUTH);
        assert_int_equal(n, 0);
        expect_refusal(&w, 0x46, 0x02);
    }
}

static void test_replay_and_order(void **state)
{
    struct world *x = *state;
    uint8_t one[SCP03T_SEGMENT_MAX], two[SCP03T_SEGMENT_MAX], out[8];
    struct span first, second;
    struct writer w = wr_init(out, sizeof out);
    size_t n;

    establish(x);
    first = host_86(x, 20, one);
    assert_int_equal(card_86(x, first, &n, &w), 0);
    w = wr_init(out, sizeof out);
    assert_int_equal(card_86(x, first, &n, &w), ERR_AUTH);
    establish(x);
    first = host_86(x, 20, one);
    second = host_86(x, 20, two);
    w = wr_init(out, sizeof out);
    assert_int_equal(card_86(x, second, &n, &w), ERR_AUTH);
    assert_int_equal(card_86(x, first, &n, &w), ERR_STATE);
}

static void test_answer_tampered(void **state)
{
    struct world *x = *state;
    uint8_t seg[SCP03T_SEGMENT_MAX], answer[64], bad[64], got[64], out[8];
    size_t n;

    for (size_t i = 0; i < 26; i++) {
        struct writer w = wr_init(answer, sizeof answer), o = wr_init(out, sizeof out),
                      g = wr_init(got, sizeof got);

        establish(x);
        assert_int_equal(card_86(x, host_86(x, 20, seg), &n, &o), 0);
        assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(x->plain, 9), &w), 0);
        assert_int_equal(w.len, 26);
        for (size_t cut = 0; cut < w.len; cut++)
            assert_int_not_equal(scp03t_answer(x->c, &x->host, span_of(answer, cut), &g), 0);
        memcpy(bad, answer, w.len);
        bad[i] ^= 0x01;
        assert_int_equal(scp03t_answer(x->c, &x->host, span_of(bad, w.len), &g),
                         i < 2 ? ERR_FORMAT : ERR_AUTH);
        assert_int_equal(g.len, 0);
        assert_int_equal(x->host.open, i < 2);
    }
}

/* All three are written before the card answers the first with data. */
static void test_answer_to_earlier(void **state)
{
    struct world *x = *state;
    uint8_t seg[SCP03T_SEGMENT_MAX], answer[64], got[64], out[8];
    struct writer w = wr_init(answer, sizeof answer), g = wr_init(got, sizeof got),
                  o = wr_init(out, sizeof out);
    struct scp03t_place at, beyond;
    size_t n;

    establish(x);
    assert_int_equal(card_86(x, host_86(x, 20, seg), &n, &o), 0);
    at = scp03t_here(&x->host);
    assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(x->plain, 9), &w), 0);
    (void)host_86(x, 20, seg);
    (void)host_86(x, 20, seg);
    beyond = scp03t_here(&x->host);
    beyond.counter++;
    assert_int_equal(scp03t_answer_at(x->c, &x->host, &beyond, wr_view(&w), &g), ERR_STATE);
    assert_int_equal(scp03t_answer_at(x->c, &x->host, &at, wr_view(&w), &g), 0);
    kat_same(wr_view(&g), span_of(x->plain, 9));
    assert_int_equal(scp03t_answer(x->c, &x->host, wr_view(&w), &g), ERR_AUTH);
}

static void test_prediction(void **state)
{
    struct world *x = *state;
    uint8_t out[8];

    for (uint32_t off = 0; off <= 1; off++) {
        struct writer w = wr_init(out, sizeof out);
        struct span answer = card_answer_84(x), tlv;

        assert_int_equal(
            scp03t_predict(x->c, &x->host, &x->keys, &x->isd_p, SEQUENCE + off), 0);
        assert_int_equal(scp03t_predict(x->c, &x->host, &x->keys, &x->isd_p, SEQUENCE),
                         ERR_STATE);
        tlv = host_85(x);
        assert_int_equal(scp03t_card_authenticate(x->c, &x->card, tlv, &w),
                         off ? ERR_AUTH : 0);
        assert_int_equal(host_open(x, answer), off ? ERR_AUTH : 0);
        assert_int_equal(x->host.open, off == 0);
    }
    (void)initialize(x);
    assert_int_equal(scp03t_predict(x->c, &x->host, &x->keys, &x->isd_p, 0x1000000), ERR_INVAL);
}

static void test_other_card(void **state)
{
    struct world *x = *state;
    struct scp03_keys other = {.enc = x->keys.mac, .mac = x->keys.enc};
    struct aid aid = x->isd_p;

    assert_int_equal(scp03t_open(x->c, &x->host, &other, &x->isd_p, card_answer_84(x)), ERR_AUTH);
    assert_null(x->host.s_enc);
    other = (struct scp03_keys){.enc = x->keys.enc, .mac = x->keys.enc};
    assert_int_equal(scp03t_open(x->c, &x->host, &other, &x->isd_p, card_answer_84(x)), ERR_AUTH);
    aid.b[14] ^= 1;
    assert_int_equal(scp03t_open(x->c, &x->host, &x->keys, &aid, card_answer_84(x)), ERR_AUTH);
}

/* Some cards prove each segment: an R-MAC and nothing else. It is verified, and moves no chain. */
static void test_mac_alone(void **state)
{
    struct world *x = *state;
    uint8_t seg[SCP03T_SEGMENT_MAX], answer[64], got[64], out[8];
    size_t n;

    for (size_t i = 0; i <= 10; i++) {
        struct writer w = wr_init(answer, sizeof answer), o = wr_init(out, 8), g = wr_init(got, 64);

        establish(x);
        for (unsigned k = 0; k < 3; k++) {
            w.len = o.len = g.len = 0;
            assert_int_equal(card_86(x, host_86(x, 20, seg), &n, &o), 0);
            assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(NULL, 0), &w), 0);
            assert_int_equal(w.len, 10);
            if (k < 2)
                assert_int_equal(scp03t_answer(x->c, &x->host, wr_view(&w), &g), 0);
        }
        answer[i % 10] ^= i < 10 ? 0x01 : 0x00;
        assert_int_equal(scp03t_answer(x->c, &x->host, wr_view(&w), &g),
                         i < 2 ? ERR_FORMAT : i < 10 ? ERR_AUTH : ERR_OK);
        assert_int_equal(g.len, 0);
    }
}

static void test_order_of_calls(void **state)
{
    struct world *x = *state;
    uint8_t out[SCP03T_SEGMENT_MAX];
    struct writer w = wr_init(out, sizeof out);
    struct span answer;

    assert_int_equal(scp03t_authenticate(x->c, &x->host, &w), ERR_STATE);
    assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, 1), &w), ERR_STATE);
    assert_int_equal(scp03t_answer(x->c, &x->host, EMPTY_86, &w), ERR_STATE);
    assert_int_equal(scp03t_card_answer(x->c, &x->card, span_of(x->plain, 1), &w), ERR_STATE);
    answer = card_answer_84(x);
    assert_int_equal(host_open(x, answer), 0);
    assert_int_equal(host_open(x, answer), ERR_STATE);
    assert_int_equal(scp03t_segment(x->c, &x->host, span_of(x->plain, 1), &w), ERR_STATE);
    (void)host_85(x);
    assert_int_equal(scp03t_authenticate(x->c, &x->host, &w), ERR_STATE);
    assert_int_equal(scp03t_answer(x->c, &x->host, EMPTY_86, &w), ERR_STATE);
    assert_int_equal(scp03t_authenticated(&x->host, span_of("\x85\x01\x00", 3)), ERR_FORMAT);
    assert_int_equal(scp03t_authenticated(&x->host, EMPTY_86), ERR_FORMAT);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lengths),         TEST(test_lengths_refused),   TEST(test_84_answer_tampered),
        TEST(test_84_refused),      TEST(test_85_tampered),       TEST(test_86_tampered),
        TEST(test_86_cut),          TEST(test_86_oversize),       TEST(test_86_padding),
        TEST(test_replay_and_order), TEST(test_answer_tampered),  TEST(test_answer_to_earlier),
        TEST(test_prediction),      TEST(test_other_card),        TEST(test_order_of_calls), TEST(test_mac_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
