/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int conf_bad(const struct conf_at *at, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return errmsg_set(at->why, ERR_CONFIG, "%s: %s", at->file, text);
}

void *conf_alloc(const struct conf_at *at, size_t n, size_t size)
{
    return arena_alloc(at->arena, (n ? n : 1) * size);
}

const char *conf_text(const struct conf_at *at, const char *s)
{
    return s ? arena_str(at->arena, span_str(s)) : NULL;
}

const char *conf_path(const struct conf_at *at, const char *name)
{
    const char *slash = strrchr(at->file, '/');
    size_t dir = slash ? (size_t)(slash - at->file) + 1 : 0;
    char *joined;

    if (!name || name[0] == '/' || !dir)
        return conf_text(at, name);
    joined = arena_alloc(at->arena, dir + strlen(name) + 1);
    if (!joined)
        return NULL;
    memcpy(joined, at->file, dir);
    memcpy(joined + dir, name, strlen(name));
    return joined;
}

/* --- shapes --- */
bool conf_digits(const char *s, size_t min, size_t max)
{
    size_t n = strspn(s, "0123456789");
    return n >= min && n <= max && !s[n];
}

bool conf_name_ok(const char *s, size_t max)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return n && n <= max && !s[n];
}

bool conf_endpoint_ok(const char *s)
{
    const char *colon = strrchr(s, ':');
    return colon && colon != s && conf_digits(colon + 1, 1, 5) &&
           strtoul(colon + 1, NULL, 10) <= 65535;
}

bool conf_duration(const char *s, int64_t *ret_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } UNITS[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    int64_t v = 0;
    size_t n = 0;

    for (; s[n] >= '0' && s[n] <= '9'; n++) {
        if (n == 9)
            return false;
        v = v * 10 + (s[n] - '0');
    }
    if (!n)
        return false;
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++) {
        if (strcmp(s + n, UNITS[i].unit) == 0) {
            *ret_ms = v * UNITS[i].ms;
            return true;
        }
    }
    return false;
}

/* --- parties and cards --- */
int conf_oid(const struct conf_at *at, const char *s, const char *where, struct oid *ret)
{
    return oid_parse(span_str(s), ret) ? conf_bad(at, "%s: \"%s\" is no OID", where, s) : ERR_OK;
}

int conf_eid_range(const struct conf_at *at, const char *where, const char *from, const char *to,
                   char ret_from[31], char ret_to[31])
{
    if (!conf_digits(from, 30, 32) || !conf_digits(to, 30, 32) || strncmp(from, "89", 2) != 0 ||
        strncmp(to, "89", 2) != 0)
        return conf_bad(at, "%s: an EID range is 30 to 32 digits from 89 on, not \"%s\" to \"%s\"",
                        where, from, to);
    (void)snprintf(ret_from, 31, "%.30s", from);
    (void)snprintf(ret_to, 31, "%.30s", to);
    return strcmp(ret_from, ret_to) > 0
               ? conf_bad(at, "%s: the EID range from %s ends before it begins", where, ret_from)
               : ERR_OK;
}

int conf_plmns(const struct conf_at *at, const char *party, char *const *list, unsigned n,
               struct plmn *ret)
{
    for (unsigned i = 0; i < n; i++)
        if (plmn_parse(span_str(list[i]), &ret[i]))
            return conf_bad(at, "party %s: plmn \"%s\" is not MCC and MNC (5 or 6 digits)", party,
                            list[i]);
    return ERR_OK;
}

int conf_iccid_prefixes(const struct conf_at *at, const char *party, char *const *list, unsigned n,
                        char (*ret)[21])
{
    for (unsigned i = 0; i < n; i++) {
        if (!conf_digits(list[i], 2, 20) || strncmp(list[i], "89", 2) != 0)
            return conf_bad(at, "party %s: iccid \"%s\" is no prefix of 2 to 20 digits from 89 on",
                            party, list[i]);
        (void)snprintf(ret[i], sizeof ret[i], "%s", list[i]);
    }
    return ERR_OK;
}

/* --- numbers --- */
int conf_timer(const struct conf_at *at, const char *name, const char *s, int64_t min_ms,
               int64_t max_ms, int64_t *ret_ms)
{
    int64_t ms;

    if (!s)
        return ERR_OK;
    if (!conf_duration(s, &ms))
        return conf_bad(at, "timers.%s: \"%s\" is no duration such as 900s, 15m or 24h", name, s);
    if (ms < min_ms || ms > max_ms)
        return conf_bad(at, "timers.%s: %s lies outside %lld s to %lld s", name, s,
                        (long long)(min_ms / 1000), (long long)(max_ms / 1000));
    *ret_ms = ms;
    return ERR_OK;
}

int conf_limits(const struct conf_at *at, const struct conf_limit *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned v = rows[i].given ? *rows[i].given : rows[i].standard;
        if (v < rows[i].min || v > rows[i].max)
            return conf_bad(at, "limits.%s: %u lies outside %u to %u", rows[i].name, v, rows[i].min,
                            rows[i].max);
        *rows[i].to = v;
    }
    return ERR_OK;
}

/* --- files --- */
int conf_check_file(const char *name, const char *key, bool secret, struct errmsg *why)
{
    struct stat st;

    if (!name)
        return ERR_OK;
    if (stat(name, &st) || !S_ISREG(st.st_mode) || access(name, R_OK))
        return errmsg_set(why, ERR_CONFIG, "%s: %s cannot be read", key, name);
    if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return errmsg_set(why, ERR_CONFIG, "%s: %s may be read by others: chmod 0600", key, name);
    return ERR_OK;
}
