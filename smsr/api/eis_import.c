/* SPDX-License-Identifier: Apache-2.0 */
/* Each check is one function that names what it refuses; cheap ones come first, so that garbage
 * costs no signature. */
#include "smsr/api/eis_import.h"

#include "common/wire/wire.h"
#include "smsr/api/eis_signed.h"

#include <string.h>

/* Key identifiers of an SCP80 key set (TS 102 225 A.1; facts: sgp02 section 3.1). */
#define KID_KIC 1
#define KID_KID 2
#define KID_DEK 3
#define TYPE_AES 0x88
#define TYPE_PSK 0x85

void eis_import_fini(struct eis_import *im)
{
    isdr_secret_fini(&im->keys);
}

static enum status_code parse(struct span octets, struct arena *a, struct eis_import *im,
                              struct errmsg *why)
{
    struct errmsg detail = {{0}};

    if (wire_signed_eis_decode(octets, a, &im->eis, &detail)) {
        (void)errmsg_set(why, 0, "EIS is not well formed: %s", detail.text);
        return ST_EIS_FORMAT;
    }
    if (wire_eis_info_decode(&im->eis, a, &im->info, &detail)) {
        bool eid = strstr(detail.text, "Eid") != NULL;
        (void)errmsg_set(why, 0, "the signed part is not well formed: %s", detail.text);
        return eid ? ST_EID_CHECK : ST_EIS_FORMAT;
    }
    if (eid_is_zero(&im->info.eid) || !eid_check(&im->info.eid)) {
        (void)errmsg_set(why, 0, "EID is missing or fails its check digits");
        return ST_EID_CHECK;
    }
    return ST_OK;
}

static enum status_code whose(const struct eis_check *c, struct eis_import *im, struct errmsg *why)
{
    if (!oid_eq(&im->info.eum_id, &c->caller)) {
        (void)errmsg_set(why, 0, "the signed part names another EUM than the caller's certificate");
        return ST_EIS_NOT_ALLOWED;
    }
    if (!oid_eq(&im->eis.smsr_id, &c->env->smsr_oid)) {
        (void)errmsg_set(why, 0, "Smsr-id is not the OID of this SM-SR");
        return ST_SMSR_OTHER;
    }
    im->realm = env_realm(c->env, &im->info.eid);
    if (!im->realm) {
        (void)errmsg_set(why, 0, "EID lies in no tenant's range");
        return ST_REALM_NONE;
    }
    if (c->eid_known(c->ctx, &im->info.eid)) {
        (void)errmsg_set(why, 0, "EID is registered already; its EIS is unchanged");
        return ST_EID_EXISTS;
    }
    return ST_OK;
}

static enum status_code check_profile(const struct eis_check *c, const struct eis_import *im,
                                      unsigned i, struct errmsg *why)
{
    const struct eis_profile *p = &im->eis.profiles[i];

    if (!p->iccid.s[0] || !p->isdp_aid.n || !p->mno_id.s[0] ||
        (p->state != PROFILE_ENABLED && p->state != PROFILE_DISABLED)) {
        (void)errmsg_set(why, 0,
                         "profile %u lacks Iccid, Isd-p-aid, Mno-id or a state of Enabled or "
                         "Disabled",
                         i + 1);
        return ST_EIS_FORMAT;
    }
    if (p->emergency && p->fallback_attribute) {
        (void)errmsg_set(why, 0, "profile %u holds the fall-back and the emergency attribute", i + 1);
        return ST_EIS_FORMAT;
    }
    for (unsigned k = 0; k < i; k++) {
        if (iccid_eq(&im->eis.profiles[k].iccid, &p->iccid) ||
            aid_eq(&im->eis.profiles[k].isdp_aid, &p->isdp_aid)) {
            (void)errmsg_set(why, 0, "profiles %u and %u have the same ICCID or AID", k + 1, i + 1);
            return ST_EIS_FORMAT;
        }
    }
    if (c->iccid_known(c->ctx, &p->iccid)) {
        (void)errmsg_set(why, 0, "the ICCID of profile %u stands on another card", i + 1);
        return ST_ICCID_IN_USE;
    }
    return ST_OK;
}

