/* SPDX-License-Identifier: Apache-2.0 */
/* A database on a disk in memory, with two small steps of a schema. A test that uses it names
 * remora_test_support first in its Links line. */
#pragma once

#include "common/db/db.h"
#include "test/support/memvfs.h"

#define DBF_APP 0x52454D54u

extern const char *const DBF_STEPS[2];

struct dbf {
    struct memvfs *m;
    struct db_options o;
    struct db *db;
    struct errmsg why;
};

int dbf_setup(void **state); /* for cmocka: *state is one; nothing is open */
int dbf_teardown(void **state);
/* Opens /t.db, with so many steps. */
void dbf_open(struct dbf *f, uint32_t steps);
void dbf_close(struct dbf *f);
