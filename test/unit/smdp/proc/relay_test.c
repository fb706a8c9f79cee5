/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_proc */
/* Relays and notifications alone: every state meets every input, the caller is answered once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smdp_lone.h"

static struct lone H;

static int setup(void **state)
{
    (void)state;
    lone_init(&H);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_fini(&H);
    return 0;
}

static int feed(const struct input *in)
{
    return lone_feed(&H, in);
}

/* From the acceptance on, the card has the profile. */
static void accept(enum msg_type type)
{
    struct es2_enable_profile_request *q = arena_alloc(&H.mem, sizeof *q);
    const struct dp_proc_env env = lone_env(&H);
    const struct input in = lone_call(&H, type, q, "call");

    assert_int_equal(eid_parse(LONE_EID, &q->eid), 0);
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &q->iccid), 0);
    q->smsr_id = H.smsr.oid;
    lone_accept(&H, &env, &in);
    assert_int_equal(H.o->state, ORDER_RELAY);
    assert_int_equal(H.calls, 1);
    H.item.state = STOCK_INSTALLED;
    H.stocked = true;
}

/* Another order, of this call. */
static void ask(void **state, enum msg_type type, void *body)
{
    teardown(state);
    setup(state);
    const struct dp_proc_env env = lone_env(&H);
    const struct input in = lone_call(&H, type, body, "call");

    lone_accept(&H, &env, &in);
    H.item.state = STOCK_INSTALLED;
    H.stocked = true;
}

static struct input response(enum msg_type type, enum exec_status status, const char *subject,
                             const char *reason, enum verdict v)
{
    return lone_answer(&H, type, status, subject, reason, v);
}

static struct input verdict(enum verdict v)
{
    return lone_verdict(&H, v, H.o->step, "", "");
}

static const struct {
    enum msg_type ask, answer;
} FN[] = {
    {MSG_ES2_ENABLE_PROFILE_REQUEST, MSG_ES3_ENABLE_PROFILE_RESPONSE},
    {MSG_ES2_DISABLE_PROFILE_REQUEST, MSG_ES3_DISABLE_PROFILE_RESPONSE},
    {MSG_ES2_DELETE_PROFILE_REQUEST, MSG_ES3_DELETE_ISDP_RESPONSE},
};

static void answers_become_answers(void **state)
{
    static const struct {
        enum exec_status status;
        const char *subject, *reason;
        enum verdict said, becomes;
        unsigned state;
    } ROWS[] = {
        {EXEC_SUCCESS, "", "", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_SUCCESS, "", "", VERDICT_NONE, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_WARNING, "8.2.3", "3.8", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
        {EXEC_FAILED, "8.2.2", "3.8", VERDICT_NONE, VERDICT_FAILED, ORDER_DONE},
        {EXEC_FAILED, "8.4", "4.2", VERDICT_ROLLED_BACK, VERDICT_ROLLED_BACK, ORDER_DONE},
        {EXEC_EXPIRED, "1.6", "5.3", VERDICT_NONE, VERDICT_EXPIRED, ORDER_DONE},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_NONE, VERDICT_IN_DOUBT, ORDER_DOUBT},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT, VERDICT_IN_DOUBT, ORDER_DOUBT},
        {EXEC_EXPIRED, "1.6", "5.4", VERDICT_SUCCESS, VERDICT_SUCCESS, ORDER_DONE},
    };

    for (size_t f = 0; f < 3; f++) {
        for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
            struct input in;
            teardown(state);
            setup(state);
            accept(FN[f].ask);
            in = response(FN[f].answer, ROWS[i].status, ROWS[i].subject, ROWS[i].reason,
                          ROWS[i].said);
            assert_int_equal(feed(&in), 0);
            assert_int_equal(H.o->state, ROWS[i].state);
            assert_int_equal(H.o->verdict, ROWS[i].becomes);
            assert_string_equal(H.o->code.reason, ROWS[i].reason);
            assert_int_equal(H.answers, 1);
            assert_int_equal(H.n_told, 0);
            assert_int_equal(H.told_stock, ROWS[i].becomes == VERDICT_SUCCESS);
        }
    }
}

static const void *last_call(enum msg_type type)
{
    assert_int_equal(H.called, type);
    return H.called_body;
}

