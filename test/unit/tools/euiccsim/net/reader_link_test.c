/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simlink remora_smdp_profile remora_net */
/* One card of a network in a reader; the test is vpcd. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/socket.h>

#include "common/base/log.h"
#include "test/support/bare_peer.h"
#include "test/support/fake.h"
#include "test/support/net_rig.h"
#include "tools/euiccsim/card/terminal.h"
#include "tools/euiccsim/net/reader_link.h"

#define READ_ICCID "\0\7\0\xA4\x08\x0C\2\x2F\xE2\0\5\0\xB0\0\0\x0A"

struct world {
    struct bare_peer bare;
    struct fake_clock clock; /* of the reader: so far behind the loop's that a redial is due at once */
    struct reader_link *reader;
    struct net_rig rig;
    size_t n, want; /* octets that came, and that are waited for */
    uint8_t got[600];
    bool ended;     /* the card hung up */
    unsigned lines; /* of the log */
};

static bool look(void *ctx)
{
    struct world *w = ctx;
    ssize_t n = -1;

    if (w->bare.peer >= 0) {
        while ((n = recv(w->bare.peer, w->got + w->n, sizeof(w->got) - w->n, 0)) > 0)
            w->n += (size_t)n;
        w->ended = n == 0;
    }
    return w->bare.peer >= 0 && (w->n >= w->want || w->ended);
}

/* Until so many octets have come, or the end; want 0: until the card is there. */
static void wait_for(struct world *w, size_t want)
{
    w->n = 0;
    w->want = want;
    w->ended = false;
    bare_run(&w->bare, look, w);
}

static void say(struct world *w, const char *octets, size_t n)
{
    assert_int_equal(send(w->bare.peer, octets, n, MSG_NOSIGNAL), n);
}
#define SAY(w, octets) say((w), (octets), sizeof(octets) - 1)

static void count_line(void *ctx, const char *line, size_t n)
{
    struct world *w = ctx;

    (void)line;
    (void)n;
    w->lines++;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));
    struct errmsg why;

    log_open("", LOG_INFO_, &(struct log_sink){count_line, w});
    fake_clock_init(&w->clock, NET_START);
    net_rig_init(&w->rig, &(struct net_setup){0});
    bare_open(&w->bare);
    assert_int_equal(reader_link_open(w->bare.loop, w->bare.address, &w->clock.port, &w->reader, &why), 0);
    assert_int_equal(reader_link_attach(w->reader, w->rig.net, card_eid(net_rig_card(&w->rig))), 0);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    reader_link_close(w->reader);
    bare_close(&w->bare);
    net_rig_fini(&w->rig);
    log_open("", LOG_INFO_, NULL);
    free(w);
    return 0;
}

static void a_reader_reads(void **state)
{
    struct world *w = *state;
    const struct span atr = terminal_atr();

    wait_for(w, 0);
    assert_int_equal(w->lines, 0); /* nobody has spoken to the card yet */
    SAY(w, "\0\1\4");
    wait_for(w, 2 + atr.n);
    assert_int_equal(w->n, 2 + atr.n);
    assert_memory_equal(w->got + 2, atr.p, atr.n);
    assert_int_equal(w->lines, 1);
    SAY(w, "\0\1\1\0\1\2" READ_ICCID);
    wait_for(w, 4 + 14);
    assert_int_equal(w->n, 4 + 14); /* to power and reset nothing is said */
    assert_memory_equal(w->got, "\0\2\x90\0\0\x0C\x98\x94", 8);
    SAY(w, "\0\1\0\0\5\0\xB0\0\0\x0A");
    wait_for(w, 4);
    assert_memory_equal(w->got, "\0\2\x69\x86", 4); /* power off: nothing is selected */
}

