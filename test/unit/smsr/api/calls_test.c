/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/sms.h"
#include "smsr/state_verify.h"
#include "test/unit/smsr/api/api_world.h"

static int setup(void **state)
{
    struct world *w = world_new("calls");
    struct peer *eum = dial(w, EUM, ROLE_EUM);

    enrol(w, eum, 1);
    enrol(w, eum, 101); /* in the realm gas */
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

/* --- who is admitted --- */
static void strangers_and_wrong_roles_are_refused_alike(void **state)
{
    struct world *w = *state;
    struct peer *stranger = dial_as(w, OID(77), ROLE_OPERATOR, false, 0);
    struct peer *wrong = dial_as(w, MNO_A, ROLE_ADMIN, false, 0);

    assert_false(stranger->up);
    assert_false(wrong->up);
    assert_true(stranger->closed);
    assert_true(wrong->closed);
}

static void one_subscriber_a_party(void **state)
{
    struct world *w = *state;
    struct peer *first = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct peer *second = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct peer *third = dial_as(w, MNO_B, ROLE_OPERATOR, false, 0);

    assert_true(first->up);
    assert_false(second->up);
    assert_true(third->up);
    hang_up(first);
    assert_true(dial_as(w, MNO_B, ROLE_OPERATOR, true, 0)->up);
    assert_false(dial_as(w, MNO_A, ROLE_OPERATOR, true, 5)->up); /* never given */
}

/* --- refusals before a decider --- */
static void calls_without_their_identity_are_refused(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct peer *dp = dial(w, SMDP, ROLE_SMDP);
    struct es4_enable_profile_request req = enable_request("", 1);
    struct es3_enable_profile_request es3 = {.base = {.function_call_identifier = span_str("x")},
                                             .eid = eid_no(1), .iccid = iccid_no("894902", 1)};
    struct admin_status_request ask = {.base = {.function_call_identifier = span_str("x")}};
    const struct got *got;
    uint64_t lsn = engine_last_lsn(smsr_core_engine(w->core));

    assert_code(call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL), "1.6", "2.1");
    assert_code(call(dp, MSG_ES3_ENABLE_PROFILE_REQUEST, &es3, NULL), "1.6", "2.1");
    assert_code(call(b, MSG_ES3_ENABLE_PROFILE_REQUEST, &es3, MNO_B), "1.2", "1.2");
    req = enable_request("call", 1);
    got = call(dp, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    assert_code(got, "1.2", "1.2");
    assert_non_null(strstr(got->text, "it is for: operator, m2m-sp, fleet"));
    got = call(dp, MSG_ADMIN_STATUS_REQUEST, &ask, NULL);
    assert_code(got, "1.2", "1.2");
    assert_non_null(strstr(got->text, "it is for: admin, auditor"));
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn); /* none of it is a record */
}

static void what_is_no_request_is_an_error(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_response answer = {.base = {.answer = {.status = EXEC_SUCCESS}}};
    const struct got *g = call(b, MSG_ES4_ENABLE_PROFILE_RESPONSE, &answer, NULL);

    assert_int_equal(g->kind, ENV_ERROR);
    assert_int_equal(g->relates_to, 2); /* HELLO was 1 */
}

static void foreign_cards_answer_like_unknown_ones(void **state)
{
    struct world *w = *state;
    struct peer *fleet = dial(w, FLEET, ROLE_FLEET);
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_get_eis_request mine = {.eid = eid_no(1)}, foreign = {.eid = eid_no(101)},
                               unknown = {.eid = eid_no(102)};
    struct es4_enable_profile_request e_foreign = enable_request("f", 101),
                                      e_unknown = enable_request("u", 102);
    struct got a, c;

    mine.base.function_call_identifier = foreign.base.function_call_identifier =
        unknown.base.function_call_identifier = span_str("r");
    assert_int_equal(call(fleet, MSG_ES4_GET_EIS_REQUEST, &mine, NULL)->status, EXEC_SUCCESS);
    a = *call(fleet, MSG_ES4_GET_EIS_REQUEST, &foreign, NULL);
    c = *call(fleet, MSG_ES4_GET_EIS_REQUEST, &unknown, NULL);
    assert_code(&a, "8.1.1", "3.9");
    assert_true(span_eq(buf_span(&a.octets), buf_span(&c.octets)));
    /* B is not admitted by gas: its own profile there is as unknown as the card. */
    a = *call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &e_foreign, NULL);
    c = *call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &e_unknown, NULL);
    assert_code(&a, "8.1.1", "3.9");
    assert_true(span_eq(buf_span(&a.octets), buf_span(&c.octets)));
}

