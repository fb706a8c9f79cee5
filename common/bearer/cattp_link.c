/* SPDX-License-Identifier: Apache-2.0 */
#include "common/bearer/cattp_link.h"

#include "common/base/list.h"
#include "common/base/mem.h"

#include <stdlib.h>

#define OUT_MAX 256u

/* A PDU that uses a sequence number: kept until it is acknowledged. */
struct unit {
    struct list item;
    uint16_t seq;
    uint8_t flags;
    unsigned tries;                /* 0: its turn has not come */
    bool there;                    /* an EACK named it */
    int64_t sent_ms, due_ms;
    size_t n;
    uint8_t b[];
};

struct cattp {
    struct cattp_config cfg;
    struct cattp_port port;
    enum cattp_state state;
    uint8_t reason;                /* CLOSE_WAIT: what stragglers are told */
    uint8_t id[CATTP_ID_MAX], peer_id[CATTP_ID_MAX];
    size_t id_n, peer_id_n;
    uint16_t peer_port, peer_max_pdu, peer_max_sdu, peer_window;
    uint16_t peer_first;           /* sequence of the other end's SYN */
    uint16_t next;                 /* the next unused number */
    uint16_t got;                  /* the last that came in order */
    struct list out, held;         /* struct unit: ours; theirs that came ahead, by number */
    unsigned n_out, n_held;
    bool owed;                     /* an acknowledgement */
    struct buf sdu;
    int64_t srtt_ms, rto_ms;       /* srtt -1: nothing measured yet */
    int64_t idle_due_ms, linger_due_ms;
    uint8_t *room;                 /* one PDU */
};

struct cattp_config cattp_config_default(void)
{
    return (struct cattp_config){
        .max_pdu = 1024, .max_sdu = 0xFFFF, .window = 10, .first_seq = 1, .tries = 10,
        .rto_least_ms = 2000, .rto_most_ms = 60000, .idle_ms = 20 * 60000, .linger_ms = 60000};
}

static uint16_t distance(uint16_t from, uint16_t to)
{
    return (uint16_t)(to - from);
}

static void empty(struct list *l, unsigned *n)
{
    struct list *it;

    while ((it = list_pop(l)))
        free(LIST_ENTRY(it, struct unit, item));
    *n = 0;
}

struct cattp *cattp_new(const struct cattp_config *cfg, const struct cattp_port *port)
{
    struct cattp *c;

    if (cfg->max_pdu < CATTP_PDU_LEAST || !cfg->window || cfg->window > CATTP_EACKS_MAX)
        return NULL;
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->cfg = *cfg;
    c->port = *port;
    list_init(&c->out);
    list_init(&c->held);
    buf_init(&c->sdu, cfg->max_sdu);
    c->room = malloc(cfg->max_pdu > UINT8_MAX ? cfg->max_pdu : UINT8_MAX);
    if (c->room)
        return c;
    cattp_free(c);
    return NULL;
}

void cattp_free(struct cattp *c)
{
    if (!c)
        return;
    empty(&c->out, &c->n_out);
    empty(&c->held, &c->n_held);
    buf_fini(&c->sdu);
    free(c->room);
    free(c);
}

enum cattp_state cattp_state(const struct cattp *c)
{
    return c->state;
}

/* --- what leaves --- */
static void emit(struct cattp *c, struct cattp_pdu *p)
{
    struct writer w =
        wr_init(c->room, c->cfg.max_pdu > UINT8_MAX ? c->cfg.max_pdu : UINT8_MAX);

    p->source = c->cfg.local_port;
    p->destination = c->peer_port;
    p->window = (uint16_t)(c->cfg.window - c->n_held);
    cattp_put(&w, p);
    if (!w.failed)
        c->port.pdu(c->port.ctx, wr_view(&w));
}

/* An acknowledgement alone; it lists what came ahead of a lost PDU. */
static void acknowledge(struct cattp *c)
{
    uint8_t list[2 * CATTP_EACKS_MAX];
    struct writer w = wr_init(list, sizeof list);
    struct cattp_pdu p = {.flags = CATTP_ACK, .seq = c->next, .ack = c->got};

    LIST_EACH(it, &c->held)
        wr_u16(&w, LIST_ENTRY(it, struct unit, item)->seq);
    c->owed = false;
    if (c->n_held) {
        p.flags |= CATTP_EACK;
        p.eacks = wr_view(&w);
    }
    emit(c, &p);
}

static void reset(struct cattp *c, uint8_t reason, uint16_t ack)
{
    struct cattp_pdu p = {
        .flags = CATTP_RST | CATTP_ACK, .seq = c->next, .ack = ack, .reason = reason};

    emit(c, &p);
}

