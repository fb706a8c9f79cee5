/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a simulated daemon: it dies at an operation of its disk or at an instant of its engine,
 * nothing it says from then on is heard, what it had not synced is lost as drawn, and a while later it is
 * started on what is left. */
#pragma once

#include "common/engine/engine.h"
#include "common/net/rpc.h"
#include "test/sim/link.h"
#include "test/support/memvfs.h"

enum death {
    DEATH_BETWEEN, /* between two turns */
    DEATH_DISK,    /* at an operation that changes the disk */
    DEATH_INSTANT, /* at an instant of the engine */
    DEATH_ERROR,   /* its disk answered an error, once, and it stopped (design law 11) */
    DEATHS_PLANNED,
    DEATH_MEMORY = DEATHS_PLANNED, /* an allocation failed, and it stopped */
    DEATHS
};
enum life_who { LIFE_SMSR, LIFE_SMDP };
struct deaths {
    uint64_t how[DEATHS];
    uint64_t at[ENGINE_INSTANTS][EV_TYPE_COUNT]; /* DEATH_INSTANT, where */
    uint64_t machine;              /* what was not synced was at stake */
};
struct life {
    enum life_who who;
    const char *name;
    struct memvfs *disk;
    bool lying;                    /* the disk ignores flushes, and a death is always one of the machine */
    struct rng *rng;               /* of the story */
    bool (*comes)(void *ctx, const char *name, enum death how); /* or is left out; NULL: it comes */
    void *comes_ctx;
    struct rpc_handler front;      /* what others connect to, whoever lives behind it */
    struct rpc_handler core;       /* of the core that lives now */
    bool up, dying;
    int64_t every_ms;              /* mean time between two deaths; 0: it dies no more */
    int64_t restart_ms;            /* while it is down */
    int64_t death_ms;              /* when the next death is prepared; INT64_MAX: none any more */
    uint64_t failures, no_memory;  /* of disk and allocations, when the step began */
    bool prepared;
    enum death how;
    uint64_t countdown;            /* DEATH_INSTANT: that many instants of the kind below later */
    enum engine_instant instant;
    enum event_type what;
    bool any;                      /* whatever the instant */
    int64_t given_up_ms;           /* what was prepared is drawn anew when it has not come by then */
    struct deaths deaths;
};

/* every_ms: mean time between two deaths; 0: it never dies. */
void life_init(struct life *l, enum life_who who, struct rng *rng, int64_t every_ms);
/* For the core's options. */
struct engine_witness life_witness(struct life *l);
/* A core lives behind the front now. */
void life_born(struct life *l, const struct rpc_handler *core);
/* Prepares the death that is due, or brings it; call between two turns. true: it is dead, or as good as:
 * free the core, then life_buried. */
bool life_check(struct life *l, int64_t now_ms);
/* A step of the world begins: nothing that failed before is an excuse for what goes wrong in it. */
void life_step(struct life *l);
/* An allocation failed in this step. */
bool life_lacked_memory(const struct life *l);
/* The core says that it cannot go on. true: in this step its disk answered an error or it had no memory, so it
 * is right to stop. */
bool life_stopped(struct life *l);
/* The core is freed. Draws what is left of the disk and when it is started again. */
void life_buried(struct life *l, int64_t now_ms);
/* No deaths from here on. */
void life_spare(struct life *l);
/* Next moment that concerns this life; INT64_MAX: none. */
int64_t life_due(const struct life *l);
