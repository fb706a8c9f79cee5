/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* Every status that SGP.02 names for the functions of the SM-SR, provoked. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "smsr/domain/authz.h"
#include "test/support/published.h"
#include "test/support/smsr_core_way.h"
#include "test/support/smsr_world.h"

#include <stdio.h>

#define NOWHERE 0x77 /* a profile this card never had */

/* --- one call of any function, by its owner or the SM-DP of its owner --- */
static enum msg_type request_of(const struct published_row *row)
{
    char request[80];

    (void)snprintf(request, sizeof request, "%sRequest", row->function);
    return msg_type_parse(span_str(request));
}

static enum function function_of(const struct published_row *row)
{
    return msg_type_info(request_of(row))->function;
}

static enum core_party owner_of(const struct published_row *row)
{
    return row->function[2] == '3' ? CORE_D : CORE_B;
}

static int ask(struct core *w, const struct published_row *row, unsigned profile)
{
    enum function fn = function_of(row);

    switch (fn) {
    case FN_CREATE_ISDP:
        return core_create(w, profile ? profile : FRESH, 0, false);
    case FN_SEND_DATA:
        return core_send(w, profile ? profile : FRESH, core_hex(w, "8601008601018601028601038601"
                                                                   "04"), false);
    case FN_PROFILE_DOWNLOAD_COMPLETED:
        return core_completed(w, profile ? profile : FRESH);
    default:
        return core_call(w, owner_of(row), fn, profile ? profile : ONE);
    }
}

static void one_is_on(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    eis->profiles[0].state = PROFILE_DISABLED;
    eis->profiles[1].state = PROFILE_ENABLED;
}

static void one_is_the_last_resort(struct signed_eis *eis, struct eum_signed_info *info)
{
    one_is_on(eis, info);
    eis->profiles[0].fallback_attribute = false;
    eis->profiles[1].fallback_attribute = true;
}

/* Nothing stands in the way of the call. */
static void ready(struct core *w, const struct published_row *row)
{
    enum function fn = function_of(row);

    core_init_with(w, fn == FN_DISABLE_PROFILE ? one_is_on : NULL);
    w->env.effects_per_hour = 0;
    if (fn == FN_SEND_DATA || fn == FN_PROFILE_DOWNLOAD_COMPLETED)
        core_created(w, FRESH, 0);
}

static void refused(struct core *w, const struct published_row *row)
{
    core_expect(w, EXEC_FAILED, row->subject, row->reason);
    core_fini(w);
}

/* --- relations --- */
static void eid_unknown(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    w.tenants[0].n_admits = 0; /* the same as an EID nobody registered (law 8) */
    ask(&w, row, 0);
    refused(&w, row);
}

static void get_eis(const struct published_row *row)
{
    struct es4_get_eis_request es4 = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = fake_eid(row->subject[2] == '1' ? 7 : 1)};
    struct es3_get_eis_request es3 = {.base = es4.base, .eid = es4.eid};
    const struct srw_got *g;
    void *state;
    struct srw *w;

    (void)srw_setup(&state);
    w = state;
    if (row->function[2] == '3')
        g = srw_call(srw_dial(w, SMDP, ROLE_SMDP), MSG_ES3_GET_EIS_REQUEST, &es3, MNO_B);
    else
        g = srw_call(srw_dial(w, SERVICE, ROLE_M2M_SP), MSG_ES4_GET_EIS_REQUEST, &es4, NULL);
    srw_expect(g, row->subject, row->reason);
    (void)srw_teardown(&state);
}

static void iccid_unknown(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    ask(&w, row, NOWHERE);
    refused(&w, row);
}

static bool on_another_card(void *ctx, const struct iccid *iccid, const struct oid *mno,
                            const struct eid *here)
{
    const struct core *w = ctx;
    struct iccid nowhere = core_iccid(NOWHERE);

    return iccid_eq(iccid, &nowhere) && oid_eq(mno, &w->oid[CORE_B]) && eid_eq(here, &w->eid);
}

static void iccid_elsewhere(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    w.pe.iccid_elsewhere = on_another_card;
    w.pe.ctx = &w;
    ask(&w, row, NOWHERE);
    refused(&w, row);
}

/* Somebody who sees it, without an authorisation. */
static void not_authorised(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    w.env.n_plmas = 0;
    core_call(&w, CORE_F, function_of(row), ONE);
    refused(&w, row);
}

static void one_is_as(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    eis->profiles[1].mno_id = eis->profiles[0].mno_id;
}

/* An owner that has nothing on this card. */
static void audit_not_allowed(const struct published_row *row)
{
    struct core w;

    core_init_with(&w, one_is_as);
    ask(&w, row, 0);
    refused(&w, row);
}

static void audit_of_others(const struct published_row *row)
{
    struct core w;
    struct es4_audit_eis_request m = {.n_iccids = 1};

    ready(&w, row);
    m.eid = w.eid;
    m.iccids[0] = core_iccid(TWO);
    core_request(&w, owner_of(row), request_of(row), &m);
    refused(&w, row);
}

/* --- policy --- */
static void pol1(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    ask(&w, row, 0);
    core_por_sw(&w, 0, 0x69E1);
    refused(&w, row);
}

static void pol2(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    core_set_pol2(&w, ONE, POL2_ENABLE_NOT_ALLOWED | POL2_DISABLE_NOT_ALLOWED | POL2_DELETE_NOT_ALLOWED);
    ask(&w, row, 0);
    refused(&w, row);
}

