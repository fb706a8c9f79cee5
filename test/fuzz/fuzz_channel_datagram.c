/* SPDX-License-Identifier: Apache-2.0 */
/* CAT_TP datagrams from anybody to the channel. Input: frames of { how, length, octets }. how
 * modulo 8: 0 a datagram as it is; 1 one whose checksum is made right; 2 the SYN that was asked
 * for, with the octets as its largest PDU and SDU; 3 data in its turn; 4 a proven response; 5 time
 * passes; 6 a packet goes out; 7 the link is closed. Bit 3: another place. A mailbox hears of a
 * link and of its end once each, and of nobody but the card that was asked; everything comes to an
 * end by itself. */
#include "smsr/channel/channel.h"

#include <stdlib.h>

#include "common/codec/cattp.h"
#include "common/crypto/scp80.h"
#include "smsr/es5/es5.h"
#include "test/fuzz/channel_ports.h"
#include "test/support/fake.h"

#define COUNTER 5u
#define OCTET   0x12u

static struct euicc card;
static struct operation op;
static struct key *kic, *kid;
static struct crypto *c;
static struct env env;
static struct fake_clock clk;
static bool open, kept[2], proven;
static struct uuid link;
static uint16_t seq[2], ack[2]; /* what a card at this place would say next */

static const struct euicc *find_euicc(void *ctx, const struct eid *eid)
{
    (void)ctx;
    return eid_eq(eid, &card.eid) ? &card : NULL;
}

static int find_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    (void)ctx;
    must(eid_eq(eid, &card.eid));
    *ret = (struct isdr_keys){.scp80_kvn = 1, .kic = kic, .kid = kid};
    return ERR_OK;
}

static int on_post(void *ctx, const struct input *in)
{
    (void)ctx;
    must(in->to.kind == MBOX_EUICC && !memcmp(in->to.id, card.eid.b, 16));
    if (in->kind == IN_LINK) {
        must(!open);
        open = true;
        link = in->u.link.session;
    } else if (in->kind == IN_SESSION_END) {
        must(open && uuid_eq(&in->u.session_end.session, &link));
        open = false;
    } else {
        must(in->kind == IN_POR && proven && open && in->u.por.counter == COUNTER);
    }
    return ERR_OK;
}

static int sent(void *ctx, uint64_t conn, struct span pdu)
{
    struct cattp_pdu p;

    (void)ctx;
    must(conn < 2 && pdu.n <= 1024 && cattp_parse(pdu, &p) == ERR_OK);
    if (p.flags & CATTP_SYN || p.data.n)
        ack[conn] = p.seq;
    return ERR_OK;
}

static void sent_enough(void *ctx, uint64_t conn)
{
    (void)ctx;
    must(conn < 2);
    kept[conn] = false;
}

static void prepare(void)
{
    must(!eid_make("890440450000000000000000000000", &card.eid));
    fake_clock_init(&clk, 1700000000000);
    timers_default(env.timer_ms, 1);
    env.time_scale = 1;
    open = kept[0] = kept[1] = proven = false;
    memset(&link, 0, sizeof link); /* an input says everything: what broke once breaks alone */
    memset(seq, 0, sizeof seq);
    memset(ack, 0, sizeof ack);
    if (c)
        return;
    c = crypto_new(NULL);
    must(c && !key_new(KEY_AES, span_of("0123456789abcdef", 16), &kic) &&
         !key_new(KEY_AES, span_of("fedcba9876543210", 16), &kid));
    for (unsigned i = 0; i < 16; i++)
        op.id.b[i] = (uint8_t)(i + 1);
    card.cattp = true;
    card.ops[0] = &op;
    card.n_ops = 1;
    card.packets[0] = (struct euicc_packet){.kvn = 1, .counter = COUNTER};
    card.n_packets = 1;
}

static void put(struct channel *ch, uint64_t conn, struct cattp_pdu *p)
{
    uint8_t room[2000];
    struct writer w = wr_init(room, sizeof room);

    p->source = (uint16_t)(1000 + conn);
    p->destination = CATTP_PORT;
    p->window = 5;
    cattp_put(&w, p);
    must(!w.failed);
    kept[conn] = channel_datagram(ch, conn, wr_view(&w));
}

