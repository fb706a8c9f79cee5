/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of handles at rest: they come back as they were, only for their place, only in their
 * number. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/crypto/ecka.h"
#include "common/crypto/keystore.h"

static struct crypto *C;
static struct keystore *KS;

static const struct secret_place HERE = {.tenant = 3, .purpose = "isdp-keys", .id = {1, 2, 3}};

static int setup(void **state)
{
    uint8_t kek[32] = {7};

    (void)state;
    C = crypto_new(NULL);
    return C && keystore_new(C, span_of(kek, 32), 1, &KS) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    keystore_free(KS);
    crypto_free(C);
    return 0;
}

static void comes_back(void **state)
{
    struct key *k[3] = {NULL}, *got[3];
    uint8_t point[EC_POINT_LEN], again[EC_POINT_LEN], a[64], b[64];
    struct buf out;
    size_t n = 0, m = 0;

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(key_random(C, KEY_AES, 16, &k[0]), 0);
    assert_int_equal(key_random(C, KEY_PSK, 32, &k[1]), 0);
    assert_int_equal(ec_generate(C, CURVE_BRAINPOOLP256R1, &k[2], point), 0);
    assert_int_equal(keystore_seal_keys(KS, &HERE, (const struct key *const *)k, 3, &out), 0);
    assert_int_equal(keystore_open_keys(KS, &HERE, buf_span(&out), C, 3, got), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(key_get_type(got[i]), key_get_type(k[i]));
        assert_int_equal(key_export_raw(k[i], a, sizeof a, &n), 0);
        assert_int_equal(key_export_raw(got[i], b, sizeof b, &m), 0);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
    }
    assert_int_equal(ec_point(C, got[2], again), 0);
    assert_memory_equal(point, again, sizeof point);
    for (size_t i = 0; i < 3; i++) {
        key_free(k[i]);
        key_free(got[i]);
    }
    buf_fini(&out);
}

static void refused(void **state)
{
    struct secret_place other = HERE;
    struct key *k[9] = {NULL}, *got[2] = {NULL};
    struct buf out;

    (void)state;
    buf_init(&out, 0);
    assert_int_equal(key_random(C, KEY_AES, 16, &k[0]), 0);
    assert_int_equal(keystore_seal_keys(KS, &HERE, (const struct key *const *)k, 0, &out),
                     ERR_INVAL);
    assert_int_equal(keystore_seal_keys(KS, &HERE, (const struct key *const *)k, 9, &out),
                     ERR_INVAL);
    assert_int_equal(keystore_seal_keys(KS, &HERE, (const struct key *const *)k, 2, &out),
                     ERR_INVAL);
    assert_int_equal(out.n, 0);
    assert_int_equal(keystore_seal_keys(KS, &HERE, (const struct key *const *)k, 1, &out), 0);
    assert_int_equal(keystore_open_keys(KS, &HERE, buf_span(&out), C, 2, got), ERR_CORRUPT);
    assert_null(got[0]);
    other.id[0] ^= 1;
    assert_int_equal(keystore_open_keys(KS, &other, buf_span(&out), C, 1, got), ERR_AUTH);
    out.p[20] ^= 1;
    assert_int_equal(keystore_open_keys(KS, &HERE, buf_span(&out), C, 1, got), ERR_AUTH);
    assert_int_equal(keystore_open_keys(KS, &HERE, span_of(out.p, 10), C, 1, got), ERR_AUTH);
    assert_null(got[0]);
    /* A secret of another kind opens but is no list. */
    buf_reset(&out);
    assert_int_equal(keystore_seal(KS, &HERE, span_str("\1\1\1"), &out), 0);
    assert_int_equal(keystore_open_keys(KS, &HERE, buf_span(&out), C, 1, got), ERR_CORRUPT);
    key_free(k[0]);
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(comes_back), cmocka_unit_test(refused)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
