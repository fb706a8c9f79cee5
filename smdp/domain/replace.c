/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement of a replacement, from the items of the old card. */
#include "smdp/domain/replace.h"

int dp_replaced_see(void *ctx, const struct stock_item *i)
{
    struct dp_replaced *r = ctx;

    if (r->wanted.s[0] && !iccid_eq(&r->wanted, &i->iccid))
        return ERR_OK;
    if (i->replaced_by.s[0]) {
        r->done = true;
    } else if (i->state == STOCK_DELETED) {
        r->deleted = *i;
        r->n_deleted++;
    } else if (i->state != STOCK_AVAILABLE) {
        r->standing = *i;
        r->n_standing++;
    }
    return ERR_OK;
}

enum status_code dp_replaced_judge(const struct dp_replaced *r, const struct stock_item **ret)
{
    const struct stock_item *i = r->n_standing ? &r->standing : &r->deleted;
    unsigned n = r->n_standing ? r->n_standing : r->n_deleted;

    *ret = i;
    if (n == 0)
        return r->done ? DP_ST_REPLACED : DP_ST_REPLACED_UNKNOWN;
    if (n > 1)
        return DP_ST_REPLACED_SEVERAL;
    if (stock_gone(i))
        return ST_OK;
    return i->declared_by.s[0] ? DP_ST_LOSS_ONE : DP_ST_REPLACED_STANDS;
}
