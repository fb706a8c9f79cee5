/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* Quirks about the air: cards that stay where nobody confirmed them, call late, answer in pages or in clear,
 * and tell another memory than they have. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "test/support/card_rig_sr.h"

#define HOUR_MS INT64_C(3600000)

static uint16_t begin(struct rig *r, uint32_t quirks)
{
    uint16_t seq;

    rig_init(r, quirks);
    seq = rig_confirmed(r);
    rig_install(r, 0x13, 0);
    return seq;
}

/* Enabled and attached; its five tries meet no confirmation. */
static void never_confirmed(struct rig *r, uint16_t before)
{
    struct rig_note note;

    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_attach(r, true);
    for (unsigned i = 1; i < 5; i++) {
        assert_true(rig_note(r, &note));
        assert_int_equal(note.type, 2);
        assert_int_equal(note.seq, (uint16_t)(before + 1));
        assert_true(rig_timer(r));
    }
    assert_true(rig_timer(r));
    assert_false(r->refresh);
    assert_int_equal(rig_enabled(r), 0x13);
    assert_int_equal(card_due(r->card), 0);
}

static void boots(struct rig *r, uint16_t seq)
{
    struct rig_note note;

    rig_reboot(r);
    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(note.type, 2);
    assert_int_equal(note.seq, seq);
    while (rig_timer(r))
        assert_int_equal(rig_enabled(r), 0x13);
}

static void stays_unconfirmed(void **state)
{
    static struct rig r;
    uint16_t seq = begin(&r, QUIRK_STAYS_SAME);

    (void)state;
    never_confirmed(&r, seq);
    boots(&r, (uint16_t)(seq + 1));
    boots(&r, (uint16_t)(seq + 1));
    assert_int_equal(rig_confirm(&r, (uint16_t)(seq + 1), NULL), 0x9000);
    rig_reboot(&r);
    rig_attach(&r, true);
    assert_int_equal(r.n_sms, 0);                /* confirmed: it has nothing more to tell */
    rig_fini(&r);
}

static void stays_under_another_number(void **state)
{
    static struct rig r;
    uint16_t seq = begin(&r, QUIRK_STAYS_RESET);

    (void)state;
    never_confirmed(&r, seq);
    boots(&r, 1);
    boots(&r, 1);
    assert_int_equal(rig_confirm(&r, (uint16_t)(seq + 1), NULL), 0x6A88);
    assert_int_equal(rig_confirm(&r, 1, NULL), 0x9000);
    rig_fini(&r);
    seq = begin(&r, QUIRK_STAYS_SKIPPED);
    never_confirmed(&r, seq);
    boots(&r, (uint16_t)(seq + 8));
    boots(&r, (uint16_t)(seq + 15));
    assert_int_equal(rig_confirm(&r, (uint16_t)(seq + 15), NULL), 0x9000);
    rig_fini(&r);
}

static void calls_hours_later(void **state)
{
    struct rig_sr *sr;

    assert_int_equal(rig_sr_setup(state), 0);
    sr = *state;
    sr->r->factory.quirks = QUIRK_CALL_LATER;
    rig_card_new(sr->r);
    (void)rig_confirmed(sr->r);
    for (unsigned i = 0; i < 2; i++) {
        int64_t asked = sr->r->now;

        rig_sr_trigger(sr);
        assert_false(sr->r->opened);
        assert_int_equal(card_due(sr->r->card), asked + 4 * HOUR_MS);
        assert_true(rig_timer(sr->r));
        assert_true(sr->r->opened);
        assert_true(rig_sr_open(sr));
        assert_int_equal(rig_sr_audit(sr), 0x9000);
        rig_sr_finish(sr);
    }
    rig_sr_trigger(sr);
    rig_reboot(sr->r);
    assert_int_equal(card_due(sr->r->card), 0);  /* forgotten with power */
    assert_int_equal(rig_sr_teardown(state), 0);
}

static void memory_is_free_behind_a_reset(void **state)
{
    static struct rig r;
    uint32_t before;

    (void)state;
    begin(&r, QUIRK_MEMORY_LATER);
    for (unsigned i = 0; i < 3; i++) {
        r.unsound = true;                        /* until its reset a card does not add up */
        before = card_memory_free(r.card);
        assert_int_equal(rig_create(&r, 0x20, 1000), 0x9000);
        assert_int_equal(rig_delete(&r, 0x20), 0x9000);
        assert_int_equal(card_memory_free(r.card), before - 1000);
        assert_int_equal(card_memory_told(r.card), before - 1000);
        if (i < 2)
            (i ? rig_reboot : rig_power)(&r);
        else
            assert_int_equal(rig_enable(&r, 0x13), 0x9000);
        assert_int_equal(card_memory_free(r.card), before);
        r.unsound = false;
    }
    rig_fini(&r);
}

static uint32_t told(struct rig *r)
{
    struct span d;
    struct reader rd;

    assert_int_equal(rig_hex(r, "80CAFF2100", &d), 0x9000);
    assert_int_equal(d.p[6], 0x82);
    assert_int_equal(d.p[7], 4);
    rd = rd_init(span_of(d.p + 8, 4));
    return rd_u32(&rd);
}

static void memory_is_less_than_told(void **state)
{
    static struct rig r;
    uint32_t said;

    (void)state;
    begin(&r, QUIRK_MEMORY_BOAST);
    said = told(&r);
    assert_int_equal(said, card_memory_told(r.card));
    assert_true(said > card_memory_free(r.card));
    assert_int_equal(rig_create(&r, 0x20, said), 0x6A84);
    assert_int_equal(rig_create(&r, 0x20, card_memory_free(r.card)), 0x9000);
    assert_int_equal(told(&r), card_memory_told(r.card));
    rig_fini(&r);
}

