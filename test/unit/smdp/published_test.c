/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_core remora_card */
/* Every status that SGP.02 names for the functions of the SM-DP, provoked; what the SM-SR answered is passed on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/published.h"
#include "test/support/smdp_world.h"

#include <stdio.h>

static enum msg_type request_of(const struct published_row *row)
{
    char name[80];

    (void)snprintf(name, sizeof name, "%sRequest", row->function);
    return msg_type_parse(span_str(name));
}

/* The call of the SM-SR's that a relay or an order ends by. */
static enum msg_type at_the_smsr(enum msg_type t)
{
    switch (t) {
    case MSG_ES2_GET_EIS_REQUEST:
        return MSG_ES3_GET_EIS_REQUEST;
    case MSG_ES2_ENABLE_PROFILE_REQUEST:
        return MSG_ES3_ENABLE_PROFILE_REQUEST;
    case MSG_ES2_DISABLE_PROFILE_REQUEST:
        return MSG_ES3_DISABLE_PROFILE_REQUEST;
    case MSG_ES2_DELETE_PROFILE_REQUEST:
        return MSG_ES3_DELETE_ISDP_REQUEST;
    case MSG_ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST:
        return MSG_ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST;
    case MSG_ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST:
        return MSG_ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST;
    case MSG_ES2_AUDIT_EIS_REQUEST:
        return MSG_ES3_AUDIT_EIS_REQUEST;
    case MSG_ES2_UPDATE_POLICY_RULES_REQUEST:
        return MSG_ES3_UPDATE_POLICY_RULES_REQUEST;
    case MSG_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST:
        return MSG_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST;
    default:
        return MSG_ES3_CREATE_ISDP_REQUEST;
    }
}

/* What a test bends of a call that would succeed. */
struct bent {
    const char *smsr, *type;
    struct iccid iccid;
};
union call {
    struct base_request base;      /* comes first in each */
    struct es2_get_eis_request get;
    struct es2_download_profile_request load;
    struct es2_enable_profile_request enable;
    struct es2_disable_profile_request disable;
    struct es2_delete_profile_request delete;
    struct es2_set_fall_back_attribute_request fallback;
    struct es2_set_emergency_profile_attribute_request emergency;
    struct es2_audit_eis_request audit;
    struct es2_update_policy_rules_request policy;
    struct es2_update_subscription_address_request address;
};

