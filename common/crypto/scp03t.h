/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t (SGP.02 4.1.3.3) and the SCP03 session it shares keys with (GP Amendment D), level 33 over
 * TLVs 84 85 86, AES-128, 8-octet MACs; both ends. Facts: sgp02 section 7.2, ota section 5. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"
#include "common/crypto/crypto.h"

#define SCP03T_SEGMENT_MAX 1020u   /* tag, length, ciphertext and MAC */
#define SCP03T_PLAIN_MAX 1007u     /* payload of one segment */

struct scp03_keys {
    struct key *enc, *mac, *dek;
};
struct scp03_session {
    struct key *s_enc, *s_mac, *s_rmac;
    uint8_t chain[16];             /* MAC chaining value: full CMAC of the last command */
    uint32_t counter;              /* of the last 86 / APDU; first is 1 */
    uint8_t host_challenge[8], card_challenge[8];
    bool open;                     /* EXTERNAL AUTHENTICATE done */
};
void scp03_session_fini(struct scp03_session *s);

/* --- host (SM-DP). 1: write 84 with a random challenge. 2: open checks the answer 84 20 .. and
 * derives; sequence counter and ISD-P AID give the expected card challenge (ERR_AUTH otherwise).
 * 3: write 85. 4: one 86 per segment. 5: open the last answer. */
MUST_CHECK int scp03t_initialize(struct crypto *c, struct scp03_session *s, uint8_t kvn,
                                 struct writer *w);
MUST_CHECK int scp03t_open(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                           const struct aid *isd_p, struct span answer_84);
/* Without an answer yet: the predicted card challenge for this sequence counter lets 84 and 85 travel
 * in one script. */
MUST_CHECK int scp03t_predict(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                              const struct aid *isd_p, uint32_t sequence);
MUST_CHECK int scp03t_authenticate(struct crypto *c, struct scp03_session *s, struct writer *w);
MUST_CHECK int scp03t_segment(struct crypto *c, struct scp03_session *s, struct span plain,
                              struct writer *w);
/* 86 00 gives an empty plaintext; 86 L cipher||R-MAC is verified; ERR_AUTH. value is the TLV's value. */
MUST_CHECK int scp03t_answer(struct crypto *c, struct scp03_session *s, struct span raw_tlv,
                             struct writer *w);

/* --- card (ISD-P). Each takes the raw command TLV and writes the raw answer TLV (84.., 8500, 8600 or
 * 9F44/9F45/9F46 01 xx). sequence is the card's SCP03 counter after increment. */
MUST_CHECK int scp03t_card_initialize(struct crypto *c, struct scp03_session *s,
                                      const struct scp03_keys *k, uint8_t kvn, const struct aid *isd_p,
                                      uint32_t sequence, struct span tlv84, struct writer *w);
MUST_CHECK int scp03t_card_authenticate(struct crypto *c, struct scp03_session *s, struct span tlv85,
                                        struct writer *w);
/* Deciphers one 86 into plain; ERR_AUTH kills the session and writes 9F46 01 02. */
MUST_CHECK int scp03t_card_segment(struct crypto *c, struct scp03_session *s, struct span tlv86,
                                   struct buf *plain, struct writer *w);
/* The protected answer with data that replaces 86 00 for the last segment. */
MUST_CHECK int scp03t_card_answer(struct crypto *c, struct scp03_session *s, struct span data,
                                  struct writer *w);
