/* SPDX-License-Identifier: Apache-2.0 */
/* eis show and eis list (SGP.02 5.5 ES4-GetEIS, 5.3 ES2-GetEIS; the list is our own). */
#include "tools/smctl/eis_print.h"
#include "tools/smctl/smctl.h"

#include "common/base/hex.h"
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
    struct eid only; /* zero: any */
};

/* The EID one less, as a number. */
static void before(const struct eid *eid, struct eid *ret)
{
    size_t i = sizeof ret->b;

    *ret = *eid;
    while (i-- > 0 && ret->b[i]-- == 0)
        ;
}

static void row_print(const struct smctl *x, const struct admin_eis_row *r)
{
    char eid[EID_TEXT], tenant[64], at[25] = "never", seen[25] = "never";
    struct buf b;
    struct json w = {.out = &b};

    eid_text(&r->eid, eid);
    if (!x->json) {
        if (r->last_audit_ms)
            clock_text(r->last_audit_ms, at);
        if (r->last_contact_ms)
            clock_text(r->last_contact_ms, seen);
        printf("%s  enabled %-20s  %2u profiles", eid, r->enabled.s[0] ? r->enabled.s : "-", r->profiles);
        if (r->card_state != CARD_NONE)
            printf("  %s  %-11s  heard %s  audit %s", text_safe(r->tenant, tenant, sizeof tenant),
                   card_state_text(r->card_state), seen, at);
        putchar('\n');
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "eid", eid);
    json_text(&w, "tenant", r->tenant);
    json_str(&w, "enabled", r->enabled.s);
    json_u64(&w, "profiles", r->profiles);
    json_time(&w, "last_audit", r->last_audit_ms);
    if (r->card_state != CARD_NONE)
        json_str(&w, "card_state", card_state_text(r->card_state));
    json_time(&w, "registered", r->registered_ms);
    json_time(&w, "last_contact", r->last_contact_ms);
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
        if (!eid_is_zero(&l->only) && !eid_eq(&l->only, &r->rows[i].eid)) {
            l->left = 0;
            break;
        }
        if (l->left > 0) {
            row_print(l->x, &r->rows[i]);
            l->left--;
        }
        l->after = r->rows[i].eid;
    }
    return XC_OK;
}

/* A profile's state, in any letter case, or the card's own. */
static int state_of(const char *text, struct admin_eis_list_request *q, struct errmsg *why)
{
    static const enum profile_state ASKED[] = {PROFILE_CREATED, PROFILE_DISABLED, PROFILE_ENABLED};

    for (size_t i = 0; i < sizeof ASKED / sizeof *ASKED; i++)
        if (!strcasecmp(text, profile_state_text(ASKED[i]))) {
            q->state = ASKED[i];
            return ERR_OK;
        }
    for (unsigned s = CARD_REGISTERED; s < CARD_STATE_COUNT; s++)
        if (!strcasecmp(text, card_state_text((enum card_state)s))) {
            q->card_state = (enum card_state)s;
            return ERR_OK;
        }
    return errmsg_set(why, ERR_INVAL,
                      "--state '%.40s' is none of Created, Disabled, Enabled, nor of REGISTERED, SEEN, "
                      "QUARANTINED, LOST, RETIRED, TRANSFERRED",
                      text);
}

#define NEVER_SEEN_DAYS 30u
#define DAY_MS (24 * 3600 * 1000LL)

static int never_seen(const struct args *a, struct admin_eis_list_request *q, struct errmsg *why)
{
    uint64_t days = NEVER_SEEN_DAYS;
    int err = args_number(a, OPT_DAYS, 0, 36500, &days, why);

    if (err || !args_has(a, OPT_NEVER_SEEN))
        return err || !args_has(a, OPT_DAYS)
                   ? err
                   : errmsg_set(why, ERR_INVAL, "--days goes with --never-seen");
    if (q->card_state == CARD_NONE)
        q->card_state = CARD_REGISTERED; /* by its meaning: never heard, and nobody set it aside */
    q->unheard_since_ms = clock_wall_ms(&CLOCK_SYSTEM) - (int64_t)days * DAY_MS;
    return ERR_OK;
}

static int batch_of(const char *text, struct admin_eis_list_request *q, struct errmsg *why)
{
    size_t n = 0;

    if (hex_decode(text, strlen(text), q->batch, sizeof q->batch, &n) || n != sizeof q->batch)
        return errmsg_set(why, ERR_INVAL, "--batch takes the 64 digits of a SHA-256; smctl eis batches prints them");
    q->has_batch = true;
    return ERR_OK;
}

static int search_options(const struct args *a, struct admin_eis_list_request *q, struct errmsg *why)
{
    int err = args_iccid(a, OPT_ICCID, &q->iccid, why);

    if (!err)
        err = args_oid(a, OPT_MNO, &q->mno, why);
    if (!err && args_has(a, OPT_IMSI) && imsi_parse(span_str(a->value[OPT_IMSI]), &q->imsi))
        err = errmsg_set(why, ERR_INVAL, "--imsi '%.40s' is no IMSI: up to 15 digits", a->value[OPT_IMSI]);
    if (!err && args_has(a, OPT_MSISDN) && msisdn_parse(span_str(a->value[OPT_MSISDN]), &q->msisdn))
        err = errmsg_set(why, ERR_INVAL, "--msisdn '%.40s' is no number: 3 to 15 digits, without +",
                         a->value[OPT_MSISDN]);
    if (!err && args_has(a, OPT_BATCH))
        err = batch_of(a->value[OPT_BATCH], q, why);
    if (!err && args_has(a, OPT_STATE))
        err = state_of(a->value[OPT_STATE], q, why);
    return err ? err : never_seen(a, q, why);
}

enum exit_code verb_eis_list(struct smctl *x)
{
    struct admin_eis_list_request q = {.limit = PAGE};
    struct listing l = {.x = x, .left = UINT64_MAX};
    struct errmsg why = {""};
    enum exit_code code;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &l.left, &why))
        return smctl_fail(ERR_INVAL, &why);
    if (search_options(x->args, &q, &why) || args_eid(x->args, OPT_EID, &l.only, &why))
        return smctl_fail(ERR_INVAL, &why);
    if (!eid_is_zero(&l.only)) /* the list is in order of EID: it would come first behind the one before it */
        before(&l.only, &l.after);
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
