/* SPDX-License-Identifier: Apache-2.0 */
/* What ES3-SendData carries to a security domain (SGP.02 5.4.4): C-APDUs or SCP03t TLVs behind each
 * other. The SM-SR splits only at their borders and reads none of their content. */
#include "smsr/es5/es5.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

/* Script chaining (TS 102 226): the first one is said to outlive a reset of the card. */
#define CHAIN_FIRST 0x11u
#define CHAIN_MORE  0x02u
#define CHAIN_LAST  0x03u

static bool is_scp03t(uint8_t tag)
{
    return tag == 0x84 || tag == 0x85 || tag == 0x86 || tag == 0x87;
}

/* 84 is also a CLA (secure messaging): a payload is SCP03t when it is wholly a run of such TLVs. */
static bool all_scp03t(struct span payload)
{
    struct reader r = rd_init(payload);
    struct tlv t;
    int err;

    while ((err = tlv_next(&r, &t)) == ERR_OK)
        if (t.tag > 0xFF || !is_scp03t((uint8_t)t.tag))
            return false;
    return err == ERR_NOT_FOUND && payload.n;
}

/* Length of the C-APDU at the front. Le cannot be told from the next CLA by form alone: after Lc
 * data a 00 is Le, since CLA 00 is not used towards an ISD-R or ISD-P (all their commands
 * are 80..8F, C0..). */
static size_t capdu_len(struct span s)
{
    size_t n;

    if (s.n < 5)
        return s.n == 4 ? 4 : 0;
    if (s.n == 5 || (s.p[4] == 0 && s.n > 5))
        return 5;
    n = 5u + s.p[4];
    if (n > s.n)
        return 0;
    return n < s.n && s.p[n] == 0 ? n + 1 : n;
}

static int next_element(struct span payload, bool scp03t, size_t offset, struct span *ret)
{
    struct span rest = span_of(payload.p + offset, payload.n - offset);
    struct reader r = rd_init(rest);
    struct tlv t;
    size_t n;

    if (scp03t) {
        int err = tlv_next(&r, &t);
        *ret = t.raw;
        return !err && t.raw.n > ES5_ELEMENT_MAX ? ERR_TOO_LARGE : err;
    }
    n = capdu_len(rest);
    if (!n || n > 261)
        return ERR_FORMAT;
    *ret = span_of(rest.p, n);
    return ERR_OK;
}

int es5_send_data_check(struct span payload)
{
    bool scp03t = all_scp03t(payload);
    size_t offset = 0;

    if (!payload.n)
        return ERR_FORMAT;
    while (offset < payload.n) {
        struct span el;
        int err = next_element(payload, scp03t, offset, &el);
        if (err)
            return err;
        offset += el.n;
    }
    return ERR_OK;
}

/* Octets of the payload that go into one body, and how many elements they are. */
static int body_fits(struct span payload, bool scp03t, size_t offset, size_t limit, size_t *ret_n,
                     unsigned *ret_count)
{
    size_t taken = 0;
    unsigned count = 0;

    while (offset + taken < payload.n) {
        struct span el;
        int err = next_element(payload, scp03t, offset + taken, &el);
        if (err)
            return err;
        if (count && taken + el.n > limit)
            break;
        taken += el.n;
        count++;
    }
    *ret_n = taken;
    *ret_count = count;
    return ERR_OK;
}

static void put_chain(struct script_writer *sw, struct es5_chain *chain, bool last)
{
    uint8_t how = chain->begun ? (last ? CHAIN_LAST : CHAIN_MORE) : CHAIN_FIRST;
    const uint8_t tlv[3] = {SCRIPT_TAG_CHAINING, 1, how};

    if (chain->begun || !last)
        script_put_raw(sw, span_of(tlv, sizeof tlv));
    chain->begun = !last;
}

int es5_send_data(struct writer *w, struct span payload, size_t offset, size_t limit,
                  struct es5_chain *chain, size_t *ret_next)
{
    bool scp03t = all_scp03t(payload);
    struct script_writer sw;
    size_t n = 0, end;
    unsigned count = 0;
    int err = body_fits(payload, scp03t, offset, limit, &n, &count);

    if (err)
        return err;
    end = offset + n;
    script_begin(&sw, w, SCRIPT_INDEFINITE, false);
    if (chain)
        put_chain(&sw, chain, end == payload.n && !chain->more);
    while (offset < end) {
        struct span el;
        err = next_element(payload, scp03t, offset, &el);
        if (err)
            return err;
        if (scp03t)
            script_put_raw(&sw, el);
        else
            script_put_cmd(&sw, el);
        offset += el.n;
    }
    script_end(&sw, count);
    *ret_next = end;
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int es5_send_data_read(struct span response, struct buf *out, bool *ret_ok)
{
    struct script_reader sr;
    struct script_item item;
    unsigned n = 0;
    int err = script_open(response, &sr);

    *ret_ok = true;
    if (err)
        return err;
    if (!sr.response)
        return ERR_FORMAT;
    while ((err = script_next(&sr, &item)) == ERR_OK) {
        struct apdu_rsp rsp;
        switch (item.tag) {
        case SCRIPT_TAG_COUNT:
            if (sr.form == SCRIPT_DEFINITE)
                continue;
            return ERR_FORMAT;
        case SCRIPT_TAG_RSP:
            if (apdu_rsp_parse(item.value, &rsp))
                return ERR_FORMAT;
            *ret_ok = *ret_ok && sw_is_ok(rsp.sw);
            buf_add_span(out, item.raw); /* framed: the SM-DP must tell them apart */
            break;
        case 0x84:
        case 0x85:
        case 0x86:
        case 0x87:
            buf_add_span(out, item.raw);
            break;
        default: /* 90, 9F44, 9F45, 9F46 */
            *ret_ok = false;
            buf_add_span(out, item.raw);
            break;
        }
        n++;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    if (!n)
        *ret_ok = false;
    return out->failed ? ERR_TOO_LARGE : ERR_OK;
}
