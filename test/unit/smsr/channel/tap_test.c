/* SPDX-License-Identifier: Apache-2.0 */
/* Who looks on hears of each unit once, opened where the keys are, and changes nothing. */
#include "test/unit/smsr/channel/session_world.h"
#include "test/unit/smsr/channel/sms_world.h"

#include "common/codec/cattp.h"

struct heard {
    unsigned mt, mo, datagrams_in, datagrams_out, packets, posts, answers;
    struct tap_packet packet;       /* the last one; its spans are gone */
    struct tap_step step;           /* as well */
    uint8_t content[64], body[64];
    char card[17], own[17], uri[ADMIN_URI_MAX];
};

static struct heard H;

static void on_sms(void *ctx, const struct tap_sms *s)
{
    (void)ctx;
    H.mt += s->out;
    H.mo += !s->out;
    (void)snprintf(H.card, sizeof H.card, "%s", s->card->s);
    (void)snprintf(H.own, sizeof H.own, "%s", s->own);
    assert_true(s->tp_ud.n > 0 && s->tp_ud.n <= SMS_UD_MAX);
}

static void on_datagram(void *ctx, bool out, uint64_t conn, struct span pdu)
{
    (void)ctx;
    H.datagrams_out += out;
    H.datagrams_in += !out;
    assert_int_equal(conn, 9);
    assert_true(pdu.n > 0);
}

static void on_packet(void *ctx, const struct tap_packet *p)
{
    (void)ctx;
    H.packets++;
    H.packet = *p;
    memset(H.content, 0, sizeof H.content);
    if (p->content.n)
        memcpy(H.content, p->content.p, p->content.n < 64 ? p->content.n : 64);
}

static void on_step(void *ctx, const struct tap_step *s)
{
    (void)ctx;
    H.posts += !s->out;
    H.answers += s->out;
    H.step = *s;
    (void)snprintf(H.uri, sizeof H.uri, "%s", s->uri);
    assert_true(s->body.n <= sizeof H.body);
    if (s->body.n)
        memcpy(H.body, s->body.p, s->body.n);
}

static const struct channel_tap TAP = {on_sms, on_datagram, on_packet, on_step, NULL};

static uint8_t BYTES[PACKET_MAX];
static struct event ARMED;

static struct out_sms armed(const struct card *c, const struct card *keys)
{
    struct writer w = wr_init(BYTES, sizeof BYTES);
    struct scp80_keys k = keys_of(keys);
    struct out_sms o = {.eid = c->e.eid, .armed = &ARMED, .validity_ms = 900000};

    assert_int_equal(scp80_wrap(W.c, &k, PACKET_SMS, &COMMAND, 7, span_str("script"), &w), ERR_OK);
    ARMED = (struct event){.kvn = KVN, .counter = 7, .data = wr_view(&w)};
    o.to[0] = c->profile[0].iccid;
    return o;
}

static void a_command_is_opened(void **state)
{
    struct out_sms o = armed(&W.card[0], &W.card[0]);

    (void)state;
    channel_set_tap(W.ch, &TAP);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(H.packets, 1);
    assert_true(H.packet.out && H.packet.opened && !H.packet.response);
    assert_int_equal(H.packet.counter, 7);
    assert_int_equal(H.packet.content.n, 6);
    assert_memory_equal(H.content, "script", 6);
    assert_int_equal(H.mt, 1);
    assert_string_equal(H.card, "4917000000");
    assert_string_equal(H.own, "4917100");
    channel_set_tap(W.ch, NULL);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(H.packets + H.mt, 2);
}

/* Keys that do not fit, or none: the packet as it was, nothing of what is in it. */
static void without_keys_nothing_is_opened(void **state)
{
    struct out_sms o = armed(&W.card[0], &W.card[1]);

    (void)state;
    channel_set_tap(W.ch, &TAP);
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(H.packets, 1);
    assert_false(H.packet.opened);
    assert_null(H.packet.content.p);
    key_free(W.card[0].kic);
    W.card[0].kic = NULL;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(H.packets, 2);
    assert_false(H.packet.opened);
    assert_null(H.packet.content.p);
}

/* What no carrier took was not sent. */
static void what_waits_was_not_seen(void **state)
{
    struct out_sms o = armed(&W.card[0], &W.card[0]);

    (void)state;
    channel_set_tap(W.ch, &TAP);
    W.mt_result = ERR_FULL;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_int_equal(H.mt, 0);
    W.mt_result = ERR_OK;
    pass(1000);
    assert_int_equal(H.mt, 1);
}

