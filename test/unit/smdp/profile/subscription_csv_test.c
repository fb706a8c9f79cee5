/* SPDX-License-Identifier: Apache-2.0 */
/* Subscription files: what is read, and that each refusal names row and column but no cell. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "smdp/profile/subscription_csv.h"

#define K        "8BAF473F2F8FD09487CCCBD7097C6862"
#define OPC      "8E27B6AF0E692E750F32667A3B14605D"
#define KEY      "A1B2C3D4E5F60718293A4B5C6D7E8F90"
#define ICCID    "89490100000000000006"
#define IMSI     "262011234567890"
#define MIN_HEAD "iccid,imsi,k,opc"
#define MIN_ROW  ICCID "," IMSI "," K "," OPC
#define FULL_HEAD                                                                                  \
    "iccid,imsi,msisdn,k,opc,acc,ad_mnc_len,smsp,pin1,puk1,pin2,puk2,adm1,ota_kvn,ota_kic,ota_"    \
    "kid,"                                                                                         \
    "ota_dek,pol1,profile_type"
#define FULL_ROW                                                                                   \
    ICCID "," IMSI ",4917112345," K "," OPC                                                        \
          ",0100,2,491710000,1234,12345679,4321,87654322,99887766,"                                \
          "02," KEY "," KEY "," KEY KEY ",04,\"blue, \"\"basic\"\"\""

struct seen {
    unsigned n;
    unsigned row;
    struct subscription s;
};

static int keep(void *arg, unsigned row, const struct subscription *s)
{
    struct seen *seen = arg;
    seen->n++;
    seen->row = row;
    seen->s = *s;
    return ERR_OK;
}

static int read_text(const char *text, struct seen *seen, struct errmsg *why)
{
    unsigned rows = 0;
    memset(seen, 0, sizeof(*seen));
    memset(why, 0, sizeof(*why));
    int rc = subscription_csv_each(span_str(text), keep, seen, &rows, why);
    if (rc == ERR_OK)
        assert_int_equal(rows, seen->n);
    return rc;
}

static void minimal(void **state)
{
    (void)state;
    struct seen seen;
    struct errmsg why;
    assert_int_equal(read_text(MIN_HEAD "\n" MIN_ROW "\n", &seen, &why), ERR_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.row, 2);
    assert_string_equal(seen.s.iccid.s, ICCID);
    assert_string_equal(seen.s.imsi.s, IMSI);
    assert_int_equal(seen.s.k[0], 0x8B);
    assert_int_equal(seen.s.opc[15], 0x5D);
    assert_false(seen.s.has_acc || seen.s.has_pol1 || seen.s.pin1.set || seen.s.ota_kvn);
}

static void every_column(void **state)
{
    (void)state;
    struct seen seen;
    struct errmsg why;
    assert_int_equal(read_text("\xEF\xBB\xBF" FULL_HEAD "\r\n\r\n" FULL_ROW "\r\n", &seen, &why),
                     ERR_OK);
    const struct subscription *s = &seen.s;
    assert_int_equal(seen.row, 3);
    assert_string_equal(s->msisdn.s, "4917112345");
    assert_memory_equal(s->acc, "\x01\x00", 2);
    assert_int_equal(s->mnc_len, 2);
    assert_string_equal(s->smsc.s, "491710000");
    assert_memory_equal(s->pin1.v, "1234\xFF\xFF\xFF\xFF", 8);
    assert_memory_equal(s->puk2.v, "87654322", 8);
    assert_memory_equal(s->adm1.v, "99887766", 8);
    assert_int_equal(s->ota_kvn, 2);
    assert_int_equal(s->ota_kic.n, 16);
    assert_int_equal(s->ota_dek.n, 32);
    assert_int_equal(s->ota_dek.v[31], 0x90);
    assert_true(s->has_pol1);
    assert_int_equal(s->pol1, 4);
    assert_string_equal(s->profile_type, "blue, \"basic\"");
}

static void other_orders_and_blanks(void **state)
{
    (void)state;
    struct seen seen;
    struct errmsg why;
    assert_int_equal(
        read_text("opc , k,imsi,iccid\n" OPC ", " K " ,\"" IMSI "\"," ICCID, &seen, &why), ERR_OK);
    assert_string_equal(seen.s.imsi.s, IMSI);
    assert_int_equal(
        read_text(MIN_HEAD ",msisdn,adm1\n" MIN_ROW ",,0102030405060708\n", &seen, &why), ERR_OK);
    assert_string_equal(seen.s.msisdn.s, "");
    assert_int_equal(seen.s.adm1.v[7], 8);
    assert_int_equal(read_text(MIN_HEAD "\n", &seen, &why), ERR_OK);
    assert_int_equal(seen.n, 0);
}

/* --- refusals: text, what the sentence must name --- */

struct refusal {
    const char *text;
    int rc;
    const char *names;
};

