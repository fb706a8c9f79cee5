/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "smsr/store/euicc_blob.h"
#include "test/support/fake.h"

/* A card of random content; a field the codec forgets makes the two structs differ below. */
static void digits(struct rng *r, char *dst, size_t min, size_t max)
{
    size_t n = min + rng_below(r, max - min + 1);

    for (size_t i = 0; i < n; i++)
        dst[i] = (char)('0' + rng_below(r, 10));
    dst[n] = 0;
}

static void random_aid(struct rng *r, struct aid *a)
{
    a->n = (uint8_t)(rng_below(r, 2) ? 0 : 5 + rng_below(r, 12));
    for (unsigned i = 0; i < a->n; i++)
        a->b[i] = (uint8_t)rng_below(r, 256);
}

static void random_profile(struct rng *r, struct euicc_profile *p)
{
    random_aid(r, &p->aid);
    digits(r, p->iccid.s, 18, 20);
    digits(r, p->mno.s, 0, 63);
    digits(r, p->smdp.s, 0, 63);
    digits(r, p->profile_type, 0, sizeof p->profile_type - 1);
    p->state = (enum profile_state)rng_below(r, PROFILE_ENABLED + 1);
    p->fallback = rng_below(r, 2);
    p->emergency = rng_below(r, 2);
    p->test = rng_below(r, 2);
    p->pol2 = (uint8_t)rng_below(r, 256);
    digits(r, p->imsi.s, 0, 15);
    digits(r, p->msisdn.s, 0, 16);
    p->memory_required = (uint32_t)rng_u64(r);
}

static void random_op(struct rng *r, struct operation *o)
{
    rng_fill(r, o->id.b, sizeof o->id.b);
    o->function = (enum function)rng_below(r, FN_COUNT);
    o->iface = (enum interface)rng_below(r, IF_ADMIN + 1);
    digits(r, o->party.s, 0, 63);
    o->role = (enum party_role)rng_below(r, ROLE_AUDITOR + 1);
    digits(r, o->mno.s, 0, 63);
    digits(r, o->fcid, 0, sizeof o->fcid - 1);
    digits(r, o->correlation_id, 0, sizeof o->correlation_id - 1);
    rng_fill(r, o->digest, sizeof o->digest);
    digits(r, o->iccid.s, 0, 20);
    random_aid(r, &o->aid);
    digits(r, o->previous.s, 0, 20);
    random_aid(r, &o->previous_aid);
    o->accepted_ms = (int64_t)rng_u64(r);
    o->validity_end_ms = (int64_t)rng_u64(r);
    o->once_ms = (int64_t)rng_u64(r);
    o->next_contact = rng_below(r, 2);
    o->state = (unsigned)rng_below(r, 32);
    o->due_ms = (int64_t)rng_u64(r);
    o->attempt = (uint32_t)rng_u64(r);
    o->armed = rng_below(r, 2);
    o->answered = rng_below(r, 2);
    o->in_doubt = rng_below(r, 2);
    o->bearer = (enum bearer)rng_below(r, BEARER_CATTP + 1);
    o->asked = (enum bearer)rng_below(r, BEARER_CATTP + 1);
    o->kvn = (uint8_t)rng_below(r, 256);
    o->counter = rng_u64(r);
    o->fences = (uint32_t)rng_u64(r);
    o->asked_again = rng_below(r, 2);
    o->window_end_ms = (int64_t)rng_u64(r);
    o->armed_ms = (int64_t)rng_u64(r);
    o->notif_sequence = (uint16_t)rng_u64(r);
    o->notif_seen = rng_below(r, 2);
    o->ran = rng_below(r, 2);
    o->stray = rng_below(r, 2);
    o->notif_kind = (uint8_t)rng_below(r, 256);
    o->more_to_do = rng_below(r, 2);
    o->memory_required = (uint32_t)rng_u64(r);
    rng_fill(r, o->session.b, sizeof o->session.b);
    o->step = (uint32_t)rng_u64(r);
    o->step_open = rng_below(r, 2);
    o->data_done = (uint32_t)rng_u64(r);
}

