/* SPDX-License-Identifier: Apache-2.0 */
/* Dialects: SPI 16 39 is SGP.02 2.4.3; bodies of 1,020 octets are what real platforms send. */
#include "smsr/domain/dialect.h"

static const struct dialect TABLE[] = {
    {"4.", "", SCRIPT_DEFINITE, 0x16, 0x39, 1020, true, true},
    {"2.", "", SCRIPT_DEFINITE, 0x16, 0x39, 1020, false, false},
    {"", "", SCRIPT_DEFINITE, 0x16, 0x39, 1020, true, false},
};

const struct dialect *dialect_of(const struct euicc *e)
{
    const struct dialect *last = &TABLE[sizeof TABLE / sizeof *TABLE - 1];

    for (const struct dialect *d = TABLE; d < last; d++)
        if (!strncmp(e->rp_version, d->rp_version, strlen(d->rp_version)) &&
            !strncmp(e->platform, d->platform, strlen(d->platform)))
            return d;
    return last;
}
