/* SPDX-License-Identifier: Apache-2.0 */
/* What comes in on a CAT_TP connection (ETSI TS 102 127; facts: ota 3): acknowledgements, data, and
 * what both mean in each state. */
#include "common/bearer/cattp_int.h"

#include <stdlib.h>

/* --- what comes: acknowledgements --- */

/* Only a PDU sent once tells how long the way is. */
static void measure(struct cattp *c, const struct unit *u, int64_t now_ms)
{
    int64_t took = now_ms - u->sent_ms;

    if (u->tries != 1 || u->there)
        return;
    c->srtt_ms = c->srtt_ms < 0 ? took : (c->srtt_ms + took) / 2;
    c->rto_ms = c->srtt_ms * 13 / 10;
    if (c->rto_ms < c->cfg.rto_least_ms)
        c->rto_ms = c->cfg.rto_least_ms;
    if (c->rto_ms > c->cfg.rto_most_ms)
        c->rto_ms = c->cfg.rto_most_ms;
}

/* The number before the oldest that waits, or one that was sent since. */
static bool ack_plausible(const struct cattp *c, uint16_t ack)
{
    uint16_t base = (uint16_t)(c->next - 1);

    if (c->n_out)
        base = (uint16_t)(LIST_ENTRY(c->out.next, struct unit, item)->seq - 1);
    for (struct list *it = c->out.next;; it = it->next) {
        if (ack == base)
            return true;
        if (it == &c->out || !LIST_ENTRY(it, struct unit, item)->tries)
            return false;
        base++;
    }
}

static void acknowledged(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    struct reader r = rd_init(p->eacks);

    LIST_EACH_SAFE(it, next, &c->out) {
        struct unit *u = LIST_ENTRY(it, struct unit, item);
        if (distance(u->seq, p->ack) >= 0x8000)
            break;
        measure(c, u, now_ms);
        list_del(it);
        c->n_out--;
        free(u);
    }
    while (rd_left(&r) >= 2) {
        uint16_t seq = rd_u16(&r);
        LIST_EACH(it, &c->out) {
            struct unit *u = LIST_ENTRY(it, struct unit, item);
            if (u->seq != seq || !u->tries)
                continue;
            measure(c, u, now_ms);
            u->there = true;
        }
    }
}

/* --- what comes: data --- */

/* The number counts before the owner hears: what it sends in return acknowledges it. */
static int deliver(struct cattp *c, uint16_t seq, uint8_t flags, struct span data)
{
    if (data.n > c->cfg.max_sdu - c->sdu.n)
        return ERR_TOO_LARGE;
    buf_add_span(&c->sdu, data);
    if (c->sdu.failed)
        return ERR_NOMEM;
    c->got = seq;
    if (!(flags & (CATTP_SEG | CATTP_NUL))) {
        c->port.sdu(c->port.ctx, buf_span(&c->sdu));
        buf_reset(&c->sdu);
    }
    return ERR_OK;
}

static int hold(struct cattp *c, const struct cattp_pdu *p)
{
    struct list *at = &c->held;
    struct unit *u;

    LIST_EACH(it, &c->held) {
        uint16_t seq = LIST_ENTRY(it, struct unit, item)->seq;
        if (seq == p->seq)
            return ERR_OK;
        if (distance(c->got, seq) > distance(c->got, p->seq)) {
            at = it;
            break;
        }
    }
    u = cattp_unit_new(p->seq, p->flags, p->data);
    if (!u)
        return ERR_NOMEM;
    list_push(at, &u->item); /* before the first that is later */
    c->n_held++;
    return ERR_OK;
}

static int in_order(struct cattp *c, const struct cattp_pdu *p)
{
    int err = deliver(c, p->seq, p->flags, p->data);

    while (!err && c->state == CATTP_OPEN && c->n_held) {
        struct unit *u = LIST_ENTRY(c->held.next, struct unit, item);
        if (distance(c->got, u->seq) != 1)
            break;
        list_del(&u->item);
        c->n_held--;
        err = deliver(c, u->seq, u->flags, span_of(u->b, u->n));
        free(u);
    }
    return err;
}

static int receive(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    uint16_t ahead = distance(c->got, p->seq);
    int err = ERR_OK;

    if (!p->data.n && !(p->flags & CATTP_NUL))
        return ERR_OK;
    c->owed = true;
    if (ahead == 1)
        err = in_order(c, p);
    else if (ahead > 1 && ahead <= c->cfg.window)
        err = hold(c, p);
    if (err == ERR_TOO_LARGE) { /* more than the SYN said we take */
        cattp_refuse(c, CATTP_ILLEGAL, c->got, now_ms);
        return ERR_OK;
    }
    if (c->owed && c->state == CATTP_OPEN)
        cattp_acknowledge(c);
    return err;
}

