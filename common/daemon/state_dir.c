/* SPDX-License-Identifier: Apache-2.0 */
#include "common/daemon/state_dir.h"

#include "common/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MEBI    (1024ull * 1024ull)
#define SEE_LOG "; see what the system log says of the disk"

static int make_dir(const char *dir, struct errmsg *why)
{
    struct stat st;

    if (mkdir(dir, 0700) && errno != EEXIST)
        return errmsg_set(why, ERR_CONFIG, "state directory %s cannot be made: %s", dir,
                          strerror(errno));
    if (stat(dir, &st) || !S_ISDIR(st.st_mode) || access(dir, R_OK | W_OK | X_OK))
        return errmsg_set(why, ERR_CONFIG, "state directory %s cannot be used; check its owner",
                          dir);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return errmsg_set(why, ERR_CONFIG, "state directory %s is open to others: chmod 0700", dir);
    return ERR_OK;
}

static int take_lock(struct state_dir *s, const char *program, struct errmsg *why)
{
    char path[560], pid[32];
    int n;

    (void)snprintf(path, sizeof path, "%s/lock", s->dir);
    s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock < 0)
        return errmsg_set(why, ERR_CONFIG, "%s cannot be opened: %s", path, strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB))
        return errmsg_set(why, ERR_BUSY,
                          "another %s runs on %s (%s is locked): stop it, or give this one "
                          "another state directory",
                          program, s->dir, path);
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(s->lock, 0) || write(s->lock, pid, (size_t)n) != n)
        return errmsg_set(why, ERR_IO, "%s cannot be written", path);
    return ERR_OK;
}

static int free_net(const void *ctx, uint64_t *ret)
{
    const struct state_dir *s = ctx;
    const struct space all = space_system(s->dir);
    int err = all.free_bytes(all.ctx, ret);

    *ret = err || *ret < s->owed ? 0 : *ret - s->owed;
    return err;
}

static int keep_reserve(struct state_dir *s, uint64_t reserve, uint64_t least, struct errmsg *why)
{
    int err = ERR_OK;

    if (!reserve)
        return ERR_OK;
    if (!space_check(&s->space, reserve + least))
        err = db_reserve_create(s->dir, reserve);
    if (err == ERR_IO) /* the disk fails, it is not full */
        return errmsg_set(why, err, "the reserve in %s cannot be written" SEE_LOG, s->dir);
    s->owed = db_reserve_is_kept(s->dir, reserve) ? 0 : reserve;
    if (s->owed)
        log_warn("disk", "no room for the reserve of %llu MiB on %s: no new work is taken",
                 (unsigned long long)(reserve / MEBI), s->dir);
    return ERR_OK;
}

static int care_for_room(struct state_dir *s, unsigned reserve_mb, unsigned min_free_mb,
                         struct errmsg *why)
{
    uint64_t reserve = reserve_mb * MEBI, least = min_free_mb * MEBI;
    int err;

    s->space = (struct space){.free_bytes = free_net, .ctx = s};
    if (space_check(&s->space, least)) {
        err = db_reserve_release(s->dir);
        s->owed = reserve;
        log_warn("disk", "less than %u MiB free on %s: no new work is taken", min_free_mb, s->dir);
        return err && err != ERR_NOT_FOUND
                   ? errmsg_set(why, err, "the reserve in %s cannot be released" SEE_LOG, s->dir)
                   : ERR_OK;
    }
    return keep_reserve(s, reserve, least, why);
}

int state_dir_open(const char *program, const char *dir, unsigned reserve_mb, unsigned min_free_mb,
                   struct state_dir *ret, struct errmsg *why)
{
    int err;

    *ret = (struct state_dir){.lock = -1};
    if (strlen(dir) >= sizeof ret->dir)
        return errmsg_set(why, ERR_CONFIG, "the name of the state directory is too long");
    (void)snprintf(ret->dir, sizeof ret->dir, "%s", dir);
    (void)snprintf(ret->journal_path, sizeof ret->journal_path, "%s/journal.db", dir);
    (void)snprintf(ret->state_path, sizeof ret->state_path, "%s/state.db", dir);
    err = make_dir(dir, why);
    if (!err)
        err = take_lock(ret, program, why);
    return err ? err : care_for_room(ret, reserve_mb, min_free_mb, why);
}

int state_dir_sync(const struct state_dir *s, struct errmsg *why)
{
    int err = db_sync_dir(s->dir);

    return err ? errmsg_set(why, err, "%s cannot be made durable" SEE_LOG, s->dir) : ERR_OK;
}

void state_dir_close(struct state_dir *s)
{
    if (s->lock >= 0)
        (void)close(s->lock);
    s->lock = -1;
}
