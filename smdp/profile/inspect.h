/* SPDX-License-Identifier: Apache-2.0 */
/* A profile package element by element, for people and programs: what stands where, how much it
 * takes, what the rules say. Of keys and codes it tells that they are there, of keys of security
 * domains the check value too; never their octets. Pure. */
#pragma once

#include "common/crypto/crypto.h"
#include "smdp/profile/lint.h"

/* Where it is written to. Objects and lists nest; name NULL: an item of a list. */
struct profile_sink {
    void *ctx;
    void (*open)(void *ctx, const char *name, bool list);
    void (*close)(void *ctx, bool list);
    void (*text)(void *ctx, const char *name, struct span s);
    void (*hex)(void *ctx, const char *name, struct span s);
    void (*number)(void *ctx, const char *name, uint64_t v);
};

/* One object: totals, "findings" of lint on commercial cards, "elements". crypto may be NULL: no
 * check values. An error names element and octet in why; what the sink got before is no whole. */
MUST_CHECK int profile_inspect(struct span package, struct crypto *crypto,
                               const struct profile_sink *to, struct errmsg *why);

/* inspect_element.c: the members of one element, behind its head. */
struct inspect {
    const struct profile_sink *to;
    struct crypto *crypto;
    unsigned pin, puk, aka, key, msl, tar; /* of the map, that were shown */
    uint32_t memory;
};
void inspect_element(struct inspect *i, const struct saip_walk *w);
