/* SPDX-License-Identifier: Apache-2.0 */
/* The few files of a profile that can be read at the contacts (TS 102 221 13, TS 31.102 4.2): who
 * the card is in its network, and nothing that is secret. Contents are made from the profile when
 * they are read. */
#include "common/codec/saip.h"
#include "tools/euiccsim/card/card_int.h"

/* USIM of 3GPP (TS 101 220 Annex E), as the profile template of the SM-DP names it. */
const struct aid AID_USIM = {
    12, {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0x49, 0xFF, 0x05, 0x89}};

static size_t ef_dir(const struct isdp *p, uint8_t dst[FILE_ROOM])
{
    struct writer w = wr_init(dst, FILE_ROOM);
    size_t mark = tlv_open(&w, 0x61);

    (void)p;
    tlv_put(&w, 0x4F, aid_span(&AID_USIM));
    tlv_put(&w, 0x50, span_str("USIM"));
    tlv_close(&w, mark);
    return w.len;
}

static size_t ef_iccid(const struct isdp *p, uint8_t dst[FILE_ROOM])
{
    iccid_swapped(&p->pub.data.iccid, dst);
    return 10;
}

static size_t ef_imsi(const struct isdp *p, uint8_t dst[FILE_ROOM])
{
    if (!p->pub.data.imsi.s[0])
        return 0;
    saip_imsi_put(&p->pub.data.imsi, dst);
    return 9;
}

/* Normal operation, and how many digits of the IMSI are the MNC (TS 31.102 4.2.18). */
static size_t ef_ad(const struct isdp *p, uint8_t dst[FILE_ROOM])
{
    memset(dst, 0, 4);
    dst[3] = p->pub.data.ad_mnc_len;
    return p->pub.data.ad_mnc_len ? 4 : 3;
}

static const struct file FILES[] = {
    {FID_MF, 0x2F00, 0x1E, true, ef_dir},
    {FID_MF, 0x2FE2, 0x02, false, ef_iccid},
    {FID_ADF, 0x6F07, 0x07, false, ef_imsi},
    {FID_ADF, 0x6FAD, 0x03, false, ef_ad},
};
#define FILES_N (sizeof(FILES) / sizeof(FILES[0]))

const struct file *file_by_fid(uint16_t df, uint16_t fid)
{
    for (size_t i = 0; i < FILES_N; i++)
        if (FILES[i].df == df && FILES[i].fid == fid)
            return &FILES[i];
    return NULL;
}

const struct file *file_by_sfi(uint16_t df, uint8_t sfi)
{
    for (size_t i = 0; i < FILES_N; i++)
        if (FILES[i].df == df && FILES[i].sfi == sfi)
            return &FILES[i];
    return NULL;
}

static void put_id(struct writer *w, uint16_t fid)
{
    const uint8_t b[2] = {(uint8_t)(fid >> 8), (uint8_t)fid};

    tlv_put(w, 0x83, span_of(b, sizeof(b)));
}

static void df_fcp(uint16_t df, struct writer *w)
{
    static const uint8_t DF[2] = {0x78, 0x21}, CLASSES[3] = {0x80, 0x01, 0x71}, NOTHING[1] = {0x00},
                         PIN_OFF[6] = {0x90, 0x01, 0x00, 0x83, 0x01, 0x01};

    tlv_put(w, 0x82, span_of(DF, sizeof(DF)));
    put_id(w, df);
    if (df == FID_ADF)
        tlv_put(w, 0x84, aid_span(&AID_USIM));
    tlv_put(w, 0xA5, span_of(CLASSES, sizeof(CLASSES)));
    tlv_put_u8(w, 0x8A, 0x05);
    tlv_put(w, 0x8C, span_of(NOTHING, sizeof(NOTHING)));
    tlv_put(w, 0xC6, span_of(PIN_OFF, sizeof(PIN_OFF)));
}

static void ef_fcp(const struct isdp *p, const struct file *f, struct writer *w)
{
    static const uint8_t READ_ALWAYS[2] = {0x01, 0x00};
    uint8_t room[FILE_ROOM];
    const size_t n = f->content(p, room);
    const uint8_t kind[5] = {f->records ? 0x42 : 0x41, 0x21, 0x00, (uint8_t)n, 0x01};
    const uint8_t size[2] = {(uint8_t)(n >> 8), (uint8_t)n};

    tlv_put(w, 0x82, span_of(kind, f->records ? 5 : 2));
    put_id(w, f->fid);
    tlv_put_u8(w, 0x8A, 0x05);
    tlv_put(w, 0x8C, span_of(READ_ALWAYS, sizeof(READ_ALWAYS)));
    tlv_put(w, 0x80, span_of(size, sizeof(size)));
    tlv_put_u8(w, 0x88, (uint8_t)(f->sfi << 3));
}

void file_fcp(const struct isdp *p, uint16_t df, const struct file *f, struct writer *w)
{
    const size_t mark = tlv_open(w, 0x62);

    if (f)
        ef_fcp(p, f, w);
    else
        df_fcp(df, w);
    tlv_close(w, mark);
}
