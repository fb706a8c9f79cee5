/* SPDX-License-Identifier: Apache-2.0 */
/* ES8, SM-DP to ISD-P through ES3-SendData (SGP.02 4.1.3; facts: sgp02 section 7). One file per
 * card function: what is sent and what the answer means. Pure: keys are handles, nothing is stored.
 */
#pragma once

#include "common/codec/saip.h"
#include "common/crypto/keyset.h"
#include "common/crypto/scp03t.h"

#define ES8_KVN         0x30u         /* SCP03 key version of an ISD-P; key identifier 01 */
#define ES8_RC_MAX      KEYSET_RC_MAX
#define ES8_PAYLOAD_MAX (48u * 1024u) /* octets of one SendData */
#define ES8_CERT_MAX    KEYSET_CERT_MAX

/* --- establish_keyset.c: EstablishISDPKeySet, scenario 3 --- */

/* INSTALL [for personalization] of the ISD-P and STORE DATA 3A01 with CERT.DP, both to the ISD-R.
 * ERR_TOO_LARGE: the certificate does not fit one block. */
MUST_CHECK int es8_put_certificate(struct writer *w, const struct aid *isd_p,
                                   struct span cert_7f21);
/* RC out of the answers to both commands; a view. ERR_DENIED: an error status word; ERR_FORMAT. */
MUST_CHECK int es8_read_challenge(struct span euicc_response, struct span *ret_rc);

/* Octets the signature of SK.DP runs over, and the signature. */
MUST_CHECK int es8_sign(struct crypto *c, const struct key *sk_dp, struct span rc,
                        struct span own_point, enum curve curve, bool bare,
                        uint8_t ret_sig[EC_SIG_LEN]);
/* STORE DATA 3A02: CRT, ephemeral public key, signature. */
MUST_CHECK int es8_put_key(struct writer *w, struct span own_point, enum curve curve, bool bare,
                           struct span signature);
/* [85 DR] 86 receipt; views. ERR_DENIED, ERR_FORMAT. */
MUST_CHECK int es8_read_receipt(struct span euicc_response, struct span *ret_dr,
                                struct span *ret_receipt);
/* Derives the key set and compares the receipt in constant time: ERR_AUTH when it is another one.
 */
MUST_CHECK int es8_agree(struct crypto *c, const struct key *own, struct span card_point,
                         struct span dr, struct span receipt, struct scp03_keys *ret);
void es8_keys_free(struct scp03_keys *k);

/* --- load_profile.c: DownloadAndInstallation over SCP03t --- */

struct es8_load;
/* The whole exchange in one go: 84 and 85 for sequence counter 000001 of a fresh ISD-P, then the
 * package in segments; SendData payloads of at most ES8_PAYLOAD_MAX octets, cut at TLV borders. The
 * package is not kept. ERR_TOO_LARGE, ERR_NOMEM, ERR_CRYPTO. */
MUST_CHECK int es8_load_new(struct crypto *c, const struct scp03_keys *keys,
                            const struct aid *isd_p, struct span package, struct es8_load **ret);
void es8_load_free(struct es8_load *l);
unsigned es8_load_count(const struct es8_load *l); /* payloads */
struct span es8_load_payload(const struct es8_load *l,
                             unsigned i); /* 0-based; lives as long as l */

enum es8_result { ES8_MORE = 1, ES8_INSTALLED, ES8_REFUSED };
/* The answer to payload i; payloads are answered in order, each once. ES8_MORE: go on;
 * ES8_INSTALLED: the last answer was deciphered, verified and says ok for every element;
 * ES8_REFUSED: ret_status is what the card says. ERR_DENIED: 9F44..9F46, ERR_AUTH: another card or
 * an altered answer, ERR_FORMAT, ERR_STATE: out of order; after any of them the session is over. */
MUST_CHECK int es8_load_answer(struct es8_load *l, unsigned i, struct span euicc_response,
                               enum es8_result *ret, struct saip_response *ret_status);