static void a_response_and_a_forgery(void **state)
{
    struct parts p;

    (void)state;
    channel_set_tap(W.ch, &TAP);
    por(&p, &W.card[0], 7, POR_OK, 6);
    card_open_packet(&W.card[0], 7);
    say("4917000000", &p);
    assert_int_equal(posts_of(IN_POR), 1);
    assert_int_equal(H.mo, 1);
    assert_string_equal(H.own, "");
    assert_true(H.packet.response && H.packet.opened && !H.packet.out);
    assert_memory_equal(H.content, "ZZZZZZ", 6);
    p.ud[0][20] ^= 1;
    say("4917000000", &p);
    assert_int_equal(H.mo, 2);
    assert_int_equal(H.packets, 1);
}

static void a_notification(void **state)
{
    struct parts p;

    (void)state;
    channel_set_tap(W.ch, &TAP);
    notification(&p, &W.card[2], &NOTIFY, &W.card[2].e.eid, 7);
    say("4917000020", &p);
    assert_int_equal(H.mo, 1);
    assert_int_equal(H.packets, 1);
    assert_true(H.packet.opened && !H.packet.response && !H.packet.out);
    assert_true(eid_eq(&H.packet.eid, &W.card[2].e.eid));
    assert_int_equal(H.content[0], 0xE1);
}

/* A POST that comes twice is one; its answer is told each time it leaves. */
static void steps_of_a_session(void **state)
{
    struct card *c = &W.card[0];
    struct uuid id;
    char uri[ADMIN_URI_MAX];

    (void)state;
    channel_set_tap(W.ch, &TAP);
    id = begin(0, c);
    assert_int_equal(H.posts, 1);
    assert_string_equal(H.uri, "/polling");
    assert_int_equal(H.step.body.n, 0);
    memcpy(uri, serve(0, &id, 1, BODY(SCRIPT)), sizeof uri);
    assert_int_equal(H.answers, 1);
    assert_true(H.step.out && uuid_eq(&H.step.session, &id) && eid_eq(&H.step.eid, &c->e.eid));
    assert_int_equal(H.step.code, 200);
    assert_string_equal(H.uri, uri);
    assert_int_equal(H.step.body.n, sizeof SCRIPT - 1);
    assert_memory_equal(H.body, SCRIPT, sizeof SCRIPT - 1);
    dev_post(0, c, uri, BODY(ANSWER), false);
    assert_int_equal(H.posts, 2);
    assert_string_equal(H.uri, uri);
    assert_memory_equal(H.body, ANSWER, sizeof ANSWER - 1);
    (void)serve(0, &id, 0, NONE);
    assert_int_equal(H.answers, 2);
    assert_int_equal(H.step.code, 204);
    assert_string_equal(H.uri, "");
    dev_connect(1, c);
    dev_post(1, c, uri, BODY(ANSWER), true);
    assert_int_equal(dev_response(1).code, 204);
    assert_int_equal(H.posts, 2);
    assert_int_equal(H.answers, 3);
}

static void datagrams_both_ways(void **state)
{
    /* To a port that nobody has: the answer is a RST (TS 102 127 5.4). */
    struct cattp_pdu p = {.flags = CATTP_SYN, .source = 1, .destination = 2, .seq = 1};
    uint8_t pdu[64];
    struct writer w = wr_init(pdu, sizeof pdu);

    (void)state;
    channel_set_tap(W.ch, &TAP);
    cattp_put(&w, &p);
    assert_false(w.failed);
    (void)channel_datagram(W.ch, 9, wr_view(&w));
    assert_int_equal(H.datagrams_in, 1);
    assert_int_equal(H.datagrams_out, W.n_out);
    assert_int_equal(W.n_out, 1);
}

static int unheard(void **state)
{
    memset(&H, 0, sizeof H);
    return setup(state);
}

#define L(f) cmocka_unit_test_setup_teardown(f, unheard, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {L(a_command_is_opened), L(without_keys_nothing_is_opened),
                                       L(what_waits_was_not_seen), L(a_response_and_a_forgery),
                                       L(a_notification), L(steps_of_a_session),
                                       L(datagrams_both_ways)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
