/* SPDX-License-Identifier: Apache-2.0 */
/* Secured packets of TS 102 225 in the SMS (TS 31.115) and CAT_TP dialects, both directions. */
#include "common/crypto/scp80.h"

#include "common/base/mem.h"
#include "common/base/mutant.h"
#include "common/crypto/cmac.h"

#define CMD_FIXED 6u             /* CNTR PCNTR */
#define RSP_FIXED 7u             /* CNTR PCNTR STATUS */
#define PCNTR_AT 5u
#define STATUS_AT 6u
#define CC_FULL 8u
#define CC_SHORT 4u
#define AES_BLOCK 16u
#define DES_BLOCK 8u
#define KIND_MASK 0x03u          /* b2b1 of SPI1, b4b3 of SPI2: none, RC, CC, DS */
#define KIND_DS 0x03u
#define NIBBLE 0x0Fu
#define NIBBLE_DES_ECB 0x0Du
#define NIBBLE_KNOWN 0x03u       /* b2b1 of KIc or KID; 00 = known to both ends */

enum check { CHECK_NONE, CHECK_CRC16, CHECK_CRC32, CHECK_AES, CHECK_DES };

/* What one packet is secured with, settled before a byte of it is touched. */
struct suite {
    const struct key *kic;       /* NULL: not ciphered */
    bool ecb;
    size_t block;                /* 1 when not ciphered */
    const struct key *kid;
    enum check check;
    size_t cc_len;
};

/* The element in front of an SMS response that its checksum covers though no length counts it. */
static const uint8_t RSP_UDH[] = {0x02, 0x71, 0x00};

static bool key_fits(const struct key *k, enum packet_alg alg)
{
    if (!k)
        return false;
    if (alg == PACKET_ALG_AES)
        return key_get_type(k) == KEY_AES;
    if (key_get_type(k) != KEY_DES)
        return false;
    return (alg == PACKET_ALG_DES && key_size(k) == 8)
           || (alg == PACKET_ALG_3DES2 && key_size(k) == 16)
           || (alg == PACKET_ALG_3DES3 && key_size(k) == 24);
}

static int suite_cipher(struct suite *su, const struct key *kic, uint8_t octet)
{
    enum packet_alg alg = packet_kic_alg(octet);

    su->ecb = (octet & NIBBLE) == NIBBLE_DES_ECB || (octet & NIBBLE_KNOWN) == 0;
    if (su->ecb) {
        if (!kic || key_get_type(kic) != KEY_DES)
            return ERR_INVAL;
        if ((octet & NIBBLE) == NIBBLE_DES_ECB && key_size(kic) != 8)
            return ERR_INVAL;
    } else if (alg == PACKET_ALG_UNKNOWN) {
        return ERR_UNSUPPORTED;
    } else if (!key_fits(kic, alg)) {
        return ERR_INVAL;
    }
    su->kic = kic;
    su->block = key_get_type(kic) == KEY_AES ? AES_BLOCK : DES_BLOCK;
    return 0;
}

static int suite_check(struct suite *su, const struct scp80_keys *k, uint8_t kind, uint8_t octet)
{
    enum packet_alg alg = packet_kid_alg(octet, kind);

    if (kind == 0)
        return 0;
    if (kind == KIND_DS)
        return ERR_UNSUPPORTED;
    if (kind == SPI1_RC) {
        bool crc16 = alg == PACKET_ALG_CRC16;

        if (!crc16 && alg != PACKET_ALG_CRC32 && (octet & NIBBLE_KNOWN) != 0)
            return ERR_UNSUPPORTED;
        su->check = crc16 ? CHECK_CRC16 : CHECK_CRC32;
        su->cc_len = crc16 ? 2 : 4;
        return 0;
    }
    if (alg == PACKET_ALG_UNKNOWN)
        return ERR_UNSUPPORTED;
    if (!key_fits(k->kid, alg))
        return ERR_INVAL;
    su->kid = k->kid;
    su->check = alg == PACKET_ALG_AES ? CHECK_AES : CHECK_DES;
    su->cc_len = CC_FULL;
    if (k->cc_len == CC_SHORT && su->check == CHECK_AES)
        su->cc_len = CC_SHORT;
    else if (k->cc_len != 0 && k->cc_len != CC_FULL)
        return ERR_INVAL;
    return 0;
}

