/* SPDX-License-Identifier: Apache-2.0 */
/* The directory tree of a laboratory PKI (design 3.6; SGP.02 2.3.2): TLS authority, GSMA CI, one
 * directory a party, key-encryption keys, EIS transport key and the contexts of smctl. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "common/msg/status.h"

#define PKI_PARTIES_MAX 64u
#define PKI_NAME_MAX    64u /* of a party: also its directory and its context */

struct pki_party {
    char name[PKI_NAME_MAX + 1]; /* 1..64 of a-z 0-9 and hyphen, starting with a letter */
    enum party_role role;
    struct oid oid;
};

struct pki_tree {
    struct pki_party parties[PKI_PARTIES_MAX];
    unsigned n;
    int64_t now_ms;                          /* certificates begin an hour before */
    unsigned days;                           /* and are valid that long: 1..36500 */
    const char *smsr_address, *smdp_address; /* host:port of the contexts */
};

/* smsr, smdp, operator-a, operator-b, fleet, eum, admin, auditor: the world of the demo. */
void pki_tree_defaults(struct pki_tree *t);
/* "1.2.3:operator:blue": OID, role, name. A party of the same name is replaced. ERR_FORMAT says
 * what is wrong, ERR_EXISTS an OID that another party has, ERR_FULL. */
MUST_CHECK int pki_tree_add(struct pki_tree *t, const char *text, struct errmsg *why);
/* Writes the whole tree or nothing: it is made beside dir and moved there in one step. ERR_EXISTS:
 * dir holds something already; ERR_CONFIG: the list of parties; else ERR_IO, ERR_CRYPTO. */
MUST_CHECK int pki_tree_write(struct crypto *c, const struct pki_tree *t, const char *dir,
                              struct errmsg *why);
