/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a directory: the default parties and "OID:role:name" (design 3.5). */
#include "tools/pki/pki_tree.h"

static const struct {
    const char *oid;
    enum party_role role;
    const char *name;
} DEFAULTS[] = {
    {"1.3.6.1.4.1.99999.1", ROLE_SMSR, "smsr"},
    {"1.3.6.1.4.1.99999.2", ROLE_SMDP, "smdp"},
    {"1.3.6.1.4.1.99999.11", ROLE_OPERATOR, "operator-a"},
    {"1.3.6.1.4.1.99999.10", ROLE_OPERATOR, "operator-b"},
    {"1.3.6.1.4.1.99999.20", ROLE_FLEET, "fleet"},
    {"1.3.6.1.4.1.99999.30", ROLE_EUM, "eum"},
    {"1.3.6.1.4.1.99999.40", ROLE_ADMIN, "admin"},
    {"1.3.6.1.4.1.99999.41", ROLE_AUDITOR, "auditor"},
};

/* Directories of the tree that are no party's. */
static const char *const RESERVED[] = {"ca", "ci"};

void pki_tree_defaults(struct pki_tree *t)
{
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS; i++) {
        struct pki_party *p = &t->parties[t->n++];
        *p = (struct pki_party){.role = DEFAULTS[i].role};
        memcpy(p->name, DEFAULTS[i].name, strlen(DEFAULTS[i].name));
        if (oid_parse(span_str(DEFAULTS[i].oid), &p->oid) != ERR_OK)
            t->n--;
    }
}

static bool name_ok(struct span s)
{
    if (s.n < 1 || s.n > PKI_NAME_MAX || s.p[0] < 'a' || s.p[0] > 'z')
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
              s.p[i] == '-'))
            return false;
    for (size_t i = 0; i < sizeof RESERVED / sizeof *RESERVED; i++)
        if (span_eq(s, span_str(RESERVED[i])))
            return false;
    return true;
}

static int party_parse(const char *text, struct pki_party *ret, struct errmsg *why)
{
    const char *role = strchr(text, ':');
    const char *name = role ? strchr(role + 1, ':') : NULL;

    *ret = (struct pki_party){.role = ROLE_NONE};
    if (!name)
        return errmsg_set(why, ERR_FORMAT,
                          "party '%.80s' is not OID:role:name, such as "
                          "1.3.6.1.4.1.99999.12:operator:green",
                          text);
    if (oid_parse(span_of(text, (size_t)(role - text)), &ret->oid) != ERR_OK)
        return errmsg_set(why, ERR_FORMAT, "party '%.80s': the OID is not dotted decimal", text);
    ret->role = role_parse(span_of(role + 1, (size_t)(name - role - 1)));
    if (ret->role == ROLE_NONE)
        return errmsg_set(why, ERR_FORMAT,
                          "party '%.80s': the role is none of eum, operator, m2m-sp, smdp, smsr, "
                          "fleet, admin, auditor",
                          text);
    if (!name_ok(span_str(name + 1)))
        return errmsg_set(why, ERR_FORMAT,
                          "party '%.80s': the name is 1 to 64 of a-z, 0-9 and hyphen, starts with "
                          "a letter and is neither ca nor ci",
                          text);
    memcpy(ret->name, name + 1, strlen(name + 1));
    return ERR_OK;
}

int pki_tree_add(struct pki_tree *t, const char *text, struct errmsg *why)
{
    struct pki_party p;
    unsigned at = t->n;
    int err = party_parse(text, &p, why);

    if (err)
        return err;
    for (unsigned i = 0; i < t->n; i++)
        if (!strcmp(t->parties[i].name, p.name))
            at = i;
    for (unsigned i = 0; i < t->n; i++)
        if (i != at && oid_eq(&t->parties[i].oid, &p.oid))
            return errmsg_set(why, ERR_EXISTS, "party '%.80s': OID %s is that of %s", text, p.oid.s,
                              t->parties[i].name);
    if (at == PKI_PARTIES_MAX)
        return errmsg_set(why, ERR_FULL, "more than %u parties", PKI_PARTIES_MAX);
    t->parties[at] = p;
    if (at == t->n)
        t->n++;
    return ERR_OK;
}
