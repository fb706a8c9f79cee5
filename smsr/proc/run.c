/* SPDX-License-Identifier: Apache-2.0 */
/* The moves all card procedures share: records, packets, same-bytes resends. */
#include "smsr/proc/run.h"

#include "common/codec/packet.h"
#include "smsr/domain/reach.h"

/* Of one plan: beside them and the records of a switch there is room for nothing else. */
#define RUN_DELETED_MAX ((unsigned)ES5_DELETED_MAX)

int64_t run_timer(const struct run *r, enum timer t)
{
    return r->env->timer_ms[t];
}

/* The end of validity as the records of this plan leave it: its second clock may begin with them, as apply
 * has it. */
static int64_t validity_end(const struct run *r)
{
    const struct operation *op = r->op;
    bool begins = op->next_contact ? !op->state
                                   : r->in->kind == IN_POR || r->in->kind == IN_POST ||
                                         r->in->kind == IN_NOTIFICATION;

    return op->once_ms && begins ? r->now + op->once_ms : op->validity_end_ms;
}

static int64_t cap_due(const struct run *r, int64_t due)
{
    int64_t end = r->op && !r->op->answered && !r->answered_now ? validity_end(r) : 0;

    if (end <= r->now)
        return due;
    return !due || end < due ? end : due;
}

/* A record outlives the operation it tells of: its conclusion frees the operation. */
static struct span own(struct run *r, const char *text)
{
    size_t n = strlen(text);
    void *copy = n ? arena_dup(r->p->arena, text, n) : NULL;

    if (n && !copy)
        r->p->err = ERR_NOMEM;
    return span_of(copy, copy ? n : 0);
}

struct event *run_record(struct run *r, enum event_type type, int next, int64_t due)
{
    struct event *ev = plan_record(r->p, type);

    ev->eid = r->e->eid;
    if (r->op) {
        ev->op = r->op->id;
        ev->function = r->op->function;
        ev->party = r->op->party;
        ev->fcid = own(r, r->op->fcid);
        ev->correlation_id = own(r, r->op->correlation_id);
        ev->iccid = r->op->iccid;
        ev->aid = r->op->aid;
        ev->attempt = r->op->attempt;
    }
    if (next >= 0) {
        ev->op_state = (uint32_t)next + 1;
        ev->due_ms = cap_due(r, due);
    }
    return ev;
}

struct writer run_writer(struct run *r, size_t n)
{
    return wr_init(arena_alloc(r->p->arena, n), n);
}

#define PATIENCE_MS (3600 * 1000) /* of an SMSC, at least, for what may come late */

/* How long an SMSC keeps a packet: a command and its confirmation to the end of validity, since what is late
 * then does harm; a question, which does none, until it was asked again: a card that wakes as rarely as it is
 * asked would else sleep through each of them. */
static int64_t patience(const struct run *r, enum packet_purpose purpose, int64_t due)
{
    int64_t left = r->op ? validity_end(r) - r->now : 0;
    int64_t over = (due - r->now) / 4 * 5;
    int64_t least = over > PATIENCE_MS ? over : PATIENCE_MS;

    /* A trigger behind an armed step asks for the session that is its fence. */
    if (left > 0 && purpose != PURPOSE_FENCE && !(purpose == PURPOSE_TRIGGER && r->op->armed))
        return left;
    return left > least ? left : least;
}

void run_put_sms(struct run *r, const struct event *armed, const struct euicc_packet *again,
                 const struct euicc_profile *to, const struct euicc_profile *to2, int64_t due)
{
    struct out_sms out;

    memset(&out, 0, sizeof out);
    out.eid = r->e->eid;
    out.armed = armed;
    out.lsn = again ? again->lsn : 0;
    out.counter = again ? again->counter : 0;
    if (to)
        out.to[0] = to->iccid;
    if (to2 && to2 != to)
        out.to[to ? 1 : 0] = to2->iccid;
    out.validity_ms = patience(r, armed ? armed->purpose : again->purpose, due);
    plan_out(r->p, OUT_SMS, &out, sizeof out);
}

