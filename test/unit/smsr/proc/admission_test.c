/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Admission: who, on which profile, in which state, under which policy, how often, how long. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/wire/wire.h"
#include "smsr/domain/authz.h"
#include "test/support/smsr_core.h"

#include <stdio.h>
#include <stdlib.h>

#define SECONDS 1000ll
#define CONFIRMED "AB09800101230480009000"

static void set_pol2(struct core *w, unsigned profile, uint8_t bits)
{
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | bits};

    ev.eid = w->eid;
    ev.iccid = core_iccid(profile);
    core_record(w, &ev);
}

static void enable(struct core *w, enum core_party who, unsigned profile, uint16_t sequence)
{
    core_call(w, who, FN_ENABLE_PROFILE, profile);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, sequence, profile);
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

static const char *admitted(struct core *w)
{
    static char text[32];
    const struct out_reply *o = core_out(w, OUT_REPLY, 0);
    const struct exec_answer *a;

    assert_non_null(o);
    if (o->kind == ENV_ACCEPTED)
        return "accepted";
    a = core_answer(w);
    if (a->status == EXEC_SUCCESS)
        return "done";
    (void)snprintf(text, sizeof text, "%s-%s", a->code.subject, a->code.reason);
    return text;
}

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
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct core w;
        core_init(&w);
        assert_int_equal(core_call(&w, ROWS[i].who, ROWS[i].fn, ROWS[i].profile), ERR_OK);
        if (strcmp(admitted(&w), ROWS[i].expect))
            fail_msg("row %u: %s, not %s", (unsigned)i, admitted(&w), ROWS[i].expect);
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
            enable(&w, CORE_B, ONE, 5);
        set_pol2(&w, ONE, ROWS[i / 3].one);
        set_pol2(&w, BOOT, ROWS[i / 3].boot);
        core_call(&w, who, ROWS[i / 3].fn, ONE);
        const char *expect =
            who == CORE_F && ROWS[i / 3].fn == FN_DELETE_PROFILE ? "8.2.1-1.2" : ROWS[i / 3].expect;
        if (strcmp(admitted(&w), expect))
            fail_msg("row %u: %s, not %s", (unsigned)(i / 3), admitted(&w), expect);
        core_fini(&w);
    }
    (void)state;
}

static void the_fallback_profile_stays(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_A, FN_DISABLE_PROFILE, BOOT);
    assert_string_equal(admitted(w), "8.1-3.8");
    core_call(w, CORE_A, FN_DELETE_PROFILE, BOOT);
    assert_string_equal(admitted(w), "8.2-3.8");
    enable(w, CORE_B, ONE, 5);
    core_call(w, CORE_A, FN_DELETE_PROFILE, BOOT);
    assert_string_equal(admitted(w), "8.2-3.8");
    core_call(w, CORE_A, FN_ENABLE_PROFILE, BOOT);
    assert_string_equal(admitted(w), "accepted");
}

/* --- limits --- */
static void ten_effects_an_hour(void **state)
{
    struct core *w = *state;
    int64_t first = w->now;

    for (unsigned i = 0; i < 10; i++)
        enable(w, i % 2 ? CORE_A : CORE_B, i % 2 ? TWO : ONE, (uint16_t)(5 + i));
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "1.2-4.4");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0); /* a read is none */
    assert_string_equal(admitted(w), "accepted");
    core_por_list(w, 0, "10=1F 11=1F 12=3F");
    w->now = first + 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "accepted");
    core_por_sw(w, 0, 0x6985);
    w->env.effects_per_hour = 0;
    for (unsigned i = 0; i < 12; i++) {
        core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
        assert_string_equal(admitted(w), "accepted");
        core_por_sw(w, 0, 0x6985);
    }
}

static void roll_back(struct core *w, uint16_t sequence)
{
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "accepted");
    core_note(w, 3, sequence, BOOT);
    core_por_hex(w, 0, CONFIRMED);
    core_expect_end(w, VERDICT_ROLLED_BACK, "8.4", "4.2");
}

static void two_roll_backs_hold_the_card(void **state)
{
    struct core *w = *state;
    int64_t first = w->now;

    roll_back(w, 5);
    w->now += 3600 * SECONDS;
    roll_back(w, 6);
    w->now += 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "1.2-4.4");
    core_call(w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(admitted(w), "accepted");
    core_por_sw(w, 0, 0x6985);
    w->now = first + 24 * 3600 * SECONDS;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "accepted");
}

