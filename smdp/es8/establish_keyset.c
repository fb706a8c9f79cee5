/* SPDX-License-Identifier: Apache-2.0 */
/* ES8.EstablishISDPKeySet (SGP.02 4.1.3.1; facts: sgp02 7.1, 13.1): two STORE DATA blocks of one
 * chain, the second signed over the challenge that answered the first. */
#include "smdp/es8/es8.h"

#include "common/codec/apdu.h"
#include "common/codec/gpcert.h"
#include "common/codec/tlv.h"

/* 01: existing keys are replaced, 08: the certificate was verified before. No DR, no HostID: no
 * card met so far asks for them (facts: README, 7). */
#define SCENARIO            0x09u
#define CLA                 0x80u
#define INS_INSTALL         0xE6u
#define INS_STORE           0xE2u
#define FOR_PERSONALIZATION 0x20u
#define MORE_BLOCKS         0x09u /* P1: DGI format, answer expected */
#define LAST_BLOCK          0x89u
#define R_APDU              0x23u

static const struct ecka_crt CRT = {
    .scenario = SCENARIO,
    .usage = 0x10,
    .key_type = 0x88,
    .key_len = 0x10,
    .kid = 0x01,
    .kvn = ES8_KVN,
};

bool es8_bare_point(struct span version)
{
    if (version.n > 1 && version.p[1] >= '0' && version.p[1] <= '9')
        return false; /* 10 and above */
    return version.n == 0 || version.p[0] < '4';
}

