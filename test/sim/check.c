/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants (facts: trust 3.11). At every step, for whatever the step touched: I1, I9 on the cards,
 * I2 to I4 by the join of ledger and journals, I5, I6, I9 by the records (watch.c, watch_card.c), and the
 * EIS against them. At the end, for everything: verdicts, EIS and stock against the cards, what parties
 * heard against what is true (heard.c), the join to the last row, state.db against its journal. */
#include "test/sim/world_int.h"

#include "common/wire/wire.h"
#include "smdp/state_verify.h"
#include "smdp/store/store.h"
#include "smsr/state_verify.h"

#include <stdio.h>

/* --- following the witnesses --- */
struct reading {
    struct watch *k;
    bool smsr;
};

static int read_record(void *ctx, const struct journal_record *rec)
{
    struct reading *r = ctx;
    struct watch *k = r->k;
    struct event *ev;
    int err;

    arena_reset(&k->arena);
    ev = arena_alloc(&k->arena, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, &k->arena, ev, NULL) : ERR_NOMEM;
    if (err)
        return err;
    ev->op = rec->op;
    ev->eid = rec->eid;
    watch_log(k, &k->log[!r->smsr], rec);
    if (r->smsr)
        watch_smsr(k, ev, rec->at_ms);
    else
        watch_smdp(k, ev);
    return r->smsr ? join_event(k->join, ev) : join_order_event(k->join, ev);
}

static int read_row(void *ctx, const struct card_ledger_row *row)
{
    struct watch *k = ctx;
    struct watch_card *c = watch_card(k, &row->eid);

    k->w->stats.rows += row->cause == CAUSE_OTA;
    k->w->stats.hits[HIT_CARD_FULL] += row->sw == 0x6A84;
    if (c)
        c->touched = true;
    if (c && row->state_after == ISDP_ENABLED && row->state_before != ISDP_ENABLED)
        c->moved_by = row->cause;
    return join_row(k->join, row);
}

/* A turn has ended: whatever was decided in it is durable (design law 1). */
static int read_journal(struct watch *k, struct engine *e, bool smsr)
{
    struct reading r = {k, smsr};
    struct journal *j = engine_journal(e);
    uint64_t last = journal_last_lsn(j), seen = k->log[!smsr].lsn;

    if (journal_durable_lsn(j) != last)
        world_fault(k->w, "a turn ended with records that are not durable");
    if (last < seen)
        world_fault(k->w, "I6: records up to %llu of the %s were durable, it has %llu now", (unsigned long long)seen,
                    smsr ? "SM-SR" : "SM-DP", (unsigned long long)last);
    return last > seen ? journal_read(j, seen + 1, 0, read_record, &r) : ERR_OK;
}

static int read_all(struct watch *k)
{
    struct ledger_visitor v = {.row = read_row, .ctx = k};
    int err = ledger_file_more(k->w->ledger, &k->ledger_at, &v);

    if (!err)
        err = read_journal(k, smsr_core_engine(k->w->sr), true);
    if (!err)
        err = read_journal(k, smdp_core_engine(k->w->dp), false);
    k->read_ms = k->w->now_ms;
    return err;
}

/* --- one card --- */
/* I1: at most one enabled profile. I11: one fall-back profile. I9: an ICCID stands on one card only. */
static void check_on_card(struct world *w, size_t at)
{
    const struct card *c = simnet_card(w->net, at);
    unsigned enabled = 0, fallback = 0;

    for (unsigned i = 0; i < card_isdp_count(c); i++) {
        const struct card_isdp *p = card_isdp_at(c, i);
        enabled += p->state == ISDP_ENABLED;
        fallback += p->fallback;
        if (p->state != ISDP_ENABLED && p->state != ISDP_DISABLED)
            continue;
        for (size_t k = 0; k < simnet_devices(w->net); k++) {
            const struct card *other = simnet_card(w->net, k);
            for (unsigned m = 0; m < card_isdp_count(other); m++) {
                const struct card_isdp *q = card_isdp_at(other, m);
                if (q != p && (q->state == ISDP_ENABLED || q->state == ISDP_DISABLED) &&
                    iccid_eq(&q->data.iccid, &p->data.iccid))
                    world_fault(w, "I9: ICCID %s stands on cards %zu and %zu", p->data.iccid.s, at, k);
            }
        }
    }
    if (enabled > 1)
        world_fault(w, "I1: %u profiles enabled on one card", enabled);
    if (fallback != 1)
        world_fault(w, "I11: %u fall-back profiles on card %zu", fallback, at);
}

const struct euicc *world_eis(struct world *w, const struct eid *eid)
{
    struct mbox key = {.kind = MBOX_EUICC};
    const void *obj;

    memcpy(key.id, eid->b, sizeof eid->b);
    return engine_view(smsr_core_engine(w->sr), &key, &obj) ? NULL : obj;
}

