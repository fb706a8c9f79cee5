/* SPDX-License-Identifier: Apache-2.0 */
/* TS 102 225 secured packets, layout only: no cryptography here (see crypto/scp80).
 * SMS dialect (TS 31.115), facts: ota section 1:
 *   command   CPL(2) CHL(1) SPI(2) KIc KID TAR(3) { CNTR(5) PCNTR(1) CC data padding }
 *   response  RPL(2) RHL(1) TAR(3) { CNTR(5) PCNTR(1) STATUS(1) CC data padding }
 * with the UDH 02 70 00 / 02 71 00 in front of it in TP-UD. CAT_TP dialect: one octet CPI 01 /
 * RPI 02 first, lengths BER, no CHI octet. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

enum packet_dialect { PACKET_SMS, PACKET_CATTP };

/* SPI1 */
#define SPI1_CC 0x02u
#define SPI1_RC 0x01u
#define SPI1_CIPHER 0x04u
#define SPI1_COUNTER_MASK 0x18u
#define SPI1_COUNTER_NONE 0x00u
#define SPI1_COUNTER_UNCHECKED 0x08u
#define SPI1_COUNTER_HIGHER 0x10u
#define SPI1_COUNTER_NEXT 0x18u
/* SPI2 */
#define SPI2_POR_MASK 0x03u
#define SPI2_POR_NONE 0x00u
#define SPI2_POR_ALWAYS 0x01u
#define SPI2_POR_ON_ERROR 0x02u
#define SPI2_POR_RC 0x04u
#define SPI2_POR_CC 0x08u
#define SPI2_POR_CIPHER 0x10u
#define SPI2_POR_SUBMIT 0x20u

#define PACKET_MAX 4096u          /* a packet of at most 30 SMS parts */
#define CNTR_MAX 0xFFFFFFFFFFull
/* The counter after high, of 40 bits. False: all are used, it never goes round (TS 102 225 5.1.4). */
MUST_CHECK bool cntr_next(uint64_t high, uint64_t *ret);

enum por_status {
    POR_OK = 0x00, POR_CC_FAILED = 0x01, POR_CNTR_LOW = 0x02, POR_CNTR_HIGH = 0x03,
    POR_CNTR_BLOCKED = 0x04, POR_CIPHERING = 0x05, POR_UNIDENTIFIED = 0x06, POR_MEMORY = 0x07,
    POR_MORE_TIME = 0x08, POR_TAR_UNKNOWN = 0x09, POR_INSUFFICIENT_SECURITY = 0x0A,
    POR_BY_SUBMIT = 0x0B, POR_BY_USSD = 0x0C,
};
const char *por_status_text(uint8_t status);

struct packet_cmd_head {
    uint8_t spi1, spi2, kic, kid;
    uint32_t tar;                 /* 24 bits */
};
/* A received command packet split at the brace: head is clear, body is CNTR..padding as received
 * (ciphered when SPI1_CIPHER), cc_len is CHL-13. head_raw is CPL..TAR (CPI..TAR for CAT_TP), what
 * the CC starts with. ERR_TRUNCATED: shorter than CPL says; ERR_FORMAT: longer, a header length
 * other than 13 + 0, 2, 4 or 8, or one that does not fit SPI1; ERR_TOO_LARGE above PACKET_MAX. */
struct packet_cmd {
    struct packet_cmd_head head;
    struct span head_raw;
    struct span body;
    size_t cc_len;
};
MUST_CHECK int packet_cmd_split(struct span s, enum packet_dialect d, struct packet_cmd *ret);
/* Writes CPL..TAR for a body of body_len octets (CNTR..padding). */
void packet_cmd_head_put(struct writer *w, const struct packet_cmd_head *h, size_t cc_len,
                         size_t body_len, enum packet_dialect d);

struct packet_rsp {
    uint32_t tar;
    struct span head_raw;         /* RPL..TAR (SMS; the CC also covers 02 71 00) or RPI..TAR */
    struct span body;
    size_t cc_len;                /* RHL-10 */
};
MUST_CHECK int packet_rsp_split(struct span s, enum packet_dialect d, struct packet_rsp *ret);
void packet_rsp_head_put(struct writer *w, uint32_t tar, size_t cc_len, size_t body_len,
                         enum packet_dialect d);

/* KIc / KID octets: high nibble key version, low nibble algorithm. AES in CBC / CMAC = 2. */
enum packet_alg { PACKET_ALG_AES, PACKET_ALG_DES, PACKET_ALG_3DES2, PACKET_ALG_3DES3,
                  PACKET_ALG_CRC16, PACKET_ALG_CRC32, PACKET_ALG_UNKNOWN };
enum packet_alg packet_kic_alg(uint8_t kic);
enum packet_alg packet_kid_alg(uint8_t kid, uint8_t spi1);
static inline uint8_t packet_kvn(uint8_t kic_or_kid)
{
    return (uint8_t)(kic_or_kid >> 4);
}
uint32_t packet_crc32(struct span s);
uint16_t packet_crc16(struct span s);
