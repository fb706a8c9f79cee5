/* SPDX-License-Identifier: Apache-2.0 */
/* Expanded remote command scripts and their answers (TS 102 226 clause 5.2.1; SCP03t elements of
 * SGP.02 4.1.3.3). */
#include "common/codec/script.h"

#include "common/codec/tlv.h"

#define TEMPLATE_CMD       0xAAu
#define TEMPLATE_RSP       0xABu
#define TEMPLATE_CMD_INDEF 0xAEu
#define TEMPLATE_RSP_INDEF 0xAFu

static int refuse(struct script_reader *sr, uint8_t bad)
{
    sr->bad = bad;
    sr->ended = true;
    rd_fail(&sr->r);
    return ERR_FORMAT;
}

/* A TLV that cannot be read: the length does not fit, or there is none. */
static uint8_t bad_of(int rc)
{
    return rc == ERR_TRUNCATED ? SCRIPT_BAD_NO_LENGTH : SCRIPT_BAD_LENGTH;
}

static bool at_end_of_contents(const struct reader *r)
{
    return rd_left(r) >= 2 && r->p[0] == 0 && r->p[1] == 0;
}

/* Finds the end-of-contents at a TLV border and narrows the reader to what stands before it. Octets
 * 00 after it are counted, since senders that pad exist; anything else is refused. */
static int open_indefinite(struct script_reader *sr)
{
    struct reader walk = sr->r;
    while (!at_end_of_contents(&walk)) {
        struct tlv t;
        int rc = tlv_next(&walk, &t);
        if (rc != ERR_OK) {
            return refuse(sr, rc == ERR_NOT_FOUND ? SCRIPT_BAD_NO_LENGTH : bad_of(rc));
        }
    }
    const uint8_t *end = walk.p;
    struct span tail = rd_rest(&walk);
    for (size_t i = 0; i < tail.n; i++) {
        if (tail.p[i] != 0) {
            return refuse(sr, SCRIPT_BAD_LENGTH);
        }
    }
    sr->trailing = tail.n - 2;
    sr->r.end = end;
    return ERR_OK;
}

int script_open(struct span s, struct script_reader *ret)
{
    *ret = (struct script_reader){.r = rd_init(s)};
    uint8_t outer = rd_u8(&ret->r);
    ret->response = outer == TEMPLATE_RSP || outer == TEMPLATE_RSP_INDEF;
    switch (outer) {
    case TEMPLATE_CMD:
    case TEMPLATE_RSP: {
        struct tlv t;
        ret->form = SCRIPT_DEFINITE;
        if (tlv_only(s, outer, &t) != ERR_OK) {
            return refuse(ret, SCRIPT_BAD_LENGTH);
        }
        ret->r = rd_init(t.value);
        return ERR_OK;
    }
    case TEMPLATE_CMD_INDEF:
    case TEMPLATE_RSP_INDEF:
        ret->form = SCRIPT_INDEFINITE;
        if (rd_u8(&ret->r) != 0x80 || ret->r.failed) {
            return refuse(ret, SCRIPT_BAD_LENGTH); /* AE with a definite length is no form */
        }
        return open_indefinite(ret);
    default:
        return refuse(ret, SCRIPT_BAD_TAG);
    }
}

/* One row an element: which side may send it and how long its value may be. */
static const struct element_row {
    uint32_t tag;
    bool in_cmd, in_rsp;
    size_t min, max;
} ELEMENTS[] = {
    {SCRIPT_TAG_CMD, true, false, 4, SIZE_MAX},
    {SCRIPT_TAG_RSP, false, true, 2, SIZE_MAX},
    {SCRIPT_TAG_COUNT, false, true, 1, 2},
    {0x81, true, true, 1, SIZE_MAX},
    {0x82, true, false, 0, SIZE_MAX},
    {SCRIPT_TAG_CHAINING, true, true, 1, 1},
    {0x84, true, true, 0, SIZE_MAX},
    {0x85, true, true, 0, SIZE_MAX},
    {0x86, true, true, 0, SIZE_MAX},
    {SCRIPT_TAG_BAD, false, true, 1, 1},
    {0x9F44, false, true, 1, 1},
    {0x9F45, false, true, 1, 1},
    {0x9F46, false, true, 1, 1},
};

