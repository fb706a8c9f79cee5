/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: one table of options, one of verbs; help is printed from the same tables. */
#pragma once

#include "common/base/err.h"
#include "common/base/ids.h"

enum opt {
    /* everywhere */
    OPT_CONFIG = 0,
    OPT_AS,
    OPT_JSON,
    OPT_HELP,
    OPT_VIA,
    OPT_RETRY,
    OPT_TIMEOUT,
    /* calls that change something */
    OPT_CALL_ID,
    OPT_VALIDITY,
    OPT_WAKE_DEADLINE,
    OPT_NEXT_CONTACT,
    OPT_PROGRESS,
    OPT_UNTIL_VERDICT,
    OPT_WINDOW,
    /* of single verbs */
    OPT_EID,
    OPT_EIDS,
    OPT_ICCID,
    OPT_TYPE,
    OPT_ENABLE,
    OPT_SESSIONS,
    OPT_OUT,
    OPT_SMSR_ID,
    OPT_MNO,
    OPT_STATE,
    OPT_VERDICT,
    OPT_LIVE,
    OPT_LIMIT,
    OPT_LAST,
    OPT_BUILTIN,
    OPT_SIZE,
    OPT_IMSI,
    OPT_OP,
    OPT_FROM,
    OPT_STREAM,
    OPT_HEADS,
    OPT_SAVE_HEADS,
    OPT_PARTY,
    OPT_NO_DEFAULTS,
    OPT_DAYS,
    OPT_BEGUN,
    OPT_SMSR,
    OPT_SMDP,
    OPT_WIRE,
    OPT_MSISDN,
    OPT_NEVER_SEEN,
    OPT_BATCH,
    OPT_ORDER,
    OPT_OLD_EID,
    OPT_NEW_EID,
    OPT_REASON,
    OPT_TRANSPORT_KEY,
    OPT_EUM_CERTIFICATE,
    OPT_COUNT
};
#define OPT_BIT(o) (1ull << (unsigned)(o))
#define OPTS_GLOBAL                                                                                \
    (OPT_BIT(OPT_CONFIG) | OPT_BIT(OPT_AS) | OPT_BIT(OPT_JSON) | OPT_BIT(OPT_HELP) |               \
     OPT_BIT(OPT_RETRY) | OPT_BIT(OPT_TIMEOUT))

struct opt_row {
    const char *name; /* without the hyphens */
    const char *arg;  /* what help calls its value; NULL: none */
    const char *doc;
};
extern const struct opt_row OPTS[OPT_COUNT];

#define ARGS_POS_MAX   8u
#define ARGS_PARTY_MAX 64u
#define ARGS_WORDS_MAX 3u /* of a verb */

struct args {
    const char *value[OPT_COUNT]; /* NULL: not given; a flag points to "" */
    const char *parties[ARGS_PARTY_MAX];
    unsigned n_parties;
    const char *pos[ARGS_POS_MAX + ARGS_WORDS_MAX]; /* the verb's own words are taken off later */
    unsigned n_pos;
};
/* Splits options from words; everything after "--" is a word. ERR_INVAL says what is wrong;
 * ERR_UNSUPPORTED: there is no such option, ret has the words before it. An option given twice is
 * refused, --party excepted. */
MUST_CHECK int args_parse(int argc, char *const *argv, struct args *ret, struct errmsg *why);
static inline bool args_has(const struct args *a, enum opt o)
{
    return a->value[o] != NULL;
}
/* Values with their form checked; ERR_INVAL names the option or word. Absent leaves *ret alone and
 * answers ERR_OK. */
MUST_CHECK int args_number(const struct args *a, enum opt o, uint64_t min, uint64_t max,
                           uint64_t *ret, struct errmsg *why);
/* --last, which excludes --limit; 0 = not given. */
#define LAST_MAX 100000u
MUST_CHECK int args_last(const struct args *a, uint64_t *ret, struct errmsg *why);
MUST_CHECK int args_eid(const struct args *a, enum opt o, struct eid *ret, struct errmsg *why);
MUST_CHECK int args_iccid(const struct args *a, enum opt o, struct iccid *ret, struct errmsg *why);
MUST_CHECK int args_oid(const struct args *a, enum opt o, struct oid *ret, struct errmsg *why);
MUST_CHECK int args_uuid(const struct args *a, enum opt o, struct uuid *ret, struct errmsg *why);
/* The same for plain text; what names it in the sentence. */
MUST_CHECK int text_number(const char *s, const char *what, uint64_t min, uint64_t max,
                           uint64_t *ret, struct errmsg *why);
MUST_CHECK int text_eid(const char *s, struct eid *ret, struct errmsg *why);
MUST_CHECK int text_iccid(const char *s, struct iccid *ret, struct errmsg *why);
MUST_CHECK int text_uuid(const char *s, struct uuid *ret, struct errmsg *why);
/* Octets with an optional K or M (1,024 and 1,048,576). */
MUST_CHECK int text_size(const char *s, const char *what, uint64_t max, uint64_t *ret,
                         struct errmsg *why);
