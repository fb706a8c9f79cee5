/* SPDX-License-Identifier: Apache-2.0 */
/* Feeding the join: commands by what names them on the card, which is key set and counter (SCP80), or
 * the Next-URI under which the answer of the step is POSTed (SCP81). */
#include "tools/euiccsim/proof/join_int.h"

#include "common/base/hex.h"
#include "common/codec/apdu.h"
#include "common/codec/script.h"
#include "common/codec/tlv.h"
#include "common/crypto/scp03.h"
#include "common/msg/catalogue.h"

#include <stdio.h>
#include <stdlib.h>

struct join *join_new(void)
{
    struct join *j = calloc(1, sizeof *j);

    if (!j)
        return NULL;
    j->ops = map_new(0);
    j->commands = map_new(0);
    j->confirmations = map_new(0);
    j->fences = map_new(0);
    j->orders = map_new(0);
    j->cards = map_new(0);
    if (j->ops && j->commands && j->confirmations && j->fences && j->orders && j->cards)
        return j;
    join_free(j);
    return NULL;
}

static void op_free(struct operation_seen *op)
{
    while (op->first) {
        struct command *c = op->first;
        op->first = c->next;
        free(c);
    }
    free(op);
}

static void card_free_seen(struct card_seen *card)
{
    while (card->first) {
        struct row *r = card->first;
        card->first = r->next;
        free(r);
    }
    while (card->ops) {
        struct operation_seen *op = card->ops;
        card->ops = op->next;
        op_free(op);
    }
    while (card->orders) {
        struct order_seen *o = card->orders;
        card->orders = o->next;
        free(o);
    }
    free(card);
}

void join_free(struct join *j)
{
    void *cursor = NULL, *value;

    if (!j)
        return;
    while (j->cards && map_next(j->cards, &cursor, NULL, &value))
        card_free_seen(value);
    map_free(j->ops);
    map_free(j->commands);
    map_free(j->confirmations);
    map_free(j->fences);
    map_free(j->orders);
    map_free(j->cards);
    free(j);
}

/* --- keys --- */
struct join_key join_sms_key(const struct eid *eid, uint8_t kvn, uint64_t counter)
{
    struct join_key k;
    struct writer w = wr_init(k.b, sizeof k.b);

    wr_bytes(&w, eid->b, 16);
    wr_u8(&w, 'S');
    wr_u8(&w, kvn);
    wr_u64(&w, counter);
    k.n = w.len;
    return k;
}

static struct join_key step_key(const struct eid *eid, const struct uuid *session, uint32_t step)
{
    struct join_key k;
    struct writer w = wr_init(k.b, sizeof k.b);

    wr_bytes(&w, eid->b, 16);
    wr_u8(&w, 'H');
    wr_bytes(&w, session->b, 16);
    wr_u32(&w, step);
    k.n = w.len;
    return k;
}

bool join_uri_key(const struct eid *eid, const char *uri, struct join_key *ret)
{
    const char *s = strstr(uri, "/s/"), *p;
    struct uuid session;
    uint64_t step = 0;
    size_t n;

    if (!s || strlen(s) < 3 + 32 + 2 || s[35] != '/' || hex_decode(s + 3, 32, session.b, 16, &n))
        return false;
    for (p = s + 36; *p >= '0' && *p <= '9' && step < UINT32_MAX; p++)
        step = step * 10 + (uint64_t)(*p - '0');
    if (*p || p == s + 36 || step > UINT32_MAX)
        return false;
    *ret = step_key(eid, &session, (uint32_t)step);
    return true;
}

static struct card_seen *card_of(struct join *j, const struct eid *eid)
{
    struct card_seen *card = map_get(j->cards, span_of(eid->b, 16));

    if (card)
        return card;
    card = calloc(1, sizeof *card);
    if (!card)
        return NULL;
    card->eid = *eid;
    if (map_put(j->cards, span_of(eid->b, 16), card)) {
        free(card);
        return NULL;
    }
    return card;
}

