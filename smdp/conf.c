/* SPDX-License-Identifier: Apache-2.0 */
/* From what the file says to parties, SM-SRs and timers; what cannot be meant is refused by name.
 */
#include "smdp/conf.h"

#include "smdp/conf_raw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct build {
    struct dp_conf *c;
    const struct dp_raw_conf *raw;
    struct errmsg *why;
};

PRINTF_LIKE(2, 3) static int bad(struct build *b, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return errmsg_set(b->why, ERR_CONFIG, "%s: %s", b->c->file, text);
}

static void *alloc(struct build *b, size_t n, size_t size)
{
    return arena_alloc(&b->c->arena, (n ? n : 1) * size);
}

/* A file name of the configuration, from the directory the configuration lies in. */
static const char *path(struct build *b, const char *name)
{
    const char *slash = strrchr(b->c->file, '/');
    size_t dir = slash ? (size_t)(slash - b->c->file) + 1 : 0;
    char *joined;

    if (!name)
        return NULL;
    if (name[0] == '/' || !dir)
        return arena_str(&b->c->arena, span_str(name));
    joined = arena_alloc(&b->c->arena, dir + strlen(name) + 1);
    if (!joined)
        return NULL;
    memcpy(joined, b->c->file, dir);
    memcpy(joined + dir, name, strlen(name));
    return joined;
}

bool dp_conf_duration(const char *s, int64_t *ret_ms)
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

static bool digits(const char *s, size_t min, size_t max)
{
    size_t n = strspn(s, "0123456789");
    return n >= min && n <= max && !s[n];
}

static bool name_ok(const char *s, size_t max)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");
    return n && n <= max && !s[n];
}

static bool endpoint_ok(const char *s)
{
    const char *colon = strrchr(s, ':');
    return colon && colon != s && digits(colon + 1, 1, 5) && strtoul(colon + 1, NULL, 10) <= 65535;
}

static int read_oid(struct build *b, const char *s, const char *where, struct oid *ret)
{
    return oid_parse(span_str(s), ret) ? bad(b, "%s: \"%s\" is no OID", where, s) : ERR_OK;
}

/* --- the daemon itself --- */
static int build_certs(struct build *b)
{
    struct dp_conf *c = b->c;

    c->certs[c->n_certs++] =
        (struct dp_conf_pair){path(b, b->raw->gsma.cert), path(b, b->raw->gsma.key)};
    for (unsigned i = 0; i < b->raw->gsma.certs_count; i++) {
        const struct dp_raw_pair *p = &b->raw->gsma.certs[i];
        if (c->n_certs == DP_CONF_CERTS_MAX)
            return bad(b, "gsma.certs: at most %u certificates, one per curve", DP_CONF_CERTS_MAX);
        c->certs[c->n_certs++] = (struct dp_conf_pair){path(b, p->first), path(b, p->second)};
    }
    for (unsigned i = 0; i < c->n_certs; i++)
        if (!c->certs[i].cert || !c->certs[i].key)
            return ERR_NOMEM;
    return ERR_OK;
}

static int build_files(struct build *b)
{
    const struct dp_raw_conf *r = b->raw;
    struct dp_conf *c = b->c;
    int err = read_oid(b, r->smdp.oid, "smdp.oid", &c->env.smdp_oid);

    if (err)
        return err;
    if (!endpoint_ok(r->smdp.listen))
        return bad(b, "smdp.listen is ADDRESS:PORT, such as 127.0.0.1:7102");
    c->listen = arena_str(&c->arena, span_str(r->smdp.listen));
    c->state = r->smdp.state ? path(b, r->smdp.state) : "/var/lib/remora/smdp";
    c->tls_ca = path(b, r->tls.ca);
    c->tls_cert = path(b, r->tls.cert);
    c->tls_key = path(b, r->tls.key);
    c->kek = path(b, r->keystore.kek);
    c->ci = alloc(b, r->gsma.ci_count, sizeof *c->ci);
    for (unsigned i = 0; c->ci && i < r->gsma.ci_count; i++)
        c->ci[c->n_ci++] = path(b, r->gsma.ci[i]);
    return c->ci ? build_certs(b) : ERR_NOMEM;
}

