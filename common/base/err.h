/* SPDX-License-Identifier: Apache-2.0 */
/* One error enum for the whole house: libraries return it, the layer that handles it logs it
 * once. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/* Results: 0 is success, every failure is negative. A card's status word or a peer's GSMA status is
 * data carried in a struct, never one of these. */
enum err {
    ERR_OK = 0,
    ERR_NOMEM = -1000,   /* memory or a fixed capacity ran out */
    ERR_INVAL,           /* the caller broke the contract */
    ERR_FORMAT,          /* outside bytes do not follow their format */
    ERR_TRUNCATED,       /* outside bytes end too early */
    ERR_TOO_LARGE,       /* a length exceeds its limit */
    ERR_NOT_FOUND,
    ERR_EXISTS,          /* uniqueness would be broken */
    ERR_BUSY,            /* somebody else holds it; later may work */
    ERR_FULL,            /* a bounded queue or table is full */
    ERR_AGAIN,           /* the result comes later */
    ERR_STATE,           /* not legal in the present state */
    ERR_DENIED,          /* no right or no relation */
    ERR_AUTH,            /* MAC, signature or certificate does not verify */
    ERR_CRYPTO,          /* the cryptographic library refused */
    ERR_EXPIRED,
    ERR_UNSUPPORTED,
    ERR_IO,              /* disk or socket failed */
    ERR_CORRUPT,         /* stored data is not what was written */
    ERR_SCHEMA,          /* database belongs to another version or program */
    ERR_CONFIG,          /* configuration is wrong; the errmsg names the item */
    ERR_CLOSED,          /* the other end went away */
    ERR_TIMEOUT,
    ERR_INTERNAL,        /* an invariant of ours is broken: stop */
};

/* What the one who handles an error may do about it. */
enum err_retry {
    ERR_RETRY_NEVER,     /* the same call fails again */
    ERR_RETRY_LATER,     /* the same call may work later */
    ERR_RETRY_RECONCILE, /* ask what happened, then decide */
    ERR_RETRY_OPERATOR,  /* a person must act */
};

const char *err_name(int err);  /* "ERR_FORMAT"; "ERR_?" for an unknown value */
const char *err_text(int err);  /* one short clause without a full stop */
enum err_retry err_retry(int err);

/* A sentence for a person: names the item that is wrong and the cure. Never holds a secret. */
struct errmsg {
    char text[320];
};

/* Writes the sentence (truncated to fit, control characters as ?) when why is not NULL and returns
 * err, so that `return errmsg_set(why, ERR_CONFIG, "...")` reads as one step. */
int errmsg_set(struct errmsg *why, int err, const char *fmt, ...) PRINTF_LIKE(3, 4);
