/* SPDX-License-Identifier: Apache-2.0 */
/* The card's CAT_TP link (ETSI TS 102 127; SGP.02 2.4.3): a push opens a UDP channel, the card says
 * who it is in its SYN, secured packets come and are answered. One link a card, never taken up
 * again: who wants another one pushes. */
#include <stdlib.h>

#include "tools/euiccsim/card/card_int.h"

#define LINK_PDU  1024u            /* what the carriers here take as one datagram */
#define LINK_PORT 1001u            /* the card's own: any will do */

struct link {
    struct cattp *conn;            /* NULL: the device opens the channel */
    uint16_t port;
    uint8_t id[CATTP_ID_MAX];
    size_t id_n;
    int64_t due_ms;                /* of the opening */
    bool over;
    /* during a call */
    struct card *c;
    int64_t now_ms;
    struct card_actions *out;
    int err;
};

static void link_free(struct link *l)
{
    if (!l)
        return;
    cattp_free(l->conn);
    free(l);
}

bool link_drop(struct card *c)
{
    bool open = c->link != NULL;

    link_free(c->link);
    c->link = NULL;
    return open;
}

/* --- what the connection says --- */
static void note(struct link *l, int rc)
{
    if (l->err == ERR_OK)
        l->err = rc;
}

static void on_pdu(void *ctx, struct span pdu)
{
    struct link *l = ctx;
    int rc = action_datagram(l->out, pdu);

    note(l, rc == ERR_FULL ? ERR_OK : rc);     /* as lost: it is sent again */
}

static void on_opened(void *ctx, struct span id)
{
    (void)ctx;
    (void)id;
}

static void on_sdu(void *ctx, struct span sdu)
{
    struct link *l = ctx;

    note(l, secured_in(l->c, PACKET_CATTP, NULL, sdu, l->now_ms, l->out));
}

static void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct link *l = ctx;

    (void)reason;
    (void)by_peer;
    l->over = true;
}

static void call(struct card *c, int64_t now_ms, struct card_actions *out)
{
    c->link->c = c;
    c->link->now_ms = now_ms;
    c->link->out = out;
    c->link->err = ERR_OK;
}

/* Behind each call of the connection: one that is over goes, and what waited for its end
 * happens. */
static int settle(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct link *l = c->link;
    int rc = l->err;

    if (rc != ERR_OK || !l->over)
        return rc == ERR_OK ? ledger_tell(c, out) : rc;
    (void)link_drop(c);
    rc = action_plain(out, CARD_UDP_CLOSE);
    if (rc == ERR_OK && !c->change.postponed)
        rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int link_por(struct card *c, struct span packet)
{
    struct link *l = c->link;
    int rc;

    if ((c->quirks & QUIRK_LINK_CUT) && !c->link_was_cut) {
        c->link_was_cut = l->over = true;
        return ERR_OK;
    }
    rc = cattp_send(l->conn, packet, l->now_ms);
    return rc == ERR_NOMEM ? rc : ERR_OK;      /* what the other end does not take is not said */
}

/* --- the push --- */
int link_open(struct card *c, const struct push_channel *channel, const struct push_link *pl,
              int64_t now_ms, struct card_actions *out)
{
    struct link *l;
    int rc = ERR_OK;

    if (c->link && c->link->conn) {
        call(c, now_ms, out);
        cattp_close(c->link->conn, now_ms);
        rc = c->link->err;
    }
    if (rc == ERR_OK && link_drop(c))
        rc = action_plain(out, CARD_UDP_CLOSE);
    if (rc != ERR_OK)
        return rc;
    l = calloc(1, sizeof(*l));
    if (!l)
        return ERR_NOMEM;
    l->port = pl->port;
    l->id_n = pl->id.n;
    if (l->id_n > 0) {
        memcpy(l->id, pl->id.p, pl->id.n);
    } else {                       /* nothing was said: the EID */
        memcpy(l->id, c->eid.b, sizeof(c->eid.b));
        l->id_n = sizeof(c->eid.b);
    }
    l->due_ms = now_ms + timer_ms(c, CARD_TIMER_HTTPS_IDLE);
    c->link = l;
    return action_open_udp(out, channel->ipv4, channel->port);
}

static struct cattp *connection_new(struct card *c, struct link *l)
{
    struct cattp_config cfg = cattp_config_scaled(c->w->time_scale);
    const struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, l};

    cfg.local_port = LINK_PORT;
    cfg.remote_port = l->port;
    cfg.max_pdu = LINK_PDU;
    cfg.max_sdu = PACKET_MAX;
    cfg.first_seq = (uint16_t)rng_u64(c->w->rng);
    cfg.idle_ms = timer_ms(c, CARD_TIMER_HTTPS_IDLE);
    cfg.linger_ms = 1;             /* the channel goes with the link: stragglers find nobody */
    return cattp_new(&cfg, &port);
}

/* --- the device --- */
int card_udp_opened(struct card *c, bool ok, int64_t now_ms, struct card_actions *out)
{
    struct link *l = c->link;
    int rc;

    if (!l || l->conn)
        return ok ? action_plain(out, CARD_UDP_CLOSE) : ERR_OK;
    if (!ok) {
        (void)link_drop(c);
        return ERR_OK;
    }
    l->conn = connection_new(c, l);
    if (!l->conn)
        return ERR_NOMEM;
    call(c, now_ms, out);
    rc = cattp_connect(l->conn, span_of(l->id, l->id_n), now_ms);
    return rc == ERR_OK ? settle(c, now_ms, out) : rc;
}

int card_datagram(struct card *c, struct span pdu, int64_t now_ms, struct card_actions *out)
{
    int rc;

    if (!c->link || !c->link->conn)
        return ERR_OK;             /* of a link that is gone */
    call(c, now_ms, out);
    rc = cattp_input(c->link->conn, pdu, now_ms);
    return rc == ERR_NOMEM ? rc : settle(c, now_ms, out);
}

int card_udp_closed(struct card *c, int64_t now_ms, struct card_actions *out)
{
    int rc = ERR_OK;

    if (c->link) {
        (void)link_drop(c);
        if (!c->change.postponed)
            rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    }
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int link_timer(struct card *c, int64_t now_ms, struct card_actions *out)
{
    struct link *l = c->link;

    if (!l || now_ms < link_due(c))
        return ERR_OK;
    if (!l->conn) {                /* the device says nothing */
        (void)link_drop(c);
        return action_plain(out, CARD_UDP_CLOSE);
    }
    call(c, now_ms, out);
    cattp_timer(l->conn, now_ms);
    return settle(c, now_ms, out);
}

int64_t link_due(const struct card *c)
{
    if (!c->link)
        return 0;
    return c->link->conn ? cattp_due(c->link->conn) : c->link->due_ms;
}
