/* SPDX-License-Identifier: Apache-2.0 */
/* The directory in which one daemon alone keeps its journal and its state (law 11: room is kept for
 * verdicts). */
#pragma once

#include "common/base/err.h"
#include "common/db/space.h"

struct state_dir {
    char dir[512], journal_path[560], state_path[560];
    int lock;                      /* file descriptor; -1 = not taken */
    uint64_t owed;                 /* octets of the reserve that are not kept now */
    struct space space;            /* less what is owed: that room is for verdicts */
};

/* Makes dir (0700) when absent, takes its lock, keeps reserve_mb MiB in it for verdicts while
 * reserve_mb + min_free_mb are free, and gives them back when less than min_free_mb are. ret stays where
 * it is and is to be closed whatever comes of it. ERR_CONFIG: the directory cannot be made or used, or is open to others;
 * ERR_BUSY: another process (program: its name in the sentence) runs on it; ERR_IO: it cannot be
 * written. */
MUST_CHECK int state_dir_open(const char *program, const char *dir, unsigned reserve_mb,
                              unsigned min_free_mb, struct state_dir *ret, struct errmsg *why);
/* Once the files of a start are there: their names are on the disk, too. SQLite asks for that when it
 * makes one, and does not look whether it was done. ERR_IO. */
MUST_CHECK int state_dir_sync(const struct state_dir *s, struct errmsg *why);
void state_dir_close(struct state_dir *s);
