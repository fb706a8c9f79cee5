/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is. An operation that begins may have to wait: for the rate of its network, for a data
 * session of it, or because as many as its party, its owner or its tenant may have are in flight. Each that
 * waits stands in a lane of its own party, realm and limited owner, so that what is in the way of the first
 * is in the way of all; the lanes of a network take turns, so that nobody's campaign is another's delay. Memory only: what waits has sent nothing, and asks again after a start. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"
#include "smsr/domain/bearer.h"

#define TURN_MS 200                 /* pause between two looks at a network that has had its rate */
#define GRANT_MS 60000              /* so long a place is kept for who was let in and does not begin */
#define ASK_AGAIN_MS 600000         /* who waits is told when its turn comes; this is for what is lost */

/* In flight of one party or tenant. */
struct count {
    unsigned n, cap;
};
enum { PARTY, OWNER, TENANT, COUNTS };

enum turn_state { TURN_WAITS, TURN_GRANTED, TURN_RUNS };

struct lane {
    struct list in;                 /* of the network, in order of turns */
    struct list waiting;            /* turn.in */
    struct oid party;
    uint32_t tenant;
    const struct count *owner;      /* NULL: those without a limit share it */
    bool data;
    unsigned n;
    uint64_t places;                /* given in it so far */
};

/* An operation that waits, may begin, or has begun. */
struct turn {
    struct list in;                 /* of its lane, or of those let in, in order of time */
    int64_t granted_ms;             /* monotonic */
    struct lane *lane;              /* NULL: it does not wait */
    uint64_t place;                 /* in its lane */
    enum turn_state state;
    struct eid eid;
    struct uuid op;
    struct sms_network *net;        /* NULL: none has a say */
    struct count *of[COUNTS];       /* NULL: nobody counts */
    bool data;
};

static struct span key_of(const struct eid *eid)
{
    return span_of(eid->b, sizeof eid->b);
}

static struct turn *turn_of(const struct channel *ch, const struct eid *eid)
{
    return map_get(ch->turns, key_of(eid));
}

static bool turns_on(const struct env *env)
{
    bool on = env->n_networks > 0;

    for (unsigned i = 0; i < env->n_parties; i++)
        on = on || env->parties[i].operations;
    for (unsigned i = 0; i < env->n_tenants; i++)
        on = on || env->tenants[i].operations;
    return on;
}

/* --- who is counted --- */
static struct count *count_of(struct channel *ch, const void *whose, unsigned cap)
{
    struct span k = span_of(&whose, sizeof whose);
    struct count *c = cap ? map_get(ch->turn_counts, k) : NULL;

    if (c || !cap)
        return c;
    c = calloc(1, sizeof *c);
    if (c && map_put(ch->turn_counts, k, c)) {
        free(c);
        c = NULL;
    }
    if (c)
        c->cap = cap;
    return c;
}

static struct count *party_count(struct channel *ch, const struct oid *oid)
{
    const struct party *p = oid->s[0] ? env_party(ch->env, oid) : NULL;
    return p ? count_of(ch, p, p->operations) : NULL;
}

static void add(struct channel *ch, const struct turn *t, int by)
{
    for (unsigned i = 0; i < COUNTS; i++)
        if (t->of[i])
            t->of[i]->n = (unsigned)((int)t->of[i]->n + by);
    if (by > 0 && t->net && t->data)
        data_take(ch, &t->eid, t->net, DATA_TURN);
    else
        (void)data_leave(ch, &t->eid, DATA_TURN);
}

/* A session that is over is kept for a card that did not hear so, and is none any more. */
static bool has_way_open(const struct channel *ch, const struct eid *eid)
{
    const struct session *se = map_get(ch->by_eid, key_of(eid));

    return (se && (se->stream || !se->over)) || map_get(ch->links_by_eid, key_of(eid));
}

static struct turn *turn_new(struct channel *ch, const struct euicc *e, const struct operation *op)
{
    const struct euicc_profile *on = euicc_enabled(e);
    const struct route *r = on ? env_route(ch->env, &on->mno, on->profile_type) : NULL;
    const struct tenant *tenant = env_tenant(ch->env, e->tenant);
    const struct bearer_ask ask = {
        .env = ch->env, .e = e, .op = op, .now = clock_wall_ms(ch->clock)};
    struct turn *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    list_init(&t->in);
    t->eid = e->eid;
    t->op = op->id;
    t->net = r ? sms_network_of(ch, r->network) : NULL;
    t->data = bearer_choose(&ask).bearer > BEARER_SMS;
    t->of[PARTY] = party_count(ch, &op->party);
    t->of[OWNER] = oid_eq(&op->party, &op->mno) ? NULL : party_count(ch, &op->mno);
    t->of[TENANT] = tenant ? count_of(ch, tenant, tenant->operations) : NULL;
    if (map_put(ch->turns, key_of(&t->eid), t)) {
        free(t);
        return NULL;
    }
    return t;
}

