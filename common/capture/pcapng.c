/* SPDX-License-Identifier: Apache-2.0 */
#include "common/capture/pcapng.h"

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/codec/sms.h"

#define BLOCK_SECTION   0x0A0D0D0Au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u
#define MAGIC           0x1A2B3C4Du
#define LINK_RAW        101u       /* an IPv6 packet */
#define LINK_EXPORTED   252u       /* LINKTYPE_WIRESHARK_UPPER_PDU */
#define SNAP            0x40000u
#define SMPP_HEAD       16u
#define BIND_MAX        256u

enum { OPT_END = 0, OPT_IF_NAME = 2, OPT_EPB_FLAGS = 2, OPT_APPLICATION = 4, OPT_IF_TSRESOL = 9 };
/* Tags of wsutil/exported_pdu_tlvs.h; numbers there are stable. */
enum { TAG_END = 0, TAG_DISSECTOR = 12, TAG_IPV6_SRC = 22, TAG_IPV6_DST = 23, TAG_PORT_TYPE = 24,
       TAG_SRC_PORT = 25, TAG_DST_PORT = 26, TAG_PROTOCOL = 33, TAG_P2P_DIR = 35 };
enum { PORT_TCP = 2, IP_UDP = 17 };

static const struct {
    const char *interface, *dissector; /* dissector NULL: an IPv6 packet with UDP */
    uint32_t port_type;
} KINDS[PCAPNG_KINDS] = {
    [PCAPNG_SMS] = {"sms", "gsm_sms", 0},
    [PCAPNG_CATTP] = {"cattp", NULL, 0},
    [PCAPNG_SMPP] = {"smpp", "smpp", PORT_TCP},
    [PCAPNG_DECODED] = {"decoded", "data-text-lines", 0},
};

