/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of one house: a CI with an EUM under it, a TLS authority with the leaf of an SM-SR. A test
 * that uses it names remora_test_support first in its Links line. */
#pragma once

#include "common/crypto/pki_issue.h"
#include "test/support/path.h"

#define PKI_HOUSE_DAY 86400000ll
#define PKI_HOUSE_NOW 1795305600000ll /* 2026-11-22 00:00 UTC */

struct pki_house {
    struct crypto *c;
    struct pki_entity ci, eum, tls_ca, leaf;
    struct tmpdir dir;
};
void pki_house_init(struct pki_house *w);
void pki_house_fini(struct pki_house *w);
int pki_house_setup(void **state); /* of cmocka, for a group too: *state is a house */
int pki_house_teardown(void **state);
/* Valid a day before and after now; oid NULL: none. */
struct pki_subject pki_house_subject(const char *name, const char *oid);
