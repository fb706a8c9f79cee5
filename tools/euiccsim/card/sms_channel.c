/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 over SMS at the card (SGP.02 2.4.3, TS 102 225, TS 31.115): reassembly, the packet's
 * checks in their order, execution, proof of receipt. What fails its checks is met with silence. */
#include <stdlib.h>

#include "common/bearer/sms_rx.h"
#include "tools/euiccsim/card/card_int.h"

#define TAR_ISD_R 0x000001u
#define PUSH_TAG 0x81u           /* GP Amendment B 3.7: opens an administration session */
#define REASSEMBLY_OPEN 2u
#define ANSWER_MAX 2000u         /* fits in 16 SMS, so that a list of actions holds it */
#define SPI1_MASK_CHECK 0x03u

struct held_por {
    struct msisdn to;
    uint8_t ref;
    struct buf packet;
};

/* One accepted packet on its way through the card. Keys are copies: the script may delete the
 * set. */
struct secured {
    struct scp80_command cmd;
    struct scp80_keys keys;
    uint8_t kvn;
};

static void keys_fini(struct scp80_keys *k)
{
    key_free(k->kic);
    key_free(k->kid);
}

/* --- checks --- */

static int keys_of(const struct scp80_set *s, struct scp80_keys *ret)
{
    int rc = key_new(KEY_AES, span_of(s->kic, sizeof(s->kic)), &ret->kic);

    return rc == ERR_OK ? key_new(KEY_AES, span_of(s->kid, sizeof(s->kid)), &ret->kid) : rc;
}

/* ERR_AUTH for all that an eUICC does not answer: no packet, unknown key set, failed check. */
static int unwrap(struct card *c, struct span packet, struct secured *s)
{
    struct packet_cmd p;
    const struct scp80_set *set;
    int rc;

    if (packet_cmd_split(packet, PACKET_SMS, &p) != ERR_OK)
        return ERR_AUTH;
    s->kvn = packet_kvn(p.head.kic);
    set = scp80_set_find(c, s->kvn);
    if (!set || packet_kvn(p.head.kid) != s->kvn ||
        (p.head.spi1 & SPI1_MASK_CHECK) != SPI1_CC)
        return ERR_AUTH;
    rc = keys_of(set, &s->keys);
    if (rc != ERR_OK)
        return rc;
    rc = scp80_unwrap(c->w->crypto, &s->keys, PACKET_SMS, packet, &s->cmd);
    return rc == ERR_OK || rc == ERR_NOMEM ? rc : ERR_AUTH;
}

/* After the checksum: level, counter (stored before anything runs), addressee. */
static uint8_t admit(struct card *c, const struct secured *s)
{
    struct scp80_set *set = scp80_set_find(c, s->kvn);
    uint8_t mode = s->cmd.head.spi1 & SPI1_COUNTER_MASK;

    if (!(s->cmd.head.spi1 & SPI1_CIPHER) ||
        (mode != SPI1_COUNTER_HIGHER && mode != SPI1_COUNTER_NEXT))
        return POR_INSUFFICIENT_SECURITY;
    if (s->cmd.cntr == CNTR_MAX)
        return POR_CNTR_BLOCKED;       /* the last figure is never used up */
    if (s->cmd.cntr <= set->counter)
        return POR_CNTR_LOW;
    if (mode == SPI1_COUNTER_NEXT && s->cmd.cntr != set->counter + 1)
        return POR_CNTR_HIGH;
    set->counter = s->cmd.cntr;
    c->notify_kvn = s->kvn;
    card_touch(c);
    if (s->cmd.head.tar == TAR_ISD_R)
        return POR_OK;
    return s->cmd.head.tar <= UINT16_MAX && isdp_by_number(c, (uint16_t)s->cmd.head.tar)
               ? POR_OK : POR_TAR_UNKNOWN;
}

/* --- execution --- */

static int execute(struct card *c, const struct secured *s, int64_t now_ms,
                   struct card_actions *out, struct writer *answer, bool *ret_changed)
{
    struct span data = span_of(s->cmd.data, s->cmd.data_len);
    struct exec x = {
        .c = c, .now_ms = now_ms, .out = out, .channel = 'S', .kvn = s->kvn,
        .counter = s->cmd.cntr, .step_uri = "",
        .sd = s->cmd.head.tar == TAR_ISD_R ? 0 : (uint16_t)s->cmd.head.tar,
    };
    int rc;

    if (x.sd == 0 && data.n > 0 && data.p[0] == PUSH_TAG) {
        rc = https_trigger(c, data, now_ms, out);
        /* A trigger that cannot be followed has no answer of its own; the session does not come. */
        return rc == ERR_FORMAT || rc == ERR_NOT_FOUND ? ERR_OK : rc;
    }
    x.ctx = context_get(&c->sms_context);
    if (!x.ctx)
        return ERR_NOMEM;
    rc = script_run(&x, data, answer);
    *ret_changed = x.changed_profile;
    if (!x.ctx->chained)
        context_drop(&c->sms_context);
    return rc;
}

/* --- answer --- */

static bool por_wanted(uint8_t spi2, uint8_t status)
{
    uint8_t mode = spi2 & SPI2_POR_MASK;

    return mode == SPI2_POR_ALWAYS || (mode == SPI2_POR_ON_ERROR && status != POR_OK);
}

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
static int reply(struct card *c, const struct msisdn *from, const struct secured *s,
                 uint8_t status, struct span answer, bool changed, struct card_actions *out)
{
    uint8_t packet[PACKET_MAX], ref = (uint8_t)s->cmd.cntr;
    struct writer w = wr_init(packet, sizeof(packet));
    int rc;

    if (!por_wanted(s->cmd.head.spi2, status))
        return ERR_OK;
    rc = scp80_por_wrap(c->w->crypto, &s->keys, PACKET_SMS, &s->cmd.head, s->cmd.cntr, status,
                        answer, &w);
    if (rc != ERR_OK)
        return rc;
    if (changed && (c->quirks & QUIRK_POR_SWALLOWED))
        return ERR_OK;
    if (changed && (c->quirks & (QUIRK_POR_AFTER_NOTIFICATION | QUIRK_POR_FROM_NEW_NUMBER)))
        return hold(c, from, wr_view(&w), ref);
    return action_sms(out, from, SMS_RESPONSE, wr_view(&w), ref);
}

/* --- the way in --- */

static int accepted(struct card *c, const struct msisdn *from, const struct secured *s,
                    int64_t now_ms, struct card_actions *out)
{
    uint8_t room[ANSWER_MAX];
    struct writer answer = wr_init(room, sizeof(room));
    uint8_t status = admit(c, s);
    bool changed = false;
    int rc = ERR_OK;

    if (status == POR_OK)
        rc = execute(c, s, now_ms, out, &answer, &changed);
    if (rc == ERR_OK)
        rc = reply(c, from, s, status, wr_view(&answer), changed, out);
    if (rc == ERR_OK && changed && !c->change.postponed)
        rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

static int packet_in(struct card *c, const struct msisdn *from, struct span packet,
                     int64_t now_ms, struct card_actions *out)
{
    struct secured s = {.kvn = 0};
    int rc = unwrap(c, packet, &s);

    if (rc == ERR_AUTH) {
        c->silent++;
        rc = ERR_OK;
    } else if (rc == ERR_OK) {
        rc = accepted(c, from, &s, now_ms, out);
    }
    keys_fini(&s.keys);
    mem_wipe(&s, sizeof(s));
    return rc;
}

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
    return packet_in(c, from, span_of(whole.b, whole.n), now_ms, out);
}
