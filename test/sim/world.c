/* SPDX-License-Identifier: Apache-2.0 */
/* Time of the simulated world: what is due next, in a fixed order, then one turn of each daemon. */
#include "test/sim/alloc.h"
#include "test/sim/world_int.h"

#include "common/wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

#define QUIET_MS       (6ll * 3600 * 1000) /* faults end here */
#define DEATH_EVERY_MS (20 * 60 * 1000) /* each daemon, while there are faults */
#define IDLE_MS 2000                    /* as in the daemons */

int64_t world_wall(const struct world *w)
{
    return WORLD_START_MS + w->now_ms;
}

static int64_t clock_wall(void *ctx)
{
    return world_wall(ctx);
}

static int64_t clock_mono(void *ctx)
{
    const struct world *w = ctx;
    return w->now_ms;
}

/* --- the clock of a daemon --- */
static int64_t drifted(const struct daemon_clock *c, int64_t ms)
{
    return ms + ms * c->drift / RATE_ONE;
}

static int64_t daemon_mono(void *ctx)
{
    const struct daemon_clock *c = ctx;
    return drifted(c, c->w->now_ms);
}

static int64_t daemon_wall(void *ctx)
{
    const struct daemon_clock *c = ctx;
    return WORLD_START_MS + daemon_mono(ctx) + c->step_ms;
}

static uint64_t daemon_boot(void *ctx)
{
    const struct daemon_clock *c = ctx;
    return 1 + c->life->deaths.machine;
}

static void daemon_clock_init(struct daemon_clock *c, const struct world *w, const struct life *l, int64_t drift)
{
    *c = (struct daemon_clock){.w = w, .drift = drift, .life = l,
                               .port = {daemon_wall, daemon_mono, c, daemon_boot}};
}

/* When it shows that monotonic time. */
static int64_t daemon_clock_when(const struct daemon_clock *c, int64_t mono_ms)
{
    int64_t ms = mono_ms * RATE_ONE / (RATE_ONE + c->drift);

    while (drifted(c, ms) < mono_ms)
        ms++;
    return ms;
}

void world_fault(struct world *w, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (w->fault.text[0])
        return;
    n = snprintf(w->fault.text, sizeof w->fault.text, "at %lld.%03lld s: ",
                 (long long)(w->now_ms / 1000), (long long)(w->now_ms % 1000));
    va_start(ap, fmt);
    (void)vsnprintf(w->fault.text + n, sizeof w->fault.text - (size_t)n, fmt, ap);
    va_end(ap);
}

/* Everything that went onto the air, in order, into one hash. */
void world_air(struct world *w, char kind, struct span bytes)
{
    const struct span parts[3] = {span_of(w->air.h, 32), span_of(&kind, 1), bytes};

    sha256(w->crypto, parts, 3, w->air.h);
}

/* --- one step --- */
static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct client *world_fleet(struct world *w, const struct eid *eid)
{
    const struct factory_card *f = factory_card_of(&w->factory, eid);

    return &w->fleet[f ? f->realm : 0];
}

struct client *const *world_parties(struct world *w, unsigned *n)
{
    w->all[0] = &w->eum;
    w->all[1] = &w->a;
    w->all[2] = &w->b;
    w->all[3] = &w->b_dp;
    w->all[4] = &w->admin;
    for (unsigned r = 0; r < FACTORY_REALMS; r++)
        w->all[5 + r] = &w->fleet[r];
    *n = 5 + FACTORY_REALMS;
    if (w->plan.faults)
        *n += hostile_parties(w, w->all + *n);
    return w->all;
}

