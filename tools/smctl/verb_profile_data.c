/* SPDX-License-Identifier: Apache-2.0 */
/* profile address, profile policy and audit: what is kept of a profile, and what the card says of it
 * (SGP.02 5.3 ES2, 5.5 ES4). */
#include "tools/smctl/eis_print.h"
#include "tools/smctl/profile_calls.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"

#include <stdlib.h>

static int address_request(struct jobs *j, size_t i, const struct base_request *base,
                           struct arena *a, struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es4_update_subscription_address_request *r =
        profile_request(a, sizeof *r, ret, MSG_ES4_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->iccid = j->job[i].iccid;
    r->new_address = p->address;
    return ERR_OK;
}

static int policy_request(struct jobs *j, size_t i, const struct base_request *base,
                          struct arena *a, struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es4_update_policy_rules_request *r =
        profile_request(a, sizeof *r, ret, MSG_ES4_UPDATE_POLICY_RULES_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->iccid = j->job[i].iccid;
    r->pol2 = p->pol2;
    return ERR_OK;
}

static int audit_request(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                         struct message *ret)
{
    struct es4_audit_eis_request *r = profile_request(a, sizeof *r, ret, MSG_ES4_AUDIT_EIS_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    return ERR_OK;
}

static int address_es2(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                       struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es2_update_subscription_address_request *r = profile_request(a, sizeof *r, ret, MSG_ES2_UPDATE_SUBSCRIPTION_ADDRESS_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    r->iccid = j->job[i].iccid;
    r->new_address = p->address;
    return ERR_OK;
}

static int policy_es2(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                      struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es2_update_policy_rules_request *r = profile_request(a, sizeof *r, ret, MSG_ES2_UPDATE_POLICY_RULES_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    r->iccid = j->job[i].iccid;
    r->pol2 = p->pol2;
    return ERR_OK;
}

static int audit_es2(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                     struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct es2_audit_eis_request *r = profile_request(a, sizeof *r, ret, MSG_ES2_AUDIT_EIS_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    return ERR_OK;
}

static void audit_answer(struct jobs *j, size_t i, const struct message *m)
{
    const struct eis *eis = NULL;

    (void)i;
    if (m->type == MSG_ES4_AUDIT_EIS_RESPONSE)
        eis = ((const struct es4_audit_eis_response *)m->body)->eis;
    else if (m->type == MSG_ES2_AUDIT_EIS_RESPONSE)
        eis = ((const struct es2_audit_eis_response *)m->body)->eis;
    if (eis && !j->bulk && !j->x->json)
        eis_print(eis);
}

/* The profile that the first two words name. */
static int named(const struct smctl *x, struct eids_row *ret, struct errmsg *why)
{
    int err;

    memset(ret, 0, sizeof *ret);
    err = text_eid(x->words[0], &ret->eid, why);
    return err ? err : text_iccid(x->words[1], &ret->iccid, why);
}

/* Over ES4, or over ES2 with --via smdp. */
static enum exit_code run(struct smctl *x, struct jobs_kind *kind, struct profile_calls *p,
                          struct eids *cards, jobs_request_fn es2)
{
    enum daemon to;
    enum exit_code code = smctl_daemon(x, &to);

    if (code == XC_OK && to == DAEMON_SMDP) {
        kind->request = es2;
        code = profile_smsr_id(x, &p->smsr_id);
    }
    if (code != XC_OK) {
        eids_fini(cards);
        return code;
    }
    return profile_run(x, kind, p, cards);
}

static enum exit_code run_one(struct smctl *x, struct jobs_kind *kind, struct profile_calls *p,
                              const struct eids_row *row, jobs_request_fn es2)
{
    struct eids cards = {profile_row(row), 1};

    return cards.rows ? run(x, kind, p, &cards, es2) : XC_LOCAL;
}

enum exit_code verb_profile_address(struct smctl *x)
{
    struct jobs_kind kind = {"UpdateSubscriptionAddress", address_request, NULL, NULL};
    struct profile_calls p = {.function = FN_UPDATE_SUBSCRIPTION_ADDRESS};
    const char *imsi = x->args->value[OPT_IMSI];
    struct errmsg why = {""};
    struct eids_row row;
    int err = named(x, &row, &why);

    if (!err && msisdn_parse(span_str(x->words[2]), &p.address.msisdn))
        err = errmsg_set(&why, ERR_INVAL, "'%.40s' is no MSISDN: 3 to 15 digits", x->words[2]);
    if (!err && imsi && imsi_parse(span_str(imsi), &p.address.imsi))
        err = errmsg_set(&why, ERR_INVAL, "--imsi '%.40s' is no IMSI: 6 to 15 digits", imsi);
    if (err)
        return smctl_fail(err, &why);
    return run_one(x, &kind, &p, &row, address_es2);
}

/* What POL2 can say of a profile (facts: sgp02 4.1). */
static const struct {
    const char *word, *action, *qualification;
} RULES[] = {
    {"enable-not-allowed", "ENABLE", "Not-Allowed"},
    {"disable-not-allowed", "DISABLE", "Not-Allowed"},
    {"delete-not-allowed", "DELETE", "Not-Allowed"},
    {"disable-auto-delete", "DISABLE", "Auto-Delete"},
};

static int rules_read(const char *text, struct pol2 *ret, struct errmsg *why)
{
    const size_t n_rules = sizeof RULES / sizeof *RULES;

    *ret = (struct pol2){.present = true};
    if (strcmp(text, "none") == 0)
        return ERR_OK;
    while (*text) {
        size_t n = strcspn(text, ","), i = 0;
        while (i < n_rules && !span_eq(span_of(text, n), span_str(RULES[i].word)))
            i++;
        if (i == n_rules)
            return errmsg_set(why, ERR_INVAL, "'%.*s' is no rule: none, or a list by commas of "
                              "enable-not-allowed, disable-not-allowed, delete-not-allowed, "
                              "disable-auto-delete", (int)(n < 40 ? n : 40), text);
        if (ret->n < EIS_POL2_MAX)
            ret->rules[ret->n++] = (struct pol2_rule){span_str("PROFILE"), span_str(RULES[i].action),
                                                      span_str(RULES[i].qualification)};
        text += n + (text[n] == ',');
    }
    return ret->n ? ERR_OK : errmsg_set(why, ERR_INVAL, "no rule is given: say none to take all away");
}

enum exit_code verb_profile_policy(struct smctl *x)
{
    struct jobs_kind kind = {"UpdatePolicyRules", policy_request, NULL, NULL};
    struct profile_calls p = {.function = FN_UPDATE_POLICY_RULES};
    struct errmsg why = {""};
    struct eids_row row;
    int err = named(x, &row, &why);

    if (!err)
        err = rules_read(x->words[2], &p.pol2, &why);
    return err ? smctl_fail(err, &why) : run_one(x, &kind, &p, &row, policy_es2);
}

/* The card of the first word, or those of --eids. */
static enum exit_code cards_named(struct smctl *x, struct eids *ret)
{
    struct errmsg why = {""};
    struct eids_row row;
    int err;

    memset(&row, 0, sizeof row);
    *ret = (struct eids){NULL, 0};
    if ((x->n_words == 1) == args_has(x->args, OPT_EIDS)) {
        out_error("name one card, or a file of them with --eids");
        return XC_USAGE;
    }
    if (x->n_words == 0) {
        err = eids_read(x->args->value[OPT_EIDS], false, ret, &why);
    } else {
        err = text_eid(x->words[0], &row.eid, &why);
        *ret = (struct eids){err ? NULL : profile_row(&row), 1};
    }
    if (err)
        return smctl_fail(ERR_CONFIG, &why);
    return ret->rows ? XC_OK : XC_LOCAL;
}

enum exit_code verb_audit(struct smctl *x)
{
    struct jobs_kind kind = {"AuditEIS", audit_request, audit_answer, NULL};
    struct profile_calls p = {.function = FN_AUDIT_EIS};
    struct eids cards;
    enum exit_code code = cards_named(x, &cards);

    return code == XC_OK ? run(x, &kind, &p, &cards, audit_es2) : code;
}

static int rotate_request(struct jobs *j, size_t i, const struct base_request *base, struct arena *a,
                          struct message *ret)
{
    struct admin_keys_rotate_request *r = profile_request(a, sizeof *r, ret, MSG_ADMIN_KEYS_ROTATE_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->eid = j->job[i].eid;
    r->sessions = args_has(j->x->args, OPT_SESSIONS);
    return ERR_OK;
}

enum exit_code verb_eis_keys_rotate(struct smctl *x)
{
    static const struct jobs_kind KIND = {"RotateKeys", rotate_request, NULL, NULL};
    struct profile_calls p = {.function = FN_ROTATE_KEYS};
    struct eids cards;
    enum exit_code code = cards_named(x, &cards);

    return code == XC_OK ? profile_run(x, &KIND, &p, &cards) : code;
}
