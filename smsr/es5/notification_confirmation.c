/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.HandleNotificationConfirmation (SGP.02 4.1.1.11). */
#include "smsr/es5/es5.h"

#include "common/codec/tlv.h"

void es5_confirm_notification(struct writer *w, enum script_form form, uint16_t sequence)
{
    uint8_t seq[2] = {(uint8_t)(sequence >> 8), (uint8_t)sequence};
    uint8_t tlv[8], data[16];
    struct writer t = wr_init(tlv, sizeof tlv), d = wr_init(data, sizeof data);
    struct apdu_cmd c = {.cla = 0x80, .ins = 0xE2, .p1 = 0x89, .has_le = true};

    tlv_put(&t, 0x4E, span_of(seq, 2));
    dgi_put(&d, 0x3A08, wr_view(&t));
    c.data = wr_view(&d);
    es5_put_apdu(w, form, &c);
}

int es5_confirm_read(struct span rapdu_data, struct es5_deleted *ret)
{
    struct tlv outer, t;
    struct reader r;
    int err;

    memset(ret, 0, sizeof *ret);
    if (!rapdu_data.n)
        return ERR_OK;
    err = tlv_only(rapdu_data, 0x80, &outer);
    if (err)
        return err;
    r = rd_init(outer.value);
    while ((err = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag != 0x4F)
            return ERR_FORMAT;
        if (ret->n == ES5_DELETED_MAX)
            return ERR_TOO_LARGE;
        err = aid_from_bytes(t.value, &ret->aid[ret->n]);
        if (err)
            return err;
        ret->n++;
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}
