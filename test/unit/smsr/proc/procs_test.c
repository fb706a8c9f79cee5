/* SPDX-License-Identifier: Apache-2.0 */
/* Links: remora_test_support remora_smsr_proc remora_wire */
/* Every state of every procedure meets every kind of input: taken as its table says, or refused
 * without a trace; and each operation ends once the card can be heard. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "smsr/domain/env.h"
#include "test/support/smsr_card.h"
#include "test/support/smsr_core_way.h"

#include <stdio.h>
#include <stdlib.h>

static void call(struct core *w, enum function f)
{
    switch (f) {
    case FN_ENABLE_PROFILE:
        (void)core_call(w, CORE_B, f, ONE);
        break;
    case FN_DISABLE_PROFILE:
        (void)core_call(w, CORE_A, f, TWO);
        break;
    case FN_DELETE_PROFILE:
        (void)core_call(w, CORE_B, f, ONE);
        break;
    case FN_CREATE_ISDP:
        (void)core_create(w, FRESH, 0, false);
        break;
    case FN_SEND_DATA:
        (void)core_send(w, FRESH, span_of("\x86\x01\xAA", 3), false);
        break;
    case FN_AUDIT_EIS:
        (void)core_call(w, CORE_F, f, 0);
        break;
    case FN_ROTATE_KEYS:
        (void)core_rotate(w, CORE_ADMIN);
        break;
    case FN_SET_FALLBACK_ATTRIBUTE:
        (void)core_call(w, CORE_A, f, TWO);
        break;
    default:
        (void)core_note(w, 5, 9, BOOT);
        break;
    }
    assert_int_equal(w->err, ERR_OK);
}

/* The world a function starts from: TWO enabled for a disable, FRESH created for a SendData. */
static void prepare(struct core *w, enum function f)
{
    core_init_with(w, core_has_cattp);
    if (f == FN_DISABLE_PROFILE) {
        (void)core_call(w, CORE_A, FN_ENABLE_PROFILE, TWO);
        (void)core_note(w, 2, 3, TWO);
        (void)core_por_hex(w, 0, CONFIRMED);
    }
    if (f == FN_SEND_DATA) {
        (void)core_create(w, FRESH, 0, false);
        (void)core_first_post(w, 1);
        (void)core_step_post(w, 1, 0, ADMIN_STATUS_OK, core_hex(w, "AF80230290000000"));
    }
    assert_int_equal(w->e->n_ops, 0);
}

/* BOOT is never deleted: an enable that deletes starts from ONE enabled and goes to TWO. */
static void to_deleting(struct core *w, bool disable)
{
    core_fini(w);
    prepare(w, FN_DISABLE_PROFILE); /* TWO is enabled */
    core_set_pol2(w, TWO, POL2_DISABLE_AUTO_DELETE);
    if (disable)
        (void)core_call(w, CORE_A, FN_DISABLE_PROFILE, TWO);
    else
        (void)core_call(w, CORE_B, FN_ENABLE_PROFILE, ONE);
    (void)core_note(w, 2, 4, disable ? BOOT : ONE);
    (void)core_por_hex(w, 0, CONFIRMED);
}

/* Behind an audit that a session serves: the command goes into it, and the card begins another one. */
static void to_fence_step(struct core *w, enum function f)
{
    bool two = f == FN_DISABLE_PROFILE;

    (void)core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    call(w, f);
    (void)core_first_post(w, 7);
    (void)core_step_post(w, 7, 0, ADMIN_STATUS_OK,
                         core_hex(w, two ? STEP_TWO_ON : STEP_BOOT_ON));
    assert_true(core_timer(w));
    assert_string_equal(core_state(w), "ARMED");
    (void)core_first_post(w, 8);
}

