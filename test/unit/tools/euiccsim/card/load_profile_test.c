/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* SCP03t load: sessions, errors of each element, memory, packages that are none, power. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/script.h"
#include "test/support/card_rig.h"

struct load {
    struct rig *r;
    struct rig_keys keys;
    struct scp03_session s;
    struct buf package;
    uint16_t number;
};

static int setup(void **state)
{
    static struct load l;
    struct rig *r;

    if (rig_setup((void **)&r) != 0)
        return -1;
    l = (struct load){.r = r, .number = 0x13};
    buf_init(&l.package, 0);
    rig_package(0x13, 0x02, 3000, &l.package);
    assert_int_equal(rig_create(r, 0x13, 0), 0x9000);
    rig_personalise(r, 0x13, &l.keys);
    *state = &l;
    return 0;
}

static int teardown(void **state)
{
    struct load *l = *state;

    scp03_session_fini(&l->s);
    rig_keys_fini(&l->keys);
    buf_fini(&l->package);
    return rig_teardown((void **)&l->r);
}

/* One element to the ISD-P in a chained script; the raw answer element comes back. */
static struct span element(struct load *l, uint8_t how, struct span tlv)
{
    return rig_element(l->r, l->number, how, tlv);
}

static void error_is(struct span raw, uint8_t tag, uint8_t code)
{
    assert_int_equal(raw.n, 4);
    assert_int_equal(raw.p[0], 0x9F);
    assert_int_equal(raw.p[1], tag);
    assert_int_equal(raw.p[2], 1);
    assert_int_equal(raw.p[3], code);
}

static struct span initialize(struct load *l)
{
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof(room));

    assert_int_equal(scp03t_initialize(l->r->crypto, &l->s, 0x30, &w), 0);
    return element(l, 0x11, wr_view(&w));
}

static struct span authenticate(struct load *l, unsigned flip)
{
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof(room));

    assert_int_equal(scp03t_authenticate(l->r->crypto, &l->s, &w), 0);
    if (flip)
        room[flip] ^= 1;
    return element(l, 0x02, wr_view(&w));
}

static void open_session(struct load *l)
{
    struct span raw = initialize(l);

    assert_int_equal(scp03t_open(l->r->crypto, &l->s, &l->keys.scp03,
                                 &rig_isdp(l->r, l->number)->aid, raw), 0);
    raw = authenticate(l, 0);
    assert_int_equal(scp03t_authenticated(&l->s, raw), 0);
}

static struct span segment(struct load *l, size_t at, size_t n, unsigned flip)
{
    uint8_t room[1100];
    struct writer w = wr_init(room, sizeof(room));

    assert_int_equal(scp03t_segment(l->r->crypto, &l->s, span_of(l->package.p + at, n), &w), 0);
    if (flip)
        room[flip] ^= 1;
    return element(l, 0x02, wr_view(&w));
}

static uint8_t load(struct load *l)
{
    return rig_load(l->r, l->number, &l->keys, buf_span(&l->package));
}

static void installs(void **state)
{
    struct load *l = *state;
    uint32_t memory = card_memory_free(l->r->card);
    const struct card_isdp *p;
    const struct card_ledger_row *row;
    struct span package = buf_span(&l->package);
    uint8_t k[16], opc[16], hash[32];
    struct imsi imsi;
    unsigned rows = l->r->n_rows;

    assert_int_equal(load(l), 0);
    p = rig_isdp(l->r, 0x13);
    assert_int_equal(p->state, ISDP_DISABLED);
    assert_int_equal(p->memory, l->package.n);
    assert_int_equal(card_memory_free(l->r->card), memory - l->package.n);
    rig_secrets(0x13, k, opc);
    rig_imsi(0x13, &imsi);
    assert_memory_equal(p->data.k, k, 16);
    assert_memory_equal(p->data.opc, opc, 16);
    assert_true(imsi_eq(&p->data.imsi, &imsi));
    assert_int_equal(p->data.pol1, 0x02);
    assert_int_equal(p->data.ad_mnc_len, 2);
    sha256(l->r->crypto, &package, 1, hash);
    assert_memory_equal(p->data.package_sha256, hash, 32);
    assert_int_equal(l->r->n_rows, rows + 1);
    row = rig_row(l->r, 0);
    assert_int_equal(row->ins, 0x86);
    assert_int_equal(row->sw, 0x0100);
    assert_int_equal(row->state_before, ISDP_PERSONALIZED);
    assert_int_equal(row->state_after, ISDP_DISABLED);
    assert_int_equal(row->counter, l->r->counter);
}

