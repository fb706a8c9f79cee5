/* SPDX-License-Identifier: Apache-2.0 */
#include "smsr/domain/bearer.h"

/* In the order they are tried. */
struct rank {
    enum bearer b[BEARERS];
    unsigned n;
    const char *why;               /* the first is the first */
};

const struct route *bearer_route(const struct env *env, const struct euicc *e, enum bearer b)
{
    const struct euicc_profile *on = euicc_enabled(e);
    const struct route *route = on ? env_route(env, &on->mno, on->profile_type) : NULL;

    if (!route)
        return NULL;
    switch (b) {
    case BEARER_HTTPS:
        return route->https && e->http && e->psk_kvn ? route : NULL;
    case BEARER_CATTP:
        return route->cattp && e->cattp ? route : NULL;
    default:
        return NULL;
    }
}

/* A SendData has one ISD-P to fill; CreateISDP is of its kind, since what follows it needs the same way. */
static bool is_data(const struct operation *op)
{
    return op->function == FN_CREATE_ISDP || op->function == FN_SEND_DATA;
}

/* Who asked; an SM-DP that says nothing itself asks for the owner it acts for. */
static const struct party *who_asks(const struct env *env, const struct operation *op)
{
    const struct party *p = env_party(env, &op->party);

    return p && p->n_bearers ? p : env_party(env, &op->mno);
}

static void rank(struct rank *r, const struct bearer_ask *a, enum bearer b)
{
    if (b == BEARER_SMS ? is_data(a->op) : !bearer_route(a->env, a->e, b))
        return;
    for (unsigned i = 0; i < r->n; i++)
        if (r->b[i] == b)
            return;
    r->b[r->n++] = b;
}

/* Whatever stands here, SMS stays for commands: by it the others are asked for. */
static void rank_route(struct rank *r, const struct bearer_ask *a)
{
    const struct route *cattp = bearer_route(a->env, a->e, BEARER_CATTP);

    if (!is_data(a->op)) {
        if (cattp && cattp->cattp_commands)
            rank(r, a, BEARER_CATTP);
        rank(r, a, BEARER_SMS);
        return;
    }
    if (cattp && cattp->cattp_first)
        rank(r, a, BEARER_CATTP);
    rank(r, a, BEARER_HTTPS);
    rank(r, a, BEARER_CATTP);
}

static const char *route_says(const struct bearer_ask *a, const struct rank *r)
{
    if (!is_data(a->op))
        return "the route lists CAT_TP before SMS";
    if (r->n == 1)
        return "the card or its route has no HTTPS";
    return r->b[0] == BEARER_CATTP ? "the route lists CAT_TP before HTTPS"
                                   : "the route lists HTTPS before CAT_TP";
}

/* Each packet of CAT_TP is one command: what is large takes many, and each link that ends costs them. */
static void mind_size(struct rank *r, const struct bearer_ask *a, const struct party *p)
{
    if (p && p->cattp_up_to && a->op->data_len > p->cattp_up_to && r->n > 1 &&
        r->b[0] == BEARER_CATTP && is_data(a->op)) {
        r->b[0] = r->b[1];
        r->b[1] = BEARER_CATTP;
        r->why = "too large for CAT_TP by the limit of who asks";
    }
}

static void rank_all(struct rank *r, const struct bearer_ask *a)
{
    const struct party *p = who_asks(a->env, a->op);

    *r = (struct rank){.n = 0};
    for (unsigned i = 0; p && i < p->n_bearers; i++)
        rank(r, a, p->bearers[i]);
    r->why = r->n ? "who asks lists it first" : NULL;
    rank_route(r, a);
    if (!r->why)
        r->why = route_says(a, r);
    mind_size(r, a, p);
}

static bool rests(const struct bearer_ask *a, enum bearer b)
{
    const struct euicc_bearer *seen = &a->e->heard[b];

    return seen->misses >= BEARER_MISSES &&
           a->now - seen->missed_ms < a->env->timer_ms[TIMER_BEARER_REST];
}

static const char *failed(enum bearer b, bool fenced)
{
    static const char *const WHY[][2] = {
        [BEARER_SMS] = {"no answer by SMS", "by SMS it did not run, as the fence shows"},
        [BEARER_HTTPS] = {"no session came", "over HTTPS it did not run, as the fence shows"},
        [BEARER_CATTP] = {"no link came", "over CAT_TP it did not run, as the fence shows"},
    };
    return WHY[b][fenced];
}

static const char *rested(enum bearer b)
{
    switch (b) {
    case BEARER_SMS:
        return "nothing came by SMS the last times";
    case BEARER_HTTPS:
        return "no session came the last times";
    default:
        return "no link came, or held, the last times";
    }
}

/* One alone is no choice, unless it is CAT_TP, which stands in for another. */
static const char *why_first(const struct rank *r, unsigned at)
{
    if (at)
        return rested(r->b[0]);
    return r->n > 1 || r->b[0] == BEARER_CATTP ? r->why : NULL;
}

static unsigned place(const struct rank *r, enum bearer b)
{
    for (unsigned i = 0; i < r->n; i++)
        if (r->b[i] == b)
            return i;
    return r->n;
}

struct bearer_choice bearer_choose(const struct bearer_ask *a)
{
    struct bearer_choice c = {BEARER_NONE, NULL, NULL};
    unsigned begin = 0, at;
    struct rank r;

    rank_all(&r, a);
    if (!r.n)
        return c;
    if (a->after && place(&r, a->after) < r.n)
        begin = place(&r, a->after) + 1;
    at = begin % r.n;
    for (unsigned i = 0; i < r.n; i++)
        if (!rests(a, r.b[(begin + i) % r.n])) {
            at = (begin + i) % r.n;
            break;
        }
    c.bearer = r.b[at];
    c.route = bearer_route(a->env, a->e, c.bearer);
    if (!a->after)
        c.why = why_first(&r, at);
    else if (c.bearer != a->after)
        c.why = failed(a->after, a->fenced);
    return c;
}

bool bearer_fits(const struct env *env, const struct euicc *e, const struct operation *op, enum bearer b)
{
    const struct bearer_ask a = {.env = env, .e = e, .op = op};
    struct rank r;

    rank_all(&r, &a);
    return place(&r, b) < r.n;
}
