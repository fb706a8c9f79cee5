/* SPDX-License-Identifier: Apache-2.0 */
#include "common/codec/cattp.h"

#define VERSION_MASK 0x03u
#define CHECKSUM_AT  16u
#define SYN_PART     5u            /* before the identification */

/* One's complement sum of 16-bit words, an odd octet padded with one of zeros (facts: ota 3). */
static uint32_t sum(struct span s, uint32_t acc)
{
    for (size_t i = 0; i < s.n; i++) {
        acc += i % 2 ? s.p[i] : (uint32_t)s.p[i] << 8;
        acc = (acc & 0xFFFF) + (acc >> 16);
    }
    return acc;
}

static size_t variable_part(const struct cattp_pdu *p)
{
    if (p->flags & CATTP_SYN)
        return SYN_PART + p->id.n;
    if (p->flags & CATTP_RST)
        return 1;
    return p->flags & CATTP_EACK ? p->eacks.n : 0;
}

static void put_header(struct writer *w, const struct cattp_pdu *p, size_t more)
{
    wr_u8(w, p->flags);
    wr_u16(w, 0);
    wr_u8(w, (uint8_t)(CATTP_HEADER + more));
    wr_u16(w, p->source);
    wr_u16(w, p->destination);
    wr_u16(w, (uint16_t)p->data.n);
    wr_u16(w, p->seq);
    wr_u16(w, p->ack);
    wr_u16(w, p->window);
    wr_u16(w, 0);
    if (p->flags & CATTP_SYN) {
        wr_u16(w, p->max_pdu);
        wr_u16(w, p->max_sdu);
        wr_u8(w, (uint8_t)p->id.n);
        wr_span(w, p->id);
    } else if (p->flags & CATTP_RST) {
        wr_u8(w, p->reason);
    } else if (p->flags & CATTP_EACK) {
        wr_span(w, p->eacks);
    }
}

void cattp_put(struct writer *w, const struct cattp_pdu *p)
{
    size_t at = w->len, more = variable_part(p);
    uint16_t check;

    if (p->data.n > UINT16_MAX || more > UINT8_MAX - CATTP_HEADER || p->eacks.n % 2)
        w->failed = true;
    put_header(w, p, more);
    wr_span(w, p->data);
    if (w->failed)
        return;
    check = (uint16_t)~sum(span_of(w->p + at, w->len - at), 0);
    w->p[at + CHECKSUM_AT] = (uint8_t)(check >> 8);
    w->p[at + CHECKSUM_AT + 1] = (uint8_t)check;
}

/* SYN and RST stand alone; everything else acknowledges. */
static bool flags_ok(uint8_t f)
{
    return (f & 0xB8u) == CATTP_SYN || (f & 0xBCu) == CATTP_RST || (f & 0xD0u) == CATTP_ACK;
}

static void parse_variable(struct reader *r, struct cattp_pdu *p)
{
    if (p->flags & CATTP_SYN) {
        p->max_pdu = rd_u16(r);
        p->max_sdu = rd_u16(r);
        p->id = rd_span(r, rd_u8(r));
    } else if (p->flags & CATTP_RST) {
        p->reason = rd_u8(r);
    } else if (p->flags & CATTP_EACK) {
        p->eacks = rd_rest(r);
        if (p->eacks.n == 0 || p->eacks.n % 2)
            rd_fail(r);
    }
}

/* Only a data PDU carries data, and SEG says that more of its SDU follows. */
static bool data_ok(const struct cattp_pdu *p)
{
    if (p->flags & (CATTP_SYN | CATTP_RST | CATTP_NUL))
        return p->data.n == 0 && !(p->flags & CATTP_SEG);
    return p->data.n != 0 || !(p->flags & CATTP_SEG);
}

int cattp_parse(struct span s, struct cattp_pdu *ret)
{
    struct reader r = rd_init(s), more;
    uint8_t header;
    uint16_t data;

    *ret = (struct cattp_pdu){.flags = rd_u8(&r)};
    (void)rd_u16(&r); /* RFU: its value is nobody's business */
    header = rd_u8(&r);
    ret->source = rd_u16(&r);
    ret->destination = rd_u16(&r);
    data = rd_u16(&r);
    ret->seq = rd_u16(&r);
    ret->ack = rd_u16(&r);
    ret->window = rd_u16(&r);
    (void)rd_u16(&r);
    if (r.failed)
        return ERR_TRUNCATED;
    if (sum(s, 0) != 0xFFFF)
        return ERR_AUTH;
    if (ret->flags & VERSION_MASK)
        return ERR_UNSUPPORTED;
    if (header < CATTP_HEADER || s.n != (size_t)header + data || !flags_ok(ret->flags))
        return ERR_FORMAT;
    more = rd_init(rd_span(&r, header - CATTP_HEADER));
    ret->data = rd_rest(&r);
    parse_variable(&more, ret);
    return rd_done(&more) && data_ok(ret) ? ERR_OK : ERR_FORMAT;
}
