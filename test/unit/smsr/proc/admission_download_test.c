/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Admission of the steps of a download: CreateISDP, SendData, ProfileDownloadCompleted. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_core_way.h"

/* --- CreateISDP, SendData, ProfileDownloadCompleted --- */
static bool taken(void *ctx, const struct iccid *iccid)
{
    struct iccid fresh = core_iccid(FRESH);

    (void)ctx;
    return iccid_eq(iccid, &fresh);
}

static void create_refused(void **state)
{
    struct core *w = *state;
    const struct out_reply *o;
    const struct exec_answer *a;
    char text[AID_TEXT];
    struct aid aid = core_aid(FRESH);

    core_create(w, TWO, 0, false); /* not in B's ICCID ranges */
    assert_string_equal(core_admitted(w), "8.2.1-1.2");
    core_create(w, ONE, 0, false);
    assert_string_equal(core_admitted(w), "8.2.1-3.3");
    w->pe.iccid_taken = taken; /* on another card of the fleet */
    core_create(w, FRESH, 0, false);
    assert_string_equal(core_admitted(w), "8.2.1-3.3");
    w->pe.iccid_taken = NULL;
    core_create(w, FRESH, 500001, false);
    assert_string_equal(core_admitted(w), "8.1-4.8");
    core_create(w, FRESH, 500000, false);
    assert_string_equal(core_admitted(w), "accepted");
    core_create(w, FRESH + 1, 0, false); /* while the first is not even sent */
    assert_string_equal(core_admitted(w), "8.4-4.2");
    a = core_answer(w);
    aid_text(&aid, text);
    assert_true(span_eq(a->subject_identifier, span_str(text)));
    o = core_out(w, OUT_REPLY, 0);
    assert_int_equal(o->message.type, MSG_ES3_CREATE_ISDP_RESPONSE);
    struct es3_create_isdp_request m = {.eid = w->eid, .iccid = core_iccid(FRESH + 2),
                                        .mno_id = w->oid[CORE_A]};
    core_request(w, CORE_D, MSG_ES3_CREATE_ISDP_REQUEST,
                 &m); /* for another than the envelope says */
    assert_string_equal(core_admitted(w), "8.2.1-1.2");
}

static void sixteen_isd_ps(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    for (unsigned i = 3; i < EIS_PROFILES_MAX; i++) {
        eis->profiles[i] = eis->profiles[2];
        eis->profiles[i].iccid = core_iccid(0x40 + i);
        eis->profiles[i].isdp_aid = core_aid(0x40 + i);
    }
    eis->n_profiles = EIS_PROFILES_MAX;
}

static void a_full_card_and_its_long_list(void **state)
{
    struct core w;

    core_init_with(&w, sixteen_isd_ps);
    core_create(&w, FRESH, 0, false);
    assert_string_equal(core_admitted(&w), "8.1-4.8");
    core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    assert_string_equal(core_script(&w),
                        "AA25220D80F24002074F005C034F9F7000220D80F24003074F005C034F9F7000"
                        "220580CAFF2100");
    core_fini(&w);
    (void)state;
}

static void send_data_refused(void **state)
{
    struct core *w = *state;

    core_send(w, FRESH, core_hex(w, "8600"), false);
    assert_string_equal(core_admitted(w), "8.3.1-3.9");
    core_send(w, 0, core_hex(w, "8600"), false);
    assert_string_equal(core_admitted(w), "8.3.1-3.9");
    core_send(w, ONE, core_hex(w, "8600"), false); /* installed: no business of an SM-DP */
    assert_string_equal(core_admitted(w), "8.3.1-3.9");
    core_create(w, FRESH, 0, false);
    core_send(w, FRESH, core_hex(w, "8600"), false); /* not there yet */
    assert_string_equal(core_admitted(w), "8.3.1-3.9");
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF80230290000000"));
    core_send(w, FRESH, span_of("", 0), false);
    assert_string_equal(core_admitted(w), "1.6-2.1");
    core_send(w, FRESH, core_hex(w, "8602AA"), false);
    assert_string_equal(core_admitted(w), "1.6-2.1");
    core_send(w, FRESH, core_hex(w, "8600"), false);
    assert_string_equal(core_admitted(w), "accepted");
}

