/* SPDX-License-Identifier: Apache-2.0 */
/* Milenage (TS 35.206): the simulated card's USIM and the simulated HSS are its only users. */
#pragma once

#include "common/crypto/crypto.h"

struct milenage_out {
    uint8_t f1[8], f1s[8], f2[8], f3[16], f4[16], f5[6], f5s[6];
};
MUST_CHECK int milenage_opc(struct crypto *c, const uint8_t k[16], const uint8_t op[16],
                            uint8_t ret[16]);
MUST_CHECK int milenage(struct crypto *c, const uint8_t k[16], const uint8_t opc[16],
                        const uint8_t rand[16], const uint8_t sqn[6], const uint8_t amf[2],
                        struct milenage_out *ret);
