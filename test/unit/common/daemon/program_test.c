/* SPDX-License-Identifier: Apache-2.0 */
/* The command line. What runs behind it is tried with real processes (test/system). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/daemon/program.h"

#include <getopt.h>

/* Nothing of it may be called. */
static const struct daemon_program NOTHING = {
    .name = "smxx", .version = "0.0.0", .ready = "smxx ready"};

static int code_of(char *first, char *second, char *third)
{
    char *argv[] = {(char[]){"smxx"}, first, second, third, NULL};
    int argc = 1;

    while (argc < 4 && argv[argc])
        argc++;
    optind = 0; /* getopt begins anew */
    return daemon_main(argc, argv, &NOTHING);
}

static void only_asked_for_something_to_read(void **state)
{
    (void)state;
    assert_int_equal(code_of((char[]){"--version"}, NULL, NULL), 0);
    assert_int_equal(code_of((char[]){"--help"}, NULL, NULL), 0);
}

static void a_wrong_command_line_starts_nothing(void **state)
{
    (void)state;
    assert_int_equal(code_of(NULL, NULL, NULL), 2);
    assert_int_equal(code_of((char[]){"--config"}, NULL, NULL), 2);
    assert_int_equal(code_of((char[]){"--unknown"}, NULL, NULL), 2);
    assert_int_equal(code_of((char[]){"--config=x"}, (char[]){"more"}, NULL), 2);
    assert_int_equal(code_of((char[]){"--config=x"}, (char[]){"--time-scale=0"}, NULL), 2);
    assert_int_equal(code_of((char[]){"--config=x"}, (char[]){"--time-scale=10001"}, NULL), 2);
    assert_int_equal(code_of((char[]){"--config=x"}, (char[]){"--time-scale=2x"}, NULL), 2);
    assert_int_equal(code_of((char[]){"--config=x"}, (char[]){"--log-level=loud"}, NULL), 2);
}

static void it_knows_its_size(void **state)
{
    (void)state;
    assert_true(daemon_resident(NULL) > 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_asked_for_something_to_read),
        cmocka_unit_test(a_wrong_command_line_starts_nothing),
        cmocka_unit_test(it_knows_its_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