static int suite_init(struct suite *su, const struct scp80_keys *k, uint8_t kind, bool ciphered,
                      uint8_t kic, uint8_t kid)
{
    int err;

    *su = (struct suite){.block = 1};
    err = suite_check(su, k, kind, kid);
    if (!err && ciphered)
        err = suite_cipher(su, k->kic, kic);
    return err;
}

static int suite_of_command(struct suite *su, const struct scp80_keys *k,
                            const struct packet_cmd_head *h)
{
    return suite_init(su, k, h->spi1 & KIND_MASK, h->spi1 & SPI1_CIPHER, h->kic, h->kid);
}

static int suite_of_response(struct suite *su, const struct scp80_keys *k, uint8_t spi2,
                             uint8_t kic, uint8_t kid)
{
    return suite_init(su, k, spi2 >> 2 & KIND_MASK, spi2 & SPI2_POR_CIPHER, kic, kid);
}

/* CRCs run over one stretch of memory; only old cards use them, so the copy costs nobody. */
static int crc_of(enum check check, const struct span *parts, size_t n_parts, uint8_t ret[4])
{
    uint8_t all[PACKET_MAX + 64];
    struct writer w = wr_init(all, sizeof all), out = wr_init(ret, 4);

    for (size_t i = 0; i < n_parts; i++)
        wr_span(&w, parts[i]);
    if (w.failed)
        return ERR_TOO_LARGE;
    if (check == CHECK_CRC16)
        wr_u16(&out, packet_crc16(wr_view(&w)));
    else
        wr_u32(&out, packet_crc32(wr_view(&w)));
    return 0;
}

/* body is clear: fixed octets, the checksum's own place (left out of it), data and padding. */
static int checksum(struct crypto *c, const struct suite *su, struct span udh, struct span head,
                    const uint8_t *body, size_t n, size_t fixed, uint8_t ret[16])
{
    size_t rest = fixed + su->cc_len;
    struct span parts[] = {udh, head, span_of(body, fixed), span_of(body + rest, n - rest)};

    switch (su->check) {
    case CHECK_NONE:
        return 0;
    case CHECK_CRC16:
    case CHECK_CRC32:
        return crc_of(su->check, parts, 4, ret);
    case CHECK_AES:
        return cmac(c, su->kid, parts, 4, ret);      /* the most significant octets are kept */
    case CHECK_DES:
        return des_cbc_mac(c, su->kid, parts, 4, ret);
    }
    return ERR_INTERNAL;
}

static int encipher(struct crypto *c, const struct suite *su, uint8_t *p, size_t n)
{
    static const uint8_t zero[AES_BLOCK];
    size_t step = su->ecb ? su->block : n;
    int err = 0;

    for (size_t i = 0; su->kic && i < n && !err; i += step)
        err = cbc_encrypt(c, su->kic, zero, p + i, step, p + i);
    return err;
}

static int decipher(struct crypto *c, const struct suite *su, struct span in, uint8_t *out)
{
    static const uint8_t zero[AES_BLOCK];
    size_t step = su->ecb ? su->block : in.n;
    int err = 0;

    if (!su->kic)
        memcpy(out, in.p, in.n);
    for (size_t i = 0; su->kic && i < in.n && !err; i += step)
        err = cbc_decrypt(c, su->kic, zero, in.p + i, step, out + i);
    return err;
}

static size_t padding_of(const struct suite *su, size_t n)
{
    return (su->block - n % su->block) % su->block;
}

/* Writes the body behind a head that begins at start of w, checks it and enciphers it. */
static int secure(struct crypto *c, const struct suite *su, struct span udh, struct writer *w,
                  size_t start, const uint8_t *fixed, size_t n_fixed, struct span data)
{
    size_t body = w->len, pad = padding_of(su, n_fixed + su->cc_len + data.n), n;
    uint8_t cc[16] = {0};
    int err;

    wr_bytes(w, fixed, n_fixed);
    wr_fill(w, 0x00, su->cc_len);
    wr_span(w, data);
    wr_fill(w, 0x00, pad);
    if (w->failed)
        return ERR_TOO_LARGE;
    n = w->len - body;
    w->p[body + PCNTR_AT] = (uint8_t)pad;
    err = checksum(c, su, udh, span_of(w->p + start, body - start), w->p + body, n, n_fixed, cc);
    if (err)
        return err;
    memcpy(w->p + body + n_fixed, cc, su->cc_len);
    return encipher(c, su, w->p + body, n);
}