static void random_card(struct rng *r, struct euicc *e)
{
    rng_fill(r, e->eid.b, sizeof e->eid.b);
    e->tenant = (uint32_t)rng_u64(r);
    e->eis_lsn = rng_u64(r);
    digits(r, e->eum.s, 0, 63);
    digits(r, e->rp_version, 0, sizeof e->rp_version - 1);
    digits(r, e->platform, 0, sizeof e->platform - 1);
    random_aid(r, &e->isd_p_load_file);
    random_aid(r, &e->isd_p_module);
    e->http = rng_below(r, 2);
    e->cattp = rng_below(r, 2);
    e->memory_free = (uint32_t)rng_u64(r);
    e->memory_available = (uint32_t)rng_u64(r);
    e->last_audit_ms = (int64_t)rng_u64(r);
    e->scp80_kvn = (uint8_t)rng_below(r, 256);
    e->counter_high = rng_u64(r);
    e->psk_kvn = (uint8_t)rng_below(r, 256);
    e->psk_kid = (uint8_t)rng_below(r, 256);
    e->n_spare = (unsigned)rng_below(r, EUICC_SPARE_MAX + 1);
    for (unsigned i = 0; i < e->n_spare; i++)
        e->spare[i] = (struct euicc_keyset){(uint8_t)rng_below(r, 256), rng_u64(r)};
    e->psk_spare = (uint8_t)rng_below(r, 256);
    e->psk_named = rng_below(r, 2);
    e->has_notif = rng_below(r, 2);
    e->unheard = rng_below(r, 2);
    e->notif_sequence = (uint16_t)rng_u64(r);
    e->reach.seen_ms = (int64_t)rng_u64(r);
    e->reach.woke_ms = (int64_t)rng_u64(r);
    e->reach.period_ms = (int64_t)rng_u64(r);
    e->reach.window_ms = (int64_t)rng_u64(r);
    e->reach.proofs = (uint8_t)rng_below(r, 256);
    digits(r, e->imei, 0, sizeof e->imei - 1);
    e->life = (enum card_state)rng_below(r, CARD_STATE_COUNT);
    e->registered_ms = (int64_t)rng_u64(r);
    e->has_batch = rng_below(r, 2);
    if (e->has_batch)
        rng_fill(r, e->batch, sizeof e->batch);
    e->audit_lsn = rng_u64(r);
    e->profiles_lsn = rng_u64(r);
    for (unsigned i = 0; i < 10; i++)
        e->effect_ms[i] = (int64_t)rng_u64(r);
    e->effect_at = (unsigned)rng_below(r, 10);
    e->rollback_ms[0] = (int64_t)rng_u64(r);
    e->rollback_ms[1] = (int64_t)rng_u64(r);
    for (unsigned i = BEARER_SMS; i <= BEARER_CATTP; i++) {
        e->heard[i].misses = (uint8_t)rng_below(r, 256);
        e->heard[i].missed_ms = (int64_t)rng_u64(r);
    }
    e->next_step = (uint32_t)rng_u64(r);
    e->last_lsn = rng_u64(r);
    e->n_packets = (unsigned)rng_below(r, EUICC_PACKETS_MAX + 1);
    for (unsigned i = 0; i < e->n_packets; i++) {
        struct euicc_packet *p = &e->packets[i];
        p->kvn = (uint8_t)rng_below(r, 256);
        p->counter = rng_u64(r);
        p->purpose = (enum packet_purpose)rng_below(r, PURPOSE_TRIGGER + 1);
        rng_fill(r, p->op.b, sizeof p->op.b);
        p->lsn = rng_u64(r);
        p->first_sent_ms = (int64_t)rng_u64(r);
    }
}

static struct euicc *make(struct rng *r)
{
    struct euicc *e = calloc(1, sizeof *e);

    random_card(r, e);
    e->n_profiles = (unsigned)rng_below(r, EUICC_PROFILES_MAX + 1);
    e->profiles = calloc(EUICC_PROFILES_MAX, sizeof *e->profiles);
    for (unsigned i = 0; i < e->n_profiles; i++)
        random_profile(r, &e->profiles[i]);
    e->n_ops = (unsigned)rng_below(r, EUICC_OPS_MAX + 1);
    for (unsigned i = 0; i < e->n_ops; i++) {
        e->ops[i] = calloc(1, sizeof *e->ops[i]);
        random_op(r, e->ops[i]);
    }
    return e;
}

/* Field by field through memory: calloc zeroed the padding on both sides. */
static void assert_same(const struct euicc *a, const struct euicc *b)
{
    struct euicc x = *a, y = *b;

    assert_int_equal(a->n_profiles, b->n_profiles);
    for (unsigned i = 0; i < a->n_profiles; i++)
        assert_memory_equal(&a->profiles[i], &b->profiles[i], sizeof a->profiles[i]);
    assert_int_equal(a->n_ops, b->n_ops);
    for (unsigned i = 0; i < a->n_ops; i++)
        assert_memory_equal(a->ops[i], b->ops[i], sizeof *a->ops[i]);
    x.profiles = y.profiles = NULL;
    memset(x.ops, 0, sizeof x.ops);
    memset(y.ops, 0, sizeof y.ops);
    assert_memory_equal(&x, &y, sizeof x);
}

