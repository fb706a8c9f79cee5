/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smsr/keys.h"
#include "smsr/secrets.h"
#include "test/support/memvfs.h"

/* Any key of this file by its check value. */
static void assert_kcv(struct crypto *c, const struct key *k, const uint8_t raw[16])
{
    struct key *want;
    uint8_t a[3], b[3];

    assert_int_equal(key_new(KEY_AES, span_of(raw, 16), &want), ERR_OK);
    assert_int_equal(key_kcv(c, k, a), ERR_OK);
    assert_int_equal(key_kcv(c, want, b), ERR_OK);
    assert_memory_equal(a, b, 3);
    key_free(want);
}

static void components_are_combined(void **state)
{
    static const uint8_t ONE[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t BOTH[16] = {0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8,
                                     0xF7, 0xF6, 0xF5, 0xF4, 0xF3, 0xF2, 0xF1, 0xF0};
    struct crypto *c = crypto_new(NULL);
    struct key *k;

    (void)state;
    assert_int_equal(transport_key_parse(span_str("000102030405060708090A0B0C0D0E0F"), &k), ERR_OK);
    assert_kcv(c, k, ONE);
    key_free(k);
    assert_int_equal(transport_key_parse(span_str("000102030405060708090a0b0c0d0e0f\r\n\n"
                                                  "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF\n"),
                                         &k),
                     ERR_OK);
    assert_kcv(c, k, BOTH);
    key_free(k);
    crypto_free(c);
}

static void what_is_no_component_is_refused(void **state)
{
    static const char *const BAD[] = {
        "", "\n\n", "000102030405060708090A0B0C0D0E", "000102030405060708090A0B0C0D0E0F00",
        "0x0102030405060708090A0B0C0D0E0F", " 000102030405060708090A0B0C0D0E0F",
        "000102030405060708090A0B0C0D0E0F\nfine", "000102030405060708090A0B0C0D0E0G"};
    struct key *k;
    char nine[9 * 33 + 1] = "";

    (void)state;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++)
        assert_int_equal(transport_key_parse(span_str(BAD[i]), &k), ERR_FORMAT);
    for (unsigned i = 0; i < 9; i++)
        (void)snprintf(nine + i * 33, sizeof nine - i * 33, "000102030405060708090A0B0C0D0E0F\n");
    assert_int_equal(transport_key_parse(span_str(nine), &k), ERR_FORMAT);
}

/* --- the cache of opened keys --- */
struct world {
    struct memvfs *m;
    struct crypto *c;
    struct keystore *ks;
    struct journal *j;
};

static struct eid eid_no(unsigned i)
{
    struct eid e = {{0x89, 0x04}};

    e.b[15] = (uint8_t)i;
    return e;
}

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    struct journal_options o = {.vfs = "keys"};
    uint8_t kek[32] = {1};

    w->m = memvfs_register("keys", 1);
    w->c = crypto_new(NULL);
    assert_int_equal(keystore_new(w->c, span_of(kek, 32), 1, &w->ks), ERR_OK);
    assert_int_equal(journal_open("/j", &o, w->c, &w->j, NULL), ERR_OK);
    for (unsigned i = 0; i < 10; i++) {
        struct isdr_secret s = {.set = {{.kvn = (uint8_t)(i + 1)}}, .n_sets = 1};
        struct eid eid = eid_no(i);
        char id[ISDR_SECRET_ID];
        struct buf sealed;
        buf_init(&sealed, 0);
        assert_int_equal(key_random(w->c, KEY_AES, 16, &s.set[0].kic), ERR_OK);
        assert_int_equal(key_random(w->c, KEY_AES, 16, &s.set[0].kid), ERR_OK);
        if (i == 9) {
            s.n_psks = 1;
            s.psk[0].kvn = 0x40;
            s.psk[0].kid = 1;
            assert_int_equal(key_random(w->c, KEY_PSK, 16, &s.psk[0].psk), ERR_OK);
        }
        assert_int_equal(isdr_secret_seal(w->ks, 4, &eid, &s, &sealed), ERR_OK);
        isdr_secret_id(&eid, id);
        assert_int_equal(journal_secret_put(w->j, span_str(id), 1, buf_span(&sealed)), ERR_OK);
        buf_fini(&sealed);
        isdr_secret_fini(&s);
    }
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    journal_close(w->j);
    keystore_free(w->ks);
    crypto_free(w->c);
    memvfs_free(w->m);
    free(w);
    return 0;
}

