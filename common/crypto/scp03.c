/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03 over APDUs, host and card, and the key field of PUT KEY (GP Amendment D 6.2, 7). */
#include "common/crypto/scp03.h"

#include "common/base/mem.h"
#include "common/crypto/scp03_impl.h"

#define CLA_SECURE 0x04u
#define INS_INITIALIZE 0x50u
#define INS_AUTHENTICATE 0x82u
#define LC_MAX 255u

int scp03_initialize(struct crypto *c, struct scp03_session *s, uint8_t kvn, struct writer *w)
{
    struct apdu_cmd cmd = {.cla = 0x80, .ins = INS_INITIALIZE, .p1 = kvn, .has_le = true};

    scp03_session_fini(s);
    s->kvn = kvn;
    crypto_random(c, s->host_challenge, sizeof s->host_challenge);
    cmd.data = span_of(s->host_challenge, sizeof s->host_challenge);
    apdu_cmd_put(w, &cmd);
    return w->failed ? ERR_TOO_LARGE : 0;
}

static void authenticate_head(uint8_t level, uint8_t head[5])
{
    const uint8_t h[5] = {0x80 | CLA_SECURE, INS_AUTHENTICATE, level, 0x00, 2 * SCP03_MAC};

    memcpy(head, h, sizeof h);
}

int scp03_authenticate(struct crypto *c, struct scp03_session *s, uint8_t level, struct writer *w)
{
    uint8_t head[5];

    if (!scp03_level_known(level))
        return ERR_INVAL;
    authenticate_head(level, head);
    return scp03_host_authenticate(c, s, span_of(head, sizeof head), level, w);
}

/* Header of the secured command: what the C-MAC starts with. */
static void secure_head(const struct apdu_cmd *cmd, size_t lc, uint8_t head[5])
{
    head[0] = (uint8_t)(cmd->cla | CLA_SECURE);
    head[1] = cmd->ins;
    head[2] = cmd->p1;
    head[3] = cmd->p2;
    head[4] = (uint8_t)lc;
}

int scp03_wrap(struct crypto *c, struct scp03_session *s, const struct apdu_cmd *plain,
               struct writer *w)
{
    bool cipher = s->level & SCP03_C_ENC && plain->data.n > 0;
    size_t n = cipher ? scp03_padded(plain->data.n) : plain->data.n;
    uint8_t data[LC_MAX + SCP03_BLOCK], head[5], mac[16];
    struct span parts[] = {span_of(head, sizeof head), span_of(data, n)};
    int err = 0;

    if (!s->open)
        return ERR_STATE;
    if (plain->data.n > LC_MAX || n + SCP03_MAC > LC_MAX)
        return ERR_TOO_LARGE;
    if (w->failed || w->cap - w->len < sizeof head + n + SCP03_MAC + 1)
        return ERR_TOO_LARGE;
    if (cipher)
        err = scp03_encipher(c, s, s->counter + 1, SCP03_ICV_COMMAND, plain->data, data);
    else if (n)
        memcpy(data, plain->data.p, n);
    secure_head(plain, n + SCP03_MAC, head);
    if (!err)
        err = scp03_mac(c, s->s_mac, s->chain, parts, 2, mac);
    if (err)
        return err;
    wr_bytes(w, head, sizeof head);
    wr_bytes(w, data, n);
    wr_bytes(w, mac, SCP03_MAC);
    if (plain->has_le)
        wr_u8(w, plain->le);
    memcpy(s->chain, mac, sizeof mac);
    s->counter++;        /* for each command, with data or without (Amendment D 6.2.6) */
    return 0;
}

/* Only these carry an R-MAC (Amendment D 6.2.5). */
static bool sw_protected(uint16_t sw)
{
    return sw == 0x9000 || sw >> 8 == 0x62 || sw >> 8 == 0x63;
}

static int response_mac(struct crypto *c, const struct scp03_session *s, struct span data,
                        uint16_t sw, uint8_t ret[16])
{
    const uint8_t status[2] = {(uint8_t)(sw >> 8), (uint8_t)sw};
    struct span parts[] = {data, {status, sizeof status}};

    return scp03_mac(c, s->s_rmac, s->chain, parts, 2, ret);
}

