/* SPDX-License-Identifier: Apache-2.0 */
/* Key establishment of SGP.02 ("scenario 3"): control reference template, key derivation,
 * receipt. */
#include "common/crypto/ecka.h"

#include "common/base/mem.h"
#include "common/codec/tlv.h"
#include "common/crypto/cmac.h"
#include "common/crypto/kdf.h"

#define PARAM_DR 0x02u
#define PARAM_HOST_ID 0x04u
#define USAGE_CHANNEL 0x10u     /* three keys: ENC, MAC, DEK */
#define USAGE_BASE 0x5Cu        /* one key */
#define TYPE_AES 0x88u
#define TYPE_PSK 0x85u
#define KEY_LEN 16u
#define INFO_MAX 256u

void ecka_crt_put(struct writer *w, const struct ecka_crt *crt)
{
    const uint8_t scenario[2] = {0x03, crt->scenario};
    size_t a6 = tlv_open(w, 0xA6);

    tlv_put(w, 0x90, span_of(scenario, sizeof scenario));
    tlv_put_u8(w, 0x95, crt->usage);
    tlv_put_u8(w, 0x80, crt->key_type);
    tlv_put_u8(w, 0x81, crt->key_len);
    tlv_put_u8(w, 0x82, crt->kid);
    tlv_put_u8(w, 0x83, crt->kvn);
    tlv_put(w, 0x91, span_of("", 0));
    tlv_close(w, a6);
}

static int next_exact(struct reader *r, uint32_t tag, size_t n, struct tlv *ret)
{
    int err = tlv_next(r, ret);

    if (err)
        return err == ERR_TRUNCATED ? err : ERR_FORMAT;
    return ret->tag == tag && ret->value.n == n ? 0 : ERR_FORMAT;
}

int ecka_crt_parse(struct span a6_tlv, struct ecka_crt *ret)
{
    struct {
        uint32_t tag;
        uint8_t *to;
    } const one_octet[] = {{0x80, &ret->key_type}, {0x81, &ret->key_len}, {0x82, &ret->kid},
                           {0x83, &ret->kvn}};
    struct tlv a6, t;
    struct reader r;
    int err;

    *ret = (struct ecka_crt){0};
    err = tlv_only(a6_tlv, 0xA6, &a6);
    if (err)
        return err;
    r = rd_init(a6.value);
    err = next_exact(&r, 0x90, 2, &t);
    if (err)
        return err;
    if (t.value.p[0] != 0x03)
        return ERR_UNSUPPORTED;
    ret->scenario = t.value.p[1];
    err = next_exact(&r, 0x95, 1, &t);
    if (err)
        return err;
    ret->usage = t.value.p[0];
    if (rd_left(&r) && r.p[0] == 0x96) {      /* optional key access, without effect here */
        err = next_exact(&r, 0x96, 1, &t);
        if (err)
            return err;
    }
    for (size_t i = 0; i < sizeof one_octet / sizeof *one_octet; i++) {
        err = next_exact(&r, one_octet[i].tag, 1, &t);
        if (err)
            return err;
        *one_octet[i].to = t.value.p[0];
    }
    /* An initial counter other than the default would have to be honoured, so it is refused. */
    err = next_exact(&r, 0x91, 0, &t);
    if (err)
        return err;
    return rd_done(&r) ? 0 : ERR_FORMAT;
}

void ecka_keys_free(struct ecka_keys *k)
{
    key_free(k->receipt);
    key_free(k->enc);
    key_free(k->mac);
    key_free(k->dek);
    *k = (struct ecka_keys){0};
}

static bool crt_supported(const struct ecka_crt *crt)
{
    if (crt->key_len != KEY_LEN)
        return false;
    if (crt->usage == USAGE_CHANNEL)
        return crt->key_type == TYPE_AES;
    return crt->usage == USAGE_BASE && (crt->key_type == TYPE_AES || crt->key_type == TYPE_PSK);
}

static int split(const struct ecka_crt *crt, const uint8_t *out, struct ecka_keys *ret)
{
    enum key_type type = crt->key_type == TYPE_PSK ? KEY_PSK : KEY_AES;
    int err = key_new(KEY_AES, span_of(out, KEY_LEN), &ret->receipt);

    if (!err)
        err = key_new(type, span_of(out + KEY_LEN, KEY_LEN), &ret->enc);
    if (!err && crt->usage == USAGE_CHANNEL) {
        err = key_new(type, span_of(out + 2 * KEY_LEN, KEY_LEN), &ret->mac);
        if (!err)
            err = key_new(type, span_of(out + 3 * KEY_LEN, KEY_LEN), &ret->dek);
    }
    if (err)
        ecka_keys_free(ret);
    return err;
}

int ecka_derive(struct crypto *c, const struct key *private_key, struct span peer_point,
                const struct ecka_crt *crt, struct span dr, struct span extra_info,
                struct ecka_keys *ret)
{
    uint8_t z[32], info[INFO_MAX], out[4 * KEY_LEN];
    struct writer w = wr_init(info, sizeof info);
    size_t n = crt->usage == USAGE_CHANNEL ? sizeof out : 2 * KEY_LEN;
    int err;

    *ret = (struct ecka_keys){0};
    if (!crt_supported(crt))
        return ERR_UNSUPPORTED;
    /* Both ends must agree on what enters the derivation: the template says it, not the answer. */
    if (!(crt->scenario & PARAM_DR) != (dr.n == 0)
        || !(crt->scenario & PARAM_HOST_ID) != (extra_info.n == 0))
        return ERR_FORMAT;
    wr_u8(&w, crt->usage);
    wr_u8(&w, crt->key_type);
    wr_u8(&w, crt->key_len);
    wr_span(&w, dr);
    wr_span(&w, extra_info);
    if (w.failed)
        return ERR_TOO_LARGE;
    err = ec_dh(c, private_key, peer_point, z);
    if (!err)
        err = kdf_x963(c, span_of(z, sizeof z), wr_view(&w), out, n);
    if (!err)
        err = split(crt, out, ret);
    mem_wipe(z, sizeof z);
    mem_wipe(out, sizeof out);
    return err;
}

int ecka_receipt(struct crypto *c, const struct ecka_keys *k, struct span a6_tlv, struct span dr,
                 uint8_t ret[16])
{
    uint8_t head[4];
    struct writer w = wr_init(head, sizeof head);
    struct span parts[3] = {a6_tlv, {NULL, 0}, dr};

    if (dr.n > 0) {
        tlv_put_tag(&w, 0x85);
        tlv_put_len(&w, dr.n);
        if (w.failed)
            return ERR_TOO_LARGE;
        parts[1] = wr_view(&w);
    }
    return cmac(c, k->receipt, parts, 3, ret);
}
