/* SPDX-License-Identifier: Apache-2.0 */
/* The two latency models as tables. */
#include "tools/euiccsim/net/latency.h"

#include <math.h>

static const char *const NAMES[LATENCY_MODELS] = {"fast", "lab2016"};

struct spread {
    double median_ms, sigma;      /* lognormal */
    double ms_per_octet;
    uint16_t tail_per_mille;      /* so often 18 to 86 s on top, as the laboratory saw */
};

/* fast: uniform up to median_ms. lab2016: a round trip took 0.30 s, a download segment of 1 kB
 * 1.63 s, a whole download 12 s and 657 octets a second. SMS and attach were not measured there:
 * 4 s (an SMSC gives a handset one message in 3 to 6 s) and 20 s are believed. */
static const struct spread TABLE[LATENCY_MODELS][LAT_KINDS] = {
    [LATENCY_FAST] = {
        [LAT_SMS_MT] = {3, 0, 0, 0},
        [LAT_SMS_MO] = {3, 0, 0, 0},
        [LAT_STREAM_OPEN] = {2, 0, 0, 0},
        [LAT_STREAM_UP] = {1, 0, 0, 0},
        [LAT_STREAM_DOWN] = {1, 0, 0, 0},
        [LAT_ATTACH] = {5, 0, 0, 0},
    },
    [LATENCY_LAB2016] = {
        [LAT_SMS_MT] = {4000, 0.5, 0, 5},
        [LAT_SMS_MO] = {4000, 0.5, 0, 5},
        [LAT_STREAM_OPEN] = {900, 0.3, 0, 5},
        [LAT_STREAM_UP] = {150, 0.1, 0.2, 2},
        [LAT_STREAM_DOWN] = {150, 0.1, 1.3, 2},
        [LAT_ATTACH] = {20000, 0.4, 0, 5},
    },
};

bool latency_parse(struct span name, enum latency_model *ret)
{
    for (unsigned m = 0; m < LATENCY_MODELS; m++)
        if (span_eq(name, span_str(NAMES[m]))) {
            *ret = (enum latency_model)m;
            return true;
        }
    return false;
}

/* Box-Muller; one of the two values is thrown away so that every draw takes two numbers. */
static double normal(struct rng *rng)
{
    double u = 1.0 - rng_unit(rng), v = rng_unit(rng);

    return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}

int64_t latency_draw(enum latency_model m, enum latency_kind k, size_t octets, struct rng *rng)
{
    const struct spread *s = &TABLE[m][k];
    double ms;
    uint64_t tail;

    if (m == LATENCY_FAST)
        return (int64_t)rng_below(rng, (uint64_t)s->median_ms + 1);
    ms = s->median_ms * exp(s->sigma * normal(rng)) + s->ms_per_octet * (double)octets;
    tail = rng_below(rng, 1000);
    if (tail < s->tail_per_mille)
        ms += 18000.0 + 68000.0 * rng_unit(rng);
    return (int64_t)ms;
}

int64_t latency_behind(enum latency_model m, enum latency_kind k, size_t octets)
{
    return (int64_t)(TABLE[m][k].ms_per_octet * (double)octets);
}