static void fill(const struct dp_world *w, enum msg_type t, const struct bent *b, union call *c)
{
    struct eid eid = w->rig.factory.eid;
    struct oid smsr = w->smsr.oid;
    struct iccid iccid = {DPW_ICCID_1};

    if (b->smsr)
        assert_int_equal(oid_parse(span_str(b->smsr), &smsr), ERR_OK);
    memset(c, 0, sizeof *c);
    if (t == MSG_ES2_GET_EIS_REQUEST)
        c->get = (struct es2_get_eis_request){.eid = eid, .smsr_id = smsr};
    else if (t == MSG_ES2_AUDIT_EIS_REQUEST)
        c->audit = (struct es2_audit_eis_request){.eid = eid, .smsr_id = smsr};
    else if (t == MSG_ES2_UPDATE_POLICY_RULES_REQUEST)
        c->policy = (struct es2_update_policy_rules_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else if (t == MSG_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST)
        c->address = (struct es2_update_subscription_address_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else if (t == MSG_ES2_ENABLE_PROFILE_REQUEST)
        c->enable = (struct es2_enable_profile_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else if (t == MSG_ES2_DISABLE_PROFILE_REQUEST)
        c->disable = (struct es2_disable_profile_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else if (t == MSG_ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST)
        c->fallback = (struct es2_set_fall_back_attribute_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else if (t == MSG_ES2_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST)
        c->emergency = (struct es2_set_emergency_profile_attribute_request){.eid = eid, .smsr_id = smsr,
                                                                            .iccid = iccid};
    else if (t == MSG_ES2_DELETE_PROFILE_REQUEST)
        c->delete = (struct es2_delete_profile_request){.eid = eid, .smsr_id = smsr, .iccid = iccid};
    else
        c->load = (struct es2_download_profile_request){
            .eid = eid, .smsr_id = smsr, .iccid = b->iccid,
            .profile_type = span_str(b->iccid.s[0] ? "" : b->type ? b->type : DPW_TYPE)};
    c->base.function_call_identifier = span_str("the call");
}

static void ask(struct dp_world *w, const struct published_row *row, const struct bent *b)
{
    enum msg_type t = request_of(row);
    union call c;

    fill(w, t, b, &c);
    (void)dpw_ask(w, &w->blue, t, &c);
    dpw_end(w);
}

static struct dp_world *begin(const struct published_row *row)
{
    enum msg_type t = request_of(row);
    void *state;

    (void)dpw_setup(&state);
    dpw_stock(state, 1);
    if (t != MSG_ES2_DOWNLOAD_PROFILE_REQUEST && t != MSG_ES2_GET_EIS_REQUEST) {
        (void)dpw_download(state, "before", false, 0);
        dpw_end(state);
    }
    return state;
}

static void answered(struct dp_world *w, const struct published_row *row)
{
    bool expired = !strcmp(row->subject, "1.6");
    void *state = w;

    dpw_expect(dpw_answer(&w->blue, msg_type_response(request_of(row))), expired ? EXEC_EXPIRED : EXEC_FAILED,
               row->subject, row->reason);
    (void)dpw_teardown(&state);
}

static void passed_on(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    dpw_fault(w, DPW_FAIL, at_the_smsr(request_of(row)), -1, row->subject, row->reason);
    ask(w, row, &(struct bent){0});
    answered(w, row);
}

static void eid_unknown(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    dpw_fault(w, DPW_FAIL, MSG_ES3_GET_EIS_REQUEST, -1, row->subject, row->reason);
    ask(w, row, &(struct bent){0});
    answered(w, row);
}

static void smsr_unknown(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    ask(w, row, &(struct bent){.smsr = "1.3.6.1.4.1.99999.77"});
    answered(w, row);
}

static void type_unknown(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    ask(w, row, &(struct bent){.type = "no such type"});
    answered(w, row);
}

static void not_in_stock(const struct published_row *row)
{
    struct dp_world *w = begin(row);
    struct bent b = {0};

    dpw_iccid(row->reason[0] == '1', 999, b.iccid.s); /* red's, or never imported */
    ask(w, row, &b);
    answered(w, row);
}

static void busy(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    w->env.orders_max = 0;
    ask(w, row, &(struct bent){0});
    answered(w, row);
}

static void expired_unsent(const struct published_row *row)
{
    struct dp_world *w = begin(row);

    dpw_link(w, false);
    ask(w, row, &(struct bent){0});
    answered(w, row);
}

static const struct provocation LIST[] = {
    {NULL, "8.1.1", "3.9", passed_on},
    {"ES2-DownloadProfile", "8.1.1", "3.9", eid_unknown},
    {NULL, "8.7", "3.9", smsr_unknown},
    {"ES2-DownloadProfile", "8.2.1", "3.9", not_in_stock},
    {"ES2-DownloadProfile", "8.2.1", "1.2", not_in_stock},
    {"ES2-DownloadProfile", "8.2.5", "3.9", type_unknown},
    {NULL, "8.2.1", "3.9", passed_on},
    {NULL, "8.2.1", "3.4", passed_on},
    {NULL, "8.2.1", "1.2", passed_on},
    {NULL, "8.2.2", "3.8", passed_on},
    {NULL, "8.2.3", "3.8", passed_on},
    {NULL, "8.2.3", "2.1", passed_on},
    {NULL, "8.6", "1.2", passed_on},
    {NULL, "8.2", "1.2", passed_on},
    {NULL, "1.6", "5.4", passed_on},
    {NULL, "8.1", "3.8", passed_on},
    {NULL, "8.4", "4.2", passed_on},
    {NULL, "1.2", "4.4", busy},
    {"ES2-DownloadProfile", "1.6", "5.3", expired_unsent},
    {NULL, "1.6", "5.3", passed_on},
};

static bool built(enum msg_type request)
{
    return msg_type_response(request) != MSG_NONE;
}

static void every_published_status_is_answered(void **state)
{
    static const char *const INTERFACES[] = {"ES2-", NULL};

    (void)state;
    assert_in_range(published_walk(INTERFACES, built, LIST, sizeof LIST / sizeof *LIST), 30, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_published_status_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
