/* SPDX-License-Identifier: Apache-2.0 */
/* Two STORE DATA blocks of one chain, the second signed over the challenge that answered the first. */
#include "common/crypto/keyset.h"

#include "common/base/mem.h"
#include "common/codec/apdu.h"
#include "common/codec/gpcert.h"
#include "common/codec/tlv.h"

#define INS_STORE   0xE2u
#define MORE_BLOCKS 0x09u /* P1: DGI format, answer expected */
#define LAST_BLOCK  0x89u
#define RECEIPT_LEN 16u

bool keyset_bare_point(struct span version)
{
    if (version.n > 1 && version.p[1] >= '0' && version.p[1] <= '9')
        return false; /* 10 and above */
    return version.n == 0 || version.p[0] < '4';
}

static int put_command(struct writer *w, uint8_t p1, uint8_t p2, struct span data)
{
    const struct apdu_cmd cmd = {.cla = 0x80, .ins = INS_STORE, .p1 = p1, .p2 = p2, .data = data};

    if (data.n > 0xFF)
        return ERR_TOO_LARGE;
    apdu_cmd_put(w, &cmd);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int keyset_put_certificate(struct writer *w, struct span cert_7f21)
{
    uint8_t data[3 + KEYSET_CERT_MAX];
    struct writer d = wr_init(data, sizeof data);

    if (cert_7f21.n > KEYSET_CERT_MAX)
        return ERR_TOO_LARGE;
    dgi_put(&d, 0x3A01, cert_7f21);
    return put_command(w, MORE_BLOCKS, 0x00, wr_view(&d));
}

static void put_crt(struct writer *w, const struct ecka_crt *crt)
{
    uint8_t a6[32];
    struct writer d = wr_init(a6, sizeof a6);

    ecka_crt_put(&d, crt);
    dgi_put(w, 0x3A02, wr_view(&d));
}

int keyset_sign(struct crypto *c, const struct key *own, const struct ecka_crt *crt, struct span rc,
                struct span point, enum curve curve, bool bare, uint8_t ret_sig[EC_SIG_LEN])
{
    uint8_t text[160];
    struct writer w = wr_init(text, sizeof text);
    struct span parts[1];

    put_crt(&w, crt);
    gpcert_key_put(&w, point, (uint8_t)curve, bare);
    wr_u16(&w, 0x0085); /* the challenge's tag is two octets long here and nowhere else */
    wr_u8(&w, (uint8_t)rc.n);
    wr_span(&w, rc);
    if (w.failed || rc.n > KEYSET_RC_MAX)
        return ERR_INVAL;
    parts[0] = wr_view(&w);
    return ec_sign(c, own, parts, 1, ret_sig);
}

int keyset_put_key(struct writer *w, const struct ecka_crt *crt, struct span point, enum curve curve,
                   bool bare, struct span signature)
{
    uint8_t data[0xFF];
    struct writer d = wr_init(data, sizeof data);

    if (signature.n != EC_SIG_LEN)
        return ERR_INVAL;
    put_crt(&d, crt);
    gpcert_key_put(&d, point, (uint8_t)curve, bare);
    tlv_put(&d, 0x5F37, signature);
    return d.failed ? ERR_INVAL : put_command(w, LAST_BLOCK, 0x01, wr_view(&d));
}

int keyset_read_challenge(struct span data, struct span *ret_rc)
{
    struct tlv t;

    if (tlv_only(data, 0x85, &t) || (t.value.n != 16 && t.value.n != KEYSET_RC_MAX))
        return ERR_FORMAT;
    *ret_rc = t.value;
    return ERR_OK;
}

int keyset_read_receipt(struct span data, struct span *ret_dr, struct span *ret_receipt)
{
    struct reader r = rd_init(data);
    struct tlv t;

    *ret_dr = (struct span){NULL, 0};
    if (tlv_next(&r, &t))
        return ERR_FORMAT;
    if (t.tag == 0x85) {
        *ret_dr = t.value;
        if (tlv_next(&r, &t))
            return ERR_FORMAT;
    }
    if (t.tag != 0x86 || t.value.n != RECEIPT_LEN || !rd_done(&r))
        return ERR_FORMAT;
    *ret_receipt = t.value;
    return ERR_OK;
}

int keyset_agree(struct crypto *c, const struct key *ephemeral, struct span card_point,
                 const struct ecka_crt *crt, struct span dr, struct span receipt, struct ecka_keys *ret)
{
    uint8_t a6[32], expected[RECEIPT_LEN];
    struct writer w = wr_init(a6, sizeof a6);
    int err;

    *ret = (struct ecka_keys){0};
    ecka_crt_put(&w, crt);
    err = ecka_derive(c, ephemeral, card_point, crt, dr, (struct span){NULL, 0}, ret);
    if (!err)
        err = ecka_receipt(c, ret, wr_view(&w), dr, expected);
    if (!err && (receipt.n != sizeof expected || !mem_eq_ct(expected, receipt.p, sizeof expected)))
        err = ERR_AUTH;
    mem_wipe(expected, sizeof expected);
    return err;
}
