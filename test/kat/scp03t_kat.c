/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t: a real profile download, twelve real authentications, generated segments around the
 * length boundaries and one worked session of SGP.02; host and card each. */
#include "common/crypto/scp03t.h"

#include "test/kat/kat.h"
#include "test/support/fake.h"

#include <stdio.h>

#define KVN 0x30
#define ANSWER_84 34u       /* 84 20 and 32 octets */

struct sides {
    struct rng rng;
    struct crypto *c;
    struct scp03_keys keys;
    struct scp03_session host, card;
    struct aid isd_p;
    uint32_t sequence;
};

static void sides_init(struct sides *x, struct span enc, struct span mac, struct span aid,
                       struct span sequence)
{
    *x = (struct sides){0};
    x->c = crypto_new(&x->rng);
    assert_non_null(x->c);
    x->keys.enc = kat_key(KEY_AES, enc);
    x->keys.mac = kat_key(KEY_AES, mac);
    assert_int_equal(aid_from_bytes(aid, &x->isd_p), 0);
    x->sequence = (uint32_t)kat_num(sequence);
}

static void sides_fini(struct sides *x)
{
    scp03_session_fini(&x->host);
    scp03_session_fini(&x->card);
    key_free(x->keys.enc);
    key_free(x->keys.mac);
    crypto_free(x->c);
}

static void session_is(const struct scp03_session *s, const struct vec *v, const char *enc,
                       const char *mac, const char *rmac)
{
    kat_key_is(s->s_enc, vec_get(v, enc));
    kat_key_is(s->s_mac, vec_get(v, mac));
    kat_key_is(s->s_rmac, vec_get(v, rmac));
}

/* 84 and its answer, 85 and its answer; the host predicts first when told so. */
static void establish(struct sides *x, bool predict, struct span challenge, struct span answer_84,
                      struct span tlv85)
{
    uint8_t out[64];
    struct writer w = wr_init(out, sizeof out);
    struct span tlv84;

    fake_rng_bytes(&x->rng, challenge.p, challenge.n);
    assert_int_equal(scp03t_initialize(x->c, &x->host, KVN, &w), 0);
    tlv84 = wr_view(&w);
    assert_int_equal(tlv84.n, 12);
    kat_same(span_of(tlv84.p + 4, 8), challenge);
    w = wr_init(out + 16, sizeof out - 16);
    assert_int_equal(scp03t_card_initialize(x->c, &x->card, &x->keys, KVN, &x->isd_p, x->sequence,
                                            tlv84, &w),
                     0);
    kat_same(wr_view(&w), answer_84);
    if (predict)
        assert_int_equal(scp03t_predict(x->c, &x->host, &x->keys, &x->isd_p, x->sequence), 0);
    else
        assert_int_equal(scp03t_open(x->c, &x->host, &x->keys, &x->isd_p, answer_84), 0);
    w = wr_init(out, sizeof out);
    assert_int_equal(scp03t_authenticate(x->c, &x->host, &w), 0);
    kat_same(wr_view(&w), tlv85);
    if (predict)
        assert_int_equal(scp03t_open(x->c, &x->host, &x->keys, &x->isd_p, answer_84), 0);
    w = wr_init(out, sizeof out);
    assert_int_equal(scp03t_card_authenticate(x->c, &x->card, tlv85, &w), 0);
    kat_same(wr_view(&w), span_of("\x85\x00", 2));
    assert_int_equal(scp03t_authenticated(&x->host, wr_view(&w)), 0);
    assert_int_equal(x->host.sequence, x->sequence);
}

static void segment(struct sides *x, struct span plain, struct span tlv)
{
    uint8_t out[SCP03T_SEGMENT_MAX];
    struct writer w = wr_init(out, sizeof out);
    struct buf got;

    assert_int_equal(scp03t_segment(x->c, &x->host, plain, &w), 0);
    kat_same(wr_view(&w), tlv);
    buf_init(&got, 0);
    w = wr_init(out, sizeof out);
    assert_int_equal(scp03t_card_segment(x->c, &x->card, tlv, &got, &w), 0);
    kat_same(buf_span(&got), plain);
    kat_same(wr_view(&w), span_of("\x86\x00", 2));
    w = wr_init(out, sizeof out);
    assert_int_equal(scp03t_answer(x->c, &x->host, span_of("\x86\x00", 2), &w), 0);
    assert_int_equal(w.len, 0);
    buf_fini(&got);
}

static void last_answer(struct sides *x, struct span plain, struct span tlv)
{
    uint8_t out[SCP03T_SEGMENT_MAX];
    struct writer w = wr_init(out, sizeof out);

    assert_int_equal(scp03t_card_answer(x->c, &x->card, plain, &w), 0);
    kat_same(wr_view(&w), tlv);
    w = wr_init(out, sizeof out);
    assert_int_equal(scp03t_answer(x->c, &x->host, tlv, &w), 0);
    kat_same(wr_view(&w), plain);
}

static const char *segment_key(size_t i, const char *what)
{
    static char name[64];

    assert_in_range(snprintf(name, sizeof name, "segment_%zu_%s", i, what), 1, sizeof name - 1);
    return name;
}