/* --- the SM-SR's journal --- */
static struct operation_seen *operation(struct join *j, const struct event *ev)
{
    struct operation_seen *op = map_get(j->ops, span_of(ev->op.b, 16));
    struct card_seen *card = op ? NULL : card_of(j, &ev->eid);

    if (op || !card)
        return op;
    op = calloc(1, sizeof *op);
    if (!op)
        return NULL;
    op->id = ev->op;
    op->eid = ev->eid;
    if (map_put(j->ops, span_of(ev->op.b, 16), op)) {
        free(op);
        return NULL;
    }
    if (card->last_op)
        card->last_op->next = op;
    else
        card->ops = op;
    card->last_op = op;
    return op;
}

/* Commands that build up a profile: one behind the other, each when the one before was answered, or its
 * fence. */
static bool by_steps(const struct operation_seen *op)
{
    return op->function == FN_CREATE_ISDP || op->function == FN_SEND_DATA || op->function == FN_ROTATE_KEYS;
}

/* The SM-DP's calls are named <order>/<attempt>/<step> (design 3.3). */
static void note_order(struct operation_seen *op, struct span fcid)
{
    size_t at = UUID_TEXT - 1;
    struct uuid order;
    uint32_t attempt = 0;

    if (fcid.n <= at || fcid.p[at] != '/' || uuid_parse(span_of(fcid.p, at), &order))
        return;
    while (++at < fcid.n && fcid.p[at] >= '0' && fcid.p[at] <= '9')
        attempt = attempt * 10 + (uint32_t)(fcid.p[at] - '0');
    op->order = order;
    op->attempt = attempt;
}

static int add_command(struct join *j, struct operation_seen *op, const struct join_key *k, bool single,
                       const char *name)
{
    struct command *c = map_get(j->commands, join_key_span(k));
    int err;

    if (c) /* two records for one counter or step: the journal itself is wrong */
        return ERR_CORRUPT;
    c = calloc(1, sizeof *c);
    if (!c)
        return ERR_NOMEM;
    c->op = op;
    c->single = single;
    (void)snprintf(c->name, sizeof c->name, "%s", name);
    err = map_put(j->commands, join_key_span(k), c);
    if (err) {
        free(c);
        return err;
    }
    if (op->last)
        op->last->next = c;
    else
        op->first = c;
    op->last = c;
    return ERR_OK;
}

static int armed(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct join_key k = join_sms_key(&ev->eid, (uint8_t)ev->kvn, ev->counter);
    bool may = op->fenced || (by_steps(op) ? op->last && op->last->heard : op->turned);
    bool deletes = op->turned;
    char name[64];
    int err;

    op->again = op->again || (op->last && !may);
    op->turned = op->fenced = false;
    op->counter = ev->counter;
    (void)snprintf(name, sizeof name, "key set %u counter %llu", ev->kvn,
                   (unsigned long long)ev->counter);
    err = add_command(j, op, &k, !by_steps(op), name);
    if (!err)
        op->last->deletes = deletes;
    return err;
}

static int step_opened(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct join_key k = step_key(&ev->eid, &ev->session, ev->step);
    char name[64];
    int err;

    if (ev->purpose != PURPOSE_CMD)
        return ERR_OK;
    op->again = op->again || (op->last && !op->last->heard && !op->fenced);
    op->fenced = false;
    (void)snprintf(name, sizeof name, "step %u", ev->step);
    err = add_command(j, op, &k, !by_steps(op), name);
    if (!err)
        op->last->by_step = true;
    return err;
}

/* The status word of the first command of a response script. */
static bool first_sw(struct span response, uint16_t *ret)
{
    struct script_reader sr;
    struct script_item item;

    if (script_open(response, &sr) || !sr.response)
        return false;
    while (!script_next(&sr, &item)) {
        struct apdu_rsp rsp;
        if (item.tag != SCRIPT_TAG_RSP)
            continue;
        if (apdu_rsp_parse(item.value, &rsp))
            return false;
        *ret = rsp.sw;
        return true;
    }
    return false;
}

