/* SPDX-License-Identifier: Apache-2.0 */
/* Profile packages made by hand: order of elements, places, bounds, codings of single files. Long for a test:
 * one small kit builds every element, and each of its pieces is used by most cases. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/saip.h"
#include "common/codec/tlv.h"

#define HEADER                                                                                     \
    0xA0, 0x18, 0x80, 1, 2, 0x81, 1, 1, 0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 0x04, 0xA5, 2,     \
        0x81, 0, 0xA6, 0
#define END 0xAA, 5, 0xA0, 3, 0x81, 1, 9

struct kit {
    uint8_t b[9000];
    struct writer w;
    struct saip_map map;
    struct saip_profile p;
    struct errmsg why;
};
static struct kit kit;

static int setup(void **state)
{
    static const uint8_t head[] = {HEADER};
    memset(&kit, 0, sizeof(kit));
    kit.w = wr_init(kit.b, sizeof(kit.b));
    wr_bytes(&kit.w, head, sizeof(head));
    *state = &kit;
    return 0;
}

static size_t pe_open(struct kit *k, uint32_t tag, uint8_t id)
{
    size_t pe = tlv_open(&k->w, tag);
    size_t head = tlv_open(&k->w, 0xA0);
    tlv_put_u8(&k->w, 0x81, id);
    tlv_close(&k->w, head);
    return pe;
}

static void put(struct kit *k, const void *p, size_t n)
{
    wr_bytes(&k->w, p, n);
}
#define PUT(k, ...) put(k, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static int locate(struct kit *k)
{
    static const uint8_t end[] = {END};
    wr_bytes(&k->w, end, sizeof(end));
    assert_false(k->w.failed);
    return saip_locate(wr_view(&k->w), &k->map, &k->why);
}

/* One element with this body behind its header. */
static int locate_pe(struct kit *k, uint32_t tag, const uint8_t *body, size_t n)
{
    size_t pe = pe_open(k, tag, 5);
    put(k, body, n);
    tlv_close(&k->w, pe);
    return locate(k);
}
#define LOCATE_PE(k, tag, ...)                                                                     \
    locate_pe(k, tag, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static int check_bytes(const uint8_t *p, size_t n)
{
    unsigned elements = 0;
    return saip_check(span_of(p, n), &elements, NULL);
}
#define CHECK(...)                                                                                 \
    check_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* --- elements --- */

static void check_order(void **state)
{
    (void)state;
    unsigned n = 0;
    static const uint8_t good[] = {HEADER, END};
    assert_int_equal(saip_check(span_of(good, sizeof(good)), &n, NULL), ERR_OK);
    assert_int_equal(n, 2);
    assert_int_equal(CHECK(END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, HEADER, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, END, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, END, 0xA3, 0), ERR_FORMAT);
    assert_int_equal(saip_check(span_of("", 0), &n, NULL), ERR_FORMAT);
}

static void check_refuses_no_element(void **state)
{
    (void)state;
    assert_int_equal(CHECK(HEADER, 0x30, 0, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, 0x83, 0, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, 0xBF, 0x1E, 0, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, 0xA3, 0x81, 0x01, 0x00, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, 0xA3, 0x80, 0, 0, END), ERR_FORMAT);
    assert_int_equal(CHECK(HEADER, 0xA3, 0x7F, 0), ERR_TRUNCATED);
}

static void next_names_and_numbers(void **state)
{
    (void)state;
    static const uint8_t b[] = {0xB3, 5, 0xA0, 3, 0x81, 1, 0x11, 0xBF, 0x20, 0, 0xAF, 0};
    struct reader r = rd_init(span_of(b, sizeof(b)));
    struct saip_pe pe;
    assert_int_equal(saip_next(&r, &pe), ERR_OK);
    assert_int_equal(pe.tag, SAIP_PE_USIM);
    assert_string_equal(pe.name, "usim");
    assert_int_equal(pe.identification, 0x11);
    assert_int_equal(saip_next(&r, &pe), ERR_OK);
    assert_int_equal(pe.tag, 32);
    assert_string_equal(pe.name, "iot");
    assert_int_equal(saip_next(&r, &pe), ERR_OK);
    assert_string_equal(pe.name, "unknown");
    assert_int_equal(saip_next(&r, &pe), ERR_NOT_FOUND);
}

static void next_refuses_bad_identification(void **state)
{
    (void)state;
    static const uint8_t bad[][9] = {
        {0xB3, 4, 0xA0, 2, 0x81, 0},
        {0xB3, 5, 0xA0, 3, 0x81, 1, 0x80},
        {0xB3, 6, 0xA0, 4, 0x81, 2, 0x00, 0x01},
    };
    for (size_t i = 0; i < 3; i++) {
        struct reader r = rd_init(span_of(bad[i], (size_t)bad[i][1] + 2));
        struct saip_pe pe;
        assert_int_equal(saip_next(&r, &pe), ERR_FORMAT);
    }
}

static void check_bounds_elements(void **state)
{
    struct kit *k = *state;
    for (int i = 0; i < SAIP_ELEMENTS_MAX; i++)
        PUT(k, 0xA9, 0);
    assert_int_equal(locate(k), ERR_TOO_LARGE);
}

/* --- header --- */

static int locate_header(const uint8_t *fields, size_t n)
{
    struct kit *k = &kit;
    static const uint8_t end[] = {END};
    k->w = wr_init(k->b, sizeof(k->b));
    size_t pe = tlv_open(&k->w, 0xA0);
    put(k, fields, n);
    tlv_close(&k->w, pe);
    put(k, end, sizeof(end));
    return saip_locate(wr_view(&k->w), &k->map, &k->why);
}
#define LOCATE_HEADER(...)                                                                         \
    locate_header((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void header_fields(void **state)
{
    (void)state;
    assert_int_equal(LOCATE_HEADER(0x80, 1, 2, 0x81, 1, 3, 0x82, 1, 'x', 0x84, 1, 5, 0xA5, 0, 0xA6,
                                   0, 0x87, 0, 0xA8, 0),
                     ERR_OK);
    assert_int_equal(kit.map.version_major, 2);
    assert_int_equal(kit.map.version_minor, 3);
    assert_int_equal(saip_value(kit.map.pol).p[0], 5);
    assert_non_null(kit.map.connectivity.p);
    assert_null(kit.map.iccid.p);
    assert_int_equal(LOCATE_HEADER(0x81, 1, 3, 0x80, 1, 2), ERR_FORMAT);
    assert_int_equal(LOCATE_HEADER(0x80, 1, 2, 0x80, 1, 2), ERR_FORMAT);
    assert_int_equal(LOCATE_HEADER(0x84, 1, 2, 0x84, 1, 2), ERR_FORMAT);
    assert_int_equal(LOCATE_HEADER(0x80, 2, 1, 0), ERR_FORMAT);
    assert_int_equal(LOCATE_HEADER(0x80, 5, 1), ERR_TRUNCATED);
    assert_non_null(strstr(kit.why.text, "header"));
}

static void read_needs_iccid(void **state)
{
    (void)state;
    assert_int_equal(LOCATE_HEADER(0x80, 1, 2, 0x81, 1, 1), ERR_OK);
    assert_int_equal(saip_read(wr_view(&kit.w), &kit.p, &kit.why), ERR_FORMAT);
    assert_non_null(strstr(kit.why.text, "iccid"));
}

static void read_refuses_bad_pol(void **state)
{
    (void)state;
    assert_int_equal(LOCATE_HEADER(0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0x84, 2, 1, 1),
                     ERR_OK);
    assert_int_equal(saip_read(wr_view(&kit.w), &kit.p, &kit.why), ERR_FORMAT);
    assert_int_equal(LOCATE_HEADER(0x83, 10, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0x84, 1, 1), ERR_OK);
    assert_int_equal(saip_read(wr_view(&kit.w), &kit.p, &kit.why), ERR_OK);
    assert_true(kit.p.has_pol);
    assert_int_equal(kit.p.pol, 1);
}

/* --- files --- */

static void file_places(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xB3, 0x81, 0, 0xA3, 15, 0xA1, 2, 0x83, 0, 0x83, 9, 8, 0x09, 0x10,
                               0x10, 0x10, 0x32, 0x54, 0x06, 0x36, 0xB2, 4, 0x83, 2, 0, 1),
                     ERR_OK);
    assert_int_equal(k->map.ef[SAIP_EF_IMSI].fills, 1);
    assert_int_equal(saip_read(wr_view(&k->w), &k->p, &k->why), ERR_OK);
    assert_string_equal(k->p.imsi.s, "001010123456063");
    assert_int_equal(k->p.acc[1], 1);
    assert_null(k->map.ef[SAIP_EF_AD].raw.p);
}

static void file_refusals(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xB3, 0xA3, 0, 0xA3, 0), ERR_FORMAT); /* twice */
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xB3, 0xA3, 6, 0xA1, 4, 0x83, 2, 0x6F, 0x08), ERR_FORMAT);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xB3, 0x83, 0), ERR_FORMAT); /* no file */
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xB3, 0xA3, 2, 0x83, 9), ERR_TRUNCATED);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xB3, 0xA3, 8, 0xA1, 6, 0x80, 4, 0, 0, 0, 1), ERR_TOO_LARGE);
}

