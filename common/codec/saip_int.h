/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the saip files only: DER INTEGER values of profile packages (X.690 8.3) and the walk.
 */
#pragma once

#include "common/codec/saip.h"
#include "common/codec/tlv.h"

/* Memory a card needs beyond contents. Real cards differ and do not say; one estimate for all,
 * meant for the bound on requiredMemory (a request may exceed it by a tenth), not for card
 * arithmetic. */
enum saip_overhead {
    SAIP_MEM_FILE = 32,
    SAIP_MEM_CODE = 16,
    SAIP_MEM_AKA = 256,
    SAIP_MEM_KEY = 16,
    SAIP_MEM_APPLICATION = 256,
};

/* 0..2^32-1 in the shortest form, else ERR_FORMAT. */
MUST_CHECK int saip_int_get(struct span v, uint32_t *ret);
/* Writes the sentence that names the element and returns rc. */
int saip_fail(const struct saip_walk *w, int rc, const char *what);
/* tlv_next that remembers the place for saip_fail. */
MUST_CHECK int saip_field(const struct saip_walk *w, struct reader *r, struct tlv *ret);
/* End of a loop over siblings: only the clean end (ERR_NOT_FOUND) is right. */
MUST_CHECK int saip_loop_end(const struct saip_walk *w, int rc);
void saip_memory_add(struct saip_map *m, size_t n); /* saturates */

MUST_CHECK int saip_walk_sd(const struct saip_walk *w);
MUST_CHECK int saip_walk_rfm(const struct saip_walk *w);
MUST_CHECK int saip_walk_application(const struct saip_walk *w);