/* Effects in the answer of a SendData step: every C-APDU that went well, and an 86 with data, which is
 * the protected result of a whole load; some cards prove each segment by a MAC alone. */
static unsigned effects(struct span elements)
{
    struct reader r = rd_init(elements);
    struct tlv t;
    unsigned n = 0;

    while (!tlv_next(&r, &t)) {
        struct apdu_rsp rsp;
        if (t.tag == SCRIPT_TAG_RSP && !apdu_rsp_parse(t.value, &rsp) && rsp.sw == 0x9000)
            n++;
        else if (t.tag == 0x86 && t.value.n && t.value.n != SCP03_MAC)
            n++;
    }
    return n;
}

static bool ran(uint16_t sw)
{
    return sw == 0x9000 || sw >> 8 == 0x91;
}

/* Other status words leave open whether the command ran. */
static bool refused(uint16_t sw)
{
    return sw >> 8 == 0x64 || (sw >> 8 >= 0x67 && sw >> 8 <= 0x6E);
}

static void answered(struct join *j, const struct event *ev)
{
    struct join_key k = join_sms_key(&ev->eid, (uint8_t)ev->kvn, ev->counter);
    struct operation_seen *asked = map_get(j->confirmations, join_key_span(&k));
    struct operation_seen *fences = map_get(j->fences, join_key_span(&k));
    struct command *c = map_get(j->commands, join_key_span(&k));
    uint16_t sw;

    if (ev->por_status != 1)
        return;
    if (fences && fences->last && !fences->last->by_step && ev->counter > fences->counter)
        fences->fenced = true;
    if (asked)
        asked->confirmed = true;
    if (c && c->op->function == FN_SEND_DATA) { /* its elements, as of a step */
        c->heard = true;
        c->answered = ev->data.n > 0;
        c->accepted = effects(ev->data);
        return;
    }
    if (!c || !first_sw(ev->data, &sw))
        return;
    c->heard = true;
    c->answered = ran(sw) || refused(sw);
    c->accepted = ran(sw);
}

static void step_answered(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct join_key k = step_key(&ev->eid, &ev->session, ev->step);
    struct command *c = map_get(j->commands, join_key_span(&k));

    if (!c) {
        op->fenced = op->fenced || (op->last && op->last->by_step);
        return;
    }
    c->heard = true;
    if (op->function != FN_SEND_DATA) {
        c->answered = ev->sw && (ran((uint16_t)(ev->sw - 1)) || refused((uint16_t)(ev->sw - 1)));
        c->accepted = ev->sw && ran((uint16_t)(ev->sw - 1));
    } else {
        c->answered = ev->data.n > 0;
        c->accepted = effects(ev->data);
    }
}

/* Known by the card's own later word, even when the answer itself was lost. The last command of the
 * operation so far is the one it is about: a deletion by POL2 is armed after the record of the switch. */
static void later_word(struct operation_seen *op)
{
    if (op->last && !op->last->answered)
        op->last->accepted = 1;
}

static int concluded(struct operation_seen *op, const struct event *ev)
{
    if (op->verdict != VERDICT_NONE) /* a verdict is given once */
        return ERR_CORRUPT;
    op->verdict = ev->result;
    op->refused = ev->stage == STAGE_ADMISSION;
    op->unheard = ev->result == VERDICT_SUCCESS && status_is(&ev->code, ST_SWITCHED_UNHEARD);
    if (!op->function)
        op->function = ev->function;
    if (uuid_is_zero(&op->order))
        note_order(op, ev->fcid);
    return ERR_OK;
}

static int confirmation(struct join *j, struct operation_seen *op, const struct event *ev)
{
    struct join_key k = join_sms_key(&ev->eid, (uint8_t)ev->kvn, ev->counter);

    if (ev->purpose == PURPOSE_FENCE)
        return map_put(j->fences, join_key_span(&k), op);
    return ev->purpose == PURPOSE_CONFIRM ? map_put(j->confirmations, join_key_span(&k), op) : ERR_OK;
}

