/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of choices that do not happen, and the choices themselves. */
#include "test/sim/choice.h"

#include <ctype.h>
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
    return number >= 1 && number <= CHOICES_MAX &&
           (o->bit[(number - 1) / 8] >> (number - 1) % 8 & 1u);
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

bool choice_kind_known(const struct choice_kinds *k, const char *name)
{
    for (unsigned i = 0; i < k->n; i++)
        if (!strcmp(k->name[i], name))
            return true;
    return false;
}

void choice_kind_add(struct choice_kinds *k, const char *name)
{
    if (k->n < CHOICE_KINDS_MAX && !choice_kind_known(k, name))
        (void)snprintf(k->name[k->n++], CHOICE_KIND_TEXT, "%s", name);
}

static bool kind_at(const char **at, struct choice_kinds *ret)
{
    char name[CHOICE_KIND_TEXT];
    size_t n = 0;

    while (**at && **at != ',' && n + 1 < sizeof name)
        name[n++] = *(*at)++;
    name[n] = 0;
    if (ret->n == CHOICE_KINDS_MAX || (**at && **at != ','))
        return false;
    choice_kind_add(ret, name);
    return true;
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
        if (*at >= 'a' && *at <= 'z') {
            if (!kind_at(&at, &ret->kinds))
                return false;
            continue;
        }
        if (!number_at(&at, &from))
            return false;
        to = from;
        if (*at == '-') {
            at++;
            if (!*at) /* the last one: all from here on */
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
    for (unsigned i = 0; i < o->kinds.n && used < cap; i++)
        used += (size_t)snprintf(ret + used, cap - used, "%s%s", used ? "," : "", o->kinds.name[i]);
    for (uint64_t from = 1, to; from <= n && used < cap; from = to + 1) {
        to = from;
        if (!choice_is_out(o, from))
            continue;
        while (to < n && choice_is_out(o, to + 1))
            to++;
        if (to > from)
            used += (size_t)snprintf(ret + used, cap - used, "%s%" PRIu64 "-%" PRIu64,
                                     used ? "," : "", from, to);
        else
            used += (size_t)snprintf(ret + used, cap - used, "%s%" PRIu64, used ? "," : "", from);
    }
    if (o->after && used < cap)
        (void)snprintf(ret + used, cap - used, "%s%" PRIu64 "-", used ? "," : "", n + 1);
}

/* The words of a format; of "%s" alone those of the text itself. */
static void kind_of(const char *fmt, const char *text, char ret[CHOICE_KIND_TEXT])
{
    size_t n = 0;
    bool gap = false;

    for (const char *c = strcmp(fmt, "%s") ? fmt : text; *c && n + 2 < CHOICE_KIND_TEXT; c++) {
        if (*c == '%') { /* to the letter that ends the conversion */
            while (c[1] && strchr("0123456789.-lzhj", c[1]))
                c++;
            c += c[1] != 0;
        } else if (isalpha((unsigned char)*c)) {
            if (gap && n)
                ret[n++] = '-';
            gap = false;
            ret[n++] = (char)tolower((unsigned char)*c);
            continue;
        }
        gap = true;
    }
    ret[n] = 0;
}

static bool is_out(const struct world *w, uint64_t number, const char *kind)
{
    const struct choices_out *o = w->plan.without;

    return o && (choice_is_out(o, number) || choice_kind_known(&o->kinds, kind));
}

bool world_choice(struct world *w, const char *fmt, ...)
{
    uint64_t number = ++w->stats.choices;
    char text[160], kind[CHOICE_KIND_TEXT];
    va_list ap;

    if (!w->plan.without && !w->plan.kinds && !w->plan.trace) {
        w->stats.happened++;
        return true;
    }
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    kind_of(fmt, text, kind);
    if (w->plan.kinds)
        choice_kind_add(w->plan.kinds, kind);
    if (is_out(w, number, kind))
        return false;
    w->stats.happened++;
    if (w->plan.trace)
        printf("%9lld ms  #%" PRIu64 " %s\n", (long long)w->now_ms, number, text);
    return true;
}