static void keys_are_opened_again_when_they_were_dropped(void **state)
{
    struct world *w = *state;
    struct keys *k = keys_new(w->j, w->ks, 3);
    const struct isdr_secret *s;

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 10; i++) {
            struct eid eid = eid_no((i * 7 + round) % 10);
            assert_int_equal(keys_get(k, 4, &eid, &s), ERR_OK);
            assert_int_equal(s->set[0].kvn, (i * 7 + round) % 10 + 1);
            assert_non_null(s->set[0].kic);
            assert_null(s->set[0].dek);
            assert_int_equal(s->n_psks, s->set[0].kvn == 10);
        }
    }
    keys_free(k);
}

static void keys_of_nobody_or_of_others_do_not_open(void **state)
{
    struct world *w = *state;
    struct keys *k = keys_new(w->j, w->ks, 3);
    struct eid known = eid_no(1), unknown = eid_no(77);
    const struct isdr_secret *s;

    assert_int_equal(keys_get(k, 4, &unknown, &s), ERR_NOT_FOUND);
    assert_int_equal(keys_get(k, 5, &known, &s), ERR_AUTH); /* another tenant */
    assert_int_equal(keys_get(k, 4, &known, &s), ERR_OK);   /* the failure was not kept */
    keys_free(k);
}

/* Whoever is asked for: one row is read, one secret opened, again and again. */
static void a_handshake_costs_the_same_for_everybody(void **state)
{
    struct world *w = *state;
    struct keys *k = keys_new(w->j, w->ks, 3);
    struct eid known = eid_no(9), without = eid_no(3), unknown = eid_no(77);
    const struct eid *who[] = {&known, &known, &known, &without, &unknown, NULL, &known};
    const uint8_t kvn[] = {0x40, 0x41, 0x40, 0x40, 0x40, 0x40, 0x40};
    const uint32_t tenant[] = {4, 4, 4, 4, 4, 0, 5};
    const struct isdr_secret *cached;
    struct keys_work before = keys_work(k), after;

    assert_int_equal(keys_get(k, 4, &known, &cached), ERR_OK); /* by SMS, a moment ago */
    before = keys_work(k);
    for (unsigned i = 0; i < 7; i++) {
        struct key *psk = keys_psk(k, tenant[i], who[i], 1, kvn[i]);
        assert_int_equal(psk != NULL, i == 0 || i == 2);
        after = keys_work(k);
        assert_int_equal(after.rows_read, before.rows_read + 1);
        assert_int_equal(after.opened, before.opened + 1);
        before = after;
    }
    assert_null(keys_psk(k, 4, &known, 2, 0x40));
    assert_int_equal(keys_get(k, 4, &known, &cached), ERR_OK);
    assert_non_null(cached->psk[0].psk);
    keys_free(k);
}

