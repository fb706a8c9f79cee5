/* SPDX-License-Identifier: Apache-2.0 */
/* Records of what goes to a card and what it answered: packets by counter, steps of a session. */
#include "smsr/domain/euicc_int.h"

#include "common/base/mutant.h"
#include "smsr/domain/limit.h"

#include <assert.h>
#include <stdlib.h>

void euicc_packets_drop(struct euicc *e, const struct uuid *op)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < e->n_packets; i++)
        if (!uuid_eq(&e->packets[i].op, op))
            e->packets[kept++] = e->packets[i];
    e->n_packets = kept;
}

/* --- how a bearer does --- */
void euicc_bearer_heard(struct euicc *e, struct operation *op, enum bearer b)
{
    e->heard[b].misses = 0;
    if (op && op->asked == b)
        op->asked = BEARER_NONE;
}

void euicc_bearer_missed(struct euicc *e, const struct operation *op, int64_t at_ms)
{
    struct euicc_bearer *b = &e->heard[op->asked];

    if (!op->asked)
        return;
    if (b->misses < UINT8_MAX)
        b->misses++;
    b->missed_ms = at_ms;
}

/* Another choice before anything was heard over the last one: that was in vain. */
int euicc_bearer_chosen(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);

    if (!op || r->ev->bearer > BEARER_CATTP)
        return ERR_CORRUPT;
    euicc_bearer_missed(e, op, r->at_ms);
    op->asked = r->ev->bearer;
    return ERR_OK;
}

/* An operation is armed: the first time it counts, if it is one that does (limit.h). */
static void arm(struct euicc *e, struct operation *op, int64_t at_ms)
{
    if (!op->armed && limit_counts(op->function)) {
        e->effect_ms[e->effect_at] = at_ms;
        e->effect_at = (e->effect_at + 1) % (sizeof e->effect_ms / sizeof *e->effect_ms);
    }
    op->armed = true;
}

/* A switch or another command is tried again, behind the fence of what was armed for it before: a late answer to
 * that is one to nothing that is open. */
static void forget_try(struct euicc *e, const struct event *ev)
{
    struct operation *op = euicc_op(e, &ev->op);

    if (!op || !op->armed || ev->attempt <= op->attempt || ev->purpose != PURPOSE_CMD ||
        !(operation_is_switch(op) || operation_is_command(op)))
        return;
    euicc_packets_drop(e, &op->id);
    op->armed_ms = 0;
    /* It may have run and been undone, and the card tells of that later. */
    e->unheard = e->unheard || operation_is_switch(op);
}

int euicc_armed(struct euicc *e, const struct euicc_record *r)
{
    const struct event *ev = r->ev;
    struct operation *op = euicc_op(e, &ev->op);
    uint64_t *high = euicc_counter(e, (uint8_t)ev->kvn);
    struct euicc_packet *p;

    if (!op || !high || ev->counter <= *high)
        return ERR_CORRUPT;
    forget_try(e, ev);
    (void)euicc_advance(e, r);
    *high = ev->counter;
    if (e->n_packets == EUICC_PACKETS_MAX) {
        memmove(&e->packets[0], &e->packets[1], (EUICC_PACKETS_MAX - 1) * sizeof e->packets[0]);
        e->n_packets--;
    }
    p = &e->packets[e->n_packets++];
    memset(p, 0, sizeof *p);
    p->kvn = (uint8_t)ev->kvn;
    p->counter = ev->counter;
    p->purpose = ev->purpose;
    p->op = ev->op;
    p->lsn = r->lsn;
    p->first_sent_ms = r->at_ms;
    /* A trigger behind an open effect step asks for the session in which the card is audited. number: of the
     * question whose answer was lost, or cut, when this one repeats it at once: it is no more patient. */
    if ((ev->purpose == PURPOSE_FENCE && !ev->number) || (ev->purpose == PURPOSE_TRIGGER && op->armed))
        op->fences++;
    if (ev->purpose == PURPOSE_FENCE || ev->purpose == PURPOSE_AUDIT)
        op->asked_again = ev->number != 0;
    if (ev->type == EV_OPERATION_ARMED) {
        arm(e, op, r->at_ms);
        if (!op->armed_ms)
            op->armed_ms = r->at_ms;
        op->kvn = (uint8_t)ev->kvn;
        op->counter = ev->counter;
        op->bearer = op->asked = ev->bearer == BEARER_CATTP ? BEARER_CATTP : BEARER_SMS;
        if (op->bearer == BEARER_CATTP)
            op->session = ev->session;
        if (ev->previous_aid.n) { /* a later deletion of the same operation leaves it */
            op->previous = ev->previous;
            op->previous_aid = ev->previous_aid;
        }
    }
    return ERR_OK;
}

