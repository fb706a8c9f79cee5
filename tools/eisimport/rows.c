/* SPDX-License-Identifier: Apache-2.0 */
/* Rows between the importer and who started it; read as the octets of a stranger. */
#include "tools/eisimport/rows.h"

#define HEAD       4u
#define FIXED      5u /* kind and number */
#define EID_DIGITS 32u

void row_put(struct buf *out, const struct row *r)
{
    uint8_t head[HEAD + FIXED + EID_DIGITS];
    bool eid = r->kind == ROW_REFUSED;
    struct writer w = wr_init(head, sizeof head);

    wr_u32(&w, (uint32_t)(FIXED + (eid ? EID_DIGITS : 0) + r->body.n));
    wr_u8(&w, (uint8_t)r->kind);
    wr_u32(&w, r->number);
    if (eid) {
        size_t n = strnlen(r->eid, EID_DIGITS);
        wr_bytes(&w, r->eid, n);
        wr_fill(&w, ' ', EID_DIGITS - n);
    }
    buf_add(out, head, w.len);
    buf_add_span(out, r->body);
}

static bool read_eid(struct reader *in, char dst[33])
{
    struct span s = rd_span(in, EID_DIGITS);
    size_t n = 0;

    memset(dst, 0, 33);
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    if (in->failed || (n != 0 && n != EID_DIGITS))
        return false;
    for (size_t i = n; i < EID_DIGITS; i++)
        if (s.p[i] != ' ')
            return false;
    memcpy(dst, s.p, n);
    return true;
}

int row_next(struct span *rest, enum row_kind *last, struct row *ret)
{
    struct reader r = rd_init(*rest), in;
    uint32_t n;
    uint8_t kind;

    if (*last == ROW_END || *last == ROW_FILE)
        return rest->n ? ERR_FORMAT : ERR_NOT_FOUND;
    if (rest->n < HEAD)
        return ERR_TRUNCATED;
    n = rd_u32(&r);
    if (n < FIXED || n > ROW_MAX)
        return ERR_FORMAT;
    if (n > rd_left(&r))
        return ERR_TRUNCATED;
    in = rd_init(rd_span(&r, n));
    memset(ret, 0, sizeof *ret);
    kind = rd_u8(&in);
    ret->number = rd_u32(&in);
    if (kind != ROW_ENTRY && kind != ROW_REFUSED && kind != ROW_FILE && kind != ROW_END)
        return ERR_FORMAT;
    if (kind == ROW_REFUSED && !read_eid(&in, ret->eid))
        return ERR_FORMAT;
    ret->kind = (enum row_kind)kind;
    ret->body = rd_rest(&in);
    if ((kind == ROW_END) != (ret->body.n == 0))
        return ERR_FORMAT;
    *last = ret->kind;
    *rest = rd_rest(&r);
    return ERR_OK;
}
