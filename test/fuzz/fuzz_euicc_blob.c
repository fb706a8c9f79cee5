/* SPDX-License-Identifier: Apache-2.0 */
/* The card as state.db holds it: what is read is written again with the same octets. */
#include "smsr/store/euicc_blob.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t again[EUICC_BLOB_MAX];
    struct writer w = wr_init(again, sizeof again);
    struct euicc *e = NULL;

    if (size > sizeof again || euicc_blob_get(span_of(data, size), &e))
        return 0;
    euicc_blob_put(&w, e);
    if (w.failed || w.len != size || memcmp(again, data, size) != 0)
        abort();
    euicc_free(e);
    return 0;
}