static void one_roll_back_when_configured(void **state)
{
    struct core *w = *state;

    w->env.rollbacks_per_day = 1;
    roll_back(w, 5);
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "1.2-4.4");
    w->env.rollbacks_per_day = 0;
    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(w), "accepted");
}

static void without_address(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    memset(&eis->profiles[1].address, 0, sizeof eis->profiles[1].address);
}

static void unreachable(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)info;
    memset(&eis->profiles[0].address, 0, sizeof eis->profiles[0].address);
}

static void address_and_route(void **state)
{
    struct core w;

    core_init_with(&w, without_address);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(admitted(&w), "accepted");
    core_fini(&w);
    core_init(&w);
    w.env.n_routes = 1;
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(&w), "8.2.6-3.10");
    core_fini(&w);
    core_init_with(&w, unreachable);
    core_call(&w, CORE_B, FN_ENABLE_PROFILE, ONE);
    assert_string_equal(admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_B, FN_DELETE_PROFILE, ONE);
    assert_string_equal(admitted(&w), "8.2.6-3.7");
    core_call(&w, CORE_F, FN_AUDIT_EIS, 0);
    assert_string_equal(admitted(&w), "8.2.6-3.7");
    core_fini(&w);
    (void)state;
}

/* --- validity --- */
static void validity(struct core *w, uint32_t seconds, bool has, const char *expect, int64_t end_ms)
{
    struct es4_enable_profile_request m = {
        .base = {.validity_period_s = seconds, .has_validity_period = has},
        .eid = w->eid, .iccid = core_iccid(ONE)};

    core_request(w, CORE_B, MSG_ES4_ENABLE_PROFILE_REQUEST, &m);
    assert_string_equal(admitted(w), expect);
    if (end_ms)
        assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, end_ms);
}

static void validity_periods(void **state)
{
    struct core *w = *state;
    const struct out_reply *o;

    validity(w, 0, false, "accepted", 900 * SECONDS);
    validity(w, 0, true, "1.6-2.1", 0); /* over before it began: nothing is armed */
    assert_false(w->plan.unit.set);
    validity(w, 1, true, "accepted", 1 * SECONDS);
    validity(w, 86400, true, "accepted", 86400 * SECONDS);
    validity(w, 86401, true, "1.6-3.8", 0);
    o = core_out(w, OUT_REPLY, 0);
    assert_int_equal(message_response(&o->message)->acceptable_validity_period_s, 86400);
    validity(w, UINT32_MAX, true, "1.6-3.8", 0);
    w->env.time_scale = 60;
    validity(w, 600, true, "accepted", 10 * SECONDS);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, 180 * SECONDS);
}

static void validity_of_data_by_size(void **state)
{
    static const struct {
        size_t n;
        int64_t s;
    } ROWS[] = {{5, 900}, {20000, 900}, {20005, 1800}, {60000, 2700}};
    static uint8_t data[60000];
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF8023029000" "0000"));
    core_expect_end(w, VERDICT_SUCCESS, "", "");
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        for (size_t k = 0; k < ROWS[i].n; k += 5)
            memcpy(data + k, "\x86\x03" "abc", 5);
        core_send(w, FRESH, span_of(data, ROWS[i].n), false);
        assert_string_equal(admitted(w), "accepted");
        assert_int_equal(w->e->ops[w->e->n_ops - 1]->validity_end_ms - w->now, ROWS[i].s * SECONDS);
    }
}

/* --- the queue --- */
static void eight_wait_the_ninth_is_refused(void **state)
{
    struct core *w = *state;

    for (unsigned i = 0; i < EUICC_OPS_MAX; i++) {
        core_call(w, CORE_F, FN_AUDIT_EIS, 0);
        assert_string_equal(admitted(w), "accepted");
        assert_int_equal(w->plan.unit.set, i == 0);
    }
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    assert_string_equal(admitted(w), "1.2-4.4");
    /* Synchronous functions do not queue. */
    core_call(w, CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO);
    assert_string_equal(admitted(w), "done");
}

