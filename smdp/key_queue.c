/* SPDX-License-Identifier: Apache-2.0 */
/* A keystore that takes its time: the result of a key job waits here and is the order's input later. One
 * job of an order at a time; an order that went on meanwhile does not hear of it. Lost with the process,
 * as the job is: the order's timer brings it again. */
#include "smdp/core_int.h"

#include "common/base/mem.h"

#include <stdlib.h>

struct key_wait {
    struct list item;              /* of the core's key_waits, in order of asking */
    struct uuid order;
    uint32_t attempt;
    int64_t due_ms;                /* monotonic */
    struct input in;
    struct dp_job_result result;
};

static void drop(struct key_wait *k)
{
    list_del(&k->item);
    mem_wipe(&k->result, sizeof k->result);
    free(k);
}

bool dp_core_key_waits(const struct smdp_core *c, const struct order *o)
{
    LIST_EACH (it, &c->key_waits) {
        const struct key_wait *k = LIST_ENTRY(it, struct key_wait, item);
        if (uuid_eq(&k->order, &o->id) && k->attempt == o->attempt)
            return true;
    }
    return false;
}

int dp_core_key_later(struct smdp_core *c, const struct order *o, const struct input *in,
                      int64_t ms)
{
    struct key_wait *k = calloc(1, sizeof *k);

    if (!k)
        return ERR_NOMEM;
    k->order = o->id;
    k->attempt = o->attempt;
    k->due_ms = clock_mono_ms(c->cfg.clock) + ms;
    k->in = *in;
    memcpy(&k->result, in->u.key.result.p, sizeof k->result);
    k->in.u.key.result = span_of(&k->result, sizeof k->result);
    list_push(&c->key_waits, &k->item);
    return ERR_OK;
}

/* The state that waits for a job. */
static const enum order_state STATE_OF_JOB[] = {
    [DP_JOB_CHECK] = ORDER_CHECK, [DP_JOB_AGREE] = ORDER_PERSO, [DP_JOB_RECEIPT] = ORDER_KEYSET,
    [DP_JOB_LOAD] = ORDER_LOAD, [DP_JOB_NEXT] = ORDER_LOAD};

/* A session that a payload was cut from is gone when its order left it. */
static bool still_wanted(struct smdp_core *c, const struct key_wait *k)
{
    const void *obj;
    const struct order *o;

    if (engine_view(c->engine, &k->in.to, &obj) || !obj)
        return false;
    o = obj;
    return o->state == STATE_OF_JOB[k->in.u.key.job] && o->attempt == k->attempt;
}

void dp_core_keys_run(struct smdp_core *c)
{
    int64_t now = clock_mono_ms(c->cfg.clock);

    LIST_EACH_SAFE (it, tmp, &c->key_waits) {
        struct key_wait *k = LIST_ENTRY(it, struct key_wait, item);
        if (k->due_ms > now)
            continue;
        list_del(&k->item); /* what it leads to may ask for the next job */
        if (still_wanted(c, k) && engine_post(c->engine, &k->in))
            c->count.job_errors++;
        drop(k);
    }
}

int64_t dp_core_keys_due(const struct smdp_core *c)
{
    int64_t due = INT64_MAX;

    LIST_EACH (it, &c->key_waits) {
        const struct key_wait *k = LIST_ENTRY(it, struct key_wait, item);
        due = k->due_ms < due ? k->due_ms : due;
    }
    return due;
}

void dp_core_keys_fini(struct smdp_core *c)
{
    LIST_EACH_SAFE (it, tmp, &c->key_waits)
        drop(LIST_ENTRY(it, struct key_wait, item));
}
