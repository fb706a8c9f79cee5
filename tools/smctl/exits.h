/* SPDX-License-Identifier: Apache-2.0 */
/* What smctl ends with, for scripts; one table for code, help and README (design 4). */
#pragma once

enum exit_code {
    XC_OK = 0,     /* done as asked */
    XC_FAILED,     /* it was tried, and the truth is: not done */
    XC_USAGE,      /* nothing was asked of anybody */
    XC_CONNECTION, /* no answer could be had */
    XC_REFUSED,    /* a GSMA status, or the door, said no before anything was tried */
    XC_DOUBT,      /* expired, cancelled, in doubt, or gave up waiting */
    XC_LOCAL,      /* a file, the disk or standard output failed */
    XC_COUNT
};
struct exit_row {
    const char *name;
    const char *text;
};
const struct exit_row *exit_row(enum exit_code code);
/* Of several results the one a script must see: in doubt before no answer, before failed, before
 * refused, before all others. */
enum exit_code exit_worse(enum exit_code a, enum exit_code b);
