/* SPDX-License-Identifier: Apache-2.0 */
/* What the values of a daemon's configuration mean. What cannot be meant is refused by one sentence
 * that names the file, the item and the rule; ERR_CONFIG is that. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"

/* The configuration in the making. */
struct conf_at {
    struct arena *arena; /* what is kept of it */
    const char *file;
    struct errmsg *why;
};
int conf_bad(const struct conf_at *at, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* n elements, at least one; NULL: out of memory. */
void *conf_alloc(const struct conf_at *at, size_t n, size_t size);
/* s NULL: NULL, as without memory. */
const char *conf_text(const struct conf_at *at, const char *s);
/* A file's name, from the directory the configuration lies in; likewise. */
const char *conf_path(const struct conf_at *at, const char *name);

/* Only digits, min to max of them. */
bool conf_digits(const char *s, size_t min, size_t max);
/* A name of 1 to max letters, digits, hyphens, dots and underscores. */
bool conf_name_ok(const char *s, size_t max);
bool conf_endpoint_ok(const char *s); /* HOST:PORT */
/* "900", "900s", "15m", "24h", "250ms" in milliseconds; false: not a duration. */
bool conf_duration(const char *s, int64_t *ret_ms);

/* where: the item, for the sentence. */
MUST_CHECK int conf_oid(const struct conf_at *at, const char *s, const char *where,
                        struct oid *ret);
/* The first 30 digits of both ends. */
MUST_CHECK int conf_eid_range(const struct conf_at *at, const char *where, const char *from,
                              const char *to, char ret_from[31], char ret_to[31]);
/* Lists of a party: networks, and prefixes of ICCIDs. */
MUST_CHECK int conf_plmns(const struct conf_at *at, const char *party, char *const *list,
                          unsigned n, struct plmn *ret);
MUST_CHECK int conf_iccid_prefixes(const struct conf_at *at, const char *party, char *const *list,
                                   unsigned n, char (*ret)[21]);

/* s NULL: *ret_ms stays. */
MUST_CHECK int conf_timer(const struct conf_at *at, const char *name, const char *s, int64_t min_ms,
                          int64_t max_ms, int64_t *ret_ms);
struct conf_limit {
    const char *name;
    const unsigned *given; /* NULL: the standard */
    unsigned *to, standard, min, max;
};
MUST_CHECK int conf_limits(const struct conf_at *at, const struct conf_limit *rows, size_t n);

/* It can be read, a secret by nobody else. name NULL: nothing was named. */
MUST_CHECK int conf_check_file(const char *name, const char *key, bool secret, struct errmsg *why);
