/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the items of a profile package that personalisation, lint and a card care for, as views
 * into the package (TCA profile package specification, automatic tags: field n of an element is
 * [n]). */
/* clang-format off */
/*
 *   header          80 major, 81 minor, 82 profileType, 83 iccid, 84 pol, A5 services,
 *                   A6 templates, 87 connectivityParameters
 *   pukCodes        A1 { 30 { 80 keyReference, 81 pukValue, 82 tries } .. }
 *   pinCodes        A1 { A0 { 30 { 80 keyReference, 81 pinValue, 82 unblocking, 83, 84 } .. } }
 *                   or A1 { 81 filePath }
 *   akaParameter    A1 { A1 { 80 algorithmID, 81 options, 82 key, 83 opc, .. } }
 *                   or A1 { A0 mapping }
 *   securityDomain  A1 instance,
 *                   A2 { 30 { 95 usage, 82 kid, 83 kvn, 30 { 30 { 80 type, 86 data } } } .. }
 *   rfm             4F aid, A0 { 04 TAR .. }, 81 minimumSecurityLevel, ..
 *   application     A1 { .. C4 load block }, A2 { 30 instance .. }
 *   instance        .. EF { CA toolkit of TS 102 226 8.2.1.3.2.1 },
 *                   EA { 80 toolkit of TS 102 226 8.2.1.3.2.2 }
 *   mf, usim, ..    81 template, A2.. File { A1 fcp, 82 offset, 83 content, 80 doNotCreate }
 *   genericFile..   A1 { 30 { 80 path, 62 fcp, 02 offset, 81 content } .. }
 */
/* clang-format on */
#include "common/codec/saip.h"

#include "common/codec/saip_int.h"
#include "common/codec/tlv.h"

/* Contents are counted in octets, files and keys with an overhead of ours (saip_int.h). */
int saip_fail(const struct saip_walk *w, int rc, const char *what)
{
    return errmsg_set(w->why, rc, "profile element %s (identification %u) at octet %zu: %s",
                      w->pe->name, w->pe->identification,
                      (size_t)(w->map->at - w->map->package.p), what);
}

int saip_field(const struct saip_walk *w, struct reader *r, struct tlv *ret)
{
    w->map->at = r->p;
    return tlv_next(r, ret);
}

int saip_loop_end(const struct saip_walk *w, int rc)
{
    return rc == ERR_NOT_FOUND ? ERR_OK : saip_fail(w, rc, "a field is no DER");
}

void saip_memory_add(struct saip_map *m, size_t n)
{
    if (n > UINT32_MAX - m->memory)
        m->memory = UINT32_MAX;
    else
        m->memory += (uint32_t)n;
}

static int small_int(struct span v, uint8_t *ret)
{
    uint32_t n = 0;
    int rc = saip_int_get(v, &n);
    if (rc || n > 255)
        return ERR_FORMAT;
    *ret = (uint8_t)n;
    return ERR_OK;
}

/* --- header --- */

