/* SPDX-License-Identifier: Apache-2.0 */
/* Free room and the reserve file. */
#include "common/db/space.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int system_free(const void *ctx, uint64_t *ret)
{
    struct statvfs v;

    if (statvfs((const char *)ctx, &v) != 0)
        return ERR_IO;
    *ret = (uint64_t)v.f_bavail * (uint64_t)v.f_frsize;
    return ERR_OK;
}

struct space space_system(const char *dir)
{
    return (struct space){.free_bytes = system_free, .ctx = dir};
}

int space_check(const struct space *s, uint64_t need)
{
    uint64_t left = 0;
    int err = s->free_bytes(s->ctx, &left);

    if (err != ERR_OK)
        return err;
    return left < need ? ERR_FULL : ERR_OK;
}

static int reserve_path(const char *dir, char dst[PATH_MAX])
{
    int n = snprintf(dst, PATH_MAX, "%s/reserve", dir);

    return n < 0 || n >= PATH_MAX ? ERR_TOO_LARGE : ERR_OK;
}

int db_sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

    if (fd < 0)
        return ERR_IO;
    err = fsync(fd) == 0 ? ERR_OK : ERR_IO;
    close(fd);
    return err;
}

/* Allocated octets, so a sparse file of the right length does not pass. */
static bool holds(int fd, uint64_t bytes)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
           (uint64_t)st.st_size >= bytes && (uint64_t)st.st_blocks * 512u >= bytes;
}

bool db_reserve_is_kept(const char *dir, uint64_t bytes)
{
    char path[PATH_MAX];
    bool kept;
    int fd;

    if (reserve_path(dir, path))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    kept = holds(fd, bytes);
    close(fd);
    return kept;
}

int db_reserve_create(const char *dir, uint64_t bytes)
{
    char path[PATH_MAX];
    int fd, rc = 0, err = reserve_path(dir, path);

    if (err != ERR_OK)
        return err;
    if (bytes == 0 || bytes > INT64_MAX)
        return ERR_INVAL;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
    if (!holds(fd, bytes))
        rc = posix_fallocate(fd, 0, (off_t)bytes);
    if (rc != 0)
        err = rc == ENOSPC || rc == EDQUOT || rc == EFBIG ? ERR_FULL : ERR_IO;
    else if (fsync(fd) != 0)
        err = ERR_IO;
    close(fd);
    if (err != ERR_OK) {
        unlink(path);
        return err;
    }
    return db_sync_dir(dir);
}

int db_reserve_release(const char *dir)
{
    char path[PATH_MAX];
    int err = reserve_path(dir, path);

    if (err != ERR_OK)
        return err;
    if (unlink(path) != 0)
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    return db_sync_dir(dir);
}
