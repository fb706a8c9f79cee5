/* SPDX-License-Identifier: Apache-2.0 */
/* TS 23.040 TPDUs with the user-data headers of TS 31.115 and the ENVELOPE of TS 31.111. */
#include "common/codec/sms.h"

#include "common/codec/tlv.h"

#define IE_CONCAT8        0x00u
#define IE_CONCAT16       0x08u
#define UD_SINGLE         137u /* 140 - 02 70 00 */
#define UD_FIRST          132u /* 140 - 07 00 03 ref n 1 70 00 */
#define UD_NEXT           134u /* 140 - 05 00 03 ref n k */
#define MTI_MASK          0x03u
#define MTI_DELIVER       0x00u
#define MTI_SUBMIT        0x01u
#define TP_UDHI           0x40u
#define TP_VPF_MASK       0x18u
#define TP_VPF_RELATIVE   0x10u
#define TON_INTERNATIONAL 0x91u
#define TON_UNKNOWN       0x81u
#define TON_MASK          0x70u
#define TON_ALPHANUMERIC  0x50u
#define DIGITS_MAX        15u
#define COMPREHENSION     0x80u /* bit 8 of a TS 102 223 tag */

/* --- user data --- */

static int concat_read(struct span v, uint8_t iei, struct sms_ud *ret)
{
    struct reader r = rd_init(v);
    ret->ref = iei == IE_CONCAT16 ? rd_u16(&r) : rd_u8(&r);
    ret->total = rd_u8(&r);
    ret->index = rd_u8(&r);
    if (!rd_done(&r) || ret->index == 0 || ret->index > ret->total) {
        return ERR_FORMAT;
    }
    ret->has_concat = true;
    return ret->total > SMS_PARTS_MAX ? ERR_TOO_LARGE : ERR_OK;
}

static int ie_read(uint8_t iei, struct span v, struct sms_ud *ret)
{
    switch (iei) {
    case IE_CONCAT8:
    case IE_CONCAT16:
        return concat_read(v, iei, ret);
    case SMS_COMMAND:
    case SMS_RESPONSE:
        if (v.n != 0 || (ret->has_kind && (uint8_t)ret->kind != iei)) {
            return ERR_FORMAT;
        }
        ret->has_kind = true;
        ret->kind = iei == SMS_COMMAND ? SMS_COMMAND : SMS_RESPONSE;
        return ERR_OK;
    default:
        return ERR_OK; /* 23.040 9.2.3.24: unknown elements are passed over */
    }
}

