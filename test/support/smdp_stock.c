/* SPDX-License-Identifier: Apache-2.0 */
/* Stock, orders and their ends. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/base/hex.h"
#include "common/engine/engine.h"
#include "smdp/profile/template.h"
#include "test/support/smdp_world.h"

void dpw_template(struct dp_world *w)
{
    struct admin_template_add_request q = {
        .profile_type = span_str(DPW_TYPE), .part = 1, .total = 1};

    buf_fini(&w->template);
    buf_init(&w->template, 0);
    assert_int_equal(profile_template_build(0, &w->template), 0);
    q.base.function_call_identifier = span_str("template-1");
    q.data = buf_span(&w->template);
    (void)dpw_ask(w, &w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &q);
    dpw_run(w);
    assert_int_equal(dpw_answer(&w->admin, MSG_ADMIN_TEMPLATE_ADD_RESPONSE)->answer.status,
                     EXEC_SUCCESS);
}

void dpw_iccid(bool red, unsigned number, char dst[21])
{
    struct iccid i = {{0}};

    for (unsigned digit = 0; digit < 10; digit++) {
        (void)snprintf(i.s, sizeof i.s, "%s%013u%u", red ? "894902" : "894901", number, digit);
        if (iccid_luhn_ok(&i))
            memcpy(dst, i.s, sizeof i.s);
    }
}

void dpw_csv(struct buf *out, bool red, unsigned from, unsigned n)
{
    static const char HEAD[] =
        "iccid,imsi,msisdn,k,opc,puk1,puk2,adm1,ota_kvn,ota_kic,ota_kid,ota_dek\r\n";
    char row[512], k[33], opc[33], iccid[21], msisdn[16];
    uint8_t b[16];

    buf_add(out, HEAD, sizeof HEAD - 1);
    for (unsigned i = from; i < from + n; i++) {
        for (unsigned j = 0; j < 16; j++)
            b[j] = (uint8_t)(0x31 + i * 7 + j * j * 5);
        assert_int_equal(hex_encode(span_of(b, 16), k, sizeof k), 0);
        for (unsigned j = 0; j < 16; j++)
            b[j] = (uint8_t)(0xA3 + i * 11 + j * j * 3);
        assert_int_equal(hex_encode(span_of(b, 16), opc, sizeof opc), 0);
        dpw_iccid(red, i, iccid);
        (void)snprintf(msisdn, sizeof msisdn, "49171%d%06u", red, i);
        (void)snprintf(
            row, sizeof row,
            "%s,%s%010u,%s,%s,%s,7182%04u,6182%04u,5182%04u,01,%s,%s,%s\r\n", iccid,
            red ? "26202" : "26201", i, i % 2 ? msisdn : "", k, opc, i % 10000, i % 10000, i % 10000, "00112233445566778899AABBCCDDEE01",
            "10112233445566778899AABBCCDDEE02", "20112233445566778899AABBCCDDEE03");
        buf_add(out, row, strlen(row));
    }
}

void dpw_import(struct dp_world *w, struct dpw_client *c, struct span csv)
{
    static unsigned serial;
    uint32_t total = (uint32_t)((csv.n + ADMIN_PART_MAX - 1) / ADMIN_PART_MAX);

    for (uint32_t part = 1; part <= total; part++) {
        struct admin_subscriptions_import_request q = {
            .profile_type = span_str(DPW_TYPE), .part = part, .total = total};
        size_t at = (size_t)(part - 1) * ADMIN_PART_MAX;
        char fcid[32];
        q.csv = span_of(csv.p + at, csv.n - at < ADMIN_PART_MAX ? csv.n - at : ADMIN_PART_MAX);
        (void)snprintf(fcid, sizeof fcid, "import-%u", ++serial);
        q.base.function_call_identifier = span_str(fcid);
        (void)dpw_ask(w, c, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &q);
        dpw_run(w);
    }
}

void dpw_stock(struct dp_world *w, unsigned n)
{
    struct buf csv;

    dpw_template(w);
    buf_init(&csv, 0);
    dpw_csv(&csv, false, 1, n);
    dpw_import(w, &w->blue, buf_span(&csv));
    buf_fini(&csv);
    assert_int_equal(dpw_answer(&w->blue, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_RESPONSE)->answer.status,
                     EXEC_SUCCESS);
}

/* --- orders --- */
uint64_t dpw_download(struct dp_world *w, const char *fcid, bool enable, uint32_t validity_s)
{
    struct es2_download_profile_request q = {.eid = w->rig.factory.eid,
                                             .smsr_id = w->smsr.oid,
                                             .profile_type = span_str(DPW_TYPE),
                                             .enable_profile = enable};

    q.base.function_call_identifier = span_str(fcid);
    q.base.has_validity_period = validity_s != 0;
    q.base.validity_period_s = validity_s;
    return dpw_ask(w, &w->blue, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &q);
}

void dpw_end(struct dp_world *w)
{
    dpw_run(w);
    while (dp_store_live(smdp_core_store(w->core)) > 0 && dpw_timer(w))
        ;
}

const struct base_response *dpw_ended(const struct dp_world *w)
{
    return dpw_answer(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE);
}

void dpw_order(struct dp_world *w, const char *fcid, bool enable, enum exec_status status,
               const char *subject, const char *reason)
{
    (void)dpw_download(w, fcid, enable, 0);
    dpw_end(w);
    dpw_expect(dpw_ended(w), status, subject, reason);
}

/* --- what is left --- */
struct stock_item dpw_item(struct dp_world *w, const char *iccid)
{
    const struct dp_scope all = {.all = true};
    struct stock_item item = {.state = STOCK_NONE};
    struct iccid i;

    assert_int_equal(iccid_parse(span_str(iccid), &i), 0);
    (void)!dp_store_stock(smdp_core_store(w->core), &all, &i, &item);
    return item;
}

bool dpw_secret(struct dp_world *w, const char *id)
{
    struct buf b;
    int err;

    buf_init(&b, 0);
    err = journal_secret_get(engine_journal(smdp_core_engine(w->core)), span_str(id), NULL, &b);
    buf_fini(&b);
    assert_true(err == ERR_OK || err == ERR_NOT_FOUND);
    return err == ERR_OK;
}

unsigned dpw_orphans(struct dp_world *w)
{
    unsigned n = 0;

    for (unsigned i = 0; i < card_isdp_count(w->rig.card); i++)
        n += card_isdp_at(w->rig.card, i)->state < ISDP_DISABLED;
    return n;
}

void dpw_expect_released(struct dp_world *w)
{
    assert_int_equal(dpw_orphans(w), 0);
    assert_null(rig_isdp(&w->rig, 0x11));
    assert_int_equal(dpw_item(w, DPW_ICCID_1).state, STOCK_AVAILABLE);
    assert_true(dpw_secret(w, "subscription/" DPW_ICCID_1));
    assert_false(dpw_secret(w, "ephemeral/" DPW_ICCID_1));
    assert_false(dpw_secret(w, "isdp-keys/" DPW_ICCID_1));
}
