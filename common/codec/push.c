/* SPDX-License-Identifier: Apache-2.0 */
/* HTTPS session trigger (GP Amendment B 3.7) and the two PUSH commands of a CAT_TP link (TS 102
 * 226), both with the OPEN CHANNEL elements of TS 102 223. */
#include "common/codec/push.h"

#include "common/codec/apdu.h"
#include "common/codec/tlv.h"

#define COMPREHENSION  0x80u
#define TAG_TRIGGER    0x81u
#define TAG_PARAMETERS 0x83u
#define TAG_CONNECTION 0x84u
#define TAG_SECURITY   0x85u
#define TAG_RETRY      0x86u
#define TAG_HTTP       0x89u
#define TAG_HOST       0x8Au
#define TAG_AGENT      0x8Bu
#define TAG_URI        0x8Cu
#define TAG_TIMER      0x25u /* TS 102 223 8.38 timer value: hh mm ss, swapped BCD */
#define TAG_BEARER     0x35u
#define TAG_IDENTITY   0x36u
#define TAG_BUFFER     0x39u
#define TAG_TRANSPORT  0x3Cu
#define TAG_ADDRESS    0x3Eu
#define TAG_APN        0x47u
#define BEARER_DEFAULT 0x03u
#define TRANSPORT_LINK 0x00u /* the port of CAT_TP itself */
#define TRANSPORT_UDP  0x01u
#define TRANSPORT_TCP  0x02u
#define ADDRESS_IPV4   0x21u
#define DELAY_MAX_S    (99u * 3600 + 59 * 60 + 59)

/* --- writing --- */

/* Dots become label lengths (TS 23.003 clause 9): "a.bc" is 01 61 02 62 63. */
static void apn_put(struct writer *w, const char *apn)
{
    size_t mark = tlv_open(w, TAG_APN);
    while (*apn != '\0') {
        size_t n = strcspn(apn, ".");
        if (n == 0 || n > 63) {
            w->failed = true;
            return;
        }
        wr_u8(w, (uint8_t)n);
        wr_bytes(w, apn, n);
        apn += n + (apn[n] == '.' ? 1 : 0);
    }
    tlv_close(w, mark);
}

static void transport_put(struct writer *w, uint8_t kind, uint16_t port)
{
    const uint8_t v[3] = {kind, (uint8_t)(port >> 8), (uint8_t)port};
    tlv_put(w, TAG_TRANSPORT, span_of(v, sizeof v));
}

static void channel_put(struct writer *w, const struct push_trigger *t, uint8_t kind)
{
    tlv_put_u8(w, TAG_BEARER, BEARER_DEFAULT);
    const uint8_t size[2] = {(uint8_t)(t->buffer_size >> 8), (uint8_t)t->buffer_size};
    tlv_put(w, TAG_BUFFER, span_of(size, sizeof size));
    if (t->apn[0] != '\0') {
        apn_put(w, t->apn);
    }
    transport_put(w, kind, t->port);
    if (t->has_address) {
        wr_u8(w, TAG_ADDRESS);
        wr_u8(w, 1 + sizeof t->ipv4);
        wr_u8(w, ADDRESS_IPV4);
        wr_bytes(w, t->ipv4, sizeof t->ipv4);
    }
}

static void connection_put(struct writer *w, const struct push_trigger *t)
{
    size_t mark = tlv_open(w, TAG_CONNECTION);
    channel_put(w, t, TRANSPORT_TCP);
    tlv_close(w, mark);
}

static void security_put(struct writer *w, const struct push_trigger *t)
{
    if (t->psk_identity.n > 0xFF) {
        w->failed = true;
        return;
    }
    size_t mark = tlv_open(w, TAG_SECURITY);
    wr_u8(w, (uint8_t)t->psk_identity.n);
    wr_span(w, t->psk_identity);
    wr_u8(w, 2);
    wr_u8(w, t->psk_kvn);
    wr_u8(w, t->psk_kid);
    tlv_close(w, mark);
}

static uint8_t swapped_bcd(uint32_t v)
{
    return (uint8_t)(v % 10 << 4 | v / 10);
}

static void retry_put(struct writer *w, const struct push_trigger *t)
{
    if (t->retry_delay_s > DELAY_MAX_S) {
        w->failed = true;
        return;
    }
    size_t mark = tlv_open(w, TAG_RETRY);
    wr_u16(w, t->retry_count);
    wr_u8(w, TAG_TIMER);
    wr_u8(w, 3);
    wr_u8(w, swapped_bcd(t->retry_delay_s / 3600));
    wr_u8(w, swapped_bcd(t->retry_delay_s / 60 % 60));
    wr_u8(w, swapped_bcd(t->retry_delay_s % 60));
    tlv_close(w, mark);
}

static void text_put(struct writer *w, uint32_t tag, const char *s)
{
    if (s[0] != '\0') {
        tlv_put(w, tag, span_str(s));
    }
}

