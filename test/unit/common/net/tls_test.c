/* SPDX-License-Identifier: Apache-2.0 */
/* Mutual TLS over loopback: exchange, bulk, restart, what the client refuses, files and ports
 * (facts: trust 1.3, libs 1.1, 1.2).
 * Links: remora_crypto */
#include "common/crypto/pki_issue.h"
#include "test/unit/common/net/tls_world.h"

/* --- good cases --- */

static bool server_got(struct world *w)
{
    return w->s.messages >= 1 && w->c.messages >= 1;
}

static void write_entity(struct world *w, struct pki_entity *e, const char *name)
{
    char file[64], path[512];
    snprintf(file, sizeof(file), "%s.pem", name);
    tmpdir_path(&w->dir, file, path, sizeof(path));
    assert_int_equal(pki_write_cert(path, buf_span(&e->der), NULL), ERR_OK);
    snprintf(file, sizeof(file), "%s.key", name);
    tmpdir_path(&w->dir, file, path, sizeof(path));
    assert_int_equal(pki_write_key(path, e->key, NULL), ERR_OK);
    if (strcmp(name, "house") != 0)
        pki_entity_fini(e);
}

static void test_exchange(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.echo = true;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    assert_null(tls_client_rpc(w->client));
    run(w, client_up);
    assert_int_equal(w->s.peer.role, ROLE_OPERATOR);
    assert_string_equal(w->s.peer.oid.s, "1.3.6.1.4.1.99999.10");
    assert_int_equal(tls_server_conns(w->server), 1);
    assert_int_not_equal(rpc_id(w->s.rpc), rpc_id(w->c.rpc));
    assert_int_equal(send_part(w, 500), ERR_OK);
    run(w, server_got);
    assert_int_equal(w->c.octets, 500);
    rpc_close(w->c.rpc, "done here");
    run(w, both_closed);
    assert_int_equal(w->s.close_err, ERR_CLOSED);
    assert_string_equal(w->s.close_why, "done here");
}

static void test_by_name(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    char to[64];
    snprintf(to, sizeof(to), "localhost:%u", (unsigned)tls_server_port(w->server));
    assert_int_equal(dial_as(w, "ca", "op", to, false, NULL), ERR_OK);
    run(w, client_up);
}

static bool bulk_done(struct world *w)
{
    return w->c.octets >= 160u * PART || w->c.closes || w->s.closes;
}

static void test_bulk_both_ways(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.echo = true;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    w->to_send = 160; /* 10 MiB each way, 64 requests in flight */
    run(w, bulk_done);
    assert_int_equal(w->c.octets, 160u * PART);
    assert_int_equal(w->s.octets, 160u * PART);
    assert_int_equal(w->c.messages, 160);
    assert_false(w->c.wrong_octet || w->s.wrong_octet);
}

static bool all_64(struct world *w)
{
    return w->c.messages == RPC_WINDOW;
}

static void test_64_in_flight(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.echo = true;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    for (unsigned i = 0; i < RPC_WINDOW; i++)
        assert_int_equal(send_part(w, i), ERR_OK);
    assert_int_equal(send_part(w, 1), ERR_FULL);
    run(w, all_64);
    assert_int_equal(w->c.octets, 63 * 64 / 2);
    assert_int_equal(rpc_in_flight(w->c.rpc), 0);
}

static bool second_welcome(struct world *w)
{
    return w->c.welcomes == 2;
}

static void test_reconnects_after_restart(void **state)
{
    struct world *w = *state;
    char port[64];
    start(w, NULL);
    snprintf(port, sizeof(port), "%s", w->port);
    assert_int_equal(dial_as(w, "ca", "op", port, true, NULL), ERR_OK);
    run(w, client_up);
    assert_int_equal(w->s.last_no, 101);
    tls_server_free(w->server);
    w->server = NULL;
    assert_int_equal(w->s.closes, 1);
    run(w, client_closed);
    assert_null(tls_client_rpc(w->client));
    assert_int_equal(listen_as(w, "ca", "smsr", port, NULL, NULL), ERR_OK);
    run(w, second_welcome);
    assert_int_equal(w->s.last_no, 100 + w->asked);
    assert_true(w->asked >= 2);
}

