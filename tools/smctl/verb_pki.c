/* SPDX-License-Identifier: Apache-2.0 */
/* pki init: certificates, keys and contexts of a laboratory (design 3.6). */
#include "tools/pki/pki_tree.h"
#include "tools/smctl/smctl.h"

#define DAY_MS INT64_C(86400000)

static void show(const struct smctl *x, const struct pki_tree *t, const char *dir)
{
    struct buf b;
    struct json w = {.out = &b};

    if (!x->json) {
        printf("%s: CA, CI and %u parties, valid %u days\n", dir, t->n, t->days);
        for (unsigned i = 0; i < t->n; i++)
            printf("  %-16s %-9s %s\n", t->parties[i].name, role_text(t->parties[i].role),
                   t->parties[i].oid.s);
        printf("next: export SMCTL_CONFIG=%s/smctl.yaml; smctl --as %s status\n", dir,
               t->parties[t->n - 1].name);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "dir", dir);
    json_open(&w, "parties", '[');
    for (unsigned i = 0; i < t->n; i++) {
        json_open(&w, NULL, '{');
        json_str(&w, "name", t->parties[i].name);
        json_str(&w, "role", role_text(t->parties[i].role));
        json_str(&w, "oid", t->parties[i].oid.s);
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

enum exit_code verb_pki_init(struct smctl *x)
{
    const struct args *a = x->args;
    struct pki_tree t = {.now_ms = clock_wall_ms(&CLOCK_SYSTEM), .days = 3650};
    struct errmsg why = {""};
    uint64_t days = t.days, begun = 0;
    int err;

    t.smsr_address = args_has(a, OPT_SMSR) ? a->value[OPT_SMSR] : "127.0.0.1:7101";
    t.smdp_address = args_has(a, OPT_SMDP) ? a->value[OPT_SMDP] : "127.0.0.1:7102";
    if (!args_has(a, OPT_NO_DEFAULTS))
        pki_tree_defaults(&t);
    err = args_number(a, OPT_DAYS, 1, 36500, &days, &why);
    t.days = (unsigned)days;
    if (!err)
        err = args_number(a, OPT_BEGUN, 0, 36500, &begun, &why);
    t.now_ms -= (int64_t)begun * DAY_MS;
    for (unsigned i = 0; !err && i < a->n_parties; i++)
        err = pki_tree_add(&t, a->parties[i], &why);
    if (err)
        return smctl_fail(ERR_INVAL, &why);
    err = pki_tree_write(x->crypto, &t, x->words[0], &why);
    if (err)
        return smctl_fail(err, &why);
    show(x, &t, x->words[0]);
    return XC_OK;
}
