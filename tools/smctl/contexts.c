/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the contexts (design 3.6). */
#include "tools/smctl/contexts.h"

#include <cyaml/cyaml.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXTS_MAX 256
#define TEXT_MAX     1024

struct file {
    struct context *contexts;
    unsigned contexts_count;
    char *default_;
};
struct contexts {
    struct file *file;
    char path[PATH_MAX];
};

static const cyaml_schema_field_t CONTEXT_FIELDS[] = {
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, struct context, name, 1, 64),
    CYAML_FIELD_STRING_PTR("smsr", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct context, smsr,
                           1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("smdp", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct context, smdp,
                           1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("smsr_id", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct context,
                           smsr_id, 1, 63),
    CYAML_FIELD_STRING_PTR("ca", CYAML_FLAG_POINTER, struct context, ca, 1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("cert", CYAML_FLAG_POINTER, struct context, cert, 1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("key", CYAML_FLAG_POINTER, struct context, key, 1, TEXT_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_value_t CONTEXT = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct context, CONTEXT_FIELDS)};
static const cyaml_schema_field_t FILE_FIELDS[] = {
    CYAML_FIELD_SEQUENCE("contexts", CYAML_FLAG_POINTER, struct file, contexts, &CONTEXT, 1,
                         CONTEXTS_MAX),
    CYAML_FIELD_STRING_PTR("default", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, struct file,
                           default_, 1, 64),
    CYAML_FIELD_END};
static const cyaml_schema_value_t FILE_SCHEMA = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct file, FILE_FIELDS)};

/* The library explains itself in several lines: the first says what is wrong, the first of its
 * backtrace ("  in mapping field ... (line: 2, column: 3)") where. */
static void PRINTF_LIKE(3, 0) keep_said(cyaml_log_t level, void *ctx, const char *fmt, va_list args)
{
    struct errmsg *m = ctx;
    char line[160];
    size_t n, have;
    const char *at = line;

    if (level < CYAML_LOG_ERROR || !m)
        return;
    (void)vsnprintf(line, sizeof line, fmt, args);
    n = strlen(line);
    while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == ' '))
        line[--n] = '\0';
    at += strncmp(at, "Load: ", 6) ? 0 : 6;
    at += strspn(at, " ");
    have = strlen(m->text);
    if (have == 0)
        (void)snprintf(m->text, sizeof m->text, "%s", at);
    else if (!strncmp(at, "in ", 3) && !strstr(m->text, ", in "))
        (void)snprintf(m->text + have, sizeof m->text - have, ", %s", at);
}

static cyaml_config_t library(struct errmsg *said)
{
    return (cyaml_config_t){
        .log_fn = keep_said, .log_ctx = said, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
}

/* Beside the file it stands in; *path is of the library's allocator, which is the C one. */
static int absolute(const char *file, char **path)
{
    const char *slash = strrchr(file, '/');
    size_t dir = slash ? (size_t)(slash - file) + 1 : 0;
    char *joined;

    if (**path == '/' || dir == 0)
        return ERR_OK;
    joined = malloc(dir + strlen(*path) + 1);
    if (!joined)
        return ERR_NOMEM;
    memcpy(joined, file, dir);
    memcpy(joined + dir, *path, strlen(*path) + 1);
    free(*path);
    *path = joined;
    return ERR_OK;
}

static int check(struct contexts *c, struct errmsg *why)
{
    struct oid oid;

    for (unsigned i = 0; i < c->file->contexts_count; i++) {
        struct context *x = &c->file->contexts[i];
        for (unsigned k = 0; k < i; k++)
            if (!strcmp(x->name, c->file->contexts[k].name))
                return errmsg_set(why, ERR_CONFIG, "%.160s: context %s stands there twice", c->path,
                                  x->name);
        if (!x->smsr && !x->smdp)
            return errmsg_set(why, ERR_CONFIG, "%.160s: context %s has neither smsr nor smdp",
                              c->path, x->name);
        if (x->smsr_id && oid_parse(span_str(x->smsr_id), &oid))
            return errmsg_set(why, ERR_CONFIG, "%.160s: smsr_id of context %s is no OID", c->path,
                              x->name);
        if (absolute(c->path, &x->ca) || absolute(c->path, &x->cert) || absolute(c->path, &x->key))
            return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    }
    return ERR_OK;
}

int contexts_load(const char *path, struct contexts **ret, struct errmsg *why)
{
    struct errmsg said = {""};
    cyaml_config_t lib = library(&said);
    struct contexts *c = calloc(1, sizeof *c);
    cyaml_data_t *data = NULL;
    cyaml_err_t e;
    int err;

    *ret = NULL;
    if (!c)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    e = cyaml_load_file(path, &lib, &FILE_SCHEMA, &data, NULL);
    if (e == CYAML_ERR_FILE_OPEN)
        err = errmsg_set(why, ERR_CONFIG,
                         "configuration %.160s cannot be read; smctl pki init makes one, --config "
                         "and $SMCTL_CONFIG name it",
                         path);
    else if (e != CYAML_OK || !data) /* an empty file gives no data and no error */
        err = errmsg_set(why, ERR_CONFIG, "configuration %.120s: %.160s", path,
                         said.text[0] ? said.text
                         : e          ? cyaml_strerror(e)
                                      : "it is empty");
    else {
        c->file = data;
        err = check(c, why);
    }
    if (err) {
        contexts_free(c);
        return err;
    }
    *ret = c;
    return ERR_OK;
}

void contexts_free(struct contexts *c)
{
    cyaml_config_t lib = library(NULL);

    if (c && c->file)
        (void)cyaml_free(&lib, &FILE_SCHEMA, c->file, 0);
    free(c);
}

int contexts_pick(const struct contexts *c, const char *name, const struct context **ret,
                  struct errmsg *why)
{
    char names[200] = "";
    size_t n = 0;

    if (!name)
        name = c->file->default_;
    if (!name && c->file->contexts_count == 1)
        name = c->file->contexts[0].name;
    for (unsigned i = 0; i < c->file->contexts_count; i++) {
        const struct context *x = &c->file->contexts[i];
        size_t len = strlen(x->name);
        if (name && !strcmp(x->name, name)) {
            *ret = x;
            return ERR_OK;
        }
        if (n + len + 3 < sizeof names) {
            (void)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", x->name);
            n += len + (n ? 2 : 0);
        }
    }
    if (!name)
        return errmsg_set(why, ERR_CONFIG, "say who you are with --as; contexts: %s", names);
    return errmsg_set(why, ERR_CONFIG, "there is no context '%.60s'; contexts: %s", name, names);
}

int contexts_path(const char *given, char *dst, size_t cap, struct errmsg *why)
{
    const char *home = getenv("HOME");
    const char *from = given ? given : getenv("SMCTL_CONFIG");
    int n;

    if (from && *from)
        n = snprintf(dst, cap, "%s", from);
    else if (home && *home)
        n = snprintf(dst, cap, "%s/.config/smctl/config.yaml", home);
    else
        return errmsg_set(why, ERR_CONFIG, "no configuration: give --config or set $SMCTL_CONFIG");
    if (n < 0 || (size_t)n >= cap)
        return errmsg_set(why, ERR_CONFIG, "the path of the configuration is too long");
    return ERR_OK;
}
