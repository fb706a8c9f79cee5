/* SPDX-License-Identifier: Apache-2.0 */
/* The rig's commands by name, what a card tells by itself, and the witness. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "test/support/card_rig.h"

/* --- commands --- */

uint16_t rig_create(struct rig *r, uint16_t number, uint32_t quota)
{
    char hex[200], system[20] = "";

    if (quota)
        (void)snprintf(system, sizeof(system), "EF068304%08X", quota);
    (void)snprintf(hex, sizeof(hex),
                   "80E60C00%02X10A0000005591010FFFFFFFF8900000D00"
                   "10A0000005591010FFFFFFFF8900000E0010A0000005591010FFFFFFFF8900%04X00"
                   "0380C000%02XC90481020370%s0000",
                   quota ? 0x47u : 0x3Fu, number, quota ? 0x0Eu : 0x06u, system);
    return rig_hex(r, hex, NULL);
}

static uint16_t named(struct rig *r, const char *head, uint16_t number, const char *tail)
{
    char hex[120];

    (void)snprintf(hex, sizeof(hex), "%s124F10A0000005591010FFFFFFFF8900%04X00%s", head, number,
                   tail);
    return rig_hex(r, hex, NULL);
}

uint16_t rig_enable(struct rig *r, uint16_t number)
{
    return named(r, "80E28800153A03", number, "");
}

uint16_t rig_disable(struct rig *r, uint16_t number)
{
    return named(r, "80E28800153A04", number, "");
}

uint16_t rig_set_fallback(struct rig *r, uint16_t number)
{
    return named(r, "80E28800153A05", number, "00");
}

uint16_t rig_delete(struct rig *r, uint16_t number)
{
    return named(r, "80E40040", number, "00");
}

uint16_t rig_confirm(struct rig *r, uint16_t seq, struct span *ret)
{
    char hex[40];

    (void)snprintf(hex, sizeof(hex), "80E28900073A08044E02%04X00", seq);
    return rig_hex(r, hex, ret);
}

enum sms_kind rig_kind(struct span tp_ud)
{
    struct sms_ud ud;

    assert_int_equal(sms_ud_parse(tp_ud, &ud), 0);
    assert_true(ud.has_kind);
    return ud.kind;
}

bool rig_note(struct rig *r, struct rig_note *ret)
{
    const struct scp80_keys keys = {r->kic, r->kid, 0};
    struct scp80_command cmd;
    struct sms_ud ud;
    unsigned found = 0;

    *ret = (struct rig_note){.type = 0};
    for (unsigned i = 0; i < r->n_sms; i++) {
        struct tlv e1, t;

        assert_int_equal(sms_ud_parse(span_of(r->sms[i].ud, r->sms[i].n), &ud), 0);
        if (!ud.has_kind || ud.kind != SMS_COMMAND)
            continue;
        assert_string_equal(r->sms[i].to.s, RIG_SMSR);
        assert_int_equal(scp80_unwrap(r->crypto, &keys, PACKET_SMS, ud.data, &cmd), 0);
        assert_int_equal(cmd.head.spi1, 0x06);
        assert_int_equal(cmd.head.spi2, 0x00);
        assert_int_equal(cmd.head.tar, 1);
        assert_int_equal(cmd.cntr, 0);
        assert_int_equal(tlv_only(span_of(cmd.data, cmd.data_len), 0xE1, &e1), 0);
        assert_int_equal(tlv_find(e1.value, 0x4C, &t), 0);
        assert_int_equal(eid_from_bytes(t.value, &ret->eid), 0);
        assert_int_equal(tlv_find(e1.value, 0x4D, &t), 0);
        ret->type = t.value.p[0];
        assert_int_equal(tlv_find(e1.value, 0x4E, &t), 0);
        ret->seq = (uint16_t)(t.value.p[0] << 8 | t.value.p[1]);
        assert_int_equal(tlv_find(e1.value, 0x2F, &t), 0);
        assert_int_equal(aid_from_bytes(t.value, &ret->aid), 0);
        assert_int_equal(tlv_find(e1.value, 0x14, &t), 0);
        assert_int_equal(t.value.n, sizeof(ret->imei));
        memcpy(ret->imei, t.value.p, t.value.n);
        found++;
    }
    assert_true(found <= 1);
    return found == 1;
}

uint16_t rig_confirmed(struct rig *r)
{
    struct rig_note note;

    rig_attach(r, true);
    assert_true(rig_note(r, &note));
    assert_int_equal(rig_confirm(r, note.seq, NULL), 0x9000);
    return note.seq;
}

/* --- witness --- */

const struct card_isdp *rig_isdp(const struct rig *r, uint16_t number)
{
    for (unsigned i = 0; i < card_isdp_count(r->card); i++) {
        uint16_t n = 0;

        if (aid_is_isd_p(&card_isdp_at(r->card, i)->aid, &n) && n == number)
            return card_isdp_at(r->card, i);
    }
    return NULL;
}

unsigned rig_state(const struct rig *r, uint16_t number)
{
    const struct card_isdp *p = rig_isdp(r, number);

    return p ? (unsigned)p->state : 0;
}

uint16_t rig_enabled(const struct rig *r)
{
    const struct card_isdp *p = card_enabled(r->card);
    uint16_t n = 0;

    return p && aid_is_isd_p(&p->aid, &n) ? n : 0;
}

/* --- chained scripts --- */
static void chain_begin(struct script_writer *sw, struct writer *w, uint8_t how)
{
    const uint8_t chaining[3] = {0x83, 0x01, how};

    script_begin(sw, w, SCRIPT_INDEFINITE, false);
    script_put_raw(sw, span_of(chaining, sizeof(chaining)));
}

static void chain_end(struct rig *r, uint32_t tar, struct script_writer *sw, struct writer *w)
{
    script_end(sw, 0);
    rig_script(r, tar, wr_view(w));
    assert_true(r->por.got);
}

struct span rig_element(struct rig *r, uint32_t tar, uint8_t how, struct span tlv)
{
    uint8_t script[1200];
    struct writer w = wr_init(script, sizeof(script));
    struct script_writer sw;
    struct script_reader sr;
    struct script_item item;

    chain_begin(&sw, &w, how);
    script_put_raw(&sw, tlv);
    chain_end(r, tar, &sw, &w);
    assert_int_equal(script_open(span_of(r->por.data, r->por.n), &sr), 0);
    assert_int_equal(script_next(&sr, &item), 0);
    return item.raw;
}

void rig_chained(struct rig *r, uint8_t how, struct span a, struct span b)
{
    uint8_t script[1000];
    struct writer w = wr_init(script, sizeof(script));
    struct script_writer sw;

    chain_begin(&sw, &w, how);
    script_put_cmd(&sw, a);
    if (b.n > 0)
        script_put_cmd(&sw, b);
    chain_end(r, 1, &sw, &w);
}
