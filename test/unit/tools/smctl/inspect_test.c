/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smctl remora_smdp_profile remora_pki jansson */
/* smctl profile inspect: lines for people, one JSON value for programs, one sentence for a bad file; no
 * server is asked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smdp/profile/template.h"
#include "test/support/fake_daemon.h"

#include <jansson.h>
#include <stdio.h>

static struct ran ran;

static void nobody(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat)
{
    (void)f;
    (void)r;
    (void)e;
    (void)repeat;
    fake_must(false, "no request");
}

static void put(const char *path, const uint8_t *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void a_package_is_shown(void **state)
{
    struct fake f;
    struct buf package;
    char path[512];
    json_t *root;

    (void)state;
    buf_init(&package, 0);
    assert_int_equal(profile_template_build(0, &package), ERR_OK);
    fake_start(&f, nobody, NULL);
    tmpdir_path(&f.dir, "p.der", path, sizeof path);
    put(path, package.p, package.n);
    SMCTL(&f, &ran, "profile", "inspect", path);
    assert_int_equal(ran.code, XC_OK);
    assert_non_null(strstr(ran.out, "\nelements:\n  header, offset 0, octets "));
    assert_non_null(strstr(ran.out, "\n    services: usim milenage\n"));
    assert_non_null(strstr(ran.out, "\n      ef-imsi, offset "));
    assert_null(strstr(ran.out, ", \n"));
    assert_null(strstr(ran.out, "\n\n"));

    SMCTL(&f, &ran, "profile", "inspect", path, "--json");
    assert_int_equal(ran.code, XC_OK);
    root = json_loads(ran.out, 0, NULL);
    assert_non_null(root);
    assert_int_equal(json_integer_value(json_object_get(root, "octets")), (json_int_t)package.n);
    assert_true(json_array_size(json_object_get(root, "elements")) > 8);
    assert_true(json_is_array(json_object_get(root, "findings")));
    json_decref(root);

    package.p[package.n - 1] ^= 0x40; /* the last element's length or value */
    put(path, package.p, package.n - 5);
    SMCTL(&f, &ran, "profile", "inspect", path);
    assert_int_equal(ran.code, XC_USAGE);
    assert_string_equal(ran.out, "");
    assert_non_null(strstr(ran.err, "is no profile package: element "));
    assert_non_null(strstr(ran.err, " at octet "));
    assert_ptr_equal(strchr(ran.err, '\n'), ran.err + strlen(ran.err) - 1);
    SMCTL(&f, &ran, "profile", "inspect", "no-such-file");
    assert_int_equal(ran.code, XC_USAGE);
    buf_fini(&package);
    fake_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_package_is_shown)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
