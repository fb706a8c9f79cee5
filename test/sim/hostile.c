/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign cards and cards that are nowhere, in every function; somebody else's FunctionCallIdentifiers
 * (the rivals count as those do); Mno-ids that are not theirs; floods. */
#include "test/sim/hostile.h"

#include "common/msg/es1.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"
#include "common/wire/wire.h"
#include "common/msg/catalogue.h"
#include "test/sim/world_int.h"

#include <stdio.h>

#define FLOOD 40u

/* --- what they may not hear --- */
static bool holds(struct span octets, const void *what, size_t n)
{
    for (size_t i = 0; n && i + n <= octets.n; i++)
        if (octets.p[i] == *(const uint8_t *)what && !memcmp(octets.p + i, what, n))
            return true;
    return false;
}

/* The call that a message belongs to; without one, when ACCEPTED was lost, any that waits for an answer. */
static bool may_be_of(const struct client_call *k, const struct client_call *of)
{
    return of ? k == of : !k->answered;
}

static bool named_eid(const struct client *c, const struct client_call *of, const struct eid *eid)
{
    for (unsigned i = 0; i < c->n_calls; i++)
        if (may_be_of(c->calls[i], of) && eid_eq(&c->calls[i]->eid, eid))
            return true;
    return false;
}

static bool named_iccid(const struct client *c, const struct client_call *of, const struct iccid *iccid)
{
    for (unsigned i = 0; i < c->n_calls; i++)
        if (may_be_of(c->calls[i], of) && iccid_eq(&c->calls[i]->iccid, iccid))
            return true;
    return false;
}

static void heard(void *ctx, struct client *c, const struct envelope *e, const struct client_call *k)
{
    struct world *w = ctx;
    struct buf out;

    if (e->message.type == MSG_NONE)
        return;
    buf_init(&out, 0);
    if (wire_message_encode(&e->message, &out))
        world_fault(w, "what %s heard cannot be encoded", c->name);
    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct factory_card *f = &w->factory.cards[i];
        char text[EID_TEXT];
        eid_text(&f->eid, text);
        if ((holds(buf_span(&out), f->eid.b, 16) || holds(buf_span(&out), text, strlen(text))) &&
            !named_eid(c, k, &f->eid))
            world_fault(w, "I7: %s hears of EID %s", c->name, text);
        for (unsigned p = 0; p < 2; p++) {
            const struct iccid *iccid = p ? &f->iccid_b : &f->f.bootstrap.iccid;
            if (holds(buf_span(&out), iccid->s, strlen(iccid->s)) && !named_iccid(c, k, iccid))
                world_fault(w, "I7: %s hears of a profile of EID %s", c->name, text);
        }
    }
    buf_fini(&out);
}

/* --- who --- */
void hostile_init(struct world *w)
{
    struct hostile *h = &w->hostile;
    const struct {
        struct client *c;
        const char *name, *counts_as, *oid;
        enum party_role role;
        const struct rpc_handler *at;
        bool subscribe;
    } WHO[] = {
        {&h->rival, "rival", "op-b", FACTORY_RIVAL, ROLE_OPERATOR, &w->sr_life.front, true},
        {&h->rival_at_dp, "rival-at-dp", "op-b-dp", FACTORY_RIVAL, ROLE_OPERATOR, &w->dp_life.front, true},
        {&h->rival_fleet, "rival-fleet", "fleet", FACTORY_RIVAL_FLEET, ROLE_FLEET, &w->sr_life.front, true},
        {&h->rival_dp, "rival-dp", "op-a", FACTORY_RIVAL_SMDP, ROLE_SMDP, &w->sr_life.front, true},
        {&h->rival_eum, "rival-eum", "eum", FACTORY_RIVAL_EUM, ROLE_EUM, &w->sr_life.front, false},
    };

    for (unsigned i = 0; i < sizeof WHO / sizeof *WHO; i++) {
        client_init(WHO[i].c, WHO[i].name, WHO[i].oid, WHO[i].role, w->links, WHO[i].at,
                    WHO[i].subscribe, w->crypto);
        WHO[i].c->prefix = WHO[i].counts_as;
        WHO[i].c->heard = heard;
        WHO[i].c->heard_ctx = w;
    }
}

