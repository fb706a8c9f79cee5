/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_simnet remora_card */
/* The operator's list: every column right and wrong; vectors against the published set. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/crypto/milenage.h"
#include "tools/euiccsim/net/hss.h"

#define HEAD "imsi,msisdn,k,opc,amf,sqn,status,roaming\n"
#define K "465b5ce8b199b49faa5f0a2ee238a6bc"
#define OPC "cd63cb71954a9f4e48a5994e37a02baf"
#define GOOD "262010000000001,4917100001," K "," OPC ",b9b9,ff9bb4d0b600,active,*"

struct fix {
    struct crypto *crypto;
    struct rng rng;
    struct hss *hss;
};

static int setup(void **state)
{
    static struct fix f;

    rng_init_seeded(&f.rng, 3);
    f.crypto = crypto_new(&f.rng);
    f.hss = hss_new(f.crypto);
    *state = &f;
    return f.hss ? 0 : -1;
}

static int teardown(void **state)
{
    struct fix *f = *state;

    hss_free(f->hss);
    crypto_free(f->crypto);
    return 0;
}

static void a_list_is_loaded(void **state)
{
    struct fix *f = *state;
    struct errmsg why = {""};
    struct imsi i = {"262010000000002"};
    struct msisdn m = {"4917100001"};
    unsigned rows = 0;
    const char *csv = HEAD GOOD "\r\n\n"
        "262010000000002,," K "," OPC ",8000,000000000020,barred,26202;310260\n"
        "262010000000003,4917100003," K "," OPC ",8000,000000000000,not-provisioned,";

    assert_int_equal(hss_load_csv(f->hss, span_str(csv), &rows, &why), 0);
    assert_int_equal(rows, 3);
    assert_int_equal(hss_count(f->hss), 3);
    assert_non_null(hss_by_msisdn(f->hss, &m));
    assert_int_equal(hss_by_imsi(f->hss, &i)->status, SUB_BARRED);
    assert_int_equal(hss_by_imsi(f->hss, &i)->n_roaming, 2);
    assert_string_equal(hss_by_imsi(f->hss, &i)->roaming[1].s, "310260");
    assert_int_equal(hss_by_imsi(f->hss, &i)->sqn, 0x20);
    assert_int_equal(hss_at(f->hss, 2)->status, SUB_NOT_PROVISIONED);
}

static void columns_may_stand_in_any_order(void **state)
{
    struct fix *f = *state;
    const char *csv = "status,imsi,roaming,k,opc,sqn,amf,msisdn\n"
                      "active,262010000000001,*," K "," OPC ",000000000000,8000,49171\n";

    assert_int_equal(hss_load_csv(f->hss, span_str(csv), NULL, NULL), 0);
    assert_int_equal(hss_at(f->hss, 0)->n_roaming, UINT8_MAX);
}

static void every_wrong_list_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *csv, *word;
        int rc;
    } ROWS[] = {
        {"", "empty", ERR_FORMAT},
        {"imsi,msisdn,k,opc,amf,sqn,status\n", "roaming is missing", ERR_FORMAT},
        {"imsi,msisdn,k,opc,amf,sqn,status,roaming,x\n", "column 9", ERR_FORMAT},
        {"imsi,imsi,k,opc,amf,sqn,status,roaming\n", "column 2", ERR_FORMAT},
        {HEAD "26201\n", "line 2", ERR_FORMAT},
        {HEAD "2620100x0000001,1," K "," OPC ",b9b9,000000000000,active,*\n", "imsi", ERR_FORMAT},
        {HEAD "262010000000001,4x," K "," OPC ",b9b9,000000000000,active,*\n", "msisdn",
         ERR_FORMAT},
        {HEAD "262010000000001,,46," OPC ",b9b9,000000000000,active,*\n", "of k ", ERR_FORMAT},
        {HEAD "262010000000001,," K ",zz,b9b9,000000000000,active,*\n", "opc", ERR_FORMAT},
        {HEAD "262010000000001,," K "," OPC ",b9,000000000000,active,*\n", "amf", ERR_FORMAT},
        {HEAD "262010000000001,," K "," OPC ",b9b9,0000,active,*\n", "sqn", ERR_FORMAT},
        {HEAD "262010000000001,," K "," OPC ",b9b9,000000000000,Active,*\n", "status", ERR_FORMAT},
        {HEAD "262010000000001,," K "," OPC ",b9b9,000000000000,active,2620\n", "roaming",
         ERR_FORMAT},
        {HEAD "262010000000001,," K "," OPC ",b9b9,000000000000,active,"
              "26201;26202;26203;26204;26205\n", "roaming", ERR_FORMAT},
        {HEAD GOOD ",more\n", "9 cells", ERR_FORMAT},
        {HEAD GOOD "\n" GOOD "\n", "line 3", ERR_EXISTS},
        {HEAD GOOD "\n262010000000002,4917100001," K "," OPC ",b9b9,000000000000,active,*\n",
         "line 3", ERR_EXISTS},
    };
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct fix *f = NULL;
        struct errmsg why = {""};
        void *st = NULL;

        assert_int_equal(setup(&st), 0);
        f = st;
        assert_int_equal(hss_load_csv(f->hss, span_str(ROWS[i].csv), NULL, &why), ROWS[i].rc);
        if (!strstr(why.text, ROWS[i].word))
            fail_msg("row %zu: %s", i, why.text);
        assert_null(strstr(why.text, "465b5ce8"));     /* never a key */
        (void)teardown(&st);
    }
}

