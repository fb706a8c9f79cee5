/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_pki */
/* smctl log verify --state: a journal on disk, without a daemon (design 3.2). */
#define _GNU_SOURCE /* memmem */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/journal/journal.h"
#include "common/msg/event.h"
#include "test/support/fake_daemon.h"

#include <stdio.h>

static struct ran ran;

static void a_journal_on_disk(void **state)
{
    struct fake f;
    char dir[512], path[512];
    struct crypto *c = crypto_new(NULL);
    struct journal_options o = {.vfs = NULL};
    struct errmsg why = {""};
    struct journal *j;
    FILE *file;

    (void)state;
    fake_start(&f, NULL, NULL);
    tmpdir_path(&f.dir, "pki", dir, sizeof dir);
    tmpdir_path(&f.dir, "pki/journal.db", path, sizeof path);
    assert_int_equal(journal_open(path, &o, c, &j, &why), ERR_OK);
    assert_int_equal(journal_begin(j), ERR_OK);
    for (unsigned i = 0; i < 50; i++) {
        struct journal_record r = {.at_ms = 1,
                                   .type = "admin.started",
                                   .class_ = CLASS_SEC,
                                   .body = span_str("canary-of-this-body")};
        assert_int_equal(journal_append(j, &r), ERR_OK);
    }
    assert_int_equal(journal_commit(j), ERR_OK);
    assert_int_equal(journal_checkpoint(j, true), ERR_OK);
    journal_close(j);
    SMCTL(&f, &ran, "log", "verify", "--state", dir);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "50 records"));
    file = fopen(path, "r+");
    static uint8_t all[1 << 20];
    size_t n = fread(all, 1, sizeof all, file);
    uint8_t *at = memmem(all, n, "canary", 6);
    assert_non_null(at);
    assert_int_equal(fseek(file, at - all, SEEK_SET), 0);
    fputc('k', file);
    fclose(file);
    SMCTL(&f, &ran, "log", "verify", "--state", dir);
    assert_int_equal(ran.code, XC_FAILED);
    assert_non_null(strstr(ran.out, "log verify: FAILED"));
    SMCTL(&f, &ran, "log", "verify", "--state", "/nowhere");
    assert_int_not_equal(ran.code, XC_OK);
    assert_int_not_equal(ran.code, XC_FAILED);
    SMCTL(&f, &ran, "log", "verify", "--state", dir, "--save-heads", path);
    assert_int_equal(ran.code, XC_USAGE);
    crypto_free(c);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_journal_on_disk)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
