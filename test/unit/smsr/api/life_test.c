/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_api remora_smsr_app */
/* States of cards, files they came from, and drift, as parties ask for them. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/smsr_world.h"

#define BASE(call) .base = {.function_call_identifier = span_str(call)}

static const struct admin_card_state_response *moved(struct srw *w, const struct srw_got *g)
{
    assert_int_equal(g->status, EXEC_SUCCESS);
    return srw_body(w, g);
}

static void a_card_goes_into_quarantine_and_back(void **state)
{
    struct srw *w = *state;
    struct srw_peer *f = srw_dial(w, FLEET, ROLE_FLEET), *b = srw_dial(w, MNO_B, ROLE_OPERATOR);
    struct admin_card_state_request req = {
        BASE("q"), .eid = fake_eid(1), .card_state = CARD_QUARANTINED, .text = span_str("smoke")};
    struct es4_enable_profile_request enable = srw_enable_request("e1", 1);
    const struct admin_card_state_response *r;
    uint64_t lsn;

    r = moved(w, srw_call(f, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL));
    assert_int_equal(r->card_state, CARD_QUARANTINED);
    assert_int_equal(r->previous, CARD_REGISTERED);
    srw_expect(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &enable, NULL), "8.1", "3.7");
    /* The same call again is answered from the store; another with the state it has leaves no
     * record. */
    lsn = engine_last_lsn(smsr_core_engine(w->core));
    r = moved(w, srw_call(f, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL));
    assert_int_equal(r->previous, CARD_REGISTERED);
    req.base.function_call_identifier = span_str("q2");
    r = moved(w, srw_call(f, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL));
    assert_int_equal(r->previous, CARD_QUARANTINED);
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn);
    /* Never heard: back means REGISTERED. */
    req.base.function_call_identifier = span_str("back");
    req.card_state = CARD_SEEN;
    r = moved(w, srw_call(f, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL));
    assert_int_equal(r->card_state, CARD_REGISTERED);
    enable = srw_enable_request("e2", 1);
    assert_int_equal(srw_call(b, MSG_ES4_ENABLE_PROFILE_REQUEST, &enable, NULL)->kind,
                     ENV_ACCEPTED);
    /* The same identifier for something else executes nothing. */
    req.card_state = CARD_RETIRED;
    srw_expect(srw_call(f, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL), "1.6", "3.3");
    assert_int_equal(srw_card(w, 1)->life, CARD_REGISTERED);
}

static void who_may_not(void **state)
{
    static const struct {
        const char *oid;
        enum party_role role;
        const char *subject, *reason;
    } ROWS[] = {
        {FLEET_2, ROLE_FLEET, "8.1.1", "3.9"},
        {MNO_B, ROLE_OPERATOR, "1.2", "1.2"},
        {SMDP, ROLE_SMDP, "1.2", "1.2"},
        {EUM, ROLE_EUM, "1.2", "1.2"},
    };
    struct srw *w = *state;

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct admin_card_state_request req = {BASE("x"), .eid = fake_eid(1),
                                               .card_state = CARD_LOST};
        struct admin_drift_request drift = {BASE("y"), .eid = fake_eid(1)};
        struct srw_peer *p = srw_dial(w, ROWS[i].oid, ROWS[i].role);
        srw_expect(srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL), ROWS[i].subject,
                   ROWS[i].reason);
        srw_expect(srw_call(p, MSG_ADMIN_DRIFT_REQUEST, &drift, NULL), ROWS[i].subject,
                   ROWS[i].reason);
        /* A foreign card gets, octet for octet, the answer of one that is not there. */
        if (ROWS[i].role == ROLE_FLEET) {
            struct srw_got foreign = *srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL);
            req.eid = fake_eid(77);
            assert_string_equal(srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL)->text,
                                foreign.text);
        }
    }
    assert_int_equal(srw_card(w, 1)->life, CARD_REGISTERED);
}

static void moves_that_no_person_makes(void **state)
{
    static const enum card_state TO[] = {CARD_NONE, CARD_TRANSFERRED, CARD_STATE_COUNT - 1};
    struct srw *w = *state;
    struct srw_peer *p = srw_dial(w, ADMIN, ROLE_ADMIN);
    struct admin_card_state_request req = {BASE("1"), .eid = fake_eid(1),
                                           .card_state = CARD_RETIRED};

    for (size_t i = 0; i < sizeof TO / sizeof *TO; i++) {
        struct admin_card_state_request no = {BASE("0"), .eid = fake_eid(1), .card_state = TO[i]};
        srw_expect(srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &no, NULL), "8.1", "3.5");
    }
    assert_int_equal(moved(w, srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL))->card_state,
                     CARD_RETIRED);
    req.base.function_call_identifier = span_str("2");
    req.card_state = CARD_SEEN; /* for good is for good */
    srw_expect(srw_call(p, MSG_ADMIN_CARD_STATE_REQUEST, &req, NULL), "8.1", "3.5");
}

/* --- files --- */
static const struct admin_batch_row *told(struct srw *w, struct srw_peer *p, const char *call,
                                          uint32_t accepted, uint32_t refused, uint32_t known)
{
    struct admin_batch_request req = {
        BASE(call),    .batch = {7},         .order_reference = span_str("PO-9"),
        .rows = 10,    .accepted = accepted, .refused = refused,
        .known = known};
    const struct srw_got *g = srw_call(p, MSG_ADMIN_BATCH_REQUEST, &req, NULL);

    if (g->status != EXEC_SUCCESS)
        return NULL;
    return ((const struct admin_batch_response *)srw_body(w, g))->row;
}

