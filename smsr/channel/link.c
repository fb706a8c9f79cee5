/* SPDX-License-Identifier: Apache-2.0 */
/* CAT_TP links of cards (ETSI TS 102 127; SGP.02 2.4.3): a SYN with the identification of a push
 * opens one, armed packets leave over it, and what comes back proves itself as by SMS. Who a card
 * says it is only tells which keys are tried. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"
#include "smsr/es5/es5.h"

#define LINK_PDU 1024u              /* one unit of every carrier */

/* A timer list takes one length, a link any: it waits in pieces, never longer than it may. */
static const int64_t WAIT_MS[LINK_WAITS] = {50, 400, 3000, 20000, 120000};

struct link {
    struct channel *ch;
    uint64_t conn;
    struct cattp *c;
    struct uuid id;
    struct eid eid;
    struct due hold, wait;
    bool open;                      /* the mailbox was told, its end will be */
    uint32_t chained;               /* TAR with which script chaining is open; 0: none */
    const char *why;                /* our own reason to end it */
};

static struct span conn_key(const uint64_t *conn)
{
    return span_of(conn, sizeof *conn);
}

static struct link *link_by_id(const struct channel *ch, const struct uuid *id)
{
    return map_get(ch->links_by_id, span_of(id->b, sizeof id->b));
}

static struct link *link_of(const struct channel *ch, const struct eid *eid)
{
    return map_get(ch->links_by_eid, span_of(eid->b, sizeof eid->b));
}

static void link_free(struct channel *ch, struct link *l)
{
    (void)map_del(ch->links, conn_key(&l->conn));
    due_clear(&l->hold);
    due_clear(&l->wait);
    cattp_free(l->c);
    free(l);
}

/* Behind everything that may have changed the connection; false: it is over, and nothing of it is
 * left. */
static bool link_settle(struct channel *ch, struct link *l)
{
    int64_t due = cattp_due(l->c), now = channel_now(ch), left = due > now ? due - now : 0;
    unsigned i = LINK_WAITS - 1;

    if (cattp_state(l->c) == CATTP_CLOSED || cattp_state(l->c) == CATTP_LISTEN) {
        link_free(ch, l);
        return false;
    }
    while (i > 0 && clock_scaled(WAIT_MS[i], ch->env->time_scale) > left)
        i--;
    due_set(ch, (enum due_kind)(DUE_LINK + i), &l->wait,
            clock_scaled(WAIT_MS[i], ch->env->time_scale));
    return true;
}

static void datagram_send(struct channel *ch, uint64_t conn, struct span pdu)
{
    ch->n.datagram_sent++;
    tap_datagram(ch, true, conn, pdu);
    (void)ch->carrier.datagram(ch->carrier.ctx, conn, pdu);
}

/* --- what the connection says --- */
static void on_pdu(void *ctx, struct span pdu)
{
    struct link *l = ctx;
    struct channel *ch = l->ch;

    datagram_send(ch, l->conn, pdu);
}

static void timer_hold(struct link *l)
{
    due_set(l->ch, DUE_LINK_HOLD, &l->hold, l->ch->env->timer_ms[TIMER_SESSION_HOLD]);
}

static void link_forget(struct link *l)
{
    struct channel *ch = l->ch;

    if (!l->open)
        return;
    l->open = false;
    due_clear(&l->hold);
    (void)map_del(ch->links_by_id, span_of(l->id.b, sizeof l->id.b));
    (void)map_del(ch->links_by_eid, span_of(l->eid.b, sizeof l->eid.b));
    turn_way_closed(ch, &l->eid);
}

/* Ends it at our end; why NULL: the mailbox knows. */
static void link_end(struct link *l, const char *why)
{
    l->why = why;
    if (!why)
        link_forget(l);
    cattp_close(l->c, channel_now(l->ch));
}

