/* SPDX-License-Identifier: Apache-2.0 */
/* The little card on the air. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/packet.h"
#include "common/wire/wire.h"
#include "test/support/smsr_card_int.h"
#include "test/support/smsr_core_way.h"

void little_init(struct little_card *c, struct core *w)
{
    memset(c, 0, sizeof *c);
    c->w = w;
    c->isdp[0] = (struct little_isdp){BOOT, 0x3F};
    c->fallback = BOOT;
    c->isdp[1] = (struct little_isdp){ONE, 0x1F};
    c->isdp[2] = (struct little_isdp){TWO, 0x1F};
    c->n_isdps = 3;
    c->reconfirm_sw = 0x9000;
}

static void push(struct little_packet *list, unsigned *n, const struct little_packet *p)
{
    if (*n == 64) {
        memmove(list, list + 1, 63 * sizeof *list);
        (*n)--;
    }
    list[(*n)++] = *p;
}

static void take(struct little_packet *list, unsigned *n, unsigned at)
{
    memmove(list + at, list + at + 1, (*n - at - 1) * sizeof *list);
    (*n)--;
}

static void hear_sms(struct little_card *c, const struct out_sms *o)
{
    struct core *w = c->w;
    const struct core_row *row = o->armed ? NULL : &w->rows[o->lsn - 1];
    struct arena a;
    struct event *ev;
    struct little_packet p = {.counter = o->armed ? o->armed->counter : o->counter};
    struct span data;

    arena_init(&a, 0);
    ev = arena_alloc(&a, sizeof *ev);
    assert_non_null(ev);
    if (row)
        assert_int_equal(wire_event_decode(row->type, row->body, &a, ev, NULL), ERR_OK);
    data = row ? ev->data : o->armed->data;
    assert_true(data.n <= sizeof p.data);
    memcpy(p.data, data.p, data.n);
    p.n = data.n;
    /* A resend is bit-identical by its counter. */
    if (row)
        assert_true(ev->counter == o->counter);
    push(c->down, &c->n_down, &p);
    arena_fini(&a);
}

static void hear_link(struct little_card *c, const struct out_link *o)
{
    struct span data = o->armed->data;

    if (!c->linked || o->session.b[15] != c->link)
        return;
    c->w->pe.chained = o->chained;
    c->has_packet = true;
    c->packet = (struct little_packet){.counter = o->armed->counter, .n = data.n};
    assert_true(data.n <= sizeof c->packet.data);
    memcpy(c->packet.data, data.p, data.n);
}

static void link_gone(struct little_card *c, uint8_t link)
{
    if (link != c->link)
        return;
    c->linked = c->has_packet = false;
    c->w->pe.linked = false;
    c->w->pe.chained = 0;
}

void little_hear(struct little_card *c)
{
    for (unsigned i = 0; i < c->w->plan.n_outs; i++) {
        const struct plan_out *o = &c->w->plan.outs[i];
        if (o->kind == OUT_SMS)
            hear_sms(c, o->body);
        if (o->kind == OUT_STEP) {
            const struct out_step *s = o->body;
            if (!c->in_session || s->session.b[15] != c->session)
                continue;
            c->w->pe.held = false;
            c->in_session = s->code == 200;
            c->has_body = s->code == 200;
            c->step = s->step;
            assert_true(s->body.n <= sizeof c->body);
            if (s->body.n)
                memcpy(c->body, s->body.p, s->body.n);
            c->body_n = s->body.n;
        }
        if (o->kind == OUT_LINK)
            hear_link(c, o->body);
        if (o->kind == OUT_SESSION_CLOSE) {
            const struct out_session_close *s = o->body;
            if (s->session.b[15] >= TWIN_LINK) {
                link_gone(c, s->session.b[15]);
                continue;
            }
            c->w->pe.held = false;
            c->in_session = c->has_body = false;
        }
    }
    memset(c->w->plan.outs, 0, sizeof c->w->plan.outs);
    c->w->plan.n_outs = 0;
}

void little_deliver(struct little_card *c, unsigned at)
{
    struct little_packet p = c->down[at], por = {.counter = p.counter};
    struct span answer = {NULL, 0};

    take(c->down, &c->n_down, at);
    if (p.counter <= c->counter) {
        por.status = POR_CNTR_LOW;
    } else {
        c->counter = p.counter;
        if (p.data[0] == 0x81)
            c->wants_session = true;
        else
            answer = little_run(c, span_of(p.data, p.n), por.data, sizeof por.data);
        por.n = answer.n;
    }
    push(c->up, &c->n_up, &por);
}

void little_answer(struct little_card *c, unsigned at, bool keep)
{
    struct little_packet p = c->up[at];

    if (!keep)
        take(c->up, &c->n_up, at);
    (void)core_por(c->w, p.counter, p.status, span_of(p.data, p.n));
    little_hear(c);
}

void little_notify(struct little_card *c)
{
    if (c->sequence)
        (void)core_note(c->w, c->kind, c->sequence, little_on(c));
    little_hear(c);
}

void little_roll_back(struct little_card *c)
{
    if (!c->open || !c->enable)
        return;
    c->open = false;
    c->stands = (struct uuid){{0}};
    little_change(c, c->from);
    little_tell(c, 3);
}