/* The certificates our own PKI issues pass the strict checks on both sides. */
static void test_house_pki(void **state)
{
    struct world *w = *state;
    struct crypto *crypto = crypto_new(NULL);
    struct pki_dates valid = {1767225600000, 4102444800000};
    struct pki_subject authority = {.name = "house", .curve = CURVE_P256, .valid = valid};
    struct pki_entity ca = {0};
    assert_non_null(crypto);
    assert_int_equal(pki_issue_tls_ca(crypto, &authority, &ca), ERR_OK);
    write_entity(w, &ca, "house");
    static const char *const names[2] = {"hsmsr", "hfleet"};
    static const char *const roles[2] = {"smsr", "fleet"};
    for (int i = 0; i < 2; i++) {
        struct pki_subject s = {.name = names[i], .curve = CURVE_P256, .valid = valid};
        struct pki_entity leaf = {0};
        assert_int_equal(
            oid_parse(span_str(i ? "1.3.6.1.4.1.99999.20" : "1.3.6.1.4.1.99999.1"), &s.oid),
            ERR_OK);
        assert_int_equal(pki_issue_tls_leaf(crypto, &ca, roles[i], &s, &leaf), ERR_OK);
        write_entity(w, &leaf, names[i]);
    }
    pki_entity_fini(&ca);
    crypto_free(crypto);
    assert_int_equal(listen_as(w, "house", "hsmsr", "127.0.0.1:0", NULL, NULL), ERR_OK);
    assert_int_equal(dial_as(w, "house", "hfleet", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    assert_int_equal(w->s.peer.role, ROLE_FLEET);
    assert_string_equal(w->s.peer.oid.s, "1.3.6.1.4.1.99999.20");
}

/* --- the client refuses the server, or cannot reach it --- */

static void expect_client_end(struct world *w, int err, const char *text)
{
    run(w, client_closed);
    assert_int_equal(w->c.closes, 1);
    assert_int_equal(w->c.close_err, err);
    if (!strstr(w->c.close_why, text))
        fail_msg("\"%s\" is not in \"%s\"", text, w->c.close_why);
    assert_int_equal(w->c.welcomes, 0);
    assert_null(tls_client_rpc(w->client));
}

static void test_server_of_other_name(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_as(w, "ca", "noname", "127.0.0.1:0", NULL, NULL), ERR_OK);
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    expect_client_end(w, ERR_AUTH, "IP address mismatch");
    run(w, was_refused);
    assert_int_equal(w->s.hellos, 0);
}

static void test_server_of_other_host_name(void **state)
{
    struct world *w = *state;
    char to[64];
    assert_int_equal(listen_as(w, "ca", "noname", "127.0.0.1:0", NULL, NULL), ERR_OK);
    snprintf(to, sizeof(to), "localhost:%u", (unsigned)tls_server_port(w->server));
    assert_int_equal(dial_as(w, "ca", "op", to, false, NULL), ERR_OK);
    expect_client_end(w, ERR_AUTH, "ostname mismatch");
}

/* Name and CA are right, the party is another one: nothing is said to it. */
static void test_server_of_other_party(void **state)
{
    static const struct {
        const char *oid;
        enum party_role role;
        const char *says;
    } ROWS[] = {
        {"1.3.6.1.4.1.99999.7", ROLE_SMSR,
         "the server is smsr 1.3.6.1.4.1.99999.1, not smsr 1.3.6.1.4.1.99999.7"},
        {"1.3.6.1.4.1.99999.1", ROLE_SMDP, "not smdp 1.3.6.1.4.1.99999.1"},
    };
    struct world *w = *state;
    char room[3][512];
    struct tls_files f = files(w, room, "ca", "op");
    struct rpc_handler h = handler(&w->c);
    struct tls_client_opt opt = {.host_port = w->port};

    assert_int_equal(listen_as(w, "ca", "smsr", "127.0.0.1:0", NULL, NULL), ERR_OK);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        assert_int_equal(oid_parse(span_str(ROWS[i].oid), &opt.expect.oid), ERR_OK);
        opt.expect.role = ROWS[i].role;
        w->c.closes = 0;
        assert_int_equal(tls_dial(w->loop, &f, &opt, &h, &w->client, NULL), ERR_OK);
        expect_client_end(w, ERR_AUTH, ROWS[i].says);
        tls_client_free(w->client);
        w->client = NULL;
    }
    assert_int_equal(w->s.hellos, 0);
    opt.expect = (struct rpc_party){.oid = {"1.3.6.1.4.1.99999.1"}, .role = ROLE_SMSR};
    assert_int_equal(tls_dial(w->loop, &f, &opt, &h, &w->client, NULL), ERR_OK);
    run(w, client_up);
}

static void test_server_of_other_ca(void **state)
{
    struct world *w = *state;
    assert_int_equal(listen_as(w, "ca", "rogue", "127.0.0.1:0", NULL, NULL), ERR_OK);
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    expect_client_end(w, ERR_AUTH, "certificate");
    assert_int_equal(w->s.hellos, 0);
}

static void test_nobody_listens(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    tls_server_free(w->server);
    w->server = NULL;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    expect_client_end(w, ERR_CLOSED, "cannot be reached");
}

static void test_unknown_host(void **state)
{
    struct world *w = *state;
    assert_int_equal(dial_as(w, "ca", "op", "a..b:1", false, NULL), ERR_OK);
    expect_client_end(w, ERR_NOT_FOUND, "a..b");
}

static void test_hello_refused(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.hello_answer = ERR_DENIED;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    expect_client_end(w, ERR_DENIED, "party is not configured");
    assert_int_equal(w->s.close_err, ERR_DENIED);
}

