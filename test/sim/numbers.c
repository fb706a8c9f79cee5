/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers that are not routed, and numbers that change in mid-operation. Drawn by a generator of their own: worlds
 * without stay as they are. */
#include "test/sim/numbers.h"

#include "common/codec/sms.h"
#include "common/msg/es4.h"
#include "smsr/domain/euicc.h"
#include "common/msg/catalogue.h"
#include "test/sim/world_int.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE_MS 60000
#define HOUR_MS   (60ll * MINUTE_MS)
#define DESK_MS   (10 * MINUTE_MS)
#define CHANGES   1000000u         /* the last six digits name the subscription for ever */

void numbers_init(struct world *w)
{
    struct world_numbers *n = &w->numbers;
    int64_t from = 0;
    unsigned periods;

    rng_init_seeded(&n->rng, w->plan.seed ^ 0x8b);
    n->next_move_ms = n->next_desk_ms = INT64_MAX;
    n->until_ms[0] = n->until_ms[1] = -1;
    for (unsigned i = 0; i < FACTORY_CARDS_MAX; i++)
        n->of[0][i] = n->of[1][i] = (struct number){.answer_ms = -1, .notice_ms = -1};
    if (!w->plan.faults)
        return;
    /* In every third world, mostly where cards go to; minutes or hours. */
    periods = rng_below(&n->rng, 3) ? 0 : 1 + (unsigned)rng_below(&n->rng, UNROUTED_MAX);
    for (unsigned i = 0; i < periods; i++) {
        struct world_unrouted *u = &n->unrouted[n->n_unrouted++];
        u->at_ms = from + 1 + (int64_t)rng_below(&n->rng, (uint64_t)(6 * HOUR_MS - from));
        u->ms = 1 + (int64_t)rng_below(&n->rng, (uint64_t)(rng_below(&n->rng, 2) ? 6 * HOUR_MS : HOUR_MS));
        u->of_b = rng_below(&n->rng, 4) != 0;
        u->answers = rng_below(&n->rng, 3) == 0;
        from = u->at_ms;
    }
    /* In every third world, too. */
    if (rng_below(&n->rng, 3) == 0) {
        n->move_ms = MINUTE_MS << rng_below(&n->rng, 6);
        n->next_move_ms = 1 + (int64_t)rng_below(&n->rng, 2 * (uint64_t)n->move_ms);
    }
}

/* Whose it is: the operator by its first digits, the subscription by its last six. */
static struct number *number_of(struct world *w, const struct msisdn *m, bool *ret_of_b)
{
    size_t len = strlen(m->s);
    unsigned long at = len > 6 ? strtoul(m->s + len - 6, NULL, 10) : 0;

    *ret_of_b = !strncmp(m->s, FACTORY_NUMBERS_B, strlen(FACTORY_NUMBERS_B));
    return at && at <= w->factory.n ? &w->numbers.of[*ret_of_b][at - 1] : NULL;
}

/* Of the profile that this is. */
static struct number *subscription(struct world *w, const struct iccid *iccid, bool *ret_of_b,
                                   const struct imsi **ret_imsi)
{
    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct factory_card *f = &w->factory.cards[i];
        *ret_of_b = iccid_eq(&f->iccid_b, iccid);
        *ret_imsi = *ret_of_b ? &f->imsi_b : &f->f.bootstrap.imsi;
        if (*ret_of_b || iccid_eq(&f->f.bootstrap.iccid, iccid))
            return &w->numbers.of[*ret_of_b][i];
    }
    return NULL;
}

/* --- not routed --- */
static void begin(struct world *w, const struct world_unrouted *u)
{
    struct plmn home = {""};
    int64_t end_ms = u->at_ms + u->ms < w->quiet_ms ? u->at_ms + u->ms : w->quiet_ms;

    (void)snprintf(home.s, sizeof home.s, "%s", u->of_b ? FACTORY_PLMN_B : FACTORY_PLMN_A);
    if (!world_choice(w, "the number that cards notify is not routed by operator %s for %lld s%s", u->of_b ? "B" : "A",
                      (long long)(end_ms - u->at_ms) / 1000, u->answers ? ", nor the one they answer to" : ""))
        return;
    w->stats.hits[HIT_UNROUTED]++;
    w->numbers.until_ms[u->of_b] = end_ms;
    if (simnet_sms_unroute(w->net, &home, u->answers, WORLD_START_MS + end_ms, world_wall(w)))
        world_fault(w, "a number cannot be taken out of a network");
}

