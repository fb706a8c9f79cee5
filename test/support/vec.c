/* SPDX-License-Identifier: Apache-2.0 */
/* Known-answer files as records of key and value. */
#include "test/support/vec.h"

#include "common/base/hex.h"
#include "common/base/mem.h"
#include "test/support/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define VEC_KEYS 64

struct vec_item {
    char *key;
    char *text;
    uint8_t *bytes;    /* NULL when the text is no hex */
    size_t n;
};

struct vec {
    FILE *file;
    char path[1024];
    int line;
    int records;
    struct arena arena;
    size_t items;
    struct vec_item item[VEC_KEYS];
};

static _Noreturn void vec_die(const struct vec *v, const char *what, const char *which)
{
    fprintf(stderr, "%s:%d: %s %s\n", v->path, v->line, what, which);
    abort();
}

struct vec *vec_open(const char *name)
{
    struct vec *v = calloc(1, sizeof(*v));
    char tail[256];
    if (!v || snprintf(tail, sizeof(tail), "test/vectors/%s.vec", name) >= (int)sizeof(tail))
        abort();
    source_path(tail, v->path, sizeof(v->path));
    v->file = fopen(v->path, "r");
    if (!v->file)
        vec_die(v, "cannot open", name);
    arena_init(&v->arena, 0);
    return v;
}

void vec_close(struct vec *v)
{
    if (!v)
        return;
    if (v->records == 0)
        vec_die(v, "no record was read from", "this file");
    fclose(v->file);
    arena_fini(&v->arena);
    free(v);
}

static char *trim(char *s)
{
    s += strspn(s, " \t");
    size_t n = strlen(s);
    while (n > 0 && strchr(" \t\r\n", s[n - 1]))
        s[--n] = '\0';
    return s;
}

static void item_add(struct vec *v, char *line)
{
    char *eq = strchr(line, '=');
    if (!eq)
        vec_die(v, "no '=' in", line);
    *eq = '\0';
    const char *key = trim(line);
    const char *text = trim(eq + 1);
    if (v->items == VEC_KEYS || !*key || vec_has(v, key))
        vec_die(v, "empty, repeated or one key too many:", key);
    struct vec_item *it = &v->item[v->items];
    size_t n = strlen(text);
    *it = (struct vec_item){.key = arena_str(&v->arena, span_str(key)),
                            .text = arena_str(&v->arena, span_str(text)),
                            .bytes = arena_alloc(&v->arena, n / 2 + 1)};
    char *packed = arena_str(&v->arena, span_str(text));
    if (!it->key || !it->text || !it->bytes || !packed)
        vec_die(v, "out of memory at", key);
    n = 0;
    for (const char *c = text; *c; c++) {
        if (*c != ' ')
            packed[n++] = *c;
    }
    if (hex_decode(packed, n, it->bytes, n / 2 + 1, &it->n))
        it->bytes = NULL;
    v->items++;
}

bool vec_next(struct vec *v)
{
    char *line = NULL;
    size_t cap = 0;
    v->items = 0;
    arena_reset(&v->arena);
    while (getline(&line, &cap, v->file) >= 0) {
        v->line++;
        char *text = trim(line);
        if (*text == '#')
            continue;
        if (*text)
            item_add(v, text);
        else if (v->items)
            break;
    }
    free(line);
    if (ferror(v->file))
        vec_die(v, "cannot read", "this file");
    v->records += v->items ? 1 : 0;
    return v->items > 0;
}

static const struct vec_item *item_find(const struct vec *v, const char *key)
{
    for (size_t i = 0; i < v->items; i++) {
        if (strcmp(v->item[i].key, key) == 0)
            return &v->item[i];
    }
    return NULL;
}

static const struct vec_item *item_need(const struct vec *v, const char *key)
{
    const struct vec_item *it = item_find(v, key);
    if (!it)
        vec_die(v, "the record above lacks", key);
    return it;
}

bool vec_has(const struct vec *v, const char *key)
{
    return item_find(v, key) != NULL;
}

struct span vec_get(const struct vec *v, const char *key)
{
    const struct vec_item *it = item_need(v, key);
    if (!it->bytes)
        vec_die(v, "no hex in", key);
    return span_of(it->bytes, it->n);
}

const char *vec_text(const struct vec *v, const char *key)
{
    return item_need(v, key)->text;
}

uint64_t vec_uint(const struct vec *v, const char *key)
{
    const char *text = vec_text(v, key);
    char *end = NULL;
    errno = 0;
    unsigned long long n = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
    if (errno || end == text || *end || *text == '-')
        vec_die(v, "no number in", key);
    return n;
}
