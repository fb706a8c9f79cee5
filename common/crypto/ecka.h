/* SPDX-License-Identifier: Apache-2.0 */
/* Elliptic-curve work of SGP.02: ECKA-EG (BSI TR-03111), ECDSA-SHA-256 as plain r||s, and the key
 * establishment of ES8/ES5 "scenario 3" with its receipt. Points are 04||X||Y, 65 octets. Parsed
 * public keys are cached inside struct crypto. ERR_FORMAT: a point not on the curve, a scalar not
 * in 1..n-1; ERR_UNSUPPORTED: another curve; ERR_INVAL: a key that is no EC private key. */
#pragma once

#include "common/crypto/crypto.h"

#define EC_POINT_LEN 65u
#define EC_SIG_LEN 64u

MUST_CHECK int ec_generate(struct crypto *c, enum curve curve, struct key **ret_private,
                           uint8_t ret_point[EC_POINT_LEN]);
MUST_CHECK int ec_private(struct crypto *c, enum curve curve, struct span d, struct key **ret);
MUST_CHECK int ec_point(struct crypto *c, const struct key *private_key, uint8_t ret[EC_POINT_LEN]);
MUST_CHECK int ec_sign(struct crypto *c, const struct key *private_key, const struct span *parts,
                       size_t n_parts, uint8_t ret_sig[EC_SIG_LEN]);
/* ERR_AUTH when the signature does not verify; ERR_FORMAT when the point is not on the curve. */
MUST_CHECK int ec_verify(struct crypto *c, enum curve curve, struct span point,
                         const struct span *parts, size_t n_parts, struct span sig);
/* x coordinate, 32 octets, leading zeros kept. */
MUST_CHECK int ec_dh(struct crypto *c, const struct key *private_key, struct span peer_point,
                     uint8_t ret_z[32]);

/* The A6 control reference template of STORE DATA 3A02 / EstablishISDRKeySet. Parsing wants the
 * objects in this order, 96 allowed after 95 and 91 empty: ERR_FORMAT, ERR_TRUNCATED,
 * ERR_UNSUPPORTED. */
struct ecka_crt {
    uint8_t scenario;         /* bits of 90: 01 delete existing, 02 DR, 04 HostID, 08 certificate */
    uint8_t usage;            /* 95: 10 three secure channel keys, 5C one base key */
    uint8_t key_type;         /* 80: 88 AES, 85 PSK */
    uint8_t key_len;          /* 81: 10 */
    uint8_t kid, kvn;         /* 82, 83 */
};
void ecka_crt_put(struct writer *w, const struct ecka_crt *crt);        /* A6 15 ... 91 00 */
MUST_CHECK int ecka_crt_parse(struct span a6_tlv, struct ecka_crt *ret);

struct ecka_keys {
    struct key *receipt, *enc, *mac, *dek;
};
void ecka_keys_free(struct ecka_keys *k);
/* SharedInfo = usage || type || len [|| DR] [|| host_id LV..]; output receipt || ENC || MAC ||
 * DEK. Usage 5C gives the one base key in enc, typed by key_type; mac and dek stay NULL. dr and
 * extra_info must be there exactly when bits 02 and 04 of scenario say so (ERR_FORMAT).
 * ERR_UNSUPPORTED: other usages, types or lengths. ret is the caller's to free, also after an
 * error. */
MUST_CHECK int ecka_derive(struct crypto *c, const struct key *private_key, struct span peer_point,
                           const struct ecka_crt *crt, struct span dr, struct span extra_info,
                           struct ecka_keys *ret);
/* AES-CMAC(receipt key, A6 TLV as sent [|| 85 L DR]). */
MUST_CHECK int ecka_receipt(struct crypto *c, const struct ecka_keys *k, struct span a6_tlv,
                            struct span dr, uint8_t ret[16]);