static uint8_t blob[EUICC_BLOB_MAX], again[EUICC_BLOB_MAX];

static void random_cards_come_back(void **state)
{
    struct rng r;

    (void)state;
    fake_rng_init(&r, 1);
    for (unsigned i = 0; i < 300; i++) {
        struct euicc *e = make(&r), *back = NULL;
        struct writer w = wr_init(blob, sizeof blob), v = wr_init(again, sizeof again);
        euicc_blob_put(&w, e);
        assert_false(w.failed);
        assert_int_equal(euicc_blob_get(wr_view(&w), &back), ERR_OK);
        assert_same(e, back);
        euicc_blob_put(&v, back);
        assert_int_equal(w.len, v.len);
        assert_memory_equal(blob, again, w.len);
        euicc_free(e);
        euicc_free(back);
    }
}

static void memory_only_parts_are_left_out(void **state)
{
    struct euicc e = {.n_ops = 1}, *back = NULL;
    struct operation op = {.data = blob, .data_len = 9};
    struct writer w = wr_init(again, sizeof again);

    (void)state;
    e.ops[0] = &op;
    e.n_packets = 1;
    e.packets[0].reported = 4;
    euicc_blob_put(&w, &e);
    assert_int_equal(euicc_blob_get(wr_view(&w), &back), ERR_OK);
    assert_null(back->ops[0]->data);
    assert_int_equal(back->ops[0]->data_len, 0);
    assert_int_equal(back->packets[0].reported, 0);
    euicc_free(back);
}

/* When one of these changes, the walk in euicc_blob.c must learn the new field (and the version
 * rise if a card may have been written before). */
static void the_codec_knows_these_structs(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct euicc_profile), 316);
    assert_int_equal(sizeof(struct euicc_packet), 64);
    assert_int_equal(sizeof(struct operation), 944);
    assert_int_equal(sizeof(struct euicc), 1072);
}

static void every_truncation_is_refused(void **state)
{
    struct rng r;
    struct writer w = wr_init(blob, sizeof blob);
    struct euicc *e, *back = NULL;

    (void)state;
    fake_rng_init(&r, 2);
    e = make(&r);
    euicc_blob_put(&w, e);
    for (size_t n = 0; n < w.len; n++) {
        uint8_t *exact = malloc(n ? n : 1);
        memcpy(exact, blob, n);
        assert_int_equal(euicc_blob_get(span_of(exact, n), &back), ERR_CORRUPT);
        free(exact);
    }
    wr_u8(&w, 0);
    assert_int_equal(euicc_blob_get(wr_view(&w), &back), ERR_CORRUPT); /* longer */
    euicc_free(e);
}

static void another_version_is_refused(void **state)
{
    struct euicc e = {.tenant = 1}, *back = NULL;
    struct writer w = wr_init(blob, sizeof blob);

    (void)state;
    euicc_blob_put(&w, &e);
    for (unsigned v = 0; v < 256; v++) {
        blob[0] = (uint8_t)v;
        if (v == EUICC_BLOB_VERSION)
            continue;
        assert_int_equal(euicc_blob_get(wr_view(&w), &back), ERR_UNSUPPORTED);
    }
}

static void damaged_octets_never_harm(void **state)
{
    struct rng r;
    struct writer w = wr_init(blob, sizeof blob);
    struct euicc *e;

    (void)state;
    fake_rng_init(&r, 3);
    e = make(&r);
    euicc_blob_put(&w, e);
    for (size_t i = 1; i < w.len; i++) {
        struct euicc *back = NULL;
        int err;
        blob[i] ^= 0xFF;
        err = euicc_blob_get(wr_view(&w), &back);
        assert_true(err == ERR_OK || err == ERR_CORRUPT);
        if (!err) {
            assert_true(back->n_profiles <= EUICC_PROFILES_MAX && back->n_ops <= EUICC_OPS_MAX);
            assert_true(back->effect_at < 10);
            euicc_free(back);
        }
        blob[i] ^= 0xFF;
    }
    euicc_free(e);
}

static void a_card_beyond_its_bounds_is_not_written(void **state)
{
    struct euicc e = {.effect_at = 10};
    struct writer w = wr_init(blob, sizeof blob);

    (void)state;
    euicc_blob_put(&w, &e);
    assert_true(w.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_cards_come_back),
        cmocka_unit_test(memory_only_parts_are_left_out),
        cmocka_unit_test(the_codec_knows_these_structs),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(damaged_octets_never_harm),
        cmocka_unit_test(a_card_beyond_its_bounds_is_not_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
