/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "test/support/coap_pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define GUARD_MS 60000 /* only ends a run that hangs */

void pair_on_request(void *ctx, const struct coap_msg *req, struct coap_reply *ret)
{
    struct seen *s = ctx;
    s->n++;
    s->last = *req;
    assert_true(req->payload.n <= COAP_UNIT_MAX);
    if (req->payload.n)
        memcpy(s->payload, req->payload.p, req->payload.n);
    *ret = s->reply;
    if (s->reply_text)
        ret->payload = span_str(s->reply_text);
    if (s->close_me) {
        coap_close(s->close_me);
        s->close_me = NULL;
    }
}

void pair_on_done(void *ctx, uint64_t tag, const struct coap_reply *r)
{
    struct coap_pair *w = ctx;
    w->done++;
    w->code = r->code;
    snprintf(w->location, sizeof(w->location), "%s", r->location);
    w->reply_n = r->payload.n;
    if (r->payload.n)
        memcpy(w->reply, r->payload.p, r->payload.n);
    assert_true(tag < sizeof(w->told));
    w->told[tag]++;
    if (tag < w->last_tag)
        w->in_order = false;
    w->last_tag = tag;
    if (w->close_in_done) {
        coap_close(w->close_in_done);
        w->close_in_done = NULL;
    }
}

static void turn_end(void *ctx)
{
    struct coap_pair *w = ctx;
    if (w->raw >= 0) {
        ssize_t n = recv(w->raw, w->got, sizeof(w->got), MSG_DONTWAIT);
        while (n >= 0) {
            w->got_n = n;
            w->got_count++;
            n = recv(w->raw, w->got, sizeof(w->got), MSG_DONTWAIT);
        }
    }
    if (w->until ? w->until(w) : w->done + w->got_count >= w->want)
        loop_stop(w->loop);
}

static void stop(void *ctx)
{
    loop_stop(ctx);
}

static void hang(void *ctx)
{
    struct coap_pair *w = ctx;
    w->hung = true;
    loop_stop(w->loop);
}

void pair_run(struct coap_pair *w, unsigned want)
{
    w->want = want;
    loop_timer_at(w->guard, clock_mono_ms(&CLOCK_SYSTEM) + GUARD_MS);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    loop_timer_at(w->guard, -1);
    if (w->hung)
        fail_msg("only %u of %u replies came", w->done + w->got_count, want);
    assert_int_equal(w->done + w->got_count, want);
    w->done = w->got_count = 0;
}

void pair_run_until(struct coap_pair *w, bool (*until)(const struct coap_pair *w))
{
    w->until = until;
    loop_timer_at(w->guard, clock_mono_ms(&CLOCK_SYSTEM) + GUARD_MS);
    assert_int_equal(loop_run(w->loop), ERR_OK);
    loop_timer_at(w->guard, -1);
    w->until = NULL;
    assert_false(w->hung);
}

void pair_one_turn(struct coap_pair *w)
{
    w->want = UINT32_MAX;
    loop_timer_at(w->nudge, 0);
    assert_int_equal(loop_run(w->loop), ERR_OK);
}

void pair_port_text(char dst[64], const struct coap_node *n)
{
    snprintf(dst, 64, "127.0.0.1:%u", (unsigned)coap_port(n));
}

int pair_setup(void **state)
{
    struct coap_pair *w = calloc(1, sizeof(*w));
    char port[64];
    struct addr to;
    w->loop = loop_new();
    w->guard = loop_timer_new(w->loop, hang, w);
    w->nudge = loop_timer_new(w->loop, stop, w->loop);
    loop_set_turn(w->loop, turn_end, w);
    w->at_a.reply.code = w->at_b.reply.code = COAP_CHANGED;
    w->in_order = true;
    if (coap_open(w->loop, "127.0.0.1:0", pair_on_request, &w->at_a, &w->a, NULL) ||
        coap_open(w->loop, "127.0.0.1:0", pair_on_request, &w->at_b, &w->b, NULL))
        return -1;
    pair_port_text(port, w->a);
    if (coap_peer_new(w->b, port, &w->to_a, NULL))
        return -1;
    pair_port_text(port, w->b);
    if (coap_peer_new(w->a, port, &w->to_b, NULL))
        return -1;
    w->raw = socket(AF_INET, SOCK_DGRAM, 0);
    if (!addr_literal("127.0.0.1", coap_port(w->b), &to) || connect(w->raw, &to.u.sa, to.len))
        return -1;
    *state = w;
    return 0;
}

int pair_teardown(void **state)
{
    struct coap_pair *w = *state;
    coap_close(w->a);
    coap_close(w->b);
    loop_timer_free(w->guard);
    loop_timer_free(w->nudge);
    loop_free(w->loop);
    if (w->raw >= 0)
        close(w->raw);
    free(w);
    return 0;
}

struct coap_msg pair_message(const char *path, const char *query, struct span payload, bool con)
{
    struct coap_msg m = {.method = COAP_POST, .payload = payload, .confirmable = con};
    snprintf(m.path, sizeof(m.path), "%s", path);
    snprintf(m.query, sizeof(m.query), "%s", query);
    return m;
}

int pair_send(struct coap_pair *w, uint64_t tag)
{
    struct coap_msg m = pair_message("sms/mt", "", span_str("x"), true);
    return coap_send_request(w->to_b, &m, pair_on_done, w, tag);
}

size_t pair_datagram(uint8_t dst[16], bool con, uint8_t code, uint16_t mid, uint8_t token)
{
    const uint8_t d[] = {
        con ? 0x41 : 0x51, code, (uint8_t)(mid >> 8), (uint8_t)mid, token, 0xB1, 'q', 0xFF, 'd'};
    memcpy(dst, d, sizeof(d));
    return sizeof(d);
}

void pair_post_raw(struct coap_pair *w, const void *p, size_t n)
{
    assert_int_equal(send(w->raw, p, n, 0), n);
}
