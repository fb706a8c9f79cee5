/* SPDX-License-Identifier: Apache-2.0 */
/* Subscription file of an operator: RFC 4180 commas, first row names the columns, UTF-8.
 *
 * columns that must be there: iccid, imsi, k, opc
 * columns that may be there:  msisdn, acc, ad_mnc_len, smsp, pin1, puk1, pin2, puk2, adm1, ota_kvn,
 *                             ota_kic, ota_kid, ota_dek, pol1, profile_type
 * A column that is named must hold a value in every row, msisdn excepted (numbers may come later).
 * Key material is hex; acc, ota_kvn and pol1 are hex octets. Errors name row and column, never a
 * value: columns may be shifted, so any cell may be a key. Rows are counted as a spreadsheet does,
 * the header being row 1. */
#pragma once

#include "smdp/profile/subscription.h"

#define SUBSCRIPTION_LINE_MAX 2048

struct subscription_csv;
/* Reads the header line. max_rows bounds the batch (0 = 1,000,000). */
MUST_CHECK int subscription_csv_new(struct span header, size_t max_rows,
                                    struct subscription_csv **ret, struct errmsg *why);
void subscription_csv_free(struct subscription_csv *c);
/* One row without its line end; a blank line gives ERR_NOT_FOUND and is to be skipped. ERR_FORMAT
 * bad value, ERR_EXISTS ICCID or IMSI met before in this batch, ERR_FULL too many rows. ret is
 * wiped on failure; the caller wipes it after use. */
MUST_CHECK int subscription_csv_row(struct subscription_csv *c, struct span line,
                                    struct subscription *ret, struct errmsg *why);

/* The whole text: each(arg, row, subscription) for every row, its error ends the walk. The text is
 * read in place. why names row and column. */
typedef int subscription_fn(void *arg, unsigned row, const struct subscription *s);
MUST_CHECK int subscription_csv_each(struct span text, subscription_fn *each, void *arg,
                                     unsigned *ret_rows, struct errmsg *why);
