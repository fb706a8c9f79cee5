/* SPDX-License-Identifier: Apache-2.0 */
/* ES3 -> ES2 (SGP.02 5.3, 5.4: Handle...Notification): what an SM-SR tells goes to the operator whose
 * Mno-id it names, and to nobody else. Of what the SM-DP keeps nothing of, only that it was told. */
#include "smdp/proc/procs.h"

#include "common/msg/es2.h"
#include "common/msg/es3.h"

/* The ES3 notifications begin alike, and so do those of ES2; one of each has the rules behind it. */
#define BEGINS(st, plain, field) (offsetof(struct st, field) == offsetof(struct plain, field))
_Static_assert(sizeof(struct es3_handle_profile_enabled_notification) ==
                       sizeof(struct es3_profile_notification) &&
                   sizeof(struct es2_handle_profile_enabled_notification) ==
                       sizeof(struct es2_profile_notification) &&
                   BEGINS(es3_handle_policy_rules_updated_notification,
                          es3_handle_profile_enabled_notification, completion_timestamp_ms) &&
                   BEGINS(es2_handle_policy_rules_updated_notification,
                          es2_handle_profile_enabled_notification, completion_timestamp_ms),
               "one beginning");
_Static_assert(sizeof(struct es3_handle_profile_enabled_notification) ==
                       sizeof(struct es3_handle_profile_disabled_notification) &&
                   sizeof(struct es3_handle_profile_enabled_notification) ==
                       sizeof(struct es3_handle_profile_deleted_notification),
               "one shape");
_Static_assert(sizeof(struct es2_handle_profile_enabled_notification) ==
                       sizeof(struct es2_handle_profile_disabled_notification) &&
                   sizeof(struct es2_handle_profile_enabled_notification) ==
                       sizeof(struct es2_handle_profile_deleted_notification),
               "one shape");

static const struct {
    enum msg_type from, to;
    enum event_type record;
} ROWS[] = {
    {MSG_ES3_HANDLE_PROFILE_ENABLED_NOTIFICATION, MSG_ES2_HANDLE_PROFILE_ENABLED_NOTIFICATION,
     EV_PROFILE_ENABLED},
    {MSG_ES3_HANDLE_PROFILE_DISABLED_NOTIFICATION, MSG_ES2_HANDLE_PROFILE_DISABLED_NOTIFICATION,
     EV_PROFILE_DISABLED},
    {MSG_ES3_HANDLE_PROFILE_DELETED_NOTIFICATION, MSG_ES2_HANDLE_PROFILE_DELETED_NOTIFICATION,
     EV_PROFILE_DELETED},
    {MSG_ES3_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION, MSG_ES2_HANDLE_PROFILE_DOWNLOADED_NOTIFICATION,
     EV_NOTICE_RELAYED},
    {MSG_ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION,
     MSG_ES2_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION, EV_NOTICE_RELAYED},
    {MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION,
     MSG_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_SET_NOTIFICATION, EV_NOTICE_RELAYED},
    {MSG_ES3_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION,
     MSG_ES2_HANDLE_PROFILE_FALL_BACK_ATTRIBUTE_UNSET_NOTIFICATION, EV_NOTICE_RELAYED},
    {MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION,
     MSG_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_SET_NOTIFICATION, EV_NOTICE_RELAYED},
    {MSG_ES3_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION,
     MSG_ES2_HANDLE_EMERGENCY_PROFILE_ATTRIBUTE_UNSET_NOTIFICATION, EV_NOTICE_RELAYED},
};

bool dp_notice_changes_stock(enum msg_type t)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (ROWS[i].from == t)
            return ROWS[i].record != EV_NOTICE_RELAYED;
    return false;
}

bool dp_notice_known(enum msg_type t)
{
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        if (ROWS[i].from == t)
            return true;
    return false;
}

static void drop_keys(struct plan *p, struct event *ev)
{
    char id[DP_SECRET_ID];
    char *copy;

    dp_secret_id(DP_SECRET_ISDP_KEYS, &ev->iccid, id);
    copy = arena_str(p->arena, span_str(id));
    if (copy)
        ev->secrets[ev->n_secrets++] = (struct event_secret){.id = span_str(copy)};
    else
        p->err = ERR_NOMEM;
}

int dp_notice_decide(const struct dp_proc_env *pe, const struct envelope *e, struct plan *p)
{
    const struct es3_handle_profile_enabled_notification *n = e->message.body;
    struct es2_handle_policy_rules_updated_notification out = {0}; /* the longest */
    size_t row = 0;
    struct event *ev;

    while (row < sizeof ROWS / sizeof *ROWS && ROWS[row].from != e->message.type)
        row++;
    if (e->kind != ENV_NOTICE || row == sizeof ROWS / sizeof *ROWS)
        return ERR_STATE;
    if (eid_is_zero(&n->eid) || !n->iccid.s[0]) /* of no profile: nothing to hang a record on */
        return ERR_NOT_FOUND;
    if (!dp_env_has_role(dp_env_party(pe->env, &n->mno_id), ROLE_OPERATOR))
        return ERR_NOT_FOUND;
    ev = plan_record(p, ROWS[row].record);
    ev->eid = n->eid;
    ev->iccid = n->iccid;
    ev->mno = n->mno_id;
    if (ROWS[row].record == EV_NOTICE_RELAYED)
        ev->function = msg_type_info(e->message.type)->function;
    ev->completed_at_ms = n->completion_timestamp_ms;
    /* Keys of an ISD-P that is gone; only of a profile that was on this very card. */
    if (ROWS[row].record == EV_PROFILE_DELETED && pe->item && pe->item->state == STOCK_INSTALLED &&
        eid_eq(&pe->item->eid, &n->eid))
        drop_keys(p, ev);
    out.eid = n->eid;
    out.iccid = n->iccid;
    out.completion_timestamp_ms = n->completion_timestamp_ms;
    if (e->message.type == MSG_ES3_HANDLE_POLICY_RULES_UPDATED_NOTIFICATION)
        out.pol2 = ((const struct es3_handle_policy_rules_updated_notification *)e->message.body)->pol2;
    plan_deliver(p, ev, &n->mno_id, (struct message){ROWS[row].to, &out});
    return p->err;
}