static int header_field(const struct saip_walk *w, const struct tlv *t)
{
    struct saip_map *m = w->map;
    switch (t->tag) {
    case 0x80:
        return small_int(t->value, &m->version_major);
    case 0x81:
        m->minor = t->raw;
        return small_int(t->value, &m->version_minor);
    case 0x82:
        m->type = t->raw;
        return ERR_OK;
    case 0x83:
        m->iccid = t->raw;
        return ERR_OK;
    case 0x84:
        m->pol = t->raw;
        return ERR_OK;
    case 0xA5:
        m->services = t->raw;
        return ERR_OK;
    case 0xA6:
        m->gfste = t->raw;
        return ERR_OK;
    case 0x87:
        m->connectivity = t->raw;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

static int walk_header(const struct saip_walk *w)
{
    struct reader r = rd_init(w->pe->value);
    struct tlv t;
    int last = -1;
    int rc;
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        int number = t.raw.p[0] & 0x1F;
        if (number <= last)
            return saip_fail(w, ERR_FORMAT, "a field is repeated or out of order");
        last = number;
        if (header_field(w, &t))
            return saip_fail(w, ERR_FORMAT, "the version is no small number");
    }
    return saip_loop_end(w, rc);
}

/* --- files --- */

int saip_fcp_get(struct span fcp, struct saip_file *f)
{
    struct reader r = rd_init(fcp);
    struct tlv t;
    int rc;
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        struct reader v = rd_init(t.value);
        if (t.tag == 0x82 && t.value.n) {
            f->descriptor = t.value.p[0];
            (void)rd_u16(&v);
            f->record_len = t.value.n == 4 ? rd_u16(&v) : 0;
        } else if (t.tag == 0x83 && t.value.n == 2) {
            f->fid = rd_u16(&v);
        } else if (t.tag == 0x84) {
            f->df_name = t.value;
        } else if (t.tag == 0xC7) {
            f->link = t.value;
        } else if (t.tag == 0x80) {
            if (t.value.n > 3)
                return ERR_TOO_LARGE;
            for (size_t i = 0; i < t.value.n; i++)
                f->size = f->size << 8 | t.value.p[i];
        }
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

int saip_file_get(struct span raw, struct saip_file *ret, const uint8_t **ret_at)
{
    struct saip_file f = {.raw = raw};
    struct reader r = rd_init(saip_value(raw));
    struct tlv t;
    int rc = ERR_OK;
    *ret_at = r.p;
    while (rc == ERR_OK && (rc = tlv_next(&r, &t)) == ERR_OK) {
        if (t.tag == 0x80)
            f.absent = true;
        if (t.tag == 0xA1) {
            f.fcp = t.raw;
            rc = saip_fcp_get(t.value, &f);
        }
        if (t.tag == 0x83) {
            f.fills++;
            f.held += (uint32_t)t.value.n;
        }
        *ret_at = rc ? *ret_at : r.p;
    }
    *ret = f;
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

static int file_read(const struct saip_walk *w, const struct tlv *field, struct saip_file *ret)
{
    const uint8_t *at;
    int rc = saip_file_get(field->raw, ret, &at);
    if (rc) {
        w->map->at = at;
        return saip_fail(w, rc, "a file cannot be read");
    }
    if (!ret->absent)
        saip_memory_add(w->map,
                        SAIP_MEM_FILE + (size_t)(ret->size > ret->held ? ret->size : ret->held));
    return ERR_OK;
}

static const struct ef_place {
    uint8_t pe, field, ef;
    uint16_t fid;
} EF_PLACES[] = {
    {SAIP_PE_MF, 0xA4, SAIP_EF_ICCID, 0x2FE2},  {SAIP_PE_USIM, 0xA3, SAIP_EF_IMSI, 0x6F07},
    {SAIP_PE_USIM, 0xAB, SAIP_EF_SMSP, 0x6F42}, {SAIP_PE_USIM, 0xB2, SAIP_EF_ACC, 0x6F78},
    {SAIP_PE_USIM, 0xB5, SAIP_EF_AD, 0x6FAD},   {SAIP_PE_OPT_USIM, 0xA7, SAIP_EF_MSISDN, 0x6F40},
    {SAIP_PE_ISIM, 0xA3, SAIP_EF_IMPI, 0x6F02},
};

/* A later element of the same kind (several USIMs) does not displace the first one's files. */
static int ef_keep(const struct saip_walk *w, uint32_t field, const struct saip_file *f)
{
    for (size_t i = 0; i < sizeof(EF_PLACES) / sizeof(EF_PLACES[0]); i++) {
        const struct ef_place *at = &EF_PLACES[i];
        if (at->pe != w->pe->tag || at->field != field)
            continue;
        struct saip_file *slot = &w->map->ef[at->ef];
        if (f->fid && f->fid != at->fid)
            return saip_fail(w, ERR_FORMAT, "a file id is not the one of its template field");
        if (slot->raw.p && slot->raw.p > w->pe->raw.p)
            return saip_fail(w, ERR_FORMAT, "a file stands in it twice");
        if (!slot->raw.p && !f->absent)
            *slot = *f;
    }
    return ERR_OK;
}

static int walk_files(const struct saip_walk *w)
{
    struct reader r = rd_init(w->pe->value);
    struct tlv t;
    int rc;
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        struct saip_file f;
        if (t.tag == 0xA0 || t.tag == 0x81)
            continue;
        if (!(t.raw.p[0] & 0x20))
            return saip_fail(w, ERR_FORMAT, "a field that should be a file is none");
        rc = file_read(w, &t, &f);
        if (rc == ERR_OK)
            rc = ef_keep(w, t.tag, &f);
        if (rc)
            return rc;
    }
    return saip_loop_end(w, rc);
}

static int walk_gfm_commands(const struct saip_walk *w, struct span list)
{
    struct reader r = rd_init(list);
    struct tlv command;
    int rc;
    while ((rc = saip_field(w, &r, &command)) == ERR_OK) {
        struct reader c = rd_init(command.value);
        struct tlv t;
        while ((rc = saip_field(w, &c, &t)) == ERR_OK) {
            struct saip_file f = {.size = 0};
            if (t.tag != 0x62)
                continue;
            rc = saip_fcp_get(t.value, &f);
            if (rc)
                return saip_fail(w, rc, "a file descriptor cannot be read");
            saip_memory_add(w->map, SAIP_MEM_FILE + (size_t)f.size);
        }
        rc = saip_loop_end(w, rc);
        if (rc)
            return rc;
    }
    return saip_loop_end(w, rc);
}

struct span saip_value(struct span raw)
{
    struct tlv t;
    struct reader r = rd_init(raw);
    return raw.p && tlv_next(&r, &t) == ERR_OK ? t.value : (struct span){NULL, 0};
}

int saip_file_content(const struct saip_file *f, uint8_t *dst, size_t cap, size_t *ret_n)
{
    struct tlv file, t;
    size_t n = 0;
    if (!f->raw.p)
        return ERR_NOT_FOUND;
    struct reader outer = rd_init(f->raw);
    int rc = tlv_next(&outer, &file);
    if (rc)
        return rc;
    struct reader r = rd_init(file.value);
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
        uint32_t skip = 0;
        if (t.tag == 0x82) {
            rc = saip_int_get(t.value, &skip);
            if (rc)
                return rc;
        }
        size_t fill = t.tag == 0x83 ? t.value.n : 0;
        if (skip > cap - n || fill > cap - n - skip)
            return ERR_TOO_LARGE;
        memset(dst + n, 0xFF, skip);
        n += skip;
        if (fill)
            memcpy(dst + n, t.value.p, fill);
        n += fill;
    }
    *ret_n = n;
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}

/* --- PIN, PUK, AKA --- */

static int code_read(const struct saip_walk *w, struct span entry, struct saip_code_at *ret)
{
    struct reader r = rd_init(entry);
    struct tlv t;
    struct saip_code_at c = {.key_ref = 0};
    int rc;
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        if (t.tag == 0x80 && small_int(t.value, &c.key_ref))
            return saip_fail(w, ERR_FORMAT, "a key reference is no small number");
        if (t.tag == 0x81) {
            if (t.value.n != 8)
                return saip_fail(w, ERR_FORMAT, "a code is not 8 octets long");
            c.value = t.raw;
        }
        if (t.tag == 0x82 && w->pe->tag == SAIP_PE_PIN && small_int(t.value, &c.unblock_ref))
            return saip_fail(w, ERR_FORMAT, "an unblocking reference is no small number");
    }
    rc = saip_loop_end(w, rc);
    if (rc)
        return rc;
    if (!c.value.p || !c.key_ref)
        return saip_fail(w, ERR_FORMAT, "a code lacks its value or key reference");
    *ret = c;
    return ERR_OK;
}

