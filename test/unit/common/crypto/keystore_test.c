/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "common/crypto/keystore.h"
#include "test/support/fake.h"
#include "test/support/path.h"

#define OVERHEAD 28u

struct world {
    struct rng rng;
    struct crypto *c;
    struct keystore *ks;
    struct tmpdir dir;
};

static const uint8_t KEK[32] = {1, 2, 3, 4, 5, 6, 7, 8};
static const struct secret_place PLACE = {7, "isdr-keys", {0x89, 0x04, 0x40, 0x45}};

static int setup(void **state)
{
    static struct world w;

    fake_rng_init(&w.rng, 1);
    w.c = crypto_new(&w.rng);
    assert_non_null(w.c);
    assert_int_equal(keystore_new(w.c, span_of(KEK, 32), 3, &w.ks), ERR_OK);
    tmpdir_init(&w.dir);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    keystore_free(w->ks);
    crypto_free(w->c);
    tmpdir_fini(&w->dir);
    return 0;
}

static void seal(struct keystore *ks, const struct secret_place *at, struct span plain,
                 struct buf *out)
{
    buf_init(out, 0);
    assert_int_equal(keystore_seal(ks, at, plain, out), ERR_OK);
}

static int try_open(struct keystore *ks, const struct secret_place *at, struct span sealed)
{
    struct buf out;
    int rc;

    buf_init(&out, 0);
    buf_add(&out, "before", 6);
    rc = keystore_open(ks, at, sealed, &out);
    if (rc != ERR_OK)
        assert_int_equal(out.n, 6);
    assert_memory_equal(out.p, "before", 6);
    buf_wipe(&out);
    buf_fini(&out);
    return rc;
}

static void seals_and_opens_every_length(void **state)
{
    static const size_t LENGTHS[] = {0, 1, 15, 16, 17, 126, 127, 128, 255, 256, 65535};
    static uint8_t plain[65535];
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(plain); i++)
        plain[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < sizeof(LENGTHS) / sizeof(LENGTHS[0]); i++) {
        struct buf sealed, out;
        seal(w->ks, &PLACE, span_of(plain, LENGTHS[i]), &sealed);
        assert_int_equal(sealed.n, LENGTHS[i] + OVERHEAD);
        buf_init(&out, 0);
        assert_int_equal(keystore_open(w->ks, &PLACE, buf_span(&sealed), &out), ERR_OK);
        assert_true(span_eq(buf_span(&out), span_of(plain, LENGTHS[i])));
        buf_fini(&sealed);
        buf_fini(&out);
    }
}

static void same_plaintext_seals_differently(void **state)
{
    struct world *w = *state;
    struct buf a, b;

    seal(w->ks, &PLACE, span_str("secret"), &a);
    seal(w->ks, &PLACE, span_str("secret"), &b);
    assert_false(span_eq(buf_span(&a), buf_span(&b)));
    buf_fini(&a);
    buf_fini(&b);
}

static void appends_to_what_is_there(void **state)
{
    struct world *w = *state;
    struct buf out;

    buf_init(&out, 0);
    buf_add(&out, "head", 4);
    assert_int_equal(keystore_seal(w->ks, &PLACE, span_str("x"), &out), ERR_OK);
    assert_int_equal(out.n, 4 + 1 + OVERHEAD);
    assert_memory_equal(out.p, "head", 4);
    assert_int_equal(try_open(w->ks, &PLACE, span_of(out.p + 4, out.n - 4)), ERR_OK);
    buf_fini(&out);
}

static void survives_a_restart_with_the_same_kek(void **state)
{
    struct world *w = *state;
    struct keystore *again;
    struct buf sealed;

    seal(w->ks, &PLACE, span_str("secret"), &sealed);
    assert_int_equal(keystore_new(w->c, span_of(KEK, 32), 3, &again), ERR_OK);
    assert_int_equal(keystore_version(again), 3);
    assert_int_equal(try_open(again, &PLACE, buf_span(&sealed)), ERR_OK);
    keystore_free(again);
    buf_fini(&sealed);
}

/* Sealed by an implementation of its own (HKDF by HMAC, GCM over AES blocks) from the hierarchy as
 * the header describes it: pins labels, order and widths, on which every stored secret depends. */
static void opens_a_known_blob(void **state)
{
    static const char BLOB[] = "A0A1A2A3A4A5A6A7A8A9AAABE2FCCBB02F42A6CCA0F619F70C30A8560F77FB0C8B"
                               "7773DA125E86DDD9E25034CE873391CA2865";
    struct world *w = *state;
    struct keystore *ks;
    uint8_t kek[32], blob[64];
    struct buf out;
    size_t n = 0;

    for (size_t i = 0; i < sizeof(kek); i++)
        kek[i] = (uint8_t)i;
    assert_int_equal(hex_decode(BLOB, strlen(BLOB), blob, sizeof(blob), &n), ERR_OK);
    assert_int_equal(keystore_new(w->c, span_of(kek, 32), 3, &ks), ERR_OK);
    buf_init(&out, 0);
    assert_int_equal(keystore_open(ks, &PLACE, span_of(blob, n), &out), ERR_OK);
    assert_true(span_eq(buf_span(&out), span_str("sixteen octets and more")));
    buf_fini(&out);
    keystore_free(ks);
}

