/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages in: the checksum names the card, the counter the packet; everything else is
 * silence and a count (design 5 step 6; facts: trust A11, A15). */
#include "test/unit/smsr/channel/channel_world.h"

#include "common/codec/tlv.h"

static const struct packet_cmd_head COMMAND = {0x16, 0x39, KIC, KIC, 0x000001};
static const struct packet_cmd_head NOTIFY = {0x06, 0x00, KIC, KIC, 0x000001};

/* --- the card's side --- */

struct parts {
    unsigned n;
    size_t len[SMS_PARTS_MAX];
    uint8_t ud[SMS_PARTS_MAX][SMS_UD_MAX];
};

static void split(struct parts *ret, enum sms_kind kind, struct span packet, uint8_t ref)
{
    ret->n = sms_parts(packet.n);
    assert_true(ret->n > 0);
    for (unsigned i = 0; i < ret->n; i++) {
        struct writer w = wr_init(ret->ud[i], SMS_UD_MAX);
        assert_int_equal(sms_part_put(&w, kind, packet, ref, i + 1), ERR_OK);
        ret->len[i] = w.len;
    }
}

static struct scp80_keys keys_of(const struct card *c)
{
    return (struct scp80_keys){c->kic, c->kid, 0};
}

static void por(struct parts *ret, const struct card *c, uint64_t counter, uint8_t status, size_t n)
{
    uint8_t out[PACKET_MAX], data[1000];
    struct writer w = wr_init(out, sizeof out);
    struct scp80_keys k = keys_of(c);

    memset(data, 0x5A, sizeof data);
    assert_int_equal(scp80_por_wrap(W.c, &k, PACKET_SMS, &COMMAND, counter, status,
                                    span_of(data, n), &w), ERR_OK);
    split(ret, SMS_RESPONSE, wr_view(&w), (uint8_t)counter);
}

static size_t e1_put(uint8_t dst[128], const struct eid *eid, uint8_t kind, uint16_t seq)
{
    struct writer w = wr_init(dst, 128);
    size_t mark = tlv_open(&w, 0xE1);
    uint8_t s[2] = {(uint8_t)(seq >> 8), (uint8_t)seq};
    struct aid aid;

    assert_int_equal(aid_isd_p(0x13, &aid), ERR_OK);
    tlv_put(&w, 0x4C, span_of(eid->b, 16));
    tlv_put_u8(&w, 0x4D, kind);
    tlv_put(&w, 0x4E, span_of(s, 2));
    tlv_put(&w, 0x2F, aid_span(&aid));
    tlv_put(&w, 0x14, span_of("\x53\x61\x17\x50\x00\x00\x00\x00", 8));
    tlv_close(&w, mark);
    assert_false(w.failed);
    return w.len;
}

static void command(struct parts *ret, const struct card *c, const struct packet_cmd_head *h,
                    struct span data)
{
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);
    struct scp80_keys k = keys_of(c);

    assert_int_equal(scp80_wrap(W.c, &k, PACKET_SMS, h, 0, data, &w), ERR_OK);
    split(ret, SMS_COMMAND, wr_view(&w), 0);
}

static void notification(struct parts *ret, const struct card *signer,
                         const struct packet_cmd_head *h, const struct eid *eid, uint16_t seq)
{
    uint8_t e1[128];
    size_t n = e1_put(e1, eid, 2, seq);

    command(ret, signer, h, span_of(e1, n));
}

static void say(const char *from, const struct parts *p)
{
    struct msisdn m;

    assert_int_equal(msisdn_parse(span_str(from), &m), ERR_OK);
    for (unsigned i = 0; i < p->n; i++)
        channel_sms_mo(W.ch, &m, span_of(p->ud[i], p->len[i]));
}

/* --- response packets --- */

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

/* --- notifications --- */

static void notification_accepted(void **state)
{
    struct packet_cmd_head plain = NOTIFY;
    struct parts p;

    (void)state;
    notification(&p, &W.card[2], &NOTIFY, &W.card[2].e.eid, 0xFFFE);
    say("4917000021", &p);
    assert_int_equal(W.n_posts, 1);
    assert_int_equal(last_post()->in.kind, IN_NOTIFICATION);
    assert_true(posted_to(last_post(), &W.card[2]));
    assert_int_equal(last_post()->in.u.notification.sequence, 0xFFFE);
    assert_int_equal(last_post()->in.u.notification.kind, 2);
    assert_int_equal(last_post()->in.u.notification.aid.b[14], 0x13);
    assert_int_equal(last_post()->in.u.notification.bearer, BEARER_SMS);
    assert_string_equal(last_post()->in.u.notification.from.s, "4917000021");
    assert_int_equal(last_post()->n, 8);
    plain.spi1 = 0x02;                          /* checksum, not ciphered */
    notification(&p, &W.card[2], &plain, &W.card[2].e.eid, 7);
    say("4917000020", &p);
    assert_int_equal(W.n_posts, 2);
    assert_int_equal(COUNT(notification_accepted), 2);
}

