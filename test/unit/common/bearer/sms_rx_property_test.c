/* SPDX-License-Identifier: Apache-2.0 */
/* Reassembly under a bad network, from seeds: what comes out was sent by that sender, octet for octet; what
 * arrived whole comes out. The reference is the low octet of the counter, 0 among them, so that parts of two
 * sends of the same bytes complete each other (facts: ota 1.6). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/bearer/sms_rx.h"
#include "test/support/fake.h"

#define SEEDS    400u
#define MESSAGES 6u
#define AIR_MAX  (MESSAGES * 3u * SMS_PARTS_MAX)
#define HOLD_MS  600000

struct message {
    const char *source;
    uint8_t ref;
    uint8_t b[PACKET_MAX];
    size_t n;
    unsigned parts, sends;
    unsigned whole;                /* how often it came out */
};
struct part {
    unsigned message, index;       /* from 1 */
};
struct air {
    struct rng rng;
    struct message m[MESSAGES];
    struct part on_air[AIR_MAX];
    unsigned n;
};

static const char *const SOURCES[] = {"491700000001", "491700000002", ""};

static void draw_message(struct air *a, unsigned i)
{
    static const size_t EDGES[] = {1, 134, 135, 136, 137, 138, 139, 140, 255, 256, 268, 269, 270, 1024};
    struct message *m = &a->m[i];

    m->source = SOURCES[rng_below(&a->rng, 3)];
    m->ref = (uint8_t)(i + (rng_below(&a->rng, 2) ? 0 : 250)); /* no two of a source alike, 0 among them */
    m->n = rng_below(&a->rng, 2) ? EDGES[rng_below(&a->rng, sizeof EDGES / sizeof *EDGES)]
                                 : 1 + (size_t)rng_below(&a->rng, 2000);
    rng_fill(&a->rng, m->b, m->n);
    m->parts = sms_parts(m->n);
    m->sends = 1 + (unsigned)rng_below(&a->rng, 3);
    m->whole = 0;
    for (unsigned s = 0; s < m->sends; s++)
        for (unsigned k = 1; k <= m->parts; k++)
            a->on_air[a->n++] = (struct part){i, k};
}

/* This many messages, drawn from a seed; they are on the air in order. */
static struct air *air_of(uint64_t seed, unsigned messages)
{
    struct air *a = calloc(1, sizeof *a);

    assert_non_null(a);
    fake_rng_init(&a->rng, seed);
    for (unsigned i = 0; i < messages; i++)
        draw_message(a, i);
    return a;
}

static void shuffle(struct air *a)
{
    for (unsigned i = a->n; i > 1; i--) {
        unsigned k = (unsigned)rng_below(&a->rng, i);
        struct part swap = a->on_air[i - 1];
        a->on_air[i - 1] = a->on_air[k];
        a->on_air[k] = swap;
    }
}

static size_t octets_of(struct air *a, const struct part *p, uint8_t ud[SMS_UD_MAX])
{
    const struct message *m = &a->m[p->message];
    struct writer w = wr_init(ud, SMS_UD_MAX);

    assert_int_equal(sms_part_put(&w, SMS_COMMAND, span_of(m->b, m->n), m->ref, p->index), ERR_OK);
    assert_in_range(wr_view(&w).n, 1, SMS_UD_MAX);
    return wr_view(&w).n;
}

static void arrives(struct air *a, struct sms_rx *rx, const struct part *p)
{
    struct message *m = &a->m[p->message];
    uint8_t ud[SMS_UD_MAX];
    size_t n = octets_of(a, p, ud);
    struct sms_packet *got = calloc(1, sizeof *got);
    int err;

    assert_non_null(got);
    err = sms_rx_part(rx, m->source, span_of(ud, n), 1000, got);
    assert_true(err == ERR_OK || err == ERR_AGAIN);
    if (err == ERR_OK) {
        assert_int_equal(got->kind, SMS_COMMAND);
        assert_int_equal(got->n, m->n);
        assert_memory_equal(got->b, m->b, m->n);
        m->whole++;
    }
    free(got);
}

/* Every part comes, in any order, from up to three sends: each message comes out once at least, as often as
 * it was sent at most. */
static void whatever_the_order_nothing_is_lost_or_mixed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sms_rx *rx = sms_rx_new(64, 32, HOLD_MS);
        struct air *a = air_of(seed, MESSAGES);
        assert_non_null(rx);
        shuffle(a);
        for (unsigned i = 0; i < a->n; i++)
            arrives(a, rx, &a->on_air[i]);
        for (unsigned i = 0; i < MESSAGES; i++)
            if (!a->m[i].whole || a->m[i].whole > a->m[i].sends)
                fail_msg("seed %llu: message %u came out %u times of %u", (unsigned long long)seed, i,
                         a->m[i].whole, a->m[i].sends);
        free(a);
        sms_rx_free(rx);
    }
}

/* Parts are lost: what lacks one part in all its sends never comes out. */
static void what_lacks_a_part_never_comes_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sms_rx *rx = sms_rx_new(64, 32, HOLD_MS);
        struct air *a = air_of(seed, MESSAGES);
        bool there[MESSAGES][SMS_PARTS_MAX + 1] = {{false}};
        assert_non_null(rx);
        shuffle(a);
        for (unsigned i = 0; i < a->n; i++) {
            if (rng_below(&a->rng, 3) == 0)
                continue;
            there[a->on_air[i].message][a->on_air[i].index] = true;
            arrives(a, rx, &a->on_air[i]);
        }
        for (unsigned i = 0; i < MESSAGES; i++) {
            bool all = true;
            for (unsigned k = 1; k <= a->m[i].parts; k++)
                all = all && there[i][k];
            assert_int_equal(a->m[i].whole > 0, all);
        }
        free(a);
        sms_rx_free(rx);
    }
}

/* A counter that went round gives the reference of an unfinished message to another one: a mixture would
 * fail its checksum, so it is harmless, but it must never look like a longer or shorter packet. */
static void a_reference_used_again_gives_no_third_length(void **state)
{
    unsigned joined[2] = {0}; /* of as many parts each, of more and fewer */

    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct sms_rx *rx = sms_rx_new(64, 32, HOLD_MS);
        struct air *a = air_of(seed, 2);
        struct sms_packet *got = calloc(1, sizeof *got);
        assert_true(rx && got);
        a->m[1].source = a->m[0].source;
        a->m[1].ref = a->m[0].ref;
        shuffle(a);
        for (unsigned i = 0; i < a->n; i++) {
            uint8_t ud[SMS_UD_MAX];
            size_t n = octets_of(a, &a->on_air[i], ud);
            int err = sms_rx_part(rx, a->m[0].source, span_of(ud, n), 1000, got);
            assert_true(err == ERR_OK || err == ERR_AGAIN);
            if (err != ERR_OK)
                continue;
            assert_true(got->n == a->m[0].n || got->n == a->m[1].n);
            if (a->m[0].parts > 1 && a->m[1].parts > 1)
                joined[a->m[0].parts != a->m[1].parts]++;
        }
        free(got);
        free(a);
        sms_rx_free(rx);
    }
    if (!getenv("REMORA_SEED")) /* which makes all of them the same one */
        assert_true(joined[0] > 0 && joined[1] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_the_order_nothing_is_lost_or_mixed),
        cmocka_unit_test(what_lacks_a_part_never_comes_out),
        cmocka_unit_test(a_reference_used_again_gives_no_third_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
