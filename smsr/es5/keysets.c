/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the ISD-R and the SM-SR's number in it: PUT KEY, DELETE [key], GET DATA 00E0 (GlobalPlatform
 * Card Specification 11.8, 11.2, 11.3), ES5.UpdateSMSRAddressingParameters (SGP.02 4.1.1.10). */
#include "smsr/es5/es5.h"

#include "common/codec/sms.h"
#include "common/codec/tlv.h"

#define FROM_KID_1 0x81u /* several keys, the first with key identifier 01 */
#define TYPE_AES   0x88u
#define TYPE_PSK   0x85u
#define KCV_LEN    3u

/* `type, length, key length, ciphered key, 03, check value`. */
static int field_put(struct writer *w, struct crypto *c, const struct key *dek, const struct key *k)
{
    bool psk = key_get_type(k) == KEY_PSK;
    size_t n = key_size(k);
    uint8_t kcv[KCV_LEN];
    int err = n % 16 ? ERR_UNSUPPORTED : key_kcv(c, k, kcv);

    if (err)
        return err;
    wr_u8(w, psk ? TYPE_PSK : TYPE_AES);
    wr_u8(w, (uint8_t)(n + 1));
    wr_u8(w, (uint8_t)n);
    err = cbc_wrap_key(c, dek, k, w);
    wr_u8(w, KCV_LEN);
    wr_bytes(w, kcv, KCV_LEN);
    return err;
}

int es5_put_keys(struct writer *w, enum script_form form, struct crypto *c, const struct key *dek,
                 uint8_t old_kvn, uint8_t kvn, const struct key *const *keys, unsigned n)
{
    uint8_t data[0xFF];
    struct writer d = wr_init(data, sizeof data);
    struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xD8, .p1 = old_kvn, .p2 = FROM_KID_1, .has_le = true};
    int err = ERR_OK;

    wr_u8(&d, kvn);
    for (unsigned i = 0; !err && i < n; i++)
        err = field_put(&d, c, dek, keys[i]);
    if (err)
        return err;
    if (d.failed)
        return ERR_TOO_LARGE;
    cmd.data = wr_view(&d);
    es5_put_apdu(w, form, &cmd);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

void es5_keep_keys(struct writer *w, enum script_form form, const struct es5_range *keep, unsigned n)
{
    uint8_t data[0xFF];
    struct writer d = wr_init(data, sizeof data);
    struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xE4, .has_le = true};

    for (unsigned i = 0; i < n; i++)
        tlv_put(&d, 0xF2, span_of((const uint8_t[]){keep[i].kvn, keep[i].first, keep[i].last}, 3));
    w->failed = w->failed || d.failed;
    cmd.data = wr_view(&d);
    es5_put_apdu(w, form, &cmd);
}

void es5_ask_keys(struct writer *w, enum script_form form)
{
    const struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xCA, .p1 = 0x00, .p2 = 0xE0, .has_le = true};

    es5_put_apdu(w, form, &cmd);
}

/* E0 { C0 { KID, KVN, type, length, .. } .. }. */
int es5_keys_read(struct span response, struct es5_keys *ret)
{
    struct es5_answer a;
    struct tlv all, row;
    struct reader r;
    int err;

    memset(ret, 0, sizeof *ret);
    if (es5_answer_read(response, &a) || a.sw != 0x9000 || tlv_only(a.data, 0xE0, &all))
        return ERR_FORMAT;
    r = rd_init(all.value);
    while ((err = tlv_next(&r, &row)) == ERR_OK) {
        if (row.tag != 0xC0 || row.value.n < 4)
            return ERR_FORMAT;
        if (ret->n == ES5_KEYS_MAX)
            return ERR_TOO_LARGE;
        ret->key[ret->n].kid = row.value.p[0];
        ret->key[ret->n++].kvn = row.value.p[1];
    }
    return err == ERR_NOT_FOUND && ret->n ? ERR_OK : ERR_FORMAT;
}

bool es5_keys_has(const struct es5_keys *k, uint8_t kvn)
{
    for (unsigned i = 0; i < k->n; i++)
        if (k->key[i].kvn == kvn)
            return true;
    return false;
}

void es5_smsr_address(struct writer *w, enum script_form form, const struct msisdn *number)
{
    uint8_t address[16], inner[24], outer[32], data[40];
    struct writer a = wr_init(address, sizeof address), i = wr_init(inner, sizeof inner);
    struct writer o = wr_init(outer, sizeof outer), d = wr_init(data, sizeof data);
    struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xE2, .p1 = 0x88};

    sms_address_put(&a, number);
    tlv_put(&i, 0x81, wr_view(&a));
    tlv_put(&o, 0xA3, wr_view(&i));
    dgi_put(&d, 0x3A07, wr_view(&o));
    w->failed = w->failed || a.failed || d.failed;
    cmd.data = wr_view(&d);
    es5_put_apdu(w, form, &cmd);
}
