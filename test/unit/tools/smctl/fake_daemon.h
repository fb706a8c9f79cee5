/* SPDX-License-Identifier: Apache-2.0 */
/* The other end for tests of smctl: a process with a real mutual-TLS listener that answers as a
 * script of the test says, and a run of smctl in a process of its own with its output caught. */
#pragma once

#include "common/base/map.h"
#include "common/net/tls.h"
#include "test/support/path.h"
#include "tools/pki/pki_tree.h"
#include "tools/smctl/smctl.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake_report { /* what the daemon saw, handed over when it is stopped */
    unsigned hellos, requests, calls, repeats, subscribes;
    uint64_t acked, last_no;
};
struct fake;
typedef void (*fake_request)(struct fake *f, struct rpc *r, const struct envelope *e, bool repeat);
typedef void (*fake_up)(struct fake *f, struct rpc *r, const struct envelope *hello);
struct fake {
    struct tmpdir dir;
    char config[512];
    pid_t pid;
    int pipe[2];
    uint16_t port;
    /* the child's */
    struct loop *loop;
    fake_request on_request;
    fake_up on_up;
    struct loop_task up;
    struct rpc *fresh;
    bool subscribed;
    struct map *calls; /* FunctionCallIdentifiers seen */
    struct fake_report report;
    struct envelope hello;
};

static inline void fake_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fake_daemon.h: %s\n", what);
        abort();
    }
}

/* --- the daemon --- */

static inline void fake_run_up(void *ctx)
{
    struct fake *f = ctx;

    if (f->fresh && rpc_is_up(f->fresh) && f->on_up)
        f->on_up(f, f->fresh, &f->hello);
    f->fresh = NULL;
}

static bool fake_refuses; /* set before it is forked: nobody is a party of it */

static inline int fake_hello(void *ctx, struct rpc *r, const struct envelope *e, struct errmsg *why)
{
    struct fake *f = ctx;

    f->report.hellos++;
    if (fake_refuses)
        return errmsg_set(why, ERR_DENIED, "1.2.3 is not a party of this SM-DP in that role");
    f->report.subscribes += e->subscribe;
    f->report.last_no = e->last_delivery_no;
    f->fresh = r;
    f->hello =
        (struct envelope){.subscribe = e->subscribe, .last_delivery_no = e->last_delivery_no};
    loop_defer(f->loop, &f->up);
    return ERR_OK;
}

static inline void fake_message(void *ctx, struct rpc *r, const struct envelope *e)
{
    struct fake *f = ctx;
    const struct base_request *b = message_request(&e->message);
    bool repeat = false;

    if (e->kind == ENV_ACK)
        f->report.acked = e->delivery_no;
    if (e->kind != ENV_REQUEST || !b)
        return;
    f->report.requests++;
    struct span id = b->function_call_identifier;
    fake_must(id.n > 0 && id.n <= 255, "a request without an identifier");
    if (id.n > MAP_KEY_MAX)
        id.n = MAP_KEY_MAX;
    repeat = map_put(f->calls, id, f) == ERR_EXISTS;
    f->report.calls += !repeat;
    f->report.repeats += repeat;
    f->on_request(f, r, e, repeat);
}

static inline void fake_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct fake *f = ctx;

    (void)err;
    (void)why;
    if (f->fresh == r)
        f->fresh = NULL;
}

static inline void fake_stop(void *ctx)
{
    struct fake *f = ctx;

    fake_must(write(f->pipe[1], &f->report, sizeof f->report) == (ssize_t)sizeof f->report, "pipe");
    _exit(0);
}

static inline void fake_serve(struct fake *f)
{
    char ca[512], cert[512], key[512];
    struct rpc_handler h = {fake_hello, NULL, fake_message, fake_closed, f};
    struct tls_limits lim = {.max_conns = 16};
    struct tls_server *s;
    struct errmsg why = {""};

    tmpdir_path(&f->dir, "pki/ca/cert.pem", ca, sizeof ca);
    tmpdir_path(&f->dir, "pki/smsr/cert.pem", cert, sizeof cert);
    tmpdir_path(&f->dir, "pki/smsr/key.pem", key, sizeof key);
    f->loop = loop_new();
    f->calls = map_new(0);
    loop_task_init(&f->up, fake_run_up, f);
    if (tls_listen(f->loop, &(struct tls_files){ca, cert, key}, "127.0.0.1:0", &lim, &h, &s, &why))
        fake_must(false, why.text);
    loop_signals(f->loop, fake_stop, NULL, f);
    f->port = tls_server_port(s);
    fake_must(write(f->pipe[1], &f->port, sizeof f->port) == (ssize_t)sizeof f->port, "pipe");
    (void)!loop_run(f->loop);
    _exit(3);
}

