/* SPDX-License-Identifier: Apache-2.0 */
/* Seeded faults and the text of a rate. */
#include "tools/euiccsim/net/faults.h"

#include <stddef.h>
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

#define FAULT(name, member) {name, offsetof(struct simnet_faults, member), offsetof(struct simnet_faults, member)}
static const struct {
    const char *name;
    size_t at, also;              /* rates it sets; the same twice but for what has two directions */
} FAULTS[] = {
    {"sms-loss", offsetof(struct simnet_faults, loss_mt), offsetof(struct simnet_faults, loss_mo)},
    FAULT("sms-duplicate", duplicate), FAULT("sms-reorder", reorder), FAULT("sms-late", late),
    FAULT("sms-corrupt", corrupt), FAULT("stream-cut", stream_cut), FAULT("datagram-loss", datagram_loss),
    FAULT("datagram-duplicate", datagram_duplicate), FAULT("datagram-reorder", datagram_reorder),
    FAULT("datagram-cut", udp_cut),
};
#define FAULT_COUNT (sizeof(FAULTS) / sizeof(FAULTS[0]))

static int no_such_fault(struct span name, struct errmsg *why)
{
    char all[200];
    struct writer w = wr_init(all, sizeof(all) - 1);

    for (unsigned i = 0; i < FAULT_COUNT; i++) {
        wr_str(&w, i ? ", " : "");
        wr_str(&w, FAULTS[i].name);
    }
    all[w.len] = 0;
    return errmsg_set(why, ERR_CONFIG, "there is no fault \"%.*s\": use %s",
                      (int)(name.n > 40 ? 40 : name.n), (const char *)name.p, all);
}

/* One NAME=RATE. */
static int fault_set(struct span part, struct simnet_faults *f, struct errmsg *why)
{
    size_t eq = 0, i = 0;
    uint32_t rate = 0;
    int rc;

    while (eq < part.n && part.p[eq] != '=')
        eq++;
    while (i < FAULT_COUNT && !span_eq(span_of(part.p, eq), span_str(FAULTS[i].name)))
        i++;
    if (i == FAULT_COUNT)
        return no_such_fault(span_of(part.p, eq), why);
    eq += eq < part.n;
    rc = rate_parse(span_of(part.p + eq, part.n - eq), &rate, why);
    if (rc != ERR_OK)
        return rc;
    memcpy((char *)f + FAULTS[i].at, &rate, sizeof(rate));
    memcpy((char *)f + FAULTS[i].also, &rate, sizeof(rate));
    return ERR_OK;
}

const char *fault_name(unsigned i)
{
    return i < FAULT_COUNT ? FAULTS[i].name : NULL;
}

int faults_parse(struct span text, struct simnet_faults *io, struct errmsg *why)
{
    struct simnet_faults f = *io;
    int rc = ERR_OK;

    for (size_t from = 0, to; rc == ERR_OK && from <= text.n; from = to + 1) {
        for (to = from; to < text.n && text.p[to] != ',';)
            to++;
        rc = fault_set(span_of(text.p + from, to - from), &f, why);
    }
    f.reorder_ms = REORDER_MS;
    if (rc == ERR_OK)
        *io = f;
    return rc;
}

void fault_flip(struct rng *rng, uint8_t *tp_ud, size_t n)
{
    size_t head = n > 0 ? 1u + tp_ud[0] : 1u;
    uint64_t bit = rng_below(rng, 8u * (n > head ? n - head : 1u));

    if (n > head)
        tp_ud[head + bit / 8] ^= (uint8_t)(1u << bit % 8);
}
