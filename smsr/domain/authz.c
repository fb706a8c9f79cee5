/* SPDX-License-Identifier: Apache-2.0 */
/* Relations (design 3.5): realm, owner, on_behalf, PLMA; all default reject. */
#include "smsr/domain/authz.h"

#include "common/base/mutant.h"

#define R(role) (1u << (unsigned)(role))

static const struct {
    enum interface iface;
    uint32_t roles;
    uint64_t functions;
} TABLE[] = {
    {IF_ES1, R(ROLE_EUM), FN_BIT(FN_REGISTER_EIS)},
    {IF_ES3, R(ROLE_SMDP),
     FN_BIT(FN_GET_EIS) | FN_BIT(FN_CREATE_ISDP) | FN_BIT(FN_SEND_DATA) |
         FN_BIT(FN_PROFILE_DOWNLOAD_COMPLETED) | FN_BIT(FN_ENABLE_PROFILE) | FN_BIT(FN_DISABLE_PROFILE) |
         FN_BIT(FN_DELETE_PROFILE) | FN_BIT(FN_AUDIT_EIS) | FN_BIT(FN_UPDATE_SUBSCRIPTION_ADDRESS) |
         FN_BIT(FN_UPDATE_POLICY_RULES) | FN_BIT(FN_SET_FALLBACK_ATTRIBUTE) |
         FN_BIT(FN_SET_EMERGENCY_ATTRIBUTE)},
    {IF_ES4, R(ROLE_OPERATOR) | R(ROLE_FLEET) | R(ROLE_M2M_SP),
     FN_BIT(FN_GET_EIS) | FN_BIT(FN_AUDIT_EIS) | FN_BIT(FN_ENABLE_PROFILE) | FN_BIT(FN_DISABLE_PROFILE) |
         FN_BIT(FN_DELETE_PROFILE) | FN_BIT(FN_UPDATE_SUBSCRIPTION_ADDRESS) |
         FN_BIT(FN_SET_FALLBACK_ATTRIBUTE) | FN_BIT(FN_SET_EMERGENCY_ATTRIBUTE)},
    /* The owner's alone, never authorised to somebody else (SGP.02 3.20; facts: sgp02 1.4). */
    {IF_ES4, R(ROLE_OPERATOR), FN_BIT(FN_UPDATE_POLICY_RULES)},
    {IF_ADMIN, R(ROLE_FLEET) | R(ROLE_ADMIN), FN_BIT(FN_ROTATE_KEYS)},
};

uint32_t authz_roles(enum interface iface, enum function fn)
{
    uint32_t roles = 0;

    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++)
        if (TABLE[i].iface == iface && (TABLE[i].functions & FN_BIT(fn)))
            roles |= TABLE[i].roles;
    return roles;
}

bool authz_function(const struct party *p, enum party_role role, enum interface iface,
                    enum function fn)
{
    return p && (p->roles & R(role) & authz_roles(iface, fn));
}

enum status_code authz_card(const struct env *env, const struct caller *c, const struct euicc *e,
                            struct oid *ret_owner)
{
    const struct party *p = env_party(env, &c->party);
    const struct tenant *realm = e ? env_realm(env, &e->eid) : NULL;

    memset(ret_owner, 0, sizeof *ret_owner);
    if (!p || !realm)
        return ST_EID_UNKNOWN;
    switch (c->role) {
    case ROLE_OPERATOR:
        if (!env_admits(realm, &c->party))
            return mutant("FOREIGN_IS_TOLD") ? ST_ICCID_NOT_ALLOWED : ST_EID_UNKNOWN;
        *ret_owner = c->party;
        return ST_OK;
    case ROLE_SMDP:
        if (!env_on_behalf(env, &c->mno, &c->party) || !env_admits(realm, &c->mno))
            return ST_EID_UNKNOWN;
        *ret_owner = c->mno;
        return ST_OK;
    case ROLE_FLEET:
        return p->tenant == realm ? ST_OK : ST_EID_UNKNOWN;
    case ROLE_M2M_SP:
        return env_admits(realm, &c->party) ? ST_OK : ST_EID_UNKNOWN;
    case ROLE_ADMIN: /* without a tenant: of the house, whose keys the cards have */
        return !p->tenant || p->tenant == realm ? ST_OK : ST_EID_UNKNOWN;
    case ROLE_AUDITOR:
        return p->tenant == realm ? ST_OK : ST_EID_UNKNOWN;
    case ROLE_NONE:
    case ROLE_EUM:
    case ROLE_SMSR:
        break;
    }
    return ST_EID_UNKNOWN;
}

/* Any authorisation makes the profile known to a service provider; without one it is not. */
bool authz_authorised(const struct env *env, const struct caller *c, const struct euicc_profile *p)
{
    for (unsigned f = FN_NONE + 1; f < FN_COUNT; f++)
        if (env_plma(env, &p->mno, p->profile_type, &c->party, (enum function)f))
            return true;
    return false;
}

enum status_code authz_profile(const struct env *env, const struct caller *c, const struct euicc *e,
                               const struct euicc_profile *p, enum function fn)
{
    struct oid owner;
    enum status_code st = authz_card(env, c, e, &owner);

    if (st)
        return st;
    if (!p)
        return ST_ICCID_UNKNOWN;
    /* Somebody else's profile is unknown to an owner; the realm sees it and is told "not allowed".
     */
    if (c->role == ROLE_OPERATOR || c->role == ROLE_SMDP)
        return oid_eq(&p->mno, &owner) ? ST_OK : ST_ICCID_UNKNOWN;
    if (env_plma(env, &p->mno, p->profile_type, &c->party, fn))
        return ST_OK;
    if (c->role == ROLE_M2M_SP && !authz_authorised(env, c, p))
        return ST_ICCID_UNKNOWN;
    return fn == FN_UPDATE_SUBSCRIPTION_ADDRESS ? ST_ADDRESS_NOT_ALLOWED : ST_ICCID_NOT_ALLOWED;
}

enum status_code authz_create(const struct env *env, const struct caller *c,
                              const struct iccid *iccid, const struct oid *mno)
{
    const struct party *owner = env_party(env, mno);

    if (!owner || !oid_eq(mno, &c->mno))
        return ST_ICCID_NOT_ALLOWED;
    return env_owner_covers(owner, iccid) ? ST_OK : ST_ICCID_FOREIGN;
}

enum status_code authz_imsi(const struct env *env, const struct oid *mno, const struct imsi *imsi)
{
    const struct party *owner = env_party(env, mno);

    return !imsi->s[0] || (owner && env_owner_has_imsi(owner, imsi)) ? ST_OK : ST_IMSI_FOREIGN;
}
