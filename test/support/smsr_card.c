/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/codec/adminhttp.h"
#include "common/codec/apdu.h"
#include "common/codec/packet.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "common/wire/wire.h"
#include "test/support/smsr_card.h"

static struct little_isdp *find(struct little_card *c, unsigned number)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].number == number)
            return &c->isdp[i];
    return NULL;
}

uint8_t little_state(const struct little_card *c, unsigned number)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].number == number)
            return c->isdp[i].state;
    return 0;
}

static uint16_t on(const struct little_card *c)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].state == 0x3F)
            return c->isdp[i].number;
    return 0;
}

void little_init(struct little_card *c, struct core *w)
{
    memset(c, 0, sizeof *c);
    c->w = w;
    c->isdp[0] = (struct little_isdp){BOOT, 0x3F};
    c->isdp[1] = (struct little_isdp){ONE, 0x1F};
    c->isdp[2] = (struct little_isdp){TWO, 0x1F};
    c->n_isdps = 3;
    c->reconfirm_sw = 0x9000;
}

/* --- what it runs --- */
static void change(struct little_card *c, uint16_t to)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].state == 0x3F)
            c->isdp[i].state = 0x1F;
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].number == to)
            c->isdp[i].state = 0x3F;
}

static void tell(struct little_card *c, uint8_t kind)
{
    c->sequence++;
    c->kind = kind;
    c->telling = true;
}

/* An effect belongs to the operation whose unit is open, and to none that has its verdict. */
static void effect(struct little_card *c)
{
    if (!c->w->effect_counter && !c->w->effect_step)
        fail_msg("an effect ran that no operation waits for");
    c->effects++;
}

static uint16_t run_switch(struct little_card *c, uint16_t number, bool enable)
{
    struct little_isdp *p = find(c, number);

    if (!p)
        return 0x6A88;
    if (c->open || p->state != (enable ? 0x1F : 0x3F) || (!enable && number == BOOT))
        return 0x6985;
    effect(c);
    c->open = true;
    c->enable = enable;
    c->from = on(c);
    c->to = enable ? number : (uint16_t)BOOT;
    c->since = c->w->now;
    c->stands = c->w->effect_op;
    c->fell = false;
    change(c, c->to);
    tell(c, 2);
    return 0x9000;
}

static uint16_t run_confirm(struct little_card *c, uint16_t sequence, struct writer *data)
{
    if (c->telling && sequence == c->sequence) {
        c->telling = c->open = false;
        c->confirmed = sequence;
        wr_u16(data, 0x8000);
        return 0x9000;
    }
    return c->confirmed && sequence == c->confirmed ? c->reconfirm_sw : 0x6A88;
}

static uint16_t run_store(struct little_card *c, struct span data, struct writer *out)
{
    struct reader r = rd_init(data);
    struct dgi d;
    struct tlv t;
    struct aid aid;
    uint16_t number;

    assert_int_equal(dgi_next(&r, &d), ERR_OK);
    if (d.tag == 0x3A08) {
        assert_int_equal(tlv_only(d.value, 0x4E, &t), ERR_OK);
        return run_confirm(c, (uint16_t)(t.value.p[0] << 8 | t.value.p[1]), out);
    }
    assert_int_equal(tlv_only(d.value, 0x4F, &t), ERR_OK);
    assert_int_equal(aid_from_bytes(t.value, &aid), ERR_OK);
    assert_true(aid_is_isd_p(&aid, &number));
    return run_switch(c, number, d.tag == 0x3A03);
}

static uint16_t run_delete(struct little_card *c, struct span data)
{
    struct tlv t;
    struct aid aid;
    uint16_t number;
    struct little_isdp *p;

    assert_int_equal(tlv_only(data, 0x4F, &t), ERR_OK);
    assert_int_equal(aid_from_bytes(t.value, &aid), ERR_OK);
    assert_true(aid_is_isd_p(&aid, &number));
    p = find(c, number);
    if (!p)
        return 0x6A88;
    if (p->state == 0x3F || number == BOOT || (c->open && number == c->from))
        return 0x6985;
    effect(c);
    *p = c->isdp[--c->n_isdps];
    return 0x9000;
}

static uint16_t run_create(struct little_card *c, struct span data)
{
    struct aid aid;
    uint16_t number;

    assert_true(data.n > 51);
    assert_int_equal(aid_from_bytes(span_of(data.p + 35, 16), &aid), ERR_OK);
    assert_true(aid_is_isd_p(&aid, &number));
    if (find(c, number) || c->n_isdps == TWIN_ISDPS)
        return 0x6A80;
    effect(c);
    c->isdp[c->n_isdps++] = (struct little_isdp){number, 0x07};
    wr_u8(&(struct writer){0}, 0);
    return 0x9000;
}

