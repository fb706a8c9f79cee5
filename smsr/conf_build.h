/* SPDX-License-Identifier: Apache-2.0 */
/* One configuration in the making: inside of conf only. */
#pragma once

#include "smsr/conf.h"
#include "smsr/conf_raw.h"

struct build {
    struct conf *c;
    const struct raw_conf *raw;
    struct errmsg *why;
};
/* ERR_CONFIG with the file's name and this sentence. */
int conf_bad(struct build *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* n elements of the configuration's memory; NULL: out of memory. */
void *conf_alloc(struct build *b, size_t n, size_t size);
/* Only digits, min to max of them. */
bool conf_digits(const char *s, size_t min, size_t max);
/* A name of 1 to max letters, digits, hyphens, dots and underscores. */
bool conf_name_ok(const char *s, size_t max);
MUST_CHECK int conf_oid(struct build *b, const char *s, const char *where, struct oid *ret);

/* conf_parties.c: tenants, parties, PLMA */
MUST_CHECK int conf_build_parties(struct build *b);
