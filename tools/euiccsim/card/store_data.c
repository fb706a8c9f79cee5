/* SPDX-License-Identifier: Apache-2.0 */
/* STORE DATA to the ISD-R (SGP.02 4.1.1): the first DGI says which function it is. Each command
 * holds its DGI whole; a DGI over several commands is not taken. */
#include "tools/euiccsim/card/card_int.h"

static const struct dgi_row {
    uint16_t tag;
    bool effect;               /* the confirmation changes nothing by itself (design law 12) */
    uint16_t (*run)(struct exec *x, struct span dgi, struct span rest, struct writer *data);
} DGIS[] = {
    {0x3A01, true, store_certificate},   {0x3A02, true, store_keyset},
    {0x3A03, true, store_enable},        {0x3A04, true, store_disable},
    {0x3A05, true, store_fallback},      {0x3A07, true, store_addressing},
    {0x3A08, false, store_confirmation},
};

uint16_t cmd_store_data(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct reader r = rd_init(cmd->data);
    struct dgi d;

    if (dgi_next(&r, &d) != ERR_OK)
        return SW_DATA;
    x->row.dgi = d.tag;
    for (size_t i = 0; i < sizeof(DGIS) / sizeof(DGIS[0]); i++) {
        if (DGIS[i].tag != d.tag)
            continue;
        x->row_free = !DGIS[i].effect;
        return DGIS[i].run(x, d.value, rd_rest(&r), data);
    }
    return SW_NOT_FOUND;
}
