/* SPDX-License-Identifier: Apache-2.0 */
/* Workers take seeds from one counter, so that none waits for the slowest. What a worker has summed
 * up lies in memory shared with the parent: one that dies takes nothing with it but the seed it was
 * at. */
#include "test/sim/farm.h"

#include "test/sim/shrink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/hex.h"
#include "test/sim/crash_points.h"

#define SEED_HANGS_S 900 /* no world needs as long, on any machine */
#define YEAR_MS      (365.25 * 86400e3)

struct totals {
    uint64_t passed, failed;
    struct world_stats s;
};
struct worker {
    pid_t pid; /* 0: gone */
    bool busy; /* at seed */
    uint64_t seed;
    struct totals t;
};
struct farm {
    atomic_uint_fast64_t next;
    struct worker w[];
};

/* --- sums --- */
static void add_stats(struct world_stats *sum, const struct world_stats *s)
{
    sum->events += s->events;
    sum->operations += s->operations;
    sum->downloads += s->downloads;
    sum->success += s->success;
    sum->failed += s->failed;
    sum->rolled_back += s->rolled_back;
    sum->expired += s->expired;
    sum->in_doubt += s->in_doubt;
    sum->refused += s->refused;
    sum->cuts += s->cuts;
    sum->turns += s->turns;
    sum->records += s->records;
    sum->rows += s->rows;
    sum->accepted += s->accepted;
    sum->orders += s->orders;
    sum->notices += s->notices;
    sum->virtual_ms += s->virtual_ms;
    deaths_add(sum->deaths, s->deaths);
    for (unsigned h = 0; h < WORLD_HITS; h++)
        sum->hits[h] += s->hits[h];
}

static void add_totals(struct totals *sum, const struct totals *t)
{
    sum->passed += t->passed;
    sum->failed += t->failed;
    add_stats(&sum->s, &t->s);
}

/* --- one seed --- */
static void tell_failure(const struct world_plan *p, const char *why)
{
    char options[WORLD_PLAN_TEXT];

    (void)world_plan_text(p, options);
    printf("seed %" PRIu64 " FAILED: %s\n  repeat: sim%s --trace\n  shorten: sim%s --shrink\n", p->seed,
           why, options, options);
    fflush(stdout);
}

static void run_seed(const struct farm_plan *f, uint64_t seed, struct totals *t)
{
    struct world_plan p = f->world;
    struct world_stats s = {0};
    struct world *w = NULL;
    struct errmsg why = {""};
    char hash[65] = "";
    int err;

    p.seed = seed;
    if (!p.cards)
        p.cards = world_cards(seed);
    err = world_new(&p, &w, &why);
    if (!err)
        err = world_run(w, &s, &why);
    world_free(w);
    t->passed += err == ERR_OK;
    t->failed += err != ERR_OK;
    add_stats(&t->s, &s);
    if (err)
        tell_failure(&p, why.text[0] ? why.text : err_text(err));
    if (f->hash && !hex_encode(span_of(s.log_hash, 32), hash, sizeof hash))
        printf("seed %" PRIu64 " log hash %s\n", seed, hash);
    fflush(stdout);
}

/* --- processes --- */
static void work(struct farm *farm, const struct farm_plan *p, struct worker *me)
{
    uint64_t i;

    while ((i = atomic_fetch_add(&farm->next, 1)) < p->seeds) {
        me->seed = p->first + i;
        me->busy = true;
        (void)alarm(SEED_HANGS_S);
        run_seed(p, me->seed, &me->t);
        me->busy = false;
    }
}

static bool start(struct farm *farm, const struct farm_plan *p, struct worker *me)
{
    pid_t pid;

    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        work(farm, p, me);
        exit(0); /* not _exit: a leak checker has its say */
    }
    me->pid = pid > 0 ? pid : 0; /* by the parent only: the memory is shared */
    return pid > 0;
}

/* A worker has ended: in good order, or by what the seed it was at made it do. true: it is
 * replaced. */
static bool ended(struct farm *farm, const struct farm_plan *p, struct worker *me, int status)
{
    struct world_plan at = p->world;
    char why[96];

    me->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return false;
    if (WIFSIGNALED(status))
        (void)snprintf(why, sizeof why, "the process died: %s",
                       WTERMSIG(status) == SIGALRM ? "no end after a quarter of an hour"
                                                   : strsignal(WTERMSIG(status)));
    else
        (void)snprintf(why, sizeof why, "the process ended with status %d", WEXITSTATUS(status));
    me->t.failed++;
    at.seed = me->seed;
    at.cards = at.cards ? at.cards : world_cards(at.seed);
    tell_failure(&at, why);
    if (!me->busy)
        return false;
    me->busy = false;
    return start(farm, p, me);
}

