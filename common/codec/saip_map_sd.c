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

/* Toolkit parameters of TS 102 226 8.2.1.3.2.1 (behind an access domain) and .2: priority, timers,
 * text length, menu entries n, 2n octets, channels, then the length and field of the minimum
 * security level: parameter 01 and the SPI1. A field that is not there, cannot be read or is
 * proprietary protects nothing we can vouch for: level 00. */
static uint8_t toolkit_msl(struct span field, bool access_domain)
{
    struct reader r = rd_init(field);
    if (access_domain)
        (void)rd_span(&r, rd_u8(&r));
    (void)rd_span(&r, 3);
    (void)rd_span(&r, (size_t)rd_u8(&r) * 2);
    (void)rd_u8(&r);
    uint8_t n = rd_u8(&r);
    uint8_t parameter = rd_u8(&r);
    uint8_t level = rd_u8(&r);
    return !r.failed && n >= 2 && parameter == 0x01 ? level : 0;
}

static int walk_instance(const struct saip_walk *w, struct span instance)
{
    bool sd = w->pe->tag == SAIP_PE_SD;
    struct tlv group, field;
    int rc = ERR_OK;
    saip_memory_add(w->map, SAIP_MEM_APPLICATION);
    if (tlv_find(instance, 0xEA, &group) == ERR_OK && tlv_find(group.value, 0x80, &field) == ERR_OK)
        rc = msl_add(w, sd ? SAIP_MSL_SD_TOOLKIT : SAIP_MSL_APP_TOOLKIT,
                     toolkit_msl(field.value, false));
    if (rc == ERR_OK && tlv_find(instance, 0xEF, &group) == ERR_OK &&
        tlv_find(group.value, 0xCA, &field) == ERR_OK)
        rc = msl_add(w, sd ? SAIP_MSL_SD_SIM : SAIP_MSL_APP_SIM, toolkit_msl(field.value, true));
    return rc;
}

static int key_components(const struct saip_walk *w, struct span list, struct saip_key_at *k)
{
    struct reader r = rd_init(list);
    struct tlv component, type, data;
    int rc;
    while ((rc = tlv_next(&r, &component)) == ERR_OK) {
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
    while ((rc = tlv_next(&r, &t)) == ERR_OK) {
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
    while ((rc = tlv_next(&r, &object)) == ERR_OK) {
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

int saip_walk_rfm(const struct saip_walk *w)
{
    struct tlv t;
    saip_memory_add(w->map, SAIP_MEM_APPLICATION);
    if (tlv_find(w->pe->value, 0x81, &t) || t.value.n != 1)
        return saip_fail(w, ERR_FORMAT, "minimumSecurityLevel is missing or not one octet");
    return msl_add(w, SAIP_MSL_RFM, t.value.p[0]);
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
    while ((rc = tlv_next(&r, &instance)) == ERR_OK) {
        rc = walk_instance(w, instance.value);
        if (rc)
            return rc;
    }
    return saip_loop_end(w, rc);
}
