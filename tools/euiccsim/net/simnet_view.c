/* SPDX-License-Identifier: Apache-2.0 */
/* Who is who in the network, and what an onlooker may see. */
#include "tools/euiccsim/net/simnet_int.h"

static const char *const CAUSES[ATTACH_CAUSES] = {
    "attached", "no-profile", "no-coverage", "imsi-unknown", "barred", "roaming-not-allowed",
    "mac-failure", "sync-failure", "res-mismatch"};

const char *attach_cause_name(enum attach_cause c)
{
    return (unsigned)c < ATTACH_CAUSES ? CAUSES[c] : "unknown";
}

struct subscriber *net_subscriber(struct simnet *n, unsigned op, uint32_t sub)
{
    return op < n->n_ops ? hss_at(n->ops[op].hss, sub) : NULL;
}

/* Longest prefix of the number plan or of the PLMNs; NO_OPERATOR. */
unsigned net_operator_of(const struct simnet *n, const char *digits, bool by_number)
{
    unsigned best = NO_OPERATOR;
    size_t longest = 0;

    for (unsigned o = 0; o < n->n_ops; o++) {
        const char *prefix = by_number ? n->ops[o].numbers : n->ops[o].plmn.s;
        size_t len = strlen(prefix);

        if (len > longest && strncmp(digits, prefix, len) == 0) {
            best = o;
            longest = len;
        }
    }
    return best;
}

int net_device_find(const struct simnet *n, const struct eid *eid, uint32_t *ret)
{
    uintptr_t at = (uintptr_t)map_get(n->by_eid, span_of(eid->b, sizeof(eid->b)));

    if (at == 0)
        return ERR_NOT_FOUND;
    *ret = (uint32_t)(at - 1);
    return ERR_OK;
}

size_t simnet_devices(const struct simnet *n)
{
    return n->n_devices;
}

struct card *simnet_card(struct simnet *n, size_t i)
{
    return n->devices[i].card;
}

struct card *simnet_card_of(struct simnet *n, const struct eid *eid)
{
    uint32_t dev = 0;

    return net_device_find(n, eid, &dev) == ERR_OK ? n->devices[dev].card : NULL;
}

bool simnet_attached(const struct simnet *n, size_t i, struct imsi *ret_imsi)
{
    const struct device *d = &n->devices[i];

    if (d->power != DEV_ATTACHED)
        return false;
    if (ret_imsi)
        *ret_imsi = hss_at(n->ops[d->op].hss, d->sub)->imsi;
    return true;
}

enum attach_cause simnet_last_cause(const struct simnet *n, size_t i)
{
    return (enum attach_cause)n->devices[i].cause;
}

void simnet_stats(const struct simnet *n, struct simnet_stats *ret)
{
    *ret = n->stats;
    ret->devices_attached = ret->devices_asleep = 0;
    for (size_t i = 0; i < n->n_devices; i++) {
        ret->devices_attached += n->devices[i].power == DEV_ATTACHED;
        ret->devices_asleep += n->devices[i].power == DEV_ATTACHED && !device_awake(n, (uint32_t)i);
    }
    ret->streams_open = map_count(n->streams);
}