/* What a call says beside EID and ICCID reaches the SM-SR, also when the call is made again. */
static void calls_keep_what_they_say(void **state)
{
    struct es2_update_policy_rules_request policy = {.smsr_id = H.smsr.oid};
    struct es2_update_subscription_address_request address = {.smsr_id = H.smsr.oid};
    struct es2_audit_eis_request audit = {.smsr_id = H.smsr.oid, .n_iccids = 2};
    struct input in = {.kind = IN_RESTART};

    pol2_write(POL2_DISABLE_AUTO_DELETE, &policy.pol2);
    assert_int_equal(eid_parse(LONE_EID, &policy.eid), 0);
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &policy.iccid), 0);
    address.eid = audit.eid = policy.eid;
    address.iccid = audit.iccids[1] = policy.iccid;
    assert_int_equal(iccid_parse(span_str("8949010000000000019"), &audit.iccids[0]), 0);
    assert_int_equal(msisdn_parse(span_str("4915799999"), &address.new_address.msisdn), 0);
    for (unsigned twice = 0; twice < 2; twice++) {
        ask(state, MSG_ES2_UPDATE_POLICY_RULES_REQUEST, &policy);
        if (twice)
            assert_int_equal(feed(&in), 0);
        const struct es3_update_policy_rules_request *p = last_call(MSG_ES3_UPDATE_POLICY_RULES_REQUEST);
        assert_true(iccid_eq(&p->iccid, &policy.iccid) && p->pol2.present);
        assert_int_equal(p->pol2.n, 1);
        assert_true(span_eq(p->pol2.rules[0].qualification, span_str("Auto-Delete")));

        ask(state, MSG_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, &address);
        if (twice)
            assert_int_equal(feed(&in), 0);
        const struct es3_update_subscription_address_request *q =
            last_call(MSG_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST);
        assert_string_equal(q->new_address.msisdn.s, "4915799999");

        ask(state, MSG_ES2_AUDIT_EIS_REQUEST, &audit);
        if (twice)
            assert_int_equal(feed(&in), 0);
        const struct es3_audit_eis_request *u = last_call(MSG_ES3_AUDIT_EIS_REQUEST);
        assert_int_equal(u->n_iccids, 2);
        assert_true(iccid_eq(&u->iccids[0], &audit.iccids[0]) && iccid_eq(&u->iccids[1], &audit.iccids[1]));
    }
}

/* Mode S: one answer on the connection, nothing to be heard later; the stock is not touched. */
static void synchronous_calls_are_no_deliveries(void **state)
{
    struct es2_update_policy_rules_request policy = {.smsr_id = H.smsr.oid, .pol2.present = true};
    struct input in;

    assert_int_equal(eid_parse(LONE_EID, &policy.eid), 0);
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &policy.iccid), 0);
    ask(state, MSG_ES2_UPDATE_POLICY_RULES_REQUEST, &policy);
    in = response(MSG_ES3_UPDATE_POLICY_RULES_RESPONSE, EXEC_SUCCESS, "", "", VERDICT_SUCCESS);
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->verdict, VERDICT_SUCCESS);
    assert_int_equal(H.answers, 1);
    assert_int_equal(H.delivered, 0);
    assert_int_equal(H.told_stock, 0);
}

static void wrong_rules_are_refused_here(void **state)
{
    struct es2_update_policy_rules_request policy = {.smsr_id = H.smsr.oid};
    const struct dp_proc_env env = lone_env(&H);
    struct input in = lone_call(&H, MSG_ES2_UPDATE_POLICY_RULES_REQUEST, &policy, "call");
    struct plan *p;

    (void)state;
    assert_int_equal(eid_parse(LONE_EID, &policy.eid), 0);
    assert_int_equal(iccid_parse(span_str(LONE_ICCID), &policy.iccid), 0);
    policy.pol2.n = 1;
    policy.pol2.rules[0] = (struct pol2_rule){span_str("PROFILE"), span_str("ENABLE"), span_str("Auto-Delete")};
    p = lone_plan(&H);
    assert_int_equal(dp_order_decide(&env, NULL, &in, p), 0);
    assert_int_equal(p->records[0]->type, EV_ORDER_CONCLUDED);
    assert_string_equal(p->records[0]->code.subject, "8.2.3");
}

static void doubt_ends_once(void **state)
{
    struct input in;

    (void)state;
    accept(FN[0].ask);
    H.now = H.o->validity_end_ms;
    in = (struct input){.kind = IN_TIMER};
    assert_int_equal(feed(&in), 0); /* our own validity period ends: the outcome is open */
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_int_equal(H.answers, 1);
    assert_int_equal(feed(&in), 0); /* and is asked for again, by the same call */
    assert_int_equal(H.calls, 2);
    assert_int_equal(H.o->step, 1);
    in = response(FN[0].answer, EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT);
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DOUBT);
    in = verdict(VERDICT_IN_DOUBT);
    assert_int_equal(feed(&in), ERR_STATE);
    in = verdict(VERDICT_SUCCESS);
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.answers, 1);
    assert_int_equal(H.n_told, 1);
    assert_int_equal(H.told_stock, 1);
    assert_int_equal(feed(&in), ERR_STATE);
}

