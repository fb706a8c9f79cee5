/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the ledger file to bytes and back (layout: ledger_file.h). */
#include "tools/euiccsim/net/ledger_codec.h"

#define ROW_ROOM 256u                     /* a row with the longest URI is shorter */

uint32_t ledger_crc32(struct span s)
{
    static const uint32_t NIBBLE[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4,
        0x4DB26158, 0x5005713C, 0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
        0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < s.n; i++) {
        crc ^= s.p[i];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
        crc = crc >> 4 ^ NIBBLE[crc & 15];
    }
    return ~crc;
}

static void text_put(struct writer *w, const char *s)
{
    wr_u8(w, (uint8_t)strlen(s));
    wr_str(w, s);
}

/* Text of 0 to cap - 1 octets with its length in front; NUL inside fails. */
static void text_get(struct reader *r, char *dst, size_t cap)
{
    size_t n = rd_u8(r);
    struct span s;

    memset(dst, 0, cap);
    if (n >= cap) {
        rd_fail(r);
        return;
    }
    s = rd_span(r, n);
    if (r->failed || n == 0)
        return;
    if (memchr(s.p, 0, n))
        rd_fail(r);
    else
        memcpy(dst, s.p, n);
}

static void row_put(struct writer *w, const struct card_ledger_row *r)
{
    wr_u32(w, r->n);
    wr_u8(w, (uint8_t)r->channel);
    wr_u8(w, r->kvn);
    wr_u64(w, r->counter);
    text_put(w, r->step_uri);
    wr_u16(w, r->position);
    wr_u8(w, r->ins);
    wr_u8(w, r->p1);
    wr_u8(w, r->p2);
    wr_u16(w, r->dgi);
    wr_u8(w, r->aid.n);
    wr_bytes(w, r->aid.b, r->aid.n);
    wr_u16(w, r->sw);
    wr_u8(w, r->state_before);
    wr_u8(w, r->state_after);
    wr_u8(w, (uint8_t)r->cause);
    wr_u32(w, r->undoes);
}

static void row_get(struct reader *r, const struct eid *eid, struct card_ledger_row *ret)
{
    uint8_t cause;

    *ret = (struct card_ledger_row){.eid = *eid};
    ret->n = rd_u32(r);
    ret->channel = (char)rd_u8(r);
    ret->kvn = rd_u8(r);
    ret->counter = rd_u64(r);
    text_get(r, ret->step_uri, sizeof(ret->step_uri));
    ret->position = rd_u16(r);
    ret->ins = rd_u8(r);
    ret->p1 = rd_u8(r);
    ret->p2 = rd_u8(r);
    ret->dgi = rd_u16(r);
    ret->aid.n = rd_u8(r);
    if (ret->aid.n > sizeof(ret->aid.b))
        rd_fail(r);
    else
        rd_copy(r, ret->aid.b, ret->aid.n);
    ret->sw = rd_u16(r);
    ret->state_before = rd_u8(r);
    ret->state_after = rd_u8(r);
    cause = rd_u8(r);
    if (cause > CAUSE_POL1)
        rd_fail(r);
    ret->cause = (enum card_cause)cause;
    ret->undoes = rd_u32(r);
}

/* Length and CRC in front of the payload that stands behind LEDGER_HEAD octets in out. */
static int record_close(struct buf *out)
{
    struct writer w;

    if (out->failed)
        return ERR_NOMEM;
    w = wr_init(out->p, LEDGER_HEAD);
    wr_u32(&w, (uint32_t)(out->n - LEDGER_HEAD));
    wr_u32(&w, ledger_crc32(span_of(out->p + LEDGER_HEAD, out->n - LEDGER_HEAD)));
    return ERR_OK;
}

static void record_open(struct buf *out, enum ledger_kind kind, const struct eid *eid)
{
    static const uint8_t HEAD[LEDGER_HEAD];
    uint8_t k = (uint8_t)kind;

    buf_reset(out);
    buf_add(out, HEAD, sizeof(HEAD));
    buf_add(out, &k, 1);
    buf_add(out, eid->b, sizeof(eid->b));
}