static uint8_t element_check(const struct script_reader *sr, const struct tlv *t)
{
    for (size_t i = 0; i < sizeof ELEMENTS / sizeof *ELEMENTS; i++) {
        const struct element_row *e = &ELEMENTS[i];
        if (e->tag != t->tag) {
            continue;
        }
        if (!(sr->response ? e->in_rsp : e->in_cmd)) {
            break;
        }
        return t->value.n < e->min || t->value.n > e->max ? SCRIPT_BAD_LENGTH : SCRIPT_BAD_NONE;
    }
    return SCRIPT_BAD_TAG;
}

int script_next(struct script_reader *sr, struct script_item *ret)
{
    *ret = (struct script_item){0};
    if (sr->bad != SCRIPT_BAD_NONE) {
        return ERR_FORMAT;
    }
    struct tlv t;
    int rc = tlv_next(&sr->r, &t);
    if (rc == ERR_NOT_FOUND) {
        sr->ended = true;
        return ERR_NOT_FOUND;
    }
    if (rc != ERR_OK) {
        return refuse(sr, bad_of(rc));
    }
    *ret = (struct script_item){.tag = t.tag, .value = t.value, .raw = t.raw};
    uint8_t bad = element_check(sr, &t);
    return bad == SCRIPT_BAD_NONE ? ERR_OK : refuse(sr, bad);
}

void script_begin(struct script_writer *sw, struct writer *w, enum script_form form, bool response)
{
    *sw = (struct script_writer){.w = w, .form = form, .response = response};
    if (form == SCRIPT_DEFINITE) {
        sw->mark = tlv_open(w, response ? TEMPLATE_RSP : TEMPLATE_CMD);
    } else {
        wr_u8(w, response ? TEMPLATE_RSP_INDEF : TEMPLATE_CMD_INDEF);
        wr_u8(w, 0x80);
        sw->mark = w->len;
    }
}

void script_put_cmd(struct script_writer *sw, struct span capdu)
{
    tlv_put(sw->w, SCRIPT_TAG_CMD, capdu);
}

void script_put_rsp(struct script_writer *sw, struct span rapdu)
{
    tlv_put(sw->w, SCRIPT_TAG_RSP, rapdu);
}

void script_put_raw(struct script_writer *sw, struct span tlv)
{
    wr_span(sw->w, tlv);
}

/* The count stands first but is known last: written behind, then turned round. */
static void count_insert(struct script_writer *sw, unsigned count)
{
    uint8_t head[4];
    struct writer h = wr_init(head, sizeof head);
    struct writer *w = sw->w;
    wr_u8(&h, SCRIPT_TAG_COUNT);
    if (count <= 0xFF) {
        wr_u8(&h, 1);
        wr_u8(&h, (uint8_t)count);
    } else {
        wr_u8(&h, 2);
        wr_u16(&h, (uint16_t)count);
    }
    if (count > 0xFFFF || w->failed) {
        w->failed = true;
        return;
    }
    size_t n = w->len - sw->mark;
    wr_fill(w, 0, h.len);
    if (!w->failed) {
        memmove(w->p + sw->mark + h.len, w->p + sw->mark, n);
        memcpy(w->p + sw->mark, head, h.len);
    }
}

void script_end(struct script_writer *sw, unsigned count)
{
    if (sw->form == SCRIPT_INDEFINITE) {
        wr_u16(sw->w, 0);
        return;
    }
    if (sw->response) {
        count_insert(sw, count);
    }
    tlv_close(sw->w, sw->mark);
}
