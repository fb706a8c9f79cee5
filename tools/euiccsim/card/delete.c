/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.DeleteProfile (SGP.02 4.1.1.4): DELETE [card content] with the related objects, 4F ISD-P. A
 * command with a delete token (master delete, 4.1.1.5) finds no token key on these cards: 6982. */
#include "tools/euiccsim/card/card_int.h"

static bool changing(const struct card *c, uint16_t number)
{
    return c->change.state != CHANGE_NONE &&
           (c->change.target == number || c->change.previous == number);
}

uint16_t cmd_delete(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct isdp *p;
    struct tlv token;
    uint16_t sw;

    if (tlv_find(cmd->data, 0x9E, &token) == ERR_OK)
        return SW_SECURITY;
    sw = exec_isdp(x, cmd->data, &p);
    if (sw != SW_OK)
        return sw;
    if (p->pub.state == ISDP_ENABLED || p->pub.fallback || changing(x->c, p->number))
        return SW_CONDITIONS;
    if (pol1_forbids(p, POL1_NO_DELETE))
        return SW_POL1;
    isdp_remove(x->c, p->number);
    wr_u8(data, 0x00);
    return SW_OK;
}
