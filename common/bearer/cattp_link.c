/* SPDX-License-Identifier: Apache-2.0 */
/* A CAT_TP connection: its life, what leaves, its timers. What comes in: cattp_in.c. */
#include "common/bearer/cattp_int.h"

#include "common/base/clock.h"

#include <stdlib.h>

#define OUT_MAX 256u

struct cattp_config cattp_config_default(void)
{
    return (struct cattp_config){
        .max_pdu = 1024, .max_sdu = 0xFFFF, .window = 10, .first_seq = 1, .tries = 10,
        .rto_least_ms = 2000, .rto_most_ms = 60000, .idle_ms = 20 * 60000, .linger_ms = 60000};
}

struct cattp_config cattp_config_scaled(unsigned time_scale)
{
    struct cattp_config c = cattp_config_default();
    int64_t *const times[] = {&c.rto_least_ms, &c.rto_most_ms, &c.idle_ms, &c.linger_ms};

    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        *times[i] = clock_scaled(*times[i], time_scale);
    return c;
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

void cattp_acknowledge(struct cattp *c)
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

void cattp_reset(struct cattp *c, uint8_t reason, uint16_t ack)
{
    struct cattp_pdu p = {
        .flags = CATTP_RST | CATTP_ACK, .seq = c->next, .ack = ack, .reason = reason};

    emit(c, &p);
}

void cattp_transmit(struct cattp *c, struct unit *u, int64_t now_ms)
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

void cattp_pump(struct cattp *c, int64_t now_ms)
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
            cattp_transmit(c, u, now_ms);
    }
}

struct unit *cattp_unit_new(uint16_t seq, uint8_t flags, struct span data)
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

int cattp_queue(struct cattp *c, uint8_t flags, struct span data)
{
    struct unit *u = cattp_unit_new(c->next, flags, data);

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
    if (cattp_queue(c, CATTP_SYN, (struct span){NULL, 0}))
        return ERR_NOMEM;
    c->state = CATTP_SYN_SENT;
    cattp_pump(c, now_ms);
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

void cattp_end(struct cattp *c, uint8_t reason, bool by_peer, int64_t now_ms)
{
    c->state = CATTP_CLOSE_WAIT;
    c->reason = reason;
    c->linger_due_ms = now_ms + c->cfg.linger_ms;
    c->idle_due_ms = 0;
    empty(&c->out, &c->n_out);
    empty(&c->held, &c->n_held);
    c->port.ended(c->port.ctx, reason, by_peer);
}

void cattp_refuse(struct cattp *c, uint8_t reason, uint16_t ack, int64_t now_ms)
{
    cattp_reset(c, reason, ack);
    cattp_end(c, reason, false, now_ms);
}

void cattp_close(struct cattp *c, int64_t now_ms)
{
    switch (c->state) {
    case CATTP_SYN_SENT:
    case CATTP_SYN_RCVD:
    case CATTP_OPEN:
        cattp_refuse(c, CATTP_NORMAL, c->got, now_ms);
        return;
    case CATTP_LISTEN:
        c->state = CATTP_CLOSED;
        return;
    default:
        return;
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
        if (!cattp_queue(c, flags, span_of(sdu.p + at, last ? sdu.n - at : most)))
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
    cattp_pump(c, now_ms);
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
            cattp_refuse(c, CATTP_RETRIES, c->got, now_ms);
            return;
        }
        cattp_transmit(c, u, now_ms);
    }
}
