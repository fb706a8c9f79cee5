/* SPDX-License-Identifier: Apache-2.0 */
/* A subscription before it becomes a package: the same rules, the same identifiers. */
#include "smdp/profile/subscription_lint.h"

struct judge {
    struct subscription_finding *list;
    unsigned n;
    bool test;
};

static void found(struct judge *j, const char *rule, const char *column, const char *what)
{
    const struct lint_rule *r = lint_rule_find(rule);
    enum lint_severity severity;
    unsigned at = j->n;

    if (!r || j->n == SUBSCRIPTION_FINDINGS)
        return;
    severity = j->test ? r->test : r->commercial;
    if (severity == LINT_NONE)
        return;
    while (severity == LINT_REFUSE && at > 0 && j->list[at - 1].severity != LINT_REFUSE) {
        j->list[at] = j->list[at - 1];
        at--;
    }
    j->list[at] = (struct subscription_finding){r, severity, column, what};
    j->n++;
}

static void key(struct judge *j, const char *rule, const char *column, const uint8_t *k, size_t n)
{
    if (lint_key_known(span_of(k, n)))
        found(j, rule, column, "a published or trivial key");
}

static void code(struct judge *j, const char *column, const struct code8 *c)
{
    if (c->set && lint_code_known(c->v))
        found(j, "code-known", column, "a published or trivial code");
}

unsigned subscription_lint(const struct subscription *s, bool test,
                           struct subscription_finding ret[SUBSCRIPTION_FINDINGS])
{
    struct judge j = {.list = ret, .test = test};

    if (!iccid_luhn_ok(&s->iccid))
        found(&j, "iccid-luhn", "iccid", "its last digit does not check (Luhn)");
    if (lint_iccid_test(&s->iccid))
        found(&j, "iccid-test", "iccid", "the one of the TS.48 test profiles");
    if (lint_imsi_test(&s->imsi))
        found(&j, "imsi-test", "imsi", "a number of the test network 001");
    key(&j, "ki-known", "k", s->k, sizeof s->k);
    key(&j, "opc-known", "opc", s->opc, sizeof s->opc);
    key(&j, "sd-key-known", "ota_kic", s->ota_kic.v, s->ota_kic.n);
    key(&j, "sd-key-known", "ota_kid", s->ota_kid.v, s->ota_kid.n);
    key(&j, "sd-key-known", "ota_dek", s->ota_dek.v, s->ota_dek.n);
    code(&j, "puk1", &s->puk1);
    code(&j, "puk2", &s->puk2);
    code(&j, "adm1", &s->adm1);
    return j.n;
}
