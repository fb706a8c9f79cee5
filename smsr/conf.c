/* SPDX-License-Identifier: Apache-2.0 */
/* From what the file says to parties, relations and timers; what cannot be meant is refused by
 * name. */
#include "smsr/conf_build.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int conf_bad(struct build *b, const char *fmt, ...)
{
    char text[256];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return errmsg_set(b->why, ERR_CONFIG, "%s: %s", b->c->file, text);
}

void *conf_alloc(struct build *b, size_t n, size_t size)
{
    return arena_alloc(&b->c->arena, (n ? n : 1) * size);
}

static const char *text(struct build *b, const char *s)
{
    return s ? arena_str(&b->c->arena, span_str(s)) : NULL;
}

/* A file name of the configuration, from the directory the configuration lies in. */
static const char *path(struct build *b, const char *name)
{
    const char *slash = strrchr(b->c->file, '/');
    char *joined;
    size_t dir = slash ? (size_t)(slash - b->c->file) + 1 : 0;

    if (!name)
        return NULL;
    if (name[0] == '/' || !dir)
        return text(b, name);
    joined = arena_alloc(&b->c->arena, dir + strlen(name) + 1);
    if (!joined)
        return NULL;
    memcpy(joined, b->c->file, dir);
    memcpy(joined + dir, name, strlen(name));
    return joined;
}

