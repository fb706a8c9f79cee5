/* SPDX-License-Identifier: Apache-2.0 */
/* The other end for tests of smctl: a process with a real mutual-TLS listener that answers as a
 * script of the test says, and a run of smctl in a process of its own with its output caught. A test
 * that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/base/map.h"
#include "common/net/tls.h"
#include "test/support/path.h"
#include "tools/smctl/smctl.h"

#include <sys/types.h>

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
    struct map *calls; /* FunctionCallIdentifiers seen */
    struct fake_report report;
    struct envelope hello;
};

void fake_must(bool ok, const char *what);
/* Starts it; f->config is a file of contexts that reach it as smsr and as smdp. on_request NULL: nobody is
 * a party of it. */
void fake_start(struct fake *f, fake_request on_request, fake_up on_up);
struct fake_report fake_end(struct fake *f);

/* --- what a script says --- */
void fake_send(struct rpc *r, struct envelope *e);
struct uuid fake_op(const struct eid *eid);
/* The RESPONSE of an interface of our own, done; the common part stands first in body. */
void fake_reply(struct rpc *r, const struct envelope *e, void *body);
void fake_accept(struct rpc *r, const struct envelope *e, const struct eid *eid);
void fake_answer(struct rpc *r, const struct envelope *e, const struct eid *eid, enum exec_status s,
                 const char *subject, const char *reason, enum verdict v);

/* A file of n EIDs, with that behind each; the number of such a card. */
void fake_eids(struct fake *f, char path[512], unsigned n, const char *behind);
unsigned fake_number(const struct eid *e);

/* --- smctl --- */
struct ran {
    int code;
    char out[65536], err[16384];
};

/* The file as text, as far as it fits; absent: empty. */
void fake_slurp(const char *path, char *dst, size_t cap);
/* words: "--as", "fleet", ..., NULL; --config is put in front. */
void fake_smctl(struct fake *f, struct ran *r, const char *const *words);
#define SMCTL(f, r, ...) fake_smctl(f, r, (const char *const[]){__VA_ARGS__, NULL})
