/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the parties and their relations (design 3.5). No match is the answer, never a
 * default. */
#include "smsr/domain/env.h"

static void first_30(const struct eid *eid, char dst[31])
{
    char text[EID_TEXT];

    eid_text(eid, text);
    memcpy(dst, text, 30);
    dst[30] = 0;
}

const struct tenant *env_realm(const struct env *env, const struct eid *eid)
{
    char digits[31];

    first_30(eid, digits);
    for (unsigned i = 0; i < env->n_tenants; i++)
        for (unsigned k = 0; k < env->tenants[i].n_ranges; k++) {
            const struct eid_range *r = &env->tenants[i].ranges[k];
            if (memcmp(digits, r->from, 30) >= 0 && memcmp(digits, r->to, 30) <= 0)
                return &env->tenants[i];
        }
    return NULL;
}

const struct tenant *env_tenant(const struct env *env, uint32_t number)
{
    for (unsigned i = 0; i < env->n_tenants; i++)
        if (env->tenants[i].number == number)
            return &env->tenants[i];
    return NULL;
}

const struct party *env_party(const struct env *env, const struct oid *oid)
{
    for (unsigned i = 0; i < env->n_parties; i++)
        if (oid_eq(&env->parties[i].oid, oid))
            return &env->parties[i];
    return NULL;
}

static bool type_matches(const char *pattern, const char *profile_type)
{
    return !strcmp(pattern, "*") || !strcmp(pattern, profile_type);
}

/* A row for the profile type wins over the owner's "*" row. */
const struct route *env_route(const struct env *env, const struct oid *mno,
                              const char *profile_type)
{
    const struct route *any = NULL;

    for (unsigned i = 0; i < env->n_routes; i++) {
        const struct route *r = &env->routes[i];
        if (!oid_eq(&r->mno, mno))
            continue;
        if (!strcmp(r->profile_type, profile_type))
            return r;
        if (!strcmp(r->profile_type, "*") && !any)
            any = r;
    }
    return any;
}

bool env_admits(const struct tenant *realm, const struct oid *mno)
{
    for (unsigned i = 0; i < realm->n_admits; i++)
        if (oid_eq(&realm->admits[i], mno))
            return true;
    return false;
}

bool env_on_behalf(const struct env *env, const struct oid *mno, const struct oid *smdp)
{
    const struct party *owner = env_party(env, mno);

    if (!owner)
        return false;
    for (unsigned i = 0; i < owner->n_on_behalf; i++)
        if (oid_eq(&owner->on_behalf[i], smdp))
            return true;
    return false;
}

bool env_plma(const struct env *env, const struct oid *mno, const char *profile_type,
              const struct oid *m2m_sp, enum function f)
{
    for (unsigned i = 0; i < env->n_plmas; i++) {
        const struct plma *p = &env->plmas[i];
        if (oid_eq(&p->mno, mno) && oid_eq(&p->m2m_sp, m2m_sp) &&
            type_matches(p->profile_type, profile_type) && (p->functions & FN_BIT(f)))
            return true;
    }
    return false;
}

/* An owner authorises; the realm says whose eyes its cards are for. */
static bool sees(const struct env *env, const struct tenant *realm, const struct oid *party)
{
    const struct party *p = env_party(env, party);

    return p && realm && (p->tenant == realm || env_admits(realm, party));
}

unsigned env_notified(const struct env *env, const struct tenant *realm, const struct oid *mno,
                      const char *profile_type, enum function f,
                      const struct oid *ret[ENV_NOTIFIED_MAX + 1])
{
    unsigned n = 0;

    for (unsigned i = 0; i < env->n_plmas && n <= ENV_NOTIFIED_MAX; i++) {
        const struct plma *p = &env->plmas[i];
        bool again = false;
        if (!oid_eq(&p->mno, mno) || !type_matches(p->profile_type, profile_type) ||
            !(p->functions & FN_BIT(f)) || !sees(env, realm, &p->m2m_sp))
            continue;
        for (unsigned k = 0; k < n; k++)
            again = again || oid_eq(ret[k], &p->m2m_sp);
        if (!again)
            ret[n++] = &p->m2m_sp;
    }
    return n;
}

unsigned env_fleets(const struct env *env, const struct tenant *realm,
                    const struct oid *ret[ENV_FLEETS_MAX])
{
    unsigned n = 0;

    for (unsigned i = 0; realm && i < env->n_parties && n < ENV_FLEETS_MAX; i++)
        if (env->parties[i].tenant == realm && (env->parties[i].roles & (1u << (unsigned)ROLE_FLEET)))
            ret[n++] = &env->parties[i].oid;
    return n;
}

bool env_owner_covers(const struct party *owner, const struct iccid *iccid)
{
    for (unsigned i = 0; i < owner->n_iccid; i++)
        if (!strncmp(iccid->s, owner->iccid_prefix[i], strlen(owner->iccid_prefix[i])))
            return true;
    return false;
}

bool env_owner_has_imsi(const struct party *owner, const struct imsi *imsi)
{
    for (unsigned i = 0; i < owner->n_plmn; i++)
        if (!strncmp(imsi->s, owner->plmn[i].s, strlen(owner->plmn[i].s)))
            return true;
    return false;
}
