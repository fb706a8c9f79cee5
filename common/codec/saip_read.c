/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a profile package as a card or the checks of the SM-DP need them. */
#include "common/codec/saip.h"

static int bad(const struct saip_map *m, struct span at, struct errmsg *why, const char *item)
{
    return errmsg_set(why, ERR_FORMAT, "%s at octet %zu has no readable value", item,
                      (size_t)(at.p - m->package.p));
}

static int bad_file(const struct saip_map *m, enum saip_ef ef, struct errmsg *why)
{
    static const char *const NAMES[SAIP_EF_COUNT] = {"EF-ICCID", "EF-IMSI",   "EF-SMSP", "EF-ACC",
                                                     "EF-AD",    "EF-MSISDN", "EF-IMPI"};
    return bad(m, m->ef[ef].raw, why, NAMES[ef]);
}

static int read_header(const struct saip_map *m, struct saip_profile *p, struct errmsg *why)
{
    struct span type = saip_value(m->type);
    struct span pol = saip_value(m->pol);
    struct span connectivity = saip_value(m->connectivity);
    p->version_major = m->version_major;
    p->version_minor = m->version_minor;
    if (type.n >= sizeof(p->profile_type) || (type.n && memchr(type.p, 0, type.n)))
        return bad(m, m->type, why, "header profileType");
    if (type.n)
        memcpy(p->profile_type, type.p, type.n);
    if (saip_iccid_get(saip_value(m->iccid), &p->iccid_header))
        return bad(m, m->iccid.p ? m->iccid : m->package, why, "header iccid");
    if (m->pol.p && pol.n != 1)
        return bad(m, m->pol, why, "header pol");
    p->has_pol = pol.n == 1;
    p->pol = p->has_pol ? pol.p[0] : 0;
    if (connectivity.n > sizeof(p->connectivity))
        return bad(m, m->connectivity, why, "header connectivityParameters");
    if (connectivity.n)
        memcpy(p->connectivity, connectivity.p, connectivity.n);
    p->connectivity_len = connectivity.n;
    return ERR_OK;
}

/* Content of a file that may be absent or left to the eUICC's default. */
static int content(const struct saip_file *f, uint8_t *dst, size_t cap, size_t *ret_n)
{
    *ret_n = 0;
    return f->raw.p && f->fills ? saip_file_content(f, dst, cap, ret_n) : ERR_OK;
}

/* First record: as long as the FCP says, or all there is. */
static size_t first_record(const struct saip_file *f, size_t n)
{
    return f->record_len && f->record_len < n ? f->record_len : n;
}

static int read_numbers(const struct saip_map *m, struct saip_profile *p, struct errmsg *why)
{
    uint8_t b[2048];
    size_t n = 0;
    if (content(&m->ef[SAIP_EF_SMSP], b, sizeof(b), &n))
        return bad_file(m, SAIP_EF_SMSP, why);
    n = first_record(&m->ef[SAIP_EF_SMSP], n);
    if (n > sizeof(p->smsp))
        return bad_file(m, SAIP_EF_SMSP, why);
    memcpy(p->smsp, b, n);
    p->smsp_len = n;
    if (n && saip_smsp_get(span_of(p->smsp, n), &p->smsc))
        return bad_file(m, SAIP_EF_SMSP, why);
    if (content(&m->ef[SAIP_EF_MSISDN], b, sizeof(b), &n))
        return bad_file(m, SAIP_EF_MSISDN, why);
    n = first_record(&m->ef[SAIP_EF_MSISDN], n);
    if (n >= 14 && saip_msisdn_get(span_of(b, n), &p->msisdn))
        return bad_file(m, SAIP_EF_MSISDN, why);
    return ERR_OK;
}

