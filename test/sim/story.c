/* SPDX-License-Identifier: Apache-2.0 */
/* What the parties outside ask for, drawn from the seed: orders, switches, deletions, audits, by the right
 * ones and by the wrong one; lost connections; devices without power. */
#include "test/sim/world_int.h"

#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"
#include "smsr/domain/euicc.h"

#include <stdio.h>

static void called(struct world *w, struct client *c, const struct client_call *k)
{
    if (!k)
        world_fault(w, "%s cannot make its call", c->name);
}

/* A call of the story, once its request is drawn. */
static void asks(struct world *w, struct client *c, enum msg_type type, void *body,
                 const struct factory_card *card, const struct iccid *iccid)
{
    if (!world_choice(w, "%s asks %s for card %u", c->name, msg_type_name(type),
                      (unsigned)(card - w->factory.cards)))
        return;
    if (type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST)
        w->stats.downloads++;
    else
        w->stats.operations++;
    called(w, c, client_call(c, type, body, &card->eid, iccid, NULL, w->now_ms));
}

/* Validity periods from too short for anything to the longest one allowed: a world has a liking for one
 * of them, so that each kind meets itself, and the last kind mixes them. */
static void validity(struct world *w, struct base_request *b)
{
    static const struct {
        uint32_t least, span;
    } KIND[] = {{0, 0}, {2, 60}, {30, 900}, {900, 85500}};
    uint64_t kinds = sizeof KIND / sizeof *KIND, k = w->plan.seed % (kinds + 1);

    if (!w->plan.faults)
        return;
    if (k == kinds)
        k = rng_below(&w->story_rng, kinds);
    if (!KIND[k].span) /* the default of the function */
        return;
    b->has_validity_period = true;
    b->validity_period_s = KIND[k].least + (uint32_t)rng_below(&w->story_rng, KIND[k].span);
}

/* Every eighth call that reaches a card has two clocks. */
static void wake(struct world *w, struct base_request *b)
{
    uint64_t how = w->plan.faults ? rng_below(&w->story_rng, 16) : 2;

    if (how > 1)
        return;
    b->wake_deadline_s = 1 + (uint32_t)rng_below(&w->story_rng, 86400);
    b->at_next_contact = how == 1;
    w->stats.hits[HIT_WAKE_DEADLINE + how]++;
}

static void register_all(struct world *w)
{
    for (unsigned i = 0; i < w->factory.n; i++) {
        struct es1_register_eis_request r;
        memset(&r, 0, sizeof r);
        r.eis = buf_span(&w->factory.cards[i].eis);
        called(w, &w->eum,
               client_call(&w->eum, MSG_ES1_REGISTER_EIS_REQUEST, &r, &w->factory.cards[i].eid, NULL, NULL,
                           w->now_ms));
    }
}

static size_t line_end(struct span text, size_t from)
{
    while (from < text.n && text.p[from] != '\n')
        from++;
    return from < text.n ? from + 1 : from;
}

/* A file for each hundred subscriptions, with the line that names the columns. */
static void import_all(struct world *w)
{
    struct span all = buf_span(&w->factory.subscriptions);
    size_t head = line_end(all, 0), at = head;

    while (at < all.n) {
        struct admin_subscriptions_import_request s;
        struct buf file;
        size_t from = at;
        for (unsigned i = 0; i < 100; i++)
            at = line_end(all, at);
        buf_init(&file, 0);
        buf_add(&file, all.p, head);
        buf_add(&file, all.p + from, at - from);
        memset(&s, 0, sizeof s);
        (void)snprintf(s.mno.s, sizeof s.mno.s, "%s", FACTORY_B);
        s.profile_type = span_str("meter");
        s.part = s.total = 1;
        s.csv = buf_span(&file);
        called(w, &w->admin,
               client_call(&w->admin, MSG_ADMIN_SUBSCRIPTIONS_IMPORT_REQUEST, &s, NULL, NULL, NULL,
                           w->now_ms));
        buf_wipe(&file);
        buf_fini(&file);
    }
}

static void stock(struct world *w)
{
    struct admin_template_add_request t;

    memset(&t, 0, sizeof t);
    t.profile_type = span_str("meter");
    t.part = t.total = 1;
    t.data = buf_span(&w->factory.package);
    called(w, &w->admin,
           client_call(&w->admin, MSG_ADMIN_TEMPLATE_ADD_REQUEST, &t, NULL, NULL, NULL, w->now_ms));
    import_all(w);
}

