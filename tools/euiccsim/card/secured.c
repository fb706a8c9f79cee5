/* SPDX-License-Identifier: Apache-2.0 */
/* SCP80 at the card, by SMS or over a CAT_TP link (SGP.02 2.4.3, TS 102 225): the packet's checks
 * in their order, execution, proof of receipt. What fails its checks is met with silence. */
#include "tools/euiccsim/card/card_int.h"

#define TAR_ISD_R 0x000001u
#define PUSH_TAG 0x81u           /* GP Amendment B 3.7: opens an administration session */
#define ANSWER_MAX 2000u         /* fits in 16 SMS, so that a list of actions holds it */
#define SPI1_MASK_CHECK 0x03u

/* One accepted packet on its way through the card. Keys are copies: the script may delete the
 * set. */
struct secured {
    enum packet_dialect dialect;
    const struct msisdn *from;     /* NULL over a link */
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

    if (packet_cmd_split(packet, s->dialect, &p) != ERR_OK)
        return ERR_AUTH;
    s->kvn = packet_kvn(p.head.kic);
    set = scp80_set_find(c, s->kvn);
    if (!set || packet_kvn(p.head.kid) != s->kvn ||
        (p.head.spi1 & SPI1_MASK_CHECK) != SPI1_CC)
        return ERR_AUTH;
    rc = keys_of(set, &s->keys);
    if (rc != ERR_OK)
        return rc;
    rc = scp80_unwrap(c->w->crypto, &s->keys, s->dialect, packet, &s->cmd);
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
        .c = c, .now_ms = now_ms, .out = out, 
        .channel = s->dialect == PACKET_SMS ? 'S' : 'C', .kvn = s->kvn,
        .counter = s->cmd.cntr, .step_uri = "",
        .sd = s->cmd.head.tar == TAR_ISD_R ? 0 : (uint16_t)s->cmd.head.tar,
    };
    int rc;

    if (x.sd == 0 && data.n > 0 && data.p[0] == PUSH_TAG) {
        rc = https_trigger(c, data, now_ms, out);
        /* A trigger that cannot be followed has no answer of its own; the session does not come. */
        return rc == ERR_FORMAT || rc == ERR_NOT_FOUND ? ERR_OK : rc;
    }
    x.ctx = packet_context(c, x.sd);
    if (!x.ctx)
        return ERR_NOMEM;
    rc = script_run(&x, data, answer);
    *ret_changed = x.changed_profile;
    if (!x.ctx || !x.ctx->chained)
        packet_context_drop(c, x.sd);
    return rc;
}

/* --- answer --- */

static bool por_wanted(uint8_t spi2, uint8_t status)
{
    uint8_t mode = spi2 & SPI2_POR_MASK;

    return mode == SPI2_POR_ALWAYS || (mode == SPI2_POR_ON_ERROR && status != POR_OK);
}

static int reply(struct card *c, const struct secured *s, uint8_t status, struct span answer,
                 bool changed, struct card_actions *out)
{
    uint8_t packet[PACKET_MAX];
    struct writer w = wr_init(packet, sizeof(packet));
    struct packet_cmd_head head = s->cmd.head;
    int rc;

    if (!por_wanted(s->cmd.head.spi2, status))
        return ERR_OK;
    if (c->quirks & QUIRK_POR_CLEAR)
        head.spi2 &= (uint8_t)~SPI2_POR_CIPHER;
    rc = scp80_por_wrap(c->w->crypto, &s->keys, s->dialect, &head, s->cmd.cntr, status, answer, &w);
    if (rc != ERR_OK)
        return rc;
    if (s->dialect == PACKET_CATTP)
        return link_por(c, wr_view(&w));
    return sms_por(c, s->from, wr_view(&w), s->cmd.cntr, changed, out);
}

/* --- the way in --- */

static int accepted(struct card *c, const struct secured *s, int64_t now_ms,
                    struct card_actions *out)
{
    uint8_t room[ANSWER_MAX];
    struct writer answer = wr_init(room, sizeof(room));
    uint8_t status = admit(c, s);
    bool changed = false;
    int rc = ERR_OK;

    if (status == POR_OK)
        rc = execute(c, s, now_ms, out, &answer, &changed);
    if (rc == ERR_OK)
        rc = reply(c, s, status, wr_view(&answer), changed, out);
    /* Over a link the REFRESH waits for its end, as in a session: else the answer might be lost. */
    if (rc == ERR_OK && changed && !c->change.postponed && s->dialect == PACKET_SMS)
        rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int secured_in(struct card *c, enum packet_dialect d, const struct msisdn *from,
               struct span packet, int64_t now_ms, struct card_actions *out)
{
    struct secured s = {.dialect = d, .from = from};
    int rc = unwrap(c, packet, &s);

    if (rc == ERR_AUTH) {
        c->silent++;
        rc = ERR_OK;
    } else if (rc == ERR_OK) {
        rc = accepted(c, &s, now_ms, out);
    }
    keys_fini(&s.keys);
    mem_wipe(&s, sizeof(s));
    return rc;
}
