/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Admission: who, on which profile, under which policy. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/wire/wire.h"
#include "smsr/domain/authz.h"
#include "test/support/smsr_core_way.h"

#include <stdlib.h>

/* --- relations: role x profile x function; facts sgp02 2.2, design 3.5 --- */
static void relations(void **state)
{
    static const struct {
        enum core_party who;
        enum function fn;
        unsigned profile;
        const char *expect;
    } ROWS[] = {
        {CORE_A, FN_ENABLE_PROFILE, TWO, "accepted"},
        {CORE_A, FN_ENABLE_PROFILE, ONE, "8.2.1-3.9"},
        {CORE_B, FN_ENABLE_PROFILE, ONE, "accepted"},
        {CORE_B, FN_ENABLE_PROFILE, TWO, "8.2.1-3.9"},
        {CORE_D, FN_ENABLE_PROFILE, ONE, "accepted"},
        {CORE_D, FN_ENABLE_PROFILE, TWO, "8.2.1-3.9"},
        {CORE_F, FN_ENABLE_PROFILE, ONE, "accepted"},
        {CORE_F, FN_ENABLE_PROFILE, TWO, "accepted"},
        {CORE_S, FN_ENABLE_PROFILE, ONE, "accepted"},
        {CORE_S, FN_ENABLE_PROFILE, TWO, "8.2.1-3.9"},
        {CORE_X, FN_ENABLE_PROFILE, ONE, "8.1.1-3.9"},
        {CORE_G, FN_ENABLE_PROFILE, ONE, "8.1.1-3.9"},
        {CORE_E, FN_ENABLE_PROFILE, ONE, "8.1.1-3.9"},
        {CORE_ADMIN, FN_ENABLE_PROFILE, ONE, "8.2.1-1.2"},
        {CORE_F, FN_ENABLE_PROFILE, 0x77, "8.2.1-3.9"},
        {CORE_B, FN_ENABLE_PROFILE, 0x77, "8.2.1-3.9"},
        {CORE_A, FN_DELETE_PROFILE, TWO, "accepted"},
        {CORE_A, FN_DELETE_PROFILE, ONE, "8.2.1-3.9"},
        {CORE_F, FN_DELETE_PROFILE, ONE, "8.2.1-1.2"},
        {CORE_S, FN_DELETE_PROFILE, ONE, "8.2.1-1.2"},
        {CORE_S, FN_DELETE_PROFILE, TWO, "8.2.1-3.9"},
        {CORE_D, FN_DELETE_PROFILE, ONE, "accepted"},
        {CORE_A, FN_AUDIT_EIS, 0, "accepted"},
        {CORE_B, FN_AUDIT_EIS, 0, "accepted"},
        {CORE_F, FN_AUDIT_EIS, 0, "accepted"},
        {CORE_S, FN_AUDIT_EIS, 0, "8.6-1.2"},
        {CORE_X, FN_AUDIT_EIS, 0, "8.1.1-3.9"},
        {CORE_G, FN_AUDIT_EIS, 0, "8.1.1-3.9"},
        {CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO, "done"},
        {CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, ONE, "8.2.1-3.9"},
        {CORE_F, FN_UPDATE_SUBSCRIPTION_ADDRESS, ONE, "8.2.6-1.2"},
        {CORE_X, FN_UPDATE_SUBSCRIPTION_ADDRESS, ONE, "8.1.1-3.9"},
        {CORE_B, FN_UPDATE_POLICY_RULES, ONE, "done"},
        {CORE_A, FN_UPDATE_POLICY_RULES, ONE, "8.2.1-3.9"},
        {CORE_X, FN_UPDATE_POLICY_RULES, ONE, "8.1.1-3.9"},
        {CORE_D, FN_UPDATE_POLICY_RULES, ONE, "done"},
        {CORE_D, FN_UPDATE_POLICY_RULES, TWO, "8.2.1-3.9"},
        {CORE_D, FN_UPDATE_SUBSCRIPTION_ADDRESS, ONE, "done"},
        {CORE_D, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO, "8.2.1-3.9"},
        {CORE_D, FN_AUDIT_EIS, 0, "accepted"},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        assert_int_equal(core_call(&w, ROWS[i].who, ROWS[i].fn, ROWS[i].profile), ERR_OK);
        if (strcmp(core_admitted(&w), ROWS[i].expect))
            fail_msg("row %u: %s, not %s", (unsigned)i, core_admitted(&w), ROWS[i].expect);
        if (strcmp(ROWS[i].expect, "accepted"))
            assert_int_equal(w.e->n_ops, 0);
        core_fini(&w);
    }
    (void)state;
}

