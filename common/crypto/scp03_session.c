/* SPDX-License-Identifier: Apache-2.0 */
/* The SCP03 session: derivation, cryptograms, chaining, counter-based ICV (GP Amendment D 4,
 * 6.2). */
#include "common/base/mem.h"
#include "common/crypto/cmac.h"
#include "common/crypto/kdf.h"
#include "common/crypto/scp03_impl.h"

#define CARD_CHALLENGE 0x02u     /* derivation constants */
#define S_ENC 0x04u
#define S_MAC 0x06u
#define S_RMAC 0x07u
#define SCP_ID 0x03u
#define DIVERSIFICATION 10u

void scp03_session_fini(struct scp03_session *s)
{
    key_free(s->s_enc);
    key_free(s->s_mac);
    key_free(s->s_rmac);
    mem_wipe(s, sizeof *s);
}

bool scp03_level_known(uint8_t level)
{
    return level == 0x01 || level == 0x03 || level == 0x11 || level == 0x13 || level == 0x33;
}

int scp03_card_challenge(struct crypto *c, const struct key *enc, const struct aid *sd,
                         uint32_t sequence, uint8_t ret[SCP03_CHALLENGE])
{
    uint8_t context[3 + sizeof sd->b];
    struct writer w = wr_init(context, sizeof context);

    wr_u24(&w, sequence);
    wr_span(&w, aid_span(sd));
    return kdf_scp03(c, enc, CARD_CHALLENGE, 64, wr_view(&w), ret);
}

static int session_key(struct crypto *c, const struct scp03_session *s, const struct key *from,
                       uint8_t constant, struct key **ret)
{
    uint8_t context[2 * SCP03_CHALLENGE], raw[32];
    size_t n = key_size(from);
    int err;

    memcpy(context, s->host_challenge, SCP03_CHALLENGE);
    memcpy(context + SCP03_CHALLENGE, s->card_challenge, SCP03_CHALLENGE);
    if (n > sizeof raw)
        return ERR_INVAL;
    err = kdf_scp03(c, from, constant, (unsigned)(8 * n), span_of(context, sizeof context), raw);
    if (!err)
        err = key_new(KEY_AES, span_of(raw, n), ret);
    mem_wipe(raw, sizeof raw);
    return err;
}

int scp03_derive(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                 const uint8_t card_challenge[SCP03_CHALLENGE])
{
    int err;

    memcpy(s->card_challenge, card_challenge, SCP03_CHALLENGE);
    err = session_key(c, s, k->enc, S_ENC, &s->s_enc);
    if (!err)
        err = session_key(c, s, k->mac, S_MAC, &s->s_mac);
    if (!err)
        err = session_key(c, s, k->mac, S_RMAC, &s->s_rmac);
    return err;
}

int scp03_cryptogram(struct crypto *c, const struct scp03_session *s, uint8_t constant,
                     uint8_t ret[SCP03_MAC])
{
    uint8_t context[2 * SCP03_CHALLENGE];

    memcpy(context, s->host_challenge, SCP03_CHALLENGE);
    memcpy(context + SCP03_CHALLENGE, s->card_challenge, SCP03_CHALLENGE);
    return kdf_scp03(c, s->s_mac, constant, 64, span_of(context, sizeof context), ret);
}

int scp03_mac(struct crypto *c, const struct key *k, const uint8_t chain[16],
              const struct span *parts, size_t n_parts, uint8_t ret[16])
{
    struct span all[4] = {{chain, 16}};

    if (n_parts > 3)
        return ERR_INVAL;
    for (size_t i = 0; i < n_parts; i++)
        all[1 + i] = parts[i];
    return cmac(c, k, all, 1 + n_parts, ret);
}

static int icv_of(struct crypto *c, const struct scp03_session *s, uint32_t counter, uint8_t first,
                  uint8_t ret[SCP03_BLOCK])
{
    uint8_t block[SCP03_BLOCK] = {first};

    for (size_t i = 0; i < 4; i++)
        block[SCP03_BLOCK - 1 - i] = (uint8_t)(counter >> (8 * i));
    return aes_ecb_block(c, s->s_enc, block, ret);
}

