/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t (SGP.02 4.1.3.3): the SCP03 session of scp03.h at level 33 over TLVs 84 85 86, MACs of 8
 * octets; both ends. */
#pragma once

#include "common/base/ids.h"
#include "common/base/mem.h"
#include "common/crypto/crypto.h"
#include "common/crypto/scp03.h"

#define SCP03T_SEGMENT_MAX 1020u   /* tag, length, ciphertext and MAC */
#define SCP03T_PLAIN_MAX 1007u     /* payload of one segment */

/* A place in the command chain. Answers may come when later segments are already written: keep the
 * place behind each segment whose answer may carry data (a PEStatus of an error comes early). */
struct scp03t_place {
    uint8_t chain[16];
    uint32_t counter;
};

/* --- host (SM-DP). 1: write 84 with a random challenge. 2: open checks the answer 84 20 .. and
 * derives; sequence counter and ISD-P AID give the expected card challenge (ERR_AUTH otherwise).
 * 3: write 85. 4: one 86 per segment. 5: open the last answer. Errors everywhere: ERR_STATE out of
 * order, ERR_TOO_LARGE when w is too small, ERR_DENIED when the card answered 9F44, 9F45 or 9F46
 * (after which the session is dead). */
MUST_CHECK int scp03t_initialize(struct crypto *c, struct scp03_session *s, uint8_t kvn,
                                 struct writer *w);
MUST_CHECK int scp03t_open(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                           const struct aid *isd_p, struct span answer_84);
/* Without an answer yet: the predicted card challenge for this sequence counter lets 84 and 85
 * travel in one script; scp03t_open then checks the answer against it. */
MUST_CHECK int scp03t_predict(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                              const struct aid *isd_p, uint32_t sequence);
MUST_CHECK int scp03t_authenticate(struct crypto *c, struct scp03_session *s, struct writer *w);
MUST_CHECK int scp03t_authenticated(struct scp03_session *s, struct span raw_tlv);   /* 85 00 */
/* plain: 1..SCP03T_PLAIN_MAX octets. */
MUST_CHECK int scp03t_segment(struct crypto *c, struct scp03_session *s, struct span plain,
                              struct writer *w);
struct scp03t_place scp03t_here(const struct scp03_session *s);
/* 86 00 gives an empty plaintext and proves nothing; 86 L [cipher||]R-MAC is verified: ERR_AUTH,
 * which ends the session. _at: the answer to an earlier segment. */
MUST_CHECK int scp03t_answer_at(struct crypto *c, struct scp03_session *s,
                                const struct scp03t_place *at, struct span raw_tlv,
                                struct writer *w);
MUST_CHECK int scp03t_answer(struct crypto *c, struct scp03_session *s, struct span raw_tlv,
                             struct writer *w);

/* --- card (ISD-P). Each takes the raw command TLV and writes the raw answer TLV (84.., 8500,
 * 8600 or 9F44/9F45/9F46 01 xx, also on error: 01 structure, 02 security, 03 key not found;
 * believed codes). Every error ends the session. sequence is the card's SCP03 counter after
 * increment. */
MUST_CHECK int scp03t_card_initialize(struct crypto *c, struct scp03_session *s,
                                      const struct scp03_keys *k, uint8_t kvn,
                                      const struct aid *isd_p, uint32_t sequence,
                                      struct span tlv84, struct writer *w);
MUST_CHECK int scp03t_card_authenticate(struct crypto *c, struct scp03_session *s,
                                        struct span tlv85, struct writer *w);
/* Appends one deciphered 86 to plain; ERR_AUTH kills the session and writes 9F46 01 02. */
MUST_CHECK int scp03t_card_segment(struct crypto *c, struct scp03_session *s, struct span tlv86,
                                   struct buf *plain, struct writer *w);
/* The protected answer that replaces 86 00: with data for the last segment, its R-MAC alone without. */
MUST_CHECK int scp03t_card_answer(struct crypto *c, struct scp03_session *s, struct span data,
                                  struct writer *w);