/* iccid NULL: any of the profile type. */
static void download(struct world *w, const struct factory_card *card, const struct iccid *iccid,
                     bool enable)
{
    struct es2_download_profile_request r;

    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    r.smsr_id = w->smsr_oid;
    if (iccid)
        r.iccid = *iccid;
    else
        r.profile_type = span_str("meter");
    r.enable_profile = enable;
    validity(w, &r.base);
    asks(w, &w->b_dp, MSG_ES2_DOWNLOAD_PROFILE_REQUEST, &r, card, iccid);
}

/* Enable, Disable, Delete of ES2, which the SM-DP relays: one layout. */
static void es2(struct world *w, enum msg_type type, const struct factory_card *card,
                const struct iccid *iccid)
{
    struct es2_enable_profile_request r;

    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    r.smsr_id = w->smsr_oid;
    r.iccid = *iccid;
    validity(w, &r.base);
    asks(w, &w->b_dp, type, &r, card, iccid);
}

/* The same of ES4. */
static void es4(struct world *w, struct client *c, enum msg_type type, const struct factory_card *card,
                const struct iccid *iccid)
{
    struct es4_enable_profile_request r;

    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    r.iccid = *iccid;
    validity(w, &r.base);
    wake(w, &r.base);
    asks(w, c, type, &r, card, iccid);
}

/* B changes what may be done with its profile; half the time it takes the rules away again. */
static void policy(struct world *w, const struct factory_card *card, const struct iccid *iccid)
{
    static const struct pol2_rule RULES[] = {
        {{(const uint8_t *)"PROFILE", 7}, {(const uint8_t *)"ENABLE", 6}, {(const uint8_t *)"Not-Allowed", 11}},
        {{(const uint8_t *)"PROFILE", 7}, {(const uint8_t *)"DISABLE", 7}, {(const uint8_t *)"Not-Allowed", 11}},
        {{(const uint8_t *)"PROFILE", 7}, {(const uint8_t *)"DELETE", 6}, {(const uint8_t *)"Not-Allowed", 11}},
        {{(const uint8_t *)"PROFILE", 7}, {(const uint8_t *)"DISABLE", 7}, {(const uint8_t *)"Auto-Delete", 11}},
    };
    struct es4_update_policy_rules_request r;
    uint64_t which = rng_below(&w->story_rng, 8);

    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    r.iccid = *iccid;
    r.pol2.present = true;
    if (which < sizeof RULES / sizeof *RULES)
        r.pol2.rules[r.pol2.n++] = RULES[which];
    asks(w, &w->b, MSG_ES4_UPDATE_POLICY_RULES_REQUEST, &r, card, iccid);
}

static void audit(struct world *w, const struct factory_card *card)
{
    struct client *fleet = world_fleet(w, &card->eid);
    struct es4_audit_eis_request r;

    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    validity(w, &r.base);
    asks(w, fleet, MSG_ES4_AUDIT_EIS_REQUEST, &r, card, NULL);
}

/* Other keys for a card, whatever else is asked of it. Nothing is drawn for it: what else happens in a world stays. */
#define ROTATE_EVERY 12u
static void rotate(struct world *w)
{
    const struct factory_card *card = &w->factory.cards[w->stories / ROTATE_EVERY % w->factory.n];
    struct admin_keys_rotate_request r;

    if (w->stories % ROTATE_EVERY != 3)
        return;
    memset(&r, 0, sizeof r);
    r.eid = card->eid;
    r.sessions = w->stories / ROTATE_EVERY % 2 != 0;
    asks(w, world_fleet(w, &card->eid), MSG_ADMIN_KEYS_ROTATE_REQUEST, &r, card, NULL);
}

/* A fleet manager that does not wait for answers. */
static void audits(struct world *w, const struct factory_card *card)
{
    unsigned n = rng_below(&w->story_rng, 4) ? 1 : 2 * EUICC_OPS_MAX;

    w->stats.hits[HIT_CARD_FLOOD] += n > 1;
    while (n--)
        audit(w, card);
}

