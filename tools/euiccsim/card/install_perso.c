/* SPDX-License-Identifier: Apache-2.0 */
/* INSTALL [for personalization] (SGP.02 4.1.3.1): the STORE DATA that follow in this script session
 * are for the named ISD-P. */
#include "tools/euiccsim/card/card_int.h"

uint16_t cmd_install_perso(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct reader r = rd_init(cmd->data);
    uint16_t empty = rd_u16(&r);       /* no load file, no module */
    struct span aid = rd_span(&r, rd_u8(&r));
    uint32_t tail = rd_u24(&r);        /* no privileges, no parameters, no token */
    const struct isdp *p;
    struct aid a;

    x->ctx->perso = 0;
    x->ctx->has_rc = false;
    if (!rd_done(&r) || empty != 0 || tail != 0 || aid_from_bytes(aid, &a) != ERR_OK)
        return SW_DATA;
    ledger_about(x, &a);
    p = isdp_by_aid(x->c, &a);
    if (!p)
        return SW_NOT_FOUND;
    x->ctx->perso = p->number;
    wr_u8(data, 0x00);
    return SW_OK;
}
