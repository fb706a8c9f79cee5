/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* The card's CAT_TP link: pushed by SMS, opened by the device, secured packets both ways, and its
 * ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/bearer/cattp_link.h"
#include "common/codec/packet.h"
#include "common/codec/script.h"
#include "common/crypto/scp80.h"
#include "test/support/card_rig.h"

#define PORT 7444
#define ID "THIS IS MY NAME"
static const char *const CHANNEL = "80EC010113" "350103" "39020400" "3C03011D14" "3E027F7F000000";
static const char *const PUSH_CHANNEL = "80EC010113" "350103" "39020400" "3C03011D14" "3E05217F000001";
static const char *const PUSH_LINK = "80EC010216" "3C03001D14" "360F" "54484953204953204D59204E414D45";
static const uint8_t AUDIT[] = {0xAA, 0x07, 0x22, 0x05, 0x80, 0xCA, 0xFF, 0x21, 0x00};

static struct far {                /* the server's end */
    struct rig *r;
    struct cattp *c;
    unsigned opened, ended;
    uint8_t reason;
    char id[40];
    struct span to_card[32];
    uint8_t room[32][1024];
    unsigned n;
    bool por;
    struct scp80_response rsp;
} F;

static void far_pdu(void *ctx, struct span pdu)
{
    (void)ctx;
    assert_true(F.n < 32);
    memcpy(F.room[F.n], pdu.p, pdu.n);
    F.to_card[F.n] = span_of(F.room[F.n], pdu.n);
    F.n++;
}

static void far_opened(void *ctx, struct span id)
{
    (void)ctx;
    F.opened++;
    assert_true(id.n < sizeof(F.id));
    memcpy(F.id, id.p, id.n);
}

static void far_sdu(void *ctx, struct span sdu)
{
    struct scp80_keys k = {F.r->kic, F.r->kid, 0};

    (void)ctx;
    assert_int_equal(scp80_por_unwrap(F.r->crypto, &k, PACKET_CATTP, F.r->spi2, 0x12, 0x12, sdu, &F.rsp),
                     ERR_OK);
    assert_true(F.rsp.authentic);
    F.por = true;
}

static void far_ended(void *ctx, uint8_t reason, bool by_peer)
{
    (void)ctx;
    (void)by_peer;
    F.ended++;
    F.reason = reason;
}

/* Everything that is on its way, both directions, until nothing is. */
static void flow(struct rig *r)
{
    bool refresh = false, closed = false;

    while (F.n || r->n_pdus) {
        unsigned n = r->n_pdus;
        static struct rig_pdu up[RIG_PDUS];

        memcpy(up, r->pdu, n * sizeof(up[0]));
        r->n_pdus = 0;
        for (unsigned i = 0; i < n; i++)
            assert_int_not_equal(cattp_input(F.c, span_of(up[i].b, up[i].n), r->now), ERR_NOMEM);
        for (unsigned i = 0, m = F.n; i < m; i++) {
            rig_datagram(r, F.to_card[i]);
            refresh |= r->refresh;
            closed |= r->udp_closed;
        }
        F.n = 0;
    }
    r->refresh = refresh;
    r->udp_closed = closed;
}

static int setup(void **state)
{
    struct cattp_config cfg = cattp_config_default();
    const struct cattp_port port = {far_pdu, far_opened, far_sdu, far_ended, NULL};
    int rc = rig_setup(state);

    memset(&F, 0, sizeof(F));
    F.r = *state;
    cfg.local_port = PORT;
    F.c = cattp_new(&cfg, &port);
    assert_non_null(F.c);
    assert_int_equal(cattp_listen(F.c), ERR_OK);
    return rc;
}

static int teardown(void **state)
{
    cattp_free(F.c);
    return rig_teardown(state);
}

static void push(struct rig *r, const char *a, const char *b, const char *expect)
{
    const char *const cmd[2] = {a, b};
    uint8_t script[300], capdu[150];
    char got[64];
    struct writer w = wr_init(script, sizeof(script));
    struct script_writer sw;

    script_begin(&sw, &w, SCRIPT_DEFINITE, false);
    for (unsigned i = 0; i < 2 && cmd[i]; i++) {
        size_t n = 0;

        assert_int_equal(hex_decode(cmd[i], strlen(cmd[i]), capdu, sizeof(capdu), &n), 0);
        script_put_cmd(&sw, span_of(capdu, n));
    }
    script_end(&sw, 2);
    rig_script(r, 1, wr_view(&w));
    assert_true(r->por.got && r->por.status == POR_OK);
    assert_int_equal(hex_encode(span_of(r->por.data, r->por.n), got, sizeof(got)), 0);
    assert_string_equal(got, expect);
}