static void one_after_the_other(void **state)
{
    struct core *w = *state;
    struct uuid order[4];

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_call(w, CORE_A, FN_DELETE_PROFILE, TWO);
    core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    core_call(w, CORE_A, FN_AUDIT_EIS, 0);
    for (unsigned i = 0; i < 4; i++)
        order[i] = w->e->ops[i]->id;
    core_por_sw(w, 0, 0x6985);
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[1]));
    assert_int_equal(w->plan.unit.purpose, PURPOSE_CMD);
    core_por_sw(w, 0, 0x9000);
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[2]));
    core_por_list(w, 0, "10=3F 11=1F");
    assert_true(core_timer(w));
    assert_true(uuid_eq(&w->e->ops[0]->id, &order[3]));
    core_por_list(w, 0, "10=3F 11=1F");
    assert_int_equal(w->e->n_ops, 0);
    assert_int_equal(w->answered, 4);
}

static void the_state_is_looked_at_again_where_it_is_armed(void **state)
{
    struct core *w = *state;

    core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    core_call(w, CORE_F, FN_ENABLE_PROFILE, ONE);
    assert_int_equal(w->e->n_ops, 2);
    core_note(w, 2, 5, ONE);
    core_por_hex(w, 0, CONFIRMED);
    assert_true(core_timer(w));
    core_expect_end(w, VERDICT_FAILED, "8.2", "3.5");
    assert_true(span_eq(core_answer(w)->message, span_str("profile is Enabled already")));
    assert_non_null(core_delivery(w, CORE_F, MSG_ES4_ENABLE_PROFILE_RESPONSE));
}

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
    assert_string_equal(admitted(w), "8.2.1-1.2");
    core_create(w, ONE, 0, false);
    assert_string_equal(admitted(w), "8.2.1-3.3");
    w->pe.iccid_taken = taken; /* on another card of the fleet */
    core_create(w, FRESH, 0, false);
    assert_string_equal(admitted(w), "8.2.1-3.3");
    w->pe.iccid_taken = NULL;
    core_create(w, FRESH, 500001, false);
    assert_string_equal(admitted(w), "8.1-4.8");
    core_create(w, FRESH, 500000, false);
    assert_string_equal(admitted(w), "accepted");
    core_create(w, FRESH + 1, 0, false); /* while the first is not even sent */
    assert_string_equal(admitted(w), "8.4-4.2");
    a = core_answer(w);
    aid_text(&aid, text);
    assert_true(span_eq(a->subject_identifier, span_str(text)));
    o = core_out(w, OUT_REPLY, 0);
    assert_int_equal(o->message.type, MSG_ES3_CREATE_ISDP_RESPONSE);
    struct es3_create_isdp_request m = {.eid = w->eid, .iccid = core_iccid(FRESH + 2),
                                        .mno_id = w->oid[CORE_A]};
    core_request(w, CORE_D, MSG_ES3_CREATE_ISDP_REQUEST,
                 &m); /* for another than the envelope says */
    assert_string_equal(admitted(w), "8.2.1-1.2");
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
    assert_string_equal(admitted(&w), "8.1-4.8");
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
    assert_string_equal(admitted(w), "8.3.1-3.9");
    core_send(w, 0, core_hex(w, "8600"), false);
    assert_string_equal(admitted(w), "8.3.1-3.9");
    core_send(w, ONE, core_hex(w, "8600"), false); /* installed: no business of an SM-DP */
    assert_string_equal(admitted(w), "8.3.1-3.9");
    core_create(w, FRESH, 0, false);
    core_send(w, FRESH, core_hex(w, "8600"), false); /* not there yet */
    assert_string_equal(admitted(w), "8.3.1-3.9");
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF80230290000000"));
    core_send(w, FRESH, span_of("", 0), false);
    assert_string_equal(admitted(w), "1.6-2.1");
    core_send(w, FRESH, core_hex(w, "8602AA"), false);
    assert_string_equal(admitted(w), "1.6-2.1");
    core_send(w, FRESH, core_hex(w, "8600"), false);
    assert_string_equal(admitted(w), "accepted");
}

static void an_element_no_card_takes(void **state)
{
    static uint8_t big[2100] = {0x86, 0x82, 0x08, 0x00};
    struct core *w = *state;

    core_create(w, FRESH, 0, false);
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF80230290000000"));
    core_send(w, FRESH, span_of(big, 4 + 2048), false);
    assert_string_equal(admitted(w), "1.6-2.1");
    big[2] = 0x07;
    big[3] = 0xFC;
    core_send(w, FRESH, span_of(big, 2048), false);
    assert_string_equal(admitted(w), "accepted");
    core_first_post(w, 2);
    assert_non_null(core_out(w, OUT_STEP, 0));
}