static void pol2_invalid(const struct published_row *row)
{
    struct pol2 rules = {.rules = {{span_str("PROFILE"), span_str("ENABLE"), span_str("Auto-Delete")}}, .n = 1,
                         .present = true};
    struct es4_update_policy_rules_request es4 = {.iccid = core_iccid(ONE), .pol2 = rules};
    struct es3_profile_download_completed_request done = {.iccid = core_iccid(FRESH), .pol2 = rules};
    struct core w;

    ready(&w, row);
    es4.eid = done.eid = w.eid;
    if (function_of(row) == FN_PROFILE_DOWNLOAD_COMPLETED)
        core_request(&w, CORE_D, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, &done);
    else
        core_request(&w, owner_of(row), request_of(row), &es4);
    refused(&w, row);
}

static void the_last_resort(const struct published_row *row)
{
    struct core w;

    core_init_with(&w, one_is_the_last_resort);
    ask(&w, row, 0);
    refused(&w, row);
}

/* --- the card --- */
static void isdr_refuses(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    if (function_of(row) == FN_CREATE_ISDP) {
        core_to_step(&w, false);
        core_step_hex(&w, 1, "AF8023026A800000");
    } else {
        ask(&w, row, 0);
        core_por_sw(&w, 0, 0x6985);
    }
    refused(&w, row);
}

static void no_room(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    core_to_step(&w, false);
    core_step_hex(&w, 1, "AF8023026A840000");
    refused(&w, row);
}

static void isdp_refuses(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    ask(&w, row, 0);
    core_first_post(&w, 2);
    core_step_hex(&w, 2, "AF809F4401010000");
    refused(&w, row);
}

static void iccid_in_use(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    ask(&w, row, ONE);
    refused(&w, row);
}

/* --- time and room --- */
static void busy(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    while (w.e->n_ops < EUICC_OPS_MAX)
        core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    ask(&w, row, 0);
    refused(&w, row);
}

static bool recorded(const struct core *w, const struct published_row *row)
{
    for (unsigned i = 0; i < w->plan.n_records; i++)
        if (!strcmp(w->plan.records[i]->code.subject, row->subject) &&
            !strcmp(w->plan.records[i]->code.reason, row->reason))
            return w->plan.records[i]->function == function_of(row);
    return false;
}

/* It waits behind a question the card does not answer, until its period is over. */
static void expired_unsent(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    w.env.timer_ms[TIMER_VALIDITY_ENABLE] = w.env.timer_ms[TIMER_VALIDITY_OTHER] =
        w.env.timer_ms[TIMER_VALIDITY_DOWNLOAD] = 1000;
    ask(&w, row, 0);
    for (unsigned i = 0; !recorded(&w, row) && i < 20; i++)
        assert_true(core_timer(&w));
    core_expect(&w, EXEC_EXPIRED, row->subject, row->reason);
    core_fini(&w);
}

static void read_unanswered(const struct published_row *row)
{
    struct core w;

    ready(&w, row);
    ask(&w, row, 0);
    for (unsigned i = 0; !recorded(&w, row) && i < 20; i++)
        assert_true(core_timer(&w));
    core_expect(&w, EXEC_EXPIRED, row->subject, row->reason);
    core_fini(&w);
}

static const struct provocation LIST[] = {
    {NULL, "8.1.1", "3.9", eid_unknown},
    {"ES3-GetEIS", "8.1.1", "3.9", get_eis},
    {"ES4-GetEIS", "8.1.1", "3.9", get_eis},
    {"ES4-GetEIS", "8.6", "1.2", get_eis},
    {NULL, "8.6", "1.2", audit_not_allowed},
    {NULL, "8.2", "1.2", audit_of_others},
    {NULL, "1.6", "5.4", read_unanswered},
    {NULL, "8.2.1", "3.9", iccid_unknown},
    {NULL, "8.2.1", "3.4", iccid_elsewhere},
    {NULL, "8.2.1", "1.2", not_authorised},
    {"ES4-UpdateSubscriptionAddress", "8.2.6", "1.2", not_authorised},
    {NULL, "8.2.2", "3.8", pol1},
    {NULL, "8.2.3", "3.8", pol2},
    {NULL, "8.2.3", "2.1", pol2_invalid},
    {NULL, "8.1", "3.8", the_last_resort},
    {NULL, "8.4", "4.2", isdr_refuses},
    {"ES3-CreateISDP", "8.1", "4.8", no_room},
    {"ES3-CreateISDP", "8.2.1", "3.3", iccid_in_use},
    {"ES3-SendData", "8.3.1", "3.9", iccid_unknown},
    {"ES3-SendData", "8.3", "4.2", isdp_refuses},
    {NULL, "1.2", "4.4", busy},
    {NULL, "1.6", "5.3", expired_unsent},
};

/* Some role may call it. */
static bool built(enum msg_type request)
{
    const struct msg_info *info = msg_type_info(request);

    return authz_roles(info->iface, info->function) != 0;
}

static void every_published_status_is_answered(void **state)
{
    static const char *const INTERFACES[] = {"ES1-", "ES3-", "ES4-", "ES7-", NULL};

    (void)state;
    assert_in_range(published_walk(INTERFACES, built, LIST, sizeof LIST / sizeof *LIST), 60, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_status_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