static void a_frame_may_come_in_pieces(void **state)
{
    struct world *w = *state;
    static const char FRAMES[] = READ_ICCID;

    wait_for(w, 0);
    for (size_t i = 0; i + 1 < sizeof(FRAMES) - 1; i++)
        say(w, FRAMES + i, 1);
    say(w, FRAMES + sizeof(FRAMES) - 2, 1);
    wait_for(w, 4 + 14);
    assert_memory_equal(w->got + 4 + 12, "\x90\0", 2);
}

static void a_lost_reader_is_dialled_again(void **state)
{
    struct world *w = *state;

    for (unsigned i = 0; i < 2; i++) {
        wait_for(w, 0);
        SAY(w, "\0\7\0\xA4"); /* the rest of it never comes */
        bare_hang_up(&w->bare);
        wait_for(w, 0);
        SAY(w, READ_ICCID);
        wait_for(w, 4 + 14);
        assert_memory_equal(w->got + 4 + 12, "\x90\0", 2);
        bare_hang_up(&w->bare);
    }
}

static void what_is_not_of_vpcd_ends_the_connection(void **state)
{
    static const char LONG[1002] = {0x03, (char)0xE8, 0x00, (char)0xB0}; /* 1,000 octets */
    struct world *w = *state;

    wait_for(w, 0);
    SAY(w, "\0\0");
    wait_for(w, 1);
    assert_true(w->ended && w->n == 0);
    bare_hang_up(&w->bare);
    wait_for(w, 0);
    SAY(w, "\0\1\x47");
    wait_for(w, 1);
    assert_true(w->ended && w->n == 0);
    bare_hang_up(&w->bare);
    assert_int_equal(w->lines, 1); /* trouble is told once */
    wait_for(w, 0);
    say(w, LONG, sizeof(LONG));
    wait_for(w, 4);
    assert_memory_equal(w->got, "\0\2\x67\0", 4);
}

/* The card in the reader is the card in the network. */
static void a_switch_shows(void **state)
{
    struct world *w = *state;
    uint8_t swapped[10];

    wait_for(w, 0);
    net_rig_run(&w->rig, 1000);
    SAY(w, READ_ICCID);
    wait_for(w, 4 + 14);
    iccid_swapped(&card_enabled(net_rig_card(&w->rig))->data.iccid, swapped);
    assert_memory_equal(w->got + 6, swapped, 10);
    assert_int_equal(net_rig_send(&w->rig, &w->rig.no_a, NET_ENABLE, 60), SIMNET_ACCEPTED);
    net_rig_run(&w->rig, 1000);
    SAY(w, READ_ICCID);
    wait_for(w, 4 + 14);
    assert_memory_not_equal(w->got + 6, swapped, 10);
    iccid_swapped(&card_enabled(net_rig_card(&w->rig))->data.iccid, swapped);
    assert_memory_equal(w->got + 6, swapped, 10);
    assert_int_equal(simnet_power_cut(w->rig.net, w->rig.now, 0), ERR_OK);
    SAY(w, "\0\5\0\xB0\x82\0\x0A"); /* a card made anew from its image */
    wait_for(w, 14);
    assert_memory_equal(w->got + 2, swapped, 10);
}

static void what_it_needs(void **state)
{
    struct world *w = *state;
    struct reader_link *r = NULL;
    struct eid other = *card_eid(net_rig_card(&w->rig));
    struct errmsg why;

    other.b[8] ^= 1;
    assert_int_equal(reader_link_open(w->bare.loop, "127.0.0.1", &w->clock.port, &r, &why), ERR_CONFIG);
    assert_null(r);
    assert_int_equal(reader_link_open(w->bare.loop, w->bare.address, &w->clock.port, &r, &why), ERR_OK);
    assert_int_equal(reader_link_attach(r, w->rig.net, &other), ERR_NOT_FOUND);
    reader_link_close(r);
    reader_link_close(NULL);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_reader_reads),
        CASE(a_frame_may_come_in_pieces),
        CASE(a_lost_reader_is_dialled_again),
        CASE(what_is_not_of_vpcd_ends_the_connection),
        CASE(a_switch_shows),
        CASE(what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
