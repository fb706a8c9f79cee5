/* SPDX-License-Identifier: Apache-2.0 */
/* The system clock and the one text form of a moment: UTC, ISO 8601, milliseconds. */
#include "common/base/clock.h"

#include <stdio.h>
#include <time.h>

#define MS_PER_DAY 86400000LL
#define MS_YEAR_0 (-62167219200000LL)    /* 0000-01-01T00:00:00.000Z */
#define MS_YEAR_9999 253402300799999LL   /* 9999-12-31T23:59:59.999Z */

static int64_t read_ms(clockid_t id)
{
    struct timespec ts = {0, 0};
    /* Both ids are mandatory on Linux, so the call cannot fail for a valid pointer. */
    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *ctx)
{
    (void)ctx;
    return read_ms(CLOCK_BOOTTIME);
}

/* Linux draws a UUID at each start; its hex digits folded. */
static uint64_t system_boot(void *ctx)
{
    uint64_t boot = 0;
    int c;
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    (void)ctx;
    if (!f)
        return 0;
    while ((c = fgetc(f)) != EOF && c != '\n')
        boot = (boot ^ (uint64_t)c) * 0x100000001B3u; /* FNV-1a */
    (void)fclose(f);
    return boot;
}

const struct clock CLOCK_SYSTEM = {system_wall_ms, system_mono_ms, NULL, system_boot};

static char *put_digits(char *dst, int64_t v, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        dst[i] = (char)('0' + v % 10);
        v /= 10;
    }
    return dst + n;
}

/* Proleptic Gregorian date of a day count from 1970-01-01, counted in 400-year eras that start on
 * 1 March, so that the leap day is the last of its year. */
static void civil_date(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = yoe + era * 400 + (*ret_month <= 2 ? 1 : 0);
}

void clock_text(int64_t unix_ms, char dst[25])
{
    if (unix_ms < MS_YEAR_0)
        unix_ms = MS_YEAR_0;
    if (unix_ms > MS_YEAR_9999)
        unix_ms = MS_YEAR_9999;
    int64_t ms = unix_ms % MS_PER_DAY;
    if (ms < 0)
        ms += MS_PER_DAY;
    int64_t year = 0, month = 0, day = 0;
    civil_date((unix_ms - ms) / MS_PER_DAY, &year, &month, &day);
    char *at = put_digits(dst, year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, ms / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, ms / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, ms / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, ms % 1000, 3);
    *at++ = 'Z';
    *at = '\0';
}
