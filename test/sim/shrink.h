/* SPDX-License-Identifier: Apache-2.0 */
/* A failing seed cut down to a short story that fails in the same invariant. */
#pragma once

#include "test/sim/world.h"

/* Leaves out ever more of the world's choices, each try in a process of its own, and prints what
 * remains with its trace. 0: done; 1: the seed does not fail; 2: no memory or no process to be had.
 */
int shrink_run(const struct world_plan *p);
/* The options of `sim` that give this world again, with a blank before each; --without is not among them. */
#define WORLD_PLAN_TEXT 1024u
const char *world_plan_text(const struct world_plan *p, char ret[WORLD_PLAN_TEXT]);