static void test_client_of_other_ca_learns_it(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    assert_int_equal(dial_as(w, "ca", "rogue", w->port, false, NULL), ERR_OK);
    expect_client_end(w, ERR_AUTH, "is our certificate valid there");
}

/* --- callbacks may end everything --- */

static void free_client(struct side *s)
{
    tls_client_free(s->w->client);
    s->w->client = NULL;
}
static void free_server(struct side *s)
{
    tls_server_free(s->w->server);
    s->w->server = NULL;
}

static void test_free_client_in_callback(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.echo = true;
    w->c.in_message = free_client;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    assert_int_equal(send_part(w, 10), ERR_OK);
    assert_int_equal(send_part(w, 10), ERR_OK);
    run(w, both_closed);
    assert_int_equal(w->c.messages, 1);
    assert_int_equal(w->c.closes, 1);
}

static void test_free_server_in_callback(void **state)
{
    struct world *w = *state;
    start(w, NULL);
    w->s.in_message = free_server;
    assert_int_equal(dial_as(w, "ca", "op", w->port, false, NULL), ERR_OK);
    run(w, client_up);
    assert_int_equal(send_part(w, 10), ERR_OK);
    run(w, both_closed);
    assert_int_equal(w->s.messages, 1);
}

/* --- clear words about files and ports --- */

static void expect_config(int err, const struct errmsg *why, const char *text)
{
    assert_int_equal(err, ERR_CONFIG);
    if (!strstr(why->text, text))
        fail_msg("\"%s\" is not in \"%s\"", text, why->text);
}

static void test_files(void **state)
{
    struct world *w = *state;
    struct errmsg why;
    char room[3][512], junk[512], cert[512];
    struct rpc_handler h = handler(&w->s);
    expect_config(listen_as(w, "nofile", "smsr", "127.0.0.1:0", NULL, &why), &why,
                  "nofile.pem cannot be read");
    expect_config(listen_as(w, "ca", "nofile", "127.0.0.1:0", NULL, &why), &why,
                  "nofile.pem cannot be read");
    expect_config(listen_as(w, "ca", "expired", "127.0.0.1:0", NULL, &why), &why, "expired on");
    expect_config(listen_as(w, "ca", "early", "127.0.0.1:0", NULL, &why), &why, "not valid before");
    expect_config(listen_as(w, "ca", "noeku", "127.0.0.1:0", NULL, &why), &why, "serverAuth");
    expect_config(dial_as(w, "ca", "serveronly", "127.0.0.1:1", false, &why), &why, "clientAuth");
    struct tls_files f = files(w, room, "ca", "smsr");
    f.key = NULL;
    expect_config(tls_listen(w->loop, &f, "127.0.0.1:0", NULL, &h, &w->server, &why), &why,
                  "no key file");
    tmpdir_path(&w->dir, "op.key", cert, sizeof(cert));
    f.key = cert;
    expect_config(tls_listen(w->loop, &f, "127.0.0.1:0", NULL, &h, &w->server, &why), &why,
                  "does not belong");
    tmpdir_path(&w->dir, "junk", junk, sizeof(junk));
    FILE *out = fopen(junk, "w");
    assert_non_null(out);
    fputs("no PEM in here\n", out);
    fclose(out);
    f.key = junk;
    expect_config(tls_listen(w->loop, &f, "127.0.0.1:0", NULL, &h, &w->server, &why), &why,
                  "no PEM private key");
    f.cert = junk;
    expect_config(tls_listen(w->loop, &f, "127.0.0.1:0", NULL, &h, &w->server, &why), &why,
                  "no usable PEM");
    f.ca = junk;
    expect_config(tls_listen(w->loop, &f, "127.0.0.1:0", NULL, &h, &w->server, &why), &why,
                  "no PEM certificate");
    assert_null(w->server);
}

static void test_addresses(void **state)
{
    struct world *w = *state;
    struct errmsg why;
    struct tls_server *first;
    expect_config(listen_as(w, "ca", "smsr", "127.0.0.1", NULL, &why), &why, "host:port");
    expect_config(listen_as(w, "ca", "smsr", "192.0.2.1:0", NULL, &why), &why, "cannot listen");
    expect_config(dial_as(w, "ca", "op", "127.0.0.1:0", false, &why), &why, "port 0");
    start(w, NULL);
    first = w->server;
    expect_config(listen_as(w, "ca", "smsr", w->port, NULL, &why), &why, "is in use");
    assert_null(w->server);
    w->server = first;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_exchange),
        T(test_by_name),
        T(test_bulk_both_ways),
        T(test_64_in_flight),
        T(test_reconnects_after_restart),
        T(test_house_pki),
        T(test_server_of_other_name),
        T(test_server_of_other_host_name),
        T(test_server_of_other_party),
        T(test_server_of_other_ca),
        T(test_nobody_listens),
        T(test_unknown_host),
        T(test_hello_refused),
        T(test_client_of_other_ca_learns_it),
        T(test_free_client_in_callback),
        T(test_free_server_in_callback),
        T(test_files),
        T(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
