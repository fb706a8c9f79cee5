/* SPDX-License-Identifier: Apache-2.0 */
/* Profile elements of an interoperable profile package: the ProfileElement choice of the TCA
 * profile package specification 2.1 to 3.3, in DER with automatic tags. */
#include "common/codec/saip.h"

#include "common/codec/saip_int.h"
#include "common/codec/tlv.h"

#define TAG_PE_HEADER      0xA0 /* PEHeader, first field of every element but header */
#define TAG_IDENTIFICATION 0x81 /* in PEHeader; 80 is mandated */

/* 11..15 are reserved for elements that are no files; a card answers pe-not-supported to them. */
static const char *const PE_NAMES[SAIP_PE_TAGS] = {
    [0] = "header",
    [1] = "genericFileManagement",
    [2] = "pinCodes",
    [3] = "pukCodes",
    [4] = "akaParameter",
    [5] = "cdmaParameter",
    [6] = "securityDomain",
    [7] = "rfm",
    [8] = "application",
    [9] = "nonStandard",
    [10] = "end",
    [16] = "mf",
    [17] = "cd",
    [18] = "telecom",
    [19] = "usim",
    [20] = "opt-usim",
    [21] = "isim",
    [22] = "opt-isim",
    [23] = "phonebook",
    [24] = "gsm-access",
    [25] = "csim",
    [26] = "opt-csim",
    [27] = "eap",
    [28] = "df-5gs",
    [29] = "df-saip",
    [30] = "df-snpn",
    [31] = "df-5gprose",
    [32] = "iot",
    [33] = "opt-iot",
};

const char *saip_pe_name(uint32_t tag)
{
    return tag < SAIP_PE_TAGS && PE_NAMES[tag] ? PE_NAMES[tag] : "unknown";
}

/* DER INTEGER of a non-negative number below 2^32. */
int saip_int_get(struct span v, uint32_t *ret)
{
    if (v.n == 0 || v.n > 5 || v.p[0] & 0x80 || (v.n == 5 && v.p[0] != 0))
        return ERR_FORMAT;
    if (v.n > 1 && v.p[0] == 0 && !(v.p[1] & 0x80))
        return ERR_FORMAT;
    uint32_t n = 0;
    for (size_t i = 0; i < v.n; i++)
        n = n << 8 | v.p[i];
    *ret = n;
    return ERR_OK;
}

/* Context class, constructed; the number from one octet or, from 31 on, from a second one. */
static int pe_choice(const struct tlv *t, uint32_t *ret)
{
    uint8_t first = t->raw.p[0];
    if ((first & 0xE0) != 0xA0)
        return ERR_FORMAT;
    if ((first & 0x1F) != 0x1F) {
        *ret = first & 0x1F;
        return ERR_OK;
    }
    uint8_t second = t->raw.p[1];
    if (second & 0x80 || second < 31)
        return ERR_FORMAT;
    *ret = second;
    return ERR_OK;
}

int saip_next(struct reader *r, struct saip_pe *ret)
{
    struct tlv t, head, id;
    uint32_t tag = 0;
    int rc = tlv_next(r, &t);
    if (rc)
        return rc;
    rc = pe_choice(&t, &tag);
    if (rc)
        return rc;
    struct saip_pe pe = {.tag = tag, .name = saip_pe_name(tag), .raw = t.raw, .value = t.value};
    struct reader body = rd_init(t.value);
    if (tag != SAIP_PE_HEADER && tlv_next(&body, &head) == ERR_OK && head.tag == TAG_PE_HEADER &&
        tlv_find(head.value, TAG_IDENTIFICATION, &id) == ERR_OK) {
        rc = saip_int_get(id.value, &pe.identification);
        if (rc)
            return rc;
    }
    *ret = pe;
    return ERR_OK;
}

int saip_check(struct span package, unsigned *ret_elements, struct errmsg *why)
{
    struct reader r = rd_init(package);
    struct saip_pe pe;
    unsigned n = 0;
    size_t at = 0;
    bool ended = false;
    int rc;
    while ((rc = saip_next(&r, &pe)) == ERR_OK) {
        if (ended)
            return errmsg_set(why, ERR_FORMAT,
                              "element %u (%s) at octet %zu stands behind end: cut it off", n,
                              pe.name, at);
        if ((n == 0) != (pe.tag == SAIP_PE_HEADER))
            return errmsg_set(why, ERR_FORMAT, "element %u at octet %zu is %s: a package has one "
                              "header, and it comes first", n, at, pe.name);
        at = (size_t)(r.p - package.p);
        if (++n > SAIP_ELEMENTS_MAX)
            return errmsg_set(why, ERR_TOO_LARGE, "the package has more than %d elements",
                              SAIP_ELEMENTS_MAX);
        ended = pe.tag == SAIP_PE_END;
    }
    if (rc != ERR_NOT_FOUND)
        return errmsg_set(why, rc, "element %u at octet %zu is no profile element in DER: %s", n,
                          at, err_text(rc));
    if (!ended)
        return errmsg_set(why, ERR_FORMAT,
                          "the package has no end element: it is incomplete, export it again");
    *ret_elements = n;
    return ERR_OK;
}
