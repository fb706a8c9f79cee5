/* SPDX-License-Identifier: Apache-2.0 */
/* Armed packets out: same bytes, right addresses, what carriers answer (design law 3, 3.5). */
#include "test/unit/smsr/channel/channel_world.h"

#include "common/bearer/sms_rx.h"

#define VALIDITY_MS 900000

static struct event ARMED;
static uint8_t BYTES[3000];

static struct out_sms order_of(const struct card *c, size_t n, int to)
{
    struct out_sms o = {.eid = c->e.eid, .armed = &ARMED, .validity_ms = VALIDITY_MS};

    for (size_t i = 0; i < n; i++)
        BYTES[i] = (uint8_t)(i * 7);
    memset(&ARMED, 0, sizeof ARMED);
    ARMED.kvn = KVN;
    ARMED.counter = 0x0102030405;
    ARMED.data = span_of(BYTES, n);
    o.to[0] = c->profile[to].iccid;
    return o;
}

/* The carrier took all it was given. */
static void all_taken(void)
{
    for (unsigned i = 0; i < W.n_mt; i++)
        channel_sms_result(W.ch, W.mt[i].tag, CARRIER_ACCEPTED);
}

static void one_part(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 1);
    assert_string_equal(W.mt[0].network, "a");
    assert_string_equal(W.mt[0].from, "4917100");
    assert_string_equal(W.mt[0].to.s, "4917000000");
    assert_int_equal(W.mt[0].n, 63);
    assert_memory_equal(W.mt[0].ud, "\x02\x70\x00", 3);
    assert_memory_equal(W.mt[0].ud + 3, BYTES, 60);
    assert_int_equal(COUNT(sms_sent), 1);
}

/* Parts of any send come together at a card, since the reference is the counter's. */
static void parts_of_two_sends_mix(void **state)
{
    struct out_sms o = order_of(&W.card[0], 300, 0);
    struct sms_rx *rx = sms_rx_new(4, 4, 1000);
    struct sms_packet p;

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 3);
    assert_int_equal(W.mt[0].ud[3], 0x05);
    all_taken();
    buf_add(&W.packet, BYTES, 300);
    o.armed = NULL;
    o.lsn = 77;
    o.counter = ARMED.counter;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 6);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(W.mt[i].n, W.mt[i + 3].n);
        assert_memory_equal(W.mt[i].ud, W.mt[i + 3].ud, W.mt[i].n);
    }
    assert_int_equal(sms_rx_part(rx, "", span_of(W.mt[2].ud, W.mt[2].n), 0, &p), ERR_AGAIN);
    assert_int_equal(sms_rx_part(rx, "", span_of(W.mt[3].ud, W.mt[3].n), 0, &p), ERR_AGAIN);
    assert_int_equal(sms_rx_part(rx, "", span_of(W.mt[1].ud, W.mt[1].n), 0, &p), ERR_OK);
    assert_int_equal(p.n, 300);
    assert_memory_equal(p.b, BYTES, 300);
    sms_rx_free(rx);
}

static void both_addresses(void **state)
{
    struct out_sms o = order_of(&W.card[1], 60, 0);

    (void)state;
    o.to[1] = W.card[1].profile[1].iccid;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 2);
    assert_string_equal(W.mt[0].to.s, "4917000010");
    assert_string_equal(W.mt[1].to.s, "4917000011");
    assert_string_equal(W.mt[1].network, "b");
    assert_string_equal(W.mt[1].from, "4917200");
    assert_memory_equal(W.mt[0].ud, W.mt[1].ud, W.mt[0].n);
}

static void same_address_once(void **state)
{
    struct out_sms o = order_of(&W.card[1], 60, 0);

    (void)state;
    W.card[1].profile[1] = W.card[1].profile[0];
    assert_int_equal(iccid_parse(span_str("8949010000000000002"), &W.card[1].profile[1].iccid),
                     ERR_OK);
    o.to[1] = W.card[1].profile[1].iccid;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 1);
}

/* The address is the one of now, not the one of when it was armed. */
static void address_read_when_sent(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    assert_int_equal(msisdn_parse(span_str("4917999999"), &W.card[0].profile[0].msisdn), ERR_OK);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_string_equal(W.mt[0].to.s, "4917999999");
}

/* What could not leave goes to the number of when it does; the number of then may be somebody else's by
 * now. Asked for again meanwhile, it leaves once. */