/* More tenants than the cache holds: an evicted tenant key comes back the same. */
static void many_tenants(void **state)
{
    struct world *w = *state;
    struct secret_place at = PLACE;
    struct buf sealed[150];

    for (uint32_t i = 0; i < 150; i++) {
        at.tenant = i;
        seal(w->ks, &at, span_str("secret"), &sealed[i]);
    }
    for (uint32_t i = 0; i < 150; i++) {
        at.tenant = i;
        assert_int_equal(try_open(w->ks, &at, buf_span(&sealed[i])), ERR_OK);
        at.tenant = i + 1;
        assert_int_equal(try_open(w->ks, &at, buf_span(&sealed[i])), ERR_AUTH);
        buf_fini(&sealed[i]);
    }
}

static void another_place_does_not_open(void **state)
{
    struct world *w = *state;
    struct secret_place at;
    struct buf sealed;

    seal(w->ks, &PLACE, span_str("secret"), &sealed);
    at = PLACE;
    at.tenant++;
    assert_int_equal(try_open(w->ks, &at, buf_span(&sealed)), ERR_AUTH);
    at = PLACE;
    at.tenant = PLACE.tenant << 24;
    assert_int_equal(try_open(w->ks, &at, buf_span(&sealed)), ERR_AUTH);
    at = PLACE;
    at.purpose[0] = 'I';
    assert_int_equal(try_open(w->ks, &at, buf_span(&sealed)), ERR_AUTH);
    at = PLACE;
    at.purpose[8] = '\0';
    assert_int_equal(try_open(w->ks, &at, buf_span(&sealed)), ERR_AUTH);
    for (size_t i = 0; i < sizeof(at.id); i++) {
        at = PLACE;
        at.id[i] ^= 1;
        assert_int_equal(try_open(w->ks, &at, buf_span(&sealed)), ERR_AUTH);
    }
    assert_int_equal(try_open(w->ks, &PLACE, buf_span(&sealed)), ERR_OK);
    buf_fini(&sealed);
}

static void octets_behind_the_purpose_do_not_count(void **state)
{
    struct world *w = *state;
    struct secret_place at = PLACE;
    struct buf sealed;

    at.purpose[14] = 'x';
    seal(w->ks, &at, span_str("secret"), &sealed);
    assert_int_equal(try_open(w->ks, &PLACE, buf_span(&sealed)), ERR_OK);
    buf_fini(&sealed);
}

static void another_kek_or_version_does_not_open(void **state)
{
    struct world *w = *state;
    struct keystore *other;
    uint8_t kek[32];
    struct buf sealed;

    seal(w->ks, &PLACE, span_str("secret"), &sealed);
    memcpy(kek, KEK, sizeof(kek));
    kek[31] ^= 0x80;
    assert_int_equal(keystore_new(w->c, span_of(kek, 32), 3, &other), ERR_OK);
    assert_int_equal(try_open(other, &PLACE, buf_span(&sealed)), ERR_AUTH);
    keystore_free(other);
    assert_int_equal(keystore_new(w->c, span_of(KEK, 32), 4, &other), ERR_OK);
    assert_int_equal(try_open(other, &PLACE, buf_span(&sealed)), ERR_AUTH);
    keystore_free(other);
    buf_fini(&sealed);
}

static void every_flipped_octet_and_every_cut_is_found(void **state)
{
    struct world *w = *state;
    struct buf sealed;

    seal(w->ks, &PLACE, span_str("sixteen octets.."), &sealed);
    for (size_t i = 0; i < sealed.n; i++) {
        sealed.p[i] ^= 0x01;
        assert_int_equal(try_open(w->ks, &PLACE, buf_span(&sealed)), ERR_AUTH);
        sealed.p[i] ^= 0x01;
        assert_int_equal(try_open(w->ks, &PLACE, span_of(sealed.p, i)), ERR_AUTH);
    }
    buf_add(&sealed, "", 1);
    assert_int_equal(try_open(w->ks, &PLACE, buf_span(&sealed)), ERR_AUTH);
    assert_int_equal(try_open(w->ks, &PLACE, span_of(NULL, 0)), ERR_AUTH);
    buf_fini(&sealed);
}

static void bad_places_and_keks_are_refused(void **state)
{
    struct world *w = *state;
    struct secret_place at = PLACE;
    struct keystore *ks;
    struct buf out;

    buf_init(&out, 0);
    at.purpose[0] = '\0';
    assert_int_equal(keystore_seal(w->ks, &at, span_str("x"), &out), ERR_INVAL);
    memset(at.purpose, 'a', sizeof(at.purpose));
    assert_int_equal(keystore_seal(w->ks, &at, span_str("x"), &out), ERR_INVAL);
    assert_int_equal(out.n, 0);
    for (size_t n = 0; n < 70; n++) {
        uint8_t kek[70] = {0};
        if (n == 32)
            continue;
        assert_int_equal(keystore_new(w->c, span_of(kek, n), 1, &ks), ERR_INVAL);
        assert_null(ks);
    }
    buf_fini(&out);
}