static void refused(const struct refusal *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct seen seen;
        struct errmsg why;
        int rc = read_text(r[i].text, &seen, &why);
        if (rc != r[i].rc || !strstr(why.text, r[i].names))
            print_error("case %zu gave %d: %s\n", i, rc, why.text);
        assert_int_equal(rc, r[i].rc);
        assert_non_null(strstr(why.text, r[i].names));
    }
}
#define REFUSED(table) refused(table, sizeof(table) / sizeof((table)[0]))

static void headers_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {"", ERR_FORMAT, "empty"},
        {"iccid,imsi,k\n", ERR_FORMAT, "opc is missing"},
        {"imsi,k,opc\n", ERR_FORMAT, "iccid is missing"},
        {"iccid,imsi,k,opc,ki\n", ERR_FORMAT, "column 5"},
        {"iccid,imsi,k,opc,ki\n", ERR_FORMAT, "iccid, imsi, k, opc, msisdn"},
        {"iccid,imsi,k,opc,ki\n", ERR_FORMAT, "pol1, profile_type"},
        {"iccid;imsi;k;opc\n", ERR_FORMAT, "commas"},
        {"iccid,imsi,k,opc,k\n", ERR_FORMAT, "k is named twice"},
        {"iccid,imsi,k,opc,\n", ERR_FORMAT, "column 5"},
        {"iccid,imsi,k,\"opc\n", ERR_FORMAT, "column 4"},
        {MIN_HEAD ",ota_kvn,ota_kic\n", ERR_FORMAT, "ota_kid belong together"},
        {MIN_HEAD ",ota_kic,ota_kid\n", ERR_FORMAT, "belong together"},
        {MIN_HEAD ",ota_dek\n", ERR_FORMAT, "ota_dek needs ota_kvn"},
        {MIN_ROW "\n", ERR_FORMAT, "row 1, column 1"},
    };
    REFUSED(cases);
}

static void rows_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {MIN_HEAD "\n" MIN_ROW ",1\n", ERR_FORMAT, "row 2: has more"},
        {MIN_HEAD "\n" ICCID "," IMSI "," K "\n", ERR_FORMAT, "row 2: has fewer"},
        {MIN_HEAD "\n\n" ICCID "," IMSI "," K "\n", ERR_FORMAT, "row 3: has fewer"},
        {MIN_HEAD "\n,,,\n", ERR_FORMAT, "row 2, column iccid"},
        {MIN_HEAD "\n" ICCID "," IMSI ",\"" K "\"x," OPC "\n", ERR_FORMAT, "column k"},
        {MIN_HEAD "\n" ICCID "," IMSI "," K ",\"" OPC "\n", ERR_FORMAT, "column opc"},
        {MIN_HEAD "\n" ICCID ",\"" IMSI "\",8\"\"9," OPC "\n", ERR_FORMAT, "column k"},
    };
    REFUSED(cases);
}

/* One column beside the four that must be there, and a value it must not take. */
static void values_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"msisdn", "49-171"},
        {"msisdn", "12"},
        {"acc", "0400"},
        {"acc", "0000"},
        {"acc", "8000"},
        {"acc", "001"},
        {"acc", "00 1"},
        {"ad_mnc_len", "4"},
        {"ad_mnc_len", ""},
        {"smsp", ""},
        {"smsp", "+49x"},
        {"pin1", "123"},
        {"pin1", "123456789"},
        {"pin1", "12a4"},
        {"puk1", "1234567"},
        {"pin2", ""},
        {"puk2", "123456789"},
        {"adm1", "123"},
        {"adm1", "12345678901234GG"},
        {"pol1", "08"},
        {"pol1", "4"},
        {"profile_type", ""},
        {"profile_type", "a\tb"},
        {"profile_type", "1234567890123456789012345678901234567890123456789012345678901234"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[400], column[40];
        (void)snprintf(text, sizeof(text), MIN_HEAD ",%s\n" MIN_ROW ",%s\n", cases[i][0],
                       cases[i][1]);
        (void)snprintf(column, sizeof(column), "row 2, column %s:", cases[i][0]);
        struct refusal r = {text, ERR_FORMAT, column};
        refused(&r, 1);
    }
}

