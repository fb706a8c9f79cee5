/* SPDX-License-Identifier: Apache-2.0 */
/* The network's quirk table and the text that chooses quirks. In the mixture `field` the
 * network's own rates are 0: devices without coverage and unknown IMSIs are placed in a world by
 * count, so that the sums of a report can be exact. */
#include "tools/euiccsim/net/quirk_set.h"

#include "tools/euiccsim/net/simnet.h"

const struct net_quirk_row NET_QUIRKS[] = {
    {NETQ_IMSI_UNKNOWN, "imsi-unknown", "profiles delivered before the HSS was provisioned", 0,
     "ROLLED_BACK", "unknown_imsi_rolls_back"},
    {NETQ_IMSI_BARRED, "imsi-barred", "subscriptions suspended at the operator", 0, "ROLLED_BACK",
     "barred_imsi_rolls_back"},
    {NETQ_DATA_WITHOUT_SMS, "data-without-sms",
     "NB-IoT and roaming agreements without SMS", 0, "ROLLED_BACK", "data_without_sms_rolls_back"},
};
const unsigned NET_QUIRK_COUNT = sizeof(NET_QUIRKS) / sizeof(NET_QUIRKS[0]);

static int name_set(struct span name, uint16_t rate, struct quirk_set *q, struct errmsg *why)
{
    char all[220];
    struct writer w = wr_init(all, sizeof(all) - 1);

    for (unsigned i = 0; i < CARD_QUIRK_COUNT; i++) {
        if (span_eq(name, span_str(CARD_QUIRKS[i].name))) {
            q->card[i] = rate;
            return ERR_OK;
        }
        wr_str(&w, CARD_QUIRKS[i].name);
        wr_str(&w, ", ");
    }
    for (unsigned i = 0; i < NET_QUIRK_COUNT; i++) {
        if (span_eq(name, span_str(NET_QUIRKS[i].name))) {
            q->net[i] = rate;
            return ERR_OK;
        }
        wr_str(&w, NET_QUIRKS[i].name);
        wr_str(&w, ", ");
    }
    all[w.len] = 0;
    return errmsg_set(why, ERR_CONFIG, "there is no quirk \"%.*s\": use %sfield or none",
                      (int)(name.n > 40 ? 40 : name.n), (const char *)name.p, all);
}

static void all_set(struct quirk_set *q, bool field)
{
    memset(q, 0, sizeof(*q));
    for (unsigned i = 0; field && i < CARD_QUIRK_COUNT; i++)
        q->card[i] = CARD_QUIRKS[i].field_per_mille;
    for (unsigned i = 0; field && i < NET_QUIRK_COUNT; i++)
        q->net[i] = NET_QUIRKS[i].field_per_mille;
}

static int part_set(struct span part, struct quirk_set *q, struct errmsg *why)
{
    size_t eq = 0;
    uint32_t rate = RATE_ONE;
    int rc = ERR_OK;

    if (span_eq(part, span_str("none")) || span_eq(part, span_str("field"))) {
        all_set(q, span_eq(part, span_str("field")));
        return ERR_OK;
    }
    while (eq < part.n && part.p[eq] != '=')
        eq++;
    if (eq < part.n)
        rc = rate_parse(span_of(part.p + eq + 1, part.n - eq - 1), &rate, why);
    if (rc != ERR_OK)
        return rc;
    return name_set(span_of(part.p, eq), (uint16_t)((rate + 500u) / 1000u), q, why);
}

int quirk_set_parse(struct span text, struct quirk_set *ret, struct errmsg *why)
{
    struct quirk_set q = {{0}, {0}};
    size_t from = 0;
    int rc = ERR_OK;

    while (rc == ERR_OK && from <= text.n) {
        size_t to = from;

        while (to < text.n && text.p[to] != ',')
            to++;
        rc = part_set(span_of(text.p + from, to - from), &q, why);
        from = to + 1;
    }
    if (rc == ERR_OK)
        *ret = q;
    return rc;
}

uint64_t quirk_seed(uint64_t seed, const struct eid *eid)
{
    struct reader r = rd_init(span_of(eid->b, sizeof(eid->b)));
    uint64_t mix = rd_u64(&r) * UINT64_C(0x9E3779B97F4A7C15);

    mix = (mix ^ rd_u64(&r)) * UINT64_C(0xBF58476D1CE4E5B9);
    return seed ^ mix ^ mix >> 31;
}

void quirk_set_draw(const struct quirk_set *q, uint64_t seed, const struct eid *eid,
                    uint32_t *ret_card, uint32_t *ret_net)
{
    struct rng rng;

    rng_init_seeded(&rng, quirk_seed(seed, eid));
    *ret_card = card_quirk_draw(&rng, q->card);
    *ret_net = 0;
    for (unsigned i = 0; i < NET_QUIRK_COUNT; i++)
        if (rng_below(&rng, 1000) < q->net[i])
            *ret_net |= NET_QUIRKS[i].bit;
}
