/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_store */
/* Cards, their ICCIDs and numbers, tenants, before and after the write-behind. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_rows.h"

static void a_saved_card_is_the_same_card(void **state)
{
    struct rows *w = *state;
    struct eid eid = fake_eid(1), other = fake_eid(2);
    struct euicc *back;

    rows_enrol(w, 1);
    rows_accept(w, 1, 1, ROWS_MNO_A);
    assert_int_equal(store_load(w->s, &eid, &back), ERR_NOT_FOUND);
    rows_flush(w);
    assert_int_equal(store_load(w->s, &eid, &back), ERR_OK);
    assert_int_equal(back->n_ops, 1);
    assert_true(iccid_eq(&back->profiles[0].iccid, &w->card[1]->profiles[0].iccid));
    euicc_free(back);
    assert_int_equal(store_load(w->s, &other, &back), ERR_NOT_FOUND);
}

static void an_iccid_is_found_at_once_and_after_the_write_behind(void **state)
{
    struct rows *w = *state;
    struct eid eid, want = fake_eid(1);

    assert_int_equal(rows_where(w, 1, &eid), ERR_NOT_FOUND);
    rows_enrol(w, 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(rows_where(w, 1, &eid), ERR_OK);
        assert_true(eid_eq(&eid, &want));
        assert_int_equal(rows_where(w, 2, &eid), ERR_NOT_FOUND);
        rows_flush(w);
    }
}

static void an_iccid_never_stands_on_two_cards(void **state)
{
    struct rows *w = *state;

    rows_enrol(w, 1);
    rows_enrol(w, 2);
    rows_enrol(w, 3);
    assert_int_equal(rows_create_isdp(w, 1, 1, 50), ERR_OK);
    assert_int_equal(rows_create_isdp(w, 2, 2, 50), ERR_CORRUPT);
    rows_flush(w);
    assert_int_equal(rows_create_isdp(w, 3, 3, 50), ERR_CORRUPT);
}

static void a_profile_may_move_within_one_batch(void **state)
{
    struct rows *w = *state;
    struct eid eid, one = fake_eid(1), two = fake_eid(2);

    rows_enrol(w, 1);
    rows_enrol(w, 2);
    assert_int_equal(rows_create_isdp(w, 2, 1, 50), ERR_OK);
    rows_flush(w);
    /* Card 2 loses it, card 1 gets it; card 1 is written first. */
    assert_int_equal(rows_end(w, 2, 1, VERDICT_FAILED, STAGE_CARD), ERR_OK);
    assert_int_equal(rows_where(w, 50, &eid), ERR_NOT_FOUND);
    assert_int_equal(rows_create_isdp(w, 1, 2, 50), ERR_OK);
    rows_flush(w);
    assert_int_equal(rows_where(w, 50, &eid), ERR_OK);
    assert_true(eid_eq(&eid, &one));
    /* And back: card 1 is written first again, card 2 takes it over. */
    assert_int_equal(rows_end(w, 1, 2, VERDICT_FAILED, STAGE_CARD), ERR_OK);
    assert_int_equal(rows_create_isdp(w, 2, 3, 50), ERR_OK);
    rows_flush(w);
    assert_int_equal(rows_where(w, 50, &eid), ERR_OK);
    assert_true(eid_eq(&eid, &two));
}

static void a_number_names_all_its_cards(void **state)
{
    struct rows *w = *state;
    struct eid found[16];
    struct event ev = {.type = EV_ADDRESS_CHANGED, .iccid = rows_iccid(2), .msisdn = rows_number(1)};

    rows_enrol(w, 1);
    rows_enrol(w, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(rows_candidates(w, 1, found), 1);
        assert_int_equal(rows_candidates(w, 2, found), 1);
        assert_int_equal(rows_candidates(w, 3, found), 0);
        rows_flush(w);
    }
    assert_int_equal(rows_apply(w, 2, &ev, NULL, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct eid two = fake_eid(2);
        assert_int_equal(rows_candidates(w, 1, found), 2);
        assert_true(i || eid_eq(&found[0], &two)); /* the newest first, while it is new */
        assert_int_equal(rows_candidates(w, 2, found), 0);
        rows_flush(w);
    }
}

static void candidates_are_bounded(void **state)
{
    struct rows *w = *state;
    struct eid found[2];
    struct msisdn m = rows_number(1);
    unsigned n;

    for (unsigned i = 1; i < 8; i++) {
        struct event ev = {.type = EV_ADDRESS_CHANGED, .iccid = rows_iccid(i), .msisdn = m};
        rows_enrol(w, i);
        assert_int_equal(rows_apply(w, i, &ev, NULL, NULL), ERR_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(store_candidates(w->s, &m, found, 2, &n), ERR_OK);
        assert_int_equal(n, 2);
        rows_flush(w);
    }
}

static void tenants_are_numbered_once(void **state)
{
    struct rows *w = *state;
    struct event ev = {.type = EV_ADMIN_TENANT_ADDED, .number = 1, .text = span_str("acme")};
    uint32_t n;

    assert_int_equal(store_tenant(w->s, "acme", &n), ERR_NOT_FOUND);
    assert_int_equal(store_next_tenant(w->s), 1);
    assert_int_equal(store_apply_house(w->s, &ev), ERR_OK);
    ev.number = 2;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* the name is taken */
    ev.text = span_str("blue");
    ev.number = 1;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* the number is taken */
    ev.number = 3;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_CORRUPT); /* a gap */
    ev.number = 2;
    assert_int_equal(store_apply_house(w->s, &ev), ERR_OK);
    rows_flush(w);
    store_close(w->s);
    assert_int_equal(store_open(w->s, w->db, NULL), ERR_OK);
    assert_int_equal(store_tenant(w->s, "blue", &n), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_next_tenant(w->s), 3);
}

static unsigned scanned;

static int count_one(void *ctx, const struct eid *eid, int64_t due)
{
    struct eid want = fake_eid(2);

    (void)ctx;
    assert_true(eid_eq(eid, &want));
    assert_int_equal(due, 5000);
    scanned++;
    return ERR_OK;
}

static void scanning_lists_what_runs(void **state)
{
    struct rows *w = *state;

    rows_enrol(w, 1);
    rows_enrol(w, 2);
    rows_accept(w, 2, 1, ROWS_MNO_A);
    rows_flush(w);
    scanned = 0;
    assert_int_equal(store_scan(w->s, count_one, NULL), ERR_OK);
    assert_int_equal(scanned, 1);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rows_setup, rows_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_saved_card_is_the_same_card),
        CASE(an_iccid_is_found_at_once_and_after_the_write_behind),
        CASE(an_iccid_never_stands_on_two_cards),
        CASE(a_profile_may_move_within_one_batch),
        CASE(a_number_names_all_its_cards),
        CASE(candidates_are_bounded),
        CASE(tenants_are_numbered_once),
        CASE(scanning_lists_what_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
