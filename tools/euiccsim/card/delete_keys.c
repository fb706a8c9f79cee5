/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.FinaliseISDRHandover (SGP.02 4.1.1.9): DELETE [key] on the ISD-R. Each F2 { KVN, first, last
 * KID } names keys that stay, all others go. Without an SCP80 set among them nobody could reach the
 * card again: refused. */
#include "tools/euiccsim/card/card_int.h"

#define SCP80_KEYS 3u      /* KIc 1, KID 2, DEK 3 */

struct kept {
    bool scp80[SCP80_SETS_MAX], psk[PSK_SETS_MAX];
    unsigned n_scp80;
};

static bool keep_range(const struct card *c, struct span f2, struct kept *k)
{
    uint8_t kvn, first, last;
    bool found = false;

    kvn = f2.p[0];
    first = f2.p[1];
    last = f2.p[2];
    for (unsigned i = 0; i < c->n_scp80; i++)
        if (c->scp80[i].kvn == kvn && first == 1 && last == SCP80_KEYS) {
            k->n_scp80 += k->scp80[i] ? 0 : 1;
            k->scp80[i] = found = true;
        }
    for (unsigned i = 0; i < c->n_psk; i++)
        if (c->psk[i].kvn == kvn && c->psk[i].kid >= first && c->psk[i].kid <= last)
            k->psk[i] = found = true;
    return found;
}

static void keys_sweep(struct card *c, const struct kept *k)
{
    uint8_t n = 0;

    for (unsigned i = 0; i < c->n_scp80; i++)
        if (k->scp80[i])
            c->scp80[n++] = c->scp80[i];
    mem_wipe(c->scp80 + n, (SCP80_SETS_MAX - n) * sizeof(c->scp80[0]));
    c->n_scp80 = n;
    n = 0;
    for (unsigned i = 0; i < c->n_psk; i++)
        if (k->psk[i])
            c->psk[n++] = c->psk[i];
    mem_wipe(c->psk + n, (PSK_SETS_MAX - n) * sizeof(c->psk[0]));
    c->n_psk = n;
    if (!scp80_set_find(c, c->notify_kvn))
        c->notify_kvn = c->scp80[0].kvn;
    card_touch(c);
}

uint16_t cmd_delete_keys(struct exec *x, const struct apdu_cmd *cmd, struct writer *data)
{
    struct reader r = rd_init(cmd->data);
    struct kept k = {.n_scp80 = 0};
    struct tlv t;
    int rc;

    for (rc = tlv_next(&r, &t); rc == ERR_OK; rc = tlv_next(&r, &t)) {
        if (t.tag != 0xF2 || t.value.n != 3)
            return SW_DATA;
        if (!keep_range(x->c, t.value, &k))
            return SW_NOT_FOUND;
    }
    if (rc != ERR_NOT_FOUND || cmd->data.n == 0)
        return SW_DATA;
    if (k.n_scp80 == 0)
        return SW_CONDITIONS;
    keys_sweep(x->c, &k);
    wr_u8(data, 0x00);
    return SW_OK;
}