/* --- changed --- */
/* Of a card for which something runs, mostly; any profile of it, on or off. */
static const struct watch_profile *chosen(struct world *w)
{
    struct world_numbers *n = &w->numbers;
    unsigned from = (unsigned)rng_below(&n->rng, w->factory.n), which = (unsigned)rng_below(&n->rng, 64);
    bool any = rng_below(&n->rng, 4) == 0;

    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct watch_card *c = &w->watch->cards[(from + i) % w->factory.n];
        const struct watch_profile *p = c->n ? &c->p[which % c->n] : NULL;
        if (p && (any || c->live > 0) && p->state >= PROFILE_DISABLED)
            return p;
    }
    return NULL;
}

static void move(struct world *w)
{
    struct world_numbers *n = &w->numbers;
    const struct watch_profile *p = chosen(w);
    const struct imsi *imsi = NULL;
    bool of_b;
    struct number *s = p ? subscription(w, &p->iccid, &of_b, &imsi) : NULL;
    int64_t told_ms = (int64_t)rng_below(&n->rng, 2) * (int64_t)rng_below(&n->rng, 5 * MINUTE_MS);
    struct msisdn to;

    n->next_move_ms = w->now_ms + 1 + (int64_t)rng_below(&n->rng, 2 * (uint64_t)n->move_ms);
    if (!s || s->changes == 99)
        return;
    memset(&to, 0, sizeof to);
    (void)snprintf(to.s, sizeof to.s, "%s%08u", of_b ? FACTORY_NUMBERS_B : FACTORY_NUMBERS_A,
                   (s->changes + 1) * CHANGES + (unsigned)(s - n->of[of_b]) + 1);
    if (!world_choice(w, "the number of ICCID %s becomes %s, the SM-SR is told in %lld ms", p->iccid.s, to.s,
                      (long long)told_ms))
        return;
    s->changes++;
    if (simnet_renumber(w->net, imsi, &to))
        world_fault(w, "a subscriber cannot get another number");
    n->next_desk_ms = w->now_ms + told_ms;
}

/* --- the desks of the operators: what the SM-SR believes is what they know --- */
static void tell(struct world *w, const struct eid *eid, const struct euicc_profile *p, const struct msisdn *is,
                 struct number *s, bool of_b)
{
    struct client *who = of_b ? &w->b : &w->a;
    struct es4_update_subscription_address_request r;

    memset(&r, 0, sizeof r);
    r.eid = *eid;
    r.iccid = p->iccid;
    r.new_address.imsi = p->imsi;
    r.new_address.msisdn = *is;
    w->stats.operations++;
    s->asked = client_call(who, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, &r, eid, &p->iccid, NULL, w->now_ms);
    if (!s->asked)
        world_fault(w, "%s cannot make its call", who->name);
}

static bool is_wrong(struct world *w, const struct euicc_profile *p, const struct msisdn **ret_is)
{
    *ret_is = p->state >= PROFILE_DISABLED ? simnet_number_of(w->net, &p->imsi) : NULL;
    return *ret_is && !msisdn_eq(*ret_is, &p->msisdn);
}

static void desk(struct world *w)
{
    bool wrong = false;

    for (unsigned i = 0; w->sr_life.up && i < w->factory.n; i++) {
        const struct euicc *e = world_eis(w, &w->factory.cards[i].eid);
        for (unsigned k = 0; e && k < e->n_profiles; k++) {
            const struct euicc_profile *p = &e->profiles[k];
            const struct msisdn *is;
            const struct imsi *imsi;
            bool of_b;
            struct number *s = is_wrong(w, p, &is) ? subscription(w, &p->iccid, &of_b, &imsi) : NULL;
            wrong = wrong || s;
            if (s && (!s->asked || s->asked->answered))
                tell(w, &e->eid, p, is, s, of_b);
        }
    }
    w->numbers.next_desk_ms = wrong || !w->sr_life.up ? w->now_ms + DESK_MS : INT64_MAX;
}

void numbers_look(struct world *w)
{
    int64_t soon = w->now_ms + MINUTE_MS;

    if (w->numbers.move_ms && w->numbers.next_desk_ms > soon)
        w->numbers.next_desk_ms = soon;
}

/* --- time --- */
void numbers_trouble(struct world *w)
{
    struct world_numbers *n = &w->numbers;

    while (n->begun < n->n_unrouted && n->unrouted[n->begun].at_ms <= w->now_ms)
        begin(w, &n->unrouted[n->begun++]);
    if (n->next_move_ms <= w->now_ms && w->now_ms < w->quiet_ms)
        move(w);
    if (n->next_desk_ms <= w->now_ms)
        desk(w);
}