static void leave_lane(struct channel *ch, struct turn *t)
{
    struct lane *l = t->lane;

    list_del(&t->in);
    if (!l)
        return;
    t->lane = NULL;
    ch->n_turns_waiting--;
    if (--l->n)
        return;
    list_del(&l->in);
    free(l);
}

static void turn_free(struct channel *ch, struct turn *t)
{
    if (t->state == TURN_WAITS)
        leave_lane(ch, t);
    else
        add(ch, t, -1);
    list_del(&t->in);
    (void)map_del(ch->turns, key_of(&t->eid));
    free(t);
}

static void turn_begins(struct channel *ch, struct turn *t, enum turn_state state)
{
    if (t->state == TURN_WAITS) {
        leave_lane(ch, t);
        add(ch, t, 1);
    }
    list_del(&t->in);
    t->state = state;
    t->granted_ms = channel_now(ch);
    if (state == TURN_GRANTED)
        list_push(&ch->turns_granted, &t->in);
}

/* A decision that failed behind its turn. */
static void forget_granted(struct channel *ch)
{
    while (!list_empty(&ch->turns_granted)) {
        struct turn *t = LIST_ENTRY(ch->turns_granted.next, struct turn, in);
        if (t->granted_ms > channel_now(ch) - GRANT_MS)
            return;
        turn_free(ch, t);
    }
}

/* --- lanes --- */
static struct lane *lane_of(const struct turn *t, const struct euicc *e, const struct operation *op)
{
    struct lane *l;

    LIST_EACH (it, &t->net->lanes) {
        l = LIST_ENTRY(it, struct lane, in);
        if (oid_eq(&l->party, &op->party) && l->tenant == e->tenant && l->owner == t->of[OWNER] &&
            l->data == t->data)
            return l;
    }
    l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    list_init(&l->waiting);
    l->party = op->party;
    l->tenant = e->tenant;
    l->owner = t->of[OWNER];
    l->data = t->data;
    list_push(&t->net->lanes, &l->in);
    return l;
}

static const char *in_the_way(const struct channel *ch, const struct turn *t)
{
    static const char *const WHY[COUNTS] = {
        "as many operations as its party may have are in flight",
        "as many operations as its operator may have are in flight",
        "as many operations as its tenant may have are in flight"};

    for (unsigned i = 0; i < COUNTS; i++)
        if (t->of[i] && t->of[i]->n >= t->of[i]->cap)
            return WHY[i];
    if (t->data && data_full(ch, &t->eid, t->net))
        return "its network has all the data sessions it takes";
    return NULL;
}

/* The next one that nothing is in the way of; NULL: none. */
static struct turn *next_turn(const struct channel *ch, const struct sms_network *net)
{
    LIST_EACH (it, &net->lanes) {
        const struct lane *l = LIST_ENTRY(it, struct lane, in);
        struct turn *t = LIST_ENTRY(l->waiting.next, struct turn, in);
        if (!in_the_way(ch, t))
            return t;
    }
    return NULL;
}

/* Who is let in hears of it. What its mailbox does not take now waits on, before all others. */
static bool let_in(struct channel *ch, struct turn *t)
{
    struct input in = {.kind = IN_TURN};
    struct lane *l = t->lane;

    list_del(&l->in);
    list_push(&t->net->lanes, &l->in);
    turn_begins(ch, t, TURN_GRANTED);
    in.to.kind = MBOX_EUICC;
    memcpy(in.to.id, t->eid.b, sizeof t->eid.b);
    return ch->port.post(ch->port.ctx, &in) == ERR_OK;
}

static void network_turns(struct channel *ch, struct sms_network *net)
{
    struct turn *t;

    while ((t = next_turn(ch, net))) {
        struct eid eid = t->eid;
        if (!pace_operation(ch, net)) {
            due_set(ch, DUE_TURN, &net->turn, TURN_MS);
            return;
        }
        if (let_in(ch, t))
            continue;
        t = turn_of(ch, &eid);      /* it cannot begin: its mailbox will ask again */
        if (t && t->state == TURN_GRANTED)
            turn_free(ch, t);
    }
}

/* Whoever is let in may free the next one: that is for the loop that runs already. */
static void all_turns(struct channel *ch)
{
    ch->turns_again = true;
    if (ch->turns_run || ch->turns_held)
        return;
    ch->turns_run = true;
    forget_granted(ch);
    while (ch->turns_again) {
        ch->turns_again = false;
        for (unsigned i = 0; i < ch->n_networks; i++)
            network_turns(ch, &ch->network[i]);
    }
    ch->turns_run = false;
}

