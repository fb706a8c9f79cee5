/* SPDX-License-Identifier: Apache-2.0 */
/* A known fault of the open peer, by name (facts: trust 1.5): T-NJ-4. */
#include "test/unit/smsr/channel/channel_world.h"

#include "common/base/hex.h"
#include "common/base/log.h"
#include "test/support/fake.h"

#include <ctype.h>

static struct buf said; /* everything logged, in capitals */

static void listen(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    for (size_t i = 0; i < n; i++) {
        char c = (char)toupper((unsigned char)line[i]);
        buf_add(&said, &c, 1);
    }
}

static bool was_said(struct span octets)
{
    char hex[33];

    assert_int_equal(hex_encode(octets, hex, sizeof hex), ERR_OK);
    for (size_t at = 0; at + 2 * octets.n <= said.n; at++)
        if (memcmp(said.p + at, hex, 2 * octets.n) == 0 ||
            memcmp(said.p + at, octets.p, octets.n) == 0)
            return true;
    return false;
}

/* Any 8 octets of it. */
static void assert_untold(struct span s)
{
    for (size_t at = 0; at + 8 <= s.n; at++)
        if (was_said(span_of(s.p + at, 8)))
            fail_msg("octets %u.. are in the log", (unsigned)at);
}

/* T-NJ-4: plain and secured packets were written to the log at INFO. Whatever is said here at any level, no
 * eight octets of a packet, of what was in it, or of what a card answered are in it. */
static void tnj4_no_packet_is_logged(void **state)
{
    static const struct packet_cmd_head COMMAND = {0x16, 0x39, KIC, KIC, 0x000001};
    static uint8_t plain[100], packet[PACKET_MAX], answer[PACKET_MAX];
    const struct log_sink sink = {listen, NULL};
    struct card *c = &W.card[0];
    struct scp80_keys keys = {c->kic, c->kid, 0};
    struct writer w = wr_init(packet, sizeof packet), a = wr_init(answer, sizeof answer);
    struct event armed = {.kvn = KVN, .counter = 5};
    struct out_sms o = {.eid = c->e.eid, .armed = &armed, .validity_ms = 900000};
    struct msisdn from;
    uint8_t ud[SMS_UD_MAX];
    struct writer part = wr_init(ud, sizeof ud);

    (void)state;
    for (size_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)(0x80 + i * 7);
    buf_init(&said, 0);
    log_open("smsr", LOG_DEBUG_, &sink);
    log_set_plain(true);
    log_info("test", "control %s", "8087");
    assert_true(was_said(span_of(plain, 2))); /* the search finds what is there */
    assert_int_equal(scp80_wrap(W.c, &keys, PACKET_SMS, &COMMAND, 5, span_of(plain, sizeof plain), &w), ERR_OK);
    armed.data = wr_view(&w);
    o.to[0] = c->profile[0].iccid;
    assert_int_equal(channel_sms(W.ch, &o), ERR_OK);
    assert_true(W.n_mt > 0);
    card_open_packet(c, 5);
    assert_int_equal(scp80_por_wrap(W.c, &keys, PACKET_SMS, &COMMAND, 5, POR_OK, span_of(plain, 60), &a), ERR_OK);
    assert_int_equal(sms_part_put(&part, SMS_RESPONSE, wr_view(&a), 5, 1), ERR_OK);
    assert_int_equal(msisdn_parse(span_str("4917000000"), &from), ERR_OK);
    channel_sms_mo(W.ch, &from, wr_view(&part));
    assert_int_equal(posts_of(IN_POR), 1);
    ud[part.len - 1] ^= 1; /* and one that is refused */
    channel_sms_mo(W.ch, &from, wr_view(&part));
    assert_untold(span_of(plain, sizeof plain));
    assert_untold(wr_view(&w));
    assert_untold(wr_view(&a));
    log_open(NULL, LOG_INFO_, NULL);
    log_set_plain(false);
    buf_fini(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(tnj4_no_packet_is_logged, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
