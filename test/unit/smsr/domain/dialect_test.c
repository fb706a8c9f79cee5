/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/dialect.h"

static void dialects(void **state)
{
    static const struct { const char *version; bool quota, wrapped; } ROWS[] = {
        {"3.2.0", true, false}, {"4.0", true, true}, {"4.2.1", true, true}, {"2.1", false, false},
        {"", true, false},      {"40.1", true, false}, {"24.1", true, false}, {"4", true, false}};
    struct euicc e;

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct dialect *d;
        memset(&e, 0, sizeof e);
        memcpy(e.rp_version, ROWS[i].version, strlen(ROWS[i].version));
        d = dialect_of(&e);
        assert_int_equal(d->quota, ROWS[i].quota);
        assert_int_equal(d->key_7f49_wrapped, ROWS[i].wrapped);
        assert_int_equal(d->spi1, 0x16);
        assert_int_equal(d->spi2, 0x39);
        assert_int_equal(d->packet_form, SCRIPT_DEFINITE);
        assert_int_equal(d->body_max, 1020);
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dialects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
