/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire remora_card remora_smdp_profile */
/* ICCIDs of 18, 19 and 20 digits, drawn from seeds, all the way: as text, in EF-ICCID, in a profile package, in the
 * EIS of the SM-SR with an operation for it, and on a card that got it in a package and shows it to a terminal. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/codec/saip.h"
#include "test/support/card_rig.h"
#include "test/support/fake.h"
#include "test/support/smsr_core_way.h"
#include "tools/euiccsim/card/terminal.h"

#define SEEDS 30u
#define NUMBER 0x13

static struct iccid DRAWN;

/* B's, so that it may be asked for. */
static void draw(uint64_t seed, unsigned digits)
{
    struct rng rng;

    fake_rng_init(&rng, seed);
    memset(&DRAWN, 0, sizeof DRAWN);
    memcpy(DRAWN.s, "894902", 6);
    for (unsigned i = 6; i < digits; i++)
        DRAWN.s[i] = (char)('0' + rng_below(&rng, 10));
}

static void each(void (*what)(unsigned digits), uint64_t seeds)
{
    for (unsigned digits = 18; digits <= 20; digits++)
        for (uint64_t seed = 1; seed <= seeds; seed++) {
            draw(seed, digits);
            what(digits);
        }
}

static void as_octets(unsigned digits)
{
    char padded[24], text[21];
    uint8_t file[10], header[10];
    struct iccid back;

    (void)snprintf(padded, sizeof padded, "%sFF", DRAWN.s);
    padded[20] = 0;                               /* as a copied EF-ICCID has it */
    assert_int_equal(iccid_parse(span_str(padded), &back), ERR_OK);
    assert_string_equal(back.s, DRAWN.s);
    iccid_swapped(&DRAWN, file);
    assert_int_equal(iccid_from_swapped(span_of(file, 10), &back), ERR_OK);
    assert_string_equal(back.s, DRAWN.s);
    saip_iccid_put(&DRAWN, header);
    assert_int_equal(saip_iccid_get(span_of(header, 10), &back), ERR_OK);
    assert_string_equal(back.s, DRAWN.s);
    for (unsigned i = 0; i < 10; i++)             /* the same digits, two by two the other way round */
        assert_int_equal(header[i], (uint8_t)(file[i] << 4 | file[i] >> 4));
    assert_int_equal(hex_encode(span_of(header, 10), text, sizeof text), ERR_OK);
    assert_memory_equal(text, DRAWN.s, digits);
    assert_int_equal(strspn(text + digits, "F"), 20 - digits);
}

static void octets(void **state)
{
    (void)state;
    each(as_octets, 50 * SEEDS);
}

static void put_into_eis(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    eis->profiles[1].iccid = DRAWN;
}

/* Of an EIS as it is delivered, over a restart; a shorter one with the same beginning is another. */
static void in_eis(unsigned digits)
{
    struct es4_enable_profile_request m = {.iccid = DRAWN};
    static struct core w;
    const struct event *ev;

    core_init_with(&w, put_into_eis);
    m.eid = w.eid;
    assert_non_null(euicc_profile_by_iccid(w.e, &DRAWN));
    core_restart(&w);
    assert_string_equal(w.e->profiles[1].iccid.s, DRAWN.s);
    core_request(&w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    assert_string_equal(core_admitted(&w), "accepted");
    ev = core_event(&w, EV_OPERATION_ACCEPTED);
    assert_string_equal(ev->iccid.s, DRAWN.s);
    m.iccid.s[digits - 1] = 0;
    if (digits > 18) {
        core_request(&w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
        assert_string_equal(core_admitted(&w), "8.2.1-3.9");
    }
    core_fini(&w);
}

static void eis(void **state)
{
    (void)state;
    each(in_eis, SEEDS);
}

static void reads(struct terminal *t, const struct card *c, const char *capdu, size_t n, const uint8_t *ret)
{
    static uint8_t room[TERMINAL_ANSWER_MAX];
    struct writer w = wr_init(room, sizeof room);
    uint8_t b[16];
    size_t got = 0;

    assert_int_equal(hex_decode(capdu, strlen(capdu), b, sizeof b, &got), ERR_OK);
    terminal_apdu(t, c, span_of(b, got), &w);
    assert_int_equal(w.len, n + 2);
    assert_memory_equal(room + n, "\x90\x00", 2);
    assert_memory_equal(room, ret, n);
}

static void at_contacts(const struct card *c)
{
    static struct terminal t;
    uint8_t file[10];

    iccid_swapped(&DRAWN, file);
    terminal_reset(&t, c);
    reads(&t, c, "00A4080C022FE2", 0, file);
    reads(&t, c, "00B000000A", 10, file);
}

/* Delivered with it; and loaded in a package beside it. */
static void on_card(unsigned digits)
{
    static struct rig r;
    struct rig_keys keys;
    struct buf package;
    static struct saip_profile got;
    struct errmsg why;

    (void)digits;
    rig_init(&r, 0);
    buf_init(&package, 0);
    rig_package_of(&DRAWN, NUMBER, 0, 0, &package);
    assert_int_equal(saip_read(buf_span(&package), &got, &why), ERR_OK);
    assert_string_equal(got.iccid_header.s, DRAWN.s);
    assert_string_equal(got.iccid_ef.s, DRAWN.s);
    assert_int_equal(rig_confirmed(&r), 1);
    assert_int_equal(rig_create(&r, NUMBER, 0), 0x9000);
    rig_personalise(&r, NUMBER, &keys);
    assert_int_equal(rig_load(&r, NUMBER, &keys, buf_span(&package)), 0);
    assert_string_equal(rig_isdp(&r, NUMBER)->data.iccid.s, DRAWN.s);
    rig_reboot(&r);
    assert_string_equal(rig_isdp(&r, NUMBER)->data.iccid.s, DRAWN.s);
    r.factory.bootstrap.iccid = DRAWN;
    rig_card_new(&r);
    at_contacts(r.card);
    rig_keys_fini(&keys);
    buf_wipe(&package);
    buf_fini(&package);
    rig_fini(&r);
}

static void cards(void **state)
{
    (void)state;
    each(on_card, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(octets), cmocka_unit_test(eis), cmocka_unit_test(cards)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
