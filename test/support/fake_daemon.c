/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/msg/es2.h"
#include "test/support/fake_daemon.h"
#include "tools/pki/pki_tree.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

void fake_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "fake_daemon: %s\n", what);
        abort();
    }
}

/* --- the daemon --- */

static void fake_run_up(void *ctx)
{
    struct fake *f = ctx;

    if (f->fresh && rpc_is_up(f->fresh) && f->on_up)
        f->on_up(f, f->fresh, &f->hello);
    f->fresh = NULL;
}

static int fake_hello(void *ctx, struct rpc *r, const struct envelope *e, struct errmsg *why)
{
    struct fake *f = ctx;

    f->report.hellos++;
    if (!f->on_request)
        return errmsg_set(why, ERR_DENIED, "1.2.3 is not a party of this SM-DP in that role");
    f->report.subscribes += e->subscribe;
    f->report.last_no = e->last_delivery_no;
    f->fresh = r;
    f->hello =
        (struct envelope){.subscribe = e->subscribe, .last_delivery_no = e->last_delivery_no};
    loop_defer(f->loop, &f->up);
    return ERR_OK;
}

static void fake_message(void *ctx, struct rpc *r, const struct envelope *e)
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

static void fake_closed(void *ctx, struct rpc *r, int err, const char *why)
{
    struct fake *f = ctx;

    (void)err;
    (void)why;
    if (f->fresh == r)
        f->fresh = NULL;
}

static void fake_stop(void *ctx)
{
    struct fake *f = ctx;

    fake_must(write(f->pipe[1], &f->report, sizeof f->report) == (ssize_t)sizeof f->report, "pipe");
    _exit(0);
}

static void fake_serve(struct fake *f)
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

void fake_start(struct fake *f, fake_request on_request, fake_up on_up)
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

struct fake_report fake_end(struct fake *f)
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

void fake_slurp(const char *path, char *dst, size_t cap)
{
    FILE *in = fopen(path, "r");
    size_t n = in ? fread(dst, 1, cap - 1, in) : 0;

    dst[n] = '\0';
    if (in)
        fclose(in);
}

void fake_smctl(struct fake *f, struct ran *r, const char *const *words)
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

/* --- what a script says --- */
void fake_send(struct rpc *r, struct envelope *e)
{
    fake_must(rpc_send(r, e, NULL) == ERR_OK, "the daemon cannot answer");
}

struct uuid fake_op(const struct eid *eid)
{
    struct uuid u;

    memcpy(u.b, eid->b, sizeof u.b);
    return u;
}

void fake_reply(struct rpc *r, const struct envelope *e, void *body)
{
    struct envelope a = {.kind = ENV_RESPONSE,
                         .relates_to = e->message_id,
                         .message = {msg_type_response(e->message.type), body}};

    ((struct base_response *)body)->answer.status = EXEC_SUCCESS;
    fake_must(rpc_send(r, &a, NULL) == ERR_OK, "the daemon cannot answer");
}

void fake_accept(struct rpc *r, const struct envelope *e, const struct eid *eid)
{
    struct envelope a = {
        .kind = ENV_ACCEPTED, .relates_to = e->message_id, .operation = fake_op(eid)};

    fake_send(r, &a);
}

void fake_answer(struct rpc *r, const struct envelope *e, const struct eid *eid,
                   enum exec_status s, const char *subject, const char *reason, enum verdict v)
{
    struct es2_download_profile_response body = {.base = {.answer = {.status = s}}};
    struct envelope a = {.kind = ENV_RESPONSE,
                         .relates_to = e->message_id,
                         .operation = fake_op(eid),
                         .verdict = v,
                         .message = {msg_type_response(e->message.type), &body}};

    memcpy(body.base.answer.code.subject, subject, strlen(subject) + 1);
    memcpy(body.base.answer.code.reason, reason, strlen(reason) + 1);
    if (e->message.type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST && s == EXEC_SUCCESS)
        (void)!iccid_parse(span_str("8949010000000000001"), &body.iccid);
    fake_send(r, &a);
}

void fake_eids(struct fake *f, char path[512], unsigned n, const char *behind)
{
    FILE *out;

    tmpdir_path(&f->dir, "eids", path, 512);
    out = fopen(path, "w");
    assert_non_null(out);
    for (unsigned i = 0; i < n; i++) {
        char digits[31], text[EID_TEXT];
        struct eid e;
        (void)snprintf(digits, sizeof digits, "8900101201234123401234%08u", i % 100000000u);
        assert_int_equal(eid_make(digits, &e), ERR_OK);
        eid_text(&e, text);
        fprintf(out, "%s%s\n", text, behind);
    }
    fclose(out);
}

unsigned fake_number(const struct eid *e)
{
    unsigned n = 0;

    for (unsigned i = 11; i < 15; i++)
        n = n * 100 + (e->b[i] >> 4) * 10u + (e->b[i] & 15u);
    return n;
}