static void file_not_created(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xB3, 0xB5, 2, 0x80, 0), ERR_OK);
    assert_null(k->map.ef[SAIP_EF_AD].raw.p);
    assert_int_equal(k->map.memory, 0);
}

static void file_content_offsets(void **state)
{
    (void)state;
    static const uint8_t b[] = {0xA3, 14, 0xA1, 0, 0x83, 1, 7, 0x82, 1, 2, 0x83, 2, 8, 9, 0x83, 0};
    struct saip_file f = {.raw = span_of(b, sizeof(b))};
    uint8_t dst[5];
    size_t n = 0;
    assert_int_equal(saip_file_content(&f, dst, sizeof(dst), &n), ERR_OK);
    assert_int_equal(n, 5);
    assert_memory_equal(dst, "\x07\xFF\xFF\x08\x09", 5);
    assert_int_equal(saip_file_content(&f, dst, 4, &n), ERR_TOO_LARGE);
    assert_int_equal(saip_file_content(&f, dst, 2, &n), ERR_TOO_LARGE);
    f.raw = span_of(NULL, 0);
    assert_int_equal(saip_file_content(&f, dst, sizeof(dst), &n), ERR_NOT_FOUND);
}

static void read_refuses_bad_files(void **state)
{
    struct kit *k = *state;
    static const uint8_t bad[][16] = {
        {0xA3, 3, 0x83, 1, 9},       /* EF-IMSI of one octet */
        {0xA3, 4, 0x83, 2, 1, 0xAA}, /* no digits */
        {0xB2, 3, 0x83, 1, 1},       /* EF-ACC of one octet */
        {0xB5, 11, 0x83, 9},         /* EF-AD longer than the house keeps */
        {0xAB, 4, 0x83, 2, 1, 1},    /* EF-SMSP without its fixed part */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)setup(state);
        assert_int_equal(locate_pe(k, 0xB3, bad[i], (size_t)bad[i][1] + 2), ERR_OK);
        assert_int_equal(saip_read(wr_view(&k->w), &k->p, &k->why), ERR_FORMAT);
        assert_int_equal(k->p.n_elements, 0);
    }
}

