/* SPDX-License-Identifier: Apache-2.0 */
/* The smallest application an engine can have: a counter per EID that adds, waits and tells others.
 * What leaves is written down, and that it left after its record was durable is checked where it
 * leaves. A test that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/db/stmt.h"
#include "common/engine/engine.h"
#include "test/support/fake.h"
#include "test/support/memvfs.h"

#define CNT_JOURNAL "/e/journal.db"
#define CNT_STATE "/e/state.db"
#define CNT_NOW 1750000000000
#define CNT_LOG 256

struct counter {
    struct eid eid;
    uint64_t value;
    int64_t due;
};

struct cnt {
    struct memvfs *m;
    struct crypto *crypto;
    struct fake_clock clock;
    struct rng rng;
    struct engine *e;
    struct stmt_set *sql;
    struct errmsg why;
    char log[CNT_LOG][80];           /* what left, in order */
    unsigned n_log;
    const char *post_in_release;     /* command posted once from inside release */
    unsigned loads, saves, house_records, restarts;
    bool apply_fails, decide_fails;
    int restart_fails;               /* with this error, for counter 1 */
    unsigned troubles;
    struct mbox troubled;
};

struct mbox cnt_mbox(unsigned i);
struct oid cnt_party(unsigned i);

void cnt_init(struct cnt *w, const char *name); /* name: of the disk */
void cnt_fini(struct cnt *w);
/* Of cmocka: *state is one whose engine is open. */
int cnt_setup(void **state);
int cnt_teardown(void **state);
struct engine_app cnt_app(struct cnt *w);
/* more: what the configuration says besides the files; NULL: nothing. */
int cnt_try(struct cnt *w, const struct engine_config *more);
void cnt_open(struct cnt *w, const struct engine_config *more);
void cnt_close(struct cnt *w);
/* state.db against its journal. */
int cnt_verify(struct cnt *w, struct errmsg *why);

/* An input for counter no: "add", "read", "wait", "move", "tell", "arm", "post", "secret", "forget",
 * "bad". */
void cnt_in(struct input *in, unsigned no, const char *cmd, uint64_t n);
int cnt_post(struct cnt *w, unsigned no, const char *cmd, uint64_t n);
void cnt_do(struct cnt *w, unsigned no, const char *cmd, uint64_t n);
void cnt_turn(struct cnt *w);
uint64_t cnt_value(struct cnt *w, unsigned no);