int join_event(struct join *j, const struct event *ev)
{
    struct operation_seen *op;

    if (uuid_is_zero(&ev->op))
        return ERR_OK;
    op = operation(j, ev);
    if (!op)
        return ERR_NOMEM;
    switch (ev->type) {
    case EV_OPERATION_ACCEPTED:
        op->function = ev->function;
        op->eid = ev->eid;
        note_order(op, ev->fcid);
        return ERR_OK;
    case EV_OPERATION_ARMED:
        return armed(j, op, ev);
    case EV_PACKET_ARMED:
        return confirmation(j, op, ev);
    case EV_STEP_OPENED:
        return step_opened(j, op, ev);
    case EV_OPERATION_ANSWERED:
        answered(j, ev);
        return ERR_OK;
    case EV_STEP_ANSWERED:
        step_answered(j, op, ev);
        return ERR_OK;
    case EV_EUICC_AUDITED:
        op->confirmed = true;
        return ERR_OK;
    case EV_PROFILE_DELETED:
        if (op->function == FN_DELETE_PROFILE || span_eq(ev->text, span_str("POL2")))
            later_word(op);
        return ERR_OK;
    case EV_PROFILE_ENABLED:
    case EV_PROFILE_DISABLED:
        op->turned = true;
        later_word(op);
        return ERR_OK;
    case EV_KEYSET_USED: /* the card answered under it */
        op->new_keys = true;
        later_word(op);
        return ERR_OK;
    case EV_KEYSET_DELETED: /* one that never came to the card is forgotten with the same word */
        if (op->new_keys)
            later_word(op);
        return ERR_OK;
    case EV_PROFILE_ROLLED_BACK:
    case EV_ISDP_CREATED:
    case EV_ATTRIBUTE_CHANGED:
        later_word(op);
        return ERR_OK;
    case EV_OPERATION_CONCLUDED:
        return concluded(op, ev);
    default:
        return ERR_OK;
    }
}

/* --- the SM-DP's journal --- */
static int order_accepted(struct join *j, const struct event *ev)
{
    struct card_seen *card = card_of(j, &ev->eid);
    struct order_seen *o = card ? calloc(1, sizeof *o) : NULL;
    int err;

    if (!o)
        return ERR_NOMEM;
    o->id = ev->op;
    o->function = ev->function;
    o->enable = ev->enable;
    err = map_put(j->orders, span_of(ev->op.b, 16), o);
    if (err) {
        free(o);
        return err;
    }
    if (card->last_order)
        card->last_order->next = o;
    else
        card->orders = o;
    card->last_order = o;
    return ERR_OK;
}

int join_order_event(struct join *j, const struct event *ev)
{
    struct order_seen *o = uuid_is_zero(&ev->op) ? NULL : map_get(j->orders, span_of(ev->op.b, 16));

    if (ev->type == EV_ORDER_ACCEPTED)
        return order_accepted(j, ev);
    if (ev->type == EV_PROFILE_ENABLED && o)
        o->enabled = true;
    if (ev->type != EV_ORDER_CONCLUDED || !o) /* or refused: nothing was ever asked of a card */
        return ERR_OK;
    if (o->verdict != VERDICT_NONE)
        return ERR_CORRUPT;
    o->verdict = ev->result;
    /* What enabled it may have a warning of its own: the profile that was left could not be deleted. */
    o->warned = ev->result == VERDICT_SUCCESS && ev->code.subject[0] && !o->enabled;
    return ERR_OK;
}

/* --- the ledger --- */
int join_row(struct join *j, const struct card_ledger_row *row)
{
    struct card_seen *card = card_of(j, &row->eid);
    struct row *r = card ? calloc(1, sizeof *r) : NULL;

    if (!r)
        return ERR_NOMEM;
    r->r = *row;
    r->good = row->sw == 0x9000 || row->sw == 0x0100 || (row->sw >> 8) == 0x61 ||
              (row->sw >> 8) == 0x62 || (row->sw >> 8) == 0x63;
    if (card->last)
        card->last->next = r;
    else
        card->first = r;
    card->last = r;
    return ERR_OK;
}