/* --- codes, AKA, keys, levels --- */

static void codes_and_bounds(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xA2, 0xA1, 20, 0xA0, 18, 0x30, 16, 0x80, 2, 0, 0x81, 0x81, 8,
                               '0', '0', '0', '0', 1, 2, 3, 4, 0x83, 0),
                     ERR_OK);
    assert_int_equal(k->map.n_pin, 1);
    assert_int_equal(k->map.pin[0].key_ref, 0x81);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA2, 0xA1, 2, 0x81, 0), ERR_OK); /* path: shared */
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA2, 0x81, 0), ERR_FORMAT); /* no list */
    (void)setup(state);
    assert_int_equal(
        LOCATE_PE(k, 0xA3, 0xA1, 14, 0x30, 12, 0x80, 1, 1, 0x81, 7, 1, 2, 3, 4, 5, 6, 7),
        ERR_FORMAT);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA3, 0xA1, 5, 0x30, 3, 0x80, 1, 1), ERR_FORMAT);
    (void)setup(state);
    size_t pe = pe_open(k, 0xA3, 5);
    size_t list = tlv_open(&k->w, 0xA1);
    for (int i = 0; i <= SAIP_PUKS; i++)
        PUT(k, 0x30, 13, 0x80, 1, 1, 0x81, 8, 1, 2, 3, 4, 5, 6, 7, 8);
    tlv_close(&k->w, list);
    tlv_close(&k->w, pe);
    assert_int_equal(locate(k), ERR_TOO_LARGE);
}

