/* SPDX-License-Identifier: Apache-2.0 */
/* What the APDU and the TLV form of SCP03 share (GP Amendment D 4.1.5, 6.2); only for this
 * folder. */
#pragma once

#include "common/crypto/scp03.h"

#define SCP03_CHALLENGE 8u
#define SCP03_BLOCK 16u
#define SCP03_SEQUENCE_MAX 0xFFFFFFu
#define SCP03_ICV_COMMAND 0x00u      /* first octet of the counter block */
#define SCP03_ICV_RESPONSE 0x80u
#define SCP03_CARD_CRYPTOGRAM 0x00u  /* derivation constants */
#define SCP03_HOST_CRYPTOGRAM 0x01u

/* Octets of the ciphertext for n octets of plaintext: 80 and then 00 up to a block. */
static inline size_t scp03_padded(size_t n)
{
    return (n / SCP03_BLOCK + 1) * SCP03_BLOCK;
}

/* Challenge, session keys; the session must hold the host challenge. */
MUST_CHECK int scp03_card_challenge(struct crypto *c, const struct key *enc, const struct aid *sd,
                                    uint32_t sequence, uint8_t ret[SCP03_CHALLENGE]);
MUST_CHECK int scp03_derive(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                            const uint8_t card_challenge[SCP03_CHALLENGE]);
MUST_CHECK int scp03_cryptogram(struct crypto *c, const struct scp03_session *s, uint8_t constant,
                                uint8_t ret[SCP03_MAC]);
/* CMAC(key, chain || parts); ret may be the chain itself. */
MUST_CHECK int scp03_mac(struct crypto *c, const struct key *k, const uint8_t chain[16],
                         const struct span *parts, size_t n_parts, uint8_t ret[16]);
/* Writes scp03_padded(plain.n) octets. */
MUST_CHECK int scp03_encipher(struct crypto *c, const struct scp03_session *s, uint32_t counter,
                              uint8_t icv, struct span plain, uint8_t *dst);
/* dst takes cipher.n octets; ERR_AUTH when the padding is wrong. */
MUST_CHECK int scp03_decipher(struct crypto *c, const struct scp03_session *s, uint32_t counter,
                              uint8_t icv, struct span cipher, uint8_t *dst, size_t *ret_n);

/* The body that INITIALIZE UPDATE and 84 answer with. */
MUST_CHECK int scp03_answer_body(struct crypto *c, struct scp03_session *s,
                                 const struct scp03_keys *k, uint8_t kvn, uint8_t i,
                                 const struct aid *sd, uint32_t sequence, struct writer *w);
/* Host cryptogram and C-MAC over head; sets chain and level and opens the session. */
MUST_CHECK int scp03_host_authenticate(struct crypto *c, struct scp03_session *s, struct span head,
                                       uint8_t level, struct writer *w);
MUST_CHECK int scp03_check_authenticate(struct crypto *c, struct scp03_session *s, struct span head,
                                        uint8_t level, const uint8_t cryptogram_mac[16]);
bool scp03_level_known(uint8_t level);
