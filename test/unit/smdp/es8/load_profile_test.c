/* SPDX-License-Identifier: Apache-2.0 */
/* A load against the card's end of SCP03t: what arrives is the package, and only a verified good
 * answer to the last segment is an installation. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/tlv.h"
#include "smdp/es8/es8.h"

static const uint8_t OK_STATUS[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00};
static const uint8_t BAD_STATUS[] = {0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x05};

struct bench {
    struct crypto *c;
    struct rng rng;
    struct scp03_keys keys;
    struct aid aid;
    struct scp03_session card;
    struct buf plain, answer, package;
    struct es8_load *load;
    struct span final; /* PEStatus of the last segment */
    int fail_at;       /* segment that answers with data early; -1: none */
    int seen;
};
static struct bench B;

static int setup(void **state)
{
    (void)state;
    memset(&B, 0, sizeof B);
    rng_init_seeded(&B.rng, 7);
    B.c = crypto_new(&B.rng);
    assert_int_equal(key_random(B.c, KEY_AES, 16, &B.keys.enc), 0);
    assert_int_equal(key_random(B.c, KEY_AES, 16, &B.keys.mac), 0);
    assert_int_equal(key_random(B.c, KEY_AES, 16, &B.keys.dek), 0);
    assert_int_equal(aid_isd_p(0x0012, &B.aid), 0);
    buf_init(&B.plain, 0);
    buf_init(&B.answer, 0);
    buf_init(&B.package, 0);
    B.final = span_of(OK_STATUS, sizeof OK_STATUS);
    B.fail_at = -1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    es8_load_free(B.load);
    scp03_session_fini(&B.card);
    es8_keys_free(&B.keys);
    buf_fini(&B.plain);
    buf_fini(&B.answer);
    buf_fini(&B.package);
    crypto_free(B.c);
    return 0;
}

static void begin(size_t n)
{
    uint8_t *p;

    es8_load_free(B.load);
    B.load = NULL;
    scp03_session_fini(&B.card);
    buf_reset(&B.plain);
    buf_reset(&B.package);
    B.seen = 0;
    p = buf_grow(&B.package, n);
    assert_non_null(p);
    rng_fill(&B.rng, p, n);
    assert_int_equal(es8_load_new(B.c, &B.keys, &B.aid, buf_span(&B.package), &B.load), 0);
}

/* What the card answers to one payload, into B.answer. */
static void card(struct span payload, size_t total)
{
    struct reader r = rd_init(payload);
    struct tlv t;

    buf_reset(&B.answer);
    while (tlv_next(&r, &t) == ERR_OK) {
        uint8_t room[128];
        struct writer w = wr_init(room, sizeof room);
        struct writer w2 = wr_init(room, sizeof room);
        assert_true(t.raw.n <= SCP03T_SEGMENT_MAX);
        if (t.tag == 0x84) {
            assert_int_equal(
                scp03t_card_initialize(B.c, &B.card, &B.keys, ES8_KVN, &B.aid, 1, t.raw, &w), 0);
        } else if (t.tag == 0x85) {
            assert_int_equal(scp03t_card_authenticate(B.c, &B.card, t.raw, &w), 0);
        } else {
            assert_int_equal(t.tag, 0x86);
            assert_int_equal(scp03t_card_segment(B.c, &B.card, t.raw, &B.plain, &w), 0);
            if (B.plain.n == total || B.seen == B.fail_at) {
                w = w2;
                assert_int_equal(
                    scp03t_card_answer(
                        B.c, &B.card,
                        B.plain.n == total ? B.final : span_of(BAD_STATUS, sizeof BAD_STATUS), &w),
                    0);
            }
            B.seen++;
        }
        assert_false(w.failed);
        buf_add(&B.answer, room, w.len);
        if (B.fail_at >= 0 && B.seen > B.fail_at)
            return;
    }
}

static int answer(unsigned i, enum es8_result *ret, struct saip_response *st)
{
    return es8_load_answer(B.load, i, buf_span(&B.answer), ret, st);
}

static void run_whole(size_t n)
{
    enum es8_result result = ES8_MORE;
    struct saip_response st;

    begin(n);
    for (unsigned i = 0; i < es8_load_count(B.load); i++) {
        struct span p = es8_load_payload(B.load, i);
        assert_int_equal(result, ES8_MORE);
        assert_in_range(p.n, 1, ES8_PAYLOAD_MAX);
        card(p, n);
        assert_int_equal(answer(i, &result, &st), 0);
    }
    assert_int_equal(result, ES8_INSTALLED);
    assert_int_equal(B.plain.n, n);
    assert_memory_equal(B.plain.p, B.package.p, n);
    assert_int_equal(es8_load_payload(B.load, es8_load_count(B.load)).n, 0);
}

static void every_length_arrives(void **state)
{
    static const size_t SIZES[] = {1,    126,  127,   128,   255,   256,   1006,  1007,   1008,
                                   2014, 2015, 12079, 47000, 48000, 49152, 65535, 100000, 200000};

    (void)state;
    for (size_t i = 0; i < sizeof SIZES / sizeof *SIZES; i++)
        run_whole(SIZES[i]);
    begin(1);
    assert_int_equal(es8_load_count(B.load), 1);
    begin(100000);
    assert_int_equal(es8_load_count(B.load), 3);
}

