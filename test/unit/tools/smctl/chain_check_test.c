/* SPDX-License-Identifier: Apache-2.0 */
/* The log recomputed (design 3.2): a whole one passes, any flip anywhere is found. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/journal/chain.h"
#include "tools/smctl/chain_check.h"

#include <stdio.h>

#define N 24u

static struct crypto *crypto;

struct log {
    struct admin_record r[N];
    uint8_t salt[N][16], body[N][40];
    char type[N][32];
};

/* Two streams, interleaved; the body of one record is erased. */
static void make(struct log *l)
{
    uint8_t last[2][32] = {{0}, {0}};
    uint64_t seq[2] = {0, 0};

    memset(l, 0, sizeof *l);
    for (unsigned i = 0; i < N; i++) {
        struct admin_record *r = &l->r[i];
        struct journal_record j = {.lsn = i + 1,
                                   .epoch = 1 + i / 8,
                                   .stream = i % 3 == 1 ? 7 : 0,
                                   .at_ms = 1700000000000 + i,
                                   .class_ = CLASS_OTA};
        unsigned s = j.stream == 7;
        uint8_t leaf[32];
        j.seq = ++seq[s];
        (void)snprintf(l->type[i], sizeof l->type[i], "operation.answered");
        memcpy(j.type, l->type[i], sizeof j.type);
        j.op.b[0] = (uint8_t)i;
        j.eid.b[1] = (uint8_t)i;
        memset(l->salt[i], (int)i + 1, 16);
        memset(l->body[i], (int)i, i);
        *r = (struct admin_record){.lsn = j.lsn,
                                   .epoch = j.epoch,
                                   .stream = j.stream,
                                   .seq = j.seq,
                                   .at_ms = j.at_ms,
                                   .type = span_str(l->type[i]),
                                   .class = CLASS_OTA,
                                   .op = j.op,
                                   .eid = j.eid,
                                   .salt = span_of(l->salt[i], 16),
                                   .body = span_of(l->body[i], i)};
        chain_body_hash(crypto, l->salt[i], r->body, r->body_hash);
        chain_leaf(crypto, &j, r->body_hash, leaf);
        chain_link(crypto, last[s], leaf, last[s]);
        memcpy(r->hash, last[s], 32);
    }
    l->r[11].salt = l->r[11].body = (struct span){NULL, 0};
}

static int check(const struct log *l, unsigned n, struct errmsg *why)
{
    struct chain_check *k = chain_check_new(crypto);
    int err = ERR_OK;

    why->text[0] = '\0';
    for (unsigned i = 0; i < n && !err; i++)
        err = chain_check_record(k, &l->r[i], why);
    chain_check_free(k);
    return err;
}

static void a_whole_log(void **state)
{
    struct chain_check *k = chain_check_new(crypto);
    struct admin_head h = {.stream = 7};
    struct errmsg why;
    struct log l;

    (void)state;
    make(&l);
    h.seq = l.r[N - 2].stream == 7 ? l.r[N - 2].seq : l.r[N - 1].seq;
    for (unsigned i = 0; i < N; i++)
        if (l.r[i].stream == 7 && l.r[i].seq == h.seq)
            memcpy(h.hash, l.r[i].hash, 32);
    assert_int_equal(chain_check_head(k, &h, "now", &why), ERR_OK);
    assert_int_equal(chain_check_missing(k, &why), ERR_AGAIN);
    for (unsigned i = 0; i < N; i++)
        assert_int_equal(chain_check_record(k, &l.r[i], &why), ERR_OK);
    assert_int_equal(chain_check_missing(k, &why), ERR_OK);
    assert_int_equal(chain_check_head(k, &h, "again", &why),
                     ERR_OK); /* of the record just passed */
    assert_int_equal(chain_check_sum(k).records, N);
    assert_int_equal(chain_check_sum(k).erased, 1);
    assert_int_equal(chain_check_sum(k).streams, 2);
    assert_int_equal(chain_check_sum(k).last_lsn, N);
    chain_check_free(k);
    chain_check_free(NULL);
}

static void every_flip_is_found(void **state)
{
    struct errmsg why;
    struct log l;

    (void)state;
    for (unsigned i = 0; i < N; i++) {
        for (unsigned what = 0; what < 12; what++) {
            struct admin_record *r = &l.r[i];
            make(&l);
            if ((what == 9 && i == 0) || (i == 11 && (what == 8 || what == 9)))
                continue; /* nothing there to flip */
            switch (what) {
            case 0:
                r->lsn += N;
                break;
            case 1:
                r->epoch ^= 1;
                break;
            case 2:
                r->stream ^= 1;
                break;
            case 3:
                r->seq ^= 1;
                break;
            case 4:
                r->at_ms ^= 1;
                break;
            case 5:
                l.type[i][3] ^= 1;
                break;
            case 6:
                r->class = CLASS_SEC;
                break;
            case 7:
                r->op.b[15] ^= 0x80;
                break;
            case 8:
                l.salt[i][15] ^= 1;
                break;
            case 9:
                l.body[i][0] ^= 1;
                break;
            case 10:
                r->body_hash[31] ^= 1;
                break;
            default:
                r->eid.b[0] ^= 1;
                break;
            }
            assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
            assert_true(why.text[0] != '\0');
        }
        make(&l);
        l.r[i].hash[i] ^= 1;
        assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
        assert_non_null(strstr(why.text, "does not follow"));
    }
}