static void on_opened(void *ctx, struct span id)
{
    struct link *l = ctx;
    struct channel *ch = l->ch;
    struct input in = {.kind = IN_LINK};
    struct link *old = link_of(ch, &l->eid);

    (void)id;                       /* looked at before the SYN was answered */
    if (old) {
        link_end(old, "the card opened another link");
        (void)link_settle(ch, old);
    }
    if (map_put(ch->links_by_id, span_of(l->id.b, sizeof l->id.b), l)) {
        link_end(l, NULL);
        return;
    }
    if (map_put(ch->links_by_eid, span_of(l->eid.b, sizeof l->eid.b), l)) {
        (void)map_del(ch->links_by_id, span_of(l->id.b, sizeof l->id.b));
        link_end(l, NULL);
        return;
    }
    l->open = true;
    data_take(ch, &l->eid, NULL, DATA_WAY);
    ch->n.link_opened++;
    timer_hold(l);
    in.u.link.session = l->id;
    channel_post(ch, &l->eid, &in);
}

static void on_sdu(void *ctx, struct span sdu)
{
    struct link *l = ctx;
    struct channel *ch = l->ch;
    enum por_fate fate;

    if (!l->open)
        return;
    fate = por_take(ch, &l->eid, PACKET_CATTP, sdu, NULL);
    ch->n.link_sdu_refused += fate < POR_UNPROVEN;
    if (fate == POR_ACCEPTED)       /* until then the time of the command that is out counts */
        timer_hold(l);
}

static void on_ended(void *ctx, uint8_t reason, bool by_peer)
{
    struct link *l = ctx;
    struct channel *ch = l->ch;
    struct input in = {.kind = IN_SESSION_END};

    if (!l->open)
        return;
    link_forget(l);
    ch->n.link_lost += !l->why;
    in.u.session_end.session = l->id;
    in.u.session_end.why = span_str(l->why                     ? l->why
                                    : by_peer                  ? "the card ended the link"
                                    : reason == CATTP_RETRIES  ? "the card does not answer"
                                                               : "the link was idle or broken");
    channel_post(ch, &l->eid, &in);
}

/* --- from the carrier --- */
static struct cattp *connection_new(struct link *l)
{
    struct cattp_config cfg = cattp_config_scaled(l->ch->env->time_scale);
    const struct cattp_port port = {on_pdu, on_opened, on_sdu, on_ended, l};
    uint8_t seq[2];

    rng_fill(&l->ch->rng, seq, sizeof seq);
    cfg.local_port = CATTP_PORT;
    cfg.max_pdu = LINK_PDU;
    cfg.max_sdu = PACKET_MAX;
    cfg.first_seq = (uint16_t)(seq[0] << 8 | seq[1]);
    return cattp_new(&cfg, &port);
}

static struct link *link_new(struct channel *ch, uint64_t conn, const struct eid *eid)
{
    struct link *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->ch = ch;
    l->conn = conn;
    l->eid = *eid;
    due_init(&l->hold);
    due_init(&l->wait);
    uuid_v7(&l->id, clock_wall_ms(ch->clock), &ch->rng);
    l->c = connection_new(l);
    if (l->c && cattp_listen(l->c) == ERR_OK && map_put(ch->links, conn_key(&l->conn), l) == ERR_OK)
        return l;
    cattp_free(l->c);
    free(l);
    return NULL;
}

/* The card whose running operation asked for a link under this identification. */
static bool asked_for(struct channel *ch, struct span id, struct eid *ret)
{
    uint8_t expected[ES5_LINK_ID];
    const struct euicc *e;

    if (id.n != sizeof expected)
        return false;
    memcpy(ret->b, id.p, sizeof ret->b);
    if (!guard_link_open(ch, ret)) {
        ch->n.link_throttled++;
        return false;
    }
    e = ch->port.euicc(ch->port.ctx, ret);
    if (e && e->cattp && e->n_ops) {
        es5_link_id(&e->eid, &e->ops[0]->id, expected);
        if (!memcmp(expected, id.p, sizeof expected))
            return true;
    }
    guard_link_unknown(ch, ret);
    return false;
}

/* To who has no link here: so that a card gives up at once. A RST is answered with nothing. */
static void refuse(struct channel *ch, uint64_t conn, const struct cattp_pdu *p, uint8_t reason)
{
    uint8_t room[CATTP_HEADER + 1];
    struct writer w = wr_init(room, sizeof room);
    struct cattp_pdu rst = {.flags = CATTP_RST | CATTP_ACK, .source = p->destination,
                            .destination = p->source, .seq = (uint16_t)(p->ack + 1), .ack = p->seq,
                            .reason = reason};

    cattp_put(&w, &rst);
    if (w.failed)
        return;
    datagram_send(ch, conn, wr_view(&w));
}

