/* SPDX-License-Identifier: Apache-2.0 */
/* What a card speaks (design 1): one const table keyed by the EIS; nothing else tests a version. */
#pragma once

#include "common/codec/script.h"
#include "smsr/domain/euicc.h"

struct dialect {
    const char *rp_version;        /* prefix of RemoteProvisioningVersion; "" = every other */
    const char *platform;          /* prefix of the platform; "" = any */
    enum script_form packet_form;  /* definite AA for short scripts (facts: README item 3) */
    uint8_t spi1, spi2;            /* of packets */
    size_t body_max;               /* payload octets of one body or packet before it is cut */
    bool quota;                    /* INSTALL carries the memory quota */
    bool key_7f49_wrapped;         /* 7F49 as B0/F0 instead of the bare point */
};
const struct dialect *dialect_of(const struct euicc *e);
