/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite side of the in-memory disk, and the orders a test gives it. */
#include "test/support/memvfs_int.h"

#include "common/base/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JULIAN_EPOCH_MS 210866760000000LL /* 1970-01-01 in SQLite's milliseconds */
#define PATH_CAP        512

static struct memhandle *handle(sqlite3_file *file)
{
    return (struct memhandle *)(void *)file;
}

static struct memvfs *disk(sqlite3_vfs *v)
{
    return v->pAppData;
}

int memvfs_tick(struct memvfs *m, enum memvfs_op op)
{
    if (m->cut)
        return SQLITE_IOERR;
    m->count[op]++;
    if (m->spared)
        return SQLITE_OK;
    if (m->fail_in[op] > 0 && --m->fail_in[op] == 0) {
        m->failures[op]++;
        return SQLITE_IOERR;
    }
    if (op != MEMVFS_READ && m->cut_in > 0 && --m->cut_in == 0) {
        m->cut = true;
        return SQLITE_ABORT;
    }
    return SQLITE_OK;
}

/* --- files --- */
static int file_close(sqlite3_file *file)
{
    struct memhandle *h = handle(file);

    memlock_shm_unmap(file, 0);
    memlock_unlock(file, SQLITE_LOCK_NONE);
    if (h->delete_on_close && !memhandle_stale(h))
        memfile_delete(h->f);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *dst, int n, sqlite3_int64 off)
{
    struct memhandle *h = handle(file);
    size_t want = (size_t)n, at = (size_t)off, have = 0;

    if (memhandle_stale(h) || memvfs_tick(h->m, MEMVFS_READ) != SQLITE_OK)
        return SQLITE_IOERR_READ;
    if (at < h->f->live.n)
        have = h->f->live.n - at < want ? h->f->live.n - at : want;
    if (have > 0)
        memcpy(dst, h->f->live.p + at, have);
    memset((uint8_t *)dst + have, 0, want - have);
    return have == want ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static bool fits(const struct memvfs *m, const struct memfile *f, uint64_t end)
{
    return m->limit == 0 || end <= f->live.n || memvfs_used(m) - f->live.n + end <= m->limit;
}

static int file_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 off)
{
    struct memhandle *h = handle(file);
    int rc;

    if (h->read_only)
        return SQLITE_READONLY;
    if (memhandle_stale(h))
        return SQLITE_IOERR_WRITE;
    rc = memvfs_tick(h->m, MEMVFS_WRITE);
    if (rc == SQLITE_IOERR)
        return SQLITE_IOERR_WRITE;
    if (!fits(h->m, h->f, (uint64_t)off + (uint64_t)n))
        return SQLITE_FULL;
    if (!memfile_write(h->f, (uint64_t)off, p, (size_t)n))
        return SQLITE_IOERR_NOMEM;
    return rc == SQLITE_ABORT ? SQLITE_IOERR_WRITE : SQLITE_OK;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 n)
{
    struct memhandle *h = handle(file);
    int rc;

    if (h->read_only)
        return SQLITE_READONLY;
    if (memhandle_stale(h))
        return SQLITE_IOERR_TRUNCATE;
    rc = memvfs_tick(h->m, MEMVFS_TRUNCATE);
    if (rc == SQLITE_IOERR)
        return SQLITE_IOERR_TRUNCATE;
    if (!memfile_truncate(h->f, (uint64_t)n))
        return SQLITE_IOERR_NOMEM;
    return rc == SQLITE_ABORT ? SQLITE_IOERR_TRUNCATE : SQLITE_OK;
}

static int file_sync(sqlite3_file *file, int flags)
{
    struct memhandle *h = handle(file);
    bool was_cut = h->m->cut;

    (void)flags;
    if (memhandle_stale(h))
        return SQLITE_IOERR_FSYNC;
    if (memvfs_tick(h->m, MEMVFS_SYNC) != SQLITE_OK) {
        if (!was_cut && !h->m->cut)
            memfile_forget(h->f);
        return SQLITE_IOERR_FSYNC;
    }
    if (h->m->lying)
        return SQLITE_OK;
    if (h->sync_dir)
        memfile_sync_dir(h->m, h->f->path);
    h->sync_dir = false;
    return memfile_sync(h->f) ? SQLITE_OK : SQLITE_IOERR_NOMEM;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
    struct memhandle *h = handle(file);

    if (memhandle_stale(h) || h->m->cut)
        return SQLITE_IOERR_FSTAT;
    *ret = (sqlite3_int64)h->f->live.n;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    if (op != SQLITE_FCNTL_MMAP_SIZE)
        return SQLITE_NOTFOUND;
    *(sqlite3_int64 *)arg = 0;
    return SQLITE_OK;
}

static int file_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

/* As the real one says: a write spoils no octet outside itself, even torn. */
static int file_traits(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = memlock_lock,
    .xUnlock = memlock_unlock,
    .xCheckReservedLock = memlock_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
    .xShmMap = memlock_shm_map,
    .xShmLock = memlock_shm_lock,
    .xShmBarrier = memlock_shm_barrier,
    .xShmUnmap = memlock_shm_unmap,
};