void turn_network_due(struct channel *ch, struct list *in)
{
    (void)in;
    all_turns(ch);
}

/* --- for the owner of the channel --- */
static int64_t waits(struct channel *ch, struct turn *t, const struct euicc *e, const struct operation *op)
{
    struct lane *l = lane_of(t, e, op);

    if (!l) {                       /* no memory for a queue: it is let in */
        turn_begins(ch, t, TURN_GRANTED);
        return 0;
    }
    t->lane = l;
    t->place = l->places++;
    list_push(&l->waiting, &t->in);
    l->n++;
    ch->n_turns_waiting++;
    ch->n.operation_paced++;
    if (list_empty(&t->net->turn.in))
        due_set(ch, DUE_TURN, &t->net->turn, TURN_MS);
    return clock_scaled(ASK_AGAIN_MS, ch->env->time_scale);
}

int64_t channel_pace(struct channel *ch, const struct euicc *e, const struct operation *op)
{
    struct turn *t;

    if (!turns_on(ch->env) || !op->party.s[0])
        return 0;
    t = turn_of(ch, &e->eid);
    if (t && !uuid_eq(&t->op, &op->id)) {
        turn_free(ch, t);
        t = NULL;
    }
    if (t)
        return t->state == TURN_WAITS ? clock_scaled(ASK_AGAIN_MS, ch->env->time_scale) : 0;
    t = turn_new(ch, e, op);
    if (!t || !t->net) {
        if (t)
            turn_begins(ch, t, TURN_GRANTED);
        return 0;
    }
    if (!ch->turns_held && !in_the_way(ch, t) && !next_turn(ch, t->net) && pace_operation(ch, t->net)) {
        turn_begins(ch, t, TURN_GRANTED);
        return 0;
    }
    return waits(ch, t, e, op);
}

void channel_turns(struct channel *ch, const struct euicc *e)
{
    const struct operation *op = e->n_ops ? e->ops[0] : NULL;
    bool runs = op && op->state && op->party.s[0];
    struct turn *t;

    if (!turns_on(ch->env))
        return;
    t = turn_of(ch, &e->eid);
    if (t && (!op || !uuid_eq(&t->op, &op->id))) {
        if (t->state == TURN_RUNS && t->data && has_way_open(ch, &e->eid) && !runs)
            return;                 /* its session counts until it ends */
        turn_free(ch, t);
        t = NULL;
        all_turns(ch);
    }
    if (!runs)
        return;
    if (!t)
        t = turn_of(ch, &e->eid);
    if (!t)
        t = turn_new(ch, e, op);
    if (t)
        turn_begins(ch, t, TURN_RUNS);
}

void turn_way_closed(struct channel *ch, const struct eid *eid)
{
    struct turn *t = turn_of(ch, eid);
    const struct euicc *e = t ? ch->port.euicc(ch->port.ctx, eid) : NULL;
    bool freed;

    if (has_way_open(ch, eid))
        return;
    freed = data_leave(ch, eid, DATA_WAY);
    if (t && (!e || !e->n_ops || !uuid_eq(&e->ops[0]->id, &t->op))) {
        turn_free(ch, t);
        freed = true;
    }
    if (freed)
        all_turns(ch);
}

void channel_turns_hold(struct channel *ch, bool hold)
{
    ch->turns_held = hold;
    if (!hold)
        all_turns(ch);
}

bool channel_waits(const struct channel *ch, const struct eid *eid, const struct uuid *op,
                   struct channel_wait *ret)
{
    const struct turn *t = turn_of(ch, eid), *first;
    const char *why = NULL;

    if (!t || t->state != TURN_WAITS || !uuid_eq(&t->op, op))
        return false;
    why = in_the_way(ch, t);
    first = LIST_ENTRY(t->lane->waiting.next, struct turn, in);
    ret->why = why ? why : "its network takes so many a second";
    ret->before = t->place - first->place;
    return true;
}

size_t channel_turns_waiting(const struct channel *ch)
{
    return ch->n_turns_waiting;
}

size_t channel_turns_running(const struct channel *ch)
{
    return map_count(ch->turns) - ch->n_turns_waiting;
}

void turn_fini(struct channel *ch)
{
    void *at = NULL, *v = NULL;

    while (ch->turns && map_next(ch->turns, &at, NULL, &v)) {
        struct turn *t = v;
        if (t->state == TURN_WAITS)
            leave_lane(ch, t);
        free(t);
    }
    map_free(ch->turns);
    at = NULL;
    while (ch->turn_counts && map_next(ch->turn_counts, &at, NULL, &v))
        free(v);
    map_free(ch->turn_counts);
}
