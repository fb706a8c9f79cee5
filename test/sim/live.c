/* SPDX-License-Identifier: Apache-2.0 */
/* Liveness: 72 hours after the last fault nothing may still be under way, and nothing may have been left
 * behind. Each refusal says what hangs, where, and since when. */
#include "test/sim/world_int.h"

#include "smdp/store/store.h"
#include "smsr/proc/procs.h"

static int stuck_operation(const struct euicc *e, struct errmsg *why)
{
    const struct operation *op = e->ops[0];
    char eid[EID_TEXT], id[UUID_TEXT];

    eid_text(&e->eid, eid);
    uuid_text(&op->id, id);
    return errmsg_set(why, ERR_CORRUPT,
                      "liveness: EID %s: %u operations without a verdict; %s %s (%s) of %lld s is in %s%s, "
                      "attempt %u, due at %lld s",
                      eid, e->n_ops, function_text(op->function), id, op->fcid,
                      (long long)(op->accepted_ms - WORLD_START_MS) / 1000,
                      proc_state_name(op->function, op->state), op->in_doubt ? ", in doubt" : "",
                      op->attempt, (long long)(op->due_ms - WORLD_START_MS) / 1000);
}

/* An ISD-P that was created and never filled holds memory nobody can use. */
static int check_orphans(const struct card *c, struct errmsg *why)
{
    for (unsigned i = 0; i < card_isdp_count(c); i++) {
        const struct card_isdp *p = card_isdp_at(c, i);
        char eid[EID_TEXT], aid[AID_TEXT];
        if (p->state == ISDP_ENABLED || p->state == ISDP_DISABLED)
            continue;
        eid_text(card_eid(c), eid);
        aid_text(&p->aid, aid);
        return errmsg_set(why, ERR_CORRUPT, "liveness: EID %s: ISD-P %s was left behind in state %02X", eid,
                          aid, (unsigned)p->state);
    }
    return ERR_OK;
}

static int check_party(const struct client *c, struct engine *e, struct errmsg *why)
{
    uint64_t left = c->subscribe ? engine_deliveries_pending(e, &c->me.oid) : 0;

    for (unsigned i = 0; i < c->n_calls; i++)
        if (!c->calls[i]->answered)
            return errmsg_set(why, ERR_CORRUPT, "liveness: %s never got an answer to %s of %lld s%s", c->name,
                              c->calls[i]->fcid, (long long)c->calls[i]->asked_ms / 1000,
                              c->calls[i]->accepted ? ", which was accepted" : "");
    if (left)
        return errmsg_set(why, ERR_CORRUPT, "liveness: %s has not acknowledged %llu deliveries, the last it "
                          "heard is %llu", c->name, (unsigned long long)left,
                          (unsigned long long)c->last_no);
    return ERR_OK;
}

static int stuck_order(void *ctx, const struct order *o)
{
    struct errmsg *why = ctx;
    char id[UUID_TEXT];

    uuid_text(&o->id, id);
    return errmsg_set(why, ERR_CORRUPT,
                      "liveness: order %s for ICCID %s is in state %s, attempt %u, step %u, due at %lld s", id,
                      o->iccid.s, order_state_text(o->state), o->attempt, o->step,
                      (long long)(o->due_ms - WORLD_START_MS) / 1000);
}

static int check_orders(struct world *w, struct errmsg *why)
{
    const struct dp_scope all = {.all = true};
    const struct dp_order_filter live = {.live_only = true, .limit = 1};
    int err = engine_flush(smdp_core_engine(w->dp));

    if (!err)
        err = dp_store_orders(smdp_core_store(w->dp), &all, &live, stuck_order, why);
    if (!err && dp_store_live(smdp_core_store(w->dp)))
        err = errmsg_set(why, ERR_CORRUPT, "liveness: %zu orders never end", dp_store_live(smdp_core_store(w->dp)));
    return err;
}

static int check_daemons(struct world *w, struct errmsg *why)
{
    uint64_t left;

    if (!w->sr_life.up || !w->dp_life.up)
        return errmsg_set(why, ERR_CORRUPT, "liveness: the %s is not running", w->sr_life.up ? "SM-DP" : "SM-SR");
    left = engine_deliveries_pending(smsr_core_engine(w->sr), &w->dp_env.smdp_oid);
    if (left)
        return errmsg_set(why, ERR_CORRUPT, "liveness: the SM-DP has not acknowledged %llu deliveries of the SM-SR",
                          (unsigned long long)left);
    return ERR_OK;
}

int world_check_live(struct world *w, struct errmsg *why)
{
    unsigned n;
    struct client *const *all = world_parties(w, &n);
    int err = check_daemons(w, why);

    for (unsigned i = 0; !err && i < w->factory.n; i++) {
        const struct euicc *e = world_eis(w, &w->factory.cards[i].eid);
        if (e && e->n_ops)
            err = stuck_operation(e, why);
    }
    if (!err)
        err = check_orders(w, why);
    for (unsigned i = 0; !err && i < w->factory.n; i++)
        err = check_orphans(simnet_card(w->net, i), why);
    for (unsigned i = 0; !err && i < n; i++)
        err = check_party(all[i], all[i]->server.ctx == &w->dp_life ? smdp_core_engine(w->dp)
                                                                    : smsr_core_engine(w->sr), why);
    return err;
}
