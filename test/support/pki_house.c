/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "test/support/pki_house.h"

struct pki_subject pki_house_subject(const char *name, const char *oid)
{
    struct pki_subject s = {
        .name = name, .valid = {PKI_HOUSE_NOW - PKI_HOUSE_DAY, PKI_HOUSE_NOW + PKI_HOUSE_DAY}};

    if (oid)
        assert_int_equal(oid_parse(span_str(oid), &s.oid), ERR_OK);
    return s;
}

void pki_house_init(struct pki_house *w)
{
    struct pki_subject s = pki_house_subject("CI", "1.3.6.1.4.1.99999.1");

    w->c = crypto_new(NULL);
    assert_int_equal(pki_issue_ci(w->c, &s, &w->ci), ERR_OK);
    s = pki_house_subject("EUM", "1.3.6.1.4.1.99999.2");
    assert_int_equal(pki_issue_eum(w->c, &w->ci, &s, &w->eum), ERR_OK);
    s = pki_house_subject("TLS", NULL);
    assert_int_equal(pki_issue_tls_ca(w->c, &s, &w->tls_ca), ERR_OK);
    s = pki_house_subject("smsr", "1.3.6.1.4.1.99999.3");
    assert_int_equal(pki_issue_tls_leaf(w->c, &w->tls_ca, "smsr", &s, &w->leaf), ERR_OK);
    tmpdir_init(&w->dir);
}

void pki_house_fini(struct pki_house *w)
{
    pki_entity_fini(&w->ci);
    pki_entity_fini(&w->eum);
    pki_entity_fini(&w->tls_ca);
    pki_entity_fini(&w->leaf);
    crypto_free(w->c);
    tmpdir_fini(&w->dir);
}

int pki_house_setup(void **state)
{
    struct pki_house *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    pki_house_init(w);
    *state = w;
    return 0;
}

int pki_house_teardown(void **state)
{
    pki_house_fini(*state);
    free(*state);
    return 0;
}