static int no_foreign_stream(void *ctx, const struct journal_record *rec)
{
    const struct world *w = ctx;
    struct eid foreign = eid_no(101);

    if (!strcmp(rec->type, "operation.concluded") && eid_eq(&rec->eid, &foreign))
        assert_int_equal(rec->stream,
                         env_party(&w->conf->env, &(struct oid){MNO_B})->tenant->number);
    return ERR_OK;
}

static void refusals_stand_in_the_callers_stream(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("f", 101);

    assert_code(call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL), "8.1.1", "3.9");
    assert_int_equal(
        journal_read(engine_journal(smsr_core_engine(w->core)), 1, 0, no_foreign_stream, w),
        ERR_OK);
}

/* --- GetEIS --- */
static void everybody_sees_his_part_of_the_eis(void **state)
{
    struct world *w = *state;
    struct es4_get_eis_request req = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = eid_no(1)};
    struct es3_get_eis_request es3 = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = eid_no(1)};
    const struct eis *eis;

    eis = ((const struct es4_get_eis_response *)body_of(
               w, call(dial(w, FLEET, ROLE_FLEET), MSG_ES4_GET_EIS_REQUEST, &req, NULL)))->eis;
    assert_int_equal(eis->n_profiles, 2);
    assert_int_equal(eis->remaining_memory, 200000);
    assert_string_equal(eis->profiles[0].address.msisdn.s, ""); /* the owner's business */
    eis = ((const struct es4_get_eis_response *)body_of(
               w, call(dial(w, MNO_B, ROLE_OPERATOR), MSG_ES4_GET_EIS_REQUEST, &req, NULL)))->eis;
    assert_int_equal(eis->n_profiles, 1);
    assert_string_equal(eis->profiles[0].iccid.s, iccid_no("894902", 1).s);
    eis = ((const struct es3_get_eis_response *)body_of(
               w, call(dial(w, SMDP, ROLE_SMDP), MSG_ES3_GET_EIS_REQUEST, &es3, MNO_B)))->eis;
    assert_true(eis->ecasd_certificate.n > 0);
    assert_true(eis->eum_certificate.n > 0);
    /* Not on behalf of A. */
    assert_code(call(w->peers[w->n_peers - 1], MSG_ES3_GET_EIS_REQUEST, &es3, MNO_A), "8.1.1",
                "3.9");
}

/* --- an effect --- */
static void the_packet_leaves_after_the_commit_and_opens_with_the_cards_keys(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);
    struct scp80_keys keys = {w->kic, w->kid, 0};
    struct scp80_command cmd;
    struct sms_ud ud;
    const struct got *g;

    send_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    rpc_flush(b->client);
    (void)move(b->server, &b->to_server, false);
    assert_int_equal(w->n_sms, 0); /* decided, not durable */
    pump(w);
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
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1),
                                      other = enable_request("call", 1);
    struct got first = *call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    unsigned sms = w->n_sms;
    const struct got *g = call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);

    assert_int_equal(g->kind, ENV_ACCEPTED);
    assert_true(uuid_eq(&g->operation, &first.operation));
    other.base.validity_period_s = 77;
    other.base.has_validity_period = true;
    assert_code(call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &other, NULL), "1.6", "3.3");
    assert_int_equal(w->n_sms, sms); /* nothing was sent again */
}

static unsigned count_kind(const struct peer *p, enum envelope_kind kind, bool numbered)
{
    unsigned n = 0;

    for (unsigned i = 0; i < p->n; i++)
        n += p->got[i].kind == kind && (p->got[i].delivery_no != 0) == numbered;
    return n;
}

static const struct got *last_of(const struct peer *p)
{
    assert_true(p->n > 0);
    return &p->got[p->n - 1];
}

/* The card is silent: the answer at the end of validity is EXPIRED 5.4, the verdict stays open. */
static void expire(struct world *w)
{
    for (unsigned i = 0; i < 40; i++) {
        fake_clock_step(&w->clock, 60000);
        pump(w);
        w->n_sms = 0;
    }
}

