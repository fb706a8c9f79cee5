/* SPDX-License-Identifier: Apache-2.0 */
/* Key establishment "scenario 3" as both sides of the cards' keys need it (SGP.02 4.1.1.8, 4.1.3.1; facts:
 * sgp02 6.6, 7.1): what the two STORE DATA blocks hold, what is signed, and whether the receipt is this card's.
 * ES8 uses it for an ISD-P, ES5 and ES7 for the ISD-R. */
#pragma once

#include "common/crypto/ecka.h"

#define KEYSET_RC_MAX 32u          /* random challenge: 16 octets, 32 allowed */
#define KEYSET_CERT_MAX 252u       /* of a 7F21: one STORE DATA block carries it */

/* Cards whose RemoteProvisioningVersion is below 4 take the ephemeral key as 7F49 41 04XY, newer ones as
 * 7F49 46 B0 41 .. F0 01 curve (facts: sgp02 14.2). */
bool keyset_bare_point(struct span remote_provisioning_version);
/* C-APDU of STORE DATA 3A01. ERR_TOO_LARGE: the certificate does not fit one block. */
MUST_CHECK int keyset_put_certificate(struct writer *w, struct span cert_7f21);
/* Octets the signature runs over, and the signature by the key of that certificate. */
MUST_CHECK int keyset_sign(struct crypto *c, const struct key *own, const struct ecka_crt *crt,
                           struct span rc, struct span ephemeral_point, enum curve curve, bool bare,
                           uint8_t ret_sig[EC_SIG_LEN]);
/* C-APDU of STORE DATA 3A02: CRT, ephemeral public key, signature. */
MUST_CHECK int keyset_put_key(struct writer *w, const struct ecka_crt *crt, struct span ephemeral_point,
                              enum curve curve, bool bare, struct span signature);
/* Of the data of the R-APDUs: 85 RC; [85 DR] 86 receipt. Views. ERR_FORMAT. */
MUST_CHECK int keyset_read_challenge(struct span data, struct span *ret_rc);
MUST_CHECK int keyset_read_receipt(struct span data, struct span *ret_dr, struct span *ret_receipt);
/* Derives the key set and compares the receipt in constant time: ERR_AUTH when it is another one. ret is the
 * caller's to free, also after an error. */
MUST_CHECK int keyset_agree(struct crypto *c, const struct key *ephemeral, struct span card_point,
                            const struct ecka_crt *crt, struct span dr, struct span receipt,
                            struct ecka_keys *ret);
