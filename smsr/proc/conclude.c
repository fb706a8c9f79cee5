/* SPDX-License-Identifier: Apache-2.0 */
/* How an operation ends: verdict, answer, and what other parties must hear (design 3.4; facts:
 * sgp02 6.9 rule 4). One plan, one commit. */
#include "smsr/proc/run.h"

#include "common/msg/admin.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"

#include <assert.h>

/* Two profiles of a switch, each with its owner and its service providers, stand in one record. */
static_assert(2 * (1 + ENV_NOTIFIED_MAX) <= EVENT_DELIVERIES_MAX,
              "the record of a switch has room for all who hear of it");

static struct message *keep(struct run *r, struct message m)
{
    return arena_dup(r->p->arena, &m, sizeof m);
}

static const struct euicc_profile *target(const struct run *r)
{
    return euicc_profile_by_iccid(r->e, &r->op->iccid);
}

static void answer_with(struct run *r, struct event *ev, const struct exec_answer *answer,
                        struct span data)
{
    struct message m;

    if (!r->op->party.s[0]) /* our own operation: nobody asked */
        return;
    if (r->op->answered || r->answered_now) {
        struct operation_concluded notice;
        memset(&notice, 0, sizeof notice);
        notice.operation = r->op->id;
        notice.function = r->op->function;
        notice.fcid = ev->fcid;
        notice.eid = r->e->eid;
        notice.iccid = r->op->iccid;
        notice.verdict = ev->result;
        notice.code = answer->code;
        notice.text = answer->message;
        plan_deliver(r->p, ev, &r->op->party, (struct message){MSG_OPERATION_CONCLUDED, &notice});
        return;
    }
    m = proc_answer(r->p->arena, r->op->iface, r->op->function, answer, data, &r->op->aid,
                    r->op->accepted_ms, r->now, 0);
    if ((m.type == MSG_ES4_AUDIT_EIS_RESPONSE || m.type == MSG_ES3_AUDIT_EIS_RESPONSE) && r->eis) {
        struct es4_audit_eis_response *shown = arena_dup(r->p->arena, m.body, sizeof *shown);
        if (shown) {
            shown->eis = r->eis;
            m.body = shown;
        }
    }
    ev->answer_msg = keep(r, m);
    plan_deliver(r->p, ev, &r->op->party, m);
}

static struct event *conclude(struct run *r, enum verdict v, const struct exec_answer *answer,
                              enum stage stage, struct span data)
{
    struct event *ev = run_record(r, EV_OPERATION_CONCLUDED, -1, 0);

    ev->result = v;
    ev->code = answer->code;
    ev->text = answer->message;
    ev->stage = stage;
    ev->kvn = r->e->scp80_kvn;
    ev->counter_high = r->e->counter_high;
    ev->completed_at_ms = r->now;
    if (r->op->notif_seen)
        ev->sequence = r->op->notif_sequence + 1u;
    ev->imei = euicc_imei(r->e, r->p->arena);
    answer_with(r, ev, answer, data);
    return ev;
}

struct event *run_conclude(struct run *r, enum verdict v, enum status_code code, enum stage stage,
                           struct span data)
{
    struct exec_answer a = status_answer(code);
    return conclude(r, v, &a, stage, data);
}

struct event *run_conclude_warning(struct run *r, enum status_code code, struct span data)
{
    struct exec_answer a = status_answer(code);

    a.status = EXEC_WARNING;
    return conclude(r, VERDICT_SUCCESS, &a, STAGE_NONE, data);
}

void run_expire_unsent(struct run *r)
{
    if (r->op->armed) { /* it waits to be tried again: what was armed before has been fenced */
        (void)run_conclude(r, VERDICT_FAILED, ST_NO_EFFECT, STAGE_BEARER, (struct span){NULL, 0});
        return;
    }
    (void)run_conclude(r, VERDICT_EXPIRED, ST_EXPIRED_UNSENT, STAGE_BEARER, (struct span){NULL, 0});
}

/* The answer goes out now, once; the verdict is found by the fence and told as OperationConcluded.
 */
void run_expire_sent(struct run *r, const char *why, int state, int64_t due)
{
    struct exec_answer a = status_answer(ST_EXPIRED_SENT);
    struct event *ev = run_record(r, EV_OPERATION_EXPIRED, state, due);
    struct message m;

    r->answered_now = true; /* from here on the validity period caps no timer any more */
    if (state >= 0)
        ev->due_ms = due;
    ev->code = a.code;
    if (r->op->party.s[0]) {
        m = proc_answer(r->p->arena, r->op->iface, r->op->function, &a, (struct span){NULL, 0},
                        &r->op->aid, r->op->accepted_ms, r->now, 0);
        ev->answer_msg = keep(r, m);
        plan_deliver(r->p, ev, &r->op->party, m);
    }
    run_in_doubt(r, why);
}

