/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 (GP Amendment D 1.1.1) with pseudo-random or random card challenge, S8 mode (challenges,
 * cryptograms and MACs of 8 octets), AES-128/192/256: the session, and its APDU form at both
 * ends for the levels 01 03 11 13 33. The TLV form of profile downloads is scp03t.h. */
#pragma once

#include "common/base/ids.h"
#include "common/codec/apdu.h"
#include "common/crypto/crypto.h"

#define SCP03_C_MAC 0x01u
#define SCP03_C_ENC 0x02u
#define SCP03_R_MAC 0x10u
#define SCP03_R_ENC 0x20u
#define SCP03_I_PSEUDO_RANDOM 0x10u   /* bit of parameter i: the card challenge can be predicted */
#define SCP03_MAC 8u                  /* octets; an answer that is no longer proves and says nothing */

struct scp03_keys {
    struct key *enc, *mac, *dek;
};
/* Zeroed before its first use; ended by scp03_session_fini. */
struct scp03_session {
    struct key *s_enc, *s_mac, *s_rmac;
    uint8_t chain[16];             /* MAC chaining value: full CMAC of the last command */
    uint32_t counter;              /* of the last 86 / APDU; first is 1 */
    uint8_t host_challenge[8], card_challenge[8];
    bool open;                     /* EXTERNAL AUTHENTICATE done */
    bool predicted;                /* derived before the card's answer was seen */
    uint8_t kvn;                   /* asked for; 0 = the card's choice */
    uint8_t level;                 /* as in EXTERNAL AUTHENTICATE; SCP03t is always 33 */
    uint32_t sequence;             /* the card's sequence counter, as answered or predicted */
};
void scp03_session_fini(struct scp03_session *s);      /* wipes; the session may be used anew */

/* --- host. Order: initialize, open (or predict first), authenticate, then wrap and answer in
 * turns. ERR_STATE when called out of order, ERR_TOO_LARGE when w or the APDU is too small. */
MUST_CHECK int scp03_initialize(struct crypto *c, struct scp03_session *s, uint8_t kvn,
                                struct writer *w);                       /* 80 50 KVN 00 08 .. 00 */
/* data: the answer without 9000, div(10) KVN 03 i challenge(8) cryptogram(8) [counter(3)]. sd is
 * the AID of the security domain, NULL when the challenge cannot be predicted (then only the
 * cryptogram is checked). ERR_AUTH: another key set, challenge or cryptogram; every error ends
 * the session. After scp03_predict it only checks. */
MUST_CHECK int scp03_open(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                          const struct aid *sd, struct span data);
/* Without an answer: derives from the challenge the card will give for this sequence counter. */
MUST_CHECK int scp03_predict(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                             const struct aid *sd, uint32_t sequence);
MUST_CHECK int scp03_authenticate(struct crypto *c, struct scp03_session *s, uint8_t level,
                                  struct writer *w);                     /* 84 82 level 00 10 .. */
MUST_CHECK int scp03_wrap(struct crypto *c, struct scp03_session *s, const struct apdu_cmd *plain,
                          struct writer *w);
/* Data and SW of the answer to the last wrapped command; the plain data goes to w. An error SW
 * has neither R-MAC nor data (ERR_FORMAT otherwise) and is not authenticated. ERR_AUTH ends the
 * session. */
MUST_CHECK int scp03_answer(struct crypto *c, struct scp03_session *s, struct span data,
                            uint16_t sw, struct writer *w);

/* --- card. SWs are the caller's: ERR_FORMAT 6A80, ERR_NOT_FOUND 6A88, ERR_AUTH 6300 at
 * authenticate and 6982 later (both end the session), ERR_STATE 6985, ERR_UNSUPPORTED 6A86. */
MUST_CHECK int scp03_card_initialize(struct crypto *c, struct scp03_session *s,
                                     const struct scp03_keys *k, uint8_t kvn, uint8_t i,
                                     const struct aid *sd, uint32_t sequence,
                                     const struct apdu_cmd *cmd, struct writer *w);
MUST_CHECK int scp03_card_authenticate(struct crypto *c, struct scp03_session *s,
                                       const struct apdu_cmd *cmd);
/* ret is the plain command, its data a view of what was written to w. */
MUST_CHECK int scp03_card_unwrap(struct crypto *c, struct scp03_session *s,
                                 const struct apdu_cmd *cmd, struct writer *w,
                                 struct apdu_cmd *ret);
/* Protected answer data (without SW) to the last unwrapped command. */
MUST_CHECK int scp03_card_wrap(struct crypto *c, struct scp03_session *s, struct span data,
                               uint16_t sw, struct writer *w);

/* --- PUT KEY: the field 88|85 len+1 keylen encrypted 03 KCV under the DEK (CBC, ICV 0; a key that
 * is no multiple of 16 is padded with zeros). Type 88 for KEY_AES, 85 for KEY_PSK. */
MUST_CHECK int scp03_key_field(struct crypto *c, const struct key *dek, const struct key *k,
                               struct writer *w);
/* Reads one field from r. ERR_FORMAT, ERR_UNSUPPORTED (type), ERR_AUTH when the KCV differs. */
MUST_CHECK int scp03_key_field_open(struct crypto *c, const struct key *dek, struct reader *r,
                                    struct key **ret);