static void the_answer_goes_to_the_caller_and_to_the_subscriber(void **state)
{
    struct world *w = *state;
    struct peer *sub = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);
    struct uuid op = call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation;
    const struct got *g;

    assert_int_equal(sub->n, 0);
    expire(w);
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
    g = call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    assert_int_equal(g->status, EXEC_EXPIRED);
    assert_int_equal(g->verdict, VERDICT_IN_DOUBT);
}

static void the_subscriber_who_called_is_told_once(void **state)
{
    struct world *w = *state;
    struct peer *b = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct es4_enable_profile_request req = enable_request("call", 1);

    (void)call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    expire(w);
    assert_int_equal(count_kind(b, ENV_RESPONSE, true), 1);
    assert_int_equal(count_kind(b, ENV_RESPONSE, false), 0);
}

static void deliveries_wait_for_the_ack(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR), *sub;
    struct es4_enable_profile_request req = enable_request("call", 1);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 1};

    (void)call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    hang_up(b);
    expire(w); /* nobody is there */
    for (unsigned i = 0; i < 2; i++) {
        sub = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
        pump(w);
        assert_int_equal(count_kind(sub, ENV_RESPONSE, true), 1);
        if (i)
            assert_int_equal(rpc_send(sub->client, &ack, NULL), ERR_OK);
        pump(w);
        hang_up(sub);
    }
    sub = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    pump(w);
    assert_int_equal(sub->n, 0);
    ack.delivery_no = 9;
    assert_int_equal(rpc_send(sub->client, &ack, NULL), ERR_OK);
    pump(w);
    assert_true(sub->closed); /* a number that was never sent */
}

/* --- a restart --- */
static void power_cut(struct world *w)
{
    world_drop_peers(w);
    memvfs_crash(w->m, MEMVFS_DROP, NULL);
    smsr_core_free(w->core);
    world_open(w);
}

static void a_restart_sends_the_same_octets(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);
    struct sent_sms first;
    struct uuid op = call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation;

    first = w->sms[0];
    power_cut(w);
    w->n_sms = 0;
    world_turn(w);
    for (unsigned i = 0; i < 3 && !w->n_sms; i++) {
        fake_clock_step(&w->clock, 60000);
        world_turn(w);
    }
    assert_true(w->n_sms > 0);
    assert_int_equal(w->sms[0].n, first.n);
    assert_memory_equal(w->sms[0].ud, first.ud, first.n);
    b = dial(w, MNO_B, ROLE_OPERATOR);
    assert_true(uuid_eq(&call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation, &op));
}

static void the_state_is_the_same_after_a_rebuild(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);
    struct es4_get_eis_request get = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = eid_no(1)};
    struct admin_operation_list_request list = {
        .base = {.function_call_identifier = span_str("r")}};
    struct buf eis, ops;
    const struct got *g;

    (void)call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    buf_init(&eis, 0);
    buf_init(&ops, 0);
    buf_add_span(&eis, buf_span(&call(b, MSG_ES4_GET_EIS_REQUEST, &get, NULL)->octets));
    buf_add_span(&ops, buf_span(&call(b, MSG_ADMIN_OPERATION_LIST_REQUEST, &list, NULL)->octets));
    for (unsigned i = 0; i < 2; i++) {
        power_cut(w); /* first time state.db was never written, then it stands as far as it was */
        b = dial(w, MNO_B, ROLE_OPERATOR);
        g = call(b, MSG_ES4_GET_EIS_REQUEST, &get, NULL);
        assert_true(span_eq(buf_span(&g->octets), buf_span(&eis)));
        g = call(b, MSG_ADMIN_OPERATION_LIST_REQUEST, &list, NULL);
        assert_true(span_eq(buf_span(&g->octets), buf_span(&ops)));
    }
    buf_fini(&eis);
    buf_fini(&ops);
}

