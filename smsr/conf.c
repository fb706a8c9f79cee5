/* SPDX-License-Identifier: Apache-2.0 */
/* From what the file says to parties, relations and timers; what cannot be meant is refused by
 * name. */
#include "smsr/conf_build.h"

#include "common/base/clock.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the daemon itself --- */
static int build_files(struct build *b)
{
    const struct raw_conf *r = b->raw;
    struct conf *c = b->c;
    int err = conf_oid(&b->at, r->smsr.oid, "smsr.oid", &c->env.smsr_oid);

    if (err)
        return err;
    if (!conf_endpoint_ok(r->smsr.listen) || !conf_endpoint_ok(r->smsr.coap))
        return conf_bad(&b->at,
                        "smsr.listen and smsr.coap are ADDRESS:PORT, such as 127.0.0.1:7101");
    if (r->smsr.https && !conf_endpoint_ok(r->smsr.https))
        return conf_bad(&b->at, "smsr.https is ADDRESS:PORT, such as 0.0.0.0:7443");
    c->https = conf_text(&b->at, r->smsr.https);
    if (r->smsr.cattp && !conf_endpoint_ok(r->smsr.cattp))
        return conf_bad(&b->at, "smsr.cattp is ADDRESS:PORT, such as 0.0.0.0:7444");
    c->cattp = conf_text(&b->at, r->smsr.cattp);
    c->listen = conf_text(&b->at, r->smsr.listen);
    c->coap = conf_text(&b->at, r->smsr.coap);
    c->state = r->smsr.state ? conf_path(&b->at, r->smsr.state) : "/var/lib/remora/smsr";
    c->tls_ca = conf_path(&b->at, r->tls.ca);
    c->tls_cert = conf_path(&b->at, r->tls.cert);
    c->tls_key = conf_path(&b->at, r->tls.key);
    c->kek = conf_path(&b->at, r->keystore.kek);
    c->gp_cert = conf_path(&b->at, r->gsma.cert);
    c->gp_key = conf_path(&b->at, r->gsma.key);
    if (!c->gp_cert != !c->gp_key)
        return conf_bad(&b->at, "gsma.cert and gsma.key belong together");
    c->ci = conf_alloc(&b->at, r->gsma.ci_count, sizeof *c->ci);
    for (unsigned i = 0; c->ci && i < r->gsma.ci_count; i++)
        c->ci[c->n_ci++] = conf_path(&b->at, r->gsma.ci[i]);
    return c->ci ? ERR_OK : ERR_NOMEM;
}

static int build_smpp(struct build *b, unsigned i, const struct raw_smpp *r,
                      struct conf_network *ret)
{
    if (!conf_endpoint_ok(r->address))
        return conf_bad(&b->at, "networks[%u]: smpp.address is HOST:PORT", i);
    if (strlen(r->system_id) > 15 || (r->system_type && strlen(r->system_type) > 12))
        return conf_bad(&b->at,
                        "networks[%u]: smpp.system_id has up to 15 characters, system_type 12", i);
    if (r->window && (*r->window < 1 || *r->window > 256))
        return conf_bad(&b->at, "networks[%u]: smpp.window is 1 to 256", i);
    ret->smpp.address = conf_text(&b->at, r->address);
    ret->smpp.system_id = conf_text(&b->at, r->system_id);
    ret->smpp.password_file = conf_path(&b->at, r->password);
    ret->smpp.system_type = r->system_type ? conf_text(&b->at, r->system_type) : "";
    ret->smpp.window = r->window ? *r->window : 0;
    return ERR_OK;
}

static int build_network(struct build *b, unsigned i)
{
    const struct raw_network *n = &b->raw->networks[i];
    struct conf_network *net = &b->c->networks[b->c->n_networks];
    int err = ERR_OK;

    if (!conf_name_ok(n->id, 31))
        return conf_bad(&b->at, "networks[%u]: id is up to 31 letters and digits", i);
    if (!n->coap == !n->smpp)
        return conf_bad(&b->at, "networks[%u]: either coap or smpp says how it is reached", i);
    if (n->coap && !conf_endpoint_ok(n->coap))
        return conf_bad(&b->at, "networks[%u]: coap is HOST:PORT", i);
    for (unsigned k = 0; k < i; k++)
        if (!strcmp(n->id, b->raw->networks[k].id))
            return conf_bad(&b->at, "networks: \"%s\" stands twice", n->id);
    net->id = conf_text(&b->at, n->id);
    net->receipts = n->receipts;
    if (n->parts_per_second && (*n->parts_per_second < 1 || *n->parts_per_second > ENV_PARTS_MAX))
        return conf_bad(&b->at, "networks[%u]: parts_per_second is 1 to %u", i, ENV_PARTS_MAX);
    if (n->data_sessions && (*n->data_sessions < 1 || *n->data_sessions > ENV_IN_FLIGHT_MAX))
        return conf_bad(&b->at, "networks[%u]: data_sessions is 1 to %u; without it there is no limit", i,
                        ENV_IN_FLIGHT_MAX);
    if (n->parts_per_second || n->data_sessions)
        b->c->rates[b->c->env.n_networks++] =
            (struct env_network){net->id, n->parts_per_second ? *n->parts_per_second : 0,
                                 n->data_sessions ? *n->data_sessions : 0};
    if (n->coap)
        net->coap = conf_text(&b->at, n->coap);
    else
        err = build_smpp(b, i, n->smpp, net);
    b->c->n_networks += !err;
    return err;
}

