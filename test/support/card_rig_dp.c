/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP of the rig: key establishment and SCP03t load with common/ alone (SGP.02 4.1.3). */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/codec/gpcert.h"
#include "common/codec/saip.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "smdp/profile/personalise.h"
#include "smdp/profile/template.h"
#include "test/support/card_rig.h"

#define SCRIPT_ROOM 3000u
#define SEGMENT 900u

void rig_keys_fini(struct rig_keys *k)
{
    key_free(k->scp03.enc);
    key_free(k->scp03.mac);
    key_free(k->scp03.dek);
    *k = (struct rig_keys){.receipt = {0}};
}

void rig_imsi(uint16_t number, struct imsi *ret)
{
    (void)snprintf(ret->s, sizeof(ret->s), "26201%010u", 1000u + number);
}

void rig_secrets(uint16_t number, uint8_t k[16], uint8_t opc[16])
{
    memset(k, 0x40 + (number & 0x3F), 16);
    memset(opc, 0x80 + (number & 0x3F), 16);
}

void rig_package(uint16_t number, uint8_t pol1, size_t size, struct buf *out)
{
    struct iccid iccid;
    char text[24];

    (void)snprintf(text, sizeof(text), "894901000000000%04u", number);
    assert_int_equal(iccid_parse(span_str(text), &iccid), 0);
    rig_package_of(&iccid, number, pol1, size, out);
}

void rig_package_of(const struct iccid *iccid, uint16_t number, uint8_t pol1, size_t size, struct buf *out)
{
    const struct profile_options options = {.test = true};
    struct subscription s = {.has_pol1 = true, .pol1 = pol1, .mnc_len = 2};
    struct profile_report report;
    struct errmsg why = {""};
    struct buf template;

    buf_init(&template, 0);
    s.iccid = *iccid;
    rig_imsi(number, &s.imsi);
    rig_secrets(number, s.k, s.opc);
    assert_int_equal(msisdn_parse(span_str("4917100000222"), &s.msisdn), 0);
    assert_int_equal(profile_template_build(size, &template), 0);
    if (profile_personalise(buf_span(&template), &s, &options, out, &report, &why) != ERR_OK)
        fail_msg("%s", why.text);
    buf_fini(&template);
}

/* --- key establishment --- */

size_t rig_perso_apdu(uint16_t number, uint8_t *dst, size_t cap)
{
    static const uint8_t HEAD[] = {0x80, 0xE6, 0x20, 0x00, 0x16, 0x00, 0x00, 0x10};
    struct writer w = wr_init(dst, cap);
    struct aid a;

    assert_int_equal(aid_isd_p(number, &a), 0);
    wr_bytes(&w, HEAD, sizeof(HEAD));
    wr_span(&w, aid_span(&a));
    wr_u32(&w, 0);             /* three empty fields and Le */
    assert_false(w.failed);
    return w.len;
}

static size_t store_put(uint8_t p1, uint8_t p2, struct span data, uint8_t *dst, size_t cap)
{
    const struct apdu_cmd cmd = {.cla = 0x80, .ins = 0xE2, .p1 = p1, .p2 = p2, .data = data};
    struct writer w = wr_init(dst, cap);

    apdu_cmd_put(&w, &cmd);
    assert_false(w.failed);
    return w.len;
}

size_t rig_cert_apdu(struct span cert, uint8_t *dst, size_t cap)
{
    uint8_t data[256];
    struct writer w = wr_init(data, sizeof(data));

    dgi_put(&w, 0x3A01, cert);
    return store_put(0x09, 0x00, wr_view(&w), dst, cap);
}

size_t rig_keyset_apdu(struct rig *r, struct key *signer, const struct ecka_crt *crt,
                       struct span rc, bool bare_point, struct rig_keys *keys, uint8_t *dst,
                       size_t cap)
{
    uint8_t data[256], a6[64], tail[19] = {0x00, 0x85}, point[EC_POINT_LEN], sig[EC_SIG_LEN];
    struct writer w = wr_init(data, sizeof(data)), crt_w = wr_init(a6, sizeof(a6));
    struct key *ephemeral = NULL;
    struct ecka_keys k = {0};
    struct span parts[2];

    assert_int_equal(ec_generate(r->crypto, CURVE_P256, &ephemeral, point), 0);
    ecka_crt_put(&crt_w, crt);
    dgi_put(&w, 0x3A02, wr_view(&crt_w));
    gpcert_key_put(&w, span_of(point, sizeof(point)), CURVE_P256, bare_point);
    tail[2] = (uint8_t)rc.n;
    assert_int_equal(rc.n, 16);
    memcpy(tail + 3, rc.p, rc.n);
    parts[0] = wr_view(&w);
    parts[1] = span_of(tail, sizeof(tail));
    assert_int_equal(ec_sign(r->crypto, signer, parts, 2, sig), 0);
    tlv_put(&w, 0x5F37, span_of(sig, sizeof(sig)));
    if (keys) {
        *keys = (struct rig_keys){.receipt = {0}};
        assert_int_equal(ecka_derive(r->crypto, ephemeral,
                                     span_of(r->ecasd_point, EC_POINT_LEN), crt,
                                     span_of(NULL, 0), span_of(NULL, 0), &k), 0);
        assert_int_equal(ecka_receipt(r->crypto, &k, wr_view(&crt_w), span_of(NULL, 0),
                                      keys->receipt), 0);
        keys->scp03 = (struct scp03_keys){k.enc, k.mac, k.dek};
        key_free(k.receipt);
    }
    key_free(ephemeral);
    return store_put(0x89, 0x01, wr_view(&w), dst, cap);
}