/* Without shared memory SQLite must see methods of version 1. */
static const sqlite3_io_methods METHODS_NO_SHM = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = memlock_lock,
    .xUnlock = memlock_unlock,
    .xCheckReservedLock = memlock_check,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_traits,
};

/* --- the file system --- */
static int vfs_open(sqlite3_vfs *v, const char *path, sqlite3_file *file, int flags, int *ret_flags)
{
    struct memvfs *m = disk(v);
    struct memhandle *h = handle(file);
    char temp[32];
    struct memfile *f;

    memset(h, 0, sizeof(*h));
    if (m->cut)
        return SQLITE_CANTOPEN;
    if (path == NULL) {
        snprintf(temp, sizeof(temp), "/temp-%llu", (unsigned long long)++m->n_temp);
        path = temp;
    }
    f = memfile_find(m, path);
    if ((f == NULL || !f->exists) && !(flags & SQLITE_OPEN_CREATE))
        return SQLITE_CANTOPEN;
    if (f == NULL)
        f = memfile_make(m, path);
    if (f == NULL)
        return SQLITE_IOERR_NOMEM;
    if (!f->exists) {
        f->exists = true;
        f->ghost = false; /* the old file's deletion is settled by its successor */
        f->synced.n = 0;
        f->temporary = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    }
    /* The system's layer goes by the flag, whether or not the file was there. */
    h->sync_dir = (flags & SQLITE_OPEN_CREATE) &&
                  (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL));
    h->m = m;
    h->f = f;
    h->generation = f->generation;
    h->read_only = (flags & SQLITE_OPEN_READONLY) != 0;
    h->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->pMethods = m->no_shm ? &METHODS_NO_SHM : &METHODS;
    if (ret_flags != NULL)
        *ret_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *v, const char *path, int sync_dir)
{
    struct memvfs *m = disk(v);
    struct memfile *f = memfile_find(m, path);
    int rc = memvfs_tick(m, MEMVFS_DELETE);

    if (rc == SQLITE_IOERR)
        return SQLITE_IOERR_DELETE;
    if (f == NULL || !f->exists)
        return SQLITE_IOERR_DELETE_NOENT;
    memfile_delete(f);
    if (sync_dir && rc == SQLITE_OK)
        memfile_sync_dir(m, path);
    return rc == SQLITE_ABORT ? SQLITE_IOERR_DELETE : SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *v, const char *path, int flags, int *ret)
{
    struct memfile *f = memfile_find(disk(v), path);

    /* An empty file counts as absent here, as it does in the system's own layer. */
    *ret = f != NULL && f->exists && (flags != SQLITE_ACCESS_EXISTS || f->live.n > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *v, const char *path, int cap, char *ret)
{
    int n = snprintf(ret, (size_t)cap, "%s", path);

    (void)v;
    return n < 0 || n >= cap ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *v, int n, char *dst)
{
    rng_fill(&disk(v)->sqlite_rng, dst, (size_t)n);
    return n;
}

static int vfs_sleep(sqlite3_vfs *v, int us)
{
    (void)v;
    return us; /* nobody else runs meanwhile */
}

static int vfs_time_ms(sqlite3_vfs *v, sqlite3_int64 *ret)
{
    struct memvfs *m = disk(v);

    *ret = JULIAN_EPOCH_MS + (m->unix_ms != NULL ? m->unix_ms(m->clock_ctx) : 0);
    return SQLITE_OK;
}

static int vfs_time(sqlite3_vfs *v, double *ret)
{
    sqlite3_int64 ms;
    int rc = vfs_time_ms(v, &ms);

    *ret = (double)ms / 86400000.0;
    return rc;
}

static int vfs_last_error(sqlite3_vfs *v, int n, char *dst)
{
    (void)v;
    if (n > 0)
        dst[0] = '\0';
    return 0;
}

struct memvfs *memvfs_register(const char *name, uint64_t seed)
{
    size_t n = strlen(name) + 1;
    struct memvfs *m = calloc(1, sizeof(*m) + n);

    if (m == NULL)
        return NULL;
    memcpy(m->name, name, n);
    rng_init_seeded(&m->sqlite_rng, seed);
    rng_init_seeded(&m->fault_rng, seed ^ UINT64_C(0x9E3779B97F4A7C15));
    m->vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = (int)sizeof(struct memhandle),
        .mxPathname = PATH_CAP,
        .zName = m->name,
        .pAppData = m,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time_ms,
    };
    if (sqlite3_initialize() != SQLITE_OK || sqlite3_vfs_find(name) != NULL ||
        sqlite3_vfs_register(&m->vfs, 1) != SQLITE_OK) {
        free(m);
        return NULL;
    }
    sqlite3_randomness(0, NULL); /* seed anew, from this disk */
    return m;
}

void memvfs_free(struct memvfs *m)
{
    if (m == NULL)
        return;
    sqlite3_vfs_unregister(&m->vfs);
    sqlite3_randomness(0, NULL);
    for (size_t i = 0; i < m->n_files; i++)
        memfile_free(m->file[i]);
    free(m->file);
    free(m);
}