static void quota_holds(void **state)
{
    struct load *l = *state;
    uint32_t memory;

    rig_keys_fini(&l->keys);
    l->number = 0x14;
    assert_int_equal(rig_create(l->r, 0x14, (uint32_t)l->package.n), 0x9000);
    memory = card_memory_free(l->r->card);
    rig_personalise(l->r, 0x14, &l->keys);
    assert_int_equal(load(l), 0);
    assert_int_equal(card_memory_free(l->r->card), memory);
}

static void quota_exceeded(void **state)
{
    struct load *l = *state;

    rig_keys_fini(&l->keys);
    l->number = 0x14;
    assert_int_equal(rig_create(l->r, 0x14, (uint32_t)l->package.n - 1), 0x9000);
    rig_personalise(l->r, 0x14, &l->keys);
    assert_int_equal(load(l), 4);
    assert_int_equal(rig_state(l->r, 0x14), ISDP_PERSONALIZED);
    assert_int_equal(rig_row(l->r, 0)->sw, 0x0104);
    assert_int_equal(rig_row(l->r, 0)->state_after, ISDP_PERSONALIZED);
}

static void card_is_full(void **state)
{
    struct load *l = *state;

    assert_int_equal(rig_create(l->r, 0x14, card_memory_free(l->r->card) - 100), 0x9000);
    assert_int_equal(load(l), 4);
    assert_int_equal(rig_delete(l->r, 0x14), 0x9000);
    assert_int_equal(load(l), 0);      /* the next session of the same keys */
}

static void no_package(void **state)
{
    struct load *l = *state;

    l->package.p[0] = 0x30;
    assert_int_equal(load(l), 3);
    assert_int_equal(rig_state(l->r, 0x13), ISDP_PERSONALIZED);
}

static void octets_behind_the_end(void **state)
{
    struct load *l = *state;

    buf_add(&l->package, "\x00", 1);
    assert_int_equal(load(l), 3);
}

static void package_without_end_waits(void **state)
{
    struct load *l = *state;

    l->package.n -= 1;
    assert_int_equal(load(l), 0xFF);
    assert_int_equal(rig_state(l->r, 0x13), ISDP_PERSONALIZED);
}

/* One element of the package gone: framing is right, the profile is not. */
static void package_without_subscriber(void **state)
{
    struct load *l = *state;
    const uint8_t end[2] = {0xAA, 0x00};
    struct buf all = l->package;

    buf_init(&l->package, 0);
    buf_add(&l->package, all.p, 4 + (size_t)(all.p[1] == 0x81 ? all.p[2] - 1 : all.p[1] - 2));
    buf_add(&l->package, end, 2);
    assert_int_equal(load(l), 3);
    buf_fini(&all);
}

static void initialize_errors(void **state)
{
    struct load *l = *state;

    error_is(element(l, 0x11, span_of("\x84\x09\x30\x00\x01\x02\x03\x04\x05\x06\x07", 11)), 0x44,
             1);
    error_is(element(l, 0x11, span_of("\x84\x0A\x31\x00\x01\x02\x03\x04\x05\x06\x07\x08", 12)),
             0x44, 3);
    assert_int_equal(rig_create(l->r, 0x14, 0), 0x9000);
    l->number = 0x14;                  /* no keys yet */
    error_is(initialize(l), 0x44, 3);
}

