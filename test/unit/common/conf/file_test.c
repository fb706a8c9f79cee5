/* SPDX-License-Identifier: Apache-2.0 */
/* The sentence a mistake in a configuration file becomes. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/conf/file.h"

struct pair {
    char *first, *second;
};
struct conf {
    struct {
        char *oid, *listen;
    } self;
    struct pair *list;
    unsigned list_count;
    unsigned *number;
};

#define STR(key, st, m) CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, st, m, 1, 64)
#define SELF            __typeof__(((struct conf *)0)->self)
static const cyaml_schema_field_t PAIR_FIELDS[] = {
    STR("oid", struct pair, first), STR("address", struct pair, second), CYAML_FIELD_END};
static const cyaml_schema_value_t PAIR = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct pair, PAIR_FIELDS)};
static const cyaml_schema_field_t SELF_FIELDS[] = {STR("oid", SELF, oid),
                                                   STR("listen", SELF, listen), CYAML_FIELD_END};
static const cyaml_schema_field_t FIELDS[] = {
    CYAML_FIELD_MAPPING("smdp", CYAML_FLAG_DEFAULT, struct conf, self, SELF_FIELDS),
    CYAML_FIELD_SEQUENCE("smsr", CYAML_FLAG_POINTER, struct conf, list, &PAIR, 1, 8),
    CYAML_FIELD_UINT_PTR("limit", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct conf, number),
    CYAML_FIELD_END};
static const cyaml_schema_value_t SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct conf, FIELDS)};

static int load(const char *text, struct errmsg *why)
{
    char path[] = "conf_file_test.XXXXXX";
    int fd = mkstemp(path), err;
    void *data = NULL;
    size_t n;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(close(fd), 0);
    why->text[0] = '\0';
    err = conf_file_load(path, &SCHEMA, &data, why);
    conf_file_free(&SCHEMA, data);
    (void)unlink(path);
    n = strlen(path); /* what follows the name of the file */
    if (strncmp(why->text, path, n) == 0)
        memmove(why->text, why->text + n, strlen(why->text + n) + 1);
    return err;
}

#define SMDP "smdp: {oid: 1.2, listen: x}\n"
#define SMSR "smsr:\n  - {oid: 1.2, address: y}\n"

static void mistakes_become_sentences(void **state)
{
    static const struct {
        const char *text, *says;
    } ROWS[] = {
        {SMDP SMSR "limits: 3\n",
         ", near line 3: unknown key limits; known here: smdp, smsr, limit"},
        {"smdp: {oid: 1.2, listen: x, state: y}\n" SMSR,
         ", near line 1: unknown key state; known here: oid, listen"},
        {SMDP "smsr:\n  - {oid: 1.2, address: y}\n  - {oid: 1.3, addres: y}\n",
         ", near line 4: unknown key addres; known here: oid, address"},
        {SMDP "smsr:\n  - {oid: 1.2}\n", ", near line 3: key address is missing: add it"},
        {SMDP, ", near line 1: key smsr is missing: add it"},
        {SMDP SMSR "limit: many\n", ", near line 4: Invalid"},
        {"", " is empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct errmsg why;
        assert_int_equal(load(ROWS[i].text, &why), ERR_CONFIG);
        if (strncmp(why.text, ROWS[i].says, strlen(ROWS[i].says)) != 0)
            fail_msg("row %zu:%s", i, why.text);
        assert_null(strchr(why.text, '\n'));
    }
}

static void files(void **state)
{
    struct errmsg why;
    void *data;

    (void)state;
    assert_int_equal(load(SMDP SMSR, &why), ERR_OK);
    assert_int_equal(conf_file_load("/nonexistent/x.yaml", &SCHEMA, &data, &why), ERR_NOT_FOUND);
    assert_null(data);
    conf_file_free(&SCHEMA, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_become_sentences),
        cmocka_unit_test(files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