/* An ISD-P without a profile may be told apart by an audit only: no operator need hear of it. */
static bool same_state(enum profile_state eis, enum profile_state told)
{
    return eis == told || (eis < PROFILE_DISABLED && told <= PROFILE_CREATED);
}

/* I6: the EIS says what the records about profiles say, no less and no more. */
static void check_eis(struct world *w, struct watch_card *c)
{
    const struct euicc *e = world_eis(w, &c->eid);
    char text[EID_TEXT];

    eid_text(&c->eid, text);
    if (!e != !c->registered || (e && e->n_profiles != c->n)) {
        world_fault(w, "I6: EID %s: the EIS has %u profiles, the records tell of %u", text,
                    e ? e->n_profiles : 0, c->n);
        return;
    }
    for (unsigned i = 0; e && i < e->n_profiles; i++) {
        const struct euicc_profile *p = &e->profiles[i];
        const struct watch_profile *q = watch_profile(c, &p->iccid);
        if (!q || !aid_eq(&q->aid, &p->aid) || !same_state(p->state, q->state))
            world_fault(w, "I6: EID %s: ICCID %s is %s in the EIS and %s by the records", text, p->iccid.s,
                        profile_state_text(p->state), q ? profile_state_text(q->state) : "nowhere");
        else if (p->fallback != iccid_eq(&p->iccid, &c->fallback))
            world_fault(w, "I11: EID %s: ICCID %s has the fall-back attribute %s", text, p->iccid.s,
                        p->fallback ? "in the EIS, not by the records" : "by the records, not in the EIS");
        else if (p->pol2 != q->pol2)
            world_fault(w, "I6: EID %s: POL2 of ICCID %s is %02X in the EIS and %02X by the records", text, p->iccid.s,
                        (unsigned)p->pol2, (unsigned)q->pol2);
        else if (p->state >= PROFILE_DISABLED && !msisdn_eq(&p->msisdn, &q->msisdn))
            world_fault(w, "I6: EID %s: the number of ICCID %s is %s in the EIS and %s by the records", text,
                        p->iccid.s, p->msisdn.s, q->msisdn.s);
    }
}

/* A change of an address moves no state, time, packet or step of what runs there. */
static void check_moved(struct world *w, struct watch_card *c)
{
    const struct euicc *e = world_eis(w, &c->eid);
    uint64_t state = e ? numbers_state(e) : 0;

    if (c->moves && c->moves == c->records && state != c->state)
        world_fault(w, "I6: the change of an address changed what runs on its card");
    c->state = state;
    c->moves = c->records = 0;
}

/* The EIS has the profile that the card has on. */
static bool is_told(const struct euicc *e, const struct card *c)
{
    const struct euicc_profile *on = e ? euicc_enabled(e) : NULL;
    const struct card_isdp *is = card_enabled(c);

    return on && is && aid_eq(&on->aid, &is->aid);
}

/* Where nothing runs on a card, who has the attribute is known. */
static void check_fallback(struct world *w, const struct euicc *e, const struct card *c)
{
    const struct euicc_profile *f = euicc_fallback(e);

    for (unsigned i = 0; i < card_isdp_count(c); i++) {
        const struct card_isdp *p = card_isdp_at(c, i);
        if (p->fallback && (!f || !aid_eq(&f->aid, &p->aid)))
            world_fault(w, "I11: ICCID %s holds the fall-back attribute on its card, ICCID %s in the EIS",
                        p->data.iccid.s, f ? f->iccid.s : "none");
    }
}

/* Where nothing runs on a card, the EIS claims to know what is on: then it is the profile whose own key
 * opened the network (design law 12). Only what the card did by itself may be news still to come. */
static void check_attached(struct world *w, size_t at, struct watch_card *c)
{
    const struct euicc *e = world_eis(w, &c->eid);
    const struct euicc_profile *on = e && !e->n_ops ? euicc_enabled(e) : NULL;
    struct imsi imsi;
    char text[EID_TEXT];

    if (e && !e->n_ops)
        check_fallback(w, e, simnet_card(w->net, at));
    if (c->moved_by == CAUSE_FALLBACK && is_told(e, simnet_card(w->net, at)))
        c->moved_by = CAUSE_OTA;
    if (!on || c->moved_by == CAUSE_FALLBACK || !simnet_attached(w->net, at, &imsi) ||
        imsi_eq(&imsi, &on->imsi))
        return;
    eid_text(&c->eid, text);
    world_fault(w, "EID %s: the EIS says that ICCID %s is enabled, the network authenticated IMSI %s", text,
                on->iccid.s, imsi.s);
}

/* An answer tells of a moment between two looks of the daemons, so this goes on without them. */
static void look_at_room(struct world *w)
{
    for (unsigned i = 0; i < w->watch->n; i++) {
        struct watch_card *c = &w->watch->cards[i];
        const struct card *card = simnet_card(w->net, i); /* added in the order of the factory */
        if (card_version(card) != c->room_version)
            watch_room(c, card_memory_told(card));
        c->room_version = card_version(card);
    }
}

