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
