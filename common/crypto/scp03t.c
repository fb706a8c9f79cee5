/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t at both ends (SGP.02 4.1.3.3): SCP03 with TLVs in the place of APDUs and no SW in
 * R-MACs. */
#include "common/crypto/scp03t.h"

#include "common/codec/tlv.h"
#include "common/crypto/scp03_impl.h"

#define TAG_INITIALIZE 0x84u
#define TAG_AUTHENTICATE 0x85u
#define TAG_SEGMENT 0x86u
#define LEVEL 0x33u
#define PARAM_I 0x70u               /* pseudo-random challenge, R-MAC, R-ENC */
#define PARAM_I_AT 12u              /* behind diversification data, KVN and 03 */
#define HEAD_MAX 4u                 /* 86 82 xx xx */

/* Values of 9F44..9F46. */
#define CARD_STRUCTURE 0x01u
#define CARD_SECURITY 0x02u
#define CARD_NO_KEY 0x03u

static bool is_refusal(struct span raw)
{
    return raw.n >= 2 && raw.p[0] == 0x9F && raw.p[1] >= 0x44 && raw.p[1] <= 0x46;
}

/* The value of the one TLV in raw; a refusal of the card ends the session. */
static int answer_value(struct scp03_session *s, struct span raw, uint32_t tag, struct span *ret)
{
    struct tlv t;
    int err;

    if (is_refusal(raw)) {
        scp03_session_fini(s);
        return ERR_DENIED;
    }
    err = tlv_only(raw, tag, &t);
    if (!err)
        *ret = t.value;
    return err;
}

static size_t room(const struct writer *w)
{
    return w->failed ? 0 : w->cap - w->len;
}

int scp03t_initialize(struct crypto *c, struct scp03_session *s, uint8_t kvn, struct writer *w)
{
    scp03_session_fini(s);
    s->kvn = kvn;
    crypto_random(c, s->host_challenge, sizeof s->host_challenge);
    wr_u8(w, TAG_INITIALIZE);
    wr_u8(w, 2 + SCP03_CHALLENGE);
    wr_u8(w, kvn);
    wr_u8(w, 0x00);
    wr_bytes(w, s->host_challenge, sizeof s->host_challenge);
    return w->failed ? ERR_TOO_LARGE : 0;
}

int scp03t_open(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                const struct aid *isd_p, struct span answer_84)
{
    struct span body;
    int err = answer_value(s, answer_84, TAG_INITIALIZE, &body);

    if (err)
        return err;
    if (body.n > PARAM_I_AT && (body.p[PARAM_I_AT] & PARAM_I) != PARAM_I)
        return ERR_UNSUPPORTED;
    return scp03_open(c, s, k, isd_p, body);
}

int scp03t_predict(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                   const struct aid *isd_p, uint32_t sequence)
{
    return scp03_predict(c, s, k, isd_p, sequence);
}

static const uint8_t AUTHENTICATE_HEAD[] = {TAG_AUTHENTICATE, 1 + 2 * SCP03_MAC, LEVEL};

int scp03t_authenticate(struct crypto *c, struct scp03_session *s, struct writer *w)
{
    struct span head = span_of(AUTHENTICATE_HEAD, sizeof AUTHENTICATE_HEAD);

    return scp03_host_authenticate(c, s, head, LEVEL, w);
}

int scp03t_authenticated(struct scp03_session *s, struct span raw_tlv)
{
    struct span body;
    int err = answer_value(s, raw_tlv, TAG_AUTHENTICATE, &body);

    if (err)
        return err;
    return body.n == 0 ? 0 : ERR_FORMAT;
}

struct scp03t_place scp03t_here(const struct scp03_session *s)
{
    struct scp03t_place at = {.counter = s->counter};

    memcpy(at.chain, s->chain, sizeof at.chain);
    return at;
}