static void download_completed(void **state)
{
    struct core *w = *state;
    const struct event *ev;

    core_completed(w, FRESH);
    assert_string_equal(admitted(w), "8.2.1-3.9");
    core_completed(w, ONE);
    assert_string_equal(admitted(w), "8.2-3.5");
    core_create(w, FRESH, 0, false);
    core_completed(w, FRESH); /* being created: not shown */
    assert_string_equal(admitted(w), "8.2.1-3.9");
    core_first_post(w, 1);
    core_step_post(w, 1, 0, 1, core_hex(w, "AF80230290000000"));
    core_completed(w, FRESH);
    assert_string_equal(admitted(w), "done");
    ev = core_event(w, EV_PROFILE_INSTALLED);
    assert_true(oid_eq(&ev->smdp, &w->oid[CORE_D]));
    assert_int_equal(ev->pol2, 0x100);
    assert_true(ev->answer.n > 0 && ev->has_digest);
    assert_int_equal(core_profile_state(w, FRESH), PROFILE_DISABLED);
    core_completed(w, FRESH);
    assert_string_equal(admitted(w), "8.2-3.5");
    core_call(w, CORE_B, FN_ENABLE_PROFILE, FRESH);
    assert_string_equal(admitted(w), "accepted");
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
        core_create(&w, FRESH, 0, false);
        core_first_post(&w, 1);
        core_step_post(&w, 1, 0, 1, core_hex(&w, "AF80230290000000"));
        core_request(&w, CORE_D, MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, &m);
        assert_string_equal(admitted(&w), ROWS[i].bits < 0 ? "8.2.3-2.1" : "done");
        if (ROWS[i].bits >= 0)
            assert_int_equal(euicc_profile_by_iccid(w.e, &iccid)->pol2, ROWS[i].bits);
        core_fini(&w);
    }
    (void)state;
}

static void an_address_is_changed(void **state)
{
    struct core *w = *state;
    struct iccid iccid = core_iccid(TWO);

    core_call(w, CORE_A, FN_UPDATE_SUBSCRIPTION_ADDRESS, TWO);
    assert_string_equal(admitted(w), "done");
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
        assert_string_equal(admitted(&w), ROWS[i].expect);
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

/* What the first step reads is what apply makes: the same records whether queued or not. */
static void the_preview_is_the_operation(void **state)
{
    struct core a, b;

    for (unsigned fn = 0; fn < 2; fn++) {
        core_init(&a);
        core_init(&b);
        core_call(&b, CORE_F, FN_AUDIT_EIS, 0);
        core_call(&a, CORE_B, fn ? FN_DELETE_PROFILE : FN_ENABLE_PROFILE, ONE);
        core_call(&b, CORE_B, fn ? FN_DELETE_PROFILE : FN_ENABLE_PROFILE, ONE);
        const struct event *x = core_event(&a, EV_OPERATION_ARMED);
        struct span script = x->data;
        core_por_list(&b, 0, "10=3F 11=1F 12=1F");
        assert_true(core_timer(&b));
        const struct event *y = core_event(&b, EV_OPERATION_ARMED);
        assert_true(span_eq(script, y->data));
        assert_true(x->op_state == y->op_state && x->attempt == y->attempt);
        assert_true(x->function == y->function && oid_eq(&x->party, &y->party));
        assert_string_equal(x->previous.s, y->previous.s);
        assert_true(span_eq(x->correlation_id, y->correlation_id));
        core_fini(&a);
        core_fini(&b);
    }
    (void)state;
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
        T(ten_effects_an_hour),
        T(two_roll_backs_hold_the_card),
        T(one_roll_back_when_configured),
        cmocka_unit_test(address_and_route),
        T(validity_periods),
        T(validity_of_data_by_size),
        T(eight_wait_the_ninth_is_refused),
        T(one_after_the_other),
        T(the_state_is_looked_at_again_where_it_is_armed),
        T(create_refused),
        cmocka_unit_test(a_full_card_and_its_long_list),
        T(send_data_refused),
        T(an_element_no_card_takes),
        T(download_completed),
        cmocka_unit_test(pol2_of_a_download),
        T(an_address_is_changed),
        cmocka_unit_test(audit_of_listed_profiles),
        T(identifiers_of_full_length),
        cmocka_unit_test(the_preview_is_the_operation),
        T(not_a_card_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