void push_trigger_put(struct writer *w, const struct push_trigger *t)
{
    size_t outer = tlv_open(w, TAG_TRIGGER);
    size_t inner = tlv_open(w, TAG_PARAMETERS);
    if (t->port != 0) { /* without it the card takes the connection it has stored */
        connection_put(w, t);
    }
    if (t->psk_identity.p != NULL) {
        security_put(w, t);
    }
    if (t->has_retry) {
        retry_put(w, t);
    }
    if (t->host[0] != '\0' || t->agent_id[0] != '\0' || t->uri[0] != '\0') {
        size_t http = tlv_open(w, TAG_HTTP);
        text_put(w, TAG_HOST, t->host);
        text_put(w, TAG_AGENT, t->agent_id);
        text_put(w, TAG_URI, t->uri);
        tlv_close(w, http);
    }
    tlv_close(w, inner);
    tlv_close(w, outer);
}

/* --- reading --- */

/* Printable ASCII only: the text goes into an HTTP head later. */
static int text_get(struct span v, char *dst, size_t cap)
{
    if (v.n >= cap) {
        return ERR_TOO_LARGE;
    }
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] <= 0x20 || v.p[i] >= 0x7F) {
            return ERR_FORMAT;
        }
        dst[i] = (char)v.p[i];
    }
    dst[v.n] = '\0';
    return ERR_OK;
}

static int apn_get(struct span v, char *dst, size_t cap)
{
    struct reader r = rd_init(v);
    size_t at = 0;
    dst[0] = '\0';
    while (rd_left(&r) > 0) {
        struct span label = rd_span(&r, rd_u8(&r));
        if (r.failed || label.n == 0 || label.n > 63 || memchr(label.p, '.', label.n) != NULL) {
            return ERR_FORMAT;
        }
        if (at > 0) {
            if (cap - at < 2) {
                return ERR_TOO_LARGE;
            }
            dst[at++] = '.';
        }
        int rc = text_get(label, dst + at, cap - at);
        if (rc != ERR_OK) {
            return rc;
        }
        at += label.n;
    }
    return ERR_OK;
}

static int transport_get(struct span v, uint8_t kind, uint16_t *ret)
{
    struct reader r = rd_init(v);
    uint8_t is = rd_u8(&r);
    *ret = rd_u16(&r);
    return rd_done(&r) && is == kind ? ERR_OK : ERR_FORMAT;
}

static int address_get(struct span v, struct push_trigger *ret)
{
    if (v.n == 0) {
        return ERR_FORMAT;
    }
    if (v.p[0] != ADDRESS_IPV4) {
        return ERR_OK; /* IPv6 has no field here: the host name decides */
    }
    if (v.n != 1 + sizeof ret->ipv4) {
        return ERR_FORMAT;
    }
    memcpy(ret->ipv4, v.p + 1, sizeof ret->ipv4);
    ret->has_address = true;
    return ERR_OK;
}

static int channel_get(struct tlv t, uint8_t kind, struct push_trigger *ret)
{
    switch (t.tag & ~COMPREHENSION) {
    case TAG_BUFFER:
        if (t.value.n != 2) {
            return ERR_FORMAT;
        }
        ret->buffer_size = (uint16_t)(t.value.p[0] << 8 | t.value.p[1]);
        return ERR_OK;
    case TAG_APN:
        return apn_get(t.value, ret->apn, sizeof ret->apn);
    case TAG_TRANSPORT:
        return transport_get(t.value, kind, &ret->port);
    case TAG_ADDRESS:
        return address_get(t.value, ret);
    default:
        return ERR_OK;
    }
}

static int connection_get(struct tlv t, struct push_trigger *ret)
{
    return channel_get(t, TRANSPORT_TCP, ret);
}

static int udp_get(struct tlv t, struct push_trigger *ret)
{
    return channel_get(t, TRANSPORT_UDP, ret);
}

static int security_get(struct span v, struct push_trigger *ret)
{
    struct reader r = rd_init(v);
    ret->psk_identity = rd_span(&r, rd_u8(&r));
    uint8_t two = rd_u8(&r);
    ret->psk_kvn = rd_u8(&r);
    ret->psk_kid = rd_u8(&r);
    return rd_done(&r) && two == 2 ? ERR_OK : ERR_FORMAT;
}

static int bcd_get(uint8_t v, uint32_t below, uint32_t *ret)
{
    uint32_t tens = v & 0x0F;
    uint32_t ones = v >> 4;
    *ret = tens * 10 + ones;
    return tens <= 9 && ones <= 9 && *ret < below ? ERR_OK : ERR_FORMAT;
}

