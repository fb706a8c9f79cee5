/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_channel remora_card */
/* The SM-SR's SMS channel and a card together under a bad network, from seeds: two packets cut by their counters
 * (reference 0 among them), each sent up to three times; parts lost, doubled, overtaken and of several sends mixed,
 * both ways. What arrived whole is run once and answered by its counter, and the channel hands each answer on as
 * the card gave it; what lacks a part never is. Lengths crowd around the 140 octets. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/hex.h"
#include "common/codec/script.h"
#include "common/codec/sms.h"
#include "smsr/channel/channel.h"
#include "test/support/card_rig.h"
#include "test/support/fake.h"

#define SEEDS 600u
#define MESSAGES 2u                 /* as many as a card puts together at a time */
#define UNITS 512u
#define ONE_PART 137u               /* octets that 02 7x 00 leaves room for */
#define TWO_PARTS (132u + 134u)     /* 07 00 03 r n 1 7x 00, 05 00 03 r n 2 */

struct unit {                       /* a TP-UD on its way */
    unsigned of, index;             /* message down, answer up; its part, from 1 */
    uint8_t n, ud[SMS_UD_MAX];
};
struct air {
    struct unit u[UNITS];
    unsigned n;
};
struct sent {
    uint64_t counter;
    bool runs;                      /* ciphered: else the card answers 0A */
    size_t n;
    uint8_t packet[PACKET_MAX];
    unsigned parts;
    bool there[SMS_PARTS_MAX + 1];  /* at the card, since it was whole last */
    bool heard;                     /* by the mailbox, which closed the packet then */
};
struct answer {                     /* one PoR as it left the card */
    unsigned message, parts;
    bool there[SMS_PARTS_MAX + 1];
    struct scp80_response rsp;
};
static struct story {
    struct rng rng;
    struct rig rig;
    struct fake_clock clock;
    struct env env;
    struct route route;
    struct euicc e;
    struct euicc_profile profile;
    struct channel *ch;
    struct sent m[MESSAGES];
    struct answer a[64];
    unsigned n_answers, sending;    /* the message that leaves now */
    uint64_t tags[UNITS];
    unsigned n_tags, index;
    struct air down, up;
    uint64_t high;                  /* the card's counter */
    const struct scp80_response *due;  /* the channel must hand this on now; NULL: nothing */
    unsigned handed;
    unsigned edges_down[4], long_up;
} S;

/* --- the application and the carrier of the channel --- */
static const struct euicc *app_euicc(void *ctx, const struct eid *eid)
{
    (void)ctx;
    return eid_eq(eid, &S.e.eid) ? &S.e : NULL;
}

static unsigned app_candidates(void *ctx, const struct msisdn *number, struct eid *ret, unsigned max)
{
    (void)ctx;
    if (!max || !msisdn_eq(number, &S.profile.msisdn))
        return 0;
    *ret = S.e.eid;
    return 1;
}

static int app_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    (void)ctx;
    (void)eid;
    *ret = (struct isdr_keys){.scp80_kvn = 1, .kic = S.rig.kic, .kid = S.rig.kid};
    return ERR_OK;
}

static int app_packet(void *ctx, uint64_t lsn, struct buf *out)
{
    (void)ctx;
    buf_add(out, S.m[lsn].packet, S.m[lsn].n);
    return ERR_OK;
}

static int app_post(void *ctx, const struct input *in)
{
    (void)ctx;
    assert_int_equal(in->kind, IN_POR);
    assert_non_null(S.due);
    assert_int_equal(in->u.por.counter, S.due->cntr);
    assert_int_equal(in->u.por.status, S.due->status);
    assert_int_equal(in->u.por.data.n, S.due->data_len);
    assert_memory_equal(in->u.por.data.p, S.due->data, S.due->data_len);
    S.handed++;
    return ERR_OK;
}

static struct unit *unit_add(struct air *a, unsigned of, unsigned index, struct span ud)
{
    struct unit *u = &a->u[a->n++];

    assert_true(a->n <= UNITS);
    assert_in_range(ud.n, 1, SMS_UD_MAX);
    u->of = of;
    u->index = index;
    u->n = (uint8_t)ud.n;
    memcpy(u->ud, ud.p, ud.n);
    return u;
}

