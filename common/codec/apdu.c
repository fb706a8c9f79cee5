/* SPDX-License-Identifier: Apache-2.0 */
/* Short command and response APDUs (ISO 7816-4 clause 5.1) and the status words of the field. */
#include "common/codec/apdu.h"

int apdu_cmd_parse(struct span s, struct apdu_cmd *ret)
{
    struct reader r = rd_init(s);
    *ret = (struct apdu_cmd){0};
    ret->cla = rd_u8(&r);
    ret->ins = rd_u8(&r);
    ret->p1 = rd_u8(&r);
    ret->p2 = rd_u8(&r);
    if (r.failed) {
        return ERR_TRUNCATED;
    }
    size_t left = rd_left(&r);
    if (left == 0) {
        return ERR_OK;
    }
    uint8_t p3 = rd_u8(&r);
    if (left == 1) {
        ret->has_le = true;
        ret->le = p3;
        return ERR_OK;
    }
    if (p3 == 0) {
        return ERR_FORMAT; /* the extended form is not used by SGP.02 */
    }
    ret->data = rd_span(&r, p3);
    if (r.failed) {
        return ERR_TRUNCATED;
    }
    if (rd_left(&r) == 1) {
        ret->has_le = true;
        ret->le = rd_u8(&r);
    }
    return rd_done(&r) ? ERR_OK : ERR_FORMAT;
}

void apdu_cmd_put(struct writer *w, const struct apdu_cmd *c)
{
    if (c->data.n > 0xFF) {
        w->failed = true;
        return;
    }
    wr_u8(w, c->cla);
    wr_u8(w, c->ins);
    wr_u8(w, c->p1);
    wr_u8(w, c->p2);
    if (c->data.n > 0) {
        wr_u8(w, (uint8_t)c->data.n);
        wr_span(w, c->data);
    }
    if (c->has_le) {
        wr_u8(w, c->le);
    }
}

int apdu_rsp_parse(struct span s, struct apdu_rsp *ret)
{
    *ret = (struct apdu_rsp){0};
    if (s.p == NULL || s.n < 2) {
        return ERR_TRUNCATED;
    }
    ret->data = span_of(s.p, s.n - 2);
    ret->sw = (uint16_t)(s.p[s.n - 2] << 8 | s.p[s.n - 1]);
    return ERR_OK;
}

void apdu_rsp_put(struct writer *w, struct span data, uint16_t sw)
{
    wr_span(w, data);
    wr_u16(w, sw);
}

bool sw_is_ok(uint16_t sw)
{
    switch (sw >> 8) {
    case 0x61:
    case 0x62:
    case 0x63:
    case 0x91:
        return true;
    default:
        return sw == 0x9000;
    }
}

static const struct sw_row {
    uint16_t sw;
    uint16_t mask;
    const char *text;
} SW_ROWS[] = {
    {0x9000, 0xFFFF, "done"},
    {0x62F1, 0xFFFF, "response truncated, script stopped"},
    {0x6581, 0xFFFF, "memory failure"},
    {0x6700, 0xFFFF, "wrong length"},
    {0x6881, 0xFFFF, "logical channel not supported"},
    {0x6882, 0xFFFF, "secure messaging not supported"},
    {0x6982, 0xFFFF, "security status not satisfied"},
    {0x6983, 0xFFFF, "authentication method blocked"},
    {0x6985, 0xFFFF, "conditions of use not satisfied"},
    {0x6988, 0xFFFF, "secure messaging data incorrect"},
    {0x69E1, 0xFFFF, "policy rule of the card forbids it"},
    {0x6A80, 0xFFFF, "incorrect data"},
    {0x6A81, 0xFFFF, "function not supported"},
    {0x6A82, 0xFFFF, "file or application not found"},
    {0x6A84, 0xFFFF, "not enough memory"},
    {0x6A86, 0xFFFF, "incorrect P1 P2"},
    {0x6A88, 0xFFFF, "referenced data not found"},
    {0x6D00, 0xFFFF, "instruction not supported"},
    {0x6E00, 0xFFFF, "class not supported"},
    {0x6F00, 0xFFFF, "failed without a diagnosis"},
    {0x9300, 0xFFFF, "toolkit busy"},
    {0x9484, 0xFFFF, "algorithm not supported"},
    {0x9485, 0xFFFF, "invalid key check value"},
    {0x6100, 0xFF00, "done, more response data"},
    {0x6200, 0xFF00, "warning, state unchanged"},
    {0x6300, 0xFF00, "warning, state changed"},
    {0x6400, 0xFF00, "execution error, state unchanged"},
    {0x6500, 0xFF00, "execution error, state changed"},
    {0x6C00, 0xFF00, "wrong Le"},
    {0x9100, 0xFF00, "done, proactive command waiting"},
};

const char *sw_text(uint16_t sw)
{
    for (size_t i = 0; i < sizeof SW_ROWS / sizeof *SW_ROWS; i++) {
        if ((sw & SW_ROWS[i].mask) == SW_ROWS[i].sw) {
            return SW_ROWS[i].text;
        }
    }
    return "unknown status word";
}
