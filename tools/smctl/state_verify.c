/* SPDX-License-Identifier: Apache-2.0 */
/* Choosing the daemon whose projections are rebuilt (design 3.2). */
#include "tools/smctl/state_verify.h"

#include "common/base/bytes.h"

#ifdef SMSR_STATE_HEADER
#include SMSR_STATE_HEADER
#endif
#ifdef SMDP_STATE_HEADER
#include SMDP_STATE_HEADER
#endif

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Application id in the header of an SQLite file: big-endian at octet 68 (file format, 1.3). */
#define ID_OFFSET 68
#define ID_SMSR   0x524D5352u /* "RMSR" */
#define ID_SMDP   0x524D4450u /* "RMDP" */

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

static int read_id(const char *dir, uint32_t *ret, struct errmsg *why)
{
    char path[PATH_MAX];
    uint8_t head[ID_OFFSET + 4];
    int n = snprintf(path, sizeof path, "%s/state.db", dir);
    FILE *f = n > 0 && n < PATH_MAX ? fopen(path, "rbe") : NULL;
    size_t got;
    struct reader r;

    if (!f)
        return errmsg_set(why, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
                          "%.200s cannot be read: %s", path, strerror(errno));
    got = fread(head, 1, sizeof head, f);
    fclose(f);
    if (got != sizeof head || memcmp(head, "SQLite format 3", 16) != 0)
        return errmsg_set(why, ERR_CORRUPT, "%.200s is no database", path);
    r = rd_init(span_of(head + ID_OFFSET, 4));
    *ret = rd_u32(&r);
    return ERR_OK;
}

int state_verify(const char *dir, const char *via, bool *ret_compared, struct errmsg *why)
{
    uint32_t id;
    int err = read_id(dir, &id, why);

    *ret_compared = false;
    if (err)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    for (size_t i = 0; i < sizeof DAEMONS / sizeof *DAEMONS; i++) {
        if (via ? strcmp(via, DAEMONS[i].name) != 0 : id != DAEMONS[i].id)
            continue;
        if (!DAEMONS[i].verify)
            return errmsg_set(why, ERR_UNSUPPORTED, "this smctl was built without %s",
                              DAEMONS[i].name);
        *ret_compared = true;
        return DAEMONS[i].verify(dir, why);
    }
    return errmsg_set(why, ERR_SCHEMA,
                      "state.db of %.160s belongs to neither smsr nor smdp (application id %08X)",
                      dir, (unsigned)id);
}
