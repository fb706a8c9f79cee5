/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smdp_proc */
/* The deciders of a download alone: every state meets every input, and random lives of orders keep
 * what must always hold (a card is left clean or installed, an ICCID is released only with proof).
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/fake.h"
#include "test/support/smdp_lone.h"

static struct lone H;

static int setup(void **state)
{
    (void)state;
    lone_init(&H);
    H.stocked = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lone_fini(&H);
    return 0;
}

/* Another life. */
static void anew(void)
{
    (void)teardown(NULL);
    (void)setup(NULL);
}

static struct input peer_input(enum msg_type type, enum exec_status status, const char *subject,
                               const char *reason)
{
    return lone_peer(&H, type, status, subject, reason);
}

static int feed(const struct input *in)
{
    return lone_feed(&H, in);
}

/* The SM-SR answers like that, and the order goes on. */
static void answered(enum msg_type type, enum exec_status status, const char *subject,
                     const char *reason)
{
    const struct input in = peer_input(type, status, subject, reason);

    assert_int_equal(feed(&in), 0);
}

static void every_state_meets_every_input(void **state)
{
    static const enum exec_status ANSWER[] = {EXEC_SUCCESS, EXEC_WARNING, EXEC_FAILED,
                                              EXEC_EXPIRED};
    static const char *const CODES[][2] = {{"", ""},       {"8.2.1", "3.9"}, {"8.2.2", "3.8"},
                                           {"1.2", "4.4"}, {"8.4", "4.2"},   {"1.6", "5.3"}};
    static const int ERRS[] = {0, ERR_AGAIN, ERR_AUTH, ERR_DENIED, ERR_UNSUPPORTED, ERR_EXPIRED};
    static const unsigned AT[] = {ORDER_WAITING, ORDER_CHECK,  ORDER_ORPHAN, ORDER_CREATE,
                                  ORDER_PERSO,   ORDER_KEYSET, ORDER_LOAD,   ORDER_COMPLETE,
                                  ORDER_ENABLE,  ORDER_DOUBT,  ORDER_CLEANUP};

    (void)state;
    for (size_t s = 0; s < sizeof AT / sizeof *AT; s++) {
        const struct proc_state *row = &DP_PROC_DOWNLOAD.states[AT[s]];
        for (unsigned kind = IN_NONE; kind < IN_KIND_COUNT; kind++) {
            for (unsigned late = 0; late < 2; late++) {
                for (unsigned v = 0; v < 4 * 6 + 6; v++) {
                    struct input in = {.kind = (enum input_kind)kind};
                    int err;
                    if (v && kind != IN_PEER && kind != IN_KEY)
                        break;
                    anew();
                    lone_go_to(&H, AT[s]);
                    if (late)
                        H.now = H.o->validity_end_ms;
                    if (kind == IN_PEER) {
                        enum msg_type t =
                            lone_answer_of(AT[s]) ? lone_answer_of(AT[s]) : MSG_ES3_GET_EIS_RESPONSE;
                        in = v < 24 ? peer_input(t, ANSWER[v / 6], CODES[v % 6][0], CODES[v % 6][1])
                                    : peer_input(v % 2 ? MSG_ES3_ENABLE_PROFILE_RESPONSE
                                                       : MSG_ES3_GET_EIS_RESPONSE,
                                                 EXEC_SUCCESS, "", "");
                    } else if (kind == IN_KEY) {
                        in = lone_key(&H, ERRS[v % 6], v % 2);
                    }
                    lone_witness(&H, &in);
                    err = feed(&in);
                    if (!(row->in_mask & IN_BIT(kind)))
                        assert_int_equal(err, ERR_STATE);
                    else if (kind == IN_TIMER || kind == IN_RESTART)
                        assert_int_equal(err, 0);
                }
            }
        }
    }
}

static void done_takes_nothing(void **state)
{
    struct input in = {.kind = IN_NONE};

    (void)state;
    lone_go_to(&H, ORDER_CHECK);
    answered(MSG_ES3_GET_EIS_RESPONSE, EXEC_FAILED, "8.1.1", "3.9");
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_true(H.released);
    for (unsigned kind = 0; kind < IN_KIND_COUNT; kind++) {
        in.kind = (enum input_kind)kind;
        assert_int_equal(feed(&in), ERR_STATE);
    }
}

static void at_most_three_attempts(void **state)
{
    (void)state;
    lone_ordered(&H, false, false);
    for (unsigned n = 0; n < 200 && H.o->state != ORDER_DONE; n++) {
        struct input in;
        if (H.job)
            in = lone_key(&H, 0, false);
        else if (H.o->state == ORDER_LOAD)
            in = peer_input(MSG_ES3_SEND_DATA_RESPONSE, EXEC_FAILED, "8.3", "4.2");
        else
            in = peer_input(lone_answer_of(H.o->state), EXEC_SUCCESS, "", "");
        lone_witness(&H, &in);
        assert_int_equal(feed(&in), 0);
    }
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->attempt, 3);
    assert_int_equal(H.o->verdict, VERDICT_FAILED);
    assert_string_equal(H.o->code.subject, "8.3");
    assert_true(H.released);
    assert_false(H.deleted_ki);
}

