/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.DisableProfile (SGP.02 4.1.1.3), DGI 3A04 { 4F ISD-P }: the fall-back profile takes over. */
#include "tools/euiccsim/card/card_int.h"

uint16_t store_disable(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    const struct isdp *fallback = isdp_fallback(x->c);
    struct isdp *target;
    uint16_t sw = exec_isdp(x, dgi, &target);

    (void)data;
    if (rest.n > 0)
        return SW_DATA;
    if (sw != SW_OK)
        return sw;
    if (target->pub.state != ISDP_ENABLED || target->pub.fallback || !fallback ||
        x->c->change.state != CHANGE_NONE)
        return SW_CONDITIONS;
    if (pol1_forbids(target, POL1_NO_DISABLE))
        return SW_POL1;
    change_begin(x, CHANGE_BY_DISABLE, target->number, target->number, fallback->number);
    return SW_OK;
}
