/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/euiccsim/net/reader_link.h"

#include "common/base/log.h"
#include "common/net/addr.h"
#include "common/net/tcp.h"
#include "tools/euiccsim/card/terminal.h"
#include "tools/euiccsim/net/vpcd.h"

#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS  5000
#define REDIAL_LEAST 200
#define REDIAL_MOST  5000
#define UNSENT_MAX   4096u /* a driver asks, then reads the answer */

struct reader_link {
    struct loop *loop;
    const struct clock *clock;
    char address[ADDR_HOST + 8];
    struct simnet *net;
    struct eid eid;
    struct tcp *tcp; /* NULL between two dials */
    bool in, told;   /* the reader has spoken to the card; nobody does, and that was said */
    int64_t redial_ms;
    struct loop_timer *redial;
    struct vpcd frames;
    struct terminal terminal;
};

/* --- the connection --- */
static void hang_up(struct reader_link *r, const char *why)
{
    if (r->in || !r->told)
        log_notice("reader", "vpcd at %s %s: %s", r->address,
                   r->in ? "is gone and is dialled again" : "is not there and is dialled again",
                   why);
    r->told = true;
    r->in = false;
    tcp_close(r->tcp);
    r->tcp = NULL;
    loop_timer_at(r->redial, clock_mono_ms(r->clock) + r->redial_ms);
    r->redial_ms = r->redial_ms * 2 < REDIAL_MOST ? r->redial_ms * 2 : REDIAL_MOST;
}

static void on_closed(void *ctx, const char *why)
{
    hang_up(ctx, why);
}

static void on_opened(void *ctx)
{
    struct reader_link *r = ctx;

    r->frames = (struct vpcd){0};
    terminal_reset(&r->terminal, simnet_card_of(r->net, &r->eid));
}

/* A reader with another card in it takes connections, too, and says nothing. */
static void heard(struct reader_link *r)
{
    if (r->in)
        return;
    log_notice("reader", "the card is in the reader of vpcd at %s", r->address);
    r->in = true;
    r->told = false;
    r->redial_ms = REDIAL_LEAST;
}

/* --- what the reader asks --- */
static int reply(struct reader_link *r, struct span payload)
{
    uint8_t room[2 + TERMINAL_ANSWER_MAX];
    struct writer w = wr_init(room, sizeof(room));

    vpcd_put(&w, payload);
    if (w.failed || tcp_unsent(r->tcp) > UNSENT_MAX)
        return ERR_FULL;
    return tcp_send(r->tcp, wr_view(&w));
}

static int serve(struct reader_link *r, const struct vpcd_msg *m)
{
    /* The network may have made another struct of it since: power cuts do. */
    const struct card *c = simnet_card_of(r->net, &r->eid);
    uint8_t room[TERMINAL_ANSWER_MAX];
    struct writer w = wr_init(room, sizeof(room));

    switch (m->kind) {
    case VPCD_ATR:
        return reply(r, terminal_atr());
    case VPCD_APDU:
        terminal_apdu(&r->terminal, c, m->apdu, &w);
        return reply(r, wr_view(&w));
    default:
        terminal_reset(&r->terminal, c);
        return ERR_OK;
    }
}

static void on_bytes(void *ctx, struct span bytes)
{
    struct reader_link *r = ctx;
    struct vpcd_msg m;
    int rc;

    while ((rc = vpcd_next(&r->frames, &bytes, &m)) == ERR_OK) {
        heard(r);
        rc = serve(r, &m);
        if (rc != ERR_OK)
            break;
    }
    if (rc != ERR_AGAIN)
        hang_up(r, rc == ERR_FORMAT ? "what it says is not of vpcd" : err_text(rc));
}

static void dial(void *ctx)
{
    struct reader_link *r = ctx;
    const struct tcp_events ev = {on_opened, on_bytes, on_closed, r};
    struct errmsg why = {""};

    if (tcp_dial(r->loop, r->address, PATIENCE_MS, &ev, &r->tcp, &why) != ERR_OK)
        hang_up(r, why.text);
}

/* --- life --- */
int reader_link_open(struct loop *l, const char *vpcd, const struct clock *clock,
                     struct reader_link **ret, struct errmsg *why)
{
    struct reader_link *r = calloc(1, sizeof(*r));
    char host[ADDR_HOST];
    uint16_t port;
    int rc = addr_split(vpcd, host, &port, why);

    *ret = NULL;
    if (rc == ERR_OK && r) {
        r->loop = l;
        r->clock = clock;
        r->redial_ms = REDIAL_LEAST;
        (void)snprintf(r->address, sizeof(r->address), "%s", vpcd);
        r->redial = loop_timer_new(l, dial, r);
    }
    if (rc == ERR_OK && (!r || !r->redial))
        rc = errmsg_set(why, ERR_NOMEM, "no memory for the reader");
    if (rc != ERR_OK) {
        reader_link_close(r);
        return rc;
    }
    *ret = r;
    return ERR_OK;
}

int reader_link_attach(struct reader_link *r, struct simnet *net, const struct eid *eid)
{
    r->net = net;
    r->eid = *eid;
    if (!simnet_card_of(net, eid))
        return ERR_NOT_FOUND;
    loop_timer_at(r->redial, clock_mono_ms(r->clock));
    return ERR_OK;
}

void reader_link_close(struct reader_link *r)
{
    if (!r)
        return;
    tcp_close(r->tcp);
    loop_timer_free(r->redial);
    free(r);
}
