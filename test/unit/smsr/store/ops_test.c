/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_store */
/* Operations as parties may list them, and the cards of their relations. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "test/support/smsr_rows.h"

#define HOUSE 0

static struct op_row row_of(struct rows *w, unsigned op)
{
    struct scope sc = rows_scope(w, 4, ROLE_ADMIN);
    struct uuid u = rows_op(op);
    struct op_row row;

    assert_int_equal(store_operation(w->s, &sc, &u, &row), ERR_OK);
    return row;
}

static void an_operation_tells_answer_and_verdict_apart(void **state)
{
    struct rows *w = *state;
    struct event late = {.type = EV_OPERATION_EXPIRED, .op = rows_op(1), .code = {"1.6", "5.4"}};
    struct event doubt = {.type = EV_OPERATION_IN_DOUBT,
                          .op = rows_op(1),
                          .text = span_str("silence"),
                          .op_state = 5,
                          .due_ms = 9000};
    struct op_row row;

    rows_enrol(w, 1);
    rows_accept(w, 1, 1, ROWS_MNO_A);
    row = row_of(w, 1);
    assert_int_equal(row.verdict, VERDICT_NONE);
    assert_int_equal(row.status, EXEC_NONE);
    rows_flush(w);
    assert_int_equal(rows_apply(w, 1, &late, NULL, NULL), ERR_OK);
    assert_int_equal(rows_apply(w, 1, &doubt, NULL, NULL), ERR_OK);
    row = row_of(w, 1);
    assert_int_equal(row.verdict, VERDICT_IN_DOUBT);
    assert_int_equal(row.status, EXEC_EXPIRED);
    assert_int_equal(row.state, 4);
    assert_string_equal(row.text, "silence");
    rows_flush(w);
    assert_int_equal(rows_end(w, 1, 1, VERDICT_SUCCESS, STAGE_NONE), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        row = row_of(w, 1);
        assert_int_equal(row.verdict, VERDICT_SUCCESS);
        assert_int_equal(row.status, EXEC_EXPIRED); /* what was answered stays answered */
        assert_string_equal(row.code.reason, "5.4");
        assert_string_equal(row.party.s, ROWS_MNO_A);
        assert_true(row.concluded_ms > 0);
        rows_flush(w);
    }
}

static void a_refusal_of_a_card_that_is_not_there_has_a_row(void **state)
{
    struct rows *w = *state;
    struct event ev = {.type = EV_OPERATION_CONCLUDED,
                       .op = rows_op(3),
                       .result = VERDICT_FAILED,
                       .stage = STAGE_ADMISSION,
                       .function = FN_ENABLE_PROFILE,
                       .code = {"8.1.1", "3.9"}};
    struct op_row row;

    (void)snprintf(ev.party.s, sizeof ev.party.s, "%s", ROWS_MNO_A);
    assert_int_equal(rows_apply(w, 7, &ev, NULL, NULL), ERR_OK);
    assert_null(w->card[7]);
    rows_flush(w);
    row = row_of(w, 3);
    assert_int_equal(row.status, EXEC_FAILED);
    assert_string_equal(row.code.subject, "8.1.1");
}

static void foreign_operations_are_unknown(void **state)
{
    struct rows *w = *state;
    struct uuid op = rows_op(1), never = rows_op(9);
    struct op_row row, nothing;
    static const struct { unsigned party; enum party_role role; bool sees; } ROWS[] = {
        {0, ROLE_OPERATOR, true},  {1, ROLE_OPERATOR, false}, {2, ROLE_FLEET, true},
        {3, ROLE_FLEET, false},    {2, ROLE_AUDITOR, true},   {3, ROLE_ADMIN, false},
        {4, ROLE_ADMIN, true},     {4, ROLE_AUDITOR, true},   {4, ROLE_OPERATOR, false},
        {4, ROLE_FLEET, false},
    };

    rows_enrol(w, 1);
    rows_accept(w, 1, 1, ROWS_MNO_A);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct scope sc = rows_scope(w, ROWS[i].party, ROWS[i].role);
        int want = ROWS[i].sees ? ERR_OK : ERR_NOT_FOUND;
        assert_int_equal(store_operation(w->s, &sc, &op, &row), want);
        assert_int_equal(store_operation(w->s, &sc, &never, &nothing), ERR_NOT_FOUND);
        if (!ROWS[i].sees)
            assert_memory_equal(&row, &nothing, sizeof row);
    }
}

static unsigned list(struct rows *w, unsigned party, enum party_role role, struct op_filter f,
                     struct op_row *ret, unsigned max)
{
    struct scope sc = rows_scope(w, party, role);
    unsigned n = 99;

