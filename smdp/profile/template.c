/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in template: elements and fields as the TCA profile package specification 2.1 has them,
 * contents from TS 31.102 4.2 and TS 102 221 13. */
#include "smdp/profile/template.h"

#include "common/codec/saip.h"
#include "common/codec/tlv.h"

#define ICCID_NONE   "89000000000000000004"
#define IMSI_NONE    "001010000000000"
#define KVN_OTA      0x01
#define KEY_TYPE_AES 0x88
#define MSL          0x16 /* checksum, ciphering, rising counter */
#define PAD_CHUNK    4096
#define PAD_FID      0x2F40
#define PAD_FILES    0x40
#define PAD_FRAME    48 /* octets of an element around its content, at most */

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__})
#define SPAN(...)  span_of(BYTES(__VA_ARGS__), sizeof(BYTES(__VA_ARGS__)))
#define NOTHING    span_of("", 0)

/* GlobalPlatform and 3GPP ids a profile refers to. */
static const uint8_t AID_USIM[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10,
                                   0x02, 0xFF, 0x49, 0xFF, 0x05, 0x89};
static const uint8_t AID_SD_PACKAGE[] = {0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50};
static const uint8_t AID_SD_CLASS[] = {0xA0, 0x00, 0x00, 0x01, 0x51, 0x53, 0x50, 0x41};
static const uint8_t AID_MNO_SD[] = {0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00, 0x00};
/* RFM instances have no AID of their own anywhere: category F, not registered. */
static const uint8_t AID_RFM_MF[] = {0xF0, 0x52, 0x45, 0x4D, 0x4F, 0x52, 0x41, 0x01};
static const uint8_t AID_RFM_USIM[] = {0xF0, 0x52, 0x45, 0x4D, 0x4F, 0x52, 0x41, 0x02};
/* Template object identifiers 2.23.143.1.2.n of the package specification. */
static const uint8_t OID_MF[] = {0x67, 0x81, 0x0F, 0x01, 0x02, 0x01};
static const uint8_t OID_USIM[] = {0x67, 0x81, 0x0F, 0x01, 0x02, 0x04};
static const uint8_t OID_OPT_USIM[] = {0x67, 0x81, 0x0F, 0x01, 0x02, 0x05};

struct build {
    struct writer w;
    uint32_t identification;
};

/* Element with its PE header: mandated, next number. */
static size_t pe_open(struct build *b, uint32_t tag)
{
    size_t pe = tlv_open(&b->w, tag);
    size_t head = tlv_open(&b->w, 0xA0);
    tlv_put(&b->w, 0x80, NOTHING);
    uint32_t id = ++b->identification;
    if (id < 0x80)
        tlv_put_u8(&b->w, 0x81, (uint8_t)id);
    else
        tlv_put(&b->w, 0x81, SPAN((uint8_t)(id >> 8), (uint8_t)id));
    tlv_close(&b->w, head);
    return pe;
}

/* --- files --- */

enum { ARR_READ = 1, ARR_PIN = 2, ARR_USER = 3, ARR_NEVER = 4 };

struct ef {
    uint32_t tag; /* field of the template element */
    uint16_t fid;
    uint8_t arr;        /* record of EF-ARR */
    uint8_t record_len; /* 0: transparent */
    uint16_t size;      /* 0: the template's own */
    uint8_t offset;
    uint8_t n;
    uint8_t content[33];
};

