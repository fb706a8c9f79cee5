/* SPDX-License-Identifier: Apache-2.0 */
/* EUICCResponse: what the card says to an installed or refused profile package (TCA profile package
 * specification 8.11; sgp02 7.2 and 7.3). 30 { A0 { 30 { 80 status, 81 identification, 82
 * additional information, 83 offset } .. }, 81 aborted, 82 message }. */
#include "common/codec/saip.h"

#include "common/codec/saip_int.h"
#include "common/codec/tlv.h"

const char *saip_status_text(uint16_t status)
{
    static const char *const TEXT[] = {"ok",
                                       "pe-not-supported",
                                       "memory-failure",
                                       "bad-values",
                                       "not-enough-memory",
                                       "invalid-request-format",
                                       "invalid-parameter",
                                       "runtime-not-supported",
                                       "lib-not-supported",
                                       "template-not-supported",
                                       "feature-not-supported",
                                       "pin-code-missing"};
    if (status < sizeof(TEXT) / sizeof(TEXT[0]))
        return TEXT[status];
    if (status == 31)
        return "unsupported-profile-version";
    if ((status & 0xF000) == 0x6000 || (status & 0xF000) == 0x9000)
        return "status word";
    return status >= 0xA000 ? "proprietary" : "unknown";
}

static int status_field(const struct tlv *t, struct saip_status *s, bool *seen)
{
    uint32_t v = 0;
    if (t->tag < 0x80 || t->tag > 0x83)
        return ERR_OK;
    int rc = saip_int_get(t->value, &v);
    if (rc)
        return rc;
    if (t->tag == 0x83) {
        s->has_offset = true;
        s->offset = v;
        return v > INT32_MAX ? ERR_FORMAT : ERR_OK;
    }
    if (v > UINT16_MAX || (t->tag == 0x81 && v > INT16_MAX) || (t->tag == 0x82 && v > UINT8_MAX))
        return ERR_FORMAT;
    if (t->tag == 0x80) {
        s->status = (uint16_t)v;
        *seen = true;
    } else if (t->tag == 0x81) {
        s->has_identification = true;
        s->identification = (uint16_t)v;
    } else {
        s->has_additional = true;
        s->additional = (uint8_t)v;
    }
    return ERR_OK;
}

static int status_list(struct span list, struct saip_response *ret)
{
    struct reader r = rd_init(list);
    struct tlv pe, t;
    int rc;
    while ((rc = tlv_next(&r, &pe)) == ERR_OK) {
        struct saip_status s = {.status = 0};
        struct reader f = rd_init(pe.value);
        bool seen = false;
        if (pe.tag != 0x30)
            return ERR_FORMAT;
        while ((rc = tlv_next(&f, &t)) == ERR_OK) {
            rc = status_field(&t, &s, &seen);
            if (rc)
                return rc;
        }
        if (rc != ERR_NOT_FOUND || !seen)
            return rc != ERR_NOT_FOUND ? rc : ERR_FORMAT;
        if (ret->n == SAIP_STATUS_MAX)
            return ERR_TOO_LARGE;
        ret->pe[ret->n++] = s;
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

int saip_response_read(struct span s, struct saip_response *ret)
{
    struct saip_response out = {.n = 0};
    struct tlv all, t;
    bool listed = false;
    int rc = tlv_only(s, 0x30, &all);
    if (rc)
        return rc;
    struct reader r = rd_init(all.value);
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag == 0xA0) {
            if (listed)
                return ERR_FORMAT;
            listed = true;
            rc = status_list(t.value, &out);
            if (rc)
                return rc;
        } else if (t.tag == 0x81) {
            out.aborted = true;
        } else if (t.tag == 0x82) {
            if (t.value.n >= sizeof(out.message) || memchr(t.value.p, 0, t.value.n))
                return ERR_FORMAT;
            memcpy(out.message, t.value.p, t.value.n);
        }
    }
    if (rc != ERR_NOT_FOUND)
        return rc;
    if (!listed)
        return ERR_FORMAT;
    *ret = out;
    return ERR_OK;
}

static void int_put(struct writer *w, uint32_t tag, uint32_t v)
{
    uint8_t b[5];
    struct writer n = wr_init(b, sizeof(b));
    wr_u8(&n, 0);
    wr_u32(&n, v);
    size_t skip = 0;
    while (skip < 4 && b[skip] == 0 && !(b[skip + 1] & 0x80))
        skip++;
    tlv_put(w, tag, span_of(b + skip, sizeof(b) - skip));
}

void saip_response_put(struct writer *w, const struct saip_response *r)
{
    size_t all = tlv_open(w, 0x30);
    size_t list = tlv_open(w, 0xA0);
    for (unsigned i = 0; i < r->n && i < SAIP_STATUS_MAX; i++) {
        const struct saip_status *s = &r->pe[i];
        size_t pe = tlv_open(w, 0x30);
        int_put(w, 0x80, s->status);
        if (s->has_identification)
            int_put(w, 0x81, s->identification);
        if (s->has_additional)
            int_put(w, 0x82, s->additional);
        if (s->has_offset)
            int_put(w, 0x83, s->offset);
        tlv_close(w, pe);
    }
    tlv_close(w, list);
    if (r->aborted)
        tlv_put(w, 0x81, span_of("", 0));
    if (r->message[0])
        tlv_put(w, 0x82, span_str(r->message));
    tlv_close(w, all);
}

bool saip_response_ok(const struct saip_response *r)
{
    for (unsigned i = 0; i < r->n; i++) {
        if (r->pe[i].status)
            return false;
    }
    return r->n > 0 && !r->aborted;
}
