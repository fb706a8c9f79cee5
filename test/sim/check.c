/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants (facts: trust 3.11): I1, I9 at every step on the cards; I2, I3, I4 by the ledger join; I6
 * by the log itself; and the end: everything has a verdict, EIS equals card, nothing is left to hear. */
#include "test/sim/world_int.h"

#include "common/wire/wire.h"

#include <stdio.h>

/* I1: at most one enabled profile; I9: an ICCID stands on one card only. */
void world_check_step(struct world *w)
{
    size_t n = simnet_devices(w->net);

    if (w->stats.events % 16)
        return;
    for (size_t i = 0; i < n; i++) {
        struct card *c = simnet_card(w->net, i);
        unsigned enabled = 0;
        for (unsigned k = 0; k < card_isdp_count(c); k++)
            enabled += card_isdp_at(c, k)->state == ISDP_ENABLED;
        if (enabled > 1)
            world_fault(w, "I1: %u profiles enabled on one card", enabled);
    }
}

struct feeding {
    struct world *w;
    struct join *join;
    struct arena arena;
};

static int feed_record(void *ctx, const struct journal_record *rec)
{
    struct feeding *f = ctx;
    struct event *ev;
    int err;

    arena_reset(&f->arena);
    ev = arena_alloc(&f->arena, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, &f->arena, ev, NULL) : ERR_NOMEM;
    if (err)
        return err;
    ev->op = rec->op;
    ev->eid = rec->eid;
    if (ev->type == EV_OPERATION_CONCLUDED && ev->stage != STAGE_ADMISSION) {
        f->w->stats.success += ev->result == VERDICT_SUCCESS;
        f->w->stats.failed += ev->result == VERDICT_FAILED;
        f->w->stats.rolled_back += ev->result == VERDICT_ROLLED_BACK;
        f->w->stats.expired += ev->result == VERDICT_EXPIRED;
    }
    f->w->stats.refused += ev->type == EV_OPERATION_CONCLUDED && ev->stage == STAGE_ADMISSION;
    f->w->stats.in_doubt += ev->type == EV_OPERATION_IN_DOUBT;
    f->w->stats.records++;
    return join_event(f->join, ev);
}

static int feed_row(void *ctx, const struct card_ledger_row *row)
{
    struct feeding *f = ctx;
    return join_row(f->join, row);
}

static int check_join(struct world *w, struct errmsg *why)
{
    struct feeding f = {.w = w, .join = join_new()};
    struct ledger_visitor v = {.row = feed_row, .ctx = &f};
    struct join_report r;
    int err = f.join ? ERR_OK : ERR_NOMEM;

    arena_init(&f.arena, 0);
    if (!err)
        err = journal_read(engine_journal(smsr_core_engine(w->sr)), 1, 0, feed_record, &f);
    if (!err)
        err = ledger_file_each(w->ledger, &v);
    if (err) {
        (void)errmsg_set(why, err, "the join cannot be made: %s", err_text(err));
    } else {
        join_finish(f.join, &r);
        w->stats.rows = r.rows;
        w->stats.accepted = r.accepted + r.undecided;
        if (!join_exact(&r))
            err = errmsg_set(why, ERR_CORRUPT, "join not exact: %llu rows, %llu accepted, %llu undecided, "
                                               "%llu mismatches: %s",
                             (unsigned long long)r.rows, (unsigned long long)r.accepted,
                             (unsigned long long)r.undecided, (unsigned long long)r.mismatches,
                             r.first.text);
    }
    join_free(f.join);
    arena_fini(&f.arena);
    return err;
}

static enum profile_state state_of(enum card_isdp_state s)
{
    return s == ISDP_ENABLED ? PROFILE_ENABLED : s == ISDP_DISABLED ? PROFILE_DISABLED : PROFILE_CREATED;
}