int64_t numbers_due(const struct world *w)
{
    const struct world_numbers *n = &w->numbers;
    int64_t due = n->begun < n->n_unrouted ? n->unrouted[n->begun].at_ms : INT64_MAX;

    if (n->next_move_ms < w->quiet_ms && n->next_move_ms < due)
        due = n->next_move_ms;
    return n->next_desk_ms < due ? n->next_desk_ms : due;
}

/* --- what must hold --- */
void numbers_heard(struct world *w, const struct msisdn *from, struct span tp_ud)
{
    struct sms_ud ud;
    bool of_b, answer = !sms_ud_parse(tp_ud, &ud) && ud.has_kind && ud.kind == SMS_RESPONSE;
    struct number *s = number_of(w, from, &of_b);

    /* The later parts of a message do not say what it is. */
    if (s && (answer || !ud.has_kind))
        s->answer_ms = w->now_ms;
    if (s && !answer)
        s->notice_ms = w->now_ms;
}

void numbers_rolled_back(struct world *w, const struct iccid *goal, struct span cause, int64_t since_ms,
                         bool notified)
{
    const struct imsi *imsi;
    bool of_b, number = span_eq(cause, span_str(STATUS[ST_ROLLED_BACK_NUMBER].meaning)),
         unheard = span_eq(cause, span_str(STATUS[ST_ROLLED_BACK_UNHEARD].meaning));
    const struct number *s = subscription(w, goal, &of_b, &imsi);
    bool unrouted = s && w->numbers.until_ms[of_b] > since_ms;

    if (!number && !unheard && !span_eq(cause, span_str(STATUS[ST_ROLLED_BACK_UNCONFIRMED].meaning)) &&
        !span_eq(cause, span_str(STATUS[ST_ROLLED_BACK_LATE].meaning)))
        world_fault(w, "ROLLED_BACK without its cause");
    if ((number || unheard) && notified)
        world_fault(w, "ROLLED_BACK says that nothing was notified from ICCID %s, which was", goal->s);
    if (number && s && s->answer_ms < since_ms)
        world_fault(w, "ROLLED_BACK says that the card answered from ICCID %s, which it did not", goal->s);
    w->stats.hits[HIT_BACK_FOR_NUMBER] += number && unrouted;
    w->stats.hits[HIT_BACK_UNHEARD] += unheard && unrouted;
}

static uint64_t mix(uint64_t h, const void *p, size_t n)
{
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++)
        h = (h ^ b[i]) * UINT64_C(0x100000001B3);
    return h;
}

#define MIX(h, x) (h) = mix((h), &(x), sizeof(x))

static uint64_t operation_state(uint64_t h, const struct operation *op)
{
    MIX(h, op->id);
    MIX(h, op->state);
    MIX(h, op->due_ms);
    MIX(h, op->attempt);
    MIX(h, op->validity_end_ms);
    MIX(h, op->once_ms);
    MIX(h, op->armed);
    MIX(h, op->answered);
    MIX(h, op->in_doubt);
    MIX(h, op->bearer);
    MIX(h, op->counter);
    MIX(h, op->fences);
    MIX(h, op->window_end_ms);
    MIX(h, op->notif_sequence);
    MIX(h, op->notif_kind);
    MIX(h, op->session);
    MIX(h, op->step);
    MIX(h, op->step_open);
    return h;
}

uint64_t numbers_state(const struct euicc *e)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (unsigned i = 0; i < e->n_profiles; i++) {
        MIX(h, e->profiles[i].aid);
        MIX(h, e->profiles[i].state);
        MIX(h, e->profiles[i].pol2);
    }
    for (unsigned i = 0; i < e->n_ops; i++)
        h = operation_state(h, e->ops[i]);
    for (unsigned i = 0; i < e->n_packets; i++) {
        MIX(h, e->packets[i].counter);
        MIX(h, e->packets[i].first_sent_ms);
    }
    MIX(h, e->counter_high);
    MIX(h, e->notif_sequence);
    MIX(h, e->next_step);
    return h;
}

int numbers_check(struct world *w, struct errmsg *why)
{
    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct euicc *e = world_eis(w, &w->factory.cards[i].eid);
        for (unsigned k = 0; e && k < e->n_profiles; k++) {
            const struct msisdn *is;
            if (is_wrong(w, &e->profiles[k], &is))
                return errmsg_set(why, ERR_CORRUPT, "ICCID %s has the number %s, the SM-SR believes %s",
                                  e->profiles[k].iccid.s, is->s, e->profiles[k].msisdn.s);
        }
    }
    return ERR_OK;
}
