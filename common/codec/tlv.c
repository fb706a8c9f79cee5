/* SPDX-License-Identifier: Apache-2.0 */
/* BER-TLV and DGI walks (ITU X.690 clause 8.1, ISO 7816-4 clause 5.2.2, GlobalPlatform DGI). */
#include "common/codec/tlv.h"

#define TLV_LEN_MAX 0xFFFFFFu /* three length octets after 83 */

/* X.690 8.1.2.4: the first subsequent octet of a long tag may not hold seven zero bits. Values
 * below 31 in the long form are tolerated, the card industry uses them (9F06). */
static int tag_read(struct reader *r, uint32_t *ret)
{
    uint32_t tag = rd_u8(r);
    if (!r->failed && tag == 0) {
        return ERR_FORMAT; /* end-of-contents or padding: never an element here */
    }
    if ((tag & 0x1Fu) == 0x1Fu) {
        uint8_t b = rd_u8(r);
        if (!r->failed && (b & 0x7Fu) == 0) {
            return ERR_FORMAT;
        }
        tag = tag * 256 + b;
        if (b & 0x80u) {
            b = rd_u8(r);
            tag = tag * 256 + b;
            if (b & 0x80u) {
                return ERR_FORMAT; /* four octets and more */
            }
        }
    }
    *ret = tag;
    return r->failed ? ERR_TRUNCATED : ERR_OK;
}

/* Length field, minimal form only: 80 (indefinite), 84.. and padded lengths are refused. */
static int len_read(struct reader *r, size_t *ret)
{
    uint8_t first = rd_u8(r);
    size_t n = first;
    size_t least = 0;
    if (first >= 0x80u) {
        switch (first) {
        case 0x81:
            n = rd_u8(r);
            least = 0x80;
            break;
        case 0x82:
            n = rd_u16(r);
            least = 0x100;
            break;
        case 0x83:
            n = rd_u24(r);
            least = 0x10000;
            break;
        default:
            return ERR_FORMAT;
        }
    }
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    *ret = n;
    return n < least ? ERR_FORMAT : ERR_OK;
}

int tlv_next(struct reader *r, struct tlv *ret)
{
    *ret = (struct tlv){0};
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if (rd_left(r) == 0) {
        return ERR_NOT_FOUND;
    }
    const uint8_t *start = r->p;
    size_t n = 0;
    int rc = tag_read(r, &ret->tag);
    if (rc == ERR_OK) {
        rc = len_read(r, &n);
    }
    if (rc != ERR_OK) {
        rd_fail(r);
        return rc;
    }
    ret->value = rd_span(r, n);
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    ret->raw = span_of(start, (size_t)(r->p - start));
    return ERR_OK;
}

int tlv_find(struct span body, uint32_t tag, struct tlv *ret)
{
    struct reader r = rd_init(body);
    int rc;
    /*@ loop invariant reader(&r) && !r.failed && r.end == body.p + body.n && inside(r.p, body);
        loop assigns r.p, r.failed, rc, *ret;
        loop variant r.end - r.p; */
    do {
        rc = tlv_next(&r, ret);
    } while (rc == ERR_OK && ret->tag != tag);
    return rc;
}

int tlv_only(struct span s, uint32_t tag, struct tlv *ret)
{
    struct reader r = rd_init(s);
    int rc = tlv_next(&r, ret);
    if (rc != ERR_OK || ret->tag != tag || !rd_done(&r)) {
        return ERR_FORMAT;
    }
    return ERR_OK;
}

size_t tlv_len_size(size_t n)
{
    if (n < 0x80) {
        return 1;
    }
    if (n < 0x100) {
        return 2;
    }
    return n < 0x10000 ? 3 : 4;
}

void tlv_put_tag(struct writer *w, uint32_t tag)
{
    if (tag == 0 || tag > 0xFFFFFFu) {
        w->failed = true;
    } else if (tag > 0xFFFFu) {
        wr_u24(w, tag);
    } else if (tag > 0xFFu) {
        wr_u16(w, (uint16_t)tag);
    } else {
        wr_u8(w, (uint8_t)tag);
    }
}

void tlv_put_len(struct writer *w, size_t n)
{
    if (n > TLV_LEN_MAX) {
        w->failed = true;
        return;
    }
    switch (tlv_len_size(n)) {
    case 1:
        wr_u8(w, (uint8_t)n);
        break;
    case 2:
        wr_u8(w, 0x81);
        wr_u8(w, (uint8_t)n);
        break;
    case 3:
        wr_u8(w, 0x82);
        wr_u16(w, (uint16_t)n);
        break;
    default:
        wr_u8(w, 0x83);
        wr_u24(w, (uint32_t)n);
        break;
    }
}

void tlv_put(struct writer *w, uint32_t tag, struct span value)
{
    tlv_put_tag(w, tag);
    tlv_put_len(w, value.n);
    wr_span(w, value);
}

void tlv_put_u8(struct writer *w, uint32_t tag, uint8_t v)
{
    tlv_put(w, tag, span_of(&v, 1));
}

size_t tlv_open(struct writer *w, uint32_t tag)
{
    tlv_put_tag(w, tag);
    return w->len;
}

void tlv_close(struct writer *w, size_t mark)
{
    if (w->failed || mark > w->len) {
        w->failed = true;
        return;
    }
    size_t n = w->len - mark;
    size_t head = tlv_len_size(n);
    wr_fill(w, 0, head);
    if (w->failed) {
        return;
    }
    memmove(w->p + mark + head, w->p + mark, n);
    struct writer len = wr_init(w->p + mark, head);
    tlv_put_len(&len, n);
    w->failed = len.failed;
}

int dgi_next(struct reader *r, struct dgi *ret)
{
    *ret = (struct dgi){0};
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if (rd_left(r) == 0) {
        return ERR_NOT_FOUND;
    }
    ret->tag = rd_u16(r);
    size_t n = rd_u8(r);
    if (n == 0xFF) {
        n = rd_u16(r);
        if (!r->failed && n < 0xFF) {
            rd_fail(r);
            return ERR_FORMAT;
        }
    }
    ret->value = rd_span(r, n);
    return r->failed ? ERR_TRUNCATED : ERR_OK;
}

void dgi_put(struct writer *w, uint16_t tag, struct span value)
{
    if (value.n > 0xFFFF) {
        w->failed = true;
        return;
    }
    wr_u16(w, tag);
    if (value.n < 0xFF) {
        wr_u8(w, (uint8_t)value.n);
    } else {
        wr_u8(w, 0xFF);
        wr_u16(w, (uint16_t)value.n);
    }
    wr_span(w, value);
}
