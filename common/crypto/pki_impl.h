/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the pki module, shared by pki.c (X.509) and pki_gp.c (7F21); nobody else includes
 * it. */
#pragma once

#include "common/crypto/pki.h"

#define PKI_ROOTS_MAX 32u      /* CI roots a deployment may trust */
#define PKI_EUM_CACHE 256u     /* EUM certificates held parsed; the oldest goes first */
#define PKI_CERT_MAX 16384u    /* octets of one X.509 certificate */
#define PKI_NAME_MAX 64u       /* octets of a key identifier or CA id worth comparing */

/* Seconds since 1970; a certificate is valid while from <= now < to (X509_cmp_time's reading). */
struct pki_window {
    int64_t from_s, to_s;
};

struct pki_root {
    uint8_t sha256[32];            /* of the DER */
    size_t ski_len, ca_id_len;
    uint8_t ski[PKI_NAME_MAX];
    uint8_t ca_id[PKI_NAME_MAX]; /* content octets of the registeredID in subjectAltName; 0: none */
    uint8_t point[65];
    enum curve curve;
    struct pki_window window;
};

/* An EUM certificate that chains to a root of ours; only such ones enter the cache. */
struct pki_eum {
    uint8_t sha256[32];
    size_t ski_len;
    uint8_t ski[PKI_NAME_MAX];
    uint8_t point[65];
    enum curve curve;
    struct pki_window window;      /* of the whole chain */
};

struct anchors;

struct pki {
    struct crypto *c;
    struct anchors *anchors;       /* pki.c: the roots as the library holds them */
    size_t n_roots;
    struct pki_root roots[PKI_ROOTS_MAX];
    size_t n_eums, next_victim;
    struct pki_eum eums[PKI_EUM_CACHE];
};

/* The chained EUM certificate of these octets, whatever the time; ERR_FORMAT, ERR_AUTH. *ret lives
 * until the next call of this function. */
MUST_CHECK int pki_eum_get(struct pki *p, struct span eum_der, const struct pki_eum **ret,
                           struct errmsg *why);
/* ERR_EXPIRED outside the window; what names the certificate in the sentence. */
MUST_CHECK int pki_window_check(const struct pki_window *w, int64_t now_ms, const char *what,
                                struct errmsg *why);
