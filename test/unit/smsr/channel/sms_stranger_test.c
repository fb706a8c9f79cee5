/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages of whoever knows our number: strangers are listed, forgers lose attention, and
 * nothing grows without bound (facts: trust A11, A15). */
#include "test/unit/smsr/channel/sms_world.h"

static void unknown_number(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    say("4917999999", &p);
    notification(&p, &W.card[0], &NOTIFY, &W.card[0].e.eid, 1);
    say("4917999999", &p);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(mo_unknown_source), 2);
}

/* Listed by number, the last one first, until a card with that number proves itself. */
static void unknown_numbers_are_listed(void **state)
{
    struct channel_stranger list[3];
    struct parts p;
    struct msisdn none = {""};

    (void)state;
    notification(&p, &W.card[0], &NOTIFY, &W.card[0].e.eid, 1);
    say("4917000077", &p);
    say("4917000078", &p);
    say("4917000077", &p);
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    say("4917000078", &p);
    assert_int_equal(channel_strangers(W.ch, list, 3), 2);
    assert_string_equal(list[0].from.s, "4917000078");
    assert_int_equal(list[0].messages, 2);
    assert_int_equal(list[0].declarations, 1);
    assert_string_equal(list[1].from.s, "4917000077");
    assert_int_equal(list[1].declarations, 2);
    assert_true(list[0].last_ms >= list[0].first_ms && list[0].first_ms > 0);
    assert_int_equal(channel_strangers(W.ch, list, 1), 1);
    none = W.card[0].profile[0].msisdn;
    assert_int_equal(msisdn_parse(span_str("4917000077"), &W.card[0].profile[0].msisdn), 0);
    notification(&p, &W.card[0], &NOTIFY, &W.card[0].e.eid, 1); /* imported meanwhile */
    say("4917000077", &p);
    assert_int_equal(channel_strangers(W.ch, list, 3), 1);
    W.card[0].profile[0].msisdn = none;
    for (unsigned i = 0; i < 5000; i++) { /* the list has an end */
        char from[16];
        (void)snprintf(from, sizeof from, "4999%06u", i);
        notification(&p, &W.card[0], &NOTIFY, &W.card[0].e.eid, 1);
        say(from, &p);
    }
    assert_int_equal(COUNT(strangers_forgotten), 5000 + 1 - 4096);
    assert_int_equal(channel_strangers_known(W.ch), 4096);
}

static void garbage(void **state)
{
    struct msisdn from;
    uint8_t b[200];

    (void)state;
    assert_int_equal(msisdn_parse(span_str("4917000000"), &from), ERR_OK);
    card_open_packet(&W.card[0], 5);
    channel_sms_mo(W.ch, &from, span_of(b, 0));
    for (unsigned i = 0; i < 4000; i++) {
        size_t n = rng_below(&W.rng, sizeof b);
        rng_fill(&W.rng, b, n);
        if (n > 3 && i % 2)
            memcpy(b, i % 4 == 1 ? "\x02\x71\x00" : "\x02\x70\x00", 3);
        channel_sms_mo(W.ch, &from, span_of(b, n));
        fake_clock_step(&W.clock, 2000);
    }
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(mo_received), 4001);
    assert_true(COUNT(mo_format) > 1000);
}

/* Who forges many loses attention, others do not; a card that proves itself never does. */
static void flood(void **state)
{
    struct parts bad, good;

    (void)state;
    card_open_packet(&W.card[0], 5);
    card_open_packet(&W.card[1], 5);
    por(&good, &W.card[0], 5, POR_OK, 3);
    for (unsigned i = 0; i < 60; i++)           /* a card may talk as much as it likes */
        say("4917000000", &good);
    assert_int_equal(COUNT(mo_throttled), 0);
    por(&bad, &W.card[1], 5, POR_OK, 3);
    for (unsigned i = 0; i < 100; i++)
        say("4917000000", &bad);
    assert_int_equal(COUNT(mo_bad_cc), 64);
    assert_int_equal(COUNT(mo_throttled), 36);
    say("4917000010", &bad);
    assert_int_equal(last_post()->in.kind, IN_POR);
    assert_true(posted_to(last_post(), &W.card[1]));
    fake_clock_step(&W.clock, 1000);
    say("4917000000", &good);
    assert_true(posted_to(last_post(), &W.card[0]));
}

static void unfinished_messages_are_bounded(void **state)
{
    struct msisdn from;
    struct parts p;

    (void)state;
    assert_int_equal(msisdn_parse(span_str("4917000000"), &from), ERR_OK);
    for (unsigned i = 0; i < 20; i++) {
        por(&p, &W.card[0], i, POR_OK, 200);
        channel_sms_mo(W.ch, &from, span_of(p.ud[0], p.len[0]));
    }
    assert_int_equal(COUNT(mo_part), 20);
    assert_int_equal(COUNT(mo_overflow), 12);   /* pushed out by the next */
    card_open_packet(&W.card[0], 30);
    por(&p, &W.card[0], 30, POR_OK, 200);       /* and what the card itself says is heard */
    say("4917000000", &p);
    assert_true(posted_to(last_post(), &W.card[0]));
    for (unsigned i = 100; i < 300; i++) {      /* attention is spent, as by any other forgery */
        por(&p, &W.card[0], i, POR_OK, 200);
        channel_sms_mo(W.ch, &from, span_of(p.ud[0], p.len[0]));
    }
    assert_int_equal(COUNT(mo_overflow), 64);
    assert_true(COUNT(mo_throttled) > 100);
}

static void stranger(unsigned i, struct span tp_ud)
{
    struct msisdn from;
    char text[16];

    (void)snprintf(text, sizeof text, "49991%07u", i);
    assert_int_equal(msisdn_parse(span_str(text), &from), ERR_OK);
    channel_sms_mo(W.ch, &from, tp_ud);
}

/* However many numbers of nobody talk, what is left of a card's messages is heard: their forgeries spend none of the
 * attention that cards have, and their unfinished messages take no place. */
static void strangers_take_nothing_from_cards(void **state)
{
    static const uint8_t lie[] = {0x09, 0x00, 0x03, 0x01};
    struct channel_stranger last;
    struct parts p;
    uint64_t parts;

    (void)state;
    card_open_packet(&W.card[0], 4);
    por(&p, &W.card[0], 4, POR_OK, 200);
    say("4917000000", &p);                      /* whoever was heard has an allowance that can be spent */
    assert_int_equal(W.n_posts, 1);
    parts = COUNT(mo_part);
    por(&p, &W.card[0], 7, POR_OK, 200);
    for (unsigned i = 0; i < 5000; i++)
        stranger(i, span_of(p.ud[0], p.len[0]));
    assert_int_equal(COUNT(mo_unknown_source), 5000);
    assert_int_equal(COUNT(mo_part), parts);
    assert_int_equal(COUNT(mo_overflow), 0);
    for (unsigned i = 0; i < 400000; i++)
        stranger(i, span_of(lie, sizeof lie));
    assert_int_equal(COUNT(mo_format), 400000);
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 200);
    assert_true(p.n > 1);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 2);
    assert_true(posted_to(last_post(), &W.card[0]));
    assert_int_equal(COUNT(mo_throttled) + COUNT(mo_overflow), 0);
    assert_int_equal(channel_strangers(W.ch, &last, 1), 1);
    assert_string_equal(last.from.s, "499910004999");   /* what is no short message of a card is no contact */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(unknown_number),
        T(unknown_numbers_are_listed),
        T(garbage),
        T(flood),
        T(unfinished_messages_are_bounded),
        T(strangers_take_nothing_from_cards),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