static void restart_makes_the_same_call(void **state)
{
    static const unsigned AT[] = {ORDER_CHECK,  ORDER_ORPHAN,   ORDER_CREATE, ORDER_PERSO,
                                  ORDER_KEYSET, ORDER_COMPLETE, ORDER_ENABLE, ORDER_DOUBT,
                                  ORDER_CLEANUP};
    const struct input restart = {.kind = IN_RESTART};

    (void)state;
    for (size_t s = 0; s < sizeof AT / sizeof *AT; s++) {
        uint32_t step;
        unsigned calls;
        anew();
        lone_go_to(&H, AT[s]);
        step = H.o->step;
        calls = H.calls;
        assert_int_equal(feed(&restart), 0);
        assert_int_equal(H.o->state, AT[s]);
        assert_int_equal(H.o->step, step);
        assert_int_equal(H.calls, calls + 1);
    }
    /* A load lived in memory: it is cleaned up. */
    anew();
    lone_go_to(&H, ORDER_LOAD);
    assert_int_equal(feed(&restart), 0);
    assert_int_equal(H.o->state, ORDER_CLEANUP);
    assert_false(H.o->last_attempt);
}

static void refusals_at_the_door(void **state)
{
    struct {
        enum status_code stock;
        bool full, disk, smsr, eid;
        uint32_t validity;
        const char *subject, *reason;
    } const rows[] = {
        {DP_ST_TYPE_UNKNOWN, false, false, false, false, 0, "8.2.5", "3.9"},
        {DP_ST_TYPE_EMPTY, false, false, false, false, 0, "8.2.5", "3.7"},
        {DP_ST_ICCID_FOREIGN, false, false, false, false, 0, "8.2.1", "1.2"},
        {DP_ST_ICCID_IN_USE, false, false, false, false, 0, "8.2.1", "3.3"},
        {ST_OK, true, false, false, false, 0, "1.2", "4.4"},
        {ST_OK, false, true, false, false, 0, "1.2", "4.4"},
        {ST_OK, false, false, true, false, 0, "8.7", "3.9"},
        {ST_OK, false, false, false, true, 0, "8.1.1", "3.9"},
        {ST_OK, false, false, false, false, 86401, "1.6", "3.8"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dp_proc_env e;
        struct input in;
        struct plan *p;
        struct es2_download_profile_request *q;
        const struct dp_out_reply *r;
        const struct base_response *b;
        anew();
        e = lone_env(&H);
        e.stock = rows[i].stock;
        e.orders_full = rows[i].full;
        e.disk_full = rows[i].disk;
        in = lone_download(&H, false);
        q = (struct es2_download_profile_request *)(uintptr_t)in.u.call.msg->body;
        if (rows[i].smsr)
            q->smsr_id = H.party.oid;
        if (rows[i].eid)
            q->eid.b[15] ^= 1;
        q->base.has_validity_period = rows[i].validity != 0;
        q->base.validity_period_s = rows[i].validity;
        p = lone_plan(&H);
        assert_int_equal(dp_order_decide(&e, NULL, &in, p), 0);
        assert_int_equal(p->n_outs, 1);
        assert_int_equal(p->outs[0].kind, DP_OUT_REPLY);
        r = p->outs[0].body;
        assert_int_equal(r->kind, ENV_RESPONSE);
        b = message_response(&r->message);
        assert_string_equal(b->answer.code.subject, rows[i].subject);
        assert_string_equal(b->answer.code.reason, rows[i].reason);
        assert_int_equal(b->acceptable_validity_period_s, rows[i].validity ? 86400 : 0);
        /* A full disk is spared even the record. */
        assert_int_equal(p->n_records, rows[i].disk ? 0 : 1);
        if (p->n_records) {
            assert_int_equal(p->records[0]->type, EV_ORDER_CONCLUDED);
            assert_int_equal(p->records[0]->stage, STAGE_ADMISSION);
            assert_true(p->records[0]->has_digest);
            assert_int_equal(event_check(p->records[0], NULL), 0);
            assert_int_equal(order_apply(&H.o, H.now, p->records[0]), 0);
            assert_int_equal(H.o->state, ORDER_DONE);
        }
    }
}

/* An enable of which the SM-SR does not know yet what became of it: the operator hears that, and
 * later the truth, once. */
static void enable_in_doubt_is_told_later(void **state)
{
    struct input in;

    (void)state;
    lone_go_to(&H, ORDER_ENABLE);
    answered(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_int_equal(H.o->verdict, VERDICT_IN_DOUBT);
    assert_int_equal(H.o->status, EXEC_EXPIRED);
    assert_true(H.answers && H.installed && !H.concluded && !H.enabled);
    /* asked again under the same identifier: the answer of then, no verdict yet */
    in = (struct input){.kind = IN_RESTART};
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.called, MSG_ES3_ENABLE_PROFILE_REQUEST);
    answered(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
    in = lone_verdict(&H, VERDICT_IN_DOUBT, H.o->step, "", "");
    assert_int_equal(feed(&in), ERR_STATE);
    /* another call of this order, say its CreateISDP, is not this one */
    in = lone_verdict(&H, VERDICT_SUCCESS, H.o->step - 1, "", "");
    assert_int_equal(feed(&in), ERR_STATE);
    in = lone_verdict(&H, VERDICT_SUCCESS, H.o->step, "", "");
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->verdict, VERDICT_SUCCESS);
    assert_true(H.enabled);
    assert_int_equal(H.n_told, 1);
    assert_int_equal(H.told.verdict, VERDICT_SUCCESS);
    assert_string_equal(H.told.code.subject, "");
    assert_int_equal(feed(&in), ERR_STATE);
}

static void enable_that_failed_late(void **state)
{
    static const enum verdict V[] = {VERDICT_ROLLED_BACK, VERDICT_FAILED, VERDICT_EXPIRED,
                                     VERDICT_CANCELLED};

    (void)state;
    for (unsigned by_answer = 0; by_answer < 2; by_answer++) {
        for (size_t i = 0; i < sizeof V / sizeof *V; i++) {
            struct input in;
            anew();
            lone_go_to(&H, ORDER_DOUBT);
            if (by_answer) {
                in = peer_input(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
                ((struct envelope *)(uintptr_t)in.u.peer.env)->verdict = V[i];
            } else {
                in = lone_verdict(&H, V[i], H.o->step, "8.4", "4.2");
            }
            assert_int_equal(feed(&in), 0);
            assert_int_equal(H.o->state, ORDER_DONE);
            assert_int_equal(H.o->verdict, VERDICT_SUCCESS); /* it is installed */
            assert_false(H.enabled);
            assert_int_equal(H.n_told, 1);
            assert_string_not_equal(H.told.code.subject, ""); /* with a reservation */
            assert_string_equal(H.o->code.subject, H.told.code.subject);
            if (!by_answer || i == 0)
                assert_string_equal(H.told.code.subject, "8.4");
        }
    }
}

/* Our own validity period ends before the SM-SR says anything. */
static void enable_without_an_answer(void **state)
{
    struct input in = {.kind = IN_TIMER};

    (void)state;
    lone_go_to(&H, ORDER_ENABLE);
    H.now = H.o->validity_end_ms;
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DOUBT);
    assert_true(H.answers);
    answered(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_SUCCESS, "", "");
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_true(H.enabled);
    assert_int_equal(H.n_told, 1);
    /* The SM-SR was busy all the time: nothing was begun, nothing is any more. */
    anew();
    lone_go_to(&H, ORDER_ENABLE);
    answered(MSG_ES3_ENABLE_PROFILE_RESPONSE, EXEC_FAILED, "1.2", "4.4");
    assert_false(H.o->calling);
    H.now = H.o->validity_end_ms;
    in = (struct input){.kind = IN_TIMER};
    assert_int_equal(feed(&in), 0);
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->status, EXEC_WARNING);
    assert_string_equal(H.o->code.reason, "5.3");
    assert_false(H.in_doubt);
}

