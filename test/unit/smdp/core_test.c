/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Whole orders of the SM-DP against a real simulated card: what the operator hears, what is on the card,
 * what stands in the stock and which secrets remain. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/engine/engine.h"
#include "test/support/smdp_world.h"

#define ICCID_1 "89490100000000000001"

static int setup(void **state)
{
    static struct dp_world w;

    dpw_init(&w);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    dpw_fini(*state);
    return 0;
}

static void download_installs(void **state)
{
    struct dp_world *w = *state;
    const struct es2_download_profile_response *rsp;
    const struct card_isdp *p;
    struct stock_item item;
    uint8_t k[16];

    dpw_stock(w, 3);
    (void)dpw_download(w, "order-1", false, 0);
    dpw_run(w);
    assert_non_null(dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE));
    rsp = dpw_last(&w->blue, MSG_ES2_DOWNLOAD_PROFILE_RESPONSE)->message.body;
    if (rsp->base.answer.status != EXEC_SUCCESS)
        fail_msg("%s-%s %.*s", rsp->base.answer.code.subject, rsp->base.answer.code.reason,
                 (int)rsp->base.answer.message.n, rsp->base.answer.message.p);
    assert_string_equal(rsp->iccid.s, "89490100000000000001");
    p = rig_isdp(&w->rig, 0x11);
    assert_non_null(p);
    assert_int_equal(p->state, ISDP_DISABLED);
    for (unsigned j = 0; j < 16; j++)
        k[j] = (uint8_t)(0x31 + 7 + j * j * 5);
    assert_memory_equal(p->data.k, k, 16);
    item = dpw_item(w, ICCID_1);
    assert_int_equal(item.state, STOCK_INSTALLED);
    assert_true(eid_eq(&item.eid, &w->rig.factory.eid));
    assert_false(dpw_secret(w, "subscription/" ICCID_1));
    assert_false(dpw_secret(w, "ephemeral/" ICCID_1));
    assert_true(dpw_secret(w, "isdp-keys/" ICCID_1));
    assert_true(dpw_secret(w, "subscription/89490100000000000002"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(download_installs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