unsigned hostile_parties(struct world *w, struct client *ret[HOSTILE_MAX])
{
    struct hostile *h = &w->hostile;
    unsigned n = 0;

    ret[n++] = &h->rival;
    ret[n++] = &h->rival_at_dp;
    ret[n++] = &h->rival_fleet;
    ret[n++] = &h->rival_dp;
    ret[n++] = &h->rival_eum;
    return n;
}

static bool is(const struct client *c, const struct oid *party)
{
    return oid_eq(&c->me.oid, party);
}

bool hostile_may_not(const struct world *w, const struct oid *party, const struct eid *eid)
{
    const struct hostile *h = &w->hostile;
    const struct factory_card *f = factory_card_of(&w->factory, eid);

    if (is(&h->rival, party) || is(&h->rival_fleet, party) || is(&h->rival_dp, party) ||
        is(&h->rival_eum, party))
        return true;
    for (unsigned r = 0; f && r < FACTORY_REALMS; r++)
        if (is(&w->fleet[r], party) && f->realm != r)
            return true;
    return false;
}

/* --- what they ask --- */
struct target {
    struct eid eid;
    struct iccid iccid;
    const struct factory_card *card; /* NULL: there is no such card */
};

/* In somebody's range, in nobody's, or the card of somebody else. */
static struct target choose(struct world *w, const struct factory_card *foreign)
{
    struct rng *r = &w->story_rng;
    struct target t = {.eid = foreign->eid, .iccid = foreign->iccid_b, .card = foreign};
    char digits[40];

    if (rng_below(r, 2) == 0) {
        /* One draw a statement: the order of arguments is the compiler's. */
        const char *range = rng_below(r, 2) ? "32" : "77";
        unsigned number = 500000u + (unsigned)rng_below(r, 1000);
        (void)snprintf(digits, sizeof digits, "890490%s%022u", range, number);
        if (eid_make(digits, &t.eid))
            world_fault(w, "there is no such EID");
        t.card = NULL;
    }
    if (rng_below(r, 3) == 0)
        t.iccid = foreign->f.bootstrap.iccid;
    else if (rng_below(r, 3) == 0)
        (void)snprintf(t.iccid.s, sizeof t.iccid.s, "894901%012u%u", 700000u, (unsigned)rng_below(r, 10));
    return t;
}

static void ask(struct world *w, struct client *c, enum msg_type type, void *body, const struct target *t,
                const char *mno)
{
    if (!world_choice(w, "%s asks %s for %s card", c->name, msg_type_name(type),
                      t->card ? "a foreign" : "an unknown"))
        return;
    w->stats.hits[t->card ? HIT_FOREIGN_CARD : HIT_UNKNOWN_CARD]++;
    if (!client_call(c, type, body, &t->eid, &t->iccid, mno, w->now_ms))
        world_fault(w, "%s cannot make its call", c->name);
}

static const enum msg_type ES4[] = {MSG_ES4_ENABLE_PROFILE_REQUEST, MSG_ES4_DISABLE_PROFILE_REQUEST,
                                    MSG_ES4_DELETE_PROFILE_REQUEST, MSG_ES4_AUDIT_EIS_REQUEST,
                                    MSG_ES4_GET_EIS_REQUEST};
static const enum msg_type ES3[] = {MSG_ES3_ENABLE_PROFILE_REQUEST, MSG_ES3_DISABLE_PROFILE_REQUEST,
                                    MSG_ES3_DELETE_ISDP_REQUEST, MSG_ES3_GET_EIS_REQUEST,
                                    MSG_ES3_CREATE_ISDP_REQUEST};
