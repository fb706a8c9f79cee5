/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/journal/chain.h"

/* Figures computed by another program from the formulas of the header. */
static const char *const BODY = "67D6A85535988CB3840CC75A5D0BC1BEEAE789E43B7CC3972974948128691721";
static const char *const LEAF = "9CB250FF9695B2D5F8C710C569F3FA430746186BC7A168D61CB1A24A9DC37DB1";
static const char *const LINK = "3525F8425D7CF200C50E75AF25040F984443AA2933A00BC65F4FEE3622C74F86";
static const char *const EMPTY = "BE45CB2605BF36BEBDE684841A28F0FD43C69850A3DCE5FEDBA69928EE3A8991";
static const char *const LEAF2 = "E2E13C7C1406B9D84F87A4D5ABDF42B47C5DEB5716C3F8C5B8B0A2303926372C";
static const char *const LINK2 = "BFF0DF0D5445F9EBD882CC4C96178DA8143B01B269F8E866E48903CC694D7693";

static void check(const uint8_t hash[32], const char *want)
{
    char text[65];

    assert_int_equal(hex_encode(span_of(hash, 32), text, sizeof(text)), ERR_OK);
    assert_string_equal(text, want);
}

static int setup(void **state)
{
    *state = crypto_new(NULL);
    return *state == NULL;
}

static int teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

static void count_up(uint8_t *p, uint8_t from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(from + i);
}

static void every_field_and_the_first_link(void **state)
{
    struct journal_record r = {.stream = 0x01020304,
                               .seq = 0x1122334455667788,
                               .lsn = 0x0102030405060708,
                               .epoch = 0x0A0B0C0D,
                               .at_ms = -2,
                               .class_ = 0xFE,
                               .type = "operation.armed"};
    uint8_t salt[16], body[32], leaf[32], hash[32];

    count_up(salt, 0, 16);
    count_up(r.eid.b, 0x89, 16);
    count_up(r.op.b, 0xA0, 16);
    chain_body_hash(*state, salt, span_str("remora"), body);
    check(body, BODY);
    chain_leaf(*state, &r, body, leaf);
    check(leaf, LEAF);
    chain_link(*state, CHAIN_GENESIS, leaf, hash);
    check(hash, LINK);
}

static void absent_ids_longest_type_empty_body(void **state)
{
    struct journal_record r = {.stream = 0, .seq = 2, .lsn = 3, .epoch = 1, .at_ms = 1750000000000};
    uint8_t salt[16], body[32], leaf[32], before[32], hash[32];
    size_t n;

    count_up(salt, 0, 16);
    memset(r.type, 'x', 31);
    chain_body_hash(*state, salt, span_of("", 0), body);
    check(body, EMPTY);
    chain_leaf(*state, &r, body, leaf);
    check(leaf, LEAF2);
    assert_int_equal(hex_decode(LINK, 64, before, 32, &n), ERR_OK);
    chain_link(*state, before, leaf, hash);
    check(hash, LINK2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_and_the_first_link),
        cmocka_unit_test(absent_ids_longest_type_empty_body),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
