/* SPDX-License-Identifier: Apache-2.0 */
#include "common/capture/capture_file.h"

#include "common/capture/pcapng.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct capture_file {
    int fd;
    char path[512];
    struct capture_limits limits;
    uint64_t size;                 /* of whole units on the disk */
    struct buf waiting;
    char why[700];
};

static void ended(struct capture_file *f, const char *why)
{
    if (f->why[0])
        return;
    (void)snprintf(f->why, sizeof f->why, "%s: %s", f->path, why);
    (void)close(f->fd);
    f->fd = -1;
    buf_fini(&f->waiting);
}

/* Octets of whole blocks at the front: who was killed while it wrote may have left a part of one. */
static uint64_t whole(int fd, uint64_t size)
{
    uint64_t at = 0;
    uint8_t head[8];

    while (at + 12 <= size && pread(fd, head, sizeof head, (off_t)at) == (ssize_t)sizeof head) {
        uint32_t n = (uint32_t)head[4] | (uint32_t)head[5] << 8 | (uint32_t)head[6] << 16 |
                     (uint32_t)head[7] << 24;
        if (n < 12 || n % 4 || n > size - at)
            break;
        at += n;
    }
    return at;
}

/* A file that begins as a section does is one of ours, or as good. */
static int look(struct capture_file *f, struct errmsg *why)
{
    static const uint8_t SECTION[4] = {0x0A, 0x0D, 0x0D, 0x0A};
    uint8_t front[4];
    struct stat st;

    if (fstat(f->fd, &st) || !S_ISREG(st.st_mode))
        return errmsg_set(why, ERR_CONFIG, "%s is no regular file; name another one", f->path);
    if (flock(f->fd, LOCK_EX | LOCK_NB))
        return errmsg_set(why, ERR_CONFIG, "another process writes %s; name another file", f->path);
    f->size = (uint64_t)st.st_size;
    if (f->size && (pread(f->fd, front, sizeof front, 0) != (ssize_t)sizeof front ||
                    memcmp(front, SECTION, sizeof front) != 0))
        return errmsg_set(why, ERR_CONFIG, "%s exists and is no capture; name another file",
                          f->path);
    f->size = whole(f->fd, f->size);
    if (st.st_size && !f->size)
        return errmsg_set(why, ERR_CONFIG, "%s exists and has no whole section; name another file",
                          f->path);
    if ((uint64_t)st.st_size > f->size && ftruncate(f->fd, (off_t)f->size))
        return errmsg_set(why, ERR_IO, "%s cannot be cut behind its last whole unit (%s)", f->path,
                          strerror(errno));
    return ERR_OK;
}

/* Beyond the limit of the process a write is a signal, and the end of it. */
static uint64_t largest(uint64_t max)
{
    struct rlimit own;

    if (getrlimit(RLIMIT_FSIZE, &own) || own.rlim_cur == RLIM_INFINITY)
        return max;
    return own.rlim_cur < max ? own.rlim_cur : max;
}

int capture_file_open(const char *path, const char *application,
                      const struct capture_limits *limits, struct capture_file **ret,
                      struct errmsg *why)
{
    struct capture_file *f = calloc(1, sizeof *f);
    int err;

    *ret = NULL;
    if (!f)
        return errmsg_set(why, ERR_NOMEM, "no memory for the capture");
    f->limits = *limits;
    f->limits.max = largest(limits->max ? limits->max : CAPTURE_FILE_MAX);
    buf_init(&f->waiting, CAPTURE_BUFFER);
    (void)snprintf(f->path, sizeof f->path, "%s", path);
    /* Neither a FIFO nor a terminal may make its owner wait. */
    f->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
    if (f->fd < 0)
        err = errmsg_set(why, ERR_IO, "%s cannot be opened for a capture (%s); name another file",
                         path, strerror(errno));
    else
        err = look(f, why);
    if (err) {
        capture_file_close(f);
        return err;
    }
    pcapng_section(&f->waiting, application);
    *ret = f;
    return ERR_OK;
}

struct buf *capture_file_room(struct capture_file *f)
{
    if (f->waiting.n > CAPTURE_BUFFER / 2)
        (void)capture_file_flush(f);
    return f->why[0] ? NULL : &f->waiting;
}

static bool written(struct capture_file *f)
{
    size_t at = 0;

    while (at < f->waiting.n) {
        ssize_t n = write(f->fd, f->waiting.p + at, f->waiting.n - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += (size_t)n;
    }
    return true;
}

bool capture_file_flush(struct capture_file *f)
{
    if (f->why[0])
        return false;
    if (f->waiting.failed) {
        ended(f, "no memory for it");
        return false;
    }
    if (!f->waiting.n)
        return true;
    if (f->size + f->waiting.n > f->limits.max) {
        ended(f, "it has reached its largest size");
    } else if (f->limits.space &&
               space_check(f->limits.space, f->limits.keep_free + f->waiting.n)) {
        ended(f, "the disk has no room to spare for it");
    } else if (!written(f)) {
        char what[128];
        (void)snprintf(what, sizeof what, "it cannot be written (%s)", strerror(errno));
        (void)!ftruncate(f->fd, (off_t)f->size);
        ended(f, what);
    } else {
        f->size += f->waiting.n;
        buf_reset(&f->waiting);
    }
    return !f->why[0];
}

const char *capture_file_why(const struct capture_file *f)
{
    return f->why;
}

uint64_t capture_file_size(const struct capture_file *f)
{
    return f->size;
}

void capture_file_close(struct capture_file *f)
{
    if (!f)
        return;
    if (f->fd >= 0) {
        (void)capture_file_flush(f);
        if (f->fd >= 0)
            (void)close(f->fd);
    }
    buf_fini(&f->waiting);
    free(f);
}
