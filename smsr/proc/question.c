/* SPDX-License-Identifier: Apache-2.0 */
/* The question what is on the card, which fences a command or audits: its forms, where it goes, what became of its
 * answer (design law 4; facts: sgp02 section 6.5). */
#include "smsr/proc/run.h"
#include "common/codec/packet.h"
#include "smsr/domain/reach.h"

/* What the list of a card is like, nobody knows: asked again it is asked in another form, each in its turn. */
enum { ASK_WHOLE, ASK_IN_PAGES, ASK_BY_NAME, ASK_FORMS };

static void audit_put(const struct run *r, struct writer *w, enum script_form form, unsigned ask)
{
    if (r->op->function == FN_SET_FALLBACK_ATTRIBUTE)
        es5_fallback_ask(w, form, &r->op->aid);
    else if (ask == ASK_IN_PAGES)
        es5_audit_paged(w, form, r->e->n_profiles);
    else if (ask == ASK_BY_NAME)
        es5_audit_named(w, form, r->e, &r->op->aid);
    else
        es5_audit(w, form, r->e->n_profiles);
}

/* Steps count from 1. */
void run_audit_step_put(const struct run *r, struct writer *w)
{
    audit_put(r, w, SCRIPT_INDEFINITE, (r->e->next_step - 1) % ASK_FORMS);
}

/* The form of the packet that comes next, when it is not the first question. */
static unsigned ask_next(const struct run *r)
{
    return (unsigned)(r->e->counter_high % ASK_FORMS);
}

bool run_list_cut(struct run *r, const struct euicc_packet *pk, int err)
{
    if (err != ERR_TRUNCATED || (ask_next(r) == ASK_WHOLE && pk->counter == r->e->counter_high))
        return false;
    r->again = pk->counter;
    return true;
}

int run_list_read(const struct run *r, struct span response, struct es5_status *ret)
{
    int err = es5_audit_read(r->e, response, ret);

    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

int run_fence_to(struct run *r, enum packet_purpose purpose, int state,
                 const struct euicc_profile *to)
{
    struct writer w = run_writer(r, ES5_AUDIT_ROOM);
    int64_t due = run_fence_due(r, r->op->fences);
    int err;

    audit_put(r, &w, dialect_of(r->e)->packet_form,
              r->op->state == (unsigned)state ? ask_next(r) : ASK_WHOLE);
    if (to && !to->msisdn.s[0])
        to = NULL;
    if (purpose == PURPOSE_AUDIT)
        due = run_patient_due(r, due);
    err = run_arm(r, purpose, wr_view(&w), state, due, euicc_enabled(r->e), to);
    if (!err)
        r->p->unit.armed->number = r->again;
    return err;
}

/* Both numbers the card may have now: of the profile it left and of the one it goes to, be it by itself. Silent at
 * both, it may have fallen back: every second question goes there instead. */
const struct euicc_profile *run_asked_at(const struct run *r, uint32_t turn)
{
    const struct euicc_profile *fallback = euicc_fallback(r->e);

    /* Whom it falls back to may be another by now. */
    if (r->op->function == FN_SET_FALLBACK_ATTRIBUTE && turn % 2)
        return euicc_profile_by_iccid(r->e, &r->op->iccid);
    if (r->op->function != FN_ENABLE_PROFILE || (turn % 2 && fallback && fallback != euicc_enabled(r->e)))
        return fallback;
    return euicc_profile_by_iccid(r->e, &r->op->iccid);
}

int run_fence(struct run *r, enum packet_purpose purpose, int state)
{
    /* One that follows an answer at once goes where that one went. */
    uint32_t turn = r->op->fences - (r->in->kind == IN_POR && r->op->fences ? 1u : 0u);

    return run_fence_to(r, purpose, state, run_asked_at(r, turn));
}