static const enum msg_type ES2[] = {MSG_ES2_ENABLE_PROFILE_REQUEST, MSG_ES2_DISABLE_PROFILE_REQUEST,
                                    MSG_ES2_DELETE_PROFILE_REQUEST, MSG_ES2_DOWNLOAD_PROFILE_REQUEST};

/* Requests of one layout stand once. */
union request {
    struct es4_enable_profile_request es4; /* and disable, delete; those of ES3 as well */
    struct es4_audit_eis_request audit;    /* and GetEIS, of ES3 as well */
    struct es3_create_isdp_request create;
    struct es2_download_profile_request download;
    struct es2_enable_profile_request es2; /* and disable, delete */
};

/* One of the n functions, for that card. */
static void ask_one(struct world *w, struct client *c, const enum msg_type *of, unsigned n,
                    const struct target *t, const char *mno)
{
    enum msg_type type = of[rng_below(&w->story_rng, n)];
    union request r;

    memset(&r, 0, sizeof r);
    if (type == MSG_ES2_DOWNLOAD_PROFILE_REQUEST)
        r.download = (struct es2_download_profile_request){
            .eid = t->eid, .iccid = t->iccid, .smsr_id = w->smsr_oid};
    else if (of == ES2)
        r.es2 = (struct es2_enable_profile_request){
            .eid = t->eid, .iccid = t->iccid, .smsr_id = w->smsr_oid};
    else if (type == MSG_ES4_AUDIT_EIS_REQUEST || type == MSG_ES4_GET_EIS_REQUEST ||
             type == MSG_ES3_GET_EIS_REQUEST)
        r.audit = (struct es4_audit_eis_request){.eid = t->eid};
    else if (type == MSG_ES3_CREATE_ISDP_REQUEST) {
        r.create = (struct es3_create_isdp_request){
            .eid = t->eid, .iccid = t->iccid, .required_memory = 1000};
        (void)snprintf(r.create.mno_id.s, sizeof r.create.mno_id.s, "%s", mno);
    } else
        r.es4 = (struct es4_enable_profile_request){.eid = t->eid, .iccid = t->iccid};
    ask(w, c, type, &r, t, mno);
}

static void ask_es4(struct world *w, struct client *c, const struct target *t)
{
    ask_one(w, c, ES4, sizeof ES4 / sizeof *ES4, t, NULL);
}

static void ask_es3(struct world *w, struct client *c, const struct target *t)
{
    const char *mno = rng_below(&w->story_rng, 2) ? FACTORY_B : FACTORY_RIVAL;

    ask_one(w, c, ES3, sizeof ES3 / sizeof *ES3, t, mno);
}

static void ask_es2(struct world *w, struct client *c, const struct target *t)
{
    ask_one(w, c, ES2, sizeof ES2 / sizeof *ES2, t, NULL);
}

/* The EIS of somebody else's card: it stands in a register already, or it does not. */
static void ask_es1(struct world *w, struct client *c, const struct factory_card *card)
{
    const struct target t = {card->eid, card->iccid_b, card};
    struct es1_register_eis_request r;

    memset(&r, 0, sizeof r);
    r.eis = buf_span(&card->eis);
    ask(w, c, MSG_ES1_REGISTER_EIS_REQUEST, &r, &t, NULL);
}

void hostile_act(struct world *w)
{
    struct hostile *h = &w->hostile;
    struct rng *r = &w->story_rng;
    unsigned times = rng_below(r, 20) ? 1 : FLOOD;
    uint64_t who = rng_below(r, 8);

    w->stats.hits[HIT_FLOOD] += times > 1;
    while (times--) {
        const struct factory_card *card = &w->factory.cards[rng_below(r, w->factory.n)];
        struct target t = choose(w, card);
        if (who < 2)
            ask_es4(w, &h->rival, &t);
        else if (who < 4)
            ask_es4(w, &h->rival_fleet, &t);
        else if (who < 6)
            ask_es3(w, &h->rival_dp, &t);
        else if (who < 7)
            ask_es2(w, &h->rival_at_dp, &t);
        else
            ask_es1(w, &h->rival_eum, card);
    }
}

