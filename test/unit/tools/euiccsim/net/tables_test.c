/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card */
/* The tables and their texts: latency by seed, rates, quirks, the agenda's order. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "tools/euiccsim/net/agenda.h"
#include "tools/euiccsim/net/latency.h"
#include "tools/euiccsim/net/quirk_set.h"
#include "tools/euiccsim/net/simnet.h"

#define DRAWS 2001u

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void draw_sorted(enum latency_model m, enum latency_kind k, size_t octets, uint64_t seed,
                        int64_t dst[DRAWS])
{
    struct rng rng;

    rng_init_seeded(&rng, seed);
    for (unsigned i = 0; i < DRAWS; i++)
        dst[i] = latency_draw(m, k, octets, &rng);
    qsort(dst, DRAWS, sizeof(*dst), by_size);
}

static void lab2016_lies_around_its_medians(void **state)
{
    (void)state;
    static int64_t d[DRAWS];
    static const struct {
        enum latency_kind k;
        size_t octets;
        int64_t low, high;
    } ROWS[] = {
        {LAT_SMS_MT, 140, 3700, 4300},       {LAT_SMS_MO, 140, 3700, 4300},
        {LAT_STREAM_UP, 0, 145, 155},        {LAT_STREAM_DOWN, 0, 145, 155},
        {LAT_STREAM_DOWN, 1024, 1430, 1530}, {LAT_ATTACH, 0, 18500, 21500},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        draw_sorted(LATENCY_LAB2016, ROWS[i].k, ROWS[i].octets, 5, d);
        assert_in_range(d[DRAWS / 2], ROWS[i].low, ROWS[i].high);
        assert_true(d[0] > 0);
        assert_in_range(d[DRAWS - 1], 2 * ROWS[i].low, 200000);      /* a tail is there */
    }
}

static void a_segment_there_and_back_takes_what_the_laboratory_saw(void **state)
{
    (void)state;
    static int64_t down[DRAWS], up[DRAWS];

    draw_sorted(LATENCY_LAB2016, LAT_STREAM_DOWN, 1024, 9, down);
    draw_sorted(LATENCY_LAB2016, LAT_STREAM_UP, 200, 9, up);
    assert_in_range(down[DRAWS / 2] + up[DRAWS / 2], 1550, 1800);    /* 1.63 s */
}

static void fast_is_a_few_milliseconds(void **state)
{
    (void)state;
    static int64_t d[DRAWS];

    for (unsigned k = 0; k < LAT_KINDS; k++) {
        draw_sorted(LATENCY_FAST, (enum latency_kind)k, 1024, 5, d);
        assert_true(d[0] >= 0 && d[DRAWS - 1] <= 5);
    }
}

static void the_same_seed_draws_the_same(void **state)
{
    (void)state;
    static int64_t a[DRAWS], b[DRAWS], c[DRAWS];

    draw_sorted(LATENCY_LAB2016, LAT_ATTACH, 0, 1, a);
    draw_sorted(LATENCY_LAB2016, LAT_ATTACH, 0, 1, b);
    draw_sorted(LATENCY_LAB2016, LAT_ATTACH, 0, 2, c);
    assert_memory_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, c, sizeof(a));
}

static void model_names_are_read(void **state)
{
    (void)state;
    enum latency_model m = LATENCY_FAST;

    assert_true(latency_parse(span_str("lab2016"), &m) && m == LATENCY_LAB2016);
    assert_true(latency_parse(span_str("fast"), &m) && m == LATENCY_FAST);
    assert_false(latency_parse(span_str("Fast"), &m));
    assert_false(latency_parse(span_str(""), &m));
    assert_false(latency_parse(span_str("lab2017"), &m));
}

static void rates_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t want;
    } GOOD[] = {{"0", 0}, {"5%", 50000}, {"0.5%", 5000}, {"0.05", 50000}, {"100%", RATE_ONE},
                {"1", RATE_ONE}, {".5", 500000}, {"1.", RATE_ONE}, {"0.0001%", 1}};
    static const char *const BAD[] = {"", "%", ".", "5", "101%", "1.01", "-1", "5 %", "1e-2", "0x1",
                                      "1.2.3", "five", "nan", "inf", "0000000000000000000"};
    struct errmsg why;

    for (size_t i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++) {
        uint32_t got = 7;

        assert_int_equal(rate_parse(span_str(GOOD[i].text), &got, &why), 0);
        assert_int_equal(got, GOOD[i].want);
    }
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        uint32_t got = 7;

        why.text[0] = 0;
        assert_int_equal(rate_parse(span_str(BAD[i]), &got, &why), ERR_CONFIG);
        assert_int_equal(got, 7);
        assert_non_null(strstr(why.text, "5%"));
    }
}

