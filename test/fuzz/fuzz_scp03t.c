/* SPDX-License-Identifier: Apache-2.0 */
/* SCP03t and SCP03 with fixed keys: octet 0 chooses who reads the rest - a card that waits for
 * 84, 85, 86 or an APDU, a host that waits for their answers, or the reader of a PUT KEY field. */
#include "common/crypto/scp03t.h"
#include "test/fuzz/input.h"

static struct rng rng;
static struct crypto *c;
static struct scp03_keys keys;
static struct aid isd_p;

static void prepare(void)
{
    rng_init_seeded(&rng, 1);
    if (c)
        return;
    c = crypto_new(&rng);
    must(c && !aid_isd_p(0x0013, &isd_p));
    must(!key_new(KEY_AES, span_of("0123456789abcdef", 16), &keys.enc));
    must(!key_new(KEY_AES, span_of("fedcba9876543210", 16), &keys.mac));
    must(!key_new(KEY_AES, span_of("0f1e2d3c4b5a6978", 16), &keys.dek));
}

/* A pair of sessions that are open, as far as asked. */
static void pair(struct scp03_session *host, struct scp03_session *card, bool authenticated)
{
    uint8_t a[64], b[64];
    struct writer aw = wr_init(a, sizeof a), bw = wr_init(b, sizeof b);

    must(!scp03t_initialize(c, host, 0x30, &aw));
    must(!scp03t_card_initialize(c, card, &keys, 0x30, &isd_p, 1, wr_view(&aw), &bw));
    if (!authenticated)
        return;
    must(!scp03t_open(c, host, &keys, &isd_p, wr_view(&bw)));
    aw = wr_init(a, sizeof a);
    bw = wr_init(b, sizeof b);
    must(!scp03t_authenticate(c, host, &aw));
    must(!scp03t_card_authenticate(c, card, wr_view(&aw), &bw));
}

static void read_segment(struct scp03_session *host, struct scp03_session *card, struct span in,
                         struct writer *w)
{
    uint8_t tlv[SCP03T_SEGMENT_MAX];
    struct writer t = wr_init(tlv, sizeof tlv);
    struct buf plain;

    buf_init(&plain, 0);
    if (in.n >= 1 && in.n <= SCP03T_PLAIN_MAX) {
        must(!scp03t_segment(c, host, in, &t));
        must(!scp03t_card_segment(c, card, wr_view(&t), &plain, w));
        must(span_eq(buf_span(&plain), in));
        buf_reset(&plain);
    }
    must(scp03t_card_segment(c, card, in, &plain, w) != 0 && plain.n == 0);
    must(!card->open);
    buf_fini(&plain);
}

static void read_apdu(struct scp03_session *card, struct span in, struct writer *w)
{
    struct apdu_cmd cmd, plain;

    if (apdu_cmd_parse(in, &cmd))
        return;
    (void)(scp03_card_unwrap(c, card, &cmd, w, &plain)
           || scp03_card_wrap(c, card, plain.data, 0x9000, w));
}

static void read_key_field(struct span in)
{
    struct reader r = rd_init(in);
    struct key *k;

    if (!scp03_key_field_open(c, keys.dek, &r, &k))
        key_free(k);
    else
        must(k == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[8192];
    struct scp03_session host = {0}, card = {0};
    struct writer w = wr_init(out, sizeof out);
    struct span in;

    if (size < 1)
        return 0;
    prepare();
    in = span_of(data + 1, size - 1);
    pair(&host, &card, (data[0] & 0x07) > 2);
    switch (data[0] & 0x07) {
    case 0:
        (void)!scp03t_card_initialize(c, &card, &keys, 0x30, &isd_p, 1, in, &w);
        break;
    case 1:
        must(scp03t_card_authenticate(c, &card, in, &w) != 0);
        break;
    case 2:
        (void)!scp03t_open(c, &host, &keys, &isd_p, in);
        break;
    case 3:
        read_segment(&host, &card, in, &w);
        break;
    case 4:
        (void)!scp03t_answer_at(c, &host, &(struct scp03t_place){.counter = 0}, in, &w);
        host.counter = 1;
        (void)!scp03t_answer(c, &host, in, &w);
        break;
    case 5:
        read_apdu(&card, in, &w);
        break;
    case 6:
        host.counter = 1;
        (void)!scp03_answer(c, &host, in, 0x9000, &w);
        break;
    default:
        read_key_field(in);
        break;
    }
    scp03_session_fini(&host);
    scp03_session_fini(&card);
    return 0;
}