static int run_jobs(const struct farm_plan *p, struct totals *ret)
{
    size_t size = sizeof(struct farm) + p->jobs * sizeof(struct worker);
    struct farm *farm = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned alive = 0;

    if (farm == MAP_FAILED)
        return ERR_NOMEM;
    for (unsigned i = 0; i < p->jobs; i++)
        alive += start(farm, p, &farm->w[i]);
    if (!alive)
        return ERR_NOMEM;
    while (alive) {
        int status = 0;
        pid_t pid = wait(&status);
        if (pid < 0 && errno == ECHILD)
            break; /* nobody is left to wait for */
        for (unsigned i = 0; i < p->jobs; i++)
            if (pid > 0 && farm->w[i].pid == pid)
                alive -= !ended(farm, p, &farm->w[i], status);
    }
    for (unsigned i = 0; i < p->jobs; i++)
        add_totals(ret, &farm->w[i].t);
    (void)munmap(farm, size);
    return ERR_OK;
}

/* --- what is told of it --- */
static double seconds(const struct timespec *t)
{
    return (double)t->tv_sec + (double)t->tv_nsec / 1e9;
}

static double cpu_seconds(void)
{
    double sum = 0;

    for (int i = 0; i < 2; i++) {
        struct rusage u;
        if (getrusage(i ? RUSAGE_CHILDREN : RUSAGE_SELF, &u))
            continue;
        sum += (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6;
        sum += (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
    }
    return sum;
}

/* One figure a line, for people and programs. */
static void tell_sums(const struct world_stats *s)
{
    const struct {
        uint64_t n;
        const char *what;
    } ROWS[] = {
        {s->operations + s->downloads, "operations and orders asked"},
        {s->refused, "refused"},
        {s->success, "SUCCESS"},
        {s->failed, "FAILED"},
        {s->rolled_back, "ROLLED_BACK"},
        {s->expired, "EXPIRED"},
        {s->in_doubt, "in doubt on the way"},
        {s->records, "records"},
        {s->rows, "ledger rows"},
        {s->orders, "orders compared"},
        {s->notices, "notices compared"},
        {s->events, "steps"},
        {(uint64_t)s->virtual_ms / 3600000u, "virtual hours"},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++)
        printf("%12" PRIu64 " %s\n", ROWS[i].n, ROWS[i].what);
}

/* How many faults never hit. */
static unsigned tell_faults(const struct world_stats *s)
{
    unsigned missed = 0;

    for (unsigned h = 0; h < WORLD_HITS; h++) {
        printf("fault %-32s %12" PRIu64 "\n", world_hit_name((enum world_hit)h), s->hits[h]);
        missed += s->hits[h] == 0;
    }
    return missed;
}

/* The count of what was named and never met. */
static unsigned tell_hits(const struct farm_plan *p, const struct world_stats *s)
{
    unsigned faults = p->points ? tell_faults(s) : 0,
             points = crash_points_print(s->deaths, p->points);

    if (!p->points)
        return 0;
    if (faults)
        printf("%u faults never hit\n", faults);
    if (points)
        printf("%u crash points were not reached\n", points);
    return faults + points;
}

static void tell_speed(const struct farm_plan *p, double took)
{
    double cpu = cpu_seconds();

    printf("%" PRIu64
           " seeds in %.1f s, %.1f CPU s: %.1f seeds/s with %u workers, %.1f a CPU second\n",
           p->seeds, took, cpu, took > 0 ? (double)p->seeds / took : 0, p->jobs ? p->jobs : 1,
           cpu > 0 ? (double)p->seeds / cpu : 0);
}

int farm_run(const struct farm_plan *p)
{
    struct totals t = {0};
    struct timespec begun = {0}, now = {0};
    unsigned missed;

    (void)clock_gettime(CLOCK_MONOTONIC, &begun);
    if (p->jobs && run_jobs(p, &t)) {
        fprintf(stderr, "sim: no memory or no process for %u workers: ask for fewer --jobs\n",
                p->jobs);
        return 2;
    }
    for (uint64_t i = 0; !p->jobs && i < p->seeds; i++)
        run_seed(p, p->first + i, &t);
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    tell_sums(&t.s);
    missed = tell_hits(p, &t.s);
    tell_speed(p, seconds(&now) - seconds(&begun));
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t.passed, t.failed + missed);
    return t.failed || t.passed != p->seeds || missed ? 1 : 0;
}