static void transmit(struct cattp *c, struct unit *u, int64_t now_ms)
{
    struct cattp_pdu p = {.flags = u->flags, .seq = u->seq, .data = span_of(u->b, u->n)};
    int64_t wait = c->rto_ms;

    if (u->flags & CATTP_SYN) {
        p.max_pdu = c->cfg.max_pdu;
        p.max_sdu = c->cfg.max_sdu;
        p.id = span_of(c->id, c->id_n);
    }
    if (u->flags & CATTP_ACK) {
        p.ack = c->got;
        c->owed = c->owed && c->n_held;
    }
    for (unsigned i = 0; i < u->tries && wait < c->cfg.rto_most_ms; i++)
        wait *= 2;
    u->sent_ms = now_ms;
    u->due_ms = now_ms + (wait < c->cfg.rto_most_ms ? wait : c->cfg.rto_most_ms);
    u->tries++;
    emit(c, &p);
}

/* As many as the other end takes; one at least, or a closed window would never open again. */
static void pump(struct cattp *c, int64_t now_ms)
{
    uint16_t window = c->peer_window ? c->peer_window : 1;
    uint16_t oldest = c->next;

    LIST_EACH(it, &c->out) {
        struct unit *u = LIST_ENTRY(it, struct unit, item);
        if (it == c->out.next)
            oldest = u->seq;
        if (distance(oldest, u->seq) >= window)
            return;
        if (!u->tries)
            transmit(c, u, now_ms);
    }
}

static struct unit *unit_new(uint16_t seq, uint8_t flags, struct span data)
{
    struct unit *u = calloc(1, sizeof *u + data.n);

    if (!u)
        return NULL;
    u->seq = seq;
    u->flags = flags;
    u->n = data.n;
    if (data.n)
        memcpy(u->b, data.p, data.n);
    return u;
}

static int queue(struct cattp *c, uint8_t flags, struct span data)
{
    struct unit *u = unit_new(c->next, flags, data);

    if (!u)
        return ERR_NOMEM;
    c->next++;
    c->n_out++;
    list_push(&c->out, &u->item);
    return ERR_OK;
}

/* --- the ends --- */
static void begin(struct cattp *c)
{
    empty(&c->out, &c->n_out);
    empty(&c->held, &c->n_held);
    buf_reset(&c->sdu);
    c->next = c->cfg.first_seq;
    c->peer_port = c->cfg.remote_port;
    c->peer_window = 1;
    c->peer_id_n = 0;
    c->owed = false;
    c->srtt_ms = -1;
    c->rto_ms = c->cfg.rto_least_ms;
    c->idle_due_ms = c->linger_due_ms = 0;
}

int cattp_connect(struct cattp *c, struct span id, int64_t now_ms)
{
    if (c->state != CATTP_CLOSED)
        return ERR_STATE;
    if (id.n > sizeof c->id)
        return ERR_TOO_LARGE;
    begin(c);
    c->id_n = id.n;
    if (id.n)
        memcpy(c->id, id.p, id.n);
    if (queue(c, CATTP_SYN, (struct span){NULL, 0}))
        return ERR_NOMEM;
    c->state = CATTP_SYN_SENT;
    pump(c, now_ms);
    return ERR_OK;
}

int cattp_listen(struct cattp *c)
{
    if (c->state != CATTP_CLOSED)
        return ERR_STATE;
    begin(c);
    c->id_n = 0;
    c->state = CATTP_LISTEN;
    return ERR_OK;
}

static void end(struct cattp *c, uint8_t reason, bool by_peer, int64_t now_ms)
{
    c->state = CATTP_CLOSE_WAIT;
    c->reason = reason;
    c->linger_due_ms = now_ms + c->cfg.linger_ms;
    c->idle_due_ms = 0;
    empty(&c->out, &c->n_out);
    empty(&c->held, &c->n_held);
    c->port.ended(c->port.ctx, reason, by_peer);
}

static void refuse(struct cattp *c, uint8_t reason, uint16_t ack, int64_t now_ms)
{
    reset(c, reason, ack);
    end(c, reason, false, now_ms);
}