/* What the steps of a SendData answered so far; its RESPONSE carries it. */
static int keep_answer(struct operation *op, struct span data)
{
    uint8_t *grown;

    if (op->function != FN_SEND_DATA || !data.n)
        return ERR_OK;
    grown = realloc(op->rsp, op->rsp_len + data.n);
    if (!grown)
        return ERR_NOMEM;
    memcpy(grown + op->rsp_len, data.p, data.n);
    op->rsp = grown;
    op->rsp_len += data.n;
    return ERR_OK;
}

/* A bit for each word of a network, of the profile that is on and of the one that may be. */
static uint16_t report_bit(const struct euicc *e, uint64_t r, const struct iccid *profile)
{
    const struct euicc_profile *on = euicc_enabled(e);
    static_assert(2 * REPORTED_COUNT <= 16, "all of them fit into euicc_packet.reported");
    unsigned side = on && iccid_eq(&on->iccid, profile) ? 0 : REPORTED_COUNT;

    return r < REPORTED_COUNT ? (uint16_t)(1u << (side + (unsigned)r)) : 0;
}

bool euicc_reported(const struct euicc *e, const struct euicc_packet *pk, enum message_report r,
                    const struct iccid *profile)
{
    return pk->reported & report_bit(e, (uint64_t)r, profile);
}

/* A hint: nothing else hangs on it. */
int euicc_message_reported(struct euicc *e, const struct euicc_record *r)
{
    struct euicc_packet *p = euicc_packet_by_counter(e, (uint8_t)r->ev->kvn, r->ev->counter);

    if (p)
        p->reported |= report_bit(e, r->ev->number, &r->ev->iccid);
    if (mutant("RECEIPT_IS_EVIDENCE"))
        (void)euicc_advance(e, r);
    return ERR_OK;
}

#define SW_TAKEN 0x9000u /* a confirmation the card waited for */

/* An answered packet is dead: its counter is consumed, its answer is here. */
int euicc_answered(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);
    struct euicc_packet *p = euicc_packet_by_counter(e, (uint8_t)r->ev->kvn, r->ev->counter);

    if (!op)
        return ERR_CORRUPT;
    euicc_bearer_heard(e, op, op->bearer == BEARER_CATTP && r->ev->counter == op->counter
                                  ? BEARER_CATTP
                                  : BEARER_SMS);
    if (p) {
        size_t at = (size_t)(p - e->packets);
        if (p->purpose == PURPOSE_CONFIRM && r->ev->sw == SW_TAKEN + 1u)
            e->unheard = false;
        memmove(&e->packets[at], &e->packets[at + 1], (e->n_packets - at - 1) * sizeof *p);
        e->n_packets--;
    }
    /* number, by CAT_TP: how far CreateISDP or SendData have come, as a step says it. */
    if ((op->function == FN_CREATE_ISDP || op->function == FN_SEND_DATA) &&
        op->bearer == BEARER_CATTP && r->ev->counter == op->counter) {
        op->data_done = (uint32_t)r->ev->number;
        return keep_answer(op, r->ev->data);
    }
    /* number: until when a card seen on the new profile may still roll back. */
    if (r->ev->number)
        op->window_end_ms = (int64_t)r->ev->number;
    if (r->ev->sw && r->ev->counter == op->counter)
        op->ran = true;
    return ERR_OK;
}

int euicc_step_opened(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_op(e, &r->ev->op);

    if (!op || r->ev->step < e->next_step)
        return ERR_CORRUPT;
    forget_try(e, r->ev);
    (void)euicc_advance(e, r);
    op->session = r->ev->session;
    op->step = r->ev->step;
    op->step_open = true;
    op->bearer = op->asked = BEARER_HTTPS;
    if (r->ev->purpose == PURPOSE_CMD) {
        arm(e, op, r->at_ms);
        if (operation_is_switch(op) && !op->armed_ms)
            op->armed_ms = r->at_ms;
        if (r->ev->previous_aid.n) {
            op->previous = r->ev->previous;
            op->previous_aid = r->ev->previous_aid;
        }
    }
    e->next_step = r->ev->step + 1;
    return ERR_OK;
}

int euicc_step_answered(struct euicc *e, const struct euicc_record *r)
{
    struct operation *op = euicc_advance(e, r);

    if (!op || !op->step_open || op->step != r->ev->step)
        return ERR_CORRUPT;
    op->step_open = false;
    euicc_bearer_heard(e, op, BEARER_HTTPS);
    op->data_done = (uint32_t)r->ev->number;
    if (r->ev->sw && operation_is_switch(op))
        op->ran = true;
    return keep_answer(op, r->ev->data);
}
