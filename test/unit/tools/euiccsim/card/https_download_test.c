/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_card remora_smdp_profile */
/* A whole download over HTTPS: keys, SCP03t and the load, also over a connection that is cut and resumed,
 * and the ISD-P's session beside the ISD-R's. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig_sr.h"

#define STORE_CERT_ROOM 300u

/* --- the download --- */
static void create_and_keys(struct rig_sr *sr, uint16_t number, struct rig_keys *keys)
{
    const struct ecka_crt crt = {.scenario = 0x09, .usage = 0x10, .key_type = 0x88,
                                 .key_len = 0x10, .kid = 1, .kvn = 0x30};
    uint8_t b[STORE_CERT_ROOM], create[] =
        "\x80\xE6\x0C\x00\x3F\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x0D\x00"
        "\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x0E\x00"
        "\x10\xA0\x00\x00\x05\x59\x10\x10\xFF\xFF\xFF\xFF\x89\x00\x00\x13\x00"
        "\x03\x80\xC0\x00\x06\xC9\x04\x81\x02\x03\x70\x00\x00";
    struct span data;
    struct tlv t;

    assert_int_equal(number, 0x13);
    assert_int_equal(rig_sr_apdu(sr, span_of(create, sizeof(create) - 1), NULL), 0x9000);
    assert_int_equal(rig_sr_apdu(sr, span_of(b, rig_perso_apdu(number, b, sizeof(b))), NULL),
                     0x9000);
    assert_int_equal(rig_sr_apdu(sr, span_of(b, rig_cert_apdu(span_of(sr->r->dp_cert,
                                                                      sr->r->dp_cert_n), b,
                                                              sizeof(b))), &data), 0x9000);
    assert_int_equal(tlv_only(data, 0x85, &t), 0);
    assert_int_equal(rig_sr_apdu(sr, span_of(b, rig_keyset_apdu(sr->r, sr->r->dp, &crt, t.value,
                                                                false, keys, b, sizeof(b))),
                                 &data), 0x9000);
    assert_int_equal(tlv_only(data, 0x86, &t), 0);
    assert_memory_equal(t.value.p, keys->receipt, 16);
}

/* One script with these TLVs for the ISD-P; answer element number i. */
static struct span to_isdp(struct rig_sr *sr, uint16_t number, struct span tlvs, unsigned i)
{
    static uint8_t body[20000];
    struct writer w = wr_init(body, sizeof(body));
    struct script_reader reader;
    struct script_item item = {.tag = 0};
    struct aid a;

    assert_int_equal(aid_isd_p(number, &a), 0);
    wr_u16(&w, 0xAE80);
    wr_span(&w, tlvs);
    wr_u16(&w, 0);
    assert_true(rig_sr_answer(sr, 200, &a, wr_view(&w), true));
    assert_int_equal(sr->status, ADMIN_STATUS_OK);
    assert_int_equal(script_open(span_of(sr->body, sr->body_n), &reader), 0);
    for (unsigned k = 0; k <= i; k++)
        assert_int_equal(script_next(&reader, &item), 0);
    return item.raw;
}

/* 84 and 85 in one script: the challenge is predicted. */
static void scp03t_open_both(struct rig_sr *sr, struct scp03_session *s,
                             const struct rig_keys *keys)
{
    uint8_t room[128];
    struct writer w = wr_init(room, sizeof(room));
    struct aid a;

    assert_int_equal(aid_isd_p(0x13, &a), 0);
    assert_int_equal(scp03t_initialize(sr->r->crypto, s, 0x30, &w), 0);
    assert_int_equal(scp03t_predict(sr->r->crypto, s, &keys->scp03, &a, 1), 0);
    assert_int_equal(scp03t_authenticate(sr->r->crypto, s, &w), 0);
    assert_int_equal(scp03t_authenticated(s, to_isdp(sr, 0x13, wr_view(&w), 1)), 0);
}

static void status_ok(struct rig_sr *sr, struct scp03_session *s, struct span raw)
{
    uint8_t room[64];
    struct writer w = wr_init(room, sizeof(room));

    assert_int_equal(scp03t_answer(sr->r->crypto, s, raw, &w), 0);
    assert_int_equal(w.len, 9);
    assert_memory_equal(room, "\x30\x07\xA0\x05\x30\x03\x80\x01\x00", 9);
}

/* The package in two scripts; between them whatever the test wants. */
static void load(struct rig_sr *sr, const struct rig_keys *keys, void (*between)(struct rig_sr *))
{
    static uint8_t tlvs[20000];
    struct scp03_session s = {.kvn = 0};
    struct writer w = wr_init(tlvs, sizeof(tlvs));
    struct buf package;
    size_t at = 0, half;
    unsigned n = 0;

    buf_init(&package, 0);
    rig_package(0x13, 0, 8000, &package);
    scp03t_open_both(sr, &s, keys);
    half = package.n / 2;
    for (; at < half; at += 1000)
        assert_int_equal(scp03t_segment(sr->r->crypto, &s, span_of(package.p + at, 1000), &w),
                         0);
    (void)to_isdp(sr, 0x13, wr_view(&w), 0);
    if (between)
        between(sr);
    w = wr_init(tlvs, sizeof(tlvs));
    for (; at < package.n; at += 1000, n++)
        assert_int_equal(scp03t_segment(sr->r->crypto, &s,
                                        span_of(package.p + at, package.n - at < 1000
                                                                    ? package.n - at : 1000),
                                        &w), 0);
    status_ok(sr, &s, to_isdp(sr, 0x13, wr_view(&w), n - 1));
    scp03_session_fini(&s);
    buf_fini(&package);
}