/* Written behind in pieces while things happen, the tables are what the journal gives. */
static void the_tables_are_what_the_journal_gives(void **state)
{
    struct world *w = *state;
    struct peer *b = dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct es4_enable_profile_request req = enable_request("call", 1),
                                      no = enable_request("no", 101);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 1};
    struct errmsg why = {{0}};

    for (unsigned i = 0; i < 5; i++) {
        if (i == 1)
            (void)call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
        if (i == 2)
            expire(w);
        if (i == 3) {
            assert_int_equal(rpc_send(b->client, &ack, NULL), ERR_OK);
            (void)call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &no, NULL);
        }
        pump(w);
        assert_int_equal(engine_flush(smsr_core_engine(w->core)), ERR_OK);
        if (smsr_state_verify_files(memvfs_name(w->m), "/s/journal.db", "/s/state.db", &why))
            fail_msg("%u: %s", i, why.text);
    }
    assert_int_equal(db_exec(engine_state(smsr_core_engine(w->core)),
                             "UPDATE operation SET verdict = 1"), ERR_OK);
    assert_int_equal(
        smsr_state_verify_files(memvfs_name(w->m), "/s/journal.db", "/s/state.db", &why),
        ERR_CORRUPT);
    assert_non_null(strstr(why.text, "table operation"));
}

static void another_kek_is_found_at_the_start(void **state)
{
    struct world *w = *state;
    struct keystore *mine = w->ks;
    struct smsr_core_options o;
    struct errmsg why = {{0}};
    uint8_t kek[32] = {9};

    world_drop_peers(w);
    smsr_core_free(w->core);
    w->core = NULL;
    assert_int_equal(keystore_new(w->crypto, span_of(kek, 32), 1, &w->ks), ERR_OK);
    o = world_options(w);
    assert_int_equal(smsr_core_new(&o, &w->core, &why), ERR_AUTH);
    assert_non_null(strstr(why.text, "keystore.kek"));
    keystore_free(w->ks);
    w->ks = mine;
    world_open(w);
}

static const struct got *give_number(struct peer *p, const char *fcid, const char *number)
{
    struct es4_update_subscription_address_request req = {
        .base = {.function_call_identifier = span_str(fcid)}, .eid = eid_no(1),
        .iccid = iccid_no("894902", 1)};

    assert_int_equal(msisdn_parse(span_str(number), &req.new_address.msisdn), ERR_OK);
    return call(p, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, &req, NULL);
}

/* In the tables or not yet: a number of A on any card of the fleet is not B's to take. */
static void a_number_of_another_owner_is_refused(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);

    assert_code(give_number(b, "1", "491510000001"), "8.2.6", "3.3");
    assert_code(give_number(b, "2", "491510000101"), "8.2.6", "3.3");
    assert_int_equal(engine_flush(smsr_core_engine(w->core)), ERR_OK);
    assert_code(give_number(b, "3", "491510000001"), "8.2.6", "3.3");
    assert_code(give_number(b, "4", "491510000101"), "8.2.6", "3.3");
    assert_int_equal(give_number(b, "5", "491511000101")->status, EXEC_SUCCESS); /* its own */
    assert_int_equal(give_number(b, "6", "491511999999")->status, EXEC_SUCCESS);
}

static void stopping_refuses_what_comes(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);

    smsr_core_stop(w->core);
    assert_int_equal(call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->kind, ENV_ERROR);
    assert_false(dial_as(w, MNO_A, ROLE_OPERATOR, false, 0)->up);
}

static void a_disk_error_ends_it_before_anything_is_said(void **state)
{
    struct world *w = *state;
    struct peer *b = dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = enable_request("call", 1);

    send_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    rpc_flush(b->client);
    memvfs_fail(w->m, MEMVFS_SYNC, 1);
    (void)move(b->server, &b->to_server, false);
    assert_int_not_equal(smsr_core_turn(w->core), ERR_OK);
    assert_non_null(strstr(smsr_core_why(w->core), "journal.db"));
    rpc_flush(b->server);
    assert_int_equal(b->to_client.n, 0);
    assert_int_equal(w->n_sms, 0);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
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
        CASE(a_restart_sends_the_same_octets),
        CASE(the_state_is_the_same_after_a_rebuild),
        CASE(the_tables_are_what_the_journal_gives),
        CASE(another_kek_is_found_at_the_start),
        CASE(a_number_of_another_owner_is_refused),
        CASE(stopping_refuses_what_comes),
        CASE(a_disk_error_ends_it_before_anything_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
