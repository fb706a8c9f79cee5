/* SPDX-License-Identifier: Apache-2.0 */
/* One write a line, so that a reader who follows the file sees whole ones. */
#include "tools/euiccsim/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_OCTETS 512u

struct keylog {
    int fd;
    bool failed;
};

static void line_write(void *ctx, const char *line)
{
    struct keylog *k = ctx;
    char text[LINE_MAX_OCTETS];
    size_t n = strlen(line);

    if (n + 1 > sizeof(text)) {
        k->failed = true;
        return;
    }
    memcpy(text, line, n);
    text[n++] = '\n';
    if (write(k->fd, text, n) != (ssize_t)n)
        k->failed = true;
    mem_wipe(text, n);
}

/* A file that others may read is none for secrets, whoever made it so. */
static int fit(int fd, const char *path, struct errmsg *why)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return errmsg_set(why, ERR_IO, "--keylog %s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode) || (st.st_mode & 077))
        return errmsg_set(why, ERR_CONFIG,
                          "--keylog %s: it must be a file with mode 0600, remove it or chmod it", path);
    return ERR_OK;
}

int keylog_open(const char *path, struct scp81_ctx *client, struct keylog **ret, struct errmsg *why)
{
    struct keylog *k = calloc(1, sizeof(*k));
    int rc;

    if (!k)
        return errmsg_set(why, ERR_NOMEM, "--keylog %s: no memory for it", path);
    k->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (k->fd < 0)
        rc = errmsg_set(why, ERR_CONFIG, "--keylog %s: %s", path, strerror(errno));
    else
        rc = fit(k->fd, path, why);
    if (rc == ERR_OK)
        rc = scp81_client_keylog(client, line_write, k);
    if (rc != ERR_OK) {
        keylog_close(k);
        return rc;
    }
    *ret = k;
    return ERR_OK;
}

bool keylog_failed(const struct keylog *k)
{
    return k->failed;
}

void keylog_close(struct keylog *k)
{
    if (!k)
        return;
    if (k->fd >= 0)
        (void)close(k->fd);
    free(k);
}
