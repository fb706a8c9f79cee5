/* SPDX-License-Identifier: Apache-2.0 */
/* What a network says of a message: a record for who reads the story of an operation, and nothing else. An
 * SMSC says "delivered" where no card heard anything and "expired" of what ran, so no state, no time and no
 * verdict hangs on it (design law 4; facts: ota 7.1). */
#include "smsr/proc/run.h"

#include "common/base/mutant.h"
#include "smsr/domain/euicc.h"

/* A mistake only: the network's word for the card's, and nothing is sent again. */
static void believe(const struct run *r, struct event *ev)
{
    ev->op_state = r->op->state + 1;
    ev->due_ms = r->now + 365ll * 86400 * 1000;
}

int proc_reported(const struct proc_env *pe, const struct euicc *e, const struct input *in, struct plan *p)
{
    uint64_t counter = in->u.carrier.counter;
    const struct euicc_packet *pk = euicc_packet_of(e, e->scp80_kvn, counter);
    const struct operation *op = pk ? euicc_op(e, &pk->op) : NULL;
    enum message_report r = in->u.carrier.report;
    struct run run = RUN_OF(pe, e, op, in, p);
    struct event *ev;

    /* Answered by now, or said before of it. */
    if (!op || r == REPORTED_NOTHING || euicc_reported(e, pk, r, &in->u.carrier.profile))
        return ERR_STATE;
    ev = run_record(&run, EV_MESSAGE_REPORTED, -1, 0);
    ev->kvn = pk->kvn;
    ev->counter = counter;
    ev->purpose = pk->purpose;
    ev->iccid = in->u.carrier.profile;
    ev->aid = (struct aid){.n = 0};
    ev->number = (uint64_t)r;
    ev->text = in->u.carrier.text;
    if (r == REPORTED_DELIVERED && mutant("RECEIPT_IS_EVIDENCE"))
        believe(&run, ev);
    return ERR_OK;
}