static int walk_codes(const struct saip_walk *w, struct span list)
{
    bool pin = w->pe->tag == SAIP_PE_PIN;
    struct saip_code_at *slots = pin ? w->map->pin : w->map->puk;
    unsigned *n = pin ? &w->map->n_pin : &w->map->n_puk;
    unsigned cap = pin ? SAIP_PINS : SAIP_PUKS;
    struct reader r = rd_init(list);
    struct tlv t;
    int rc;
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        if (*n == cap)
            return saip_fail(w, ERR_TOO_LARGE, "more codes than the house handles");
        rc = code_read(w, t.value, &slots[*n]);
        if (rc)
            return rc;
        (*n)++;
        saip_memory_add(w->map, SAIP_MEM_CODE);
    }
    return saip_loop_end(w, rc);
}

static int walk_pin(const struct saip_walk *w, struct span choice)
{
    struct tlv config;
    int rc = tlv_find(choice, 0xA0, &config);
    if (rc == ERR_NOT_FOUND) /* filePath: shared with another directory */
        return ERR_OK;
    return rc ? saip_fail(w, rc, "a field is no DER") : walk_codes(w, config.value);
}

static int walk_aka(const struct saip_walk *w, struct span choice)
{
    struct saip_aka_at a = {.algorithm = 0};
    struct tlv algo, t;
    saip_memory_add(w->map, SAIP_MEM_AKA);
    int rc = tlv_find(choice, 0xA1, &algo);
    if (rc == ERR_NOT_FOUND) /* mappingParameter: keys of another application */
        return ERR_OK;
    if (rc)
        return saip_fail(w, rc, "a field is no DER");
    struct reader r = rd_init(algo.value);
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        if (t.tag == 0x80 && small_int(t.value, &a.algorithm))
            return saip_fail(w, ERR_FORMAT, "the algorithm is no small number");
        if (t.tag == 0x82)
            a.key = t.raw;
        if (t.tag == 0x83)
            a.opc = t.raw;
    }
    rc = saip_loop_end(w, rc);
    if (rc)
        return rc;
    if (w->map->n_aka == SAIP_AKAS)
        return saip_fail(w, ERR_TOO_LARGE, "more AKA parameters than the house handles");
    w->map->aka[w->map->n_aka++] = a;
    return ERR_OK;
}