static int build_networks(struct build *b)
{
    struct conf *c = b->c;

    c->networks = conf_alloc(&b->at, b->raw->networks_count, sizeof *c->networks);
    c->transport = conf_alloc(&b->at, b->raw->transport_keys_count, sizeof *c->transport);
    c->env.networks = c->rates = conf_alloc(&b->at, b->raw->networks_count, sizeof *c->rates);
    if (!c->networks || !c->transport || !c->rates)
        return ERR_NOMEM;
    for (unsigned i = 0; i < b->raw->networks_count; i++) {
        int err = build_network(b, i);
        if (err)
            return err;
    }
    for (unsigned i = 0; i < b->raw->transport_keys_count; i++) {
        const struct raw_pair *t = &b->raw->transport_keys[i];
        if (!conf_name_ok(t->id, 64))
            return conf_bad(&b->at, "transport_keys[%u]: id is up to 64 letters and digits", i);
        for (unsigned k = 0; k < i; k++)
            if (!strcmp(t->id, c->transport[k].id))
                return conf_bad(&b->at, "transport_keys: \"%s\" stands twice", t->id);
        c->transport[c->n_transport++] =
            (struct conf_transport){conf_text(&b->at, t->id), conf_path(&b->at, t->value)};
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

/* Nobody hears the datagrams of a network that is an SMSC alone, unless there is a port for them. */
static bool datagrams_come(const struct build *b, const char *network)
{
    for (unsigned i = 0; i < b->c->n_networks; i++)
        if (!strcmp(b->c->networks[i].id, network) && b->c->networks[i].coap)
            return true;
    return b->c->cattp != NULL;
}

/* Their order is the preference where a card has both data bearers. */
static int build_bearers(struct build *b, const struct raw_route *r, struct route *p)
{
    p->sms = p->https = !r->bearers_count;
    for (unsigned i = 0; i < r->bearers_count; i++) {
        if (!strcmp(r->bearers[i], "sms")) {
            p->sms = true;
        } else if (!strcmp(r->bearers[i], "https")) {
            p->https = true;
        } else if (!strcmp(r->bearers[i], "cattp")) {
            p->cattp = true;
            p->cattp_first = !p->https;
            p->cattp_commands = !p->sms;
        } else {
            return conf_bad(&b->at,
                            "routes: bearer \"%s\" of %s \"%s\" is none of sms, https and cattp",
                            r->bearers[i], r->mno, r->profile_type);
        }
    }
    if (p->https && (!r->apn || !r->host || !r->port))
        return conf_bad(&b->at, "routes: %s \"%s\" with bearer https needs apn, host and port",
                        r->mno, r->profile_type);
    if (p->cattp && (!r->apn || !p->sms))
        return conf_bad(&b->at,
                        "routes: %s \"%s\" with bearer cattp needs apn, and sms, by which a link is "
                        "asked for",
                        r->mno, r->profile_type);
    if (p->cattp && !datagrams_come(b, r->network))
        return conf_bad(&b->at,
                        "routes: %s \"%s\" with bearer cattp over network \"%s\" needs smsr.cattp, "
                        "the port for its datagrams",
                        r->mno, r->profile_type, r->network);
    return ERR_OK;
}

static int fit(struct build *b, char *dst, size_t cap, const char *src, const char *what)
{
    if (strlen(src) >= cap)
        return conf_bad(&b->at, "routes: %s \"%s\" is too long", what, src);
    (void)snprintf(dst, cap, "%s", src);
    return ERR_OK;
}

static int build_route(struct build *b, const struct raw_route *r, struct route *p)
{
    struct msisdn source;
    bool known = false;
    int err = conf_oid(&b->at, r->mno, "routes.mno", &p->mno);

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
        return conf_bad(&b->at, "routes: \"%s\" is none of the networks", r->network);
    if (msisdn_parse(span_str(r->source), &source))
        return conf_bad(&b->at, "routes: source \"%s\" is no telephone number", r->source);
    memcpy(p->source, source.s, sizeof source.s);
    if (r->port > 65535)
        return conf_bad(&b->at, "routes: port %u is above 65535", r->port);
    p->port = (uint16_t)r->port;
    if (r->udp_port > 65535)
        return conf_bad(&b->at, "routes: udp_port %u is above 65535", r->udp_port);
    p->udp_port = (uint16_t)(r->udp_port ? r->udp_port : CATTP_UDP_PORT);
    if (r->ipv4 && !get_ipv4(r->ipv4, p->ipv4))
        return conf_bad(&b->at, "routes: ipv4 \"%s\" is no IPv4 address", r->ipv4);
    return build_bearers(b, r, p);
}

static int build_routes(struct build *b)
{
    struct route *list = conf_alloc(&b->at, b->raw->routes_count, sizeof *list);

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
                return conf_bad(&b->at, "routes: %s with profile type \"%s\" stands twice",
                                list[i].mno.s, list[i].profile_type);
        b->c->env.n_routes++;
    }
    return ERR_OK;
}

/* --- numbers --- */
static int build_timers(struct build *b, unsigned time_scale)
{
    struct env *env = &b->c->env;

    timers_default(env->timer_ms, 1);
    env->time_scale = time_scale;
    for (unsigned i = 0; i < TIMER_COUNT; i++) {
        const struct timer_row *row = &TIMERS[i];
        int err = conf_timer(&b->at, row->name, b->raw->timers.t[i], row->min_ms, row->max_ms,
                             &env->timer_ms[i]);
        if (err)
            return err;
        env->timer_ms[i] = clock_scaled(env->timer_ms[i], time_scale);
    }
    return ERR_OK;
}

static int build_limits(struct build *b)
{
    const struct raw_limits *r = &b->raw->limits;
    struct conf_limits *l = &b->c->limits;
    const struct conf_limit ROWS[] = {
        {"connections", r->connections, &l->connections, 512, 1, 65536},
        {"cards_in_memory", r->cards_in_memory, &l->cards_in_memory, 65536, 64, 10000000},
        {"keys_in_memory", r->keys_in_memory, &l->keys_in_memory, 16384, 16, 1000000},
        {"write_behind", r->write_behind, &l->write_behind, 2048, 1, 1000000},
        {"min_free_mb", r->min_free_mb, &l->min_free_mb, 64, 0, 1000000},
        {"reserve_mb", r->reserve_mb, &l->reserve_mb, 16, 0, 100000},
        {"effects_per_hour", r->effects_per_hour, &b->c->env.effects_per_hour, 10, 0, 10},
        {"rollbacks_per_day", r->rollbacks_per_day, &b->c->env.rollbacks_per_day, 2, 0, 2},
        {"jitter_percent", r->jitter_percent, &b->c->env.jitter_percent, 10, 0, 50},
    };

    return conf_limits(&b->at, ROWS, sizeof ROWS / sizeof *ROWS);
}

int conf_load(const char *file, unsigned time_scale, struct conf **ret, struct errmsg *why)
{
    struct conf *c = calloc(1, sizeof *c);
    struct raw_conf *raw = NULL;
    struct build b = {.c = c};
    int err = c ? raw_conf_load(file, &raw, why) : ERR_NOMEM;

    if (err) {
        free(c);
        return err;
    }
    b.raw = raw;
    arena_init(&c->arena, 0);
    c->file = arena_str(&c->arena, span_str(file));
    b.at = (struct conf_at){&c->arena, c->file, why};
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

int conf_check_files(const struct conf *c, struct errmsg *why)
{
    int err = conf_check_file(c->tls_ca, "tls.ca", false, why);

    if (!err)
        err = conf_check_file(c->tls_cert, "tls.cert", false, why);
    if (!err)
        err = conf_check_file(c->tls_key, "tls.key", true, why);
    for (unsigned i = 0; !err && i < c->n_ci; i++)
        err = conf_check_file(c->ci[i], "gsma.ci", false, why);
    if (!err)
        err = conf_check_file(c->gp_cert, "gsma.cert", false, why);
    if (!err)
        err = conf_check_file(c->gp_key, "gsma.key", true, why);
    if (!err)
        err = conf_check_file(c->kek, "keystore.kek", true, why);
    for (unsigned i = 0; !err && i < c->n_transport; i++)
        err = conf_check_file(c->transport[i].file, "transport_keys", true, why);
    for (unsigned i = 0; !err && i < c->n_networks; i++)
        err = conf_check_file(c->networks[i].smpp.password_file, "smpp.password", true, why);
    return err;
}