static int build_smsrs(struct build *b)
{
    struct dp_smsr *list = alloc(b, b->raw->smsr_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.smsrs = list;
    for (unsigned i = 0; i < b->raw->smsr_count; i++) {
        const struct dp_raw_pair *r = &b->raw->smsr[i];
        int err = read_oid(b, r->first, "smsr.oid", &list[i].oid);
        if (err)
            return err;
        if (!endpoint_ok(r->second))
            return bad(b, "smsr: address \"%s\" is not HOST:PORT", r->second);
        for (unsigned k = 0; k < i; k++)
            if (oid_eq(&list[k].oid, &list[i].oid))
                return bad(b, "smsr: %s stands twice", list[i].oid.s);
        (void)snprintf(list[i].address, sizeof list[i].address, "%s", r->second);
        b->c->env.n_smsrs++;
    }
    return ERR_OK;
}

/* --- parties --- */
static int build_ranges(struct build *b, const struct dp_raw_party *r, struct dp_party *p)
{
    if (r->plmn_count > DP_LIST_MAX || r->iccid_count > DP_LIST_MAX)
        return bad(b, "parties: %s has more than %u networks or ICCID ranges", p->oid.s,
                   DP_LIST_MAX);
    for (unsigned i = 0; i < r->plmn_count; i++)
        if (plmn_parse(span_str(r->plmn[i]), &p->plmn[p->n_plmn++]))
            return bad(b, "parties: %s: plmn \"%s\" is not MCC and MNC (5 or 6 digits)", p->oid.s,
                       r->plmn[i]);
    for (unsigned i = 0; i < r->iccid_count; i++) {
        if (!digits(r->iccid[i], 2, 20) || strncmp(r->iccid[i], "89", 2) != 0)
            return bad(b, "parties: %s: iccid \"%s\" is no prefix of digits from 89 on", p->oid.s,
                       r->iccid[i]);
        (void)snprintf(p->iccid_prefix[p->n_iccid++], sizeof p->iccid_prefix[0], "%s", r->iccid[i]);
    }
    return ERR_OK;
}

static int build_party(struct build *b, const struct dp_raw_party *r, struct dp_party *p)
{
    int err = read_oid(b, r->oid, "parties.oid", &p->oid);

    if (err)
        return err;
    for (unsigned i = 0; i < r->roles_count; i++) {
        enum party_role role = role_parse(span_str(r->roles[i]));
        if (role != ROLE_OPERATOR && role != ROLE_ADMIN && role != ROLE_AUDITOR)
            return bad(b, "parties: %s: role \"%s\" is none of operator, admin, auditor", p->oid.s,
                       r->roles[i]);
        p->roles |= 1u << (unsigned)role;
    }
    /* Stock and orders of an operator stand in the log of its tenant; alone, it is its own. */
    if (r->tenant && !name_ok(r->tenant, sizeof p->tenant - 1))
        return bad(b, "parties: %s: a tenant is up to 47 letters and digits", p->oid.s);
    if (r->tenant || dp_env_has_role(p, ROLE_OPERATOR)) {
        const char *id = r->tenant ? r->tenant : p->oid.s;
        if (strlen(id) >= sizeof p->tenant)
            return bad(b, "parties: %s needs a tenant: its OID is too long for one", p->oid.s);
        memcpy(p->tenant, id, strlen(id));
    }
    return build_ranges(b, r, p);
}

/* Two operators must not claim one ICCID: whose it is would depend on who asks first. */
static int check_ranges(struct build *b, const struct dp_party *list, unsigned n)
{
    const struct dp_party *p = &list[n];

    for (unsigned k = 0; k < n; k++) {
        for (unsigned i = 0; i < p->n_iccid; i++) {
            for (unsigned j = 0; j < list[k].n_iccid; j++) {
                size_t a = strlen(p->iccid_prefix[i]), c = strlen(list[k].iccid_prefix[j]);
                if (!strncmp(p->iccid_prefix[i], list[k].iccid_prefix[j], a < c ? a : c))
                    return bad(b,
                               "parties: ICCID range %s of %s and %s of %s overlap: an ICCID has "
                               "one owner, change one of them",
                               p->iccid_prefix[i], p->oid.s, list[k].iccid_prefix[j],
                               list[k].oid.s);
            }
        }
    }
    return ERR_OK;
}

static int build_parties(struct build *b)
{
    struct dp_party *list = alloc(b, b->raw->parties_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.parties = list;
    for (unsigned i = 0; i < b->raw->parties_count; i++) {
        int err = build_party(b, &b->raw->parties[i], &list[i]);
        if (err)
            return err;
        for (unsigned k = 0; k < i; k++)
            if (oid_eq(&list[k].oid, &list[i].oid))
                return bad(b, "parties: %s stands twice", list[i].oid.s);
        err = check_ranges(b, list, i);
        if (err)
            return err;
        b->c->env.n_parties++;
    }
    return ERR_OK;
}

static int build_test_eids(struct build *b)
{
    struct dp_eid_range *list = alloc(b, b->raw->test_eids_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.test_eids = list;
    for (unsigned i = 0; i < b->raw->test_eids_count; i++) {
        const struct dp_raw_range *r = &b->raw->test_eids[i];
        if (!digits(r->from, 30, 32) || !digits(r->to, 30, 32) || strncmp(r->from, "89", 2) != 0 ||
            strncmp(r->to, "89", 2) != 0)
            return bad(b, "test_eids: a range is 30 to 32 digits from 89 on, not \"%s\" to \"%s\"",
                       r->from, r->to);
        memcpy(list[i].from, r->from, 30);
        memcpy(list[i].to, r->to, 30);
        if (strcmp(list[i].from, list[i].to) > 0)
            return bad(b, "test_eids: the range from %s ends before it begins", list[i].from);
        b->c->env.n_test_eids++;
    }
    return ERR_OK;
}

/* --- numbers --- */
static int build_timers(struct build *b, unsigned time_scale)
{
    struct dp_env *env = &b->c->env;

    dp_timers_default(env->timer_ms, time_scale);
    env->time_scale = time_scale;
    for (unsigned i = 0; i < DP_TIMER_COUNT; i++) {
        const struct dp_timer_row *row = &DP_TIMERS[i];
        const char *s = b->raw->timers.t[i];
        int64_t ms;
        if (!s)
            continue;
        if (!dp_conf_duration(s, &ms))
            return bad(b, "timers.%s: \"%s\" is no duration such as 900s, 15m or 24h", row->name,
                       s);
        if (ms < row->min_ms || ms > row->max_ms)
            return bad(b, "timers.%s: %s lies outside %lld s to %lld s", row->name, s,
                       (long long)(row->min_ms / 1000), (long long)(row->max_ms / 1000));
        env->timer_ms[i] = dp_timer_scaled(ms, time_scale);
    }
    return ERR_OK;
}

static int build_limits(struct build *b)
{
    const struct dp_raw_limits *r = &b->raw->limits;
    struct dp_conf_limits *l = &b->c->limits;
    struct dp_env *env = &b->c->env;
    unsigned memory_kb = 0;
    const struct {
        const char *name;
        const unsigned *given;
        unsigned *to;
        unsigned standard, min, max;
    } rows[] = {
        {"connections", r->connections, &l->connections, 512, 1, 65536},
        {"orders", r->orders, &env->orders_max, 10000, 1, 1000000},
        {"orders_in_memory", r->orders_in_memory, &l->orders_in_memory, 65536, 64, 10000000},
        {"packages", r->packages, &env->loads_max, 512, 1, 100000},
        {"write_behind", r->write_behind, &l->write_behind, 2048, 1, 1000000},
        {"min_free_mb", r->min_free_mb, &l->min_free_mb, 64, 0, 1000000},
        {"reserve_mb", r->reserve_mb, &l->reserve_mb, 16, 0, 100000},
        {"profile_memory_kb", r->profile_memory_kb, &memory_kb, 0, 0, 4096},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned v = rows[i].given ? *rows[i].given : rows[i].standard;
        if (v < rows[i].min || v > rows[i].max)
            return bad(b, "limits.%s: %u lies outside %u to %u", rows[i].name, v, rows[i].min,
                       rows[i].max);
        *rows[i].to = v;
    }
    env->memory_max = memory_kb * 1024u;
    return ERR_OK;
}

static int build_all(struct build *b, unsigned time_scale)
{
    int err = build_files(b);

    if (!err)
        err = build_smsrs(b);
    if (!err)
        err = build_parties(b);
    if (!err)
        err = build_test_eids(b);
    if (!err)
        err = build_timers(b, time_scale ? time_scale : 1);
    return err ? err : build_limits(b);
}

int dp_conf_load(const char *file, unsigned time_scale, struct dp_conf **ret, struct errmsg *why)
{
    struct dp_conf *c = calloc(1, sizeof *c);
    struct dp_raw_conf *raw = NULL;
    struct build b = {c, NULL, why};
    int err = c ? dp_raw_conf_load(file, &raw, why) : ERR_NOMEM;

    *ret = NULL;
    if (err) {
        free(c);
        return err;
    }
    b.raw = raw;
    arena_init(&c->arena, 0);
    c->file = arena_str(&c->arena, span_str(file));
    err = c->file ? build_all(&b, time_scale) : ERR_NOMEM;
    dp_raw_conf_free(raw);
    if (err) {
        dp_conf_free(c);
        return err == ERR_NOMEM ? errmsg_set(why, err, "no memory for the configuration") : err;
    }
    *ret = c;
    return ERR_OK;
}

void dp_conf_free(struct dp_conf *c)
{
    if (!c)
        return;
    arena_fini(&c->arena);
    free(c);
}

static int check_file(const char *name, const char *key, bool secret, struct errmsg *why)
{
    struct stat st;

    if (stat(name, &st) || !S_ISREG(st.st_mode) || access(name, R_OK))
        return errmsg_set(why, ERR_CONFIG, "%s: %s cannot be read", key, name);
    if (secret && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return errmsg_set(why, ERR_CONFIG, "%s: %s may be read by others: chmod 0600", key, name);
    return ERR_OK;
}

int dp_conf_check_files(const struct dp_conf *c, struct errmsg *why)
{
    int err = check_file(c->tls_ca, "tls.ca", false, why);

    if (!err)
        err = check_file(c->tls_cert, "tls.cert", false, why);
    if (!err)
        err = check_file(c->tls_key, "tls.key", true, why);
    for (unsigned i = 0; !err && i < c->n_ci; i++)
        err = check_file(c->ci[i], "gsma.ci", false, why);
    for (unsigned i = 0; !err && i < c->n_certs; i++) {
        err = check_file(c->certs[i].cert, "gsma.cert", false, why);
        if (!err)
            err = check_file(c->certs[i].key, "gsma.key", true, why);
    }
    return err ? err : check_file(c->kek, "keystore.kek", true, why);
}
