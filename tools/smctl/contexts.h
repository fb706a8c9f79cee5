/* SPDX-License-Identifier: Apache-2.0 */
/* The contexts of smctl (design 3.6): who speaks, and to whom. YAML or JSON by libcyaml; unknown
 * keys are refused with their line; relative paths are relative to the file. */
#pragma once

#include "common/base/err.h"
#include "common/base/ids.h"

struct context {
    char *name;
    char *smsr, *smdp;     /* host:port; NULL: not reached from here */
    char *smsr_id;         /* OID that ES2 calls carry as Smsr-id; NULL = none */
    char *ca, *cert, *key; /* files */
};
struct contexts;
/* ERR_CONFIG names file and item. */
MUST_CHECK int contexts_load(const char *path, struct contexts **ret, struct errmsg *why);
void contexts_free(struct contexts *c);
/* name NULL: "default:" of the file, or its only context. ERR_CONFIG lists the names there are. */
MUST_CHECK int contexts_pick(const struct contexts *c, const char *name, const struct context **ret,
                             struct errmsg *why);
/* Names of all, as many as fit: "fleet, operator-b". */
void contexts_names(const struct contexts *c, char *dst, size_t cap);
/* --config, $SMCTL_CONFIG, ~/.config/smctl/config.yaml; ERR_CONFIG when there is none of them. */
MUST_CHECK int contexts_path(const char *given, char *dst, size_t cap, struct errmsg *why);
