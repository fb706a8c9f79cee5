/* SPDX-License-Identifier: Apache-2.0 */
/* GET DATA of the ISD-R and of the ECASD behind it (SGP.02 4.1.1.7): FF21 extended card
 * resources, BF30 with a tag list for the recognition data (66) or CERT.ECASD (7F21); 00E0 the key
 * information of the ISD-R (GlobalPlatform Card Specification 11.3.3.1). */
#include "tools/euiccsim/card/card_int.h"

#define TAG_RESOURCES 0xFF21u
#define TAG_FORWARDED 0xBF30u
#define TAG_KEYS 0x00E0u
#define FREE_RAM 0x3A92u       /* a constant: volatile memory is not simulated */

/* Card recognition data (GlobalPlatform Card Specification H.2): GP, card specification 2.2.1,
 * SCP03 with i = 70. */
static const uint8_t RECOGNITION[] = {
    0x66, 0x26, 0x73, 0x24, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01, 0x60,
    0x0C, 0x06, 0x0A, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 0x02, 0x02, 0x01, 0x64,
    0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70};

static uint16_t resources(const struct card *c, struct writer *data)
{
    const uint32_t m = card_memory_told(c);
    const uint8_t free_memory[4] = {(uint8_t)(m >> 24), (uint8_t)(m >> 16), (uint8_t)(m >> 8),
                                    (uint8_t)m};
    const uint8_t ram[2] = {FREE_RAM >> 8, FREE_RAM & 0xFF};
    size_t mark = tlv_open(data, TAG_RESOURCES);

    tlv_put_u8(data, 0x81, c->n_isdps);
    tlv_put(data, 0x82, span_of(free_memory, sizeof(free_memory)));
    tlv_put(data, 0x83, span_of(ram, sizeof(ram)));
    tlv_close(data, mark);
    return SW_OK;
}

static uint16_t forwarded(const struct card *c, struct span list, struct writer *data)
{
    static const uint8_t CERT[2] = {0x7F, 0x21}, RECOGNISE[1] = {0x66};
    struct span what;
    struct tlv t;
    size_t mark;

    if (tlv_only(list, 0x5C, &t) != ERR_OK)
        return SW_DATA;
    if (span_eq(t.value, span_of(RECOGNISE, sizeof(RECOGNISE))))
        what = span_of(RECOGNITION, sizeof(RECOGNITION));
    else if (span_eq(t.value, span_of(CERT, sizeof(CERT))) && c->ecasd_cert_len > 0)
        what = span_of(c->ecasd_cert, c->ecasd_cert_len);
    else
        return SW_NOT_FOUND;
    mark = tlv_open(data, TAG_FORWARDED);
    wr_span(data, what);
    tlv_close(data, mark);
    return SW_OK;
}

/* C0 { KID, KVN, type, length }. */
static void key_row(struct writer *data, uint8_t kid, uint8_t kvn, uint8_t type)
{
    const uint8_t row[4] = {kid, kvn, type, 16};

    tlv_put(data, 0xC0, span_of(row, sizeof(row)));
}

static uint16_t key_information(const struct card *c, struct writer *data)
{
    size_t mark = tlv_open(data, 0xE0);

    for (unsigned i = 0; i < c->n_scp80; i++)
        for (uint8_t kid = 1; kid <= 3; kid++)
            key_row(data, kid, c->scp80[i].kvn, KEY_TYPE_AES);
    for (unsigned i = 0; i < c->n_psk; i++) {
        key_row(data, c->psk[i].kid, c->psk[i].kvn, KEY_TYPE_PSK);
        if (c->psk[i].has_dek)
            key_row(data, (uint8_t)(c->psk[i].kid + 1), c->psk[i].kvn, KEY_TYPE_AES);
    }
    tlv_close(data, mark);
    return SW_OK;
}

uint16_t get_data(const struct card *c, uint16_t tag, struct span list, struct writer *data)
{
    switch (tag) {
    case TAG_RESOURCES:
        return list.n == 0 ? resources(c, data) : SW_DATA;
    case TAG_KEYS:
        return list.n == 0 ? key_information(c, data) : SW_DATA;
    case TAG_FORWARDED:
        return forwarded(c, list, data);
    default:
        return SW_NOT_FOUND;
    }
}

uint16_t cmd_get_data(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    return get_data(x->c, (uint16_t)(cmd->p1 << 8 | cmd->p2), cmd->data, data);
}
