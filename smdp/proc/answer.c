/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of an SM-SR become verdicts, answers to operators become messages (SGP.02 5.3, 5.4). */
#include "smdp/proc/procs.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"

/* false: no memory. */
static bool keep(struct arena *a, struct span *s)
{
    if (!s->n)
        return true;
    s->p = arena_dup(a, s->p, s->n);
    return s->p != NULL;
}

static bool keep_profile(struct arena *a, struct eis_profile *p)
{
    bool kept = keep(a, &p->profile_type);

    for (unsigned i = 0; kept && i < p->pol2.n; i++) {
        struct pol2_rule *rule = &p->pol2.rules[i];
        kept = keep(a, &rule->subject) && keep(a, &rule->action) && keep(a, &rule->qualification);
    }
    return kept;
}

const struct eis *dp_operator_view(struct arena *a, const struct eis *whole)
{
    struct eis *eis = arena_dup(a, whole, sizeof *whole);
    bool kept;

    if (!eis)
        return NULL;
    eis->ecasd_certificate = eis->eum_certificate = (struct span){NULL, 0};
    eis->eum_signed_info = eis->eum_signature = (struct span){NULL, 0};
    memset(&eis->isd_p_load_file, 0, sizeof eis->isd_p_load_file);
    memset(&eis->isd_p_module, 0, sizeof eis->isd_p_module);
    eis->last_audit_ms = 0;
    eis->n_keysets = 0;
    /* The octets of the SM-SR's answer end with the call that brought it; this one leaves with the turn. */
    kept = keep(a, &eis->platform_type) && keep(a, &eis->platform_version) &&
           keep(a, &eis->capabilities.remote_provisioning_version) && keep(a, &eis->capabilities.platform);
    for (unsigned i = 0; kept && i < eis->n_profiles; i++)
        kept = keep_profile(a, &eis->profiles[i]);
    for (unsigned i = 0; kept && i < eis->properties.n; i++)
        kept = keep(a, &eis->properties.list[i].key) && keep(a, &eis->properties.list[i].value);
    return kept ? eis : NULL;
}

enum interface dp_answer_iface(enum function f)
{
    return f == FN_REPLACE_PROFILE ? IF_ADMIN : IF_ES2;
}

struct message dp_answer(struct arena *a, enum function f, const struct exec_answer *x,
                         const struct iccid *iccid, const struct eis *eis, int64_t start_ms,
                         int64_t end_ms, uint32_t acceptable_s)
{
    struct message m = {msg_type_find(dp_answer_iface(f), f, MSG_KIND_RESPONSE), NULL};
    const struct msg_info *info = msg_type_info(m.type);
    struct base_response *base = info ? arena_alloc(a, info->size) : NULL;

    if (!base)
        return (struct message){MSG_NONE, NULL};
    /* The common part stands first in every response. */
    base->processing_start_ms = start_ms;
    base->processing_end_ms = end_ms;
    base->acceptable_validity_period_s = acceptable_s;
    base->answer = *x;
    if (x->message.n)
        base->answer.message = span_of(arena_dup(a, x->message.p, x->message.n), x->message.n);
    if (x->subject_identifier.n)
        base->answer.subject_identifier =
            span_of(arena_dup(a, x->subject_identifier.p, x->subject_identifier.n),
                    x->subject_identifier.n);
    if (m.type == MSG_ADMIN_PROFILE_REPLACE_RESPONSE && iccid)
        ((struct admin_profile_replace_response *)base)->iccid = *iccid;
    if (m.type == MSG_ES2_DOWNLOAD_PROFILE_RESPONSE && iccid)
        ((struct es2_download_profile_response *)base)->iccid = *iccid;
    if (m.type == MSG_ES2_AUDIT_EIS_RESPONSE && eis)
        ((struct es2_audit_eis_response *)base)->eis = dp_operator_view(a, eis);
    m.body = base;
    return m;
}

enum verdict dp_answer_verdict(const struct envelope *e, const struct exec_answer *x)
{
    if (e->verdict != VERDICT_NONE)
        return e->verdict;
    switch (x->status) {
    case EXEC_SUCCESS:
    case EXEC_WARNING:
        return VERDICT_SUCCESS;
    case EXEC_EXPIRED:
        return status_is(&x->code, DP_ST_IN_DOUBT) ? VERDICT_IN_DOUBT : VERDICT_EXPIRED;
    default:
        return VERDICT_FAILED;
    }
}
