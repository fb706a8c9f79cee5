/* SPDX-License-Identifier: Apache-2.0 */
/* Plans and state tables: the only code a decider shares. */
#include "common/proc/proc.h"

#include "common/msg/msg_type.h"

struct event *plan_record(struct plan *p, enum event_type type)
{
    struct event *ev = arena_alloc(p->arena, sizeof *ev);

    if (!ev || p->n_records >= PLAN_RECORDS_MAX) {
        p->err = ev ? ERR_FULL : ERR_NOMEM;
        memset(&p->spare, 0, sizeof p->spare);
        return &p->spare;
    }
    ev->type = type;
    p->records[p->n_records++] = ev;
    return ev;
}

void plan_out(struct plan *p, uint32_t kind, const void *body, size_t n)
{
    void *copy = n ? arena_dup(p->arena, body, n) : NULL;

    if ((n && !copy) || p->n_outs >= PLAN_OUTS_MAX) {
        p->err = n && !copy ? ERR_NOMEM : ERR_FULL;
        return;
    }
    p->outs[p->n_outs++] = (struct plan_out){kind, copy};
}

void plan_deliver(struct plan *p, struct event *with, const struct oid *party, struct message msg)
{
    const struct msg_info *info = msg_type_info(msg.type);
    void *copy = info ? arena_dup(p->arena, msg.body, info->size) : NULL;

    if (!copy || p->n_deliveries >= PLAN_DELIVERIES_MAX) {
        p->err = !info ? ERR_INTERNAL : !copy ? ERR_NOMEM : ERR_FULL;
        return;
    }
    p->deliveries[p->n_deliveries++] =
        (struct plan_delivery){*party, (struct message){msg.type, copy}, with};
}

int proc_step(const struct proc *proc, unsigned state, const struct proc_view *v,
              const struct input *in, struct plan *p)
{
    const struct proc_state *row;
    int err;

    if (state >= proc->n_states)
        return ERR_INTERNAL;
    row = &proc->states[state];
    if (!(row->in_mask & IN_BIT(in->kind)))
        return ERR_STATE;
    err = row->decide(v, in, p);
    if (err)
        return err;
    if (p->err)
        return p->err;
    for (unsigned i = 0; i < p->n_records; i++) {
        uint32_t next = p->records[i]->op_state;
        if (next && (next > 32 || !(row->out_mask & (1u << (next - 1u)))))
            return ERR_INTERNAL;
    }
    return ERR_OK;
}
