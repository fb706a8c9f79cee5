/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* ES5.CreateISDP: every status word, parameters octet by octet, quota. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/card_rig.h"

#define ELF "10A0000005591010FFFFFFFF8900000D00"
#define MODULE "10A0000005591010FFFFFFFF8900000E00"
#define AID13 "10A0000005591010FFFFFFFF8900001300"

static void created_9000(void **state)
{
    struct rig *r = *state;
    const struct card_isdp *p;
    struct span data;

    assert_int_equal(rig_hex(r, "80E60C003F" ELF MODULE AID13 "0380C00006C90481020370" "0000",
                             &data), 0x9000);
    assert_int_equal(data.n, 1);
    assert_int_equal(data.p[0], 0);
    p = rig_isdp(r, 0x13);
    assert_non_null(p);
    assert_int_equal(p->state, ISDP_SELECTABLE);
    assert_int_equal(p->memory, 0);
    assert_false(p->fallback);
    assert_int_equal(rig_row(r, 0)->ins, 0xE6);
    assert_int_equal(rig_row(r, 0)->p1, 0x0C);
    assert_int_equal(rig_row(r, 0)->state_before, 0);
    assert_int_equal(rig_row(r, 0)->state_after, ISDP_SELECTABLE);
    assert_int_equal(aid_tar(&rig_row(r, 0)->aid), 0x13);
}

static void quota_is_granted(void **state)
{
    struct rig *r = *state;
    uint32_t memory = card_memory_free(r->card);

    assert_int_equal(rig_create(r, 0x13, 5000), 0x9000);
    assert_int_equal(rig_isdp(r, 0x13)->memory, 5000);
    assert_int_equal(card_memory_free(r->card), memory - 5000);
    assert_int_equal(rig_create(r, 0x14, memory - 5000), 0x9000);
    assert_int_equal(card_memory_free(r->card), 0);
    assert_int_equal(rig_create(r, 0x15, 0), 0x9000);
}

static void short_quota_9000(void **state)
{
    assert_int_equal(rig_hex(*state, "80E60C0045" ELF MODULE AID13
                             "0380C0000CC90481020370EF0483020100" "0000", NULL), 0x9000);
    assert_int_equal(rig_isdp(*state, 0x13)->memory, 0x100);
}

static void memory_6A84(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_create(r, 0x13, card_memory_free(r->card) + 1), 0x6A84);
    assert_null(rig_isdp(r, 0x13));
    assert_int_equal(rig_create(r, 0x13, UINT32_MAX), 0x6A84);
    assert_int_equal(rig_row(r, 0)->sw, 0x6A84);
    assert_int_equal(rig_row(r, 0)->state_after, 0);
}

static void too_many_6A84(void **state)
{
    struct rig *r = *state;

    for (uint16_t n = 0x11; n < 0x10 + CARD_ISDPS_MAX; n++)
        assert_int_equal(rig_create(r, n, 0), 0x9000);
    assert_int_equal(rig_create(r, 0x40, 0), 0x6A84);
    assert_int_equal(rig_delete(r, 0x11), 0x9000);
    assert_int_equal(rig_create(r, 0x40, 0), 0x9000);
}

static void exists_6985(void **state)
{
    struct rig *r = *state;
    uint32_t memory = card_memory_free(r->card);

    assert_int_equal(rig_create(r, 0x10, 0), 0x6985);
    assert_int_equal(rig_create(r, 0x13, 100), 0x9000);
    assert_int_equal(rig_create(r, 0x13, 100), 0x6985);
    assert_int_equal(card_memory_free(r->card), memory - 100);
}

static void other_module_6A88(void **state)
{
    struct rig *r = *state;

    assert_int_equal(rig_hex(r, "80E60C003F" MODULE MODULE AID13 "0380C00006C90481020370" "0000",
                             NULL), 0x6A88);
    assert_int_equal(rig_hex(r, "80E60C003F" ELF ELF AID13 "0380C00006C90481020370" "0000", NULL),
                     0x6A88);
    assert_null(rig_isdp(r, 0x13));
}

static void wrong_parameters_6A80(void **state)
{
    static const char *const BAD[] = {
        /* privileges */
        "80E60C003F" ELF MODULE AID13 "0380800006C90481020370" "0000",
        "80E60C003E" ELF MODULE AID13 "0280C006C90481020370" "0000",
        /* install parameters: other i, other SCP, other tag, nothing, an octet behind */
        "80E60C003F" ELF MODULE AID13 "0380C00006C90481020330" "0000",
        "80E60C003F" ELF MODULE AID13 "0380C00006C90481020270" "0000",
        "80E60C003F" ELF MODULE AID13 "0380C00006CA0481020370" "0000",
        "80E60C0039" ELF MODULE AID13 "0380C00000" "0000",
        "80E60C0040" ELF MODULE AID13 "0380C00007C9048102037000" "0000",
        /* quota: empty, five octets, other tag, twice */
        "80E60C0043" ELF MODULE AID13 "0380C0000AC90481020370EF028300" "0000",
        "80E60C0048" ELF MODULE AID13 "0380C0000FC90481020370EF0783050000000001" "0000",
        "80E60C0044" ELF MODULE AID13 "0380C0000BC90481020370EF03820101" "0000",
        "80E60C0049" ELF MODULE AID13 "0380C00010C90481020370EF03830101EF03830101" "0000",
        /* a token */
        "80E60C0040" ELF MODULE AID13 "0380C00006C90481020370" "01AA00",
        /* AIDs: not an ISD-P, the ISD-R, none, too long */
        "80E60C003F" ELF MODULE "10A0000005591010FFFFFFFF8900000F00"
        "0380C00006C90481020370" "0000",
        "80E60C003F" ELF MODULE "10A0000005591010FFFFFFFF8900000100"
        "0380C00006C90481020370" "0000",
        "80E60C002F" ELF MODULE "00" "0380C00006C90481020370" "0000",
        "80E60C0040" ELF MODULE "11A0000005591010FFFFFFFF890000130000"
        "0380C00006C90481020370" "0000",
        /* cut */
        "80E60C0022" ELF MODULE "00", "80E60C0001" "10" "00",
    };
    struct rig *r = *state;

    for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_int_equal(rig_hex(r, BAD[i], NULL), 0x6A80);
        assert_int_equal(card_isdp_count(r->card), 1);
    }
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(created_9000), CASE(quota_is_granted), CASE(short_quota_9000), CASE(memory_6A84),
        CASE(too_many_6A84), CASE(exists_6985), CASE(other_module_6A88),
        CASE(wrong_parameters_6A80),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
