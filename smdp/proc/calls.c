/* SPDX-License-Identifier: Apache-2.0 */
/* The ES3 request each state waits for (SGP.02 3.1.1, 5.4). All of it comes out of the order and of
 * what never changes, so that a repeat after a restart has the same octets and is the same call. */
#include "smdp/proc/run.h"

#include "common/msg/es3.h"
#include "smdp/es8/es8.h"

#define SCRIPT_ROOM 600u

/* Zeroed request of its struct with the identifier of the order's call. validity_s 0: none is named. */
static void *request_new(struct run *r, const struct order *o, size_t n, uint32_t validity_s)
{
    struct base_request *base = arena_alloc(r->p->arena, n);
    char fcid[ORDER_FCID];

    if (!base) {
        r->p->err = ERR_NOMEM;
        return NULL;
    }
    order_call_id(&o->id, o->attempt, o->step, fcid);
    base->function_call_identifier = run_str(r, fcid);
    base->has_validity_period = validity_s > 0;
    base->validity_period_s = validity_s;
    return base;
}

static struct message get_eis(struct run *r, const struct order *o)
{
    struct es3_get_eis_request *q = request_new(r, o, sizeof *q, 0);

    if (q)
        q->eid = o->eid;
    return (struct message){MSG_ES3_GET_EIS_REQUEST, q};
}

static struct message create(struct run *r, const struct order *o)
{
    struct es3_create_isdp_request *q = request_new(r, o, sizeof *q, o->validity_s);

    if (q) {
        q->eid = o->eid;
        q->iccid = o->iccid;
        q->mno_id = o->mno;
        q->required_memory = o->memory_required;
        q->more_to_do = true;
    }
    return (struct message){MSG_ES3_CREATE_ISDP_REQUEST, q};
}

static struct message send_data(struct run *r, const struct order *o, const struct aid *to,
                                struct span data, bool more)
{
    struct es3_send_data_request *q = request_new(r, o, sizeof *q, o->validity_s);

    if (q) {
        q->eid = o->eid;
        q->sd_aid = *to;
        q->data = data;
        q->more_to_do = more;
    }
    return (struct message){MSG_ES3_SEND_DATA_REQUEST, q};
}

static struct message script(struct run *r, const struct order *o)
{
    uint8_t *room = arena_alloc(r->p->arena, SCRIPT_ROOM);
    struct writer w = wr_init(room, room ? SCRIPT_ROOM : 0);
    int err = o->state == ORDER_PERSO
                  ? es8_put_certificate(&w, &o->aid, r->pe->cert)
                  : es8_put_key(&w, span_of(o->own_point, ORDER_POINT), (enum curve)o->curve,
                                o->bare_point, span_of(o->signature, ORDER_SIGNATURE));

    if (err)
        r->p->err = err;
    return send_data(r, o, &AID_ISD_R, wr_view(&w), true);
}

static struct message completed(struct run *r, const struct order *o)
{
    struct es3_profile_download_completed_request *q = request_new(r, o, sizeof *q, 0);

    if (q) {
        q->eid = o->eid;
        q->iccid = o->iccid;
        q->profile_type = run_str(r, o->profile_type);
        if (r->pe->item) {
            q->address.imsi = r->pe->item->imsi;
            q->address.msisdn = r->pe->item->msisdn;
            if (o->function == FN_REPLACE_PROFILE && o->msisdn.s[0])
                q->address.msisdn = o->msisdn;
        }
    }
    return (struct message){MSG_ES3_PROFILE_DOWNLOAD_COMPLETED_REQUEST, q};
}

_Static_assert(sizeof(struct es3_enable_profile_request) ==
                       sizeof(struct es3_delete_isdp_request) &&
                   sizeof(struct es3_enable_profile_request) ==
                       sizeof(struct es3_disable_profile_request) &&
                   sizeof(struct es3_enable_profile_request) ==
                       sizeof(struct es3_set_fall_back_attribute_request) &&
                   sizeof(struct es3_enable_profile_request) ==
                       sizeof(struct es3_set_emergency_profile_attribute_request),
               "what names a profile and nothing else has one shape");