/* The one unit of a plan and its record, whatever carries it. */
static int arm(struct run *r, const struct card_unit *u, enum bearer bearer, int next, int64_t due)
{
    enum event_type type = u->purpose == PURPOSE_CMD ? EV_OPERATION_ARMED : EV_PACKET_ARMED;
    struct event *ev;

    if (!u->script.p && !u->put_kvn)
        return ERR_NOMEM;
    if (r->p->unit.set)
        return ERR_INTERNAL;
    ev = run_record(r, type, next, due);
    ev->purpose = u->purpose;
    ev->bearer = bearer;
    r->p->unit = *u;
    r->p->unit.armed = ev;
    return ERR_OK;
}

/* By SMS, under this key set. */
static int arm_sms(struct run *r, const struct card_unit *u, int next, int64_t due,
                   const struct euicc_profile *to, const struct euicc_profile *to2)
{
    int err = arm(r, u, BEARER_SMS, next, due);

    if (!err)
        run_put_sms(r, r->p->unit.armed, NULL, to, to2, due);
    return err;
}

int run_arm(struct run *r, enum packet_purpose purpose, struct span script, int next, int64_t due,
            const struct euicc_profile *to, const struct euicc_profile *to2)
{
    return run_arm_under(r, purpose, 0, script, next, due, to, to2);
}

int run_arm_under(struct run *r, enum packet_purpose purpose, uint8_t kvn, struct span script, int next,
                  int64_t due, const struct euicc_profile *to, const struct euicc_profile *to2)
{
    const struct card_unit u = {.set = true, .purpose = purpose, .tar = 0x000001, .kvn = kvn,
                                .script = script};

    return arm_sms(r, &u, next, due, to, to2);
}

int run_arm_keys(struct run *r, uint8_t kvn, int next)
{
    const struct card_unit u = {.set = true, .purpose = PURPOSE_CMD, .tar = 0x000001, .put_kvn = kvn};

    return arm_sms(r, &u, next, run_resend_due(r, r->now), euicc_enabled(r->e), NULL);
}

int run_arm_link(struct run *r, const struct uuid *link, enum packet_purpose purpose, uint32_t tar,
                 struct span script, int next, int64_t due, uint32_t chained)
{
    const struct card_unit u = {.set = true, .purpose = purpose, .tar = tar, .script = script};
    struct out_link out;
    int err = arm(r, &u, BEARER_CATTP, next, due);

    if (err)
        return err;
    r->p->unit.armed->session = *link;
    memset(&out, 0, sizeof out);
    out.session = *link;
    out.armed = r->p->unit.armed;
    out.chained = chained;
    plan_out(r->p, OUT_LINK, &out, sizeof out);
    return ERR_OK;
}

const struct euicc_packet *run_packet(const struct run *r, enum packet_purpose purpose)
{
    const struct euicc_packet *last = NULL;

    for (unsigned i = 0; i < r->e->n_packets; i++)
        if (r->e->packets[i].purpose == purpose && uuid_eq(&r->e->packets[i].op, &r->op->id))
            last = &r->e->packets[i];
    return last;
}

int64_t run_awake_due(const struct run *r, int64_t at)
{
    int64_t wakes = reach_next(r->env, r->e, r->now);

    if (wakes)
        wakes += run_timer(r, TIMER_RESEND_1); /* what the SMSC kept comes first */
    return wakes > at ? wakes : at;
}

/* The longer it is silent, the rarer: it sleeps, and its SMSC keeps what was sent. */
static int64_t pause_of(const struct run *r, int64_t first_sent)
{
    int64_t since = r->e->reach.seen_ms > first_sent ? r->e->reach.seen_ms : first_sent;
    int64_t most = run_timer(r, TIMER_RESEND_MAX), pause = (r->now - since) / 2;

    return pause < most ? pause : most;
}

int64_t run_patient_due(const struct run *r, int64_t at)
{
    int64_t least = r->now + pause_of(r, r->op->accepted_ms);

    return run_awake_due(r, at > least ? at : least);
}

/* A pause of this card: what was asked of a whole fleet at once is not repeated at once. The same for the
 * same operation whenever it is looked at, so nothing is kept of it. */
static int64_t spread(const struct run *r, int64_t ms)
{
    uint32_t h = span_spread(SPREAD_BEGIN, span_of(r->e->eid.b, sizeof r->e->eid.b));

    if (r->op)
        h = span_spread(h, span_of(r->op->id.b, sizeof r->op->id.b));
    return ms + ms * (int64_t)r->env->jitter_percent * (int64_t)(h >> 16) / (100 * 65536);
}

