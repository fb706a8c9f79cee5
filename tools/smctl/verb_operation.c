/* SPDX-License-Identifier: Apache-2.0 */
/* operation show, list, wait: answer and verdict of what was accepted (design 3.4). An operation of
 * the SM-SR, or an order of the SM-DP with --via smdp. */
#include "tools/smctl/smctl.h"

#include "common/msg/admin.h"

#include <stdlib.h>
#include <time.h>

#define PAGE         500u
#define WAIT_STEP_MS 1000

static bool explained(const struct smctl *x, const struct admin_operation *o,
                      struct gsma_code *ret_code, struct code_help *ret)
{
    struct code_verdict v = {o->verdict, o->status, o->code, o->text};

    return code_explain_verdict(&v, x->daemon, ret_code, ret);
}

static void code_lines(const struct smctl *x, const struct admin_operation *o, const char *eid,
                       const char *op)
{
    struct gsma_code code;
    struct code_help help;
    char next[800], text[320];

    if (o->text.n)
        printf("  text       %s\n", text_safe(o->text, text, sizeof text));
    if (!explained(x, o, &code, &help))
        return;
    printf("  meaning    %s\n", help.meaning);
    if (help.cause[0])
        printf("  cause      %s\n", help.cause);
    smctl_next(x, help.next, eid, o->iccid.s, op, next, sizeof next);
    if (next[0])
        printf("  next       %s\n", next);
}

static void time_line(const char *name, int64_t at_ms)
{
    char at[25];

    if (!at_ms)
        return;
    clock_text(at_ms, at);
    printf("  %-10s %s\n", name, at);
}

static void show(const struct smctl *x, const struct admin_operation *o)
{
    char op[UUID_TEXT], eid[EID_TEXT], fcid[160], state[80];
    struct gsma_code code;
    struct code_help help;

    uuid_text(&o->op, op);
    eid_text(&o->eid, eid);
    printf("operation %s\n", op);
    printf("  function   %s-%s\n", interface_text(o->iface), function_text(o->function));
    printf("  EID        %s\n", eid);
    if (o->iccid.s[0])
        printf("  ICCID      %s\n", o->iccid.s);
    printf("  asked by   %s, call %s\n", o->party.s, text_safe(o->fcid, fcid, sizeof fcid));
    printf("  state      %s\n", text_safe(o->state, state, sizeof state));
    printf("  verdict    %s", o->verdict == VERDICT_NONE ? "not yet" : verdict_text(o->verdict));
    (void)explained(x, o, &code, &help);
    if (code.subject[0] && !code_same(&code, &o->code))
        printf(" %s-%s", code.subject, code.reason);
    printf("\n");
    printf("  answer     %s", o->status == EXEC_NONE ? "not yet" : exec_status_text(o->status));
    if (o->code.subject[0])
        printf(" %s-%s", o->code.subject, o->code.reason);
    printf("\n");
    code_lines(x, o, eid, op);
    if (o->stage != STAGE_NONE)
        printf("  stage      %s\n", stage_text(o->stage));
    if (o->attempts)
        printf("  attempts   %u\n", o->attempts);
    time_line("accepted", o->accepted_at_ms);
    time_line("valid to", o->validity_end_ms);
    time_line("concluded", o->concluded_at_ms);
}

static void show_json(const struct smctl *x, const struct admin_operation *o)
{
    char op[UUID_TEXT], eid[EID_TEXT], next[800];
    struct gsma_code code;
    struct code_help help;
    struct buf b;
    struct json w = {.out = &b};

    uuid_text(&o->op, op);
    eid_text(&o->eid, eid);
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "operation", op);
    json_str(&w, "eid", eid);
    json_str(&w, "iccid", o->iccid.s);
    json_str(&w, "function", function_text(o->function));
    json_str(&w, "interface", interface_text(o->iface));
    json_str(&w, "party", o->party.s);
    json_text(&w, "call", o->fcid);
    json_text(&w, "state", o->state);
    if (o->verdict != VERDICT_NONE)
        json_str(&w, "verdict", verdict_text(o->verdict));
    if (o->status != EXEC_NONE)
        json_str(&w, "status", exec_status_text(o->status));
    json_str(&w, "subject", o->code.subject);
    json_str(&w, "reason", o->code.reason);
    if (o->stage != STAGE_NONE)
        json_str(&w, "stage", stage_text(o->stage));
    json_u64(&w, "attempts", o->attempts);
    json_time(&w, "accepted_at", o->accepted_at_ms);
    json_time(&w, "valid_to", o->validity_end_ms);
    json_time(&w, "concluded_at", o->concluded_at_ms);
    json_text(&w, "text", o->text);
    if (explained(x, o, &code, &help)) {
        json_str(&w, "verdict_subject", code.subject);
        json_str(&w, "verdict_reason", code.reason);
        json_str(&w, "meaning", help.meaning);
        json_str(&w, "cause", help.cause);
        smctl_next(x, help.next, eid, o->iccid.s, op, next, sizeof next);
        json_str(&w, "next", next);
    }
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

