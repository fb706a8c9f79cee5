/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded faults and the text of a rate. */
#include "tools/euiccsim/net/faults.h"

#include <stdlib.h>

#define REORDER_MS 30000          /* two or three SMS of the laboratory model */
#define RATE_TEXT_MAX 15u

bool fault_hits(struct rng *rng, uint32_t rate)
{
    return rng_below(rng, RATE_ONE) < rate;
}

int rate_parse(struct span text, uint32_t *ret, struct errmsg *why)
{
    char buf[RATE_TEXT_MAX + 1];
    bool percent = text.n > 0 && text.p[text.n - 1] == '%';
    size_t n = percent ? text.n - 1 : text.n;
    unsigned points = 0;
    double v;

    for (size_t i = 0; i < n; i++) {
        if (text.p[i] == '.')
            points++;
        else if (text.p[i] < '0' || text.p[i] > '9')
            points = 2;
    }
    if (n == 0 || n > RATE_TEXT_MAX || points > 1 || (points == 1 && n == 1))
        return errmsg_set(why, ERR_CONFIG, "\"%.*s\" is no rate: write 5%% or 0.05",
                          (int)(text.n > 32 ? 32 : text.n), (const char *)text.p);
    memcpy(buf, text.p, n);
    buf[n] = 0;
    v = strtod(buf, NULL);
    if (percent)
        v /= 100.0;
    if (!(v <= 1.0))
        return errmsg_set(why, ERR_CONFIG, "the rate %.*s is above one: write 5%% or 0.05",
                          (int)text.n, (const char *)text.p);
    *ret = (uint32_t)(v * RATE_ONE + 0.5);
    return ERR_OK;
}

void faults_from_loss(uint32_t loss, struct simnet_faults *ret)
{
    *ret = (struct simnet_faults){
        .loss_mt = loss, .loss_mo = loss, .duplicate = loss, .reorder = loss,
        .reorder_ms = REORDER_MS, .late = loss / 10, .corrupt = loss / 10, .stream_cut = loss / 10,
        .datagram_loss = loss, .datagram_duplicate = loss, .datagram_reorder = loss,
        .udp_cut = loss / 10,
    };
}

void fault_flip(struct rng *rng, uint8_t *tp_ud, size_t n)
{
    size_t head = n > 0 ? 1u + tp_ud[0] : 1u;
    uint64_t bit = rng_below(rng, 8u * (n > head ? n - head : 1u));

    if (n > head)
        tp_ud[head + bit / 8] ^= (uint8_t)(1u << bit % 8);
}
