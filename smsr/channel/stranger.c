/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of no card that sent something: meters that declare themselves before their EIS is imported, or
 * nobody. Nothing is answered and nothing kept but the number, since without keys nothing is proved; the
 * one not heard for longest makes room. Memory only. */
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

struct stranger {
    struct list in;                /* of the channel's, heard last first */
    struct channel_stranger pub;
};

static struct span key(const struct msisdn *m)
{
    return span_str(m->s);
}

static struct stranger *room(struct channel *ch)
{
    struct stranger *s;

    if (map_count(ch->strangers) < STRANGERS_MAX)
        return calloc(1, sizeof *s);
    s = LIST_ENTRY(ch->heard.prev, struct stranger, in);
    list_del(&s->in);
    (void)map_del(ch->strangers, key(&s->pub.from));
    memset(s, 0, sizeof *s);
    ch->n.strangers_forgotten++;
    return s;
}

void stranger_heard(struct channel *ch, const struct msisdn *from, bool declares)
{
    struct stranger *s = map_get(ch->strangers, key(from));
    int64_t now = clock_wall_ms(ch->clock);

    if (!s) {
        s = room(ch);
        if (!s)
            return;
        s->pub.from = *from;
        s->pub.first_ms = now;
        if (map_put(ch->strangers, key(&s->pub.from), s)) {
            free(s);
            return;
        }
    } else {
        list_del(&s->in);
    }
    s->pub.last_ms = now;
    s->pub.messages++;
    s->pub.declarations += declares;
    list_push(ch->heard.next, &s->in); /* before the first */
}

void stranger_known(struct channel *ch, const struct msisdn *from)
{
    struct stranger *s = map_count(ch->strangers) ? map_del(ch->strangers, key(from)) : NULL;

    if (!s)
        return;
    list_del(&s->in);
    free(s);
}

unsigned channel_strangers(const struct channel *ch, struct channel_stranger *ret, unsigned max)
{
    unsigned n = 0;

    LIST_EACH (it, &ch->heard) {
        if (n == max)
            break;
        ret[n++] = LIST_ENTRY(it, struct stranger, in)->pub;
    }
    return n;
}

size_t channel_strangers_known(const struct channel *ch)
{
    return map_count(ch->strangers);
}

void stranger_fini(struct channel *ch)
{
    LIST_EACH_SAFE (it, tmp, &ch->heard)
        free(LIST_ENTRY(it, struct stranger, in));
    list_init(&ch->heard);
    map_free(ch->strangers);
}
