/* SPDX-License-Identifier: Apache-2.0 */
/* What the device tells its card: attach results, power, time (SGP.02 3.2, 3.15, 3.16). */
#include "common/bearer/sms_rx.h"
#include "tools/euiccsim/card/card_int.h"

int card_attached(struct card *c, bool ok, int64_t now_ms, struct card_actions *out)
{
    int rc;

    fallback_network(c, ok, now_ms);
    if (!ok)
        return ERR_OK;     /* in a change the time decides, not one failure */
    rc = held_por_release(c, QUIRK_POR_FROM_NEW_NUMBER, out);
    if (rc == ERR_OK)
        rc = change_event(c, CHANGE_EV_ATTACHED, now_ms, out);
    if (rc == ERR_OK)
        rc = notification_attached(c, now_ms, out);
    if (rc == ERR_OK)
        rc = held_por_release(c, QUIRK_POR_AFTER_NOTIFICATION, out);
    return rc;
}

int card_power_cycle(struct card *c, int64_t now_ms, struct card_actions *out)
{
    int rc;

    (void)https_drop(c);
    (void)link_drop(c);
    c->link_was_cut = false;
    isdp_reset(c);
    notification_reboot(c);
    held_por_free(c);
    packet_contexts_drop(c);
    sms_rx_free(c->rx);
    c->rx = NULL;
    c->resend_due_ms = 0;
    rc = change_event(c, CHANGE_EV_REFRESH, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int card_timer(struct card *c, int64_t now_ms, struct card_actions *out)
{
    int rc = ERR_OK;

    if (c->change.due_ms != 0 && now_ms >= c->change.due_ms) {
        c->change.due_ms = 0;
        card_touch(c);
        rc = change_event(c, CHANGE_EV_TIMEOUT, now_ms, out);
    }
    if (rc == ERR_OK)
        rc = notification_timer(c, now_ms, out);
    if (rc == ERR_OK)
        rc = fallback_timer(c, now_ms, out);
    if (rc == ERR_OK)
        rc = https_timer(c, now_ms, out);
    if (rc == ERR_OK)
        rc = link_timer(c, now_ms, out);
    return rc == ERR_OK ? ledger_tell(c, out) : rc;
}

int64_t card_due(const struct card *c)
{
    const int64_t all[] = {c->change.due_ms, c->notification.open ? c->notification.due_ms : 0,
                           c->notification.open ? c->resend_due_ms : 0, c->loss_due_ms,
                           https_due(c), link_due(c)};
    int64_t due = 0;

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] != 0 && (due == 0 || all[i] < due))
            due = all[i];
    return due;
}