/* 86 L cipher || MAC, the MAC over chain || 86 || L || cipher; the whole MAC to ret_mac. */
static int protect(struct crypto *c, const struct scp03_session *s, const struct key *mac_key,
                   uint32_t counter, uint8_t icv, struct span plain, struct writer *w,
                   uint8_t ret_mac[16])
{
    size_t n = scp03_padded(plain.n), start = w->len, head;
    struct span part;
    int err;

    if (room(w) < HEAD_MAX + n + SCP03_MAC)
        return ERR_TOO_LARGE;
    tlv_put_tag(w, TAG_SEGMENT);
    tlv_put_len(w, n + SCP03_MAC);
    head = w->len - start;
    err = scp03_encipher(c, s, counter, icv, plain, w->p + w->len);
    part = span_of(w->p + start, head + n);
    if (!err)
        err = scp03_mac(c, mac_key, s->chain, &part, 1, ret_mac);
    if (err) {
        w->len = start;
        return err;
    }
    w->len += n;
    wr_bytes(w, ret_mac, SCP03_MAC);
    return 0;
}

int scp03t_segment(struct crypto *c, struct scp03_session *s, struct span plain, struct writer *w)
{
    uint8_t mac[16];
    int err;

    if (!s->open)
        return ERR_STATE;
    if (plain.n == 0)
        return ERR_INVAL;
    if (plain.n > SCP03T_PLAIN_MAX)
        return ERR_TOO_LARGE;
    err = protect(c, s, s->s_mac, s->counter + 1, SCP03_ICV_COMMAND, plain, w, mac);
    if (err)
        return err;
    memcpy(s->chain, mac, sizeof mac);
    s->counter++;
    return 0;
}

/* MAC over a received 86, whose value is body (cipher || MAC) and ends raw. */
static int check_mac(struct crypto *c, const struct key *k, const uint8_t chain[16],
                     struct span raw, uint8_t ret_mac[16])
{
    struct span part = span_of(raw.p, raw.n - SCP03_MAC);
    int err = scp03_mac(c, k, chain, &part, 1, ret_mac);

    if (err)
        return err;
    return mem_eq_ct(ret_mac, raw.p + part.n, SCP03_MAC) ? 0 : ERR_AUTH;
}

int scp03t_answer_at(struct crypto *c, struct scp03_session *s, const struct scp03t_place *at,
                     struct span raw_tlv, struct writer *w)
{
    struct span body;
    uint8_t mac[16];
    size_t n;
    int err;

    if (!s->open || at->counter == 0 || at->counter > s->counter)
        return ERR_STATE;
    err = answer_value(s, raw_tlv, TAG_SEGMENT, &body);
    if (err)
        return err;
    if (body.n == 0)
        return 0;
    if (raw_tlv.n > SCP03T_SEGMENT_MAX || body.n < SCP03_MAC
        || (body.n - SCP03_MAC) % SCP03_BLOCK)
        return ERR_FORMAT;
    if (room(w) < body.n - SCP03_MAC)
        return ERR_TOO_LARGE;
    err = check_mac(c, s->s_rmac, at->chain, raw_tlv, mac);
    n = 0;
    if (!err && body.n > SCP03_MAC)
        err = scp03_decipher(c, s, at->counter, SCP03_ICV_RESPONSE,
                             span_of(body.p, body.n - SCP03_MAC), w->p + w->len, &n);
    if (err == ERR_AUTH)
        scp03_session_fini(s);
    if (!err)
        w->len += n;
    return err;
}

int scp03t_answer(struct crypto *c, struct scp03_session *s, struct span raw_tlv, struct writer *w)
{
    struct scp03t_place at = scp03t_here(s);

    return scp03t_answer_at(c, s, &at, raw_tlv, w);
}

/* 9F44, 9F45 or 9F46 with its value, whatever was written before in this answer. */
static int card_refuse(struct scp03_session *s, struct writer *w, size_t start, uint8_t tag,
                       uint8_t code, int err)
{
    scp03_session_fini(s);
    w->len = start;
    wr_u8(w, 0x9F);
    wr_u8(w, tag);
    wr_u8(w, 0x01);
    wr_u8(w, code);
    return err;
}

int scp03t_card_initialize(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                           uint8_t kvn, const struct aid *isd_p, uint32_t sequence,
                           struct span tlv84, struct writer *w)
{
    size_t start = w->len, mark;
    struct tlv t;
    int err;

