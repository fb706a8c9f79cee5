/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 secured packets (TS 102 225), both ends. The counter is the caller's: the server reserves it
 * durably before it calls scp80_wrap, the card compares it after scp80_unwrap verified the CC. */
#pragma once

#include "common/codec/packet.h"
#include "common/crypto/crypto.h"

struct scp80_keys {
    struct key *kic;
    struct key *kid;
};

/* Server, and card for notifications. cc_len 8 (4 and 0 by SPI). Writes CPL/CPI.. to the padding end.
 * Order: pad with 00, MAC over CPL..PCNTR || data || padding, then encipher CNTR..end. */
MUST_CHECK int scp80_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                          const struct packet_cmd_head *h, uint64_t cntr, struct span data,
                          struct writer *w);

struct scp80_command {
    struct packet_cmd_head head;
    uint64_t cntr;
    size_t data_len;
    uint8_t data[PACKET_MAX];     /* deciphered, padding stripped */
};
/* Card side. ERR_FORMAT: not a packet; ERR_AUTH: CC or padding wrong (an eUICC stays silent). */
MUST_CHECK int scp80_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                            struct span packet, struct scp80_command *ret);

/* Card side: PoR for a command head (SPI2 says whether ciphered and with CC). Statuses 01, 05, 06 are
 * sent without ciphering and CC. w receives RPL.. (SMS) or RPI.. (CAT_TP), without the UDH. */
MUST_CHECK int scp80_por_wrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                              const struct packet_cmd_head *h, uint64_t cntr, uint8_t status,
                              struct span data, struct writer *w);
struct scp80_response {
    uint32_t tar;
    uint64_t cntr;
    uint8_t status;
    size_t data_len;
    uint8_t data[PACKET_MAX];
};
/* Server side. spi2, kic, kid are those of the command. ERR_AUTH when the CC does not verify. */
MUST_CHECK int scp80_por_unwrap(struct crypto *c, const struct scp80_keys *k, enum packet_dialect d,
                                uint8_t spi2, uint8_t kic, uint8_t kid, struct span packet,
                                struct scp80_response *ret);