int scp03_encipher(struct crypto *c, const struct scp03_session *s, uint32_t counter, uint8_t icv,
                   struct span plain, uint8_t *dst)
{
    uint8_t iv[SCP03_BLOCK];
    size_t n = scp03_padded(plain.n);
    int err = icv_of(c, s, counter, icv, iv);

    if (err)
        return err;
    if (plain.n)
        memmove(dst, plain.p, plain.n);
    memset(dst + plain.n, 0, n - plain.n);
    dst[plain.n] = 0x80;
    return cbc_encrypt(c, s->s_enc, iv, dst, n, dst);
}

int scp03_decipher(struct crypto *c, const struct scp03_session *s, uint32_t counter, uint8_t icv,
                   struct span cipher, uint8_t *dst, size_t *ret_n)
{
    uint8_t iv[SCP03_BLOCK];
    size_t n = cipher.n;
    int err;

    *ret_n = 0;
    if (n == 0 || n % SCP03_BLOCK)
        return ERR_FORMAT;
    err = icv_of(c, s, counter, icv, iv);
    if (!err)
        err = cbc_decrypt(c, s->s_enc, iv, cipher.p, n, dst);
    if (err)
        return err;
    /* The MAC was right before this runs, so looking for the 80 tells nothing to a third party. */
    while (n > cipher.n - SCP03_BLOCK && dst[n - 1] == 0x00)
        n--;
    if (n == cipher.n - SCP03_BLOCK || dst[n - 1] != 0x80) {
        mem_wipe(dst, cipher.n);
        return ERR_AUTH;
    }
    *ret_n = n - 1;
    return 0;
}

int scp03_predict(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                  const struct aid *sd, uint32_t sequence)
{
    uint8_t challenge[SCP03_CHALLENGE];
    int err;

    if (s->s_mac || s->open)
        return ERR_STATE;
    if (sequence > SCP03_SEQUENCE_MAX)
        return ERR_INVAL;
    err = scp03_card_challenge(c, k->enc, sd, sequence, challenge);
    if (!err)
        err = scp03_derive(c, s, k, challenge);
    s->sequence = sequence;
    s->predicted = !err;
    return err;
}

/* The challenge against its prediction, where one is possible. */
static int check_challenge(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                           const struct aid *sd, const uint8_t got[SCP03_CHALLENGE])
{
    uint8_t want[SCP03_CHALLENGE];
    int err;

    if (s->predicted) {
        memcpy(want, s->card_challenge, sizeof want);
    } else if (!sd) {
        return 0;
    } else {
        err = scp03_card_challenge(c, k->enc, sd, s->sequence, want);
        if (err)
            return err;
    }
    return mem_eq_ct(want, got, sizeof want) ? 0 : ERR_AUTH;
}

struct initialized {
    uint8_t kvn, i;
    uint8_t challenge[SCP03_CHALLENGE], cryptogram[SCP03_MAC];
    uint32_t sequence;
};

static int parse_initialized(struct span data, struct initialized *ret)
{
    struct reader r = rd_init(data);
    uint8_t scp;

    *ret = (struct initialized){0};
    (void)rd_span(&r, DIVERSIFICATION);
    ret->kvn = rd_u8(&r);
    scp = rd_u8(&r);
    ret->i = rd_u8(&r);
    rd_copy(&r, ret->challenge, sizeof ret->challenge);
    rd_copy(&r, ret->cryptogram, sizeof ret->cryptogram);
    if (ret->i & SCP03_I_PSEUDO_RANDOM)
        ret->sequence = rd_u24(&r);
    if (r.failed)
        return ERR_TRUNCATED;
    if (scp != SCP_ID)
        return ERR_UNSUPPORTED;
    return rd_done(&r) ? 0 : ERR_FORMAT;
}

static int open_session(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                        const struct aid *sd, struct span data)
{
    struct initialized got;
    uint8_t want[SCP03_MAC];
    int err = parse_initialized(data, &got);

    if (err)
        return err;
    if (sd && !(got.i & SCP03_I_PSEUDO_RANDOM))
        return ERR_UNSUPPORTED;      /* a prediction was asked for */
    if ((s->kvn && got.kvn != s->kvn) || (s->predicted && got.sequence != s->sequence))
        return ERR_AUTH;
    s->sequence = got.sequence;
    err = check_challenge(c, s, k, sd, got.challenge);
    if (!err && !s->predicted)
        err = scp03_derive(c, s, k, got.challenge);
    if (!err)
        err = scp03_cryptogram(c, s, SCP03_CARD_CRYPTOGRAM, want);
    if (err)
        return err;
    return mem_eq_ct(want, got.cryptogram, sizeof want) ? 0 : ERR_AUTH;
}