static void notification_again(void **state)
{
    struct parts p;

    (void)state;
    notification(&p, &W.card[2], &NOTIFY, &W.card[2].e.eid, 7);
    say("4917000020", &p);
    say("4917000020", &p);
    assert_int_equal(W.n_posts, 2);             /* the mailbox answers a repeat again */
}

static void notification_level(void **state)
{
    static const uint8_t levels[] = {0x00, 0x01, 0x04, 0x05, 0x0A, 0x0E, 0x12, 0x16};
    struct packet_cmd_head h;
    struct parts p;

    (void)state;
    for (unsigned i = 0; i < sizeof levels; i++) {
        h = NOTIFY;
        h.spi1 = levels[i];
        h.kid = (levels[i] & 3) == 1 ? (uint8_t)(KVN << 4 | 5) : (uint8_t)KIC;
        notification(&p, &W.card[2], &h, &W.card[2].e.eid, 7);
        say("4917000020", &p);
        assert_int_equal(COUNT(notification_level), i + 1);
    }
    h = NOTIFY;
    h.tar = 0x000002;
    notification(&p, &W.card[2], &h, &W.card[2].e.eid, 7);
    say("4917000020", &p);
    assert_int_equal(COUNT(notification_level), 9);
    assert_int_equal(W.n_posts, 0);
}

static void notification_forged(void **state)
{
    struct packet_cmd_head h = NOTIFY;
    struct parts p;

    (void)state;
    notification(&p, &W.card[1], &NOTIFY, &W.card[2].e.eid, 7);     /* not its key */
    say("4917000020", &p);
    assert_int_equal(COUNT(mo_bad_cc), 1);
    notification(&p, &W.card[2], &NOTIFY, &W.card[1].e.eid, 7);     /* not its name */
    say("4917000020", &p);
    assert_int_equal(COUNT(notification_foreign), 1);
    h.kic = h.kid = 0x22;                                           /* not its key set */
    notification(&p, &W.card[2], &h, &W.card[2].e.eid, 7);
    say("4917000020", &p);
    assert_int_equal(COUNT(mo_bad_cc), 2);
    notification(&p, &W.card[2], &NOTIFY, &W.card[2].e.eid, 7);
    p.ud[0][p.len[0] - 1] ^= 0x80;
    say("4917000020", &p);
    assert_int_equal(COUNT(mo_bad_cc), 3);
    assert_int_equal(W.n_posts, 0);
}

static void notification_format(void **state)
{
    uint8_t e1[128];
    struct parts p;

    (void)state;
    for (size_t n = 0; n < e1_put(e1, &W.card[2].e.eid, 2, 7); n++) {
        command(&p, &W.card[2], &NOTIFY, span_of(e1, n));
        say("4917000020", &p);
        assert_int_equal(COUNT(notification_format), n + 1);
    }
    assert_int_equal(W.n_posts, 0);
}

/* --- anything --- */

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
    assert_int_equal(COUNT(mo_part), 8);
    assert_int_equal(COUNT(mo_overflow), 12);
    fake_clock_step(&W.clock, 600000);
    channel_sms_mo(W.ch, &from, span_of(p.ud[0], p.len[0]));
    assert_int_equal(COUNT(mo_part), 9);
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
        T(por_from_either_number), T(every_status_is_handed_on), T(two_candidates),
        T(unknown_number), T(unknown_numbers_are_listed), T(key_of_another_card), T(every_flipped_octet_fails),
        T(no_open_packet),
        T(late_answers_cost_nothing),
        T(forged_status_without_checksum), T(por_in_parts_out_of_order),
        T(parts_of_two_senders_do_not_mix), T(a_duplicate_is_handed_on_again), T(wrong_key_types),
        T(notification_accepted), T(notification_again), T(notification_level),
        T(notification_forged), T(notification_format), T(garbage), T(flood),
        T(unfinished_messages_are_bounded), T(a_mailbox_that_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
