/* SPDX-License-Identifier: Apache-2.0 */
/* What the SM-SR's deciders know besides the card: configuration, and the one volatile fact of the
 * channel, asked by the application right before it decides. */
#pragma once

#include "common/proc/proc.h"
#include "smsr/domain/env.h"
#include "smsr/domain/euicc.h"
#include "smsr/domain/out.h"

struct proc_env {
    const struct env *env;
    bool held;                     /* a POST of this card waits for our response right now */
    struct uuid held_session;
};
