/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.UpdateSMSRAddressingParameters (SGP.02 4.1.1.10), DGI 3A07 { A3 { 81 address } }: where
 * notifications by SMS go. The tags of the other bearers are known by guess only and are
 * refused. */
#include "tools/euiccsim/card/card_int.h"

uint16_t store_addressing(struct exec *x, struct span dgi, struct span rest, struct writer *data)
{
    struct tlv a3, address;
    struct msisdn number;
    struct reader r;

    (void)data;
    if (rest.n > 0 || tlv_only(dgi, 0xA3, &a3) != ERR_OK ||
        tlv_only(a3.value, 0x81, &address) != ERR_OK)
        return SW_DATA;
    r = rd_init(address.value);
    if (sms_address_get(&r, &number) != ERR_OK || !rd_done(&r))
        return SW_DATA;
    x->c->smsr = number;
    card_touch(x->c);
    return SW_OK;
}
