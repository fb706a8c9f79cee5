/* SPDX-License-Identifier: Apache-2.0 */
/* Layout of TS 102 225 secured packets in the SMS (TS 31.115) and CAT_TP dialects. */
#include "common/codec/packet.h"

#include "common/codec/tlv.h"

#define CMD_CHL_BASE   13u /* SPI(2) KIc KID TAR(3) CNTR(5) PCNTR */
#define RSP_RHL_BASE   10u /* TAR(3) CNTR(5) PCNTR STATUS */
#define CMD_BODY_FIXED 6u  /* CNTR(5) PCNTR */
#define RSP_BODY_FIXED 7u  /* CNTR(5) PCNTR STATUS */
#define CATTP_CPI      0x01u
#define CATTP_RPI      0x02u
#define KIND_RC_CC     0x03u /* SPI1 b2b1 */

const char *por_status_text(uint8_t status)
{
    static const char *const TEXT[] = {
        "done",
        "redundancy check, checksum or signature wrong",
        "counter too low",
        "counter too high",
        "counter blocked",
        "ciphering error",
        "unidentified security error",
        "not enough memory for the message",
        "more time needed",
        "application (TAR) unknown",
        "security level too low",
        "answer follows in an SMS-SUBMIT",
        "answer follows by USSD",
    };
    if (status < sizeof TEXT / sizeof *TEXT) {
        return TEXT[status];
    }
    return status >= 0xC0 && status < 0xFF ? "proprietary status" : "reserved status";
}

/* A BER length in its minimal form, as the CAT_TP dialect writes CPL, CHL, RPL and RHL. */
static size_t ber_len(struct reader *r)
{
    uint8_t first = rd_u8(r);
    if (first < 0x80) {
        return first;
    }
    size_t n = first == 0x81 ? rd_u8(r) : first == 0x82 ? rd_u16(r) : 0;
    if (n < (first == 0x81 ? 0x80u : 0x100u)) {
        rd_fail(r);
    }
    return n;
}

/* Reads [CPI|RPI] and the two lengths and checks that the packet ends where it says. */
static int lengths_read(struct reader *r, enum packet_dialect d, uint8_t id, size_t *ret_hl)
{
    size_t pl;
    if (d == PACKET_CATTP) {
        if (rd_u8(r) != id && !r->failed) {
            return ERR_FORMAT;
        }
        pl = ber_len(r);
    } else {
        pl = rd_u16(r);
    }
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if (pl != rd_left(r)) {
        return pl > rd_left(r) ? ERR_TRUNCATED : ERR_FORMAT;
    }
    *ret_hl = d == PACKET_CATTP ? ber_len(r) : rd_u8(r);
    return r->failed ? ERR_FORMAT : ERR_OK;
}

/* The lengths TS 102 225 knows: none, CRC16, CRC32 or a short checksum, a full checksum. */
static bool cc_len_known(size_t n)
{
    return n == 0 || n == 2 || n == 4 || n == 8;
}

bool cntr_next(uint64_t high, uint64_t *ret)
{
    if (high >= CNTR_MAX) {
        return false;
    }
    *ret = high + 1;
    return true;
}

int packet_cmd_split(struct span s, enum packet_dialect d, struct packet_cmd *ret)
{
    *ret = (struct packet_cmd){0};
    if (s.n > PACKET_MAX) {
        return ERR_TOO_LARGE;
    }
    struct reader r = rd_init(s);
    size_t chl = 0;
    int rc = lengths_read(&r, d, CATTP_CPI, &chl);
    if (rc != ERR_OK) {
        return rc;
    }
    if (chl < CMD_CHL_BASE || chl > rd_left(&r) || !cc_len_known(chl - CMD_CHL_BASE)) {
        return ERR_FORMAT;
    }
    ret->cc_len = chl - CMD_CHL_BASE;
    ret->head.spi1 = rd_u8(&r);
    ret->head.spi2 = rd_u8(&r);
    ret->head.kic = rd_u8(&r);
    ret->head.kid = rd_u8(&r);
    ret->head.tar = rd_u24(&r);
    ret->head_raw = span_of(s.p, (size_t)(r.p - s.p));
    ret->body = rd_rest(&r);
    /* What SPI1 promises must have room in the header, and nothing may stand there unannounced. */
    bool promised = (ret->head.spi1 & KIND_RC_CC) != 0;
    return !r.failed && promised == (ret->cc_len != 0) ? ERR_OK : ERR_FORMAT;
}