static int64_t next_due(struct world *w)
{
    int64_t due = sooner(links_due(w->links), sooner(w->next_story_ms, world_trouble_due(w))), t;
    unsigned n;
    struct client *const *c = world_parties(w, &n);

    for (unsigned i = 0; i < n; i++)
        due = sooner(due, client_due(c[i]));
    t = simnet_due(w->net);
    due = sooner(due, t ? t - WORLD_START_MS : INT64_MAX);
    due = sooner(due, sooner(life_due(&w->sr_life), life_due(&w->dp_life)));
    t = w->sr_life.up ? smsr_core_due(w->sr) : -1;
    due = sooner(due, t < 0 ? INT64_MAX : daemon_clock_when(&w->sr_clock, t));
    t = w->dp_life.up ? smdp_core_due(w->dp) : -1;
    due = sooner(due, t < 0 ? INT64_MAX : daemon_clock_when(&w->dp_clock, t));
    if (!w->dp_rpc && w->dp_life.up)
        due = sooner(due, w->dp_reconnect_ms);
    if (w->n_results)
        due = w->now_ms;
    return due;
}

/* It cannot go on, and has a reason that the world gave it. */
static bool dead(const struct world *w, struct life *l)
{
    return life_check(l, w->now_ms) || life_stopped(l);
}

static int turn_smsr(struct world *w)
{
    int was = alloc_enter(LIFE_SMSR), err = smsr_core_turn(w->sr);

    (void)alloc_enter(was);
    return err;
}

static int turn_smdp(struct world *w)
{
    int was = alloc_enter(LIFE_SMDP), err = smdp_core_turn(w->dp);

    (void)alloc_enter(was);
    return err;
}

static void turns(struct world *w)
{
    if (w->sr_life.up && turn_smsr(w) && !dead(w, &w->sr_life))
        world_fault(w, "SM-SR stopped: %s", smsr_core_why(w->sr));
    if (w->dp_life.up && turn_smdp(w) && !dead(w, &w->dp_life))
        world_fault(w, "SM-DP stopped: %s", smdp_core_why(w->dp));
    links_flush(w->links, w->now_ms);
    w->stats.turns++;
}

/* --- death and birth --- */
/* A machine that starts finds a time server before it starts a daemon: a wall clock that was set forward
 * would shorten what is under way, and nobody could tell. */
static void buried(struct world *w, struct life *l)
{
    struct daemon_clock *c = l->who == LIFE_SMSR ? &w->sr_clock : &w->dp_clock;
    uint64_t machine = l->deaths.machine;

    life_buried(l, w->now_ms);
    if (l->deaths.machine != machine && c->step_ms > 0)
        c->step_ms = 0;
}

static void bury_smsr(struct world *w)
{
    links_cut_of(w->links, &w->sr_life, w->now_ms);
    world_count_channel(w);
    smsr_core_free(w->sr);
    w->sr = NULL;
    while (w->n_conns)
        if (simnet_stream_closed(w->net, w->conns[--w->n_conns], world_wall(w)))
            world_fault(w, "the network cannot close a stream");
    buried(w, &w->sr_life);
}

static void bury_smdp(struct world *w)
{
    links_cut_of(w->links, &w->dp_life, w->now_ms);
    links_cut_of(w->links, w, w->now_ms);
    smdp_core_free(w->dp);
    w->dp = NULL;
    buried(w, &w->dp_life);
}

/* A start may be cut short as well: the next one finds what it left. */
static void born(struct world *w, struct life *l, int err, const struct errmsg *why)
{
    if (!err)
        return;
    if (dead(w, l))
        buried(w, l);
    else
        world_fault(w, "%s does not start again: %s", l->name, why->text);
}

static void burials(struct world *w)
{
    if (w->sr_life.up && life_check(&w->sr_life, w->now_ms))
        bury_smsr(w);
    if (w->dp_life.up && life_check(&w->dp_life, w->now_ms))
        bury_smdp(w);
}

static void births(struct world *w)
{
    struct errmsg why = {""};

    if (!w->sr_life.up && w->now_ms >= w->sr_life.restart_ms)
        born(w, &w->sr_life, world_open_smsr(w, &why), &why);
    if (!w->dp_life.up && w->now_ms >= w->dp_life.restart_ms)
        born(w, &w->dp_life, world_open_smdp(w, &why), &why);
}

static bool idle_smsr(struct world *w)
{
    int was = alloc_enter(LIFE_SMSR);
    bool did = smsr_core_idle(w->sr);

    (void)alloc_enter(was);
    return did;
}