static int retry_get(struct span v, struct push_trigger *ret)
{
    struct reader r = rd_init(v);
    struct tlv t;
    uint32_t hh, mm, ss;
    ret->retry_count = rd_u16(&r);
    if (tlv_next(&r, &t) != ERR_OK || (t.tag & ~COMPREHENSION) != TAG_TIMER || t.value.n != 3) {
        return ERR_FORMAT;
    }
    if (bcd_get(t.value.p[0], 100, &hh) != ERR_OK || bcd_get(t.value.p[1], 60, &mm) != ERR_OK ||
        bcd_get(t.value.p[2], 60, &ss) != ERR_OK) {
        return ERR_FORMAT;
    }
    ret->retry_delay_s = hh * 3600 + mm * 60 + ss;
    ret->has_retry = true;
    return ERR_OK; /* a failure report element may follow */
}

static int http_get(struct tlv t, struct push_trigger *ret)
{
    switch (t.tag) {
    case TAG_HOST:
        return text_get(t.value, ret->host, sizeof ret->host);
    case TAG_AGENT:
        return text_get(t.value, ret->agent_id, sizeof ret->agent_id);
    case TAG_URI:
        return text_get(t.value, ret->uri, sizeof ret->uri);
    default:
        return ERR_OK;
    }
}

static int walk(struct span body, struct push_trigger *ret,
                int (*element)(struct tlv t, struct push_trigger *ret))
{
    struct reader r = rd_init(body);
    struct tlv t;
    int rc;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        rc = element(t, ret);
        if (rc != ERR_OK) {
            return rc;
        }
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static int parameter_get(struct tlv t, struct push_trigger *ret)
{
    switch (t.tag) {
    case TAG_CONNECTION:
        return walk(t.value, ret, connection_get);
    case TAG_SECURITY:
        return security_get(t.value, ret);
    case TAG_RETRY:
        return retry_get(t.value, ret);
    case TAG_HTTP:
        return walk(t.value, ret, http_get);
    default:
        return ERR_OK;
    }
}

int push_trigger_parse(struct span s, struct push_trigger *ret)
{
    struct tlv outer, inner;
    *ret = (struct push_trigger){0};
    int rc = tlv_only(s, TAG_TRIGGER, &outer);
    if (rc != ERR_OK) {
        return rc;
    }
    rc = tlv_find(outer.value, TAG_PARAMETERS, &inner);
    if (rc != ERR_OK) {
        return rc == ERR_NOT_FOUND ? ERR_FORMAT : rc;
    }
    return walk(inner.value, ret, parameter_get);
}

/* --- the two commands of a CAT_TP link --- */

static void command_put(struct writer *w, uint8_t p2, const struct writer *data)
{
    struct apdu_cmd c = {.cla = 0x80, .ins = PUSH_INS, .p1 = PUSH_P1, .p2 = p2};
    c.data = wr_view(data);
    if (data->failed || c.data.n > 0xFF) {
        w->failed = true;
        return;
    }
    apdu_cmd_put(w, &c);
}

void push_channel_put(struct writer *w, const struct push_channel *c)
{
    uint8_t room[256];
    struct writer data = wr_init(room, sizeof room);
    struct push_trigger t = {.buffer_size = c->buffer_size, .port = c->port,
                             .has_address = c->has_address};
    memcpy(t.apn, c->apn, sizeof t.apn);
    memcpy(t.ipv4, c->ipv4, sizeof t.ipv4);
    channel_put(&data, &t, TRANSPORT_UDP);
    command_put(w, PUSH_P2_CHANNEL, &data);
}

void push_link_put(struct writer *w, const struct push_link *l)
{
    uint8_t room[256];
    struct writer data = wr_init(room, sizeof room);
    transport_put(&data, TRANSPORT_LINK, l->port);
    if (l->id.n > 0) {
        tlv_put(&data, TAG_IDENTITY, l->id);
    }
    command_put(w, PUSH_P2_LINK, &data);
}

int push_channel_parse(struct span s, struct push_channel *ret)
{
    struct push_trigger t = {0};
    int rc = walk(s, &t, udp_get);
    *ret = (struct push_channel){.buffer_size = t.buffer_size, .port = t.port,
                                 .has_address = t.has_address};
    memcpy(ret->apn, t.apn, sizeof ret->apn);
    memcpy(ret->ipv4, t.ipv4, sizeof ret->ipv4);
    return rc == ERR_OK && t.port == 0 ? ERR_FORMAT : rc;
}

int push_link_parse(struct span s, struct push_link *ret)
{
    struct reader r = rd_init(s);
    struct tlv t;
    int rc;
    *ret = (struct push_link){0};
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        uint32_t tag = t.tag & ~COMPREHENSION;
        if (tag == TAG_TRANSPORT && transport_get(t.value, TRANSPORT_LINK, &ret->port) != ERR_OK) {
            return ERR_FORMAT;
        }
        if (tag == TAG_IDENTITY) {
            ret->id = t.value;
        }
    }
    if (rc != ERR_NOT_FOUND) {
        return rc;
    }
    return ret->port != 0 ? ERR_OK : ERR_FORMAT;
}