/* Parts say so in the first header alone, and are cut by the counter. */
static void looks_right(const struct unit *u, enum sms_kind kind, uint64_t counter, unsigned parts)
{
    struct sms_ud ud;

    assert_int_equal(sms_ud_parse(span_of(u->ud, u->n), &ud), ERR_OK);
    assert_int_equal(ud.has_concat, parts > 1);
    assert_int_equal(ud.has_kind, u->index == 1);
    assert_true(!ud.has_kind || ud.kind == kind);
    if (parts < 2)
        return;
    assert_int_equal(ud.ref, (uint8_t)counter);
    assert_int_equal(ud.total, parts);
    assert_int_equal(ud.index, u->index);
    assert_true(u->index == parts || u->n == SMS_UD_MAX);
}

static int air_mt(void *ctx, const char *network, const struct msisdn *to, const char *from, uint8_t pid,
                  uint8_t dcs, int64_t vp_s, struct span tp_ud, uint64_t tag)
{
    const struct sent *m = &S.m[S.sending];

    (void)ctx;
    (void)network;
    (void)from;
    (void)vp_s;
    assert_true(pid == SMS_PID_SIM_DATA && dcs == SMS_DCS_CLASS2 && msisdn_eq(to, &S.profile.msisdn));
    S.tags[S.n_tags++] = tag;
    looks_right(unit_add(&S.down, S.sending, ++S.index, tp_ud), SMS_COMMAND, m->counter, m->parts);
    return ERR_OK;
}

/* --- what is sent --- */
static unsigned drawn(uint64_t n)
{
    return (unsigned)rng_below(&S.rng, n);
}

/* Questions that change nothing; their answers are short and long. */
static size_t script_put(uint8_t *dst, size_t cap)
{
    static const char *const APDU[] = {"80CA005A00", "80F24002024F0000", "80CAFF2100", "80CABF3000", "80CA00FF00"};
    struct writer w = wr_init(dst, cap);
    struct script_writer sw;
    unsigned n = 1 + drawn(5);

    script_begin(&sw, &w, SCRIPT_DEFINITE, false);
    while (n--) {
        uint8_t apdu[16];
        size_t len = 0;
        const char *hex = APDU[drawn(5)];
        assert_int_equal(hex_decode(hex, strlen(hex), apdu, sizeof apdu, &len), ERR_OK);
        script_put_cmd(&sw, span_of(apdu, len));
    }
    script_end(&sw, 0);
    assert_false(w.failed);
    return w.len;
}

/* Without ciphering a packet has any length, and is refused by its card: 0A. */
static void message_make(struct sent *m, uint64_t counter)
{
    static const size_t EDGES[] = {ONE_PART, ONE_PART + 1, TWO_PARTS, TWO_PARTS + 1, ONE_PART - 1, 1000};
    const struct scp80_keys keys = {S.rig.kic, S.rig.kid, 0};
    struct packet_cmd_head h = {0x16, drawn(2) ? 0x39 : 0x29, 0x12, 0x12, 0x000001};
    uint8_t data[PACKET_MAX];
    struct writer w = wr_init(m->packet, sizeof m->packet);
    size_t n = 0, empty;

    *m = (struct sent){.counter = counter, .runs = drawn(3) != 0};
    if (m->runs) {
        n = script_put(data, sizeof data);
    } else {
        h.spi1 = 0x12;
        assert_int_equal(scp80_wrap(S.rig.crypto, &keys, PACKET_SMS, &h, counter, span_of(data, 0), &w), ERR_OK);
        empty = w.len;
        w = wr_init(m->packet, sizeof m->packet);
        n = EDGES[drawn(6)] - empty;
        rng_fill(&S.rng, data, n);
    }
    assert_int_equal(scp80_wrap(S.rig.crypto, &keys, PACKET_SMS, &h, counter, span_of(data, n), &w), ERR_OK);
    m->n = w.len;
    m->parts = sms_parts(m->n);
    S.edges_down[0] += m->n == ONE_PART && m->parts == 1;
    S.edges_down[1] += m->n == ONE_PART + 1 && m->parts == 2;
    S.edges_down[2] += m->n == TWO_PARTS && m->parts == 2;
    S.edges_down[3] += m->n == TWO_PARTS + 1 && m->parts == 3;
}