int sms_ud_parse(struct span tp_ud, struct sms_ud *ret)
{
    *ret = (struct sms_ud){0};
    if (tp_ud.n > SMS_UD_MAX) {
        return ERR_TOO_LARGE;
    }
    struct reader r = rd_init(tp_ud);
    struct span udh = rd_span(&r, rd_u8(&r));
    if (r.failed) {
        return ERR_TRUNCATED;
    }
    struct reader h = rd_init(udh);
    while (rd_left(&h) > 0) {
        uint8_t iei = rd_u8(&h);
        struct span v = rd_span(&h, rd_u8(&h));
        if (h.failed) {
            return ERR_FORMAT;
        }
        int rc = ie_read(iei, v, ret);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    ret->data = rd_rest(&r);
    return ERR_OK;
}

unsigned sms_parts(size_t n)
{
    if (n <= UD_SINGLE) {
        return n == 0 ? 0 : 1;
    }
    size_t parts = 2 + (n - UD_FIRST - 1) / UD_NEXT;
    return parts > SMS_PARTS_MAX ? 0 : (unsigned)parts;
}

/* The octets of part index, of 1..total. */
static struct span part_cut(struct span packet, unsigned total, unsigned index)
{
    size_t from = index == 1 ? 0 : UD_FIRST + (size_t)(index - 2) * UD_NEXT;
    size_t room = total == 1 ? UD_SINGLE : index == 1 ? UD_FIRST : UD_NEXT;
    size_t left = packet.n - from;
    return span_of(packet.p + from, left < room ? left : room);
}

int sms_part_put(struct writer *w, enum sms_kind kind, struct span packet, uint8_t ref,
                 unsigned index)
{
    unsigned total = sms_parts(packet.n);
    if (index == 0 || index > total) {
        return total == 0 && packet.n > 0 ? ERR_TOO_LARGE : ERR_INVAL;
    }
    wr_u8(w, (uint8_t)((total > 1 ? 5 : 0) + (index == 1 ? 2 : 0)));
    if (total > 1) {
        wr_u8(w, IE_CONCAT8);
        wr_u8(w, 3);
        wr_u8(w, ref);
        wr_u8(w, (uint8_t)total);
        wr_u8(w, (uint8_t)index);
    }
    if (index == 1) {
        wr_u8(w, (uint8_t)kind);
        wr_u8(w, 0);
    }
    wr_span(w, part_cut(packet, total, index));
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

/* --- addresses --- */

/* No international number starts with 0 or has fewer than seven digits (E.164): those are short
 * codes of the operator and go out as TON unknown. */
static uint8_t ton_of(const struct msisdn *m)
{
    return m->s[0] == '0' || strlen(m->s) < 7 ? TON_UNKNOWN : TON_INTERNATIONAL;
}

static void digits_put(struct writer *w, const char *s)
{
    for (size_t i = 0; s[i] != '\0'; i += 2) {
        uint8_t lo = (uint8_t)(s[i] - '0');
        uint8_t hi = s[i + 1] != '\0' ? (uint8_t)(s[i + 1] - '0') : 0x0F;
        if (lo > 9 || (hi > 9 && s[i + 1] != '\0')) {
            w->failed = true;
            return;
        }
        wr_u8(w, (uint8_t)(hi << 4 | lo));
        if (s[i + 1] == '\0') {
            return;
        }
    }
}

void sms_address_put(struct writer *w, const struct msisdn *m)
{
    wr_u8(w, (uint8_t)strlen(m->s));
    wr_u8(w, ton_of(m));
    digits_put(w, m->s);
}

int sms_address_get(struct reader *r, struct msisdn *ret)
{
    *ret = (struct msisdn){0};
    size_t n = rd_u8(r);
    uint8_t ton = rd_u8(r);
    struct span bcd = rd_span(r, (n + 1) / 2);
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if ((ton & TON_MASK) == TON_ALPHANUMERIC) {
        return ERR_UNSUPPORTED;
    }
    if (n > DIGITS_MAX) {
        return ERR_FORMAT;
    }
    /*@ loop invariant 0 <= i <= n && \forall integer k; 0 <= k < i ==> digit_at(ret->s[k], bcd.p, k);
        loop assigns i, ret->s[0 .. 14];
        loop variant n - i; */
    for (size_t i = 0; i < n; i++) {
        uint8_t digit = i % 2 ? bcd.p[i / 2] / 16 : bcd.p[i / 2] % 16;
        if (digit > 9) {
            *ret = (struct msisdn){0};
            return ERR_FORMAT;
        }
        ret->s[i] = (char)('0' + digit);
    }
    return n % 2 == 0 || bcd.p[n / 2] >> 4 == 0x0F ? ERR_OK : ERR_FORMAT;
}

/* --- TPDUs --- */

/* 23.038 clause 4: does this coding count user data in octets (8-bit or UCS2)? */
static bool dcs_in_octets(uint8_t dcs)
{
    if (dcs < 0x80) {
        return (dcs & 0x20u) == 0 && (dcs & 0x0Cu) != 0 && (dcs & 0x0Cu) != 0x0C;
    }
    return dcs >= 0xF0 && (dcs & 0x0Cu) == 0x04;
}

static void ud_put(struct writer *w, struct span ud)
{
    if (ud.n > SMS_UD_MAX) {
        w->failed = true;
        return;
    }
    wr_u8(w, (uint8_t)ud.n);
    wr_span(w, ud);
}

static int ud_get(struct reader *r, uint8_t dcs, struct span *ret)
{
    size_t n = rd_u8(r);
    *ret = rd_span(r, n);
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if (!dcs_in_octets(dcs)) {
        return ERR_UNSUPPORTED; /* septets carry no secured packet */
    }
    return n <= SMS_UD_MAX && rd_done(r) ? ERR_OK : ERR_FORMAT;
}

static int first_octet(struct reader *r, uint8_t mti, uint8_t *ret)
{
    *ret = rd_u8(r);
    if (r->failed) {
        return ERR_TRUNCATED;
    }
    if ((*ret & MTI_MASK) != mti) {
        return ERR_FORMAT;
    }
    return *ret & TP_UDHI ? ERR_OK : ERR_UNSUPPORTED; /* without a header it is text */
}

void sms_deliver_put(struct writer *w, const struct sms_deliver *d)
{
    wr_u8(w, TP_UDHI | MTI_DELIVER);
    sms_address_put(w, &d->oa);
    wr_u8(w, d->pid);
    wr_u8(w, d->dcs);
    wr_bytes(w, d->scts, sizeof d->scts);
    ud_put(w, d->ud);
}

int sms_deliver_parse(struct span tpdu, struct sms_deliver *ret)
{
    *ret = (struct sms_deliver){0};
    struct reader r = rd_init(tpdu);
    uint8_t first;
    int rc = first_octet(&r, MTI_DELIVER, &first);
    if (rc == ERR_OK) {
        rc = sms_address_get(&r, &ret->oa);
    }
    if (rc != ERR_OK) {
        return rc;
    }
    ret->pid = rd_u8(&r);
    ret->dcs = rd_u8(&r);
    rd_copy(&r, ret->scts, sizeof ret->scts);
    return ud_get(&r, ret->dcs, &ret->ud);
}

void sms_submit_put(struct writer *w, const struct sms_submit *s)
{
    wr_u8(w, TP_UDHI | MTI_SUBMIT);
    wr_u8(w, s->mr);
    sms_address_put(w, &s->da);
    wr_u8(w, s->pid);
    wr_u8(w, s->dcs);
    ud_put(w, s->ud);
}

int sms_submit_parse(struct span tpdu, struct sms_submit *ret)
{
    *ret = (struct sms_submit){0};
    struct reader r = rd_init(tpdu);
    uint8_t first;
    int rc = first_octet(&r, MTI_SUBMIT, &first);
    if (rc != ERR_OK) {
        return rc;
    }
    ret->mr = rd_u8(&r);
    rc = sms_address_get(&r, &ret->da);
    if (rc != ERR_OK) {
        return rc;
    }
    ret->pid = rd_u8(&r);
    ret->dcs = rd_u8(&r);
    uint8_t vpf = first & TP_VPF_MASK;
    (void)rd_span(&r, vpf == 0 ? 0 : vpf == TP_VPF_RELATIVE ? 1 : 7);
    return ud_get(&r, ret->dcs, &ret->ud);
}

/* --- ENVELOPE (SMS-PP download), TS 31.111 clause 7.1.1 --- */

static const uint8_t DEVICES[] = {0x83, 0x81}; /* network to UICC */

void sms_envelope_put(struct writer *w, const struct msisdn *sc, struct span tpdu)
{
    size_t envelope = tlv_open(w, 0xD1);
    tlv_put(w, 0x02u | COMPREHENSION, span_of(DEVICES, sizeof DEVICES));
    if (sc != NULL && sc->s[0] != '\0') {
        size_t address = tlv_open(w, 0x06);
        wr_u8(w, ton_of(sc));
        digits_put(w, sc->s);
        tlv_close(w, address);
    }
    tlv_put(w, 0x0Bu | COMPREHENSION, tpdu);
    tlv_close(w, envelope);
}

int sms_envelope_parse(struct span ber, struct span *ret_tpdu)
{
    struct tlv outer, t;
    bool devices = false;
    *ret_tpdu = (struct span){0};
    if (tlv_only(ber, 0xD1, &outer) != ERR_OK) {
        return ERR_FORMAT;
    }
    struct reader r = rd_init(outer.value);
    int rc;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        switch (t.tag & ~COMPREHENSION) {
        case 0x02:
            if (!span_eq(t.value, span_of(DEVICES, sizeof DEVICES))) {
                return ERR_FORMAT;
            }
            devices = true;
            break;
        case 0x0B:
            if (ret_tpdu->p != NULL) {
                return ERR_FORMAT;
            }
            *ret_tpdu = t.value;
            break;
        default:
            break; /* SC address, location information */
        }
    }
    if (rc != ERR_NOT_FOUND || !devices || ret_tpdu->p == NULL) {
        *ret_tpdu = (struct span){0};
        return ERR_FORMAT;
    }
    return ERR_OK;
}

/* --- validity --- */

#define MINUTE ((int64_t)60)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

int64_t sms_vp_seconds(uint8_t vp)
{
    if (vp <= 143) {
        return (vp + 1) * 5 * MINUTE;
    }
    if (vp <= 167) {
        return 12 * HOUR + (vp - 143) * 30 * MINUTE;
    }
    return vp <= 196 ? (vp - 166) * DAY : (vp - 192) * 7 * DAY;
}

uint8_t sms_vp_from_seconds(int64_t s)
{
    uint8_t vp = 255;
    /*@ loop invariant 0 <= vp <= 255 && (vp < 255 ==> vp_s(vp + 1) > s);
        loop assigns vp;
        loop variant vp; */
    while (vp > 0 && sms_vp_seconds(vp) > s) {
        vp--;
    }
    return vp; /* five minutes is the shortest there is */
}
