/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* Calls: who is admitted, what is told to whom, when it leaves, and who hears of the end. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/sms.h"
#include "common/crypto/scp80.h"
#include "test/support/smsr_world.h"

/* --- who is admitted --- */
static void strangers_and_wrong_roles_are_refused_alike(void **state)
{
    struct srw *w = *state;
    struct srw_peer *stranger = srw_dial_as(w, OID(77), ROLE_OPERATOR, false, 0);
    struct srw_peer *wrong = srw_dial_as(w, MNO_A, ROLE_ADMIN, false, 0);

    assert_false(stranger->up);
    assert_false(wrong->up);
    assert_true(stranger->closed);
    assert_true(wrong->closed);
}

static void one_subscriber_a_party(void **state)
{
    struct srw *w = *state;
    struct srw_peer *first = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct srw_peer *second = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct srw_peer *third = srw_dial_as(w, MNO_B, ROLE_OPERATOR, false, 0);

    assert_true(first->up);
    assert_false(second->up);
    assert_true(third->up);
    srw_hang_up(first);
    assert_true(srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0)->up);
    assert_false(srw_dial_as(w, MNO_A, ROLE_OPERATOR, true, 5)->up); /* never given */
}

/* --- refusals before a decider --- */
static void calls_without_their_identity_are_refused(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct srw_peer *dp = srw_dial(w, SMDP, ROLE_SMDP);
    struct es4_enable_profile_request req = srw_enable_request("", 1);
    struct es3_enable_profile_request es3 = {.base = {.function_call_identifier = span_str("x")},
                                             .eid = fake_eid(1), .iccid = srw_iccid("894902", 1)};
    struct admin_status_request ask = {.base = {.function_call_identifier = span_str("x")}};
    const struct srw_got *got;
    uint64_t lsn = engine_last_lsn(smsr_core_engine(w->core));

    srw_expect(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL), "1.6", "2.1");
    srw_expect(srw_call(dp, MSG_ES3_ENABLE_PROFILE_REQUEST, &es3, NULL), "1.6", "2.1");
    srw_expect(srw_call(b, MSG_ES3_ENABLE_PROFILE_REQUEST, &es3, MNO_B), "1.2", "1.2");
    req = srw_enable_request("call", 1);
    got = srw_call(dp, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    srw_expect(got, "1.2", "1.2");
    assert_non_null(strstr(got->text, "it is for: operator, m2m-sp, fleet"));
    got = srw_call(dp, MSG_ADMIN_STATUS_REQUEST, &ask, NULL);
    srw_expect(got, "1.2", "1.2");
    assert_non_null(strstr(got->text, "it is for: admin, auditor"));
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn); /* none of it is a record */
}

static void what_is_no_request_is_an_error(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_response answer = {.base = {.answer = {.status = EXEC_SUCCESS}}};
    const struct srw_got *g = srw_call(b, MSG_ES4_ENABLE_PROFILE_RESPONSE, &answer, NULL);

    assert_int_equal(g->kind, ENV_ERROR);
    assert_int_equal(g->relates_to, 2); /* HELLO was 1 */
}

static void foreign_cards_answer_like_unknown_ones(void **state)
{
    struct srw *w = *state;
    struct srw_peer *fleet = srw_dial(w, FLEET, ROLE_FLEET);
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_get_eis_request mine = {.eid = fake_eid(1)}, foreign = {.eid = fake_eid(101)},
                               unknown = {.eid = fake_eid(102)};
    struct es4_enable_profile_request e_foreign = srw_enable_request("f", 101),
                                      e_unknown = srw_enable_request("u", 102);
    struct srw_got a, c;

    mine.base.function_call_identifier = foreign.base.function_call_identifier =
        unknown.base.function_call_identifier = span_str("r");
    assert_int_equal(srw_call(fleet, MSG_ES4_GET_EIS_REQUEST, &mine, NULL)->status, EXEC_SUCCESS);
    a = *srw_call(fleet, MSG_ES4_GET_EIS_REQUEST, &foreign, NULL);
    c = *srw_call(fleet, MSG_ES4_GET_EIS_REQUEST, &unknown, NULL);
    srw_expect(&a, "8.1.1", "3.9");
    assert_true(span_eq(buf_span(&a.octets), buf_span(&c.octets)));
    /* B is not admitted by gas: its own profile there is as unknown as the card. */
    a = *srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &e_foreign, NULL);
    c = *srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &e_unknown, NULL);
    srw_expect(&a, "8.1.1", "3.9");
    assert_true(span_eq(buf_span(&a.octets), buf_span(&c.octets)));
}

static int no_foreign_stream(void *ctx, const struct journal_record *rec)
{
    const struct srw *w = ctx;
    struct eid foreign = fake_eid(101);

    if (!strcmp(rec->type, "operation.concluded") && eid_eq(&rec->eid, &foreign))
        assert_int_equal(rec->stream,
                         env_party(&w->conf->env, &(struct oid){MNO_B})->tenant->number);
    return ERR_OK;
}