static void open_link(struct rig *r)
{
    push(r, PUSH_CHANNEL, PUSH_LINK, "AB0B800102230290002302" "9000");
    assert_true(r->udp_opened);
    rig_udp_opened(r, true);
    flow(r);
    assert_int_equal(F.opened, 1);
}

/* A packet over the link under the next counter; its answer is in F.rsp when there is one. */
static void over_link(struct rig *r, uint32_t tar, struct span data)
{
    const struct packet_cmd_head h = {r->spi1, r->spi2, 0x12, 0x12, tar};
    struct scp80_keys k = {r->kic, r->kid, 0};
    uint8_t room[PACKET_MAX];
    struct writer w = wr_init(room, sizeof(room));

    F.por = false;
    assert_int_equal(scp80_wrap(r->crypto, &k, PACKET_CATTP, &h, ++r->counter, data, &w), ERR_OK);
    assert_int_equal(cattp_send(F.c, wr_view(&w), r->now), ERR_OK);
    flow(r);
}

static void a_packet_and_its_answer(void **state)
{
    struct rig *r = *state;

    open_link(r);
    assert_string_equal(F.id, ID);
    over_link(r, 1, span_of(AUDIT, sizeof(AUDIT)));
    assert_true(F.por && F.rsp.status == POR_OK && F.rsp.cntr == r->counter);
    assert_memory_equal(F.rsp.data, "\xAB\x17\x80\x01\x01\x23\x12\xFF\x21", 9);
    assert_int_equal(r->n_sms, 0);
    cattp_close(F.c, r->now);
    flow(r);
    assert_true(r->udp_closed);
    assert_false(r->refresh);
}

static void an_effect_is_a_row_of_the_link(void **state)
{
    static const char ENABLE[] = "AA1C221A80E28800153A03124F10A0000005591010FFFFFFFF8900001100";
    struct rig *r = *state;
    uint8_t script[64];
    size_t n = 0;

    rig_install(r, 0x11, 0);
    open_link(r);
    assert_int_equal(hex_decode(ENABLE, strlen(ENABLE), script, sizeof(script), &n), 0);
    over_link(r, 1, span_of(script, n));
    assert_true(F.por);
    assert_int_equal(rig_row(r, 0)->channel, 'C');
    assert_int_equal(rig_row(r, 0)->counter, r->counter);
    assert_int_equal(rig_row(r, 0)->sw, 0x9000);
    assert_int_equal(rig_enabled(r), 0x11);
    assert_false(r->refresh);      /* or the answer might never arrive */
    cattp_close(F.c, r->now);
    flow(r);
    assert_true(r->refresh && r->udp_closed);
}

/* Chaining holds what an SCP03t load needs; rig_load does the same by SMS. */
static void chained_scripts(void **state)
{
    static const uint8_t FIRST[] = {0xAE, 0x80, 0x83, 1, 0x11, 0x22, 5, 0x80, 0xCA, 0xFF, 0x21, 0, 0, 0};
    static const uint8_t NEXT[] = {0xAE, 0x80, 0x83, 1, 0x02, 0x22, 5, 0x80, 0xCA, 0xFF, 0x21, 0, 0, 0};
    struct rig *r = *state;

    open_link(r);
    over_link(r, 1, span_of(NEXT, sizeof(NEXT)));
    assert_memory_equal(F.rsp.data, "\xAF\x80\x83\x01\x01", 5); /* no script before it */
    over_link(r, 1, span_of(FIRST, sizeof(FIRST)));
    assert_memory_equal(F.rsp.data, "\xAF\x80\x23", 3);
    over_link(r, 1, span_of(NEXT, sizeof(NEXT)));
    assert_memory_equal(F.rsp.data, "\xAF\x80\x23", 3);
}

static void what_a_push_may_not_say(void **state)
{
    struct rig *r = *state;

    push(r, PUSH_LINK, NULL, "AB0780010123026985"); /* no channel before it */
    push(r, CHANNEL, NULL, "AB0780010123026A80");
    push(r, "80EC010105" "3C03021D14", NULL, "AB0780010123026A80"); /* TCP */
    push(r, PUSH_CHANNEL, "80EC010205" "3C03011D14", "AB0B80010223029000" "23026A80");
    assert_false(r->udp_opened);
    push(r, "80EC0103" "00", NULL, "AB0780010123026A86");
}

