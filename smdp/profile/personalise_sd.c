/* SPDX-License-Identifier: Apache-2.0 */
/* Personalisation of the MNO-SD's SCP80 keys and of the header (sgp02 4.2, 5, 7.4), and the reading
 * back of the finished package. */
#include "common/codec/tlv.h"
#include "smdp/profile/personalise_int.h"

#define KEY_TYPE_AES  0x88
#define KVN_SCP80_MAX 0x0F

/* --- SCP80 keys --- */

/* Public keys and key parameters (B0, F0) may be the same on every card; symmetric ones may not. */
static bool symmetric(uint8_t type)
{
    return type >= 0x80 && type <= 0x8F;
}

static const struct ota_secret *ota_value(const struct subscription *s, uint8_t kid)
{
    switch (kid) {
    case 1:
        return &s->ota_kic;
    case 2:
        return &s->ota_kid;
    case 3:
        return &s->ota_dek;
    default:
        return NULL;
    }
}

/* The key set of the subscription, and nothing else of the template that is secret, must be there.
 */
static int ota_key(struct job *j, const struct saip_key_at *k, unsigned *found)
{
    const struct ota_secret *v =
        k->sd == 0 && k->kvn == j->s->ota_kvn && j->s->ota_kvn ? ota_value(j->s, k->kid) : NULL;
    if (v && v->n) {
        if (k->type != KEY_TYPE_AES || k->components != 1)
            return errmsg_set(
                j->why, ERR_UNSUPPORTED,
                "key %02X/%02X of the template's MNO-SD is of type %02X, not AES (88): "
                "change its type in the template",
                k->kvn, k->kid, k->type);
        saip_edit_value(&j->edit, k->data, span_of(v->v, v->n));
        *found |= 1u << k->kid;
        return ERR_OK;
    }
    if (!symmetric(k->type))
        return ERR_OK;
    j->report.kept |= PROFILE_OTA;
    if (j->options->test)
        return ERR_OK;
    if (k->kvn > KVN_SCP80_MAX || (j->s->ota_kvn && k->kvn != j->s->ota_kvn) || k->sd)
        return errmsg_set(j->why, ERR_CONFIG,
                          "key %02X/%02X of security domain %u would be the same on every card: "
                          "remove that key set from the template",
                          k->kvn, k->kid, k->sd);
    return errmsg_set(j->why, ERR_CONFIG,
                      "key %02X/%02X of the template's MNO-SD would be the same on every card: add "
                      "column %s",
                      k->kvn, k->kid,
                      !j->s->ota_kvn ? "ota_kvn with ota_kic, ota_kid and ota_dek" : "ota_dek");
}

int profile_set_ota(struct job *j)
{
    unsigned found = 0;
    for (unsigned i = 0; i < j->map.n_key; i++) {
        int rc = ota_key(j, &j->map.key[i], &found);
        if (rc)
            return rc;
    }
    if (!j->s->ota_kvn)
        return ERR_OK;
    unsigned need = 1u << 1 | 1u << 2 | (j->s->ota_dek.n ? 1u << 3 : 0);
    if ((found & need) != need)
        return errmsg_set(
            j->why, ERR_NOT_FOUND,
            "the OTA keys have no place: the template's MNO-SD has no complete key set "
            "%02X; add it or correct column ota_kvn",
            j->s->ota_kvn);
    j->report.set |= PROFILE_OTA;
    return ERR_OK;
}

/* --- header --- */

int profile_set_pol1(struct job *j)
{
    uint8_t b[4];
    if (!j->s->has_pol1) {
        if (j->map.pol.p)
            j->report.kept |= PROFILE_POL1;
        return ERR_OK;
    }
    j->report.set |= PROFILE_POL1;
    if (j->map.pol.p) {
        saip_edit_value(&j->edit, j->map.pol, span_of(&j->s->pol1, 1));
        return ERR_OK;
    }
    struct writer w = wr_init(b, sizeof(b));
    tlv_put_u8(&w, 0x84, j->s->pol1);
    saip_edit_after(&j->edit, j->map.iccid, wr_view(&w));
    return ERR_OK;
}

/* A0 of connectivityParameters with the address 06 replaced; a different address that somebody set
 * on purpose (fixed) is a contradiction. */
static int merge_sms(struct writer *w, struct span sms, struct span address, bool fixed)
{
    struct reader r = rd_init(sms);
    struct tlv t;
    size_t mark = tlv_open(w, 0xA0);
    int rc;
    tlv_put(w, 0x06, address);
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag != 0x06)
            wr_span(w, t.raw);
        else if (fixed && !span_eq(t.value, address))
            return ERR_CONFIG;
    }
    tlv_close(w, mark);
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static int merge_connectivity(struct writer *w, struct span base, const struct msisdn *smsc,
                              bool fixed)
{
    uint8_t b[12];
    struct writer a = wr_init(b, sizeof(b));
    struct reader r = rd_init(base);
    struct tlv t;
    bool done = false;
    int rc;
    saip_address_put(&a, smsc);
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag != 0xA0 || !a.len || done) {
            wr_span(w, t.raw);
            continue;
        }
        done = true;
        rc = merge_sms(w, t.value, wr_view(&a), fixed);
        if (rc)
            return rc;
    }
    if (rc != ERR_NOT_FOUND)
        return rc;
    return !done && a.len ? merge_sms(w, (struct span){NULL, 0}, wr_view(&a), fixed) : ERR_OK;
}

