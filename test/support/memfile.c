/* SPDX-License-Identifier: Apache-2.0 */
/* Images of files: what programs see, what the disk holds, and the changes between them. */
#include "test/support/memvfs_int.h"

#include <stdlib.h>
#include <string.h>

static bool image_reserve(struct image *i, size_t n)
{
    size_t cap = n * 2 + 4096;
    uint8_t *p;

    if (n <= i->cap)
        return true;
    p = realloc(i->p, cap);
    if (p == NULL)
        return false;
    i->p = p;
    i->cap = cap;
    return true;
}

static bool image_write(struct image *i, uint64_t off, const void *p, size_t n)
{
    size_t end = (size_t)off + n;

    if (!image_reserve(i, end))
        return false;
    if (off > i->n)
        memset(i->p + i->n, 0, (size_t)off - i->n);
    memcpy(i->p + off, p, n);
    if (end > i->n)
        i->n = end;
    return true;
}

static bool image_copy(struct image *dst, const struct image *src)
{
    dst->n = 0;
    return src->n == 0 || image_write(dst, 0, src->p, src->n);
}

static void image_fini(struct image *i)
{
    free(i->p);
    *i = (struct image){NULL, 0, 0};
}

static size_t position(const struct memvfs *m, const char *path, bool *ret_found)
{
    size_t i = 0;
    int order = 1;

    while (i < m->n_files && (order = strcmp(m->file[i]->path, path)) < 0)
        i++;
    *ret_found = i < m->n_files && order == 0;
    return i;
}

struct memfile *memfile_find(const struct memvfs *m, const char *path)
{
    bool found;
    size_t i = position(m, path, &found);

    return found ? m->file[i] : NULL;
}

struct memfile *memfile_make(struct memvfs *m, const char *path)
{
    bool found;
    size_t i = position(m, path, &found);
    struct memfile **list, *f;

    if (found)
        return m->file[i];
    list = realloc(m->file, (m->n_files + 1) * sizeof(struct memfile *));
    if (list == NULL)
        return NULL;
    m->file = list;
    f = calloc(1, sizeof(*f));
    if (f == NULL || (f->path = strdup(path)) == NULL) {
        free(f);
        return NULL;
    }
    memmove(&list[i + 1], &list[i], (m->n_files - i) * sizeof(struct memfile *));
    list[i] = f;
    m->n_files++;
    return f;
}

static void drop_notes(struct memfile *f)
{
    f->nw = 0;
    f->noted.n = 0;
}

void memfile_forget(struct memfile *f)
{
    f->apart = f->apart || f->nw > 0;
    drop_notes(f);
}

void memfile_free(struct memfile *f)
{
    for (size_t i = 0; i < SHM_REGION; i++)
        free(f->shm[i]);
    for (size_t i = 0; i < f->n_grave; i++)
        free(f->grave[i]);
    free(f->grave);
    image_fini(&f->live);
    image_fini(&f->synced);
    image_fini(&f->noted);
    free(f->w);
    free(f->path);
    free(f);
}

static bool note(struct memfile *f, uint64_t off, const void *p, size_t n)
{
    struct unsynced *w;

    if (f->nw == f->cw) {
        size_t cap = f->cw * 2 + 16;

        w = realloc(f->w, cap * sizeof(*w));
        if (w == NULL)
            return false;
        f->w = w;
        f->cw = cap;
    }
    w = &f->w[f->nw];
    *w = (struct unsynced){off, n, f->noted.n, p == NULL};
    if (p != NULL && !image_write(&f->noted, f->noted.n, p, n))
        return false;
    f->nw++;
    return true;
}

bool memfile_write(struct memfile *f, uint64_t off, const void *p, size_t n)
{
    bool ok = image_write(&f->live, off, p, n) && note(f, off, p, n);

    f->apart = f->apart || !ok;
    return ok;
}

