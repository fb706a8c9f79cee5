/* SPDX-License-Identifier: Apache-2.0 */
/* From what the file says to parties, SM-SRs and timers; what cannot be meant is refused by name.
 */
#include "smdp/conf.h"

#include "common/base/clock.h"
#include "common/codec/saip.h"
#include "common/conf/value.h"
#include "smdp/conf_raw.h"

#include <stdio.h>
#include <stdlib.h>

struct build {
    struct conf_at at;
    struct dp_conf *c;
    const struct dp_raw_conf *raw;
};

/* --- the daemon itself --- */
static int build_certs(struct build *b)
{
    struct dp_conf *c = b->c;

    c->certs[c->n_certs++] = (struct dp_conf_pair){conf_path(&b->at, b->raw->gsma.cert),
                                                   conf_path(&b->at, b->raw->gsma.key)};
    for (unsigned i = 0; i < b->raw->gsma.certs_count; i++) {
        const struct dp_raw_pair *p = &b->raw->gsma.certs[i];
        if (c->n_certs == DP_CONF_CERTS_MAX)
            return conf_bad(&b->at, "gsma.certs: at most %u certificates, one per curve",
                            DP_CONF_CERTS_MAX);
        c->certs[c->n_certs++] =
            (struct dp_conf_pair){conf_path(&b->at, p->first), conf_path(&b->at, p->second)};
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
    int err = conf_oid(&b->at, r->smdp.oid, "smdp.oid", &c->env.smdp_oid);

    if (err)
        return err;
    if (!conf_endpoint_ok(r->smdp.listen))
        return conf_bad(&b->at, "smdp.listen is ADDRESS:PORT, such as 127.0.0.1:7102");
    c->listen = conf_text(&b->at, r->smdp.listen);
    c->state = r->smdp.state ? conf_path(&b->at, r->smdp.state) : "/var/lib/remora/smdp";
    c->tls_ca = conf_path(&b->at, r->tls.ca);
    c->tls_cert = conf_path(&b->at, r->tls.cert);
    c->tls_key = conf_path(&b->at, r->tls.key);
    c->kek = conf_path(&b->at, r->keystore.kek);
    c->ci = conf_alloc(&b->at, r->gsma.ci_count, sizeof *c->ci);
    for (unsigned i = 0; c->ci && i < r->gsma.ci_count; i++)
        c->ci[c->n_ci++] = conf_path(&b->at, r->gsma.ci[i]);
    return c->ci ? build_certs(b) : ERR_NOMEM;
}

static int build_smsrs(struct build *b)
{
    struct dp_smsr *list = conf_alloc(&b->at, b->raw->smsr_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.smsrs = list;
    for (unsigned i = 0; i < b->raw->smsr_count; i++) {
        const struct dp_raw_pair *r = &b->raw->smsr[i];
        int err = conf_oid(&b->at, r->first, "smsr.oid", &list[i].oid);
        if (err)
            return err;
        if (!conf_endpoint_ok(r->second))
            return conf_bad(&b->at, "smsr: address \"%s\" is not HOST:PORT", r->second);
        for (unsigned k = 0; k < i; k++)
            if (oid_eq(&list[k].oid, &list[i].oid))
                return conf_bad(&b->at, "smsr: %s stands twice", list[i].oid.s);
        (void)snprintf(list[i].address, sizeof list[i].address, "%s", r->second);
        b->c->env.n_smsrs++;
    }
    return ERR_OK;
}

/* --- parties --- */
static int build_ranges(struct build *b, const struct dp_raw_party *r, struct dp_party *p)
{
    int err;

    if (r->plmn_count > DP_LIST_MAX || r->iccid_count > DP_LIST_MAX)
        return conf_bad(&b->at, "parties: %s has more than %u networks or ICCID ranges", p->oid.s,
                        DP_LIST_MAX);
    p->n_plmn = r->plmn_count;
    p->n_iccid = r->iccid_count;
    err = conf_plmns(&b->at, p->oid.s, r->plmn, r->plmn_count, p->plmn);
    return err ? err
               : conf_iccid_prefixes(&b->at, p->oid.s, r->iccid, r->iccid_count, p->iccid_prefix);
}

static int build_party(struct build *b, const struct dp_raw_party *r, struct dp_party *p)
{
    int err = conf_oid(&b->at, r->oid, "parties.oid", &p->oid);

    if (err)
        return err;
    for (unsigned i = 0; i < r->roles_count; i++) {
        enum party_role role = role_parse(span_str(r->roles[i]));
        if (role != ROLE_OPERATOR && role != ROLE_ADMIN && role != ROLE_AUDITOR)
            return conf_bad(&b->at, "parties: %s: role \"%s\" is none of operator, admin, auditor",
                            p->oid.s, r->roles[i]);
        p->roles |= 1u << (unsigned)role;
    }
    /* Stock and orders of an operator stand in the log of its tenant; alone, it is its own. */
    if (r->tenant && !conf_name_ok(r->tenant, sizeof p->tenant - 1))
        return conf_bad(&b->at, "parties: %s: a tenant is up to 47 letters and digits", p->oid.s);
    if (r->tenant || dp_env_has_role(p, ROLE_OPERATOR)) {
        const char *id = r->tenant ? r->tenant : p->oid.s;
        if (strlen(id) >= sizeof p->tenant)
            return conf_bad(&b->at, "parties: %s needs a tenant: its OID is too long for one",
                            p->oid.s);
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
                    return conf_bad(
                        &b->at,
                        "parties: ICCID range %s of %s and %s of %s overlap: an ICCID has "
                        "one owner, change one of them",
                        p->iccid_prefix[i], p->oid.s, list[k].iccid_prefix[j], list[k].oid.s);
            }
        }
    }
    return ERR_OK;
}

