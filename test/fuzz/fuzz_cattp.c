/* SPDX-License-Identifier: Apache-2.0 */
/* CAT_TP: PDUs that read are written the same; a server's end that is fed anything stays within its
 * bounds and always comes to an end. Input: operations of op(1) n(1) octets(n); op modulo 5: 0 a PDU
 * as it is, 1 a PDU whose checksum is made right, 2 n seconds pass, 3 n octets are sent, 4 close. */
#include "common/bearer/cattp_link.h"
#include "test/fuzz/input.h"

#include <stdlib.h>

struct seen {
    unsigned opened, ended;
    size_t octets;
};

static void on_pdu(void *ctx, struct span pdu)
{
    struct cattp_pdu p;

    (void)ctx;
    if (cattp_parse(pdu, &p) != ERR_OK)
        abort();
}

static void on_opened(void *ctx, struct span id)
{
    struct seen *s = ctx;

    if (++s->opened > 1 || id.n > CATTP_ID_MAX)
        abort();
}

static void on_sdu(void *ctx, struct span sdu)
{
    struct seen *s = ctx;

    if (!s->opened || s->ended || sdu.n > 1000)
        abort();
    s->octets += sdu.n;
}

static void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct seen *s = ctx;

    (void)reason;
    (void)by_peer;
    if (++s->ended > 1)
        abort();
}

static void same_again(struct span pdu)
{
    uint8_t room[512];
    struct writer w = wr_init(room, sizeof room);
    struct cattp_pdu p, q;

    if (cattp_parse(pdu, &p) != ERR_OK)
        return;
    cattp_put(&w, &p);
    if (w.failed || cattp_parse(wr_view(&w), &q) != ERR_OK || q.flags != p.flags ||
        q.seq != p.seq || q.ack != p.ack || !span_eq(q.data, p.data) || !span_eq(q.id, p.id) ||
        !span_eq(q.eacks, p.eacks))
        abort();
}

static void put_right(uint8_t *b, size_t n)
{
    uint32_t acc = 0;

    if (n < CATTP_HEADER)
        return;
    b[16] = b[17] = 0;
    for (size_t i = 0; i < n; i++) {
        acc += i % 2 ? b[i] : (uint32_t)b[i] << 8;
        acc = (acc & 0xFFFF) + (acc >> 16);
    }
    b[16] = (uint8_t)(~acc >> 8);
    b[17] = (uint8_t)~acc;
}

static void operation(struct cattp *c, uint8_t op, struct span s, int64_t *now)
{
    uint8_t b[256];

    if (s.n)
        memcpy(b, s.p, s.n);
    switch (op % 5) {
    case 0:
    case 1:
        if (op % 5)
            put_right(b, s.n);
        same_again(span_of(b, s.n));
        if (cattp_input(c, span_of(b, s.n), *now) == ERR_INTERNAL)
            abort();
        break;
    case 2:
        *now += (int64_t)s.n * 1000;
        cattp_timer(c, *now);
        break;
    case 3:
        if (cattp_send(c, s, *now) == ERR_INTERNAL)
            abort();
        break;
    default:
        cattp_close(c, *now);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct cattp_config cfg = cattp_config_default();
    struct seen seen = {0};
    const struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, &seen};
    struct reader r = rd_init(span_of(p, n));
    struct span data;
    uint8_t op;
    int64_t now = 1, due;
    struct cattp *c;

    cfg.local_port = 1001;
    cfg.max_sdu = 1000;
    c = cattp_new(&cfg, &port);
    if (!c || cattp_listen(c) != ERR_OK)
        abort();
    while (next_frame(&r, 1, &op, &data))
        operation(c, op, data, &now);
    for (unsigned i = 0; (due = cattp_due(c)) != 0; i++) {
        if (i > 10000) /* it must come to an end by itself */
            abort();
        now = due > now ? due : now;
        cattp_timer(c, now);
    }
    cattp_free(c);
    return 0;
}