void cattp_close(struct cattp *c, int64_t now_ms)
{
    switch (c->state) {
    case CATTP_SYN_SENT:
    case CATTP_SYN_RCVD:
    case CATTP_OPEN:
        refuse(c, CATTP_NORMAL, c->got, now_ms);
        return;
    case CATTP_LISTEN:
        c->state = CATTP_CLOSED;
        return;
    default:
        return;
    }
}

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
    u = unit_new(p->seq, p->flags, p->data);
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
        refuse(c, CATTP_ILLEGAL, c->got, now_ms);
        return ERR_OK;
    }
    if (c->owed && c->state == CATTP_OPEN)
        acknowledge(c);
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
        reset(c, CATTP_UNEXPECTED, p->seq);
        c->peer_port = c->cfg.remote_port;
        return ERR_STATE;
    }
    if (syn_taken(c, p)) {
        refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    if (queue(c, CATTP_SYN | CATTP_ACK, (struct span){NULL, 0})) {
        c->peer_port = c->cfg.remote_port;
        return ERR_NOMEM;
    }
    c->state = CATTP_SYN_RCVD;
    pump(c, now_ms);
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
        end(c, p->reason, true, now_ms);
        return ERR_OK;
    }
    if (!(p->flags & CATTP_SYN))
        return ERR_STATE;
    if (syn_taken(c, p)) {
        refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    acknowledged(c, p, now_ms);
    c->owed = true;
    opened(c, now_ms);
    if (c->owed && c->state == CATTP_OPEN)
        acknowledge(c);
    return ERR_OK;
}

/* A SYN of the connection that stands is a late copy; another one is illegal. */
static int syn_again(struct cattp *c, const struct cattp_pdu *p, int64_t now_ms)
{
    if (p->seq != c->peer_first) {
        refuse(c, CATTP_ILLEGAL, p->seq, now_ms);
        return ERR_OK;
    }
    if (c->state == CATTP_SYN_RCVD)
        transmit(c, LIST_ENTRY(c->out.next, struct unit, item), now_ms);
    else
        acknowledge(c);
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
        end(c, p->reason, true, now_ms);
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
        pump(c, now_ms);
    return err;
}

int cattp_input(struct cattp *c, struct span pdu, int64_t now_ms)
{
    struct cattp_pdu p;
    int err = cattp_parse(pdu, &p);

    if (err == ERR_UNSUPPORTED && c->state == CATTP_LISTEN && p.flags & CATTP_SYN &&
        p.destination == c->cfg.local_port) {
        c->peer_port = p.source;
        reset(c, CATTP_VERSION, p.seq);
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
            reset(c, c->reason, p.seq);
        return ERR_STATE;
    default:
        return ERR_STATE;
    }
}

int cattp_send(struct cattp *c, struct span sdu, int64_t now_ms)
{
    size_t most = (c->peer_max_pdu < c->cfg.max_pdu ? c->peer_max_pdu : c->cfg.max_pdu) -
                  CATTP_HEADER;
    uint16_t first = c->next;

    if (c->state != CATTP_OPEN)
        return ERR_STATE;
    if (!sdu.n)
        return ERR_INVAL;
    if (sdu.n > c->peer_max_sdu)
        return ERR_TOO_LARGE;
    if (c->n_out + (sdu.n + most - 1) / most > OUT_MAX)
        return ERR_FULL;
    for (size_t at = 0; at < sdu.n; at += most) {
        bool last = sdu.n - at <= most;
        uint8_t flags = (uint8_t)(CATTP_ACK | (last ? 0 : CATTP_SEG));
        if (!queue(c, flags, span_of(sdu.p + at, last ? sdu.n - at : most)))
            continue;
        while (c->next != first) { /* all of it or nothing */
            struct unit *u = LIST_ENTRY(c->out.prev, struct unit, item);
            list_del(&u->item);
            free(u);
            c->n_out--;
            c->next--;
        }
        return ERR_NOMEM;
    }
    c->idle_due_ms = now_ms + c->cfg.idle_ms;
    pump(c, now_ms);
    return ERR_OK;
}

/* --- time --- */
int64_t cattp_due(const struct cattp *c)
{
    int64_t due = c->state == CATTP_CLOSE_WAIT ? c->linger_due_ms : 0;

    if (c->state == CATTP_OPEN)
        due = c->idle_due_ms;
    LIST_EACH(it, &c->out) {
        const struct unit *u = LIST_ENTRY(it, struct unit, item);
        if (u->tries && !u->there && (!due || u->due_ms < due))
            due = u->due_ms;
    }
    return due;
}

void cattp_timer(struct cattp *c, int64_t now_ms)
{
    if (c->state == CATTP_CLOSE_WAIT && now_ms >= c->linger_due_ms)
        c->state = CATTP_CLOSED;
    if (c->state == CATTP_OPEN && now_ms >= c->idle_due_ms) {
        cattp_close(c, now_ms);
        return;
    }
    LIST_EACH(it, &c->out) {
        struct unit *u = LIST_ENTRY(it, struct unit, item);
        if (!u->tries || u->there || now_ms < u->due_ms)
            continue;
        if (u->tries >= c->cfg.tries) {
            refuse(c, CATTP_RETRIES, c->got, now_ms);
            return;
        }
        transmit(c, u, now_ms);
    }
}