static struct message rules_notification(struct run *r, const struct event *with,
                                         const struct euicc_profile *p)
{
    struct es4_handle_policy_rules_updated_notification *n = arena_alloc(r->p->arena, sizeof *n);

    if (!n)
        return (struct message){MSG_NONE, NULL};
    n->eid = r->e->eid;
    n->iccid = p->iccid;
    n->completion_timestamp_ms = r->now;
    pol2_write((uint8_t)with->pol2, &n->pol2);
    return (struct message){MSG_ES4_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION, n};
}

static struct message notification(struct run *r, enum interface iface, enum function f,
                                   const struct euicc_profile *p)
{
    enum msg_type t = msg_type_find(iface, f, MSG_KIND_NOTICE);
    void *body;

    if (iface == IF_ES3) {
        struct es3_handle_profile_enabled_notification *n = arena_alloc(r->p->arena, sizeof *n);
        if (n)
            *n = (struct es3_handle_profile_enabled_notification){r->e->eid, p->iccid, p->mno,
                                                                  r->now};
        body = n;
    } else {
        struct es4_handle_profile_enabled_notification *n = arena_alloc(r->p->arena, sizeof *n);
        if (n)
            *n = (struct es4_handle_profile_enabled_notification){r->e->eid, p->iccid, r->now};
        body = n;
    }
    return (struct message){body ? t : MSG_NONE, body};
}

static_assert(sizeof(struct es3_handle_profile_enabled_notification) ==
                      sizeof(struct es3_handle_profile_disabled_notification) &&
                  sizeof(struct es3_handle_profile_enabled_notification) ==
                      sizeof(struct es3_handle_profile_deleted_notification) &&
                  sizeof(struct es4_handle_profile_enabled_notification) ==
                      sizeof(struct es4_handle_profile_disabled_notification) &&
                  sizeof(struct es4_handle_profile_enabled_notification) ==
                      sizeof(struct es4_handle_profile_deleted_notification) &&
                  sizeof(struct es3_handle_profile_enabled_notification) ==
                      sizeof(struct es3_profile_notification) &&
                  sizeof(struct es4_handle_profile_enabled_notification) ==
                      sizeof(struct es4_profile_notification),
              "the notifications of one interface share one layout");

/* The owner hears it by ES3 through the SM-DP of that profile, else by ES4, never both
 * (design 3.5). */
static void notify_owner(struct run *r, struct event *with, const struct euicc_profile *p,
                         enum function f)
{
    bool by_smdp = p->smdp.s[0] && env_on_behalf(r->env, &p->mno, &p->smdp);
    const struct oid *to = by_smdp ? &p->smdp : &p->mno;
    struct message m;

    if (!env_party(r->env, to))
        return;
    /* Who asked for this very change of this profile has the answer; its SM-DP relays its own. What
     * else became of the profile, no answer tells. */
    if (r->op && oid_eq(&r->op->party, to) && target(r) == p && f == r->op->function &&
        with->type != EV_PROFILE_FALLEN_BACK)
        return;
    m = notification(r, by_smdp ? IF_ES3 : IF_ES4, f, p);
    if (m.type != MSG_NONE)
        plan_deliver(r->p, with, to, m);
}

void run_notify(struct run *r, struct event *with, const struct euicc_profile *p, enum function f)
{
    const struct oid *sp[ENV_NOTIFIED_MAX + 1];
    unsigned n;

    if (!p)
        return;
    /* What only its owner can do, or has ordered, it knows from the answer (SGP.02 3.1.1, 3.11). */
    if (f != FN_PROFILE_DOWNLOAD_COMPLETED && f != FN_UPDATE_POLICY_RULES)
        notify_owner(r, with, p, f);
    n = env_notified(r->env, env_realm(r->env, &r->e->eid), &p->mno, p->profile_type, f, sp);
    for (unsigned i = 0; i < n && i < ENV_NOTIFIED_MAX; i++) {
        struct message m;
        if (oid_eq(sp[i], &with->party))
            continue;
        m = f == FN_UPDATE_POLICY_RULES ? rules_notification(r, with, p)
                                        : notification(r, IF_ES4, f, p);
        if (m.type != MSG_NONE)
            plan_deliver(r->p, with, sp[i], m);
    }
}
