/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a PKI of one's own: CI, EUM, TLS authority and leaves (X.509), CERT.DP, CERT.SR and
 * CERT.ECASD (7F21). For laboratories, the demo and the simulated EUM; a deployment gets its
 * certificates from the GSMA CI. Keys are new at every call. Formats: SGP.02 2.3.2, GP
 * Amendment E. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"
#include "common/codec/gpcert.h"
#include "common/crypto/crypto.h"

struct pki_dates {
    int64_t from_ms, to_ms;     /* Unix milliseconds, 1970..9999, from before to */
};

struct pki_subject {
    const char *name;           /* common name, UTF-8, 1..64 octets */
    struct oid oid;             /* the entity's OID; empty where none is needed (TLS authority) */
    enum curve curve;           /* of the new key: P-256 or brainpoolP256r1 */
    struct pki_dates valid;
};

/* An X.509 certificate with its private key. Zero-initialised is empty. */
struct pki_entity {
    struct key *key;
    struct buf der;
    struct oid oid;             /* registeredID of subjectAltName; empty = none */
    enum curve curve;
    uint8_t point[65];
    uint8_t ski[20];            /* SHA-1 of the point (RFC 5280 4.2.1.2, method 1) */
};
void pki_entity_fini(struct pki_entity *e);

/* All of these: ERR_INVAL for a subject or dates outside the rules above, ERR_CRYPTO, ERR_NOMEM;
 * *ret is empty after a failure. */
/* Self-signed; the OID is its CA id (tag 42 of the 7F21 it signs). */
MUST_CHECK int pki_issue_ci(struct crypto *c, const struct pki_subject *s, struct pki_entity *ret);
/* Under a CI; an authority of path length 0 that may also sign data (EIS). */
MUST_CHECK int pki_issue_eum(struct crypto *c, const struct pki_entity *ci,
                             const struct pki_subject *s, struct pki_entity *ret);
MUST_CHECK int pki_issue_tls_ca(struct crypto *c, const struct pki_subject *s,
                                struct pki_entity *ret);
/* Client and server at once; subjectAltName urn:remora:party:<oid>:<role>, localhost, 127.0.0.1.
 * role: 1..32 of a-z 0-9 and hyphen. */
MUST_CHECK int pki_issue_tls_leaf(struct crypto *c, const struct pki_entity *ca, const char *role,
                                  const struct pki_subject *s, struct pki_entity *ret);

/* 7F21 for a point whose private key the party holds: subject (5F20) the content octets of s->oid,
 * usage 82, C8 role, C9 the CI's key identifier, curve of the point s->curve. Appended to out. */
MUST_CHECK int pki_issue_gp(struct crypto *c, const struct pki_entity *ci, enum gpcert_role role,
                            const struct pki_subject *s, struct span point, struct buf *out);
/* CERT.ECASD: subject the 16 octets of the EID, usage 00 80, C9 the EUM's key identifier. */
MUST_CHECK int pki_issue_ecasd(struct crypto *c, const struct pki_entity *eum,
                               const struct eid *eid, enum curve curve, struct span point,
                               const struct pki_dates *valid, struct buf *out);

/* Files. A file that exists is never overwritten: ERR_EXISTS, and why names it. Written octets are
 * on the disk when the call returns; a file half written is removed again. */
MUST_CHECK int pki_write_file(const char *path, struct span octets, unsigned mode,
                              struct errmsg *why);
MUST_CHECK int pki_write_cert(const char *path, struct span der,
                              struct errmsg *why); /* PEM, 0644 */
MUST_CHECK int pki_write_key(const char *path, const struct key *key, struct errmsg *why);
                                                          /* PEM PKCS#8 without password, 0600 */
/* A private key from a PEM file of mode 0600 or stricter; ERR_CONFIG names the file and the
 * cure. */
MUST_CHECK int pki_read_key(struct crypto *c, const char *path, struct key **ret,
                            struct errmsg *why);
/* Certificate and key of one entity, which must belong together. */
MUST_CHECK int pki_read_entity(struct crypto *c, const char *cert_path, const char *key_path,
                               struct pki_entity *ret, struct errmsg *why);
