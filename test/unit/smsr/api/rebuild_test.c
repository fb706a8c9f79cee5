/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* A restart of the whole core: the same octets leave, the state is what the journal gives, the KEK is tried. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/crypto/scp80.h"
#include "smsr/state_verify.h"
#include "test/support/smsr_world.h"

/* --- a restart --- */
static void a_restart_sends_the_same_octets(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);
    struct srw_sms first;
    struct uuid op = srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation;

    first = w->sms[0];
    srw_die(w, MEMVFS_DROP);
    srw_open(w);
    w->n_sms = 0;
    srw_turn(w);
    for (unsigned i = 0; i < 3 && !w->n_sms; i++) {
        fake_clock_step(&w->clock, 60000);
        srw_turn(w);
    }
    assert_true(w->n_sms > 0);
    assert_int_equal(w->sms[0].n, first.n);
    assert_memory_equal(w->sms[0].ud, first.ud, first.n);
    b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    assert_true(uuid_eq(&srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL)->operation, &op));
}

static void the_state_is_the_same_after_a_rebuild(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct es4_enable_profile_request req = srw_enable_request("call", 1);
    struct es4_get_eis_request get = {.base = {.function_call_identifier = span_str("r")},
                                      .eid = fake_eid(1)};
    struct admin_operation_list_request list = {
        .base = {.function_call_identifier = span_str("r")}};
    struct buf eis, ops;
    const struct srw_got *g;

    (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
    buf_init(&eis, 0);
    buf_init(&ops, 0);
    buf_add_span(&eis, buf_span(&srw_call(b, MSG_ES4_GET_EIS_REQUEST, &get, NULL)->octets));
    buf_add_span(&ops, buf_span(&srw_call(b, MSG_ADMIN_OPERATION_LIST_REQUEST, &list, NULL)->octets));
    for (unsigned i = 0; i < 2; i++) {
        /* The first time state.db was never written, then it stands as far as it was. */
        srw_die(w, MEMVFS_DROP);
        srw_open(w);
        b = srw_dial(w, MNO_B, ROLE_OPERATOR);
        g = srw_call(b, MSG_ES4_GET_EIS_REQUEST, &get, NULL);
        assert_true(span_eq(buf_span(&g->octets), buf_span(&eis)));
        g = srw_call(b, MSG_ADMIN_OPERATION_LIST_REQUEST, &list, NULL);
        assert_true(span_eq(buf_span(&g->octets), buf_span(&ops)));
    }
    buf_fini(&eis);
    buf_fini(&ops);
}

/* Written behind in pieces while things happen, the tables are what the journal gives. */
static void the_tables_are_what_the_journal_gives(void **state)
{
    struct srw *w = *state;
    struct srw_peer *b = srw_dial_as(w, MNO_B, ROLE_OPERATOR, true, 0);
    struct es4_enable_profile_request req = srw_enable_request("call", 1),
                                      no = srw_enable_request("no", 101);
    struct envelope ack = {.kind = ENV_ACK, .delivery_no = 1};
    struct errmsg why = {{0}};

    for (unsigned i = 0; i < 5; i++) {
        if (i == 1)
            (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &req, NULL);
        if (i == 2)
            srw_expire(w);
        if (i == 3) {
            assert_int_equal(rpc_send(b->client, &ack, NULL), ERR_OK);
            (void)srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &no, NULL);
        }
        srw_pump(w);
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
    struct srw *w = *state;
    struct keystore *mine = w->ks;
    struct smsr_core_options o;
    struct errmsg why = {{0}};
    uint8_t kek[32] = {9};

    srw_drop_peers(w);
    smsr_core_free(w->core);
    w->core = NULL;
    assert_int_equal(keystore_new(w->crypto, span_of(kek, 32), 1, &w->ks), ERR_OK);
    o = srw_options(w);
    assert_int_equal(smsr_core_new(&o, &w->core, &why), ERR_AUTH);
    assert_non_null(strstr(why.text, "keystore.kek"));
    keystore_free(w->ks);
    w->ks = mine;
    srw_open(w);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, srw_setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_restart_sends_the_same_octets),
        CASE(the_state_is_the_same_after_a_rebuild),
        CASE(the_tables_are_what_the_journal_gives),
        CASE(another_kek_is_found_at_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
