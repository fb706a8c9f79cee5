/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/db_file.h"

#include <stdlib.h>

const char *const DBF_STEPS[2] = {
    "CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB UNIQUE) STRICT",
    "CREATE TABLE u(id INTEGER PRIMARY KEY, t INTEGER REFERENCES t(id)) STRICT;"
    "CREATE TRIGGER t_keep BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'kept'); END",
};

int dbf_setup(void **state)
{
    struct dbf *f = calloc(1, sizeof(*f));

    f->m = memvfs_register("dbtest", 7);
    f->o = (struct db_options){
        .vfs = "dbtest", .application_id = DBF_APP, .sync = DB_SYNC_FULL, .busy_ms = 0};
    *state = f;
    return f->m == NULL;
}

int dbf_teardown(void **state)
{
    struct dbf *f = *state;

    db_close(f->db);
    memvfs_free(f->m);
    free(f);
    return 0;
}

void dbf_open(struct dbf *f, uint32_t steps)
{
    int err = db_open("/t.db", &f->o, &f->db, &f->why);

    if (err != ERR_OK)
        fail_msg("%s", f->why.text);
    assert_int_equal(db_migrate(f->db, DBF_STEPS, steps, &f->why), ERR_OK);
}

void dbf_close(struct dbf *f)
{
    db_close(f->db);
    f->db = NULL;
}
