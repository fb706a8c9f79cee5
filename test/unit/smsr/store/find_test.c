/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_store */
/* Searching for cards, and the files they came from: before and after the write-behind the answers are the
 * same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <cmocka.h>

#include "test/support/smsr_rows.h"

static struct imsi imsi(unsigned i)
{
    struct imsi m = {{0}};

    (void)snprintf(m.s, sizeof m.s, "26201%010u", i);
    return m;
}

/* Cards found, as the bits of their numbers. */
static unsigned found(struct rows *w, unsigned party, enum party_role role, struct card_filter f)
{
    struct scope sc = rows_scope(w, party, role);
    struct eid page[2], after = {{0}};
    unsigned n, bits = 0;

    do {
        assert_int_equal(store_eids(w->s, &sc, &f, &after, page, 2, &n), ERR_OK);
        for (unsigned i = 0; i < n; i++) {
            for (unsigned c = 0; c < ROWS_CARDS; c++)
                if (w->card[c] && eid_eq(&w->card[c]->eid, &page[i]) && scope_sees_card(&sc, w->card[c]) &&
                    scope_matches(&sc, w->card[c], &f))
                    bits |= 1u << c;
            after = page[i];
        }
    } while (n == 2);
    return bits;
}

static struct oid oid(const char *s)
{
    struct oid o = {{0}};

    (void)snprintf(o.s, sizeof o.s, "%s", s);
    return o;
}

#define HOUSE   4, ROLE_ADMIN
#define FLEET_1 2, ROLE_FLEET
#define FLEET_2 3, ROLE_FLEET
#define OWNER   0, ROLE_OPERATOR
#define OTHER   1, ROLE_OPERATOR

static void by_what_stands_on_a_profile(void **state)
{
    struct rows *w = *state;

    for (unsigned i = 1; i < 8; i++)
        rows_enrol(w, i);
    {
        struct event ev = {.type = EV_ADDRESS_CHANGED, .iccid = rows_iccid(3), .imsi = imsi(3)};
        assert_int_equal(rows_apply(w, 3, &ev, NULL, NULL), ERR_OK);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct card_filter iccid = {.iccid = rows_iccid(3)}, number = {.msisdn = rows_number(3)};
        struct card_filter sub = {.imsi = imsi(3)}, both = {.iccid = rows_iccid(3), .msisdn = rows_number(4)};
        struct card_filter mno = {.mno = oid(ROWS_MNO_A)}, none = {.mno = oid(ROWS_MNO_B)};
        struct card_filter on = {.state = PROFILE_ENABLED}, off = {.state = PROFILE_DISABLED};
        assert_int_equal(found(w, HOUSE, iccid), 1u << 3);
        assert_int_equal(found(w, OWNER, iccid), 1u << 3);
        assert_int_equal(found(w, FLEET_1, iccid), 1u << 3);
        assert_int_equal(found(w, FLEET_2, iccid), 0); /* another realm's card */
        assert_int_equal(found(w, OTHER, iccid), 0);
        /* A number and an IMSI are the owner's to know, and the house's. */
        assert_int_equal(found(w, HOUSE, number), 1u << 3);
        assert_int_equal(found(w, OWNER, number), 1u << 3);
        assert_int_equal(found(w, FLEET_1, number), 0);
        assert_int_equal(found(w, HOUSE, sub), 1u << 3);
        assert_int_equal(found(w, OWNER, sub), 1u << 3);
        assert_int_equal(found(w, FLEET_1, sub), 0);
        assert_int_equal(found(w, HOUSE, both), 0);
        assert_int_equal(found(w, HOUSE, mno), 0xFE);
        assert_int_equal(found(w, FLEET_1, mno), 0x3E);
        assert_int_equal(found(w, FLEET_2, mno), 0xC0);
        assert_int_equal(found(w, HOUSE, none), 0);
        assert_int_equal(found(w, HOUSE, on), 0xFE);
        assert_int_equal(found(w, HOUSE, off), 0);
        rows_flush(w);
    }
}

