/* SPDX-License-Identifier: Apache-2.0 */
/* Personalisation: header, file system and AKA values of one subscription written into a template
 * (SGP.02 3.1.3; TS 31.102 4.2 for the files). */
#include "smdp/profile/personalise.h"

#include "common/codec/tlv.h"
#include "smdp/profile/personalise_int.h"

#define KEY_REF_PIN1       0x01 /* PINKeyReferenceValue and PUKKeyReferenceValue of the package */
#define KEY_REF_PIN2       0x81
#define KEY_REF_ADM1       0x0A
#define ALGORITHM_MILENAGE 1
#define ALGORITHM_TEST     3

static const struct profile_options NO_OPTIONS;

/* --- what may contradict --- */

static int check_template(const struct job *j)
{
    const struct saip_map *m = &j->map;
    if (!m->iccid.p || !m->ef[SAIP_EF_ICCID].raw.p)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "the template has no ICCID in its header or no EF-ICCID: add them");
    if (m->count[SAIP_PE_USIM] != 1)
        return errmsg_set(
            j->why, ERR_NOT_FOUND,
            "the template has %u USIMs and needs exactly one: a subscription names one "
            "IMSI",
            m->count[SAIP_PE_USIM]);
    if (!m->ef[SAIP_EF_IMSI].raw.p || !m->ef[SAIP_EF_ACC].raw.p)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "the template's USIM has no EF-IMSI or no EF-ACC: add them");
    if (m->n_aka == 0)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "the template has no akaParameter with a key of its own: add one");
    if (j->options->iccid && !iccid_eq(j->options->iccid, &j->s->iccid))
        return errmsg_set(j->why, ERR_CONFIG,
                          "the subscription's ICCID %s is not the order's %s: order the right one",
                          j->s->iccid.s, j->options->iccid->s);
    return ERR_OK;
}

/* Lengths of the operator's PLMNs that the IMSI starts with: bit 2 and bit 3. */
static unsigned plmn_lengths(const struct job *j)
{
    unsigned lengths = 0;
    for (size_t i = 0; i < j->options->n_plmn; i++) {
        const char *plmn = j->options->plmn[i].s;
        size_t n = strlen(plmn);
        if (n >= 5 && strncmp(plmn, j->s->imsi.s, n) == 0)
            lengths |= 1u << (n - 3);
    }
    return lengths;
}

static uint8_t template_mnc_len(const struct job *j)
{
    uint8_t ad[32];
    size_t n = 0;
    const struct saip_file *f = &j->map.ef[SAIP_EF_AD];
    if (!f->raw.p || saip_file_content(f, ad, sizeof(ad), &n) || n < 4)
        return 0;
    return ad[3] & 0x0F;
}

/* How many digits the MNC has is not in the IMSI: the operator's PLMNs say it, else the column,
 * else the template; any two that are there must agree. */
static int decide_mnc_len(struct job *j)
{
    unsigned lengths = plmn_lengths(j);
    uint8_t column = j->s->mnc_len;
    if (j->options->n_plmn && !lengths)
        return errmsg_set(
            j->why, ERR_CONFIG,
            "the IMSI belongs to none of the operator's networks: correct column imsi "
            "or the operator's plmn list");
    if (column && lengths && !(lengths >> column & 1))
        return errmsg_set(j->why, ERR_CONFIG,
                          "ad_mnc_len %u does not agree with the IMSI's network in the operator's "
                          "plmn list: correct one of them",
                          column);
    if (column)
        j->mnc_len = column;
    else if (lengths == 1u << 2 || lengths == 1u << 3)
        j->mnc_len = lengths == 1u << 2 ? 2 : 3;
    else if (lengths)
        return errmsg_set(
            j->why, ERR_CONFIG,
            "the IMSI fits a network with a two-digit and one with a three-digit MNC: "
            "add column ad_mnc_len");
    else
        j->mnc_len = template_mnc_len(j);
    if (j->mnc_len != 2 && j->mnc_len != 3)
        return errmsg_set(j->why, ERR_CONFIG,
                          "neither plmn list, column ad_mnc_len nor the template's EF-AD says how "
                          "long the MNC is: add column ad_mnc_len");
    return ERR_OK;
}

/* --- files --- */

