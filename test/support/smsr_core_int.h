/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of the core's harness only. */
#pragma once

#include "test/support/smsr_core.h"

void core_append(struct core *w, const struct event *ev);
/* The laws over one record, before it is applied. */
void core_law_record(struct core *w, const struct event *ev);
/* The laws over the plan of one input. */
void core_law_plan(struct core *w, const struct input *in);