static void download(struct rig_sr *sr, void (*between)(struct rig_sr *))
{
    struct rig_keys keys;

    rig_sr_begin(sr);
    create_and_keys(sr, 0x13, &keys);
    load(sr, &keys, between);
    rig_keys_fini(&keys);
    rig_sr_finish(sr);
    assert_int_equal(rig_state(sr->r, 0x13), ISDP_DISABLED);
}

/* Trigger, PSK, create, keys, load; then enable, notification and confirmation by SMS. */
static void complete_download(void **state)
{
    struct rig_sr *sr = *state;
    struct rig *r = sr->r;
    char uri[64];

    download(sr, NULL);
    assert_int_equal(card_due(r->card), 0);
    /* create, perso, certificate, keys, load: five effect commands, each under its step */
    assert_int_equal(r->n_rows, 5);
    for (unsigned i = 0; i < 5; i++) {
        static const uint8_t INS[] = {0xE6, 0xE6, 0xE2, 0xE2, 0x86};
        static const unsigned STEP[] = {1, 2, 3, 4, 7};
        const struct card_ledger_row *row = &r->row[i];

        (void)snprintf(uri, sizeof(uri), "/remora/step/%u", STEP[i]);
        assert_int_equal(row->channel, 'H');
        assert_int_equal(row->kvn, 0x40);
        assert_int_equal(row->counter, STEP[i]);
        assert_int_equal(row->ins, INS[i]);
        assert_string_equal(row->step_uri, uri);
        assert_int_equal(row->cause, CAUSE_OTA);
        assert_int_equal(aid_tar(&row->aid), 0x13);
        assert_int_equal(row->sw, i == 4 ? 0x0100 : 0x9000);
    }
    assert_int_equal(rig_enable(r, 0x13), 0x9000);
    rig_confirmed(r);
    assert_int_equal(rig_enabled(r), 0x13);
}

/* --- cuts --- */
static void cut_and_resume(struct rig_sr *sr)
{
    char uri[ADMIN_URI_MAX];
    static uint8_t body[20000];
    size_t n = sr->body_n;

    memcpy(uri, sr->uri, sizeof(uri));
    memcpy(body, sr->body, n);
    rig_sr_cut(sr);
    assert_false(sr->r->opened);
    assert_true(rig_timer(sr->r));
    assert_true(sr->r->opened);
    assert_true(rig_sr_open(sr));
    assert_true(sr->resume);
    assert_string_equal(sr->uri, uri);
    assert_int_equal(sr->body_n, n);
    assert_memory_equal(sr->body, body, n);
    assert_int_equal(sr->status, ADMIN_STATUS_OK);
}

static void download_survives_a_cut(void **state)
{
    download(*state, cut_and_resume);
}

/* --- the SCP03t session --- */
struct opened {                     /* up to a session with the ISD-P, and one segment made in it */
    struct rig_keys keys;
    struct scp03_session s;
    uint8_t room[1100];
    struct writer segment;
};

static void opened_init(struct opened *o, struct rig_sr *sr)
{
    memset(o, 0, sizeof(*o));
    o->segment = wr_init(o->room, sizeof(o->room));
    rig_sr_begin(sr);
    create_and_keys(sr, 0x13, &o->keys);
    scp03t_open_both(sr, &o->s, &o->keys);
}

static void make_segment(struct opened *o, struct rig_sr *sr)
{
    assert_int_equal(scp03t_segment(sr->r->crypto, &o->s, span_of(o->room, 16), &o->segment), 0);
}

static void segment_finds_no_session(struct opened *o, struct rig_sr *sr)
{
    struct span raw = to_isdp(sr, 0x13, wr_view(&o->segment), 0);

    assert_memory_equal(raw.p, "\x9F\x46\x01\x03", 4);
}

static void opened_fini(struct opened *o)
{
    scp03_session_fini(&o->s);
    rig_keys_fini(&o->keys);
}

/* The session, its SCP03t state and its retries are gone; only a new trigger opens another. */
static void power_ends_the_session(void **state)
{
    struct rig_sr *sr = *state;
    struct opened o;

    opened_init(&o, sr);
    make_segment(&o, sr);
    for (unsigned i = 0; i < 2; i++) {
        (i ? rig_reboot : rig_power)(sr->r);
        assert_false(rig_timer(sr->r));
        rig_sr_begin(sr);
        segment_finds_no_session(&o, sr);
    }
    rig_sr_finish(sr);
    assert_int_equal(rig_state(sr->r, 0x13), ISDP_PERSONALIZED);
    opened_fini(&o);
}

static void another_target_ends_the_command_session(void **state)
{
    struct rig_sr *sr = *state;
    struct opened o;

    opened_init(&o, sr);
    assert_int_equal(rig_sr_audit(sr), 0x9000);
    make_segment(&o, sr);
    segment_finds_no_session(&o, sr);
    rig_sr_finish(sr);
    opened_fini(&o);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, rig_sr_setup, rig_sr_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(complete_download),
        CASE(download_survives_a_cut),
        CASE(power_ends_the_session),
        CASE(another_target_ends_the_command_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
