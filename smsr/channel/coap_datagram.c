/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams over CoAP (README.md, "UDP"; design 6): one CAT_TP PDU a request that nobody confirms,
 * so that what is lost is lost, and CAT_TP repeats it. */
#include "smsr/channel/coap_carrier_int.h"

#include <stdio.h>

void carrier_datagram_in(struct coap_carrier *cc, struct network *net, const char *conn,
                         const struct coap_msg *req, struct coap_reply *ret)
{
    uint8_t where[CONN_KEY_MAX];
    uint64_t id;

    ret->code = COAP_BAD_REQUEST;
    if (req->method != COAP_POST || !carrier_conn_ok(conn) || !req->payload.n)
        return;
    ret->code = COAP_UNAVAILABLE;
    id = places_id(cc->places, carrier_conn_key(cc, net, conn, where));
    if (!id)
        return;
    ret->code = COAP_CHANGED;
    cc->n.datagrams_in++;
    if (!channel_datagram(cc->ch, id, req->payload))
        places_drop(cc->places, id);
}

int carrier_datagram(void *ctx, uint64_t id, struct span pdu)
{
    struct coap_carrier *cc = ctx;
    struct coap_msg m = {.method = COAP_POST, .payload = pdu};
    struct span conn;
    struct network *net = carrier_conn_of(cc, places_where(cc->places, id), &conn);
    int err;

    if (!net)
        return ERR_CLOSED;
    (void)snprintf(m.path, sizeof m.path, "bip/udp/%.*s", (int)conn.n, (const char *)conn.p);
    err = coap_send_request(net->peer, &m, NULL, NULL, 0);
    cc->n.datagrams_out += !err;
    return err;
}

void carrier_datagram_end(void *ctx, uint64_t id)
{
    struct coap_carrier *cc = ctx;

    places_drop(cc->places, id);
}
