/* SPDX-License-Identifier: Apache-2.0 */
/* One Eis element of the published schema into ours (SGP.02 annex A; facts: sgp02 3.1). */
#pragma once

#include <libxml/tree.h>

#include "common/msg/eis.h"

/* What an entry is made of; spans live in the document or in a. */
struct fields {
    struct arena *a;
    struct errmsg *why;
    struct signed_eis s;
    struct eum_signed_info info;
    xmlNodePtr signed_info, signature; /* EumSignedInfo; EumSignature or the ds:Signature in it */
    bool has_keys;
};
/* ERR_FORMAT names the element and what is wrong with it. info.eid is set as early as it can be. */
MUST_CHECK int fields_read(struct fields *f, xmlNodePtr eis);

/* --- inside --- */
/* One row an element: a child of that name, its reader; anything else is refused by name. */
struct field {
    const char *name;
    int (*read)(struct fields *f, const xmlNode *n, void *to);
    size_t offset;  /* into what `to` points to */
    unsigned flags; /* FIELD_ */
};
#define FIELD_MUST 1u /* stands once; others stand at most once */
#define FIELD_MANY 2u
MUST_CHECK int fields_walk(struct fields *f, const xmlNode *of, const struct field *rows, size_t n,
                           void *to);
int field_skip(struct fields *f, const xmlNode *n, void *to);
int field_flag(struct fields *f, const xmlNode *n, void *to); /* bool */
int field_u32(struct fields *f, const xmlNode *n, void *to);  /* uint32_t */
int field_oid(struct fields *f, const xmlNode *n, void *to);  /* struct oid */
int field_aid(struct fields *f, const xmlNode *n, void *to);  /* struct aid */
int field_text(struct fields *f, const xmlNode *n, void *to); /* struct span, at most 100 octets */
int field_profile(struct fields *f, const xmlNode *n, void *to); /* the next one of s */
int field_isdr(struct fields *f, const xmlNode *n, void *to);    /* key sets of s */
int field_ecasd(struct fields *f, const xmlNode *n, void *to);   /* the certificate of info */
MUST_CHECK int field_bad(const struct fields *f, const xmlNode *n, const char *what);
