/* SPDX-License-Identifier: Apache-2.0 */
/* Fall-back (SGP.02 3.16): the card enables the profile with the fall-back attribute when
 * neither the enabled profile nor the one before has a network. POL1 of the profile that loses
 * its place is not asked and nothing is deleted. */
#include "tools/euiccsim/card/card_int.h"

/* Entered again and again while there is no network at all: each time the device tries anew. */
int fallback_enable(struct card *c, int64_t now_ms, struct card_actions *out)
{
    const struct isdp *fallback = isdp_fallback(c), *enabled = isdp_enabled(c);
    int rc = ERR_OK;

    if (!fallback && !enabled) {
        c->change = (struct change){0};
        card_touch(c);
        return ERR_OK;
    }
    if (fallback && fallback != enabled) {
        struct aid a = fallback->pub.aid;
        uint8_t before = (uint8_t)fallback->pub.state;

        isdp_switch(c, enabled ? enabled->number : 0, fallback->number);
        c->change.fell = true;
        rc = ledger_own(c, CAUSE_FALLBACK, &a, before, 0);
    }
    return rc == ERR_OK ? change_refresh(c, CHANGE_LAST, now_ms, out) : rc;
}

/* Attach results outside of a change: patience begins with the first failure and ends with the
 * first success. The criteria are the card's own (SGP.02 3.16). */
void fallback_network(struct card *c, bool attached, int64_t now_ms)
{
    const struct isdp *fallback = isdp_fallback(c);

    if (attached) {
        if (c->loss_due_ms != 0)
            card_touch(c);
        c->loss_due_ms = 0;
        return;
    }
    if (c->change.state != CHANGE_NONE || c->loss_due_ms != 0 || !fallback ||
        fallback->pub.state == ISDP_ENABLED)
        return;
    c->loss_due_ms = now_ms + timer_ms(c, CARD_TIMER_LOSS);
    card_touch(c);
}

int fallback_timer(struct card *c, int64_t now_ms, struct card_actions *out)
{
    const struct isdp *enabled = isdp_enabled(c);

    if (c->loss_due_ms == 0 || now_ms < c->loss_due_ms)
        return ERR_OK;
    c->loss_due_ms = 0;
    c->change = (struct change){.kind = CHANGE_BY_LOSS,
                                .previous = enabled ? enabled->number : 0};
    c->notification.open = false;
    c->notification.due_ms = 0;
    card_touch(c);
    return fallback_enable(c, now_ms, out);
}
