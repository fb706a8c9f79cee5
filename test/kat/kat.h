/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers of the known-answer programs: records by block, handles and comparisons. */
#pragma once

#include "common/crypto/crypto.h"
#include "test/support/vec.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static inline bool kat_is(const struct vec *v, const char *block)
{
    return strcmp(vec_text(v, "block"), block) == 0;
}

/* The next record of this block; false at the end of the file. */
static inline bool kat_next(struct vec *v, const char *block)
{
    while (vec_next(v))
        if (kat_is(v, block))
            return true;
    return false;
}

static inline struct key *kat_key(enum key_type type, struct span bytes)
{
    struct key *k = NULL;

    assert_int_equal(key_new(type, bytes, &k), 0);
    return k;
}

static inline uint64_t kat_num(struct span s)
{
    uint64_t n = 0;

    assert_in_range(s.n, 1, 8);
    for (size_t i = 0; i < s.n; i++)
        n = n << 8 | s.p[i];
    return n;
}

static inline void kat_same(struct span got, struct span want)
{
    assert_int_equal(got.n, want.n);
    if (want.n)
        assert_memory_equal(got.p, want.p, want.n);
}

static inline void kat_key_is(const struct key *k, struct span want)
{
    uint8_t raw[64];
    size_t n;

    assert_non_null(k);
    assert_int_equal(key_export_raw(k, raw, sizeof raw, &n), 0);
    kat_same(span_of(raw, n), want);
}

static inline int kat_crypto(void **state)
{
    *state = crypto_new(NULL);
    return *state ? 0 : -1;
}

static inline int kat_crypto_end(void **state)
{
    crypto_free(*state);
    return 0;
}