/* clang-format off */
static const struct ef MF_FILES[] = {
    {0xA3, 0x2F05, ARR_PIN, 0, 2, 0, 2, {'e', 'n'}},
};
static const struct ef MF_DIR[] = {
    {0xA5, 0x2F00, ARR_READ, 26, 26, 0, 22,
     {0x61, 0x14, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02, 0xFF, 0x49, 0xFF, 0x05,
      0x89, 0x50, 0x04, 'U', 'S', 'I', 'M'}},
};
static const struct ef USIM_FILES[] = {
    {0xA5, 0x6F08, ARR_PIN, 0, 0, 0, 1, {0x07}},
    {0xA6, 0x6F09, ARR_PIN, 0, 0, 0, 1, {0x07}},
    {0xA7, 0x6F31, ARR_USER, 0, 0, 0, 1, {0x05}},
    {0xA8, 0x6F38, ARR_USER, 0, 11, 0, 11, /* services 10 12 19 21 33 34 85 */
     {0x00, 0x0A, 0x14, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10}},
    {0xAB, 0x6F42, ARR_PIN, 40, 40, 0, 0, {0}},
    {0xAC, 0x6F43, ARR_PIN, 0, 0, 0, 2, {0xFF, 0xFF}},
    {0xAD, 0x6F46, ARR_READ, 0, 0, 0, 7, {0x01, 'R', 'e', 'm', 'o', 'r', 'a'}},
    {0xAE, 0x6F56, ARR_PIN, 0, 0, 0, 1, {0x00}},
    {0xB1, 0x6F73, ARR_PIN, 0, 0, 0, 14,
     {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}},
    {0xB2, 0x6F78, ARR_USER, 0, 0, 0, 2, {0x00, 0x01}},
    {0xB3, 0x6F7B, ARR_PIN, 0, 0, 0, 0, {0}},
    {0xB4, 0x6F7E, ARR_PIN, 0, 0, 0, 11,
     {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0xFF, 0x01}},
    {0xB5, 0x6FAD, ARR_READ, 0, 0, 0, 4, {0x00, 0x00, 0x00, 0x02}},
    {0xB6, 0x6FB7, ARR_READ, 4, 8, 0, 8, {0x11, 0xF2, 0xFF, 0x00, 0x19, 0xF1, 0xFF, 0x00}},
    {0xB8, 0x6FE3, ARR_PIN, 0, 0, 12, 6, {0x00, 0x00, 0x00, 0x00, 0x00, 0x01}},
};
static const struct ef OPT_USIM_FILES[] = {
    {0xA7, 0x6F40, ARR_PIN, 24, 24, 0, 0, {0}},
};
/* clang-format on */

static void size_put(struct writer *w, size_t size)
{
    if (size > 0xFF)
        tlv_put(w, 0x80, SPAN((uint8_t)(size >> 8), (uint8_t)size));
    else if (size)
        tlv_put_u8(w, 0x80, (uint8_t)size);
}

/* FCP fields in the order of the specification: descriptor, id, access rule, size. */
static void fcp_put(struct writer *w, uint32_t tag, const struct ef *f, uint16_t arr_fid)
{
    size_t fcp = tlv_open(w, tag);
    if (f->record_len)
        tlv_put(w, 0x82, SPAN(0x42, 0x21, 0x00, f->record_len));
    else
        tlv_put(w, 0x82, SPAN(0x41, 0x21));
    tlv_put(w, 0x83, SPAN((uint8_t)(f->fid >> 8), (uint8_t)f->fid));
    tlv_put(w, 0x8B, SPAN((uint8_t)(arr_fid >> 8), (uint8_t)arr_fid, f->arr));
    size_put(w, f->size);
    tlv_close(w, fcp);
}

static void files_put(struct writer *w, const struct ef *f, size_t n, uint16_t arr_fid)
{
    for (size_t i = 0; i < n; i++) {
        size_t file = tlv_open(w, f[i].tag);
        fcp_put(w, 0xA1, &f[i], arr_fid);
        if (f[i].offset)
            tlv_put_u8(w, 0x82, f[i].offset);
        if (f[i].n)
            tlv_put(w, 0x83, span_of(f[i].content, f[i].n));
        tlv_close(w, file);
    }
}
#define FILES_PUT(w, table, arr) files_put(w, table, sizeof(table) / sizeof((table)[0]), arr)

static void file_put(struct writer *w, struct ef f, struct span content, uint16_t arr_fid)
{
    size_t file = tlv_open(w, f.tag);
    fcp_put(w, 0xA1, &f, arr_fid);
    tlv_put(w, 0x83, content);
    tlv_close(w, file);
}

