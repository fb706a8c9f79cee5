/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the core: what its two halves share. */
#pragma once

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
    uint64_t lost_outputs, idle_at_lsn;
};

struct mbox core_mbox(const struct eid *eid);
/* The card as the view sees it now; NULL: not registered. */
const struct euicc *core_view(struct smsr_core *c, const struct eid *eid);
/* core_engine.c: what the engine asks of this core. */
struct engine_app core_app(struct smsr_core *c);
/* Opens engine and state as the application of this core. */
MUST_CHECK int core_open_engine(struct smsr_core *c, struct errmsg *why);
