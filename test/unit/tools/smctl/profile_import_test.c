/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_pki */
/* smctl profile import and template: what goes to the SM-DP, in parts, and is never shown (design 5). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/admin.h"
#include "test/support/fake_daemon.h"

#include <stdio.h>

static struct ran ran;

static void stock(struct rpc *r, const struct envelope *e)
{
    const struct admin_subscriptions_import_request *q = e->message.body;
    struct admin_subscriptions_import_response body = {.imported = q->total};

    fake_must(q->csv.n <= ADMIN_PART_MAX && q->part >= 1 && q->part <= q->total, "a part");
    fake_must(!strcmp(q->mno.s, "1.3.6.1.4.1.99999.10"), "the caller's own Mno-id");
    fake_reply(r, e, &body);
}

static void request(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    struct admin_template_add_response body = {.base = {.processing_start_ms = 0}};

    (void)f;
    (void)repeat;
    if (e->message.type == MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST) {
        stock(r, e);
        return;
    }
    fake_must(e->message.type == MSG_ADMIN_TEMPLATE_ADD_REQUEST, "a message that is not answered");
    fake_reply(r, e, &body);
}

static void stock_goes_in_parts_and_is_not_shown(void **state)
{
    static const char ROW[] = "89490100000000%05u,26201%010u,465B5CE8B199B49FAA5F0A2EE238A6BC,"
                              "CD63CB71954A9F4E48A5994E37A02BAF\n";
    struct fake f;
    char csv[512];
    FILE *out;

    (void)state;
    fake_start(&f, request, NULL);
    tmpdir_path(&f.dir, "s.csv", csv, sizeof csv);
    out = fopen(csv, "w");
    fputs("iccid,imsi,k,opc\n", out);
    for (unsigned i = 0; i < 2000; i++)
        fprintf(out, ROW, i, i);
    fclose(out);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "import", "--type", "blue", csv);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "imported for profile type blue: 4")); /* parts, as told */
    assert_null(strstr(ran.out, "465B5CE8"));
    out = fopen(csv, "a");
    fprintf(out, "8949010000000009999,262019999999999,465B5CE8B199B49FAA5F0A2EE238A6B,X\n");
    fclose(out);
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "import", "--type", "blue", csv);
    assert_int_equal(ran.code, XC_USAGE);
    assert_non_null(strstr(ran.err, "2002"));
    assert_null(strstr(ran.err, "465B5CE8"));
    SMCTL(&f, &ran, "--as", "operator-b", "profile", "template", "add", "--type", "blue",
          "--builtin", "--size", "200K", "--json");
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\"octets\":"));
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(stock_goes_in_parts_and_is_not_shown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