static int open_response(struct crypto *c, const struct scp03_session *s, struct span data,
                         uint16_t sw, struct writer *w)
{
    struct span body = span_of(data.p, data.n - SCP03_MAC);
    uint8_t mac[16], plain[LC_MAX + 1];
    size_t n;
    int err = response_mac(c, s, body, sw, mac);

    if (err)
        return err;
    if (!mem_eq_ct(mac, data.p + body.n, SCP03_MAC))
        return ERR_AUTH;
    if (!(s->level & SCP03_R_ENC) || body.n == 0) {
        wr_span(w, body);
        return w->failed ? ERR_TOO_LARGE : 0;
    }
    if (body.n > sizeof plain)
        return ERR_FORMAT;
    err = scp03_decipher(c, s, s->counter, SCP03_ICV_RESPONSE, body, plain, &n);
    if (!err) {
        wr_bytes(w, plain, n);
        err = w->failed ? ERR_TOO_LARGE : 0;
    }
    mem_wipe(plain, sizeof plain);
    return err;
}

int scp03_answer(struct crypto *c, struct scp03_session *s, struct span data, uint16_t sw,
                 struct writer *w)
{
    int err;

    if (!s->open || s->counter == 0)
        return ERR_STATE;
    if (!(s->level & SCP03_R_MAC)) {
        wr_span(w, data);
        return w->failed ? ERR_TOO_LARGE : 0;
    }
    if (!sw_protected(sw))
        return data.n == 0 ? 0 : ERR_FORMAT;
    if (data.n < SCP03_MAC)
        err = ERR_AUTH;
    else
        err = open_response(c, s, data, sw, w);
    if (err == ERR_AUTH)
        scp03_session_fini(s);
    return err;
}

int scp03_card_initialize(struct crypto *c, struct scp03_session *s, const struct scp03_keys *k,
                          uint8_t kvn, uint8_t i, const struct aid *sd, uint32_t sequence,
                          const struct apdu_cmd *cmd, struct writer *w)
{
    scp03_session_fini(s);
    if (cmd->ins != INS_INITIALIZE || cmd->p2 != 0x00 || cmd->data.n != SCP03_CHALLENGE)
        return ERR_FORMAT;
    if (cmd->p1 != 0 && cmd->p1 != kvn)
        return ERR_NOT_FOUND;
    memcpy(s->host_challenge, cmd->data.p, SCP03_CHALLENGE);
    s->kvn = kvn;
    return scp03_answer_body(c, s, k, kvn, i, sd, sequence, w);
}

int scp03_card_authenticate(struct crypto *c, struct scp03_session *s, const struct apdu_cmd *cmd)
{
    uint8_t head[5];

    if (cmd->cla != (0x80 | CLA_SECURE) || cmd->ins != INS_AUTHENTICATE || cmd->p2 != 0x00
        || cmd->data.n != 2 * SCP03_MAC)
        return ERR_FORMAT;
    if (!scp03_level_known(cmd->p1))
        return ERR_UNSUPPORTED;
    authenticate_head(cmd->p1, head);
    return scp03_check_authenticate(c, s, span_of(head, sizeof head), cmd->p1, cmd->data.p);
}

static int unwrap(struct crypto *c, struct scp03_session *s, const struct apdu_cmd *cmd,
                  struct writer *w, struct span *ret)
{
    size_t n = cmd->data.n - SCP03_MAC, plain_n = n;
    uint8_t head[5], mac[16], plain[LC_MAX + 1];
    struct span body = span_of(cmd->data.p, n);
    struct span parts[] = {span_of(head, sizeof head), body};
    int err;

    secure_head(cmd, cmd->data.n, head);
    err = scp03_mac(c, s->s_mac, s->chain, parts, 2, mac);
    if (err)
        return err;
    if (!mem_eq_ct(mac, cmd->data.p + n, SCP03_MAC))
        return ERR_AUTH;
    memcpy(s->chain, mac, sizeof mac);
    s->counter++;
    if (s->level & SCP03_C_ENC && n > 0) {
        err = scp03_decipher(c, s, s->counter, SCP03_ICV_COMMAND, body, plain, &plain_n);
        if (err)
            return ERR_AUTH;     /* authentic and yet not enciphered as agreed */
        body = span_of(plain, plain_n);
    }
    *ret = span_of(w->failed ? NULL : w->p + w->len, plain_n);
    wr_span(w, body);
    mem_wipe(plain, sizeof plain);
    return w->failed ? ERR_TOO_LARGE : 0;
}

int scp03_card_unwrap(struct crypto *c, struct scp03_session *s, const struct apdu_cmd *cmd,
                      struct writer *w, struct apdu_cmd *ret)
{
    struct span plain = {NULL, 0};
    int err;

    if (!s->open)
        return ERR_STATE;
    if (!(cmd->cla & CLA_SECURE) || cmd->data.n < SCP03_MAC || cmd->data.n > LC_MAX)
        err = ERR_AUTH;          /* a command without C-MAC ends the session as a wrong one does */
    else
        err = unwrap(c, s, cmd, w, &plain);
    if (err == ERR_AUTH)
        scp03_session_fini(s);
    if (err)
        return err;
    *ret = *cmd;
    ret->cla = (uint8_t)(cmd->cla & ~CLA_SECURE);
    ret->data = plain;
    return 0;
}