int scp03_open(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
               const struct aid *sd, struct span data)
{
    int err;

    if (s->s_mac && !s->predicted)
        return ERR_STATE;
    err = open_session(c, s, k, sd, data);
    if (err)
        scp03_session_fini(s);
    else
        s->predicted = false;
    return err;
}

int scp03_answer_body(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                      uint8_t kvn, uint8_t i, const struct aid *sd, uint32_t sequence,
                      struct writer *w)
{
    uint8_t challenge[SCP03_CHALLENGE], cryptogram[SCP03_MAC];
    int err = 0;

    if (sequence > SCP03_SEQUENCE_MAX)
        return ERR_INVAL;
    if (i & SCP03_I_PSEUDO_RANDOM)
        err = scp03_card_challenge(c, k->enc, sd, sequence, challenge);
    else
        crypto_random(c, challenge, sizeof challenge);
    s->sequence = sequence;
    if (!err)
        err = scp03_derive(c, s, k, challenge);
    if (!err)
        err = scp03_cryptogram(c, s, SCP03_CARD_CRYPTOGRAM, cryptogram);
    if (err)
        return err;
    wr_fill(w, 0x00, DIVERSIFICATION);
    wr_u8(w, kvn);
    wr_u8(w, SCP_ID);
    wr_u8(w, i);
    wr_bytes(w, challenge, sizeof challenge);
    wr_bytes(w, cryptogram, sizeof cryptogram);
    if (i & SCP03_I_PSEUDO_RANDOM)
        wr_u24(w, sequence);
    return w->failed ? ERR_TOO_LARGE : 0;
}

/* The first command of the chain: its MAC starts from zeros (Amendment D 6.2.3). */
static int authenticate_mac(struct crypto *c, const struct scp03_session *s, struct span head,
                            const uint8_t cryptogram[SCP03_MAC], uint8_t ret[16])
{
    static const uint8_t zero[16];
    struct span parts[] = {head, {cryptogram, SCP03_MAC}};

    return scp03_mac(c, s->s_mac, zero, parts, 2, ret);
}

static void session_start(struct scp03_session *s, const uint8_t mac[16], uint8_t level)
{
    memcpy(s->chain, mac, sizeof s->chain);
    s->counter = 0;
    s->level = level;
    s->open = true;
}

int scp03_host_authenticate(struct crypto *c, struct scp03_session *s, struct span head,
                            uint8_t level, struct writer *w)
{
    uint8_t cryptogram[SCP03_MAC], mac[16];
    int err;

    if (!s->s_mac || s->open)
        return ERR_STATE;
    err = scp03_cryptogram(c, s, SCP03_HOST_CRYPTOGRAM, cryptogram);
    if (!err)
        err = authenticate_mac(c, s, head, cryptogram, mac);
    if (err)
        return err;
    wr_span(w, head);
    wr_bytes(w, cryptogram, sizeof cryptogram);
    wr_bytes(w, mac, SCP03_MAC);
    if (w->failed)
        return ERR_TOO_LARGE;
    session_start(s, mac, level);
    return 0;
}

int scp03_check_authenticate(struct crypto *c, struct scp03_session *s, struct span head,
                             uint8_t level, const uint8_t cryptogram_mac[16])
{
    uint8_t want[16], mac[16];
    int err;

    if (!s->s_mac || s->open)
        return ERR_STATE;
    err = scp03_cryptogram(c, s, SCP03_HOST_CRYPTOGRAM, want);
    if (!err)
        err = authenticate_mac(c, s, head, want, mac);
    if (err)
        return err;
    memcpy(want + SCP03_MAC, mac, SCP03_MAC);
    if (!mem_eq_ct(want, cryptogram_mac, sizeof want)) {
        scp03_session_fini(s);
        return ERR_AUTH;
    }
    session_start(s, mac, level);
    return 0;
}
