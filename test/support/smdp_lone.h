/* SPDX-License-Identifier: Apache-2.0 */
/* The SM-DP's deciders alone: one order, and what the engine, the core and the world around them make
 * of its plans. What must hold in every life of an order is asserted here (a card is left clean or
 * installed, an ICCID is released only with proof, the caller is answered once). */
#pragma once

#include "common/base/mem.h"
#include "common/base/rng.h"
#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es3.h"
#include "smdp/proc/procs.h"

#define LONE_NOW   INT64_C(1790000000000)
#define LONE_EID   "89001012012341234012345678901224"
#define LONE_ICCID "8949010000000000001"

struct lone {
    struct dp_env env;
    struct dp_party party;
    struct dp_smsr smsr;
    struct stock_item item;
    bool stocked;                  /* deciders are shown the item */
    uint8_t cert[160];
    struct order *o;
    struct arena mem;
    struct rng rng;
    int64_t now;
    /* what the world knows */
    bool maybe_on_card, deleted_ki, released, installed, concluded, in_doubt, enabled;
    unsigned answers, calls;
    unsigned told_stock;           /* records that a profile is enabled, disabled, deleted */
    struct operation_concluded told; /* the last verdict the operator got */
    unsigned n_told;
    enum msg_type called;          /* request of the last call; MSG_NONE: none is out */
    const void *called_body;       /* of it */
    unsigned delivered;            /* deliveries so far */
    uint32_t called_validity_s;    /* its ValidityPeriod; 0: none */
    enum dp_job job;               /* asked for and not ended; 0: none */
};
void lone_init(struct lone *l);
void lone_fini(struct lone *l);
struct dp_proc_env lone_env(struct lone *l);
struct plan *lone_plan(struct lone *l);
/* A call that nobody made yet; its input lives as long as l. */
struct input lone_call(struct lone *l, enum msg_type type, void *body, const char *fcid);
/* Decides and carries out. 0 or ERR_STATE. */
int lone_feed(struct lone *l, const struct input *in);
/* A call that is taken. */
void lone_accept(struct lone *l, const struct dp_proc_env *env, const struct input *in);

/* An answer of the SM-SR. */
struct input lone_answer(struct lone *l, enum msg_type type, enum exec_status status,
                         const char *subject, const char *reason, enum verdict v);
/* The late verdict of the order's call of that step. */
struct input lone_verdict(struct lone *l, enum verdict v, uint32_t step, const char *subject,
                          const char *reason);

/* --- downloads --- */
struct input lone_download(struct lone *l, bool enable);
/* Another order holds the card: busy. */
void lone_ordered(struct lone *l, bool enable, bool busy);
/* An answer of that type; success carries what the state needs. */
struct input lone_peer(struct lone *l, enum msg_type type, enum exec_status status,
                       const char *subject, const char *reason);
/* The end of the key job that is out. */
struct input lone_key(struct lone *l, int err, bool installed);
enum msg_type lone_answer_of(unsigned state); /* what that state waits for; MSG_NONE: nothing */
/* The good way to a state. */
void lone_go_to(struct lone *l, unsigned state);
/* Before the decider sees it: what an answer proves about the card. */
void lone_witness(struct lone *l, const struct input *in);