static void aka_values(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xA4, 0xA1, 9, 0xA1, 7, 0x80, 1, 3, 0x82, 2, 1, 2), ERR_OK);
    assert_int_equal(k->map.n_aka, 1);
    assert_int_equal(k->map.aka[0].algorithm, 3);
    assert_null(k->map.aka[0].opc.p);
    assert_int_equal(saip_read(wr_view(&k->w), &k->p, &k->why), ERR_OK);
    assert_false(k->p.has_k);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA4, 0xA1, 2, 0xA0, 0), ERR_OK); /* mapped to another NAA */
    assert_int_equal(k->map.n_aka, 0);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA4, 0xA1, 6, 0xA1, 4, 0x80, 2, 1, 0), ERR_FORMAT);
}

static void keys(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 0, 0xA2, 18, 0x30, 16, 0x82, 1, 2, 0x83, 1, 3, 0x30,
                               8, 0x30, 6, 0x80, 1, 0x88, 0x86, 1, 7),
                     ERR_OK);
    assert_int_equal(k->map.n_key, 1);
    assert_int_equal(k->map.key[0].kvn, 3);
    assert_int_equal(k->map.key[0].kid, 2);
    assert_int_equal(k->map.key[0].type, 0x88);
    assert_int_equal(saip_value(k->map.key[0].data).p[0], 7);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA2, 0), ERR_FORMAT); /* no instance */
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 0, 0xA2, 5, 0x30, 3, 0x82, 1, 1), ERR_FORMAT);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 0, 0xA2, 6, 0x30, 4, 0x82, 2, 1, 1), ERR_FORMAT);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 0, 0xA2, 9, 0x30, 7, 0x30, 5, 0x30, 3, 0x80, 1, 0x88),
                     ERR_FORMAT);
}

static void keys_bound(void **state)
{
    struct kit *k = *state;
    size_t pe = pe_open(k, 0xA6, 5);
    PUT(k, 0xA1, 0);
    size_t list = tlv_open(&k->w, 0xA2);
    for (int i = 0; i <= SAIP_KEYS; i++)
        PUT(k, 0x30, 16, 0x82, 1, 2, 0x83, 1, 3, 0x30, 8, 0x30, 6, 0x80, 1, 0x88, 0x86, 1, 7);
    tlv_close(&k->w, list);
    tlv_close(&k->w, pe);
    assert_int_equal(locate(k), ERR_TOO_LARGE);
}

static void security_levels(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xA7, 0x81, 1, 0x16), ERR_OK);
    assert_int_equal(k->map.msl[0].value, 0x16);
    assert_int_equal(k->map.msl[0].identification, 5);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA7, 0x81, 2, 0x16, 0), ERR_FORMAT);
    (void)setup(state);
    assert_int_equal(LOCATE_PE(k, 0xA7, 0x04, 0), ERR_FORMAT);
    (void)setup(state); /* menu entries move the level */
    assert_int_equal(
        LOCATE_PE(k, 0xA6, 0xA1, 14, 0xEA, 12, 0x80, 10, 1, 0, 0, 1, 9, 9, 0, 2, 1, 0x12), ERR_OK);
    assert_int_equal(k->map.msl[0].place, SAIP_MSL_SD_TOOLKIT);
    assert_int_equal(k->map.msl[0].value, 0x12);
    (void)setup(state); /* behind an access domain of 2 octets */
    assert_int_equal(LOCATE_PE(k, 0xA8, 0xA2, 17, 0x30, 15, 0xEF, 13, 0xCA, 11, 2, 0, 0, 1, 0, 0, 0,
                               0, 2, 1, 0x06),
                     ERR_OK);
    assert_int_equal(k->map.msl[0].place, SAIP_MSL_APP_SIM);
    assert_int_equal(k->map.msl[0].value, 0x06);
}