int ledger_card_put(const struct eid *eid, struct span image, const struct card_ledger_row *rows,
                    unsigned n_rows, struct buf *out)
{
    uint8_t room[ROW_ROOM];
    struct writer w = wr_init(room, sizeof(room));

    if (image.n > LEDGER_PAYLOAD_MAX / 2 || n_rows > LEDGER_PAYLOAD_MAX / 2 / ROW_ROOM)
        return ERR_TOO_LARGE;
    record_open(out, LEDGER_CARD, eid);
    wr_u32(&w, (uint32_t)image.n);
    buf_add_span(out, wr_view(&w));
    buf_add_span(out, image);
    w = wr_init(room, sizeof(room));
    wr_u16(&w, (uint16_t)n_rows);
    buf_add_span(out, wr_view(&w));
    for (unsigned i = 0; i < n_rows; i++) {
        w = wr_init(room, sizeof(room));
        row_put(&w, &rows[i]);
        if (w.failed)
            return ERR_TOO_LARGE;
        buf_add_span(out, wr_view(&w));
    }
    return record_close(out);
}

int ledger_attach_put(const struct attach_record *a, struct buf *out)
{
    uint8_t room[ROW_ROOM];
    struct writer w = wr_init(room, sizeof(room));

    record_open(out, LEDGER_ATTACH, &a->eid);
    wr_u32(&w, a->n);
    wr_u64(&w, (uint64_t)a->at_ms);
    wr_u8(&w, a->cause);
    text_put(&w, a->iccid.s);
    text_put(&w, a->imsi.s);
    buf_add_span(out, wr_view(&w));
    return record_close(out);
}

int ledger_card_layout(struct span payload, struct eid *ret_eid, size_t *ret_at, size_t *ret_n,
                       unsigned *ret_rows)
{
    struct reader r = rd_init(payload);

    if (rd_u8(&r) != LEDGER_CARD)
        return ERR_FORMAT;
    rd_copy(&r, ret_eid->b, sizeof(ret_eid->b));
    *ret_n = rd_u32(&r);
    *ret_at = payload.n - rd_left(&r);
    (void)rd_span(&r, *ret_n);
    *ret_rows = rd_u16(&r);
    return r.failed ? ERR_TRUNCATED : ERR_OK;
}

static int card_payload(struct span payload, const struct ledger_visitor *v)
{
    struct card_ledger_row row;
    struct reader r;
    struct eid eid;
    size_t at = 0, n = 0;
    unsigned rows = 0;
    int rc = ledger_card_layout(payload, &eid, &at, &n, &rows);

    if (rc != ERR_OK)
        return rc;
    r = rd_init(span_of(payload.p + at + n + 2, payload.n - at - n - 2));
    for (unsigned i = 0; i < rows; i++)
        row_get(&r, &eid, &row);
    if (!rd_done(&r))
        return ERR_FORMAT;       /* whole before any part is told */
    if (n > 0 && v->card)
        rc = v->card(v->ctx, &eid, span_of(payload.p + at, n));
    r = rd_init(span_of(payload.p + at + n + 2, payload.n - at - n - 2));
    for (unsigned i = 0; rc == ERR_OK && i < rows; i++) {
        row_get(&r, &eid, &row);
        if (v->row)
            rc = v->row(v->ctx, &row);
    }
    return rc;
}

static int attach_payload(struct span payload, const struct ledger_visitor *v)
{
    struct reader r = rd_init(payload);
    struct attach_record a = {0};

    (void)rd_u8(&r);
    rd_copy(&r, a.eid.b, sizeof(a.eid.b));
    a.n = rd_u32(&r);
    a.at_ms = (int64_t)rd_u64(&r);
    a.cause = rd_u8(&r);
    text_get(&r, a.iccid.s, sizeof(a.iccid.s));
    text_get(&r, a.imsi.s, sizeof(a.imsi.s));
    if (!rd_done(&r))
        return ERR_FORMAT;
    return v->attach ? v->attach(v->ctx, &a) : ERR_OK;
}

int ledger_payload(struct span payload, const struct ledger_visitor *v)
{
    if (payload.n == 0)
        return ERR_TRUNCATED;
    switch (payload.p[0]) {
    case LEDGER_CARD:
        return card_payload(payload, v);
    case LEDGER_ATTACH:
        return attach_payload(payload, v);
    default:
        return ERR_FORMAT;
    }
}