static void address_of_what_waits_moves(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.mt_result = ERR_FULL;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("4917999999"), &W.card[0].profile[0].msisdn), ERR_OK);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    W.mt_result = ERR_OK;
    pass(500);
    assert_int_equal(W.n_mt, 1);
    assert_string_equal(W.mt[0].to.s, "4917999999");
    assert_int_equal(COUNT(sms_joined), 1);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_QUEUE_FULL);
    assert_int_equal(msisdn_parse(span_str("4917888888"), &W.card[0].profile[0].msisdn), ERR_OK);
    pass(5000);
    assert_int_equal(W.n_mt, 2);
    assert_string_equal(W.mt[1].to.s, "4917888888");
    assert_memory_equal(W.mt[0].ud, W.mt[1].ud, W.mt[0].n);
    channel_sms_result(W.ch, W.mt[1].tag, CARRIER_THROTTLED);
    W.card[0].profile[0].msisdn.s[0] = 0;       /* no number any more: the last one is tried */
    pass(5000);
    assert_string_equal(W.mt[2].to.s, "4917888888");
}

static void refused_hint(const struct card *c, uint64_t counter, unsigned n)
{
    assert_int_equal(posts_of(IN_CARRIER), n);
    assert_true(posted_to(last_post(), c));
    assert_int_equal(last_post()->in.u.carrier.report, REPORTED_REFUSED);
    assert_int_equal(last_post()->in.u.carrier.counter, counter);
    assert_true(last_post()->in.u.carrier.text.n > 0);
}

static void unroutable(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.card[0].profile[0].msisdn.s[0] = 0;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    refused_hint(&W.card[0], 0x0102030405, 1);
    o.to[0].s[0] = 0;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    o.to[0] = W.card[0].profile[1].iccid;
    W.routes[1].sms = false;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    W.env.n_routes = 1;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    W.card[0].registered = false;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    refused_hint(&W.card[0], 0x0102030405, 5);
    assert_int_equal(COUNT(sms_unroutable), 5);
    assert_int_equal(W.n_mt, 0);
}

static void no_bytes(void **state)
{
    struct out_sms o = order_of(&W.card[0], 0, 0);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_INVAL);
    o.armed = NULL;
    o.lsn = 76;
    assert_int_equal(channel_sms(W.ch, &o), ERR_NOT_FOUND);
    o.lsn = 77;
    assert_int_equal(channel_sms(W.ch, &o), ERR_INVAL);
    assert_int_equal(W.n_mt, 0);
    assert_int_equal(channel_due(W.ch), -1);
}

static void too_long(void **state)
{
    static uint8_t big[PACKET_MAX + 1];
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    ARMED.data = span_of(big, sizeof big);
    assert_int_equal(channel_sms(W.ch, &o), ERR_NOMEM);
    assert_int_equal(W.n_mt, 0);
}

static int64_t vp_of(int64_t validity_ms)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    o.validity_ms = validity_ms;
    all_taken();
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    return W.mt[W.n_mt - 1].vp_s;
}

/* Never beyond the end of validity; on the grid of TP-VP where it has one. */
static void validity(void **state)
{
    (void)state;
    assert_int_equal(vp_of(900000), 900);
    assert_int_equal(vp_of(899999), 600);
    assert_int_equal(vp_of(300000), 300);
    assert_int_equal(vp_of(299999), 299);
    assert_int_equal(vp_of(15000), 15);
    assert_int_equal(vp_of(1), 1);
}

static void accepted(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_ACCEPTED);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_THROTTLED);   /* long forgotten */
    channel_sms_result(W.ch, 4711, CARRIER_REFUSED);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(channel_due(W.ch), -1);
}

static void refusals(void **state)
{
    struct out_sms o = order_of(&W.card[2], 60, 1);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_NO_SUBSCRIBER);
    refused_hint(&W.card[2], 0x0102030405, 1);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    channel_sms_result(W.ch, W.mt[1].tag, CARRIER_REFUSED);
    refused_hint(&W.card[2], 0x0102030405, 2);
    W.mt_result = ERR_NOT_FOUND;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    refused_hint(&W.card[2], 0x0102030405, 3);
    assert_int_equal(COUNT(sms_refused), 3);
    assert_int_equal(channel_due(W.ch), -1);
}

/* Silence is no refusal: nothing is said, nothing sent again by us. */
static void silence(void **state)
{
    struct out_sms o = order_of(&W.card[2], 60, 1);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_SILENT);
    pass(VALIDITY_MS);
    assert_int_equal(W.n_mt, 1);
    assert_int_equal(W.n_posts, 0);
    assert_int_equal(COUNT(sms_silent), 1);
}

static void throttled(void **state)
{
    static const int64_t pauses[] = {1000, 2000, 5000, 10000, 20000, 40000, 120000, 300000, 300000};
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    for (unsigned i = 0; i < 9; i++) {
        channel_sms_result(W.ch, W.mt[i].tag, i % 2 ? CARRIER_QUEUE_FULL : CARRIER_THROTTLED);
        assert_int_equal(channel_due(W.ch), W.clock.mono_ms + pauses[i]);
        fake_clock_step(&W.clock, pauses[i] - 1);
        channel_timer(W.ch);
        assert_int_equal(W.n_mt, i + 1);
        fake_clock_step(&W.clock, 1);
        channel_timer(W.ch);
        assert_int_equal(W.n_mt, i + 2);
        assert_int_equal(W.mt[i + 1].n, W.mt[0].n);
        assert_memory_equal(W.mt[i + 1].ud, W.mt[0].ud, W.mt[0].n);
        assert_true(W.mt[i + 1].vp_s <= W.mt[i].vp_s);
    }
    assert_int_equal(COUNT(sms_retried), 9);
    assert_int_equal(W.n_posts, 0);
}