static void lengths_put(struct writer *w, enum packet_dialect d, uint8_t id, size_t hl, size_t left)
{
    if (d == PACKET_CATTP) {
        wr_u8(w, id);
        tlv_put_len(w, tlv_len_size(hl) + left);
        tlv_put_len(w, hl);
    } else {
        wr_u16(w, (uint16_t)(1 + left));
        wr_u8(w, (uint8_t)hl);
    }
}

void packet_cmd_head_put(struct writer *w, const struct packet_cmd_head *h, size_t cc_len,
                         size_t body_len, enum packet_dialect d)
{
    if (!cc_len_known(cc_len) || body_len < CMD_BODY_FIXED + cc_len || body_len > PACKET_MAX) {
        w->failed = true;
        return;
    }
    lengths_put(w, d, CATTP_CPI, CMD_CHL_BASE + cc_len, 7 + body_len);
    wr_u8(w, h->spi1);
    wr_u8(w, h->spi2);
    wr_u8(w, h->kic);
    wr_u8(w, h->kid);
    wr_u24(w, h->tar);
}

int packet_rsp_split(struct span s, enum packet_dialect d, struct packet_rsp *ret)
{
    *ret = (struct packet_rsp){0};
    if (s.n > PACKET_MAX) {
        return ERR_TOO_LARGE;
    }
    struct reader r = rd_init(s);
    size_t rhl = 0;
    int rc = lengths_read(&r, d, CATTP_RPI, &rhl);
    if (rc != ERR_OK) {
        return rc;
    }
    if (rhl < RSP_RHL_BASE || rhl > rd_left(&r) || !cc_len_known(rhl - RSP_RHL_BASE)) {
        return ERR_FORMAT;
    }
    ret->cc_len = rhl - RSP_RHL_BASE;
    ret->tar = rd_u24(&r);
    ret->head_raw = span_of(s.p, (size_t)(r.p - s.p));
    ret->body = rd_rest(&r);
    return r.failed ? ERR_FORMAT : ERR_OK;
}

void packet_rsp_head_put(struct writer *w, uint32_t tar, size_t cc_len, size_t body_len,
                         enum packet_dialect d)
{
    if (!cc_len_known(cc_len) || body_len < RSP_BODY_FIXED + cc_len || body_len > PACKET_MAX) {
        w->failed = true;
        return;
    }
    lengths_put(w, d, CATTP_RPI, RSP_RHL_BASE + cc_len, 3 + body_len);
    wr_u24(w, tar);
}

/* b2b1 and b4b3 of the DES family; b2b1 = 00 (implicit) and 11 (proprietary) are not for us. */
static enum packet_alg alg_of(uint8_t nibble)
{
    switch (nibble & 0x0Fu) {
    case 0x02:
        return PACKET_ALG_AES;
    case 0x01:
        return PACKET_ALG_DES;
    case 0x05:
        return PACKET_ALG_3DES2;
    case 0x09:
        return PACKET_ALG_3DES3;
    default:
        return PACKET_ALG_UNKNOWN; /* 0D, DES in ECB mode, included */
    }
}

enum packet_alg packet_kic_alg(uint8_t kic)
{
    return alg_of(kic);
}

enum packet_alg packet_kid_alg(uint8_t kid, uint8_t spi1)
{
    switch (spi1 & KIND_RC_CC) {
    case SPI1_CC:
        return alg_of(kid);
    case SPI1_RC:
        if ((kid & 0x0Fu) == 0x01) {
            return PACKET_ALG_CRC16;
        }
        return (kid & 0x0Fu) == 0x05 ? PACKET_ALG_CRC32 : PACKET_ALG_UNKNOWN;
    default:
        return PACKET_ALG_UNKNOWN;
    }
}

/* Reflected EDB88320, start and end FFFFFFFF (ISO 3309; TS 102 225 clause 5.1.3). */
uint32_t packet_crc32(struct span s)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0xEDB88320u & (0u - (crc & 1u)));
        }
    }
    return ~crc;
}

/* CRC-16 of X.25: reflected 8408, start and end FFFF. */
uint16_t packet_crc16(struct span s)
{
    uint32_t crc = 0xFFFFu;
    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (0x8408u & (0u - (crc & 1u)));
        }
    }
    return (uint16_t)~crc;
}