static void authenticate_errors(void **state)
{
    struct load *l = *state;
    struct span raw;

    raw = initialize(l);
    assert_int_equal(scp03t_open(l->r->crypto, &l->s, &l->keys.scp03,
                                 &rig_isdp(l->r, 0x13)->aid, raw), 0);
    error_is(authenticate(l, 5), 0x45, 2);             /* cryptogram */
    scp03_session_fini(&l->s);
    raw = initialize(l);
    assert_int_equal(scp03t_open(l->r->crypto, &l->s, &l->keys.scp03,
                                 &rig_isdp(l->r, 0x13)->aid, raw), 0);
    error_is(authenticate(l, 18), 0x45, 2);            /* MAC */
    error_is(element(l, 0x02, span_of("\x85\x11\x33\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 19)), 0x45,
             2);                                       /* without a session */
    scp03_session_fini(&l->s);
    raw = initialize(l);
    assert_int_equal(scp03t_open(l->r->crypto, &l->s, &l->keys.scp03,
                                 &rig_isdp(l->r, 0x13)->aid, raw), 0);
    error_is(authenticate(l, 2), 0x45, 1);             /* another level */
}

static void sequence_rises(void **state)
{
    struct load *l = *state;

    for (uint32_t i = 1; i <= 3; i++) {
        struct span raw = initialize(l);

        assert_int_equal(scp03t_open(l->r->crypto, &l->s, &l->keys.scp03,
                                     &rig_isdp(l->r, 0x13)->aid, raw), 0);
        assert_int_equal(l->s.sequence, i);
        scp03_session_fini(&l->s);
        rig_reboot(l->r);
    }
}

static void segment_errors(void **state)
{
    struct load *l = *state;

    error_is(element(l, 0x11, span_of("\x86\x18\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
                                      26)), 0x46, 3);  /* no session was begun here */
    open_session(l);
    assert_int_equal(segment(l, 0, 100, 0).n, 2);
    error_is(segment(l, 100, 100, 30), 0x46, 2);
    error_is(segment(l, 100, 100, 0), 0x46, 2);        /* the session is dead */
    assert_int_equal(rig_state(l->r, 0x13), ISDP_PERSONALIZED);
    scp03_session_fini(&l->s);
    open_session(l);
    error_is(element(l, 0x02, span_of("\x86\x00", 2)), 0x46, 1);
    scp03_session_fini(&l->s);
    assert_int_equal(load(l), 0);
}

static void power_ends_the_load(void **state)
{
    struct load *l = *state;

    for (unsigned i = 0; i < 2; i++) {
        open_session(l);
        assert_int_equal(segment(l, 0, 500, 0).n, 2);
        (i ? rig_reboot : rig_power)(l->r);
        assert_int_equal(segment(l, 500, 500, 0).p[0], 0x83);      /* no previous script */
        scp03_session_fini(&l->s);
    }
    assert_int_equal(load(l), 0);
}

static void deleted_under_the_load(void **state)
{
    struct load *l = *state;

    open_session(l);
    assert_int_equal(segment(l, 0, 500, 0).n, 2);
    assert_int_equal(rig_delete(l->r, 0x13), 0x9000);
    rig_script(l->r, 0x13, span_of("\xAE\x80\x00\x00", 4));
    assert_int_equal(l->r->por.status, POR_TAR_UNKNOWN);
}

static void installed_takes_no_second_package(void **state)
{
    struct load *l = *state;

    assert_int_equal(load(l), 0);
    open_session(l);
    error_is(segment(l, 0, 100, 0), 0x46, 2);
    assert_int_equal(rig_state(l->r, 0x13), ISDP_DISABLED);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(installs), CASE(quota_holds), CASE(quota_exceeded), CASE(card_is_full),
        CASE(no_package), CASE(octets_behind_the_end), CASE(package_without_end_waits),
        CASE(package_without_subscriber), CASE(initialize_errors), CASE(authenticate_errors),
        CASE(sequence_rises), CASE(segment_errors), CASE(power_ends_the_load),
        CASE(deleted_under_the_load), CASE(installed_takes_no_second_package),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
