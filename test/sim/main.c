/* SPDX-License-Identifier: Apache-2.0 */
/* sim: runs whole worlds and names what fell; see usage() and README.md. */
#include "test/sim/farm.h"
#include "test/sim/shrink.h"
#include "tools/euiccsim/net/quirk_set.h"

#include <getopt.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static bool number(const char *text, uint64_t *ret)
{
    char *end;

    *ret = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end;
}

static int usage(void)
{
    fprintf(stderr,
            "usage: sim (--seeds N [--first S] | --seed S) [--jobs J] [--cards M] [--plain] "
            "[--lying-disks] [--no-memory]\n"
            "           [--hash] [--trace] [--crash-points] [--without 3,17-40] [--shrink] [--quirk NAME]\n");
    return 2;
}

/* Every card has this quirk, or every device. */
static bool quirk(const char *name, struct world_plan *p)
{
    const struct quirk_row *card = quirk_find(CARD_QUIRKS, CARD_QUIRK_COUNT, span_str(name));
    const struct quirk_row *net = quirk_find(NET_QUIRKS, NET_QUIRK_COUNT, span_str(name));

    if (!card && !net)
        return false;
    p->card_quirks |= card ? card->bit : 0;
    p->net_quirks |= net ? net->bit : 0;
    p->open_end |= strcmp(card ? card->verdict : net->verdict, "SUCCESS") != 0;
    return true;
}

static bool option(int c, const char *arg, struct farm_plan *p, struct choices_out *without)
{
    uint64_t n = 0;
    bool ok = !arg || c == 'w' || c == 'q' || number(arg, &n);

    switch (c) {
    case 'w':
        p->world.without = without;
        return choice_parse(arg, without);
    case 'q':
        return quirk(arg, &p->world);
    case 'n':
        p->seeds = n;
        break;
    case 'f':
    case 's':
        p->first = n;
        break;
    case 'c':
        p->world.cards = (unsigned)n;
        return ok && n <= FACTORY_CARDS_MAX;
    case 'j':
        p->jobs = (unsigned)n;
        return ok && n > 0 && n <= FARM_JOBS_MAX;
    case 'p':
        p->world.faults = false;
        break;
    case 't':
        p->world.trace = true;
        break;
    case 'm':
        p->world.no_memory = true;
        return true;
    case 'l':
        p->world.lying = true;
        break;
    case 'h':
        p->hash = true;
        break;
    case 'x':
        p->points = true;
        break;
    default:
        ok = false;
        break;
    }
    return ok;
}

/* One thread and thousands of worlds: memory stays with the process, and nobody counts or locks it.
 */
static bool settle(void)
{
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30); /* a sanitizer has an allocator of its own */
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) == SQLITE_OK;
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {{"seeds", required_argument, NULL, 'n'},
                                            {"first", required_argument, NULL, 'f'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"cards", required_argument, NULL, 'c'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"plain", no_argument, NULL, 'p'},
                                            {"trace", no_argument, NULL, 't'},
                                            {"hash", no_argument, NULL, 'h'},
                                            {"crash-points", no_argument, NULL, 'x'},
                                            {"lying-disks", no_argument, NULL, 'l'},
                                            {"no-memory", no_argument, NULL, 'm'},
                                            {"without", required_argument, NULL, 'w'},
                                            {"shrink", no_argument, NULL, 'k'},
                                            {"quirk", required_argument, NULL, 'q'},
                                            {NULL, 0, NULL, 0}};
    static struct choices_out without;
    bool shrink = false;
    struct farm_plan p = {.first = 1, .seeds = 1, .world = {.faults = true}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1)
        if (c == 'k')
            shrink = true;
        else if (!option(c, optarg, &p, &without))
            return usage();
    if (optind != argc || ((shrink || p.world.without) && p.seeds != 1))
        return usage();
    if (!settle()) {
        fprintf(stderr, "sim: SQLite cannot be configured\n");
        return 2;
    }
    if (!shrink)
        return farm_run(&p);
    p.world.seed = p.first;
    p.world.cards = p.world.cards ? p.world.cards : world_cards(p.first);
    return shrink_run(&p.world);
}