/* Access rules (TS 102 221 9.2.4): who may read (01), update (02) and administer (58). */
static void arr_put(struct writer *w, uint32_t tag, uint16_t fid)
{
    static const uint8_t RULES[4][22] = {
        {0x80, 0x01, 0x01, 0x90, 0x00, 0x80, 0x01, 0x5A, 0xA4, 0x06, 0x83,
         0x01, 0x0A, 0x95, 0x01, 0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
        {0x80, 0x01, 0x03, 0xA4, 0x06, 0x83, 0x01, 0x01, 0x95, 0x01, 0x08,
         0x80, 0x01, 0x58, 0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08},
        {0x80, 0x01, 0x01, 0xA4, 0x06, 0x83, 0x01, 0x01, 0x95, 0x01, 0x08,
         0x80, 0x01, 0x5A, 0xA4, 0x06, 0x83, 0x01, 0x0A, 0x95, 0x01, 0x08},
        {0x80, 0x01, 0x01, 0x90, 0x00, 0x80, 0x01, 0x5A, 0x97, 0x00, 0xFF,
         0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF},
    };
    struct ef f = {
        .tag = tag, .fid = fid, .arr = ARR_READ, .record_len = 22, .size = sizeof(RULES)};
    file_put(w, f, span_of(RULES, sizeof(RULES)), fid);
}

static void directory_put(struct writer *w, struct span fid, struct span name, struct span pins)
{
    size_t file = tlv_open(w, 0xA2);
    size_t fcp = tlv_open(w, 0xA1);
    if (fid.n)
        tlv_put(w, 0x83, fid);
    if (name.n)
        tlv_put(w, 0x84, name);
    tlv_put(w, 0x8B, SPAN(0x2F, 0x06, ARR_READ));
    tlv_put(w, 0xC6, pins);
    tlv_close(w, fcp);
    tlv_close(w, file);
}

/* --- elements --- */

static void header_put(struct build *b)
{
    struct writer *w = &b->w;
    struct iccid iccid = {ICCID_NONE};
    uint8_t bcd[10];
    saip_iccid_put(&iccid, bcd);
    size_t pe = tlv_open(w, 0xA0);
    tlv_put_u8(w, 0x80, 2);
    tlv_put_u8(w, 0x81, 1);
    tlv_put(w, 0x82, span_str(PROFILE_TEMPLATE_TYPE));
    tlv_put(w, 0x83, span_of(bcd, sizeof(bcd)));
    size_t services = tlv_open(w, 0xA5);
    tlv_put(w, 0x81, NOTHING); /* usim */
    tlv_put(w, 0x84, NOTHING); /* milenage */
    tlv_close(w, services);
    size_t templates = tlv_open(w, 0xA6);
    tlv_put(w, 0x06, span_of(OID_MF, sizeof(OID_MF)));
    tlv_put(w, 0x06, span_of(OID_USIM, sizeof(OID_USIM)));
    tlv_put(w, 0x06, span_of(OID_OPT_USIM, sizeof(OID_OPT_USIM)));
    tlv_close(w, templates);
    tlv_close(w, pe);
}

static void mf_put(struct build *b)
{
    struct writer *w = &b->w;
    struct iccid iccid = {ICCID_NONE};
    uint8_t swapped[10];
    iccid_swapped(&iccid, swapped);
    size_t pe = pe_open(b, 0xB0);
    tlv_put(w, 0x81, span_of(OID_MF, sizeof(OID_MF)));
    directory_put(w, NOTHING, NOTHING, SPAN(0x01, 0x0A));
    FILES_PUT(w, MF_FILES, 0x2F06);
    file_put(w, (struct ef){.tag = 0xA4, .fid = 0x2FE2, .arr = ARR_NEVER},
             span_of(swapped, sizeof(swapped)), 0x2F06);
    FILES_PUT(w, MF_DIR, 0x2F06);
    arr_put(w, 0xA6, 0x2F06);
    tlv_close(w, pe);
}

static void integer_put(struct writer *w, uint32_t tag, uint8_t v)
{
    if (v & 0x80)
        tlv_put(w, tag, SPAN(0x00, v));
    else
        tlv_put_u8(w, tag, v);
}

/* unblock 0: none; attributes 0: the default. */
static void code_put(struct writer *w, uint8_t key_ref, struct span value, uint8_t unblock,
                     uint8_t attributes)
{
    size_t code = tlv_open(w, 0x30);
    integer_put(w, 0x80, key_ref);
    tlv_put(w, 0x81, value);
    if (unblock)
        integer_put(w, 0x82, unblock);
    if (attributes)
        tlv_put_u8(w, 0x83, attributes);
    tlv_close(w, code);
}

#define CODE4 SPAN('0', '0', '0', '0', 0xFF, 0xFF, 0xFF, 0xFF)
#define CODE8 SPAN('0', '0', '0', '0', '0', '0', '0', '0')

static void puk_put(struct build *b)
{
    size_t pe = pe_open(b, 0xA3);
    size_t list = tlv_open(&b->w, 0xA1);
    code_put(&b->w, 0x01, CODE8, 0, 0);
    code_put(&b->w, 0x81, CODE8, 0, 0);
    tlv_close(&b->w, list);
    tlv_close(&b->w, pe);
}

/* PIN1 disabled (attributes 06): nobody types into a meter. */
static void pin_put(struct build *b, bool local)
{
    size_t pe = pe_open(b, 0xA2);
    size_t choice = tlv_open(&b->w, 0xA1);
    size_t list = tlv_open(&b->w, 0xA0);
    if (local) {
        code_put(&b->w, 0x81, CODE4, 0x81, 0x03);
    } else {
        code_put(&b->w, 0x01, CODE4, 0x01, 0x06);
        code_put(&b->w, 0x0A, CODE8, 0, 0x03);
    }
    tlv_close(&b->w, list);
    tlv_close(&b->w, choice);
    tlv_close(&b->w, pe);
}

static void usim_put(struct build *b)
{
    struct writer *w = &b->w;
    struct imsi imsi = {IMSI_NONE};
    uint8_t coded[9];
    saip_imsi_put(&imsi, coded);
    size_t pe = pe_open(b, 0xB3);
    tlv_put(w, 0x81, span_of(OID_USIM, sizeof(OID_USIM)));
    directory_put(w, SPAN(0x7F, 0xD0), span_of(AID_USIM, sizeof(AID_USIM)), SPAN(0x81, 0x01, 0x0A));
    file_put(w, (struct ef){.tag = 0xA3, .fid = 0x6F07, .arr = ARR_USER},
             span_of(coded, sizeof(coded)), 0x6F06);
    arr_put(w, 0xA4, 0x6F06);
    FILES_PUT(w, USIM_FILES, 0x6F06);
    tlv_close(w, pe);
    pe = pe_open(b, 0xB4);
    tlv_put(w, 0x81, span_of(OID_OPT_USIM, sizeof(OID_OPT_USIM)));
    FILES_PUT(w, OPT_USIM_FILES, 0x6F06);
    tlv_close(w, pe);
}

static void aka_put(struct build *b)
{
    static const uint8_t ZERO[16];
    struct writer *w = &b->w;
    size_t pe = pe_open(b, 0xA4);
    size_t choice = tlv_open(w, 0xA1);
    size_t algo = tlv_open(w, 0xA1);
    tlv_put_u8(w, 0x80, 1); /* Milenage */
    tlv_put_u8(w, 0x81, 0); /* options: none for Milenage */
    tlv_put(w, 0x82, span_of(ZERO, sizeof(ZERO)));
    tlv_put(w, 0x83, span_of(ZERO, sizeof(ZERO)));
    tlv_close(w, algo);
    tlv_close(w, choice);
    tlv_close(w, pe);
}

/* usage: GP Card Specification 11.1.9, ciphering 18, checksum 14, data encryption 48. */
static void key_put(struct writer *w, uint8_t usage, uint8_t kid)
{
    static const uint8_t ZERO[16];
    size_t key = tlv_open(w, 0x30);
    tlv_put_u8(w, 0x95, usage);
    tlv_put_u8(w, 0x82, kid);
    tlv_put_u8(w, 0x83, KVN_OTA);
    size_t components = tlv_open(w, 0x30);
    size_t component = tlv_open(w, 0x30);
    tlv_put_u8(w, 0x80, KEY_TYPE_AES);
    tlv_put(w, 0x86, span_of(ZERO, sizeof(ZERO)));
    tlv_close(w, component);
    tlv_close(w, components);
    tlv_close(w, key);
}

static void sd_put(struct build *b)
{
    struct writer *w = &b->w;
    size_t pe = pe_open(b, 0xA6);
    size_t instance = tlv_open(w, 0xA1);
    tlv_put(w, 0x4F, span_of(AID_SD_PACKAGE, sizeof(AID_SD_PACKAGE)));
    tlv_put(w, 0x4F, span_of(AID_SD_CLASS, sizeof(AID_SD_CLASS)));
    tlv_put(w, 0x4F, span_of(AID_MNO_SD, sizeof(AID_MNO_SD)));
    tlv_put(w, 0x82, SPAN(0x82, 0xDC, 0x00));
    tlv_put(w, 0x83, SPAN(0x0F));
    tlv_put(w, 0xC9, SPAN(0x81, 0x02, 0x80, 0x00)); /* SCP80 */
    size_t uicc = tlv_open(w, 0xEA);
    /* Toolkit field: priority 01, nothing else but the level and TAR B20100 and 000000. */
    tlv_put(w, 0x80,
            SPAN(0x01, 0x00, 0x00, 0x00, 0x00, 0x02, 0x01, MSL, 0x06, 0xB2, 0x01, 0x00, 0x00, 0x00,
                 0x00, 0x00));
    tlv_close(w, uicc);
    tlv_close(w, instance);
    size_t keys = tlv_open(w, 0xA2);
    key_put(w, 0x18, 1);
    key_put(w, 0x14, 2);
    key_put(w, 0x48, 3);
    tlv_close(w, keys);
    tlv_close(w, pe);
}

/* Remote file management of the MF (TAR B00000) or, with its ADF, of the USIM (B00001). */
static void rfm_put(struct build *b, struct span aid, uint8_t tar, bool adf)
{
    struct writer *w = &b->w;
    size_t pe = pe_open(b, 0xA7);
    tlv_put(w, 0x4F, aid);
    size_t tars = tlv_open(w, 0xA0);
    tlv_put(w, 0x04, SPAN(0xB0, 0x00, tar));
    tlv_close(w, tars);
    tlv_put_u8(w, 0x81, MSL);
    tlv_put_u8(w, 0x04, 0x00); /* access domain: full */
    tlv_put_u8(w, 0x04, 0x00);
    if (adf) {
        size_t access = tlv_open(w, 0x30);
        tlv_put(w, 0x80, span_of(AID_USIM, sizeof(AID_USIM)));
        tlv_put_u8(w, 0x81, 0x00);
        tlv_put_u8(w, 0x82, 0x00);
        tlv_close(w, access);
    }
    tlv_close(w, pe);
}

/* One transparent file under the MF, filled with a count. */
static void pad_put(struct build *b, unsigned number, size_t n)
{
    struct writer *w = &b->w;
    uint8_t content[PAD_CHUNK];
    struct ef f = {.fid = (uint16_t)(PAD_FID + number), .arr = ARR_READ, .size = (uint16_t)n};
    for (size_t i = 0; i < n; i++)
        content[i] = (uint8_t)(number * 31 + i);
    size_t pe = pe_open(b, 0xA1);
    size_t commands = tlv_open(w, 0xA1);
    size_t command = tlv_open(w, 0x30);
    tlv_put(w, 0x80, NOTHING); /* path: MF */
    fcp_put(w, 0x62, &f, 0x2F06);
    tlv_put(w, 0x81, span_of(content, n));
    tlv_close(w, command);
    tlv_close(w, commands);
    tlv_close(w, pe);
}

static void build(struct build *b, size_t pad)
{
    header_put(b);
    mf_put(b);
    puk_put(b);
    pin_put(b, false);
    usim_put(b);
    pin_put(b, true);
    aka_put(b);
    for (unsigned i = 0; pad > PAD_FRAME && i < PAD_FILES; i++) {
        size_t n = pad - PAD_FRAME > PAD_CHUNK ? PAD_CHUNK : pad - PAD_FRAME;
        size_t before = b->w.len;
        pad_put(b, i, n);
        size_t used = b->w.len - before;
        pad = used > pad ? 0 : pad - used;
    }
    sd_put(b);
    rfm_put(b, span_of(AID_RFM_MF, sizeof(AID_RFM_MF)), 0x00, false);
    rfm_put(b, span_of(AID_RFM_USIM, sizeof(AID_RFM_USIM)), 0x01, true);
    tlv_close(&b->w, pe_open(b, 0xAA));
}

int profile_template_build(size_t size, struct buf *out)
{
    uint8_t bare[4096];
    struct build b = {.w = wr_init(bare, sizeof(bare))};
    if (size > PROFILE_TEMPLATE_MAX)
        return ERR_TOO_LARGE;
    build(&b, 0);
    if (b.w.failed)
        return ERR_INTERNAL;
    size_t base = b.w.len;
    if (size <= base) {
        buf_add_span(out, wr_view(&b.w));
        return out->failed ? ERR_NOMEM : ERR_OK;
    }
    size_t start = out->n;
    uint8_t *at = buf_grow(out, size);
    if (!at)
        return ERR_NOMEM;
    b = (struct build){.w = wr_init(at, size)};
    build(&b, size - base);
    out->n = start + (b.w.failed ? 0 : b.w.len);
    return b.w.failed ? ERR_INTERNAL : ERR_OK;
}
