/* SPDX-License-Identifier: Apache-2.0 */
/* Tenants with their realms, parties with their roles, authorisations (design 3.5). */
#include "smsr/conf_build.h"

#include <stdio.h>
#include <stdlib.h>

/* --- tenants --- */
static struct tenant *find_tenant(struct build *b, const char *id)
{
    for (unsigned i = 0; i < b->c->env.n_tenants; i++)
        if (!strcmp(b->c->tenants[i].id, id))
            return &b->c->tenants[i];
    return NULL;
}

static int add_tenant(struct build *b, const char *id, struct tenant **ret)
{
    struct tenant *t = &b->c->tenants[b->c->env.n_tenants];

    if (!conf_name_ok(id, sizeof t->id - 1))
        return conf_bad(&b->at, "tenant \"%s\": an id is up to 47 letters and digits", id);
    (void)snprintf(t->id, sizeof t->id, "%s", id);
    b->c->env.n_tenants++;
    *ret = t;
    return ERR_OK;
}

static int build_range(struct build *b, struct tenant *t, const struct conf_raw_range *r)
{
    struct eid_range *range = &t->ranges[t->n_ranges++];
    char where[64];

    (void)snprintf(where, sizeof where, "tenant %s", t->id);
    return conf_eid_range(&b->at, where, r->from, r->to, range->from, range->to);
}

static int build_in_flight(struct build *b, const char *whose, const char *name, const unsigned *n,
                           unsigned *ret)
{
    if (n && (*n < 1 || *n > ENV_IN_FLIGHT_MAX))
        return conf_bad(&b->at, "%s %s: operations is 1 to %u; without it there is no limit", whose,
                        name, ENV_IN_FLIGHT_MAX);
    *ret = n ? *n : 0;
    return ERR_OK;
}

static int build_tenant(struct build *b, const struct raw_tenant *r)
{
    struct tenant *t;
    int err;

    if (!strcmp(r->id, CONF_HOUSE))
        return conf_bad(&b->at,
                        "tenant \"" CONF_HOUSE "\" is the operator of this SM-SR and has no realm");
    if (find_tenant(b, r->id))
        return conf_bad(&b->at, "tenant \"%s\" stands twice", r->id);
    err = add_tenant(b, r->id, &t);
    if (err)
        return err;
    t->ranges = conf_alloc(&b->at, r->eid_ranges_count, sizeof *t->ranges);
    t->admits = conf_alloc(&b->at, r->admits_count, sizeof *t->admits);
    if (!t->ranges || !t->admits)
        return ERR_NOMEM;
    for (unsigned i = 0; !err && i < r->eid_ranges_count; i++)
        err = build_range(b, t, &r->eid_ranges[i]);
    for (unsigned i = 0; !err && i < r->admits_count; i++)
        err = conf_oid(&b->at, r->admits[i], "tenants.admits", &t->admits[t->n_admits++]);
    return err ? err : build_in_flight(b, "tenant", t->id, r->operations, &t->operations);
}

struct owned_range {
    const struct eid_range *range;
    const char *tenant;
};

static int compare_ranges(const void *a, const void *b)
{
    const struct owned_range *x = a, *y = b;
    return strcmp(x->range->from, y->range->from);
}

/* Sorted by where they begin: of any that overlap, two stand side by side. */
static int check_overlap(struct build *b)
{
    const struct env *env = &b->c->env;
    struct owned_range *all;
    size_t n = 0;

    for (unsigned i = 0; i < env->n_tenants; i++)
        n += env->tenants[i].n_ranges;
    all = conf_alloc(&b->at, n, sizeof *all);
    if (!all)
        return ERR_NOMEM;
    n = 0;
    for (unsigned i = 0; i < env->n_tenants; i++)
        for (unsigned k = 0; k < env->tenants[i].n_ranges; k++)
            all[n++] = (struct owned_range){&env->tenants[i].ranges[k], env->tenants[i].id};
    qsort(all, n, sizeof *all, compare_ranges);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(all[i].range->from, all[i - 1].range->to) <= 0)
            return conf_bad(&b->at,
                            "EID ranges overlap: %s of tenant %s lies in a range of tenant "
                            "%s: a card has one tenant, change one of them",
                            all[i].range->from, all[i].tenant, all[i - 1].tenant);
    }
    return ERR_OK;
}

