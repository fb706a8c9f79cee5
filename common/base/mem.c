/* SPDX-License-Identifier: Apache-2.0 */
/* Wiping, checked sizes, the arena of one turn and the bounded growing buffer (design law 10). */
#include "common/base/mem.h"

#include <stdalign.h>
#include <stdlib.h>

#define ARENA_BLOCK_MIN 4096
#define BUF_MAX_DEFAULT ((size_t)16 << 20)
#define BUF_CAP_MIN 64

void mem_wipe(void *p, size_t n)
{
    if (n)
        explicit_bzero(p, n);
}

bool mem_eq_ct(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t diff = 0;
    for (size_t i = 0; i < n; i++)
        diff = (uint8_t)(diff | (x[i] ^ y[i]));
    return diff == 0;
}

int mem_add(size_t a, size_t b, size_t *ret_sum)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return ERR_TOO_LARGE;
    *ret_sum = sum;
    return ERR_OK;
}

int mem_mul(size_t a, size_t b, size_t *ret_product)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return ERR_TOO_LARGE;
    *ret_product = product;
    return ERR_OK;
}

struct arena_block {
    struct arena_block *older;
    size_t cap;
    size_t len;
    alignas(max_align_t) uint8_t data[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

static struct arena_block *arena_block_new(size_t need)
{
    size_t cap = need > ARENA_BLOCK_MIN ? need : ARENA_BLOCK_MIN;
    size_t total;
    if (mem_add(sizeof(struct arena_block), cap, &total))
        return NULL;
    struct arena_block *block = malloc(total);
    if (block)
        *block = (struct arena_block){.cap = cap};
    return block;
}

static void *arena_take(struct arena *a, size_t n)
{
    const size_t align = alignof(max_align_t);
    size_t size;
    if (mem_add(n ? n : 1, align - 1, &size))
        return NULL;
    size -= size % align;
    if (a->max && (a->used > a->max || n > a->max - a->used))
        return NULL;
    if (!a->head || size > a->head->cap - a->head->len) {
        struct arena_block *block = arena_block_new(size);
        if (!block)
            return NULL;
        block->older = a->head;
        a->head = block;
    }
    uint8_t *p = a->head->data + a->head->len;
    a->head->len += size;
    a->used += n;
    memset(p, 0, size);
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_take(a, n);

    a->failed = a->failed || !p;
    return p;
}

void *arena_dup(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n);
    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}

char *arena_str(struct arena *a, struct span s)
{
    size_t n;
    if (mem_add(s.n, 1, &n))
        return NULL;
    char *copy = arena_alloc(a, n);
    if (copy && s.n)
        memcpy(copy, s.p, s.n);
    return copy;
}

void arena_reset(struct arena *a)
{
    while (a->head && a->head->older) {
        struct arena_block *older = a->head->older;
        free(a->head);
        a->head = older;
    }
    if (a->head)
        a->head->len = 0;
    a->used = 0;
}

void arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->head; b; b = b->older)
        mem_wipe(b->data, b->len);
    arena_reset(a);
}

void arena_fini(struct arena *a)
{
    arena_reset(a);
    free(a->head);
    a->head = NULL;
}

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max ? max : BUF_MAX_DEFAULT};
}

/* The old block is wiped before it is given back, as a buffer may carry key material. */
static bool buf_reserve(struct buf *b, size_t need)
{
    if (need <= b->cap)
        return true;
    size_t cap = b->cap > b->max / 2 ? b->max : 2 * b->cap;
    if (cap < BUF_CAP_MIN)
        cap = BUF_CAP_MIN;
    if (cap < need)
        cap = need;
    uint8_t *p = malloc(cap);
    if (!p)
        return false;
    if (b->n)
        memcpy(p, b->p, b->n);
    mem_wipe(b->p, b->cap); /* what was drained too */
    free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

uint8_t *buf_grow(struct buf *b, size_t n)
{
    if (b->failed || n > b->max - b->n || !buf_reserve(b, b->n + (n ? n : 1))) {
        b->failed = true;
        return NULL;
    }
    uint8_t *at = b->p + b->n;
    b->n += n;
    return at;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
    uint8_t *at = buf_grow(b, n);
    if (at && n)
        memcpy(at, p, n);
}

void buf_add_span(struct buf *b, struct span s)
{
    buf_add(b, s.p, s.n);
}

void buf_drain(struct buf *b, size_t n)
{
    if (n > b->n) {
        b->failed = true;
        return;
    }
    if (n == 0)
        return;
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_wipe(struct buf *b)
{
    mem_wipe(b->p, b->cap);
    buf_reset(b);
}

void buf_fini(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}