static int set_identity(struct job *j)
{
    uint8_t b[10];
    saip_iccid_put(&j->s->iccid, b);
    saip_edit_value(&j->edit, j->map.iccid, span_of(b, 10));
    iccid_swapped(&j->s->iccid, b);
    saip_edit_file(&j->edit, &j->map.ef[SAIP_EF_ICCID], span_of(b, 10));
    saip_imsi_put(&j->s->imsi, b);
    saip_edit_file(&j->edit, &j->map.ef[SAIP_EF_IMSI], span_of(b, 9));
    j->report.set |= PROFILE_ICCID | PROFILE_IMSI;
    return ERR_OK;
}

static int set_acc(struct job *j)
{
    uint8_t b[2];
    unsigned last = (unsigned)(j->s->imsi.s[strlen(j->s->imsi.s) - 1] - '0');
    unsigned acc = 1u << last;
    b[0] = j->s->has_acc ? j->s->acc[0] : (uint8_t)(acc >> 8);
    b[1] = j->s->has_acc ? j->s->acc[1] : (uint8_t)acc;
    saip_edit_file(&j->edit, &j->map.ef[SAIP_EF_ACC], span_of(b, sizeof(b)));
    j->report.set |= PROFILE_ACC;
    return ERR_OK;
}

static int set_ad(struct job *j)
{
    uint8_t b[32] = {0};
    size_t n = 0;
    const struct saip_file *f = &j->map.ef[SAIP_EF_AD];
    if (!f->raw.p && j->s->mnc_len)
        return errmsg_set(
            j->why, ERR_NOT_FOUND,
            "column ad_mnc_len has no place: the template's USIM has no EF-AD; add it");
    if (!f->raw.p)
        return ERR_OK;
    if (saip_file_content(f, b, sizeof(b), &n))
        return errmsg_set(j->why, ERR_FORMAT, "the template's EF-AD cannot be read: shorten it");
    if (n < 4) {
        memset(b + n, 0, 4 - n);
        n = 4;
    }
    b[3] = (uint8_t)((b[3] & 0xF0) | j->mnc_len);
    saip_edit_file(&j->edit, f, span_of(b, n));
    j->report.set |= PROFILE_AD;
    return ERR_OK;
}

typedef int record_put(uint8_t *record, size_t n, const struct msisdn *m);

/* Writes a number into the first record; the other records stay. */
static int set_number(struct job *j, enum saip_ef ef, const struct msisdn *number, record_put *put,
                      const char *name)
{
    uint8_t b[1536];
    size_t n = 0;
    const struct saip_file *f = &j->map.ef[ef];
    if (saip_file_content(f, b, sizeof(b), &n))
        return errmsg_set(j->why, ERR_FORMAT, "the template's %s cannot be read: shorten it", name);
    size_t record = f->record_len ? f->record_len : n;
    if (record > sizeof(b) || record == 0)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "the template's %s states no usable record length: give it a file "
                          "descriptor",
                          name);
    if (n < record) {
        memset(b + n, 0xFF, record - n);
        n = record;
    }
    if (put(b, record, number))
        return errmsg_set(j->why, ERR_CONFIG, "the records of the template's %s are too short",
                          name);
    saip_edit_file(&j->edit, f, span_of(b, n));
    return ERR_OK;
}

static int set_smsp(struct job *j)
{
    if (!j->s->smsc.s[0]) {
        if (j->map.ef[SAIP_EF_SMSP].fills)
            j->report.kept |= PROFILE_SMSP;
        return ERR_OK;
    }
    if (!j->map.ef[SAIP_EF_SMSP].raw.p)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "column smsp has no place: the template's USIM has no EF-SMSP; add it");
    j->report.set |= PROFILE_SMSP;
    return set_number(j, SAIP_EF_SMSP, &j->s->smsc, saip_smsp_put, "EF-SMSP");
}

/* A template's own number would be every card's number, so no number clears it. */
static int set_msisdn(struct job *j)
{
    const struct saip_file *f = &j->map.ef[SAIP_EF_MSISDN];
    if (!j->s->msisdn.s[0] && !f->fills)
        return ERR_OK;
    if (!f->raw.p)
        return errmsg_set(j->why, ERR_NOT_FOUND,
                          "column msisdn has no place: the template has no EF-MSISDN in opt-usim; "
                          "add it");
    j->report.set |= PROFILE_MSISDN;
    return set_number(j, SAIP_EF_MSISDN, &j->s->msisdn, saip_msisdn_put, "EF-MSISDN");
}

/* --- secrets --- */

