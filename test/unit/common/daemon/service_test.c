/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_crypto */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/daemon/service.h"
#include "test/support/certs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define URI_SMSR "URI:urn:remora:party:1.3.6.1.4.1.99999.1:smsr"

struct fix {
    struct tmpdir tmp;
    char ca[300], cert[300], key[300], state[300], other[300];
    struct service_plan plan;
    struct service s;
};

static int setup(void **state)
{
    static struct fix f;
    struct cert ca = cert_make(&(struct cert_spec){"ca", NULL, NULL, 0, 10, true}, NULL);

    memset(&f, 0, sizeof f);
    tmpdir_init(&f.tmp);
    cert_write(&ca, &f.tmp, "ca");
    cert_issue(&f.tmp, "smsr", &ca,
               &(struct cert_spec){"smsr", URI_SMSR, "serverAuth,clientAuth", 0, 10, false});
    cert_free(&ca);
    tmpdir_path(&f.tmp, "ca.pem", f.ca, sizeof f.ca);
    tmpdir_path(&f.tmp, "smsr.pem", f.cert, sizeof f.cert);
    tmpdir_path(&f.tmp, "smsr.key", f.key, sizeof f.key);
    tmpdir_path(&f.tmp, "state", f.state, sizeof f.state);
    tmpdir_path(&f.tmp, "other", f.other, sizeof f.other);
    f.plan = (struct service_plan){.name = "smsr", .who = CRASH_SR, .state = f.state,
                                   .listen = "127.0.0.1:0", .tls = {f.ca, f.cert, f.key}};
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    service_close(&f->s);
    tmpdir_fini(&f->tmp);
    return 0;
}

static int open_it(struct fix *f, const struct daemon_options *o, struct errmsg *why)
{
    *why = (struct errmsg){{0}};
    return service_open(&f->plan, o, &f->s, why);
}

static void parties_are_heard_once_the_core_is_there(void **state)
{
    struct fix *f = *state;
    const struct rpc_handler h = {.ctx = f};
    struct errmsg why;
    char at[SERVICE_ENDPOINT], expected[SERVICE_ENDPOINT];

    assert_int_equal(open_it(f, &(struct daemon_options){0}, &why), ERR_OK);
    assert_non_null(service_loop(&f->s));
    assert_null(f->s.server);
    assert_int_equal(service_listen(&f->s, &h, &why), ERR_OK);
    assert_int_not_equal(tls_server_port(f->s.server), 0);
    service_endpoint(f->s.listen, tls_server_port(f->s.server), at);
    (void)snprintf(expected, sizeof expected, "127.0.0.1:%u", tls_server_port(f->s.server));
    assert_string_equal(at, expected);
    service_deafen(&f->s);
    assert_null(f->s.server);
}

static void the_command_line_goes_first(void **state)
{
    struct fix *f = *state;
    const struct daemon_options o = {.state = f->other, .listen = "[::1]:0"};
    struct errmsg why;
    char at[SERVICE_ENDPOINT];

    assert_int_equal(open_it(f, &o, &why), ERR_OK);
    assert_string_equal(f->s.state.dir, f->other);
    assert_int_equal(access(f->state, F_OK), -1);
    service_endpoint(f->s.listen, 7101, at);
    assert_string_equal(at, "[::1]:7101");
}

/* A start that failed half way gives everything back: the next one finds the directory free. */
static void what_was_opened_is_given_back(void **state)
{
    struct fix *f = *state;
    const struct rpc_handler h = {.ctx = f};
    struct service second;
    struct errmsg why;

    f->plan.tls.key = f->ca; /* no key in it */
    assert_int_equal(open_it(f, &(struct daemon_options){0}, &why), ERR_OK);
    assert_int_equal(service_open(&f->plan, &(struct daemon_options){0}, &second, &why), ERR_BUSY);
    service_close(&second);
    assert_int_not_equal(service_listen(&f->s, &h, &why), ERR_OK);
    assert_non_null(strstr(why.text, "ca.pem"));
    service_close(&f->s);
    service_close(&f->s);
    assert_int_equal(open_it(f, &(struct daemon_options){0}, &why), ERR_OK);
}

/* A daemon whose keys were found wrong closes what it never opened: no file of others goes with it. */
static void one_of_zeros_closes_nothing(void **state)
{
    struct service never = {.opened = false};
    int there = fcntl(STDIN_FILENO, F_GETFD);

    (void)state;
    assert_int_not_equal(there, -1);
    service_close(&never);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), there);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parties_are_heard_once_the_core_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(the_command_line_goes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_opened_is_given_back, setup, teardown),
        cmocka_unit_test(one_of_zeros_closes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