static void faults_are_read_by_name(void **state)
{
    (void)state;
    static const char *const BAD[] = {"", "sms-loss", "sms-loss=", "sms-loss=101%", "sms-los=5%", "loss=5%",
                                      "=5%", "sms-loss=5%,", ",sms-loss=5%", "sms-loss=5% ,stream-cut=1%"};
    struct simnet_faults f;
    struct errmsg why;

    faults_from_loss(200000, &f);
    assert_int_equal(faults_parse(span_str("sms-loss=5%,sms-duplicate=0.5,sms-late=0,stream-cut=1%"), &f, &why), 0);
    assert_int_equal(f.loss_mt, 50000);
    assert_int_equal(f.loss_mo, 50000);
    assert_int_equal(f.duplicate, 500000);
    assert_int_equal(f.late, 0);
    assert_int_equal(f.stream_cut, 10000);
    assert_int_equal(f.datagram_loss, 200000);          /* what is not named stays */
    assert_true(f.reorder_ms > 0);
    memset(&f, 0, sizeof(f));
    assert_int_equal(faults_parse(span_str("sms-reorder=1,sms-corrupt=1%,datagram-loss=2%,datagram-duplicate=3%,"
                                           "datagram-reorder=4%,datagram-cut=5%"), &f, &why), 0);
    assert_int_equal(f.reorder, RATE_ONE);
    assert_true(f.reorder_ms > 0);                      /* else nothing would be overtaken */
    assert_int_equal(f.corrupt, 10000);
    assert_int_equal(f.datagram_loss, 20000);
    assert_int_equal(f.datagram_duplicate, 30000);
    assert_int_equal(f.datagram_reorder, 40000);
    assert_int_equal(f.udp_cut, 50000);
    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        f = (struct simnet_faults){.loss_mt = 7};
        why.text[0] = 0;
        if (faults_parse(span_str(BAD[i]), &f, &why) != ERR_CONFIG || f.loss_mt != 7 || !why.text[0])
            fail_msg("\"%s\" was taken: %s", BAD[i], why.text);
    }
}

static void a_rate_hits_as_often_as_it_says(void **state)
{
    (void)state;
    struct rng rng;
    unsigned hits = 0;

    rng_init_seeded(&rng, 1);
    for (unsigned i = 0; i < 100000; i++)
        hits += fault_hits(&rng, 50000);
    assert_in_range(hits, 4700, 5300);
    for (unsigned i = 0; i < 1000; i++) {
        assert_false(fault_hits(&rng, 0));
        assert_true(fault_hits(&rng, RATE_ONE));
    }
}

static void a_flip_changes_one_bit_behind_the_header(void **state)
{
    (void)state;
    struct rng rng;
    uint8_t ud[20], was[20] = {0x02, 0x70, 0x00, 1, 2, 3};
    uint8_t head[3] = {0x02, 0x70, 0x00}, empty[1] = {0xFF};

    rng_init_seeded(&rng, 1);
    for (unsigned i = 0; i < 500; i++) {
        unsigned bits = 0;

        memcpy(ud, was, sizeof(ud));
        fault_flip(&rng, ud, sizeof(ud));
        assert_memory_equal(ud, was, 3);
        for (unsigned b = 0; b < 8 * sizeof(ud); b++)
            bits += ((ud[b / 8] ^ was[b / 8]) >> b % 8) & 1u;
        assert_int_equal(bits, 1);
    }
    fault_flip(&rng, head, 3);
    assert_int_equal(head[2], 0);
    fault_flip(&rng, empty, 1);
    assert_int_equal(empty[0], 0xFF);
    fault_flip(&rng, empty, 0);
}

/* --- quirks --- */
static unsigned index_of(const char *name)
{
    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++)
        if (strcmp(CARD_QUIRKS[i].name, name) == 0)
            return i;
    fail_msg("no quirk %s", name);
    return 0;
}

static void quirks_are_read(void **state)
{
    (void)state;
    struct quirk_set q;
    struct errmsg why = {""};

    assert_int_equal(quirk_set_parse(span_str("none"), &q, &why), 0);
    for (unsigned i = 0; i < QUIRKS_MAX; i++)
        assert_true(q.card[i] == 0 && q.net[i] == 0);
    assert_int_equal(quirk_set_parse(span_str("field"), &q, &why), 0);
    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++)
        assert_int_equal(q.card[i], CARD_QUIRKS[i].field_per_mille);
    assert_int_equal(quirk_set_parse(span_str("por-swallowed=5%,imsi-barred"), &q, &why), 0);
    assert_int_equal(q.card[index_of("por-swallowed")], 50);
    assert_int_equal(q.card[index_of("refresh-postponed")], 0);
    assert_int_equal(q.net[1], 1000);
    assert_int_equal(quirk_set_parse(span_str("field,por-swallowed=0"), &q, &why), 0);
    assert_int_equal(q.card[index_of("por-swallowed")], 0);
    assert_true(q.card[index_of("por-from-new-number")] > 0);
}