/* No two owners share a number, on whatever card (see smsr/proc/admission.c, check_address). */
static enum status_code check_number(const struct eis_check *c, const struct eis_import *im,
                                     unsigned i, struct errmsg *why)
{
    const struct eis_profile *p = &im->eis.profiles[i];
    bool taken = false;

    if (!p->address.msisdn.s[0])
        return ST_OK;
    for (unsigned k = 0; k < i; k++)
        taken = taken || (msisdn_eq(&im->eis.profiles[k].address.msisdn, &p->address.msisdn) &&
                          !oid_eq(&im->eis.profiles[k].mno_id, &p->mno_id));
    if (!taken && !c->number_taken(c->ctx, &p->address.msisdn, &p->mno_id))
        return ST_OK;
    (void)errmsg_set(why, 0, "the number of profile %u stands on a profile of another owner", i + 1);
    return ST_ADDRESS_TAKEN;
}

static enum status_code check_profiles(const struct eis_check *c, const struct eis_import *im,
                                       struct errmsg *why)
{
    unsigned enabled = 0, fallback = 0, emergency = 0;

    for (unsigned i = 0; i < im->eis.n_profiles; i++) {
        enum status_code st = check_profile(c, im, i, why);
        if (!st)
            st = check_number(c, im, i, why);
        if (st)
            return st;
        enabled += im->eis.profiles[i].state == PROFILE_ENABLED;
        fallback += im->eis.profiles[i].fallback_attribute;
        emergency += im->eis.profiles[i].emergency;
    }
    if (enabled > 1 || fallback > 1 || emergency > 1) {
        (void)errmsg_set(why, 0, "more than one profile is %s",
                         enabled > 1    ? "enabled"
                         : fallback > 1 ? "the fall-back profile"
                                        : "the emergency profile");
        return ST_EIS_FORMAT;
    }
    return ST_OK;
}

/* Over our own form of the signed part, or over the XML it came as (eis_signed.h). */
static int verify_signature(const struct eis_check *c, const struct eis_import *im, struct errmsg *why)
{
    const struct signed_eis *s = &im->eis;
    struct errmsg detail = {{0}};
    struct span octets = s->eum_reference.n ? s->eum_reference : s->eum_signed_info;
    int err = pki_verify_eum_signature(c->pki, s->eum_certificate, octets, s->eum_signature, &detail);

    if (err)
        return errmsg_set(why, err, "EUM signature does not fit the signed part as received");
    return s->eum_reference.n ? eis_signed_check(c->crypto, s, &im->info, why) : ERR_OK;
}

static enum status_code check_certificates(const struct eis_check *c, const struct eis_import *im,
                                           struct errmsg *why)
{
    const struct signed_eis *s = &im->eis;
    struct errmsg detail = {{0}};
    struct gpcert ecasd;
    uint8_t point[65];
    enum curve curve;
    int err = pki_verify_eum(c->pki, s->eum_certificate, c->now_ms, point, &curve, &detail);

    if (err) {
        (void)errmsg_set(why, 0, "EUM certificate refused: %s", detail.text);
        return err == ERR_NOMEM ? ST_STORAGE
               : err == ERR_EXPIRED ? ST_EUM_EXPIRED
                                    : ST_EUM_CERTIFICATE;
    }
    err = verify_signature(c, im, why);
    if (err)
        return err == ERR_NOMEM ? ST_STORAGE : ST_EIS_SIGNATURE;
    err = pki_verify_ecasd(c->pki, im->info.ecasd_certificate, s->eum_certificate, im->info.eid.b,
                           c->now_ms, &ecasd, &detail);
    if (err) {
        (void)errmsg_set(why, 0, "ECASD certificate refused: %s", detail.text);
        return err == ERR_NOMEM ? ST_STORAGE
               : err == ERR_EXPIRED ? ST_ECASD_EXPIRED
                                    : ST_ECASD_CERTIFICATE;
    }
    return ST_OK;
}

/* --- keys --- */
struct unwrap {
    const struct eis_check *c;
    const struct key *transport;
    struct errmsg *why;
};

/* A key that is not wrapped, does not open or has another check value refuses the whole EIS. */
static int open_key(const struct unwrap *u, const struct eis_keyset *set, const struct eis_key *k,
                    enum key_type type, struct key **ret)
{
    uint8_t kcv[3];
    int err;

