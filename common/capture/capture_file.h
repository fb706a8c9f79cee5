/* SPDX-License-Identifier: Apache-2.0 */
/* A capture on disk, for who must not suffer from it: what is added waits in memory until it is
 * flushed, the file is bounded, and the first trouble ends it for good. Never an error of its
 * owner. */
#pragma once

#include "common/base/mem.h"
#include "common/db/space.h"

#define CAPTURE_FILE_MAX ((uint64_t)256 << 20)
#define CAPTURE_BUFFER   (1u << 20)     /* what waits at most; beyond it is flushed or lost */

struct capture_limits {
    uint64_t max;                  /* octets of the file; 0: CAPTURE_FILE_MAX */
    const struct space *space;     /* NULL: nobody else needs the disk */
    uint64_t keep_free;            /* it ends before less than this is free */
};
struct capture_file;
/* Makes path (0600), or goes on behind the captures it holds: a new section. ERR_CONFIG: it is no
 * regular file, holds something else, or another process writes it; ERR_IO. why names path and the
 * cure. */
MUST_CHECK int capture_file_open(const char *path, const char *application,
                                 const struct capture_limits *limits, struct capture_file **ret,
                                 struct errmsg *why);
/* Where the next unit is appended, at most 64 KiB; NULL: it has ended. */
struct buf *capture_file_room(struct capture_file *f);
/* false: it has ended, now or before; the file holds whole units only. */
bool capture_file_flush(struct capture_file *f);
const char *capture_file_why(const struct capture_file *f); /* it ended: one sentence; else "" */
uint64_t capture_file_size(const struct capture_file *f);
void capture_file_close(struct capture_file *f);            /* flushes; NULL allowed */
