/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_crypto */
/* Certificates and keys in files: written once, for the owner alone, and read back only as what they are. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/codec/tlv.h"
#include "common/crypto/ecka.h"
#include "common/crypto/pki.h"
#include "common/crypto/pki_issue.h"
#include "test/support/pki_house.h"

/* --- files --- */
static void in_dir(const struct pki_house *w, const char *name, char dst[300])
{
    tmpdir_path(&w->dir, name, dst, 300);
}

/* What is written of an entity: the certificate of one, the key of one. */
static void write_both(const struct pki_house *w, const char *name, const struct pki_entity *of,
                       const struct pki_entity *key_of, char cert[300], char key[300])
{
    char file[16];

    (void)snprintf(file, sizeof(file), "%s.pem", name);
    in_dir(w, file, cert);
    (void)snprintf(file, sizeof(file), "%s.key", name);
    in_dir(w, file, key);
    assert_int_equal(pki_write_cert(cert, buf_span(&of->der), NULL), ERR_OK);
    assert_int_equal(pki_write_key(key, key_of->key, NULL), ERR_OK);
}

static unsigned mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777u;
}

static void an_entity_comes_back_from_its_files(void **state)
{
    const struct pki_house *w = *state;
    const struct pki_entity *const ALL[] = {&w->ci, &w->eum, &w->tls_ca, &w->leaf};
    char cert[300], key[300], name[8];

    for (size_t i = 0; i < 4; i++) {
        struct pki_entity e;
        (void)snprintf(name, sizeof(name), "%zu", i);
        write_both(w, name, ALL[i], ALL[i], cert, key);
        assert_int_equal(mode_of(key), 0600);
        assert_int_equal(mode_of(cert) & 0022u, 0);
        assert_int_equal(pki_read_entity(w->c, cert, key, &e, NULL), ERR_OK);
        assert_true(span_eq(buf_span(&e.der), buf_span(&ALL[i]->der)));
        assert_memory_equal(e.point, ALL[i]->point, 65);
        assert_memory_equal(e.ski, ALL[i]->ski, 20);
        /* The leaf has its OID in a URI, which is not where an issuer's stands. */
        assert_string_equal(e.oid.s, i < 2 ? ALL[i]->oid.s : "");
        pki_entity_fini(&e);
    }
}

static void an_entity_read_back_issues_what_verifies(void **state)
{
    const struct pki_house *w = *state;
    struct pki_dates valid = {PKI_HOUSE_NOW, PKI_HOUSE_NOW + PKI_HOUSE_DAY};
    struct pki *p = pki_new(w->c);
    struct pki_entity eum;
    struct gpcert g;
    struct eid eid;
    struct buf b;
    char cert[300], key[300];

    write_both(w, "eum", &w->eum, &w->eum, cert, key);
    assert_int_equal(pki_read_entity(w->c, cert, key, &eum, NULL), ERR_OK);
    buf_init(&b, 0);
    assert_int_equal(eid_make("890440450000000000000000000007", &eid), ERR_OK);
    assert_int_equal(pki_issue_ecasd(w->c, &eum, &eid, CURVE_P256, span_of(w->leaf.point, 65),
                                     &valid, &b), ERR_OK);
    assert_int_equal(pki_add_ci_der(p, buf_span(&w->ci.der), NULL), ERR_OK);
    assert_int_equal(pki_verify_ecasd(p, buf_span(&b), buf_span(&w->eum.der), eid.b, PKI_HOUSE_NOW,
                                      &g, NULL), ERR_OK);
    pki_entity_fini(&eum);
    pki_free(p);
    buf_fini(&b);
}

static void brainpool_keys_have_files_too(void **state)
{
    const struct pki_house *w = *state;
    uint8_t point[65], again[65];
    struct key *k, *back;
    char path[300];

    in_dir(w, "bp.key", path);
    assert_int_equal(ec_generate(w->c, CURVE_BRAINPOOLP256R1, &k, point), ERR_OK);
    assert_int_equal(pki_write_key(path, k, NULL), ERR_OK);
    assert_int_equal(pki_read_key(w->c, path, &back, NULL), ERR_OK);
    assert_int_equal(ec_point(w->c, back, again), ERR_OK);
    assert_memory_equal(point, again, 65);
    key_free(k);
    key_free(back);
}

static void nothing_is_written_over(void **state)
{
    const struct pki_house *w = *state;
    struct errmsg why;
    char path[300], link[300];

    in_dir(w, "once", path);
    assert_int_equal(pki_write_file(path, span_str("first"), 0600, NULL), ERR_OK);
    assert_int_equal(pki_write_file(path, span_str("second"), 0600, &why), ERR_EXISTS);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(pki_write_key(path, w->ci.key, &why), ERR_EXISTS);
    assert_int_equal(pki_write_cert(path, buf_span(&w->ci.der), &why), ERR_EXISTS);
    in_dir(w, "dangling", link);
    assert_int_equal(symlink("nowhere", link), 0);
    assert_int_equal(pki_write_file(link, span_str("x"), 0600, &why), ERR_EXISTS);
    in_dir(w, "no/dir", path);
    assert_int_equal(pki_write_file(path, span_str("x"), 0600, &why), ERR_IO);
}