static void to_switch_state(struct core *w, bool disable, const char *state)
{
    unsigned goal = disable ? BOOT : ONE;

    if (!strcmp(state, "DELETING")) {
        to_deleting(w, disable);
        return;
    }
    if (!strcmp(state, "FENCE_STEP")) {
        to_fence_step(w, disable ? FN_DISABLE_PROFILE : FN_ENABLE_PROFILE);
        return;
    }
    call(w, disable ? FN_DISABLE_PROFILE : FN_ENABLE_PROFILE);
    if (!strcmp(state, "WAIT_NOTIFICATION"))
        (void)core_por_sw(w, 0, 0x9000);
    else if (!strcmp(state, "CONFIRMING"))
        (void)core_note(w, 2, 4, goal);
    else if (strcmp(state, "ARMED"))
        (void)core_por(w, 0, POR_CIPHERING, span_of("", 0));
    if (!strcmp(state, "WAIT_ROLLBACK"))
        (void)core_por_list(w, 0, disable ? "10=3F 11=1F 12=1F" : "10=1F 11=3F 12=1F");
}

#define UNCLEAR(w) (void)core_por(w, 0, POR_CIPHERING, span_of("", 0))
static void to_keys_state(struct core *w, const char *state)
{
    if (!strcmp(state, "CALLING"))
        (void)core_rotate_sessions(w, CORE_ADMIN);
    else
        call(w, FN_ROTATE_KEYS);
    if (!strcmp(state, "ASKING"))
        UNCLEAR(w);
    else if (strcmp(state, "PUTTING"))
        (void)core_por_sw(w, 0, 0x9000);
    if (!strcmp(state, "DELETING") || !strcmp(state, "CHECKING")) {
        w->por_kvn = w->e->spare[0].kvn;
        (void)core_por_keys(w, 0, "1 2");
        w->por_kvn = 0;
    }
    if (!strcmp(state, "CHECKING"))
        UNCLEAR(w);
}

/* Routes that prefer CAT_TP. */
static void by_cattp(struct core *w)
{
    for (unsigned i = 0; i < 2; i++)
        w->routes[i].cattp = w->routes[i].cattp_commands = true;
}

static void to_state(struct core *w, enum function f, const char *state)
{
    if (!strcmp(state, "WAIT_LINK")) {
        by_cattp(w);
        call(w, f);
        return;
    }
    if (!strcmp(state, "QUEUED")) { /* behind another, which then ends */
        (void)core_call(w, CORE_F, FN_AUDIT_EIS, 0);
        call(w, f);
        (void)core_por_list(
            w, 1 + (f == FN_DISABLE_PROFILE || f == FN_SEND_DATA ? w->e->counter_high - 1 : 0),
            f == FN_DISABLE_PROFILE ? "10=1F 11=1F 12=3F"
            : f == FN_SEND_DATA     ? "10=3F 11=1F 12=1F 13=07"
                                    : "10=3F 11=1F 12=1F");
        return;
    }
    if (f == FN_ROTATE_KEYS) {
        to_keys_state(w, state);
        return;
    }
    if (f == FN_ENABLE_PROFILE || f == FN_DISABLE_PROFILE) {
        to_switch_state(w, f == FN_DISABLE_PROFILE, state);
        return;
    }
    if ((f == FN_DELETE_PROFILE || f == FN_SET_FALLBACK_ATTRIBUTE) && !strcmp(state, "FENCE_STEP")) {
        to_fence_step(w, f);
        return;
    }
    call(w, f);
    if ((f == FN_DELETE_PROFILE || f == FN_SET_FALLBACK_ATTRIBUTE) && !strcmp(state, "FENCING"))
        (void)core_por(w, 0, POR_CIPHERING, span_of("", 0));
    if (f == FN_CREATE_ISDP || f == FN_SEND_DATA) {
        if (strcmp(state, "WAIT_SESSION"))
            (void)core_first_post(w, 7);
        if (!strncmp(state, "FENCE", 5))
            (void)core_session_end(w, 7);
        if (!strcmp(state, "FENCE_STEP"))
            (void)core_first_post(w, 8);
    }
    if (f == FN_NOTIFICATION)
        assert_true(core_timer(w));
    if (f == FN_NOTIFICATION && !strcmp(state, "ASKING"))
        (void)core_por_hex(w, 0, CONFIRMED);
}

