/* SPDX-License-Identifier: Apache-2.0 */
/* What a party must still hear (design 3.3): numbered gap-free per party, written with the record
 * that caused it, sent in order while the subscriber is connected, kept until its ACK is a record.
 * And the mirror of it: what we heard from a peer whose subscriber we are. */
#include "common/engine/engine_int.h"

#include "common/base/mutant.h"
#include "common/wire/wire.h"

#include <stdlib.h>

static struct span oid_key(const struct oid *o)
{
    size_t n = strlen(o->s);
    return span_of(o->s, n > MAP_KEY_MAX ? MAP_KEY_MAX : n);
}

int party_box_get(struct engine *e, const struct oid *party, struct party_box **ret)
{
    struct party_box *b = map_get(e->parties, oid_key(party));
    int err;

    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b)
            return ERR_NOMEM;
        b->party = *party;
        b->next_no = 1;
        err = map_put(e->parties, oid_key(party), b);
        if (err) {
            free(b);
            return err;
        }
    }
    *ret = b;
    return ERR_OK;
}

static int peer_box_get(struct engine *e, const struct oid *peer, struct peer_box **ret)
{
    struct peer_box *b = map_get(e->peers, oid_key(peer));
    int err;

    if (!b) {
        b = calloc(1, sizeof *b);
        if (!b)
            return ERR_NOMEM;
        b->peer = *peer;
        err = map_put(e->peers, oid_key(peer), b);
        if (err) {
            free(b);
            return err;
        }
    }
    *ret = b;
    return ERR_OK;
}

static int number_one(struct engine *e, struct plan_delivery *d, uint64_t before)
{
    struct event_delivery *slot;
    struct party_box *b;
    struct buf out;
    int err = party_box_get(e, &d->party, &b);

    if (err)
        return err;
    if (d->with->n_deliveries == EVENT_DELIVERIES_MAX)
        return ERR_FULL;
    buf_init(&out, WIRE_FRAME_MAX);
    err = wire_message_encode(&d->msg, &out);
    slot = &d->with->deliveries[d->with->n_deliveries];
    slot->party = d->party;
    slot->number = b->next_no + before;
    slot->message = span_of(err ? NULL : arena_dup(&e->arena, out.p, out.n), out.n);
    buf_fini(&out);
    if (err)
        return err;
    if (!slot->message.p)
        return ERR_NOMEM;
    d->with->n_deliveries++;
    return ERR_OK;
}

/* Gives each delivery of the plan its number and puts it into the body of its record. Numbers are
 * taken from next_no as apply will see it: record by record of this plan, after all earlier
 * plans. */
int deliveries_number(struct engine *e, struct plan *p)
{
    bool done[PLAN_DELIVERIES_MAX] = {false};
    unsigned n = 0;

    for (unsigned r = 0; r < p->n_records; r++) {
        for (unsigned i = 0; i < p->n_deliveries; i++) {
            uint64_t before = 0;
            int err;
            if (p->deliveries[i].with != p->records[r])
                continue;
            for (unsigned k = 0; k < p->n_deliveries; k++)
                before += done[k] && oid_eq(&p->deliveries[k].party, &p->deliveries[i].party);
            err = number_one(e, &p->deliveries[i], before);
            if (err)
                return err;
            done[i] = true;
            n++;
        }
    }
    return n == p->n_deliveries ? ERR_OK
                                : ERR_INTERNAL; /* with a record that is not of this plan */
}

static int apply_new(struct engine *e, uint64_t lsn, const struct event *ev, bool live)
{
    for (unsigned i = 0; i < ev->n_deliveries; i++) {
        struct pending_delivery d = {ev->deliveries[i].number, lsn, i, live ? e->turn : 0,
                                     live ? ev : NULL};
        struct party_box *b;
        int err = party_box_get(e, &ev->deliveries[i].party, &b);
        if (err)
            return err;
        if (d.number < b->next_no) /* replay of what state.db already has */
            continue;
        if (d.number > b->next_no)
            return ERR_CORRUPT;
        err = pending_push(e, b, &d);
        if (err)
            return err;
        b->next_no++;
        b->dirty = true;
    }
    return ERR_OK;
}

int deliveries_apply(struct engine *e, uint64_t lsn, const struct event *ev, bool live)
{
    int err = apply_new(e, lsn, ev, live);

    if (!err && ev->type == EV_DELIVERY_ACKNOWLEDGED) {
        struct party_box *b;
        err = party_box_get(e, &ev->party, &b);
        if (err)
            return err;
        if (ev->number >= b->next_no)
            return ERR_CORRUPT;
        pending_acked(e, b, ev->number);
        if (ev->number > b->acked_no)
            b->acked_no = ev->number;
        if (b->sent_no < b->acked_no)
            b->sent_no = b->acked_no;
        b->dirty = true;
    }
    if (!err && ev->type == EV_RELAY_RECEIVED) {
        struct peer_box *b;
        err = peer_box_get(e, &ev->party, &b);
        if (err)
            return err;
        if (ev->number > b->handled_no)
            b->handled_no = ev->number;
        if (b->seen_no < b->handled_no)
            b->seen_no = b->handled_no;
        b->dirty = true;
    }
    return err;
}

