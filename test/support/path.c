/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs from the source tree and directories that vanish with the test. */
#define _GNU_SOURCE /* nftw */
#include "test/support/path.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

static void join(const char *head, const char *tail, char *dst, size_t cap)
{
    int n = snprintf(dst, cap, "%s/%s", head, tail);
    if (n < 0 || (size_t)n >= cap) {
        fprintf(stderr, "path too long: %s\n", tail);
        abort();
    }
}

void source_path(const char *tail, char *dst, size_t cap)
{
    const char *root = getenv("REMORA_SOURCE");
    join(root && *root ? root : ".", tail, dst, cap);
}

char *source_read(const char *tail, size_t *ret_len)
{
    char path[1024];
    source_path(tail, path, sizeof(path));
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t n = 0;
    size_t cap = 0;
    while (f && !feof(f) && !ferror(f)) {
        if (cap - n < 4096) {
            cap = 2 * cap + 8192;
            text = realloc(text, cap);
            if (!text)
                abort();
        }
        n += fread(text + n, 1, cap - n - 1, f);
    }
    if (!f || ferror(f)) {
        perror(path);
        abort();
    }
    fclose(f);
    text[n] = '\0';
    if (ret_len)
        *ret_len = n;
    return text;
}

void tmpdir_init(struct tmpdir *t)
{
    const char *base = getenv("TMPDIR");
    join(base && *base ? base : P_tmpdir, "remora-XXXXXX", t->path, sizeof(t->path));
    if (!mkdtemp(t->path)) {
        perror(t->path);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

void tmpdir_fini(struct tmpdir *t)
{
    if (t->path[0] && nftw(t->path, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        perror(t->path);
    t->path[0] = '\0';
}

void tmpdir_path(const struct tmpdir *t, const char *name, char *dst, size_t cap)
{
    join(t->path, name, dst, cap);
}
