/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the ledger file: its index and raw access. */
#pragma once

#include "common/base/map.h"
#include "tools/euiccsim/net/ledger_codec.h"

#define LEDGER_CARD_LEAST 23u     /* payload of a card record without image and rows */

struct ledger_slot {              /* one card */
    uint64_t image_at;            /* octet in the file */
    uint32_t image_n;
    bool rows;                    /* the record of the image holds rows, too */
    struct attach_record attach;  /* the last one; n 0: none */
};
struct ledger_file {
    char *path;                   /* NULL: memory */
    enum ledger_mode mode;
    int fd;
    bool failed;
    uint64_t size, dead;
    struct map *slots;
    struct buf record, scratch, memory;
};
MUST_CHECK int ledger_append(struct ledger_file *f);        /* f->record */
MUST_CHECK int ledger_read_at(struct ledger_file *f, uint64_t at, uint8_t *dst, size_t n);
/* Payload of the record that begins at at, in f->scratch. ERR_NOT_FOUND: the end of what is whole;
 * ERR_CORRUPT: wrong, and more stands behind it. */
MUST_CHECK int ledger_record_at(struct ledger_file *f, uint64_t at, struct span *ret_payload);
void ledger_slots_drop(struct ledger_file *f);
