/* SPDX-License-Identifier: Apache-2.0 */
/* What the factory put on the cards of a fleet and where the meters stand: fleet.bin of a world,
 * mode 0600 (it holds every key). Magic, then {u32 length, record} per meter:
 *   EID 16 | kvn KIC KID DEK | psk_kvn psk_kid PSK | ECASD key 32 | u16 L CERT.ECASD | u32 memory |
 *   IMEI | PLMN heard | has | ICCID IMSI MSISDN K OPc ACC POL1 MNC-length u8 L SMSP
 *   u8 L connectivity
 * Texts are one length octet and characters. */
#pragma once

#include "common/base/mem.h"
#include "tools/euiccsim/card/card.h"

#define FLEET_MAGIC "RMRFLEE1"
#define FLEET_MAGIC_LEN 8u
#define FLEET_RECORD_MAX 2048u

struct fleet_meter {
    struct card_factory factory;      /* ecasd_cert points to cert */
    uint8_t cert[CARD_CERT_MAX];
    struct plmn heard;
};
/* Appends one record with its length. ERR_NOMEM, ERR_INVAL (certificate too long). */
MUST_CHECK int fleet_put(const struct fleet_meter *m, struct buf *out);
/* One record without its length. ret must stay where it is while its factory is used.
 * ERR_FORMAT, ERR_TRUNCATED. */
MUST_CHECK int fleet_get(struct span record, struct fleet_meter *ret);
/* All records of a file's text: fn's error ends the walk. ERR_FORMAT names the meter in why. */
typedef int (*fleet_fn)(void *ctx, const struct fleet_meter *m);
MUST_CHECK int fleet_each(struct span file, fleet_fn fn, void *ctx, unsigned *ret_n,
                          struct errmsg *why);
