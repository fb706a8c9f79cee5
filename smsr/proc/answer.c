/* SPDX-License-Identifier: Apache-2.0 */
/* RESPONSE messages of all functions, in one place. Every response struct starts with
 * base_response. */
#include "smsr/proc/run.h"

#include "common/msg/es1.h"
#include "common/msg/es3.h"
#include "common/msg/es4.h"
#include "common/msg/msg_type.h"

static void add_data(enum msg_type t, void *body, struct span data, const struct aid *isdp_aid,
                     bool ok)
{
    switch (t) {
    case MSG_ES3_CREATE_ISDP_RESPONSE: {
        struct es3_create_isdp_response *m = body;
        m->euicc_response_data = data;
        if (ok && isdp_aid)
            m->isdp_aid = *isdp_aid;
        break;
    }
    case MSG_ES3_SEND_DATA_RESPONSE:
        ((struct es3_send_data_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES3_ENABLE_PROFILE_RESPONSE:
        ((struct es3_enable_profile_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES3_DISABLE_PROFILE_RESPONSE:
        ((struct es3_disable_profile_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES3_DELETE_ISDP_RESPONSE:
        ((struct es3_delete_isdp_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES4_ENABLE_PROFILE_RESPONSE:
        ((struct es4_enable_profile_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES4_DISABLE_PROFILE_RESPONSE:
        ((struct es4_disable_profile_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES4_DELETE_PROFILE_RESPONSE:
        ((struct es4_delete_profile_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES3_SET_FALL_BACK_ATTRIBUTE_RESPONSE:
        ((struct es3_set_fall_back_attribute_response *)body)->euicc_response_data = data;
        break;
    case MSG_ES4_SET_FALL_BACK_ATTRIBUTE_RESPONSE:
        ((struct es4_set_fall_back_attribute_response *)body)->euicc_response_data = data;
        break;
    default:
        break;
    }
}

struct message proc_answer(struct arena *a, enum interface iface, enum function f,
                           const struct exec_answer *answer, struct span euicc_response_data,
                           const struct aid *isdp_aid, int64_t start_ms, int64_t end_ms,
                           uint32_t acceptable_validity_s)
{
    enum msg_type t = msg_type_find(iface, f, MSG_KIND_RESPONSE);
    const struct msg_info *info = msg_type_info(t);
    struct base_response *base = info ? arena_alloc(a, info->size) : NULL;

    if (!base)
        return (struct message){MSG_NONE, NULL};
    base->processing_start_ms = start_ms;
    base->processing_end_ms = end_ms;
    base->acceptable_validity_period_s = acceptable_validity_s;
    base->answer = *answer;
    if (euicc_response_data.n || isdp_aid)
        add_data(t, base, euicc_response_data, isdp_aid, answer->status == EXEC_SUCCESS);
    return (struct message){t, base};
}