static void gaps_repeats_and_order(void **state)
{
    struct errmsg why;
    struct log l;

    (void)state;
    for (unsigned i = 0; i + 1 < N; i++) { /* one left out, in the middle or in front */
        make(&l);
        memmove(&l.r[i], &l.r[i + 1], (N - i - 1) * sizeof l.r[0]);
        unsigned left = N - 1, later = 0;
        for (unsigned k = i; k < left; k++)
            later += l.r[k].stream == (i % 3 == 1 ? 7 : 0);
        assert_int_equal(check(&l, left, &why), later ? ERR_CORRUPT : ERR_OK);
    }
    make(&l);
    l.r[5] = l.r[4];
    assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
    make(&l);
    l.r[9].salt = (struct span){NULL, 0};
    assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
    assert_non_null(strstr(why.text, "salt"));
    make(&l);
    l.r[9].salt.n = 15;
    assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
    make(&l);
    l.r[9].type = span_str("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"); /* 32 */
    assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
    make(&l);
    l.r[9].type = (struct span){NULL, 0};
    assert_int_equal(check(&l, N, &why), ERR_CORRUPT);
}

static void heads_show_a_cut_tail(void **state)
{
    struct chain_check *k = chain_check_new(crypto);
    struct admin_head h = {.stream = 0}, other;
    struct errmsg why;
    struct log l;

    (void)state;
    make(&l);
    h.seq = l.r[N - 1].stream == 0 ? l.r[N - 1].seq : l.r[N - 2].seq;
    memcpy(h.hash, (l.r[N - 1].stream == 0 ? l.r[N - 1] : l.r[N - 2]).hash, 32);
    assert_int_equal(chain_check_head(k, &h, "kept", &why), ERR_OK);
    other = h;
    other.hash[0] ^= 1;
    assert_int_equal(chain_check_head(k, &other, "as told", &why),
                     ERR_CORRUPT); /* they contradict */
    for (unsigned i = 0; i < N / 2; i++)
        assert_int_equal(chain_check_record(k, &l.r[i], &why), ERR_OK);
    assert_int_equal(chain_check_missing(k, &why), ERR_AGAIN);
    assert_non_null(strstr(why.text, "cut"));
    assert_non_null(strstr(why.text, "kept"));
    other = (struct admin_head){.stream = 0, .seq = 1};
    assert_int_equal(chain_check_head(k, &other, "late", &why), ERR_INVAL);
    other.seq = 0; /* of a stream without records */
    assert_int_equal(chain_check_head(k, &other, "none", &why), ERR_OK);
    chain_check_free(k);
    /* A history written anew has whole hashes of its own: only the head tells. */
    k = chain_check_new(crypto);
    h.hash[31] ^= 1;
    assert_int_equal(chain_check_head(k, &h, "kept", &why), ERR_OK);
    int err = ERR_OK;
    for (unsigned i = 0; i < N && !err; i++)
        err = chain_check_record(k, &l.r[i], &why);
    assert_int_equal(err, ERR_CORRUPT);
    assert_non_null(strstr(why.text, "changed since"));
    chain_check_free(k);
}

struct seen {
    struct admin_head h[8];
    unsigned n;
};

static int keep(void *ctx, const struct admin_head *h, struct errmsg *why)
{
    struct seen *s = ctx;

    if (s->n == 8)
        return errmsg_set(why, ERR_FULL, "full");
    s->h[s->n++] = *h;
    return ERR_OK;
}

#define HASH_A "0000000000000000000000000000000000000000000000000000000000000001"

static void the_file_of_heads(void **state)
{
    static const char *const WRONG[] = {
        "0 1\n",
        "0 1 00\n",
        "x 1 " HASH_A,
        "0 1 " HASH_A " x",
        "4294967296 1 " HASH_A,
        "0 9223372036854775808 " HASH_A,
        "-1 1 " HASH_A,
        "0 1 " HASH_A "00",
        "0  \n",
        "0 1 G000000000000000000000000000000000000000000000000000000000000001",
    };
    struct errmsg why;
    struct seen s = {.n = 0};

    (void)state;
    assert_int_equal(
        heads_parse(span_str("# heads\n\n0 12 " HASH_A "\n4294967295 1 " HASH_A), keep, &s, &why),
        ERR_OK);
    assert_int_equal(s.n, 2);
    assert_int_equal(s.h[0].seq, 12);
    assert_int_equal(s.h[0].hash[31], 1);
    assert_true(s.h[1].stream == UINT32_MAX);
    for (size_t i = 0; i < sizeof WRONG / sizeof *WRONG; i++) {
        assert_int_equal(heads_parse(span_str(WRONG[i]), keep, &s, &why), ERR_FORMAT);
        assert_non_null(strstr(why.text, "line 1"));
    }
    s.n = 8;
    assert_int_equal(heads_parse(span_str("0 1 " HASH_A), keep, &s, &why), ERR_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_log),
        cmocka_unit_test(every_flip_is_found),
        cmocka_unit_test(gaps_repeats_and_order),
        cmocka_unit_test(heads_show_a_cut_tail),
        cmocka_unit_test(the_file_of_heads),
    };
    crypto = crypto_new(NULL);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    crypto_free(crypto);
    return failed;
}
