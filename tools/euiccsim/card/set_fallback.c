/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.SetFallBackAttribute (SGP.02 4.1.1.6), DGI 3A05 { 4F ISD-P }: the attribute moves, it is
 * never without a holder. */
#include "tools/euiccsim/card/card_int.h"

uint16_t store_fallback(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    struct isdp *target, *holder = isdp_fallback(x->c);
    uint16_t sw = exec_isdp(x, dgi, &target);

    (void)data;
    if (rest.n > 0)
        return SW_DATA;
    if (sw != SW_OK)
        return sw;
    if (target->pub.state < ISDP_DISABLED || x->c->change.state != CHANGE_NONE ||
        pol1_forbids(isdp_enabled(x->c), POL1_NO_DISABLE))
        return SW_CONDITIONS;
    if (holder)
        holder->pub.fallback = false;
    target->pub.fallback = true;
    card_touch(x->c);
    return SW_OK;
}
