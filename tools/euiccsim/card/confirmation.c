/* SPDX-License-Identifier: Apache-2.0 */
/* ES5.HandleDefaultNotificationConfirmation (SGP.02 4.1.1.11), DGI 3A08 { 4E sequence }. Only now a
 * change of profile is final and POL1 may delete what was disabled; the answer 80 { 4F AID } names
 * it. A repeated confirmation gets the first answer again, since that one may have been lost. */
#include "tools/euiccsim/card/card_int.h"

static void answer_put(const struct card *c, struct writer *data)
{
    size_t mark = tlv_open(data, 0x80);
    struct aid a;

    if (c->notification.deleted != 0 && aid_isd_p(c->notification.deleted, &a) == ERR_OK)
        tlv_put(data, 0x4F, aid_span(&a));
    tlv_close(data, mark);
}

static uint16_t again(const struct card *c, struct writer *data)
{
    if (c->quirks & QUIRK_RECONFIRM_6A88)
        return SW_NOT_FOUND;
    if (c->quirks & QUIRK_RECONFIRM_6985)
        return SW_CONDITIONS;
    answer_put(c, data);
    return SW_OK;
}

static uint16_t confirm(struct exec *x, struct writer *data)
{
    struct card *c = x->c;
    struct notification *n = &c->notification;
    bool final = c->change.state == CHANGE_CONFIRM;
    uint16_t previous = c->change.previous;
    int rc;

    n->open = false;
    n->due_ms = 0;
    n->has_confirmed = true;
    n->confirmed_seq = n->seq;
    n->deleted = 0;
    card_touch(c);
    rc = change_event(c, CHANGE_EV_CONFIRMED, x->now_ms, x->out);
    if (rc != ERR_OK)
        x->err = rc;
    if (final)
        n->deleted = pol1_auto_delete(x, previous);
    answer_put(c, data);
    return SW_OK;
}

uint16_t store_confirmation(struct exec *x, struct span dgi, struct span rest,
                            struct writer *data)
{
    const struct notification *n = &x->c->notification;
    struct tlv t;
    uint16_t seq;

    if (rest.n > 0 || tlv_only(dgi, 0x4E, &t) != ERR_OK || t.value.n != 2)
        return SW_DATA;
    seq = (uint16_t)(t.value.p[0] << 8 | t.value.p[1]);
    if (n->open && seq == n->seq)
        return confirm(x, data);
    if (n->has_confirmed && seq == n->confirmed_seq)
        return again(x->c, data);
    return SW_NOT_FOUND;
}