/* ESME_RTHROTTLED in the middle of several: each is taken once in the end, none is lost and none goes again. */
static void throttled_among_others(void **state)
{
    unsigned taken[3] = {0, 0, 0};
    unsigned seen = 0;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct out_sms o = order_of(&W.card[0], 60 + i, 0);
        assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    }
    for (unsigned round = 0; round < 5; round++) {
        for (; seen < W.n_mt; seen++) {
            bool takes = seen % 2 || round > 2;
            taken[W.mt[seen].n % 3] += takes;
            channel_sms_result(W.ch, W.mt[seen].tag, takes ? CARRIER_ACCEPTED : CARRIER_THROTTLED);
        }
        pass(10000);
    }
    assert_int_equal(seen, W.n_mt);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(taken[i], 1);
    assert_int_equal(channel_due(W.ch), -1);
}

/* Bytes that have not left yet are not queued again, only for longer; another number or other
 * bytes are something else. */
static void not_queued_twice(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 1);
    assert_int_equal(COUNT(sms_joined), 1);
    BYTES[59]++;                        /* the beginning stays */
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 2);
    assert_int_equal(msisdn_parse(span_str("4917999999"), &W.card[0].profile[0].msisdn), ERR_OK);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 3);
    all_taken();
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(W.n_mt, 4);
    assert_int_equal(COUNT(sms_joined), 1);
}

static void joined_lasts_longer(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.mt_result = ERR_FULL;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    pass(VALIDITY_MS - 1000);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    pass(VALIDITY_MS - 1000);
    assert_int_equal(COUNT(sms_expired), 0);
    W.mt_result = ERR_OK;
    pass(500);
    assert_int_equal(W.n_mt, 1);
}

static void carrier_full_until_validity_ends(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.mt_result = ERR_FULL;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    pass(VALIDITY_MS + 1000);
    assert_int_equal(W.n_mt, 0);
    assert_int_equal(COUNT(sms_expired), 1);
    assert_int_equal(channel_due(W.ch), -1);
}

/* In the order they came, as soon as there is room again, and at the latest after 200 ms. */
static void full_carrier(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);
    struct out_sms other = order_of(&W.card[1], 60, 1);

    (void)state;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    W.mt_result = ERR_FULL;
    for (unsigned i = 1; i <= 3; i++) {
        ARMED.counter = i;
        BYTES[0] = (uint8_t)i;
        assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    }
    assert_int_equal(W.n_mt, 1);
    W.env.time_scale = 60;              /* this machine runs no faster for it */
    assert_int_equal(channel_due(W.ch), W.clock.mono_ms + 200);
    W.mt_result = ERR_OK;
    assert_int_equal(channel_sms(W.ch, &other), ERR_OK);
    assert_int_equal(W.n_mt, 2);        /* of another network: nothing is before it */
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_ACCEPTED);
    assert_int_equal(W.n_mt, 5);
    for (unsigned i = 1; i <= 3; i++)
        assert_int_equal(W.mt[1 + i].ud[3], i);
    assert_int_equal(channel_due(W.ch), -1);
}

static void back_off_follows_the_time_scale(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.env.time_scale = 100;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    channel_sms_result(W.ch, W.mt[0].tag, CARRIER_THROTTLED);
    assert_int_equal(channel_due(W.ch), W.clock.mono_ms + 10);
}

static void queue_is_bounded(void **state)
{
    struct out_sms o = order_of(&W.card[0], 60, 0);

    (void)state;
    W.mt_result = ERR_FULL;
    for (unsigned i = 0; i <= 65536; i++) {
        assert_int_equal(COUNT(sms_overflow), 0);
        memcpy(BYTES, &i, sizeof i);
        assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    }
    assert_int_equal(COUNT(sms_overflow), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(one_part), T(parts_of_two_sends_mix), T(both_addresses), T(same_address_once),
        T(address_read_when_sent), T(address_of_what_waits_moves), T(unroutable), T(no_bytes), T(too_long),
        T(validity), T(accepted), T(refusals), T(silence), T(throttled), T(throttled_among_others),
        T(not_queued_twice), T(joined_lasts_longer),
        T(carrier_full_until_validity_ends), T(full_carrier),
        T(back_off_follows_the_time_scale), T(queue_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