void little_fall_back(struct little_card *c)
{
    if (c->open || little_on(c) == c->fallback || c->w->e->n_ops)
        return;
    c->stands = (struct uuid){{0}};
    c->fell = true;
    little_change(c, c->fallback);
    little_tell(c, 5);
}

void little_open(struct little_card *c)
{
    if (c->in_session)
        little_break(c, false);
    c->wants_session = false;
    c->in_session = true;
    c->has_body = false;
    c->session++;
    c->w->pe.held = true;
    c->w->pe.held_session = core_session(c->session);
    (void)core_first_post(c->w, c->session);
    little_hear(c);
}

void little_post(struct little_card *c)
{
    uint8_t room[4096];
    struct span answer;

    if (!c->in_session || !c->has_body)
        return;
    answer = little_run(c, span_of(c->body, c->body_n), room, sizeof room);
    c->has_body = false;
    c->w->pe.held = true;
    (void)core_step_post(c->w, c->session, c->step, ADMIN_STATUS_OK, answer);
    little_hear(c);
}

void little_break(struct little_card *c, bool run)
{
    uint8_t room[4096];

    if (!c->in_session)
        return;
    if (run && c->has_body)
        (void)little_run(c, span_of(c->body, c->body_n), room, sizeof room);
    c->in_session = c->has_body = false;
    c->w->pe.held = false;
    (void)core_session_end(c->w, c->session);
    little_hear(c);
}

void little_link_open(struct little_card *c)
{
    if (c->linked)
        little_link_break(c, false);
    c->wants_link = false;
    c->linked = true;
    c->has_packet = false;
    c->link = c->link == 0xFF ? TWIN_LINK : (uint8_t)(c->link + 1) | TWIN_LINK;
    (void)core_link_opens(c->w, c->link);
    little_hear(c);
}

/* What comes over a link is executed under the counters of the key set, as by SMS. */
static bool link_execute(struct little_card *c, struct little_packet *ret_por)
{
    struct little_packet p = c->packet;
    struct span answer = {NULL, 0};

    if (!c->has_packet)
        return false;
    c->has_packet = false;
    *ret_por = (struct little_packet){.counter = p.counter};
    if (p.counter <= c->counter) {
        ret_por->status = POR_CNTR_LOW;
        return true;
    }
    c->counter = p.counter;
    answer = little_run(c, span_of(p.data, p.n), ret_por->data, sizeof ret_por->data);
    ret_por->n = answer.n;
    return true;
}

void little_link_run(struct little_card *c)
{
    struct little_packet por;

    if (!link_execute(c, &por))
        return;
    (void)core_por(c->w, por.counter, por.status, span_of(por.data, por.n));
    little_hear(c);
}

void little_link_break(struct little_card *c, bool run)
{
    struct little_packet por;

    if (!c->linked)
        return;
    if (run)
        (void)link_execute(c, &por);
    link_gone(c, c->link);
    (void)core_session_end(c->w, c->link);
    little_hear(c);
}

bool little_time(struct little_card *c, bool go_back)
{
    struct core *w = c->w;
    int64_t due = w->volatile_due ? w->volatile_due : w->due;
    bool ret;

    if (c->open && due >= c->since + TWIN_CARD_WINDOW_MS) {
        if (w->now < c->since + TWIN_CARD_WINDOW_MS - 1)
            w->now = c->since + TWIN_CARD_WINDOW_MS - 1;
        if (go_back && c->enable)
            little_roll_back(c);
        c->open = false;
    }
    ret = core_timer(w);
    little_hear(c);
    return ret;
}

void little_same(const struct little_card *c)
{
    const struct euicc *e = c->w->e;

    assert_int_equal(e->n_profiles, c->n_isdps);
    for (unsigned i = 0; i < e->n_profiles; i++) {
        uint16_t number = 0;
        assert_true(aid_is_isd_p(&e->profiles[i].aid, &number));
        switch (little_state(c, number)) {
        case 0x3F:
            assert_int_equal(e->profiles[i].state, PROFILE_ENABLED);
            break;
        case 0x1F:
            assert_int_equal(e->profiles[i].state, PROFILE_DISABLED);
            break;
        default:
            assert_int_equal(e->profiles[i].state, PROFILE_CREATED);
        }
    }
}

void little_word(struct little_card *c, uint64_t any)
{
    static const unsigned PROFILE[] = {BOOT, ONE, TWO};
    struct core *w = c->w;
    struct input in = {.kind = IN_CARRIER};

    in.u.carrier.counter = w->e->counter_high - (w->e->counter_high < 4 ? 0 : any % 4);
    in.u.carrier.profile = core_iccid(PROFILE[any / 4 % 3]);
    in.u.carrier.report = (enum message_report)(any / 12 % REPORTED_COUNT);
    in.u.carrier.text = span_str("network: a word");
    if (core_post(w, &in))
        return;
    assert_int_equal(w->plan.n_records, 1);
    assert_int_equal(w->plan.n_outs + w->plan.n_deliveries, 0);
    assert_int_equal(w->plan.records[0]->op_state, 0);
}
