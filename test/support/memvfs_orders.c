/* SPDX-License-Identifier: Apache-2.0 */
/* What a test may ask of the in-memory disk and order from it. */
#include "test/support/memvfs_int.h"

#include "common/base/err.h"

#include <stdlib.h>
#include <string.h>

const char *memvfs_name(const struct memvfs *m)
{
    return m->name;
}

void memvfs_set_clock(struct memvfs *m, int64_t (*unix_ms)(void *ctx), void *ctx)
{
    m->unix_ms = unix_ms;
    m->clock_ctx = ctx;
}

void memvfs_set_shm(struct memvfs *m, bool available)
{
    m->no_shm = !available;
}

void memvfs_set_lying_sync(struct memvfs *m, bool lying)
{
    m->lying = lying;
}

void memvfs_crash(struct memvfs *m, enum memvfs_crash_mode mode, const char *prefix)
{
    if (mode == MEMVFS_ANY)
        mode = (enum memvfs_crash_mode)rng_below(&m->fault_rng, MEMVFS_ANY);
    for (size_t i = 0; i < m->n_files; i++) {
        if (prefix != NULL && strncmp(m->file[i]->path, prefix, strlen(prefix)) != 0)
            continue;
        if (!memfile_crash(m->file[i], mode, &m->fault_rng))
            abort(); /* out of memory: the world cannot go on */
    }
    m->cut = false;
    m->cut_in = 0;
}

void memvfs_cut_after(struct memvfs *m, uint64_t n)
{
    m->cut_in = n;
}

void memvfs_cut_now(struct memvfs *m)
{
    m->cut = true;
}

bool memvfs_is_cut(const struct memvfs *m)
{
    return m->cut;
}

void memvfs_fail(struct memvfs *m, enum memvfs_op op, uint64_t n)
{
    m->fail_in[op] = n;
}

uint64_t memvfs_failures(const struct memvfs *m, enum memvfs_op op)
{
    return m->failures[op];
}

void memvfs_spare(struct memvfs *m, bool spared)
{
    m->spared = spared;
}

uint64_t memvfs_count(const struct memvfs *m, enum memvfs_op op)
{
    return m->count[op];
}

void memvfs_set_limit(struct memvfs *m, uint64_t bytes)
{
    m->limit = bytes;
}

uint64_t memvfs_used(const struct memvfs *m)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < m->n_files; i++)
        sum += m->file[i]->live.n;
    return sum;
}

int memvfs_free_bytes(const void *ctx, uint64_t *ret)
{
    const struct memvfs *m = ctx;
    uint64_t used = memvfs_used(m);

    if (m->limit == 0)
        *ret = UINT64_MAX;
    else
        *ret = used < m->limit ? m->limit - used : 0;
    return ERR_OK;
}

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001B3);
    return h;
}

uint64_t memvfs_hash(const struct memvfs *m)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < m->n_files; i++) {
        const struct memfile *f = m->file[i];
        uint64_t n = f->live.n;

        if (!f->exists || f->temporary)
            continue;
        h = mix(h, f->path, strlen(f->path) + 1);
        h = mix(h, &n, sizeof(n));
        h = mix(h, f->live.p, f->live.n);
    }
    return h;
}

bool memvfs_exists(const struct memvfs *m, const char *path)
{
    const struct memfile *f = memfile_find(m, path);

    return f != NULL && f->exists;
}

uint64_t memvfs_size(const struct memvfs *m, const char *path)
{
    const struct memfile *f = memfile_find(m, path);

    return f != NULL && f->exists ? f->live.n : 0;
}

uint8_t memvfs_octet(const struct memvfs *m, const char *path, uint64_t offset)
{
    const struct memfile *f = memfile_find(m, path);

    return f != NULL && f->exists && offset < f->live.n ? f->live.p[offset] : 0;
}

const uint8_t *memvfs_content(const struct memvfs *m, const char *path, size_t *ret_n)
{
    const struct memfile *f = memfile_find(m, path);

    if (f == NULL || !f->exists)
        return NULL;
    *ret_n = f->live.n;
    return f->live.p;
}

void memvfs_put(struct memvfs *m, const char *path, const void *p, size_t n)
{
    struct memfile *f = memfile_make(m, path);

    if (f == NULL || !memfile_truncate(f, 0) || (n > 0 && !memfile_write(f, 0, p, n)))
        abort(); /* out of memory: the world cannot go on */
    f->exists = true;
    if (!memfile_crash(f, MEMVFS_KEEP, &m->fault_rng))
        abort();
}

bool memvfs_flip(struct memvfs *m, const char *path, uint64_t offset, uint8_t mask)
{
    struct memfile *f = memfile_find(m, path);

    if (f == NULL || !f->exists || offset >= f->live.n)
        return false;
    f->live.p[offset] ^= mask;
    if (offset < f->synced.n)
        f->synced.p[offset] ^= mask;
    return true;
}
