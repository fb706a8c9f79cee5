/* SPDX-License-Identifier: Apache-2.0 */
/* contacts unknown: numbers of no card that the SM-SR heard, of meters whose EIS is still to be imported. */
#include <stdio.h>

#include "common/msg/admin.h"
#include "tools/smctl/smctl.h"

#define CONTACTS_MAX 1024u

static void row_print(const struct smctl *x, const struct admin_stranger_row *r)
{
    char first[25], last[25];
    struct buf b;
    struct json w = {.out = &b};

    if (!x->json) {
        clock_text(r->first_ms, first);
        clock_text(r->last_ms, last);
        printf("%-15s  %llu messages, %llu declarations  first %s  last %s\n", r->msisdn.s,
               (unsigned long long)r->messages, (unsigned long long)r->declarations, first, last);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_str(&w, "msisdn", r->msisdn.s);
    json_u64(&w, "messages", r->messages);
    json_u64(&w, "declarations", r->declarations);
    json_time(&w, "first", r->first_ms);
    json_time(&w, "last", r->last_ms);
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

/* The last line, where the list is not all there is. */
static void left_out(const struct smctl *x, const struct admin_strangers_response *r)
{
    struct buf b;
    struct json w = {.out = &b};

    if (r->known <= r->n_rows && !r->forgotten)
        return;
    if (!x->json) {
        printf("listed %u of %llu numbers; %llu more made room for others since the SM-SR started\n", r->n_rows,
               (unsigned long long)r->known, (unsigned long long)r->forgotten);
        return;
    }
    buf_init(&b, 0);
    json_open(&w, NULL, '{');
    json_open(&w, "summary", '{');
    json_u64(&w, "listed", r->n_rows);
    json_u64(&w, "known", r->known);
    json_u64(&w, "forgotten", r->forgotten);
    json_close(&w, '}');
    json_close(&w, '}');
    out_line(stdout, &b);
    buf_fini(&b);
}

static enum exit_code listed(void *ctx, const struct envelope *e)
{
    const struct admin_strangers_response *r = e->message.body;

    if (e->message.type != MSG_ADMIN_STRANGERS_RESPONSE)
        return XC_CONNECTION;
    for (unsigned i = 0; i < r->n_rows; i++)
        row_print(ctx, &r->rows[i]);
    left_out(ctx, r);
    return XC_OK;
}

enum exit_code verb_contacts_unknown(struct smctl *x)
{
    struct admin_strangers_request q = {.limit = CONTACTS_MAX};
    uint64_t limit = CONTACTS_MAX;
    struct message m = {MSG_ADMIN_STRANGERS_REQUEST, &q};
    struct errmsg why = {""};
    char id[UUID_TEXT];

    if (args_number(x->args, OPT_LIMIT, 1, CONTACTS_MAX, &limit, &why))
        return smctl_fail(ERR_INVAL, &why);
    q.limit = (uint32_t)limit;
    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(id);
    return smctl_ask(x, &m, listed, x);
}
