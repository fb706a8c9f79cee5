/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of calls and of the log itself: each verdict once, every sequence without a gap. */
#include "test/sim/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "test/sim/world_int.h"

int watch_new(struct world *w, struct watch **ret)
{
    struct watch *k = calloc(1, sizeof *k);

    *ret = k;
    if (!k)
        return ERR_NOMEM;
    k->w = w;
    k->n = w->factory.n;
    arena_init(&k->arena, 0);
    k->join = join_new();
    k->calls = map_new(0);
    k->by_fcid = map_new(0);
    k->cards = calloc(k->n, sizeof *k->cards);
    k->stock = calloc(k->n, sizeof *k->stock);
    if (!k->join || !k->calls || !k->by_fcid || !k->cards || !k->stock)
        return ERR_NOMEM;
    for (unsigned i = 0; i < k->n; i++) {
        k->cards[i].eid = w->factory.cards[i].eid;
        k->stock[i].iccid = w->factory.cards[i].iccid_b;
    }
    return ERR_OK;
}

void watch_free(struct watch *k)
{
    void *cursor = NULL, *call;

    if (!k)
        return;
    while (k->calls && map_next(k->calls, &cursor, NULL, &call))
        free(call);
    map_free(k->calls);
    map_free(k->by_fcid);
    join_free(k->join);
    arena_fini(&k->arena);
    free(k->cards);
    free(k->stock);
    free(k->changes);
    free(k);
}

struct watch_card *watch_card(struct watch *k, const struct eid *eid)
{
    for (unsigned i = 0; i < k->n; i++)
        if (eid_eq(&k->cards[i].eid, eid))
            return &k->cards[i];
    return NULL;
}

struct watch_profile *watch_profile(struct watch_card *c, const struct iccid *iccid)
{
    for (unsigned i = 0; i < c->n; i++)
        if (iccid_eq(&c->p[i].iccid, iccid))
            return &c->p[i];
    return NULL;
}

struct watch_stock *watch_stock(struct watch *k, const struct iccid *iccid)
{
    for (unsigned i = 0; i < k->n; i++)
        if (iccid_eq(&k->stock[i].iccid, iccid))
            return &k->stock[i];
    return NULL;
}

/* --- the log (I6) --- */
void watch_log(struct watch *k, struct watch_log *l, const struct journal_record *rec)
{
    unsigned i = 0;

    if (rec->lsn != l->lsn + 1)
        world_fault(k->w, "I6: record %llu follows %llu", (unsigned long long)rec->lsn,
                    (unsigned long long)l->lsn);
    if (rec->at_ms < l->at_ms)
        world_fault(k->w, "I6: record %llu is older than the one before",
                    (unsigned long long)rec->lsn);
    l->lsn = rec->lsn;
    l->at_ms = rec->at_ms;
    while (i < l->n_streams && l->stream[i] != rec->stream)
        i++;
    if (i == WATCH_STREAMS_MAX) {
        world_fault(k->w, "more streams than the checks hold");
        return;
    }
    if (i == l->n_streams)
        l->stream[l->n_streams++] = rec->stream;
    if (rec->seq != ++l->seq[i])
        world_fault(k->w, "I6: stream %u has number %llu where %llu was due", rec->stream,
                    (unsigned long long)rec->seq, (unsigned long long)l->seq[i]);
}

/* --- calls --- */
static struct watch_call *call_of(struct watch *k, const struct event *ev)
{
    struct watch_call *c = map_get(k->calls, span_of(ev->op.b, 16));

    if (c)
        return c;
    c = calloc(1, sizeof *c);
    if (!c || map_put(k->calls, span_of(ev->op.b, 16), c)) {
        free(c);
        world_fault(k->w, "no memory");
        return NULL;
    }
    c->id = ev->op;
    c->eid = ev->eid;
    return c;
}

