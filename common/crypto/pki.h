/* SPDX-License-Identifier: Apache-2.0 */
/* The GSMA chains: CI and EUM certificates are X.509, SM-DP, SM-SR and ECASD ones GlobalPlatform
 * TLV (7F21). Several CI roots are held and chosen by key identifier. now_ms is virtual in tests.
 * An EUM certificate is parsed and chained once and cached by its SHA-256 (bounded); the dates of
 * its whole chain are compared at every call. */
#pragma once

#include "common/codec/gpcert.h"
#include "common/crypto/crypto.h"

struct pki;
struct pki *pki_new(struct crypto *c);
void pki_free(struct pki *p);
/* Adds one CI root from a PEM file or DER; ERR_CONFIG names the file and what is wrong. */
MUST_CHECK int pki_add_ci_file(struct pki *p, const char *path, struct errmsg *why);
MUST_CHECK int pki_add_ci_der(struct pki *p, struct span der, struct errmsg *why);

/* EUM X.509 (DER) chains to a known CI and is valid now: gives its public point. ERR_AUTH,
 * ERR_EXPIRED. */
MUST_CHECK int pki_verify_eum(struct pki *p, struct span eum_der, int64_t now_ms,
                              uint8_t ret_point[65], enum curve *ret_curve, struct errmsg *why);
/* ECDSA-SHA-256 (r||s, or DER) by that EUM certificate over the octets as received. The certificate
 * must chain to a known CI; its dates are not looked at, pki_verify_eum does that. ERR_AUTH. */
MUST_CHECK int pki_verify_eum_signature(struct pki *p, struct span eum_der,
                                        struct span signed_octets, struct span signature,
                                        struct errmsg *why);
/* CERT.ECASD (7F21) signed by the EUM key; its subject of 16 octets must equal eid16. Everything is
 * checked at now_ms, the EUM certificate too. *ret borrows from cert_7f21. ERR_FORMAT, ERR_AUTH,
 * ERR_EXPIRED, ERR_UNSUPPORTED (curve). */
MUST_CHECK int pki_verify_ecasd(struct pki *p, struct span cert_7f21, struct span eum_der,
                                const uint8_t eid16[16], int64_t now_ms, struct gpcert *ret,
                                struct errmsg *why);
/* CERT.DP / CERT.SR (7F21) signed by a CI key, given as the CI's public point (card side) or looked
 * up by C9 / CA id among the roots (server side, point = empty). role must match C8. */
MUST_CHECK int pki_verify_gp(struct pki *p, struct span cert_7f21, enum gpcert_role role,
                             struct span ci_point, int64_t now_ms, struct gpcert *ret,
                             struct errmsg *why);