/* Every element but header, the templates and application keeps its matter in field [1]. */
static int walk_choice(const struct saip_walk *w)
{
    struct tlv t;
    int rc = tlv_find(w->pe->value, 0xA1, &t);
    if (rc)
        return saip_fail(w, ERR_FORMAT, "its list is missing");
    switch (w->pe->tag) {
    case SAIP_PE_PIN:
        return walk_pin(w, t.value);
    case SAIP_PE_PUK:
        return walk_codes(w, t.value);
    case SAIP_PE_AKA:
        return walk_aka(w, t.value);
    default:
        return walk_gfm_commands(w, t.value);
    }
}

static int walk_element(const struct saip_walk *w)
{
    switch (w->pe->tag) {
    case SAIP_PE_HEADER:
        return walk_header(w);
    case SAIP_PE_PIN:
    case SAIP_PE_PUK:
    case SAIP_PE_AKA:
    case SAIP_PE_GFM:
        return walk_choice(w);
    case SAIP_PE_SD:
        return saip_walk_sd(w);
    case SAIP_PE_RFM:
        return saip_walk_rfm(w);
    case SAIP_PE_APPLICATION:
        return saip_walk_application(w);
    default:
        return w->pe->tag >= SAIP_PE_MF && w->pe->tag < SAIP_PE_TAGS ? walk_files(w) : ERR_OK;
    }
}

int saip_locate(struct span package, struct saip_map *ret, struct errmsg *why)
{
    return saip_each(package, ret, NULL, NULL, why);
}

int saip_each(struct span package, struct saip_map *ret, saip_element_fn *fn, void *ctx,
              struct errmsg *why)
{
    uint8_t seen[(INT16_MAX + 1) / 8] = {0};
    struct saip_pe pe;
    memset(ret, 0, sizeof(*ret));
    ret->package = package;
    int rc = saip_check(package, &ret->n_elements, why);
    struct reader r = rd_init(package);
    while (rc == ERR_OK && (rc = saip_next(&r, &pe)) == ERR_OK) {
        struct saip_walk w = {ret, &pe, why};
        uint32_t id = pe.identification;
        ret->at = pe.raw.p;
        if (pe.tag < SAIP_PE_TAGS && ret->count[pe.tag] < UINT8_MAX)
            ret->count[pe.tag]++;
        if (id > INT16_MAX)
            return saip_fail(&w, ERR_FORMAT, "the identification is above 32767");
        if (id && seen[id / 8] >> (id % 8) & 1)
            ret->same_identification = true;
        seen[id / 8] = (uint8_t)(seen[id / 8] | 1u << (id % 8));
        rc = walk_element(&w);
        if (rc == ERR_OK && fn)
            rc = fn(ctx, &w);
    }
    return rc == ERR_NOT_FOUND ? ERR_OK : rc;
}
