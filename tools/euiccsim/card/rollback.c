/* SPDX-License-Identifier: Apache-2.0 */
/* A change of the enabled profile from the command to its confirmation, and back (SGP.02 3.2, 3.4,
 * 4.1.1.2, 4.1.1.3). Choices of this house where the specification leaves room: the states of the
 * profiles are switched with the 9000, the REFRESH follows when the answer is on its way; a failed
 * attach is not the end, the time is; a disable that nobody confirms stays. */
#include "tools/euiccsim/card/card_int.h"

void change_begin(struct exec *x, enum change_kind kind, uint16_t named, uint16_t previous,
                  uint16_t target)
{
    struct card *c = x->c;

    c->change = (struct change){
        .state = CHANGE_REFRESH, .kind = kind, .named = named, .previous = previous,
        .target = target, .row = c->ledger_n + 1,     /* the row of the command at hand */
        .postponed = (c->quirks & QUIRK_REFRESH_POSTPONED) != 0,
    };
    /* What an older event still wanted to tell is overtaken by the one to come. */
    c->notification.open = false;
    c->notification.due_ms = 0;
    c->loss_due_ms = 0;
    x->changed_profile = true;
    isdp_switch(c, previous, target);
}

int change_refresh(struct card *c, enum change_state next, int64_t now_ms,
                   struct card_actions *out)
{
    bool open = https_drop(c), udp = link_drop(c);
    int rc = ERR_OK;

    packet_contexts_drop(c);
    isdp_reset(c);
    c->change.state = next;
    c->change.due_ms = now_ms + timer_ms(c, CARD_TIMER_ATTACH);
    card_touch(c);
    if (open)
        rc = action_plain(out, CARD_STREAM_CLOSE);
    if (rc == ERR_OK && udp)
        rc = action_plain(out, CARD_UDP_CLOSE);
    return rc == ERR_OK ? action_plain(out, CARD_REFRESH) : rc;
}

static int refresh(struct card *c, int64_t now_ms, struct card_actions *out)
{
    return change_refresh(c, CHANGE_ATTACH, now_ms, out);
}

static int attached_new(struct card *c, int64_t now_ms, struct card_actions *out)
{
    c->change.state = CHANGE_CONFIRM;
    c->change.due_ms = 0;
    return notification_start(c, NOTIFY_CHANGED, now_ms, out);
}

static int roll_back(struct card *c, int64_t now_ms, struct card_actions *out)
{
    const struct change *ch = &c->change;
    const struct isdp *named = isdp_by_number(c, ch->named);
    struct aid a = named ? named->pub.aid : (struct aid){0};
    uint8_t before = ledger_state(c, &a);
    int rc;

    isdp_switch(c, ch->target, ch->previous);
    c->notification.open = false;
    c->notification.due_ms = 0;
    rc = ledger_own(c, CAUSE_ROLLBACK, &a, before, ch->row);
    if (rc != ERR_OK)
        return rc;
    if (ch->previous == 0)      /* there was none before: only the fall-back profile is left */
        return fallback_enable(c, now_ms, out);
    return change_refresh(c, CHANGE_BACK, now_ms, out);
}

static int confirmed(struct card *c, int64_t now_ms, struct card_actions *out)
{
    (void)now_ms;
    (void)out;
    c->change = (struct change){0};
    card_touch(c);
    return ERR_OK;
}

#define STAYS (QUIRK_STAYS_SAME | QUIRK_STAYS_RESET | QUIRK_STAYS_SKIPPED)

static int unconfirmed(struct card *c, int64_t now_ms, struct card_actions *out)
{
    if (c->change.kind == CHANGE_BY_ENABLE && !(c->quirks & STAYS))
        return roll_back(c, now_ms, out);
    return confirmed(c, now_ms, out);
}

/* The network is back, with the old profile or with the fall-back one. */
static int attached_back(struct card *c, int64_t now_ms, struct card_actions *out)
{
    bool fell = c->change.fell;

    c->change = (struct change){0};
    return notification_start(c, fell ? NOTIFY_FALLEN_BACK : NOTIFY_ROLLED_BACK, now_ms, out);
}

static const struct change_row {
    enum change_state state;
    enum change_event event;
    int (*act)(struct card *c, int64_t now_ms, struct card_actions *out);
} TABLE[] = {
    {CHANGE_REFRESH, CHANGE_EV_REFRESH, refresh},
    {CHANGE_ATTACH, CHANGE_EV_ATTACHED, attached_new},
    {CHANGE_ATTACH, CHANGE_EV_TIMEOUT, roll_back},
    {CHANGE_CONFIRM, CHANGE_EV_CONFIRMED, confirmed},
    {CHANGE_CONFIRM, CHANGE_EV_UNCONFIRMED, unconfirmed},
    {CHANGE_BACK, CHANGE_EV_ATTACHED, attached_back},
    {CHANGE_BACK, CHANGE_EV_TIMEOUT, fallback_enable},
    {CHANGE_LAST, CHANGE_EV_ATTACHED, attached_back},
    {CHANGE_LAST, CHANGE_EV_TIMEOUT, fallback_enable},
};

/* Devices report an attach more than once, timers fire late: a pair without a row means nothing. */
int change_event(struct card *c, enum change_event ev, int64_t now_ms, struct card_actions *out)
{
    for (size_t i = 0; i < sizeof(TABLE) / sizeof(TABLE[0]); i++)
        if (TABLE[i].state == c->change.state && TABLE[i].event == ev)
            return TABLE[i].act(c, now_ms, out);
    return ERR_OK;
}
