/* SPDX-License-Identifier: Apache-2.0 */
/* Short messages from anybody to the channel. Input: frames of { how, length, octets }. how, low
 * bits: 0 a TP-UD as it is; 1 a response packet cut into parts; 2 the data of a PoR with a right
 * checksum; 3 the data of a card's command with a right checksum. Bit 2: the other card's keys; bit
 * 3: an unknown number; bit 4: time passes. What reaches a mailbox must belong to the card that
 * proved itself. */
#include "smsr/channel/channel.h"

#include "common/codec/sms.h"
#include "common/crypto/scp80.h"
#include "test/fuzz/channel_ports.h"
#include "test/support/fake.h"

#define COUNTER 5u
#define OCTET 0x12u

static struct euicc cards[2];
static struct euicc_profile profile[2];
static struct key *keys[2][2];
static struct crypto *c;
static struct env env;
static struct fake_clock clk;
static int signer;      /* whose keys made what is on its way; -1: nobody's */

static int card_of(const uint8_t *id)
{
    for (int i = 0; i < 2; i++)
        if (!memcmp(cards[i].eid.b, id, 16))
            return i;
    return -1;
}

static const struct euicc *find_euicc(void *ctx, const struct eid *eid)
{
    int i = card_of(eid->b);

    (void)ctx;
    return i < 0 ? NULL : &cards[i];
}

static unsigned find_candidates(void *ctx, const struct msisdn *number, struct eid *ret,
                                unsigned max)
{
    (void)ctx;
    if (!msisdn_eq(number, &profile[0].msisdn) || max < 2)
        return 0;
    ret[0] = cards[0].eid;
    ret[1] = cards[1].eid;
    return 2;
}

static int find_keys(void *ctx, const struct eid *eid, struct isdr_keys *ret)
{
    int i = card_of(eid->b);

    (void)ctx;
    if (i < 0)
        return ERR_NOT_FOUND;
    *ret = (struct isdr_keys){.scp80_kvn = 1, .kic = keys[i][0], .kid = keys[i][1]};
    return ERR_OK;
}

static int on_post(void *ctx, const struct input *in)
{
    (void)ctx;
    must(in->to.kind == MBOX_EUICC);
    must(in->kind == IN_POR || in->kind == IN_NOTIFICATION);
    must(signer >= 0 && card_of(in->to.id) == signer);
    if (in->kind == IN_POR)
        must(in->u.por.counter == COUNTER && in->u.por.kvn == 1);
    return ERR_OK;
}

static void prepare(void)
{
    static const char *const digits[2] = {"890440450000000000000000000000",
                                          "890440450000000000000000000001"};
    static const char *const bytes[2][2] = {{"0123456789abcdef", "fedcba9876543210"},
                                            {"fedcba9876543210", "0123456789abcdef"}};

    if (c)
        return;
    c = crypto_new(NULL);
    must(c != NULL);
    fake_clock_init(&clk, 1700000000000);
    env.time_scale = 1;
    for (int i = 0; i < 2; i++) {
        must(!eid_make(digits[i], &cards[i].eid));
        for (int k = 0; k < 2; k++)
            must(!key_new(KEY_AES, span_of(bytes[i][k], 16), &keys[i][k]));
        cards[i].packets[0] = (struct euicc_packet){.kvn = 1, .counter = COUNTER};
        cards[i].n_packets = 1;
    }
    must(!msisdn_parse(span_str("4917000000"), &profile[0].msisdn));
}

static void say(struct channel *ch, uint8_t how, struct span tp_ud)
{
    struct msisdn stranger = {"4917999999"};

    if (how & 8)
        signer = -1;
    channel_sms_mo(ch, how & 8 ? &stranger : &profile[0].msisdn, tp_ud);
}

static void say_packet(struct channel *ch, uint8_t how, enum sms_kind kind, struct span packet)
{
    uint8_t ud[SMS_UD_MAX];

    for (unsigned i = 1; i <= sms_parts(packet.n); i++) {
        struct writer w = wr_init(ud, sizeof ud);
        must(!sms_part_put(&w, kind, packet, how, i));
        say(ch, how, wr_view(&w));
    }
}

static void frame(struct channel *ch, uint8_t how, struct span data)
{
    static const struct packet_cmd_head sent = {0x16, 0x39, OCTET, OCTET, 0x000001};
    static const struct packet_cmd_head told = {0x06, 0x00, OCTET, OCTET, 0x000001};
    uint8_t out[1000];
    struct writer w = wr_init(out, sizeof out);
    struct scp80_keys k;

    signer = how & 4 ? 1 : 0;
    k = (struct scp80_keys){keys[signer][0], keys[signer][1], 0};
    if (how & 16)
        fake_clock_step(&clk, 10000);
    switch (how & 3) {
    case 0:
        signer = -1;
        say(ch, how, data);
        break;
    case 1:
        signer = -1;
        say_packet(ch, how, SMS_RESPONSE, data);
        break;
    case 2:
        must(!scp80_por_wrap(c, &k, PACKET_SMS, &sent, COUNTER, POR_OK, data, &w));
        say_packet(ch, how, SMS_RESPONSE, wr_view(&w));
        break;
    case 3:
        must(!scp80_wrap(c, &k, PACKET_SMS, &told, 0, data, &w));
        say_packet(ch, how, SMS_COMMAND, wr_view(&w));
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const struct channel_port port = {.euicc = find_euicc, .candidates = find_candidates,
                                             .keys = find_keys, .packet = no_packet,
                                             .post = on_post};
    static const struct carrier carrier = {no_mt, no_send, no_close, NULL, NULL, NULL};
    struct channel *ch;

    prepare();
    ch = channel_new(&port, &carrier, c, &clk.port, &env);
    must(ch != NULL);
    each_frame(ch, span_of(p, n), frame);
    channel_free(ch);
    return 0;
}