/* --- what comes, by state --- */
static int syn_taken(struct cattp *c, const struct cattp_pdu *p)
{
    if (p->max_pdu < CATTP_PDU_LEAST || p->id.n > sizeof c->peer_id)
        return ERR_INVAL;
    c->peer_port = p->source;
    c->peer_max_pdu = p->max_pdu;
    c->peer_max_sdu = p->max_sdu;
    c->peer_window = p->window;
    c->peer_first = c->got = p->seq;
    c->peer_id_n = p->id.n;
    if (p->id.n)
        memcpy(c->peer_id, p->id.p, p->id.n);
    return ERR_OK;
}

static int in_listen(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    if (p->flags & CATTP_RST)
        return ERR_STATE;
    c->peer_port = p->source;
    if (!(p->flags & CATTP_SYN) || p->flags & CATTP_ACK) {
        cattp_reset(c, CATTP_UNEXPECTED, p->seq);
        c->peer_port = c->cfg.remote_port;
        return ERR_STATE;
    }
    if (syn_taken(c, p)) {
        cattp_refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    if (cattp_queue(c, CATTP_SYN | CATTP_ACK, (struct span){NULL, 0})) {
        c->peer_port = c->cfg.remote_port;
        return ERR_NOMEM;
    }
    c->state = CATTP_SYN_RCVD;
    cattp_pump(c, now_ms);
    return ERR_OK;
}

static void opened(struct cattp *c, int64_t now_ms)
{
    c->state = CATTP_OPEN;
    c->idle_due_ms = now_ms + c->cfg.idle_ms;
    c->port.opened(c->port.ctx, span_of(c->peer_id, c->peer_id_n));
}

static int in_syn_sent(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    bool ours = p->flags & CATTP_ACK && p->ack == c->cfg.first_seq;

    if (!ours)
        return ERR_STATE;
    if (p->flags & CATTP_RST) {
        cattp_end(c, p->reason, true, now_ms);
        return ERR_OK;
    }
    if (!(p->flags & CATTP_SYN))
        return ERR_STATE;
    if (syn_taken(c, p)) {
        cattp_refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    acknowledged(c, p, now_ms);
    c->owed = true;
    opened(c, now_ms);
    if (c->owed && c->state == CATTP_OPEN)
        cattp_acknowledge(c);
    return ERR_OK;
}

/* A SYN of the connection that stands is a late copy; another one is illegal. */
static int syn_again(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    if (p->seq != c->peer_first) {
        cattp_refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    if (c->state == CATTP_SYN_RCVD)
        cattp_transmit(c, LIST_ENTRY(c->out.next, struct unit, item), now_ms);
    else
        cattp_acknowledge(c);
    return ERR_OK;
}

/* Whoever ends a connection knows where it stands; a stranger has to guess. */
static bool reset_plausible(const struct cattp *c, const struct cattp_pdu *p)
{
    return distance(c->got, p->seq) <= c->cfg.window + 1u;
}

static int in_connection(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    int err;

    if (p->flags & CATTP_SYN)
        return syn_again(c, p, now_ms);
    if (p->flags & CATTP_RST) {
        if (!reset_plausible(c, p))
            return ERR_STATE;
        cattp_end(c, p->reason, true, now_ms);
        return ERR_OK;
    }
    if (!ack_plausible(c, p->ack))
        return ERR_STATE;
    c->peer_window = p->window;
    acknowledged(c, p, now_ms);
    if (c->state == CATTP_SYN_RCVD) {
        if (c->n_out)
            return ERR_STATE;
        opened(c, now_ms);
    }
    c->idle_due_ms = now_ms + c->cfg.idle_ms;
    err = c->state == CATTP_OPEN ? receive(c, p, now_ms) : ERR_OK;
    if (c->state == CATTP_OPEN)
        cattp_pump(c, now_ms);
    return err;
}

int cattp_input(struct cattp *c, struct span pdu, int64_t now_ms)
{
    struct cattp_pdu p;
    int err = cattp_parse(pdu, &p);

    if (err == ERR_UNSUPPORTED && c->state == CATTP_LISTEN && p.flags & CATTP_SYN &&
        p.destination == c->cfg.local_port) {
        c->peer_port = p.source;
        cattp_reset(c, CATTP_VERSION, p.seq);
        c->peer_port = c->cfg.remote_port;
    }
    if (err)
        return err;
    if (p.destination != c->cfg.local_port || (c->peer_port && p.source != c->peer_port))
        return ERR_NOT_FOUND;
    switch (c->state) {
    case CATTP_LISTEN:
        return in_listen(c, &p, now_ms);
    case CATTP_SYN_SENT:
        return in_syn_sent(c, &p, now_ms);
    case CATTP_SYN_RCVD:
    case CATTP_OPEN:
        return in_connection(c, &p, now_ms);
    case CATTP_CLOSE_WAIT: /* its RST was lost, or has not come yet */
        if (!(p.flags & CATTP_RST))
            cattp_reset(c, c->reason, p.seq);
        return ERR_STATE;
    default:
        return ERR_STATE;
    }
}
