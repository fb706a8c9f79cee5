/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "common/base/hex.h"
#include "common/codec/adminhttp.h"
#include "test/support/smsr_core_way.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMERS_MAX 100u /* until anything at all happens */

const char *core_admitted(const struct core *w)
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

static void expect_end(const struct core *w, enum verdict v)
{
    bool well = v == VERDICT_SUCCESS;

    core_expect_end(w, v, well ? "" : "8.4", well ? "" : "4.2");
}

void core_confirmed(struct core *w, enum verdict v)
{
    assert_int_equal(core_por_hex(w, 0, CONFIRMED), ERR_OK);
    expect_end(w, v);
}

void core_enabled(struct core *w, enum core_party who, unsigned profile, uint16_t sequence)
{
    core_call(w, who, FN_ENABLE_PROFILE, profile);
    core_por_sw(w, 0, 0x9000);
    core_note(w, 2, sequence, profile);
    core_confirmed(w, VERDICT_SUCCESS);
}

void core_overdue(struct core *w)
{
    core_enable(w, 30);
    core_pass(w, 30 * SECONDS);
}

void core_expire_in_mid_step(struct core *w)
{
    core_create(w, FRESH, 0, false);
    w->now += 850 * SECONDS;
    core_first_post(w, 1);
    core_pass(w, 50 * SECONDS);
    core_expect(w, EXEC_EXPIRED, "1.6", "5.4");
    assert_string_equal(core_state(w), "FENCE_WAIT");
    assert_int_equal(w->plan.unit.purpose, PURPOSE_TRIGGER);
}

void core_audited(struct core *w, const char *list, enum verdict v)
{
    core_por_list(w, 0, list);
    expect_end(w, v);
}

void core_created(struct core *w, unsigned profile, uint32_t memory)
{
    core_create(w, profile, memory, false);
    core_first_post(w, 1);
    assert_int_equal(core_step_hex(w, 1, STEP_CREATED), ERR_OK);
    core_expect_end(w, VERDICT_SUCCESS, "", "");
}

void core_set_pol2(struct core *w, unsigned profile, uint8_t bits)
{
    struct event ev = {.type = EV_POLICY_CHANGED, .pol2 = 0x100u | bits};

    ev.eid = w->eid;
    ev.iccid = core_iccid(profile);
    core_record(w, &ev);
}

void core_until_armed(struct core *w)
{
    unsigned timers = 0;

    do
        assert_true(core_timer(w) && ++timers < TIMERS_MAX);
    while (!w->plan.unit.set && w->e->n_ops);
}

const struct out_sms *core_next_fence(struct core *w)
{
    core_until_armed(w);
    assert_int_equal(w->plan.unit.purpose, PURPOSE_FENCE);
    return core_out(w, OUT_SMS, 0);
}

void core_to_state(struct core *w, const char *state)
{
    for (unsigned i = 0; i < TIMERS_MAX && strcmp(core_state(w), state); i++)
        assert_true(core_timer(w));
    assert_string_equal(core_state(w), state);
}

void core_has_cattp(struct signed_eis *eis, struct eum_signed_info *info)
{
    (void)eis;
    info->capabilities.cattp = true;
}

void core_init_link(struct core *w)
{
    core_init_with(w, core_has_cattp);
    w->routes[0].https = false;
    w->routes[0].cattp = true;
    w->routes[0].udp_port = 7444;
}

int core_link_setup(void **state)
{
    struct core *w = malloc(sizeof *w);

    assert_non_null(w);
    core_init_link(w);
    *state = w;
    return 0;
}

int core_link_opens(struct core *w, uint8_t number)
{
    struct input in = {.kind = IN_LINK};

    in.u.link.session = w->pe.link = core_session(number);
    w->pe.linked = true;
    w->pe.chained = 0;
    return core_post(w, &in);
}

int core_link_breaks(struct core *w, uint8_t number)
{
    w->pe.linked = false;
    w->pe.chained = 0;
    return core_session_end(w, number);
}

void core_to_step(struct core *w, bool more)
{
    assert_int_equal(core_create(w, FRESH, 0, more), ERR_OK);
    assert_string_equal(core_state(w), "WAIT_SESSION");
    assert_int_equal(core_first_post(w, 1), ERR_OK);
    assert_string_equal(core_state(w), "STEP");
}

const struct out_step *core_open_step(const struct core *w)
{
    const struct out_step *o = core_out(w, OUT_STEP, 0);

    assert_non_null(o);
    return o;
}

const char *core_step_body(const struct core *w)
{
    static char hex[10000];

    assert_int_equal(hex_encode(core_open_step(w)->body, hex, sizeof hex), ERR_OK);
    return hex;
}

int core_step_hex(struct core *w, uint8_t session, const char *hex)
{
    return core_step_post(w, session, 0, ADMIN_STATUS_OK, core_hex(w, hex));
}
