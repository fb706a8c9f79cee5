/* SPDX-License-Identifier: Apache-2.0 */
/* The network's quirk table and the text that chooses quirks. In the mixture `field` what rejects an
 * attach has the rate 0: devices without coverage and unknown IMSIs are placed in a world by count, so
 * that the sums of a report can be exact. So has what takes hours. */
#include "tools/euiccsim/net/quirk_set.h"

#include "tools/euiccsim/net/simnet.h"

const struct quirk_row NET_QUIRKS[] = {
    {NETQ_IMSI_UNKNOWN, "imsi-unknown", "profiles delivered before the HSS was provisioned", 0,
     "ROLLED_BACK", "unknown_imsi_rolls_back"},
    {NETQ_IMSI_BARRED, "imsi-barred", "subscriptions suspended at the operator", 0, "ROLLED_BACK",
     "barred_imsi_rolls_back"},
    {NETQ_DATA_WITHOUT_SMS, "data-without-sms",
     "NB-IoT and roaming agreements without SMS", 0, "ROLLED_BACK", "data_without_sms_rolls_back"},
    {NETQ_PART_LATE, "part-late", "SMS have no order and retries of their own (TS 23.040)", 0,
     "SUCCESS", "a_part_comes_hours_later"},
    {NETQ_REPLAY, "smsc-replays", "SMSCs restarted from a copy of their store", 5, "SUCCESS",
     "what_was_delivered_comes_again"},
    {NETQ_SWALLOW, "resend-swallowed", "SMSCs and firewalls with duplicate filters", 0, "SUCCESS",
     "equal_octets_are_swallowed"},
    {NETQ_REPORT_LIES, "delivered-not-run", "devices that acknowledge and drop (class 2)", 0,
     "SUCCESS, ROLLED_BACK when no confirmation comes in time", "delivered_and_never_seen"},
    {NETQ_TOOLKIT_BUSY, "toolkit-busy", "9300 to ENVELOPE (TS 31.111, TS 102 221 10.2)", 0,
     "SUCCESS, ROLLED_BACK when no confirmation comes in time", "a_busy_toolkit_is_tried_again"},
    {NETQ_NAT, "nat-idle-cut", "carrier-grade NAT without keep-alive", 0, "SUCCESS",
     "a_stream_at_rest_dies_unheard"},
    {NETQ_HALF_OPEN, "half-open", "devices that vanish without FIN", 0, "SUCCESS",
     "a_device_leaves_its_stream_open"},
    {NETQ_POWER, "power-cut-mid-segment", "meters on failing batteries", 0,
     "SUCCESS, FAILED when three attempts meet it", "power_fails_in_mid_script"},
};
const unsigned NET_QUIRK_COUNT = sizeof(NET_QUIRKS) / sizeof(NET_QUIRKS[0]);

static int name_set(struct span name, uint16_t rate, struct quirk_set *q, struct errmsg *why)
{
    const struct quirk_row *card = quirk_find(CARD_QUIRKS, CARD_QUIRK_COUNT, name);
    const struct quirk_row *net = quirk_find(NET_QUIRKS, NET_QUIRK_COUNT, name);

    if (!card && !net)
        return errmsg_set(why, ERR_CONFIG,
                          "there is no quirk \"%.*s\": use field, none or a name that euiccsim help lists",
                          (int)(name.n > 40 ? 40 : name.n), (const char *)name.p);
    if (card)
        q->card[card - CARD_QUIRKS] = rate;
    else
        q->net[net - NET_QUIRKS] = rate;
    return ERR_OK;
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
    *ret_card = quirk_draw(&rng, CARD_QUIRKS, CARD_QUIRK_COUNT, q->card);
    *ret_net = quirk_draw(&rng, NET_QUIRKS, NET_QUIRK_COUNT, q->net);
}