/* A refusal is a record as well, and a repeat of the call finds its answer by it. */
static void a_refusal_is_a_record(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, TWO);
    ev = core_event(w, EV_OPERATION_CONCLUDED);
    assert_int_equal(ev->stage, STAGE_ADMISSION);
    assert_int_equal(ev->result, VERDICT_FAILED);
    assert_true(ev->has_digest && ev->answer.n > 0 && ev->fcid.n > 0);
    assert_int_equal(w->plan.n_deliveries, 0);
}

static struct span body_of(struct core *w, enum core_party who, const struct eid *eid,
                           bool registered, struct buf *record)
{
    struct es4_enable_profile_request m = {
        .base.function_call_identifier = span_str("same"), .eid = *eid, .iccid = core_iccid(ONE)};
    struct euicc *e = w->e, *twin = w->twin;
    const struct out_reply *o;
    const struct event *ev;
    struct buf b;

    if (!registered)
        w->e = w->twin = NULL;
    core_request(w, who, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    w->e = e;
    w->twin = twin;
    o = core_out(w, OUT_REPLY, 0);
    buf_init(&b, 0);
    assert_int_equal(wire_message_encode(&o->message, &b), ERR_OK);
    ev = core_event(w, EV_OPERATION_CONCLUDED);
    assert_non_null(ev);
    /* Operation ids and call digests differ from call to call by their nature. */
    struct event copy = *ev;
    memset(&copy.op, 0x11, sizeof copy.op);
    memset(copy.digest, 0, sizeof copy.digest);
    assert_int_equal(wire_event_encode(&copy, record), ERR_OK);
    return buf_span(&b);
}

static void a_foreign_card_is_an_unknown_one(void **state)
{
    static const enum core_party WHO[] = {CORE_X, CORE_G, CORE_E, CORE_S};
    struct core *w = *state;

    w->tenants[0].n_admits = 2; /* S is not admitted here */
    for (size_t i = 0; i < 4; i++) {
        struct buf r1, r2;
        buf_init(&r1, 0);
        buf_init(&r2, 0);
        struct span a = body_of(w, WHO[i], &w->eid, true, &r1);
        struct span b = body_of(w, WHO[i], &w->eid, false, &r2);
        assert_int_equal(a.n, b.n);
        assert_memory_equal(a.p, b.p, a.n);
        /* Nor does its own log tell it. */
        assert_int_equal(r1.n, r2.n);
        assert_memory_equal(r1.p, r2.p, r1.n);
        free((void *)(uintptr_t)a.p);
        free((void *)(uintptr_t)b.p);
        buf_fini(&r1);
        buf_fini(&r2);
    }
}

/* --- policy: facts sgp02 4.3, requester x state x rule --- */
static void pol2_matrix(void **state)
{
    enum { E = POL2_ENABLE_NOT_ALLOWED, D = POL2_DISABLE_NOT_ALLOWED, L = POL2_DELETE_NOT_ALLOWED,
           AUTO = POL2_DISABLE_AUTO_DELETE };
    static const enum core_party WHO[] = {CORE_B, CORE_D, CORE_F};
    static const struct {
        enum function fn;
        bool enabled;              /* ONE is */
        uint8_t one, boot;
        const char *expect;
    } ROWS[] = {
        {FN_ENABLE_PROFILE, false, 0, 0, "accepted"},
        {FN_ENABLE_PROFILE, false, E, 0, "8.2.3-3.8"},
        {FN_ENABLE_PROFILE, false, D, 0, "accepted"},
        {FN_ENABLE_PROFILE, false, L, 0, "accepted"},
        {FN_ENABLE_PROFILE, false, AUTO, 0, "accepted"},
        {FN_ENABLE_PROFILE, false, 0, D, "8.2.3-3.8"},
        {FN_ENABLE_PROFILE, false, 0, E, "accepted"},
        {FN_ENABLE_PROFILE, false, 0, AUTO, "accepted"},
        {FN_ENABLE_PROFILE, true, 0, 0, "8.2-3.5"},
        {FN_DISABLE_PROFILE, false, 0, 0, "8.2-3.5"},
        {FN_DISABLE_PROFILE, true, 0, 0, "accepted"},
        {FN_DISABLE_PROFILE, true, D, 0, "8.2.3-3.8"},
        {FN_DISABLE_PROFILE, true, E, 0, "accepted"},
        {FN_DISABLE_PROFILE, true, AUTO, 0, "accepted"},
        {FN_DISABLE_PROFILE, true, 0, E, "accepted"},
        {FN_DISABLE_PROFILE, true, 0, D, "accepted"},
        {FN_DELETE_PROFILE, false, 0, 0, "accepted"},
        {FN_DELETE_PROFILE, false, L, 0, "8.2.3-3.8"},
        {FN_DELETE_PROFILE, false, E | D, 0, "accepted"},
        {FN_DELETE_PROFILE, true, 0, 0, "8.2-3.5"},
        {FN_DELETE_PROFILE, true, L, 0, "8.2-3.5"},
    };

    for (size_t i = 0; i < 3 * (sizeof ROWS / sizeof *ROWS); i++) {
        enum core_party who = WHO[i % 3];
        struct core w;
        core_init(&w);
        if (ROWS[i / 3].enabled)
            core_enabled(&w, CORE_B, ONE, 5);
        core_set_pol2(&w, ONE, ROWS[i / 3].one);
        core_set_pol2(&w, BOOT, ROWS[i / 3].boot);
        core_call(&w, who, ROWS[i / 3].fn, ONE);
        const char *expect =
            who == CORE_F && ROWS[i / 3].fn == FN_DELETE_PROFILE ? "8.2.1-1.2" : ROWS[i / 3].expect;
        if (strcmp(core_admitted(&w), expect))
            fail_msg("row %u: %s, not %s", (unsigned)(i / 3), core_admitted(&w), expect);
        core_fini(&w);
    }
    (void)state;
}

static void the_fallback_profile_stays(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_A, FN_DISABLE_PROFILE, BOOT);
    assert_string_equal(core_admitted(w), "8.1-3.8");
    core_call(w, CORE_A, FN_DELETE_PROFILE, BOOT);
    assert_string_equal(core_admitted(w), "8.2-3.8");
    core_enabled(w, CORE_B, ONE, 5);
    core_call(w, CORE_A, FN_DELETE_PROFILE, BOOT);
    assert_string_equal(core_admitted(w), "8.2-3.8");
    core_call(w, CORE_A, FN_ENABLE_PROFILE, BOOT);
    assert_string_equal(core_admitted(w), "accepted");
}

