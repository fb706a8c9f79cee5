/* SPDX-License-Identifier: Apache-2.0 */
/* Security domains, RFM and applications of a profile package: their keys and the five places where
 * a minimum security level stands (TS 102 226 8.2.1.3.2, facts in the README of smdp/profile). */
#include "common/codec/saip.h"

#include "common/codec/saip_int.h"
#include "common/codec/tlv.h"

static int msl_add(const struct saip_walk *w, enum saip_msl_place place, uint8_t value)
{
    struct saip_map *m = w->map;
    if (m->n_msl == SAIP_MSLS)
        return saip_fail(w, ERR_TOO_LARGE, "more security levels than the house handles");
    m->msl[m->n_msl++] = (struct saip_msl){(uint8_t)place, value, w->pe->identification};
    return ERR_OK;
}

static int tar_add(const struct saip_walk *w, struct span tar, uint8_t level)
{
    struct saip_map *m = w->map;
    if (m->n_tar == SAIP_TARS)
        return saip_fail(w, ERR_TOO_LARGE, "more application references than the house handles");
    struct saip_tar *t = &m->tar[m->n_tar++];
    *t = (struct saip_tar){.level = level, .identification = w->pe->identification};
    memcpy(t->tar, tar.p, sizeof(t->tar));
    return ERR_OK;
}

/* Those that are listed, or else the last octets of an AID of 16 (TS 101 220). */
static int tars_add(const struct saip_walk *w, struct span list, struct span aid, uint8_t level)
{
    int rc = ERR_OK;
    for (size_t i = 0; rc == ERR_OK && i + 3 <= list.n; i += 3)
        rc = tar_add(w, span_of(list.p + i, 3), level);
    if (list.n < 3 && aid.n == 16)
        rc = tar_add(w, span_of(aid.p + 12, 3), level);
    return rc;
}

/* Toolkit parameters of TS 102 226 8.2.1.3.2.1 (behind an access domain) and .2: priority, timers,
 * text length, menu entries n, 2n octets, channels, then the length and field of the minimum
 * security level: parameter 01 and the SPI1; then the TARs. A field that is not there, cannot be
 * read or is proprietary protects nothing we can vouch for: level 00. */
static uint8_t toolkit_msl(struct span field, bool access_domain, struct span *ret_tars)
{
    struct reader r = rd_init(field);
    if (access_domain)
        (void)rd_span(&r, rd_u8(&r));
    (void)rd_span(&r, 3);
    (void)rd_span(&r, (size_t)rd_u8(&r) * 2);
    (void)rd_u8(&r);
    uint8_t n = rd_u8(&r);
    struct span msl = rd_span(&r, n);
    bool whole = !r.failed && n >= 2;
    *ret_tars = rd_span(&r, rd_u8(&r));
    if (r.failed)
        *ret_tars = span_of(NULL, 0);
    return whole && msl.p[0] == 0x01 ? msl.p[1] : 0;
}

/* The third of the AIDs of an instance: package, class, instance. */
static struct span instance_aid(struct span instance)
{
    struct reader r = rd_init(instance);
    struct tlv t = {.tag = 0};
    for (int i = 0; i < 3; i++) {
        if (tlv_next(&r, &t) || t.tag != 0x4F)
            return span_of(NULL, 0);
    }
    return t.value;
}

static int walk_instance(const struct saip_walk *w, struct span instance)
{
    bool sd = w->pe->tag == SAIP_PE_SD;
    struct span aid = instance_aid(instance), tars = {NULL, 0};
    struct tlv group, field;
    uint8_t level = 0;
    int rc = ERR_OK;
    saip_memory_add(w->map, SAIP_MEM_APPLICATION);
    if (tlv_find(instance, 0xEA, &group) == ERR_OK &&
        tlv_find(group.value, 0x80, &field) == ERR_OK) {
        level = toolkit_msl(field.value, false, &tars);
        rc = msl_add(w, sd ? SAIP_MSL_SD_TOOLKIT : SAIP_MSL_APP_TOOLKIT, level);
    }
    if (rc == ERR_OK && tlv_find(instance, 0xEF, &group) == ERR_OK &&
        tlv_find(group.value, 0xCA, &field) == ERR_OK) {
        struct span more = {NULL, 0};
        level = toolkit_msl(field.value, true, &more);
        rc = msl_add(w, sd ? SAIP_MSL_SD_SIM : SAIP_MSL_APP_SIM, level);
        if (rc == ERR_OK && more.n)
            rc = tars_add(w, more, aid, level);
        if (more.n && !tars.n)
            return rc;
    }
    return rc ? rc : tars_add(w, tars, aid, level);
}