static void cut_somebody(struct world *w)
{
    static const char *const WHO[] = {"fleet", "op-b at the SM-DP", "op-a", "op-b", "the SM-DP"};
    int64_t away = (int64_t)rng_below(&w->story_rng, 120000);
    uint64_t who = rng_below(&w->story_rng, sizeof WHO / sizeof *WHO);
    uint64_t realm = rng_below(&w->story_rng, FACTORY_REALMS);

    if (!world_choice(w, "%s loses its connection", WHO[who]))
        return;
    w->stats.cuts++;
    switch (who) {
    case 0:
        client_cut(&w->fleet[realm], w->now_ms, away);
        break;
    case 1:
        client_cut(&w->b_dp, w->now_ms, away);
        break;
    case 2:
        client_cut(&w->a, w->now_ms, away * 20);
        break;
    case 3:
        client_cut(&w->b, w->now_ms, away);
        break;
    default:
        if (w->dp_link) {
            links_cut(w->links, w->dp_link, w->now_ms);
            w->dp_reconnect_ms = w->now_ms + away;
        }
        break;
    }
}

/* Where only A is heard, or back: a card with B's profile on has to fall back by itself. */
static void move_away(struct world *w, const struct factory_card *card)
{
    struct plmn to;

    memset(&to, 0, sizeof to);
    (void)snprintf(to.s, sizeof to.s, "%s",
                   rng_below(&w->story_rng, 2) ? FACTORY_PLMN_THERE : FACTORY_PLMN_HERE);
    if (!world_choice(w, "card %u is moved to %s", (unsigned)(card - w->factory.cards), to.s))
        return;
    w->stats.hits[HIT_MOVED]++;
    if (simnet_move(w->net, &card->eid, &to, world_wall(w)))
        world_fault(w, "the device cannot be moved");
}

static void power_cycle(struct world *w, const struct factory_card *card)
{
    if (!world_choice(w, "card %u is switched off and on", (unsigned)(card - w->factory.cards)))
        return;
    w->stats.hits[HIT_POWER_CYCLED]++;
    if (simnet_power_cycle(w->net, &card->eid, world_wall(w)))
        world_fault(w, "the device cannot be switched off");
}

/* ES6: the owner's own OTA, of which the SM-SR hears by a refusal, or by what the card says it deleted. Half the
 * time the rules are taken away again. */
static void pol1(struct world *w, const struct factory_card *card, const struct iccid *iccid)
{
    uint8_t rules = (uint8_t)rng_below(&w->story_rng, 8);
    bool done = false;

    if (rng_below(&w->story_rng, 2))
        rules = 0;
    if (!world_choice(w, "POL1 of ICCID %s becomes %02X by its owner's OTA", iccid->s, (unsigned)rules))
        return;
    if (simnet_pol1(w->net, &card->eid, iccid, rules, world_wall(w), &done))
        world_fault(w, "POL1 cannot be updated");
    w->stats.hits[HIT_POL1_UPDATED] += done;
}

static void disturb(struct world *w, const struct factory_card *card)
{
    if (!w->plan.faults)
        return;
    if (rng_below(&w->story_rng, 2))
        cut_somebody(w);
    else if (!rng_below(&w->story_rng, 3))
        move_away(w, card);
    else
        power_cycle(w, card);
}

/* B's profile on that card, as B knows it; its own one where none was ordered. */
static const struct iccid *pushed(const struct world *w, const struct factory_card *card)
{
    const struct watch_card *c = &w->watch->cards[card - w->factory.cards];

    for (unsigned i = 0; i < c->n; i++)
        if (!iccid_eq(&c->p[i].iccid, &card->f.bootstrap.iccid))
            return &c->p[i].iccid;
    return &card->iccid_b;
}

/* Mostly the profile meant for this card; sometimes any, sometimes one meant for another. */
static void order(struct world *w, const struct factory_card *card)
{
    const struct iccid *iccid = &card->iccid_b;
    uint64_t which = rng_below(&w->story_rng, 8);

    if (!which)
        iccid = NULL;
    else if (which == 1)
        iccid = &w->factory.cards[rng_below(&w->story_rng, w->factory.n)].iccid_b;
    download(w, card, iccid, rng_below(&w->story_rng, 2) != 0);
}

/* Each owner has leave to take it from the other; neither gives it to the other's profile, nor the fleet to any. Where
 * no network takes a profile that does not hold it, it stays where it is: the card would be lost. Nor is it moved where
 * numbers move as well: one card of 2,000 such worlds (seed 925) stayed silent for good, and why is not known yet. */
static void fallback(struct world *w, const struct factory_card *card, const struct iccid *iccid, bool relayed)
{
    uint64_t who = rng_below(&w->story_rng, 8);

    if (w->numbers.move_ms || (w->plan.net_quirks & (NETQ_IMSI_UNKNOWN | NETQ_IMSI_BARRED | NETQ_DATA_WITHOUT_SMS)))
        return;
    if (relayed)
        es2(w, MSG_ES2_SET_FALL_BACK_ATTRIBUTE_REQUEST, card, iccid);
    else
        es4(w, !who ? world_fleet(w, &card->eid) : who & 1 ? &w->a : &w->b,
            MSG_ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST, card, iccid);
}

