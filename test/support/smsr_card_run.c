/* SPDX-License-Identifier: Apache-2.0 */
/* What the little card runs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/codec/apdu.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/smsr_card_int.h"

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

uint16_t little_on(const struct little_card *c)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].state == 0x3F)
            return c->isdp[i].number;
    return 0;
}

void little_change(struct little_card *c, uint16_t to)
{
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].state == 0x3F)
            c->isdp[i].state = 0x1F;
    for (unsigned i = 0; i < c->n_isdps; i++)
        if (c->isdp[i].number == to)
            c->isdp[i].state = 0x3F;
}

void little_tell(struct little_card *c, uint8_t kind)
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
    if (c->open || p->state != (enable ? 0x1F : 0x3F) || (!enable && number == c->fallback))
        return 0x6985;
    effect(c);
    c->open = true;
    c->enable = enable;
    c->from = little_on(c);
    c->to = enable ? number : c->fallback;
    c->since = c->w->now;
    c->stands = c->w->effect_op;
    c->fell = false;
    little_change(c, c->to);
    little_tell(c, 2);
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

static uint16_t run_fallback(struct little_card *c, uint16_t number)
{
    struct little_isdp *p = find(c, number);

    if (!p)
        return 0x6A88;
    if (c->open || p->state < 0x1F)
        return 0x6985;
    effect(c);
    c->fallback = number;
    return 0x9000;
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
    return d.tag == 0x3A05 ? run_fallback(c, number) : run_switch(c, number, d.tag == 0x3A03);
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
    if (p->state == 0x3F || number == c->fallback || (c->open && number == c->from))
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
    return 0x9000;
}

/* Of one ISD-P by its name, or of all. */
static uint16_t run_status(struct little_card *c, struct span asked, struct writer *out)
{
    struct tlv name, tags;
    bool whole = tlv_find(asked, 0x5C, &tags) != ERR_OK;

    assert_int_equal(tlv_find(asked, 0x4F, &name), ERR_OK);
    for (unsigned i = 0; i < c->n_isdps; i++) {
        struct aid aid = core_aid(c->isdp[i].number);
        size_t e3;

        if (name.value.n && !span_eq(name.value, aid_span(&aid)))
            continue;
        e3 = tlv_open(out, 0xE3);
        tlv_put(out, 0x4F, aid_span(&aid));
        tlv_put_u8(out, 0x9F70, c->isdp[i].state);
        if (whole)
            tlv_put_u8(out, 0x53, c->isdp[i].number == c->fallback);
        tlv_close(out, e3);
    }
    return out->len ? 0x9000 : 0x6A88;
}

static uint16_t run_memory(struct writer *out)
{
    static const uint8_t FREE[4] = {0x00, 0x05, 0x00, 0x00};
    size_t mark = tlv_open(out, 0xFF21);

    tlv_put(out, 0x82, span_of(FREE, sizeof FREE));
    tlv_close(out, mark);
    return 0x9000;
}

static uint16_t run_apdu(struct little_card *c, struct span capdu, struct script_writer *out)
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
        sw = cmd.p2 & 1 ? 0x6A88 : run_status(c, cmd.data, &d);
    else if (cmd.ins == 0xCA)
        sw = run_memory(&d);
    else if (cmd.ins == 0xEC) {
        c->wants_link = true;
        sw = 0x9000;
    }
    apdu_rsp_put(&r, wr_view(&d), sw);
    script_put_rsp(out, wr_view(&r));
    return sw;
}

struct span little_run(struct little_card *c, struct span script, uint8_t *room, size_t cap)
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
            if (run_apdu(c, item.value, &out) >> 12 == 6) { /* the script ends there */
                n++;
                break;
            }
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
