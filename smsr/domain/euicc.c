/* SPDX-License-Identifier: Apache-2.0 */
/* Access to the aggregate of one EID. */
#include "smsr/domain/euicc.h"

#include "common/base/hex.h"

#include "smsr/domain/notification.h"

#include <stdlib.h>

struct euicc_profile *euicc_profile_by_iccid(const struct euicc *e, const struct iccid *iccid)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (iccid_eq(&e->profiles[i].iccid, iccid))
            return &e->profiles[i];
    return NULL;
}

struct euicc_profile *euicc_profile_by_aid(const struct euicc *e, const struct aid *aid)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (aid_eq(&e->profiles[i].aid, aid))
            return &e->profiles[i];
    return NULL;
}

struct euicc_profile *euicc_enabled(const struct euicc *e)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state == PROFILE_ENABLED)
            return &e->profiles[i];
    return NULL;
}

struct euicc_profile *euicc_fallback(const struct euicc *e)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].fallback)
            return &e->profiles[i];
    return NULL;
}

/* An ISD-P whose profile is not there: at most one a card, deleted before another is created
 * (facts: trust A1). */
struct euicc_profile *euicc_orphan(const struct euicc *e)
{
    for (unsigned i = 0; i < e->n_profiles; i++)
        if (e->profiles[i].state == PROFILE_IN_CREATION || e->profiles[i].state == PROFILE_CREATED)
            return &e->profiles[i];
    return NULL;
}

struct operation *euicc_op(const struct euicc *e, const struct uuid *id)
{
    for (unsigned i = 0; i < e->n_ops; i++)
        if (uuid_eq(&e->ops[i]->id, id))
            return e->ops[i];
    return NULL;
}

const struct euicc_packet *euicc_packet_of(const struct euicc *e, uint8_t kvn, uint64_t counter)
{
    for (unsigned i = 0; i < e->n_packets; i++)
        if (e->packets[i].kvn == kvn && e->packets[i].counter == counter)
            return &e->packets[i];
    return NULL;
}

struct euicc_packet *euicc_packet_by_counter(struct euicc *e, uint8_t kvn, uint64_t counter)
{
    const struct euicc_packet *p = euicc_packet_of(e, kvn, counter);
    return p ? &e->packets[p - e->packets] : NULL;
}

int euicc_new_aid(const struct euicc *e, struct aid *ret)
{
    for (uint32_t n = 0x0010; n <= 0xFFFF; n++) {
        int err = aid_isd_p((uint16_t)n, ret);
        if (err)
            return err;
        if (!euicc_profile_by_aid(e, ret))
            return ERR_OK;
    }
    return ERR_FULL;
}

bool operation_ends_waiting(const struct operation *op)
{
    return op->function != FN_NOTIFICATION;
}

#define TOLD_BEFORE 0x10u /* beside a roll-back: it told before that the switch was done */
#define TOLD_LATE   0x20u /* beside anything: it told so when it was too late to be confirmed */

void operation_told(struct operation *op, uint8_t kind)
{
    bool before = kind == NOTIFICATION_ROLLED_BACK && operation_told_done(op);

    op->notif_kind = (uint8_t)(kind | (before ? TOLD_BEFORE : 0) | (op->notif_kind & TOLD_LATE));
}

void operation_told_too_late(struct operation *op)
{
    op->notif_kind |= TOLD_LATE;
}

static unsigned told(const struct operation *op)
{
    return op->notif_kind & ~(TOLD_BEFORE | TOLD_LATE);
}

bool operation_told_done(const struct operation *op)
{
    return told(op) == NOTIFICATION_CHANGED || (op->notif_kind & TOLD_BEFORE);
}

bool operation_told_back(const struct operation *op)
{
    return told(op) == NOTIFICATION_ROLLED_BACK;
}

bool operation_told_fall(const struct operation *op)
{
    return told(op) == NOTIFICATION_FALLEN_BACK;
}

bool operation_told_late(const struct operation *op)
{
    return (op->notif_kind & TOLD_LATE) != 0;
}

struct span euicc_imei(const struct euicc *e, struct arena *a)
{
    size_t n = strlen(e->imei) & ~(size_t)1, got = 0;
    uint8_t *p = n ? arena_alloc(a, n / 2) : NULL;

    if (!p || hex_decode(e->imei, n, p, n / 2, &got))
        return (struct span){NULL, 0};
    return span_of(p, got);
}

int64_t euicc_due(const struct euicc *e)
{
    int64_t due = e->n_ops ? e->ops[0]->due_ms : 0;

    /* An operation that waits behind another still ends at its validity period. */
    for (unsigned i = 1; i < e->n_ops; i++)
        if (operation_ends_waiting(e->ops[i]) && (!due || e->ops[i]->validity_end_ms < due))
            due = e->ops[i]->validity_end_ms;
    return due;
}

void operation_free(struct operation *op)
{
    if (!op)
        return;
    free(op->data);
    free(op->rsp);
    free(op);
}

void euicc_free(struct euicc *e)
{
    if (!e)
        return;
    for (unsigned i = 0; i < e->n_ops; i++)
        operation_free(e->ops[i]);
    free(e->profiles);
    free(e);
}