    assert_int_equal(store_operations(w->s, &sc, &f, ret, max, &n), ERR_OK);
    return n;
}

static void pages_of_operations_lose_and_repeat_nothing(void **state)
{
    struct rows *w = *state;
    struct op_row rows[4];

    for (unsigned i = 1; i < 8; i++)
        rows_enrol(w, i);
    /* Some rows in the table, some newer ones in memory, one changed since it was written. */
    for (unsigned i = 1; i < 20; i += 2)
        rows_accept(w, 1 + i % 7, i, i % 3 ? ROWS_MNO_A : ROWS_MNO_B);
    rows_flush(w);
    for (unsigned i = 2; i < 20; i += 4)
        rows_accept(w, 1 + i % 7, i, ROWS_MNO_A);
    assert_int_equal(rows_end(w, 1 + 5 % 7, 5, VERDICT_SUCCESS, STAGE_NONE), ERR_OK);
    for (unsigned max = 1; max <= 4; max++) {
        struct op_filter f = {.verdict = VERDICT_NONE};
        unsigned seen = 0, n, last = 0;
        while ((n = list(w, HOUSE + 4, ROLE_ADMIN, f, rows, max)) > 0) {
            for (unsigned i = 0; i < n; i++) {
                assert_true(rows[i].op.b[15] > last);
                last = rows[i].op.b[15];
                seen++;
            }
            f.after = rows[n - 1].op;
        }
        assert_int_equal(seen, 15);
    }
    assert_int_equal(
        list(w, 4, ROLE_ADMIN, (struct op_filter){.verdict = VERDICT_SUCCESS}, rows, 4), 1);
    assert_int_equal(rows[0].op.b[15], 5);
    assert_int_equal(list(w, 1, ROLE_OPERATOR, (struct op_filter){.live_only = true}, rows, 4), 3);
    assert_int_equal(list(w, 3, ROLE_FLEET, (struct op_filter){.eid = fake_eid(2)}, rows, 4), 0);
}

static unsigned eids(struct rows *w, unsigned party, enum party_role role, unsigned after,
                     struct eid *ret, unsigned max)
{
    struct scope sc = rows_scope(w, party, role);
    struct eid from = {{0}};
    unsigned n = 99;

    if (after)
        from = fake_eid(after);
    assert_int_equal(store_eids(w->s, &sc, &(struct card_filter){.has_batch = false}, &from, ret, max, &n), ERR_OK);
    return n;
}

static unsigned seen_cards(struct rows *w, unsigned party, enum party_role role)
{
    struct scope sc = rows_scope(w, party, role);
    struct eid page[3], after = {{0}};
    unsigned n, seen = 0;

    do {
        assert_int_equal(store_eids(w->s, &sc, &(struct card_filter){.has_batch = false}, &after, page, 3, &n), ERR_OK);
        for (unsigned i = 0; i < n; i++) {
            for (unsigned c = 0; c < ROWS_CARDS; c++)
                if (w->card[c] && eid_eq(&w->card[c]->eid, &page[i]))
                    seen += scope_sees_card(&sc, w->card[c]);
            after = page[i];
        }
    } while (n == 3);
    return seen;
}

static void everybody_lists_the_cards_of_his_relations(void **state)
{
    struct rows *w = *state;
    struct eid page[16];

    for (unsigned i = 1; i < 8; i++)
        rows_enrol(w, i);
    assert_int_equal(rows_create_isdp(w, 3, 1, 50), ERR_OK);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(seen_cards(w, 4, ROLE_ADMIN), 7);
        assert_int_equal(seen_cards(w, 2, ROLE_FLEET), 5);
        assert_int_equal(seen_cards(w, 3, ROLE_FLEET), 2);
        assert_int_equal(seen_cards(w, 0, ROLE_OPERATOR), 7);
        assert_int_equal(seen_cards(w, 1, ROLE_OPERATOR), 0); /* in creation: not shown */
        assert_int_equal(seen_cards(w, 4, ROLE_OPERATOR), 0);
        assert_int_equal(eids(w, 4, ROLE_ADMIN, 3, page, 2), 2);
        rows_flush(w);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, rows_setup, rows_teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_operation_tells_answer_and_verdict_apart),
        CASE(a_refusal_of_a_card_that_is_not_there_has_a_row),
        CASE(foreign_operations_are_unknown),
        CASE(pages_of_operations_lose_and_repeat_nothing),
        CASE(everybody_lists_the_cards_of_his_relations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
