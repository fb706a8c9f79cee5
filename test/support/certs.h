/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates for the tests of mutual TLS, right ones and every kind of wrong one. */
#pragma once

#include "common/crypto/ossl.h"
#include "test/support/path.h"

#include <openssl/x509.h>
#include <stdbool.h>

struct cert {
    X509 *x;
    EVP_PKEY *key;
};

/* A request for a certificate; NULL leaves an extension out. Days are from now. */
struct cert_spec {
    const char *cn, *san, *eku;
    int from_days, to_days;
    bool ca;
};

/* Ends the program, from a thread as well, where cmocka cannot. */
void cert_must(bool ok, const char *what);
/* issuer NULL: self-signed. */
struct cert cert_make(const struct cert_spec *s, const struct cert *issuer);
void cert_free(struct cert *c);
/* NAME.pem and NAME.key in the directory. */
void cert_write(const struct cert *c, const struct tmpdir *dir, const char *name);
void cert_issue(const struct tmpdir *dir, const char *name, const struct cert *ca,
                const struct cert_spec *s);