static int post_kind(struct core *w, enum input_kind kind)
{
    struct input in = {.kind = kind};

    switch (kind) {
    case IN_CALL:
        return core_call(w, CORE_F, FN_AUDIT_EIS, 0);
    case IN_POR:
        return core_por_sw(w, 0, 0x9000);
    case IN_NOTIFICATION:
        return core_note(w, 2, 4, ONE);
    case IN_POST:
        return core_first_post(w, 9);
    case IN_SESSION_END:
        return core_session_end(w, w->e->ops[0]->session.b[15]);
    case IN_RESTART:
        core_restart(w);
        return w->err;
    case IN_TIMER:
        (void)core_timer(w);
        return w->err;
    default:
        return core_post(w, &in);
    }
}

static void every_state_meets_every_input(void **state)
{
    unsigned pairs = 0;

    for (unsigned f = FN_NONE; f < FN_COUNT; f++) {
        const struct proc *p = proc_of((enum function)f);
        for (unsigned s = 0; p && s < p->n_states; s++)
            for (unsigned k = IN_CALL; k < IN_KIND_COUNT; k++) {
                struct core w;
                bool in_table = (p->states[s].in_mask & IN_BIT(k)) != 0;
                size_t rows;
                int err;
                prepare(&w, (enum function)f);
                to_state(&w, (enum function)f, p->states[s].name);
                if (strcmp(core_state(&w), p->states[s].name))
                    fail_msg("%s: %s instead of %s", p->name, core_state(&w), p->states[s].name);
                rows = w.n_rows;
                err = post_kind(&w, (enum input_kind)k);
                if (k == IN_CALL ||
                    k == IN_NOTIFICATION) /* the mailbox takes them, if the state does not */
                    assert_true(err == ERR_OK || (k == IN_NOTIFICATION && err == ERR_STATE));
                else if (k == IN_TURN) /* what waits to begin begins; anything else does not wait */
                    assert_int_equal(err, s ? ERR_STATE : ERR_OK);
                else if (!in_table && (k != IN_POST || w.e->ops[0]->state == 0))
                    assert_int_equal(err, ERR_STATE); /* a card that calls may be sent away */
                else
                    assert_true(err == ERR_OK || err == ERR_STATE);
                if (err || (k == IN_POST && !in_table))
                    assert_int_equal(w.n_rows, rows);
                pairs++;
                core_fini(&w);
            }
    }
    assert_int_equal(pairs, (9 + 9 + 5 + 5 + 5 + 5 + 2 + 3 + 7) * (IN_KIND_COUNT - 1));
    (void)state;
}

/* The card has done all it was told. */
static void keys_answer(struct core *w)
{
    char list[8];

    if (!strcmp(core_state(w), "CALLING")) {
        (void)core_first_post_under(w, 9, w->e->psk_spare);
        return;
    }
    w->por_kvn = w->plan.unit.kvn;
    (void)snprintf(list, sizeof list, "%X",
                   w->e->n_spare ? (unsigned)w->e->spare[0].kvn : (unsigned)w->e->scp80_kvn);
    if (w->plan.unit.purpose == PURPOSE_CMD)
        (void)core_por_sw(w, 0, 0x9000);
    else
        (void)core_por_keys(w, 0, !strcmp(core_state(w), "CHECKING") ? "2" : list);
    w->por_kvn = 0;
}

/* GET STATUS of TWO without a tag list. */
#define TWO_HOLDS "231DE3194F10A0000005591010FFFFFFFF89000012009F70011F5301019000"