/* Sets come and go; what was sealed is what opens. */
static void several_key_sets_are_one_secret(void **state)
{
    struct world *w = *state;
    struct isdr_secret s = {.n_sets = 0}, copy, back;
    struct eid eid = eid_no(3);
    uint8_t a[3], b[3];
    struct buf sealed;

    for (uint8_t kvn = 1; kvn <= ISDR_SETS_MAX; kvn++)
        assert_int_equal(isdr_secret_grow(&s, w->c, kvn), ERR_OK);
    assert_int_equal(isdr_secret_grow(&s, w->c, 5), ERR_FULL);
    assert_int_equal(isdr_secret_grow(&s, w->c, 2), ERR_EXISTS);
    for (uint8_t kvn = 0x40; kvn < 0x40 + ISDR_PSKS_MAX; kvn++)
        assert_int_equal(isdr_secret_grow(&s, w->c, kvn), ERR_OK);
    assert_int_equal(isdr_secret_grow(&s, w->c, 0x4F), ERR_FULL);
    copy = isdr_secret_copy(&s);
    isdr_secret_fini(&s);
    isdr_secret_drop(&copy, 2);
    isdr_secret_drop(&copy, 0x41);
    isdr_secret_drop(&copy, 9);
    buf_init(&sealed, 0);
    assert_int_equal(isdr_secret_seal(w->ks, 4, &eid, &copy, &sealed), ERR_OK);
    assert_int_equal(isdr_secret_open(w->ks, 4, &eid, buf_span(&sealed), &back), ERR_OK);
    assert_int_equal(back.n_sets, ISDR_SETS_MAX - 1);
    assert_int_equal(back.n_psks, ISDR_PSKS_MAX - 1);
    assert_null(isdr_secret_set(&back, 2));
    assert_null(isdr_secret_psk(&back, 0x41));
    assert_int_equal(key_kcv(w->c, isdr_secret_set(&copy, 3)->dek, a), ERR_OK);
    assert_int_equal(key_kcv(w->c, isdr_secret_set(&back, 3)->dek, b), ERR_OK);
    assert_memory_equal(a, b, 3);
    assert_int_equal(key_kcv(w->c, isdr_secret_psk(&copy, 0x42)->dek, a), ERR_OK);
    assert_int_equal(key_kcv(w->c, isdr_secret_psk(&back, 0x42)->dek, b), ERR_OK);
    assert_memory_equal(a, b, 3);
    buf_fini(&sealed);
    isdr_secret_fini(&copy);
    isdr_secret_fini(&back);
}

/* As it was sealed before there could be more than one set of each. */
static void a_secret_of_before_opens(void **state)
{
    static const uint8_t OLD[] = {1, 7, 16, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
                                  16, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0,
                                  0x40, 1, 16, 3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    struct world *w = *state;
    struct secret_place at = {.tenant = 4, .purpose = ISDR_SECRET_PURPOSE};
    struct eid eid = eid_no(3);
    struct isdr_secret s;
    struct buf sealed;

    memcpy(at.id, eid.b, sizeof at.id);
    for (unsigned psk = 0; psk < 2; psk++) {
        uint8_t clear[sizeof OLD];
        memcpy(clear, OLD, sizeof OLD);
        if (!psk)
            memset(clear + 37, 0, 3);
        buf_init(&sealed, 0);
        assert_int_equal(keystore_seal(w->ks, &at, span_of(clear, psk ? sizeof clear : 40), &sealed),
                         ERR_OK);
        assert_int_equal(isdr_secret_open(w->ks, 4, &eid, buf_span(&sealed), &s), ERR_OK);
        assert_int_equal(s.n_sets, 1);
        assert_int_equal(s.set[0].kvn, 7);
        assert_null(s.set[0].dek);
        assert_int_equal(s.n_psks, psk);
        assert_int_equal(s.psk[0].kvn, psk ? 0x40 : 0);
        isdr_secret_fini(&s);
        buf_fini(&sealed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_combined),
        cmocka_unit_test(what_is_no_component_is_refused),
        cmocka_unit_test_setup_teardown(keys_are_opened_again_when_they_were_dropped, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(keys_of_nobody_or_of_others_do_not_open, setup, teardown),
        cmocka_unit_test_setup_teardown(several_key_sets_are_one_secret, setup, teardown),
        cmocka_unit_test_setup_teardown(a_secret_of_before_opens, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handshake_costs_the_same_for_everybody, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
