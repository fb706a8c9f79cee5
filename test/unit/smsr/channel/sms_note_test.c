/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications by short message: of the card that signs them, at the level they need; everything
 * else is silence and a count (design 5 step 6; facts: trust A11, A15). */
#include "test/unit/smsr/channel/sms_world.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(notification_accepted),
        T(notification_again),
        T(notification_level),
        T(notification_forged),
        T(notification_format),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