/* --- one --- */

struct one {
    struct smctl *x;
    bool wait; /* print only what has ended */
    bool ended;
    enum exit_code verdict;
};

static enum exit_code verdict_exit(const struct admin_operation *o)
{
    switch (o->verdict) {
    case VERDICT_SUCCESS:
        return XC_OK;
    case VERDICT_FAILED:
        return o->stage == STAGE_ADMISSION ? XC_REFUSED : XC_FAILED;
    case VERDICT_ROLLED_BACK:
        return XC_FAILED;
    default:
        return XC_DOUBT;
    }
}

static enum exit_code one_shown(void *ctx, const struct envelope *e)
{
    const struct admin_operation_show_response *r = e->message.body;
    struct one *q = ctx;

    if (e->message.type != MSG_ADMIN_OPERATION_SHOW_RESPONSE)
        return XC_CONNECTION;
    if (!r->operation) {
        out_error("no such operation here; --via %s asks the other daemon",
                  q->x->daemon == DAEMON_SMSR ? "smdp" : "smsr");
        return XC_REFUSED;
    }
    q->ended = r->operation->verdict != VERDICT_NONE && r->operation->verdict != VERDICT_IN_DOUBT;
    q->verdict = verdict_exit(r->operation);
    if (q->wait && !q->ended)
        return XC_OK;
    if (q->x->json)
        show_json(q->x, r->operation);
    else
        show(q->x, r->operation);
    return XC_OK;
}

static enum exit_code ask_one(struct one *q)
{
    struct admin_operation_show_request r = {.op = {{0}}};
    struct message m = {MSG_ADMIN_OPERATION_SHOW_REQUEST, &r};
    struct errmsg why = {""};
    char id[UUID_TEXT];

    if (text_uuid(q->x->words[0], &r.op, &why))
        return smctl_fail(ERR_INVAL, &why);
    smctl_call_id(q->x, id);
    r.base.function_call_identifier = span_str(id);
    return smctl_ask(q->x, &m, one_shown, q);
}

enum exit_code verb_operation_show(struct smctl *x)
{
    struct one q = {.x = x};

    return ask_one(&q);
}

enum exit_code verb_operation_wait(struct smctl *x)
{
    const struct timespec step = {WAIT_STEP_MS / 1000, WAIT_STEP_MS % 1000 * 1000000L};
    int64_t start = clock_mono_ms(&CLOCK_SYSTEM);
    struct one q = {.x = x, .wait = true};
    struct errmsg why = {""};
    uint64_t timeout = 0;
    enum exit_code code;
    char who[WHO_MAX];

    if (args_number(x->args, OPT_TIMEOUT, 0, 366 * 86400, &timeout, &why))
        return smctl_fail(ERR_INVAL, &why);
    for (;;) {
        code = ask_one(&q);
        if (code != XC_OK)
            return code;
        if (q.ended)
            return q.verdict;
        if (timeout && clock_mono_ms(&CLOCK_SYSTEM) - start >= (int64_t)timeout * 1000) {
            out_error("no verdict within %llu s; smctl %soperation show %s%s",
                      (unsigned long long)timeout, smctl_who(x, who), x->words[0],
                      x->daemon == DAEMON_SMDP ? " --via smdp" : "");
            return XC_DOUBT;
        }
        (void)nanosleep(&step, NULL); /* a signal ends it early, and the program */
    }
}

