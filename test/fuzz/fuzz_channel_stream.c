/* SPDX-License-Identifier: Apache-2.0 */
/* TLS-PSK streams into the channel, with the administration sessions in them. Input: frames of
 * { how, length of two octets, octets }. how: bits 0 to 2 what happens (enum), bit 3 which card,
 * bits 4 and 5 which connection, bit 6 a wrong key. What reaches a mailbox is of the card whose key
 * the stream has proven, and no step is answered twice. */
#include "smsr/channel/channel.h"

#include <stdio.h>

#include "common/bearer/scp81_impl.h"
#include "test/fuzz/channel_ports.h"
#include "test/support/fake.h"

#define CONNS    4u
#define ANSWERS  64u
#define OUT_MAX  600u

enum what { RAW, RECORD, POST_FIRST, POST_NEXT, STEP, CLOSE, TIME, FLIP };

struct peer {
    struct scp81 *tls;
    bool open;              /* as the channel sees it */
    int card;               /* whose key; -1: a wrong one */
};
static struct peer peers[CONNS];
static struct euicc cards[2];
static char next_uri[2][ADMIN_URI_MAX]; /* what each card was told last, on whatever stream */
static struct key *psk[2], *wrong;
static struct crypto *c;
static struct scp81_ctx *client;
static struct env env;
static struct fake_clock clk;
static struct channel *ch;
static int feeding;         /* connection whose octets are being read; -1: none */
static struct { struct uuid session; char uri[ADMIN_URI_MAX]; } answered[ANSWERS];
static unsigned n_answered;

static const struct euicc *find_euicc(void *ctx, const struct eid *eid)
{
    (void)ctx;
    for (int i = 0; i < 2; i++)
        if (eid_eq(&cards[i].eid, eid))
            return &cards[i];
    return NULL;
}

static int find_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    const struct euicc *e = find_euicc(ctx, eid);

    if (!e)
        return ERR_NOT_FOUND;
    *ret = (struct isdr_keys){.psk_kvn = 0x40, .psk_kid = 1, .psk = psk[e - cards]};
    return ERR_OK;
}

static void once(const struct in_post *p)
{
    must(p->next_uri.n < ADMIN_URI_MAX);
    for (unsigned i = 0; i < n_answered; i++)
        must(!uuid_eq(&answered[i].session, &p->session) ||
             !span_eq(span_str(answered[i].uri), p->next_uri));
    if (n_answered == ANSWERS)
        return;
    answered[n_answered].session = p->session;
    memcpy(answered[n_answered].uri, p->next_uri.p, p->next_uri.n);
    answered[n_answered++].uri[p->next_uri.n] = '\0';
}

static int on_post(void *ctx, const struct input *in)
{
    (void)ctx;
    must(in->to.kind == MBOX_EUICC);
    if (in->kind == IN_SESSION_END)
        return ERR_OK;
    must(in->kind == IN_POST || in->kind == IN_NOTIFICATION);
    must(feeding >= 0 && peers[feeding].card >= 0);
    must(memcmp(in->to.id, cards[peers[feeding].card].eid.b, 16) == 0);
    if (in->kind == IN_POST)
        once(&in->u.post);
    return ERR_OK;
}

static int to_card(void *ctx, uint64_t conn, struct span bytes)
{
    struct peer *p = &peers[conn - 1];

    (void)ctx;
    must(conn >= 1 && conn <= CONNS && p->open);
    if (p->tls)
        (void)!scp81_input(p->tls, bytes);
    return ERR_OK;
}

static void on_close(void *ctx, uint64_t conn)
{
    (void)ctx;
    must(conn >= 1 && conn <= CONNS && peers[conn - 1].open);
    peers[conn - 1].open = false;
}

static void prepare(void)
{
    static const char *const digits[2] = {"890440450000000000000000000000",
                                          "890440450000000000000000000001"};

    if (c)
        return;
    c = crypto_new(NULL);
    must(c != NULL);
    client = scp81_client_ctx(c);
    fake_clock_init(&clk, 1700000000000);
    timers_default(env.timer_ms, 1);
    env.time_scale = 1;
    must(client && !key_new(KEY_PSK, span_of("another-one-here", 16), &wrong));
    for (int i = 0; i < 2; i++)
        must(!eid_make(digits[i], &cards[i].eid) &&
             !key_new(KEY_PSK, span_of(i ? "fedcba9876543210" : "0123456789abcdef", 16), &psk[i]));
}

static void feed(unsigned i, struct span bytes)
{
    feeding = (int)i;
    if (peers[i].open)
        channel_stream_bytes(ch, i + 1, bytes);
    feeding = -1;
}

/* Both directions until nothing moves. The channel may close in between. */
static void pump(unsigned i)
{
    uint8_t copy[OUT_MAX];

    for (unsigned round = 0; peers[i].tls && round < 400; round++) {
        struct span out = scp81_output(peers[i].tls);
        size_t n = out.n < sizeof copy ? out.n : sizeof copy;
        if (!n)
            return;
        memcpy(copy, out.p, n);
        scp81_sent(peers[i].tls, n);
        feed(i, span_of(copy, n));
    }
}

