/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams over CoAP, the network's end: requests that nobody confirms. */
#include "tools/euiccsim/net/coap_link_int.h"

#include <stdio.h>

int link_datagram(void *ctx, uint64_t conn, const uint8_t ipv4[4], uint16_t port, struct span pdu)
{
    struct coap_link *c = ctx;
    char path[64];
    struct coap_msg m;

    /* Every address stands for the one SM-SR this link has: packet data is not routed here. */
    (void)ipv4;
    (void)port;
    (void)snprintf(path, sizeof(path), "bip/udp/%llx", (unsigned long long)conn);
    link_request(c, COAP_POST, path, "", pdu, &m);
    m.confirmable = false;
    if (coap_send_request(c->peer, &m, NULL, NULL, 0) == ERR_OK)
        c->n.datagrams_up++;
    else
        c->n.unsent++;                /* lost, as datagrams are */
    return ERR_OK;
}

void link_datagram_request(struct coap_link *c, const struct coap_msg *req, struct coap_reply *ret)
{
    uint64_t conn = 0;

    ret->code = COAP_BAD_REQUEST;
    if (req->method != COAP_POST || req->payload.n == 0 ||
        !link_conn_parse(req->path + strlen("bip/udp/"), &conn)) {
        c->n.malformed++;
        return;
    }
    ret->code = COAP_CHANGED;
    c->n.datagrams_down++;
    link_note(c, simnet_datagram(c->net, conn, req->payload, clock_wall_ms(c->clock)));
}
