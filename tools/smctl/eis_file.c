/* SPDX-License-Identifier: Apache-2.0 */
/* Walking an .eis file (design 3.6; SGP.02 5.2 RegisterEIS carries one entry each). */
#include "tools/smctl/eis_file.h"

#define HEAD 4u

int eis_file_next(struct span *rest, struct span *ret_entry)
{
    struct reader r = rd_init(*rest);
    uint32_t n;

    if (rest->n == 0)
        return ERR_NOT_FOUND;
    if (rest->n < HEAD)
        return ERR_TRUNCATED;
    n = rd_u32(&r);
    if (n == 0)
        return ERR_FORMAT;
    if (n > WIRE_DATA_MAX)
        return ERR_TOO_LARGE;
    if (n > rd_left(&r))
        return ERR_TRUNCATED;
    *ret_entry = rd_span(&r, n);
    *rest = rd_rest(&r);
    return ERR_OK;
}

int eis_file_count(struct span octets, size_t *ret_n, size_t *ret_offset)
{
    struct span rest = octets, entry;
    int err;

    *ret_n = 0;
    while ((err = eis_file_next(&rest, &entry)) == ERR_OK)
        ++*ret_n;
    *ret_offset = octets.n - rest.n;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

bool eis_file_eid(struct span entry, struct arena *a, struct eid *ret)
{
    struct signed_eis *s = arena_alloc(a, sizeof *s);
    struct eum_signed_info *info = arena_alloc(a, sizeof *info);
    struct errmsg why;

    memset(ret, 0, sizeof *ret);
    if (!s || !info || wire_signed_eis_decode(entry, a, s, &why) ||
        wire_eis_info_decode(s, a, info, &why))
        return false;
    *ret = info->eid;
    return !eid_is_zero(ret);
}