static int idle_smdp(struct world *w)
{
    int was = alloc_enter(LIFE_SMDP), err = smdp_core_idle(w->dp);

    (void)alloc_enter(was);
    return err;
}

/* Nothing comes until due: both write behind and empty their logs, and may die of it. */
static void rest(struct world *w, int64_t due)
{
    if (due - w->now_ms < IDLE_MS)
        return;
    if (w->sr_life.up)
        (void)idle_smsr(w);
    if (w->dp_life.up && idle_smdp(w) && !dead(w, &w->dp_life))
        world_fault(w, "SM-DP stopped: %s", smdp_core_why(w->dp));
    burials(w);
}

bool world_step(struct world *w, int64_t limit_ms)
{
    int64_t due = next_due(w);
    unsigned n;
    struct client *const *c = world_parties(w, &n);

    if (due > limit_ms) {
        w->now_ms = limit_ms;
        return false;
    }
    life_step(&w->sr_life);
    life_step(&w->dp_life);
    if (due > w->now_ms) {
        rest(w, due);
        w->now_ms = due;
        w->same_ms = 0;
    } else if (++w->same_ms > 200000) {
        world_fault(w, "time stands still");
    }
    world_trouble(w);
    births(w);
    world_connect_dp(w);
    world_tell_results(w);
    links_run(w->links, w->now_ms);
    if (simnet_run(w->net, world_wall(w)))
        world_fault(w, "the network stopped");
    if (w->now_ms >= w->next_story_ms)
        world_story(w);
    for (unsigned i = 0; i < n; i++) {
        client_run(c[i], w->now_ms);
        if (c[i]->fault.text[0])
            world_fault(w, "%s", c[i]->fault.text);
    }
    turns(w);
    burials(w);
    /* Far more than any story needs: somebody is woken again and again without getting on. */
    if (++w->stats.events > 200000ull + 20000ull * w->factory.n)
        world_fault(w, "the world does not settle");
    world_check_step(w);
    return true;
}

unsigned world_cards(uint64_t seed)
{
    struct rng rng;

    rng_init_seeded(&rng, seed ^ 0x6c);
    return rng_below(&rng, 200) ? 8 : 16u << rng_below(&rng, 6);
}

static bool death_comes(void *ctx, const char *name, enum death how)
{
    static const char *const HOW[DEATHS] = {
        [DEATH_BETWEEN] = "between two turns",
        [DEATH_DISK] = "at an operation of its disk",
        [DEATH_INSTANT] = "at an instant of its engine",
        [DEATH_ERROR] = "of an error of its disk",
    };

    return world_choice(ctx, "%s is to die %s", name, HOW[how]);
}

int world_new(const struct world_plan *p, struct world **ret, struct errmsg *why)
{
    struct world *w = calloc(1, sizeof *w);
    int err;

    if (!w)
        return ERR_NOMEM;
    w->plan = *p;
    w->clock = (struct clock){clock_wall, clock_mono, w, NULL};
    rng_init_seeded(&w->range_rng, p->seed ^ 0x5b);
    rng_init_seeded(&w->call_rng, p->seed ^ 0x61);
    world_ranges_draw(&w->range_rng, p->faults, &w->ranges);
    w->quiet_ms = QUIET_MS;
    numbers_init(w);
    daemon_clock_init(&w->sr_clock, w, &w->sr_life, w->ranges.drift[0]);
    daemon_clock_init(&w->dp_clock, w, &w->dp_life, w->ranges.drift[1]);
    world_carrier(w);
    rng_init_seeded(&w->id_rng, p->seed ^ 0x1d);
    rng_init_seeded(&w->net_rng, p->seed ^ 0x2e);
    rng_init_seeded(&w->story_rng, p->seed ^ 0x3f);
    rng_init_seeded(&w->life_rng, p->seed ^ 0x4a);
    life_init(&w->sr_life, LIFE_SMSR, &w->life_rng, p->faults ? DEATH_EVERY_MS : 0);
    life_init(&w->dp_life, LIFE_SMDP, &w->life_rng, p->faults ? DEATH_EVERY_MS : 0);
    w->sr_life.comes = w->dp_life.comes = death_comes;
    w->sr_life.comes_ctx = w->dp_life.comes_ctx = w;
    w->next_story_ms = 0;
    err = world_parts(w, why);
    if (err) {
        world_free(w);
        return err;
    }
    *ret = w;
    return ERR_OK;
}