int profile_set_connectivity(struct job *j)
{
    uint8_t value[256], field[264];
    bool fixed = j->options->connectivity.p != NULL;
    struct span base = fixed ? j->options->connectivity : saip_value(j->map.connectivity);
    if (!fixed && !j->s->smsc.s[0]) {
        if (base.n)
            j->report.kept |= PROFILE_CONNECTIVITY;
        return ERR_OK;
    }
    struct writer w = wr_init(value, sizeof(value));
    int rc = merge_connectivity(&w, base, &j->s->smsc, fixed);
    if (rc == ERR_CONFIG)
        return errmsg_set(
            j->why, rc,
            "the service centre of column smsp is not the one of the operator's route: "
            "correct one of them");
    if (rc || w.failed)
        return errmsg_set(j->why, ERR_FORMAT,
                          "the connectivity parameters of the %s cannot be read",
                          fixed ? "operator's route" : "template");
    j->report.set |= PROFILE_CONNECTIVITY;
    if (j->map.connectivity.p) {
        saip_edit_value(&j->edit, j->map.connectivity, wr_view(&w));
        return ERR_OK;
    }
    struct span anchor = j->map.gfste.p ? j->map.gfste : j->map.services;
    if (!anchor.p)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "the template's header has no list of services or templates: add them");
    struct writer f = wr_init(field, sizeof(field));
    tlv_put(&f, 0x87, wr_view(&w));
    saip_edit_after(&j->edit, anchor, wr_view(&f));
    return ERR_OK;
}

int profile_set_type(struct job *j)
{
    uint8_t b[80];
    struct span type = span_str(j->s->profile_type);
    if (type.n == 0)
        return ERR_OK;
    j->report.set |= PROFILE_TYPE;
    if (j->map.type.p) {
        saip_edit_value(&j->edit, j->map.type, type);
        return ERR_OK;
    }
    if (!j->map.minor.p)
        return errmsg_set(j->why, ERR_NOT_FOUND, "the template's header has no version: add it");
    struct writer w = wr_init(b, sizeof(b));
    tlv_put(&w, 0x82, type);
    saip_edit_after(&j->edit, j->map.minor, wr_view(&w));
    return ERR_OK;
}

/* --- reading back --- */

static bool code_is(const struct saip_profile *p, bool puk, uint8_t key_ref,
                    const struct code8 *code)
{
    unsigned n = puk ? p->n_puk : p->n_pin;
    for (unsigned i = 0; code->set && i < n; i++) {
        uint8_t ref = puk ? p->puk[i].key_ref : p->pin[i].key_ref;
        const uint8_t *v = puk ? p->puk[i].value : p->pin[i].value;
        if (ref == key_ref && !mem_eq_ct(v, code->v, 8))
            return false;
    }
    return true;
}

static bool keys_are(const struct saip_profile *p, const struct subscription *s)
{
    for (unsigned i = 0; s->ota_kvn && i < p->n_ota; i++) {
        const struct saip_ota_key *k = &p->ota[i];
        const struct ota_secret *v = ota_value(s, k->kid);
        if (k->sd || k->kvn != s->ota_kvn || !v || !v->n)
            continue;
        if (k->n != v->n || !mem_eq_ct(k->value, v->v, v->n))
            return false;
    }
    return true;
}

static bool same(const struct job *j, const struct saip_profile *p)
{
    const struct subscription *s = j->s;
    bool identity = iccid_eq(&p->iccid_header, &s->iccid) && iccid_eq(&p->iccid_ef, &s->iccid) &&
                    imsi_eq(&p->imsi, &s->imsi);
    bool aka = p->has_k && mem_eq_ct(p->k, s->k, 16) && p->has_opc && mem_eq_ct(p->opc, s->opc, 16);
    bool codes = code_is(p, false, 0x01, &s->pin1) && code_is(p, true, 0x01, &s->puk1) &&
                 code_is(p, false, 0x81, &s->pin2) && code_is(p, true, 0x81, &s->puk2) &&
                 code_is(p, false, 0x0A, &s->adm1);
    bool numbers =
        (!s->smsc.s[0] || msisdn_eq(&p->smsc, &s->smsc)) && msisdn_eq(&p->msisdn, &s->msisdn);
    bool policy = !s->has_pol1 || (p->has_pol && p->pol == s->pol1);
    bool network = (!s->has_acc || memcmp(p->acc, s->acc, 2) == 0) &&
                   (p->ad_len < 4 || (p->ad[3] & 15) == j->mnc_len);
    return identity && aka && codes && numbers && policy && network && keys_are(p, s);
}

int profile_read_back(struct job *j, struct span package)
{
    struct saip_profile p;
    int rc = saip_read(package, &p, j->why);
    if (rc == ERR_OK && !same(j, &p))
        rc = errmsg_set(j->why, ERR_INTERNAL,
                        "the personalised package does not read back as the subscription");
    mem_wipe(&p, sizeof(p));
    if (rc)
        return rc;
    rc = saip_locate(package, &j->map, j->why);
    j->report.memory = j->map.memory;
    if (rc == ERR_OK && saip_services(j->map.services, &j->report.services,
                                      &j->report.services_unknown))
        rc = errmsg_set(j->why, ERR_FORMAT, "eUICC-Mandatory-services in the header cannot be read");
    return rc;
}
