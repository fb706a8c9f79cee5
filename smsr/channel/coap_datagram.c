/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams over CoAP (README.md, "UDP"; design 6): one CAT_TP PDU a request that nobody confirms,
 * so that what is lost is lost, and CAT_TP repeats it. */
#include "smsr/channel/coap_carrier_int.h"

#include <stdio.h>
#include <stdlib.h>

static struct span id_key(const uint64_t *id)
{
    return span_of(id, sizeof *id);
}

static void place_free(struct coap_carrier *cc, struct carrier_place *p)
{
    uint8_t key[CONN_KEY_MAX];

    (void)map_del(cc->places, id_key(&p->id));
    (void)map_del(cc->places_by_conn, carrier_conn_key(cc, p->net, p->conn, key));
    free(p);
}

static struct carrier_place *place_of(struct coap_carrier *cc, struct network *net,
                                      const char *conn)
{
    uint8_t key[CONN_KEY_MAX];
    struct carrier_place *p = map_get(cc->places_by_conn, carrier_conn_key(cc, net, conn, key));

    if (p)
        return p;
    p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->id = ++cc->next_id;
    p->net = net;
    (void)snprintf(p->conn, sizeof p->conn, "%s", conn);
    if (map_put(cc->places, id_key(&p->id), p)) {
        free(p);
        return NULL;
    }
    if (map_put(cc->places_by_conn, carrier_conn_key(cc, net, conn, key), p)) {
        (void)map_del(cc->places, id_key(&p->id));
        free(p);
        return NULL;
    }
    return p;
}

void carrier_datagram_in(struct coap_carrier *cc, struct network *net, const char *conn,
                         const struct coap_msg *req, struct coap_reply *ret)
{
    struct carrier_place *p;
    uint64_t id;

    ret->code = COAP_BAD_REQUEST;
    if (req->method != COAP_POST || !carrier_conn_ok(conn) || !req->payload.n)
        return;
    ret->code = COAP_UNAVAILABLE;
    p = place_of(cc, net, conn);
    if (!p)
        return;
    ret->code = COAP_CHANGED;
    cc->n.datagrams_in++;
    id = p->id;
    if (channel_datagram(cc->ch, id, req->payload))
        return;
    p = map_get(cc->places, id_key(&id));
    if (p)
        place_free(cc, p);
}

int carrier_datagram(void *ctx, uint64_t id, struct span pdu)
{
    struct coap_carrier *cc = ctx;
    struct carrier_place *p = map_get(cc->places, id_key(&id));
    struct coap_msg m = {.method = COAP_POST, .payload = pdu};
    int err;

    if (!p)
        return ERR_CLOSED;
    (void)snprintf(m.path, sizeof m.path, "bip/udp/%s", p->conn);
    err = coap_send_request(p->net->peer, &m, NULL, NULL, 0);
    cc->n.datagrams_out += !err;
    return err;
}

void carrier_datagram_end(void *ctx, uint64_t id)
{
    struct coap_carrier *cc = ctx;
    struct carrier_place *p = map_get(cc->places, id_key(&id));

    if (p)
        place_free(cc, p);
}

void carrier_datagrams_fini(struct coap_carrier *cc)
{
    void *at = NULL, *v = NULL;

    while (cc->places && map_next(cc->places, &at, NULL, &v))
        free(v);
    map_free(cc->places);
    map_free(cc->places_by_conn);
    cc->places = cc->places_by_conn = NULL;
}
