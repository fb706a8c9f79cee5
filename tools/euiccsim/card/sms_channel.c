/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 by SMS at the card (SGP.02 2.4.3, TS 31.115): reassembly, and how a proof of receipt leaves. */
#include <stdlib.h>

#include "common/bearer/sms_rx.h"
#include "tools/euiccsim/card/card_int.h"

#define REASSEMBLY_OPEN 2u

struct held_por {
    struct msisdn to;
    uint8_t ref;
    struct buf packet;
};

void held_por_free(struct card *c)
{
    if (!c->held)
        return;
    buf_fini(&c->held->packet);
    free(c->held);
    c->held = NULL;
}

static int hold(struct card *c, const struct msisdn *to, struct span packet, uint8_t ref)
{
    struct held_por *h = calloc(1, sizeof(*h));

    held_por_free(c);
    if (!h)
        return ERR_NOMEM;
    h->to = *to;
    h->ref = ref;
    buf_init(&h->packet, PACKET_MAX);
    buf_add_span(&h->packet, packet);
    c->held = h;
    return h->packet.failed ? ERR_NOMEM : ERR_OK;
}

int held_por_release(struct card *c, uint32_t quirk, struct card_actions *out)
{
    int rc;

    if (!c->held || !(c->quirks & quirk))
        return ERR_OK;
    rc = action_sms(out, &c->held->to, SMS_RESPONSE, buf_span(&c->held->packet), c->held->ref);
    held_por_free(c);
    return rc;
}

/* The PoR goes to where the command came from, by SMS-SUBMIT whatever SPI2 b6 says: a device that
 * carries it in the delivery report is not simulated. */
int sms_por(struct card *c, const struct msisdn *to, struct span packet, uint64_t counter,
            bool changed, struct card_actions *out)
{
    uint8_t ref = (uint8_t)counter;

    if (changed && (c->quirks & QUIRK_POR_SWALLOWED))
        return ERR_OK;
    if (changed && (c->quirks & (QUIRK_POR_AFTER_NOTIFICATION | QUIRK_POR_FROM_NEW_NUMBER)))
        return hold(c, to, packet, ref);
    return action_sms(out, to, SMS_RESPONSE, packet, ref);
}

/* --- the way in --- */

/* A card of an idle fleet holds no reassembly table: it is there while parts are missing. */
static int part_in(struct card *c, struct span tp_ud, int64_t now_ms, struct sms_packet *ret)
{
    int rc;

    if (!c->rx)
        c->rx = sms_rx_new(REASSEMBLY_OPEN, REASSEMBLY_OPEN, timer_ms(c, CARD_TIMER_SMS_HOLD));
    if (!c->rx)
        return ERR_NOMEM;
    rc = sms_rx_part(c->rx, "", tp_ud, now_ms, ret);
    if (sms_rx_open_count(c->rx) == 0) {
        sms_rx_free(c->rx);
        c->rx = NULL;
    }
    return rc;
}

int card_sms(struct card *c, const struct msisdn *from, struct span tp_ud, int64_t now_ms,
             struct card_actions *out)
{
    struct sms_packet whole;
    int rc = part_in(c, tp_ud, now_ms, &whole);

    if (rc == ERR_AGAIN)
        return ERR_OK;
    if (rc == ERR_NOMEM)
        return rc;
    if (rc != ERR_OK || whole.kind != SMS_COMMAND) {
        c->silent++;
        return ERR_OK;
    }
    return secured_in(c, PACKET_SMS, from, span_of(whole.b, whole.n), now_ms, out);
}