bool conf_duration(const char *s, int64_t *ret_ms)
{
    static const struct { const char *unit; int64_t ms; } UNITS[] = {
        {"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
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

static bool endpoint_ok(const char *s)
{
    const char *colon = strrchr(s, ':');
    return colon && colon != s && conf_digits(colon + 1, 1, 5) &&
           strtoul(colon + 1, NULL, 10) <= 65535;
}

int conf_oid(struct build *b, const char *s, const char *where, struct oid *ret)
{
    return oid_parse(span_str(s), ret) ? conf_bad(b, "%s: \"%s\" is no OID", where, s) : ERR_OK;
}

/* --- the daemon itself --- */
static int build_files(struct build *b)
{
    const struct raw_conf *r = b->raw;
    struct conf *c = b->c;
    int err = conf_oid(b, r->smsr.oid, "smsr.oid", &c->env.smsr_oid);

    if (err)
        return err;
    if (!endpoint_ok(r->smsr.listen) || !endpoint_ok(r->smsr.coap))
        return conf_bad(b, "smsr.listen and smsr.coap are ADDRESS:PORT, such as 127.0.0.1:7101");
    if (r->smsr.https && !endpoint_ok(r->smsr.https))
        return conf_bad(b, "smsr.https is ADDRESS:PORT, such as 0.0.0.0:7443");
    c->https = text(b, r->smsr.https);
    c->listen = text(b, r->smsr.listen);
    c->coap = text(b, r->smsr.coap);
    c->state = r->smsr.state ? path(b, r->smsr.state) : "/var/lib/remora/smsr";
    c->tls_ca = path(b, r->tls.ca);
    c->tls_cert = path(b, r->tls.cert);
    c->tls_key = path(b, r->tls.key);
    c->kek = path(b, r->keystore.kek);
    c->gp_cert = path(b, r->gsma.cert);
    c->gp_key = path(b, r->gsma.key);
    if (!c->gp_cert != !c->gp_key)
        return conf_bad(b, "gsma.cert and gsma.key belong together");
    c->ci = conf_alloc(b, r->gsma.ci_count, sizeof *c->ci);
    for (unsigned i = 0; c->ci && i < r->gsma.ci_count; i++)
        c->ci[c->n_ci++] = path(b, r->gsma.ci[i]);
    return c->ci ? ERR_OK : ERR_NOMEM;
}

static int build_smpp(struct build *b, unsigned i, const struct raw_smpp *r,
                      struct conf_network *ret)
{
    if (!endpoint_ok(r->address))
        return conf_bad(b, "networks[%u]: smpp.address is HOST:PORT", i);
    if (strlen(r->system_id) > 15 || (r->system_type && strlen(r->system_type) > 12))
        return conf_bad(b, "networks[%u]: smpp.system_id has up to 15 characters, system_type 12", i);
    if (r->window && (*r->window < 1 || *r->window > 256))
        return conf_bad(b, "networks[%u]: smpp.window is 1 to 256", i);
    ret->smpp.address = text(b, r->address);
    ret->smpp.system_id = text(b, r->system_id);
    ret->smpp.password_file = path(b, r->password);
    ret->smpp.system_type = r->system_type ? text(b, r->system_type) : "";
    ret->smpp.window = r->window ? *r->window : 0;
    return ERR_OK;
}

static int build_network(struct build *b, unsigned i)
{
    const struct raw_network *n = &b->raw->networks[i];
    struct conf_network *net = &b->c->networks[b->c->n_networks];
    int err = ERR_OK;

    if (!conf_name_ok(n->id, 31))
        return conf_bad(b, "networks[%u]: id is up to 31 letters and digits", i);
    if (!n->coap == !n->smpp)
        return conf_bad(b, "networks[%u]: either coap or smpp says how it is reached", i);
    if (n->coap && !endpoint_ok(n->coap))
        return conf_bad(b, "networks[%u]: coap is HOST:PORT", i);
    for (unsigned k = 0; k < i; k++)
        if (!strcmp(n->id, b->c->networks[k].id))
            return conf_bad(b, "networks: \"%s\" stands twice", n->id);
    net->id = text(b, n->id);
    if (n->coap)
        net->coap = text(b, n->coap);
    else
        err = build_smpp(b, i, n->smpp, net);
    b->c->n_networks += !err;
    return err;
}

static int build_networks(struct build *b)
{
    struct conf *c = b->c;

    c->networks = conf_alloc(b, b->raw->networks_count, sizeof *c->networks);
    c->transport = conf_alloc(b, b->raw->transport_keys_count, sizeof *c->transport);
    if (!c->networks || !c->transport)
        return ERR_NOMEM;
    for (unsigned i = 0; i < b->raw->networks_count; i++) {
        int err = build_network(b, i);
        if (err)
            return err;
    }
    for (unsigned i = 0; i < b->raw->transport_keys_count; i++) {
        const struct raw_pair *t = &b->raw->transport_keys[i];
        if (!conf_name_ok(t->id, 64))
            return conf_bad(b, "transport_keys[%u]: id is up to 64 letters and digits", i);
        for (unsigned k = 0; k < i; k++)
            if (!strcmp(t->id, c->transport[k].id))
                return conf_bad(b, "transport_keys: \"%s\" stands twice", t->id);
        c->transport[c->n_transport++] = (struct conf_transport){text(b, t->id), path(b, t->value)};
    }
    return ERR_OK;
}

/* --- routes --- */
static bool get_ipv4(const char *s, uint8_t ret[4])
{
    for (unsigned i = 0; i < 4; i++) {
        size_t n = strspn(s, "0123456789");
        unsigned long v;
        if (!n || n > 3)
            return false;
        v = strtoul(s, NULL, 10);
        if (v > 255 || s[n] != (i < 3 ? '.' : 0))
            return false;
        ret[i] = (uint8_t)v;
        s += n + 1;
    }
    return true;
}

static int build_bearers(struct build *b, const struct raw_route *r, struct route *p)
{
    p->sms = p->https = !r->bearers_count;
    for (unsigned i = 0; i < r->bearers_count; i++) {
        if (!strcmp(r->bearers[i], "sms"))
            p->sms = true;
        else if (!strcmp(r->bearers[i], "https"))
            p->https = true;
        else
            return conf_bad(b, "routes: bearer \"%s\" is neither sms nor https", r->bearers[i]);
    }
    if (p->https && (!r->apn || !r->host || !r->port))
        return conf_bad(b, "routes: a route with bearer https needs apn, host and port");
    return ERR_OK;
}

static int fit(struct build *b, char *dst, size_t cap, const char *src, const char *what)
{
    if (strlen(src) >= cap)
        return conf_bad(b, "routes: %s \"%s\" is too long", what, src);
    (void)snprintf(dst, cap, "%s", src);
    return ERR_OK;
}

static int build_route(struct build *b, const struct raw_route *r, struct route *p)
{
    struct msisdn source;
    bool known = false;
    int err = conf_oid(b, r->mno, "routes.mno", &p->mno);

    if (!err)
        err = fit(b, p->profile_type, sizeof p->profile_type, r->profile_type, "profile_type");
    if (!err)
        err = fit(b, p->network, sizeof p->network, r->network, "network");
    if (!err && r->apn)
        err = fit(b, p->apn, sizeof p->apn, r->apn, "apn");
    if (!err && r->host)
        err = fit(b, p->host, sizeof p->host, r->host, "host");
    if (err)
        return err;
    for (unsigned i = 0; i < b->c->n_networks; i++)
        known = known || !strcmp(b->c->networks[i].id, r->network);
    if (!known)
        return conf_bad(b, "routes: \"%s\" is none of the networks", r->network);
    if (msisdn_parse(span_str(r->source), &source))
        return conf_bad(b, "routes: source \"%s\" is no telephone number", r->source);
    memcpy(p->source, source.s, sizeof source.s);
    if (r->port > 65535)
        return conf_bad(b, "routes: port %u is above 65535", r->port);
    p->port = (uint16_t)r->port;
    if (r->ipv4 && !get_ipv4(r->ipv4, p->ipv4))
        return conf_bad(b, "routes: ipv4 \"%s\" is no IPv4 address", r->ipv4);
    return build_bearers(b, r, p);
}

static int build_routes(struct build *b)
{
    struct route *list = conf_alloc(b, b->raw->routes_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.routes = list;
    for (unsigned i = 0; i < b->raw->routes_count; i++) {
        int err = build_route(b, &b->raw->routes[i], &list[i]);
        if (err)
            return err;
        for (unsigned k = 0; k < i; k++)
            if (oid_eq(&list[k].mno, &list[i].mno) &&
                !strcmp(list[k].profile_type, list[i].profile_type))
                return conf_bad(b, "routes: %s with profile type \"%s\" stands twice",
                                list[i].mno.s, list[i].profile_type);
        b->c->env.n_routes++;
    }
    return ERR_OK;
}

/* --- numbers --- */
static int build_timers(struct build *b, unsigned time_scale)
{
    struct env *env = &b->c->env;

    timers_default(env->timer_ms, time_scale);
    env->time_scale = time_scale;
    for (unsigned i = 0; i < TIMER_COUNT; i++) {
        const char *s = b->raw->timers.t[i];
        int64_t ms;
        if (!s)
            continue;
        if (!conf_duration(s, &ms))
            return conf_bad(b, "timers.%s: \"%s\" is no duration such as 900s, 15m or 24h",
                            TIMERS[i].name, s);
        if (ms < TIMERS[i].min_ms || ms > TIMERS[i].max_ms)
            return conf_bad(b, "timers.%s: %s lies outside %lld s to %lld s", TIMERS[i].name, s,
                       (long long)(TIMERS[i].min_ms / 1000), (long long)(TIMERS[i].max_ms / 1000));
        env->timer_ms[i] = timer_scaled(ms, time_scale);
    }
    return ERR_OK;
}

static int build_limits(struct build *b)
{
    const struct raw_limits *r = &b->raw->limits;
    struct conf_limits *l = &b->c->limits;
    const struct {
        const char *name;
        const unsigned *given;
        unsigned *to;
        unsigned standard, min, max;
    } ROWS[] = {
        {"connections", r->connections, &l->connections, 512, 1, 65536},
        {"cards_in_memory", r->cards_in_memory, &l->cards_in_memory, 65536, 64, 10000000},
        {"keys_in_memory", r->keys_in_memory, &l->keys_in_memory, 16384, 16, 1000000},
        {"write_behind", r->write_behind, &l->write_behind, 2048, 1, 1000000},
        {"min_free_mb", r->min_free_mb, &l->min_free_mb, 64, 0, 1000000},
        {"reserve_mb", r->reserve_mb, &l->reserve_mb, 16, 0, 100000},
        {"effects_per_hour", r->effects_per_hour, &b->c->env.effects_per_hour, 10, 0, 10},
        {"rollbacks_per_day", r->rollbacks_per_day, &b->c->env.rollbacks_per_day, 2, 0, 2},
    };

    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        unsigned v = ROWS[i].given ? *ROWS[i].given : ROWS[i].standard;
        if (v < ROWS[i].min || v > ROWS[i].max)
            return conf_bad(b, "limits.%s: %u lies outside %u to %u", ROWS[i].name, v, ROWS[i].min,
                       ROWS[i].max);
        *ROWS[i].to = v;
    }
    return ERR_OK;
}

int conf_load(const char *file, unsigned time_scale, struct conf **ret, struct errmsg *why)
{
    struct conf *c = calloc(1, sizeof *c);
    struct raw_conf *raw = NULL;
    struct build b = {c, NULL, why};
    int err = c ? raw_conf_load(file, &raw, why) : ERR_NOMEM;

    if (err) {
        free(c);
        return err;
    }
    b.raw = raw;
    arena_init(&c->arena, 0);
    c->file = arena_str(&c->arena, span_str(file));
    err = c->file ? build_files(&b) : ERR_NOMEM;
    if (!err)
        err = build_networks(&b);
    if (!err)
        err = conf_build_parties(&b);
    if (!err)
        err = build_routes(&b);
    if (!err)
        err = build_timers(&b, time_scale ? time_scale : 1);
    if (!err)
        err = build_limits(&b);
    raw_conf_free(raw);
    if (err) {
        conf_free(c);
        return err == ERR_NOMEM ? errmsg_set(why, err, "no memory for the configuration") : err;
    }
    *ret = c;
    return ERR_OK;
}

void conf_free(struct conf *c)
{
    if (!c)
        return;
    arena_fini(&c->arena);
    free(c);
}

static int check_file(const char *name, const char *key, bool secret, struct errmsg *why)
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

int conf_check_files(const struct conf *c, struct errmsg *why)
{
    int err = check_file(c->tls_ca, "tls.ca", false, why);

    if (!err)
        err = check_file(c->tls_cert, "tls.cert", false, why);
    if (!err)
        err = check_file(c->tls_key, "tls.key", true, why);
    for (unsigned i = 0; !err && i < c->n_ci; i++)
        err = check_file(c->ci[i], "gsma.ci", false, why);
    if (!err)
        err = check_file(c->gp_cert, "gsma.cert", false, why);
    if (!err)
        err = check_file(c->gp_key, "gsma.key", true, why);
    if (!err)
        err = check_file(c->kek, "keystore.kek", true, why);
    for (unsigned i = 0; !err && i < c->n_transport; i++)
        err = check_file(c->transport[i].file, "transport_keys", true, why);
    for (unsigned i = 0; !err && i < c->n_networks; i++)
        err = check_file(c->networks[i].smpp.password_file, "smpp.password", true, why);
    return err;
}