/* A card of two owners: what the one has is not found by the other, who sees the card. */
static void another_owners_profile_is_not_found(void **state)
{
    struct rows *w = *state;
    struct event ev = {.type = EV_ISDP_CREATED, .iccid = rows_iccid(50)};

    rows_enrol(w, 1);
    assert_int_equal(rows_create_isdp(w, 1, 1, 50), ERR_OK);
    assert_int_equal(rows_apply(w, 1, &ev, NULL, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct card_filter mine = {.iccid = rows_iccid(50)}, his = {.iccid = rows_iccid(1)};
        struct card_filter state_of_his = {.state = PROFILE_ENABLED};
        assert_int_equal(found(w, OTHER, mine), 1u << 1);
        assert_int_equal(found(w, OTHER, his), 0);
        assert_int_equal(found(w, OTHER, state_of_his), 0);
        assert_int_equal(found(w, OWNER, mine), 0);
        rows_flush(w);
    }
}

static void by_life_and_file(void **state)
{
    struct rows *w = *state;
    struct event heard = {.type = EV_EUICC_SEEN, .number = 5};
    struct event lost = {.type = EV_EUICC_STATE_CHANGED, .number = CARD_LOST, .kind = CARD_REGISTERED};

    for (unsigned i = 1; i < 5; i++)
        rows_enrol(w, i);
    rows_flush(w);
    assert_int_equal(rows_apply(w, 2, &heard, NULL, NULL), ERR_OK);
    assert_int_equal(rows_apply(w, 3, &lost, NULL, NULL), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        struct card_filter f = {.life = CARD_REGISTERED};
        assert_int_equal(found(w, HOUSE, f), 0x12);
        assert_int_equal(found(w, FLEET_1, f), 0x12);
        assert_int_equal(found(w, OWNER, f), 0); /* the realm's business */
        f.life = CARD_SEEN;
        assert_int_equal(found(w, HOUSE, f), 0x04);
        f.life = CARD_LOST;
        assert_int_equal(found(w, HOUSE, f), 0x08);
        f = (struct card_filter){.unheard_since_ms = w->card[3]->registered_ms};
        assert_int_equal(found(w, HOUSE, f), 0x0A); /* 4 came later, 2 was heard */
        f = (struct card_filter){.has_batch = true};
        assert_int_equal(found(w, HOUSE, f), 0);
        rows_flush(w);
    }
}

/* --- files --- */
static struct event run(const char *party, uint8_t file, uint64_t rows, uint32_t accepted, uint32_t refused)
{
    struct event ev = {.type = EV_BATCH_IMPORTED, .party = oid(party), .has_batch = true, .number = rows,
                       .rows_accepted = accepted, .rows_refused = refused,
                       .rows_known = (uint32_t)rows - accepted - refused};

    ev.batch[0] = file;
    return ev;
}

static void rows_of_a_file_sum_over_its_runs(void **state)
{
    struct rows *w = *state;
    struct event first = run(ROWS_MNO_A, 1, 10, 8, 2), second = run(ROWS_MNO_A, 1, 10, 1, 1);
    struct batch_row r;

    first.text = span_str("PO-1");
    assert_int_equal(store_batch(w->s, &first.party, first.batch, &r), ERR_NOT_FOUND);
    assert_int_equal(store_apply_batch(w->s, 100, &first), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(store_batch(w->s, &first.party, first.batch, &r), ERR_OK);
        assert_int_equal(r.rows, 10);
        assert_int_equal(r.accepted, 8);
        assert_int_equal(r.refused, 2);
        assert_string_equal(r.order_reference, "PO-1");
        rows_flush(w);
    }
    assert_int_equal(store_apply_batch(w->s, 200, &second), ERR_OK);
    assert_int_equal(store_batch(w->s, &first.party, first.batch, &r), ERR_OK);
    assert_int_equal(r.accepted, 9);
    assert_int_equal(r.refused, 1);
    assert_string_equal(r.order_reference, "PO-1"); /* none was given the second time */
    assert_int_equal(r.first_ms, 100);
    assert_int_equal(r.last_ms, 200);
}

static void a_file_that_does_not_sum_is_a_broken_log(void **state)
{
    struct rows *w = *state;
    struct event ev = run(ROWS_MNO_A, 1, 10, 8, 2);

    ev.rows_known = 1;
    assert_int_equal(store_apply_batch(w->s, 100, &ev), ERR_CORRUPT);
    ev = run(ROWS_MNO_A, 1, 10, 8, 2);
    assert_int_equal(store_apply_batch(w->s, 100, &ev), ERR_OK);
    ev = run(ROWS_MNO_A, 1, 11, 0, 0); /* the same file has as many rows as before */
    assert_int_equal(store_apply_batch(w->s, 100, &ev), ERR_CORRUPT);
    ev = run(ROWS_MNO_A, 1, 10, 3, 0); /* more than there are */
    assert_int_equal(store_apply_batch(w->s, 100, &ev), ERR_CORRUPT);
}

static void files_are_listed_in_pages(void **state)
{
    struct rows *w = *state;
    struct batch_row page[2];
    struct oid all = {{0}};

    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 5; i++) {
            struct event a = run(ROWS_MNO_A, (uint8_t)(i + 1), 4, round ? 0 : 4, 0);
            struct event b = run(ROWS_MNO_B, (uint8_t)(i + 1), 4, 0, 4);
            assert_int_equal(store_apply_batch(w->s, 100, &a), ERR_OK);
            if (i < 2)
                assert_int_equal(store_apply_batch(w->s, 100, &b), ERR_OK);
        }
        for (unsigned who = 0; who < 3; who++) {
            struct oid party = who == 0 ? all : oid(who == 1 ? ROWS_MNO_A : ROWS_MNO_B), at = {{0}};
            uint8_t after[32] = {0};
            unsigned n, seen = 0;
            do {
                assert_int_equal(store_batches(w->s, &party, after, &at, page, 2, &n), ERR_OK);
                for (unsigned i = 0; i < n; i++) {
                    memcpy(after, page[i].batch, 32);
                    at = page[i].party;
                    assert_int_equal(page[i].accepted, oid_eq(&page[i].party, &(struct oid){ROWS_MNO_A}) ? 4 : 0);
                }
                seen += n;
            } while (n == 2);
            assert_int_equal(seen, who == 0 ? 7 : who == 1 ? 5 : 2);
        }
        if (round < 2)
            rows_flush(w);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, rows_setup, rows_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(by_what_stands_on_a_profile), T(another_owners_profile_is_not_found),
        T(by_life_and_file), T(rows_of_a_file_sum_over_its_runs),
        T(a_file_that_does_not_sum_is_a_broken_log), T(files_are_listed_in_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