void world_free(struct world *w)
{
    unsigned n;

    if (!w)
        return;
    watch_free(w->watch);
    links_free(w->links);
    smsr_core_free(w->sr);
    smdp_core_free(w->dp);
    simnet_free(w->net);
    ledger_file_close(w->ledger);
    scp81_ctx_free(w->scp81);
    conf_free(w->conf);
    keystore_free(w->sr_keys);
    keystore_free(w->dp_keys);
    pki_free(w->sr_pki);
    pki_free(w->dp_pki);
    factory_fini(&w->factory);
    for (unsigned i = 0; world_parties(w, &n) && i < n; i++)
        client_fini(w->all[i]);
    memvfs_free(w->sr_life.disk);
    memvfs_free(w->dp_life.disk);
    crypto_free(w->crypto);
    free(w);
}

/* A card whose way back is B's own profile has none where only A is heard. */
static void bring_home(struct world *w)
{
    struct plmn here;

    memset(&here, 0, sizeof here);
    (void)snprintf(here.s, sizeof here.s, "%s", FACTORY_PLMN_HERE);
    for (unsigned i = 0; i < w->factory.n; i++) {
        const struct factory_card *f = &w->factory.cards[i];
        const struct card *c = simnet_card_of(w->net, &f->eid);
        for (unsigned k = 0; k < card_isdp_count(c); k++)
            if (card_isdp_at(c, k)->fallback && !iccid_eq(&card_isdp_at(c, k)->data.iccid, &f->f.bootstrap.iccid) &&
                simnet_move(w->net, &f->eid, &here, world_wall(w)))
                world_fault(w, "a device cannot be brought home");
    }
}

/* Registration and the first orders come from the story; faults end at quiet_ms, then everything that is
 * under way must come to its end. */
int world_run(struct world *w, struct world_stats *ret, struct errmsg *why)
{
    const int64_t hour = 3600 * 1000;
    int err = ERR_OK;

    alloc_fail(w->plan.seed ^ 0x7d, w->plan.no_memory ? w->ranges.alloc_one_of : 0);
    while (!w->fault.text[0] && world_step(w, w->quiet_ms))
        ;
    if (!w->fault.text[0]) {
        struct simnet_faults none = {0};
        simnet_set_faults(w->net, &none);
        /* Of a sleeper that loses every third message for ever, or of a meter whose power fails again and again
         * nothing can be demanded within three days. */
        simnet_mend(w->net, NETQ_REPORT_LIES);
        simnet_mend(w->net, NETQ_POWER);
        alloc_fail(0, 0);
        life_spare(&w->sr_life);
        life_spare(&w->dp_life);
        /* A card may put off its REFRESH until the next power cycle: each meter gets one. */
        if (simnet_power_cut(w->net, world_wall(w), hour))
            world_fault(w, "the meters cannot be switched off and on");
        bring_home(w);
        w->next_story_ms = INT64_MAX;
        /* Who wakes once a day hears three questions in that time, which an operation may need alone. */
        while (!w->fault.text[0] && world_step(w, w->quiet_ms + (w->ranges.sleepers ? 168 : 72) * hour))
            ;
    }
    w->stats.virtual_ms = w->now_ms;
    world_hits_collect(w);
    w->stats.deaths[0] = w->sr_life.deaths;
    w->stats.deaths[1] = w->dp_life.deaths;
    if (!w->fault.text[0])
        err = world_check_end(w, &w->fault);
    if (err)
        world_fault(w, "the checks of the end: %s", err_text(err)); /* one that has a sentence keeps it */
    err = w->fault.text[0] ? ERR_INTERNAL : world_log_hash(w, w->stats.log_hash);
    if (w->plan.trace)
        world_print(w);
    if (w->fault.text[0])
        *why = w->fault;
    *ret = w->stats;
    return err;
}