static void an_element_no_card_takes(void **state)
{
    static uint8_t big[2100] = {0x86, 0x82, 0x08, 0x00};
    struct core *w = *state;

    core_created(w, FRESH, 0);
    core_send(w, FRESH, span_of(big, 4 + 2048), false);
    assert_string_equal(core_admitted(w), "1.6-2.1");
    big[2] = 0x07;
    big[3] = 0xFC;
    core_send(w, FRESH, span_of(big, 2048), false);
    assert_string_equal(core_admitted(w), "accepted");
    core_first_post(w, 2);
    assert_non_null(core_out(w, OUT_STEP, 0));
}

static void download_completed(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_completed(w, FRESH);
    assert_string_equal(core_admitted(w), "8.2.1-3.9");
    core_completed(w, ONE);
    assert_string_equal(core_admitted(w), "8.2-3.5");
    core_create(w, FRESH, 0, false);
    core_completed(w, FRESH); /* being created: not shown */
    assert_string_equal(core_admitted(w), "8.2.1-3.9");
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF80230290000000"));
    w->plmas[2].functions = FN_BIT(FN_PROFILE_DOWNLOAD_COMPLETED);
    memcpy(w->plmas[2].profile_type, "basic", 6); /* which is known from this call on */
    core_completed(w, FRESH);
    assert_string_equal(core_admitted(w), "done");
    assert_int_equal(w->plan.n_deliveries, 1);
    assert_non_null(core_delivery(w, CORE_S, MSG_ES4_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION));
    ev = core_event(w, EV_PROFILE_INSTALLED);
    assert_true(oid_eq(&ev->smdp, &w->oid[CORE_D]));
    assert_int_equal(ev->pol2, 0x100);
    assert_true(ev->answer.n > 0 && ev->has_digest);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_DISABLED);
    core_completed(w, FRESH);
    assert_string_equal(core_admitted(w), "8.2-3.5");
    core_call(w, CORE_B, FN_ENABLE_PROFILE, FRESH);
    assert_string_equal(core_admitted(w), "accepted");
}

static void pol2_of_a_download(void **state)
{
    static const struct { const char *subject, *action, *qualification; int bits; } ROWS[] = {
        {"PROFILE", "ENABLE", "Not-Allowed", POL2_ENABLE_NOT_ALLOWED},
        {"PROFILE", "DISABLE", "Not-Allowed", POL2_DISABLE_NOT_ALLOWED},
        {"PROFILE", "DELETE", "Not-Allowed", POL2_DELETE_NOT_ALLOWED},
        {"PROFILE", "DISABLE", "Auto-Delete", POL2_DISABLE_AUTO_DELETE},
        {"PROFILE", "ENABLE", "Auto-Delete", -1}, {"PROFILE", "DELETE", "Auto-Delete", -1},
        {"ISD-P", "ENABLE", "Not-Allowed", -1},   {"PROFILE", "ENABLE", "not-allowed", -1},
        {"PROFILE", "", "Not-Allowed", -1},       {"PROFILE", "UPDATE", "Not-Allowed", -1},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        struct iccid iccid = core_iccid(FRESH);
        core_init(&w);
        struct es3_profile_download_completed_request m = {.eid = w.eid, .iccid = iccid};
        m.pol2.present = true;
        m.pol2.n = 1;
        m.pol2.rules[0] = (struct pol2_rule){span_str(ROWS[i].subject), span_str(ROWS[i].action),
                                             span_str(ROWS[i].qualification)};
        core_created(&w, FRESH, 0);
        core_request(&w, CORE_D, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, &m);
        assert_string_equal(core_admitted(&w), ROWS[i].bits < 0 ? "8.2.3-2.1" : "done");
        if (ROWS[i].bits >= 0)
            assert_int_equal(euicc_profile_by_iccid(w.e, &iccid)->pol2, ROWS[i].bits);
        core_fini(&w);
    }
    (void)state;
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(create_refused),
        cmocka_unit_test(a_full_card_and_its_long_list),
        T(send_data_refused),
        T(an_element_no_card_takes),
        T(download_completed),
        cmocka_unit_test(pol2_of_a_download),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
