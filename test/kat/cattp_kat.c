/* SPDX-License-Identifier: Apache-2.0 */
/* A CAT_TP connection whose fields an independent dissector read (ETSI TS 102 127): each PDU is read
 * and written again, and both ends play it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/bearer/cattp_link.h"
#include "test/support/vec.h"

#include <stdio.h>
#include <stdlib.h>

#define CARD_PORT   2001
#define SERVER_PORT 1001

static uint8_t flags_of(const char *text)
{
    static const struct {
        const char *name;
        uint8_t bit;
    } FLAGS[] = {{"SYN", CATTP_SYN}, {"EACK", CATTP_EACK}, {"ACK", CATTP_ACK},
                 {"RST", CATTP_RST}, {"NUL", CATTP_NUL},   {"SEG", CATTP_SEG}};
    char copy[64];
    uint8_t flags = 0;
    char *rest = NULL;

    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        for (size_t i = 0; i < sizeof FLAGS / sizeof *FLAGS; i++)
            if (!strcmp(word, FLAGS[i].name))
                flags |= FLAGS[i].bit;
    return flags;
}

static uint16_t number(const struct vec *v, const char *key)
{
    struct reader r = rd_init(vec_get(v, key));
    uint16_t n = rd_u16(&r);

    assert_true(rd_done(&r));
    return n;
}

static void same(const struct vec *v, const char *key, struct span got)
{
    if (!strcmp(vec_text(v, key), "none"))
        assert_int_equal(got.n, 0);
    else
        assert_true(span_eq(vec_get(v, key), got));
}

static void fields(const struct vec *v, const struct cattp_pdu *p)
{
    bool card = !strcmp(vec_text(v, "from"), "card");

    assert_int_equal(p->flags, flags_of(vec_text(v, "flags")));
    assert_int_equal(p->source, card ? CARD_PORT : SERVER_PORT);
    assert_int_equal(p->destination, card ? SERVER_PORT : CARD_PORT);
    assert_int_equal(p->seq, number(v, "seq"));
    assert_int_equal(p->ack, number(v, "ack"));
    same(v, "data", p->data);
    if (p->flags & CATTP_SYN) {
        assert_int_equal(p->max_pdu, number(v, "max_pdu"));
        assert_int_equal(p->max_sdu, number(v, "max_sdu"));
        same(v, "id", p->id);
    }
    if (p->flags & CATTP_EACK)
        same(v, "eacks", p->eacks);
    if (p->flags & CATTP_RST)
        assert_int_equal(p->reason, vec_get(v, "reason").p[0]);
}

static void read_and_written(void **state)
{
    struct vec *v = vec_open("cattp");
    unsigned good = 0, bad = 0;

    (void)state;
    while (vec_next(v)) {
        struct span pdu = vec_get(v, "pdu");
        uint8_t room[2048];
        struct writer w = wr_init(room, sizeof room);
        struct cattp_pdu p;
        if (strcmp(vec_text(v, "err"), "ERR_OK") != 0) {
            assert_int_equal(cattp_parse(pdu, &p), ERR_AUTH);
            bad++;
            continue;
        }
        assert_int_equal(cattp_parse(pdu, &p), ERR_OK);
        fields(v, &p);
        cattp_put(&w, &p);
        assert_true(span_eq(wr_view(&w), pdu));
        for (size_t n = 0; n < pdu.n; n++)
            assert_int_not_equal(cattp_parse(span_of(pdu.p, n), &p), ERR_OK);
        good++;
    }
    assert_int_equal(good, 17);
    assert_int_equal(bad, 1);
    vec_close(v);
}

/* --- the ends --- */
struct end {
    struct cattp *c;
    uint8_t out[16][1500];
    size_t n[16];
    unsigned first, count;
    uint8_t sdu[2048];
    size_t sdu_n;
    unsigned sdus;
    int ended;
};

static void on_pdu(void *ctx, struct span pdu)
{
    struct end *e = ctx;
    unsigned at = (e->first + e->count++) % 16;

    assert_true(e->count <= 16 && pdu.n <= sizeof e->out[at]);
    memcpy(e->out[at], pdu.p, pdu.n);
    e->n[at] = pdu.n;
}

static void on_opened(void *ctx, struct span id)
{
    (void)ctx;
    (void)id;
}

static void on_sdu(void *ctx, struct span sdu)
{
    struct end *e = ctx;

    assert_true(sdu.n <= sizeof e->sdu);
    memcpy(e->sdu, sdu.p, sdu.n);
    e->sdu_n = sdu.n;
    e->sdus++;
}

static void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct end *e = ctx;

    (void)by_peer;
    e->ended = reason;
}

static void end_init(struct end *e, uint16_t local, uint16_t remote, uint16_t first_seq)
{
    struct cattp_config cfg = cattp_config_default();
    struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, e};

    memset(e, 0, sizeof *e);
    e->ended = -1;
    cfg.local_port = local;
    cfg.remote_port = remote;
    cfg.first_seq = first_seq;
    cfg.max_pdu = 1400;
    e->c = cattp_new(&cfg, &port);
    assert_non_null(e->c);
}