static void vectors_use_the_operators_key_and_a_rising_sqn(void **state)
{
    struct fix *f = *state;
    struct subscriber *s;
    struct auth_vector v, w;
    struct milenage_out m;
    uint8_t sqn[6];

    assert_int_equal(hss_load_csv(f->hss, span_str(HEAD GOOD), NULL, NULL), 0);
    s = hss_at(f->hss, 0);
    assert_int_equal(hss_vector(f->hss, s, &f->rng, &v), 0);
    assert_true(s->sqn == UINT64_C(0xff9bb4d0b620));
    assert_int_equal(milenage(f->crypto, s->k, s->opc, v.rand, (const uint8_t[6]){0}, s->amf, &m),
                     0);
    for (unsigned i = 0; i < 6; i++)
        sqn[i] = v.autn[i] ^ m.f5[i];
    assert_memory_equal(sqn, "\xff\x9b\xb4\xd0\xb6\x20", 6);
    assert_int_equal(milenage(f->crypto, s->k, s->opc, v.rand, sqn, s->amf, &m), 0);
    assert_memory_equal(v.autn + 6, "\xb9\xb9", 2);
    assert_memory_equal(v.autn + 8, m.f1, 8);
    assert_memory_equal(v.xres, m.f2, 8);
    assert_int_equal(hss_vector(f->hss, s, &f->rng, &w), 0);
    assert_memory_not_equal(v.rand, w.rand, 16);
    assert_true(s->sqn == UINT64_C(0xff9bb4d0b640));
}

static void resynchronisation_wants_a_right_mac(void **state)
{
    struct fix *f = *state;
    static const uint8_t ZERO[2];
    uint8_t rand[16] = {1, 2, 3}, auts[14], sqn[6] = {0, 0, 0, 0, 0x12, 0x34};
    struct subscriber *s;
    struct milenage_out m;

    assert_int_equal(hss_load_csv(f->hss, span_str(HEAD GOOD), NULL, NULL), 0);
    s = hss_at(f->hss, 0);
    assert_int_equal(milenage(f->crypto, s->k, s->opc, rand, sqn, ZERO, &m), 0);
    for (unsigned i = 0; i < 6; i++)
        auts[i] = sqn[i] ^ m.f5s[i];
    memcpy(auts + 6, m.f1s, 8);
    for (unsigned bit = 0; bit < 14 * 8; bit++) {
        uint64_t before = s->sqn;

        auts[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(hss_resync(f->hss, s, rand, auts), ERR_AUTH);
        assert_true(s->sqn == before);
        auts[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(hss_resync(f->hss, s, rand, auts), 0);
    assert_int_equal(s->sqn, 0x1234);
}

static void thousands_of_subscribers_stay_where_they_are(void **state)
{
    struct fix *f = *state;
    struct subscriber one = {.status = SUB_ACTIVE}, *first = NULL;

    for (unsigned i = 0; i < 3000; i++) {
        (void)snprintf(one.imsi.s, sizeof(one.imsi.s), "26201%010u", i);
        (void)snprintf(one.msisdn.s, sizeof(one.msisdn.s), "4917%06u", i);
        assert_int_equal(hss_add(f->hss, &one), 0);
        if (i == 0)
            first = hss_at(f->hss, 0);
    }
    assert_ptr_equal(first, hss_at(f->hss, 0));
    (void)snprintf(one.imsi.s, sizeof(one.imsi.s), "26201%010u", 2999u);
    assert_int_equal(hss_by_imsi(f->hss, &one.imsi)->index, 2999);
    assert_int_equal(hss_add(f->hss, &one), ERR_EXISTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_list_is_loaded, setup, teardown),
        cmocka_unit_test_setup_teardown(columns_may_stand_in_any_order, setup, teardown),
        cmocka_unit_test(every_wrong_list_is_refused_with_its_line),
        cmocka_unit_test_setup_teardown(vectors_use_the_operators_key_and_a_rising_sqn, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(resynchronisation_wants_a_right_mac, setup, teardown),
        cmocka_unit_test_setup_teardown(thousands_of_subscribers_stay_where_they_are, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
