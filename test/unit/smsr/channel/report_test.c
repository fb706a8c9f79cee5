/* SPDX-License-Identifier: Apache-2.0 */
/* What networks say of messages they took: hints for the mailbox of the card, once each. */
#include "test/unit/smsr/channel/channel_world.h"

static struct event ARMED;

/* A packet of one part leaves for this card, and the carrier takes it under that name. */
static void taken(const struct card *c, uint64_t counter, int to, const char *id)
{
    static uint8_t bytes[60];
    struct out_sms o = {.eid = c->e.eid, .armed = &ARMED, .validity_ms = 900000};
    uint64_t tag;

    memcpy(bytes, &counter, sizeof counter);
    memset(&ARMED, 0, sizeof ARMED);
    ARMED.kvn = KVN;
    ARMED.counter = counter;
    ARMED.data = span_of(bytes, sizeof bytes);
    o.to[0] = c->profile[to].iccid;
    W.n_mt = 0;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    tag = W.mt[0].tag;
    channel_sms_named(W.ch, tag, id);
    channel_sms_result(W.ch, tag, CARRIER_ACCEPTED);
}

static void told(unsigned n, const struct card *c, uint64_t counter, enum message_report r, const char *text)
{
    const struct posted *p;

    assert_int_equal(posts_of(IN_CARRIER), n);
    p = last_post();
    assert_true(posted_to(p, c));
    assert_int_equal(p->in.u.carrier.counter, counter);
    assert_int_equal(p->in.u.carrier.report, r);
    assert_int_equal(p->n, strlen(text));
    assert_memory_equal(p->data, text, p->n);
}

static void the_last_word_once(void **state)
{
    (void)state;
    taken(&W.card[0], 5, 0, "x1");
    taken(&W.card[1], 6, 1, "x1");     /* names are a network's own */
    assert_int_equal(posts_of(IN_CARRIER), 0);
    assert_true(channel_sms_report(W.ch, "a", "x1", REPORTED_NOTHING, ""));
    assert_int_equal(posts_of(IN_CARRIER), 0);
    assert_true(channel_sms_report(W.ch, "a", "x1", REPORTED_DELIVERED, "000"));
    told(1, &W.card[0], 5, REPORTED_DELIVERED, "network a: delivered");
    assert_true(iccid_eq(&last_post()->in.u.carrier.profile, &W.card[0].profile[0].iccid));
    assert_false(channel_sms_report(W.ch, "a", "x1", REPORTED_DELIVERED, "000"));
    assert_true(channel_sms_report(W.ch, "b", "x1", REPORTED_UNDELIVERABLE, "1A"));
    told(2, &W.card[1], 6, REPORTED_UNDELIVERABLE, "network b: undeliverable, error 1A");
    assert_int_equal(COUNT(report_delivered), 1);
    assert_int_equal(COUNT(report_failed), 1);
    assert_int_equal(COUNT(report_early), 1);
    assert_int_equal(COUNT(report_unknown), 1);
}

static void of_no_message(void **state)
{
    static const char LONG[] = "0123456789012345678901234567890123456789012345678901234567890123x";

    (void)state;
    assert_false(channel_sms_report(W.ch, "a", "x1", REPORTED_DELIVERED, ""));
    assert_false(channel_sms_report(W.ch, "a", "", REPORTED_DELIVERED, ""));
    assert_false(channel_sms_report(W.ch, "a", LONG, REPORTED_DELIVERED, ""));
    channel_sms_named(W.ch, 4711, "x2");            /* no such tag */
    assert_false(channel_sms_report(W.ch, "a", "x2", REPORTED_DELIVERED, ""));
    taken(&W.card[0], 5, 0, "");
    taken(&W.card[0], 6, 0, LONG);
    assert_false(channel_sms_report(W.ch, "a", "", REPORTED_DELIVERED, ""));
    assert_false(channel_sms_report(W.ch, "b", "x1", REPORTED_DELIVERED, ""));
    assert_int_equal(posts_of(IN_CARRIER), 0);
    assert_int_equal(COUNT(report_unknown), 6);
}

/* A name that is used again is about the message that has it now. */
static void a_name_again(void **state)
{
    (void)state;
    taken(&W.card[0], 5, 0, "x1");
    taken(&W.card[2], 9, 0, "x1");
    assert_true(channel_sms_report(W.ch, "a", "x1", REPORTED_EXPIRED, ""));
    told(1, &W.card[2], 9, REPORTED_EXPIRED, "network a: expired");
    assert_false(channel_sms_report(W.ch, "a", "x1", REPORTED_EXPIRED, ""));
}

static void the_oldest_gives_way(void **state)
{
    char id[16];

    (void)state;
    for (unsigned i = 0; i <= 16384; i++) {
        assert_int_equal(COUNT(report_forgotten), 0);
        snprintf(id, sizeof id, "m%u", i);
        taken(&W.card[0], i + 1, 0, id);
    }
    assert_int_equal(COUNT(report_forgotten), 1);
    assert_false(channel_sms_report(W.ch, "a", "m0", REPORTED_DELIVERED, ""));
    assert_true(channel_sms_report(W.ch, "a", "m1", REPORTED_DELIVERED, ""));
    assert_true(channel_sms_report(W.ch, "a", "m16384", REPORTED_DELIVERED, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_last_word_once), T(of_no_message), T(a_name_again), T(the_oldest_gives_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
