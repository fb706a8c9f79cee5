/* SPDX-License-Identifier: Apache-2.0 */
/* A new aggregate from the EIS of an EUM (SGP.02 3.9, 5.2.1; facts: sgp02 section 3). */
#include "smsr/domain/euicc_int.h"

#include <stdlib.h>

void euicc_copy_text(char *dst, size_t cap, struct span s)
{
    size_t n = s.n < cap - 1 ? s.n : cap - 1;

    /* Cut between characters: half of one would spoil every record the text goes into. */
    while (n && n < s.n && (s.p[n] & 0xC0u) == 0x80u)
        n--;
    memset(dst, 0, cap);
    if (n)
        memcpy(dst, s.p, n);
}

int euicc_add_profile(struct euicc *e, const struct euicc_profile *p)
{
    struct euicc_profile *grown;

    if (e->n_profiles == EUICC_PROFILES_MAX)
        return ERR_FULL;
    grown = realloc(e->profiles, (e->n_profiles + 1) * sizeof *grown);
    if (!grown)
        return ERR_NOMEM;
    e->profiles = grown;
    e->profiles[e->n_profiles++] = *p;
    return ERR_OK;
}

void euicc_drop_profile(struct euicc *e, const struct euicc_profile *p)
{
    size_t at = (size_t)(p - e->profiles);

    memmove(&e->profiles[at], &e->profiles[at + 1], (e->n_profiles - at - 1) * sizeof *p);
    e->n_profiles--;
}

static uint8_t pol2_bits(const struct pol2 *p)
{
    static const struct { const char *action, *qualification; uint8_t bit; } ROWS[] = {
        {"ENABLE", "Not-Allowed", POL2_ENABLE_NOT_ALLOWED},
        {"DISABLE", "Not-Allowed", POL2_DISABLE_NOT_ALLOWED},
        {"DELETE", "Not-Allowed", POL2_DELETE_NOT_ALLOWED},
        {"DISABLE", "Auto-Delete", POL2_DISABLE_AUTO_DELETE},
    };
    uint8_t bits = 0;

    for (unsigned i = 0; i < p->n; i++)
        for (size_t k = 0; k < sizeof ROWS / sizeof *ROWS; k++)
            if (span_eq(p->rules[i].action, span_str(ROWS[k].action)) &&
                span_eq(p->rules[i].qualification, span_str(ROWS[k].qualification)))
                bits |= ROWS[k].bit;
    return bits;
}

static int register_profile(struct euicc *e, const struct eis_profile *src)
{
    struct euicc_profile p;

    memset(&p, 0, sizeof p);
    p.aid = src->isdp_aid;
    p.iccid = src->iccid;
    p.mno = src->mno_id;
    p.smdp = src->smdp_id;
    euicc_copy_text(p.profile_type, sizeof p.profile_type, src->profile_type);
    p.state = src->state;
    p.fallback = src->fallback_attribute;
    p.emergency = src->emergency;
    p.test = src->test;
    p.pol2 = pol2_bits(&src->pol2);
    p.imsi = src->address.imsi;
    p.msisdn = src->address.msisdn;
    p.memory_required = src->allocated_memory;
    return euicc_add_profile(e, &p);
}

static void register_keysets(struct euicc *e, const struct signed_eis *eis)
{
    for (unsigned i = 0; i < eis->n_keysets; i++) {
        const struct eis_keyset *k = &eis->keysets[i];
        if (k->version >= 0x01 && k->version <= 0x0F && !e->scp80_kvn) {
            e->scp80_kvn = k->version;
            e->counter_high = k->counter;
        } else if (k->version >= 0x40 && k->version <= 0x4F && !e->psk_kvn) {
            e->psk_kvn = k->version;
            e->psk_kid = k->n_keys ? k->keys[0].kid : 1;
        }
    }
}

int euicc_create(struct euicc **ret, const struct euicc_record *r)
{
    struct euicc *e;
    int err = ERR_OK;

    if (!r->eis || !r->info)
        return ERR_CORRUPT;
    e = calloc(1, sizeof *e);
    if (!e)
        return ERR_NOMEM;
    e->eid = r->ev->eid;
    e->tenant = (uint32_t)r->ev->number;
    e->eis_lsn = r->lsn;
    e->life = CARD_REGISTERED;
    e->registered_ms = r->at_ms;
    e->has_batch = r->ev->has_batch;
    memcpy(e->batch, r->ev->batch, sizeof e->batch);
    e->eum = r->info->eum_id;
    euicc_copy_text(e->rp_version, sizeof e->rp_version,
                    r->info->capabilities.remote_provisioning_version);
    euicc_copy_text(e->platform, sizeof e->platform, r->info->capabilities.platform);
    e->isd_p_load_file = r->info->isd_p_load_file;
    e->isd_p_module = r->info->isd_p_module;
    e->http = r->info->capabilities.http;
    e->cattp = r->info->capabilities.cattp;
    e->memory_free = r->eis->remaining_memory;
    e->memory_available = r->eis->available_memory_for_profiles;
    e->next_step = 1;
    register_keysets(e, r->eis);
    for (unsigned i = 0; !err && i < r->eis->n_profiles; i++)
        err = register_profile(e, &r->eis->profiles[i]);
    if (err) {
        euicc_free(e);
        return err;
    }
    *ret = e;
    return ERR_OK;
}
