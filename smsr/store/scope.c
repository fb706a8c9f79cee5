/* SPDX-License-Identifier: Apache-2.0 */
/* Who may see what in the store (design law 8, 3.5; facts: trust section 4.2). No match is the
 * answer. */
#include "smsr/store/store.h"

static bool realm_role(enum party_role r)
{
    return r == ROLE_FLEET || r == ROLE_ADMIN || r == ROLE_AUDITOR;
}

/* The house itself has no tenant in the configuration. */
bool scope_is_house(const struct scope *sc)
{
    return !sc->party->tenant && (sc->role == ROLE_ADMIN || sc->role == ROLE_AUDITOR);
}

bool scope_sees_card(const struct scope *sc, const struct euicc *e)
{
    struct caller c = {.party = sc->party->oid, .role = sc->role, .iface = IF_ADMIN};
    struct oid owner;

    if (scope_is_house(sc))
        return true;
    if (authz_card(sc->env, &c, e, &owner) != ST_OK)
        return false;
    if (realm_role(sc->role))
        return true;
    /* An owner knows a card by its own profile on it. */
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state != PROFILE_IN_CREATION && oid_eq(&e->profiles[i].mno, &owner))
            return true;
    return false;
}

/* What eis_view shows of a profile: its address to its owner alone. The house's own people look for a card by
 * the number somebody complains about. */
static bool profile_matches(const struct scope *sc, const struct euicc_profile *p,
                            const struct card_filter *f)
{
    bool owns = oid_eq(&p->mno, &sc->party->oid);
    bool shown = owns || realm_role(sc->role);

    if (p->state == PROFILE_IN_CREATION)
        return false;
    if (!shown && sc->role == ROLE_M2M_SP) {
        struct caller c = {.party = sc->party->oid, .role = sc->role, .iface = IF_ADMIN};
        shown = authz_authorised(sc->env, &c, p);
    }
    if (!shown || ((f->imsi.s[0] || f->msisdn.s[0]) && !owns && !scope_is_house(sc)))
        return false;
    return (!f->iccid.s[0] || iccid_eq(&p->iccid, &f->iccid)) &&
           (!f->imsi.s[0] || !strcmp(p->imsi.s, f->imsi.s)) &&
           (!f->msisdn.s[0] || msisdn_eq(&p->msisdn, &f->msisdn)) &&
           (!f->mno.s[0] || oid_eq(&p->mno, &f->mno)) &&
           (f->state == PROFILE_NONE || p->state == f->state);
}

bool scope_matches(const struct scope *sc, const struct euicc *e, const struct card_filter *f)
{
    bool by_profile = f->iccid.s[0] || f->imsi.s[0] || f->msisdn.s[0] || f->mno.s[0] ||
                      f->state != PROFILE_NONE;
    bool by_life = f->life != CARD_NONE || f->has_batch || f->unheard_since_ms;

    /* Where a card stands in its life is its realm's business. */
    if (by_life && !realm_role(sc->role))
        return false;
    if ((f->life != CARD_NONE && e->life != f->life) ||
        (f->has_batch && (!e->has_batch || memcmp(e->batch, f->batch, sizeof e->batch) != 0)) ||
        (f->unheard_since_ms && (e->reach.seen_ms || e->registered_ms > f->unheard_since_ms)))
        return false;
    for (unsigned i = 0; by_profile && i < e->n_profiles; i++)
        if (profile_matches(sc, &e->profiles[i], f))
            return true;
    return !by_profile;
}

bool scope_sees_stream(const struct scope *sc, uint32_t stream)
{
    if (scope_is_house(sc))
        return true;
    return realm_role(sc->role) && sc->party->tenant && stream &&
           sc->party->tenant->number == stream;
}

bool scope_sees_operation(const struct scope *sc, const struct op_row *row)
{
    return scope_sees_stream(sc, row->stream) ||
           (row->party.s[0] && oid_eq(&row->party, &sc->party->oid));
}
