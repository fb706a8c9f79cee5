/* SPDX-License-Identifier: Apache-2.0 */
/* power --cuts N [--first S] [--daemon smsr|smdp] [--normal]: power cuts under a daemon's real journal and
 * state code. --normal is the control: a journal with synchronous=NORMAL must be seen to lose what was
 * told.
 * power --tamper N: records of the log are changed; power --flips N: bits of the files are turned over. */
#include "test/power/tamper.h"

#include <getopt.h>
#include <inttypes.h>
#include <malloc.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLDS    4u /* stories that the lives take in turn */
#define STORIES   1000000u /* seeds of lives that share them */
#define CARDS     3u
#define ROWS_MAX  600u

struct options {
    uint64_t cuts, tamper, flips, first;
    bool smdp, normal;
};

static int usage(void)
{
    fprintf(stderr, "usage: power (--cuts N [--normal] | --tamper N | --flips N) [--first S]"
                    " [--daemon smsr|smdp]\n");
    return 2;
}

static bool parse(int argc, char **argv, struct options *o)
{
    static const struct option OPTIONS[] = {
        {"cuts", required_argument, NULL, 'c'}, {"first", required_argument, NULL, 'f'},
        {"daemon", required_argument, NULL, 'd'}, {"normal", no_argument, NULL, 'n'},
        {"tamper", required_argument, NULL, 't'}, {"flips", required_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1) {
        if (c == 'c')
            o->cuts = strtoull(optarg, NULL, 10);
        else if (c == 't')
            o->tamper = strtoull(optarg, NULL, 10);
        else if (c == 'b')
            o->flips = strtoull(optarg, NULL, 10);
        else if (c == 'f')
            o->first = strtoull(optarg, NULL, 10);
        else if (c == 'd' && (!strcmp(optarg, "smsr") || !strcmp(optarg, "smdp")))
            o->smdp = !strcmp(optarg, "smdp");
        else if (c == 'n')
            o->normal = true;
        else
            return false;
    }
    return (o->cuts > 0) + (o->tamper > 0) + (o->flips > 0) == 1 && optind == argc;
}

static int run(const struct options *o, const struct script *scripts)
{
    struct power_plan p = {.name = "power", .make = o->smdp ? daemon_smdp : daemon_smsr,
                           .normal = o->normal, .say = !o->normal};
    struct power_tally t = {0};

    for (uint64_t seed = o->first; t.cuts < o->cuts; seed++) {
        uint64_t left = o->cuts - t.cuts;
        p.script = &scripts[seed % WORLDS];
        power_life(&p, seed, left < LIFE_CUTS ? left : LIFE_CUTS, &t);
    }
    printf("%s%s: %" PRIu64 " cuts (%" PRIu64 " during a start, %" PRIu64 " after something was told, %" PRIu64
           " at rest, %" PRIu64 " with state.db rebuilt), %" PRIu64 " turns, %" PRIu64 " records: lost %" PRIu64
           ", torn %" PRIu64 ", secrets apart %" PRIu64 ", state differs %" PRIu64 ", broken %" PRIu64 "\n",
           o->smdp ? "smdp" : "smsr", o->normal ? " synchronous=NORMAL" : "", t.cuts, t.cut_starts, t.told,
           t.at_rest, t.rebuilt, t.turns, t.records, t.lost, t.torn, t.split, t.differs, t.broken);
    if (o->normal)
        return t.lost > 0 ? 0 : 1; /* the control found what it had to */
    if (power_faults(&t))
        printf("first in the life of seed %" PRIu64 "\n", t.first_bad_seed);
    return power_faults(&t) ? 1 : 0;
}

static int tamper(const struct options *o, const struct script *script)
{
    const struct power_plan p = {.script = script, .make = o->smdp ? daemon_smdp : daemon_smsr};
    struct tamper_tally t = {0};
    const char *name = o->smdp ? "smdp" : "smsr";
    int err = o->tamper ? tamper_rows(&p, o->first, o->tamper, &t) : tamper_bits(&p, o->first, o->flips, &t);

    if (err)
        printf("no log to tamper with: %s\n", err_text(err));
    if (o->flips)
        printf("%s: %" PRIu64 " files with bits turned over: %" PRIu64 " found (%" PRIu64 " by the heads alone), %"
               PRIu64 " harmless, wrong data accepted %" PRIu64 "\n",
               name, t.tried, t.found, t.heads_only, t.harmless, t.missed);
    else
        printf("%s: %" PRIu64 " logs tampered with: %" PRIu64 " found, %" PRIu64 " not\n", name, t.tried, t.found,
               t.missed);
    for (unsigned i = 0; o->tamper && TAMPER_KINDS[i]; i++)
        printf("  %6" PRIu64 " %s\n", t.kinds[i], TAMPER_KINDS[i]);
    return err || t.missed || t.tried < (o->tamper ? o->tamper : o->flips) ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options o = {.first = 1};
    struct script scripts[WORLDS] = {0}, other = {0};
    struct errmsg why = {""};
    int err = ERR_OK, status;

    if (!parse(argc, argv, &o))
        return usage();
    /* One thread, much opening and closing: no locks, no statistics, no memory given back. */
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)mallopt(M_TRIM_THRESHOLD, 256 << 20);
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 20);
    for (unsigned i = 0; i < WORLDS && !err; i++) {
        struct script *mine = &scripts[i];
        err = script_record(o.first / STORIES * WORLDS + i + 1, CARDS, ROWS_MAX, o.smdp ? &other : mine, o.smdp ? mine : &other, &why);
        script_fini(&other);
        memset(&other, 0, sizeof other);
    }
    if (err) {
        printf("no story to write: %s\n", why.text[0] ? why.text : err_text(err));
        return 1;
    }
    status = o.cuts ? run(&o, scripts) : tamper(&o, &scripts[o.first % WORLDS]);
    for (unsigned i = 0; i < WORLDS; i++)
        script_fini(&scripts[i]);
    return status;
}