/* Starts it; f->config is a file of contexts that reach it as smsr and as smdp. */
static inline void fake_start(struct fake *f, fake_request on_request, fake_up on_up)
{
    struct pki_tree t = {.days = 2, .smsr_address = "x:1", .smdp_address = "x:1"};
    struct crypto *c = crypto_new(NULL);
    struct errmsg why = {""};
    char path[512];
    FILE *out;

    memset(f, 0, sizeof *f);
    f->on_request = on_request;
    f->on_up = on_up;
    t.now_ms = clock_wall_ms(&CLOCK_SYSTEM);
    tmpdir_init(&f->dir);
    tmpdir_path(&f->dir, "pki", path, sizeof path);
    pki_tree_defaults(&t);
    if (pki_tree_write(c, &t, path, &why))
        fake_must(false, why.text);
    crypto_free(c);
    fake_must(pipe(f->pipe) == 0, "pipe");
    fflush(NULL);
    f->pid = fork();
    if (f->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing outlives a test that failed */
        fake_serve(f);
    }
    fake_must(read(f->pipe[0], &f->port, sizeof f->port) == (ssize_t)sizeof f->port, "the daemon");
    tmpdir_path(&f->dir, "pki/test.yaml", f->config, sizeof f->config);
    out = fopen(f->config, "w");
    fake_must(out != NULL, f->config);
    fprintf(out, "contexts:\n");
    for (unsigned i = 0; i < t.n; i++)
        fprintf(out,
                "- {name: %s, smsr: \"127.0.0.1:%u\", smdp: \"127.0.0.1:%u\", ca: ca/cert.pem, "
                "cert: %s/cert.pem, key: %s/key.pem, smsr_id: 1.3.6.1.4.1.99999.1}\n",
                t.parties[i].name, f->port, f->port, t.parties[i].name, t.parties[i].name);
    fclose(out);
}

static inline struct fake_report fake_end(struct fake *f)
{
    struct fake_report r;
    int status;

    kill(f->pid, SIGTERM);
    fake_must(read(f->pipe[0], &r, sizeof r) == (ssize_t)sizeof r, "the daemon's report");
    fake_must(waitpid(f->pid, &status, 0) == f->pid && status == 0, "the daemon's end");
    close(f->pipe[0]);
    close(f->pipe[1]);
    tmpdir_fini(&f->dir);
    return r;
}

/* --- smctl --- */

struct ran {
    int code;
    char out[65536], err[16384];
};

static inline void fake_slurp(const char *path, char *dst, size_t cap)
{
    FILE *in = fopen(path, "r");
    size_t n = in ? fread(dst, 1, cap - 1, in) : 0;

    dst[n] = '\0';
    if (in)
        fclose(in);
}

/* words: "--as", "fleet", ..., NULL; --config is put in front. */
static inline void fake_smctl(struct fake *f, struct ran *r, const char *const *words)
{
    char out[512], err[512], *argv[40] = {NULL};
    int argc = 0, status;

    tmpdir_path(&f->dir, "stdout", out, sizeof out);
    tmpdir_path(&f->dir, "stderr", err, sizeof err);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        argv[argc++] = strdup("smctl");
        argv[argc++] = strdup("--config");
        argv[argc++] = strdup(f->config);
        for (; *words && argc < 39; words++)
            argv[argc++] = strdup(*words);
        if (!freopen(out, "w", stdout) || !freopen(err, "w", stderr))
            _exit(99);
        status = (int)smctl_main(argc, argv);
        for (int i = 0; i < argc; i++)
            free(argv[i]);
        exit(status);
    }
    fake_must(waitpid(pid, &status, 0) == pid && WIFEXITED(status), "smctl did not end by itself");
    r->code = WEXITSTATUS(status);
    fake_slurp(out, r->out, sizeof r->out);
    fake_slurp(err, r->err, sizeof r->err);
}
#define SMCTL(f, r, ...) fake_smctl(f, r, (const char *const[]){__VA_ARGS__, NULL})