static void unreadable_level_is_zero(void **state)
{
    struct kit *k = *state;
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 6, 0xEA, 4, 0x80, 2, 1, 0), ERR_OK);
    assert_int_equal(k->map.msl[0].value, 0);
    (void)setup(state); /* proprietary parameter 80 */
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 12, 0xEA, 10, 0x80, 8, 1, 0, 0, 0, 0, 2, 0x80, 0x16),
                     ERR_OK);
    assert_int_equal(k->map.msl[0].value, 0);
    (void)setup(state); /* no level at all */
    assert_int_equal(LOCATE_PE(k, 0xA6, 0xA1, 11, 0xEA, 9, 0x80, 7, 1, 0, 0, 0, 0, 0, 0), ERR_OK);
    assert_int_equal(k->map.msl[0].value, 0);
}

static void identification_repeats(void **state)
{
    struct kit *k = *state;
    size_t pe = pe_open(k, 0xA9, 9);
    tlv_close(&k->w, pe);
    assert_int_equal(locate(k), ERR_OK);
    assert_true(k->map.same_identification);
}

/* --- codings --- */

static void iccid_in_header(void **state)
{
    (void)state;
    static const char *const texts[] = {"890001234567890123", "8900012345678901234",
                                        "89000123456789012341"};
    for (size_t i = 0; i < 3; i++) {
        struct iccid in, out;
        uint8_t b[10];
        assert_int_equal(iccid_parse(span_str(texts[i]), &in), ERR_OK);
        saip_iccid_put(&in, b);
        assert_int_equal(b[1], 0x00);
        assert_int_equal(b[2], 0x01);
        assert_int_equal(b[9], i == 0 ? 0xFF : i == 1 ? 0x4F : 0x41);
        assert_int_equal(saip_iccid_get(span_of(b, 10), &out), ERR_OK);
        assert_string_equal(out.s, texts[i]);
        assert_int_equal(saip_iccid_get(span_of(b, 9), &out), ERR_FORMAT);
        b[3] = 0xFA;
        assert_int_equal(saip_iccid_get(span_of(b, 10), &out), ERR_FORMAT);
    }
}

static void imsi_lengths(void **state)
{
    (void)state;
    const char *digits = "262011234567890";
    for (size_t n = 6; n <= 15; n++) {
        struct imsi in, out;
        uint8_t b[9];
        assert_int_equal(imsi_parse(span_of(digits, n), &in), ERR_OK);
        saip_imsi_put(&in, b);
        assert_int_equal(b[0], n / 2 + 1);
        assert_int_equal(b[1] & 15, n % 2 ? 9 : 1);
        assert_int_equal(saip_imsi_get(span_of(b, 9), &out), ERR_OK);
        assert_string_equal(out.s, in.s);
    }
}

