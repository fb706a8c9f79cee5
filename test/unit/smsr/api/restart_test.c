/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* A start with cards whose keys do not open: each is its own trouble. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_world.h"

#define CARDS 3

static int setup(void **state)
{
    struct srw *w = srw_new("restart");
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);

    for (unsigned i = 1; i <= CARDS; i++)
        srw_enrol(w, eum, i);
    *state = w;
    return 0;
}

/* Octets of the sealed keys are turned over, or back again. */
static void turn_over(struct srw *w, unsigned card)
{
    struct journal *j = engine_journal(smsr_core_engine(w->core));
    struct eid eid = fake_eid(card);
    char id[ISDR_SECRET_ID];
    struct buf sealed;
    uint32_t version;

    isdr_secret_id(&eid, id);
    buf_init(&sealed, 0);
    assert_int_equal(journal_secret_get(j, span_str(id), &version, &sealed), ERR_OK);
    sealed.p[sealed.n / 2] ^= 1;
    assert_int_equal(journal_begin(j), ERR_OK);
    assert_int_equal(journal_secret_rewrap(j, span_str(id), version, buf_span(&sealed)), ERR_OK);
    assert_int_equal(journal_commit(j), ERR_OK);
    buf_fini(&sealed);
}

struct heard {
    unsigned n;
    struct eid eid;
    struct uuid op;
    int err;
};

static void on_trouble(void *ctx, const struct eid *eid, const struct uuid *op, int err)
{
    struct heard *h = ctx;

    h->n++;
    h->eid = *eid;
    h->op = *op;
    h->err = err;
}

static int start(struct srw *w, struct heard *h, struct errmsg *why)
{
    struct smsr_core_options o = srw_options(w);

    o.on_trouble = on_trouble;
    o.ctx = h;
    return smsr_core_new(&o, &w->core, why);
}

static unsigned sms_to(const struct srw *w, const char *number)
{
    unsigned n = 0;

    for (unsigned i = 0; i < w->n_sms; i++)
        n += !strcmp(w->sms[i].to, number);
    return n;
}

static void minutes(struct srw *w, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        fake_clock_step(&w->clock, 60000);
        srw_turn(w);
    }
}

static void one_cards_keys_do_not_stop_the_others(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request one = srw_enable_request("one", 1), two = srw_enable_request("two", 2);
    struct uuid op = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &one, NULL)->operation;
    struct errmsg why = {{0}};
    struct heard h = {0};
    struct eid eid = fake_eid(1);

    (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &two, NULL);
    for (unsigned i = 0; i < 16; i++) { /* past the validity: the cards must be asked */
        w->n_sms = 0;
        minutes(w, 1);
    }
    turn_over(w, 1);
    srw_die(w, MEMVFS_KEEP);
    if (start(w, &h, &why))
        fail_msg("%s", why.text);
    srw_turn(w);
    assert_int_equal(h.n, 1);
    assert_true(eid_eq(&h.eid, &eid));
    assert_true(uuid_eq(&h.op, &op));
    assert_int_equal(h.err, ERR_AUTH);
    assert_int_equal(sms_to(w, "491510000001"), 0);
    assert_true(sms_to(w, "491510000002") > 0);
    minutes(w, 3);
    assert_true(h.n > 1 && h.n < 10); /* tried again, ever more rarely */
    turn_over(w, 1);
    w->n_sms = 0;
    for (unsigned i = 0; i < 5 && !sms_to(w, "491510000001"); i++) {
        w->n_sms = 0;
        minutes(w, 1);
    }
    assert_true(sms_to(w, "491510000001") > 0); /* as if nothing had been */
}

static void the_kek_is_not_judged_by_one_card(void **state)
{
    struct srw *w = *state;
    struct errmsg why = {{0}};
    struct heard h = {0};

    turn_over(w, 1); /* the first one in the table */
    srw_die(w, MEMVFS_KEEP);
    if (start(w, &h, &why))
        fail_msg("%s", why.text);
    for (unsigned i = 2; i <= CARDS; i++)
        turn_over(w, i);
    srw_die(w, MEMVFS_KEEP);
    assert_int_equal(start(w, &h, &why), ERR_AUTH);
    assert_non_null(strstr(why.text, "keystore.kek"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(one_cards_keys_do_not_stop_the_others),
        CASE(the_kek_is_not_judged_by_one_card),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