/* --- pieces: pcapng little-endian as its magic says, exported PDUs big-endian --- */
static void le(struct buf *b, uint64_t v, unsigned n)
{
    uint8_t *p = buf_grow(b, n);

    for (unsigned i = 0; p && i < n; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static void be(struct buf *b, uint32_t v, unsigned n)
{
    uint8_t *p = buf_grow(b, n);

    for (unsigned i = 0; p && i < n; i++)
        p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static void pad(struct buf *b, size_t n)
{
    le(b, 0, (unsigned)(-n & 3));
}

static void option(struct buf *b, unsigned code, struct span value)
{
    le(b, code, 2);
    le(b, value.n, 2);
    buf_add_span(b, value);
    pad(b, value.n);
}

/* Where the block begins; its length is known when it ends. */
static size_t block_open(struct buf *b, uint32_t type)
{
    size_t at = b->n;

    le(b, type, 4);
    le(b, 0, 4);
    return at;
}

static void block_close(struct buf *b, size_t at)
{
    size_t n = b->n - at + 4;

    le(b, n, 4);
    for (unsigned i = 0; !b->failed && i < 4; i++)
        b->p[at + 4 + i] = (uint8_t)(n >> 8 * i);
}

static void tag(struct buf *b, unsigned code, struct span value)
{
    be(b, code, 2);
    be(b, (uint32_t)(value.n + 3) & ~3u, 2);
    buf_add_span(b, value);
    pad(b, value.n);
}

static void tag_number(struct buf *b, unsigned code, uint32_t v)
{
    be(b, code, 2);
    be(b, 4, 2);
    be(b, v, 4);
}

/* --- blocks --- */
void pcapng_section(struct buf *b, const char *application)
{
    size_t at = block_open(b, BLOCK_SECTION);

    le(b, MAGIC, 4);
    le(b, 1, 2);
    le(b, 0, 2);
    le(b, UINT64_MAX, 8); /* its length is not told */
    option(b, OPT_APPLICATION, span_str(application));
    le(b, OPT_END, 4);
    block_close(b, at);
    for (unsigned k = 0; k < PCAPNG_KINDS; k++) {
        static const uint8_t MS = 3;
        at = block_open(b, BLOCK_INTERFACE);
        le(b, KINDS[k].dissector ? LINK_EXPORTED : LINK_RAW, 2);
        le(b, 0, 2);
        le(b, SNAP, 4);
        option(b, OPT_IF_NAME, span_str(KINDS[k].interface));
        option(b, OPT_IF_TSRESOL, span_of(&MS, 1));
        le(b, OPT_END, 4);
        block_close(b, at);
    }
}

static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum += (uint32_t)p[i] << (i & 1 ? 0 : 8);
    return sum;
}

/* RFC 8200 3, RFC 768. Its addresses stand behind octet 8; the checksum covers them, length,
 * protocol, the header of UDP and what it carries (RFC 8200 8.1). */
static void udp_packet(struct buf *b, const struct pcapng_end *from, const struct pcapng_end *to,
                       struct span data)
{
    size_t n = data.n + 8, at = b->n;
    uint32_t sum;

    be(b, 0x60000000, 4);
    be(b, (uint32_t)n, 2);
    be(b, IP_UDP << 8 | 64, 2);
    buf_add(b, from->ip6, sizeof from->ip6);
    buf_add(b, to->ip6, sizeof to->ip6);
    be(b, from->port, 2);
    be(b, to->port, 2);
    be(b, (uint32_t)n, 2);
    be(b, 0, 2);
    buf_add_span(b, data);
    if (b->failed)
        return;
    sum = sum16((uint32_t)n + IP_UDP, b->p + at + 8, b->n - at - 8);
    while (sum >> 16)
        sum = (sum & 0xFFFF) + (sum >> 16);
    sum = sum == 0xFFFF ? sum : ~sum & 0xFFFF;
    b->p[at + 46] = (uint8_t)(sum >> 8);
    b->p[at + 47] = (uint8_t)sum;
}

static void tags(struct buf *b, const struct pcapng_unit *u, const struct pcapng_end *from,
                 const struct pcapng_end *to)
{
    tag(b, TAG_DISSECTOR, span_str(KINDS[u->kind].dissector));
    tag(b, TAG_IPV6_SRC, span_of(from->ip6, sizeof from->ip6));
    tag(b, TAG_IPV6_DST, span_of(to->ip6, sizeof to->ip6));
    if (KINDS[u->kind].port_type) {
        tag_number(b, TAG_PORT_TYPE, KINDS[u->kind].port_type);
        tag_number(b, TAG_SRC_PORT, from->port);
        tag_number(b, TAG_DST_PORT, to->port);
    }
    if (u->kind == PCAPNG_DECODED && u->protocol)
        tag(b, TAG_PROTOCOL, span_str(u->protocol));
    tag_number(b, TAG_P2P_DIR, u->out ? 0 : 1); /* tells SUBMIT from SUBMIT-REPORT */
    be(b, TAG_END, 2);
    be(b, 0, 2);
}

void pcapng_put(struct buf *b, const struct pcapng_unit *u)
{
    const struct pcapng_end *from = u->out ? &u->own : &u->other;
    const struct pcapng_end *to = u->out ? &u->other : &u->own;
    size_t at = block_open(b, BLOCK_PACKET), data, n;

    le(b, u->kind, 4);
    le(b, (uint64_t)u->at_ms >> 32, 4);
    le(b, (uint64_t)u->at_ms, 4);
    le(b, 0, 8);
    data = b->n;
    if (KINDS[u->kind].dissector) {
        tags(b, u, from, to);
        buf_add_span(b, u->octets);
    } else {
        udp_packet(b, from, to, u->octets);
    }
    n = b->n - data;
    pad(b, n);
    le(b, OPT_EPB_FLAGS, 2);
    le(b, 4, 2);
    le(b, u->out ? 2 : 1, 4);
    le(b, OPT_END, 4);
    block_close(b, at);
    for (unsigned i = 0; !b->failed && i < 8; i++)
        b->p[data - 8 + i] = (uint8_t)(n >> 8 * (i & 3));
}

/* --- ends --- */
/* fd00::/8 is nobody's address: 52 65 6d 6f 72 is its name. */
static struct pcapng_end end_of(uint8_t subnet)
{
    return (struct pcapng_end){.ip6 = {0xFD, 0x52, 0x65, 0x6D, 0x6F, 0x72, 0, subnet}};
}

struct pcapng_end pcapng_end_number(const char *digits)
{
    struct pcapng_end e = end_of(0);
    size_t n = strlen(digits);

    n = n < 16 ? n : 16;
    for (size_t i = 0; i < n; i++) {
        int v = hex_digit(digits[n - 1 - i]);
        e.ip6[15 - i / 2] |= (uint8_t)((v < 0 ? 0u : (unsigned)v) << 4 * (i & 1));
    }
    return e;
}

struct pcapng_end pcapng_end_conn(uint64_t conn, uint32_t port)
{
    struct pcapng_end e = end_of(1);

    for (unsigned i = 0; i < 8; i++)
        e.ip6[15 - i] = (uint8_t)(conn >> 8 * i);
    e.port = port;
    return e;
}

struct pcapng_end pcapng_end_eid(const struct eid *eid)
{
    struct pcapng_end e = {.port = 0};

    memcpy(e.ip6, eid->b, sizeof e.ip6);
    return e;
}

/* --- units --- */
/* TP-SCTS: two digits an octet, the first in the low half (TS 23.040 9.2.3.11); UTC. */
static void scts(int64_t at_ms, uint8_t ret[7])
{
    static const uint8_t AT[6] = {2, 5, 8, 11, 14, 17};
    char text[25];

    clock_text(at_ms, text);
    for (unsigned i = 0; i < 6; i++)
        ret[i] = (uint8_t)((text[AT[i] + 1] - '0') << 4 | (text[AT[i]] - '0'));
    ret[6] = 0;
}

static struct msisdn number(const char *digits)
{
    struct msisdn m;

    return msisdn_parse(span_str(digits), &m) ? (struct msisdn){""} : m;
}

void pcapng_put_sms(struct buf *b, const struct pcapng_sms *s)
{
    struct pcapng_unit u = {.kind = PCAPNG_SMS, .out = s->out, .at_ms = s->at_ms,
                            .own = pcapng_end_number(s->own), .other = pcapng_end_number(s->card)};
    uint8_t room[SMS_UD_MAX + 40];
    struct writer w = wr_init(room, sizeof room);

    if (s->eid && !s->card[0])
        u.other = pcapng_end_eid(s->eid);
    if (s->out) {
        struct sms_deliver d = {.oa = number(s->own), .pid = s->pid, .dcs = s->dcs, .ud = s->tp_ud};
        scts(s->at_ms, d.scts);
        sms_deliver_put(&w, &d);
    } else {
        struct sms_submit m = {.da = number(s->own), .pid = s->pid, .dcs = s->dcs, .ud = s->tp_ud};
        sms_submit_put(&w, &m);
    }
    u.octets = wr_view(&w);
    if (!w.failed)
        pcapng_put(b, &u);
}

/* SMPP 3.4 4.1: bind_receiver, bind_transmitter, bind_transceiver, and outbind of an SMSC:
 * system_id, password, ... */
static bool is_bind(struct span pdu)
{
    struct reader r = rd_init(pdu);
    uint32_t id;

    (void)rd_u32(&r);
    id = rd_u32(&r);
    return !r.failed && (id == 1 || id == 2 || id == 9 || id == 0x0B);
}

void pcapng_put_smpp(struct buf *b, const struct pcapng_unit *u)
{
    struct pcapng_unit blank = *u;
    uint8_t room[BIND_MAX], *p;

    blank.kind = PCAPNG_SMPP;
    if (is_bind(u->octets)) {
        if (u->octets.n > sizeof room || u->octets.n <= SMPP_HEAD)
            return;                /* where its password is, nobody knows */
        memcpy(room, u->octets.p, u->octets.n);
        p = memchr(room + SMPP_HEAD, 0, u->octets.n - SMPP_HEAD);
        if (!p)
            return;
        while (++p < room + u->octets.n && *p)
            *p = '*';
        blank.octets = span_of(room, u->octets.n);
    }
    pcapng_put(b, &blank);
}
