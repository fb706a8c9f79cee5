/* SPDX-License-Identifier: Apache-2.0 */
/* events list and events tail: the journal as it stands and as it grows (design 3.2). */
#include "tools/smctl/records.h"

#include <time.h>

#define TAIL_STEP_MS 500

static enum exit_code print_one(void *ctx, const struct admin_record *r)
{
    record_print(ctx, r);
    return ferror(stdout) ? XC_LOCAL : XC_OK;
}

static enum exit_code filter_read(struct smctl *x, struct records_filter *f)
{
    uint64_t stream = 0;
    struct errmsg why = {""};

    *f = (struct records_filter){.from_lsn = 1};
    if (args_number(x->args, OPT_FROM, 1, INT64_MAX, &f->from_lsn, &why) ||
        args_number(x->args, OPT_LIMIT, 1, UINT64_MAX, &f->limit, &why) ||
        args_number(x->args, OPT_STREAM, 0, UINT32_MAX, &stream, &why) ||
        args_uuid(x->args, OPT_OP, &f->op, &why) || args_eid(x->args, OPT_EID, &f->eid, &why))
        return smctl_fail(ERR_INVAL, &why);
    f->has_stream = args_has(x->args, OPT_STREAM);
    f->stream = (uint32_t)stream;
    return XC_OK;
}


static enum exit_code durable(void *ctx, const struct envelope *e)
{
    const struct admin_status_response *r = e->message.body;

    if (e->message.type != MSG_ADMIN_STATUS_RESPONSE)
        return XC_CONNECTION;
    *(uint64_t *)ctx = r->durable_lsn;
    return XC_OK;
}

static enum exit_code ask_durable(struct smctl *x, uint64_t *ret_lsn)
{
    struct admin_status_request q = {.base = {.validity_period_s = 0}};
    struct message m = {MSG_ADMIN_STATUS_REQUEST, &q};
    char id[UUID_TEXT];

    smctl_call_id(x, id);
    q.base.function_call_identifier = span_str(id);
    return smctl_ask(x, &m, durable, ret_lsn);
}

/* --- list --- */

struct newest {
    struct smctl *x;
    uint64_t skip, n;
};

static enum exit_code count_one(void *ctx, const struct admin_record *r)
{
    (void)r;
    ((struct newest *)ctx)->n++;
    return XC_OK;
}

static enum exit_code print_newest(void *ctx, const struct admin_record *r)
{
    struct newest *w = ctx;

    if (w->skip > 0) {
        w->skip--;
        return XC_OK;
    }
    return print_one(w->x, r);
}

/* Looks back from the durable end, twice as far each time, until enough of what is asked for stands
 * there; the second walk over the same records prints. */
static enum exit_code list_last(struct smctl *x, struct records_filter *f, uint64_t last)
{
    struct newest w = {.x = x};
    uint64_t least = f->from_lsn, back = 2 * last;
    enum exit_code code = ask_durable(x, &f->to_lsn);

    while (code == XC_OK && f->to_lsn >= least) {
        f->from_lsn = f->to_lsn - least >= back ? f->to_lsn - back + 1 : least;
        w.n = 0;
        code = records_each(x, f, count_one, &w, NULL, NULL);
        if (w.n >= last || f->from_lsn == least)
            break;
        back *= 2;
    }
    if (code != XC_OK || f->to_lsn < least)
        return code;
    w.skip = w.n > last ? w.n - last : 0;
    return records_each(x, f, print_newest, &w, NULL, NULL);
}

enum exit_code verb_events_list(struct smctl *x)
{
    struct records_filter f;
    struct errmsg why = {""};
    uint64_t last = 0;
    enum exit_code code = filter_read(x, &f);

    if (code != XC_OK)
        return code;
    if (args_last(x->args, &last, &why))
        return smctl_fail(ERR_INVAL, &why);
    return last ? list_last(x, &f, last) : records_each(x, &f, print_one, x, NULL, NULL);
}

/* --- tail --- */

enum exit_code verb_events_tail(struct smctl *x)
{
    const struct timespec step = {TAIL_STEP_MS / 1000, TAIL_STEP_MS % 1000 * 1000000L};
    struct records_filter f;
    enum exit_code code = filter_read(x, &f);

    if (code == XC_OK && !args_has(x->args, OPT_FROM)) {
        code = ask_durable(x, &f.from_lsn);
        f.from_lsn++;
    }
    while (code == XC_OK) {
        code = records_each(x, &f, print_one, x, &f.from_lsn, NULL);
        fflush(stdout);
        (void)nanosleep(&step, NULL); /* a signal ends it early, and then the program */
    }
    return code;
}
