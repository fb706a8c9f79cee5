/* SPDX-License-Identifier: Apache-2.0 */
/* Contexts (design 3.6): what is read, what is refused and how it is named. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/path.h"
#include "tools/smctl/contexts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS "ca: ca.pem, cert: c.pem, key: /k.pem"

static int load(const char *text, struct contexts **ret, struct errmsg *why, char path[512])
{
    static struct tmpdir dir; /* one a program */
    FILE *f;

    if (!dir.path[0])
        tmpdir_init(&dir);
    if (!text) {
        tmpdir_fini(&dir);
        return ERR_OK;
    }
    tmpdir_path(&dir, "smctl.yaml", path, 512);
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    why->text[0] = '\0';
    return contexts_load(path, ret, why);
}

static void good_files(void **state)
{
    char path[512], beside[600];
    struct contexts *c;
    const struct context *x;
    struct errmsg why;

    (void)state;
    assert_int_equal(load("contexts:\n- {name: a, smsr: 'h:1', " KEYS "}\n"
                          "- {name: b, smdp: 'h:2', smsr_id: 1.2.3, " KEYS "}\ndefault: b\n",
                          &c, &why, path),
                     ERR_OK);
    assert_int_equal(contexts_pick(c, NULL, &x, &why), ERR_OK);
    assert_string_equal(x->name, "b");
    assert_string_equal(x->smsr_id, "1.2.3");
    assert_null(x->smsr);
    assert_int_equal(contexts_pick(c, "a", &x, &why), ERR_OK);
    (void)snprintf(beside, sizeof beside, "%.*s/ca.pem", (int)(strrchr(path, '/') - path), path);
    assert_string_equal(x->ca, beside);
    assert_string_equal(x->key, "/k.pem");
    assert_int_equal(contexts_pick(c, "c", &x, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "a, b"));
    contexts_free(c);
    assert_int_equal(load("{\"contexts\": [{\"name\": \"a\", \"smsr\": \"h:1\", \"ca\": \"x\","
                          " \"cert\": \"y\", \"key\": \"z\"}]}",
                          &c, &why, path),
                     ERR_OK);                                   /* JSON is YAML */
    assert_int_equal(contexts_pick(c, NULL, &x, &why), ERR_OK); /* the only one */
    contexts_free(c);
}

static void wrong_files(void **state)
{
    static const struct {
        const char *text, *says;
    } WRONG[] = {
        {"", "smctl.yaml"},
        {"contexts: []\n", "smctl.yaml"},
        {"contexts:\n- {name: a, smsr: 'h:1', " KEYS ", color: red}\n", "color"},
        {"contexts:\n- {name: a, smsr: 'h:1', " KEYS ", color: red}\n", "near line 2"},
        {"contexts:\n- {name: a, smsr: 'h:1', ca: x, cert: y}\n", "key"},
        {"contexts:\n- {name: a, " KEYS "}\n", "neither smsr nor smdp"},
        {"contexts:\n- {name: a, smsr: 'h:1', " KEYS "}\n- {name: a, smsr: 'h:1', " KEYS "}\n",
         "twice"},
        {"contexts:\n- {name: a, smsr: 'h:1', smsr_id: x.y, " KEYS "}\n", "no OID"},
        {"contexts:\n- {name: '', smsr: 'h:1', " KEYS "}\n", "name"},
        {"contexts: {name: a}\n", "smctl.yaml"},
        {"contexts: [\n", "smctl.yaml"},
        {"\x01\x02", "smctl.yaml"},
    };
    char path[512];
    struct contexts *c;
    struct errmsg why;

    (void)state;
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_int_equal(load(WRONG[i].text, &c, &why, path), ERR_CONFIG);
        assert_null(c);
        if (!strstr(why.text, WRONG[i].says))
            fail_msg("%zu: %s", i, why.text);
    }
    assert_int_equal(contexts_load("/nowhere/at/all.yaml", &c, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "pki init"));
}

static void nobody_said_who(void **state)
{
    char path[512];
    struct contexts *c;
    const struct context *x;
    struct errmsg why;

    (void)state;
    assert_int_equal(load("contexts:\n- {name: a, smsr: 'h:1', " KEYS "}\n"
                          "- {name: b, smsr: 'h:1', " KEYS "}\n",
                          &c, &why, path),
                     ERR_OK);
    assert_int_equal(contexts_pick(c, NULL, &x, &why), ERR_CONFIG);
    assert_non_null(strstr(why.text, "--as"));
    contexts_free(c);
    contexts_free(NULL);
}

static void where_the_file_is(void **state)
{
    char path[64], small[4];
    struct errmsg why;

    (void)state;
    setenv("SMCTL_CONFIG", "/env.yaml", 1);
    setenv("HOME", "/house", 1);
    assert_int_equal(contexts_path("/given.yaml", path, sizeof path, &why), ERR_OK);
    assert_string_equal(path, "/given.yaml");
    assert_int_equal(contexts_path(NULL, path, sizeof path, &why), ERR_OK);
    assert_string_equal(path, "/env.yaml");
    unsetenv("SMCTL_CONFIG");
    assert_int_equal(contexts_path(NULL, path, sizeof path, &why), ERR_OK);
    assert_string_equal(path, "/house/.config/smctl/config.yaml");
    assert_int_equal(contexts_path(NULL, small, sizeof small, &why), ERR_CONFIG);
    unsetenv("HOME");
    assert_int_equal(contexts_path(NULL, path, sizeof path, &why), ERR_CONFIG);
}

static int clean(void **state)
{
    char path[512];
    struct contexts *c;
    struct errmsg why;

    (void)state;
    return load(NULL, &c, &why, path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files),
        cmocka_unit_test(wrong_files),
        cmocka_unit_test(nobody_said_who),
        cmocka_unit_test(where_the_file_is),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
