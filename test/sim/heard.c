/* SPDX-License-Identifier: Apache-2.0 */
/* What the parties heard and what the SM-DP believes, against what is true once all is quiet: every
 * change of a profile was told to whom it concerns, once, and nobody heard of one that never was; the
 * verdict of each call is the one in the log; the stock is where the cards are. */
#include "test/sim/world_int.h"

#include "smdp/store/store.h"

#include <stdio.h>

/* --- verdicts --- */
static bool expired_sent(const struct client_call *k)
{
    return k->answer.status == EXEC_EXPIRED && !strcmp(k->answer.code.subject, "1.6") &&
           !strcmp(k->answer.code.reason, "5.4");
}

/* The verdict a party holds after answer and notice: design 3.4. FAILED covers what ended without
 * success. A read that nobody answered has changed nothing: there is no verdict to wait for. */
static enum verdict held(const struct client_call *k)
{
    if (expired_sent(k))
        return k->type == MSG_ES4_AUDIT_EIS_REQUEST ? VERDICT_FAILED : k->concluded;
    switch (k->answer.status) {
    case EXEC_SUCCESS:
    case EXEC_WARNING:
        return VERDICT_SUCCESS;
    case EXEC_EXPIRED:
        return VERDICT_EXPIRED;
    default:
        return VERDICT_FAILED;
    }
}

static bool agrees(const struct client_call *k, enum verdict truth)
{
    enum verdict v = held(k);

    if (expired_sent(k))
        return v == truth;
    if (k->concluded != VERDICT_NONE)
        return false;
    return v == truth || (v == VERDICT_FAILED &&
                          (truth == VERDICT_ROLLED_BACK || truth == VERDICT_CANCELLED));
}

static int check_verdicts(struct world *w, const struct client *c, struct errmsg *why)
{
    for (unsigned i = 0; i < c->n_calls; i++) {
        const struct client_call *k = c->calls[i];
        const struct watch_call *t = watch_call_of(w->watch, &c->me.oid, span_str(k->fcid));
        if ((!t || t->function == FN_NONE) && held(k) == VERDICT_SUCCESS)
            return errmsg_set(why, ERR_CORRUPT, "%s heard SUCCESS of %s, which no record tells", c->name, k->fcid);
        if (!t || t->function == FN_NONE) /* refused before it was a call */
            continue;
        if (t->verdict == VERDICT_NONE)
            return errmsg_set(why, ERR_CORRUPT, "%s %s has no verdict", function_text(t->function),
                              k->fcid);
        if (!agrees(k, t->verdict))
            return errmsg_set(why, ERR_CORRUPT, "%s heard %s%s of %s %s, which is %s", c->name,
                              verdict_text(held(k)), expired_sent(k) ? " (late)" : "",
                              function_text(t->function), k->fcid, verdict_text(t->verdict));
        if (t->function == FN_DOWNLOAD_PROFILE && k->answer.status == EXEC_SUCCESS && t->warned)
            return errmsg_set(why, ERR_CORRUPT, "%s heard nothing of the warning of %s", c->name,
                              k->fcid);
    }
    return ERR_OK;
}

/* --- changes --- */
static struct client_notice *notice_of(struct client *c, const struct watch_change *g)
{
    for (size_t i = 0; i < c->n_notices; i++) {
        struct client_notice *n = &c->notices[i];
        if (!n->matched && n->what == g->what && eid_eq(&n->eid, &g->eid) &&
            iccid_eq(&n->iccid, &g->iccid) && n->completed_ms == g->at_ms)
            return n;
    }
    return NULL;
}

/* The SM-DP asked for it: the order that did so tells its operator. */
static bool told_by_order(struct world *w, const struct watch_call *op, enum function what)
{
    const struct watch_call *o = map_get(w->watch->calls, span_of(op->order.b, 16));

    if (!o || o->verdict != VERDICT_SUCCESS || (o->warned && !o->enabled && o->function == FN_DOWNLOAD_PROFILE))
        return false;
    return o->function == what || (o->function == FN_DOWNLOAD_PROFILE && what == FN_ENABLE_PROFILE);
}

struct hearing {
    struct client *who;
    bool asked;                    /* its own call's answer tells it */
    bool by_order;                 /* asked by its SM-DP */
};

/* By the SM-DP's clean-up behind a download that failed: its operator knows that it has nothing. */
static bool cleaned_up(struct world *w, const struct watch_call *op, const struct hearing *h)
{
    const struct watch_call *o = h->by_order ? map_get(w->watch->calls, span_of(op->order.b, 16)) : NULL;

    return o && o->function == FN_DOWNLOAD_PROFILE && op->function == FN_DELETE_PROFILE &&
           o->verdict == VERDICT_FAILED;
}

static int check_hearing(struct world *w, const struct watch_change *g, const struct watch_call *op,
                         const struct hearing *h, struct errmsg *why)
{
    struct client_notice *n = notice_of(h->who, g);
    bool need = (g->what != FN_DELETE_PROFILE || g->installed) && !cleaned_up(w, op, h);
    bool told = h->asked || (h->by_order && told_by_order(w, op, g->what));
    char text[EID_TEXT];

    if (n)
        n->matched = true;
    if (n ? !told : told || !need)
        return ERR_OK;
    eid_text(&g->eid, text);
    return errmsg_set(why, ERR_CORRUPT, "EID %s: %s %s %s of ICCID %s at %lld ms", text, h->who->name,
                      n ? "heard by answer and by notice of" : "never heard of", function_text(g->what),
                      g->iccid.s, (long long)(g->at_ms - WORLD_START_MS));
}