/* Identifiers are a party's own. false: too long to be one of those the parties here use. */
static bool fcid_key(const struct oid *party, struct span fcid, char key[MAP_KEY_MAX + 1])
{
    return fcid.n && fcid.n + 1 + strlen(party->s) <= MAP_KEY_MAX &&
           snprintf(key, MAP_KEY_MAX + 1, "%.*s@%s", (int)fcid.n, (const char *)fcid.p, party->s) > 0;
}

struct watch_call *watch_call_of(struct watch *k, const struct oid *party, struct span fcid)
{
    char key[MAP_KEY_MAX + 1];

    return fcid_key(party, fcid, key) ? map_get(k->by_fcid, span_str(key)) : NULL;
}

static void call_named(struct watch *k, struct watch_call *c, const struct event *ev)
{
    char key[MAP_KEY_MAX + 1];

    c->function = ev->function;
    c->iccid = ev->iccid.s[0] ? ev->iccid : c->iccid;
    if (ev->party.s[0])
        c->party = ev->party;
    if (ev->fcid.n > UUID_TEXT - 1 && ev->fcid.p[UUID_TEXT - 1] == '/' &&
        uuid_parse(span_of(ev->fcid.p, UUID_TEXT - 1), &c->order))
        memset(&c->order, 0, sizeof c->order);
    if (fcid_key(&c->party, ev->fcid, key) && !map_get(k->by_fcid, span_str(key)) &&
        map_put(k->by_fcid, span_str(key), c))
        world_fault(k->w, "no memory");
}

static void call_accepted(struct watch *k, const struct event *ev)
{
    struct watch_call *c = call_of(k, ev);

    if (!c)
        return;
    if (c->function)
        world_fault(k->w, "I6: %s is accepted twice", function_text(c->function));
    call_named(k, c, ev);
    c->enable = ev->enable;
}

static void call_concluded(struct watch *k, const struct event *ev)
{
    struct watch_call *c = call_of(k, ev);

    if (!c)
        return;
    if (c->verdict != VERDICT_NONE)
        world_fault(k->w, "I3: %s is concluded %s and then %s", function_text(c->function),
                    verdict_text(c->verdict), verdict_text(ev->result));
    if (!c->function)
        call_named(k, c, ev);
    c->verdict = ev->result;
    k->w->stats.hits[HIT_POL1_REFUSED] += !strcmp(ev->code.subject, "8.2.2");
    c->warned = ev->result == VERDICT_SUCCESS && ev->code.subject[0];
}

static void call_enabled(struct watch *k, const struct event *ev)
{
    struct watch_call *c = map_get(k->calls, span_of(ev->op.b, 16));

    if (c)
        c->enabled = true;
}

/* Answered at once: its one record is its success. It is no operation and has no id. */
static void call_done(struct watch *k, const struct event *ev)
{
    char key[MAP_KEY_MAX + 1];
    struct watch_call *c;

    if (!fcid_key(&ev->party, ev->fcid, key))
        return;
    if (map_get(k->calls, span_str(key)))
        world_fault(k->w, "I6: %s of one call is done twice", function_text(ev->function));
    c = calloc(1, sizeof *c);
    if (!c || map_put(k->calls, span_str(key), c)) {
        free(c);
        world_fault(k->w, "no memory");
        return;
    }
    c->eid = ev->eid;
    c->verdict = VERDICT_SUCCESS;
    call_named(k, c, ev);
}

static void count(struct watch *k, const struct event *ev)
{
    struct world_stats *s = &k->w->stats;

    s->records++;
    s->in_doubt += ev->type == EV_OPERATION_IN_DOUBT;
    if (ev->type != EV_OPERATION_CONCLUDED)
        return;
    s->refused += ev->stage == STAGE_ADMISSION;
    if (ev->stage == STAGE_ADMISSION)
        return;
    s->success += ev->result == VERDICT_SUCCESS;
    s->failed += ev->result == VERDICT_FAILED;
    s->rolled_back += ev->result == VERDICT_ROLLED_BACK;
    s->expired += ev->result == VERDICT_EXPIRED;
}