/* What proves that no ISD-P stands, and what does not. */
static void an_iccid_that_stands_is_not_released(void **state)
{
    struct input in;

    (void)state;
    lone_go_to(&H, ORDER_CREATE);
    answered(MSG_ES3_CREATE_ISDP_RESPONSE, EXEC_FAILED, "8.2.1", "3.3");
    assert_int_equal(H.o->state, ORDER_DONE);
    assert_int_equal(H.o->verdict, VERDICT_FAILED);
    assert_string_equal(H.o->code.reason, "3.3");
    assert_false(H.released);
    for (unsigned error = 0; error < 2; error++) {
        anew();
        lone_go_to(&H, ORDER_CREATE);
        in = peer_input(MSG_ES3_CREATE_ISDP_RESPONSE, EXEC_FAILED, "1.6", "3.3");
        if (error) {
            struct envelope *e = (struct envelope *)(uintptr_t)in.u.peer.env;
            e->kind = ENV_ERROR;
            e->error_text = span_str("too many requests");
        }
        assert_int_equal(feed(&in), 0);
        assert_int_equal(H.o->state, ORDER_CLEANUP);
        assert_int_equal(H.called, MSG_ES3_DELETE_ISDP_REQUEST);
        assert_false(H.released);
        in = peer_input(MSG_ES3_DELETE_ISDP_RESPONSE, EXEC_FAILED, "8.2.1", "3.9");
        lone_witness(&H, &in);
        assert_int_equal(feed(&in), 0);
        assert_true(H.released);
        assert_int_equal(H.o->attempt, 1);
    }
}

