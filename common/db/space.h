/* SPDX-License-Identifier: Apache-2.0 */
/* Room on the disk: the check before new work is admitted, and the reserve file that keeps room for
 * verdicts after the disk ran full (design law 11). */
#pragma once

#include "common/base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Port: free octets where the databases live. The simulator answers from its in-memory disk. */
struct space {
    int (*free_bytes)(const void *ctx, uint64_t *ret);
    const void *ctx;
};

/* The real one: statvfs(2) of dir, which must outlive it; what an unprivileged user may take. */
struct space space_system(const char *dir);
/* ERR_FULL when fewer than need octets are free; ERR_IO. */
MUST_CHECK int space_check(const struct space *s, uint64_t need);

/* Makes dir/reserve hold bytes on the disk (allocated, not sparse) and durable. One that is already
 * large enough is kept. ERR_FULL: no room, nothing is left behind; ERR_IO. */
MUST_CHECK int db_reserve_create(const char *dir, uint64_t bytes);
/* Whether one that large is there. */
bool db_reserve_is_kept(const char *dir, uint64_t bytes);
/* Makes the names of the files in dir durable. ERR_IO. */
MUST_CHECK int db_sync_dir(const char *dir);
/* Gives the room back. ERR_NOT_FOUND: there was none; ERR_IO. */
MUST_CHECK int db_reserve_release(const char *dir);