static void an_address_is_changed(void **state)
{
    struct core *w = *state;
    struct iccid iccid = core_iccid(TWO);

    core_call(w, CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO);
    assert_string_equal(core_admitted(w), "done");
    assert_string_equal(euicc_profile_by_iccid(w->e, &iccid)->msisdn.s, "4915799999");
    assert_true(core_event(w, EV_ADDRESS_CHANGED)->answer.n > 0);
}

static void audit_of_listed_profiles(void **state)
{
    static const struct { enum core_party who; unsigned profile; const char *expect; } ROWS[] = {
        {CORE_A, TWO, "accepted"}, {CORE_A, ONE, "8.2-1.2"}, {CORE_A, 0x77, "8.2-1.2"},
        {CORE_F, ONE, "accepted"}, {CORE_F, 0x77, "8.2-1.2"}};

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        struct es4_audit_eis_request m = {.eid = w.eid, .n_iccids = 1};
        m.iccids[0] = core_iccid(ROWS[i].profile);
        core_request(&w, ROWS[i].who, MSG_ES4_AUDIT_EIS_REQUEST, &m);
        assert_string_equal(core_admitted(&w), ROWS[i].expect);
        core_fini(&w);
    }
    (void)state;
}

/* The longest identifiers the wire carries come back whole: they are the key of a repeat. */
static void identifiers_of_full_length(void **state)
{
    struct core *w = *state;
    char fcid[256];
    struct es4_enable_profile_request m = {.eid = w->eid, .iccid = core_iccid(ONE)};

    memset(fcid, 'f', 255);
    fcid[255] = 0;
    m.base.function_call_identifier = span_str(fcid);
    core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    core_por_sw(w, 0, 0x6985);
    assert_int_equal(core_event(w, EV_OPERATION_CONCLUDED)->fcid.n, 255);
    assert_memory_equal(core_event(w, EV_OPERATION_CONCLUDED)->fcid.p, fcid, 255);
}

static void not_a_card_function(void **state)
{
    struct core *w = *state;
    struct es4_get_eis_request m = {.eid = w->eid};

    assert_int_equal(core_request(w, CORE_A, MSG_ES4_GET_EIS_REQUEST, &m), ERR_UNSUPPORTED);
}

#define T(f) cmocka_unit_test_setup_teardown(f, core_setup, core_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relations),
        T(a_refusal_is_a_record),
        T(a_foreign_card_is_an_unknown_one),
        cmocka_unit_test(pol2_matrix),
        T(the_fallback_profile_stays),
        T(an_address_is_changed),
        cmocka_unit_test(audit_of_listed_profiles),
        T(identifiers_of_full_length),
        T(not_a_card_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