/* Of no link: the SYN of one that was asked for, or nobody's. */
static bool first_pdu(struct channel *ch, uint64_t conn, struct span pdu)
{
    struct cattp_pdu p;
    struct link *l;
    struct eid eid;
    int err;

    err = cattp_parse(pdu, &p);
    if ((err && err != ERR_UNSUPPORTED) || p.flags & CATTP_RST) {
        ch->n.datagram_dropped++;
        return false;
    }
    if (err) {
        ch->n.datagram_dropped++;
        refuse(ch, conn, &p, CATTP_VERSION);
        return false;
    }
    if (p.destination != CATTP_PORT || !(p.flags & CATTP_SYN) || p.flags & CATTP_ACK) {
        ch->n.datagram_dropped++;
        refuse(ch, conn, &p, p.destination != CATTP_PORT ? CATTP_NO_PORT : CATTP_UNEXPECTED);
        return false;
    }
    if (!asked_for(ch, p.id, &eid)) {
        ch->n.link_unknown++;
        refuse(ch, conn, &p, CATTP_UNABLE);
        return false;
    }
    l = link_new(ch, conn, &eid);
    if (!l) {
        ch->n.link_overflow++;
        refuse(ch, conn, &p, CATTP_UNABLE);
        return false;
    }
    ch->n.datagram_dropped += cattp_input(l->c, pdu, channel_now(ch)) != ERR_OK;
    return link_settle(ch, l);
}

bool channel_datagram(struct channel *ch, uint64_t conn, struct span pdu)
{
    struct link *l = map_get(ch->links, conn_key(&conn));

    ch->n.datagram_received++;
    tap_datagram(ch, false, conn, pdu);
    if (!l)
        return first_pdu(ch, conn, pdu);
    ch->n.datagram_dropped += cattp_input(l->c, pdu, channel_now(ch)) != ERR_OK;
    return link_settle(ch, l);
}

/* Outside of a datagram the carrier has to be told. */
static void settle_and_tell(struct channel *ch, struct link *l)
{
    uint64_t conn = l->conn;

    if (!link_settle(ch, l))
        ch->carrier.datagram_end(ch->carrier.ctx, conn);
}

/* --- from plans --- */
int channel_link(struct channel *ch, const struct out_link *o)
{
    struct link *l = link_by_id(ch, &o->session);
    int err;

    if (!l)
        return ERR_NOT_FOUND;
    due_clear(&l->hold);
    l->chained = o->chained;
    tap_command(ch, &l->eid, PACKET_CATTP, o->armed->data);
    err = cattp_send(l->c, o->armed->data, channel_now(ch));
    if (err)                        /* a card that takes less, or no room: as silence */
        link_end(l, "the packet could not be sent");
    settle_and_tell(ch, l);
    return err;
}

bool channel_linked(const struct channel *ch, const struct eid *eid, struct uuid *ret_link,
                    uint32_t *ret_chained)
{
    const struct link *l = link_of(ch, eid);

    if (!l)
        return false;
    *ret_link = l->id;
    *ret_chained = l->chained;
    return true;
}

void link_close(struct channel *ch, const struct uuid *id)
{
    struct link *l = link_by_id(ch, id);

    if (!l)
        return;
    link_end(l, NULL);
    settle_and_tell(ch, l);
}

/* --- time --- */
void link_hold_due(struct channel *ch, struct list *in)
{
    struct link *l = LIST_ENTRY(in, struct link, hold.in);

    ch->n.link_held_out++;
    link_end(l, "there was nothing to be done in time");
    settle_and_tell(ch, l);
}

void link_wait_due(struct channel *ch, struct list *in)
{
    struct link *l = LIST_ENTRY(in, struct link, wait.in);
    int64_t due = cattp_due(l->c), now = channel_now(ch);

    if (due && due <= now)
        cattp_timer(l->c, now);
    settle_and_tell(ch, l);
}

void link_fini(struct channel *ch)
{
    void *at = NULL, *v = NULL;

    while (ch->links && map_next(ch->links, &at, NULL, &v)) {
        struct link *l = v;
        ch->carrier.datagram_end(ch->carrier.ctx, l->conn);
        cattp_free(l->c);
        free(l);
    }
    map_free(ch->links);
    map_free(ch->links_by_id);
    map_free(ch->links_by_eid);
}