static void check_step(struct world *w)
{
    struct watch *k = w->watch;
    int err;

    look_at_room(w);
    /* What a card did is compared with a log: without a daemon nobody reads it, and nothing is lost. */
    if (!w->sr_life.up || !w->dp_life.up)
        return;
    err = read_all(k);
    if (err) {
        world_fault(w, "I5: the journals cannot be followed: %s", err_text(err));
        return;
    }
    for (unsigned i = 0; i < k->n; i++) {
        struct watch_card *c = &k->cards[i];
        const struct card *card = simnet_card(w->net, i);
        struct join_report r;
        if (card_version(card) != c->version) {
            c->version = card_version(card);
            check_on_card(w, i);
        }
        if (!c->touched)
            continue;
        c->touched = false;
        check_eis(w, c);
        check_moved(w, c);
        check_attached(w, i, c);
        join_card(k->join, &c->eid, &r);
        if (r.mismatches)
            world_fault(w, "join: %s", r.first.text);
    }
}

void world_check_step(struct world *w)
{
    memvfs_spare(w->sr_life.disk, true);
    memvfs_spare(w->dp_life.disk, true);
    check_step(w);
    memvfs_spare(w->sr_life.disk, false);
    memvfs_spare(w->dp_life.disk, false);
}

/* --- the end --- */
static int check_join(struct world *w, struct errmsg *why)
{
    struct join_report r;

    join_finish(w->watch->join, &r);
    w->stats.accepted = r.accepted;
    w->stats.orders = r.orders;
    if (join_exact(&r))
        return ERR_OK;
    return errmsg_set(why, ERR_CORRUPT,
                      "join not exact: %llu rows, %llu accepted, %llu undecided, %llu undone, "
                      "%llu mismatches: %s",
                      (unsigned long long)r.rows, (unsigned long long)r.accepted,
                      (unsigned long long)r.undecided, (unsigned long long)r.undone,
                      (unsigned long long)r.mismatches, r.first.text);
}

static enum profile_state state_of(enum card_isdp_state s)
{
    return s == ISDP_ENABLED ? PROFILE_ENABLED : s == ISDP_DISABLED ? PROFILE_DISABLED : PROFILE_CREATED;
}

/* EIS equals card. */
static int check_card(struct world *w, const struct eid *eid, struct errmsg *why)
{
    struct card *c = simnet_card_of(w->net, eid);
    const struct euicc *e = world_eis(w, eid);
    char text[EID_TEXT];

    eid_text(eid, text);
    if (!e)
        return errmsg_set(why, ERR_CORRUPT, "EID %s is not registered", text);
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

/* In the plain story the outcome of every meter is known beforehand. */
static int check_plain(struct world *w, struct errmsg *why)
{
    if (w->plan.open_end)
        return ERR_OK;
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

/* Design law 2: what was written behind is what the journal gives. */
static int check_state(struct world *w, struct errmsg *why)
{
    int err = engine_flush(smsr_core_engine(w->sr));

    if (!err)
        err = engine_flush(smdp_core_engine(w->dp));
    if (err)
        return errmsg_set(why, err, "state.db cannot be written: %s", err_text(err));
    err = smsr_state_verify_files(memvfs_name(w->sr_life.disk), "smsr.journal", "smsr.state", why);
    return err ? err
               : smdp_state_verify_files(memvfs_name(w->dp_life.disk), "smdp.journal", "smdp.state",
                                         why);
}

int world_check_end(struct world *w, struct errmsg *why)
{
    int err = world_check_live(w, why);

    if (!err)
        err = check_join(w, why);
    for (unsigned i = 0; !err && i < w->factory.n; i++)
        err = check_card(w, &w->factory.cards[i].eid, why);
    if (!err)
        err = world_check_stock(w, why);
    if (!err)
        err = world_check_heard(w, why);
    if (!err)
        err = hostile_check(w, why);
    if (!err)
        err = numbers_check(w, why);
    if (!err && !w->plan.faults)
        err = check_plain(w, why);
    return err ? err : check_state(w, why);
}

static int print_record(void *ctx, const struct journal_record *rec)
{
    struct arena *a = ctx;
    struct event *ev;
    struct buf out;
    int err;

    arena_reset(a);
    ev = arena_alloc(a, sizeof *ev);
    err = ev ? wire_event_decode(event_type_parse(rec->type), rec->body, a, ev, NULL) : ERR_NOMEM;
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
    struct arena a;

    arena_init(&a, 0);
    printf("--- SM-SR\n");
    if (journal_read(engine_journal(smsr_core_engine(w->sr)), 1, 0, print_record, &a))
        printf("cannot be read\n");
    printf("--- SM-DP\n");
    if (journal_read(engine_journal(smdp_core_engine(w->dp)), 1, 0, print_record, &a))
        printf("cannot be read\n");
    arena_fini(&a);
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