/* Clean-ups that did not reach the card: every other one is given a day, since the card may sleep. */
static void a_clean_up_has_patience(void **state)
{
    static const uint32_t PERIOD[] = {0, 0, 86400, 0, 86400};

    (void)state;
    anew();
    lone_go_to(&H, ORDER_CREATE);
    answered(MSG_ES3_CREATE_ISDP_RESPONSE, EXEC_FAILED, "1.6", "3.3");
    for (size_t i = 0; i < sizeof PERIOD / sizeof *PERIOD; i++) {
        struct input timer = {.kind = IN_TIMER};

        assert_int_equal(H.o->state, ORDER_CLEANUP);
        assert_int_equal(H.called, MSG_ES3_DELETE_ISDP_REQUEST);
        assert_int_equal(H.called_validity_s, PERIOD[i]);
        answered(MSG_ES3_DELETE_ISDP_RESPONSE, EXEC_EXPIRED, "1.6", "5.4");
        while (!H.o->calling) { /* the order's own period ends on the way */
            H.now = H.o->due_ms;
            assert_int_equal(feed(&timer), 0);
        }
    }
}

/* --- random lives --- */
static struct input random_answer(void)
{
    static const char *const CODES[][2] = {
        {"8.3", "4.2"}, {"8.2.1", "3.9"}, {"8.2.2", "3.8"}, {"1.2", "4.4"}, {"8.4", "4.2"}};
    enum msg_type t = lone_answer_of(H.o->state) ? lone_answer_of(H.o->state) : MSG_ES3_GET_EIS_RESPONSE;
    uint64_t dice = rng_below(&H.rng, 10);
    size_t c = rng_below(&H.rng, 5);

    if (dice < 8)
        return peer_input(t, EXEC_SUCCESS, "", "");
    if (dice == 8)
        return peer_input(t, EXEC_EXPIRED, "1.6", c % 2 ? "5.3" : "5.4");
    return peer_input(t, EXEC_FAILED, CODES[c][0], CODES[c][1]);
}

static void one_life(uint64_t seed)
{
    anew();
    fake_rng_init(&H.rng, seed);
    lone_ordered(&H, rng_below(&H.rng, 2), rng_below(&H.rng, 8) == 0);
    for (unsigned n = 0; n < 120 && H.o->state != ORDER_DONE; n++) {
        uint64_t dice = rng_below(&H.rng, 20);
        struct input in = {.kind = IN_TIMER};
        if (dice == 0)
            in.kind = IN_RESTART;
        else if (dice == 1)
            H.now += 1000000;
        else if (H.job)
            in = lone_key(&H, rng_below(&H.rng, 16)  ? 0
                           : rng_below(&H.rng, 2) ? ERR_AUTH
                                                  : ERR_DENIED,
                           H.job == DP_JOB_NEXT && rng_below(&H.rng, 2));
        else if (H.o->calling && H.o->state == ORDER_DOUBT && rng_below(&H.rng, 2))
            in = lone_verdict(&H, rng_below(&H.rng, 2) ? VERDICT_SUCCESS : VERDICT_ROLLED_BACK,
                               H.o->step - (uint32_t)rng_below(&H.rng, 2), "8.4", "4.2");
        else if (H.o->calling)
            in = random_answer();
        else
            H.now += 60000;
        lone_witness(&H, &in);
        (void)feed(&in);
        if (H.o->state == ORDER_DONE) {
            assert_true(H.answers);
            assert_true(H.installed != H.released);
            assert_int_equal(H.deleted_ki, H.installed);
        }
    }
}

static void random_lives(void **state)
{
    unsigned done = 0, installed = 0, in_doubt = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 4000; seed++) {
        one_life(seed);
        done += H.o->state == ORDER_DONE;
        installed += H.installed;
        in_doubt += H.in_doubt;
    }
    assert_true(done > 2000);
    assert_true(installed > 500);
    assert_true(in_doubt > 10);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_state_meets_every_input), T(done_takes_nothing),   T(at_most_three_attempts),
        T(restart_makes_the_same_call),   T(refusals_at_the_door), T(random_lives),
        T(enable_in_doubt_is_told_later), T(enable_that_failed_late), T(enable_without_an_answer),
        T(an_iccid_that_stands_is_not_released), T(a_clean_up_has_patience),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
