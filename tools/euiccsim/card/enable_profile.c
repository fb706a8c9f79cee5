/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.EnableProfile (SGP.02 4.1.1.2), DGI 3A03 { 4F ISD-P }. */
#include "tools/euiccsim/card/card_int.h"

uint16_t store_enable(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    const struct isdp *enabled = isdp_enabled(x->c);
    struct isdp *target;
    uint16_t sw = exec_isdp(x, dgi, &target);

    (void)data;
    if (rest.n > 0)
        return SW_DATA;
    if (sw != SW_OK)
        return sw;
    /* While a change is not confirmed the card may still go back: no second one on top of it. */
    if (target->pub.state != ISDP_DISABLED || x->c->change.state != CHANGE_NONE)
        return SW_CONDITIONS;
    if (pol1_forbids(enabled, POL1_NO_DISABLE))
        return SW_POL1;
    change_begin(x, CHANGE_BY_ENABLE, target->number, enabled ? enabled->number : 0,
                 target->number);
    return SW_OK;
}
