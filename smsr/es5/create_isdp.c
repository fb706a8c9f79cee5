/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.CreateISDP: INSTALL [for install and make selectable] (SGP.02 4.1.1.1). */
#include "smsr/es5/es5.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

static const uint8_t PRIVILEGES[] = {0x80, 0xC0,
                                     0x00}; /* SD, trusted path, authorised management */
static const uint8_t SCP03_I70[] = {0xC9, 0x04, 0x81, 0x02, 0x03, 0x70};

static void lv(struct writer *w, struct span s)
{
    wr_u8(w, (uint8_t)s.n);
    wr_span(w, s);
}

/* System parameter 83 of EF: cumulative granted non-volatile memory (table 10). */
static void quota(struct writer *w, uint32_t memory)
{
    struct writer v;
    uint8_t b[4];
    size_t mark = tlv_open(w, 0xEF);

    v = wr_init(b, sizeof b);
    if (memory > 0xFFFF)
        wr_u32(&v, memory);
    else
        wr_u16(&v, (uint16_t)memory);
    tlv_put(w, 0x83, wr_view(&v));
    tlv_close(w, mark);
}

void es5_create_isdp(struct writer *w, enum script_form form, const struct euicc *e,
                     const struct aid *isd_p, uint32_t memory)
{
    struct apdu_cmd c = {.cla = 0x80, .ins = 0xE6, .p1 = 0x0C, .has_le = true};
    struct script_writer sw;
    uint8_t data[128], params[32], apdu[160];
    struct writer d = wr_init(data, sizeof data), p = wr_init(params, sizeof params);
    struct writer a = wr_init(apdu, sizeof apdu);

    lv(&d, aid_span(&e->isd_p_load_file));
    lv(&d, aid_span(&e->isd_p_module));
    lv(&d, aid_span(isd_p));
    lv(&d, span_of(PRIVILEGES, sizeof PRIVILEGES));
    wr_bytes(&p, SCP03_I70, sizeof SCP03_I70);
    if (memory)
        quota(&p, memory);
    lv(&d, wr_view(&p));
    wr_u8(&d, 0); /* no token */
    c.data = wr_view(&d);
    apdu_cmd_put(&a, &c);
    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, wr_view(&a));
    script_end(&sw, 1);
}