/* In each state the world goes silent for a day, and twice the process dies; then the card is
 * heard. */
static void every_operation_ends(void **state)
{
    for (unsigned f = FN_NONE; f < FN_COUNT; f++) {
        const struct proc *p = proc_of((enum function)f);
        for (unsigned s = 0; p && s < p->n_states; s++) {
            struct core w;
            unsigned tries = 0;
            prepare(&w, (enum function)f);
            to_state(&w, (enum function)f, p->states[s].name);
            core_pass(&w, 43200000);
            core_restart(&w);
            core_pass(&w, 43200000);
            core_restart(&w);
            for (; w.e->n_ops && tries < 20; tries++) {
                if (!w.plan.unit.set)
                    (void)core_timer(&w);
                else if (f == FN_ROTATE_KEYS)
                    keys_answer(&w);
                else if (w.plan.unit.purpose == PURPOSE_TRIGGER)
                    (void)core_first_post(&w, (uint8_t)(20 + tries));
                else if (f == FN_SET_FALLBACK_ATTRIBUTE)
                    (void)core_por_hex(&w, 0, "AB22800101" TWO_HOLDS);
                else
                    (void)core_por_list(&w, 0, "10=3F 11=1F 12=1F 13=07");
                if (w.e->n_ops && core_out(&w, OUT_STEP, 0))
                    (void)core_step_post(&w, (uint8_t)(20 + tries), 0, ADMIN_STATUS_OK,
                                         core_hex(&w, f == FN_SET_FALLBACK_ATTRIBUTE
                                                          ? "AF80" TWO_HOLDS "0000"
                                                          : "AF80231AE3164F10A0000005591010FFFFFFFF890000"
                                                            "10009F70013F90000000"));
            }
            if (w.e->n_ops)
                fail_msg("%s from %s stays in %s", p->name, p->states[s].name, core_state(&w));
            core_fini(&w);
        }
    }
    (void)state;
}

/* A table cannot name a timer that the configuration does not know. */
static void tables_name_real_timers(void **state)
{
    for (unsigned f = FN_NONE; f < FN_COUNT; f++) {
        const struct proc *p = proc_of((enum function)f);
        assert_true(!p || p->n_states <= 32);
        for (unsigned s = 0; p && s < p->n_states; s++) {
            bool known = !p->states[s].timer;
            for (unsigned t = 0; t < TIMER_COUNT; t++)
                known = known || !strcmp(TIMERS[t].name, p->states[s].timer);
            assert_true(known);
            assert_non_null(p->states[s].decide);
            assert_true(p->states[s].in_mask & IN_BIT(IN_TIMER));
            assert_true(p->states[s].in_mask & IN_BIT(IN_RESTART));
            assert_string_equal(proc_state_name((enum function)f, s), p->states[s].name);
        }
        if (p)
            assert_string_equal(proc_state_name((enum function)f, p->n_states), "?");
    }
    assert_string_equal(proc_state_name(FN_GET_EIS, 0), "?");
    (void)state;
}

static void nobodys_inputs(void **state)
{
    struct core w;
    struct input in = {.kind = IN_TIMER};

    core_init(&w);
    for (unsigned k = IN_TIMER; k < IN_KIND_COUNT; k++) {
        if (k == IN_NOTIFICATION || k == IN_POST)
            continue;
        in.kind = (enum input_kind)k;
        assert_int_equal(core_post(&w, &in), ERR_STATE);
    }
    euicc_free(w.e);
    w.e = NULL; /* the EID is not registered */
    for (unsigned k = IN_TIMER; k < IN_KIND_COUNT; k++) {
        in.kind = (enum input_kind)k;
        assert_int_equal(core_post(&w, &in), ERR_STATE);
    }
    core_fini(&w);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_meets_every_input),
        cmocka_unit_test(every_operation_ends),
        cmocka_unit_test(tables_name_real_timers),
        cmocka_unit_test(nobodys_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