static void a_buffer_too_small_takes_nothing(void **state)
{
    struct world *w = *state;
    struct buf out, sealed;

    buf_init(&out, OVERHEAD + 2);
    assert_int_equal(keystore_seal(w->ks, &PLACE, span_str("abc"), &out), ERR_NOMEM);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    seal(w->ks, &PLACE, span_str("abc"), &sealed);
    buf_init(&out, 2);
    assert_int_equal(keystore_open(w->ks, &PLACE, buf_span(&sealed), &out), ERR_NOMEM);
    assert_int_equal(out.n, 0);
    buf_fini(&out);
    buf_fini(&sealed);
}

/* --- the file --- */

static void put_file(const char *path, size_t n, mode_t mode)
{
    uint8_t b[64] = {0};
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0 && n <= sizeof(b));
    memcpy(b, KEK, sizeof(KEK));
    assert_int_equal(write(fd, b, n), n);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static int try_load(struct world *w, const char *path, const char *says)
{
    struct keystore *ks = NULL;
    struct errmsg why = {""};
    int rc = keystore_load(w->c, path, &ks, &why);

    if (rc != ERR_OK) {
        assert_null(ks);
        assert_non_null(strstr(why.text, says));
        assert_non_null(strstr(why.text, path));
    }
    keystore_free(ks);
    return rc;
}

static void loads_a_private_file_of_32_octets(void **state)
{
    struct world *w = *state;
    struct keystore *ks, *same;
    struct buf sealed;
    char path[300];

    tmpdir_path(&w->dir, "kek.bin", path, sizeof(path));
    put_file(path, 32, 0600);
    assert_int_equal(keystore_load(w->c, path, &ks, NULL), ERR_OK);
    seal(ks, &PLACE, span_str("x"), &sealed);
    assert_int_equal(keystore_new(w->c, span_of(KEK, 32), keystore_version(ks), &same), ERR_OK);
    assert_int_equal(try_open(same, &PLACE, buf_span(&sealed)), ERR_OK);
    keystore_free(same);
    keystore_free(ks);
    buf_fini(&sealed);
    put_file(path, 32, 0400);
    assert_int_equal(try_load(w, path, ""), ERR_OK);
}

static void refuses_other_sizes_and_modes(void **state)
{
    static const size_t SIZES[] = {0, 1, 31, 33, 64};
    static const mode_t MODES[] = {0640, 0604, 0620, 0602, 0610, 0601, 0700, 0666, 04600, 0644};
    struct world *w = *state;
    char path[300];

    tmpdir_path(&w->dir, "kek.bin", path, sizeof(path));
    for (size_t i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        put_file(path, SIZES[i], 0600);
        assert_int_equal(try_load(w, path, "exactly 32"), ERR_CONFIG);
    }
    for (size_t i = 0; i < sizeof(MODES) / sizeof(MODES[0]); i++) {
        put_file(path, 32, MODES[i]);
        assert_int_equal(try_load(w, path, "chmod 0600"), ERR_CONFIG);
    }
}

static void refuses_what_is_no_file(void **state)
{
    struct world *w = *state;
    char path[300], link[300], fifo[300];

    tmpdir_path(&w->dir, "absent.bin", path, sizeof(path));
    assert_int_equal(try_load(w, path, "no such file"), ERR_CONFIG);
    assert_int_equal(try_load(w, w->dir.path, "not a regular file"), ERR_CONFIG);
    tmpdir_path(&w->dir, "kek.bin", path, sizeof(path));
    tmpdir_path(&w->dir, "link.bin", link, sizeof(link));
    put_file(path, 32, 0600);
    assert_int_equal(symlink(path, link), 0);
    assert_int_equal(try_load(w, link, "symbolic link"), ERR_CONFIG);
    tmpdir_path(&w->dir, "fifo", fifo, sizeof(fifo));
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(try_load(w, fifo, "not a regular file"), ERR_CONFIG);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(seals_and_opens_every_length),
        T(same_plaintext_seals_differently),
        T(appends_to_what_is_there),
        T(survives_a_restart_with_the_same_kek),
        T(opens_a_known_blob),
        T(many_tenants),
        T(another_place_does_not_open),
        T(octets_behind_the_purpose_do_not_count),
        T(another_kek_or_version_does_not_open),
        T(every_flipped_octet_and_every_cut_is_found),
        T(bad_places_and_keks_are_refused),
        T(a_buffer_too_small_takes_nothing),
        T(loads_a_private_file_of_32_octets),
        T(refuses_other_sizes_and_modes),
        T(refuses_what_is_no_file),
    };

    return cmocka_run_group_tests_name("keystore", tests, NULL, NULL);
}
