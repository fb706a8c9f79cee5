/* SPDX-License-Identifier: Apache-2.0 */
/* Attach: coverage, subscription, then a real AKA challenge (TS 33.102 6.3) against the
 * operator's own copy of K. What the network decided is a witness record of the ledger file. */
#include "tools/euiccsim/net/simnet_int.h"

#include "common/base/mem.h"

#define RETRY_MS 30000            /* a device that found no network looks again */

/* Coverage and subscription. On ATTACH_OK *ret_op and *ret_sub say whose it is. */
static enum attach_cause admit(struct simnet *n, const struct device *d,
                               const struct card_isdp *profile, unsigned *ret_op,
                               struct subscriber **ret_sub)
{
    unsigned op = net_operator_of(n, profile->data.imsi.s, false);
    struct subscriber *s;
    bool home;

    if (op == NO_OPERATOR || !n->covered[op][d->visited])
        return ATTACH_NO_COVERAGE;
    s = hss_by_imsi(n->ops[op].hss, &profile->data.imsi);
    if (!s || s->status == SUB_NOT_PROVISIONED ||
        (!profile->fallback && (d->quirks & NETQ_IMSI_UNKNOWN)))
        return ATTACH_IMSI_UNKNOWN;
    if (s->status == SUB_BARRED || (!profile->fallback && (d->quirks & NETQ_IMSI_BARRED)))
        return ATTACH_BARRED;
    home = strcmp(n->ops[op].plmn.s, n->plmns[d->visited].s) == 0 || s->n_roaming == UINT8_MAX;
    for (unsigned i = 0; !home && i < s->n_roaming; i++)
        home = strcmp(s->roaming[i].s, n->plmns[d->visited].s) == 0;
    if (!home)
        return ATTACH_ROAMING_NOT_ALLOWED;
    *ret_op = op;
    *ret_sub = s;
    return ATTACH_OK;
}

/* One challenge, and a second one when the card asks for resynchronisation. */
static int challenge(struct simnet *n, struct device *d, struct hss *hss, struct subscriber *s,
                     enum attach_cause *ret)
{
    struct auth_vector v;
    uint8_t res[8], auts[14];
    int rc = ERR_OK;

    *ret = ATTACH_SYNC_FAILURE;
    for (unsigned turn = 0; turn < 2; turn++) {
        rc = hss_vector(hss, s, &n->rng, &v);
        if (rc != ERR_OK)
            break;
        rc = card_authenticate(d->card, v.rand, v.autn, res);
        if (rc == ERR_OK) {
            *ret = mem_eq_ct(res, v.xres, sizeof(res)) ? ATTACH_OK : ATTACH_RES_MISMATCH;
            break;
        }
        if (rc == ERR_AUTH || rc == ERR_NOT_FOUND) {
            *ret = rc == ERR_AUTH ? ATTACH_MAC_FAILURE : ATTACH_NO_PROFILE;
            rc = ERR_OK;
            break;
        }
        if (rc == ERR_STATE)
            rc = card_resync(d->card, v.rand, auts);
        if (rc == ERR_OK)
            rc = hss_resync(hss, s, v.rand, auts);
        if (rc != ERR_OK) {
            rc = rc == ERR_AUTH ? ERR_OK : rc;
            break;
        }
    }
    mem_wipe(&v, sizeof(v));
    return rc;
}

static int witness(struct simnet *n, const struct device *d, const struct card_isdp *profile,
                   enum attach_cause cause)
{
    struct attach_record a = {.eid = *card_eid(d->card), .at_ms = n->now_ms,
                              .cause = (uint8_t)cause};
    struct attach_record last;

    if (profile) {
        a.iccid = profile->data.iccid;
        a.imsi = profile->data.imsi;
    }
    if (!n->cfg.ledger)
        return ERR_OK;
    if (ledger_file_last_attach(n->cfg.ledger, &a.eid, &last) && last.cause == a.cause &&
        strcmp(last.iccid.s, a.iccid.s) == 0 && imsi_eq(&last.imsi, &a.imsi))
        return ERR_OK;
    return ledger_file_put_attach(n->cfg.ledger, &a);
}

/* The subscription is used here now; another device that had it loses its network. */
static int take_over(struct simnet *n, uint32_t dev, const struct card_isdp *profile, unsigned op,
                     struct subscriber *s)
{
    struct device *d = &n->devices[dev];
    uint32_t other = s->device;
    int rc = ERR_OK;

    if (other != 0 && other != dev + 1)
        rc = device_lost(n, other - 1, net_scaled(n, RETRY_MS));
    d->power = DEV_ATTACHED;
    d->op = (uint8_t)op;
    d->sub = s->index;
    d->attached = profile->data.iccid;
    d->fallback = profile->fallback;
    s->device = dev + 1;
    return rc;
}

int attach_run(struct simnet *n, uint32_t dev)
{
    struct device *d = &n->devices[dev];
    const struct card_isdp *profile = card_enabled(d->card);
    enum attach_cause cause = ATTACH_NO_PROFILE;
    struct subscriber *s = NULL;
    unsigned op = NO_OPERATOR;
    uint32_t generation = d->generation;
    int rc = ERR_OK;

    if (profile)
        cause = admit(n, d, profile, &op, &s);
    if (cause == ATTACH_OK)
        rc = challenge(n, d, n->ops[op].hss, s, &cause);
    if (rc == ERR_OK)
        rc = device_make_durable(n, dev);       /* the SQN that was accepted */
    if (rc == ERR_OK)
        rc = witness(n, d, profile, cause);
    if (rc != ERR_OK)
        return rc;
    n->stats.attach[cause]++;
    d->cause = (uint8_t)cause;
    if (cause == ATTACH_OK) {
        rc = take_over(n, dev, profile, op, s);
        if (rc == ERR_OK)
            rc = device_attached(n, dev, true);
        return rc == ERR_OK ? smsc_wake(n, op, s->index) : rc;
    }
    rc = device_attached(n, dev, false);
    if (rc == ERR_OK && generation == n->devices[dev].generation)
        rc = device_search(n, dev, net_scaled(n, RETRY_MS));
    return rc;
}