static int build_parties(struct build *b)
{
    struct dp_party *list = conf_alloc(&b->at, b->raw->parties_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.parties = list;
    for (unsigned i = 0; i < b->raw->parties_count; i++) {
        int err = build_party(b, &b->raw->parties[i], &list[i]);
        if (err)
            return err;
        for (unsigned k = 0; k < i; k++)
            if (oid_eq(&list[k].oid, &list[i].oid))
                return conf_bad(&b->at, "parties: %s stands twice", list[i].oid.s);
        err = check_ranges(b, list, i);
        if (err)
            return err;
        b->c->env.n_parties++;
    }
    return ERR_OK;
}

static int build_ranges_of_eids(struct build *b, const char *name,
                                const struct conf_raw_range *raw, unsigned n,
                                const struct dp_eid_range **ret, unsigned *ret_n)
{
    struct dp_eid_range *list = conf_alloc(&b->at, n, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    *ret = list;
    for (; *ret_n < n; ++*ret_n) {
        unsigned i = *ret_n;
        int err = conf_eid_range(&b->at, name, raw[i].from, raw[i].to, list[i].from, list[i].to);
        if (err)
            return err;
    }
    return ERR_OK;
}

static int build_eids(struct build *b)
{
    struct dp_env *env = &b->c->env;
    int err = build_ranges_of_eids(b, "test_eids", b->raw->test_eids, b->raw->test_eids_count,
                                   &env->test_eids, &env->n_test_eids);

    return err ? err
               : build_ranges_of_eids(b, "denied_eids", b->raw->denied_eids,
                                      b->raw->denied_eids_count, &env->denied_eids,
                                      &env->n_denied_eids);
}

static int build_services(struct build *b, const struct dp_raw_platform *r, struct dp_platform *p)
{
    for (unsigned i = 0; i < r->services_count; i++) {
        unsigned k = 0;
        while (k < SAIP_SERVICES && strcmp(saip_service_name(k), r->services[i]) != 0)
            k++;
        if (k == SAIP_SERVICES)
            return conf_bad(&b->at, "platforms: %s: \"%s\" is no service of a profile header",
                            p->name, r->services[i]);
        p->services |= 1u << k;
    }
    return ERR_OK;
}

static int build_platforms(struct build *b)
{
    struct dp_platform *list = conf_alloc(&b->at, b->raw->platforms_count, sizeof *list);

    if (!list)
        return ERR_NOMEM;
    b->c->env.platforms = list;
    for (unsigned i = 0; i < b->raw->platforms_count; i++) {
        const struct dp_raw_platform *r = &b->raw->platforms[i];
        int err;
        if (!r->platform[0] || strlen(r->platform) >= sizeof list[i].name)
            return conf_bad(&b->at, "platforms: a platform is 1 to %zu characters",
                            sizeof list[i].name - 1);
        memcpy(list[i].name, r->platform, strlen(r->platform));
        if (dp_env_platform(&b->c->env, span_str(list[i].name)))
            return conf_bad(&b->at, "platforms: %s stands twice", list[i].name);
        err = build_services(b, r, &list[i]);
        if (err)
            return err;
        b->c->env.n_platforms++;
    }
    return ERR_OK;
}

static int build_low_row(struct build *b, const struct dp_raw_low *r, struct dp_low *l)
{
    if (!r->below || *r->below == 0)
        return conf_bad(&b->at, "low_stock: below is the number of profiles, from 1 on");
    l->below = *r->below;
    if (r->profile_type && strlen(r->profile_type) >= sizeof l->profile_type)
        return conf_bad(&b->at, "low_stock: a profile type has at most %zu characters",
                        sizeof l->profile_type - 1);
    if (r->profile_type)
        memcpy(l->profile_type, r->profile_type, strlen(r->profile_type));
    if (!r->mno)
        return ERR_OK;
    int err = conf_oid(&b->at, r->mno, "low_stock.mno", &l->mno);
    if (!err && !dp_env_has_role(dp_env_party(&b->c->env, &l->mno), ROLE_OPERATOR))
        err = conf_bad(&b->at, "low_stock: %s is no operator under parties", l->mno.s);
    return err;
}

static int build_low(struct build *b)
{
    struct dp_low *list = conf_alloc(&b->at, b->raw->low_stock_count, sizeof *list);
    int err = list ? ERR_OK : ERR_NOMEM;

    b->c->env.low = list;
    for (unsigned i = 0; !err && i < b->raw->low_stock_count; i++) {
        err = build_low_row(b, &b->raw->low_stock[i], &list[i]);
        b->c->env.n_low += !err;
    }
    return err;
}

/* --- numbers --- */
static int build_timers(struct build *b, unsigned time_scale)
{
    struct dp_env *env = &b->c->env;

    dp_timers_default(env->timer_ms, 1);
    env->time_scale = time_scale;
    for (unsigned i = 0; i < DP_TIMER_COUNT; i++) {
        const struct dp_timer_row *row = &DP_TIMERS[i];
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
    const struct dp_raw_limits *r = &b->raw->limits;
    struct dp_conf_limits *l = &b->c->limits;
    struct dp_env *env = &b->c->env;
    unsigned memory_kb = 0;
    int err;
    const struct conf_limit rows[] = {
        {"connections", r->connections, &l->connections, 512, 1, 65536},
        {"orders", r->orders, &env->orders_max, 10000, 1, 1000000},
        {"orders_in_memory", r->orders_in_memory, &l->orders_in_memory, 65536, 64, 10000000},
        {"packages", r->packages, &env->loads_max, 512, 1, 100000},
        {"write_behind", r->write_behind, &l->write_behind, 2048, 1, 1000000},
        {"min_free_mb", r->min_free_mb, &l->min_free_mb, 64, 0, 1000000},
        {"reserve_mb", r->reserve_mb, &l->reserve_mb, 16, 0, 100000},
        {"profile_memory_kb", r->profile_memory_kb, &memory_kb, 0, 0, 4096},
    };

    err = conf_limits(&b->at, rows, sizeof rows / sizeof *rows);
    env->memory_max = memory_kb * 1024u;
    return err;
}

static int build_all(struct build *b, unsigned time_scale)
{
    int err = build_files(b);

    if (!err)
        err = build_smsrs(b);
    if (!err)
        err = build_parties(b);
    if (!err)
        err = build_eids(b);
    if (!err)
        err = build_platforms(b);
    if (!err)
        err = build_low(b);
    if (!err)
        err = build_timers(b, time_scale ? time_scale : 1);
    return err ? err : build_limits(b);
}

int dp_conf_load(const char *file, unsigned time_scale, struct dp_conf **ret, struct errmsg *why)
{
    struct dp_conf *c = calloc(1, sizeof *c);
    struct dp_raw_conf *raw = NULL;
    struct build b = {.c = c};
    int err = c ? dp_raw_conf_load(file, &raw, why) : ERR_NOMEM;

    *ret = NULL;
    if (err) {
        free(c);
        return err;
    }
    b.raw = raw;
    arena_init(&c->arena, 0);
    c->file = arena_str(&c->arena, span_str(file));
    b.at = (struct conf_at){&c->arena, c->file, why};
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

int dp_conf_check_files(const struct dp_conf *c, struct errmsg *why)
{
    int err = conf_check_file(c->tls_ca, "tls.ca", false, why);

    if (!err)
        err = conf_check_file(c->tls_cert, "tls.cert", false, why);
    if (!err)
        err = conf_check_file(c->tls_key, "tls.key", true, why);
    for (unsigned i = 0; !err && i < c->n_ci; i++)
        err = conf_check_file(c->ci[i], "gsma.ci", false, why);
    for (unsigned i = 0; !err && i < c->n_certs; i++) {
        err = conf_check_file(c->certs[i].cert, "gsma.cert", false, why);
        if (!err)
            err = conf_check_file(c->certs[i].key, "gsma.key", true, why);
    }
    return err ? err : conf_check_file(c->kek, "keystore.kek", true, why);
}