/* PIN2 stands once for each application directory: all of them get the value. */
static int set_code(struct job *j, const struct code8 *code, bool puk, uint8_t key_ref,
                    uint32_t item, const char *column)
{
    const struct saip_code_at *list = puk ? j->map.puk : j->map.pin;
    unsigned n = puk ? j->map.n_puk : j->map.n_pin;
    unsigned found = 0;
    for (unsigned i = 0; i < n; i++) {
        if (list[i].key_ref != key_ref)
            continue;
        found++;
        if (code->set)
            saip_edit_value(&j->edit, list[i].value, span_of(code->v, sizeof(code->v)));
    }
    if (code->set && !found)
        return errmsg_set(
            j->why, ERR_NOT_FOUND,
            "column %s has no place: the template's %s has no key reference %02X; add it", column,
            puk ? "pukCodes" : "pinCodes", key_ref);
    if (code->set)
        j->report.set |= item;
    else if (found)
        j->report.kept |= item;
    return ERR_OK;
}

static int set_codes(struct job *j)
{
    const struct subscription *s = j->s;
    int rc = set_code(j, &s->pin1, false, KEY_REF_PIN1, PROFILE_PIN1, "pin1");
    if (rc == ERR_OK)
        rc = set_code(j, &s->puk1, true, KEY_REF_PIN1, PROFILE_PUK1, "puk1");
    if (rc == ERR_OK)
        rc = set_code(j, &s->pin2, false, KEY_REF_PIN2, PROFILE_PIN2, "pin2");
    if (rc == ERR_OK)
        rc = set_code(j, &s->puk2, true, KEY_REF_PIN2, PROFILE_PUK2, "puk2");
    if (rc == ERR_OK)
        rc = set_code(j, &s->adm1, false, KEY_REF_ADM1, PROFILE_ADM1, "adm1");
    return rc;
}

/* The ISIM's akaParameter, where there is one, takes the same key: it is the same subscription. */
static int set_aka(struct job *j)
{
    for (unsigned i = 0; i < j->map.n_aka; i++) {
        const struct saip_aka_at *a = &j->map.aka[i];
        bool fits = a->algorithm == ALGORITHM_MILENAGE ||
                    (j->options->test && a->algorithm == ALGORITHM_TEST);
        if (!fits)
            return errmsg_set(
                j->why, ERR_UNSUPPORTED,
                "the template's akaParameter uses algorithm %u, and k and opc are for "
                "Milenage (1): set algorithmID 1 in the template",
                a->algorithm);
        if (!a->key.p || !a->opc.p)
            return errmsg_set(j->why, ERR_NOT_FOUND,
                              "columns k and opc have no place: the template's akaParameter has no "
                              "key or opc field; add them");
        saip_edit_value(&j->edit, a->key, span_of(j->s->k, sizeof(j->s->k)));
        saip_edit_value(&j->edit, a->opc, span_of(j->s->opc, sizeof(j->s->opc)));
    }
    j->report.set |= PROFILE_AKA;
    return ERR_OK;
}

/* --- the run --- */

typedef int step(struct job *j);
static step *const STEPS[] = {decide_mnc_len,
                              set_identity,
                              set_acc,
                              set_ad,
                              set_smsp,
                              set_msisdn,
                              set_codes,
                              set_aka,
                              profile_set_ota,
                              profile_set_pol1,
                              profile_set_connectivity,
                              profile_set_type};

static int run(struct job *j, struct buf *out)
{
    int rc = check_template(j);
    for (size_t i = 0; rc == ERR_OK && i < sizeof(STEPS) / sizeof(STEPS[0]); i++)
        rc = STEPS[i](j);
    if (rc)
        return rc;
    size_t start = out->n;
    rc = saip_edit_build(&j->edit, out);
    if (rc)
        return errmsg_set(j->why, rc, "the package cannot be built from the template: %s",
                          err_text(rc));
    struct span package = span_of(out->p + start, out->n - start);
    j->report.mnc_len = j->mnc_len;
    j->report.size = package.n;
    rc = profile_read_back(j, package);
    if (rc) {
        mem_wipe(out->p + start, out->n - start);
        out->n = start;
    }
    return rc;
}

int profile_personalise(struct span template, const struct subscription *s,
                        const struct profile_options *options, struct buf *out,
                        struct profile_report *ret, struct errmsg *why)
{
    struct job j = {.s = s, .options = options ? options : &NO_OPTIONS, .why = why};
    saip_edit_init(&j.edit, template);
    int rc = saip_locate(template, &j.map, why);
    if (rc == ERR_OK)
        rc = run(&j, out);
    if (rc == ERR_OK)
        *ret = j.report;
    saip_edit_fini(&j.edit);
    return rc;
}