static void rows_of_a_file_sum(void **state)
{
    struct srw *w = *state;
    struct srw_peer *eum = srw_dial(w, EUM, ROLE_EUM);
    const struct admin_batch_row *r = told(w, eum, "1", 8, 2, 0);
    uint64_t lsn;

    assert_non_null(r);
    assert_int_equal(r->known, 0);
    assert_true(span_eq(r->order_reference, span_str("PO-9")));
    /* Imported again: nothing new, nothing recorded. */
    lsn = engine_last_lsn(smsr_core_engine(w->core));
    r = told(w, eum, "2", 0, 2, 8);
    assert_int_equal(r->accepted, 8);
    assert_int_equal(r->known, 0);
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn);
    /* Mended at the house, one of the two goes in now. */
    r = told(w, eum, "3", 1, 1, 8);
    assert_int_equal(r->accepted, 9);
    assert_int_equal(r->refused, 1);
    assert_int_equal(r->accepted + r->refused + r->known, r->rows);
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn + 1);
    /* What does not sum is not taken. */
    assert_null(told(w, eum, "4", 1, 1, 1));
    assert_null(told(w, eum, "5", 3, 0, 7));
    assert_null(told(w, eum, "6", 0xFFFFFFFF, 11, 0));
    assert_int_equal(engine_last_lsn(smsr_core_engine(w->core)), lsn + 1);
}

static unsigned listed(struct srw *w, const char *oid, enum party_role role)
{
    struct admin_batch_list_request req = {BASE("l"), .limit = 1};
    struct srw_peer *p = srw_dial(w, oid, role);
    const struct srw_got *g;
    unsigned seen = 0, n;

    do {
        const struct admin_batch_list_response *r;
        g = srw_call(p, MSG_ADMIN_BATCH_LIST_REQUEST, &req, NULL);
        if (g->status != EXEC_SUCCESS)
            return 99;
        r = srw_body(w, g);
        n = r->n_rows;
        if (n) {
            memcpy(req.after, r->rows[0].batch, 32);
            req.after_party = r->rows[0].party;
        }
        seen += n;
    } while (n);
    return seen;
}

static void files_are_shown_to_whose_they_are(void **state)
{
    struct srw *w = *state;

    assert_non_null(told(w, srw_dial(w, EUM, ROLE_EUM), "1", 8, 2, 0));
    assert_non_null(told(w, srw_dial(w, EUM_2, ROLE_EUM), "1", 0, 10, 0));
    assert_int_equal(listed(w, EUM, ROLE_EUM), 1);
    assert_int_equal(listed(w, EUM_2, ROLE_EUM), 1);
    assert_int_equal(listed(w, ADMIN, ROLE_ADMIN), 2);
    assert_int_equal(listed(w, FLEET, ROLE_FLEET), 99);
    assert_int_equal(listed(w, MNO_A, ROLE_OPERATOR), 99);
}

/* The card keeps which file it came from, over a restart that rebuilds the state as well. */
static void a_card_knows_its_file(void **state)
{
    struct srw *w = *state;
    struct srw_eis parts;
    struct es1_register_eis_request req;
    struct admin_eis_list_request find = {BASE("f"), .batch = {0xAB}, .has_batch = true};
    const struct admin_eis_list_response *r;

    srw_eis_prepare(w, 2, &parts);
    req = srw_eis_request("two", srw_eis_encode(w, &parts));
    req.order_reference = span_str("PO-2");
    req.has_batch = true;
    req.batch[0] = 0xAB;
    assert_int_equal(
        srw_call(srw_dial(w, EUM, ROLE_EUM), MSG_ES1_REGISTER_EIS_REQUEST, &req, NULL)->status,
        EXEC_SUCCESS);
    for (unsigned i = 0; i < 2; i++) {
        struct srw_peer *p = srw_dial(w, ADMIN, ROLE_ADMIN);
        struct eid two = fake_eid(2);
        r = srw_body(w, srw_call(p, MSG_ADMIN_EIS_LIST_REQUEST, &find, NULL));
        assert_int_equal(r->n_rows, 1);
        assert_true(eid_eq(&r->rows[0].eid, &two));
        assert_int_equal(r->rows[0].card_state, CARD_REGISTERED);
        assert_true(r->rows[0].registered_ms > 0);
        srw_drop_peers(w);
        memvfs_crash(w->m, MEMVFS_KEEP, NULL);
        smsr_core_free(w->core);
        srw_open(w);
    }
}

static void drift_of_a_card_that_was_never_audited(void **state)
{
    struct srw *w = *state;
    struct admin_drift_request req = {BASE("d"), .eid = fake_eid(1)};
    const struct admin_drift_response *r =
        srw_body(w, srw_call(srw_dial(w, ADMIN, ROLE_ADMIN), MSG_ADMIN_DRIFT_REQUEST, &req, NULL));

    assert_int_equal(r->audited_ms, 0);
    assert_int_equal(r->n_rows, 1);
    assert_true(span_eq(r->rows[0].next, span_str("smctl audit EID")));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, srw_setup, srw_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_card_goes_into_quarantine_and_back),
        CASE(who_may_not),
        CASE(moves_that_no_person_makes),
        CASE(rows_of_a_file_sum),
        CASE(files_are_shown_to_whose_they_are),
        CASE(a_card_knows_its_file),
        CASE(drift_of_a_card_that_was_never_audited),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
