/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the core: what its two halves share. */
#pragma once

#include "common/codec/script.h"
#include "smsr/core.h"
#include "smsr/keys.h"

struct smsr_core {
    struct smsr_core_options o;
    struct engine *engine;
    struct store *store;
    struct keys *keys;
    struct channel *channel;
    struct api *api;
    struct arena scratch;          /* decoded EIS of the record being applied */
    struct buf packet;             /* the packet being built */
    struct isdr_secret fresh;      /* the keys of a card as the plan at hand leaves them */
    bool has_fresh;
    uint64_t lost_outputs, idle_at_lsn;
};

struct mbox core_mbox(const struct eid *eid);
/* The card as the view sees it now; NULL: not registered. */
const struct euicc *core_view(struct smsr_core *c, const struct eid *eid);
/* core_keys.c: the secrets of what a plan records of a card's key sets. */
MUST_CHECK int core_keys_seal(struct smsr_core *c, const struct euicc *e, struct plan *p);
/* PUT KEY of the set that the plan records as prepared, into the memory of the plan. */
MUST_CHECK int core_keys_put(struct smsr_core *c, const struct isdr_set *under, const struct card_unit *unit,
                             enum script_form form, struct arena *a, struct span *ret);
/* The plan is made, or given up. */
void core_keys_done(struct smsr_core *c);
/* core_engine.c: what the engine asks of this core. */
struct engine_app core_app(struct smsr_core *c);
/* Opens engine and state as the application of this core. */
MUST_CHECK int core_open_engine(struct smsr_core *c, struct errmsg *why);
