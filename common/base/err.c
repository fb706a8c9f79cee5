/* SPDX-License-Identifier: Apache-2.0 */
/* Names, sentences and retry classes of the error enum (design section 4, Errors): one table. */
#include "common/base/err.h"

#include <stdio.h>

struct err_row {
    int err;
    const char *name;
    const char *text;
    enum err_retry retry;
};

#define ROW(e, text, retry) {e, #e, text, retry}
static const struct err_row ERR_ROWS[] = {
    ROW(ERR_OK, "success", ERR_RETRY_NEVER),
    ROW(ERR_NOMEM, "memory or a fixed capacity ran out", ERR_RETRY_LATER),
    ROW(ERR_INVAL, "the call broke its contract", ERR_RETRY_NEVER),
    ROW(ERR_FORMAT, "the data does not follow its format", ERR_RETRY_NEVER),
    ROW(ERR_TRUNCATED, "the data ends too early", ERR_RETRY_NEVER),
    ROW(ERR_TOO_LARGE, "a length exceeds its limit", ERR_RETRY_NEVER),
    ROW(ERR_NOT_FOUND, "not found", ERR_RETRY_NEVER),
    ROW(ERR_EXISTS, "it exists already", ERR_RETRY_NEVER),
    ROW(ERR_BUSY, "somebody else holds it", ERR_RETRY_LATER),
    ROW(ERR_FULL, "a bounded queue or table is full", ERR_RETRY_LATER),
    ROW(ERR_AGAIN, "the result comes later", ERR_RETRY_LATER),
    ROW(ERR_STATE, "not legal in the present state", ERR_RETRY_RECONCILE),
    ROW(ERR_DENIED, "no right or no relation", ERR_RETRY_OPERATOR),
    ROW(ERR_AUTH, "a MAC, signature or certificate does not verify", ERR_RETRY_NEVER),
    ROW(ERR_CRYPTO, "the cryptographic library refused", ERR_RETRY_OPERATOR),
    ROW(ERR_EXPIRED, "its time is over", ERR_RETRY_NEVER),
    ROW(ERR_UNSUPPORTED, "not supported", ERR_RETRY_NEVER),
    ROW(ERR_IO, "a disk or socket failed", ERR_RETRY_OPERATOR),
    ROW(ERR_CORRUPT, "stored data is not what was written", ERR_RETRY_OPERATOR),
    ROW(ERR_SCHEMA, "the database belongs to another version or program", ERR_RETRY_OPERATOR),
    ROW(ERR_CONFIG, "the configuration is wrong", ERR_RETRY_OPERATOR),
    ROW(ERR_CLOSED, "the other end went away", ERR_RETRY_RECONCILE),
    ROW(ERR_TIMEOUT, "no answer in time", ERR_RETRY_RECONCILE),
    ROW(ERR_INTERNAL, "an internal invariant is broken", ERR_RETRY_OPERATOR),
};
#undef ROW

static const struct err_row *err_find(int err)
{
    for (size_t i = 0; i < sizeof(ERR_ROWS) / sizeof(ERR_ROWS[0]); i++) {
        if (ERR_ROWS[i].err == err)
            return &ERR_ROWS[i];
    }
    return NULL;
}

const char *err_name(int err)
{
    const struct err_row *row = err_find(err);
    return row ? row->name : "ERR_?";
}

const char *err_text(int err)
{
    const struct err_row *row = err_find(err);
    return row ? row->text : "unknown error";
}

enum err_retry err_retry(int err)
{
    const struct err_row *row = err_find(err);
    return row ? row->retry : ERR_RETRY_OPERATOR;
}

int errmsg_set(struct errmsg *why, int err, const char *fmt, ...)
{
    if (why) {
        va_list args;
        va_start(args, fmt);
        if (vsnprintf(why->text, sizeof(why->text), fmt, args) < 0)
            why->text[0] = '\0';
        va_end(args);
        /* What it quotes may come from outside: it stays one line. */
        for (char *c = why->text; *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7F)
                *c = '?';
    }
    return err;
}
