/* SPDX-License-Identifier: Apache-2.0 */
/* One log line per event (facts: trust, row "Logs/metrics/traces": structured, escaped, masked). */
#include "common/base/log.h"

#include "common/base/hex.h"

#include <stdio.h>
#include <unistd.h>

/* The one process-wide state of base: a log call must work from anywhere without a handle. It is
 * set at start and never influences what the program decides. */
static struct log_state {
    char program[32];
    enum log_level max;
    struct log_sink sink;
    struct clock clock;
    bool plain;
} state = {.max = LOG_INFO_};

static const char *const LEVEL_NAMES[] = {"error", "warn", "notice", "info", "debug"};
#define LEVELS ((int)(sizeof(LEVEL_NAMES) / sizeof(LEVEL_NAMES[0])))

void log_open(const char *program, enum log_level max, const struct log_sink *sink)
{
    /* A longer program name is only cut. */
    (void)snprintf(state.program, sizeof(state.program), "%s", program ? program : "");
    state.max = max;
    state.sink = sink ? *sink : (struct log_sink){NULL, NULL};
}

void log_set_plain(bool plain)
{
    state.plain = plain;
}

void log_set_clock(const struct clock *clock)
{
    state.clock = clock ? *clock : (struct clock){0};
}

bool log_level_parse(const char *s, enum log_level *ret)
{
    for (int i = 0; i < LEVELS; i++) {
        if (strcmp(s, LEVEL_NAMES[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* Octets of outsiders may stand in a line; none of them may end it or forge another. */
static void put_escaped(struct writer *w, const char *text)
{
    for (; *text && !w->failed; text++) {
        uint8_t c = (uint8_t)*text;
        if (c >= 0x20 && c != 0x7F) {
            wr_u8(w, c);
            continue;
        }
        char hex[3];
        if (hex_encode(span_of(&c, 1), hex, sizeof(hex)) == ERR_OK) {
            wr_str(w, "\\x");
            wr_str(w, hex);
        }
    }
}

void log_write(enum log_level lvl, const char *area, const char *fmt, ...)
{
    if (lvl > state.max || (int)lvl >= LEVELS)
        return;

    char text[LOG_LINE_MAX];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (n < 0)
        text[0] = '\0';

    char line[LOG_LINE_MAX];
    char when[25];
    clock_text(clock_wall_ms(state.clock.wall_ms ? &state.clock : &CLOCK_SYSTEM), when);
    struct writer w = wr_init(line, sizeof(line) - 1);
    wr_str(&w, when);
    wr_u8(&w, ' ');
    wr_str(&w, LEVEL_NAMES[lvl]);
    wr_u8(&w, ' ');
    put_escaped(&w, area);
    wr_u8(&w, ' ');
    if (state.program[0]) {
        wr_str(&w, "program=");
        put_escaped(&w, state.program);
        wr_u8(&w, ' ');
    }
    put_escaped(&w, text);
    line[w.len] = '\n';

    if (state.sink.write)
        state.sink.write(state.sink.ctx, line, w.len + 1);
    else
        (void)fwrite(line, 1, w.len + 1, stderr); /* nobody is left to be told of a failure */
}

void log_die(const char *area, const char *text)
{
    enum { FAULT = 3 };

    log_error(area, "%s", text);
    _exit(FAULT);
}

static const char *mask(const char *digits, size_t first, size_t last, struct writer w)
{
    char *dst = (char *)w.p;
    size_t n = strlen(digits);
    if (state.plain) {
        wr_bytes(&w, digits, n < w.cap ? n : w.cap - 1);
    } else {
        if (n > first + last)
            wr_bytes(&w, digits, first);
        wr_str(&w, "****");
        if (n > first + last)
            wr_bytes(&w, digits + n - last, last);
    }
    dst[w.len] = '\0';
    return dst;
}

const char *log_eid(const struct eid *e, char dst[EID_TEXT])
{
    char text[EID_TEXT];
    eid_text(e, text);
    return mask(text, 8, 4, wr_init(dst, EID_TEXT));
}

const char *log_digits(const char *digits, char dst[24])
{
    return mask(digits, 5, 2, wr_init(dst, 24));
}
