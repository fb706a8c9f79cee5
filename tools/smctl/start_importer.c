/* SPDX-License-Identifier: Apache-2.0 */
/* eisimport FILE in a process of its own; its limits are its own business, what it writes is read
 * as a stranger's. */
#define _GNU_SOURCE /* pipe2 */
#include "tools/smctl/start_importer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM  "eisimport"
#define ROWS_MAX ((size_t)512 << 20)
#define STEP     (64u << 10)

bool importer_is_for(struct span o)
{
    static const uint8_t BOM[3] = {0xEF, 0xBB, 0xBF};
    size_t i = o.n >= sizeof BOM && !memcmp(o.p, BOM, sizeof BOM) ? sizeof BOM : 0;

    if (o.n >= 4 && (!memcmp(o.p, "PK\3\4", 4) || !memcmp(o.p, "PK\5\6", 4)))
        return true;
    while (i < o.n && (o.p[i] == ' ' || o.p[i] == '\n' || o.p[i] == '\r' || o.p[i] == '\t'))
        i++;
    return i < o.n && o.p[i] == '<';
}

/* Beside smctl itself, or beside the folder it is in (tests), else by PATH. */
static void find_program(char dst[PATH_MAX])
{
    static const char *const PLACES[] = {PROGRAM, "../bin/" PROGRAM};
    char self[PATH_MAX - 32];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    char *slash;

    if (n > 0) {
        self[n] = '\0';
        slash = strrchr(self, '/');
        for (size_t i = 0; slash && i < sizeof PLACES / sizeof *PLACES; i++) {
            (void)snprintf(dst, PATH_MAX, "%.*s/%s", (int)(slash - self), self, PLACES[i]);
            if (access(dst, X_OK) == 0)
                return;
        }
    }
    (void)snprintf(dst, PATH_MAX, PROGRAM);
}

static void child(int out, const char *path, const char *transport_key, const char *eum_certificate)
{
    char program[PATH_MAX];
    const char *argv[9] = {PROGRAM, "--rows"};
    unsigned n = 2;

    if (transport_key) {
        argv[n++] = "--transport-key";
        argv[n++] = transport_key;
    }
    if (eum_certificate) {
        argv[n++] = "--eum-certificate";
        argv[n++] = eum_certificate;
    }
    argv[n] = path;
    find_program(program);
    if (dup2(out, STDOUT_FILENO) == STDOUT_FILENO)
        execvp(program, (char *const *)(uintptr_t)argv);
    _exit(127);
}

static int read_rows(int in, struct buf *out)
{
    for (;;) {
        uint8_t *p = buf_grow(out, STEP);
        ssize_t n;
        if (!p)
            return ERR_TOO_LARGE;
        do
            n = read(in, p, STEP);
        while (n < 0 && errno == EINTR);
        out->n -= STEP - (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            return n ? ERR_IO : ERR_OK;
    }
}

/* Exit codes 0 to 2 come with rows that say all of it. */
static int ended(pid_t pid, const char *path, struct errmsg *why)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return errmsg_set(why, ERR_CONFIG, "%s: %s", PROGRAM, strerror(errno));
    if (WIFSIGNALED(status))
        return errmsg_set(
            why, ERR_CONFIG,
            "%.160s: " PROGRAM
            " ended by signal %d while it read it, and nothing was sent: split the file, "
            "or ask the EUM for it again",
            path, WTERMSIG(status));
    if (WEXITSTATUS(status) == 127)
        return errmsg_set(why, ERR_CONFIG,
                          "%.160s is XML, which " PROGRAM
                          " reads, and that was not found: install it beside smctl",
                          path);
    return ERR_OK;
}

int importer_start(const char *path, const char *transport_key, const char *eum_certificate,
                   struct buf *out, struct errmsg *why)
{
    int pipe_ends[2], err;
    char full[PATH_MAX];
    pid_t pid;

    /* No name is an option of the other program. */
    if (!realpath(path, full) || pipe2(pipe_ends, O_CLOEXEC) != 0)
        return errmsg_set(why, ERR_CONFIG, "%.200s: %s", path, strerror(errno));
    (void)fflush(stdout);
    pid = fork();
    if (pid == 0)
        child(pipe_ends[1], full, transport_key, eum_certificate);
    close(pipe_ends[1]);
    if (pid < 0) {
        close(pipe_ends[0]);
        return errmsg_set(why, ERR_CONFIG, PROGRAM " cannot be started: %s", strerror(errno));
    }
    buf_init(out, ROWS_MAX);
    err = read_rows(pipe_ends[0], out);
    close(pipe_ends[0]);
    if (ended(pid, path, why))
        return ERR_CONFIG;
    return err ? errmsg_set(why, ERR_CONFIG,
                            "%.160s: what " PROGRAM " makes of it is too large: split the file",
                            path)
               : ERR_OK;
}