static void syn(struct channel *ch, uint64_t conn, struct span data)
{
    uint8_t id[ES5_LINK_ID];
    struct reader r = rd_init(data);
    struct cattp_pdu p = {.flags = CATTP_SYN};

    es5_link_id(&card.eid, &op.id, id);
    p.id = span_of(id, sizeof id);
    p.max_pdu = rd_u16(&r);
    p.max_sdu = rd_u16(&r);
    p.seq = seq[conn] = (uint16_t)(7 + conn);
    put(ch, conn, &p);
    p = (struct cattp_pdu){.flags = CATTP_ACK, .seq = ++seq[conn], .ack = ack[conn]};
    put(ch, conn, &p);
}

static void data_in(struct channel *ch, uint64_t conn, struct span data)
{
    struct cattp_pdu p = {.flags = CATTP_ACK, .seq = seq[conn], .ack = ack[conn], .data = data};

    put(ch, conn, &p);
    seq[conn] = (uint16_t)(seq[conn] + (data.n > 0));
}

static void response(struct channel *ch, uint64_t conn, struct span data)
{
    static const struct packet_cmd_head head = {0x16, 0x39, OCTET, OCTET, 0x000001};
    const struct scp80_keys k = {kic, kid, 0};
    uint8_t out[1000];
    struct writer w = wr_init(out, sizeof out);

    must(!scp80_por_wrap(c, &k, PACKET_CATTP, &head, COUNTER, POR_OK, data, &w));
    proven = true;
    data_in(ch, conn, wr_view(&w));
}

static void made_right(struct channel *ch, uint64_t conn, struct span data)
{
    uint8_t b[256];
    uint32_t acc = 0;

    if (data.n < CATTP_HEADER)
        return;
    memcpy(b, data.p, data.n);
    b[16] = b[17] = 0;
    for (size_t i = 0; i < data.n; i++) {
        acc += i % 2 ? b[i] : (uint32_t)b[i] << 8;
        acc = (acc & 0xFFFF) + (acc >> 16);
    }
    b[16] = (uint8_t)(~acc >> 8);
    b[17] = (uint8_t)~acc;
    kept[conn] = channel_datagram(ch, conn, span_of(b, data.n));
}

static void from_us(struct channel *ch, bool close, struct span data)
{
    struct event ev = {.type = EV_OPERATION_ARMED, .data = data};
    struct out_link o = {.session = link, .armed = &ev};
    struct out_session_close end = {link};

    if (close) {
        channel_session_close(ch, &end);
        open = false;
    } else if (data.n && channel_link(ch, &o) == ERR_INTERNAL) {
        abort();
    }
}

static void frame(struct channel *ch, uint8_t how, struct span data)
{
    uint64_t conn = how >> 3 & 1u;

    switch (how % 8) {
    case 0:
        kept[conn] = channel_datagram(ch, conn, data);
        break;
    case 1:
        made_right(ch, conn, data);
        break;
    case 2:
        syn(ch, conn, data);
        break;
    case 3:
        data_in(ch, conn, data);
        break;
    case 4:
        response(ch, conn, data);
        break;
    case 5:
        fake_clock_step(&clk, (int64_t)data.n * 1000);
        channel_timer(ch);
        break;
    default:
        from_us(ch, how % 8 == 7, data);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct channel_port port = {.euicc = find_euicc, .candidates = no_candidates,
                                             .keys = find_keys, .packet = no_packet,
                                             .post = on_post};
    static const struct carrier carrier = {no_mt, no_send, no_close, sent, sent_enough, NULL};
    struct channel *ch;

    prepare();
    ch = channel_new(&port, &carrier, c, &clk.port, &env);
    must(ch != NULL);
    each_frame(ch, span_of(p, n), frame);
    for (unsigned i = 0; channel_due(ch) >= 0; i++) {
        must(i < 100000);
        fake_clock_step(&clk, 1000);
        channel_timer(ch);
    }
    must(!open && !kept[0] && !kept[1]);
    channel_free(ch);
    return 0;
}
