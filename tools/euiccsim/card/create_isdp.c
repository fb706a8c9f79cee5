/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.CreateISDP (SGP.02 4.1.1.1): INSTALL [for install and make selectable] of an ISD-P; the
 * system parameter EF { 83 } is its quota of non-volatile memory. */
#include "tools/euiccsim/card/card_int.h"

static const uint8_t PRIVILEGES[3] = {0x80, 0xC0, 0x00};
static const uint8_t SCP03_I70[2] = {0x03, 0x70};

static struct span field_get(struct reader *r)
{
    return rd_span(r, rd_u8(r));
}

/* EF { 83 octets }: one to four octets, big-endian. */
static bool quota_get(struct span ef, uint32_t *ret)
{
    struct tlv t;

    *ret = 0;
    if (tlv_only(ef, 0x83, &t) != ERR_OK || t.value.n == 0 || t.value.n > 4)
        return false;
    for (size_t i = 0; i < t.value.n; i++)
        *ret = *ret << 8 | t.value.p[i];
    return true;
}

/* C9 { 81 02 03 70 } and then EF or nothing. */
static bool parameters_get(struct span s, uint32_t *ret_quota)
{
    struct reader r = rd_init(s);
    struct tlv c9, scp, ef;
    int rc;

    *ret_quota = 0;
    if (tlv_next(&r, &c9) != ERR_OK || c9.tag != 0xC9 ||
        tlv_only(c9.value, 0x81, &scp) != ERR_OK ||
        !span_eq(scp.value, span_of(SCP03_I70, sizeof(SCP03_I70))))
        return false;
    rc = tlv_next(&r, &ef);
    if (rc == ERR_NOT_FOUND)
        return true;
    return rc == ERR_OK && ef.tag == 0xEF && rd_done(&r) && quota_get(ef.value, ret_quota);
}

static uint16_t create(struct exec *x, const struct aid *a, uint32_t quota)
{
    struct card *c = x->c;
    struct isdp *p = NULL;
    int rc;

    if (isdp_by_aid(c, a))
        return SW_CONDITIONS;
    if (quota > c->memory_free)
        return SW_FULL;
    rc = isdp_add(c, a, &p);
    if (rc == ERR_FULL)
        return SW_FULL;
    if (rc != ERR_OK) {
        x->err = rc;
        return SW_MEMORY;
    }
    p->pub.memory = p->quota = quota;
    c->memory_free -= quota;
    return SW_OK;
}

uint16_t cmd_create_isdp(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct reader r = rd_init(cmd->data);
    struct span package = field_get(&r), module = field_get(&r), aid = field_get(&r);
    struct span privileges = field_get(&r), parameters = field_get(&r), token = field_get(&r);
    struct aid a;
    uint32_t quota;
    uint16_t sw;

    if (!rd_done(&r) || token.n != 0 || aid_from_bytes(aid, &a) != ERR_OK)
        return SW_DATA;
    ledger_about(x, &a);
    if (!span_eq(package, aid_span(&AID_ISD_P_PACKAGE)) ||
        !span_eq(module, aid_span(&AID_ISD_P_MODULE)))
        return SW_NOT_FOUND;
    if (!aid_is_isd_p(&a, NULL) || !span_eq(privileges, span_of(PRIVILEGES, sizeof(PRIVILEGES))) ||
        !parameters_get(parameters, &quota))
        return SW_DATA;
    sw = create(x, &a, quota);
    if (sw == SW_OK)
        wr_u8(data, 0x00);
    return sw;
}
