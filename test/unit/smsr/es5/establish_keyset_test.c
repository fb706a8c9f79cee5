/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile remora_smsr_es5 */
/* Two SM-SRs and a card: the one that has it carries what the one to come signs, and learns no key. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/es5/es5.h"
#include "test/support/card_rig.h"

#define KVN 2

struct coming {                    /* the SM-SR that is to have the card */
    struct key *ephemeral;
    uint8_t point[EC_POINT_LEN], sig[EC_SIG_LEN];
    struct ecka_keys keys;
};

static struct span said(const struct rig *r)
{
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
    return span_of(r->por.data, r->por.n);
}

static struct span script(struct rig *r, const struct writer *w)
{
    assert_false(w->failed);
    rig_script(r, 1, wr_view(w));
    return said(r);
}

static int challenge(struct rig *r, struct span cert, uint8_t ret_rc[16])
{
    uint8_t room[400];
    struct writer w = wr_init(room, sizeof room);
    struct span rc;
    int err;

    assert_int_equal(es5_keyset_certificate(&w, cert), ERR_OK);
    err = es5_keyset_challenge(script(r, &w), &rc);
    if (!err)
        memcpy(ret_rc, rc.p, 16);
    return err;
}

static int establish(struct rig *r, struct coming *s, uint8_t scenario, bool bare)
{
    const struct ecka_crt crt = es5_keyset_crt(KVN, scenario);
    uint8_t room[400], rc[16];
    struct writer w = wr_init(room, sizeof room);
    struct span dr, receipt;
    int err = challenge(r, span_of(r->sr_cert, r->sr_cert_n), rc);

    memset(s, 0, sizeof *s);
    assert_int_equal(err, ERR_OK);
    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &s->ephemeral, s->point), ERR_OK);
    assert_int_equal(keyset_sign(r->crypto, r->sr, &crt, span_of(rc, 16), span_of(s->point, EC_POINT_LEN),
                                 CURVE_P256, bare, s->sig),
                     ERR_OK);
    assert_int_equal(es5_keyset_key(&w, &crt, span_of(s->point, EC_POINT_LEN), CURVE_P256, bare,
                                    span_of(s->sig, EC_SIG_LEN)),
                     ERR_OK);
    err = es5_keyset_receipt(script(r, &w), &dr, &receipt);
    if (!err)
        err = keyset_agree(r->crypto, s->ephemeral, span_of(r->ecasd_point, EC_POINT_LEN), &crt, dr, receipt,
                           &s->keys);
    return err;
}

static void forget(struct coming *s)
{
    ecka_keys_free(&s->keys);
    key_free(s->ephemeral);
}

/* Under the keys that nobody but it and the card knows; then those of before go. */
static void takes_over(struct rig *r, const struct coming *s)
{
    const struct es5_range keep = {KVN, 1, 3};
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof room);
    struct es5_answer a;
    struct es5_keys k;

    key_free(r->kic);
    key_free(r->kid);
    r->kic = key_ref(s->keys.enc);
    r->kid = key_ref(s->keys.mac);
    r->kvn = KVN;
    r->counter = 0;
    es5_ask_keys(&w, SCRIPT_DEFINITE);
    assert_int_equal(es5_keys_read(script(r, &w), &k), ERR_OK);
    assert_true(es5_keys_has(&k, 1) && es5_keys_has(&k, KVN) && es5_keys_has(&k, 0x40));
    w = wr_init(room, sizeof room);
    es5_keep_keys(&w, SCRIPT_DEFINITE, &keep, 1);
    assert_int_equal(es5_answer_read(script(r, &w), &a), ERR_OK);
    assert_int_equal(a.sw, 0x9000);
    w = wr_init(room, sizeof room);
    es5_ask_keys(&w, SCRIPT_DEFINITE);
    assert_int_equal(es5_keys_read(script(r, &w), &k), ERR_OK);
    assert_true(!es5_keys_has(&k, 1) && es5_keys_has(&k, KVN) && !es5_keys_has(&k, 0x40));
    assert_int_equal(k.n, 3);
}

static void a_card_changes_hands(void **state)
{
    struct rig *r = *state;
    struct coming s;

    assert_int_equal(establish(r, &s, ES5_KEYSET_SCENARIO, true), ERR_OK);
    takes_over(r, &s);
    forget(&s);
}

static void the_other_form_of_the_point(void **state)
{
    struct rig *r = *state;
    struct coming s;

    assert_int_equal(establish(r, &s, ES5_KEYSET_SCENARIO, false), ERR_OK);
    takes_over(r, &s);
    forget(&s);
}

static void with_a_random_of_the_card(void **state)
{
    struct rig *r = *state;
    struct coming s;

    assert_int_equal(establish(r, &s, ES5_KEYSET_SCENARIO | 0x02, true), ERR_OK);
    takes_over(r, &s);
    forget(&s);
}

static void a_version_that_is_there_is_refused(void **state)
{
    struct rig *r = *state;
    struct coming s;

    assert_int_equal(establish(r, &s, ES5_KEYSET_SCENARIO, true), ERR_OK);
    forget(&s);
    assert_int_equal(establish(r, &s, ES5_KEYSET_SCENARIO, true), ERR_DENIED);
    forget(&s);
}

static void what_is_no_answer(void **state)
{
    struct rig *r = *state;
    uint8_t rc[16], room[400];
    struct writer w = wr_init(room, sizeof room);
    struct span a, b;

    assert_int_equal(challenge(r, span_of(r->dp_cert, r->dp_cert_n), rc), ERR_DENIED);
    assert_int_equal(es5_keyset_challenge(span_of("", 0), &a), ERR_FORMAT);
    assert_int_equal(es5_keyset_challenge(span_of("\xAB\x05\x23\x03\x00\x90\x00", 7), &a), ERR_FORMAT);
    assert_int_equal(es5_keyset_receipt(span_of("\xAB\x04\x23\x02\x90\x00", 6), &a, &b), ERR_FORMAT);
    assert_int_equal(es5_keyset_receipt(span_of("\xAB\x04\x23\x02\x69\x85", 6), &a, &b), ERR_DENIED);
    assert_int_equal(es5_keyset_certificate(&w, span_of(room, KEYSET_CERT_MAX + 1)), ERR_TOO_LARGE);
    w = wr_init(room, 20);
    assert_int_equal(es5_keyset_certificate(&w, span_of(r->sr_cert, r->sr_cert_n)), ERR_TOO_LARGE);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_card_changes_hands), CASE(the_other_form_of_the_point), CASE(with_a_random_of_the_card),
        CASE(a_version_that_is_there_is_refused), CASE(what_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
