/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to the SM-SRs (design 3.3), over common/daemon/peer_calls: one of each order, and reads that somebody
 * waits for. */
#include "smdp/core_int.h"

#include "common/msg/es2.h"
#include "common/msg/es3.h"

#include <stdio.h>
#include <stdlib.h>

static int port_call(void *ctx, const struct oid *smsr, struct envelope *e)
{
    const struct smdp_core *c = ctx;

    return c->cfg.link.call(c->cfg.link.ctx, smsr, e);
}

static void read_free(struct smdp_core *c, struct read *r)
{
    (void)map_del(c->reads_by_id, span_of(r->id.b, 16));
    list_del(&r->item);
    c->n_reads--;
    free(r);
}

static void read_answer(struct smdp_core *c, const struct read *r, const struct envelope *e)
{
    if (e->kind == ENV_RESPONSE && e->message.type == MSG_ES3_GET_EIS_RESPONSE)
        dp_api_eis(c->api, r->conn, r->request, e->message.body);
    else
        dp_api_no_eis(c->api, r->conn, r->request, "the SM-SR refused the request");
}

static void port_answered(void *ctx, const struct oid *smsr, const struct uuid *id, const struct envelope *e)
{
    struct smdp_core *c = ctx;
    struct read *r = map_get(c->reads_by_id, span_of(id->b, 16));

    if (!r) {
        dp_core_answered(c, smsr, id, e);
        return;
    }
    read_answer(c, r, e);
    read_free(c, r);
}

int dp_core_links_init(struct smdp_core *c)
{
    const struct peer_calls_port port = {port_call, port_answered, c};
    const struct dp_env *env = c->cfg.env;
    struct oid *peers = calloc(env->n_smsrs ? env->n_smsrs : 1, sizeof *peers);

    list_init(&c->reads);
    for (unsigned i = 0; peers && i < env->n_smsrs; i++)
        peers[i] = env->smsrs[i].oid;
    c->reads_by_id = map_new(0);
    c->calls = peers ? peer_calls_new(&port, peers, env->n_smsrs) : NULL;
    free(peers);
    return c->reads_by_id && c->calls ? ERR_OK : ERR_NOMEM;
}

void dp_core_links_fini(struct smdp_core *c)
{
    if (c->reads_by_id)
        LIST_EACH_SAFE (it, next, &c->reads)
            read_free(c, LIST_ENTRY(it, struct read, item));
    map_free(c->reads_by_id);
    peer_calls_free(c->calls);
    c->reads_by_id = NULL;
    c->calls = NULL;
}

/* --- orders --- */
/* Without memory, or without that SM-SR in the configuration any more, the order's timer comes back
 * to it. */
void dp_core_call(struct smdp_core *c, const struct dp_out_call *o)
{
    const struct peer_call call = {o->smsr, o->order, o->mno, o->context_id, o->message};

    (void)!peer_calls_make(c->calls, &call);
}

void dp_core_forget_call(struct smdp_core *c, const struct uuid *order)
{
    peer_calls_forget(c->calls, order);
}

void dp_core_repeat(struct smdp_core *c, const struct dp_out_repeat *o)
{
    struct input in = {.kind = IN_RESTART};

    if (peer_calls_repeat(c->calls, &o->order))
        return;
    /* Its octets are gone (no memory when it was made): the order makes them again. */
    order_mbox(&o->order, &in.to);
    if (engine_post(c->engine, &in))
        c->count.job_errors++;
}

/* --- connections --- */
uint64_t smdp_core_last_delivery(struct smdp_core *c, const struct oid *smsr)
{
    return engine_peer_last(c->engine, smsr);
}

void smdp_core_link_up(struct smdp_core *c, const struct oid *smsr)
{
    peer_calls_up(c->calls, smsr);
}

void smdp_core_link_down(struct smdp_core *c, const struct oid *smsr)
{
    peer_calls_down(c->calls, smsr);
}

void smdp_core_peer(struct smdp_core *c, const struct oid *smsr, const struct envelope *e)
{
    if (!peer_calls_knows(c->calls, smsr) || engine_failed(c->engine))
        return;
    /* A delivery heard before is acknowledged again and does nothing. */
    if (e->delivery_no && engine_peer_delivery(c->engine, smsr, e->delivery_no))
        return;
    if (e->kind == ENV_NOTICE)
        dp_core_notice(c, smsr, e);
    peer_calls_heard(c->calls, smsr, e);
}

/* --- reads --- */
static struct read *read_new(struct smdp_core *c, const struct dp_read *q, const struct uuid *id)
{
    struct read *r = calloc(1, sizeof *r);

    if (!r)
        return NULL;
    r->id = *id;
    r->conn = q->conn;
    r->request = q->message_id;
    r->deadline = clock_wall_ms(c->cfg.clock) + c->cfg.env->timer_ms[DP_TIMER_READ];
    list_init(&r->item);
    if (map_put(c->reads_by_id, span_of(r->id.b, 16), r)) {
        free(r);
        return NULL;
    }
    list_push(&c->reads, &r->item);
    c->n_reads++;
    return r;
}

int dp_core_read(void *ctx, const struct dp_read *q)
{
    struct smdp_core *c = ctx;
    struct es3_get_eis_request req = {.eid = q->request->eid};
    struct peer_call call = {.peer = q->request->smsr_id, .mno = q->party, .context_id = q->context_id,
                             .message = {MSG_ES3_GET_EIS_REQUEST, &req}};
    char text[UUID_TEXT], fcid[ORDER_FCID];
    struct read *r;

    if (c->n_reads >= READS_MAX)
        return ERR_FULL;
    uuid_v7(&call.id, clock_wall_ms(c->cfg.clock), c->cfg.rng);
    uuid_text(&call.id, text);
    (void)snprintf(fcid, sizeof fcid, "read/%s", text);
    req.base.function_call_identifier = span_str(fcid);
    r = read_new(c, q, &call.id);
    if (!r)
        return ERR_NOMEM;
    if (peer_calls_make(c->calls, &call) == ERR_OK)
        return ERR_OK;
    read_free(c, r);
    return ERR_NOMEM;
}

int64_t dp_core_reads_due(const struct smdp_core *c)
{
    return list_empty(&c->reads) ? INT64_MAX : LIST_ENTRY(c->reads.next, struct read, item)->deadline;
}

void dp_core_reads_expire(struct smdp_core *c)
{
    int64_t now = clock_wall_ms(c->cfg.clock);

    while (dp_core_reads_due(c) <= now) {
        struct read *r = LIST_ENTRY(c->reads.next, struct read, item);
        dp_api_no_eis(c->api, r->conn, r->request, NULL);
        peer_calls_forget(c->calls, &r->id);
        read_free(c, r);
    }
}
