/* SPDX-License-Identifier: Apache-2.0 */
/* What networks say of short messages they took or refused: hints, shown and counted, never evidence. A
 * message is known by the name its network gave it, until its last word came or newer ones need the room. */
#include <stdio.h>
#include <stdlib.h>

#include "smsr/channel/channel_int.h"

#define ID_MAX 64u                /* of a message, as SMPP has it */
#define KEY_ROOM (32u + ID_MAX + 1)

struct awaited {
    struct list in;
    struct report about;
    char key[KEY_ROOM];           /* network, a blank, name */
};

static bool key_of(const char *network, const char *id, char dst[KEY_ROOM])
{
    return id[0] && strlen(id) <= ID_MAX && snprintf(dst, KEY_ROOM, "%s %s", network, id) < (int)KEY_ROOM;
}

static struct awaited *find(const struct channel *ch, const char *network, const char *id)
{
    char key[KEY_ROOM];

    return key_of(network, id, key) ? map_get(ch->awaited, span_str(key)) : NULL;
}

void report_post(struct channel *ch, const struct report *about, enum message_report r, const char *text)
{
    struct input in = {.kind = IN_CARRIER};

    in.u.carrier.counter = about->counter;
    in.u.carrier.profile = about->profile;
    in.u.carrier.report = r;
    in.u.carrier.text = span_str(text);
    channel_post(ch, &about->eid, &in);
}

static void forget(struct channel *ch, struct awaited *a)
{
    (void)map_del(ch->awaited, span_str(a->key));
    list_del(&a->in);
    free(a);
}

void report_await(struct channel *ch, const char *network, const char *id, const struct report *about)
{
    struct awaited *a, *old;
    char key[KEY_ROOM];

    if (!key_of(network, id, key))
        return;
    old = map_get(ch->awaited, span_str(key));
    if (old)                        /* the name is used again: the report will be about the newer one */
        forget(ch, old);
    if (map_count(ch->awaited) == REPORTS_MAX) {
        ch->n.report_forgotten++;
        forget(ch, LIST_ENTRY(ch->awaiting.next, struct awaited, in));
    }
    a = calloc(1, sizeof *a);
    if (!a)
        return;                     /* a hint less */
    a->about = *about;
    memcpy(a->key, key, sizeof key);
    if (map_put(ch->awaited, span_str(a->key), a)) {
        free(a);
        return;
    }
    list_push(&ch->awaiting, &a->in);
}

bool channel_sms_awaited(const struct channel *ch, const char *network, const char *id)
{
    return find(ch, network, id);
}

bool channel_sms_report(struct channel *ch, const char *network, const char *id, enum message_report r,
                        const char *error)
{
    struct awaited *a = find(ch, network, id);
    struct report about;
    char text[120];

    if (!a) {
        ch->n.report_unknown++;
        return false;
    }
    if (r == REPORTED_NOTHING || r >= REPORTED_COUNT) {
        ch->n.report_early++;
        return true;
    }
    ch->n.report_delivered += r == REPORTED_DELIVERED;
    ch->n.report_failed += r != REPORTED_DELIVERED;
    about = a->about;
    forget(ch, a);
    (void)snprintf(text, sizeof text, "network %s: %s%s%.16s", network, message_report_text(r),
                   error[0] && r != REPORTED_DELIVERED ? ", error " : "",
                   r != REPORTED_DELIVERED ? error : "");
    report_post(ch, &about, r, text);
    return true;
}

void report_fini(struct channel *ch)
{
    while (ch->awaited && !list_empty(&ch->awaiting))
        forget(ch, LIST_ENTRY(ch->awaiting.next, struct awaited, in));
    map_free(ch->awaited);
}