    *ret = NULL;
    err = k->type == (type == KEY_PSK ? TYPE_PSK : TYPE_AES)
              ? ecb_unwrap_key(u->c->crypto, u->transport, type, k->wrapped, ret)
              : ERR_FORMAT;
    if (!err && !k->has_kcv)
        err = ERR_AUTH;
    if (!err)
        err = key_kcv(u->c->crypto, *ret, kcv);
    if (!err && !mem_eq_ct(kcv, k->kcv, sizeof kcv))
        err = ERR_AUTH;
    if (!err && key_size(*ret) < 16)
        err = ERR_FORMAT;
    if (err) {
        key_free(*ret);
        *ret = NULL;
        return errmsg_set(u->why, err,
                          "key %02X of key set %02X does not open under the transport key, "
                          "or its check value is missing or differs",
                          k->kid, set->version);
    }
    return ERR_OK;
}

static int open_scp80(const struct unwrap *u, const struct eis_keyset *set, struct isdr_secret *ret)
{
    struct isdr_set *s = &ret->set[0];
    int err = ERR_OK;

    if (ret->n_sets)
        return ERR_OK; /* the first one is used, as the card's aggregate does */
    ret->n_sets = 1;
    s->kvn = set->version;
    for (unsigned i = 0; !err && i < set->n_keys; i++) {
        const struct eis_key *k = &set->keys[i];
        struct key **at = k->kid == KID_KIC   ? &s->kic
                          : k->kid == KID_KID ? &s->kid
                          : k->kid == KID_DEK ? &s->dek
                                              : NULL;
        if (!at || *at)
            err = errmsg_set(u->why, ERR_FORMAT,
                             "key %02X of key set %02X is unknown or stands twice", k->kid,
                             set->version);
        else
            err = open_key(u, set, k, KEY_AES, at);
    }
    return err;
}

static int open_psk(const struct unwrap *u, const struct eis_keyset *set, struct isdr_secret *ret)
{
    if (ret->n_psks)
        return ERR_OK;
    if (!set->n_keys)
        return errmsg_set(u->why, ERR_FORMAT, "key set %02X is empty", set->version);
    ret->n_psks = 1;
    ret->psk[0].kvn = set->version;
    ret->psk[0].kid = set->keys[0].kid;
    return open_key(u, set, &set->keys[0], KEY_PSK, &ret->psk[0].psk);
}

static enum status_code open_keys(const struct eis_check *c, struct eis_import *im,
                                  struct errmsg *why)
{
    struct unwrap u = {c, NULL, why};
    int err = ERR_OK;

    for (unsigned i = 0; i < c->n_transport; i++)
        if (span_eq(im->eis.transport_key_id, span_str(c->transport[i].id)))
            u.transport = c->transport[i].key;
    if (!u.transport) {
        (void)errmsg_set(why, 0, "the transport key that wraps the keys is not known here");
        return ST_EIS_KEY;
    }
    for (unsigned i = 0; !err && i < im->eis.n_keysets; i++) {
        const struct eis_keyset *set = &im->eis.keysets[i];
        if (set->version >= 0x01 && set->version <= 0x0F)
            err = open_scp80(&u, set, &im->keys);
        else if (set->version >= 0x40 && set->version <= 0x4F)
            err = open_psk(&u, set, &im->keys);
        else
            err = errmsg_set(why, ERR_FORMAT, "key set version %02X is neither SCP80 nor SCP81",
                             set->version);
    }
    if (!err && (!im->keys.set[0].kic || !im->keys.set[0].kid))
        err = errmsg_set(why, ERR_FORMAT, "there is no SCP80 key set with KIc and KID");
    if (!err && im->info.capabilities.http && !im->keys.psk[0].psk)
        err = errmsg_set(why, ERR_FORMAT, "the card speaks HTTPS but there is no SCP81 key set");
    return err == ERR_NOMEM ? ST_STORAGE : err ? ST_EIS_KEY : ST_OK;
}

enum status_code eis_import_read(const struct eis_check *c, struct span octets, struct arena *a,
                                 struct eis_import *ret, struct errmsg *why)
{
    enum status_code st;

    memset(ret, 0, sizeof *ret);
    st = parse(octets, a, ret, why);
    if (!st)
        st = whose(c, ret, why);
    if (!st)
        st = check_profiles(c, ret, why);
    if (!st)
        st = check_certificates(c, ret, why);
    if (!st)
        st = open_keys(c, ret, why);
    if (st)
        eis_import_fini(ret);
    return st;
}