int scp03_card_wrap(struct crypto *c, struct scp03_session *s, struct span data, uint16_t sw,
                    struct writer *w)
{
    uint8_t body[LC_MAX + 1 + SCP03_BLOCK], mac[16];
    struct span out = data;
    int err = 0;

    if (!s->open || s->counter == 0)
        return ERR_STATE;
    if (data.n > LC_MAX + 1)
        return ERR_TOO_LARGE;
    if (s->level & SCP03_R_MAC && !sw_protected(sw))
        return data.n == 0 ? 0 : ERR_INVAL;
    if (s->level & SCP03_R_ENC && data.n > 0) {
        err = scp03_encipher(c, s, s->counter, SCP03_ICV_RESPONSE, data, body);
        out = span_of(body, scp03_padded(data.n));
    }
    if (err)
        return err;
    wr_span(w, out);
    if (s->level & SCP03_R_MAC) {
        err = response_mac(c, s, out, sw, mac);
        if (err)
            return err;
        wr_bytes(w, mac, SCP03_MAC);
    }
    return w->failed ? ERR_TOO_LARGE : 0;
}

#define KEY_FIELD_MAX 64u
#define KCV_LEN 3u

static const struct {
    uint8_t coded;
    enum key_type type;
} KEY_TYPES[] = {{0x88, KEY_AES}, {0x85, KEY_PSK}};

static size_t whole_blocks(size_t n)
{
    return (n + SCP03_BLOCK - 1) / SCP03_BLOCK * SCP03_BLOCK;
}

int scp03_key_field(struct crypto *c, const struct key *dek, const struct key *k, struct writer *w)
{
    static const uint8_t zero[SCP03_BLOCK];
    uint8_t raw[KEY_FIELD_MAX] = {0}, kcv[KCV_LEN], coded = 0;
    size_t n, padded;
    int err;

    for (size_t i = 0; i < sizeof KEY_TYPES / sizeof *KEY_TYPES; i++)
        if (KEY_TYPES[i].type == key_get_type(k))
            coded = KEY_TYPES[i].coded;
    if (!coded)
        return ERR_UNSUPPORTED;
    err = key_kcv(c, k, kcv);
    if (!err)
        err = key_export_raw(k, raw, sizeof raw, &n);
    if (err)
        return err;
    padded = whole_blocks(n);
    err = cbc_encrypt(c, dek, zero, raw, padded, raw);
    if (err) {
        mem_wipe(raw, sizeof raw);
        return err;
    }
    wr_u8(w, coded);
    wr_u8(w, (uint8_t)(padded + 1));
    wr_u8(w, (uint8_t)n);
    wr_bytes(w, raw, padded);
    wr_u8(w, KCV_LEN);
    wr_bytes(w, kcv, sizeof kcv);
    return w->failed ? ERR_TOO_LARGE : 0;
}

int scp03_key_field_open(struct crypto *c, const struct key *dek, struct reader *r,
                         struct key **ret)
{
    static const uint8_t zero[SCP03_BLOCK];
    uint8_t raw[KEY_FIELD_MAX], kcv[KCV_LEN], coded = rd_u8(r);
    size_t len = rd_u8(r), n = rd_u8(r);
    struct span wrapped = rd_span(r, len ? len - 1 : 0);
    struct span check = rd_span(r, rd_u8(r));
    enum key_type type = KEY_RAW;
    int err;

    *ret = NULL;
    if (r->failed)
        return ERR_TRUNCATED;
    for (size_t i = 0; i < sizeof KEY_TYPES / sizeof *KEY_TYPES; i++)
        if (KEY_TYPES[i].coded == coded)
            type = KEY_TYPES[i].type;
    if (type == KEY_RAW)
        return ERR_UNSUPPORTED;
    if (n == 0 || wrapped.n > sizeof raw || wrapped.n != whole_blocks(n) || check.n != KCV_LEN)
        return ERR_FORMAT;
    err = cbc_decrypt(c, dek, zero, wrapped.p, wrapped.n, raw);
    if (!err)
        err = key_new(type, span_of(raw, n), ret);
    mem_wipe(raw, sizeof raw);
    if (err)
        return err == ERR_INVAL ? ERR_FORMAT : err;
    err = key_kcv(c, *ret, kcv);
    if (!err && !mem_eq_ct(kcv, check.p, KCV_LEN))
        err = ERR_AUTH;
    if (err) {
        key_free(*ret);
        *ret = NULL;
    }
    return err;
}
