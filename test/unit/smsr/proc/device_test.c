/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* The IMEI of each notification; another device is a record and a notice, and touches nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "smsr/domain/notification.h"
#include "test/support/smsr_core.h"

static const uint8_t OLD[8] = {0x4A, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81};
static const uint8_t NEW[8] = {0x3A, 0x65, 0x54, 0x32, 0x10, 0x98, 0x76, 0x54};

static int note(struct core *w, uint8_t kind, uint16_t sequence, unsigned profile, struct span imei)
{
    struct input in = {.kind = IN_NOTIFICATION};

    in.u.notification.kind = kind;
    in.u.notification.sequence = sequence;
    in.u.notification.aid = core_aid(profile);
    in.u.notification.imei = imei;
    in.u.notification.bearer = BEARER_SMS;
    return core_post(w, &in);
}

static void the_first_device_is_no_change(void **state)
{
    struct core *w = *state;

    assert_int_equal(note(w, 1, 1, BOOT, span_of(OLD, 8)), ERR_OK);
    assert_null(core_event(w, EV_DEVICE_CHANGED));
    assert_true(span_eq(core_event(w, EV_NOTIFICATION_RECEIVED)->imei, span_of(OLD, 8)));
    assert_string_equal(w->e->imei, "4A09512430325781");
}

/* In the middle of a switch: the switch goes on as if nothing had been said. */
static void another_device_is_recorded_and_told(void **state)
{
    struct core *w = *state;
    const struct device_changed *n;
    const struct event *ev;

    core_note(w, 1, 1, BOOT);
    core_por_list(w, 0, "10=3F 11=1F 12=1F");
    while (w->e->n_ops && core_timer(w))
        core_por_list(w, 0, "10=3F 11=1F 12=1F");
    core_enable(w, 0);
    core_por_sw(w, 0, 0x9000);
    assert_int_equal(note(w, 2, 2, ONE, span_of(NEW, 8)), ERR_OK);
    ev = core_event(w, EV_DEVICE_CHANGED);
    assert_non_null(ev);
    assert_true(span_eq(ev->imei, span_of(NEW, 8)));
    assert_true(span_eq(ev->data, span_of(OLD, 8)));
    assert_true(uuid_is_zero(&ev->op));
    n = core_delivery(w, CORE_F, MSG_DEVICE_CHANGED);
    assert_non_null(n);
    assert_true(eid_eq(&n->eid, &w->eid));
    assert_null(core_delivery(w, CORE_G, MSG_DEVICE_CHANGED)); /* another realm's */
    assert_null(core_delivery(w, CORE_B, MSG_DEVICE_CHANGED));
    assert_string_equal(w->e->imei, "3A65543210987654");
    assert_int_equal(w->e->notif_sequence, 2);
    assert_int_equal(w->e->ops[0]->function, FN_ENABLE_PROFILE); /* and is being confirmed */
    assert_non_null(core_event(w, EV_PACKET_ARMED));
    /* The same again: the card repeats itself, the device is the one known now. */
    assert_int_equal(note(w, 2, 2, ONE, span_of(NEW, 8)), ERR_OK);
    assert_null(core_event(w, EV_DEVICE_CHANGED));
}

/* An old notification, late, tells of the old device: that is no change back. */
static void an_old_notification_changes_no_device(void **state)
{
    struct core *w = *state;

    note(w, 1, 7, BOOT, span_of(NEW, 8));
    core_restart(w);
    while (w->e->n_ops)
        core_pass(w, 3600000);
    assert_int_equal(note(w, 5, 3, BOOT, span_of(OLD, 8)), ERR_OK);
    assert_int_equal(core_event(w, EV_NOTIFICATION_RECEIVED)->decision, 3);
    assert_null(core_event(w, EV_DEVICE_CHANGED));
    assert_string_equal(w->e->imei, "3A65543210987654");
}

static void a_long_imei_is_compared_as_it_is_kept(void **state)
{
    static const uint8_t LONG[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct core *w = *state;

    note(w, 1, 1, BOOT, span_of(LONG, 12));
    while (w->e->n_ops)
        core_pass(w, 3600000);
    assert_int_equal(note(w, 1, 2, BOOT, span_of(LONG, 12)), ERR_OK);
    assert_null(core_event(w, EV_DEVICE_CHANGED));
}

static void as_a_person_reads_it(void **state)
{
    static const struct { uint8_t n, b[16]; const char *text; } ROWS[] = {
        {8, {0x4A, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81}, "490154203237518"},
        {8, {0x4B, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81}, "4B09512430325781"}, /* no A */
        {8, {0xFA, 0x09, 0x51, 0x24, 0x30, 0x32, 0x57, 0x81}, "FA09512430325781"}, /* no digit */
        {8, {0x4A, 0x09, 0x51, 0x2E, 0x30, 0x32, 0x57, 0x81}, "4A09512E30325781"},
        {0, {0}, ""}, {1, {0x4A}, "4A"},
        {16, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, "0102030405060708090A0B0C0D0E0F10"},
    };
    uint8_t seventeen[17] = {1};
    char text[IMEI_TEXT];

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        imei_text(span_of(ROWS[i].b, ROWS[i].n), text);
        assert_string_equal(text, ROWS[i].text);
    }
    imei_text(span_of(seventeen, 17), text);
    assert_string_equal(text, "");
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_device_is_no_change),
        T(another_device_is_recorded_and_told),
        T(an_old_notification_changes_no_device),
        T(a_long_imei_is_compared_as_it_is_kept),
        cmocka_unit_test(as_a_person_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
