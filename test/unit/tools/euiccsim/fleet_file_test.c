/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_euiccsim */
/* Factory records: what is written is read, whatever is cut or changed is refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tools/euiccsim/fleet_file.h"

static void meter_fill(struct fleet_meter *m, uint8_t seed, size_t cert, bool bootstrap)
{
    struct card_factory *f = &m->factory;

    memset(m, 0, sizeof(*m));
    assert_int_equal(eid_parse("89001012012341234012345678901224", &f->eid), 0);
    f->scp80_kvn = 1;
    memset(f->kic, seed, 16);
    memset(f->kid, seed + 1, 16);
    memset(f->dek, seed + 2, 16);
    f->psk_kvn = 0x40;
    f->psk_kid = 1;
    memset(f->psk, seed + 3, 16);
    memset(f->ecasd_private, seed + 4, 32);
    memset(m->cert, seed + 5, cert);
    f->ecasd_cert = span_of(m->cert, cert);
    f->memory_bytes = 123456;
    memcpy(f->imei, "350000000000001", 16);
    memcpy(m->heard.s, "310260", 7);
    f->has_bootstrap = bootstrap;
    if (!bootstrap)
        return;
    memcpy(f->bootstrap.iccid.s, "8949010000000000016", 20);
    memcpy(f->bootstrap.imsi.s, "262010000000001", 16);
    memcpy(f->bootstrap.msisdn.s, "4917100001", 11);
    memset(f->bootstrap.k, seed + 6, 16);
    memset(f->bootstrap.opc, seed + 7, 16);
    f->bootstrap.acc[1] = 4;
    f->bootstrap.pol1 = 2;
    f->bootstrap.ad_mnc_len = 2;
    f->bootstrap.smsp_len = 40;
    memset(f->bootstrap.smsp, seed + 8, 40);
    f->bootstrap.connectivity_len = 64;
    memset(f->bootstrap.connectivity, seed + 9, 64);
}

struct seen {
    const struct fleet_meter *want;
    unsigned n;
};

static int compare(void *ctx, const struct fleet_meter *m)
{
    struct seen *s = ctx;
    const struct fleet_meter *w = &s->want[s->n++];
    struct card_factory a = m->factory, b = w->factory;

    assert_int_equal(a.ecasd_cert.n, b.ecasd_cert.n);
    assert_memory_equal(m->cert, w->cert, sizeof(w->cert));
    assert_string_equal(m->heard.s, w->heard.s);
    assert_int_equal(a.has_bootstrap, b.has_bootstrap);
    assert_memory_equal(&a.eid, &b.eid, sizeof(a.eid));
    assert_memory_equal(a.kic, b.kic, 16);
    assert_memory_equal(a.ecasd_private, b.ecasd_private, 32);
    assert_string_equal(a.imei, b.imei);
    assert_int_equal(a.memory_bytes, b.memory_bytes);
    assert_memory_equal(&a.bootstrap.k, &b.bootstrap.k, 32);
    assert_memory_equal(a.bootstrap.connectivity, b.bootstrap.connectivity, 64);
    assert_memory_equal(a.bootstrap.smsp, b.bootstrap.smsp, 40);
    return ERR_OK;
}

static void file_make(const struct fleet_meter *m, unsigned n, struct buf *out)
{
    buf_init(out, 0);
    buf_add(out, FLEET_MAGIC, FLEET_MAGIC_LEN);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(fleet_put(&m[i], out), 0);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    struct fleet_meter m[4];
    struct seen s = {m, 0};
    struct errmsg why = {""};
    struct buf b;
    unsigned n = 0;

    meter_fill(&m[0], 1, 0, false);
    meter_fill(&m[1], 30, 127, true);
    meter_fill(&m[2], 60, 128, false);
    meter_fill(&m[3], 90, CARD_CERT_MAX, true);
    file_make(m, 4, &b);
    assert_int_equal(fleet_each(buf_span(&b), compare, &s, &n, &why), 0);
    assert_int_equal(n, 4);
    assert_int_equal(s.n, 4);
    m[3].factory.ecasd_cert.n = CARD_CERT_MAX + 1;
    assert_int_equal(fleet_put(&m[3], &b), ERR_INVAL);
    buf_fini(&b);
}

static int count(void *ctx, const struct fleet_meter *m)
{
    (void)m;
    ++*(unsigned *)ctx;
    return ERR_OK;
}

static void every_cut_is_refused_or_a_whole_number_of_meters(void **state)
{
    (void)state;
    struct fleet_meter m[2];
    struct errmsg why = {""};
    struct buf b;
    unsigned whole = 0, n = 0, seen;

    meter_fill(&m[0], 1, 100, true);
    meter_fill(&m[1], 9, 200, true);
    file_make(m, 2, &b);
    for (size_t cut = 0; cut < b.n; cut++) {
        seen = 0;
        if (fleet_each(span_of(b.p, cut), count, &seen, &n, &why) == ERR_OK) {
            assert_int_equal(n, seen);
            whole++;
        } else {
            assert_true(why.text[0] != 0);
        }
    }
    assert_int_equal(whole, 2);       /* behind the magic, and behind the first meter */
    b.p[0] ^= 1;
    assert_int_equal(fleet_each(buf_span(&b), count, &seen, &n, &why), ERR_FORMAT);
    buf_fini(&b);
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    struct fleet_meter m, again;
    struct buf b;
    size_t record;

    meter_fill(&m, 1, 10, true);
    buf_init(&b, 0);
    assert_int_equal(fleet_put(&m, &b), 0);
    record = b.n - 4;
    assert_int_equal(fleet_get(span_of(b.p + 4, record), &again), 0);
    b.p[4 + 15] ^= 1;                 /* a digit of the EID: mod 97 fails */
    assert_int_equal(fleet_get(span_of(b.p + 4, record), &again), ERR_FORMAT);
    b.p[4 + 15] ^= 1;
    for (unsigned bit = 0; bit < 8; bit++) {           /* length of the last field */
        b.p[4 + record - 65] ^= (uint8_t)(1u << bit);
        assert_int_not_equal(fleet_get(span_of(b.p + 4, record), &again), 0);
        b.p[4 + record - 65] ^= (uint8_t)(1u << bit);
    }
    buf_add(&b, "x", 1);
    assert_int_equal(fleet_get(span_of(b.p + 4, record + 1), &again), ERR_FORMAT);
    memcpy(m.heard.s, "26x01", 6);    /* not a digit */
    buf_reset(&b);
    assert_int_equal(fleet_put(&m, &b), 0);
    assert_int_equal(fleet_get(span_of(b.p + 4, b.n - 4), &again), ERR_TRUNCATED);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(every_cut_is_refused_or_a_whole_number_of_meters),
        cmocka_unit_test(wrong_values_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
