/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.EnableProfile, ES5.DisableProfile, ES5.DeleteProfile, ES5.SetFallBackAttribute (SGP.02 4.1.1.2, 4.1.1.3,
 * 4.1.1.4, 4.1.1.6). */
#include "smsr/es5/es5.h"

#include "common/codec/tlv.h"

/* STORE DATA 80E28800: DGI 3A03, 3A04 or 3A05 around 4F10 <ISD-P AID>; no Le on the first two (seen on
 * cards). */
static void store_aid(struct writer *w, enum script_form form, uint16_t tag,
                      const struct aid *isd_p, bool has_le)
{
    uint8_t tlv[24], data[32];
    struct writer t = wr_init(tlv, sizeof tlv), d = wr_init(data, sizeof data);
    struct apdu_cmd c = {.cla = 0x80, .ins = 0xE2, .p1 = 0x88, .has_le = has_le};

    tlv_put(&t, 0x4F, aid_span(isd_p));
    dgi_put(&d, tag, wr_view(&t));
    c.data = wr_view(&d);
    es5_put_apdu(w, form, &c);
}

void es5_enable_profile(struct writer *w, enum script_form form, const struct aid *isd_p)
{
    store_aid(w, form, 0x3A03, isd_p, false);
}

void es5_disable_profile(struct writer *w, enum script_form form, const struct aid *isd_p)
{
    store_aid(w, form, 0x3A04, isd_p, false);
}

void es5_set_fallback(struct writer *w, enum script_form form, const struct aid *isd_p)
{
    store_aid(w, form, 0x3A05, isd_p, true);
}

void es5_delete_profile(struct writer *w, enum script_form form, const struct aid *isd_p)
{
    uint8_t tlv[24];
    struct writer t = wr_init(tlv, sizeof tlv);
    struct apdu_cmd c = {.cla = 0x80, .ins = 0xE4, .p2 = 0x40, .has_le = true};

    tlv_put(&t, 0x4F, aid_span(isd_p));
    c.data = wr_view(&t);
    es5_put_apdu(w, form, &c);
}