bool memfile_truncate(struct memfile *f, uint64_t n)
{
    bool ok;

    if (n < f->live.n)
        f->live.n = (size_t)n;
    ok = note(f, n, NULL, 0);
    f->apart = f->apart || !ok;
    return ok;
}

static bool replay(struct memfile *f, const struct unsynced *w)
{
    if (!w->cut)
        return image_write(&f->synced, w->off, f->noted.p + w->at, w->n);
    if (w->off < f->synced.n)
        f->synced.n = (size_t)w->off;
    return true;
}

bool memfile_sync(struct memfile *f)
{
    bool ok = true;

    for (size_t i = 0; i < f->nw; i++)
        ok = replay(f, &f->w[i]) && ok;
    f->apart = f->apart || !ok;
    drop_notes(f);
    return ok;
}

void memfile_sync_dir(struct memvfs *m, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;

    for (size_t i = 0; i < m->n_files; i++) {
        struct memfile *f = m->file[i];

        if (strncmp(f->path, path, n) != 0 || strchr(f->path + n, '/') != NULL)
            continue;
        f->entry_synced = f->exists;
        if (f->ghost)
            f->synced.n = 0;
        f->ghost = false;
    }
}

void memfile_delete(struct memfile *f)
{
    drop_notes(f);
    f->apart = true;
    f->exists = false;
    f->live.n = 0;
    f->ghost = f->entry_synced && !f->temporary;
    f->entry_synced = false;
    if (!f->ghost)
        f->synced.n = 0;
}

/* A file whose creation or deletion was not on the disk may be there or not. */
static bool survives(struct memfile *f, enum memvfs_crash_mode mode, struct rng *rng)
{
    if (mode == MEMVFS_KEEP || (f->exists && f->entry_synced))
        return f->exists;
    if (!f->exists && !f->ghost)
        return false;
    if (mode == MEMVFS_DROP)
        return f->ghost;
    return rng_below(rng, 2) == 1;
}

static bool keep_sectors(struct memfile *f, const struct unsynced *w, bool tear, struct rng *rng)
{
    uint8_t sector[SECTOR];

    for (size_t o = 0; o < w->n; o += SECTOR) {
        size_t n = w->n - o < SECTOR ? w->n - o : SECTOR;

        if (rng_below(rng, 2) == 0)
            continue;
        memcpy(sector, f->noted.p + w->at + o, n);
        if (tear && rng_below(rng, 8) == 0) {
            size_t at = (size_t)rng_below(rng, n);

            rng_fill(rng, sector + at, n - at);
        }
        if (!image_write(&f->synced, w->off + o, sector, n))
            return false;
    }
    return true;
}

static bool keep_some(struct memfile *f, enum memvfs_crash_mode mode, struct rng *rng)
{
    for (size_t i = 0; i < f->nw; i++) {
        const struct unsynced *w = &f->w[i];
        bool ok = true;

        if (!w->cut)
            ok = keep_sectors(f, w, mode == MEMVFS_TEAR, rng);
        else if (rng_below(rng, 2) == 1)
            ok = replay(f, w);
        if (!ok)
            return false;
    }
    return true;
}

bool memfile_crash(struct memfile *f, enum memvfs_crash_mode mode, struct rng *rng)
{
    bool ok = true, there = survives(f, mode, rng), same = mode == MEMVFS_KEEP && !f->apart;

    if (same)
        ok = memfile_sync(f);
    else if (mode == MEMVFS_KEEP)
        ok = image_copy(&f->synced, &f->live);
    else if (mode != MEMVFS_DROP)
        ok = keep_some(f, mode, rng);
    drop_notes(f);
    ok = memlock_reset(f) && ok;
    if (!there)
        f->synced.n = 0;
    if (!same || !there)
        ok = image_copy(&f->live, &f->synced) && ok;
    f->apart = !ok;
    f->exists = f->entry_synced = there;
    f->ghost = false;
    f->generation++;
    return ok;
}
