/* SPDX-License-Identifier: Apache-2.0 */
/* Text and JSON (RFC 8259) of the command line. */
#include "tools/smctl/out.h"

#include "common/base/clock.h"

#include <inttypes.h>

static const char DIGITS[] = "0123456789ABCDEF";

static void put(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

/* --- UTF-8 --- */

/* Octets of the character that starts here; 0 when it is none (RFC 3629). */
static size_t utf8_len(const uint8_t *p, size_t n)
{
    static const uint32_t LEAST[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80         ? 1
                 : (p[0] >> 5) == 6  ? 2
                 : (p[0] >> 4) == 14 ? 3
                 : (p[0] >> 3) == 30 ? 4
                                     : 0;
    uint32_t v;

    if (len < 2)
        return len;
    if (len > n)
        return 0;
    v = p[0] & (0xFFu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return 0;
        v = (v << 6) | (p[i] & 0x3Fu);
    }
    return v < LEAST[len] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF) ? 0 : len;
}

/* C1 controls (U+0080 to U+009F) steer terminals too. */
static bool is_control(const uint8_t *p, size_t len)
{
    return (len == 1 && (p[0] < 0x20 || p[0] == 0x7F)) || (len == 2 && p[0] == 0xC2 && p[1] < 0xA0);
}

const char *text_safe(struct span s, char *dst, size_t cap)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_len(s.p + i, s.n - i);
        if (n + (len ? len : 1) + 1 > cap)
            break;
        if (len == 0 || is_control(s.p + i, len)) {
            dst[n++] = '.';
            i += len ? len : 1;
            continue;
        }
        memcpy(dst + n, s.p + i, len);
        n += len;
        i += len;
    }
    dst[n] = '\0';
    return dst;
}

void text_delta(int64_t ms, char dst[24])
{
    const char *sign = ms < 0 ? "-" : "+";
    uint64_t v = ms < 0 ? (uint64_t)0 - (uint64_t)ms : (uint64_t)ms;

    (void)snprintf(dst, 24, "%s%" PRIu64 ".%03u s", sign, v / 1000 % 100000000000,
                   (unsigned)(v % 1000));
}

void out_line(FILE *f, struct buf *b)
{
    put(b, "\n");
    if (!b->failed)
        (void)!fwrite(b->p, 1, b->n, f); /* ferror is asked once at the end */
    buf_reset(b);
}

void out_error(const char *fmt, ...)
{
    va_list args;

    fflush(stdout);
    fputs("smctl: ", stderr);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

/* --- JSON --- */

static void quoted(struct buf *b, struct span s)
{
    char code[8];

    put(b, "\"");
    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_len(s.p + i, s.n - i);
        if (len == 0) {
            put(b, "\\ufffd");
            i++;
        } else if (len == 1 &&
                   (s.p[i] < 0x20 || s.p[i] == 0x7F || s.p[i] == '"' || s.p[i] == '\\')) {
            (void)snprintf(code, sizeof code, "\\u%04x", s.p[i]);
            put(b, code);
            i++;
        } else {
            buf_add(b, s.p + i, len);
            i += len;
        }
    }
    put(b, "\"");
}

static void member(struct json *j, const char *name)
{
    if (j->comma)
        put(j->out, ",");
    j->comma = true;
    if (name) {
        quoted(j->out, span_str(name));
        put(j->out, ":");
    }
}

void json_open(struct json *j, const char *name, char bracket)
{
    member(j, name);
    buf_add(j->out, &bracket, 1);
    j->comma = false;
}

void json_close(struct json *j, char bracket)
{
    buf_add(j->out, &bracket, 1);
    j->comma = true;
}

void json_text(struct json *j, const char *name, struct span s)
{
    if (!s.p)
        return;
    member(j, name);
    quoted(j->out, s);
}

void json_str(struct json *j, const char *name, const char *s)
{
    if (s && *s)
        json_text(j, name, span_str(s));
}

void json_int(struct json *j, const char *name, int64_t v)
{
    char text[24];

    member(j, name);
    (void)snprintf(text, sizeof text, "%" PRId64, v);
    put(j->out, text);
}

void json_u64(struct json *j, const char *name, uint64_t v)
{
    char text[24];

    member(j, name);
    (void)snprintf(text, sizeof text, "%" PRIu64, v);
    put(j->out, text);
}

void json_bool(struct json *j, const char *name, bool v)
{
    member(j, name);
    put(j->out, v ? "true" : "false");
}

void json_hex(struct json *j, const char *name, struct span s)
{
    uint8_t *p;

    if (!s.p)
        return;
    member(j, name);
    put(j->out, "\"");
    p = buf_grow(j->out, 2 * s.n);
    for (size_t i = 0; p && i < s.n; i++) {
        p[2 * i] = (uint8_t)DIGITS[s.p[i] >> 4];
        p[2 * i + 1] = (uint8_t)DIGITS[s.p[i] & 15];
    }
    put(j->out, "\"");
}

void json_time(struct json *j, const char *name, int64_t unix_ms)
{
    char text[25];

    if (!unix_ms)
        return;
    clock_text(unix_ms, text);
    json_str(j, name, text);
}

void json_raw(struct json *j, const char *name, struct span s)
{
    member(j, name);
    buf_add_span(j->out, s);
}
