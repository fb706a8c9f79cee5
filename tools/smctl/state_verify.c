/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing the daemon whose projections are rebuilt (design 3.2). */
#include "tools/smctl/state_verify.h"

#include "common/db/db.h"

#ifdef SMSR_STATE_HEADER
#include SMSR_STATE_HEADER
#endif
#ifdef SMDP_STATE_HEADER
#include SMDP_STATE_HEADER
#endif

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define ID_SMSR 0x524D5352u /* "RMSR" */
#define ID_SMDP 0x524D4450u /* "RMDP" */
#define BUSY_MS 5000u

typedef int (*verify_fn)(const char *dir, struct errmsg *why);
static const struct {
    const char *name;
    uint32_t id;
    verify_fn verify; /* NULL: this build was made without that daemon */
} DAEMONS[] = {
#ifdef SMSR_STATE_HEADER
    {"smsr", ID_SMSR, smsr_state_verify},
#else
    {"smsr", ID_SMSR, NULL},
#endif
#ifdef SMDP_STATE_HEADER
    {"smdp", ID_SMDP, smdp_state_verify},
#else
    {"smdp", ID_SMDP, NULL},
#endif
};

/* Whose file it is: its application id says so, which in a running daemon stands in the log of the
 * database and not yet in the file itself. ERR_SCHEMA: neither's. */
static int find_owner(const char *dir, size_t *ret, struct errmsg *why)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/state.db", dir);
    int err = ERR_SCHEMA;

    if (n < 0 || n >= PATH_MAX)
        return errmsg_set(why, ERR_INVAL, "the name of the directory is too long");
    for (size_t i = 0; err == ERR_SCHEMA && i < sizeof DAEMONS / sizeof *DAEMONS; i++) {
        struct db_options o = {.application_id = DAEMONS[i].id,
                               .sync = DB_SYNC_NORMAL,
                               .read_only = true,
                               .busy_ms = BUSY_MS};
        struct db *db = NULL;
        err = db_open(path, &o, &db, why);
        if (!err)
            db_close(db);
        *ret = i;
    }
    return err == ERR_SCHEMA
               ? errmsg_set(why, err, "state.db of %.160s belongs to neither smsr nor smdp", dir)
               : err;
}

static int verify_as(size_t i, const char *dir, bool *ret_compared, struct errmsg *why)
{
    if (!DAEMONS[i].verify)
        return errmsg_set(why, ERR_UNSUPPORTED, "this smctl was built without %s", DAEMONS[i].name);
    *ret_compared = true;
    return DAEMONS[i].verify(dir, why);
}

int state_verify(const char *dir, const char *via, bool *ret_compared, struct errmsg *why)
{
    size_t owner = 0;
    int err;

    *ret_compared = false;
    for (size_t i = 0; via && i < sizeof DAEMONS / sizeof *DAEMONS; i++)
        if (!strcmp(via, DAEMONS[i].name))
            return verify_as(i, dir, ret_compared, why);
    err = find_owner(dir, &owner, why);
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    return verify_as(owner, dir, ret_compared, why);
}
