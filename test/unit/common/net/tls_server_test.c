/* SPDX-License-Identifier: Apache-2.0 */
/* What the TLS server refuses and bounds: identities, versions, deadlines, numbers (facts:
 * trust 1.3). */
#define _GNU_SOURCE /* memmem */
#include "test/unit/common/net/tls_world.h"

static void test_refused_identities(void **state)
{
    static const char *const names[] = {"rogue",   "expired", "early",  "nouri",      "nosan",
                                        "twouris", "badrole", "badoid", "serveronly", "noeku"};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct world *w = *state;
    start(w, NULL);
    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
            struct raw r = {0};
            w->refused = 0;
            raw_start(w, &r, names[i], versions[v]);
            run(w, was_refused);
            raw_join(&r);
            /* One and the same alert for all of them; the reason stays on this side. */
            assert_int_equal(r.alert, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE);
            assert_int_equal(w->refused, 1);
            assert_int_equal(w->refused_err, ERR_AUTH);
            assert_true(strlen(w->refused_why) > 20);
            assert_int_equal(r.got[0], 0);
        }
    }
    assert_int_equal(w->s.hellos + w->s.closes, 0);
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
}

static void test_refused_without_certificate(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct world *w = *state;
    start(w, NULL);
    for (size_t v = 0; v < 2; v++) {
        struct raw r = {0};
        w->refused = 0;
        raw_start(w, &r, NULL, versions[v]);
        run(w, was_refused);
        raw_join(&r);
        assert_int_not_equal(r.alert, 0);
        assert_int_equal(w->s.hellos + w->s.closes, 0);
    }
}

static void test_refused_old_tls(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    struct raw r = {0};
    raw_start(w, &r, "op", TLS1_1_VERSION);
    run(w, was_refused);
    raw_join(&r);
    assert_int_not_equal(r.alert, 0);
}

static void test_both_tls_versions_serve(void **state)
{
    static const char hello[] = {0, 0, 0, 6, 8, 1, 16, 1, 64, 1};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct world *w = *state;
    start(w, NULL);
    for (size_t v = 0; v < 2; v++) {
        struct raw r = {.say = hello, .say_n = sizeof(hello), .cut = true};
        w->s.closes = w->s.hellos = 0;
        raw_start(w, &r, "op", versions[v]);
        run(w, server_closed);
        raw_join(&r);
        assert_int_equal(w->s.hellos, 1);
        assert_int_equal(w->s.close_err, ERR_CLOSED);
    }
}

static void test_cut_inside_a_frame(void **state)
{
    static const char half[] = {0, 0, 0, 6, 8, 1};
    struct world *w = *state;
    start(w, NULL);
    struct raw r = {.say = half, .say_n = sizeof(half), .cut = true};
    raw_start(w, &r, "op", TLS1_3_VERSION);
    run(w, server_closed);
    raw_join(&r);
    assert_int_equal(w->s.close_err, ERR_TRUNCATED);
}

static bool no_connection(struct world *w)
{
    return tls_server_conns(w->server) == 0;
}

static void test_garbage_is_answered_by_name(void **state)
{
    struct world *w = *state;
    static char flood[200000];
    start(w, NULL);
    memset(flood, 'x', sizeof(flood));
    struct raw r = {.say = flood, .say_n = sizeof(flood)};
    raw_start(w, &r, "op", TLS1_3_VERSION);
    run(w, server_closed);
    assert_int_equal(w->s.close_err, ERR_TOO_LARGE);
    run(w, no_connection); /* the peer reads it before the socket goes */
    raw_join(&r);
    assert_non_null(memmem(r.got, sizeof(r.got), "a frame is longer than 4096 octets", 34));
}

/* --- limits --- */

static void test_handshake_deadline(void **state)
{
    struct world *w = *state;
    struct tls_limits lim = {.handshake_ms = 50};
    start(w, &lim);
    struct raw r = {.silent = true};
    raw_start(w, &r, NULL, 0);
    run(w, was_refused);
    assert_int_equal(w->refused_err, ERR_TIMEOUT);
    raw_join(&r);
}

static void test_hello_deadline(void **state)
{
    struct world *w = *state;
    struct tls_limits lim = {.handshake_ms = 500};
    start(w, &lim);
    struct raw r = {0};
    raw_start(w, &r, "op", TLS1_3_VERSION);
    run(w, server_closed);
    assert_int_equal(w->s.close_err, ERR_TIMEOUT);
    assert_int_equal(w->s.hellos, 0);
    raw_join(&r);
}

static void test_idle_deadline(void **state)
{
    struct world *w = *state;
    struct tls_limits lim = {.handshake_ms = 500, .idle_ms = 20};
    start(w, &lim);
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_closed);
    assert_int_equal(w->c.welcomes, 1);
    assert_string_equal(w->c.close_why, "nothing was sent for too long");
}

static void test_connection_limit(void **state)
{
    struct world *w = *state;
    struct tls_limits lim = {.max_conns = 1};
    start(w, &lim);
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    struct raw r = {.silent = true};
    raw_start(w, &r, NULL, 0);
    run(w, was_refused);
    raw_join(&r);
    assert_int_equal(w->refused_err, ERR_FULL);
    assert_int_equal(tls_server_conns(w->server), 1);
    assert_non_null(tls_client_rpc(w->client));
}

static bool three_waiting(struct world *w)
{
    return tls_server_conns(w->server) == 3;
}

static void test_greeting_limit_per_source(void **state)
{
    struct world *w = *state;
    struct tls_limits lim = {.max_greeting = 3};
    struct raw r[4] = {{.silent = true}, {.silent = true}, {.silent = true}, {.silent = true}};
    start(w, &lim);
    for (int i = 0; i < 3; i++)
        raw_start(w, &r[i], NULL, 0);
    run(w, three_waiting);
    raw_start(w, &r[3], NULL, 0);
    run(w, was_refused);
    assert_int_equal(w->refused_err, ERR_FULL);
    tls_server_free(w->server);
    w->server = NULL;
    loop_timer_free(w->guard);
    w->guard = NULL;
    loop_free(w->loop); /* closes the sockets the threads wait on */
    for (int i = 0; i < 4; i++)
        raw_join(&r[i]);
    w->loop = loop_new();
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_refused_identities),
        T(test_refused_without_certificate),
        T(test_refused_old_tls),
        T(test_both_tls_versions_serve),
        T(test_cut_inside_a_frame),
        T(test_garbage_is_answered_by_name),
        T(test_handshake_deadline),
        T(test_hello_deadline),
        T(test_idle_deadline),
        T(test_connection_limit),
        T(test_greeting_limit_per_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