static uint16_t run_status(struct little_card *c, struct writer *out)
{
    for (unsigned i = 0; i < c->n_isdps; i++) {
        struct aid aid = core_aid(c->isdp[i].number);
        size_t e3 = tlv_open(out, 0xE3);
        tlv_put(out, 0x4F, aid_span(&aid));
        tlv_put_u8(out, 0x9F70, c->isdp[i].state);
        tlv_close(out, e3);
    }
    return 0x9000;
}

static void run_apdu(struct little_card *c, struct span capdu, struct script_writer *out)
{
    uint8_t data[700], rapdu[700];
    struct writer d = wr_init(data, sizeof data), r = wr_init(rapdu, sizeof rapdu);
    struct apdu_cmd cmd;
    uint16_t sw = 0x6D00;

    assert_int_equal(apdu_cmd_parse(capdu, &cmd), ERR_OK);
    if (cmd.ins == 0xE2)
        sw = run_store(c, cmd.data, &d);
    else if (cmd.ins == 0xE4)
        sw = run_delete(c, cmd.data);
    else if (cmd.ins == 0xE6)
        sw = run_create(c, cmd.data);
    else if (cmd.ins == 0xF2)
        sw = cmd.p2 & 1 ? 0x6A88 : run_status(c, &d);
    else if (cmd.ins == 0xCA)
        sw = 0x6A88; /* it does not tell its memory */
    else if (cmd.ins == 0xEC) {
        c->wants_link = true;
        sw = 0x9000;
    }
    apdu_rsp_put(&r, wr_view(&d), sw);
    script_put_rsp(out, wr_view(&r));
}

static struct span run_script(struct little_card *c, struct span script, uint8_t *room, size_t cap)
{
    struct writer w = wr_init(room, cap);
    struct script_reader sr;
    struct script_item item;
    struct script_writer out;
    unsigned n = 0;

    assert_int_equal(script_open(script, &sr), ERR_OK);
    script_begin(&out, &w, sr.form, true);
    while (script_next(&sr, &item) == ERR_OK) {
        if (item.tag == SCRIPT_TAG_CHAINING)
            continue;
        if (item.tag == SCRIPT_TAG_CMD) {
            run_apdu(c, item.value, &out);
        } else {
            static const uint8_t OK[] = {0x86, 0x01, 0x00};
            effect(c);
            script_put_raw(&out, span_of(OK, sizeof OK));
        }
        n++;
    }
    script_end(&out, n);
    assert_false(w.failed);
    return wr_view(&w);
}

/* --- air --- */
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
    c->w->pe.linked = c->w->pe.chained = false;
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
            answer = run_script(c, span_of(p.data, p.n), por.data, sizeof por.data);
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
        (void)core_note(c->w, c->kind, c->sequence, on(c));
    little_hear(c);
}

void little_roll_back(struct little_card *c)
{
    if (!c->open || !c->enable)
        return;
    c->open = false;
    c->stands = (struct uuid){{0}};
    change(c, c->from);
    tell(c, 3);
}

void little_fall_back(struct little_card *c)
{
    if (c->open || on(c) == BOOT || c->w->e->n_ops)
        return;
    c->stands = (struct uuid){{0}};
    c->fell = true;
    change(c, BOOT);
    tell(c, 5);
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
    answer = run_script(c, span_of(c->body, c->body_n), room, sizeof room);
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
        (void)run_script(c, span_of(c->body, c->body_n), room, sizeof room);
    c->in_session = c->has_body = false;
    c->w->pe.held = false;
    (void)core_session_end(c->w, c->session);
    little_hear(c);
}

void little_link_open(struct little_card *c)
{
    struct input in = {.kind = IN_LINK};

    if (c->linked)
        little_link_break(c, false);
    c->wants_link = false;
    c->linked = true;
    c->has_packet = false;
    c->link = c->link == 0xFF ? TWIN_LINK : (uint8_t)(c->link + 1) | TWIN_LINK;
    c->w->pe.linked = true;
    c->w->pe.chained = false;
    c->w->pe.link = in.u.link.session = core_session(c->link);
    (void)core_post(c->w, &in);
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
    answer = run_script(c, span_of(p.data, p.n), ret_por->data, sizeof ret_por->data);
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
    struct input in = {.kind = IN_SESSION_END};

    if (!c->linked)
        return;
    if (run)
        (void)link_execute(c, &por);
    in.u.session_end.session = core_session(c->link);
    link_gone(c, c->link);
    (void)core_post(c->w, &in);
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
