/* SPDX-License-Identifier: Apache-2.0 */
/* An in-memory disk for SQLite, one object per world: what was synced survives a power cut, what
 * was not survives whole, in part or torn, as the seed says; disk errors and a full disk on
 * order; time and randomness are the world's. Files written by several databases live side by
 * side. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memvfs;

/* Registers a disk under a name that no other disk of the process has, and makes it SQLite's
 * default, since SQLite seeds its own generator (log salts) from the default file system. NULL:
 * out of memory or SQLite refuses. */
struct memvfs *memvfs_register(const char *name, uint64_t seed);
/* Every connection on it must be closed. */
void memvfs_free(struct memvfs *m);
const char *memvfs_name(const struct memvfs *m);

/* Without a clock the world stands at the Unix epoch. */
void memvfs_set_clock(struct memvfs *m, int64_t (*unix_ms)(void *ctx), void *ctx);
/* false: a file system without shared memory; only an exclusive connection gets a log there. */
void memvfs_set_shm(struct memvfs *m, bool available);
/* Lies: a sync answers success and does nothing (a disk that ignores flushes). */
void memvfs_set_lying_sync(struct memvfs *m, bool lying);

/* What becomes of unsynced sectors (512 octets), creations and deletions. */
enum memvfs_crash_mode {
    MEMVFS_DROP,    /* nothing of it reached the disk */
    MEMVFS_KEEP,    /* all of it did: the process died, the kernel lived */
    MEMVFS_SUBSET,  /* each sector by itself, so later ones may survive earlier ones */
    MEMVFS_TEAR,    /* the same, and some of the surviving sectors end in noise */
    MEMVFS_ANY,     /* one of the above, drawn from the seed */
};
/* Ends the life of the machine: open handles of the files concerned answer I/O error until they are
 * closed, locks and shared memory are gone. prefix: only files whose path starts so; NULL: all. */
void memvfs_crash(struct memvfs *m, enum memvfs_crash_mode mode, const char *prefix);
/* The n-th operation from now that would change the disk (write, truncate, sync, delete) fails,
 * it may or may not have happened, and everything after it fails until memvfs_crash. 0: no cut. */
void memvfs_cut_after(struct memvfs *m, uint64_t n);
/* From now on: nothing more happens. */
void memvfs_cut_now(struct memvfs *m);
bool memvfs_is_cut(const struct memvfs *m);

enum memvfs_op { MEMVFS_READ, MEMVFS_WRITE, MEMVFS_SYNC, MEMVFS_TRUNCATE, MEMVFS_DELETE,
                 MEMVFS_OP_COUNT };
/* The n-th operation of this kind from now fails once without effect; 0 withdraws the order. A sync
 * that fails forgets the unsynced data as a kernel may: it stays readable and a later sync that
 * succeeds does not save it. */
void memvfs_fail(struct memvfs *m, enum memvfs_op op, uint64_t n);
/* Orders that were carried out so far. */
uint64_t memvfs_failures(const struct memvfs *m, enum memvfs_op op);
/* While spared the disk does what it is asked: neither failures nor cuts that were ordered come nearer.
 * For onlookers who share it. */
void memvfs_spare(struct memvfs *m, bool spared);
uint64_t memvfs_count(const struct memvfs *m, enum memvfs_op op); /* done or failed so far */

/* Room for the sum of all file lengths; a write beyond it answers full. 0: unbounded. */
void memvfs_set_limit(struct memvfs *m, uint64_t bytes);
uint64_t memvfs_used(const struct memvfs *m);
/* For a struct space: free octets as an operating system would say. ctx is the disk. */
int memvfs_free_bytes(const void *ctx, uint64_t *ret);

/* Names, lengths and contents of all files in order of name; equal worlds have equal hashes. */
uint64_t memvfs_hash(const struct memvfs *m);
bool memvfs_exists(const struct memvfs *m, const char *path);
uint64_t memvfs_size(const struct memvfs *m, const char *path);
/* One octet as programs see it; 0 beyond the end. */
uint8_t memvfs_octet(const struct memvfs *m, const char *path, uint64_t offset);
/* A whole file as programs see it, until the next operation on it; NULL: no such file. */
const uint8_t *memvfs_content(const struct memvfs *m, const char *path, size_t *ret_n);
/* Tampering: the file is this and nothing else, durably; whoever has it open gets I/O errors from now on. */
void memvfs_put(struct memvfs *m, const char *path, const void *p, size_t n);
/* Tampering: inverts the bits of mask in one octet, durably. false: no such octet. */
bool memvfs_flip(struct memvfs *m, const char *path, uint64_t offset, uint8_t mask);
