/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_eisimport remora_eisrows remora_base */
/* What smctl reads from the importer; and the texts of elements as the importer reads them. */
#include <stdlib.h>

#include "tools/eisimport/eis_value.h"
#include "tools/eisimport/rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void rows(struct span all)
{
    struct span rest = all;
    enum row_kind last = (enum row_kind)0;
    struct buf again;
    struct row r;

    buf_init(&again, 0);
    while (row_next(&rest, &last, &r) == ERR_OK)
        row_put(&again, &r);
    if (!span_eq(buf_span(&again), span_of(all.p, again.n)))
        abort(); /* a row has one form */
    buf_fini(&again);
}

static void values(struct span s)
{
    struct arena a;
    struct span v = {NULL, 0};
    uint64_t n;
    int64_t ms;
    bool b;

    arena_init(&a, 0);
    if (value_hex(s, &a, 64, &v) == ERR_OK && v.n > 64)
        abort();
    if (value_base64(s, &a, 64, &v) == ERR_OK && v.n > 64)
        abort();
    if (value_number(s, 1000, &n) == ERR_OK && n > 1000)
        abort();
    (void)!value_time(s, &ms);
    (void)!value_flag(value_trim(s), &b);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    rows(span_of(data, size));
    values(span_of(data, size));
    return 0;
}