    scp03_session_fini(s);
    err = tlv_only(tlv84, TAG_INITIALIZE, &t);
    if (err || t.value.n != 2 + SCP03_CHALLENGE || t.value.p[1] != 0x00)
        return card_refuse(s, w, start, 0x44, CARD_STRUCTURE, ERR_FORMAT);
    if (t.value.p[0] != 0 && t.value.p[0] != kvn)
        return card_refuse(s, w, start, 0x44, CARD_NO_KEY, ERR_NOT_FOUND);
    memcpy(s->host_challenge, t.value.p + 2, SCP03_CHALLENGE);
    s->kvn = kvn;
    mark = tlv_open(w, TAG_INITIALIZE);
    err = scp03_answer_body(c, s, k, kvn, PARAM_I, isd_p, sequence, w);
    if (err)
        return card_refuse(s, w, start, 0x44, CARD_SECURITY, err);
    tlv_close(w, mark);
    return w->failed ? ERR_TOO_LARGE : 0;
}

int scp03t_card_authenticate(struct crypto *c, struct scp03_session *s, struct span tlv85,
                             struct writer *w)
{
    struct span head = span_of(AUTHENTICATE_HEAD, sizeof AUTHENTICATE_HEAD);
    struct tlv t;
    int err = tlv_only(tlv85, TAG_AUTHENTICATE, &t);

    if (err || t.value.n != 1 + 2 * SCP03_MAC || t.value.p[0] != LEVEL)
        return card_refuse(s, w, w->len, 0x45, CARD_STRUCTURE, ERR_FORMAT);
    err = scp03_check_authenticate(c, s, head, LEVEL, t.value.p + 1);
    if (err)
        return card_refuse(s, w, w->len, 0x45, CARD_SECURITY, err);
    wr_u8(w, TAG_AUTHENTICATE);
    wr_u8(w, 0x00);
    return w->failed ? ERR_TOO_LARGE : 0;
}

static int card_open_segment(struct crypto *c, struct scp03_session *s, struct span raw,
                             struct span body, struct buf *plain)
{
    uint8_t mac[16], *dst;
    size_t n = body.n - SCP03_MAC, got, before = plain->n;
    int err = check_mac(c, s->s_mac, s->chain, raw, mac);

    if (err)
        return err;
    dst = buf_grow(plain, n);
    if (!dst)
        return ERR_NOMEM;
    err = scp03_decipher(c, s, s->counter + 1, SCP03_ICV_COMMAND, span_of(body.p, n), dst, &got);
    plain->n = before + got;
    if (err)
        return err;
    memcpy(s->chain, mac, sizeof mac);
    s->counter++;
    return 0;
}

int scp03t_card_segment(struct crypto *c, struct scp03_session *s, struct span tlv86,
                        struct buf *plain, struct writer *w)
{
    struct tlv t;
    int err;

    if (!s->open)
        return card_refuse(s, w, w->len, 0x46, CARD_SECURITY, ERR_STATE);
    err = tlv_only(tlv86, TAG_SEGMENT, &t);
    if (err || tlv86.n > SCP03T_SEGMENT_MAX || t.value.n < SCP03_BLOCK + SCP03_MAC
        || (t.value.n - SCP03_MAC) % SCP03_BLOCK)
        return card_refuse(s, w, w->len, 0x46, CARD_STRUCTURE, ERR_FORMAT);
    err = card_open_segment(c, s, tlv86, t.value, plain);
    if (err)
        return card_refuse(s, w, w->len, 0x46, CARD_SECURITY, err);
    wr_u8(w, TAG_SEGMENT);
    wr_u8(w, 0x00);
    return w->failed ? ERR_TOO_LARGE : 0;
}

static int answer_empty(struct crypto *c, const struct scp03_session *s, struct writer *w)
{
    const uint8_t head[2] = {TAG_SEGMENT, SCP03_MAC};
    struct span part = span_of(head, sizeof head);
    uint8_t mac[16];
    int err = scp03_mac(c, s->s_rmac, s->chain, &part, 1, mac);

    if (err)
        return err;
    wr_bytes(w, head, sizeof head);
    wr_bytes(w, mac, SCP03_MAC);
    return w->failed ? ERR_TOO_LARGE : 0;
}

int scp03t_card_answer(struct crypto *c, struct scp03_session *s, struct span data,
                       struct writer *w)
{
    uint8_t mac[16];

    if (!s->open || s->counter == 0)
        return ERR_STATE;
    if (data.n == 0)
        return answer_empty(c, s, w);
    if (data.n > SCP03T_PLAIN_MAX)
        return ERR_TOO_LARGE;
    return protect(c, s, s->s_rmac, s->counter, SCP03_ICV_RESPONSE, data, w, mac);
}
