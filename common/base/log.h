/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines of the daemons: one line per event to stderr, "time level area key=value... text"; an
 * octet that could end or forge a line is shown as \xHH, a line longer than LOG_LINE_MAX is cut.
 * Key material has no formatter; identifiers of subscribers are masked unless log_set_plain. */
#pragma once

#include "common/base/clock.h"
#include "common/base/err.h"
#include "common/base/ids.h"

#define LOG_LINE_MAX 1024

enum log_level { LOG_ERROR_, LOG_WARN_, LOG_NOTICE_, LOG_INFO_, LOG_DEBUG_ };

struct log_sink {
    void (*write)(void *ctx, const char *line, size_t n);   /* one whole line with its newline */
    void *ctx;
};

/* A NULL sink is stderr; program stands in each line as program=NAME unless it is NULL or "". */
void log_open(const char *program, enum log_level max, const struct log_sink *sink);
void log_write(enum log_level lvl, const char *area, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool log_level_parse(const char *s, enum log_level *ret);
void log_set_plain(bool plain);                   /* for laboratories only: nothing is masked */
void log_set_clock(const struct clock *clock);    /* NULL: the system clock */
/* "89044045****4366" / "49171****12": first eight and last four (EID), first five and last two
 * digits; up to seven digits are hidden whole. Both return dst. */
const char *log_eid(const struct eid *e, char dst[EID_TEXT]);
const char *log_digits(const char *digits, char dst[24]);

/* Where a wrong result would be worse than none and nobody above can be told: the line, then the end of the
 * process with the status of a fault, 3 (README of the daemons). Takes no memory; what is durable is whole. */
_Noreturn void log_die(const char *area, const char *text);

#define log_error(area, ...) log_write(LOG_ERROR_, area, __VA_ARGS__)
#define log_warn(area, ...) log_write(LOG_WARN_, area, __VA_ARGS__)
#define log_notice(area, ...) log_write(LOG_NOTICE_, area, __VA_ARGS__)
#define log_info(area, ...) log_write(LOG_INFO_, area, __VA_ARGS__)
#define log_debug(area, ...) log_write(LOG_DEBUG_, area, __VA_ARGS__)
