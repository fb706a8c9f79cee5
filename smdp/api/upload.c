/* SPDX-License-Identifier: Apache-2.0 */
/* Files that arrive in parts of at most 64 KiB: templates and subscription files. Each takes effect
 * with its last part, whole or not at all. */
#include "smdp/api/api_int.h"

#include "smdp/profile/lint.h"
#include "smdp/profile/subscription_csv.h"

#include <stdlib.h>

#define TEMPLATE_MAX WIRE_EVENT_DATA_MAX
#define CSV_MAX      (8u << 20)

void dp_upload_free(struct upload *u)
{
    if (!u)
        return;
    buf_wipe(&u->data); /* may hold Ki and OPc */
    buf_fini(&u->data);
    free(u);
}

void dp_upload_drop(struct dp_api *a, uint64_t conn)
{
    dp_upload_free(map_del(a->uploads, span_of(&conn, sizeof conn)));
}

static void drop(struct request *q)
{
    dp_upload_drop(q->a, q->call.conn);
}

static bool name_ok(struct span s)
{
    if (s.n == 0 || s.n > 100)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < 0x20 || s.p[i] > 0x7E)
            return false;
    return true;
}

static struct upload *begin(struct request *q, const struct oid *mno, struct span type,
                            uint32_t total, size_t max)
{
    struct upload *u = calloc(1, sizeof *u);

    drop(q);
    if (!u)
        return NULL;
    u->type = q->msg.type;
    if (mno)
        u->mno = *mno;
    memcpy(u->profile_type, type.p, type.n);
    u->total = total;
    u->next = 1;
    buf_init(&u->data, max);
    /* All its room at once: growing would leave copies of Ki behind on the heap. */
    if (total <= max / ADMIN_PART_MAX)
        max = (size_t)total * ADMIN_PART_MAX;
    if (buf_grow(&u->data, max))
        u->data.n = 0;
    if (map_put(q->a->uploads, span_of(&q->call.conn, sizeof q->call.conn), u)) {
        dp_upload_free(u);
        return NULL;
    }
    return u;
}

/* NULL: refused, the caller has its answer. *ret_whole: this was the last part. */
static struct upload *take(struct request *q, const struct oid *mno, struct span type,
                           uint32_t part, uint32_t total, struct span data, size_t max,
                           bool *ret_whole)
{
    struct upload *u = map_get(q->a->uploads, span_of(&q->call.conn, sizeof q->call.conn));

    *ret_whole = false;
    if (!name_ok(type) || part == 0 || part > total || data.n > ADMIN_PART_MAX) {
        dp_request_refuse(
            q, DP_ST_REQUEST_INVALID,
            "profile type of 1 to 100 printable characters, parts numbered 1 to total");
        return NULL;
    }
    if (part == 1)
        u = begin(q, mno, type, total, max);
    if (!u || u->type != q->msg.type || u->next != part || u->total != total ||
        (mno && !oid_eq(&u->mno, mno)) || !span_eq(span_str(u->profile_type), type)) {
        drop(q);
        dp_request_refuse(
            q, DP_ST_REQUEST_INVALID,
            "parts of one file come in order on one connection; start again with part 1");
        return NULL;
    }
    buf_add_span(&u->data, data);
    if (u->data.failed) {
        drop(q);
        dp_request_refuse(q, DP_ST_REQUEST_INVALID, "the file is too large");
        return NULL;
    }
    u->next++;
    *ret_whole = part == total;
    return u;
}

static void accepted(struct request *q)
{
    struct message m;

    if (dp_request_response(q, &m))
        dp_request_respond(q, m);
}

/* --- templates --- */

/* true: a template of this name stands; the answer depends on whether it is the same one. */
static bool template_known(struct request *q, const struct upload *u)
{
    struct journal_record rec;
    struct event *ev;
    struct buf body;
    uint64_t lsn;
    bool same = false;

    if (dp_store_template(q->a->cfg.store, span_str(u->profile_type), &lsn) != ERR_OK)
        return false;
    buf_init(&body, 0);
    ev = arena_alloc(dp_request_memory(q), sizeof *ev);
    if (ev && !journal_get(engine_journal(q->a->cfg.engine), lsn, &rec, &body) &&
        !wire_event_decode(EV_TEMPLATE_ADDED, buf_span(&body), dp_request_memory(q), ev, NULL))
        same = span_eq(ev->data, buf_span(&u->data));
    buf_fini(&body);
    if (same)
        accepted(q);
    else
        dp_request_refuse(q, DP_ST_TYPE_EXISTS, NULL);
    return true;
}