static void refusals_stand_in_the_callers_stream(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("f", 101);

    srw_expect(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL), "8.1.1", "3.9");
    assert_int_equal(
        journal_read(engine_journal(smsr_core_engine(w->core)), 1, 0, no_foreign_stream, w),
        ERR_OK);
}

/* --- GetEIS --- */
static void everybody_sees_his_part_of_the_eis(void **state)
{
    struct srw *w = *state;
    struct es4_get_eis_request req = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = fake_eid(1)};
    struct es3_get_eis_request es3 = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = fake_eid(1)};
    const struct eis *eis;

    eis = ((const struct es4_get_eis_response *)srw_body(
               w, srw_call(srw_dial(w, FLEET, ROLE_FLEET), MSG_ES4_GET_EIS_REQUEST, &req, NULL)))->eis;
    assert_int_equal(eis->n_profiles, 2);
    assert_int_equal(eis->remaining_memory, 200000);
    assert_string_equal(eis->profiles[0].address.msisdn.s, ""); /* the owner's business */
    eis = ((const struct es4_get_eis_response *)srw_body(
               w, srw_call(srw_dial(w, MNO_B, ROLE_OPERATOR), MSG_ES4_GET_EIS_REQUEST, &req, NULL)))->eis;
    assert_int_equal(eis->n_profiles, 1);
    assert_string_equal(eis->profiles[0].iccid.s, srw_iccid("894902", 1).s);
    eis = ((const struct es3_get_eis_response *)srw_body(
               w, srw_call(srw_dial(w, SMDP, ROLE_SMDP), MSG_ES3_GET_EIS_REQUEST, &es3, MNO_B)))->eis;
    assert_true(eis->ecasd_certificate.n > 0);
    assert_true(eis->eum_certificate.n > 0);
    /* Not on behalf of A. */
    srw_expect(srw_call(w->peers[w->n_peers - 1], MSG_ES3_GET_EIS_REQUEST, &es3, MNO_A), "8.1.1",
                "3.9");
}

/* --- an effect --- */
static void the_packet_leaves_after_the_commit_and_opens_with_the_cards_keys(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);
    struct scp80_keys keys = {w->kic, w->kid, 0};
    struct scp80_command cmd;
    struct sms_ud ud;
    const struct srw_got *g;

    srw_send(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    rpc_flush(b->client);
    (void)srw_move(b->server, &b->to_server, false);
    assert_int_equal(w->n_sms, 0); /* decided, not durable */
    srw_pump(w);
    g = &b->got[0];
    assert_int_equal(g->kind, ENV_ACCEPTED);
    assert_false(uuid_is_zero(&g->operation));
    assert_true(w->n_sms >= 1);
    assert_string_equal(w->sms[0].to, "491510000001"); /* the profile that is enabled now */
    assert_string_equal(w->sms[0].from, "491700001");
    assert_int_equal(sms_ud_parse(span_of(w->sms[0].ud, w->sms[0].n), &ud), ERR_OK);
    assert_int_equal(scp80_unwrap(w->crypto, &keys, PACKET_SMS, ud.data, &cmd), ERR_OK);
    assert_int_equal(cmd.cntr, 8); /* the EIS said 7 */
    assert_int_equal(cmd.head.tar, 0x000001);
    assert_int_equal(cmd.head.kic, 0x12);
}

static void a_repeat_is_accepted_once(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1),
                                      other = srw_enable_request("call", 1);
    struct srw_got first = *srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    unsigned sms = w->n_sms;
    const struct srw_got *g = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);

    assert_int_equal(g->kind, ENV_ACCEPTED);
    assert_true(uuid_eq(&g->operation, &first.operation));
    other.base.validity_period_s = 77;
    other.base.has_validity_period = true;
    srw_expect(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &other, NULL), "1.6", "3.3");
    assert_int_equal(w->n_sms, sms); /* nothing was sent again */
}

static unsigned count_kind(const struct srw_peer *p, enum envelope_kind kind, bool numbered)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->n; i++)
        n += p->got[i].kind == kind && (p->got[i].delivery_no != 0) == numbered;
    return n;
}