static void every_state_meets_every_input(void **state)
{
    for (unsigned doubt = 0; doubt < 2; doubt++) {
        for (unsigned kind = 0; kind < IN_KIND_COUNT; kind++) {
            for (unsigned v = 0; v < 6; v++) {
                struct input in = {.kind = (enum input_kind)kind};
                int err;
                if (v && kind != IN_PEER)
                    break;
                teardown(state);
                setup(state);
                accept(FN[0].ask);
                if (doubt) {
                    struct input open =
                        response(FN[0].answer, EXEC_EXPIRED, "1.6", "5.4", VERDICT_IN_DOUBT);
                    assert_int_equal(feed(&open), 0);
                }
                if (kind == IN_PEER)
                    in = v == 0   ? response(FN[1].answer, EXEC_SUCCESS, "", "", VERDICT_SUCCESS)
                         : v == 1 ? response(MSG_ES3_GET_EIS_RESPONSE, EXEC_SUCCESS, "", "", 0)
                         : v == 2 ? response(FN[0].answer, EXEC_SUCCESS, "", "", VERDICT_SUCCESS)
                         : v == 3 ? verdict(VERDICT_ROLLED_BACK)
                         : v == 4 ? verdict(VERDICT_NONE)
                                  : response(FN[0].answer, EXEC_NONE, "", "", VERDICT_NONE);
                err = feed(&in);
                if (kind == IN_PEER)
                    assert_int_equal(err, v < 2 || v == 4 ? ERR_STATE : 0);
                else
                    assert_int_equal(err, kind == IN_TIMER || kind == IN_RESTART ? 0 : ERR_STATE);
                assert_true(H.answers <= 1);
            }
        }
    }
}

static void notices(void **state)
{
    static const enum msg_type T[] = {MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION,
                                      MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION,
                                      MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION,
                                      MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION};
    struct es3_handle_profile_enabled_notification n = {.completion_timestamp_ms = 7};
    struct dp_proc_env pe = lone_env(&H);
    struct envelope e = {.kind = ENV_NOTICE};
    struct plan *p;

    (void)state;
    memset(n.eid.b, 0x89, 16);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &n.iccid), 0);
    n.mno_id = H.party.oid;
    for (size_t i = 0; i < sizeof T / sizeof *T; i++) {
        e.message = (struct message){T[i], &n};
        p = lone_plan(&H);
        assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
        assert_int_equal(p->n_records, 1);
        assert_int_equal(event_check(p->records[0], NULL), 0);
        assert_int_equal(p->n_deliveries, 1);
        assert_true(oid_eq(&p->deliveries[0].party, &H.party.oid));
        assert_int_equal(p->records[0]->n_secrets, 0); /* not of this stock */
        assert_string_equal(msg_type_name(p->deliveries[0].msg.type) + 4, msg_type_name(T[i]) + 4);
    }
    e.message = (struct message){T[2], &n};
    H.item.state = STOCK_INSTALLED;
    H.item.eid = n.eid;
    pe.item = &H.item;
    p = lone_plan(&H);
    assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
    assert_int_equal(p->records[0]->n_secrets, 1);
    n.mno_id = H.smsr.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_NOT_FOUND);
    H.party.roles = 1u << ROLE_ADMIN;
    n.mno_id = H.party.oid;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_NOT_FOUND);
    e.kind = ENV_RESPONSE;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_STATE);
    e.kind = ENV_NOTICE;
    e.message.type = MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION;
    assert_int_equal(dp_notice_decide(&pe, &e, lone_plan(&H)), ERR_STATE);
}

static void rules_travel_with_their_notice(void **state)
{
    struct es3_handle_policy_rules_updated_notification n = {.completion_timestamp_ms = 7};
    struct dp_proc_env pe = lone_env(&H);
    struct envelope e = {.kind = ENV_NOTICE,
                         .message = {MSG_ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION, &n}};
    const struct es2_handle_policy_rules_updated_notification *out;
    struct plan *p = lone_plan(&H);

    (void)state;
    memset(n.eid.b, 0x89, 16);
    assert_int_equal(iccid_parse(span_str("8949010000000000001"), &n.iccid), 0);
    n.mno_id = H.party.oid;
    pol2_write(POL2_DELETE_NOT_ALLOWED, &n.pol2);
    assert_int_equal(dp_notice_decide(&pe, &e, p), 0);
    out = p->deliveries[0].msg.body;
    assert_int_equal(p->deliveries[0].msg.type, MSG_ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION);
    assert_int_equal(out->pol2.n, 1);
    assert_int_equal(out->completion_timestamp_ms, 7);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(answers_become_answers),
        T(calls_keep_what_they_say),
        T(synchronous_calls_are_no_deliveries),
        T(wrong_rules_are_refused_here),
        T(rules_travel_with_their_notice),
        T(doubt_ends_once),
        T(every_state_meets_every_input),
        T(notices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
