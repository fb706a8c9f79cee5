/* SPDX-License-Identifier: Apache-2.0 */
/* ES8.EstablishISDPKeySet (SGP.02 4.1.3.1; facts: sgp02 7.1, 13.1): two STORE DATA blocks of one
 * chain, the second signed over the challenge that answered the first. */
#include "smdp/es8/es8.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

/* 01: existing keys are replaced, 08: the certificate was verified before. No DR, no HostID: no
 * card met so far asks for them (facts: README, 7). */
#define SCENARIO            0x09u
#define CLA                 0x80u
#define INS_INSTALL         0xE6u
#define FOR_PERSONALIZATION 0x20u
#define R_APDU              0x23u

static const struct ecka_crt CRT = {
    .scenario = SCENARIO,
    .usage = 0x10,
    .key_type = 0x88,
    .key_len = 0x10,
    .kid = 0x01,
    .kvn = ES8_KVN,
};

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
    uint8_t data[32];
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
    return keyset_put_certificate(w, cert_7f21);
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

    if (split(response, rsp, 2))
        return ERR_FORMAT;
    if (!sw_is_ok(rsp[0].sw) || !sw_is_ok(rsp[1].sw))
        return ERR_DENIED;
    return keyset_read_challenge(rsp[1].data, ret_rc);
}

int es8_sign(struct crypto *c, const struct key *sk_dp, struct span rc, struct span own_point,
             enum curve curve, bool bare, uint8_t ret_sig[EC_SIG_LEN])
{
    return keyset_sign(c, sk_dp, &CRT, rc, own_point, curve, bare, ret_sig);
}

int es8_put_key(struct writer *w, struct span own_point, enum curve curve, bool bare,
                struct span signature)
{
    return keyset_put_key(w, &CRT, own_point, curve, bare, signature);
}

int es8_read_receipt(struct span response, struct span *ret_dr, struct span *ret_receipt)
{
    struct apdu_rsp rsp;

    *ret_dr = (struct span){NULL, 0};
    if (split(response, &rsp, 1))
        return ERR_FORMAT;
    if (!sw_is_ok(rsp.sw))
        return ERR_DENIED;
    return keyset_read_receipt(rsp.data, ret_dr, ret_receipt);
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
    struct ecka_keys keys;
    int err = keyset_agree(c, own, card_point, &CRT, dr, receipt, &keys);

    *ret = (struct scp03_keys){0};
    if (!err) {
        ret->enc = key_ref(keys.enc);
        ret->mac = key_ref(keys.mac);
        ret->dek = key_ref(keys.dek);
    }
    ecka_keys_free(&keys);
    return err;
}
