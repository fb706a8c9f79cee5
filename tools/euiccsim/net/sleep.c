/* SPDX-License-Identifier: Apache-2.0 */
/* Who sleeps, and when it is awake. Wakes keep their phase whatever happens between them. */
#include "tools/euiccsim/net/sleep.h"

#include "tools/euiccsim/net/simnet_int.h"

#define MINUTE INT64_C(60000)
#define HOUR (60 * MINUTE)

const struct fleet_kind FLEET_KINDS[] = {
    {"mains", "always reachable", 0, 0},
    /* An active time of minutes and a reading a day are usual (T3324, T3412 extended); eDRX of NB-IoT goes
     * up to 10,485.76 s with paging windows of seconds. Which, is the operator's. */
    {"nbiot", "PSM: wakes once a day, for five minutes", 24 * HOUR, 5 * MINUTE},
    {"edrx", "eDRX: listens every 2.9 hours, for 40 seconds", 10485760, 40000},
};
const unsigned FLEET_KIND_COUNT = sizeof(FLEET_KINDS) / sizeof(FLEET_KINDS[0]);

const struct fleet_kind *fleet_kind_of(struct span name)
{
    for (unsigned i = 0; i < FLEET_KIND_COUNT; i++)
        if (span_eq(name, span_str(FLEET_KINDS[i].name)))
            return &FLEET_KINDS[i];
    return NULL;
}

int simnet_sleep(struct simnet *n, const struct eid *eid, const struct fleet_kind *kind, int64_t phase_ms,
                 int64_t now_ms)
{
    uint32_t dev = 0;
    int rc = net_device_find(n, eid, &dev);
    struct device *d;

    if (rc != ERR_OK)
        return rc;
    n->now_ms = now_ms > n->now_ms ? now_ms : n->now_ms;
    d = &n->devices[dev];
    d->period_ms = net_scaled(n, kind->period_ms);
    d->window_ms = net_scaled(n, kind->window_ms);
    d->awake_ms = n->now_ms;
    d->wake_ms = 0;
    if (d->period_ms == 0)
        return ERR_OK;
    d->wake_ms = n->now_ms + phase_ms % d->period_ms;
    return net_plan(n, d->wake_ms - n->now_ms, (struct happening){.kind = HAP_WAKE, .who = dev,
                                                                  .arg = (uint64_t)d->wake_ms});
}

bool device_awake(const struct simnet *n, uint32_t dev)
{
    const struct device *d = &n->devices[dev];

    return d->period_ms == 0 || n->now_ms < d->awake_ms || d->conn != 0 || d->udp != 0;
}

int device_active(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    bool slept = !device_awake(n, dev);

    if (d->period_ms == 0)
        return ERR_OK;
    d->awake_ms = n->now_ms + d->window_ms;
    if (!slept || d->power != DEV_ATTACHED)
        return ERR_OK;
    n->stats.wakes++;
    return smsc_wake(n, d->op, d->sub);
}

int device_wake(struct simnet *n, uint32_t dev, int64_t made_for)
{
    struct device *d = &n->devices[dev];
    int rc;

    if (d->wake_ms != made_for)
        return ERR_OK;
    d->wake_ms += d->period_ms;
    rc = net_plan(n, d->wake_ms - n->now_ms, (struct happening){.kind = HAP_WAKE, .who = dev,
                                                                .arg = (uint64_t)d->wake_ms});
    return rc == ERR_OK && d->power == DEV_ATTACHED ? device_active(n, dev) : rc;
}
