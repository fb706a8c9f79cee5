/* SPDX-License-Identifier: Apache-2.0 */
/* The laboratory PKI: what is written, with which modes, and that it verifies (design 3.6). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/crypto/keystore.h"
#include "common/crypto/pki.h"
#include "common/net/tls.h"
#include "test/support/path.h"
#include "tools/pki/pki_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pki_tree tree(void)
{
    struct pki_tree t = {.now_ms = CLOCK_SYSTEM.wall_ms(NULL),
                         .days = 30,
                         .smsr_address = "127.0.0.1:7101",
                         .smdp_address = "127.0.0.1:7102"};
    pki_tree_defaults(&t);
    return t;
}

static size_t slurp(const char *dir, const char *file, uint8_t *dst, size_t cap)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(dst, 1, cap, f);
    fclose(f);
    return n;
}

static unsigned mode_of(const char *dir, const char *file)
{
    char path[1024];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", dir, file);
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void everything_is_there_and_verifies(void **state)
{
    char dir[512], path[1024], key[1024];
    struct tmpdir tmp;
    struct pki_tree t = tree();
    struct errmsg why = {""};
    struct crypto *c = crypto_new(NULL);
    struct pki *p = pki_new(c);
    uint8_t octets[4096], point[65];
    enum curve curve;
    struct gpcert gp;

    (void)state;
    tmpdir_init(&tmp);
    tmpdir_path(&tmp, "pki", dir, sizeof dir);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_OK);
    (void)snprintf(path, sizeof path, "%s/ci/cert.pem", dir);
    assert_int_equal(pki_add_ci_file(p, path, &why), ERR_OK);
    size_t n = slurp(dir, "smsr/gp.7f21", octets, sizeof octets);
    assert_int_equal(pki_verify_gp(p, span_of(octets, n), GPCERT_ROLE_SMSR, (struct span){NULL, 0},
                                   t.now_ms, &gp, &why),
                     ERR_OK);
    assert_int_not_equal(pki_verify_gp(p, span_of(octets, n), GPCERT_ROLE_SMDP,
                                       (struct span){NULL, 0}, t.now_ms, &gp, &why),
                         ERR_OK);
    n = slurp(dir, "smdp/gp.7f21", octets, sizeof octets);
    assert_int_equal(pki_verify_gp(p, span_of(octets, n), GPCERT_ROLE_SMDP, (struct span){NULL, 0},
                                   t.now_ms, &gp, &why),
                     ERR_OK);
    struct pki_entity eum = {.key = NULL};
    (void)snprintf(path, sizeof path, "%s/eum/eum.pem", dir);
    (void)snprintf(key, sizeof key, "%s/eum/eum.key", dir);
    assert_int_equal(pki_read_entity(c, path, key, &eum, &why), ERR_OK);
    assert_int_equal(pki_verify_eum(p, buf_span(&eum.der), t.now_ms, point, &curve, &why), ERR_OK);
    pki_entity_fini(&eum);
    struct keystore *ks = NULL;
    (void)snprintf(path, sizeof path, "%s/smsr/kek.bin", dir);
    assert_int_equal(keystore_load(c, path, &ks, &why), ERR_OK);
    keystore_free(ks);
    n = slurp(dir, "transport.key", octets, sizeof octets);
    assert_int_equal(n, 33);
    pki_free(p);
    crypto_free(c);
    tmpdir_fini(&tmp);
}

static void each_party_has_its_identity(void **state)
{
    char dir[512], path[1024], key[1024];
    struct tmpdir tmp;
    struct pki_tree t = tree();
    struct errmsg why = {""};
    struct crypto *c = crypto_new(NULL);

    (void)state;
    tmpdir_init(&tmp);
    tmpdir_path(&tmp, "pki", dir, sizeof dir);
    assert_int_equal(pki_tree_add(&t, "1.2.3:m2m-sp:meters", &why), ERR_OK);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_OK);
    assert_int_equal(t.n, 9);
    for (unsigned i = 0; i < t.n; i++) {
        struct pki_entity e = {.key = NULL};
        struct rpc_party who;
        (void)snprintf(path, sizeof path, "%s/%s/cert.pem", dir, t.parties[i].name);
        (void)snprintf(key, sizeof key, "%s/%s/key.pem", dir, t.parties[i].name);
        assert_int_equal(pki_read_entity(c, path, key, &e, &why), ERR_OK);
        assert_int_equal(tls_identity(buf_span(&e.der), &who, &why), ERR_OK);
        assert_string_equal(who.oid.s, t.parties[i].oid.s);
        assert_int_equal(who.role, t.parties[i].role);
        pki_entity_fini(&e);
    }
    crypto_free(c);
    tmpdir_fini(&tmp);
}

static void keys_are_for_their_owner_alone(void **state)
{
    static const char *const SECRET[] = {"ca/key.pem",  "ci/key.pem",    "smsr/key.pem",
                                         "smsr/gp.key", "smsr/kek.bin",  "smdp/key.pem",
                                         "smdp/gp.key", "smdp/kek.bin",  "eum/key.pem",
                                         "eum/eum.key", "fleet/key.pem", "transport.key"};
    char dir[512];
    struct tmpdir tmp;
    struct pki_tree t = tree();
    struct errmsg why = {""};
    struct crypto *c = crypto_new(NULL);

    (void)state;
    tmpdir_init(&tmp);
    tmpdir_path(&tmp, "pki///", dir, sizeof dir);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_OK);
    for (size_t i = 0; i < sizeof SECRET / sizeof *SECRET; i++)
        assert_int_equal(mode_of(dir, SECRET[i]), 0600);
    assert_int_equal(mode_of(dir, "smctl.yaml"), 0644);
    crypto_free(c);
    tmpdir_fini(&tmp);
}

static unsigned entries(const char *dir)
{
    DIR *d = opendir(dir);
    unsigned n = 0;
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void nothing_is_written_over_and_nothing_half_done(void **state)
{
    char dir[512];
    struct tmpdir tmp;
    struct pki_tree t = tree();
    struct errmsg why = {""};
    struct crypto *c = crypto_new(NULL);

    (void)state;
    tmpdir_init(&tmp);
    tmpdir_path(&tmp, "pki", dir, sizeof dir);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_OK);
    assert_int_equal(entries(tmp.path), 1);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_EXISTS);
    assert_non_null(strstr(why.text, dir));
    assert_int_equal(entries(tmp.path), 1); /* the one under construction is gone */
    tmpdir_path(&tmp, "none/pki", dir, sizeof dir);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_IO);
    t.days = 0;
    tmpdir_path(&tmp, "other", dir, sizeof dir);
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_CONFIG);
    t = tree();
    t.n = 0;
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_CONFIG);
    t = tree();
    t.smsr_address = "a\"b";
    assert_int_equal(pki_tree_write(c, &t, dir, &why), ERR_CONFIG);
    assert_int_equal(entries(tmp.path), 1);
    crypto_free(c);
    tmpdir_fini(&tmp);
}

