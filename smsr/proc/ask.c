/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of ES3 and ES4 as one shape: what both have has one layout. */
#include "smsr/proc/admission.h"

#include <assert.h>

#include "common/msg/admin.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"

/* What names a profile and nothing else, of both interfaces: base, EID, ICCID in this order. */
static void plain(struct ask *a, const void *body)
{
    const struct es3_enable_profile_request *m = body;

    a->eid = m->eid;
    a->iccid = m->iccid;
}

static_assert(
    sizeof(struct es3_enable_profile_request) == sizeof(struct es4_enable_profile_request) &&
        sizeof(struct es3_disable_profile_request) == sizeof(struct es4_disable_profile_request) &&
        sizeof(struct es3_delete_isdp_request) == sizeof(struct es4_delete_profile_request) &&
        sizeof(struct es3_enable_profile_request) == sizeof(struct es3_delete_isdp_request) &&
        sizeof(struct es3_enable_profile_request) == sizeof(struct es3_set_fall_back_attribute_request) &&
        sizeof(struct es3_enable_profile_request) == sizeof(struct es4_set_fall_back_attribute_request) &&
        sizeof(struct es3_enable_profile_request) ==
            sizeof(struct es3_set_emergency_profile_attribute_request) &&
        sizeof(struct es3_enable_profile_request) ==
            sizeof(struct es4_set_emergency_profile_attribute_request),
    "the plain profile requests share one layout");

static void create_isdp(struct ask *a, const void *body)
{
    const struct es3_create_isdp_request *m = body;

    a->eid = m->eid;
    a->iccid = m->iccid;
    a->mno = m->mno_id;
    a->memory = m->required_memory;
    a->more_to_do = m->more_to_do;
}

static void send_data(struct ask *a, const void *body)
{
    const struct es3_send_data_request *m = body;

    a->eid = m->eid;
    a->sd_aid = m->sd_aid;
    a->data = m->data;
    a->more_to_do = m->more_to_do;
}

static void completed(struct ask *a, const void *body)
{
    const struct es3_profile_download_completed_request *m = body;

    a->eid = m->eid;
    a->iccid = m->iccid;
    a->profile_type = m->profile_type;
    a->address = m->address;
    a->pol2 = m->pol2;
}

static_assert(sizeof(struct es3_audit_eis_request) == sizeof(struct es4_audit_eis_request) &&
                  sizeof(struct es3_update_subscription_address_request) ==
                      sizeof(struct es4_update_subscription_address_request) &&
                  sizeof(struct es3_update_policy_rules_request) ==
                      sizeof(struct es4_update_policy_rules_request),
              "ES3 and ES4 ask for these in one layout");

static void audit(struct ask *a, const void *body)
{
    const struct es4_audit_eis_request *m = body;

    a->eid = m->eid;
    a->iccids = m->iccids;
    a->n_iccids = m->n_iccids;
}

static void address(struct ask *a, const void *body)
{
    const struct es4_update_subscription_address_request *m = body;

    a->eid = m->eid;
    a->iccid = m->iccid;
    a->address = m->new_address;
}

static void policy(struct ask *a, const void *body)
{
    const struct es4_update_policy_rules_request *m = body;

    a->eid = m->eid;
    a->iccid = m->iccid;
    a->pol2 = m->pol2;
}

static void rotate(struct ask *a, const void *body)
{
    const struct admin_keys_rotate_request *m = body;

    a->eid = m->eid;
    a->more_to_do = m->sessions;
}

static const struct {
    enum msg_type type;
    void (*read)(struct ask *a, const void *body);
} TABLE[] = {
    {MSG_ES3_CREATE_ISDP_REQUEST, create_isdp},
    {MSG_ES3_SEND_DATA_REQUEST, send_data},
    {MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, completed},
    {MSG_ES3_ENABLE_PROFILE_REQUEST, plain},
    {MSG_ES3_DISABLE_PROFILE_REQUEST, plain},
    {MSG_ES3_DELETE_ISDP_REQUEST, plain},
    {MSG_ES3_SET_FALL_BACK_ATTRIBUTE_REQUEST, plain},
    {MSG_ES3_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST, plain},
    {MSG_ES4_SET_FALL_BACK_ATTRIBUTE_REQUEST, plain},
    {MSG_ES4_SET_EMERGENCY_PROFILE_ATTRIBUTE_REQUEST, plain},
    {MSG_ES3_AUDIT_EIS_REQUEST, audit},
    {MSG_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, address},
    {MSG_ES3_UPDATE_POLICY_RULES_REQUEST, policy},
    {MSG_ES4_ENABLE_PROFILE_REQUEST, plain},
    {MSG_ES4_DISABLE_PROFILE_REQUEST, plain},
    {MSG_ES4_DELETE_PROFILE_REQUEST, plain},
    {MSG_ES4_AUDIT_EIS_REQUEST, audit},
    {MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, address},
    {MSG_ES4_UPDATE_POLICY_RULES_REQUEST, policy},
    {MSG_ADMIN_KEYS_ROTATE_REQUEST, rotate},
};

bool ask_read(const struct in_call *call, struct ask *ret)
{
    const struct msg_info *info = msg_type_info(call->msg->type);
    const struct base_request *base = call->msg->body;

    memset(ret, 0, sizeof *ret);
    for (size_t i = 0; i < sizeof TABLE / sizeof *TABLE; i++) {
        if (TABLE[i].type != call->msg->type || !info)
            continue;
        ret->fn = info->function;
        ret->caller = (struct caller){call->party, call->role, info->iface, call->mno_id};
        ret->fcid = base->function_call_identifier;
        ret->validity_s = base->validity_period_s;
        ret->has_validity = base->has_validity_period;
        ret->wake_s = base->wake_deadline_s;
        ret->at_next_contact = base->at_next_contact;
        ret->mno = call->mno_id;
        TABLE[i].read(ret, call->msg->body);
        return true;
    }
    return false;
}