static int turn_record(struct engine *e, enum event_type type, const struct oid *party, uint64_t no)
{
    struct mbox house = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(e);
    struct event *ev;

    if (!p)
        return ERR_NOMEM;
    ev = plan_record(p, type);
    ev->party = *party;
    ev->number = no;
    return engine_plan_end(e, p, &house);
}

/* One record a party and turn, however many ACKs arrived: an ACK counts once it is durable. */
int deliveries_turn_records(struct engine *e)
{
    void *cursor = NULL;
    void *value;
    int err = ERR_OK;

    while (!err && map_next(e->parties, &cursor, NULL, &value)) {
        struct party_box *b = value;
        if (b->ack_request > b->acked_no)
            err = turn_record(e, EV_DELIVERY_ACKNOWLEDGED, &b->party, b->ack_request);
        b->ack_request = 0;
    }
    cursor = NULL;
    while (!err && map_next(e->peers, &cursor, NULL, &value)) {
        struct peer_box *b = value;
        if (b->seen_no > b->handled_no)
            err = turn_record(e, EV_RELAY_RECEIVED, &b->peer, b->seen_no);
    }
    return err;
}

static bool send_one(struct engine *e, struct party_box *b, const struct pending_delivery *d)
{
    struct event *ev;
    struct buf body;
    struct journal_record rec;
    int err;

    if (d->ev && d->turn == e->turn) {
        e->app.deliver(e->app.ctx, b->conn, d->ev, d->index);
        return true;
    }
    buf_init(&body, 0);
    arena_reset(&e->scratch);
    ev = arena_alloc(&e->scratch, sizeof *ev);
    err = ev ? journal_get(e->journal, d->lsn, &rec, &body) : ERR_NOMEM;
    if (!err)
        err = wire_event_decode(event_type_parse(rec.type), buf_span(&body), &e->scratch, ev, NULL);
    if (!err) {
        ev->op = rec.op;
        ev->eid = rec.eid;
    }
    if (!err && d->index >= ev->n_deliveries)
        err = ERR_CORRUPT;
    if (!err)
        e->app.deliver(e->app.ctx, b->conn, ev, d->index);
    buf_fini(&body);
    if (err)
        (void)engine_fail(e, err, "journal.db: delivery of record %llu cannot be read",
                          (unsigned long long)d->lsn);
    return !err;
}

static uint64_t pending_of(const struct party_box *b)
{
    return b->next_no - 1 - b->acked_no; /* numbers have no gap */
}

static void send_pending(struct engine *e, struct party_box *b, uint64_t durable)
{
    if (b->sent_no < b->acked_no)
        b->sent_no = b->acked_no;
    while (b->sent_no + 1 < b->next_no && b->sent_no - b->acked_no < ENGINE_DELIVERY_WINDOW) {
        const struct pending_delivery *d;
        int err = pending_find(e, b, b->sent_no + 1, &d);
        if (err) {
            (void)engine_fail(e, err, "state.db: delivery %llu to %s cannot be read: %s",
                              (unsigned long long)b->sent_no + 1, b->party.s, err_text(err));
            return;
        }
        if (d->lsn > durable || !send_one(e, b, d))
            return;
        b->sent_no++;
        e->count.deliveries_sent++;
    }
}

void deliveries_release(struct engine *e)
{
    uint64_t durable = journal_durable_lsn(e->journal);
    void *cursor = NULL;
    void *value;

    while (map_next(e->parties, &cursor, NULL, &value)) {
        struct party_box *b = value;
        if (b->conn && pending_of(b))
            send_pending(e, b, durable);
    }
    cursor = NULL;
    while (map_next(e->peers, &cursor, NULL, &value)) {
        struct peer_box *b = value;
        if (!b->ack_wanted)
            continue;
        b->ack_wanted = false;
        e->app.peer_ack(e->app.ctx, &b->peer, b->handled_no);
    }
}

int engine_subscribe(struct engine *e, const struct oid *party, uint64_t conn, uint64_t last)
{
    struct party_box *b;
    int err = party_box_get(e, party, &b);

    if (err)
        return err;
    if (b->conn && b->conn != conn)
        return ERR_BUSY;
    if (last >= b->next_no)
        return ERR_INVAL;
    err = map_put(e->conns, span_of(&conn, sizeof conn), b);
    if (err)
        return err;
    b->conn = conn;
    b->sent_no = last > b->acked_no ? last : b->acked_no;
    if (last > b->acked_no && last > b->ack_request)
        b->ack_request = last;
    return ERR_OK;
}

void engine_unsubscribe(struct engine *e, uint64_t conn)
{
    struct party_box *b = map_del(e->conns, span_of(&conn, sizeof conn));

    if (!b)
        return;
    b->conn = 0;
    b->sent_no = b->acked_no;
}

