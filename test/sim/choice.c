/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of choices that do not happen, and the choices themselves. */
#include "test/sim/choice.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/sim/world_int.h"

bool choice_is_out(const struct choices_out *o, uint64_t number)
{
    if (o->after && number > o->after)
        return true;
    return number >= 1 && number <= CHOICES_MAX && (o->bit[(number - 1) / 8] >> (number - 1) % 8 & 1u);
}

void choice_set(struct choices_out *o, uint64_t number, bool out)
{
    uint8_t mask;

    if (number < 1 || number > CHOICES_MAX)
        return;
    mask = (uint8_t)(1u << (number - 1) % 8);
    if (out)
        o->bit[(number - 1) / 8] |= mask;
    else
        o->bit[(number - 1) / 8] &= (uint8_t)~mask;
}

static bool number_at(const char **at, uint64_t *ret)
{
    char *end;

    if (**at < '0' || **at > '9')
        return false;
    *ret = strtoull(*at, &end, 10);
    *at = end;
    return *ret >= 1 && *ret <= CHOICES_MAX;
}

bool choice_parse(const char *text, struct choices_out *ret)
{
    const char *at = text;

    memset(ret, 0, sizeof *ret);
    do {
        uint64_t from, to;
        if (!number_at(&at, &from))
            return false;
        to = from;
        if (*at == '-') {
            at++;
            if (!*at)              /* the last one: all from here on */
                to = ret->after = CHOICES_MAX;
            else if (!number_at(&at, &to) || to < from)
                return false;
        }
        for (uint64_t i = from; i <= to; i++)
            choice_set(ret, i, true);
    } while (*at++ == ',');
    return at[-1] == 0;
}

void choice_text(const struct choices_out *o, uint64_t n, char *ret, size_t cap)
{
    size_t used = 0;

    ret[0] = 0;
    for (uint64_t from = 1, to; from <= n && used < cap; from = to + 1) {
        to = from;
        if (!choice_is_out(o, from))
            continue;
        while (to < n && choice_is_out(o, to + 1))
            to++;
        if (to > from)
            used += (size_t)snprintf(ret + used, cap - used, "%s%" PRIu64 "-%" PRIu64, used ? "," : "", from, to);
        else
            used += (size_t)snprintf(ret + used, cap - used, "%s%" PRIu64, used ? "," : "", from);
    }
    if (o->after && used < cap)
        (void)snprintf(ret + used, cap - used, "%s%" PRIu64 "-", used ? "," : "", n + 1);
}

bool world_choice(struct world *w, const char *fmt, ...)
{
    uint64_t number = ++w->stats.choices;
    bool happens = !w->plan.without || !choice_is_out(w->plan.without, number);
    va_list ap;

    w->stats.happened += happens;
    if (!w->plan.trace || !happens)
        return happens;
    printf("%9lld ms  #%" PRIu64 " ", (long long)w->now_ms, number);
    va_start(ap, fmt);
    (void)vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    return true;
}
