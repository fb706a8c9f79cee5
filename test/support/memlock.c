/* SPDX-License-Identifier: Apache-2.0 */
/* File locks and shared memory between the connections of one world. */
#include "test/support/memvfs_int.h"

#include <stdlib.h>
#include <string.h>

static struct memhandle *handle(sqlite3_file *file)
{
    return (struct memhandle *)(void *)file;
}

bool memlock_reset(struct memfile *f)
{
    void **grave = realloc(f->grave, (f->n_grave + SHM_REGION) * sizeof(*grave));

    if (grave == NULL)
        return false;
    f->grave = grave;
    f->n_shared = 0;
    f->reserved = f->pending = f->exclusive = NULL;
    memset(f->shm_lock, 0, sizeof(f->shm_lock));
    for (int i = 0; i < SHM_REGION; i++) {
        if (f->shm[i] != NULL)
            grave[f->n_grave++] = f->shm[i];
        f->shm[i] = NULL;
    }
    return true;
}

static int take_shared(struct memfile *f)
{
    if (f->exclusive != NULL || f->pending != NULL)
        return SQLITE_BUSY;
    f->n_shared++;
    return SQLITE_OK;
}

static int take_exclusive(struct memhandle *h)
{
    struct memfile *f = h->f;

    if ((f->reserved != NULL && f->reserved != h) || (f->pending != NULL && f->pending != h))
        return SQLITE_BUSY;
    f->pending = h; /* keeps new readers out while the old ones finish */
    if (h->level < SQLITE_LOCK_PENDING)
        h->level = SQLITE_LOCK_PENDING;
    if (f->n_shared > 1)
        return SQLITE_BUSY;
    f->exclusive = h;
    return SQLITE_OK;
}

int memlock_lock(sqlite3_file *file, int level)
{
    struct memhandle *h = handle(file);
    int rc = SQLITE_OK;

    if (memhandle_stale(h))
        return SQLITE_IOERR_LOCK;
    if (h->level >= level)
        return SQLITE_OK;
    if (level > SQLITE_LOCK_SHARED && h->read_only)
        return SQLITE_IOERR_LOCK; /* POSIX refuses a write lock on such a descriptor */
    if (level == SQLITE_LOCK_SHARED) {
        rc = take_shared(h->f);
    } else if (level == SQLITE_LOCK_RESERVED) {
        if (h->f->reserved != NULL || h->f->pending != NULL)
            rc = SQLITE_BUSY;
        else
            h->f->reserved = h;
    } else {
        rc = take_exclusive(h);
    }
    if (rc == SQLITE_OK)
        h->level = level;
    return rc;
}

int memlock_unlock(sqlite3_file *file, int level)
{
    struct memhandle *h = handle(file);

    if (memhandle_stale(h) || h->level <= level) {
        h->level = level < h->level ? level : h->level;
        return SQLITE_OK;
    }
    if (h->f->exclusive == h)
        h->f->exclusive = NULL;
    if (h->f->pending == h)
        h->f->pending = NULL;
    if (h->f->reserved == h)
        h->f->reserved = NULL;
    if (level == SQLITE_LOCK_NONE && h->level >= SQLITE_LOCK_SHARED)
        h->f->n_shared--;
    h->level = level;
    return SQLITE_OK;
}

int memlock_check(sqlite3_file *file, int *ret)
{
    struct memhandle *h = handle(file);

    *ret = h->f->reserved != NULL || h->f->pending != NULL;
    return SQLITE_OK;
}

int memlock_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret)
{
    struct memhandle *h = handle(file);

    *ret = NULL;
    if (memhandle_stale(h) || h->m->no_shm || region >= SHM_REGION)
        return SQLITE_IOERR_SHMMAP;
    if (h->f->shm[region] == NULL && extend) {
        h->f->shm[region] = calloc(1, (size_t)size);
        if (h->f->shm[region] == NULL)
            return SQLITE_IOERR_NOMEM;
    }
    *ret = h->f->shm[region];
    return SQLITE_OK;
}

static int shm_unlock(struct memhandle *h, int first, int n)
{
    for (int i = first; i < first + n; i++) {
        uint16_t bit = (uint16_t)(1u << i);

        if (h->shm_exclusive & bit)
            h->f->shm_lock[i] = 0;
        else if (h->shm_shared & bit)
            h->f->shm_lock[i]--;
        h->shm_exclusive &= (uint16_t)~bit;
        h->shm_shared &= (uint16_t)~bit;
    }
    return SQLITE_OK;
}

int memlock_shm_lock(sqlite3_file *file, int first, int n, int flags)
{
    struct memhandle *h = handle(file);
    bool exclusive = (flags & SQLITE_SHM_EXCLUSIVE) != 0;

    if (memhandle_stale(h))
        return flags & SQLITE_SHM_UNLOCK ? SQLITE_OK : SQLITE_IOERR_SHMLOCK;
    if (flags & SQLITE_SHM_UNLOCK)
        return shm_unlock(h, first, n);
    for (int i = first; i < first + n; i++) {
        int others = h->f->shm_lock[i] - (h->shm_shared & (1u << i) ? 1 : 0);

        if (h->f->shm_lock[i] < 0 || (exclusive && others > 0))
            return h->shm_exclusive & (1u << i) ? SQLITE_OK : SQLITE_BUSY;
    }
    for (int i = first; i < first + n; i++) {
        uint16_t bit = (uint16_t)(1u << i);

        if (exclusive) {
            h->f->shm_lock[i] = -1;
            h->shm_exclusive |= bit;
            h->shm_shared &= (uint16_t)~bit;
        } else if (!(h->shm_shared & bit)) {
            h->f->shm_lock[i]++;
            h->shm_shared |= bit;
        }
    }
    return SQLITE_OK;
}

void memlock_shm_barrier(sqlite3_file *file)
{
    (void)file; /* one thread a world */
}

int memlock_shm_unmap(sqlite3_file *file, int drop)
{
    struct memhandle *h = handle(file);

    if (memhandle_stale(h))
        return SQLITE_OK;
    shm_unlock(h, 0, SQLITE_SHM_NLOCK);
    for (int i = 0; drop && i < SHM_REGION; i++) {
        free(h->f->shm[i]);
        h->f->shm[i] = NULL;
    }
    return SQLITE_OK;
}