static void imsi_refusals(void **state)
{
    (void)state;
    struct imsi out;
    static const uint8_t bad[][9] = {
        {0, 0x29},
        {9, 0x29},
        {8, 0x20, 1, 2, 3, 4, 5, 6, 7},
        {4, 0x21, 0x62, 0x10, 0x21},
        {8, 0x29, 0xF0, 1, 2, 3, 4, 5, 6},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(saip_imsi_get(span_of(bad[i], 9), &out), ERR_FORMAT);
    assert_int_equal(saip_imsi_get(span_of("\x08\x29", 2), &out), ERR_FORMAT);
    assert_int_equal(saip_imsi_get(span_of("", 0), &out), ERR_FORMAT);
}

static void numbers(void **state)
{
    (void)state;
    struct msisdn in, out;
    uint8_t b[64];
    /* sgp02 7.4: the service centre of its example. */
    static const uint8_t known[] = {0x91, 0x33, 0x86, 0x99, 0x42, 0x11, 0xF0};
    assert_int_equal(saip_address_get(span_of(known, sizeof(known)), &in), ERR_OK);
    assert_string_equal(in.s, "33689924110");
    struct writer w = wr_init(b, sizeof(b));
    saip_address_put(&w, &in);
    assert_int_equal(w.len, sizeof(known));
    assert_memory_equal(b, known, sizeof(known));
    for (size_t n = 28; n <= 42; n += 14) {
        memset(b, 0xFF, sizeof(b));
        assert_int_equal(saip_smsp_put(b, n, &in), ERR_OK);
        assert_int_equal(b[n - 28], 0xFD);
        assert_int_equal(saip_smsp_get(span_of(b, n), &out), ERR_OK);
        assert_string_equal(out.s, in.s);
        assert_int_equal(saip_smsp_put(b, n, &(struct msisdn){{0}}), ERR_OK);
        assert_int_equal(saip_smsp_get(span_of(b, n), &out), ERR_OK);
        assert_string_equal(out.s, "");
    }
    memset(b, 0xFF, sizeof(b));
    assert_int_equal(saip_msisdn_put(b, 14, &in), ERR_OK);
    assert_int_equal(saip_msisdn_get(span_of(b, 14), &out), ERR_OK);
    assert_string_equal(out.s, in.s);
}

static void numbers_refused(void **state)
{
    (void)state;
    struct msisdn m = {"49171"};
    uint8_t b[28] = {0};
    assert_int_equal(saip_smsp_put(b, 27, &m), ERR_INVAL);
    assert_int_equal(saip_smsp_get(span_of(b, 27), &m), ERR_FORMAT);
    assert_int_equal(saip_msisdn_put(b, 13, &m), ERR_INVAL);
    assert_int_equal(saip_msisdn_get(span_of(b, 13), &m), ERR_FORMAT);
    b[13] = 12; /* longer than its field */
    assert_int_equal(saip_smsp_get(span_of(b, 28), &m), ERR_FORMAT);
    assert_int_equal(saip_address_get(span_of("\x91\x21", 2), &m), ERR_FORMAT);
    assert_int_equal(saip_address_get(span_of("\x11\x21\x43", 3), &m), ERR_FORMAT);
    assert_int_equal(saip_address_get(span_of("\x91\x2A\x43", 3), &m), ERR_FORMAT);
    assert_int_equal(saip_address_get(span_of("\x91\x11\x11\x11\x11\x11\x11\x11\x11", 9), &m),
                     ERR_FORMAT); /* 16 digits */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(check_order),
        cmocka_unit_test(check_refuses_no_element),
        cmocka_unit_test(next_names_and_numbers),
        cmocka_unit_test(next_refuses_bad_identification),
        cmocka_unit_test_setup(check_bounds_elements, setup),
        cmocka_unit_test_setup(header_fields, setup),
        cmocka_unit_test_setup(read_needs_iccid, setup),
        cmocka_unit_test_setup(read_refuses_bad_pol, setup),
        cmocka_unit_test_setup(file_places, setup),
        cmocka_unit_test_setup(file_refusals, setup),
        cmocka_unit_test_setup(file_not_created, setup),
        cmocka_unit_test(file_content_offsets),
        cmocka_unit_test_setup(read_refuses_bad_files, setup),
        cmocka_unit_test_setup(codes_and_bounds, setup),
        cmocka_unit_test_setup(aka_values, setup),
        cmocka_unit_test_setup(keys, setup),
        cmocka_unit_test_setup(keys_bound, setup),
        cmocka_unit_test_setup(security_levels, setup),
        cmocka_unit_test_setup(unreadable_level_is_zero, setup),
        cmocka_unit_test_setup(identification_repeats, setup),
        cmocka_unit_test(iccid_in_header),
        cmocka_unit_test(imsi_lengths),
        cmocka_unit_test(imsi_refusals),
        cmocka_unit_test(numbers),
        cmocka_unit_test(numbers_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