int64_t run_resend_due(const struct run *r, int64_t first_sent)
{
    int64_t at = first_sent + spread(r, run_timer(r, TIMER_RESEND_1));
    int64_t least = r->now + pause_of(r, first_sent);

    if (at <= r->now)
        at += spread(r, run_timer(r, TIMER_RESEND_2));
    while (at <= r->now)
        at += spread(r, run_timer(r, TIMER_RESEND_3));
    return run_awake_due(r, at > least ? at : least);
}

bool run_silent(const struct run *r, const struct euicc_packet *pk)
{
    return !reach_next(r->env, r->e, r->now) &&
           r->now - pk->first_sent_ms >=
               run_timer(r, TIMER_RESEND_1) + run_timer(r, TIMER_RESEND_2) + run_timer(r, TIMER_RESEND_3);
}

void run_resend(struct run *r, const struct euicc_packet *pk, const struct euicc_profile *to,
                const struct euicc_profile *to2)
{
    int64_t due = run_resend_due(r, pk->first_sent_ms);

    run_put_sms(r, NULL, pk, to, to2, due);
    r->p->volatile_due_ms = cap_due(r, due);
}

bool run_expired(const struct run *r)
{
    return r->op && !r->op->answered && !r->answered_now && r->op->validity_end_ms &&
           r->now >= r->op->validity_end_ms;
}

const struct euicc_packet *run_answered(const struct run *r)
{
    const struct in_por *por = &r->in->u.por;

    for (unsigned i = 0; i < r->e->n_packets; i++)
        if (r->e->packets[i].kvn == por->kvn && r->e->packets[i].counter == por->counter &&
            uuid_eq(&r->e->packets[i].op, &r->op->id))
            return &r->e->packets[i];
    return NULL;
}

struct event *run_por(struct run *r, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_OPERATION_ANSWERED, next, due);

    ev->kvn = r->in->u.por.kvn;
    ev->counter = r->in->u.por.counter;
    ev->por_status = r->in->u.por.status + 1u;
    ev->data = r->in->u.por.data;
    return ev;
}

enum run_sw run_sw(uint16_t sw)
{
    unsigned sw1 = sw >> 8;

    if (sw == 0x9000 || sw1 == 0x91)
        return RUN_SW_DONE;
    return sw1 == 0x64 || (sw1 >= 0x67 && sw1 <= 0x6E) ? RUN_SW_REFUSED : RUN_SW_OPEN;
}

int run_confirm(struct run *r, uint16_t sequence, int state, const struct euicc_profile *to,
                const struct euicc_profile *to2)
{
    struct writer w = run_writer(r, 64);

    es5_confirm_notification(&w, dialect_of(r->e)->packet_form, sequence);
    return run_arm(r, PURPOSE_CONFIRM, wr_view(&w), state,
                   r->now + run_timer(r, TIMER_CONFIRM_RESEND), to, to2);
}

int run_confirm_again(struct run *r, int state, const struct euicc_profile *to,
                      const struct euicc_profile *to2)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_CONFIRM);
    int64_t pause = run_timer(r, TIMER_CONFIRM_RESEND);

    if (!pk || r->now - pk->first_sent_ms >= 3 * pause)
        return run_confirm(r, r->op->notif_sequence, state, to, to2);
    run_put_sms(r, NULL, pk, to, to2, r->now + pause);
    r->p->volatile_due_ms = cap_due(r, r->now + pause);
    return ERR_OK;
}

bool run_enabled(const struct es5_status *st, const struct euicc_profile *p)
{
    const struct event_profile *seen = p ? run_seen(st, &p->aid) : NULL;
    return seen && seen->lifecycle == LIFECYCLE_ENABLED;
}

const struct euicc_profile *run_seen_on(const struct run *r, const struct es5_status *st)
{
    for (unsigned i = 0; i < st->n; i++)
        if (st->isdp[i].lifecycle == LIFECYCLE_ENABLED)
            return euicc_profile_by_aid(r->e, &st->isdp[i].aid);
    return NULL;
}

const struct event_profile *run_seen(const struct es5_status *st, const struct aid *aid)
{
    for (unsigned i = 0; i < st->n; i++)
        if (aid_eq(&st->isdp[i].aid, aid))
            return &st->isdp[i];
    return NULL;
}

void run_deleted(struct run *r, const struct euicc_profile *p, const char *why)
{
    struct event *ev = run_record(r, EV_PROFILE_DELETED, -1, 0);

    ev->iccid = p->iccid;
    ev->aid = p->aid;
    ev->text = span_str(why);
    if (p->state != PROFILE_CREATED) /* nobody was told of an unfinished one */
        run_notify(r, ev, p, FN_DELETE_PROFILE);
}