/* --- list --- */

struct listing {
    struct smctl *x;
    uint64_t left;
    struct uuid after;
    unsigned n;
    /* --last N: a first walk keeps the last N + 1 ids in a ring, a second one starts behind the
     * oldest of them. NULL: print. */
    struct uuid *ring;
    size_t ring_n, seen;
};

static void row_print(const struct smctl *x, const struct admin_operation *o)
{
    struct gsma_code code;
    struct code_help help;
    char op[UUID_TEXT], eid[EID_TEXT], at[25], state[40];

    uuid_text(&o->op, op);
    eid_text(&o->eid, eid);
    clock_text(o->accepted_at_ms, at);
    (void)explained(x, o, &code, &help);
    printf("%s  %s  %-16s  %s  %-20s  %-17s  %s%s%s\n", op, at, function_text(o->function), eid,
           o->iccid.s[0] ? o->iccid.s : "-",
           o->verdict == VERDICT_NONE ? text_safe(o->state, state, sizeof state)
                                      : verdict_text(o->verdict),
           code.subject, code.subject[0] ? "-" : "", code.reason);
}

static enum exit_code listed(void *ctx, const struct envelope *e)
{
    const struct admin_operation_list_response *r = e->message.body;
    struct listing *l = ctx;

    if (e->message.type != MSG_ADMIN_OPERATION_LIST_RESPONSE)
        return XC_CONNECTION;
    l->n = r->n_operations;
    for (unsigned i = 0; i < r->n_operations; i++) {
        if (l->ring) {
            l->ring[l->seen++ % l->ring_n] = r->operations[i].op;
        } else if (l->left > 0) {
            if (l->x->json)
                show_json(l->x, &r->operations[i]);
            else
                row_print(l->x, &r->operations[i]);
            l->left--;
        }
        l->after = r->operations[i].op;
    }
    return XC_OK;
}

static enum exit_code walk(struct listing *l, struct admin_operation_list_request *q)
{
    enum exit_code code;

    do {
        char id[UUID_TEXT];
        struct message m = {MSG_ADMIN_OPERATION_LIST_REQUEST, q};
        smctl_call_id(l->x, id);
        q->base.function_call_identifier = span_str(id);
        q->after = l->after;
        q->limit = l->left < PAGE ? (uint32_t)l->left : PAGE;
        l->n = 0;
        code = smctl_ask(l->x, &m, listed, l);
    } while (code == XC_OK && l->n > 0 && l->left > 0);
    return code;
}

static enum exit_code walk_last(struct listing *l, struct admin_operation_list_request *q,
                                uint64_t last)
{
    enum exit_code code;

    l->ring_n = (size_t)last + 1;
    l->ring = calloc(l->ring_n, sizeof *l->ring);
    if (!l->ring) {
        out_error("%s", err_text(ERR_NOMEM));
        return XC_LOCAL;
    }
    code = walk(l, q);
    l->after = (struct uuid){{0}};
    if (l->seen > last)
        l->after = l->ring[l->seen % l->ring_n];
    free(l->ring);
    l->ring = NULL;
    l->left = last;
    return code == XC_OK ? walk(l, q) : code;
}

enum exit_code verb_operation_list(struct smctl *x)
{
    struct admin_operation_list_request q = {.limit = PAGE};
    const char *verdict = x->args->value[OPT_VERDICT];
    struct listing l = {.x = x, .left = UINT64_MAX};
    struct errmsg why = {""};
    uint64_t last = 0;

    if (args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &l.left, &why) || args_last(x->args, &last, &why) ||
        args_eid(x->args, OPT_EID, &q.eid, &why))
        return smctl_fail(ERR_INVAL, &why);
    q.live_only = args_has(x->args, OPT_LIVE);
    if (verdict && (q.verdict = verdict_parse(span_str(verdict))) == VERDICT_NONE) {
        out_error("--verdict '%.40s' is none of SUCCESS, FAILED, ROLLED_BACK, EXPIRED, CANCELLED, "
                  "IN_DOUBT",
                  verdict);
        return XC_USAGE;
    }
    return last ? walk_last(&l, &q, last) : walk(&l, &q);
}
