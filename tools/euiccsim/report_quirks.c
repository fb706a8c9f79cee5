/* SPDX-License-Identifier: Apache-2.0 */
/* Who behaves oddly in a world, told beforehand: what a test must expect of each meter. */
#include "tools/euiccsim/app.h"

#include "tools/euiccsim/fleet_file.h"

#include <stdio.h>

#define FLEET_MAX ((size_t)4 << 30)

static void rows_print(const char *eid, const struct quirk_row *rows, unsigned n, uint32_t bits)
{
    for (unsigned i = 0; i < n; i++)
        if (bits & rows[i].bit)
            printf("%s %s %s\n", eid, rows[i].name, rows[i].verdict);
}

static int meter_print(void *ctx, const struct fleet_meter *m)
{
    const struct run_conf *conf = ctx;
    uint32_t card = 0, net = 0;
    char eid[EID_TEXT];

    quirk_set_draw(&conf->quirks, conf->seed, &m->factory.eid, &card, &net);
    eid_text(&m->factory.eid, eid);
    rows_print(eid, CARD_QUIRKS, CARD_QUIRK_COUNT, card);
    rows_print(eid, NET_QUIRKS, NET_QUIRK_COUNT, net);
    return ERR_OK;
}

int report_quirks(const struct run_conf *conf, struct errmsg *why)
{
    struct run_conf copy = *conf;
    struct buf fleet;
    unsigned n = 0;
    int rc;

    buf_init(&fleet, FLEET_MAX);
    rc = world_read(conf->dir, WORLD_FLEET, FLEET_MAX, &fleet, why);
    if (rc == ERR_OK)
        rc = fleet_each(buf_span(&fleet), meter_print, &copy, &n, why);
    buf_wipe(&fleet);
    buf_fini(&fleet);
    return rc;
}