static void a_push_over_the_link_is_refused(void **state)
{
    uint8_t script[64] = {0xAA, 0, 0x22, 0};
    struct rig *r = *state;
    size_t n = 0;

    open_link(r);
    assert_int_equal(hex_decode(PUSH_CHANNEL, strlen(PUSH_CHANNEL), script + 4, 60, &n), 0);
    script[3] = (uint8_t)n;
    script[1] = (uint8_t)(n + 2);
    over_link(r, 1, span_of(script, n + 4));
    assert_memory_equal(F.rsp.data, "\xAB\x07\x80\x01\x01\x23\x02\x69\x85", 9);
}

static void silence(void **state)
{
    static const uint8_t JUNK[] = {1, 2, 3, 4, 5, 6};
    struct rig *r = *state;
    uint32_t before;

    open_link(r);
    before = card_silent_count(r->card);
    assert_int_equal(cattp_send(F.c, span_of(JUNK, sizeof(JUNK)), r->now), ERR_OK);
    flow(r);
    assert_int_equal(card_silent_count(r->card), before + 1);
    assert_false(F.por);
    rig_datagram(r, span_of(JUNK, sizeof(JUNK))); /* no PDU at all */
    assert_int_equal(r->n_pdus, 0);
    r->counter--;                  /* a counter that was here */
    over_link(r, 1, span_of(AUDIT, sizeof(AUDIT)));
    assert_int_equal(F.rsp.status, POR_CNTR_LOW);
}

static void ends(void **state)
{
    struct rig *r = *state;

    push(r, PUSH_CHANNEL, PUSH_LINK, "AB0B8001022302900023029000");
    rig_udp_opened(r, false);      /* the device has no bearer */
    assert_int_equal(r->n_pdus, 0);
    rig_udp_opened(r, true);       /* nobody asked */
    assert_true(r->udp_closed);
    open_link(r);
    rig_udp_closed(r);
    rig_datagram(r, span_of("x", 1));
    assert_int_equal(r->n_pdus, 0);
    push(r, PUSH_CHANNEL, PUSH_LINK, "AB0B8001022302900023029000");
    rig_udp_opened(r, true);
    assert_int_equal(r->n_pdus, 1);
    r->n_pdus = 0;
    rig_power(r);
    rig_udp_opened(r, true);
    assert_true(r->udp_closed);
}

/* A second push ends the link that stands and opens another one. */
static void another_push(void **state)
{
    struct rig *r = *state;

    open_link(r);
    push(r, PUSH_CHANNEL, PUSH_LINK, "AB0B8001022302900023029000");
    assert_true(r->udp_closed && r->udp_opened);
    assert_int_equal(r->n_pdus, 1); /* the RST */
    flow(r);
    assert_int_equal(F.ended, 1);
    assert_int_equal(F.reason, CATTP_NORMAL);
}

static void nobody_answers(void **state)
{
    struct rig *r = *state;
    unsigned n = 0;

    push(r, PUSH_CHANNEL, PUSH_LINK, "AB0B8001022302900023029000");
    rig_udp_opened(r, true);
    while (n < 100 && !r->udp_closed) {
        r->n_pdus = 0;
        n += rig_timer(r);
    }
    assert_in_range(n, 9, 20);     /* ten tries, then it gives up */
}

/* The quirk "link-cut" (quirks.c): the answer to the first packet never leaves, its effect
 * stands. */
static void link_cut_behind_a_packet(void **state)
{
    struct rig *r = *state;

    r->factory.quirks = QUIRK_LINK_CUT;
    rig_card_new(r);
    rig_attach(r, true);
    open_link(r);
    over_link(r, 1, span_of(AUDIT, sizeof(AUDIT)));
    assert_false(F.por);
    assert_true(r->udp_closed);
    assert_int_equal(F.ended, 0);  /* nobody told the other end */
    cattp_close(F.c, r->now);
    F.n = 0;
    r->now += 61000;
    cattp_timer(F.c, r->now);
    assert_int_equal(cattp_listen(F.c), ERR_OK);
    F.opened = 0;
    open_link(r);
    over_link(r, 1, span_of(AUDIT, sizeof(AUDIT)));
    assert_true(F.por);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_packet_and_its_answer),
        TEST(an_effect_is_a_row_of_the_link),
        TEST(chained_scripts),
        TEST(what_a_push_may_not_say),
        TEST(a_push_over_the_link_is_refused),
        TEST(silence),
        TEST(ends),
        TEST(another_push),
        TEST(nobody_answers),
        TEST(link_cut_behind_a_packet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
