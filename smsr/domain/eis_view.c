/* SPDX-License-Identifier: Apache-2.0 */
/* Operator: only its own profiles, no ECASD, no ISD-R, no audit dates. SM-DP: its own profiles of
 * the Mno-id it acts for (the clean-up needs them), ECASD certificate, memory. Realm: all states
 * and memory, no subscription addresses, no POL2 content of others. Service provider: states of the
 * profiles it is authorised for. */
#include "smsr/domain/eis_view.h"

#include "smsr/domain/reach.h"

static void profile(const struct euicc_profile *p, bool owner, struct arena *a,
                    struct eis_profile *ret)
{
    ret->iccid = p->iccid;
    ret->isdp_aid = p->aid;
    ret->mno_id = p->mno;
    ret->fallback_attribute = p->fallback;
    ret->emergency = p->emergency;
    ret->test = p->test;
    ret->state = p->state;
    if (owner) {
        ret->smdp_id = p->smdp;
        ret->address.imsi = p->imsi;
        ret->address.msisdn = p->msisdn;
        pol2_write(p->pol2, &ret->pol2);
    }
    if (p->profile_type[0])
        ret->profile_type = span_str(arena_str(a, span_str(p->profile_type)));
    ret->allocated_memory = p->memory_required;
}

void eis_view(const struct env *env, const struct caller *c, const struct euicc *e,
              const struct signed_eis *signed_part, const struct eum_signed_info *info,
              struct arena *a, struct eis *ret)
{
    bool realm = c->role == ROLE_FLEET || c->role == ROLE_ADMIN || c->role == ROLE_AUDITOR;
    struct oid owner;

    (void)authz_card(env, c, e, &owner);
    memset(ret, 0, sizeof *ret);
    ret->eid = e->eid;
    ret->eum_id = e->eum;
    ret->smsr_id = env->smsr_oid;
    ret->remaining_memory = e->memory_free;
    ret->available_memory_for_profiles = e->memory_available;
    ret->capabilities.http = e->http;
    ret->capabilities.cattp = e->cattp;
    ret->capabilities.secure_packet = true;
    ret->capabilities.remote_provisioning_version = span_str(arena_str(a, span_str(e->rp_version)));
    ret->capabilities.platform = span_str(arena_str(a, span_str(e->platform)));
    if (info) {
        ret->platform_type = info->platform_type;
        ret->platform_version = info->platform_version;
    }
    if (c->role == ROLE_SMDP || c->role == ROLE_SMSR) {
        ret->isd_p_load_file = e->isd_p_load_file;
        ret->isd_p_module = e->isd_p_module;
        if (info)
            ret->ecasd_certificate = info->ecasd_certificate;
        if (signed_part)
            ret->eum_certificate = signed_part->eum_certificate;
    }
    if (realm) {
        ret->last_audit_ms = e->last_audit_ms;
        ret->last_contact_ms = e->reach.seen_ms;
        ret->card_state = e->life;
        ret->registered_ms = e->registered_ms;
        ret->imei = euicc_imei(e, a);
        if (reach_sleeps(e)) {
            ret->last_wake_ms = e->reach.woke_ms;
            ret->wakes_every_ms = e->reach.period_ms;
            ret->awake_ms = e->reach.window_ms;
        }
    }
    for (unsigned i = 0; i < e->n_profiles && ret->n_profiles < EIS_PROFILES_MAX; i++) {
        const struct euicc_profile *p = &e->profiles[i];
        bool mine = !realm && owner.s[0] && oid_eq(&p->mno, &owner);
        bool seen = realm || mine || (c->role == ROLE_M2M_SP && authz_authorised(env, c, p));
        if (p->state == PROFILE_IN_CREATION || !seen)
            continue;
        profile(p, mine, a, &ret->profiles[ret->n_profiles++]);
    }
}
