/* SPDX-License-Identifier: Apache-2.0 */
/* sim --seeds N --first S [--cards M] [--plain] | --seed S [--trace]: runs whole worlds and names what
 * fell. A failing seed prints the command that repeats it. */
#include "common/base/hex.h"
#include "test/sim/crash_points.h"
#include "test/sim/world.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

struct totals {
    uint64_t passed, failed;
    struct world_stats s;
};

static bool number(const char *text, uint64_t *ret)
{
    char *end;

    *ret = strtoull(text, &end, 10);
    return *text && !*end;
}

static int run(const struct world_plan *p, struct totals *t, bool print_hash)
{
    struct world_stats s = {0};
    struct world *w = NULL;
    struct errmsg why = {""};
    char hash[65] = "";
    int err = world_new(p, &w, &why);

    if (!err)
        err = world_run(w, &s, &why);
    world_free(w);
    if (err) {
        t->failed++;
        printf("seed %llu FAILED: %s\n  repeat: sim --seed %llu --cards %u%s --trace\n",
               (unsigned long long)p->seed, why.text[0] ? why.text : err_text(err),
               (unsigned long long)p->seed, p->cards, p->faults ? "" : " --plain");
    } else {
        t->passed++;
    }
    t->s.events += s.events;
    t->s.operations += s.operations + s.downloads;
    t->s.success += s.success;
    t->s.failed += s.failed;
    t->s.rolled_back += s.rolled_back;
    t->s.expired += s.expired;
    t->s.in_doubt += s.in_doubt;
    t->s.refused += s.refused;
    t->s.records += s.records;
    t->s.rows += s.rows;
    t->s.orders += s.orders;
    t->s.notices += s.notices;
    t->s.virtual_ms += s.virtual_ms;
    deaths_add(t->s.deaths, s.deaths);
    for (unsigned h = 0; h < WORLD_HITS; h++)
        t->s.hits[h] += s.hits[h];
    if (print_hash && !hex_encode(span_of(s.log_hash, 32), hash, sizeof hash))
        printf("seed %llu log hash %s\n", (unsigned long long)p->seed, hash);
    return err;
}

static int usage(void)
{
    fprintf(stderr, "usage: sim (--seeds N [--first S] | --seed S) [--cards M] [--plain] [--hash] [--trace]\n"
                    "           [--crash-points] [--lying-disks]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"seeds", required_argument, NULL, 'n'}, {"first", required_argument, NULL, 'f'},
        {"seed", required_argument, NULL, 's'},  {"cards", required_argument, NULL, 'c'},
        {"plain", no_argument, NULL, 'p'},       {"trace", no_argument, NULL, 't'},
        {"hash", no_argument, NULL, 'h'},        {"crash-points", no_argument, NULL, 'x'},
        {"lying-disks", no_argument, NULL, 'l'},
        {NULL, 0, NULL, 0}};
    struct world_plan p = {.seed = 1, .cards = 8, .faults = true};
    uint64_t n = 1, first = 1, cards = 8;
    struct totals t = {0};
    bool hash = false, points = false;
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        bool ok = true;
        switch (c) {
        case 'n': ok = number(optarg, &n); break;
        case 'f':
        case 's': ok = number(optarg, &first); break;
        case 'c': ok = number(optarg, &cards) && cards > 0 && cards <= FACTORY_CARDS_MAX; break;
        case 'p': p.faults = false; break;
        case 't': p.trace = true; break;
        case 'h': hash = true; break;
        case 'l': p.lying = true; break;
        case 'x': points = true; break;
        default: ok = false; break;
        }
        if (!ok)
            return usage();
    }
    p.cards = (unsigned)cards;
    for (uint64_t i = 0; i < n; i++) {
        p.seed = first + i;
        (void)run(&p, &t, hash);
        fflush(stdout);
    }
    printf("%llu operations asked, %llu refused, %llu SUCCESS, %llu FAILED, %llu ROLLED_BACK, %llu EXPIRED, "
           "%llu in doubt on the way; %llu records, %llu ledger rows, %llu orders and %llu notices compared, "
           "%.1f virtual days\n",
           (unsigned long long)t.s.operations, (unsigned long long)t.s.refused,
           (unsigned long long)t.s.success, (unsigned long long)t.s.failed,
           (unsigned long long)t.s.rolled_back, (unsigned long long)t.s.expired,
           (unsigned long long)t.s.in_doubt, (unsigned long long)t.s.records,
           (unsigned long long)t.s.rows, (unsigned long long)t.s.orders,
           (unsigned long long)t.s.notices, (double)t.s.virtual_ms / 86400e3);
    if (crash_points_print(t.s.deaths, points) && points) {
        printf("a crash point was not reached\n");
        t.failed++;
    }
    printf("%llu passed, %llu failed\n", (unsigned long long)t.passed, (unsigned long long)t.failed);
    return t.failed ? 1 : 0;
}
