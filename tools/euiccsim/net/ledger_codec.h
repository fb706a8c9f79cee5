/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes of the ledger file. */
#pragma once

#include "common/base/mem.h"
#include "tools/euiccsim/net/ledger_file.h"

#define LEDGER_MAGIC "RMRLEDG1"
#define LEDGER_MAGIC_LEN 8u
#define LEDGER_HEAD 8u                    /* length and CRC */
#define LEDGER_PAYLOAD_MAX (1u << 20)
enum ledger_kind { LEDGER_CARD = 1, LEDGER_ATTACH = 2 };

/* A whole record into out, which is emptied first. An empty image means rows alone. ERR_TOO_LARGE,
 * ERR_NOMEM. */
MUST_CHECK int ledger_card_put(const struct eid *eid, struct span image,
                               const struct card_ledger_row *rows, unsigned n_rows,
                               struct buf *out);
MUST_CHECK int ledger_attach_put(const struct attach_record *a, struct buf *out);
uint32_t ledger_crc32(struct span s);     /* IEEE 802.3 */
/* Where things stand in a payload of kind LEDGER_CARD: offset of the image and its length. */
MUST_CHECK int ledger_card_layout(struct span payload, struct eid *ret_eid, size_t *ret_at,
                                  size_t *ret_n, unsigned *ret_rows);
