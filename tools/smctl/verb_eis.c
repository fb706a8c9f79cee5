/* SPDX-License-Identifier: Apache-2.0 */
/* eis show and eis list (SGP.02 5.5 ES4-GetEIS, 5.3 ES2-GetEIS; the list is our own). */
#include "tools/smctl/eis_print.h"
#include "tools/smctl/smctl.h"

#include "common/msg/admin.h"
#include "common/msg/es2.h"
#include "common/msg/es4.h"

#define PAGE 500u

static enum exit_code shown(void *ctx, const struct envelope *e)
{
    struct smctl *x = ctx;
    const struct eis *eis = NULL;

    if (e->message.type == MSG_ES4_GET_EIS_RESPONSE)
        eis = ((const struct es4_get_eis_response *)e->message.body)->eis;
    else if (e->message.type == MSG_ES2_GET_EIS_RESPONSE)
        eis = ((const struct es2_get_eis_response *)e->message.body)->eis;
    if (!eis) {
        out_error("the answer holds no EIS");
        return XC_FAILED;
    }
    if (x->json)
        return smctl_print_message(&e->message);
    eis_print(eis);
    return XC_OK;
}

enum exit_code verb_eis_show(struct smctl *x)
{
    struct es4_get_eis_request es4 = {.eid = {{0}}};
    struct es2_get_eis_request es2 = {.eid = {{0}}};
    struct message m = {MSG_ES4_GET_EIS_REQUEST, &es4};
    struct errmsg why = {""};
    char id[UUID_TEXT];
    enum daemon to;
    enum exit_code code = smctl_daemon(x, &to);

    if (code != XC_OK)
        return code;
    if (text_eid(x->words[0], &es4.eid, &why) || args_oid(x->args, OPT_SMSR_ID, &es2.smsr_id, &why))
        return smctl_fail(ERR_INVAL, &why);
    smctl_call_id(x, id);
    es4.base.function_call_identifier = es2.base.function_call_identifier = span_str(id);
    if (to == DAEMON_SMDP) {
        code = smctl_context(x);
        if (code != XC_OK)
            return code;
        es2.eid = es4.eid;
        if (!es2.smsr_id.s[0] && x->context->smsr_id &&
            oid_parse(span_str(x->context->smsr_id), &es2.smsr_id))
            return XC_USAGE;
        m = (struct message){MSG_ES2_GET_EIS_REQUEST, &es2};
    }
    return smctl_ask(x, &m, shown, x);
}

/* --- list --- */

struct listing {
    struct smctl *x;
    uint64_t left;
    struct eid after;
    unsigned n;
};

static void row_print(const struct smctl *x, const struct admin_eis_row *r)
{
    char eid[EID_TEXT], tenant[64], at[25] = "never";
    struct buf b;
    struct json w = {.out = &b};

    eid_text(&r->eid, eid);
    if (!x->json) {
        if (r->last_audit_ms)
            clock_text(r->last_audit_ms, at);
        printf("%s  enabled %-20s  %2u profiles  %s  audit %s\n", eid,
               r->enabled.s[0] ? r->enabled.s : "-", r->profiles,
               text_safe(r->tenant, tenant, sizeof tenant), at);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "eid", eid);
    json_text(&w, "tenant", r->tenant);
    json_str(&w, "enabled", r->enabled.s);
    json_u64(&w, "profiles", r->profiles);
    json_time(&w, "last_audit", r->last_audit_ms);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code listed(void *ctx, const struct envelope *e)
{
    const struct admin_eis_list_response *r = e->message.body;
    struct listing *l = ctx;

    if (e->message.type != MSG_ADMIN_EIS_LIST_RESPONSE)
        return XC_CONNECTION;
    l->n = r->n_rows;
    for (unsigned i = 0; i < r->n_rows; i++) {
        if (l->left > 0) {
            row_print(l->x, &r->rows[i]);
            l->left--;
        }
        l->after = r->rows[i].eid;
    }
    return XC_OK;
}

/* Any letter case; PROFILE_NONE: not one a card can be asked for. */
static enum profile_state state_of(const char *text)
{
    static const enum profile_state ASKED[] = {PROFILE_CREATED, PROFILE_DISABLED, PROFILE_ENABLED};

    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
        if (!strcasecmp(text, profile_state_text(ASKED[i])))
            return ASKED[i];
    return PROFILE_NONE;
}

enum exit_code verb_eis_list(struct smctl *x)
{
    struct admin_eis_list_request q = {.limit = PAGE};
    const char *state = x->args->value[OPT_STATE];
    struct listing l = {.x = x, .left = UINT64_MAX};
    struct errmsg why = {""};
    enum exit_code code;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &l.left, &why))
        return smctl_fail(ERR_INVAL, &why);
    if (state && (q.state = state_of(state)) == PROFILE_NONE) {
        out_error("--state '%.40s' is none of Created, Disabled, Enabled", state);
        return XC_USAGE;
    }
    do {
        char id[UUID_TEXT];
        struct message m = {MSG_ADMIN_EIS_LIST_REQUEST, &q};
        smctl_call_id(x, id);
        q.base.function_call_identifier = span_str(id);
        q.after = l.after;
        if (l.left < PAGE)
            q.limit = (uint32_t)l.left;
        l.n = 0;
        code = smctl_ask(x, &m, listed, &l);
    } while (code == XC_OK && l.n > 0 && l.left > 0);
    return code;
}