static int put_command(struct writer *w, uint8_t ins, uint8_t p1, uint8_t p2, struct span data)
{
    const struct apdu_cmd cmd = {.cla = CLA, .ins = ins, .p1 = p1, .p2 = p2, .data = data};

    if (data.n > 0xFF)
        return ERR_TOO_LARGE;
    apdu_cmd_put(w, &cmd);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int es8_put_certificate(struct writer *w, const struct aid *isd_p, struct span cert_7f21)
{
    uint8_t data[3 + ES8_CERT_MAX];
    struct writer d = wr_init(data, sizeof data);
    int err;

    if (cert_7f21.n > ES8_CERT_MAX)
        return ERR_TOO_LARGE;
    wr_u16(&d, 0x0000); /* no load file, no module */
    wr_u8(&d, isd_p->n);
    wr_span(&d, aid_span(isd_p));
    wr_u24(&d, 0x000000); /* no privileges, parameters, token */
    err = put_command(w, INS_INSTALL, FOR_PERSONALIZATION, 0x00, wr_view(&d));
    if (err)
        return err;
    d = wr_init(data, sizeof data);
    dgi_put(&d, 0x3A01, cert_7f21);
    return put_command(w, INS_STORE, MORE_BLOCKS, 0x00, wr_view(&d));
}

/* EuiccResponseData holds R-APDUs one behind the other, from some platforms each inside 23: without
 * it the first one is told by its form, the answer to INSTALL being 9000 or 00 9000. */
static int split(struct span all, struct apdu_rsp *ret, unsigned n)
{
    struct reader r = rd_init(all);
    struct tlv t;

    if (all.n && all.p[0] == R_APDU) {
        for (unsigned i = 0; i < n; i++)
            if (tlv_next(&r, &t) || t.tag != R_APDU || apdu_rsp_parse(t.value, &ret[i]))
                return ERR_FORMAT;
        return rd_done(&r) ? ERR_OK : ERR_FORMAT;
    }
    if (n == 2) {
        struct span first = rd_span(&r, all.n && all.p[0] == 0x00 ? 3 : 2);
        if (r.failed || apdu_rsp_parse(first, &ret[0]))
            return ERR_FORMAT;
        if (!sw_is_ok(ret[0].sw))
            return ERR_OK; /* the script ended there */
    }
    return apdu_rsp_parse(rd_rest(&r), &ret[n - 1]);
}

int es8_read_challenge(struct span response, struct span *ret_rc)
{
    struct apdu_rsp rsp[2];
    struct tlv t;
    int err = split(response, rsp, 2);

    if (err)
        return ERR_FORMAT;
    if (!sw_is_ok(rsp[0].sw) || !sw_is_ok(rsp[1].sw))
        return ERR_DENIED;
    err = tlv_only(rsp[1].data, 0x85, &t);
    if (err || (t.value.n != 16 && t.value.n != ES8_RC_MAX))
        return ERR_FORMAT;
    *ret_rc = t.value;
    return ERR_OK;
}

static void put_crt(struct writer *w)
{
    uint8_t a6[32];
    struct writer d = wr_init(a6, sizeof a6);

    ecka_crt_put(&d, &CRT);
    dgi_put(w, 0x3A02, wr_view(&d));
}

int es8_sign(struct crypto *c, const struct key *sk_dp, struct span rc, struct span own_point,
             enum curve curve, bool bare, uint8_t ret_sig[EC_SIG_LEN])
{
    uint8_t text[160];
    struct writer w = wr_init(text, sizeof text);
    struct span parts[1];

    put_crt(&w);
    gpcert_key_put(&w, own_point, (uint8_t)curve, bare);
    wr_u16(&w, 0x0085); /* the challenge's tag is two octets long here and nowhere else */
    wr_u8(&w, (uint8_t)rc.n);
    wr_span(&w, rc);
    if (w.failed || rc.n > ES8_RC_MAX)
        return ERR_INVAL;
    parts[0] = wr_view(&w);
    return ec_sign(c, sk_dp, parts, 1, ret_sig);
}

int es8_put_key(struct writer *w, struct span own_point, enum curve curve, bool bare,
                struct span signature)
{
    uint8_t data[0xFF];
    struct writer d = wr_init(data, sizeof data);

    if (signature.n != EC_SIG_LEN)
        return ERR_INVAL;
    put_crt(&d);
    gpcert_key_put(&d, own_point, (uint8_t)curve, bare);
    tlv_put(&d, 0x5F37, signature);
    return d.failed ? ERR_INVAL : put_command(w, INS_STORE, LAST_BLOCK, 0x01, wr_view(&d));
}

int es8_read_receipt(struct span response, struct span *ret_dr, struct span *ret_receipt)
{
    struct apdu_rsp rsp;
    struct reader r;
    struct tlv t;

    *ret_dr = (struct span){NULL, 0};
    if (split(response, &rsp, 1))
        return ERR_FORMAT;
    if (!sw_is_ok(rsp.sw))
        return ERR_DENIED;
    r = rd_init(rsp.data);
    if (tlv_next(&r, &t))
        return ERR_FORMAT;
    if (t.tag == 0x85) {
        *ret_dr = t.value;
        if (tlv_next(&r, &t))
            return ERR_FORMAT;
    }
    if (t.tag != 0x86 || t.value.n != 16 || !rd_done(&r))
        return ERR_FORMAT;
    *ret_receipt = t.value;
    return ERR_OK;
}

void es8_keys_free(struct scp03_keys *k)
{
    key_free(k->enc);
    key_free(k->mac);
    key_free(k->dek);
    *k = (struct scp03_keys){0};
}

int es8_agree(struct crypto *c, const struct key *own, struct span card_point, struct span dr,
              struct span receipt, struct scp03_keys *ret)
{
    struct ecka_keys keys = {0};
    uint8_t a6[32], expected[16];
    struct writer w = wr_init(a6, sizeof a6);
    int err;

    *ret = (struct scp03_keys){0};
    ecka_crt_put(&w, &CRT);
    err = ecka_derive(c, own, card_point, &CRT, dr, (struct span){NULL, 0}, &keys);
    if (!err)
        err = ecka_receipt(c, &keys, wr_view(&w), dr, expected);
    if (!err && (receipt.n != sizeof expected || !mem_eq_ct(expected, receipt.p, sizeof expected)))
        err = ERR_AUTH;
    if (!err) {
        ret->enc = key_ref(keys.enc);
        ret->mac = key_ref(keys.mac);
        ret->dek = key_ref(keys.dek);
    }
    ecka_keys_free(&keys);
    mem_wipe(expected, sizeof expected);
    return err;
}