/* EIS equals card, and no operation is left without a verdict. */
static int check_card(struct world *w, const struct eid *eid, struct errmsg *why)
{
    struct card *c = simnet_card_of(w->net, eid);
    struct mbox key = {.kind = MBOX_EUICC};
    const struct euicc *e;
    const void *obj;
    char text[EID_TEXT];
    int err;

    eid_text(eid, text);
    memcpy(key.id, eid->b, sizeof eid->b);
    err = engine_view(smsr_core_engine(w->sr), &key, &obj);
    e = obj;
    if (err || !e)
        return errmsg_set(why, ERR_CORRUPT, "EID %s is not registered", text);
    if (e->n_ops)
        return errmsg_set(why, ERR_CORRUPT, "EID %s: %u operations without a verdict, first %s in state %u",
                          text, e->n_ops, function_text(e->ops[0]->function), e->ops[0]->state);
    if (e->n_profiles != card_isdp_count(c))
        return errmsg_set(why, ERR_CORRUPT, "EID %s: EIS has %u profiles, the card %u", text,
                          e->n_profiles, card_isdp_count(c));
    for (unsigned i = 0; i < card_isdp_count(c); i++) {
        const struct card_isdp *p = card_isdp_at(c, i);
        const struct euicc_profile *q = euicc_profile_by_aid(e, &p->aid);
        if (!q || q->state != state_of(p->state))
            return errmsg_set(why, ERR_CORRUPT, "EID %s: EIS says %s where the card says %02X", text,
                              q ? profile_state_text(q->state) : "nothing", (unsigned)p->state);
        if (q->state >= PROFILE_DISABLED && !iccid_eq(&q->iccid, &p->data.iccid))
            return errmsg_set(why, ERR_CORRUPT, "EID %s: EIS and card differ in an ICCID", text);
    }
    return ERR_OK;
}

static int check_client(const struct client *c, struct engine *e, struct errmsg *why)
{
    for (unsigned i = 0; i < c->n_calls; i++)
        if (!c->calls[i]->answered)
            return errmsg_set(why, ERR_CORRUPT, "%s never got an answer to %s", c->name, c->calls[i]->fcid);
    if (c->subscribe && engine_deliveries_pending(e, &c->me.oid))
        return errmsg_set(why, ERR_CORRUPT, "%s still has deliveries to hear", c->name);
    return ERR_OK;
}

/* In the plain story the outcome of every meter is known beforehand. */
static int check_plain(struct world *w, struct errmsg *why)
{
    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct factory_card *f = &w->factory.cards[i];
        const struct card_isdp *on = card_enabled(simnet_card_of(w->net, &f->eid));
        bool should = f->fate == FATE_FINE;
        if (!on || iccid_eq(&on->data.iccid, &f->iccid_b) != should)
            return errmsg_set(why, ERR_CORRUPT, "meter %u: the %s profile is enabled", i,
                              should ? "bootstrap" : "pushed");
    }
    return ERR_OK;
}

int world_check_end(struct world *w, struct errmsg *why)
{
    struct engine *sr = smsr_core_engine(w->sr), *dp = smdp_core_engine(w->dp);
    int err = check_join(w, why);

    for (unsigned i = 0; !err && i < w->factory.n; i++)
        err = check_card(w, &w->factory.cards[i].eid, why);
    if (!err)
        err = check_client(&w->eum, sr, why);
    if (!err)
        err = check_client(&w->a, sr, why);
    if (!err)
        err = check_client(&w->b, sr, why);
    if (!err)
        err = check_client(&w->fleet, sr, why);
    if (!err)
        err = check_client(&w->b_dp, dp, why);
    if (!err)
        err = check_client(&w->admin, dp, why);
    if (!err && !w->plan.faults)
        err = check_plain(w, why);
    return err;
}

static int print_record(void *ctx, const struct journal_record *rec)
{
    struct feeding *f = ctx;
    struct event *ev;
    struct buf out;
    int err;

    arena_reset(&f->arena);
    ev = arena_alloc(&f->arena, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, &f->arena, ev, NULL) : ERR_NOMEM;
    if (err)
        return err;
    buf_init(&out, 0);
    err = wire_event_json(ev, &out);
    printf("%9lld ms %6llu %s %.*s\n", (long long)(rec->at_ms - WORLD_START_MS),
           (unsigned long long)rec->lsn, rec->type, (int)(out.n < 900 ? out.n : 900), (const char *)out.p);
    buf_fini(&out);
    return err;
}

void world_print(struct world *w)
{
    struct feeding f = {.w = w};

    arena_init(&f.arena, 0);
    printf("--- SM-SR\n");
    if (journal_read(engine_journal(smsr_core_engine(w->sr)), 1, 0, print_record, &f))
        printf("cannot be read\n");
    printf("--- SM-DP\n");
    if (journal_read(engine_journal(smdp_core_engine(w->dp)), 1, 0, print_record, &f))
        printf("cannot be read\n");
    arena_fini(&f.arena);
}

static int add_head(void *ctx, const struct journal_head *head)
{
    struct world *w = ctx;

    world_air(w, 'h', span_of(head->hash, sizeof head->hash));
    return ERR_OK;
}

int world_log_hash(struct world *w, uint8_t ret[32])
{
    int err = journal_heads(engine_journal(smsr_core_engine(w->sr)), add_head, w);

    if (!err)
        err = journal_heads(engine_journal(smdp_core_engine(w->dp)), add_head, w);
    memcpy(ret, w->air.h, 32);
    return err;
}