static size_t body_len(const struct suite *su, size_t n_fixed, size_t n_data)
{
    size_t n = n_fixed + su->cc_len + n_data;

    return n + padding_of(su, n);
}

int scp80_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
               const struct packet_cmd_head *h, uint64_t cntr, struct span data, struct writer *w)
{
    uint8_t fixed[CMD_FIXED] = {0};
    struct writer f = wr_init(fixed, sizeof fixed);
    size_t start = w->len, n;
    struct suite su;
    int err;

    if (cntr > CNTR_MAX || h->tar > 0xFFFFFFu)
        return ERR_INVAL;
    err = suite_of_command(&su, k, h);
    if (err)
        return err;
    if (data.n > PACKET_MAX)
        return ERR_TOO_LARGE;
    n = body_len(&su, CMD_FIXED, data.n);
    packet_cmd_head_put(w, h, su.cc_len, n, d);
    if (w->failed || w->len - start + n > PACKET_MAX)
        err = ERR_TOO_LARGE;
    wr_u40(&f, cntr);
    if (!err)
        err = secure(c, &su, span_of(NULL, 0), w, start, fixed, sizeof fixed, data);
    if (err)
        w->len = start;
    return err;
}

/* Deciphers body to plain, which takes body.n octets, and verifies it. Sets the length of the data
 * behind the checksum, without its padding. */
static int verify(struct crypto *c, const struct suite *su, struct span udh, struct span head,
                  struct span body, size_t n_fixed, uint8_t *plain, size_t *ret_data)
{
    size_t rest = n_fixed + su->cc_len, pad;
    uint8_t cc[16] = {0}, stray = 0;
    int err;

    if (body.n < rest || (su->kic && body.n % su->block))
        return ERR_FORMAT;
    err = decipher(c, su, body, plain);
    if (!err)
        err = checksum(c, su, udh, head, plain, body.n, n_fixed, cc);
    if (err)
        return err;
    if (mutant("MAC_BY_MEMCMP") ? memcmp(cc, plain + n_fixed, su->cc_len) != 0
                                : !mem_eq_ct(cc, plain + n_fixed, su->cc_len))
        return ERR_AUTH;
    pad = plain[PCNTR_AT];
    if (pad >= su->block || pad > body.n - rest)
        return ERR_AUTH;
    /* Without a checksum the padding is the only sign of a wrong key. With one it is covered, and
     * TS 102 225 does not say that a card must pad with zeros (believed). */
    for (size_t i = body.n - pad; i < body.n; i++)
        stray |= plain[i];
    if (stray && su->check == CHECK_NONE)
        return ERR_AUTH;
    *ret_data = body.n - rest - pad;
    return 0;
}

static uint64_t counter_of(const uint8_t *plain)
{
    struct reader r = rd_init(span_of(plain, 5));

    return rd_u40(&r);
}

/* A key that is not of the packet's algorithm is a key that does not verify it. */
static int received(int err)
{
    return err == ERR_INVAL ? ERR_AUTH : err;
}

static int unwrap(struct crypto *c, const struct scp80_keys *k, const struct packet_cmd *p,
                  struct scp80_command *ret)
{
    struct suite su;
    int err = received(suite_of_command(&su, k, &p->head));

    if (err)
        return err;
    if (p->cc_len != su.cc_len)
        return ERR_AUTH;
    if (p->body.n > sizeof ret->data)
        return ERR_TOO_LARGE;
    err = verify(c, &su, span_of(NULL, 0), p->head_raw, p->body, CMD_FIXED, ret->data,
                 &ret->data_len);
    if (err)
        return err;
    ret->head = p->head;
    ret->cntr = counter_of(ret->data);
    memmove(ret->data, ret->data + CMD_FIXED + su.cc_len, ret->data_len);
    return 0;
}