static int read_files(const struct saip_map *m, struct saip_profile *p, struct errmsg *why)
{
    uint8_t b[64];
    size_t n = 0;
    if (content(&m->ef[SAIP_EF_ICCID], b, sizeof(b), &n) ||
        (n && iccid_from_swapped(span_of(b, n), &p->iccid_ef)))
        return bad_file(m, SAIP_EF_ICCID, why);
    if (content(&m->ef[SAIP_EF_IMSI], b, sizeof(b), &n) ||
        (n && saip_imsi_get(span_of(b, n), &p->imsi)))
        return bad_file(m, SAIP_EF_IMSI, why);
    if (content(&m->ef[SAIP_EF_ACC], b, sizeof(b), &n) || (n && n != sizeof(p->acc)))
        return bad_file(m, SAIP_EF_ACC, why);
    p->has_acc = n != 0;
    memcpy(p->acc, b, n);
    if (content(&m->ef[SAIP_EF_AD], p->ad, sizeof(p->ad), &p->ad_len))
        return bad_file(m, SAIP_EF_AD, why);
    return read_numbers(m, p, why);
}

static void read_codes(const struct saip_map *m, struct saip_profile *p)
{
    for (p->n_pin = 0; p->n_pin < m->n_pin; p->n_pin++) {
        const struct saip_code_at *c = &m->pin[p->n_pin];
        struct saip_pin *pin = &p->pin[p->n_pin];
        pin->key_ref = c->key_ref;
        pin->unblock_ref = c->unblock_ref;
        memcpy(pin->value, saip_value(c->value).p, sizeof(pin->value));
    }
    for (p->n_puk = 0; p->n_puk < m->n_puk; p->n_puk++) {
        p->puk[p->n_puk].key_ref = m->puk[p->n_puk].key_ref;
        memcpy(p->puk[p->n_puk].value, saip_value(m->puk[p->n_puk].value).p, 8);
    }
}

/* The first akaParameter is the USIM's; a later one (ISIM) normally repeats it. */
static void read_aka(const struct saip_map *m, struct saip_profile *p)
{
    if (m->n_aka == 0)
        return;
    struct span k = saip_value(m->aka[0].key);
    struct span opc = saip_value(m->aka[0].opc);
    p->algorithm = m->aka[0].algorithm;
    p->has_k = k.n == sizeof(p->k);
    if (p->has_k)
        memcpy(p->k, k.p, k.n);
    p->has_opc = opc.n == sizeof(p->opc);
    if (p->has_opc)
        memcpy(p->opc, opc.p, opc.n);
}

static void read_keys(const struct saip_map *m, struct saip_profile *p)
{
    for (p->n_ota = 0; p->n_ota < m->n_key; p->n_ota++) {
        const struct saip_key_at *at = &m->key[p->n_ota];
        struct saip_ota_key *k = &p->ota[p->n_ota];
        struct span data = saip_value(at->data);
        *k = (struct saip_ota_key){.kvn = at->kvn, .kid = at->kid, .type = at->type, .sd = at->sd};
        if (data.n <= sizeof(k->value)) {
            k->n = (uint8_t)data.n;
            memcpy(k->value, data.p, data.n);
        }
        if (at->type >= 0x80 && at->type <= 0x84)
            p->n_des_keys++;
    }
    p->min_msl = 0xFF;
    for (unsigned i = 0; i < m->n_msl; i++) {
        if (m->msl[i].value < p->min_msl)
            p->min_msl = m->msl[i].value;
    }
}

int saip_read(struct span package, struct saip_profile *ret, struct errmsg *why)
{
    struct saip_map map;
    memset(ret, 0, sizeof(*ret));
    int rc = saip_locate(package, &map, why);
    if (rc == ERR_OK)
        rc = read_header(&map, ret, why);
    if (rc == ERR_OK)
        rc = read_files(&map, ret, why);
    if (rc) {
        mem_wipe(ret, sizeof(*ret));
        return rc;
    }
    ret->n_elements = map.n_elements;
    read_codes(&map, ret);
    read_aka(&map, ret);
    read_keys(&map, ret);
    return ERR_OK;
}