static int build_tenants(struct build *b)
{
    size_t most = (size_t)b->raw->tenants_count + b->raw->parties_count;
    int err = ERR_OK;

    b->c->tenants = conf_alloc(&b->at, most, sizeof *b->c->tenants);
    if (!b->c->tenants)
        return ERR_NOMEM;
    b->c->env.tenants = b->c->tenants;
    for (unsigned i = 0; !err && i < b->raw->tenants_count; i++)
        err = build_tenant(b, &b->raw->tenants[i]);
    return err ? err : check_overlap(b);
}

/* --- parties --- */
static int build_roles(struct build *b, const struct raw_party *r, struct party *p)
{
    for (unsigned i = 0; i < r->roles_count; i++) {
        enum party_role role = role_parse(span_str(r->roles[i]));
        if (role == ROLE_NONE)
            return conf_bad(
                &b->at,
                "party %s: \"%s\" is no role (eum, operator, m2m-sp, smdp, smsr, fleet, admin, "
                "auditor)",
                r->oid, r->roles[i]);
        p->roles |= 1u << (unsigned)role;
    }
    return ERR_OK;
}

static int build_numbers(struct build *b, const struct raw_party *r, struct party *p)
{
    int err;

    if (r->plmn_count > PARTY_LIST_MAX || r->iccid_count > PARTY_LIST_MAX ||
        r->on_behalf_count > PARTY_LIST_MAX)
        return conf_bad(&b->at, "party %s: a list has more than %d entries", r->oid,
                        PARTY_LIST_MAX);
    err = conf_plmns(&b->at, r->oid, r->plmn, r->plmn_count, p->plmn);
    if (!err)
        err = conf_iccid_prefixes(&b->at, r->oid, r->iccid, r->iccid_count, p->iccid_prefix);
    p->n_plmn = r->plmn_count;
    p->n_iccid = r->iccid_count;
    for (unsigned i = 0; !err && i < r->on_behalf_count; i++)
        err =
            conf_oid(&b->at, r->on_behalf[i], "parties.on_behalf", &p->on_behalf[p->n_on_behalf++]);
    return err;
}

static enum bearer bearer_of(const char *word)
{
    static const char *const WORDS[] = {
        [BEARER_SMS] = "sms", [BEARER_HTTPS] = "https", [BEARER_CATTP] = "cattp"};

    for (unsigned i = BEARER_SMS; i <= BEARER_CATTP; i++)
        if (!strcmp(WORDS[i], word))
            return (enum bearer)i;
    return BEARER_NONE;
}

/* In the order they are tried (smsr/domain/bearer.h). */
static int build_preference(struct build *b, const struct raw_party *r, struct party *p)
{
    for (unsigned i = 0; i < r->bearers_count; i++) {
        enum bearer bearer = bearer_of(r->bearers[i]);
        if (!bearer)
            return conf_bad(&b->at, "party %s: bearer \"%s\" is none of sms, https and cattp", r->oid,
                            r->bearers[i]);
        for (unsigned k = 0; k < p->n_bearers; k++)
            if (p->bearers[k] == bearer)
                return conf_bad(&b->at, "party %s: bearer \"%s\" stands twice", r->oid, r->bearers[i]);
        p->bearers[p->n_bearers++] = bearer;
    }
    if (r->cattp_up_to && !*r->cattp_up_to)
        return conf_bad(&b->at, "party %s: cattp_up_to is a number of octets, at least 1", r->oid);
    p->cattp_up_to = r->cattp_up_to ? *r->cattp_up_to : 0;
    return ERR_OK;
}

static int build_party(struct build *b, const struct raw_party *r, struct party *p)
{
    struct tenant *t = NULL;
    int err = conf_oid(&b->at, r->oid, "parties.oid", &p->oid);

    if (err)
        return err;
    if (env_party(&b->c->env, &p->oid))
        return conf_bad(&b->at, "party %s stands twice", r->oid);
    if (strcmp(r->tenant, CONF_HOUSE) != 0) {
        /* A tenant without a realm (an operator) need not be listed under tenants. */
        t = find_tenant(b, r->tenant);
        err = t ? ERR_OK : add_tenant(b, r->tenant, &t);
    }
    p->tenant = t;
    if (!err)
        err = build_roles(b, r, p);
    if (!err)
        err = build_preference(b, r, p);
    if (!err)
        err = build_in_flight(b, "party", r->oid, r->operations, &p->operations);
    return err ? err : build_numbers(b, r, p);
}