static void only_certificates_and_ec_keys_are_written(void **state)
{
    const struct pki_house *w = *state;
    struct key *aes, *frp;
    uint8_t point[65];
    char path[300];

    in_dir(w, "bad", path);
    assert_int_equal(pki_write_cert(path, span_str("no certificate"), NULL), ERR_FORMAT);
    assert_int_equal(pki_write_cert(path, span_of(w->ci.der.p, w->ci.der.n - 1), NULL), ERR_FORMAT);
    assert_int_equal(key_random(w->c, KEY_AES, 16, &aes), ERR_OK);
    assert_int_equal(pki_write_key(path, aes, NULL), ERR_UNSUPPORTED);
    assert_int_equal(ec_generate(w->c, CURVE_FRP256V1, &frp, point), ERR_OK);
    assert_int_equal(pki_write_key(path, frp, NULL), ERR_UNSUPPORTED);
    assert_int_not_equal(access(path, F_OK), 0);
    key_free(aes);
    key_free(frp);
}

static int read_key_of(const struct pki_house *w, const char *name, struct span content,
                       unsigned mode, const char *says)
{
    char path[300];
    struct errmsg why = {""};
    struct key *k;
    int rc;

    in_dir(w, name, path);
    assert_int_equal(pki_write_file(path, content, 0600, NULL), ERR_OK);
    assert_int_equal(chmod(path, mode), 0);
    rc = pki_read_key(w->c, path, &k, &why);
    if (rc != ERR_OK) {
        assert_null(k);
        assert_non_null(strstr(why.text, says));
        assert_non_null(strstr(why.text, path));
    }
    key_free(k);
    return rc;
}

static void bad_key_files_are_refused(void **state)
{
    const struct pki_house *w = *state;
    static const char ENCIPHERED[] =
        "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n"
        "DEK-Info: AES-128-CBC,00112233445566778899AABBCCDDEEFF\n\nAAAAAAAAAAAAAAAAAAAAAA==\n"
        "-----END EC PRIVATE KEY-----\n";
    static uint8_t large[70000];
    char path[300], pem[1024];
    struct errmsg why;
    struct key *k;
    FILE *f;
    size_t n;

    in_dir(w, "good.key", path);
    assert_int_equal(pki_write_key(path, w->ci.key, NULL), ERR_OK);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(pem, 1, sizeof(pem), f);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(read_key_of(w, "b0", span_of(pem, n), 0600, ""), ERR_OK);
    assert_int_equal(read_key_of(w, "b1", span_of(pem, n), 0640, "chmod 0600"), ERR_CONFIG);
    assert_int_equal(read_key_of(w, "b2", span_of(pem, n), 0604, "chmod 0600"), ERR_CONFIG);
    assert_int_equal(read_key_of(w, "b3", span_of(pem, n / 2), 0600, "no PEM private key"),
                     ERR_CONFIG);
    assert_int_equal(read_key_of(w, "b4", span_str(""), 0600, "no PEM private key"), ERR_CONFIG);
    assert_int_equal(read_key_of(w, "b5", span_str(ENCIPHERED), 0600, "without password"),
                     ERR_CONFIG);
    assert_int_equal(read_key_of(w, "b6", span_of(large, sizeof(large)), 0600, "too large"),
                     ERR_CONFIG);
    assert_int_equal(pki_read_key(w->c, w->dir.path, &k, &why), ERR_CONFIG);
    assert_int_equal(pki_read_key(w->c, "no/such/file", &k, &why), ERR_CONFIG);
}

static void certificate_and_key_must_belong_together(void **state)
{
    const struct pki_house *w = *state;
    struct pki_entity e;
    struct errmsg why;
    char cert[300], key[300];

    write_both(w, "other", &w->ci, &w->eum, cert, key);
    assert_int_equal(pki_read_entity(w->c, cert, key, &e, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "do not belong together"));
    assert_null(e.key);
    assert_int_equal(pki_read_entity(w->c, key, key, &e, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "no PEM certificate"));
    assert_int_equal(pki_read_entity(w->c, cert, cert, &e, &why), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_entity_comes_back_from_its_files),
        cmocka_unit_test(an_entity_read_back_issues_what_verifies),
        cmocka_unit_test(brainpool_keys_have_files_too),
        cmocka_unit_test(nothing_is_written_over),
        cmocka_unit_test(only_certificates_and_ec_keys_are_written),
        cmocka_unit_test(bad_key_files_are_refused),
        cmocka_unit_test(certificate_and_key_must_belong_together),
    };

    return cmocka_run_group_tests_name("pki_file", tests, pki_house_setup, pki_house_teardown);
}
