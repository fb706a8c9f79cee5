/* SPDX-License-Identifier: Apache-2.0 */
/* The packet that makes a card open a UDP channel and a CAT_TP link in it (TS 102 226; facts: ota
 * section 2.4). */
#include "smsr/es5/es5.h"

#include <stdio.h>

#define LINK_BUFFER 1024u /* BIP buffer: the largest PDU either end sends */

void es5_link_id(const struct eid *eid, const struct uuid *op, uint8_t ret[ES5_LINK_ID])
{
    memcpy(ret, eid->b, sizeof eid->b);
    memcpy(ret + sizeof eid->b, op->b + 8, 8);
}

int es5_push_link(struct writer *w, enum script_form form, const struct route *route,
                  const struct eid *eid, const struct uuid *op)
{
    struct push_channel c = {
        .buffer_size = LINK_BUFFER, .port = route->udp_port, .has_address = true};
    struct push_link l = {.port = CATTP_PORT};
    uint8_t channel[256], link[256], id[ES5_LINK_ID];
    struct writer wc = wr_init(channel, sizeof channel), wl = wr_init(link, sizeof link);
    struct script_writer sw;

    if (snprintf(c.apn, sizeof c.apn, "%s", route->apn) >= (int)sizeof c.apn)
        return ERR_TOO_LARGE;
    memcpy(c.ipv4, route->ipv4, sizeof c.ipv4);
    es5_link_id(eid, op, id);
    l.id = span_of(id, sizeof id);
    push_channel_put(&wc, &c);
    push_link_put(&wl, &l);
    if (wc.failed || wl.failed)
        return ERR_TOO_LARGE;
    script_begin(&sw, w, form, false);
    script_put_cmd(&sw, wr_view(&wc));
    script_put_cmd(&sw, wr_view(&wl));
    script_end(&sw, 2);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}
