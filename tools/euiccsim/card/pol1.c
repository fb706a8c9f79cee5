/* SPDX-License-Identifier: Apache-2.0 */
/* POL1, the policy inside the profile, which the ISD-R evaluates when a command runs (SGP.02
 * 3.6.1). */
#include "tools/euiccsim/card/card_int.h"

/* A profile that is not installed yet has no rules. */
bool pol1_forbids(const struct isdp *p, uint8_t bit)
{
    return p && p->pub.state >= ISDP_DISABLED && (p->pub.data.pol1 & bit) != 0;
}

/* Executed with the confirmation of the change and never before: until then the change may still be
 * rolled back (SGP.02 3.2.1, 4.1.1.11). The fall-back profile is never deleted. */
uint16_t pol1_auto_delete(struct exec *x, uint16_t number)
{
    struct isdp *p = isdp_by_number(x->c, number);
    struct aid a;
    uint8_t before;
    int rc;

    if (!p || p->pub.state != ISDP_DISABLED || p->pub.fallback ||
        !(p->pub.data.pol1 & POL1_AUTO_DELETE))
        return 0;
    a = p->pub.aid;
    before = (uint8_t)p->pub.state;
    isdp_remove(x->c, number);
    rc = ledger_own(x->c, CAUSE_POL1, &a, before, 0);
    if (rc != ERR_OK)
        x->err = rc;
    return number;
}

bool card_update_pol1(struct card *c, const struct iccid *iccid, uint8_t pol1)
{
    struct isdp *p = isdp_enabled(c);

    if (!p || !iccid_eq(&p->pub.data.iccid, iccid) || p->pub.data.pol1 == pol1)
        return false;
    p->pub.data.pol1 = pol1 & (POL1_NO_DISABLE | POL1_NO_DELETE | POL1_AUTO_DELETE);
    card_touch(c);
    return true;
}