void watch_smsr(struct watch *k, const struct event *ev, int64_t at_ms)
{
    struct watch_call *c = uuid_is_zero(&ev->op) ? NULL : map_get(k->calls, span_of(ev->op.b, 16));

    count(k, ev);
    if (c && c->verdict != VERDICT_NONE)
        world_fault(k->w, "I3: %s goes on after its verdict with %s", function_text(c->function),
                    event_type_name(ev->type));
    if (ev->type == EV_OPERATION_ACCEPTED && hostile_may_not(k->w, &ev->party, &ev->eid))
        world_fault(k->w, "I7: %s of party %s is accepted for a card it has no relation to",
                    function_text(ev->function), ev->party.s);
    if (ev->type == EV_OPERATION_ACCEPTED)
        call_accepted(k, ev);
    else if (ev->type == EV_OPERATION_CONCLUDED)
        call_concluded(k, ev);
    else if (ev->type == EV_POLICY_CHANGED || ev->type == EV_ADDRESS_CHANGED)
        call_done(k, ev);
    watch_card_record(k, ev, at_ms);
}

/* --- stock: the ICCID is bound to one EID until it is proved that it stands nowhere (I9) --- */
static void reserved(struct watch *k, struct watch_stock *s, const struct event *ev)
{
    if (s->state != STOCK_AVAILABLE)
        world_fault(k->w, "I9: ICCID %s is %s and reserved again", s->iccid.s,
                    stock_state_text(s->state));
    s->state = STOCK_RESERVED;
    s->eid = ev->eid;
    s->order = ev->op;
}

static void released(struct watch *k, struct watch_stock *s)
{
    s->state = STOCK_AVAILABLE;
    for (unsigned i = 0; i < k->n; i++) {
        struct watch_card *c = &k->cards[i];
        const struct card *card = simnet_card_of(k->w->net, &c->eid);
        if (watch_profile(c, &s->iccid))
            world_fault(k->w, "I9: ICCID %s is released but stands in the EIS of card %u",
                        s->iccid.s, i);
        for (unsigned m = 0; card && m < c->n_made; m++)
            for (unsigned p = 0; p < card_isdp_count(card); p++)
                if (iccid_eq(&c->made[m].iccid, &s->iccid) &&
                    aid_eq(&c->made[m].aid, &card_isdp_at(card, p)->aid))
                    world_fault(k->w, "I9: ICCID %s is released but its ISD-P stands on card %u",
                                s->iccid.s, i);
    }
}

void watch_smdp(struct watch *k, const struct event *ev)
{
    struct watch_stock *s = ev->iccid.s[0] ? watch_stock(k, &ev->iccid) : NULL;

    if (ev->type == EV_ORDER_ACCEPTED)
        call_accepted(k, ev);
    else if (ev->type == EV_ORDER_CONCLUDED)
        call_concluded(k, ev);
    else if (ev->type == EV_PROFILE_ENABLED && !uuid_is_zero(&ev->op))
        call_enabled(k, ev);
    if (!s)
        return;
    if (ev->type == EV_PROFILE_IMPORTED)
        s->state = STOCK_AVAILABLE;
    else if (ev->type == EV_ORDER_ACCEPTED && ev->function == FN_DOWNLOAD_PROFILE)
        reserved(k, s, ev);
    else if (ev->type == EV_PROFILE_INSTALLED)
        s->state = STOCK_INSTALLED;
    else if (ev->type == EV_PROFILE_RELEASED)
        released(k, s);
    else if (ev->type == EV_PROFILE_DELETED && s->state == STOCK_INSTALLED && eid_eq(&s->eid, &ev->eid))
        s->state = STOCK_DELETED; /* news of an ISD-P that never held a profile is none of the stock */
}