bool engine_is_subscriber(const struct engine *e, const struct oid *party, uint64_t conn)
{
    const struct party_box *b = map_get(e->parties, oid_key(party));
    return b && conn && b->conn == conn;
}

int engine_delivery_ack(struct engine *e, uint64_t conn, uint64_t up_to)
{
    struct party_box *b = map_get(e->conns, span_of(&conn, sizeof conn));

    if (!b)
        return ERR_DENIED;
    if (up_to > b->sent_no)
        return ERR_INVAL;
    if (up_to > b->acked_no && up_to > b->ack_request)
        b->ack_request = up_to;
    return ERR_OK;
}

uint64_t engine_deliveries_pending(struct engine *e, const struct oid *party)
{
    const struct party_box *b = map_get(e->parties, oid_key(party));
    return b ? pending_of(b) : 0;
}

int engine_peer_delivery(struct engine *e, const struct oid *peer, uint64_t number)
{
    struct peer_box *b;
    int err = peer_box_get(e, peer, &b);

    if (err)
        return err;
    b->ack_wanted = true;
    if (mutant("ACK_BEFORE_STORED"))
        e->app.peer_ack(e->app.ctx, peer, number);
    if (number <= b->seen_no)
        return ERR_EXISTS;
    b->seen_no = number;
    return ERR_OK;
}

uint64_t engine_peer_last(const struct engine *e, const struct oid *peer)
{
    const struct peer_box *b = map_get(e->peers, oid_key(peer));
    return b ? b->handled_no : 0;
}

static int load_party(void *ctx, struct stmt *st)
{
    struct engine *e = ctx;
    struct party_box *b;
    struct oid oid;
    int err = oid_parse(stmt_text(st, 0), &oid);

    if (!err)
        err = party_box_get(e, &oid, &b);
    if (err)
        return err;
    b->next_no = stmt_u64(st, 1);
    b->acked_no = stmt_u64(st, 2);
    b->saved_no = b->next_no - 1;
    return ERR_OK;
}

static int load_peer(void *ctx, struct stmt *st)
{
    struct engine *e = ctx;
    struct peer_box *b;
    struct oid oid;
    int err = oid_parse(stmt_text(st, 0), &oid);

    if (!err)
        err = peer_box_get(e, &oid, &b);
    if (err)
        return err;
    b->handled_no = b->seen_no = stmt_u64(st, 1);
    return ERR_OK;
}

int deliveries_load(struct engine *e)
{
    int err = stmt_each(stmt_at(e->stmts, ES_PARTY_ALL), load_party, e);
    if (!err)
        err = stmt_each(stmt_at(e->stmts, ES_PEER_ALL), load_peer, e);
    return err;
}

static int save_party(struct engine *e, struct party_box *b)
{
    struct stmt *st = stmt_at(e->stmts, ES_PARTY_PUT);
    int err;

    stmt_bind_text(st, 1, span_str(b->party.s));
    stmt_bind_u64(st, 2, b->next_no);
    stmt_bind_u64(st, 3, b->acked_no);
    err = stmt_run(st);
    st = stmt_at(e->stmts, ES_DELIVERY_DEL);
    if (!err) {
        stmt_bind_text(st, 1, span_str(b->party.s));
        stmt_bind_u64(st, 2, b->acked_no);
        err = stmt_run(st);
    }
    return err ? err : pending_save(e, b);
}

size_t deliveries_held(const struct engine *e)
{
    void *cursor = NULL;
    void *value;
    size_t n = 0;

    while (map_next(e->parties, &cursor, NULL, &value))
        n += ((const struct party_box *)value)->n;
    return n;
}

int deliveries_save(struct engine *e)
{
    void *cursor = NULL;
    void *value;
    int err = ERR_OK;

    while (!err && map_next(e->parties, &cursor, NULL, &value)) {
        struct party_box *b = value;
        if (b->dirty)
            err = save_party(e, b);
        b->dirty = b->dirty && err;
    }
    cursor = NULL;
    while (!err && map_next(e->peers, &cursor, NULL, &value)) {
        struct peer_box *b = value;
        struct stmt *st = stmt_at(e->stmts, ES_PEER_PUT);
        if (!b->dirty)
            continue;
        stmt_bind_text(st, 1, span_str(b->peer.s));
        stmt_bind_u64(st, 2, b->handled_no);
        err = stmt_run(st);
        b->dirty = err != ERR_OK;
    }
    return err;
}

void deliveries_free(struct engine *e)
{
    void *cursor = NULL;
    void *value;

    while (e->parties && map_next(e->parties, &cursor, NULL, &value)) {
        free(((struct party_box *)value)->ring);
        free(value);
    }
    cursor = NULL;
    while (e->peers && map_next(e->peers, &cursor, NULL, &value))
        free(value);
    map_free(e->parties);
    map_free(e->peers);
    map_free(e->conns);
    e->parties = e->peers = e->conns = NULL;
}