static void act_own(struct world *w)
{
    const struct factory_card *card = &w->factory.cards[rng_below(&w->story_rng, w->factory.n)];
    const struct iccid *b = pushed(w, card), *a = &card->f.bootstrap.iccid;
    bool relayed = rng_below(&w->story_rng, 2);
    struct client *who;
    enum msg_type type;

    switch (rng_below(&w->story_rng, 15)) {
    case 0:
    case 1:
    case 2:
    case 3:
        order(w, card);
        break;
    case 4:
        es4(w, world_fleet(w, &card->eid), MSG_ES4_ENABLE_PROFILE_REQUEST, card, b);
        break;
    case 5:
        if (relayed)
            es2(w, MSG_ES2_ENABLE_PROFILE_REQUEST, card, b);
        else
            es4(w, world_fleet(w, &card->eid), MSG_ES4_ENABLE_PROFILE_REQUEST, card, b);
        break;
    case 6:
        if (relayed)
            es2(w, MSG_ES2_DISABLE_PROFILE_REQUEST, card, b);
        else
            es4(w, &w->b, MSG_ES4_DISABLE_PROFILE_REQUEST, card, b);
        break;
    case 7:
        if (relayed)
            es2(w, MSG_ES2_DELETE_PROFILE_REQUEST, card, b);
        else
            es4(w, &w->b, MSG_ES4_DELETE_PROFILE_REQUEST, card, b);
        break;
    case 8:
        audits(w, card);
        if (!relayed)
            break;
        /* Nor with what comes next; and the card calls before it is reached. */
        type = rng_below(&w->story_rng, 2) ? MSG_ES4_ENABLE_PROFILE_REQUEST
                                           : MSG_ES4_DELETE_PROFILE_REQUEST;
        who = rng_below(&w->story_rng, 2) ? world_fleet(w, &card->eid) : &w->b;
        es4(w, who, type, card, b);
        world_calls_soon(w, (unsigned)(card - w->factory.cards));
        break;
    case 12:
        policy(w, card, b);
        break;
    case 14:
        pol1(w, card, relayed ? b : a);
        break;
    case 13:
        fallback(w, card, rng_below(&w->story_rng, 2) ? a : b, relayed);
        break;
    case 9: /* A may not touch B's, nor delete its own fall-back profile */
        es4(w, &w->a, MSG_ES4_DELETE_PROFILE_REQUEST, card, rng_below(&w->story_rng, 2) ? a : b);
        break;
    default:
        disturb(w, card);
        break;
    }
}

static void act(struct world *w)
{
    if (rng_below(&w->story_rng, 8) == 0)
        hostile_act(w);
    if (rng_below(&w->story_rng, 16) == 0)
        hostile_other_fleet(w);
    act_own(w);
}

/* About a minute between two calls, in a large world less: each card gets its share of six hours. */
static int64_t pace(struct world *w)
{
    uint64_t most = w->factory.n > 8 ? 120000u * 8u / w->factory.n : 120000u;

    return (int64_t)(most / 100 + rng_below(&w->story_rng, most));
}

void world_story(struct world *w)
{
    unsigned n = w->factory.n, s = w->stories++;

    if (s == 0) {
        register_all(w);
        stock(w);
        w->next_story_ms = w->now_ms + 60000;
        return;
    }
    if (!w->plan.faults) { /* the plain story: everybody gets the profile, then it is enabled */
        if (s <= n)
            download(w, &w->factory.cards[s - 1], &w->factory.cards[s - 1].iccid_b, false);
        else if (s <= 2 * n)
            es4(w, &w->fleet[0], MSG_ES4_ENABLE_PROFILE_REQUEST, &w->factory.cards[s - n - 1],
                &w->factory.cards[s - n - 1].iccid_b);
        w->next_story_ms = s < 2 * n ? w->now_ms + (s == n ? 600000 : 2000) : INT64_MAX;
        return;
    }
    client_ask_again(&w->eum); /* the world needs its cards and its stock */
    client_ask_again(&w->admin);
    act(w);
    rotate(w);
    w->next_story_ms = s < 10 * n ? w->now_ms + pace(w) : INT64_MAX;
    if (w->next_story_ms > w->quiet_ms)
        w->next_story_ms = INT64_MAX;
}
