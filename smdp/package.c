/* SPDX-License-Identifier: Apache-2.0 */
/* The personalised package of an order (SGP.02 3.1.3): template and sealed subscription give the
 * same octets every time, so it is made when it is needed and kept nowhere. */
#include "smdp/core_int.h"

#include "common/base/mutant.h"
#include "common/wire/wire.h"
#include "smdp/domain/secret.h"
#include "smdp/profile/lint.h"
#include "smdp/profile/personalise.h"
#include "smdp/profile/subscription_blob.h"

#include <stdlib.h>

/* The AuC must notice a profile with another key. */
static void mutate(struct subscription *s)
{
    if (mutant("K_BYTE"))
        s->k[0] ^= 0x01;
}

static int refuse(struct dp_job_result *ret, enum status_code st, const char *text)
{
    const struct status_row *row = &STATUS[st];

    ret->code = row->code;
    dp_text_put(ret->text, sizeof ret->text, text && text[0] ? text : row->meaning);
    return ERR_DENIED;
}

static struct template_held *oldest(struct smdp_core *c)
{
    struct template_held *t = &c->templates[0];

    for (unsigned i = 1; i < TEMPLATES_HELD; i++)
        if (c->templates[i].used < t->used)
            t = &c->templates[i];
    return t;
}

static int template_get(struct smdp_core *c, const char *type, struct span *ret)
{
    struct template_held *t;
    struct journal_record rec;
    struct event *ev;
    struct arena mem;
    struct buf body;
    uint64_t lsn;
    int err;

    for (unsigned i = 0; i < TEMPLATES_HELD; i++) {
        t = &c->templates[i];
        if (!t->used || strcmp(t->profile_type, type) != 0)
            continue;
        t->used = ++c->clock_of_templates;
        *ret = buf_span(&t->package);
        return ERR_OK;
    }
    err = dp_store_template(c->store, span_str(type), &lsn);
    if (err)
        return err;
    arena_init(&mem, 0);
    buf_init(&body, 0);
    ev = arena_alloc(&mem, sizeof *ev);
    err = ev ? journal_get(engine_journal(c->engine), lsn, &rec, &body) : ERR_NOMEM;
    if (!err)
        err = wire_event_decode(EV_TEMPLATE_ADDED, buf_span(&body), &mem, ev, NULL);
    t = oldest(c);
    if (!err) {
        buf_fini(&t->package);
        buf_init(&t->package, 0);
        buf_add_span(&t->package, ev->data);
        dp_text_put(t->profile_type, sizeof t->profile_type, type);
        t->used = t->package.failed ? 0 : ++c->clock_of_templates;
        err = t->used ? ERR_OK : ERR_NOMEM;
    }
    *ret = buf_span(&t->package);
    buf_fini(&body);
    arena_fini(&mem);
    return err;
}

static int subscription_get(struct smdp_core *c, const struct order *o, struct subscription *ret)
{
    const struct dp_party *p = dp_env_party(c->cfg.env, &o->mno);
    struct secret_place at;
    struct buf sealed, plain;
    char id[DP_SECRET_ID];
    int err;

    if (!p)
        return ERR_NOT_FOUND;
    dp_secret_id(DP_SECRET_SUBSCRIPTION, &o->iccid, id);
    dp_secret_place(DP_SECRET_SUBSCRIPTION, p->number, &o->iccid, &at);
    buf_init(&sealed, 0);
    buf_init(&plain, SUBSCRIPTION_BLOB_MAX);
    err = journal_secret_get(engine_journal(c->engine), span_str(id), NULL, &sealed);
    if (!err)
        err = keystore_open(c->cfg.keystore, &at, buf_span(&sealed), &plain);
    if (!err)
        err = subscription_unpack(buf_span(&plain), ret);
    buf_wipe(&plain);
    buf_fini(&plain);
    buf_fini(&sealed);
    return err;
}

/* What the caller should look at although it is installed: of the subscription, on any card. The
 * template's own warnings were told when it was added. */
static void warn(const struct lint_report *r, struct dp_job_result *ret)
{
    for (unsigned i = 0; i < r->n; i++) {
        const struct lint_finding *f = &r->finding[i];
        struct errmsg text;
        if (!f->rule->secret || f->rule->commercial != LINT_WARN)
            continue;
        (void)errmsg_set(&text, ERR_OK, "profile rule %s: %s; %s", f->rule->id, f->place,
                         f->rule->cure);
        dp_text_put(ret->text, sizeof ret->text, text.text);
        return;
    }
}

static int personalise(struct smdp_core *c, const struct order *o, struct span template,
                       const struct subscription *s, struct buf *out, struct profile_report *report,
                       struct dp_job_result *ret)
{
    const struct dp_party *p = dp_env_party(c->cfg.env, &o->mno);
    struct profile_options options = {.test = dp_env_is_test(c->cfg.env, &o->eid),
                                      .iccid = &o->iccid,
                                      .plmn = p->plmn,
                                      .n_plmn = p->n_plmn};
    struct lint_options lint = {.test = options.test, .memory_max = c->cfg.env->memory_max};
    struct lint_report findings;
    struct errmsg why = {{0}};
    int err = profile_personalise(template, s, &options, out, report, &why);

    if (err)
        return refuse(ret, DP_ST_TYPE_REFUSED, why.text);
    profile_lint(buf_span(out), &lint, &findings);
    if (findings.n_refused) {
        (void)lint_sentence(&findings, &why);
        return refuse(ret,
                      lint_worst(&findings)->rule->secret ? DP_ST_SUBSCRIPTION_REFUSED
                                                          : DP_ST_TYPE_REFUSED,
                      why.text);
    }
    warn(&findings, ret);
    return ERR_OK;
}

int dp_core_package(struct smdp_core *c, const struct order *o, struct buf *out,
                    struct profile_report *report, struct dp_job_result *ret)
{
    struct subscription s;
    struct span template;
    int err = template_get(c, o->profile_type, &template);

    if (err)
        return refuse(ret, DP_ST_TYPE_UNKNOWN, NULL);
    err = subscription_get(c, o, &s);
    if (err)
        return refuse(ret, DP_ST_SECRET, NULL);
    mutate(&s);
    /* The number that is taken over, where the subscription was to have one of its own. */
    if (o->function == FN_REPLACE_PROFILE && s.msisdn.s[0] && o->msisdn.s[0])
        s.msisdn = o->msisdn;
    err = personalise(c, o, template, &s, out, report, ret);
    subscription_wipe(&s);
    return err;
}