static void an_empty_directory_is_taken(void **state)
{
    struct tmpdir tmp;
    struct pki_tree t = tree();
    struct errmsg why = {""};
    struct crypto *c = crypto_new(NULL);

    (void)state;
    tmpdir_init(&tmp);
    assert_int_equal(pki_tree_write(c, &t, tmp.path, &why), ERR_OK);
    assert_int_equal(mode_of(tmp.path, "ca/cert.pem"), 0644);
    crypto_free(c);
    tmpdir_fini(&tmp);
}

static void wrong_parties_are_named(void **state)
{
    static const char *const WRONG[] = {
        "",
        "1.2.3",
        "1.2.3:operator",
        "1.2.3:operator:",
        "x:operator:blue",
        ":operator:blue",
        "1.2.3:boss:blue",
        "1.2.3::blue",
        "1.2.3:operator:Blue",
        "1.2.3:operator:../blue",
        "1.2.3:operator:9lives",
        "1.2.3:operator:ca",
        "1.2.3:operator:ci",
        "1.2.3:operator:a b",
        "1.2.3:operator:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    };
    struct pki_tree t = tree();
    struct errmsg why;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        why.text[0] = '\0';
        assert_int_equal(pki_tree_add(&t, WRONG[i], &why), ERR_FORMAT);
        assert_true(why.text[0] != '\0');
    }
    assert_int_equal(pki_tree_add(&t, "1.3.6.1.4.1.99999.1:smsr:second", &why), ERR_EXISTS);
    assert_int_equal(t.n, 8);
    assert_int_equal(pki_tree_add(&t, "1.2.3:operator:operator-a", &why), ERR_OK); /* replaced */
    assert_int_equal(t.n, 8);
    assert_string_equal(t.parties[2].oid.s, "1.2.3");
    char text[64];
    for (unsigned i = t.n; i < PKI_PARTIES_MAX; i++) {
        (void)snprintf(text, sizeof text, "1.9.%u:operator:o%u", i, i);
        assert_int_equal(pki_tree_add(&t, text, &why), ERR_OK);
    }
    assert_int_equal(pki_tree_add(&t, "1.9.1000:operator:last", &why), ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_there_and_verifies),
        cmocka_unit_test(each_party_has_its_identity),
        cmocka_unit_test(keys_are_for_their_owner_alone),
        cmocka_unit_test(nothing_is_written_over_and_nothing_half_done),
        cmocka_unit_test(an_empty_directory_is_taken),
        cmocka_unit_test(wrong_parties_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
