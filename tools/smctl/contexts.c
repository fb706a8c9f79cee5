/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the contexts (design 3.6). */
#include "tools/smctl/contexts.h"

#include "common/conf/file.h"

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
    struct contexts *c = calloc(1, sizeof *c);
    void *data = NULL;
    int err;

    *ret = NULL;
    if (!c)
        return errmsg_set(why, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
    (void)snprintf(c->path, sizeof c->path, "%s", path);
    err = conf_file_load(path, &FILE_SCHEMA, &data, why);
    if (err == ERR_NOT_FOUND)
        err = errmsg_set(why, ERR_CONFIG,
                         "configuration %.160s cannot be read; smctl pki init makes one, --config "
                         "and $SMCTL_CONFIG name it",
                         path);
    c->file = data;
    if (!err)
        err = check(c, why);
    if (err) {
        contexts_free(c);
        return err;
    }
    *ret = c;
    return ERR_OK;
}

void contexts_free(struct contexts *c)
{
    if (c)
        conf_file_free(&FILE_SCHEMA, c->file);
    free(c);
}

void contexts_names(const struct contexts *c, char *dst, size_t cap)
{
    size_t n = 0;

    dst[0] = '\0';
    for (unsigned i = 0; i < c->file->contexts_count; i++) {
        const char *name = c->file->contexts[i].name;
        size_t len = strlen(name);
        if (n + len + 3 >= cap)
            continue;
        (void)snprintf(dst + n, cap - n, "%s%s", n ? ", " : "", name);
        n += len + (n ? 2 : 0);
    }
}

int contexts_pick(const struct contexts *c, const char *name, const struct context **ret,
                  struct errmsg *why)
{
    char names[200];

    if (!name)
        name = c->file->default_;
    if (!name && c->file->contexts_count == 1)
        name = c->file->contexts[0].name;
    for (unsigned i = 0; i < c->file->contexts_count; i++) {
        const struct context *x = &c->file->contexts[i];
        if (name && !strcmp(x->name, name)) {
            *ret = x;
            return ERR_OK;
        }
    }
    contexts_names(c, names, sizeof names);
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