static int key_components(const struct saip_walk *w, struct span list, struct saip_key_at *k)
{
    struct reader r = rd_init(list);
    struct tlv component, type, data;
    int rc;
    while ((rc = saip_field(w, &r, &component)) == ERR_OK) {
        if (tlv_find(component.value, 0x80, &type) || type.value.n == 0 ||
            tlv_find(component.value, 0x86, &data))
            return saip_fail(w, ERR_FORMAT, "a key component lacks type or data");
        if (k->components == 0) {
            k->type = type.value.p[0];
            k->data = data.raw;
        }
        if (k->components < UINT8_MAX)
            k->components++;
        saip_memory_add(w->map, SAIP_MEM_KEY + data.value.n);
    }
    return saip_loop_end(w, rc);
}

static int key_read(const struct saip_walk *w, struct span object, struct saip_key_at *k)
{
    struct reader r = rd_init(object);
    struct tlv t;
    bool kid = false, kvn = false;
    int rc;
    while ((rc = saip_field(w, &r, &t)) == ERR_OK) {
        if ((t.tag == 0x82 || t.tag == 0x83) && t.value.n != 1)
            return saip_fail(w, ERR_FORMAT, "a key identifier or version is not one octet");
        if (t.tag == 0x82) {
            k->kid = t.value.p[0];
            kid = true;
        } else if (t.tag == 0x83) {
            k->kvn = t.value.p[0];
            kvn = true;
        } else if (t.tag == 0x30) {
            rc = key_components(w, t.value, k);
            if (rc)
                return rc;
        }
    }
    rc = saip_loop_end(w, rc);
    if (rc)
        return rc;
    return kid && kvn && k->components ? ERR_OK
                                       : saip_fail(w, ERR_FORMAT, "a key object is incomplete");
}

int saip_walk_sd(const struct saip_walk *w)
{
    struct saip_map *m = w->map;
    struct tlv instance, list, object;
    if (tlv_find(w->pe->value, 0xA1, &instance))
        return saip_fail(w, ERR_FORMAT, "its instance is missing");
    int rc = walk_instance(w, instance.value);
    if (rc)
        return rc;
    rc = tlv_find(w->pe->value, 0xA2, &list);
    if (rc)
        return saip_loop_end(w, rc);
    struct reader r = rd_init(list.value);
    while ((rc = saip_field(w, &r, &object)) == ERR_OK) {
        if (m->n_key == SAIP_KEYS)
            return saip_fail(w, ERR_TOO_LARGE, "more keys than the house handles");
        struct saip_key_at k = {.sd = (uint8_t)(m->count[SAIP_PE_SD] - 1)};
        rc = key_read(w, object.value, &k);
        if (rc)
            return rc;
        m->key[m->n_key++] = k;
    }
    return saip_loop_end(w, rc);
}

/* The list of TARs is A0 as the PEHeader is, but stands behind the AID. */
static int rfm_tars(const struct saip_walk *w, uint8_t level)
{
    struct reader r = rd_init(w->pe->value);
    struct tlv t, tar;
    struct span aid = {NULL, 0};
    bool listed = false;
    int rc = ERR_OK;
    while (rc == ERR_OK && saip_field(w, &r, &t) == ERR_OK) {
        struct reader list = rd_init(t.value);
        if (t.tag == 0x4F && !aid.p)
            aid = t.value;
        while (rc == ERR_OK && aid.p && t.tag == 0xA0 && tlv_next(&list, &tar) == ERR_OK) {
            listed = true;
            rc = tar.value.n == 3 ? tar_add(w, tar.value, level)
                                  : saip_fail(w, ERR_FORMAT, "a TAR is not three octets long");
        }
    }
    return rc || listed ? rc : tars_add(w, span_of(NULL, 0), aid, level);
}

int saip_walk_rfm(const struct saip_walk *w)
{
    struct tlv t;
    saip_memory_add(w->map, SAIP_MEM_APPLICATION);
    if (tlv_find(w->pe->value, 0x81, &t) || t.value.n != 1)
        return saip_fail(w, ERR_FORMAT, "minimumSecurityLevel is missing or not one octet");
    int rc = msl_add(w, SAIP_MSL_RFM, t.value.p[0]);
    return rc ? rc : rfm_tars(w, t.value.p[0]);
}

int saip_walk_application(const struct saip_walk *w)
{
    struct tlv load, block, list, instance;
    if (tlv_find(w->pe->value, 0xA1, &load) == ERR_OK &&
        tlv_find(load.value, 0xC4, &block) == ERR_OK)
        saip_memory_add(w->map, block.value.n);
    int rc = tlv_find(w->pe->value, 0xA2, &list);
    if (rc)
        return saip_loop_end(w, rc);
    struct reader r = rd_init(list.value);
    while ((rc = saip_field(w, &r, &instance)) == ERR_OK) {
        rc = walk_instance(w, instance.value);
        if (rc)
            return rc;
    }
    return saip_loop_end(w, rc);
}