static const struct srw_got *last_of(const struct srw_peer *p)
{
    assert_true(p->n > 0);
    return &p->got[p->n - 1];
}
static void the_answer_goes_to_the_caller_and_to_the_subscriber(void **state)
{
    struct srw *w = *state;
    struct srw_peer *sub = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);
    struct uuid op = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation;
    const struct srw_got *g;

    assert_int_equal(sub->n, 0);
    srw_expire(w);
    assert_int_equal(count_kind(b, ENV_RESPONSE, false), 1);
    assert_int_equal(count_kind(sub, ENV_RESPONSE, true), 1);
    assert_int_equal(count_kind(b, ENV_RESPONSE, true), 0);
    g = last_of(b);
    assert_int_equal(g->status, EXEC_EXPIRED);
    assert_string_equal(g->code.reason, "5.4");
    assert_true(uuid_eq(&g->operation, &op));
    assert_int_equal(g->verdict, VERDICT_IN_DOUBT);
    assert_int_equal(g->relates_to, 2); /* HELLO was 1 */
    g = last_of(sub);
    assert_int_equal(g->status, EXEC_EXPIRED);
    assert_int_equal(g->delivery_no, 1);
    assert_true(uuid_eq(&g->operation, &op));
    /* A repeat gets the same answer and the verdict of now. */
    g = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    assert_int_equal(g->status, EXEC_EXPIRED);
    assert_int_equal(g->verdict, VERDICT_IN_DOUBT);
}

static void the_subscriber_who_called_is_told_once(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);

    (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    srw_expire(w);
    assert_int_equal(count_kind(b, ENV_RESPONSE, true), 1);
    assert_int_equal(count_kind(b, ENV_RESPONSE, false), 0);
}

static void deliveries_wait_for_the_ack(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR), *sub;
    struct es4_enable_profile_request req = srw_enable_request("call", 1);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 1};

    (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    srw_hang_up(b);
    srw_expire(w); /* nobody is there */
    for (unsigned i = 0; i < 2; i++) {
        sub = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
        srw_pump(w);
        assert_int_equal(count_kind(sub, ENV_RESPONSE, true), 1);
        if (i)
            assert_int_equal(rpc_send(sub->client, &ack, NULL), ERR_OK);
        srw_pump(w);
        srw_hang_up(sub);
    }
    sub = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    srw_pump(w);
    assert_int_equal(sub->n, 0);
    ack.delivery_no = 9;
    assert_int_equal(rpc_send(sub->client, &ack, NULL), ERR_OK);
    srw_pump(w);
    assert_true(sub->closed); /* a number that was never sent */
}

static const struct srw_got *give_number(struct srw_peer *p, const char *fcid, const char *number)
{
    struct es4_update_subscription_address_request req = {
        .base = {.function_call_identifier = span_str(fcid)}, .eid = fake_eid(1),
        .iccid = srw_iccid("894902", 1)};

    assert_int_equal(msisdn_parse(span_str(number), &req.new_address.msisdn), ERR_OK);
    return srw_call(p, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, &req, NULL);
}

/* In the tables or not yet: a number of A on any card of the fleet is not B's to take. */
static void a_number_of_another_owner_is_refused(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);

    srw_expect(give_number(b, "1", "491510000001"), "8.2.6", "3.3");
    srw_expect(give_number(b, "2", "491510000101"), "8.2.6", "3.3");
    assert_int_equal(engine_flush(smsr_core_engine(w->core)), ERR_OK);
    srw_expect(give_number(b, "3", "491510000001"), "8.2.6", "3.3");
    srw_expect(give_number(b, "4", "491510000101"), "8.2.6", "3.3");
    assert_int_equal(give_number(b, "5", "491511000101")->status, EXEC_SUCCESS); /* its own */
    assert_int_equal(give_number(b, "6", "491511999999")->status, EXEC_SUCCESS);
}

static void stopping_refuses_what_comes(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);

    smsr_core_stop(w->core);
    assert_int_equal(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->kind, ENV_ERROR);
    assert_false(srw_dial_as(w, MNO_A, ROLE_OPERATOR, false, 0)->up);
}

static void a_disk_error_ends_it_before_anything_is_said(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);

    srw_send(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    rpc_flush(b->client);
    memvfs_fail(w->m, MEMVFS_SYNC, 1);
    (void)srw_move(b->server, &b->to_server, false);
    assert_int_not_equal(smsr_core_turn(w->core), ERR_OK);
    assert_non_null(strstr(smsr_core_why(w->core), "journal.db"));
    rpc_flush(b->server);
    assert_int_equal(b->to_client.n, 0);
    assert_int_equal(w->n_sms, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, srw_setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(strangers_and_wrong_roles_are_refused_alike),
        CASE(one_subscriber_a_party),
        CASE(calls_without_their_identity_are_refused),
        CASE(what_is_no_request_is_an_error),
        CASE(foreign_cards_answer_like_unknown_ones),
        CASE(refusals_stand_in_the_callers_stream),
        CASE(everybody_sees_his_part_of_the_eis),
        CASE(the_packet_leaves_after_the_commit_and_opens_with_the_cards_keys),
        CASE(a_repeat_is_accepted_once),
        CASE(the_answer_goes_to_the_caller_and_to_the_subscriber),
        CASE(the_subscriber_who_called_is_told_once),
        CASE(deliveries_wait_for_the_ack),
        CASE(a_number_of_another_owner_is_refused),
        CASE(stopping_refuses_what_comes),
        CASE(a_disk_error_ends_it_before_anything_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
