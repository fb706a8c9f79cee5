/* SPDX-License-Identifier: Apache-2.0 */
/* eis state, eis drift, eis batches: the life of cards at this SM-SR. Ours; SGP.02 has nothing of
 * it. */
#include "tools/smctl/smctl.h"

#include "common/base/clock.h"
#include "common/base/hex.h"
#include "common/msg/admin.h"

#include <strings.h>

/* --- state --- */
static enum exit_code moved(void *ctx, const struct envelope *e)
{
    const struct admin_card_state_response *r = e->message.body;
    const struct smctl *x = ctx;

    if (e->message.type != MSG_ADMIN_CARD_STATE_RESPONSE)
        return XC_CONNECTION;
    if (x->json)
        return smctl_print_message(&e->message);
    printf("%s  %s%s%s\n", x->words[0], card_state_text(r->card_state),
           r->card_state == r->previous ? " as before" : ", before ",
           r->card_state == r->previous ? "" : card_state_text(r->previous));
    return XC_OK;
}

enum exit_code verb_eis_state(struct smctl *x)
{
    struct admin_card_state_request q = {.eid = {{0}}};
    struct message m = {MSG_ADMIN_CARD_STATE_REQUEST, &q};
    const char *reason = x->args->value[OPT_REASON];
    struct errmsg why = {""};
    char id[UUID_TEXT];

    if (text_eid(x->words[0], &q.eid, &why))
        return smctl_fail(ERR_INVAL, &why);
    for (unsigned s = CARD_REGISTERED; s < CARD_STATE_COUNT; s++)
        if (!strcasecmp(x->words[1], card_state_text((enum card_state)s)))
            q.card_state = (enum card_state)s;
    if (q.card_state == CARD_NONE) {
        out_error("'%.40s' is none of QUARANTINED, LOST, RETIRED, SEEN", x->words[1]);
        return XC_USAGE;
    }
    if (reason && strlen(reason) > 300) {
        out_error("--reason is longer than 300 octets");
        return XC_USAGE;
    }
    if (reason)
        q.text = span_str(reason);
    smctl_call_id(x, id);
    q.base.function_call_identifier =
        span_str(args_has(x->args, OPT_CALL_ID) ? x->args->value[OPT_CALL_ID] : id);
    return smctl_ask(x, &m, moved, x);
}

/* --- drift --- */
static void drift_row(const struct smctl *x, const struct admin_drift_row *r)
{
    char found[320], next[800], raw[320], aid[AID_TEXT] = "";
    struct buf b;
    struct json w = {.out = &b};

    if (r->aid.n)
        aid_text(&r->aid, aid);
    text_safe(r->next, raw, sizeof raw);
    smctl_next(x, raw, x->words[0], r->iccid.s, "", next, sizeof next);
    text_safe(r->found, found, sizeof found);
    if (!x->json) {
        printf("%s%s%s%s%s\n  next: %s\n", r->iccid.s, *aid ? (r->iccid.s[0] ? "  " : "") : "", aid,
               r->iccid.s[0] || *aid ? ": " : "", found, next);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "iccid", r->iccid.s);
    json_str(&w, "aid", aid);
    json_str(&w, "found", found);
    json_str(&w, "next", next);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code drifted(void *ctx, const struct envelope *e)
{
    const struct admin_drift_response *r = e->message.body;
    const struct smctl *x = ctx;
    char at[25] = "never";
    struct buf b;
    struct json w = {.out = &b};

    if (e->message.type != MSG_ADMIN_DRIFT_RESPONSE)
        return XC_CONNECTION;
    for (unsigned i = 0; i < r->n_rows; i++)
        drift_row(x, &r->rows[i]);
    if (r->audited_ms)
        clock_text(r->audited_ms, at);
    if (!x->json) {
        printf("%s: %u difference%s; audited %s%s\n", x->words[0], r->n_rows,
               r->n_rows == 1 ? "" : "s", at, r->partial ? ", the card's list was cut" : "");
        return r->n_rows ? XC_FAILED : XC_OK;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_open(&w, "summary", '{');
    json_str(&w, "eid", x->words[0]);
    json_u64(&w, "differences", r->n_rows);
    json_time(&w, "audited", r->audited_ms);
    json_bool(&w, "partial", r->partial);
    json_close(&w, '}');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
    return r->n_rows ? XC_FAILED : XC_OK;
}

enum exit_code verb_eis_drift(struct smctl *x)
{
    struct admin_drift_request q = {.eid = {{0}}};
    struct message m = {MSG_ADMIN_DRIFT_REQUEST, &q};
    struct errmsg why = {""};
    char id[UUID_TEXT];

    if (text_eid(x->words[0], &q.eid, &why))
        return smctl_fail(ERR_INVAL, &why);
    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(id);
    return smctl_ask(x, &m, drifted, x);
}

/* --- batches --- */
struct batches {
    const struct smctl *x;
    struct admin_batch_list_request *q;
    uint64_t left;
    unsigned n;
};

static void batch_row(const struct smctl *x, const struct admin_batch_row *r)
{
    char hash[65] = "", at[25], order[120] = "-";
    struct buf b;
    struct json w = {.out = &b};

    if (hex_encode(span_of(r->batch, sizeof r->batch), hash, sizeof hash))
        return;
    if (r->order_reference.n)
        text_safe(r->order_reference, order, sizeof order);
    if (!x->json) {
        clock_text(r->last_ms, at);
        printf("%s  order %s  %u rows: %u accepted, %u refused, %u known  last %s  EUM %s\n", hash,
               order, r->rows, r->accepted, r->refused, r->known, at, r->party.s);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "batch", hash);
    json_text(&w, "order", r->order_reference);
    json_str(&w, "eum", r->party.s);
    json_u64(&w, "rows", r->rows);
    json_u64(&w, "accepted", r->accepted);
    json_u64(&w, "refused", r->refused);
    json_u64(&w, "known", r->known);
    json_time(&w, "first", r->first_ms);
    json_time(&w, "last", r->last_ms);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code batches_listed(void *ctx, const struct envelope *e)
{
    const struct admin_batch_list_response *r = e->message.body;
    struct batches *l = ctx;

    if (e->message.type != MSG_ADMIN_BATCH_LIST_RESPONSE)
        return XC_CONNECTION;
    l->n = r->n_rows;
    for (unsigned i = 0; i < r->n_rows && l->left > 0; i++, l->left--)
        batch_row(l->x, &r->rows[i]);
    if (r->n_rows) {
        memcpy(l->q->after, r->rows[r->n_rows - 1].batch, sizeof l->q->after);
        l->q->after_party = r->rows[r->n_rows - 1].party;
    }
    return XC_OK;
}

enum exit_code verb_eis_batches(struct smctl *x)
{
    struct admin_batch_list_request q = {.limit = 0};
    struct batches l = {.x = x, .q = &q, .left = UINT64_MAX};
    struct errmsg why = {""};
    enum exit_code code;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &l.left, &why))
        return smctl_fail(ERR_INVAL, &why);
    do {
        char id[UUID_TEXT];
        struct message m = {MSG_ADMIN_BATCH_LIST_REQUEST, &q};
        smctl_call_id(x, id);
        q.base.function_call_identifier = span_str(id);
        l.n = 0;
        code = smctl_ask(x, &m, batches_listed, &l);
    } while (code == XC_OK && l.n > 0 && l.left > 0);
    return code;
}
