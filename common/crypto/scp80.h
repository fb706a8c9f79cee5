/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 secured packets (TS 102 225), both ends. The counter is the caller's: the server
 * reserves it durably before it calls scp80_wrap, the card compares it after scp80_unwrap
 * verified the CC. */
#pragma once

#include "common/codec/packet.h"
#include "common/crypto/crypto.h"

/* A key may be NULL where the SPI has no use for it. cc_len is what both ends agreed on for the
 * AES checksum: 0 means 8; 4 is for old cards. It is never taken from the packet, so nobody can
 * ask for less. DES and 3DES serve old cards and vectors; ciphering by an "implicit" KIc (b2b1 =
 * 00, believed) is read as ECB under a DES key and refused under an AES key, an implicit RC is
 * CRC-32. */
struct scp80_keys {
    struct key *kic;
    struct key *kid;
    uint8_t cc_len;
};

/* Server, and card for notifications. Checksum by SPI1: none, RC (CRC by KID) or CC. Writes
 * CPL/CPI.. to the padding end. Order: pad with 00 to a block when ciphered, MAC over CPL..PCNTR
 * || data || padding, then encipher CNTR..end. ERR_INVAL: counter over 40 bits or key unlike
 * KIc/KID; ERR_UNSUPPORTED: algorithm or DS; ERR_TOO_LARGE. */
MUST_CHECK int scp80_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                          const struct packet_cmd_head *h, uint64_t cntr, struct span data,
                          struct writer *w);

struct scp80_command {
    struct packet_cmd_head head;
    uint64_t cntr;
    size_t data_len;
    uint8_t data[PACKET_MAX];     /* deciphered, padding stripped */
};
/* Card side. ERR_FORMAT, ERR_TRUNCATED, ERR_TOO_LARGE: not a packet; ERR_UNSUPPORTED: algorithm;
 * and ERR_AUTH: CC or padding wrong, other key type, padding that PCNTR does not count: an eUICC
 * stays silent. On error ret holds nothing of the packet. */
MUST_CHECK int scp80_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                            struct span packet, struct scp80_command *ret);

/* Card side: PoR for a command head (SPI2 says whether ciphered and with CC). Status 06 alone is
 * sent without ciphering and CC. w receives RPL.. (SMS) or RPI.. (CAT_TP), without the UDH; the
 * checksum of the SMS dialect covers 02 71 00 all the same. */
MUST_CHECK int scp80_por_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                              const struct packet_cmd_head *h, uint64_t cntr, uint8_t status,
                              struct span data, struct writer *w);
struct scp80_response {
    uint32_t tar;
    uint64_t cntr;
    uint8_t status;
    bool authentic;               /* its CC was asked for and verified; never by RC */
    size_t data_len;
    uint8_t data[PACKET_MAX];
};
/* Server side. spi2, kic, kid are those of the command. ERR_AUTH when the CC does not verify. Where
 * ciphering was asked for an answer in clear is read as well, if its CC verifies: some cards encipher none. A
 * response without the protection that was asked for is read only with status 01, 05 or 06 and
 * without data (some cards report failed security so); it is then not authentic. */
MUST_CHECK int scp80_por_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                                uint8_t spi2, uint8_t kic, uint8_t kid, struct span packet,
                                struct scp80_response *ret);
