/* SPDX-License-Identifier: Apache-2.0 */
/* Which profile of a card is replaced, and whether it may be: its number goes to another card only
 * when it is proved to be deleted, or two persons declared its card lost. The ICCID and its keys are
 * never used again (stock.h); what is taken over is the number. Pure. */
#pragma once

#include "common/msg/catalogue.h"
#include "smdp/domain/stock.h"

struct dp_replaced {
    struct iccid wanted; /* empty: the one there was */
    struct stock_item standing, deleted;
    unsigned n_standing, n_deleted; /* reserved, installed and lost ones; deleted, not replaced */
    bool done;                      /* one that was replaced already was among them */
};
/* A dp_stock_fn; ctx is a struct dp_replaced. */
int dp_replaced_see(void *ctx, const struct stock_item *i);
/* ST_OK: *ret is the one. Those that stand or are lost go before those deleted. */
enum status_code dp_replaced_judge(const struct dp_replaced *r, const struct stock_item **ret);
