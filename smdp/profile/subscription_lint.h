/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of profile lint that one row of a subscription file can break by itself, judged when it
 * is imported: a mistake is found before a card waits for it. Places are columns, never values. */
#pragma once

#include "smdp/profile/lint.h"
#include "smdp/profile/subscription.h"

#define SUBSCRIPTION_FINDINGS 16u

struct subscription_finding {
    const struct lint_rule *rule;
    enum lint_severity severity;
    const char *column;
    const char *what; /* "a published or trivial key" */
};
/* test: cards of a test range exist here, so what only they may get is warned of, not refused.
 * Returns how many; refusals stand first. */
unsigned subscription_lint(const struct subscription *s, bool test,
                           struct subscription_finding ret[SUBSCRIPTION_FINDINGS]);
