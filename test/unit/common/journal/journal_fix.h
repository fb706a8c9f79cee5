/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the journal share: a world with one disk and records whose content follows from
 * their lsn. */
#pragma once

#include "common/journal/journal_int.h"
#include "test/support/memvfs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PATH "/s/journal.db"

struct fix {
    struct memvfs *m;
    struct crypto *crypto;
    struct rng rng;
    struct journal_options o;
    struct journal *j;
    struct errmsg why;
};

static inline void fix_init(struct fix *f, const char *name, uint64_t seed)
{
    memset(f, 0, sizeof(*f));
    f->m = memvfs_register(name, seed);
    f->crypto = crypto_new(NULL);
    rng_init_seeded(&f->rng, seed);
    f->o = (struct journal_options){.vfs = memvfs_name(f->m), .rng = &f->rng};
}

static inline void fix_fini(struct fix *f)
{
    journal_close(f->j);
    crypto_free(f->crypto);
    memvfs_free(f->m);
}

static inline void fix_open(struct fix *f)
{
    if (journal_open(PATH, &f->o, f->crypto, &f->j, &f->why) != ERR_OK)
        fail_msg("%s", f->why.text);
}

static inline void fix_close(struct fix *f)
{
    journal_close(f->j);
    f->j = NULL;
}

static inline size_t fix_body(uint64_t lsn, uint8_t dst[64])
{
    int n = snprintf((char *)dst, 64, "body of %llu", (unsigned long long)lsn);

    return lsn % 7 == 0 ? 0 : (size_t)n;
}

/* One record into an open transaction; every third has an EID, every second an operation. */
static inline int fix_append(struct journal *j, uint32_t stream, struct journal_record *ret)
{
    uint64_t lsn = journal_last_lsn(j) + 1;
    uint8_t body[64];
    struct journal_record r = {.stream = stream, .at_ms = 1750000000000 + (int64_t)lsn,
                               .type = "operation.armed", .class_ = (uint8_t)(lsn % 4)};
    int err;

    r.body = span_of(body, fix_body(lsn, body));
    if (lsn % 3 == 0)
        memset(r.eid.b, 0x89, 16);
    if (lsn % 2 == 0)
        memset(r.op.b, (int)(lsn & 0x7F) + 1, 16);
    err = journal_append(j, &r);
    if (ret != NULL)
        *ret = r;
    return err;
}

static inline int fix_turn(struct journal *j, uint32_t stream, int n)
{
    int err = journal_begin(j);

    for (int i = 0; i < n && err == ERR_OK; i++)
        err = fix_append(j, stream, NULL);
    return err == ERR_OK ? journal_commit(j) : err;
}

/* Of cmocka: *state is one, open. */
static inline int fix_setup(void **state)
{
    struct fix *f = malloc(sizeof(*f));

    fix_init(f, "journal", 11);
    fix_open(f);
    *state = f;
    return 0;
}

static inline int fix_teardown(void **state)
{
    fix_fini(*state);
    free(*state);
    return 0;
}
