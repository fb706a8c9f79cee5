/* SPDX-License-Identifier: Apache-2.0 */
/* profile stock, replace and lost: what is left, another card for a number, a card that is gone (our
 * own interface). */
#include "tools/smctl/profile_calls.h"

#include "common/msg/admin.h"

/* --- stock --- */
static void level_json(const struct admin_stock_row *r)
{
    struct buf b;
    struct json w = {.out = &b};

    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "mno", r->mno.s);
    json_text(&w, "profile_type", r->profile_type);
    json_u64(&w, "available", r->available);
    json_u64(&w, "reserved", r->reserved);
    json_u64(&w, "installed", r->installed);
    json_u64(&w, "deleted", r->deleted);
    json_u64(&w, "lost", r->lost);
    if (r->below)
        json_u64(&w, "below", r->below);
    json_bool(&w, "low", r->low);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static void level_text(const struct admin_stock_row *r)
{
    char type[128];

    printf("%-24s  owner %s  available %llu  reserved %llu  installed %llu  deleted %llu  lost %llu",
           text_safe(r->profile_type, type, sizeof type), r->mno.s,
           (unsigned long long)r->available, (unsigned long long)r->reserved,
           (unsigned long long)r->installed, (unsigned long long)r->deleted,
           (unsigned long long)r->lost);
    if (r->below)
        printf("  threshold %u", (unsigned)r->below);
    printf("%s\n", r->low ? "  LOW" : "");
}

static enum exit_code levels(void *ctx, const struct envelope *e)
{
    const struct admin_stock_response *r = e->message.body;
    const struct smctl *x = ctx;

    if (e->message.type != MSG_ADMIN_STOCK_RESPONSE)
        return XC_CONNECTION;
    for (unsigned i = 0; i < r->n_rows; i++)
        (x->json ? level_json : level_text)(&r->rows[i]);
    return XC_OK;
}

enum exit_code verb_profile_stock(struct smctl *x)
{
    struct admin_stock_request q = {.base = {.has_validity_period = false}};
    struct message m = {MSG_ADMIN_STOCK_REQUEST, &q};
    struct errmsg why = {""};
    char id[UUID_TEXT];

    if (args_oid(x->args, OPT_MNO, &q.mno, &why))
        return smctl_fail(ERR_INVAL, &why);
    if (args_has(x->args, OPT_TYPE))
        q.profile_type = span_str(x->args->value[OPT_TYPE]);
    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(id);
    return smctl_ask(x, &m, levels, x);
}

/* --- replace --- */
static int replace_request(struct jobs *j, size_t i, const struct base_request *base,
                           struct arena *a, struct message *ret)
{
    const struct profile_calls *p = j->ctx;
    struct admin_profile_replace_request *r =
        profile_request(a, sizeof *r, ret, MSG_ADMIN_PROFILE_REPLACE_REQUEST);

    if (!r)
        return ERR_NOMEM;
    r->base = *base;
    r->old_eid = p->old_eid;
    r->old_iccid = p->old_iccid;
    r->new_eid = j->job[i].eid;
    r->smsr_id = p->smsr_id;
    r->enable_profile = p->enable;
    return ERR_OK;
}

static void replace_answer(struct jobs *j, size_t i, const struct message *m)
{
    const struct admin_profile_replace_response *r = m->body;

    if (m->type == MSG_ADMIN_PROFILE_REPLACE_RESPONSE && r->iccid.s[0])
        j->job[i].iccid = r->iccid;
}

enum exit_code verb_profile_replace(struct smctl *x)
{
    static const struct jobs_kind KIND = {"ReplaceProfile", replace_request, replace_answer, NULL};
    struct profile_calls p = {.function = FN_REPLACE_PROFILE};
    struct errmsg why = {""};
    struct eids_row row;
    struct eids cards;
    enum exit_code code;
    int err;

    memset(&row, 0, sizeof row);
    if (!args_has(x->args, OPT_OLD_EID) || !args_has(x->args, OPT_NEW_EID)) {
        out_error("name both cards: --old-eid EID --new-eid EID");
        return XC_USAGE;
    }
    p.enable = args_has(x->args, OPT_ENABLE);
    err = args_eid(x->args, OPT_OLD_EID, &p.old_eid, &why);
    if (!err)
        err = args_eid(x->args, OPT_NEW_EID, &row.eid, &why);
    if (!err)
        err = args_iccid(x->args, OPT_ICCID, &p.old_iccid, &why);
    if (err)
        return smctl_fail(ERR_INVAL, &why);
    code = profile_smsr_id(x, &p.smsr_id);
    if (code != XC_OK)
        return code;
    cards = (struct eids){profile_row(&row), 1};
    return cards.rows ? profile_run(x, &KIND, &p, &cards) : XC_LOCAL;
}

/* --- lost --- */
static enum exit_code declared(void *ctx, const struct envelope *e)
{
    const struct admin_loss_declare_response *r = e->message.body;
    const struct smctl *x = ctx;

    if (e->message.type != MSG_ADMIN_LOSS_DECLARE_RESPONSE)
        return XC_CONNECTION;
    if (x->json)
        printf("{\"persons\":%u,\"lost\":%s}\n", (unsigned)r->persons,
               r->persons == 2 ? "true" : "false");
    else if (r->persons == 2)
        printf("declared lost: its number may go to another card (profile replace)\n");
    else
        printf("declared by one person; another admin must say the same\n");
    return XC_OK;
}

enum exit_code verb_profile_lost(struct smctl *x)
{
    struct admin_loss_declare_request q = {.base = {.has_validity_period = false}};
    struct message m = {MSG_ADMIN_LOSS_DECLARE_REQUEST, &q};
    const char *given = x->args->value[OPT_CALL_ID], *reason = x->args->value[OPT_REASON];
    struct errmsg why = {""};
    char id[UUID_TEXT];
    int err = text_eid(x->words[0], &q.eid, &why);

    if (!err)
        err = text_iccid(x->words[1], &q.iccid, &why);
    if (!err && reason && (!*reason || strlen(reason) > 1024))
        err = errmsg_set(&why, ERR_INVAL, "--reason is 1 to 1,024 characters");
    if (err)
        return smctl_fail(ERR_INVAL, &why);
    if (reason)
        q.reason = span_str(reason);
    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(given ? given : id);
    return smctl_ask(x, &m, declared, x);
}