/* What the end under test says next is this very PDU. */
static void says(struct end *e, struct span pdu)
{
    assert_true(e->count > 0);
    assert_true(span_eq(span_of(e->out[e->first], e->n[e->first]), pdu));
    e->first = (e->first + 1) % 16;
    e->count--;
}

static struct span nth(struct vec **v, unsigned n)
{
    if (*v)
        vec_close(*v);
    *v = vec_open("cattp");
    for (unsigned i = 0; i <= n; i++)
        assert_true(vec_next(*v));
    return vec_get(*v, "pdu");
}

/* The server's half of the conversation, as recorded: SYN|ACK, data, a segmented SDU, the repetition of
 * the lost part only, acknowledgements. */
static void the_server_says_it_like_this(void **state)
{
    struct vec *v = NULL;
    struct end e;
    uint8_t sdu[1024];
    size_t n;
    struct cattp_pdu a, b;

    (void)state;
    end_init(&e, SERVER_PORT, 0, 1);
    assert_int_equal(cattp_listen(e.c), ERR_OK);
    assert_int_equal(cattp_input(e.c, nth(&v, 0), 0), ERR_OK);
    says(&e, nth(&v, 1));
    assert_int_equal(cattp_input(e.c, nth(&v, 2), 10), ERR_OK);
    assert_int_equal(cattp_state(e.c), CATTP_OPEN);
    assert_int_equal(cattp_parse(nth(&v, 3), &a), ERR_OK);
    assert_int_equal(cattp_send(e.c, a.data, 20), ERR_OK);
    says(&e, nth(&v, 3));
    assert_int_equal(cattp_input(e.c, nth(&v, 4), 30), ERR_OK);
    /* Parts of 300 octets in the recording: what the card takes decides. */
    assert_int_equal(cattp_parse(nth(&v, 5), &a), ERR_OK);
    n = a.data.n;
    memcpy(sdu, a.data.p, n);
    assert_int_equal(cattp_parse(nth(&v, 6), &b), ERR_OK);
    memcpy(sdu + n, b.data.p, b.data.n);
    n += b.data.n;
    assert_int_equal(cattp_send(e.c, span_of(sdu, n), 40), ERR_OK);
    assert_int_equal(e.count, 1); /* one PDU of 1,400 holds it */
    e.count = 0;
    cattp_free(e.c);
    vec_close(v);
}

/* The card's half: SYN with its ICCID, acknowledgements, an EACK for what came ahead, its response. */
static void the_card_says_it_like_this(void **state)
{
    struct vec *v = NULL;
    struct cattp_pdu p;
    struct end e;
    uint8_t iccid[10];

    (void)state;
    end_init(&e, CARD_PORT, SERVER_PORT, 0x0100);
    assert_int_equal(cattp_parse(nth(&v, 0), &p), ERR_OK);
    memcpy(iccid, p.id.p, sizeof iccid);
    assert_int_equal(cattp_connect(e.c, span_of(iccid, sizeof iccid), 0), ERR_OK);
    says(&e, nth(&v, 0));
    assert_int_equal(cattp_input(e.c, nth(&v, 1), 10), ERR_OK);
    says(&e, nth(&v, 2));
    assert_int_equal(cattp_input(e.c, nth(&v, 3), 20), ERR_OK);
    says(&e, nth(&v, 4));
    assert_int_equal(e.sdus, 1);
    assert_int_equal(cattp_input(e.c, nth(&v, 6), 30), ERR_OK); /* 0004 without 0003 */
    says(&e, nth(&v, 7));
    assert_int_equal(e.sdus, 1);
    assert_int_equal(cattp_input(e.c, nth(&v, 8), 40), ERR_OK);
    says(&e, nth(&v, 9));
    assert_int_equal(e.sdus, 2);
    assert_true(e.sdu_n > 300);
    assert_int_equal(cattp_parse(nth(&v, 10), &p), ERR_OK);
    assert_int_equal(cattp_send(e.c, p.data, 50), ERR_OK);
    says(&e, nth(&v, 10));
    assert_int_equal(cattp_input(e.c, nth(&v, 11), 60), ERR_OK);
    assert_int_equal(cattp_due(e.c), 60 + 20 * 60000); /* nothing waits: only the idle time */
    assert_int_equal(cattp_input(e.c, nth(&v, 17), 70), ERR_AUTH);
    assert_int_equal(cattp_input(e.c, nth(&v, 14), 80), ERR_OK);
    assert_int_equal(e.ended, CATTP_NORMAL);
    assert_int_equal(e.count, 0);
    cattp_free(e.c);
    vec_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_and_written),
        cmocka_unit_test(the_server_says_it_like_this),
        cmocka_unit_test(the_card_says_it_like_this),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
