/* SPDX-License-Identifier: Apache-2.0 */
/* Views on bytes and the only two byte cursors of the house: a bounded reader and a bounded writer,
 * both with a sticky failure, so a parser checks once at its end. All integers are big-endian. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed view. {NULL, 0} is the absent value; an empty present value has p != NULL. */
struct span {
    const uint8_t *p;
    size_t n;
};

/* Of no memory: the empty span. */
static inline struct span span_of(const void *p, size_t n)
{
    return (struct span){(const uint8_t *)p, p ? n : 0};
}

static inline struct span span_str(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

bool span_eq(struct span a, struct span b); /* not constant time: never for secrets or MACs */

/* FNV-1a from h on, first SPREAD_BEGIN: spreads what is alike, and proves nothing. */
#define SPREAD_BEGIN 2166136261u
static inline uint32_t span_spread(uint32_t h, struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ s.p[i]) * 16777619u;
    return h;
}

/* --- reader: every rd_ call after a failure returns zeros and leaves the failure standing --- */
struct reader {
    const uint8_t *p;
    const uint8_t *end;
    bool failed;
};

static inline struct reader rd_init(struct span s)
{
    return (struct reader){s.p, s.p ? s.p + s.n : s.p, false};
}

static inline size_t rd_left(const struct reader *r)
{
    return r->failed ? 0 : (size_t)(r->end - r->p);
}

uint8_t rd_u8(struct reader *r);
uint16_t rd_u16(struct reader *r);
uint32_t rd_u24(struct reader *r);
uint32_t rd_u32(struct reader *r);
uint64_t rd_u40(struct reader *r);
uint64_t rd_u64(struct reader *r);
struct span rd_span(struct reader *r, size_t n);       /* a view of the next n bytes */
void rd_copy(struct reader *r, void *dst, size_t n);   /* dst is zeroed on failure */
struct span rd_rest(struct reader *r);                 /* everything left, may be empty */
static inline void rd_fail(struct reader *r)
{
    r->failed = true;
}
static inline bool rd_done(const struct reader *r)     /* all consumed and nothing failed */
{
    return !r->failed && r->p == r->end;
}

/* --- writer over the caller's buffer: an overflow is sticky and writes nothing more --- */
struct writer {
    uint8_t *p;
    size_t cap;
    size_t len;
    bool failed;
};

/* Over no memory: nothing fits. */
static inline struct writer wr_init(void *buf, size_t cap)
{
    return (struct writer){(uint8_t *)buf, buf ? cap : 0, 0, false};
}

void wr_u8(struct writer *w, uint8_t v);
void wr_u16(struct writer *w, uint16_t v);
void wr_u24(struct writer *w, uint32_t v);
void wr_u32(struct writer *w, uint32_t v);
void wr_u40(struct writer *w, uint64_t v);
void wr_u64(struct writer *w, uint64_t v);
void wr_bytes(struct writer *w, const void *p, size_t n);
void wr_span(struct writer *w, struct span s);
void wr_fill(struct writer *w, uint8_t v, size_t n);
void wr_str(struct writer *w, const char *s);          /* without the NUL */
static inline struct span wr_view(const struct writer *w)
{
    return w->failed ? (struct span){NULL, 0} : (struct span){w->p, w->len};
}