static struct message about_profile(struct run *r, const struct order *o, enum msg_type type,
                                    const struct iccid *iccid, uint32_t validity_s)
{
    struct es3_enable_profile_request *q = request_new(r, o, sizeof *q, validity_s);

    if (q) {
        q->eid = o->eid;
        q->iccid = *iccid;
    }
    return (struct message){type, q};
}

static struct message enable(struct run *r, const struct order *o)
{
    return about_profile(r, o, MSG_ES3_ENABLE_PROFILE_REQUEST, &o->iccid, o->validity_s);
}

static struct message audit(struct run *r, const struct order *o)
{
    struct es3_audit_eis_request *q = request_new(r, o, sizeof *q, o->validity_s);

    if (q) {
        q->eid = o->eid;
        q->n_iccids = o->n_iccids;
        memcpy(q->iccids, o->iccids, o->n_iccids * sizeof *o->iccids);
    }
    return (struct message){MSG_ES3_AUDIT_EIS_REQUEST, q};
}

static struct message policy(struct run *r, const struct order *o)
{
    struct es3_update_policy_rules_request *q = request_new(r, o, sizeof *q, 0);

    if (q) {
        q->eid = o->eid;
        q->iccid = o->iccid;
        pol2_write((uint8_t)o->pol2, &q->pol2);
    }
    return (struct message){MSG_ES3_UPDATE_POLICY_RULES_REQUEST, q};
}

static struct message address(struct run *r, const struct order *o)
{
    struct es3_update_subscription_address_request *q = request_new(r, o, sizeof *q, 0);

    if (q) {
        q->eid = o->eid;
        q->iccid = o->iccid;
        q->new_address.imsi = o->imsi;
        q->new_address.msisdn = o->msisdn;
    }
    return (struct message){MSG_ES3_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST, q};
}

static struct message relayed(struct run *r, const struct order *o)
{
    switch (o->function) {
    case FN_AUDIT_EIS:
        return audit(r, o);
    case FN_UPDATE_POLICY_RULES:
        return policy(r, o);
    case FN_UPDATE_SUBSCRIPTION_ADDRESS:
        return address(r, o);
    default:
        return about_profile(r, o, msg_type_find(IF_ES3, o->function, MSG_KIND_REQUEST), &o->iccid,
                             o->validity_s);
    }
}

#define CLEANUP_SOON 2u             /* that many are short: most cards are there */
#define CLEANUP_PATIENCE_S 86400u

/* Nobody waits for it: a card that the first ones did not reach may sleep, and is waited for through a day. Not every
 * time: an SM-SR may refuse so long a period. */
static struct message cleanup(struct run *r, const struct order *o)
{
    bool patient = o->tries >= CLEANUP_SOON && o->tries % 2 == 0;

    return about_profile(r, o, MSG_ES3_DELETE_ISDP_REQUEST, &o->iccid,
                         patient ? CLEANUP_PATIENCE_S : 0);
}

struct message run_message(struct run *r, const struct order *o, struct span payload)
{
    switch (o->state) {
    case ORDER_CHECK:
        return get_eis(r, o);
    case ORDER_ORPHAN:
        return about_profile(r, o, MSG_ES3_DELETE_ISDP_REQUEST, &o->orphan, 0);
    case ORDER_CREATE:
        return create(r, o);
    case ORDER_PERSO:
    case ORDER_KEYSET:
        return script(r, o);
    case ORDER_LOAD:
        return send_data(r, o, &o->aid, payload, r->more_to_do);
    case ORDER_COMPLETE:
        return completed(r, o);
    case ORDER_ENABLE:
        return enable(r, o);
    case ORDER_DOUBT:
        if (order_installs(o->function))
            return enable(r, o);
        return relayed(r, o);
    case ORDER_CLEANUP:
        return cleanup(r, o);
    default:
        return relayed(r, o);
    }
}
