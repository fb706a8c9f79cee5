/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of cards for bulk calls: what is read, and that a mistake names its line. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/path.h"
#include "tools/smctl/eids_file.h"

#include <stdio.h>
#include <stdlib.h>

#define EID_1 "89001012012341234012345678901224"
#define ICCID "8949000000000000001"

static char *eid_number(unsigned i, char dst[EID_TEXT])
{
    char digits[31];
    struct eid e;

    (void)snprintf(digits, sizeof digits, "8900101201234123401234%08u", i);
    assert_int_equal(eid_make(digits, &e), ERR_OK);
    eid_text(&e, dst);
    return dst;
}

static void good_files(void **state)
{
    char two[EID_TEXT], text[400];
    struct errmsg why;
    struct eids e;

    (void)state;
    eid_number(2, two);
    (void)snprintf(text, sizeof text, "# cards\n\n  %s \r\n%s# second\n   \n", EID_1, two);
    assert_int_equal(eids_parse(span_str(text), false, &e, &why), ERR_OK);
    assert_int_equal(e.n, 2);
    assert_string_equal(e.rows[0].iccid.s, "");
    eids_fini(&e);
    (void)snprintf(text, sizeof text, "%s,%s\n%s;\t %s", EID_1, ICCID, two, ICCID);
    assert_int_equal(eids_parse(span_str(text), true, &e, &why), ERR_OK);
    assert_int_equal(e.n, 2);
    assert_string_equal(e.rows[1].iccid.s, ICCID);
    eids_fini(&e);
    assert_null(e.rows);
}

static void mistakes_name_their_line(void **state)
{
    static const struct {
        const char *text;
        bool with_iccid;
        int err;
        const char *says;
    } WRONG[] = {
        {"", false, ERR_FORMAT, "no card"},
        {"# only this\n\n", false, ERR_FORMAT, "no card"},
        {EID_1 "\n89001012012341234012345678901225\n", false, ERR_FORMAT, "line 2"},
        {"\n\nabc\n", false, ERR_FORMAT, "line 3"},
        {EID_1 "\n", true, ERR_FORMAT, "ICCID is missing"},
        {EID_1 " " ICCID "\n", false, ERR_FORMAT, "only the EID"},
        {EID_1 " " ICCID " x\n", true, ERR_FORMAT, "more words"},
        {EID_1 " 123\n", true, ERR_FORMAT, "line 1"},
        {EID_1 "\n" EID_1 "\n", false, ERR_EXISTS, "line 1 already"},
        {"8900101201234123401234567890122489001012012341234012345678901224\n", false, ERR_FORMAT,
         "line 1"},
        {"\x01\xff\n", false, ERR_FORMAT, "line 1"},
    };
    struct errmsg why;
    struct eids e;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_int_equal(eids_parse(span_str(WRONG[i].text), WRONG[i].with_iccid, &e, &why),
                         WRONG[i].err);
        assert_non_null(strstr(why.text, WRONG[i].says));
        assert_null(e.rows);
        assert_int_equal(e.n, 0);
    }
    /* A NUL octet is no end of the text. */
    assert_int_equal(eids_parse(span_of(EID_1 "\0x", sizeof EID_1 + 1), false, &e, &why),
                     ERR_FORMAT);
}

static void many_lines_and_files(void **state)
{
    struct tmpdir dir;
    char path[512], eid[EID_TEXT];
    struct errmsg why = {""};
    struct eids e;
    FILE *f;

    (void)state;
    tmpdir_init(&dir);
    tmpdir_path(&dir, "eids", path, sizeof path);
    f = fopen(path, "w");
    assert_non_null(f);
    for (unsigned i = 0; i < 3000; i++)
        fprintf(f, "%s %s\n", eid_number(i, eid), ICCID);
    fclose(f);
    assert_int_equal(eids_read(path, true, &e, &why), ERR_OK);
    assert_int_equal(e.n, 3000);
    eids_fini(&e);
    assert_int_equal(eids_read(path, false, &e, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, path));
    tmpdir_path(&dir, "none", path, sizeof path);
    assert_int_equal(eids_read(path, true, &e, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, path));
    assert_int_equal(eids_read(dir.path, true, &e, &why), ERR_CONFIG); /* a directory */
    f = fopen(path, "w");
    fclose(f);
    assert_int_equal(eids_read(path, true, &e, &why), ERR_FORMAT); /* an empty file */
    tmpdir_fini(&dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(mistakes_name_their_line),
        cmocka_unit_test(many_lines_and_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
