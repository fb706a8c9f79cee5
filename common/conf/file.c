/* SPDX-License-Identifier: Apache-2.0 */
/* libcyaml's report: "Load: Unexpected key: NAME", and from the innermost place outwards
 * "in mapping field 'NAME' (line: 3, column: 41)", "in sequence entry [0] (...)". */
#include "common/conf/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8u
#define KEY_MAX   48u

struct said {
    char what[160];
    char place[32];                   /* ", near line 3": of what was read last */
    char field[DEPTH_MAX][KEY_MAX]; /* innermost first */
    unsigned n;
};

static void keep_field(struct said *s, const char *line)
{
    const char *from = strchr(line, '\'');
    const char *to = from ? strchr(from + 1, '\'') : NULL;

    if (to && s->n < DEPTH_MAX)
        (void)snprintf(s->field[s->n++], KEY_MAX, "%.*s", (int)(to - from - 1), from + 1);
}

static void keep_place(struct said *s, const char *line)
{
    const char *at = strstr(line, "(line: ");

    if (!s->place[0] && at)
        (void)snprintf(s->place, sizeof s->place, ", near line %.*s",
                       (int)strspn(at + 7, "0123456789"), at + 7);
}

PRINTF_LIKE(3, 0) static void on_log(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    struct said *s = ctx;
    char line[256];
    size_t n;

    if (level < CYAML_LOG_ERROR)
        return;
    (void)vsnprintf(line, sizeof line, fmt, args);
    for (n = strlen(line); n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' '); n--)
        line[n - 1] = '\0';
    if (strncmp(line, "Load: ", 6) == 0) {
        if (!s->what[0])
            (void)snprintf(s->what, sizeof s->what, "%.150s", line + 6 + strspn(line + 6, " "));
        return;
    }
    keep_place(s, line);
    if (strstr(line, "in mapping field"))
        keep_field(s, line);
}

/* --- what would have been known --- */
static const cyaml_schema_field_t *field_of(const cyaml_schema_field_t *f, const char *name)
{
    for (; f && f->key; f++)
        if (strcmp(f->key, name) == 0)
            return f;
    return NULL;
}

/* Down from the root along the fields the report names: the keys of that mapping; NULL: not found.
 */
static const cyaml_schema_field_t *keys_at(const cyaml_schema_value_t *v, const struct said *s)
{
    for (unsigned i = s->n; i > 0; i--) {
        const cyaml_schema_field_t *f =
            v->type == CYAML_MAPPING ? field_of(v->mapping.fields, s->field[i - 1]) : NULL;
        if (!f)
            return NULL;
        v = &f->value;
        while (v->type == CYAML_SEQUENCE || v->type == CYAML_SEQUENCE_FIXED)
            v = v->sequence.entry;
    }
    return v->type == CYAML_MAPPING ? v->mapping.fields : NULL;
}

/* As many as fit, whole ones. */
static void list_keys(const cyaml_schema_field_t *f, char *dst, size_t cap)
{
    static const char MORE[] = ", ...";
    size_t n = 0;

    dst[0] = '\0';
    for (; f && f->key; f++) {
        size_t need = strlen(f->key) + (n ? 2 : 14);
        if (n + need + sizeof MORE > cap) {
            memcpy(dst + n, MORE, sizeof MORE);
            return;
        }
        n += (size_t)snprintf(dst + n, cap - n, "%s%s", n ? ", " : "; known here: ", f->key);
    }
}

static int sentence(const char *file, const cyaml_schema_value_t *schema, const struct said *s,
                    cyaml_err_t err, struct errmsg *why)
{
    const char *colon = strstr(s->what, ": ");
    char known[120];

    if (err == CYAML_ERR_INVALID_KEY && colon) {
        list_keys(keys_at(schema, s), known, sizeof known);
        return errmsg_set(why, ERR_CONFIG, "%.160s%s: unknown key %.60s%s", file, s->place,
                          colon + 2, known);
    }
    if (err == CYAML_ERR_MAPPING_FIELD_MISSING && colon)
        return errmsg_set(why, ERR_CONFIG, "%.160s%s: key %.*s is missing: add it", file, s->place,
                          (int)strcspn(colon + 2, " "), colon + 2);
    return errmsg_set(why, ERR_CONFIG, "%.160s%s: %s%s%s", file, s->place,
                      s->what[0] ? s->what : cyaml_strerror(err), s->n ? ", in key " : "",
                      s->n ? s->field[0] : "");
}

static cyaml_config_t config(struct said *s)
{
    return (cyaml_config_t){
        .log_fn = on_log, .log_ctx = s, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
}

int conf_file_load(const char *file, const cyaml_schema_value_t *schema, void **ret,
                   struct errmsg *why)
{
    struct said s = {.n = 0};
    cyaml_config_t cfg = config(&s);
    cyaml_err_t err;

    *ret = NULL; /* else the library takes it for data to be freed */
    err = cyaml_load_file(file, &cfg, schema, ret, NULL);

    if (err == CYAML_OK && *ret)
        return ERR_OK;
    *ret = NULL;
    if (err == CYAML_OK)
        return errmsg_set(why, ERR_CONFIG, "%.160s is empty", file);
    if (err == CYAML_ERR_FILE_OPEN)
        return errmsg_set(why, ERR_NOT_FOUND, "%.160s cannot be opened", file);
    return sentence(file, schema, &s, err, why);
}

void conf_file_free(const cyaml_schema_value_t *schema, void *data)
{
    struct said s = {.n = 0};
    cyaml_config_t cfg = config(&s);

    /* Freeing data that the library itself made cannot fail. */
    if (data)
        (void)cyaml_free(&cfg, schema, data, 0);
}