static void identities_and_keys_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {MIN_HEAD "\n"
                  "8849010000000000000," IMSI "," K "," OPC,
         ERR_FORMAT, "column iccid"},
        {MIN_HEAD "\n"
                  "89490," IMSI "," K "," OPC,
         ERR_FORMAT, "column iccid"},
        {MIN_HEAD "\n" ICCID ",26201," K "," OPC, ERR_FORMAT, "column imsi"},
        {MIN_HEAD "\n" ICCID ",2620112345678901," K "," OPC, ERR_FORMAT, "column imsi"},
        {MIN_HEAD "\n" ICCID "," IMSI "," K "00," OPC, ERR_FORMAT, "column k"},
        {MIN_HEAD "\n" ICCID "," IMSI "," K ",8E27", ERR_FORMAT, "column opc"},
        {MIN_HEAD "\n" ICCID "," IMSI "," K ",XX27B6AF0E692E750F32667A3B14605D", ERR_FORMAT,
         "column opc"},
        {MIN_HEAD ",ota_kvn,ota_kic,ota_kid\n" MIN_ROW ",10," KEY "," KEY, ERR_FORMAT,
         "column ota_kvn"},
        {MIN_HEAD ",ota_kvn,ota_kic,ota_kid\n" MIN_ROW ",00," KEY "," KEY, ERR_FORMAT,
         "column ota_kvn"},
        {MIN_HEAD ",ota_kvn,ota_kic,ota_kid\n" MIN_ROW ",01,A1B2C3D4E5F60718," KEY, ERR_FORMAT,
         "column ota_kic"},
        {MIN_HEAD ",ota_kvn,ota_kic,ota_kid\n" MIN_ROW ",01," KEY ",", ERR_FORMAT,
         "column ota_kid"},
    };
    REFUSED(cases);
}

static void duplicates_refused(void **state)
{
    (void)state;
    static const struct refusal cases[] = {
        {MIN_HEAD "\n" MIN_ROW "\n" ICCID ",262011234567891," K "," OPC, ERR_EXISTS,
         "row 3, column iccid"},
        {MIN_HEAD "\n" MIN_ROW "\n89490100000000000014," IMSI "," K "," OPC, ERR_EXISTS,
         "row 3, column imsi"},
    };
    REFUSED(cases);
}

/* Cells are shifted into every column in turn; no sentence repeats any of them. */
static void no_cell_is_echoed(void **state)
{
    (void)state;
    static const char *const heads[] = {MIN_HEAD, "k,iccid,imsi,opc", "imsi,k,iccid,opc", K "," OPC,
                                        MIN_HEAD ",acc"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        char text[600];
        struct seen seen;
        struct errmsg why;
        (void)snprintf(text, sizeof(text), "%s\n" K "," OPC "," KEY "," KEY ",CAFE\n", heads[i]);
        assert_int_not_equal(read_text(text, &seen, &why), ERR_OK);
        assert_null(strstr(why.text, "8BAF"));
        assert_null(strstr(why.text, "8E27"));
        assert_null(strstr(why.text, "A1B2"));
        assert_null(strstr(why.text, "CAFE"));
    }
}

static void lengths_are_bounded(void **state)
{
    (void)state;
    static char text[SUBSCRIPTION_LINE_MAX + 200];
    struct seen seen;
    struct errmsg why;
    int n = snprintf(text, sizeof(text), MIN_HEAD ",profile_type\n" MIN_ROW ",");
    assert_true(n > 0);
    memset(text + n, 'x', 300);
    assert_int_equal(read_text(text, &seen, &why), ERR_FORMAT);
    assert_non_null(strstr(why.text, "column profile_type"));
    memset(text + n, 'x', sizeof(text) - (size_t)n - 1);
    assert_int_equal(read_text(text, &seen, &why), ERR_TOO_LARGE);
}

static void batch_is_bounded(void **state)
{
    (void)state;
    struct subscription_csv *c = NULL;
    struct subscription s;
    static const struct subscription zero;
    struct errmsg why;
    assert_int_equal(subscription_csv_new(span_str(MIN_HEAD), 1, &c, &why), ERR_OK);
    assert_int_equal(subscription_csv_row(c, span_str(MIN_ROW), &s, &why), ERR_OK);
    assert_int_equal(subscription_csv_row(c, span_str(" "), &s, &why), ERR_NOT_FOUND);
    assert_int_equal(subscription_csv_row(
                         c, span_str("89490100000000000014,262011234567891," K "," OPC), &s, &why),
                     ERR_FULL);
    assert_memory_equal(&s, &zero, sizeof(s));
    subscription_csv_free(c);
    subscription_csv_free(NULL);
}

static int stop(void *arg, unsigned row, const struct subscription *s)
{
    (void)row;
    (void)s;
    ++*(unsigned *)arg;
    return ERR_BUSY;
}

static void caller_ends_the_walk(void **state)
{
    (void)state;
    unsigned calls = 0, rows = 77;
    struct errmsg why;
    assert_int_equal(subscription_csv_each(span_str(MIN_HEAD "\n" MIN_ROW "\n" MIN_ROW "\n"), stop,
                                           &calls, &rows, &why),
                     ERR_BUSY);
    assert_int_equal(calls, 1);
    assert_int_equal(rows, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(minimal),
        cmocka_unit_test(every_column),
        cmocka_unit_test(other_orders_and_blanks),
        cmocka_unit_test(headers_refused),
        cmocka_unit_test(rows_refused),
        cmocka_unit_test(values_refused),
        cmocka_unit_test(identities_and_keys_refused),
        cmocka_unit_test(duplicates_refused),
        cmocka_unit_test(no_cell_is_echoed),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(batch_is_bounded),
        cmocka_unit_test(caller_ends_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