static int build_parties(struct build *b)
{
    struct party *list = conf_alloc(&b->at, b->raw->parties_count, sizeof *list);
    int err = ERR_OK;

    if (!list)
        return ERR_NOMEM;
    b->c->env.parties = list;
    for (unsigned i = 0; !err && i < b->raw->parties_count; i++) {
        err = build_party(b, &b->raw->parties[i], &list[i]);
        b->c->env.n_parties++;
    }
    return err;
}

static int party_with(struct build *b, const char *where, const struct oid *oid, uint32_t roles)
{
    const struct party *p = env_party(&b->c->env, oid);

    if (!p)
        return conf_bad(&b->at, "%s: %s is no party", where, oid->s);
    return p->roles & roles
               ? ERR_OK
               : conf_bad(&b->at, "%s: party %s has not the role for it", where, oid->s);
}

static int build_plma(struct build *b, const struct raw_plma *r, struct plma *p)
{
    int err = conf_oid(&b->at, r->mno, "plma.mno", &p->mno);

    if (!err)
        err = conf_oid(&b->at, r->m2m_sp, "plma.m2m_sp", &p->m2m_sp);
    if (!err)
        err = party_with(b, "plma.mno", &p->mno, 1u << ROLE_OPERATOR);
    if (!err)
        err = party_with(b, "plma.m2m_sp", &p->m2m_sp,
                         1u << ROLE_FLEET | 1u << ROLE_M2M_SP | 1u << ROLE_OPERATOR);
    if (err)
        return err;
    if (strlen(r->profile_type) >= sizeof p->profile_type)
        return conf_bad(&b->at, "plma: profile_type \"%s\" is too long", r->profile_type);
    (void)snprintf(p->profile_type, sizeof p->profile_type, "%s", r->profile_type);
    for (unsigned i = 0; i < r->operations_count; i++) {
        enum function f = function_parse(span_str(r->operations[i]));
        if (f == FN_NONE)
            return conf_bad(
                &b->at,
                "plma: \"%s\" is no function (EnableProfile, DisableProfile, DeleteProfile)",
                r->operations[i]);
        p->functions |= FN_BIT(f);
    }
    return ERR_OK;
}

static unsigned most_notified(const struct env *env, const struct plma *p, enum function f)
{
    const struct oid *sp[ENV_NOTIFIED_MAX + 1];
    unsigned most = 0;

    for (unsigned i = 0; i < env->n_tenants; i++) {
        unsigned n = env_notified(env, &env->tenants[i], &p->mno, p->profile_type, f, sp);
        most = n > most ? n : most;
    }
    return most;
}

static int check_notified(struct build *b, const struct plma *p)
{
    static const enum function TOLD[] = {FN_ENABLE_PROFILE, FN_DISABLE_PROFILE, FN_DELETE_PROFILE,
                                         FN_PROFILE_DOWNLOAD_COMPLETED, FN_UPDATE_POLICY_RULES,
                                         FN_SET_FALLBACK_ATTRIBUTE, FN_UNSET_FALLBACK_ATTRIBUTE};

    for (size_t i = 0; i < sizeof TOLD / sizeof *TOLD; i++)
        if ((p->functions & FN_BIT(TOLD[i])) &&
            most_notified(&b->c->env, p, TOLD[i]) > ENV_NOTIFIED_MAX)
            return conf_bad(&b->at,
                            "plma: more than %u service providers of one realm are authorised for "
                            "%s on profiles "
                            "\"%s\" of %s, and not all would hear of them; name at most %u",
                            ENV_NOTIFIED_MAX, function_text(TOLD[i]), p->profile_type, p->mno.s,
                            ENV_NOTIFIED_MAX);
    return ERR_OK;
}

static int build_plmas(struct build *b)
{
    struct plma *list = conf_alloc(&b->at, b->raw->plma_count, sizeof *list);
    int err = ERR_OK;

    if (!list)
        return ERR_NOMEM;
    b->c->env.plmas = list;
    for (unsigned i = 0; !err && i < b->raw->plma_count; i++)
        err = build_plma(b, &b->raw->plma[i], &list[b->c->env.n_plmas++]);
    for (unsigned i = 0; !err && i < b->c->env.n_plmas; i++)
        err = check_notified(b, &list[i]);
    return err;
}

int conf_build_parties(struct build *b)
{
    int err = build_tenants(b);

    if (!err)
        err = build_parties(b);
    return err ? err : build_plmas(b);
}