#define LIST "80F24002074F005C034F9F7000"
#define NEXT "80F24003074F005C034F9F7000"
#define ENTRY 24u

static void list_in_pages(void **state)
{
    static struct rig r;
    struct span d;

    (void)state;
    begin(&r, QUIRK_LIST_PAGED);
    assert_int_equal(rig_create(&r, 0x20, 0), 0x9000);
    assert_int_equal(rig_hex(&r, LIST, &d), 0x6310);
    assert_int_equal(d.n, ENTRY);
    assert_int_equal(d.p[18], 0x10);
    assert_int_equal(rig_hex(&r, NEXT, &d), 0x6310);
    assert_int_equal(d.p[18], 0x13);
    assert_int_equal(rig_hex(&r, NEXT, &d), 0x9000);
    assert_int_equal(d.n, ENTRY);
    assert_int_equal(d.p[18], 0x20);
    assert_int_equal(rig_hex(&r, NEXT, NULL), 0x6A88);
    rig_fini(&r);
}

/* 62F1 ends the script, too: the memory behind it is not told. */
static void list_truncated(void **state)
{
    static const uint8_t BOTH[] = {0xAA, 0x16,
                                   0x22, 0x0D, 0x80, 0xF2, 0x40, 0x02, 0x07, 0x4F, 0x00, 0x5C, 0x03, 0x4F,
                                   0x9F, 0x70, 0x00, 0x22, 0x05, 0x80, 0xCA, 0xFF, 0x21, 0x00};
    static struct rig r;
    struct span d;

    (void)state;
    begin(&r, QUIRK_LIST_TRUNCATED);
    assert_int_equal(rig_hex(&r, LIST, &d), 0x9000);   /* two fit */
    assert_int_equal(rig_create(&r, 0x20, 0), 0x9000);
    rig_script(&r, 1, span_of(BOTH, sizeof(BOTH)));
    assert_true(r.por.got);
    assert_int_equal(r.por.data[4], 1);                /* AB L 80 01 number executed */
    assert_int_equal(rig_hex(&r, LIST, &d), 0x62F1);
    assert_int_equal(d.n, 2 * ENTRY);
    assert_int_equal(rig_hex(&r, NEXT, &d), 0x9000);
    assert_int_equal(d.n, ENTRY);
    assert_int_equal(d.p[18], 0x20);
    rig_fini(&r);
}

static bool holds_counter(const struct rig *r)
{
    const uint8_t cntr[5] = {(uint8_t)(r->counter >> 32), (uint8_t)(r->counter >> 24),
                             (uint8_t)(r->counter >> 16), (uint8_t)(r->counter >> 8),
                             (uint8_t)r->counter};

    assert_int_equal(r->n_sms, 1);
    for (unsigned i = 0; i + sizeof(cntr) <= r->sms[0].n; i++)
        if (memcmp(r->sms[0].ud + i, cntr, sizeof(cntr)) == 0)
            return true;
    return false;
}

static void por_in_clear(void **state)
{
    static struct rig r;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        begin(&r, i ? QUIRK_POR_CLEAR : 0);
        assert_int_equal(rig_delete(&r, 0x20), 0x6A88);
        assert_true(r.por.got);
        assert_int_equal(holds_counter(&r), i);
        rig_fini(&r);
    }
}

static void each_segment_is_proven(void **state)
{
    static struct rig r;
    struct rig_keys keys;
    struct buf package;
    struct scp03_session s = {.kvn = 0};
    uint8_t room[1024];
    struct writer w = wr_init(room, sizeof(room));
    struct span raw;
    struct aid a;

    (void)state;
    begin(&r, QUIRK_RMAC_EACH);                  /* installs a whole profile on its way */
    assert_int_equal(rig_create(&r, 0x14, 0), 0x9000);
    rig_personalise(&r, 0x14, &keys);
    buf_init(&package, 0);
    rig_package(0x14, 0, 3000, &package);
    assert_int_equal(aid_isd_p(0x14, &a), 0);
    assert_int_equal(scp03t_initialize(r.crypto, &s, 0x30, &w), 0);
    raw = rig_element(&r, 0x14, 0x11, wr_view(&w));
    assert_int_equal(scp03t_open(r.crypto, &s, &keys.scp03, &a, raw), 0);
    w = wr_init(room, sizeof(room));
    assert_int_equal(scp03t_authenticate(r.crypto, &s, &w), 0);
    raw = rig_element(&r, 0x14, 0x02, wr_view(&w));
    assert_int_equal(scp03t_authenticated(&s, raw), 0);
    w = wr_init(room, sizeof(room));
    assert_int_equal(scp03t_segment(r.crypto, &s, span_of(package.p, 500), &w), 0);
    raw = rig_element(&r, 0x14, 0x02, wr_view(&w));
    assert_int_equal(raw.n, 10);
    w = wr_init(room, sizeof(room));
    assert_int_equal(scp03t_answer(r.crypto, &s, raw, &w), 0);
    assert_int_equal(w.len, 0);
    scp03_session_fini(&s);
    buf_fini(&package);
    rig_keys_fini(&keys);
    rig_fini(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_unconfirmed),        cmocka_unit_test(stays_under_another_number),
        cmocka_unit_test(calls_hours_later),        cmocka_unit_test(memory_is_free_behind_a_reset),
        cmocka_unit_test(memory_is_less_than_told), cmocka_unit_test(list_in_pages),
        cmocka_unit_test(list_truncated),           cmocka_unit_test(por_in_clear),
        cmocka_unit_test(each_segment_is_proven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