static void shut(unsigned i)
{
    if (peers[i].open)
        channel_stream_closed(ch, i + 1);
    scp81_free(peers[i].tls);
    peers[i] = (struct peer){.card = -1};
}

/* A stream of a card, or of one without TLS of ours: then it has proven nothing. */
static void ensure(unsigned i, int card, bool bad_key, bool tls)
{
    char identity[SCP81_IDENTITY_TEXT];

    if (peers[i].open)
        return;
    shut(i);
    peers[i] = (struct peer){.open = true, .card = tls && !bad_key ? card : -1};
    if (tls) {
        scp81_identity(&cards[card].eid, 1, 0x40, identity);
        peers[i].tls = scp81_connect(client, identity, bad_key ? wrong : psk[card]);
        must(peers[i].tls != NULL);
    }
    channel_stream_open(ch, i + 1);
    pump(i);
    must(!tls || !peers[i].open || scp81_ready(peers[i].tls) == !bad_key);
}

static void record(unsigned i, struct span octets)
{
    struct scp81 *s = peers[i].tls;

    if (!s || !s->ready || s->dead || !octets.n)
        return;
    (void)!SSL_write(s->ssl, octets.p, (int)octets.n);
    ERR_clear_error();
    pump(i);
}

static void post(unsigned i, int card, bool first, bool resume, struct span body)
{
    struct admin_request r = {.body = body, .resume = resume, .from_eid = cards[card].eid};
    struct admin_response got;

    if (!peers[i].tls)
        return;
    if (scp81_response(peers[i].tls, &got) == ERR_OK)
        memcpy(next_uri[card], got.next_uri, sizeof next_uri[card]);
    (void)snprintf(r.uri, sizeof r.uri, "%s",
                   first || !next_uri[card][0] ? "/polling" : next_uri[card]);
    r.from_aid = AID_ISD_R;
    r.status = body.n ? ADMIN_STATUS_OK : ADMIN_STATUS_NONE;
    if (scp81_post(peers[i].tls, &r, "smsr.example") == ERR_OK)
        pump(i);
}

/* One of the card's own records with an octet changed: it may not be believed. */
static void flip(unsigned i, struct span in)
{
    uint8_t copy[OUT_MAX];

    if (!peers[i].tls || !peers[i].tls->ready || peers[i].tls->dead || in.n < 3)
        return;
    (void)!SSL_write(peers[i].tls->ssl, in.p, (int)in.n);
    ERR_clear_error();
    struct span out = scp81_output(peers[i].tls);
    size_t n = out.n < sizeof copy ? out.n : sizeof copy;
    if (n == 0)
        return;
    memcpy(copy, out.p, n);
    scp81_sent(peers[i].tls, n);
    copy[(size_t)(in.p[0] << 8 | in.p[1]) % n] ^= in.p[2];
    if (in.p[2]) {
        peers[i].card = -1;     /* from here on nothing of this stream counts */
        scp81_free(peers[i].tls);
        peers[i].tls = NULL;
    }
    feed(i, span_of(copy, n));
}

static void step(int card, uint8_t how, struct span body)
{
    struct out_step o = {.eid = cards[card].eid, .code = body.n ? 200 : 204, .body = body};

    if (!channel_held(ch, &o.eid, &o.session))
        return;
    o.step = how & 0x40 ? 0 : 1 + n_answered;
    (void)!channel_step(ch, &o);
}

static void frame(uint8_t how, struct span data)
{
    unsigned i = how >> 4 & 3;
    int card = how >> 3 & 1;
    bool odd = (how & 0x40) != 0;

    switch ((enum what)(how & 7)) {
    case RAW:
        ensure(i, card, odd, false);
        feed(i, data);
        break;
    case RECORD:
        ensure(i, card, odd, true);
        record(i, data);
        break;
    case POST_FIRST:
    case POST_NEXT:
        ensure(i, card, odd, true);
        post(i, card, (how & 7) == POST_FIRST, (how & 0x80) != 0, data);
        break;
    case STEP:
        step(card, how, data);
        break;
    case CLOSE:
        shut(i);
        break;
    case TIME:
        fake_clock_step(&clk, data.n ? data.p[0] * 1000 : 1);
        channel_timer(ch);
        break;
    case FLIP:
        ensure(i, card, odd, true);
        flip(i, data);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct channel_port port = {.euicc = find_euicc, .candidates = no_candidates,
                                             .keys = find_keys, .packet = no_packet,
                                             .post = on_post};
    static const struct carrier carrier = {no_mt, to_card, on_close, NULL, NULL, NULL};
    struct reader r = rd_init(span_of(p, n));
    struct span data;
    uint8_t how;

    prepare();
    feeding = -1;
    n_answered = 0;
    memset(next_uri, 0, sizeof next_uri);
    for (unsigned i = 0; i < CONNS; i++)
        peers[i] = (struct peer){.card = -1};
    ch = channel_new(&port, &carrier, c, &clk.port, &env);
    must(ch != NULL);
    while (next_frame(&r, 2, &how, &data))
        frame(how, data);
    for (unsigned i = 0; i < CONNS; i++)
        shut(i);
    channel_free(ch);
    return 0;
}
