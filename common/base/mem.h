/* SPDX-License-Identifier: Apache-2.0 */
/* Memory helpers: secure wipe, an arena for one turn, a capped growing buffer, checked sizes. */
#pragma once

#include "common/base/bytes.h"
#include "common/base/err.h"

void mem_wipe(void *p, size_t n);                                  /* not optimised away */
bool mem_eq_ct(const void *a, const void *b, size_t n);            /* constant time, for MACs */
MUST_CHECK int mem_add(size_t a, size_t b, size_t *ret_sum);       /* ERR_TOO_LARGE on overflow */
MUST_CHECK int mem_mul(size_t a, size_t b, size_t *ret_product);

/* Arena: allocations live until arena_reset; freed as a whole. Blocks are zeroed. At most max bytes
 * are handed out between resets (0 = no limit); beyond it arena_alloc returns NULL. */
struct arena_block;
struct arena {
    struct arena_block *head;
    size_t used;
    size_t max;
    bool failed;                   /* something was not given; whoever builds on it looks and clears */
};
void arena_init(struct arena *a, size_t max);
void *arena_alloc(struct arena *a, size_t n);
void *arena_dup(struct arena *a, const void *p, size_t n);
char *arena_str(struct arena *a, struct span s);                   /* NUL-terminated copy */
void arena_reset(struct arena *a);                                 /* keeps the first block */
void arena_wipe(struct arena *a);                                  /* the same, octets wiped */
void arena_fini(struct arena *a);

/* Growing byte buffer, at most max bytes (0 = 16 MiB). Failure is sticky until buf_reset. */
struct buf {
    uint8_t *p;
    size_t n;
    size_t cap;
    size_t max;
    bool failed;
};
void buf_init(struct buf *b, size_t max);
uint8_t *buf_grow(struct buf *b, size_t n);                        /* n more bytes, or NULL */
void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_span(struct buf *b, struct span s);
void buf_drain(struct buf *b, size_t n);                           /* the first n; more than n fails */
void buf_reset(struct buf *b);                                     /* empty, memory kept */
void buf_wipe(struct buf *b);                                      /* wipe content, then empty */
void buf_fini(struct buf *b);
static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->p, b->n};
}
