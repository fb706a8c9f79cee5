/* SPDX-License-Identifier: Apache-2.0 */
/* What a card of channel_world.h says by short message: responses, notifications, in parts. */
#pragma once

#include "test/unit/smsr/channel/channel_world.h"

#include "common/codec/tlv.h"

static const struct packet_cmd_head COMMAND = {0x16, 0x39, KIC, KIC, 0x000001};
static const struct packet_cmd_head NOTIFY = {0x06, 0x00, KIC, KIC, 0x000001};

struct parts {
    unsigned n;
    size_t len[SMS_PARTS_MAX];
    uint8_t ud[SMS_PARTS_MAX][SMS_UD_MAX];
};

static inline void split(struct parts *ret, enum sms_kind kind, struct span packet, uint8_t ref)
{
    ret->n = sms_parts(packet.n);
    assert_true(ret->n > 0);
    for (unsigned i = 0; i < ret->n; i++) {
        struct writer w = wr_init(ret->ud[i], SMS_UD_MAX);
        assert_int_equal(sms_part_put(&w, kind, packet, ref, i + 1), ERR_OK);
        ret->len[i] = w.len;
    }
}

static inline struct scp80_keys keys_of(const struct card *c)
{
    return (struct scp80_keys){c->kic, c->kid, 0};
}

static inline void por(struct parts *ret, const struct card *c, uint64_t counter, uint8_t status,
                       size_t n)
{
    uint8_t out[PACKET_MAX], data[1000];
    struct writer w = wr_init(out, sizeof out);
    struct scp80_keys k = keys_of(c);

    memset(data, 0x5A, sizeof data);
    assert_int_equal(scp80_por_wrap(W.c, &k, PACKET_SMS, &COMMAND, counter, status,
                                    span_of(data, n), &w), ERR_OK);
    split(ret, SMS_RESPONSE, wr_view(&w), (uint8_t)counter);
}

static inline size_t e1_put(uint8_t dst[128], const struct eid *eid, uint8_t kind, uint16_t seq)
{
    struct writer w = wr_init(dst, 128);
    size_t mark = tlv_open(&w, 0xE1);
    uint8_t s[2] = {(uint8_t)(seq >> 8), (uint8_t)seq};
    struct aid aid;

    assert_int_equal(aid_isd_p(0x13, &aid), ERR_OK);
    tlv_put(&w, 0x4C, span_of(eid->b, 16));
    tlv_put_u8(&w, 0x4D, kind);
    tlv_put(&w, 0x4E, span_of(s, 2));
    tlv_put(&w, 0x2F, aid_span(&aid));
    tlv_put(&w, 0x14, span_of("\x53\x61\x17\x50\x00\x00\x00\x00", 8));
    tlv_close(&w, mark);
    assert_false(w.failed);
    return w.len;
}

static inline void command(struct parts *ret, const struct card *c, const struct packet_cmd_head *h,
                           struct span data)
{
    uint8_t out[PACKET_MAX];
    struct writer w = wr_init(out, sizeof out);
    struct scp80_keys k = keys_of(c);

    assert_int_equal(scp80_wrap(W.c, &k, PACKET_SMS, h, 0, data, &w), ERR_OK);
    split(ret, SMS_COMMAND, wr_view(&w), 0);
}

static inline void notification(struct parts *ret, const struct card *signer,
                                const struct packet_cmd_head *h, const struct eid *eid,
                                uint16_t seq)
{
    uint8_t e1[128];
    size_t n = e1_put(e1, eid, 2, seq);

    command(ret, signer, h, span_of(e1, n));
}

static inline void say(const char *from, const struct parts *p)
{
    struct msisdn m;

    assert_int_equal(msisdn_parse(span_str(from), &m), ERR_OK);
    for (unsigned i = 0; i < p->n; i++)
        channel_sms_mo(W.ch, &m, span_of(p->ud[i], p->len[i]));
}