static bool told_deleted(const struct run *r, const struct euicc_profile *p, unsigned *ret_n)
{
    bool told = false;

    *ret_n = 0;
    for (unsigned i = 0; i < r->p->n_records; i++)
        if (r->p->records[i]->type == EV_PROFILE_DELETED) {
            *ret_n += 1;
            told = told || iccid_eq(&r->p->records[i]->iccid, &p->iccid);
        }
    return told;
}

/* Each with a record of its own, the enabled one first. true: more are missing than a plan has room
 * for; they stay in the EIS until the next audit. */
static bool tell_missing(struct run *r, const struct es5_status *st)
{
    bool more = false;
    unsigned n;

    for (unsigned i = 0; i < 2 * r->e->n_profiles; i++) {
        const struct euicc_profile *p = &r->e->profiles[i % r->e->n_profiles];
        bool first = i < r->e->n_profiles;
        if ((p->state == PROFILE_ENABLED) != first || p->state == PROFILE_IN_CREATION ||
            run_seen(st, &p->aid) || told_deleted(r, p, &n))
            continue;
        if (n < RUN_DELETED_MAX)
            run_deleted(r, p, "not on the card");
        else
            more = true;
    }
    return more;
}

struct event *run_audited(struct run *r, const struct es5_status *st)
{
    bool more = tell_missing(r, st);
    struct event *ev = run_record(r, EV_EUICC_AUDITED, -1, 0);

    ev->more_to_do = more;
    for (unsigned i = 0; i < st->n && i < EVENT_PROFILES_MAX; i++) {
        const struct euicc_profile *p = euicc_profile_by_aid(r->e, &st->isdp[i].aid);
        ev->profiles[ev->n_profiles] = st->isdp[i];
        if (p)
            ev->profiles[ev->n_profiles].iccid = p->iccid;
        ev->n_profiles++;
    }
    if (st->has_memory) {
        ev->memory_free = st->memory_free;
        ev->number = (uint64_t)st->memory_free + 1;
    }
    return ev;
}

struct caller run_caller(const struct run *r)
{
    return (struct caller){r->op->party, r->op->role, r->op->iface, r->op->mno};
}

enum status_code run_reachable(const struct env *env, const struct euicc *e)
{
    const struct euicc_profile *on = euicc_enabled(e);

    if (!on || !on->msisdn.s[0])
        return ST_ADDRESS_MISSING;
    return env_route(env, &on->mno, on->profile_type) ? ST_OK : ST_ROUTE_MISSING;
}

int64_t run_fence_due(const struct run *r, uint32_t fences)
{
    enum timer t = fences < 6 ? (enum timer)(TIMER_FENCE_1 + (int)fences) : TIMER_FENCE_6;
    return run_awake_due(r, r->now + spread(r, run_timer(r, t)));
}

bool run_answer_lost(struct run *r, const struct euicc_packet *pk)
{
    if (r->in->u.por.status != POR_CNTR_LOW || pk->counter != r->e->counter_high ||
        r->op->asked_again)
        return false;
    (void)run_por(r, -1, 0);
    r->again = pk->counter;
    return true;
}

bool run_question_again(struct run *r)
{
    const struct euicc_packet *pk = run_packet(r, PURPOSE_FENCE);
    int64_t silent = pk ? pk->first_sent_ms : 0;

    if (r->e->reach.seen_ms > silent)
        silent = r->e->reach.seen_ms;
    if (!pk || !reach_sleeps(r->e) || run_expired(r) || r->now - silent < run_timer(r, TIMER_RESEND_1))
        return false;
    run_put_sms(r, NULL, pk, euicc_enabled(r->e), run_asked_at(r, r->op->fences ? r->op->fences - 1 : 0), r->op->due_ms);
    return true;
}

void run_in_doubt(struct run *r, const char *why)
{
    if (!r->op->in_doubt)
        run_in_doubt_to(r, why, -1, 0);
}

void run_in_doubt_to(struct run *r, const char *why, int next, int64_t due)
{
    struct event *ev = run_record(r, EV_OPERATION_IN_DOUBT, next, due);

    ev->text = span_str(why);
    ev->result = VERDICT_IN_DOUBT;
}
