/* SPDX-License-Identifier: Apache-2.0 */
/* Deciders of the SM-DP. Entry for the core: one function for the mailbox of an order, one for what
 * an SM-SR tells without being asked. Pure: the plan is all they do. */
#pragma once

#include "common/msg/catalogue.h"
#include "common/msg/message.h"
#include "common/proc/proc.h"
#include "smdp/domain/env.h"
#include "smdp/domain/order.h"
#include "smdp/domain/out.h"
#include "smdp/domain/secret.h"
#include "smdp/domain/stock.h"

/* What the core looks up right before it asks: the view of this turn. */
struct dp_proc_env {
    const struct dp_env *env;
    struct uuid new_op; /* id of the order a call would become */
    /* IN_CALL of a download: what the stock says to type and ICCID; OK: item is the one to reserve.
     * Else: item is the stock's entry for the order's ICCID, NULL when it is not this operator's.
     */
    enum status_code stock;
    const struct stock_item *item;
    /* IN_CALL of a replacement: what it replaces; stock says whether it may. */
    const struct stock_item *old;
    /* IN_CALL of both: what is left of the item's type, and the threshold that was told of it. */
    uint64_t left;
    uint32_t told_below;
    bool card_busy; /* another order works on this card and goes first */
    bool orders_full, disk_full;
    struct span cert; /* CERT.DP on the card's curve, once that is known */
};

extern const struct proc DP_PROC_DOWNLOAD, DP_PROC_REPLACE, DP_PROC_RELAY;

/* o NULL: a call that is to become an order. ERR_STATE: the input has no business here (counted).
 */
MUST_CHECK int dp_order_decide(const struct dp_proc_env *pe, const struct order *o,
                               const struct input *in, struct plan *p);
/* ES3-HandleProfile*Notification of an SM-SR for the operator it names: the record with the
 * delivery of the same news on ES2. ERR_NOT_FOUND: no such operator here, or it names no card or
 * no profile; ERR_STATE: no notification. */
/* It is one of them; and it tells of a state that the stock keeps. */
bool dp_notice_known(enum msg_type t);
bool dp_notice_changes_stock(enum msg_type t);
MUST_CHECK int dp_notice_decide(const struct dp_proc_env *pe, const struct envelope *e,
                                struct plan *p);

/* proc/answer.c. Answer and verdict are two things (design 3.4): what the SM-SR knows of the effect
 * by now, x as the envelope has it. */
enum interface dp_answer_iface(enum function f); /* on which it is asked and answered */
enum verdict dp_answer_verdict(const struct envelope *e, const struct exec_answer *x);
/* ES2 response of that function; eis as the SM-SR showed it, NULL: none. */
struct message dp_answer(struct arena *a, enum function f, const struct exec_answer *x,
                         const struct iccid *iccid, const struct eis *eis, int64_t start_ms,
                         int64_t end_ms, uint32_t acceptable_s);
/* Annex E (facts: sgp02 3.4): an operator sees no ECASD, no ISD-R, no load file. NULL: no memory. */
const struct eis *dp_operator_view(struct arena *a, const struct eis *whole);
