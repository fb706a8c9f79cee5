/* SPDX-License-Identifier: Apache-2.0 */
/* The push that makes a card open its administration session (SGP.02 2.4.4; facts: ota
 * section 2.4). */
#include "smsr/es5/es5.h"

#include <stdio.h>

#define PUSH_BUFFER 1280u /* BIP buffer of the trigger: 0500, the value seen on real platforms */

static int push(struct writer *w, const struct route *route, uint8_t kvn, uint8_t kid, bool named)
{
    struct push_trigger t;

    memset(&t, 0, sizeof t);
    t.buffer_size = PUSH_BUFFER;
    t.port = route->port;
    t.has_address = true;
    memcpy(t.ipv4, route->ipv4, sizeof t.ipv4);
    t.psk_kvn = kvn;
    t.psk_kid = kid;
    if (named) /* choice: its version and identifier; the identity follows from them (SGP.02 2.4.4.1) */
        t.psk_identity = span_str("");
    if (snprintf(t.apn, sizeof t.apn, "%s", route->apn) >= (int)sizeof t.apn ||
        snprintf(t.host, sizeof t.host, "%s", route->host) >= (int)sizeof t.host ||
        snprintf(t.uri, sizeof t.uri, "/polling") >= (int)sizeof t.uri)
        return ERR_TOO_LARGE;
    push_trigger_put(w, &t);
    return w->failed ? ERR_TOO_LARGE : ERR_OK;
}

int es5_push_session(struct writer *w, const struct route *route, const struct euicc *e)
{
    return push(w, route, e->psk_kvn, e->psk_kid, e->psk_named);
}

int es5_push_session_under(struct writer *w, const struct route *route, uint8_t kvn, uint8_t kid)
{
    return push(w, route, kvn, kid, true);
}
