/* SPDX-License-Identifier: Apache-2.0 */
/* Response packets by short message: the checksum names the card, the counter the packet;
 * everything else is silence and a count (design 5 step 6; facts: trust A11, A15). */
#include "test/unit/smsr/channel/sms_world.h"

static void por_from_either_number(void **state)
{
    static const char *const numbers[] = {"4917000000", "4917000001"};
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    for (unsigned i = 0; i < 2; i++) {
        por(&p, &W.card[0], 5, POR_OK, 20);
        say(numbers[i], &p);
        assert_int_equal(W.n_posts, i + 1);
        assert_int_equal(last_post()->in.kind, IN_POR);
        assert_true(posted_to(last_post(), &W.card[0]));
        assert_int_equal(last_post()->in.u.por.counter, 5);
        assert_int_equal(last_post()->in.u.por.kvn, KVN);
        assert_int_equal(last_post()->in.u.por.status, POR_OK);
        assert_int_equal(last_post()->n, 20);
        assert_int_equal(last_post()->data[19], 0x5A);
        assert_string_equal(last_post()->in.u.por.from.s, numbers[i]);
    }
    assert_int_equal(COUNT(por_accepted), 2);
}

static void every_status_is_handed_on(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    for (unsigned status = 0; status <= POR_BY_USSD; status++) {
        por(&p, &W.card[0], 5, (uint8_t)status, 0);
        say("4917000000", &p);
        if (status == POR_UNIDENTIFIED)     /* sent without checksum */
            continue;
        assert_int_equal(last_post()->in.u.por.status, status);
    }
    assert_int_equal(W.n_posts, POR_BY_USSD);
    assert_int_equal(COUNT(por_unproven), 1);
}

/* Two cards behind one number (moved in the operator's books): only the key says whose it is. */
static void two_candidates(void **state)
{
    struct parts p;

    (void)state;
    W.card[0].profile[0].msisdn = W.card[1].profile[0].msisdn;
    card_open_packet(&W.card[0], 9);
    card_open_packet(&W.card[1], 9);
    por(&p, &W.card[1], 9, POR_OK, 3);
    say("4917000010", &p);
    assert_int_equal(W.n_posts, 1);
    assert_true(posted_to(last_post(), &W.card[1]));
    por(&p, &W.card[0], 9, POR_OK, 3);
    say("4917000010", &p);
    assert_int_equal(W.n_posts, 2);
    assert_true(posted_to(last_post(), &W.card[0]));
}

static void key_of_another_card(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[1], 5, POR_OK, 3);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(mo_bad_cc), 1);
}

static void every_flipped_octet_fails(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    assert_int_equal(p.n, 1);
    for (size_t i = 3; i < p.len[0]; i++) {
        p.ud[0][i] ^= 0x01;
        say("4917000000", &p);
        p.ud[0][i] ^= 0x01;
        fake_clock_step(&W.clock, 60000);       /* the guard forgives */
    }
    assert_int_equal(W.n_posts, 0);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 1);
}

static void no_open_packet(void **state)
{
    struct parts p;

    (void)state;
    por(&p, &W.card[0], 5, POR_OK, 3);
    say("4917000000", &p);                      /* proven; its operation is over */
    assert_int_equal(COUNT(por_late), 1);
    assert_int_equal(COUNT(mo_no_key) + COUNT(mo_bad_cc), 0);
    card_open_packet(&W.card[0], 6);
    say("4917000000", &p);                      /* proven, but its packet is closed */
    assert_int_equal(COUNT(por_late), 2);
    W.card[0].e.packets[0].kvn = KVN + 1;       /* the same counter of another key set */
    por(&p, &W.card[0], 6, POR_OK, 3);
    say("4917000000", &p);
    assert_int_equal(COUNT(por_late), 3);
    assert_int_equal(W.n_posts, 0);
}

/* A card whose answers come after the verdicts is no forger: what it says next is still heard. */
static void late_answers_cost_nothing(void **state)
{
    struct parts p;

    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        por(&p, &W.card[0], 5 + i, POR_OK, 3);
        say("4917000000", &p);
    }
    assert_int_equal(COUNT(mo_throttled), 0);
    assert_int_equal(COUNT(por_late), 100);
    card_open_packet(&W.card[0], 200);
    por(&p, &W.card[0], 200, POR_OK, 3);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 1);
}

static void forged_status_without_checksum(void **state)
{
    static const uint8_t clear[] = {0x00, 0x0B, 0x0A, 0x00, 0x00, 0x01, 0x00,
                                    0x00, 0x00, 0x00, 0x05, 0x00, 0x06};
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    split(&p, SMS_RESPONSE, span_of(clear, sizeof clear), 0);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(por_unproven), 1);
    p.ud[0][p.len[0] - 1] = POR_OK;             /* no excuse for a missing checksum */
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(mo_bad_cc), 1);
}

static void por_in_parts_out_of_order(void **state)
{
    struct parts p;
    struct msisdn from;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 300);
    assert_int_equal(p.n, 3);
    assert_int_equal(msisdn_parse(span_str("4917000000"), &from), ERR_OK);
    for (unsigned i = 3; i-- > 0;) {
        channel_sms_mo(W.ch, &from, span_of(p.ud[i], p.len[i]));
        if (i == 1)
            channel_sms_mo(W.ch, &from, span_of(p.ud[i], p.len[i]));
        assert_int_equal(W.n_posts, i == 0);
    }
    assert_int_equal(last_post()->n, 300);
    assert_int_equal(COUNT(mo_part), 3);
}

static void parts_of_two_senders_do_not_mix(void **state)
{
    struct parts p;
    struct msisdn a, b;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 150);
    assert_int_equal(p.n, 2);
    assert_int_equal(msisdn_parse(span_str("4917000000"), &a), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("4917000001"), &b), ERR_OK);
    channel_sms_mo(W.ch, &a, span_of(p.ud[0], p.len[0]));
    channel_sms_mo(W.ch, &b, span_of(p.ud[1], p.len[1]));
    assert_int_equal(W.n_posts, 0);
    channel_sms_mo(W.ch, &b, span_of(p.ud[0], p.len[0]));
    assert_int_equal(W.n_posts, 1);
}

static void a_duplicate_is_handed_on_again(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    say("4917000000", &p);
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 2);
}

/* A key that is none of SCP80 verifies nothing. */
static void wrong_key_types(void **state)
{
    struct parts p;
    struct key *kic = W.card[0].kic;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    W.card[0].kic = W.card[0].psk;
    say("4917000000", &p);
    assert_int_equal(COUNT(mo_bad_cc), 1);
    W.card[0].kic = NULL;
    say("4917000000", &p);
    assert_int_equal(COUNT(mo_no_key), 1);
    W.card[0].kic = kic;
    say("4917000000", &p);
    assert_int_equal(W.n_posts, 1);
}

static void a_mailbox_that_refuses(void **state)
{
    struct parts p;

    (void)state;
    card_open_packet(&W.card[0], 5);
    por(&p, &W.card[0], 5, POR_OK, 3);
    W.post_result = ERR_STATE;
    say("4917000000", &p);
    assert_int_equal(COUNT(post_failed), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(por_from_either_number),
        T(every_status_is_handed_on),
        T(two_candidates),
        T(key_of_another_card),
        T(every_flipped_octet_fails),
        T(no_open_packet),
        T(late_answers_cost_nothing),
        T(forged_status_without_checksum),
        T(por_in_parts_out_of_order),
        T(parts_of_two_senders_do_not_mix),
        T(a_duplicate_is_handed_on_again),
        T(wrong_key_types),
        T(a_mailbox_that_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