static void sends(unsigned i)
{
    struct out_sms o = {.eid = S.e.eid, .lsn = i, .counter = S.m[i].counter, .to = {S.profile.iccid},
                        .validity_ms = 3600000};
    unsigned from = S.n_tags;

    S.sending = i;
    S.index = 0;
    assert_int_equal(channel_sms(S.ch, &o), ERR_OK);
    assert_int_equal(S.index, S.m[i].parts);
    for (unsigned t = from; t < S.n_tags; t++)
        channel_sms_result(S.ch, S.tags[t], CARRIER_ACCEPTED);
}

/* Lost, doubled, in any order. */
static void weather(struct air *a)
{
    unsigned n = a->n, bad = drawn(3);

    for (unsigned i = 0; i < n && bad; i++)
        if (drawn(6) == 0)
            (void)unit_add(a, a->u[i].of, a->u[i].index, span_of(a->u[i].ud, a->u[i].n));
    for (unsigned i = a->n; i > 1; i--) {
        unsigned k = drawn(i);
        struct unit swap = a->u[i - 1];
        a->u[i - 1] = a->u[k];
        a->u[k] = swap;
    }
    if (bad == 2)
        a->n -= a->n / (2 + drawn(4));
}

/* --- at the card --- */
/* true: whole now. */
static bool has_come(bool *there, unsigned parts, unsigned index)
{
    there[index] = true;
    for (unsigned i = 1; i <= parts; i++)
        if (!there[i])
            return false;
    memset(there, 0, (SMS_PARTS_MAX + 1) * sizeof *there);
    return true;
}

static uint8_t status_due(const struct sent *m)
{
    if (!m->runs)
        return POR_INSUFFICIENT_SECURITY;
    if (m->counter <= S.high)
        return POR_CNTR_LOW;
    S.high = m->counter;
    return POR_OK;
}

/* The answer, in parts: opened here as it left. */
static void answered(unsigned message, const struct card_actions *out, uint8_t status)
{
    const struct scp80_keys keys = {S.rig.kic, S.rig.kid, 0};
    struct sms_rx *rx = sms_rx_new(2, 2, 1000);
    struct answer *a = &S.a[S.n_answers];
    struct sms_packet whole;
    unsigned first = S.up.n;
    int err = ERR_AGAIN;

    assert_true(S.n_answers < sizeof S.a / sizeof *S.a && rx);
    *a = (struct answer){.message = message};
    for (unsigned i = 0; i < out->n; i++) {
        if (out->a[i].kind != CARD_SEND_SMS)
            continue;
        assert_int_equal(err, ERR_AGAIN);
        (void)unit_add(&S.up, S.n_answers, ++a->parts, out->a[i].bytes);
        err = sms_rx_part(rx, "", out->a[i].bytes, 0, &whole);
    }
    assert_int_equal(err, ERR_OK);
    for (unsigned i = first; i < S.up.n; i++)
        looks_right(&S.up.u[i], SMS_RESPONSE, S.m[message].counter, a->parts);
    assert_int_equal(scp80_por_unwrap(S.rig.crypto, &keys, PACKET_SMS, 0x39, 0x12, 0x12, span_of(whole.b, whole.n),
                                      &a->rsp), ERR_OK);
    assert_int_equal(a->rsp.cntr, S.m[message].counter);
    assert_int_equal(a->rsp.status, status);
    S.long_up += a->parts > 1;
    S.n_answers++;
    sms_rx_free(rx);
}

static void to_card(const struct unit *u)
{
    const struct msisdn from = {RIG_SMSR};
    struct sent *m = &S.m[u->of];
    struct card_actions out = {.arena = &S.rig.arena};
    bool whole = has_come(m->there, m->parts, u->index);
    unsigned said = 0;

    arena_reset(&S.rig.arena);
    assert_int_equal(card_sms(S.rig.card, &from, span_of(u->ud, u->n), S.rig.now, &out), ERR_OK);
    for (unsigned i = 0; i < out.n; i++)
        said += out.a[i].kind == CARD_SEND_SMS;
    assert_int_equal(said > 0, whole);
    if (whole)
        answered(u->of, &out, status_due(m));
}

