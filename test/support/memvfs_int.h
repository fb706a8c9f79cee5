/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the in-memory disk only. */
#pragma once

#include "common/base/rng.h"
#include "test/support/memvfs.h"

#include <sqlite3.h>

#define SECTOR     512
#define SHM_REGION 64 /* regions of 32 KiB a file */

struct image {
    uint8_t *p;
    size_t n;
    size_t cap;
};

struct unsynced {
    uint64_t off;
    size_t n;
    size_t at; /* of its octets in what was noted */
    bool cut;  /* a truncation to off */
};

struct memfile {
    char *path;
    bool exists;
    bool entry_synced;     /* the creation is on the disk */
    bool ghost;            /* deleted, the deletion is not on the disk */
    bool temporary;
    struct image live;
    struct image synced;
    struct image noted;    /* octets of the unsynced writes, one behind the other */
    struct unsynced *w;
    size_t nw, cw;
    bool apart;            /* what programs see is no longer synced and unsynced writes together */
    unsigned generation;
    unsigned n_shared;     /* file locks */
    const void *reserved, *pending, *exclusive;
    void *shm[SHM_REGION];
    int shm_lock[SQLITE_SHM_NLOCK]; /* > 0 readers, -1 a writer */
    void **grave; /* regions from before a crash: connections of that life still point there */
    size_t n_grave;
};

struct memvfs {
    sqlite3_vfs vfs;
    struct memfile **file; /* in order of path */
    size_t n_files;
    struct rng sqlite_rng, fault_rng;
    int64_t (*unix_ms)(void *ctx);
    void *clock_ctx;
    bool no_shm, lying, cut, spared;
    uint64_t cut_in;
    uint64_t fail_in[MEMVFS_OP_COUNT];
    uint64_t count[MEMVFS_OP_COUNT], failures[MEMVFS_OP_COUNT];
    uint64_t limit;
    uint64_t n_temp;
    char name[];
};

struct memhandle {
    sqlite3_file base;
    struct memvfs *m;
    struct memfile *f;
    unsigned generation;
    bool read_only, delete_on_close;
    bool sync_dir; /* a new journal or log: its first sync is one of the directory too */
    int level;
    uint16_t shm_shared, shm_exclusive;
};

static inline bool memhandle_stale(const struct memhandle *h)
{
    return h->generation != h->f->generation;
}

/* SQLITE_OK; SQLITE_IOERR: fails without effect; SQLITE_ABORT: the cut falls here, the operation
 * may have happened. */
int memvfs_tick(struct memvfs *m, enum memvfs_op op);

/* memfile.c */
struct memfile *memfile_find(const struct memvfs *m, const char *path);
struct memfile *memfile_make(struct memvfs *m, const char *path);
void memfile_free(struct memfile *f);
bool memfile_write(struct memfile *f, uint64_t off, const void *p, size_t n);
bool memfile_truncate(struct memfile *f, uint64_t n);
bool memfile_sync(struct memfile *f);
void memfile_sync_dir(struct memvfs *m, const char *path); /* the directory this path is in */
void memfile_forget(struct memfile *f); /* drops the list of unsynced changes */
void memfile_delete(struct memfile *f);
bool memfile_crash(struct memfile *f, enum memvfs_crash_mode mode, struct rng *rng);

/* memlock.c */
int memlock_lock(sqlite3_file *file, int level);
int memlock_unlock(sqlite3_file *file, int level);
int memlock_check(sqlite3_file *file, int *ret);
int memlock_shm_map(sqlite3_file *file, int region, int size, int extend, void volatile **ret);
int memlock_shm_lock(sqlite3_file *file, int first, int n, int flags);
void memlock_shm_barrier(sqlite3_file *file);
int memlock_shm_unmap(sqlite3_file *file, int drop);
bool memlock_reset(struct memfile *f);
