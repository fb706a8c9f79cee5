/* SPDX-License-Identifier: Apache-2.0 */
/* Blobs of orders: what goes in comes out, whatever is cut or foreign is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "smdp/store/store.h"
#include "test/support/fake.h"

static void digits(struct rng *r, char *dst, size_t most)
{
    size_t n = rng_below(r, most);

    for (size_t i = 0; i < n; i++)
        dst[i] = (char)('0' + rng_below(r, 10));
    dst[n] = '\0';
}

static void random_order(struct rng *r, struct order *o)
{
    memset(o, 0, sizeof *o);
    rng_fill(r, o->id.b, 16);
    rng_fill(r, o->eid.b, 16);
    o->function = FN_DOWNLOAD_PROFILE;
    digits(r, o->party.s, sizeof o->party.s - 1);
    digits(r, o->mno.s, sizeof o->mno.s - 1);
    digits(r, o->smsr.s, sizeof o->smsr.s - 1);
    digits(r, o->fcid, sizeof o->fcid - 1);
    digits(r, o->correlation_id, sizeof o->correlation_id - 1);
    digits(r, o->iccid.s, sizeof o->iccid.s - 1);
    digits(r, o->profile_type, sizeof o->profile_type - 1);
    o->enable = rng_below(r, 2);
    o->accepted_ms = (int64_t)rng_u64(r);
    o->validity_end_ms = -1;
    o->validity_s = (uint32_t)rng_u64(r);
    digits(r, o->imsi.s, sizeof o->imsi.s - 1);
    digits(r, o->msisdn.s, sizeof o->msisdn.s - 1);
    o->pol2 = (uint32_t)rng_u64(r);
    o->n_iccids = (unsigned)rng_below(r, EVENT_PROFILES_MAX + 1);
    for (unsigned i = 0; i < o->n_iccids; i++)
        digits(r, o->iccids[i].s, sizeof o->iccids[i].s - 1);
    o->state = (unsigned)rng_below(r, ORDER_STATES);
    o->due_ms = (int64_t)rng_below(r, 1000000);
    o->attempt = (uint32_t)rng_below(r, 4);
    o->step = (uint32_t)rng_u64(r);
    o->calling = rng_below(r, 2);
    o->tries = (uint32_t)rng_u64(r);
    o->aid.n = 16;
    rng_fill(r, o->aid.b, 16);
    o->memory_required = (uint32_t)rng_u64(r);
    o->batch = (uint32_t)rng_u64(r);
    o->has_card_key = rng_below(r, 2);
    o->curve = (uint8_t)rng_below(r, 256);
    rng_fill(r, o->card_point, sizeof o->card_point);
    o->rc_len = (uint8_t)rng_below(r, ORDER_RC_MAX + 1);
    rng_fill(r, o->rc, sizeof o->rc);
    rng_fill(r, o->own_point, sizeof o->own_point);
    rng_fill(r, o->signature, sizeof o->signature);
    o->installed = rng_below(r, 2);
    o->fail_stage = STAGE_CARD;
    digits(r, o->fail_text, sizeof o->fail_text - 1);
    digits(r, o->text, sizeof o->text - 1);
    o->verdict = VERDICT_IN_DOUBT;
    o->status = EXEC_EXPIRED;
    memcpy(o->code.subject, "8.2.1", 6);
    o->concluded_ms = 77;
}

static void orders_come_back(void **state)
{
    uint8_t a[DP_ORDER_BLOB_MAX], b[DP_ORDER_BLOB_MAX];
    struct order o, *got;
    struct rng r;

    (void)state;
    fake_rng_init(&r, 5);
    for (unsigned n = 0; n < 300; n++) {
        struct writer w = wr_init(a, sizeof a), w2 = wr_init(b, sizeof b);
        random_order(&r, &o);
        assert_int_equal(dp_order_pack(&o, &w), 0);
        assert_int_equal(dp_order_unpack(wr_view(&w), &got), 0);
        assert_memory_equal(&o, got, sizeof o);
        assert_int_equal(dp_order_pack(got, &w2), 0);
        assert_true(span_eq(wr_view(&w), wr_view(&w2)));
        free(got);
    }
}

static void damaged_orders(void **state)
{
    uint8_t a[DP_ORDER_BLOB_MAX];
    struct writer w = wr_init(a, sizeof a - 1);
    struct order o, *got;
    struct rng r;

    (void)state;
    fake_rng_init(&r, 6);
    random_order(&r, &o);
    assert_int_equal(dp_order_pack(&o, &w), 0);
    for (size_t n = 0; n < w.len; n++) {
        assert_int_equal(dp_order_unpack(span_of(a, n), &got), ERR_CORRUPT);
        assert_null(got);
    }
    assert_int_equal(dp_order_unpack(span_of(a, w.len + 1), &got), ERR_CORRUPT);
    a[0] = 1; /* of a version before */
    assert_int_equal(dp_order_unpack(wr_view(&w), &got), ERR_SCHEMA);
    /* Noise never does more than fail. */
    for (unsigned n = 0; n < 2000; n++) {
        a[0] = 2;
        a[1 + rng_below(&r, w.len - 1)] ^= (uint8_t)(1u << rng_below(&r, 8));
        if (dp_order_unpack(wr_view(&w), &got) == 0)
            free(got);
    }
    w = wr_init(a, 100);
    assert_int_equal(dp_order_pack(&o, &w), ERR_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_come_back),
        cmocka_unit_test(damaged_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
