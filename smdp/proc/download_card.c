/* SPDX-License-Identifier: Apache-2.0 */
/* Key set and load (SGP.02 4.1.3; facts: sgp02 7): what SendData carries to the ISD-P and back. */
#include "smdp/proc/download.h"

#include "common/base/mutant.h"
#include "common/msg/es3.h"
#include "smdp/es8/es8.h"

/* --- PERSO, KEYSET, LOAD: answers of SendData --- */
static bool sent(struct run *r, struct span *ret_data, int *ret)
{
    const struct es3_send_data_response *rsp;
    const void *body;
    struct exec_answer x;

    *ret = run_peer(r, MSG_ES3_SEND_DATA_RESPONSE, &x, &body);
    if (*ret)
        return false;
    rsp = body;
    *ret_data = rsp ? rsp->euicc_response_data : NO_PAYLOAD;
    if (download_ok(&x)) {
        if (!r->o->answered && !download_over(r))
            return true;
        *ret = download_fail_with(r, DP_ST_EXPIRED, NULL, true);
        return false;
    }
    *ret = download_fail(r, &x, x.status == EXEC_FAILED ? STAGE_CARD : STAGE_BEARER, false);
    return false;
}

int download_perso_heard(struct run *r)
{
    struct span data, rc;
    int err;

    if (!sent(r, &data, &err))
        return err;
    if (es8_read_challenge(data, &rc))
        return download_fail_with(r, DP_ST_CARD, "the ISD-P does not take the SM-DP certificate",
                                  false);
    run_job(r, &(struct dp_out_job){.job = DP_JOB_AGREE, .data = rc});
    return ERR_OK;
}

int download_perso_done(struct run *r, const struct dp_job_result *res, int err)
{
    struct event *ev;

    if (err)
        return download_key_failed(r, res, true);
    r->next.state = ORDER_KEYSET;
    r->next.rc_len = res->facts.rc_len;
    memcpy(r->next.rc, res->facts.rc, sizeof r->next.rc);
    r->next.has_own_key = true;
    memcpy(r->next.own_point, res->facts.own_point, ORDER_POINT);
    memcpy(r->next.signature, res->facts.signature, ORDER_SIGNATURE);
    /* The key is durable before the card may have agreed on anything with it (trust 3.7). */
    ev = run_call(r, NO_PAYLOAD);
    run_drop_secret(r, ev, DP_SECRET_EPHEMERAL);
    if (!mutant("EPHEMERAL_KEY_NOT_KEPT"))
        run_put_secret(r, ev, DP_SECRET_EPHEMERAL, res);
    return ERR_OK;
}

int download_keyset_heard(struct run *r)
{
    struct dp_out_job job = {.job = DP_JOB_RECEIPT};
    struct span data;
    int err;

    if (!sent(r, &data, &err))
        return err;
    if (es8_read_receipt(data, &job.dr, &job.data))
        return download_fail_with(r, DP_ST_CARD, "the card gives no receipt for the key set",
                                  false);
    run_job(r, &job);
    return ERR_OK;
}

int download_keyset_done(struct run *r, const struct dp_job_result *res, int err)
{
    struct event *ev;

    if (err)
        return download_key_failed(r, res, err == ERR_AUTH);
    r->next.state = ORDER_LOAD;
    r->next.batch = 0;
    ev = run_advance(r, r->now + r->pe->env->timer_ms[DP_TIMER_BUSY]);
    run_drop_secret(r, ev, DP_SECRET_EPHEMERAL);
    run_drop_secret(r, ev, DP_SECRET_ISDP_KEYS);
    run_put_secret(r, ev, DP_SECRET_ISDP_KEYS, res);
    run_job(r, &(struct dp_out_job){.job = DP_JOB_LOAD});
    return ERR_OK;
}

static int load_key(struct run *r)
{
    int err;
    const struct dp_job_result *res = download_job_result(r->in, &err);

    if (!res)
        return ERR_STATE;
    if (err == ERR_AGAIN)
        return download_pause(r, DP_TIMER_BUSY);
    if (err)
        return download_key_failed(r, res, err != ERR_DENIED && err != ERR_EXPIRED);
    if (res->installed) {
        r->next.state = ORDER_COMPLETE;
        (void)run_call(r, NO_PAYLOAD);
        return ERR_OK;
    }
    r->next.batch = res->batch;
    r->more_to_do = !res->last;
    /* The session's memory may go before the call has left. */
    (void)run_call(r,
                   span_of(arena_dup(r->p->arena, res->payload.p, res->payload.n), res->payload.n));
    return ERR_OK;
}

int download_load(const struct proc_view *v, const struct input *in, struct plan *p)
{
    struct run r;
    struct span data;
    int err = ERR_OK;

    run_init(&r, v, in, p);
    switch (in->kind) {
    case IN_RESTART: /* the SCP03t session lived in memory and cannot be taken up again */
        return download_fail_with(&r, DP_ST_CARD, "the session was lost by a restart", false);
    case IN_TIMER:
        if (download_over(&r) || r.o->calling)
            return download_over(&r) ? download_expire(&r) : run_repeat(&r);
        if (r.o->answered)
            return download_fail_with(&r, DP_ST_EXPIRED, NULL, true);
        run_job(&r, &(struct dp_out_job){.job = DP_JOB_LOAD});
        p->volatile_due_ms = run_due(&r, r.now + r.pe->env->timer_ms[DP_TIMER_BUSY]);
        return ERR_OK;
    case IN_PEER:
        if (!sent(&r, &data, &err))
            return err;
        run_job(&r, &(struct dp_out_job){.job = DP_JOB_NEXT, .data = data, .batch = r.o->batch});
        return ERR_OK;
    default:
        return load_key(&r);
    }
}