static int check_change(struct world *w, const struct watch_change *g, struct errmsg *why)
{
    static const struct watch_call NOBODY = {0};
    const struct watch_call *op = map_get(w->watch->calls, span_of(g->op.b, 16));
    bool of_b = watch_stock(w->watch, &g->iccid) != NULL, target;
    struct hearing owner = {.who = of_b ? &w->b_dp : &w->a}, fleet = {.who = world_fleet(w, &g->eid)};
    int err;

    op = op ? op : &NOBODY;
    target = iccid_eq(&op->iccid, &g->iccid);
    if (of_b)
        owner.by_order = target && oid_eq(&op->party, &w->dp_env.smdp_oid);
    else
        owner.asked = target && oid_eq(&op->party, &w->a.me.oid);
    if (g->what == FN_UNSET_FALLBACK_ATTRIBUTE) { /* no answer tells that, and no PLMA names it */
        owner.asked = owner.by_order = false;
        return check_hearing(w, g, op, &owner, why);
    }
    if (g->what == FN_SET_FALLBACK_ATTRIBUTE) /* the PLMA that lets the other owner take it */
        fleet.who = of_b ? &w->a : &w->b;
    fleet.asked = oid_eq(&op->party, &fleet.who->me.oid);
    err = check_hearing(w, g, op, &owner, why);
    return err || (!of_b && g->what != FN_SET_FALLBACK_ATTRIBUTE) ? err : check_hearing(w, g, op, &fleet, why);
}

static int check_lies(struct world *w, const struct client *c, struct errmsg *why)
{
    w->stats.notices += c->n_notices;
    for (size_t i = 0; i < c->n_notices; i++)
        if (!c->notices[i].matched)
            return errmsg_set(why, ERR_CORRUPT, "%s heard of %s of ICCID %s at %lld ms, which never was",
                              c->name, function_text(c->notices[i].what), c->notices[i].iccid.s,
                              (long long)(c->notices[i].completed_ms - WORLD_START_MS));
    return ERR_OK;
}

int world_check_heard(struct world *w, struct errmsg *why)
{
    struct client *const all[] = {&w->a, &w->b, &w->b_dp, &w->fleet[0], &w->fleet[1]};
    const unsigned n = sizeof all / sizeof *all;
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < n; i++)
        err = check_verdicts(w, all[i], why);
    for (size_t i = 0; !err && i < w->watch->n_changes; i++)
        err = check_change(w, &w->watch->changes[i], why);
    for (unsigned i = 0; !err && i < n; i++)
        err = check_lies(w, all[i], why);
    return err;
}

/* --- stock --- */
static const struct card_isdp *on_card(const struct card *c, const struct iccid *iccid)
{
    for (unsigned i = 0; i < card_isdp_count(c); i++) {
        const struct card_isdp *p = card_isdp_at(c, i);
        if ((p->state == ISDP_ENABLED || p->state == ISDP_DISABLED) && iccid_eq(&p->data.iccid, iccid))
            return p;
    }
    return NULL;
}

/* Where the SM-SR and the card have it, against where the SM-DP believes it to be. */
static int check_item(struct world *w, const struct stock_item *item, struct watch_card *c,
                      struct errmsg *why)
{
    const struct watch_profile *p = watch_profile(c, &item->iccid);
    const struct card_isdp *q = on_card(simnet_card_of(w->net, &c->eid), &item->iccid);
    bool here = item->state == STOCK_INSTALLED && eid_eq(&item->eid, &c->eid);
    const char *said = stock_state_text(item->state);
    char text[EID_TEXT];

    eid_text(&c->eid, text);
    if (here != (p != NULL) || here != (q != NULL))
        return errmsg_set(why, ERR_CORRUPT, "ICCID %s is %s%s in the SM-DP; EID %s: SM-SR %s, card %s",
                          item->iccid.s, said, here ? " there" : "", text,
                          p ? profile_state_text(p->state) : "none", q ? "has it" : "none");
    if (here && (item->enabled != (p->state == PROFILE_ENABLED) ||
                 item->enabled != (q->state == ISDP_ENABLED)))
        return errmsg_set(why, ERR_CORRUPT,
                          "ICCID %s is %s in the SM-DP; EID %s: SM-SR %s, card %02X", item->iccid.s,
                          item->enabled ? "enabled" : "not enabled", text,
                          profile_state_text(p->state), (unsigned)q->state);
    return ERR_OK;
}

int world_check_stock(struct world *w, struct errmsg *why)
{
    struct dp_store *store = smdp_core_store(w->dp);
    const struct dp_scope all = {.all = true};
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < w->watch->n; i++) {
        struct stock_item item;
        err = dp_store_stock(store, &all, &w->watch->stock[i].iccid, &item);
        if (err)
            return errmsg_set(why, err, "ICCID %s is not in stock", w->watch->stock[i].iccid.s);
        if (item.state == STOCK_RESERVED)
            return errmsg_set(why, ERR_CORRUPT, "ICCID %s is reserved by no order", item.iccid.s);
        for (unsigned k = 0; !err && k < w->watch->n; k++)
            err = check_item(w, &item, &w->watch->cards[k], why);
    }
    return err;
}