int scp80_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                 struct span packet, struct scp80_command *ret)
{
    struct packet_cmd p;
    int err = packet_cmd_split(packet, d, &p);

    ret->data_len = 0;
    if (!err)
        err = unwrap(c, k, &p, ret);
    if (err)
        mem_wipe(ret, sizeof *ret);
    return err;
}

static struct span rsp_udh(enum packet_dialect d)
{
    return d == PACKET_SMS ? span_of(RSP_UDH, sizeof RSP_UDH) : span_of(NULL, 0);
}

int scp80_por_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                   const struct packet_cmd_head *h, uint64_t cntr, uint8_t status,
                   struct span data, struct writer *w)
{
    uint8_t fixed[RSP_FIXED] = {0};
    struct writer f = wr_init(fixed, sizeof fixed);
    uint8_t spi2 = status == POR_UNIDENTIFIED ? 0 : h->spi2;
    size_t start = w->len, n;
    struct suite su;
    int err;

    if (cntr > CNTR_MAX || h->tar > 0xFFFFFFu)
        return ERR_INVAL;
    err = suite_of_response(&su, k, spi2, h->kic, h->kid);
    if (err)
        return err;
    if (data.n > PACKET_MAX)
        return ERR_TOO_LARGE;
    n = body_len(&su, RSP_FIXED, data.n);
    packet_rsp_head_put(w, h->tar, su.cc_len, n, d);
    if (w->failed || w->len - start + n > PACKET_MAX)
        err = ERR_TOO_LARGE;
    wr_u40(&f, cntr);
    wr_u8(&f, 0x00);
    wr_u8(&f, status);
    if (!err)
        err = secure(c, &su, rsp_udh(d), w, start, fixed, sizeof fixed, data);
    if (err)
        w->len = start;
    return err;
}

/* Security failed at the card, so it could not or would not secure its answer either. */
static bool excused(const struct suite *su, const struct packet_rsp *p)
{
    uint8_t status;

    if (su->check == CHECK_NONE && !su->kic)
        return false;            /* nothing was asked for, nothing is missing */
    if (p->cc_len != 0 || p->body.n != RSP_FIXED)
        return false;
    status = p->body.p[STATUS_AT];
    return status == POR_CC_FAILED || status == POR_CIPHERING || status == POR_UNIDENTIFIED;
}

static bool proves(const struct suite *su)
{
    return su->check == CHECK_AES || su->check == CHECK_DES;
}

static int por_unwrap(struct crypto *c, const struct suite *asked, enum packet_dialect d,
                      const struct packet_rsp *p, struct scp80_response *ret)
{
    struct suite su = excused(asked, p) ? (struct suite){.block = 1} : *asked;
    int err;

    if (p->cc_len != su.cc_len)
        return ERR_AUTH;
    if (p->body.n > sizeof ret->data)
        return ERR_TOO_LARGE;
    err = verify(c, &su, rsp_udh(d), p->head_raw, p->body, RSP_FIXED, ret->data, &ret->data_len);
    if ((err == ERR_AUTH || err == ERR_FORMAT) && su.kic && proves(&su)) {
        su.kic = NULL;           /* secured, but not enciphered */
        err = verify(c, &su, rsp_udh(d), p->head_raw, p->body, RSP_FIXED, ret->data, &ret->data_len);
    }
    if (err)
        return err;
    ret->tar = p->tar;
    ret->cntr = counter_of(ret->data);
    ret->status = ret->data[STATUS_AT];
    ret->authentic = proves(&su);
    memmove(ret->data, ret->data + RSP_FIXED + su.cc_len, ret->data_len);
    return 0;
}

int scp80_por_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                     uint8_t spi2, uint8_t kic, uint8_t kid, struct span packet,
                     struct scp80_response *ret)
{
    struct packet_rsp p;
    struct suite su;
    int err = packet_rsp_split(packet, d, &p);

    ret->data_len = 0;
    if (!err)
        err = received(suite_of_response(&su, k, spi2, kic, kid));
    if (!err)
        err = por_unwrap(c, &su, d, &p, ret);
    if (err)
        mem_wipe(ret, sizeof *ret);
    return err;
}
