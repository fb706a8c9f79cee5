/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded reader and writer with a sticky failure (design section 4, base). Bounds are compared
 * with what is left, never by adding to a position, so no length can wrap. */
#include "common/base/bytes.h"

bool span_eq(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static uint64_t rd_be(struct reader *r, size_t n)
{
    struct span s = rd_span(r, n);
    uint64_t v = 0;
    /*@ loop invariant 0 <= i <= s.n && v == be(s.p, i) && v < cap(i);
        loop assigns i, v;
        loop variant s.n - i; */
    for (size_t i = 0; i < s.n; i++)
        v = v * 256 + s.p[i];
    return v;
}

uint8_t rd_u8(struct reader *r)
{
    return (uint8_t)rd_be(r, 1);
}

uint16_t rd_u16(struct reader *r)
{
    return (uint16_t)rd_be(r, 2);
}

uint32_t rd_u24(struct reader *r)
{
    return (uint32_t)rd_be(r, 3);
}

uint32_t rd_u32(struct reader *r)
{
    return (uint32_t)rd_be(r, 4);
}

uint64_t rd_u40(struct reader *r)
{
    return rd_be(r, 5);
}

uint64_t rd_u64(struct reader *r)
{
    return rd_be(r, 8);
}

struct span rd_span(struct reader *r, size_t n)
{
    if (r->failed || n > rd_left(r)) {
        r->failed = true;
        return (struct span){NULL, 0};
    }
    struct span s = {r->p, n};
    if (n)
        r->p += n;
    return s;
}

void rd_copy(struct reader *r, void *dst, size_t n)
{
    struct span s = rd_span(r, n);
    if (n == 0)
        return;
    if (s.n == n)
        memcpy(dst, s.p, n);
    else
        memset(dst, 0, n);
}

struct span rd_rest(struct reader *r)
{
    return rd_span(r, rd_left(r));
}

/* The next n bytes of the buffer, or NULL once they do not fit. */
static uint8_t *wr_take(struct writer *w, size_t n)
{
    if (w->failed || n > w->cap - w->len) {
        w->failed = true;
        return NULL;
    }
    uint8_t *at = n ? w->p + w->len : w->p;
    w->len += n;
    return at;
}

static void wr_be(struct writer *w, uint64_t v, size_t n)
{
    uint8_t *at = wr_take(w, n);
    /*@ loop invariant 0 <= i <= n && v == high(\at(v, Pre), n - i);
        loop invariant \forall integer k; i <= k < n ==> at[k] == octet(\at(v, Pre), n - 1 - k);
        loop assigns i, v, at[0 .. n - 1];
        loop variant i; */
    for (size_t i = n; at && i > 0; i--) {
        at[i - 1] = (uint8_t)(v % 256);
        v /= 256;
    }
}

void wr_u8(struct writer *w, uint8_t v)
{
    wr_be(w, v, 1);
}

void wr_u16(struct writer *w, uint16_t v)
{
    wr_be(w, v, 2);
}

void wr_u24(struct writer *w, uint32_t v)
{
    if (v > 0xFFFFFF)
        w->failed = true;
    wr_be(w, v, 3);
}

void wr_u32(struct writer *w, uint32_t v)
{
    wr_be(w, v, 4);
}

void wr_u40(struct writer *w, uint64_t v)
{
    if (v > 0xFFFFFFFFFFU)
        w->failed = true;
    wr_be(w, v, 5);
}

void wr_u64(struct writer *w, uint64_t v)
{
    wr_be(w, v, 8);
}

void wr_bytes(struct writer *w, const void *p, size_t n)
{
    uint8_t *at = wr_take(w, n);
    if (at && n)
        memcpy(at, p, n);
}

void wr_span(struct writer *w, struct span s)
{
    wr_bytes(w, s.p, s.n);
}

void wr_fill(struct writer *w, uint8_t v, size_t n)
{
    uint8_t *at = wr_take(w, n);
    if (at && n)
        memset(at, v, n);
}

void wr_str(struct writer *w, const char *s)
{
    wr_bytes(w, s, strlen(s));
}
