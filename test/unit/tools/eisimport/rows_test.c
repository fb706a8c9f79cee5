/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_eisrows */
/* Rows there and back, and octets that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/eisimport/rows.h"

#define EID "89049032000000000000000000000146"

static void there_and_back(void **state)
{
    static const struct row ROWS[] = {
        {.kind = ROW_ENTRY, .number = 1},
        {.kind = ROW_REFUSED, .number = 2, .eid = EID},
        {.kind = ROW_REFUSED, .number = 3},
        {.kind = ROW_END, .number = 3},
    };
    struct buf b;
    struct span rest;
    enum row_kind last = (enum row_kind)0;
    struct row r;

    (void)state;
    buf_init(&b, 0);
    for (size_t i = 0; i < 4; i++) {
        struct row row = ROWS[i];
        row.body = row.kind == ROW_END ? (struct span){NULL, 0} : span_str("body");
        row_put(&b, &row);
    }
    rest = buf_span(&b);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(row_next(&rest, &last, &r), ERR_OK);
        assert_int_equal(r.kind, ROWS[i].kind);
        assert_int_equal(r.number, ROWS[i].number);
        assert_string_equal(r.eid, ROWS[i].eid);
        assert_int_equal(r.body.n, r.kind == ROW_END ? 0 : 4);
    }
    assert_int_equal(row_next(&rest, &last, &r), ERR_NOT_FOUND);
    /* Every end before the end is one. */
    for (size_t n = 0; n < b.n; n++) {
        int err;
        last = (enum row_kind)0;
        rest = span_of(b.p, n);
        while ((err = row_next(&rest, &last, &r)) == ERR_OK)
            ;
        assert_int_equal(err, ERR_TRUNCATED);
    }
    buf_fini(&b);
}

static void octets_that_are_no_rows(void **state)
{
    static const struct {
        uint8_t n, b[48];
    } ROWS[] = {
        {4, {0, 0, 0, 0}},                                  /* of nothing */
        {8, {0, 0, 0, 4, 'E', 0, 0, 0}},                    /* without its number */
        {9, {0, 0, 0, 5, 'Q', 0, 0, 0, 1}},                 /* another kind */
        {9, {0, 0, 0, 5, 'E', 0, 0, 0, 1}},                 /* an entry of nothing */
        {10, {0, 0, 0, 6, 'Z', 0, 0, 0, 1, 'x'}},           /* an end with something */
        {9, {0xFF, 0xFF, 0xFF, 0xFF, 'E'}},                 /* too large */
        {12, {0, 0, 0, 8, 'R', 0, 0, 0, 1, '8', '9', '0'}}, /* half an EID */
        {18,
         {0, 0, 0, 5, 'Z', 0, 0, 0, 0, 0, 0, 0, 5, 'Z', 0, 0, 0, 0}}, /* something behind the end */
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct span rest = span_of(ROWS[i].b, ROWS[i].n);
        enum row_kind last = (enum row_kind)0;
        struct row r;
        int err = row_next(&rest, &last, &r);
        if (!err)
            err = row_next(&rest, &last, &r);
        if (err != ERR_FORMAT)
            fail_msg("row %zu: %s", i, err_text(err));
    }
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back),
                                       cmocka_unit_test(octets_that_are_no_rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