static void wrong_quirks_get_a_sentence(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } ROWS[] = {
        {"", "no quirk"}, {"por-eaten", "\"por-eaten\""}, {"field,", "no quirk"},
        {"por-swallowed=", "no rate"}, {"por-swallowed=2", "above one"}, {"por-swallowed=x%", "x%"},
        {"field=5%", "\"field\""}, {"=5%", "no quirk"}, {"POR-SWALLOWED", "euiccsim help"},
        {"none;field", "none;field"},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct quirk_set q = {{1}, {1}};
        struct errmsg why = {""};

        assert_int_equal(quirk_set_parse(span_str(ROWS[i].text), &q, &why), ERR_CONFIG);
        if (!strstr(why.text, ROWS[i].word))
            fail_msg("\"%s\": %s", ROWS[i].text, why.text);
        assert_int_equal(q.card[0], 1);          /* untouched */
    }
}

static void quirk_tables_are_whole_and_named_once(void **state)
{
    (void)state;
    assert_true(CARD_QUIRK_COUNT <= QUIRKS_MAX && NET_QUIRK_COUNT <= QUIRKS_MAX);
    for (unsigned i = 0; i < NET_QUIRK_COUNT; i++) {
        assert_true(NET_QUIRKS[i].bit == 1u << i);
        assert_true(NET_QUIRKS[i].seen[0] && NET_QUIRKS[i].verdict[0] && NET_QUIRKS[i].test[0]);
        assert_null(quirk_find(CARD_QUIRKS, CARD_QUIRK_COUNT, span_str(NET_QUIRKS[i].name)));
        assert_true(!NET_QUIRKS[i].field_per_mille || !strcmp(NET_QUIRKS[i].verdict, "SUCCESS"));
    }
}

static void a_card_draws_its_quirks_by_seed_and_eid(void **state)
{
    (void)state;
    struct quirk_set q;
    unsigned hits = 0, same = 0;

    assert_int_equal(quirk_set_parse(span_str("por-swallowed=10%,imsi-unknown=50%"), &q, NULL), 0);
    for (unsigned i = 0; i < 1000; i++) {
        struct eid e = {{0x89, 0x04, [14] = (uint8_t)(i >> 8), [15] = (uint8_t)i}};
        uint32_t card = 0, net = 0, card2 = 0, net2 = 0, net3 = 0;

        quirk_set_draw(&q, 1, &e, &card, &net);
        quirk_set_draw(&q, 1, &e, &card2, &net2);
        quirk_set_draw(&q, 2, &e, &card2, &net3);
        assert_true(net == net2);
        assert_true((card & ~(uint32_t)QUIRK_POR_SWALLOWED) == 0);
        hits += card == QUIRK_POR_SWALLOWED;
        same += net == net3;
    }
    assert_in_range(hits, 70, 130);
    assert_in_range(same, 400, 600);
}

/* --- agenda --- */
static void the_agenda_keeps_time_and_then_order(void **state)
{
    (void)state;
    struct agenda a = {0};
    struct rng rng;
    struct happening h;
    int64_t last = -1;
    uint64_t last_seq = 0;

    rng_init_seeded(&rng, 4);
    for (unsigned i = 0; i < 5000; i++)
        assert_int_equal(agenda_put(&a, &(struct happening){
            .due_ms = (int64_t)rng_below(&rng, 50), .arg = i}), 0);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(agenda_first(&a)->due_ms >= last, 1);
        agenda_take(&a, &h);
        assert_true(h.due_ms > last || h.seq > last_seq);
        assert_int_equal(h.seq, h.arg + 1);
        last = h.due_ms;
        last_seq = h.seq;
    }
    assert_null(agenda_first(&a));
    assert_int_equal(agenda_put(&a, &(struct happening){.unit = malloc(8)}), 0);
    agenda_fini(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lab2016_lies_around_its_medians),
        cmocka_unit_test(a_segment_there_and_back_takes_what_the_laboratory_saw),
        cmocka_unit_test(fast_is_a_few_milliseconds),
        cmocka_unit_test(the_same_seed_draws_the_same),
        cmocka_unit_test(model_names_are_read),
        cmocka_unit_test(rates_are_read),
        cmocka_unit_test(faults_are_read_by_name),
        cmocka_unit_test(a_rate_hits_as_often_as_it_says),
        cmocka_unit_test(a_flip_changes_one_bit_behind_the_header),
        cmocka_unit_test(quirks_are_read),
        cmocka_unit_test(wrong_quirks_get_a_sentence),
        cmocka_unit_test(quirk_tables_are_whole_and_named_once),
        cmocka_unit_test(a_card_draws_its_quirks_by_seed_and_eid),
        cmocka_unit_test(the_agenda_keeps_time_and_then_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