/* Places both ends where the record stands: of the real run only some segments are recorded. */
static void segments(struct sides *x, const struct vec *v)
{
    size_t n = vec_uint(v, "segment_count");

    for (size_t i = 1; i <= n; i++) {
        struct span before = vec_get(v, segment_key(i, "chaining_before"));
        uint32_t counter = (uint32_t)vec_uint(v, segment_key(i, "counter"));

        if (counter == x->host.counter + 1)
            kat_same(span_of(x->host.chain, 16), before);
        memcpy(x->host.chain, before.p, 16);
        memcpy(x->card.chain, before.p, 16);
        x->host.counter = x->card.counter = counter - 1;
        segment(x, vec_get(v, segment_key(i, "plain")), vec_get(v, segment_key(i, "tlv")));
        kat_same(span_of(x->host.chain, 16), vec_get(v, segment_key(i, "chaining_after")));
        kat_same(span_of(x->card.chain, 16), vec_get(v, segment_key(i, "chaining_after")));
    }
}

/* The answer script is AF80 84.. 85.. 0000, so the 84 stands behind AF80. */
static void test_real_session(void **state)
{
    struct vec *v = vec_open("scp03t");
    struct sides x;

    (void)state;
    assert_true(kat_next(v, "real_session"));
    for (int predict = 0; predict <= 1; predict++) {
        sides_init(&x, vec_get(v, "ENC"), vec_get(v, "MAC"), vec_get(v, "ISD_P_AID"),
                   vec_get(v, "sequence_counter"));
        establish(&x, predict, vec_get(v, "host_challenge"),
                  span_of(vec_get(v, "response_script_1").p + 2, ANSWER_84),
                  vec_get(v, "ext_auth_tlv"));
        session_is(&x.host, v, "S_ENC", "S_MAC", "S_RMAC");
        session_is(&x.card, v, "S_ENC", "S_MAC", "S_RMAC");
        kat_same(span_of(x.card.chain, 16), vec_get(v, "chaining_after_ext_auth"));
        segments(&x, v);
        assert_int_equal(x.host.counter, vec_uint(v, "segments_total"));
        last_answer(&x, vec_get(v, "last_response_plain"), vec_get(v, "last_response_tlv"));
        sides_fini(&x);
    }
    vec_close(v);
}

static void test_authentications(void **state)
{
    static const uint8_t head[] = {0x84, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, KVN, 0x03, 0x70};
    struct vec *v = vec_open("scp03t");
    struct aid isd_p;
    struct sides x;
    int n = 0;

    (void)state;
    assert_int_equal(aid_isd_p(0x0013, &isd_p), 0);
    for (; kat_next(v, "real_authentications"); n++) {
        uint8_t answer[ANSWER_84];
        struct writer w = wr_init(answer, sizeof answer);

        wr_bytes(&w, head, sizeof head);
        wr_span(&w, vec_get(v, "card_challenge"));
        wr_span(&w, vec_get(v, "card_cryptogram"));
        wr_span(&w, vec_get(v, "sequence_counter"));
        sides_init(&x, vec_get(v, "ENC"), vec_get(v, "MAC"), aid_span(&isd_p),
                   vec_get(v, "sequence_counter"));
        establish(&x, n % 2, vec_get(v, "host_challenge"), wr_view(&w),
                  vec_get(v, "ext_auth_tlv"));
        sides_fini(&x);
    }
    assert_int_equal(n, 12);
    vec_close(v);
}

static void test_generated(void **state)
{
    struct vec *v = vec_open("scp03t");
    struct sides x;

    (void)state;
    assert_true(kat_next(v, "generated"));
    sides_init(&x, vec_get(v, "ENC"), vec_get(v, "MAC"), vec_get(v, "AID"),
               vec_get(v, "sequence_counter"));
    establish(&x, false, vec_get(v, "host_challenge"), vec_get(v, "init_update_response_tlv"),
              vec_get(v, "ext_auth_tlv"));
    session_is(&x.card, v, "S_ENC", "S_MAC", "S_RMAC");
    segments(&x, v);
    last_answer(&x, vec_get(v, "last_response_plain"), vec_get(v, "last_response_tlv"));
    sides_fini(&x);
    vec_close(v);
}

/* One synthetic segment, and the answer to the 17th, whose full C-MAC is not recorded: the chain
 * before it is unknown, so only its ciphertext is checked through the ICV of counter 17. */
static void test_worked_session(void **state)
{
    struct vec *v = vec_open("sgp02");
    struct sides x;

    (void)state;
    assert_true(kat_next(v, "scp03t_session"));
    sides_init(&x, vec_get(v, "key_enc"), vec_get(v, "key_mac"), vec_get(v, "aid"),
               vec_get(v, "sequence_counter"));
    establish(&x, true, span_of(vec_get(v, "init_update_tlv").p + 4, 8),
              vec_get(v, "init_update_response_tlv"), vec_get(v, "ext_auth_tlv"));
    session_is(&x.host, v, "s_enc", "s_mac", "s_rmac");
    kat_same(span_of(x.host.card_challenge, 8), vec_get(v, "card_challenge"));
    kat_same(span_of(x.host.chain, 16), vec_get(v, "ext_auth_full_mac"));
    segment(&x, vec_get(v, "segment_1_plain"), vec_get(v, "segment_1_tlv"));
    kat_same(span_of(x.card.chain, 16), vec_get(v, "segment_1_full_mac"));
    x.card.counter = (uint32_t)vec_uint(v, "last_answer_counter");
    {
        uint8_t out[64];
        struct writer w = wr_init(out, sizeof out);

        assert_int_equal(scp03t_card_answer(x.c, &x.card, vec_get(v, "last_answer_plain"), &w), 0);
        assert_int_equal(w.len, vec_get(v, "last_answer_tlv").n);
        assert_memory_equal(out, vec_get(v, "last_answer_tlv").p, 18);
    }
    sides_fini(&x);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_session),
        cmocka_unit_test(test_authentications),
        cmocka_unit_test(test_generated),
        cmocka_unit_test(test_worked_session),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
