/* SPDX-License-Identifier: Apache-2.0 */
/* Forms of XML Schema part 2 that the published EIS uses. */
#include "tools/eisimport/eis_value.h"

#include "common/base/hex.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span value_trim(struct span s)
{
    while (s.n && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

int value_flag(struct span s, bool *ret)
{
    bool yes = span_eq(s, span_str("true")) || span_eq(s, span_str("1"));

    if (!yes && !span_eq(s, span_str("false")) && !span_eq(s, span_str("0")))
        return ERR_FORMAT;
    *ret = yes;
    return ERR_OK;
}

int value_number(struct span s, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;

    if (!s.n || s.n > 20)
        return ERR_FORMAT;
    for (size_t i = 0; i < s.n; i++) {
        uint64_t d = (uint64_t)(s.p[i] - '0');
        if (s.p[i] < '0' || s.p[i] > '9' || v > (max - d) / 10 || d > max)
            return ERR_FORMAT;
        v = v * 10 + d;
    }
    *ret = v;
    return ERR_OK;
}

int value_hex(struct span s, struct arena *a, size_t max, struct span *ret)
{
    size_t got = 0;
    uint8_t *p;

    if (s.n % 2)
        return ERR_FORMAT;
    if (s.n / 2 > max)
        return ERR_TOO_LARGE;
    p = arena_alloc(a, s.n / 2 + 1);
    if (!p)
        return ERR_NOMEM;
    if (s.n && hex_decode((const char *)s.p, s.n, p, s.n / 2, &got))
        return ERR_FORMAT;
    *ret = span_of(p, got);
    return ERR_OK;
}

static int digit_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Groups of four with padding at the end only; white space anywhere. */
int value_base64(struct span s, struct arena *a, size_t max, struct span *ret)
{
    uint8_t *p = arena_alloc(a, s.n / 4 * 3 + 3);
    size_t n = 0, digits = 0, pad = 0;
    uint32_t v = 0;

    if (!p)
        return ERR_NOMEM;
    for (size_t i = 0; i < s.n; i++) {
        int d = digit_of(s.p[i]);
        if (is_space(s.p[i]))
            continue;
        if (s.p[i] == '=' && digits % 4 >= 2 && pad < 2)
            pad++;
        else if (d < 0 || pad)
            return ERR_FORMAT;
        v = v << 6 | (d < 0 ? 0u : (uint32_t)d);
        if (++digits % 4 == 0) {
            p[n++] = (uint8_t)(v >> 16);
            p[n++] = (uint8_t)(v >> 8);
            p[n++] = (uint8_t)v;
        }
    }
    if (digits % 4 || !digits)
        return ERR_FORMAT;
    n -= pad;
    if (n > max)
        return ERR_TOO_LARGE;
    *ret = span_of(p, n);
    return ERR_OK;
}

/* --- time --- */
static bool field(struct span *s, size_t digits, unsigned min, unsigned max, unsigned *ret)
{
    uint64_t v;

    if (s->n < digits || value_number(span_of(s->p, digits), max, &v) || v < min)
        return false;
    *ret = (unsigned)v;
    s->p += digits;
    s->n -= digits;
    return true;
}

static bool mark(struct span *s, uint8_t c)
{
    if (!s->n || s->p[0] != c)
        return false;
    s->p++;
    s->n--;
    return true;
}

/* Days since 1970 of a Gregorian date (H. Hinnant's count, shifted so that a year begins in March).
 */
static int64_t days(unsigned year, unsigned month, unsigned day)
{
    int64_t y = (int64_t)year - (month <= 2), era = y / 400, m = month > 2 ? month - 3 : month + 9;
    int64_t of_era = y - era * 400, of_year = (153 * m + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool zone(struct span *s, int64_t *ret_minutes)
{
    unsigned h, m;
    bool west = s->n && s->p[0] == '-';

    *ret_minutes = 0;
    if (!s->n || mark(s, 'Z'))
        return true;
    if (!mark(s, west ? '-' : '+') || !field(s, 2, 0, 14, &h) || !mark(s, ':') ||
        !field(s, 2, 0, 59, &m))
        return false;
    *ret_minutes = (west ? -1 : 1) * (int64_t)(h * 60 + m);
    return true;
}

static bool clock_of(struct span *s, int64_t *ret_ms)
{
    unsigned h, m, sec;

    if (!field(s, 2, 0, 23, &h) || !mark(s, ':') || !field(s, 2, 0, 59, &m) || !mark(s, ':') ||
        !field(s, 2, 0, 59, &sec))
        return false;
    *ret_ms = ((int64_t)h * 3600 + (int64_t)m * 60 + sec) * 1000;
    if (mark(s, '.')) { /* less than a second is left off */
        size_t n = 0;
        while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
            n++;
        s->p += n;
        s->n -= n;
        return n > 0;
    }
    return true;
}

int value_time(struct span s, int64_t *ret_ms)
{
    static const unsigned LENGTH[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year, month, day;
    int64_t of_day = 0, minutes;

    if (!field(&s, 4, 1970, 9999, &year) || !mark(&s, '-') || !field(&s, 2, 1, 12, &month) ||
        !mark(&s, '-') || !field(&s, 2, 1, LENGTH[month - 1], &day))
        return ERR_FORMAT;
    if (mark(&s, 'T') && !clock_of(&s, &of_day))
        return ERR_FORMAT;
    if (!zone(&s, &minutes) || s.n)
        return ERR_FORMAT;
    *ret_ms = (days(year, month, day) * 86400 - minutes * 60) * 1000 + of_day;
    return ERR_OK;
}
