/* SPDX-License-Identifier: Apache-2.0 */
/* A subscription file into the stock: every row is judged before the first one is written, all
 * records are one commit, and Ki and OPc are sealed before they leave this file's memory. */
#include "smdp/api/api_int.h"

#include "smdp/profile/subscription_blob.h"
#include "smdp/profile/subscription_csv.h"
#include "smdp/profile/subscription_lint.h"

#include <stdlib.h>

#define ROWS_MAX 20000u

struct row {
    struct iccid iccid;
    struct imsi imsi;
    struct msisdn msisdn;
    size_t at, n; /* of its secret in sealed */
};
struct import {
    struct request *q;
    const struct dp_party *mno;
    const char *profile_type;
    struct errmsg *why;
    struct row *rows;
    uint32_t n, cap;
    struct buf sealed;
    struct admin_warning *warnings; /* ADMIN_WARNINGS_MAX of them, in the request's memory */
    unsigned n_warnings;
    uint32_t warned; /* rows */
};

/* The rules of the finished package that this row alone can break. A sentence for each warning is
 * kept as long as there is room. */
static int lint(struct import *im, unsigned row, const struct subscription *s)
{
    struct subscription_finding f[SUBSCRIPTION_FINDINGS];
    bool test = im->q->a->cfg.env->n_test_eids > 0;
    unsigned n = subscription_lint(s, test, f);

    if (n && f[0].severity == LINT_REFUSE)
        return errmsg_set(im->why, ERR_DENIED, "row %u, column %s: %s; %s (rule %s)", row,
                          f[0].column, f[0].what, f[0].rule->cure, f[0].rule->id);
    im->warned += n > 0;
    for (unsigned i = 0; i < n && im->n_warnings < ADMIN_WARNINGS_MAX; i++) {
        struct admin_warning *w = &im->warnings[im->n_warnings++];
        struct errmsg text;
        (void)errmsg_set(&text, ERR_OK, "row %u, column %s: %s; %s (rule %s)%s", row, f[i].column,
                         f[i].what, f[i].rule->cure, f[i].rule->id,
                         f[i].rule->commercial == LINT_REFUSE ? ", or cards of a test range only"
                                                              : "");
        w->row = row;
        w->text = span_str(arena_str(dp_request_memory(im->q), span_str(text.text)));
    }
    return ERR_OK;
}

/* Says what is wrong and where; ICCID and IMSI are no secrets of the operator that sent them, but
 * the cell may be shifted, so no value is repeated. */
static int judge(struct import *im, unsigned row, const struct subscription *s)
{
    struct dp_taken taken;
    int err = dp_store_taken(im->q->a->cfg.store, &s->iccid, &s->imsi, &s->msisdn, &taken);

    if (err)
        return errmsg_set(im->why, err, "row %u: the stock cannot be read", row);
    if (taken.iccid)
        return errmsg_set(im->why, ERR_EXISTS, "row %u: this ICCID is in stock already", row);
    if (taken.imsi)
        return errmsg_set(im->why, ERR_EXISTS, "row %u: this IMSI is in stock already", row);
    if (taken.msisdn)
        return errmsg_set(im->why, ERR_EXISTS,
                          "row %u, column msisdn: this number is in stock already and its profile "
                          "is not deleted; give the row another number or none",
                          row);
    if (!dp_env_covers_iccid(im->mno, &s->iccid))
        return errmsg_set(im->why, ERR_DENIED, "row %u: the ICCID is outside the operator's ranges",
                          row);
    if (!dp_env_covers_imsi(im->mno, &s->imsi))
        return errmsg_set(im->why, ERR_DENIED,
                          "row %u: the IMSI is outside the operator's networks", row);
    if (s->profile_type[0] && strcmp(s->profile_type, im->profile_type) != 0)
        return errmsg_set(im->why, ERR_CONFIG, "row %u: the profile type is another one", row);
    if (im->n == ROWS_MAX)
        return errmsg_set(im->why, ERR_FULL, "row %u: at most %u subscriptions a file", row,
                          ROWS_MAX);
    return lint(im, row, s);
}

static int seal(struct import *im, const struct subscription *s, struct row *r)
{
    uint8_t plain[SUBSCRIPTION_BLOB_MAX];
    struct writer w = wr_init(plain, sizeof plain);
    struct secret_place at;
    int err = subscription_pack(s, &w);

    dp_secret_place(DP_SECRET_SUBSCRIPTION, im->mno->number, &s->iccid, &at);
    r->at = im->sealed.n;
    if (!err)
        err = keystore_seal(im->q->a->cfg.keystore, &at, wr_view(&w), &im->sealed);
    r->n = im->sealed.n - r->at;
    mem_wipe(plain, sizeof plain);
    return err;
}

