/* SPDX-License-Identifier: Apache-2.0 */
#include "common/engine/crash_self.h"

#ifdef REMORA_MUTANTS
#include "common/base/log.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_mine(const struct crash_self *c, const struct crash_point *p)
{
    return p->who == c->who && (c->number ? p->number == c->number : !strcmp(p->name, c->point));
}

static void at(void *ctx, enum engine_instant instant, enum event_type what)
{
    struct crash_self *c = ctx;

    for (unsigned i = 0; c->countdown && i < CRASH_POINT_COUNT; i++) {
        const struct crash_point *p = &CRASH_POINTS[i];
        if (!is_mine(c, p) || !crash_point_is(p, instant, what) || --c->countdown)
            continue;
        log_error("crash", "point=%s number=%u dies here", p->name, p->number);
        (void)raise(SIGKILL);
    }
}

int crash_self_init(struct crash_self *c, enum crash_who who, struct errmsg *why)
{
    const char *said = getenv("REMORA_CRASH");
    const char *nth = said ? strchr(said, ':') : NULL;
    bool known = false;

    *c = (struct crash_self){.who = who};
    if (!said || !*said)
        return ERR_OK;
    (void)snprintf(c->point, sizeof c->point, "%.*s", nth ? (int)(nth - said) : (int)strlen(said),
                   said);
    c->number = (unsigned)strtoul(c->point, NULL, 10);
    c->countdown = nth ? strtoull(nth + 1, NULL, 10) : 1;
    for (unsigned i = 0; i < CRASH_POINT_COUNT; i++)
        known = known || is_mine(c, &CRASH_POINTS[i]);
    return known && c->countdown
               ? ERR_OK
               : errmsg_set(why, ERR_CONFIG, "REMORA_CRASH=%s: this daemon has no such point",
                            said);
}

struct engine_witness crash_self_witness(struct crash_self *c)
{
    return c->countdown ? (struct engine_witness){at, c} : (struct engine_witness){NULL, NULL};
}
#endif