static void card_refuses_the_package(void **state)
{
    enum es8_result result;
    struct saip_response st;

    (void)state;
    B.final = span_of(BAD_STATUS, sizeof BAD_STATUS);
    begin(3000);
    card(es8_load_payload(B.load, 0), 3000);
    assert_int_equal(answer(0, &result, &st), 0);
    assert_int_equal(result, ES8_REFUSED);
    assert_int_equal(st.n, 1);
    assert_int_equal(st.pe[0].status, 5);
    /* Early, in the middle of a payload and of a later one. */
    B.fail_at = 1;
    begin(60000);
    card(es8_load_payload(B.load, 0), 60000);
    assert_int_equal(answer(0, &result, &st), 0);
    assert_int_equal(result, ES8_REFUSED);
    B.fail_at = 50;
    begin(60000);
    card(es8_load_payload(B.load, 0), 60000);
    assert_int_equal(answer(0, &result, &st), 0);
    card(es8_load_payload(B.load, 1), 60000);
    assert_int_equal(answer(1, &result, &st), 0);
    assert_int_equal(result, ES8_REFUSED);
    assert_int_equal(answer(1, &result, &st), ERR_STATE);
}

static void unprotected_end_proves_nothing(void **state)
{
    enum es8_result result;
    struct saip_response st;

    (void)state;
    begin(500);
    card(es8_load_payload(B.load, 0), 0); /* 0: the last answer is 86 00 */
    assert_memory_equal(B.answer.p + B.answer.n - 2, "\x86\x00", 2);
    assert_int_equal(answer(0, &result, &st), ERR_FORMAT);
    assert_int_equal(answer(0, &result, &st), ERR_STATE);
}

static void every_altered_octet_is_found(void **state)
{
    enum es8_result result;
    struct saip_response st;
    size_t n, from;

    (void)state;
    begin(40);
    card(es8_load_payload(B.load, 0), 40);
    n = B.answer.n;
    /* Of 84 the diversification data and the low bits of parameter i are under no MAC and mean
     * nothing to the host; everything else is compared, derived from or checked. */
    for (size_t at = 0; at < n; at++) {
        if ((at >= 2 && at < 12) || at == 14)
            continue;
        begin(40);
        card(es8_load_payload(B.load, 0), 40);
        assert_int_equal(B.answer.n, n);
        B.answer.p[at] ^= 0x01;
        assert_false(answer(0, &result, &st) == 0 && result == ES8_INSTALLED);
    }
    /* Cut anywhere, or with something behind it. */
    for (from = 0; from < n; from++) {
        begin(40);
        card(es8_load_payload(B.load, 0), 40);
        assert_int_not_equal(es8_load_answer(B.load, 0, span_of(B.answer.p, from), &result, &st),
                             0);
    }
    begin(40);
    card(es8_load_payload(B.load, 0), 40);
    buf_add(&B.answer, "\x86\x00", 2);
    assert_int_equal(answer(0, &result, &st), ERR_FORMAT);
}

static void refusals_of_the_channel(void **state)
{
    static const char *const ANSWERS[] = {"\x9F\x44\x01\x03", "\x9F\x45\x01\x02",
                                          "\x9F\x46\x01\x02"};
    enum es8_result result;
    struct saip_response st;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        size_t keep;
        begin(40);
        card(es8_load_payload(B.load, 0), 40);
        keep = i == 0 ? 0 : i == 1 ? 34 : 36;
        B.answer.n = keep;
        buf_add(&B.answer, ANSWERS[i], 4);
        assert_int_equal(answer(0, &result, &st), ERR_DENIED);
        assert_int_equal(answer(0, &result, &st), ERR_STATE);
    }
}

static void another_card_is_not_taken(void **state)
{
    enum es8_result result;
    struct saip_response st;
    struct aid mine = B.aid;

    (void)state;
    begin(40);
    assert_int_equal(aid_isd_p(0x0013, &B.aid), 0);
    buf_reset(&B.answer);
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof room);
    struct span p = es8_load_payload(B.load, 0);
    assert_int_equal(
        scp03t_card_initialize(B.c, &B.card, &B.keys, ES8_KVN, &B.aid, 1, span_of(p.p, 12), &w), 0);
    buf_add(&B.answer, room, w.len);
    buf_add(&B.answer, "\x85\x00\x86\x00", 4);
    B.aid = mine;
    assert_int_equal(answer(0, &result, &st), ERR_AUTH);
    /* Nor a counter that is not the first of a new key set. */
    begin(40);
    w = wr_init(room, sizeof room);
    p = es8_load_payload(B.load, 0);
    assert_int_equal(
        scp03t_card_initialize(B.c, &B.card, &B.keys, ES8_KVN, &B.aid, 2, span_of(p.p, 12), &w), 0);
    buf_reset(&B.answer);
    buf_add(&B.answer, room, w.len);
    buf_add(&B.answer, "\x85\x00\x86\x00", 4);
    assert_int_equal(answer(0, &result, &st), ERR_AUTH);
}

static void order_matters(void **state)
{
    enum es8_result result;
    struct saip_response st;

    (void)state;
    begin(100000);
    card(es8_load_payload(B.load, 0), 100000);
    assert_int_equal(answer(1, &result, &st), ERR_STATE);
    assert_int_equal(answer(0, &result, &st), 0);
    assert_int_equal(result, ES8_MORE);
    assert_int_equal(answer(0, &result, &st), ERR_STATE);
    assert_int_equal(answer(7, &result, &st), ERR_STATE);
    es8_load_free(B.load);
    B.load = NULL;
    assert_int_equal(es8_load_new(B.c, &B.keys, &B.aid, span_of("", 0), &B.load), ERR_INVAL);
    assert_null(B.load);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_length_arrives),
        T(card_refuses_the_package),
        T(unprotected_end_proves_nothing),
        T(every_altered_octet_is_found),
        T(refusals_of_the_channel),
        T(another_card_is_not_taken),
        T(order_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