static int one(void *arg, unsigned row, const struct subscription *s)
{
    struct import *im = arg;
    struct row *r;
    int err = judge(im, row, s);

    if (err)
        return err;
    if (im->n == im->cap) {
        uint32_t cap = im->cap ? im->cap * 2 : 256;
        r = realloc(im->rows, cap * sizeof *r);
        if (!r)
            return errmsg_set(im->why, ERR_NOMEM, "no memory for the file");
        im->rows = r;
        im->cap = cap;
    }
    r = &im->rows[im->n];
    memset(r, 0, sizeof *r);
    r->iccid = s->iccid;
    r->imsi = s->imsi;
    r->msisdn = s->msisdn;
    err = seal(im, s, r);
    if (err)
        return errmsg_set(im->why, err, "row %u: its secrets cannot be sealed", row);
    im->n++;
    return ERR_OK;
}

static void fill(const struct import *im, const struct row *r, struct event *ev)
{
    ev->iccid = r->iccid;
    ev->imsi = r->imsi;
    ev->msisdn = r->msisdn;
    ev->mno = im->mno->oid;
    ev->profile_type = span_str(im->profile_type);
    ev->n_secrets = 1;
    ev->secrets[0].sealed = span_of(im->sealed.p + r->at, r->n);
    ev->secrets[0].kek_version = keystore_version(im->q->a->cfg.keystore);
}

/* One plan is used again for every row: a file has more of them than a turn has memory for plans.
 * The first record carries the call and its answer. */
static int append(struct import *im, const struct message *answer)
{
    struct engine *e = im->q->a->cfg.engine;
    struct mbox house = {.kind = MBOX_HOUSE};
    struct plan *p = engine_plan_begin(e);
    struct event *ev = p ? plan_record(p, EV_PROFILE_IMPORTED) : NULL;
    char id[DP_SECRET_ID];

    if (!ev)
        return ERR_NOMEM;
    dp_request_put(im->q, ev, answer);
    for (uint32_t i = 0; i < im->n; i++) {
        int err;
        fill(im, &im->rows[i], ev);
        dp_secret_id(DP_SECRET_SUBSCRIPTION, &im->rows[i].iccid, id);
        ev->secrets[0].id = span_str(id);
        err = dp_api_finish_plan(im->q->a, p);
        if (!err)
            err = engine_plan_end(e, p, &house);
        /* All rows or none: those before this one stand in the open transaction, which must not end well. */
        if (err && i)
            engine_give_up(e, err, "the rows of a file cannot all be written, so none of them is; "
                                   "import it again");
        if (err)
            return err;
        memset(ev, 0, sizeof *ev);
        ev->type = EV_PROFILE_IMPORTED;
    }
    return ERR_OK;
}

/* What could still refuse a record is tried on all of them before the first is written. */
static int rehearse(struct import *im)
{
    struct event *ev = arena_alloc(dp_request_memory(im->q), sizeof *ev);
    struct buf out;
    int err = ev ? ERR_OK : ERR_NOMEM;

    buf_init(&out, WIRE_EVENT_MAX);
    for (uint32_t i = 0; !err && i < im->n; i++) {
        memset(ev, 0, sizeof *ev);
        ev->type = EV_PROFILE_IMPORTED;
        fill(im, &im->rows[i], ev);
        ev->secrets[0].id = span_str("subscription");
        buf_reset(&out);
        err = event_check(ev, NULL);
        if (!err)
            err = wire_event_encode(ev, &out);
    }
    buf_fini(&out);
    return err;
}

int dp_import_subscriptions(struct request *q, struct span csv, const struct dp_party *mno,
                            const char *profile_type, uint32_t *ret_rows, struct errmsg *why)
{
    struct import im = {.q = q, .mno = mno, .profile_type = profile_type, .why = why};
    struct admin_subscriptions_import_response *body;
    struct message m = {MSG_NONE, NULL};
    unsigned rows = 0;
    int err;

    im.warnings = arena_alloc(dp_request_memory(q), ADMIN_WARNINGS_MAX * sizeof *im.warnings);
    if (!im.warnings)
        return ERR_NOMEM;
    buf_init(&im.sealed, ROWS_MAX * (SUBSCRIPTION_BLOB_MAX + 64));
    err = subscription_csv_each(csv, one, &im, &rows, why);
    if (!err && im.n == 0)
        err = errmsg_set(why, ERR_FORMAT, "the file holds no subscription");
    if (!err)
        err = rehearse(&im);
    body = err ? NULL : dp_request_response(q, &m);
    if (!err && !body)
        err = ERR_NOMEM;
    if (body) {
        body->imported = im.n;
        body->warned = im.warned;
        body->warnings = im.n_warnings ? im.warnings : NULL;
        body->n_warnings = im.n_warnings;
        err = append(&im, &m);
    }
    if (!err) {
        *ret_rows = im.n;
        dp_request_respond(q, m);
    }
    buf_fini(&im.sealed);
    free(im.rows);
    return err;
}