static void template_warnings(struct request *q, const struct lint_report *report,
                              struct admin_template_add_response *ret)
{
    struct admin_warning *w =
        arena_alloc(dp_request_memory(q), ADMIN_WARNINGS_MAX * sizeof *ret->warnings);

    ret->warnings = w;
    for (unsigned i = 0; w && i < report->n && ret->n_warnings < ADMIN_WARNINGS_MAX; i++) {
        const struct lint_finding *f = &report->finding[i];
        struct errmsg text;
        (void)errmsg_set(&text, ERR_OK, "%s; %s (rule %s)", f->place, f->rule->cure, f->rule->id);
        w[ret->n_warnings++].text = span_str(arena_str(dp_request_memory(q), span_str(text.text)));
    }
}

static void template_whole(struct request *q, struct upload *u)
{
    const struct lint_options o = {.template = true, .test = q->a->cfg.env->n_test_eids > 0};
    struct mbox house = {.kind = MBOX_HOUSE};
    struct lint_report report;
    struct errmsg why = {{0}};
    struct message m = {MSG_NONE, NULL};
    struct admin_template_add_response *body;
    struct plan *p;
    struct event *ev;

    if (dp_request_repeated(q) || template_known(q, u))
        return;
    profile_lint(buf_span(&u->data), &o, &report);
    if (report.n_refused) {
        (void)lint_sentence(&report, &why);
        dp_request_refuse(q, DP_ST_TYPE_REFUSED, why.text);
        return;
    }
    p = engine_plan_begin(q->a->cfg.engine);
    body = dp_request_response(q, &m);
    if (!p || !engine_has_room(q->a->cfg.engine) || !body) {
        dp_request_refuse(q, DP_ST_DISK_FULL, NULL);
        return;
    }
    template_warnings(q, &report, body);
    ev = plan_record(p, EV_TEMPLATE_ADDED);
    ev->profile_type = span_str(u->profile_type);
    ev->data = buf_span(&u->data);
    dp_request_put(q, ev, &m);
    if (dp_api_finish_plan(q->a, p) || engine_plan_end(q->a->cfg.engine, p, &house))
        dp_request_refuse(q, DP_ST_BUSY, "the template could not be stored");
    else
        dp_request_respond(q, m);
}

void dp_request_template_add(struct request *q)
{
    const struct admin_template_add_request *req = q->msg.body;
    bool whole;
    struct upload *u =
        take(q, NULL, req->profile_type, req->part, req->total, req->data, TEMPLATE_MAX, &whole);

    if (!u)
        return;
    if (!whole) {
        accepted(q);
        return;
    }
    template_whole(q, u);
    drop(q);
}

/* --- subscriptions --- */

/* Whose stock it is: an operator's own, or the one the house names. */
static const struct dp_party *owner(struct request *q, const struct oid *named)
{
    const struct oid *mno = named->s[0] ? named : &q->call.party;
    const struct dp_party *p = dp_env_party(q->a->cfg.env, mno);

    if (!dp_env_has_role(p, ROLE_OPERATOR) || (!q->scope.all && !oid_eq(mno, &q->call.party)))
        return NULL;
    return p;
}

static void import_whole(struct request *q, struct upload *u, const struct dp_party *mno)
{
    struct errmsg why = {{0}};
    uint64_t lsn;
    uint32_t rows = 0;

    if (dp_request_repeated(q))
        return;
    if (dp_store_template(q->a->cfg.store, span_str(u->profile_type), &lsn) != ERR_OK)
        dp_request_refuse(q, DP_ST_TYPE_UNKNOWN, "no template of this profile type; add it first");
    else if (!engine_has_room(q->a->cfg.engine))
        dp_request_refuse(q, DP_ST_DISK_FULL, NULL);
    else if (dp_import_subscriptions(q, buf_span(&u->data), mno, u->profile_type, &rows, &why))
        dp_request_refuse(q, DP_ST_REQUEST_INVALID, why.text[0] ? why.text : NULL);
    else
        q->a->count.imported += rows;
}

void dp_request_import(struct request *q)
{
    const struct admin_subscriptions_import_request *req = q->msg.body;
    const struct dp_party *mno = owner(q, &req->mno);
    struct upload *u;
    bool whole;

    if (!mno) {
        drop(q);
        dp_request_refuse(q, DP_ST_NOT_ALLOWED,
                          "subscriptions are imported for an operator of this SM-DP");
        return;
    }
    u = take(q, &mno->oid, req->profile_type, req->part, req->total, req->csv, CSV_MAX, &whole);
    if (!u)
        return;
    if (!whole) {
        accepted(q);
        return;
    }
    import_whole(q, u, mno);
    drop(q);
}