/* --- and back --- */
static void to_channel(const struct unit *u)
{
    struct answer *a = &S.a[u->of];
    struct sent *m = &S.m[a->message];
    bool whole = has_come(a->there, a->parts, u->index);
    const uint64_t late = channel_get_counters(S.ch)->por_late;

    S.handed = 0;
    S.due = whole && !m->heard ? &a->rsp : NULL;
    channel_sms_mo(S.ch, &S.profile.msisdn, span_of(u->ud, u->n));
    assert_int_equal(S.handed, S.due ? 1 : 0);
    assert_int_equal(channel_get_counters(S.ch)->por_late - late, whole && m->heard);
    if (!S.due)
        return;
    m->heard = true;                /* its packet is closed, as the record of the answer does */
    for (unsigned i = 0; i < S.e.n_packets; i++)
        if (S.e.packets[i].counter == m->counter)
            S.e.packets[i] = S.e.packets[--S.e.n_packets];
}

static void begin(uint64_t seed)
{
    static const uint64_t COUNTERS[] = {1, 255, 256, 65535, 0x1000000};
    static const struct channel_port PORT = {.euicc = app_euicc, .candidates = app_candidates, .keys = app_keys,
                                             .packet = app_packet, .post = app_post};
    static const struct carrier CARRIER = {.sms_mt = air_mt};
    uint64_t counter;

    fake_rng_init(&S.rng, seed);
    fake_clock_init(&S.clock, 1700000000000);
    rig_card_new(&S.rig);
    S.n_answers = S.n_tags = S.down.n = S.up.n = 0;
    S.high = 0;
    S.e.n_packets = 0;
    S.ch = channel_new(&PORT, &CARRIER, S.rig.crypto, &S.clock.port, &S.env);
    assert_non_null(S.ch);
    counter = COUNTERS[drawn(5)];
    counter += drawn(2);
    for (unsigned i = 0; i < MESSAGES; i++, counter += 1 + drawn(3)) {
        message_make(&S.m[i], counter);
        S.e.packets[S.e.n_packets++] = (struct euicc_packet){.kvn = 1, .counter = counter};
    }
}

static void one(uint64_t seed)
{
    begin(seed);
    for (unsigned i = 0; i < MESSAGES; i++)
        for (unsigned n = 1 + drawn(3); n; n--)
            sends(i);
    weather(&S.down);
    for (unsigned i = 0; i < S.down.n; i++)
        to_card(&S.down.u[i]);
    weather(&S.up);
    for (unsigned i = 0; i < S.up.n; i++)
        to_channel(&S.up.u[i]);
    assert_int_equal(channel_get_counters(S.ch)->mo_bad_cc, 0);
    channel_free(S.ch);
}

static void channel_and_card(void **state)
{
    uint64_t seeds = getenv("REMORA_FULL") ? 10 * SEEDS : SEEDS;

    (void)state;
    for (uint64_t seed = 1; seed <= seeds; seed++)
        one(seed);
    for (unsigned i = 0; i < 4; i++)
        assert_true(S.edges_down[i] > 0);
    assert_true(S.long_up > 0);
}

static int setup(void **state)
{
    (void)state;
    rig_init(&S.rig, 0);
    timers_default(S.env.timer_ms, 1);
    S.env.time_scale = 1;
    S.env.routes = &S.route;
    S.env.n_routes = 1;
    S.route.sms = true;
    (void)snprintf(S.route.network, sizeof S.route.network, "a");
    (void)snprintf(S.route.source, sizeof S.route.source, "%s", RIG_SMSR);
    (void)snprintf(S.route.profile_type, sizeof S.route.profile_type, "boot");
    (void)snprintf(S.profile.profile_type, sizeof S.profile.profile_type, "boot");
    S.profile.iccid = S.rig.factory.bootstrap.iccid;
    S.profile.msisdn = S.rig.factory.bootstrap.msisdn;
    S.e.eid = S.rig.factory.eid;
    S.e.profiles = &S.profile;
    S.e.n_profiles = 1;
    S.e.scp80_kvn = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rig_fini(&S.rig);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(channel_and_card)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