void hostile_other_fleet(struct world *w)
{
    const struct factory_card *card = &w->factory.cards[rng_below(&w->story_rng, w->factory.n)];
    const struct target t = choose(w, card);

    ask_es4(w, &w->fleet[(card->realm + 1) % FACTORY_REALMS], &t);
}

/* --- the end --- */
static bool same_words(const struct client_call *a, const struct client_call *b)
{
    return a->answer.status == b->answer.status && !strcmp(a->answer.code.subject, b->answer.code.subject) &&
           !strcmp(a->answer.code.reason, b->answer.code.reason) && !strcmp(a->text, b->text);
}

/* No memory for it: that says nothing of any card. A card that is busy, or held, has the same code (1.2-4.4)
 * in other words, and of those a stranger must not hear. */
static bool had_no_room(const struct world *w, const struct client_call *k)
{
    if (!w->plan.no_memory || !client_was_busy(k))
        return false;
    for (unsigned i = 1; i < ST_CODE_COUNT; i++)
        if (i != ST_STORAGE && !strcmp(STATUS[i].code.subject, STATUS[ST_STORAGE].code.subject) &&
            !strcmp(STATUS[i].code.reason, STATUS[ST_STORAGE].code.reason) &&
            !strcmp(STATUS[i].meaning, k->text))
            return false;
    return true;
}

static int check_answers(struct world *w, const struct client *c, struct errmsg *why)
{
    const struct client_call *first[MSG_TYPE_COUNT][2] = {{NULL}};

    for (unsigned i = 0; i < c->n_calls; i++) {
        const struct client_call *k = c->calls[i], **f = &first[k->type][!strcmp(k->mno.s, FACTORY_B)];
        if (c->me.role == ROLE_FLEET && !c->prefix && !hostile_may_not(w, &c->me.oid, &k->eid) &&
            factory_card_of(&w->factory, &k->eid))
            continue;              /* its own card */
        if (had_no_room(w, k))
            continue;
        if (c == &w->hostile.rival_at_dp && k->answer.status == EXEC_EXPIRED)
            continue;              /* the SM-SR did not answer in time, whatever card was named */
        if (k->answer.status == EXEC_SUCCESS || k->answer.status == EXEC_WARNING ||
            (k->accepted && c != &w->hostile.rival_at_dp)) /* an SM-DP asks the SM-SR first */
            return errmsg_set(why, ERR_CORRUPT, "I7: %s may do %s on a card it has no relation to", c->name,
                              msg_type_name(k->type));
        if (!*f)
            *f = k;
        if (!same_words(k, *f))
            return errmsg_set(why, ERR_CORRUPT, "I7: %s hears %s-%s \"%s\" and %s-%s \"%s\" of %s for cards it "
                              "has no relation to", c->name, k->answer.code.subject, k->answer.code.reason,
                              k->text, (*f)->answer.code.subject, (*f)->answer.code.reason, (*f)->text,
                              msg_type_name(k->type));
    }
    return ERR_OK;
}

int hostile_check(struct world *w, struct errmsg *why)
{
    struct client *c[HOSTILE_MAX];
    unsigned n = hostile_parties(w, c);
    int err = ERR_OK;

    for (unsigned i = 0; !err && i < n; i++) {
        err = check_answers(w, c[i], why);
        if (!err && c[i]->n_notices)
            err = errmsg_set(why, ERR_CORRUPT, "I7: %s heard %zu notices", c[i]->name, c[i]->n_notices);
    }
    for (unsigned r = 0; !err && r < FACTORY_REALMS; r++)
        err = check_answers(w, &w->fleet[r], why);
    return err;
}