/* --- scripts of SMS with chaining --- */

static void chained(struct rig *r, uint32_t tar, uint8_t how, const struct span *capdus,
                    unsigned n, bool raw)
{
    const uint8_t chaining[3] = {0x83, 0x01, how};
    uint8_t script[SCRIPT_ROOM];
    struct writer w = wr_init(script, sizeof(script));
    struct script_writer sw;

    script_begin(&sw, &w, SCRIPT_INDEFINITE, false);
    script_put_raw(&sw, span_of(chaining, sizeof(chaining)));
    for (unsigned i = 0; i < n; i++) {
        if (raw)
            script_put_raw(&sw, capdus[i]);
        else
            script_put_cmd(&sw, capdus[i]);
    }
    script_end(&sw, 0);
    rig_script(r, tar, wr_view(&w));
    assert_true(r->por.got);
    assert_int_equal(r->por.status, POR_OK);
}

/* Element number i of the last answer. */
static struct script_item answered(const struct rig *r, unsigned i)
{
    struct script_reader sr;
    struct script_item item;

    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    for (unsigned k = 0; k <= i; k++)
        assert_int_equal(script_next(&sr, &item), 0);
    return item;
}

void rig_personalise(struct rig *r, uint16_t number, struct rig_keys *ret)
{
    const struct ecka_crt crt = {.scenario = 0x09, .usage = 0x10, .key_type = 0x88,
                                 .key_len = 0x10, .kid = 1, .kvn = 0x30};
    uint8_t a[300], b[300];
    struct span capdus[2];
    struct script_item item;
    struct tlv t;

    capdus[0] = span_of(a, rig_perso_apdu(number, a, sizeof(a)));
    capdus[1] = span_of(b, rig_cert_apdu(span_of(r->dp_cert, r->dp_cert_n), b, sizeof(b)));
    chained(r, 1, 0x11, capdus, 2, false);
    item = answered(r, 1);
    assert_int_equal(item.value.n, 20);
    assert_memory_equal(item.value.p + 18, "\x90\x00", 2);
    capdus[0] = span_of(a, rig_keyset_apdu(r, r->dp, &crt, span_of(item.value.p + 2, 16), true,
                                           ret, a, sizeof(a)));
    chained(r, 1, 0x03, capdus, 1, false);
    item = answered(r, 0);
    assert_int_equal(item.value.n, 20);
    assert_int_equal(tlv_only(span_of(item.value.p, 18), 0x86, &t), 0);
    assert_memory_equal(t.value.p, ret->receipt, sizeof(ret->receipt));
    assert_int_equal(rig_state(r, number), ISDP_PERSONALIZED);
}

/* --- load --- */

static uint8_t status_of(struct rig *r, struct scp03_session *s, const struct script_item *item)
{
    uint8_t plain[128];
    struct writer w = wr_init(plain, sizeof(plain));
    struct saip_response rsp;

    if (item->tag != 0x86 || scp03t_answer(r->crypto, s, item->raw, &w) != ERR_OK || w.len == 0)
        return 0xFF;
    assert_int_equal(saip_response_read(wr_view(&w), &rsp), 0);
    assert_int_equal(rsp.n, 1);
    assert_int_equal(rsp.aborted, rsp.pe[0].status != 0);
    return (uint8_t)rsp.pe[0].status;
}

uint8_t rig_load(struct rig *r, uint16_t number, const struct rig_keys *keys, struct span package)
{
    struct scp03_session s = {.kvn = 0};
    uint8_t room[SCRIPT_ROOM], status = 0xFF;
    struct writer w = wr_init(room, sizeof(room));
    struct span tlv;
    struct script_item item;
    struct aid a;

    assert_int_equal(aid_isd_p(number, &a), 0);
    assert_int_equal(scp03t_initialize(r->crypto, &s, 0x30, &w), 0);
    tlv = wr_view(&w);
    chained(r, number, 0x11, &tlv, 1, true);
    item = answered(r, 0);
    assert_int_equal(scp03t_open(r->crypto, &s, &keys->scp03, &a, item.raw), 0);
    w = wr_init(room, sizeof(room));
    assert_int_equal(scp03t_authenticate(r->crypto, &s, &w), 0);
    tlv = wr_view(&w);
    chained(r, number, 0x02, &tlv, 1, true);
    assert_int_equal(scp03t_authenticated(&s, answered(r, 0).raw), 0);
    for (size_t at = 0; status == 0xFF && at < package.n; at += SEGMENT) {
        size_t n = package.n - at < SEGMENT ? package.n - at : SEGMENT;

        w = wr_init(room, sizeof(room));
        assert_int_equal(scp03t_segment(r->crypto, &s, span_of(package.p + at, n), &w), 0);
        tlv = wr_view(&w);
        chained(r, number, at + n < package.n ? 0x02 : 0x03, &tlv, 1, true);
        item = answered(r, 0);
        status = status_of(r, &s, &item);
    }
    scp03_session_fini(&s);
    return status;
}

void rig_install(struct rig *r, uint16_t number, uint8_t pol1)
{
    struct rig_keys keys;
    struct buf package;

    buf_init(&package, 0);
    rig_package(number, pol1, 0, &package);
    assert_int_equal(rig_create(r, number, 0), 0x9000);
    rig_personalise(r, number, &keys);
    assert_int_equal(rig_load(r, number, &keys, buf_span(&package)), 0);
    assert_int_equal(rig_state(r, number), ISDP_DISABLED);
    rig_keys_fini(&keys);
    buf_wipe(&package);
    buf_fini(&package);
}
